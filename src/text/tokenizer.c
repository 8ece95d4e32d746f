/*
 * tokenizer.c - one interface to the kinds of tokenizer; see
 * tokenizer.h.  The work is done in byte_bpe.c and sentencepiece.c.
 */
#include "tokenizer.h"

#include <string.h>

#include "../base/memory.h"
#include "byte_bpe.h"
#include "section.h"
#include "sentencepiece.h"
#include "special.h"

struct pith_tokenizer {
    struct pith_section section;
    struct pith_text *pieces; /* as they show in a text */
    char *shown;              /* SentencePiece: their bytes; else NULL */
    struct pith_specials specials;
    struct pith_byte_bpe byte_bpe;           /* the one of these two that */
    struct pith_sentencepiece sentencepiece; /* is of the section's kind */
};

static bool is_sentencepiece(const struct pith_tokenizer *tokenizer)
{
    return tokenizer->section.facts.kind == PITH_TOKENIZER_SENTENCEPIECE;
}

/* --- creating ------------------------------------------------------------ */

/* Copies a piece with a space for every U+2581; returns the bytes written. */
static size_t show_spaces(char *out, struct pith_text piece)
{
    static const char mark[] = "\xE2\x96\x81"; /* U+2581 */
    size_t n = 0;
    for (size_t i = 0; i < piece.size;) {
        bool space = piece.size - i >= 3 && memcmp(piece.bytes + i, mark, 3) == 0;
        out[n++] = space ? ' ' : piece.bytes[i];
        i += space ? 3 : 1;
    }
    return n;
}

/* Special and unknown pieces are shown as they are written. */
static enum pith_status show_pieces(struct pith_tokenizer *tokenizer,
                                    struct pith_error *error)
{
    const struct pith_section *section = &tokenizer->section;
    size_t n = section->facts.n_pieces, at = 0;
    tokenizer->pieces = pith_array(n, sizeof *tokenizer->pieces);
    if (tokenizer->pieces == NULL)
        return pith_no_memory(error, n, sizeof *tokenizer->pieces);
    for (size_t id = 0; id < n; id++)
        tokenizer->pieces[id] = pith_section_piece(section, id).bytes;
    if (!is_sentencepiece(tokenizer))
        return PITH_OK;
    tokenizer->shown = pith_array(section->text_size, 1);
    if (tokenizer->shown == NULL)
        return pith_no_memory(error, section->text_size, 1);
    for (size_t id = 0; id < n; id++) {
        struct pith_piece piece = pith_section_piece(section, id);
        if (piece.kind != PITH_PIECE_NORMAL &&
            piece.kind != PITH_PIECE_UNUSED && piece.kind != PITH_PIECE_USER)
            continue;
        char *out = tokenizer->shown + at;
        size_t size = show_spaces(out, piece.bytes);
        tokenizer->pieces[id] = (struct pith_text){out, size};
        at += size;
    }
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
    PITH_TRY(show_pieces(tokenizer, error));
    PITH_TRY(pith_specials_create(&tokenizer->specials, section,
                                  tokenizer->pieces,
                                  1u << PITH_PIECE_SPECIAL |
                                      1u << PITH_PIECE_UNKNOWN, error));
    if (is_sentencepiece(tokenizer))
        return pith_sentencepiece_create(&tokenizer->sentencepiece, section,
                                         tokenizer->pieces, name, error);
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
    pith_specials_free(&tokenizer->specials);
    pith_byte_bpe_free(&tokenizer->byte_bpe);
    pith_sentencepiece_free(&tokenizer->sentencepiece);
    pith_free(tokenizer->pieces);
    pith_free(tokenizer->shown);
    pith_free(tokenizer);
}

void pith_tokenizer_describe(const struct pith_tokenizer *tokenizer,
                             struct pith_vocab *facts)
{
    *facts = tokenizer->section.facts;
}

/* --- encoding ------------------------------------------------------------ */

/* A stretch of text between special pieces. */
static enum pith_status encode_plain(const struct pith_tokenizer *tokenizer,
                                     struct pith_text text, bool after_special,
                                     struct pith_merger *merger,
                                     struct pith_ids *ids,
                                     struct pith_error *error)
{
    if (is_sentencepiece(tokenizer))
        return pith_sentencepiece_encode(
            &tokenizer->sentencepiece, text,
            pith_vocab_has_prefix(&tokenizer->section.facts, after_special),
            merger, ids, error);
    return pith_byte_bpe_encode(&tokenizer->byte_bpe, text, merger, ids, error);
}

static enum pith_status encode_all(const struct pith_tokenizer *tokenizer,
                                   struct pith_text text, int flags,
                                   struct pith_merger *merger,
                                   struct pith_ids *ids,
                                   struct pith_error *error)
{
    struct pith_special special;
    bool find_special = (flags & PITH_TOKENIZE_NO_SPECIAL) == 0;
    bool after_special = (flags & PITH_TOKENIZE_AFTER_SPECIAL) != 0;
    while (text.size > 0) {
        size_t n = find_special ? pith_specials_find(&tokenizer->specials, text,
                                                     &special)
                                : text.size;
        PITH_TRY(encode_plain(tokenizer, (struct pith_text){text.bytes, n},
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
    if (facts->kind == PITH_TOKENIZER_NONE)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "the model has no tokenizer: its source had none; "
                         "give token ids instead of text");
    if ((flags & PITH_TOKENIZE_DEFAULT_BOS) != 0 &&
        (facts->flags & PITH_VOCAB_ADD_BOS) != 0)
        pith_ids_append(ids, facts->bos_id);
    enum pith_status status =
        encode_all(tokenizer, text, flags, &merger, ids, error);
    pith_merger_free(&merger);
    if (status == PITH_OK && ids->failed)
        return pith_no_memory(error, ids->n, sizeof *ids->data);
    return status;
}

/* --- decoding ------------------------------------------------------------ */

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

