/*
 * byte_bpe.h - byte-level BPE: every byte is a symbol, ranked merges.
 *
 * Bytes that have no piece are left out, as Hugging Face does, so that texts
 * that hold them do not decode exactly.  GPT-2 has a piece for every byte;
 * SmolLM2 has none for six control characters (U+0004, U+0006, U+0013,
 * U+0014, U+0016, U+001D), for 0xF1 and 0xF2 (the unassigned planes 4 to 11)
 * and for bytes that UTF-8 never has.
 */
#ifndef PITH_TEXT_BYTE_BPE_H
#define PITH_TEXT_BYTE_BPE_H

#include "pair_index.h"

struct pith_byte_bpe {
    enum pith_pre_tokenizer pre_tokenizer;
    int32_t byte_ids[256]; /* -1: none */
    struct pith_pair_index pairs;
    /* Bytes of the next word of a text. */
    size_t (*next)(enum pith_pre_tokenizer kind, struct pith_text text);
    /* Of words that are pieces, where they go before merges; else NULL. */
    struct pith_piece_index *words; /* owned */
    int32_t (*find_word)(const struct pith_byte_bpe *bpe,
                         struct pith_text word); /* -1: none */
    void (*free_words)(struct pith_piece_index *words);
    const struct pith_text *pieces; /* borrowed */
};

/* pieces: the bytes of each; borrowed. */
enum pith_status pith_byte_bpe_create(struct pith_byte_bpe *bpe,
                                      const struct pith_section *section,
                                      const struct pith_text *pieces,
                                      struct pith_error *error);
void pith_byte_bpe_free(struct pith_byte_bpe *bpe);

/* The patterns and the words of Llama 3 and Qwen2 (pretokenize_llama3.c). */
enum pith_status pith_byte_bpe_open_llama3(struct pith_byte_bpe *bpe,
                                           const struct pith_section *section,
                                           struct pith_error *error);

/* Appends the ids of a text that holds no special piece. */
enum pith_status pith_byte_bpe_encode(const struct pith_byte_bpe *bpe,
                                      struct pith_text text,
                                      struct pith_merger *merger,
                                      struct pith_ids *ids,
                                      struct pith_error *error);

#endif
