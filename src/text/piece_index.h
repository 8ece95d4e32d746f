/*
 * piece_index.h - from the bytes of a piece to its id: a hash table with open
 * addressing.
 */
#ifndef PITH_TEXT_PIECE_INDEX_H
#define PITH_TEXT_PIECE_INDEX_H

#include "../base/error.h"

struct pith_piece_index_slot {
    uint32_t hash;
    int32_t id; /* -1: free */
};

struct pith_piece_index {
    struct pith_piece_index_slot *slots;
    size_t mask;   /* number of slots - 1, a power of two less one */
    size_t longest; /* bytes of the longest piece in it */
};

/* An empty index with room for n pieces. */
enum pith_status pith_piece_index_create(struct pith_piece_index *index,
                                         size_t n, struct pith_error *error);
void pith_piece_index_free(struct pith_piece_index *index);

/* Adds pieces[id], unless the same bytes are there already or it is empty. */
void pith_piece_index_add(struct pith_piece_index *index,
                          const struct pith_text *pieces, int32_t id);

/* The id of the piece with these bytes, -1 when there is none.  pieces: the
 * array that pith_piece_index_add was given. */
int32_t pith_piece_index_find(const struct pith_piece_index *index,
                              const struct pith_text *pieces,
                              struct pith_text bytes);

#endif
