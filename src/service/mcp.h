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
 * that follow.  What the tool cannot do is such a result too, for the model to
 * read, not an error of the protocol.
 *   arguments  an object, or NULL
 *   last       takes the place of what it holds when a prompt was compressed */
void pith_mcp_call_tool(const struct pith_mcp_tool *tool,
                        struct pith_session *session,
                        const struct pith_json *arguments,
                        const struct pith_compress_options *defaults,
                        enum pith_mcp_revision revision,
                        struct pith_answer *last, struct pith_buffer *out);

/* Prompts that are longer leave nothing to read. */
enum { PITH_MCP_PAGE_BYTES = 1 << 20 };

struct pith_mcp_resource;

/* NULL when there is none of this URI. */
const struct pith_mcp_resource *pith_mcp_find_resource(struct pith_text uri);

/* Appends the list of all resources, which is always the same. */
void pith_mcp_write_resources(struct pith_buffer *out,
                              enum pith_mcp_revision revision);

/* Appends the list of its one content; false when there is none yet. */
bool pith_mcp_read_resource(const struct pith_mcp_resource *resource,
                            const struct pith_answer *last,
                            struct pith_buffer *out);

#endif
