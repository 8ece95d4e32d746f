/*
 * elements.c - arrays and objects whose elements are alike, such as the rows
 * that a service returns: elements of these stay or go as a whole.
 *
 * What goes with an element is the comma before it.  But "},{" may be one token,
 * which cannot be cut; where the text after each element is the same up to some
 * byte, the elements are parted there instead, and what is left reads the same.
 */
#include <string.h>

#include "forms.h"

enum {
    FEWEST = 3,      /* elements that are a list */
    FEW = 3,         /* of these, each is looked into first */
    MOST_KEYS = 16,  /* of the first element that are looked at */
    LARGE = 2000,    /* mean bytes of an element that is, too */
    LONGEST_GAP = 64 /* bytes after an element in which it may be cut */
};

/* --- which ----------------------------------------------------------------------- */

/* Has its first key, and at least half of the others. */
static bool is_like(const struct pith_json *value,
                    const struct pith_json *first)
{
    size_t n = 0, n_both = 0;
    const struct pith_json *key = first->first;
    if (!pith_json_is(value, PITH_JSON_OBJECT))
        return false;
    for (; key != NULL && n < MOST_KEYS; key = key->next, n++)
        for (const struct pith_json *at = value->first; at != NULL;
             at = at->next)
            if (at->key.size == key->key.size &&
                memcmp(at->key.bytes, key->key.bytes, key->key.size) == 0) {
                n_both++;
                break;
            }
    return n > 0 && 2 * n_both >= n;
}

static bool is_list(const struct pith_json *value)
{
    if (value->n_children < FEWEST)
        return false;
    for (const struct pith_json *at = value->first; at != NULL; at = at->next)
        if (!is_like(at, value->first))
            return false;
    return true;
}

/* --- where they are parted -------------------------------------------------------- */

/* A list as its text. */
struct list {
    struct pith_layout *layout;
    struct pith_text text;
    const struct pith_json *value;
    size_t slide; /* bytes that elements are parted after where they end */
};

static size_t end_of(const struct list *list, const struct pith_json *value)
{
    return (size_t)(value->source.bytes - list->text.bytes) +
           value->source.size;
}

/* Bytes after an element that are the same after each. */
static size_t common_gap(const struct list *list)
{
    const struct pith_json *at = list->value->first;
    size_t first = end_of(list, at), n = LONGEST_GAP;
    for (; at->next != NULL; at = at->next) {
        size_t end = end_of(list, at), i = 0;
        while (i < n && end + i < list->text.size &&
               list->text.bytes[first + i] == list->text.bytes[end + i])
            i++;
        n = i;
    }
    return n;
}

/* At most half of the elements may be stuck to the next. */
static bool may_part(const struct list *list, size_t slide)
{
    size_t n = 0, n_parted = 0;
    for (const struct pith_json *at = list->value->first; at->next != NULL;
         at = at->next) {
        n++;
        n_parted += pith_layout_may_cut(list->layout,
                                        end_of(list, at) + slide);
    }
    return 2 * n_parted >= n;
}

/* Where the first element may go, too: after the bracket, where the text goes on
 * as it does between two; 0: nowhere. */
static size_t first_start(const struct list *list)
{
    const char *bytes = list->text.bytes;
    size_t open = end_of(list, list->value) - list->value->source.size + 1;
    size_t end = end_of(list, list->value->first), comma = end;
    while (comma < end + list->slide && bytes[comma] != ',')
        comma++;
    if (comma == end + list->slide)
        return 0;
    size_t n = end + list->slide - (comma + 1);
    return memcmp(bytes + open, bytes + comma + 1, n) == 0 &&
                   pith_layout_may_cut(list->layout, open + n)
               ? open + n : 0;
}

/* Either the first element always stays or, where the last has another end than
 * those before it, the last. */
static enum pith_status add_elements(struct list *list,
                                     struct pith_error *error)
{
    size_t start = list->slide > 0 ? first_start(list) : 0;
    for (const struct pith_json *at = list->value->first; at != NULL;
         at = at->next) {
        size_t end = end_of(list, at) + list->slide;
        if ((at->next == NULL && list->slide > 0) ||
            !pith_layout_may_cut(list->layout, end))
            continue;
        if (start > 0)
            PITH_TRY(pith_block_add(list->layout,
                                    (struct pith_block){.start = start,
                                                        .end = end,
                                                        .firm = true},
                                    error));
        start = end;
    }
    return PITH_OK;
}

static enum pith_status add_list(struct list *list, struct pith_error *error)
{
    size_t n = common_gap(list);
    while (list->slide < n && !may_part(list, list->slide))
        list->slide++;
    return list->slide < n || may_part(list, n) ? add_elements(list, error)
                                                : PITH_OK;
}

enum pith_status pith_layout_elements(struct pith_layout *layout,
                                      struct pith_text text,
                                      const struct pith_json *value,
                                      struct pith_error *error)
{
    size_t n_blocks = layout->n_blocks;
    struct list list = {layout, text, value, 0};
    bool is_one = is_list(value);
    if (!is_one || value->n_children <= FEW ||
        value->source.size / value->n_children > LARGE)
        for (const struct pith_json *at = value->first; at != NULL;
             at = at->next)
            PITH_TRY(pith_layout_elements(layout, text, at, error));
    return is_one && layout->n_blocks == n_blocks ? add_list(&list, error)
                                                  : PITH_OK;
}
