/*
 * tokenizer.c - one interface to the kinds of tokenizer; see tokenizer.h.  The
 * work is done in byte_bpe.c and sentencepiece.c.
 */
#include "tokenizer.h"

#include "../base/memory.h"
#include "tokenizer_state.h"

/* --- creating ------------------------------------------------------------ */

static enum pith_status list_pieces(struct pith_tokenizer *tokenizer,
                                    struct pith_error *error)
{
    size_t n = tokenizer->section.facts.n_pieces;
    tokenizer->pieces = pith_array(n, sizeof *tokenizer->pieces);
    if (tokenizer->pieces == NULL)
        return pith_no_memory(error, n, sizeof *tokenizer->pieces);
    for (size_t id = 0; id < n; id++)
        tokenizer->pieces[id] =
            pith_section_piece(&tokenizer->section, id).bytes;
    return PITH_OK;
}

static enum pith_status fill(struct pith_tokenizer *tokenizer,
                             const uint8_t *bytes, size_t size,
                             const char *name, struct pith_error *error)
{
    const struct pith_section *section = &tokenizer->section;
    PITH_TRY(pith_section_open(&tokenizer->section, bytes, size, name, error));
    if (section->facts.kind == PITH_TOKENIZER_NONE)
        return PITH_OK;
    PITH_TRY(list_pieces(tokenizer, error));
    PITH_TRY(pith_tokenizer_find_specials(tokenizer, error));
    if (section->facts.kind == PITH_TOKENIZER_SENTENCEPIECE)
        return pith_tokenizer_open_sentencepiece(tokenizer, name, error);
    return pith_byte_bpe_create(&tokenizer->byte_bpe, section,
                                tokenizer->pieces, error);
}

enum pith_status pith_tokenizer_create(const uint8_t *section, size_t size,
                                       const char *name,
                                       struct pith_tokenizer **tokenizer,
                                       struct pith_error *error)
{
    *tokenizer = NULL;
    struct pith_tokenizer *made = pith_array_zero(1, sizeof *made);
    if (made == NULL)
        return pith_no_memory(error, 1, sizeof *made);
    enum pith_status status = fill(made, section, size, name, error);
    if (status != PITH_OK)
        pith_tokenizer_free(made);
    else
        *tokenizer = made;
    return status;
}

void pith_tokenizer_free(struct pith_tokenizer *tokenizer)
{
    if (tokenizer == NULL)
        return;
    if (tokenizer->release != NULL)
        tokenizer->release(tokenizer);
    pith_tokenizer_drop_specials(tokenizer);
    pith_byte_bpe_free(&tokenizer->byte_bpe);
    pith_free(tokenizer->pieces);
    pith_free(tokenizer);
}

void pith_tokenizer_describe(const struct pith_tokenizer *tokenizer,
                             struct pith_vocab *facts)
{
    *facts = tokenizer->section.facts;
}

/* --- encoding ------------------------------------------------------------ */

enum pith_status pith_tokenizer_stretch(const struct pith_tokenizer *tokenizer,
                                        struct pith_text text,
                                        bool after_special,
                                        struct pith_merger *merger,
                                        struct pith_ids *ids,
                                        struct pith_error *error)
{
    const struct pith_vocab *facts = &tokenizer->section.facts;
    if (facts->kind == PITH_TOKENIZER_NONE)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "the model has no tokenizer: its source had none; "
                         "give token ids instead of text");
    PITH_TRY(tokenizer->encode != NULL
                 ? tokenizer->encode(tokenizer, text,
                                     pith_vocab_has_prefix(facts,
                                                           after_special),
                                     merger, ids, error)
                 : pith_byte_bpe_encode(&tokenizer->byte_bpe, text, merger,
                                        ids, error));
    return ids->failed ? pith_no_memory(error, ids->n, sizeof *ids->data)
                       : PITH_OK;
}

enum pith_status pith_tokenizer_encode_plain(
    const struct pith_tokenizer *tokenizer, struct pith_text text,
    struct pith_ids *ids, struct pith_error *error)
{
    struct pith_merger merger = {0};
    enum pith_status status = pith_tokenizer_stretch(tokenizer, text, false,
                                                     &merger, ids, error);
    pith_merger_free(&merger);
    return status;
}

/* --- pieces --------------------------------------------------------------- */

struct pith_text pith_tokenizer_piece(const struct pith_tokenizer *tokenizer,
                                      int32_t id)
{
    if (id < 0 || (size_t)id >= tokenizer->section.facts.n_pieces)
        return (struct pith_text){NULL, 0};
    return tokenizer->pieces[id];
}

enum pith_piece_kind
pith_tokenizer_piece_kind(const struct pith_tokenizer *tokenizer, int32_t id)
{
    if (id < 0 || (size_t)id >= tokenizer->section.facts.n_pieces)
        return PITH_PIECE_UNUSED;
    return pith_section_piece(&tokenizer->section, (size_t)id).kind;
}

