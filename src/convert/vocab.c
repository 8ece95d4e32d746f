/*
 * vocab.c - see vocab.h.
 */
#include "vocab.h"

#include <string.h>

#include "../base/memory.h"
#include "../base/utf8.h"

void pith_vocabulary_init(struct pith_vocabulary *vocabulary,
                          enum pith_tokenizer_kind kind, size_t limit,
                          const char *path)
{
    pith_vocabulary_free(vocabulary);
    vocabulary->vocab.kind = kind;
    vocabulary->vocab.bos_id = vocabulary->vocab.eos_id = -1;
    vocabulary->vocab.unk_id = vocabulary->vocab.pad_id = -1;
    vocabulary->limit = limit;
    vocabulary->path = path;
}

void pith_vocabulary_free(struct pith_vocabulary *vocabulary)
{
    pith_free(vocabulary->vocab.pieces);
    pith_free(vocabulary->vocab.merges);
    pith_free(vocabulary->present);
    pith_names_free(&vocabulary->ids);
    pith_texts_free(&vocabulary->texts);
    *vocabulary = (struct pith_vocabulary){0};
}

/* --- pieces ----------------------------------------------------------------*/

static enum pith_status make_room(struct pith_vocabulary *vocabulary,
                                  size_t id, struct pith_error *error)
{
    struct pith_vocab *vocab = &vocabulary->vocab;
    size_t capacity = vocabulary->capacity;
    PITH_TRY(pith_grow(&vocab->pieces, id + 1, &capacity,
                       sizeof *vocab->pieces, error));
    PITH_TRY(pith_grow(&vocabulary->present, id + 1, &vocabulary->capacity,
                       sizeof *vocabulary->present, error));
    for (; vocab->n_pieces <= id; vocab->n_pieces++)
        vocabulary->present[vocab->n_pieces] = false;
    return PITH_OK;
}

enum pith_status pith_vocabulary_put(struct pith_vocabulary *vocabulary,
                                     size_t id, struct pith_text spelling,
                                     enum pith_piece_kind kind, float score,
                                     struct pith_error *error)
{
    if (id >= vocabulary->limit)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: token \"%.*s\" has id %zu, but the model's "
                         "embedding has %zu rows", vocabulary->path,
                         (int)spelling.size, spelling.bytes, id,
                         vocabulary->limit);
    PITH_TRY(make_room(vocabulary, id, error));
    struct pith_piece *piece = &vocabulary->vocab.pieces[id];
    if (!vocabulary->present[id]) {
        char *copy = pith_texts_keep(&vocabulary->texts, spelling);
        if (copy == NULL)
            return pith_no_memory(error, spelling.size, 1);
        *piece = (struct pith_piece){{copy, spelling.size}, score, kind};
        vocabulary->present[id] = true;
        return pith_names_add(&vocabulary->ids, piece->bytes, id, error);
    }
    if (piece->bytes.size != spelling.size ||
        memcmp(piece->bytes.bytes, spelling.bytes, spelling.size) != 0)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: id %zu is the token \"%.*s\" and \"%.*s\"",
                         vocabulary->path, id, (int)piece->bytes.size,
                         piece->bytes.bytes, (int)spelling.size,
                         spelling.bytes);
    if (kind == PITH_PIECE_SPECIAL)
        piece->kind =
            vocabulary->vocab.kind == PITH_TOKENIZER_SENTENCEPIECE &&
                    vocabulary->vocab.unk_id == (int32_t)id
                ? PITH_PIECE_UNKNOWN : PITH_PIECE_SPECIAL;
    return PITH_OK;
}

int32_t pith_vocabulary_find(const struct pith_vocabulary *vocabulary,
                             struct pith_text spelling)
{
    size_t id;
    return pith_names_find(&vocabulary->ids, spelling, &id) ? (int32_t)id : -1;
}

/* --- merges ----------------------------------------------------------------*/

enum pith_status pith_vocabulary_merge(struct pith_vocabulary *vocabulary,
                                       struct pith_text left,
                                       struct pith_text right,
                                       struct pith_error *error)
{
    struct pith_vocab *vocab = &vocabulary->vocab;
    struct pith_merge merge = {pith_vocabulary_find(vocabulary, left),
                               pith_vocabulary_find(vocabulary, right)};
    if (merge.left < 0 || merge.right < 0)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: merge %zu joins \"%.*s\" and \"%.*s\", which "
                         "are not both tokens", vocabulary->path,
                         vocab->n_merges, (int)left.size, left.bytes,
                         (int)right.size, right.bytes);
    PITH_TRY(pith_grow(&vocab->merges, vocab->n_merges + 1,
                       &vocabulary->merge_capacity, sizeof *vocab->merges,
                       error));
    vocab->merges[vocab->n_merges++] = merge;
    return PITH_OK;
}

enum pith_status pith_vocabulary_merge_line(struct pith_vocabulary *vocabulary,
                                            struct pith_text line,
                                            struct pith_error *error)
{
    const char *space =
        line.size > 0 ? memchr(line.bytes, ' ', line.size) : NULL;
    if (space == NULL)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: merge %zu is \"%.*s\", not two tokens and a "
                         "space between", vocabulary->path,
                         vocabulary->vocab.n_merges, (int)line.size,
                         line.bytes);
    struct pith_text left = {line.bytes, (size_t)(space - line.bytes)};
    struct pith_text right = {space + 1, line.size - left.size - 1};
    return pith_vocabulary_merge(vocabulary, left, right, error);
}

/* --- finishing -------------------------------------------------------------*/

/* GPT-2's alphabet: bytes that print in Latin-1 stand for themselves, the
 * 68 others for U+0100 and on, in order. */
static bool prints(int byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
}

static void fill_alphabet(int16_t byte_of[324])
{
    int next = 256;
    for (int i = 0; i < 324; i++)
        byte_of[i] = -1;
    for (int byte = 0; byte < 256; byte++)
        byte_of[prints(byte) ? byte : next++] = (int16_t)byte;
}

static enum pith_status decode_byte_level(struct pith_vocabulary *vocabulary,
                                          struct pith_piece *piece,
                                          const int16_t byte_of[324],
                                          struct pith_error *error)
{
    struct pith_text spelling = piece->bytes;
    char *out = pith_texts_keep(&vocabulary->texts, spelling);
    size_t n = 0;
    if (out == NULL)
        return pith_no_memory(error, spelling.size, 1);
    for (size_t i = 0; i < spelling.size;) {
        uint32_t code;
        i += pith_utf8_decode(spelling.bytes + i, spelling.size - i, &code);
        if (code >= 324 || byte_of[code] < 0)
            return pith_fail(error, PITH_ERR_FORMAT,
                             "%s: token \"%.*s\" has a character outside the "
                             "byte-level alphabet and is not marked as special",
                             vocabulary->path, (int)spelling.size,
                             spelling.bytes);
        out[n++] = (char)byte_of[code];
    }
    piece->bytes = (struct pith_text){out, n};
    return PITH_OK;
}

/* "<0x0A>" stands for the byte 10; -1 when the spelling stands for none. */
static int byte_spelt(struct pith_text spelling)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *s = spelling.bytes;
    if (spelling.size != 6 || memcmp(s, "<0x", 3) != 0 || s[5] != '>')
        return -1;
    const char *high = memchr(digits, s[3], 16);
    const char *low = memchr(digits, s[4], 16);
    return high != NULL && low != NULL
               ? (int)((high - digits) * 16 + (low - digits)) : -1;
}

void pith_vocabulary_mark_bytes(struct pith_vocabulary *vocabulary)
{
    for (size_t id = 0; id < vocabulary->vocab.n_pieces; id++) {
        struct pith_piece *piece = &vocabulary->vocab.pieces[id];
        if (vocabulary->present[id] && piece->kind == PITH_PIECE_NORMAL &&
            byte_spelt(piece->bytes) >= 0)
            piece->kind = PITH_PIECE_BYTE;
        if (vocabulary->present[id] && piece->kind == PITH_PIECE_BYTE)
            vocabulary->vocab.flags |= PITH_VOCAB_BYTE_FALLBACK;
    }
}

static enum pith_status decode_byte(struct pith_vocabulary *vocabulary,
                                    struct pith_piece *piece,
                                    struct pith_error *error)
{
    int value = byte_spelt(piece->bytes);
    if (value < 0)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: byte token \"%.*s\" is not spelt like <0x0A>",
                         vocabulary->path, (int)piece->bytes.size,
                         piece->bytes.bytes);
    char byte = (char)value;
    char *out =
        pith_texts_keep(&vocabulary->texts, (struct pith_text){&byte, 1});
    if (out == NULL)
        return pith_no_memory(error, 1, 1);
    piece->bytes = (struct pith_text){out, 1};
    return PITH_OK;
}

static enum pith_status check_special_id(
    const struct pith_vocabulary *vocabulary, const char *what, int32_t id,
    struct pith_error *error)
{
    size_t limit = vocabulary->vocab.kind == PITH_TOKENIZER_NONE
                       ? vocabulary->limit
                       : vocabulary->vocab.n_pieces;
    if (id < -1 || (id >= 0 && (size_t)id >= limit))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: the %s token has id %ld, but there are %zu "
                         "tokens", vocabulary->path, what, (long)id, limit);
    return PITH_OK;
}

enum pith_status pith_vocabulary_finish(struct pith_vocabulary *vocabulary,
                                        struct pith_error *error)
{
    struct pith_vocab *vocab = &vocabulary->vocab;
    int16_t byte_of[324];
    fill_alphabet(byte_of);
    for (size_t id = 0; id < vocab->n_pieces; id++) {
        struct pith_piece *piece = &vocab->pieces[id];
        if (!vocabulary->present[id])
            *piece = (struct pith_piece){{"", 0}, 0, PITH_PIECE_UNUSED};
        if (piece->kind == PITH_PIECE_BYTE)
            PITH_TRY(decode_byte(vocabulary, piece, error));
        else if (vocab->kind == PITH_TOKENIZER_BYTE_BPE &&
                 piece->kind == PITH_PIECE_NORMAL)
            PITH_TRY(decode_byte_level(vocabulary, piece, byte_of, error));
    }
    PITH_TRY(check_special_id(vocabulary, "BOS", vocab->bos_id, error));
    PITH_TRY(check_special_id(vocabulary, "EOS", vocab->eos_id, error));
    PITH_TRY(check_special_id(vocabulary, "unknown", vocab->unk_id, error));
    return check_special_id(vocabulary, "padding", vocab->pad_id, error);
}
