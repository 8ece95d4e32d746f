/*
 * pair_index.c - see pair_index.h.  A hash table with open addressing.
 */
#include "pair_index.h"

#include <stdlib.h>

#include "../base/memory.h"

struct pith_pair_slot {
    int32_t left, right; /* left -1: free */
    struct pith_pair pair;
};

/* The slot that holds the pair, or the free one where it belongs. */
static struct pith_pair_slot *locate(const struct pith_pair_index *index,
                                     int32_t left, int32_t right)
{
    uint64_t key = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    key *= 0x9E3779B97F4A7C15u; /* 2^64 / golden ratio */
    for (size_t at = (size_t)(key >> 32) & index->mask;;
         at = (at + 1) & index->mask) {
        struct pith_pair_slot *slot = &index->slots[at];
        if (slot->left < 0 || (slot->left == left && slot->right == right))
            return slot;
    }
}

enum pith_status pith_pair_index_create(struct pith_pair_index *index,
                                        const struct pith_section *section,
                                        struct pith_error *error)
{
    size_t n_slots = 16;
    while (n_slots / 2 < section->facts.n_merges && n_slots <= SIZE_MAX / 4)
        n_slots *= 2;
    index->mask = n_slots - 1;
    index->slots = pith_array(n_slots, sizeof *index->slots);
    if (index->slots == NULL)
        return pith_no_memory(error, n_slots, sizeof *index->slots);
    for (size_t i = 0; i < n_slots; i++)
        index->slots[i].left = -1;
    for (size_t rank = 0; rank < section->facts.n_merges; rank++) {
        struct pith_section_merge merge = pith_section_merge(section, rank);
        struct pith_pair_slot *slot = locate(index, merge.left, merge.right);
        if (slot->left < 0)
            *slot = (struct pith_pair_slot){
                merge.left, merge.right, {(uint32_t)rank, merge.result}};
    }
    return PITH_OK;
}

void pith_pair_index_free(struct pith_pair_index *index)
{
    pith_free(index->slots);
    index->slots = NULL;
}

bool pith_pair_index_find(const struct pith_pair_index *index, int32_t left,
                          int32_t right, struct pith_pair *pair)
{
    const struct pith_pair_slot *slot = locate(index, left, right);
    *pair = slot->pair;
    return slot->left >= 0;
}
