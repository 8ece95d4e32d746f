/*
 * byte_bpe.c - see byte_bpe.h.
 */
#include "byte_bpe.h"

#include <stdlib.h>

#include "../base/memory.h"
#include "pretokenize.h"

struct pith_byte_bpe_slot {
    int32_t left, right; /* left -1: free */
    struct pith_pair pair;
};

/* The slot that holds the pair, or the free one where it belongs. */
static struct pith_byte_bpe_slot *locate(const struct pith_byte_bpe *bpe,
                                         int32_t left, int32_t right)
{
    uint64_t key = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    key *= 0x9E3779B97F4A7C15u; /* 2^64 / golden ratio */
    for (size_t at = (size_t)(key >> 32) & bpe->mask;;
         at = (at + 1) & bpe->mask) {
        struct pith_byte_bpe_slot *slot = &bpe->slots[at];
        if (slot->left < 0 || (slot->left == left && slot->right == right))
            return slot;
    }
}

static void index_bytes(struct pith_byte_bpe *bpe,
                        const struct pith_section *section)
{
    for (int byte = 0; byte < 256; byte++)
        bpe->byte_ids[byte] = -1;
    for (size_t id = section->facts.n_pieces; id-- > 0;) {
        struct pith_piece piece = pith_section_piece(section, id);
        if (piece.bytes.size == 1 && piece.kind == PITH_PIECE_NORMAL)
            bpe->byte_ids[(unsigned char)piece.bytes.bytes[0]] = (int32_t)id;
    }
}

static enum pith_status index_merges(struct pith_byte_bpe *bpe,
                                     const struct pith_section *section,
                                     struct pith_error *error)
{
    size_t n_slots = 16;
    while (n_slots / 2 < section->facts.n_merges && n_slots <= SIZE_MAX / 4)
        n_slots *= 2;
    bpe->mask = n_slots - 1;
    bpe->slots = pith_array(n_slots, sizeof *bpe->slots);
    if (bpe->slots == NULL)
        return pith_no_memory(error, n_slots, sizeof *bpe->slots);
    for (size_t i = 0; i < n_slots; i++)
        bpe->slots[i].left = -1;
    for (size_t rank = 0; rank < section->facts.n_merges; rank++) {
        struct pith_section_merge merge = pith_section_merge(section, rank);
        struct pith_byte_bpe_slot *slot =
            locate(bpe, merge.left, merge.right);
        if (slot->left < 0)
            *slot = (struct pith_byte_bpe_slot){
                merge.left, merge.right, {(uint32_t)rank, merge.result}};
    }
    return PITH_OK;
}

enum pith_status pith_byte_bpe_create(struct pith_byte_bpe *bpe,
                                      const struct pith_section *section,
                                      struct pith_error *error)
{
    bpe->pre_tokenizer = section->facts.pre_tokenizer;
    index_bytes(bpe, section);
    return index_merges(bpe, section, error);
}

void pith_byte_bpe_free(struct pith_byte_bpe *bpe)
{
    free(bpe->slots);
    bpe->slots = NULL;
}

static bool find_pair(const void *vocabulary, const char *word,
                      const struct pith_symbol *left,
                      const struct pith_symbol *right, struct pith_pair *pair)
{
    const struct pith_byte_bpe_slot *slot =
        locate(vocabulary, left->id, right->id);
    (void)word;
    *pair = slot->pair;
    return slot->left >= 0;
}

static enum pith_status encode_word(const struct pith_byte_bpe *bpe,
                                    struct pith_text word,
                                    struct pith_merger *merger,
                                    struct pith_ids *ids,
                                    struct pith_error *error)
{
    PITH_TRY(pith_merger_start(merger, word.size, error));
    for (size_t i = 0; i < word.size; i++) {
        int32_t id = bpe->byte_ids[(unsigned char)word.bytes[i]];
        if (id >= 0)
            pith_merger_push(merger, 1, id);
    }
    pith_merger_run(merger, word.bytes,
                    (struct pith_pair_rule){find_pair, bpe});
    for (uint32_t at = pith_merger_first(merger); at != PITH_NO_SYMBOL;
         at = merger->symbols[at].next)
        pith_ids_append(ids, merger->symbols[at].id);
    return PITH_OK;
}

enum pith_status pith_byte_bpe_encode(const struct pith_byte_bpe *bpe,
                                      struct pith_text text,
                                      struct pith_merger *merger,
                                      struct pith_ids *ids,
                                      struct pith_error *error)
{
    while (text.size > 0) {
        size_t n = pith_pretokenize_next(bpe->pre_tokenizer, text);
        PITH_TRY(encode_word(bpe, (struct pith_text){text.bytes, n}, merger,
                             ids, error));
        text.bytes += n;
        text.size -= n;
    }
    return PITH_OK;
}
