/*
 * sentencepiece.c - SentencePiece BPE: every character is a symbol, and the
 * adjacent pair whose union is the best-scoring piece merges first; or, where
 * the section has merges, as tokenizer.json has them, the pair with the lowest
 * rank.  User-defined pieces are found first, and merge with nothing.
 *
 * Pieces are kept with a space where the vocabulary has U+2581, so that the
 * text needs no rewriting.  U+2581 in a text is thus no space: it is encoded
 * as its bytes and decodes to itself.
 *
 * The normalizer is the identity: LLaMA's vocabulary has no other.  Pieces of
 * kind UNUSED do not take part in merging.
 */

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/utf8.h"
#include "pair_index.h"
#include "piece_index.h"
#include "special.h"
#include "tokenizer_state.h"

struct pith_sentencepiece {
    const struct pith_text *pieces; /* borrowed: as they show in a text */
    struct pith_piece_index index;  /* of the normal ones */
    uint32_t *ranks;                /* by falling score, ties equal */
    struct pith_pair_index pairs;   /* of the merges, which then decide */
    bool has_merges;
    struct pith_specials user;      /* user-defined pieces */
    int32_t byte_ids[256];          /* -1: none */
    char *shown;                    /* the bytes of pieces with spaces */
    int32_t unk_id;                 /* -1: none */
    bool words_are_apart; /* no piece has a space after something else */
};

/* --- tables -------------------------------------------------------------- */

struct scored {
    float score;
    int32_t id;
};

static int compare_scores(const void *left, const void *right)
{
    const struct scored *a = left, *b = right;
    return a->score > b->score ? -1 : a->score < b->score;
}

static enum pith_status rank_pieces(struct pith_sentencepiece *sp,
                                    const struct pith_section *section,
                                    struct pith_error *error)
{
    size_t n = section->facts.n_pieces;
    struct scored *scored = pith_array(n, sizeof *scored);
    sp->ranks = pith_array(n, sizeof *sp->ranks);
    if (scored == NULL || sp->ranks == NULL) {
        pith_free(scored);
        return pith_no_memory(error, n, sizeof *scored);
    }
    for (size_t id = 0; id < n; id++)
        scored[id] = (struct scored){pith_section_piece(section, id).score,
                                     (int32_t)id};
    qsort(scored, n, sizeof *scored, compare_scores);
    uint32_t rank = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && scored[i].score < scored[i - 1].score)
            rank++;
        sp->ranks[scored[i].id] = rank;
    }
    pith_free(scored);
    return PITH_OK;
}

static bool has_space_inside(struct pith_text piece)
{
    for (size_t i = 1; i < piece.size; i++)
        if (piece.bytes[i] == ' ' && piece.bytes[i - 1] != ' ')
            return true;
    return false;
}

static enum pith_status index_pieces(struct pith_sentencepiece *sp,
                                     const struct pith_section *section,
                                     struct pith_error *error)
{
    size_t n = section->facts.n_pieces;
    bool byte_fallback = section->facts.flags & PITH_VOCAB_BYTE_FALLBACK;
    PITH_TRY(pith_piece_index_create(&sp->index, n, error));
    sp->words_are_apart = true;
    for (size_t id = 0; id < n; id++) {
        enum pith_piece_kind kind = pith_section_piece(section, id).kind;
        if (kind == PITH_PIECE_BYTE && byte_fallback)
            sp->byte_ids[(unsigned char)sp->pieces[id].bytes[0]] = (int32_t)id;
        if (kind != PITH_PIECE_NORMAL)
            continue;
        pith_piece_index_add(&sp->index, sp->pieces, (int32_t)id);
        if (has_space_inside(sp->pieces[id]))
            sp->words_are_apart = false;
    }
    return PITH_OK;
}

static enum pith_status create(struct pith_sentencepiece *sp,
                               const struct pith_section *section,
                               const struct pith_text *pieces,
                               const char *name, struct pith_error *error)
{
    sp->pieces = pieces;
    sp->unk_id = section->facts.unk_id;
    for (int byte = 0; byte < 256; byte++)
        sp->byte_ids[byte] = -1;
    PITH_TRY(index_pieces(sp, section, error));
    for (int byte = 0; byte < 256; byte++)
        if (sp->byte_ids[byte] < 0 && sp->unk_id < 0)
            return pith_fail(error, PITH_ERR_FORMAT,
                             "%s: tokenizer section: no piece for byte 0x%02X "
                             "and no unknown piece", name, byte);
    PITH_TRY(pith_specials_create(&sp->user, section, pieces,
                                  1u << PITH_PIECE_USER, error));
    sp->has_merges = section->facts.n_merges > 0;
    return sp->has_merges ? pith_pair_index_create(&sp->pairs, section, error)
                          : rank_pieces(sp, section, error);
}

static void release(struct pith_tokenizer *tokenizer)
{
    struct pith_sentencepiece *sp = tokenizer->sentencepiece;
    pith_piece_index_free(&sp->index);
    pith_specials_free(&sp->user);
    pith_pair_index_free(&sp->pairs);
    pith_free(sp->ranks);
    pith_free(sp->shown);
    pith_free(sp);
}

/* --- encoding ------------------------------------------------------------ */

static bool find_pair(const void *vocabulary, const char *word,
                      const struct pith_symbol *left,
                      const struct pith_symbol *right, struct pith_pair *pair)
{
    const struct pith_sentencepiece *sp = vocabulary;
    if (sp->has_merges)
        return pith_pair_index_find(&sp->pairs, left->id, right->id, pair);
    struct pith_text both = {word + left->start,
                             (size_t)left->size + right->size};
    pair->id = pith_piece_index_find(&sp->index, sp->pieces, both);
    if (pair->id < 0)
        return false;
    pair->rank = sp->ranks[pair->id];
    return true;
}

/* A symbol that is not a piece: its bytes, or one unknown piece for all such
 * symbols in a row. */
static void append_unknown(const struct pith_sentencepiece *sp,
                           struct pith_text bytes, struct pith_ids *ids,
                           bool *after_unknown)
{
    for (size_t i = 0; i < bytes.size; i++) {
        int32_t id = sp->byte_ids[(unsigned char)bytes.bytes[i]];
        if (id >= 0) {
            pith_ids_append(ids, id);
            *after_unknown = false;
        } else if (!*after_unknown) {
            pith_ids_append(ids, sp->unk_id);
            *after_unknown = true;
        }
    }
}

static enum pith_status encode_word(const struct pith_sentencepiece *sp,
                                    struct pith_text word,
                                    struct pith_merger *merger,
                                    struct pith_ids *ids, bool *after_unknown,
                                    struct pith_error *error)
{
    PITH_TRY(pith_merger_start(merger, word.size, error));
    for (size_t i = 0; i < word.size;) {
        size_t length = pith_utf8_valid_length(word.bytes + i, word.size - i);
        struct pith_text symbol = {word.bytes + i, length > 0 ? length : 1};
        pith_merger_push(
            merger, symbol.size,
            pith_piece_index_find(&sp->index, sp->pieces, symbol));
        i += symbol.size;
    }
    pith_merger_run(merger, word.bytes,
                    (struct pith_pair_rule){find_pair, sp});
    for (uint32_t at = pith_merger_first(merger); at != PITH_NO_SYMBOL;
         at = merger->symbols[at].next) {
        const struct pith_symbol *symbol = &merger->symbols[at];
        if (symbol->id < 0) {
            append_unknown(sp, (struct pith_text){word.bytes + symbol->start,
                                                  symbol->size},
                           ids, after_unknown);
        } else {
            pith_ids_append(ids, symbol->id);
            *after_unknown = false;
        }
    }
    return PITH_OK;
}

/* Bytes up to the next space that follows something else: no piece reaches
 * over that place, so what is on its two sides is merged apart, which
 * keeps the heap small. */
static size_t word_length(const struct pith_sentencepiece *sp,
                          struct pith_text text)
{
    size_t at = 1;
    if (!sp->words_are_apart)
        return text.size;
    while (at < text.size &&
           (text.bytes[at] != ' ' || text.bytes[at - 1] == ' '))
        at++;
    return at;
}

static enum pith_status encode_words(const struct pith_sentencepiece *sp,
                                     struct pith_text text,
                                     struct pith_merger *merger,
                                     struct pith_ids *ids, bool *after_unknown,
                                     struct pith_error *error)
{
    while (text.size > 0) {
        size_t n = word_length(sp, text);
        PITH_TRY(encode_word(sp, (struct pith_text){text.bytes, n}, merger, ids,
                             after_unknown, error));
        text.bytes += n;
        text.size -= n;
    }
    return PITH_OK;
}

/* User-defined pieces, and what is between them. */
static enum pith_status encode_stretches(const struct pith_sentencepiece *sp,
                                         struct pith_text text,
                                         struct pith_merger *merger,
                                         struct pith_ids *ids,
                                         struct pith_error *error)
{
    struct pith_special user;
    bool after_unknown = false;
    while (text.size > 0) {
        size_t n = pith_specials_find(&sp->user, text, &user);
        PITH_TRY(encode_words(sp, (struct pith_text){text.bytes, n}, merger,
                              ids, &after_unknown, error));
        if (n == text.size)
            break;
        pith_ids_append(ids, user.id);
        after_unknown = false;
        text.bytes += n + user.bytes.size;
        text.size -= n + user.bytes.size;
    }
    return PITH_OK;
}

static enum pith_status encode(const struct pith_tokenizer *tokenizer,
                               struct pith_text text, bool prefixed,
                               struct pith_merger *merger,
                               struct pith_ids *ids, struct pith_error *error)
{
    const struct pith_sentencepiece *sp = tokenizer->sentencepiece;
    struct pith_buffer spaced = {0};
    if (text.size == 0)
        return PITH_OK;
    if (!prefixed)
        return encode_stretches(sp, text, merger, ids, error);
    pith_buffer_byte(&spaced, ' ');
    pith_buffer_append(&spaced, text.bytes, text.size);
    enum pith_status status =
        spaced.failed ? pith_no_memory(error, text.size, 1)
                      : encode_stretches(sp, pith_buffer_text(&spaced), merger,
                                         ids, error);
    pith_buffer_free(&spaced);
    return status;
}

/* --- opening ------------------------------------------------------------- */

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
    char *shown = pith_array(section->text_size, 1);
    tokenizer->sentencepiece->shown = shown;
    if (shown == NULL)
        return pith_no_memory(error, section->text_size, 1);
    for (size_t id = 0; id < n; id++) {
        struct pith_piece piece = pith_section_piece(section, id);
        if (piece.kind != PITH_PIECE_NORMAL &&
            piece.kind != PITH_PIECE_UNUSED && piece.kind != PITH_PIECE_USER)
            continue;
        char *out = shown + at;
        size_t size = show_spaces(out, piece.bytes);
        tokenizer->pieces[id] = (struct pith_text){out, size};
        at += size;
    }
    return PITH_OK;
}

enum pith_status
pith_tokenizer_open_sentencepiece(struct pith_tokenizer *tokenizer,
                                  const char *name, struct pith_error *error)
{
    struct pith_sentencepiece *sp = pith_array_zero(1, sizeof *sp);
    if (sp == NULL)
        return pith_no_memory(error, 1, sizeof *sp);
    tokenizer->sentencepiece = sp;
    tokenizer->encode = encode;
    tokenizer->release = release;
    PITH_TRY(show_pieces(tokenizer, error));
    return create(sp, &tokenizer->section, tokenizer->pieces, name, error);
}
