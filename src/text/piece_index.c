/*
 * piece_index.c - see piece_index.h.
 */
#include "piece_index.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"

/* FNV-1a, with its high bits mixed into the low ones that choose a slot. */
static uint32_t hash_bytes(struct pith_text bytes)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < bytes.size; i++)
        hash = (hash ^ (unsigned char)bytes.bytes[i]) * 16777619u;
    return hash ^ hash >> 15;
}

/* The slot that holds these bytes, or the free one where they belong. */
static struct pith_piece_index_slot *
locate(const struct pith_piece_index *index, const struct pith_text *pieces,
       struct pith_text bytes, uint32_t hash)
{
    for (size_t at = hash & index->mask;; at = (at + 1) & index->mask) {
        struct pith_piece_index_slot *slot = &index->slots[at];
        if (slot->id < 0)
            return slot;
        if (slot->hash == hash && pieces[slot->id].size == bytes.size &&
            memcmp(pieces[slot->id].bytes, bytes.bytes, bytes.size) == 0)
            return slot;
    }
}

enum pith_status pith_piece_index_create(struct pith_piece_index *index,
                                         size_t n, struct pith_error *error)
{
    size_t n_slots = 16;
    while (n_slots / 2 < n && n_slots <= SIZE_MAX / 4)
        n_slots *= 2;
    *index = (struct pith_piece_index){.mask = n_slots - 1};
    index->slots = pith_array(n_slots, sizeof *index->slots);
    if (index->slots == NULL)
        return pith_no_memory(error, n_slots, sizeof *index->slots);
    for (size_t i = 0; i < n_slots; i++)
        index->slots[i] = (struct pith_piece_index_slot){0, -1};
    return PITH_OK;
}

void pith_piece_index_free(struct pith_piece_index *index)
{
    pith_free(index->slots);
    *index = (struct pith_piece_index){0};
}

void pith_piece_index_add(struct pith_piece_index *index,
                          const struct pith_text *pieces, int32_t id)
{
    struct pith_text bytes = pieces[id];
    uint32_t hash = hash_bytes(bytes);
    if (bytes.size == 0)
        return;
    struct pith_piece_index_slot *slot = locate(index, pieces, bytes, hash);
    if (slot->id < 0)
        *slot = (struct pith_piece_index_slot){hash, id};
    if (bytes.size > index->longest)
        index->longest = bytes.size;
}

int32_t pith_piece_index_find(const struct pith_piece_index *index,
                              const struct pith_text *pieces,
                              struct pith_text bytes)
{
    if (bytes.size > index->longest)
        return -1;
    return locate(index, pieces, bytes, hash_bytes(bytes))->id;
}
