/*
 * output.c - see output.h.
 */
#include "output.h"

#include "../prompt/compose.h"

size_t pith_output_separator(const struct pith_output *output)
{
    bool waits = output->blank_line != NULL && output->ids.n > 0;
    return waits ? output->blank_line->n_tokens : 0;
}

static void append(struct pith_output *output, const int32_t *ids, size_t n,
                   struct pith_text text)
{
    pith_ids_append_all(&output->ids, ids, n);
    pith_buffer_append(&output->text, text.bytes, text.size);
}

static void append_unit(struct pith_output *output,
                        const struct pith_unit *unit)
{
    const struct pith_parts *parts = output->parts;
    append(output, parts->ids.data + unit->token, unit->n_tokens,
           pith_unit_text(parts, unit));
}

static void keep_apart(struct pith_output *output, const struct pith_unit *unit)
{
    const struct pith_parts *parts = output->parts;
    if (output->last == NULL || output->last->part != unit->part)
        return;
    char space = pith_space_between(parts, pith_buffer_text(&output->text),
                                    output->last, unit);
    const struct pith_ids *ids = space == '\n' ? &parts->line : &parts->space;
    if (space != 0)
        append(output, ids->data, ids->n, (struct pith_text){&space, 1});
}

void pith_output_append(struct pith_output *output,
                        const struct pith_unit *unit)
{
    if (pith_output_separator(output) > 0)
        append_unit(output, output->blank_line);
    output->blank_line = NULL;
    keep_apart(output, unit);
    append_unit(output, unit);
    output->last = unit;
}

void pith_output_free(struct pith_output *output)
{
    pith_ids_free(&output->ids);
    pith_buffer_free(&output->text);
}
