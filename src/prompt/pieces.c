/*
 * pieces.c - see pieces.h.
 */
#include "pieces.h"

#include "result.h"
#include "tagged.h"
#include "trace.h"

static enum pith_status append_pieces(struct pith_parts *parts,
                                      const struct pith_tokenizer *tokenizer,
                                      const struct pith_tagged_text *parsed,
                                      struct pith_error *error)
{
    const char *text = parsed->text;
    for (size_t i = 0; i < parsed->n_segments; i++) {
        const struct pith_segment *segment = &parsed->segments[i];
        struct pith_tagged_piece piece = {
            .part = parts->n_parts, .byte = parts->text.size,
            .given = segment->offset, .token = parts->ids.n,
            .rate = segment->has_rate ? segment->rate : -1,
            .whole = !segment->compress};
        size_t n_units = parts->n_units;
        PITH_TRY(pith_parts_append_text(
            parts, tokenizer, (struct pith_text){text, segment->n_bytes},
            error));
        if (parts->n_units > n_units)
            parts->units[n_units].opens_piece = true;
        text += segment->n_bytes;
        piece.n_tokens = parts->ids.n - piece.token;
        PITH_TRY(pith_result_grow(&parts->pieces, parts->n_pieces,
                                  sizeof piece, error));
        parts->pieces[parts->n_pieces++] = piece;
    }
    return PITH_OK;
}

enum pith_status pith_pieces_append(struct pith_parts *parts,
                                    const struct pith_tokenizer *tokenizer,
                                    size_t index, struct pith_text tagged,
                                    struct pith_error *error)
{
    struct pith_tagged_text parsed;
    struct pith_error why;
    enum pith_status status =
        pith_tagged_parse(tagged, 1, PITH_TAGS_STRICT, &parsed, &why);
    if (status != PITH_OK)
        return pith_fail(error, status, "context %zu: %s", index + 1,
                         why.detail);
    status = append_pieces(parts, tokenizer, &parsed, error);
    pith_tagged_free(&parsed);
    return status;
}

const struct pith_tagged_piece *pith_piece_at(const struct pith_parts *parts,
                                        const struct pith_unit *unit)
{
    size_t low = 0, high = parts->n_pieces;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (parts->pieces[middle].token < unit->token)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < parts->n_pieces && !unit->is_separator &&
                 parts->pieces[low].token == unit->token;
    return found ? &parts->pieces[low] : NULL;
}
