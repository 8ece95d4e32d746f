/*
 * vocab_builder.h - vocabularies for the tokenizer tests: made by hand, or
 * read from the shared data without `pith convert`.
 */
#ifndef PITH_TESTS_VOCAB_BUILDER_H
#define PITH_TESTS_VOCAB_BUILDER_H

#include <stdlib.h>
#include <string.h>

#include "../src/base/bytes.h"
#include "../src/base/utf8.h"
#include "../src/json/json.h"
#include "../src/text/tokenizer.h"
#include "../src/text/vocab.h"
#include "support.h"

enum { MAX_PIECES = 65536, MAX_MERGES = 65536 };

struct vocab_builder {
    struct pith_vocab vocab;
    struct pith_buffer section; /* built by build_tokenizer */
};

static inline struct vocab_builder *new_vocab(enum pith_tokenizer_kind kind,
                                              enum pith_pre_tokenizer pre)
{
    struct vocab_builder *builder = calloc(1, sizeof *builder);
    ck_assert_ptr_nonnull(builder);
    builder->vocab = (struct pith_vocab){.kind = kind,
                                         .pre_tokenizer = pre,
                                         .bos_id = -1,
                                         .eos_id = -1,
                                         .unk_id = -1,
                                         .pad_id = -1};
    builder->vocab.pieces = calloc(MAX_PIECES, sizeof(struct pith_piece));
    builder->vocab.merges = calloc(MAX_MERGES, sizeof(struct pith_merge));
    ck_assert(builder->vocab.pieces != NULL && builder->vocab.merges != NULL);
    return builder;
}

static inline void free_vocab(struct vocab_builder *builder)
{
    for (size_t i = 0; i < builder->vocab.n_pieces; i++)
        free((void *)(uintptr_t)builder->vocab.pieces[i].bytes.bytes);
    free(builder->vocab.pieces);
    free(builder->vocab.merges);
    pith_buffer_free(&builder->section);
    free(builder);
}

/* Sets a piece to a copy of the bytes. */
static inline void set_piece(struct vocab_builder *builder, size_t id,
                             const char *bytes, size_t size, float score,
                             enum pith_piece_kind kind)
{
    ck_assert_uint_lt(id, MAX_PIECES);
    char *copy = malloc(size + 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, size);
    copy[size] = '\0';
    struct pith_piece *piece = &builder->vocab.pieces[id];
    free((void *)(uintptr_t)piece->bytes.bytes);
    *piece = (struct pith_piece){{copy, size}, score, kind};
    if (id >= builder->vocab.n_pieces)
        builder->vocab.n_pieces = id + 1;
}

static inline int32_t add_piece(struct vocab_builder *builder,
                                const char *string, float score,
                                enum pith_piece_kind kind)
{
    size_t id = builder->vocab.n_pieces;
    set_piece(builder, id, string, strlen(string), score, kind);
    return (int32_t)id;
}

static inline void add_merge(struct vocab_builder *builder, int32_t left,
                             int32_t right)
{
    ck_assert_uint_lt(builder->vocab.n_merges, MAX_MERGES);
    builder->vocab.merges[builder->vocab.n_merges++] =
        (struct pith_merge){left, right};
}

/* All 256 bytes as pieces, the id being the byte. */
static inline void add_bytes(struct vocab_builder *builder)
{
    for (int byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        set_piece(builder, builder->vocab.n_pieces, &c, 1, 0,
                  PITH_PIECE_NORMAL);
    }
}

static inline struct pith_tokenizer *
build_tokenizer(struct vocab_builder *builder)
{
    struct pith_tokenizer *tokenizer;
    struct pith_error error;
    assert_ok(pith_vocab_serialize(&builder->vocab, &builder->section, &error),
              error);
    assert_ok(pith_tokenizer_create((const uint8_t *)builder->section.data,
                                    builder->section.size, "test", &tokenizer,
                                    &error), error);
    return tokenizer;
}

/* --- GPT-2's printable alphabet ------------------------------------------ */

/* Printable Latin-1 stands for itself; the other bytes have the code points
 * from 256 on, in order. */
static inline bool is_printable_byte(unsigned byte)
{
    return (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
}

static inline int byte_of_code(uint32_t code)
{
    if (code < 256)
        return is_printable_byte(code) ? (int)code : -1;
    uint32_t next = 256;
    for (unsigned byte = 0; byte < 256; byte++)
        if (!is_printable_byte(byte) && next++ == code)
            return (int)byte;
    return -1;
}

/* Into `out`, which has room for text.size bytes; returns the length. */
static inline size_t raw_bytes(struct pith_text text, char *out)
{
    static int bytes[512];
    if (bytes['!'] == 0)
        for (uint32_t code = 0; code < 512; code++)
            bytes[code] = byte_of_code(code);
    size_t n = 0;
    for (size_t i = 0; i < text.size;) {
        uint32_t code;
        i += pith_utf8_decode(text.bytes + i, text.size - i, &code);
        ck_assert(code < 512 && bytes[code] >= 0);
        out[n++] = (char)bytes[code];
    }
    return n;
}

/* --- Hugging Face's files ------------------------------------------------ */

struct named_id {
    struct pith_text name;
    int32_t id;
};

static inline int compare_names(const void *left, const void *right)
{
    const struct named_id *a = left, *b = right;
    size_t n = a->name.size < b->name.size ? a->name.size : b->name.size;
    int order = memcmp(a->name.bytes, b->name.bytes, n);
    return order != 0 ? order : (a->name.size > b->name.size) -
                                    (a->name.size < b->name.size);
}

struct names {
    struct named_id *sorted;
    size_t n;
};

static inline int32_t id_of(const struct names *names, struct pith_text name)
{
    struct named_id key = {name, 0};
    const struct named_id *found = bsearch(&key, names->sorted, names->n,
                                           sizeof key, compare_names);
    ck_assert_ptr_nonnull(found);
    return found->id;
}

/* {"Ġthe": 262, ...}: sets the pieces, and lists them by name. */
static inline struct names add_vocab_json(struct vocab_builder *builder,
                                          const struct pith_json *object)
{
    struct names names = {calloc(object->n_children, sizeof(struct named_id)),
                          0};
    ck_assert_ptr_nonnull(names.sorted);
    char bytes[1024];
    for (const struct pith_json *at = object->first; at; at = at->next) {
        ck_assert_uint_lt(at->key.size, sizeof bytes);
        int32_t id = (int32_t)at->number;
        size_t n = raw_bytes(at->key, bytes);
        set_piece(builder, (size_t)id, bytes, n, 0, PITH_PIECE_NORMAL);
        names.sorted[names.n++] = (struct named_id){at->key, id};
    }
    qsort(names.sorted, names.n, sizeof *names.sorted, compare_names);
    return names;
}

static inline struct pith_json_document *parse_file(const char *path)
{
    size_t size;
    struct pith_json_document *document;
    struct pith_error error;
    char *text = read_whole_file(path, &size);
    assert_ok(pith_json_parse((struct pith_text){text, size}, path, &document,
                              &error), error);
    free(text);
    return document;
}

/* "left right" */
static inline void add_merge_line(struct vocab_builder *builder,
                                  const struct names *names,
                                  struct pith_text line)
{
    const char *space = memchr(line.bytes, ' ', line.size);
    ck_assert_ptr_nonnull(space);
    size_t n = (size_t)(space - line.bytes);
    add_merge(builder, id_of(names, (struct pith_text){line.bytes, n}),
              id_of(names, (struct pith_text){space + 1, line.size - n - 1}));
}

static inline void add_merges_txt(struct vocab_builder *builder,
                                  const struct names *names, const char *path)
{
    char *text = read_whole_file(path, NULL);
    for (char *at = text; *at != '\0';) {
        size_t n = strcspn(at, "\n");
        if (*at != '#' || at != text)
            add_merge_line(builder, names, (struct pith_text){at, n});
        at += n + (at[n] != '\0');
    }
    free(text);
}

/* vocab.json and merges.txt of models/shell_gpt2; NULL when not there. */
static inline struct vocab_builder *read_gpt2(void)
{
    const char *path = shared_path("models/shell_gpt2/vocab.json");
    if (path == NULL)
        return NULL;
    struct vocab_builder *builder =
        new_vocab(PITH_TOKENIZER_BYTE_BPE, PITH_PRE_GPT2);
    struct pith_json_document *document = parse_file(path);
    struct names names = add_vocab_json(builder, pith_json_root(document));
    add_merges_txt(builder, &names,
                   shared_path("models/shell_gpt2/merges.txt"));
    builder->vocab.pieces[50256].kind = PITH_PIECE_SPECIAL;
    builder->vocab.bos_id = builder->vocab.eos_id = 50256;
    free(names.sorted);
    pith_json_free(document);
    return builder;
}

/* llama2.c's form of LLaMA's pieces: int32 longest; then float score, int32
 * size, bytes for each.  It has a space where the vocabulary has U+2581;
 * pieces 0 to 2 are unknown, BOS and EOS, 3 to 258 the bytes. */
static inline struct vocab_builder *read_llama(void)
{
    const char *path = shared_path("tokenizers/llama/tokenizer.bin");
    if (path == NULL)
        return NULL;
    size_t size;
    uint8_t *data = (uint8_t *)read_whole_file(path, &size);
    struct vocab_builder *builder =
        new_vocab(PITH_TOKENIZER_SENTENCEPIECE, PITH_PRE_NONE);
    for (size_t at = 4, id = 0; at < size; id++) {
        float score = pith_load_f32(data + at);
        size_t n = pith_load_u32(data + at + 4), m = 0;
        const char *from = (const char *)data + at + 8;
        char piece[1024];
        if (id >= 3 && id <= 258) {
            piece[m++] = (char)(id - 3);
        } else {
            for (size_t i = 0; i < n; i++) {
                bool space = from[i] == ' ';
                memcpy(piece + m, space ? "\xE2\x96\x81" : from + i,
                       space ? 3 : 1);
                m += space ? 3 : 1;
            }
        }
        set_piece(builder, id, piece, m, score,
                  id >= 259 ? PITH_PIECE_NORMAL
                  : id >= 3 ? PITH_PIECE_BYTE
                  : id > 0  ? PITH_PIECE_SPECIAL
                            : PITH_PIECE_UNKNOWN);
        at += 8 + n;
    }
    free(data);
    set_piece(builder, 0, "<unk>", 5, 0, PITH_PIECE_UNKNOWN);
    set_piece(builder, 1, "<s>", 3, 0, PITH_PIECE_SPECIAL);
    set_piece(builder, 2, "</s>", 4, 0, PITH_PIECE_SPECIAL);
    builder->vocab.unk_id = 0;
    builder->vocab.bos_id = 1;
    builder->vocab.eos_id = 2;
    builder->vocab.flags = PITH_VOCAB_ADD_BOS | PITH_VOCAB_DUMMY_PREFIX |
                           PITH_VOCAB_BYTE_FALLBACK;
    return builder;
}

#endif
