/*
 * layout.h - the form of a text: what of it stays, and what stays or goes
 * together, so that what is left has the same form.  docs/PRESETS.md says what
 * each form keeps.
 */
#ifndef PITH_LAYOUT_LAYOUT_H
#define PITH_LAYOUT_LAYOUT_H

#include "../base/buffer.h"
#include "../base/error.h"

enum pith_mark_kind {
    PITH_MARK_FIXED, /* stays */
    PITH_MARK_FRAME, /* stays if anything else of its block does, and only
                        then */
    PITH_MARK_GONE,  /* goes: one of a pair that would not stay together */
    PITH_MARK_WHOLE  /* stays or goes as a whole */
};

struct pith_mark {
    size_t start, end; /* bytes */
    enum pith_mark_kind kind;
};

/* A line, a row, a turn of a chat, an element of JSON. */
struct pith_block {
    size_t start, end; /* bytes */
    bool whole;    /* stays or goes as a whole */
    bool firm;     /* goes only where cutting what it holds is not enough; one
                      that stays does so whatever is left of that */
    double weight; /* nats that each of its tokens is worth besides */
};

/* Both in ascending order, without overlap among themselves.  {0} is empty. */
struct pith_layout {
    size_t origin; /* added to all places */
    /* Whether a unit begins at a byte, after adding; NULL: anywhere. */
    bool (*may_cut)(const void *units, size_t at);
    const void *units;
    struct pith_mark *marks;
    size_t n_marks, mark_capacity;
    struct pith_block *blocks;
    size_t n_blocks, block_capacity;
    /* NULL, or what gets marks, PITH_MARK_GONE, of what the form can do
     * without: white space of JSON, padding of tables. */
    struct pith_layout *spare;
};

/* Appends the marks and blocks of a text.
 *   preset  PITH_PRESET_AUTO: as pith_layout_detect() says
 * Errors: MEMORY. */
enum pith_status pith_layout_add(struct pith_layout *layout,
                                 struct pith_text text, enum pith_preset preset,
                                 struct pith_error *error);
void pith_layout_free(struct pith_layout *layout);

/* Appends a text without what its form can do without; all of it where that is
 * nothing.
 * Errors: MEMORY. */
enum pith_status pith_layout_compact(struct pith_buffer *out,
                                     struct pith_text text,
                                     enum pith_preset preset,
                                     struct pith_error *error);

/* What a text is; PITH_PRESET_NONE where that is not certain. */
enum pith_preset pith_layout_detect(struct pith_text text);

#endif
