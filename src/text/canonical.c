/*
 * canonical.c - see canonical.h.
 */
#include "canonical.h"

#include <string.h>

#include "../base/memory.h"
#include "../base/utf8.h"
#include "grapheme.h"
#include "marks.h"

/* --- decomposition ---------------------------------------------------------- */

enum {
    MAX_PARTS = 4,     /* code points that one decomposes into */
    MAX_MARKS = 30,    /* in a row, of which the order is made canonical */
    CLASS_SHIFT = 24,   /* in pith_canonical.codes */
    INVALID = 0x110000, /* plus the byte */

    HANGUL = 0xAC00,    /* section 3.12 of the Unicode Standard */
    HANGUL_L = 0x1100,
    HANGUL_V = 0x1161,
    HANGUL_T = 0x11A7,
    N_HANGUL_V = 21,
    N_HANGUL_T = 28,
    N_HANGUL = 19 * N_HANGUL_V * N_HANGUL_T
};

static uint32_t combining_class(uint32_t code)
{
    size_t low = 0, high = pith_combining_n_ranges;
    while (low < high) { /* the first range that does not end before code */
        size_t middle = low + (high - low) / 2;
        if (pith_combining_ranges[middle].last < code)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == pith_combining_n_ranges ||
        pith_combining_ranges[low].first > code)
        return 0;
    return pith_combining_ranges[low].combining_class;
}

static size_t decompose_hangul(uint32_t index, uint32_t out[MAX_PARTS])
{
    uint32_t last = index % N_HANGUL_T, others = index / N_HANGUL_T;
    out[0] = HANGUL_L + others / N_HANGUL_V;
    out[1] = HANGUL_V + others % N_HANGUL_V;
    out[2] = HANGUL_T + last;
    return last == 0 ? 2 : 3;
}

/* Returns how many code points one decomposes into. */
static size_t decompose(uint32_t code, uint32_t out[MAX_PARTS])
{
    if (code >= HANGUL && code - HANGUL < N_HANGUL)
        return decompose_hangul(code - HANGUL, out);
    size_t low = 0, high = code < 0xC0 ? 0 : pith_n_decompositions, n = 0;
    while (low < high) { /* the first one that is not before code */
        size_t middle = low + (high - low) / 2;
        if (pith_decompositions[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    if (code < 0xC0 || low == pith_n_decompositions ||
        pith_decompositions[low].code != code) {
        out[0] = code;
        return 1;
    }
    for (; n < MAX_PARTS && pith_decompositions[low].into[n] != 0; n++)
        out[n] = pith_decompositions[low].into[n];
    return n;
}

/* One character of the text: its length, and what it decomposes into. */
static size_t read_character(struct pith_text text, size_t at,
                             uint32_t parts[MAX_PARTS], size_t *n_parts)
{
    uint32_t code;
    size_t left = text.size - at;
    size_t length = pith_utf8_decode(text.bytes + at, left, &code);
    if (length == 1 && (unsigned char)text.bytes[at] >= 0x80)
        code = INVALID + (unsigned char)text.bytes[at];
    *n_parts = decompose(code, parts);
    return length;
}

/* Appends a code point after marks of no higher class than its own; where the
 * characters of the text start stays in order. */
static void append(struct pith_canonical *form, uint32_t code, size_t byte)
{
    uint32_t class = code < 0x300 ? 0 : combining_class(code);
    size_t at = form->n, limit = class == 0 ? 0 : MAX_MARKS;
    form->bytes[form->n++] = byte;
    for (; limit > 0 && at > 0 &&
           form->codes[at - 1] >> CLASS_SHIFT > class; limit--, at--)
        form->codes[at] = form->codes[at - 1];
    form->codes[at] = code | class << CLASS_SHIFT;
}

enum pith_status pith_canonical_make(struct pith_canonical *form,
                                     struct pith_text text,
                                     struct pith_error *error)
{
    uint32_t parts[MAX_PARTS];
    size_t n = 0, n_parts;
    *form = (struct pith_canonical){.text = text};
    for (size_t at = 0; at < text.size; n += n_parts)
        at += read_character(text, at, parts, &n_parts);
    form->codes = pith_array(n, sizeof *form->codes);
    form->bytes = pith_array(n, sizeof *form->bytes);
    if (form->codes == NULL || form->bytes == NULL) {
        pith_canonical_free(form);
        return pith_no_memory(error, n,
                              sizeof *form->codes + sizeof *form->bytes);
    }
    for (size_t at = 0, length; at < text.size; at += length) {
        length = read_character(text, at, parts, &n_parts);
        for (size_t i = 0; i < n_parts; i++)
            append(form, parts[i], at);
    }
    return PITH_OK;
}

void pith_canonical_free(struct pith_canonical *form)
{
    pith_free(form->codes);
    pith_free(form->bytes);
    *form = (struct pith_canonical){0};
}

/* --- search ----------------------------------------------------------------- */

/* How much of the needle is matched once `code` follows `matched` < n of its
 * code points. */
static size_t advance(const struct pith_needle *needle, size_t matched,
                      uint32_t code)
{
    while (matched > 0 && needle->form.codes[matched] != code)
        matched = needle->border[matched - 1];
    return matched + (needle->form.codes[matched] == code);
}

enum pith_status pith_needle_make(struct pith_needle *needle,
                                  struct pith_text string,
                                  struct pith_error *error)
{
    *needle = (struct pith_needle){0};
    PITH_TRY(pith_canonical_make(&needle->form, string, error));
    size_t n = needle->form.n;
    needle->border = pith_array(n, sizeof *needle->border);
    if (needle->border == NULL) {
        pith_needle_free(needle);
        return pith_no_memory(error, n, sizeof *needle->border);
    }
    needle->border[0] = 0;
    for (size_t i = 1; i < n; i++)
        needle->border[i] =
            advance(needle, needle->border[i - 1], needle->form.codes[i]);
    return PITH_OK;
}

void pith_needle_free(struct pith_needle *needle)
{
    pith_canonical_free(&needle->form);
    pith_free(needle->border);
    needle->border = NULL;
}

/* Whether code point i of the form is the first of what it comes from, or the
 * end of the text. */
static bool starts_character(const struct pith_canonical *form, size_t i)
{
    return i == 0 || i == form->n || form->bytes[i] != form->bytes[i - 1];
}

/* Whether code points [first, last) of the form may be an occurrence. */
static bool stands_alone(const struct pith_canonical *form, size_t first,
                         size_t last)
{
    if (!starts_character(form, first) || !starts_character(form, last))
        return false;
    return last == form->n ||
           !pith_grapheme_is_mark(form->codes[last] &
                                  ((1u << CLASS_SHIFT) - 1)) ||
           pith_grapheme_boundary(form->text, form->bytes[last]);
}

bool pith_canonical_next(struct pith_search *search,
                         const struct pith_canonical *form,
                         const struct pith_needle *needle, size_t *start,
                         size_t *end)
{
    size_t n = needle->form.n;
    bool found = search->end > search->start;
    *start = search->start;
    *end = search->end;
    *search = (struct pith_search){.at = search->at, .matched = search->matched};
    while (search->at < form->n) {
        size_t matched =
            advance(needle, search->matched, form->codes[search->at++]);
        search->matched = matched < n ? matched : needle->border[n - 1];
        size_t last = search->at;
        if (matched < n || !stands_alone(form, last - n, last))
            continue;
        size_t from = form->bytes[last - n];
        size_t to = last < form->n ? form->bytes[last] : form->text.size;
        if (found && from > *end) {
            search->start = from;
            search->end = to;
            return true;
        }
        if (!found)
            *start = from;
        found = true;
        *end = to;
    }
    return found;
}
