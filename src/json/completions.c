/*
 * completions.c - see completions.h.
 */
#include "completions.h"

#include "../base/text.h"

#include <string.h>

void pith_completion_open(struct pith_buffer *out, struct pith_text id,
                             const char *model, const char *system)
{
    pith_buffer_string(out, "{\"custom_id\":");
    pith_json_write_string(out, id);
    pith_buffer_string(out, ",\"method\":\"POST\",\"url\":"
                            "\"/v1/chat/completions\",\"body\":{\"model\":");
    pith_json_write_string(out, pith_text_of(model));
    pith_buffer_string(out, ",\"messages\":[");
    if (system == NULL)
        return;
    pith_buffer_string(out, "{\"role\":\"system\",\"content\":");
    pith_json_write_string(out, pith_text_of(system));
    pith_buffer_string(out, "},");
}

void pith_completion_close(struct pith_buffer *out, double temperature,
                           size_t max_tokens)
{
    pith_buffer_string(out, "],\"temperature\":");
    pith_json_write_number(out, temperature);
    pith_buffer_printf(out, ",\"max_tokens\":%zu}}\n", max_tokens);
}
