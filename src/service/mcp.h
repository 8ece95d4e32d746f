/*
 * mcp.h - what the Model Context Protocol's files share: protocol revisions,
 * and the tools.
 */
#ifndef PITH_SERVICE_MCP_H
#define PITH_SERVICE_MCP_H

#include "service.h"

/* The protocol's revisions in their order.  Those before the last begin with
 * `initialize`; the last has no connection state, each request says its
 * revision. */
enum pith_mcp_revision {
    PITH_MCP_NONE, /* not negotiated yet */
    PITH_MCP_2024_11_05,
    PITH_MCP_2025_03_26, /* batches (this one only), annotations */
    PITH_MCP_2025_06_18, /* titles, structured results */
    PITH_MCP_2025_11_25,
    PITH_MCP_2026_07_28
};

struct pith_mcp_tool;

/* NULL when there is none of this name. */
const struct pith_mcp_tool *pith_mcp_find_tool(struct pith_text name);

/* Appends the list of all tools. */
void pith_mcp_write_tools(struct pith_buffer *out,
                          enum pith_mcp_revision revision);

/* Runs a tool and appends the value of its result's "content" and the members
 * that follow.  What the tool cannot do is such a result too, for the model to read, not an error of the
 * protocol.
 *   arguments  an object, or NULL */
void pith_mcp_call_tool(const struct pith_mcp_tool *tool,
                        struct pith_session *session,
                        const struct pith_json *arguments,
                        const struct pith_compress_options *defaults,
                        enum pith_mcp_revision revision,
                        struct pith_buffer *out);

#endif
