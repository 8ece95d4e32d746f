/*
 * encode.c - texts in which special pieces count.
 */
#include "../base/memory.h"
#include "special.h"
#include "tokenizer_state.h"

enum pith_status pith_tokenizer_find_specials(struct pith_tokenizer *tokenizer,
                                              struct pith_error *error)
{
    unsigned kinds = 1u << PITH_PIECE_SPECIAL | 1u << PITH_PIECE_UNKNOWN;
    tokenizer->specials = pith_array_zero(1, sizeof *tokenizer->specials);
    if (tokenizer->specials == NULL)
        return pith_no_memory(error, 1, sizeof *tokenizer->specials);
    return pith_specials_create(tokenizer->specials, &tokenizer->section,
                                tokenizer->pieces, kinds, error);
}

void pith_tokenizer_drop_specials(struct pith_tokenizer *tokenizer)
{
    if (tokenizer->specials != NULL)
        pith_specials_free(tokenizer->specials);
    pith_free(tokenizer->specials);
}

static enum pith_status encode_all(const struct pith_tokenizer *tokenizer,
                                   struct pith_text text, bool after_special,
                                   struct pith_merger *merger,
                                   struct pith_ids *ids,
                                   struct pith_error *error)
{
    struct pith_special special;
    while (text.size > 0) {
        size_t n = pith_specials_find(tokenizer->specials, text, &special);
        PITH_TRY(pith_tokenizer_stretch(tokenizer,
                                        (struct pith_text){text.bytes, n},
                                        after_special, merger, ids, error));
        if (n == text.size)
            break;
        pith_ids_append(ids, special.id);
        text.bytes += n + special.bytes.size;
        text.size -= n + special.bytes.size;
        after_special = true;
    }
    return PITH_OK;
}

enum pith_status pith_tokenizer_encode(const struct pith_tokenizer *tokenizer,
                                       struct pith_text text, int flags,
                                       struct pith_ids *ids,
                                       struct pith_error *error)
{
    const struct pith_vocab *facts = &tokenizer->section.facts;
    struct pith_merger merger = {0};
    bool after_special = (flags & PITH_TOKENIZE_AFTER_SPECIAL) != 0;
    if ((flags & PITH_TOKENIZE_DEFAULT_BOS) != 0 &&
        (facts->flags & PITH_VOCAB_ADD_BOS) != 0)
        pith_ids_append(ids, facts->bos_id);
    bool whole = (flags & PITH_TOKENIZE_NO_SPECIAL) != 0 ||
                 facts->kind == PITH_TOKENIZER_NONE;
    enum pith_status status =
        whole ? pith_tokenizer_stretch(tokenizer, text, after_special, &merger,
                                       ids, error)
              : encode_all(tokenizer, text, after_special, &merger, ids, error);
    pith_merger_free(&merger);
    if (status == PITH_OK && ids->failed)
        return pith_no_memory(error, ids->n, sizeof *ids->data);
    return status;
}
