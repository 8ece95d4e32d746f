/*
 * mcp_resources.c - what the server lets a client read besides the answers of
 * its tools: the last compression, as the object that the tool has answered
 * and as a page to look at.
 */
#include "mcp.h"

#include <string.h>

struct pith_mcp_resource {
    const char *uri, *name, *title, *description, *type;
};

static const struct pith_mcp_resource resources[] = {
    {"pith://last/result", "result", "The last compression",
     "What the tool compress has answered last: the compressed prompt and its "
     "counts.",
     "application/json"},
    {"pith://last/report", "report", "Report of the last compression",
     "The last prompt as a map of token losses, with what was dropped struck "
     "out: a page that stands alone.",
     "text/html"},
};

enum { N_RESOURCES = sizeof resources / sizeof resources[0], RESULT = 0 };

void pith_mcp_write_resources(struct pith_buffer *out,
                              enum pith_mcp_revision revision)
{
    pith_buffer_byte(out, '[');
    for (size_t i = 0; i < N_RESOURCES; i++) {
        const struct pith_mcp_resource *resource = &resources[i];
        pith_buffer_printf(out, "%s{\"uri\":\"%s\",\"name\":\"%s\",",
                           i > 0 ? "," : "", resource->uri, resource->name);
        if (revision >= PITH_MCP_2025_06_18)
            pith_buffer_printf(out, "\"title\":\"%s\",", resource->title);
        pith_buffer_printf(out, "\"description\":\"%s\",\"mimeType\":\"%s\"}",
                           resource->description, resource->type);
    }
    pith_buffer_byte(out, ']');
}

const struct pith_mcp_resource *pith_mcp_find_resource(struct pith_text uri)
{
    for (size_t i = 0; i < N_RESOURCES; i++)
        if (strlen(resources[i].uri) == uri.size &&
            memcmp(resources[i].uri, uri.bytes, uri.size) == 0)
            return &resources[i];
    return NULL;
}

bool pith_mcp_read_resource(const struct pith_mcp_resource *resource,
                            const struct pith_answer *last,
                            struct pith_buffer *out)
{
    const struct pith_buffer *content =
        resource == &resources[RESULT] ? &last->result : &last->page;
    if (last->page.size == 0)
        return false;
    pith_buffer_printf(out, "[{\"uri\":\"%s\",\"mimeType\":\"%s\",\"text\":",
                       resource->uri, resource->type);
    pith_json_write_string(out, pith_buffer_text(content));
    pith_buffer_string(out, "}]");
    return true;
}
