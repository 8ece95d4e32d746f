/*
 * frames.h - the form of the contexts, by units: what src/layout says of bytes.
 */
#ifndef PITH_SPANS_FRAMES_H
#define PITH_SPANS_FRAMES_H

#include "../layout/layout.h"
#include "../prompt/parts.h"

#define PITH_NO_BLOCK SIZE_MAX

/* Units that stay or go together: a line, a row. */
struct pith_frame_block {
    size_t unit, end; /* units [unit, end) */
    size_t n_frame;   /* tokens of its frame */
    size_t first;     /* unit of its frame, PITH_NO_BLOCK: it has none */
    bool firm;        /* as of struct pith_block */
    double weight;    /* the same */
};

/* {0}: prompts without a preset. */
struct pith_frames {
    struct pith_frame_block *blocks; /* (n) */
    size_t n;
    size_t *block_of; /* (n_units) PITH_NO_BLOCK: none; NULL: no preset */
    bool *is_frame;   /* (n_units) stays if anything else of its block does */
    bool *goes;       /* (n_units) */
};

/* Appends the marks and blocks of all contexts.
 * Errors: MEMORY. */
enum pith_status pith_frames_find(struct pith_layout *layout,
                                  const struct pith_parts *parts,
                                  enum pith_preset preset,
                                  struct pith_error *error);

/* Joins units that are whole and forces those that stay.
 *   limit  tokens of a unit, as of pith_units_join
 * Errors: MEMORY.  Free the frames, also after an error. */
enum pith_status pith_frames_make(struct pith_frames *frames,
                                  struct pith_parts *parts,
                                  enum pith_preset preset, size_t limit,
                                  struct pith_error *error);
/* A block of which something must stay, as pith_keep_apply() says, does so with
 * its frame. */
void pith_frames_force(struct pith_frames *frames, struct pith_parts *parts);
void pith_frames_free(struct pith_frames *frames);

#endif
