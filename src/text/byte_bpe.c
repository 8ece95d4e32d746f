/*
 * byte_bpe.c - see byte_bpe.h.
 */
#include "byte_bpe.h"

#include "pretokenize.h"

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

enum pith_status pith_byte_bpe_create(struct pith_byte_bpe *bpe,
                                      const struct pith_section *section,
                                      const struct pith_text *pieces,
                                      struct pith_error *error)
{
    bpe->pieces = pieces;
    bpe->pre_tokenizer = section->facts.pre_tokenizer;
    index_bytes(bpe, section);
    bpe->next = pith_pretokenize_gpt2;
    if (bpe->pre_tokenizer > PITH_PRE_SMOLLM ||
        (section->facts.flags & PITH_VOCAB_WHOLE_WORDS) != 0)
        PITH_TRY(pith_byte_bpe_open_llama3(bpe, section, error));
    return pith_pair_index_create(&bpe->pairs, section, error);
}

void pith_byte_bpe_free(struct pith_byte_bpe *bpe)
{
    pith_pair_index_free(&bpe->pairs);
    if (bpe->words != NULL)
        bpe->free_words(bpe->words);
}

static bool find_pair(const void *vocabulary, const char *word,
                      const struct pith_symbol *left,
                      const struct pith_symbol *right, struct pith_pair *pair)
{
    const struct pith_byte_bpe *bpe = vocabulary;
    (void)word;
    return pith_pair_index_find(&bpe->pairs, left->id, right->id, pair);
}

static enum pith_status encode_word(const struct pith_byte_bpe *bpe,
                                    struct pith_text word,
                                    struct pith_merger *merger,
                                    struct pith_ids *ids,
                                    struct pith_error *error)
{
    int32_t whole = bpe->words != NULL ? bpe->find_word(bpe, word) : -1;
    if (whole >= 0) {
        pith_ids_append(ids, whole);
        return PITH_OK;
    }
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
        size_t n = bpe->next(bpe->pre_tokenizer, text);
        PITH_TRY(encode_word(bpe, (struct pith_text){text.bytes, n}, merger,
                             ids, error));
        text.bytes += n;
        text.size -= n;
    }
    return PITH_OK;
}
