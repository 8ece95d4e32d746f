/*
 * units.c - from tokens to units, which begin and end between characters.
 *
 * A byte-level tokenizer spells rare characters with several tokens, and a
 * token may end inside a character; dropping one of them would leave bytes
 * that are no text.  Such tokens make one unit.
 */
#include "parts.h"

#include "../base/memory.h"

enum pith_status pith_unit_push(struct pith_parts *parts, struct pith_unit unit,
                                struct pith_error *error)
{
    if (parts->n_units == parts->unit_capacity) {
        size_t capacity = parts->unit_capacity * 2 + 64;
        struct pith_unit *moved =
            pith_array_resize(parts->units, capacity, sizeof *moved);
        if (moved == NULL)
            return pith_no_memory(error, capacity, sizeof *moved);
        parts->units = moved;
        parts->unit_capacity = capacity;
    }
    parts->units[parts->n_units++] = unit;
    return PITH_OK;
}

bool pith_between_characters(struct pith_text text, size_t at)
{
    return at >= text.size || ((unsigned char)text.bytes[at] & 0xC0) != 0x80;
}

enum pith_status pith_units_append(struct pith_parts *parts,
                                   struct pith_unit first, const size_t *ends,
                                   size_t n, struct pith_error *error)
{
    struct pith_text text = {parts->text.data, parts->text.size};
    struct pith_unit unit = first;
    for (size_t i = 0; i < n; i++) {
        /* SentencePiece's space in front of a text is a token of no bytes. */
        bool empty = ends[i] == unit.byte;
        if (i + 1 < n && (empty || !pith_between_characters(text, ends[i])))
            continue;
        unit.n_tokens = first.token + i + 1 - unit.token;
        unit.n_bytes = ends[i] - unit.byte;
        PITH_TRY(pith_unit_push(parts, unit, error));
        unit.token += unit.n_tokens;
        unit.byte += unit.n_bytes;
    }
    return PITH_OK;
}
