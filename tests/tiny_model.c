/*
 * tiny_model.c - see tiny_model.h.
 */
#include "tiny_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/model/format.h"
#include "../src/model/format_writer.h"
#include "../src/text/vocab.h"
#include "support.h"

enum { MAX_PIECES = 512, MAX_MERGES = 128 };

/* A vocabulary under construction; the bytes of its pieces are in text. */
struct vocab_maker {
    struct pith_vocab vocab;
    struct pith_piece pieces[MAX_PIECES];
    struct pith_merge merges[MAX_MERGES];
    char text[8192];
    size_t n_text;
};

static int32_t add_piece(struct vocab_maker *maker, const void *bytes, size_t n,
                         enum pith_piece_kind kind, float score)
{
    char *at = maker->text + maker->n_text;
    ck_assert(maker->n_text + n <= sizeof maker->text);
    ck_assert(maker->vocab.n_pieces < MAX_PIECES);
    memcpy(at, bytes, n);
    maker->n_text += n;
    maker->pieces[maker->vocab.n_pieces] =
        (struct pith_piece){{at, n}, score, kind};
    return (int32_t)maker->vocab.n_pieces++;
}

static int32_t find_piece(const struct vocab_maker *maker, const char *bytes,
                          size_t n)
{
    for (size_t i = 0; i < maker->vocab.n_pieces; i++)
        if (maker->pieces[i].bytes.size == n &&
            memcmp(maker->pieces[i].bytes.bytes, bytes, n) == 0)
            return (int32_t)i;
    ck_abort_msg("the vocabulary has no \"%.*s\"", (int)n, bytes);
    return -1;
}

/* Pieces of English, each cut by '|' into the two that it is merged from. */
static const char *const merges[] = {
    " |t",   "h|e",   "i|n",   "r|e",   "o|n",   " t|he", "e|r",   "a|t",
    " |a",   "n|d",   " |s",   "i|s",   "o|r",   "e|n",   "in|g",  " |w",
    " a|nd", "o|u",   " |o",   "e|s",   "a|n",   " |c",   "l|l",   "i|t",
    "e|d",   " |b",   " |m",   " o|f",  " t|o",  " |h",   " |f",   " |p",
    "a|r",   " |d",   "l|e",   " |i",   "a|l",   " i|n",  " |n",   "i|on",
    " |l",   " |y",   " y|ou", "v|e",   "o|m",   " h|e",  "s|t",   " w|h",
    "c|e",   " b|e",  " i|s",  " f|or", "\n|\n", "Q|u",   ":| ",   " |=",
};

/* The 256 bytes, one piece for each merge, and one special token. */
static void make_byte_level(struct vocab_maker *maker)
{
    for (int byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        add_piece(maker, &c, 1, PITH_PIECE_NORMAL, 0);
    }
    for (size_t i = 0; i < sizeof merges / sizeof *merges; i++) {
        const char *cut = strchr(merges[i], '|');
        size_t n_left = (size_t)(cut - merges[i]), n_right = strlen(cut + 1);
        char whole[16];
        memcpy(whole, merges[i], n_left);
        memcpy(whole + n_left, cut + 1, n_right);
        maker->merges[i] =
            (struct pith_merge){find_piece(maker, merges[i], n_left),
                                find_piece(maker, cut + 1, n_right)};
        add_piece(maker, whole, n_left + n_right, PITH_PIECE_NORMAL, 0);
    }
    maker->vocab.kind = PITH_TOKENIZER_BYTE_BPE;
    maker->vocab.n_merges = sizeof merges / sizeof *merges;
    maker->vocab.eos_id = maker->vocab.bos_id =
        add_piece(maker, "<|endoftext|>", 13, PITH_PIECE_SPECIAL, 0);
}

/* Copies a piece with U+2581 for every space; returns its length. */
static size_t mark_spaces(char *out, const char *in, size_t n)
{
    size_t length = 0;
    for (size_t i = 0; i < n; i++) {
        if (in[i] == '|')
            continue;
        if (in[i] == ' ') {
            memcpy(out + length, "\xE2\x96\x81", 3);
            length += 3;
        } else {
            out[length++] = in[i];
        }
    }
    return length;
}

/* <unk>, <s>, </s>, the bytes, printable characters, and the same merged
 * pieces, those merged first with the highest scores. */
static void make_sentencepiece(struct vocab_maker *maker)
{
    float score = 0;
    char name[32];

    add_piece(maker, "<unk>", 5, PITH_PIECE_UNKNOWN, 0);
    maker->vocab.unk_id = 0;
    maker->vocab.bos_id = add_piece(maker, "<s>", 3, PITH_PIECE_SPECIAL, 0);
    maker->vocab.eos_id = add_piece(maker, "</s>", 4, PITH_PIECE_SPECIAL, 0);
    for (int byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        add_piece(maker, &c, 1, PITH_PIECE_BYTE, 0);
    }
    for (size_t i = 0; i < sizeof merges / sizeof *merges; i++) {
        size_t n = mark_spaces(name, merges[i], strlen(merges[i]));
        if (name[0] != '\n') /* newlines are bytes */
            add_piece(maker, name, n, PITH_PIECE_NORMAL, score -= 1);
    }
    for (char c = ' '; c < 127; c++) {
        size_t n = mark_spaces(name, &c, 1);
        if (n > 0) /* not '|', which is the mark of a cut */
            add_piece(maker, name, n, PITH_PIECE_NORMAL, score -= 1);
    }
    maker->vocab.kind = PITH_TOKENIZER_SENTENCEPIECE;
    maker->vocab.flags = PITH_VOCAB_ADD_BOS | PITH_VOCAB_DUMMY_PREFIX |
                         PITH_VOCAB_BYTE_FALLBACK;
}

static void make_vocab(struct vocab_maker *maker, enum tiny_kind kind)
{
    memset(maker, 0, sizeof *maker);
    maker->vocab.pieces = maker->pieces;
    maker->vocab.merges = maker->merges;
    maker->vocab.unk_id = maker->vocab.pad_id = -1;
    if (kind == TINY_LLAMA) {
        make_sentencepiece(maker);
    } else {
        make_byte_level(maker);
        maker->vocab.pre_tokenizer = kind == TINY_GPT2     ? PITH_PRE_GPT2
                                     : kind == TINY_FAMILY ? PITH_PRE_LLAMA3
                                                           : PITH_PRE_SMOLLM;
        if (kind == TINY_FAMILY)
            maker->vocab.flags |= PITH_VOCAB_WHOLE_WORDS;
    }
}

void tiny_config(struct pith_config *config, enum tiny_kind kind)
{
    *config = (struct pith_config){
        .arch = kind == TINY_GPT2 ? PITH_ARCH_GPT2 : PITH_ARCH_LLAMA,
        .n_vocab = 420,
        .n_ctx = 256,
        .n_embd = 64,
        .n_layer = 2,
        .n_head = 4,
        .n_kv_head = kind == TINY_LLAMA || kind == TINY_FAMILY ? 2 : 4,
        .head_dim = kind == TINY_FAMILY ? 32 : 16,
        .n_ff = kind == TINY_GPT2 ? 256 : 160,
        .norm_eps = 1e-5f,
        .rope_theta = kind == TINY_GPT2 ? 0 : 10000.0f,
        .tied = kind != TINY_LLAMA};
    if (kind == TINY_FAMILY) {
        config->qkv_biases = config->qk_norms = config->rope_factors = true;
        config->rope_skip = 2;
        config->window = 24;
    }
}

/* Embeddings and matrices with rows of length about one, gains near 1,
 * biases near 0. */
static void random_row(float *row, const struct pith_tensor_spec *spec,
                       uint64_t *seed)
{
    bool is_gain = strstr(spec->name, "norm.weight") != NULL ||
                   strcmp(spec->name, "rope_factors.weight") == 0;
    float spread = spec->rows > 1 ? 1 / sqrtf((float)spec->cols) : 0.1f;
    if (strstr(spec->name, "embedding") != NULL ||
        strcmp(spec->name, "output.weight") == 0)
        spread = 0.25f;
    for (size_t i = 0; i < spec->cols; i++)
        row[i] = (is_gain ? 1 : 0) + spread * random_normal(seed);
}

static void write_tensor(struct pith_format_writer *writer,
                         const struct pith_tensor_spec *spec,
                         enum pith_type type, uint64_t *seed)
{
    struct pith_error error;
    float row[512];
    uint8_t packed[sizeof row];
    size_t row_bytes = pith_row_bytes(type, spec->cols);

    ck_assert(spec->cols <= 512 && row_bytes > 0);
    for (size_t r = 0; r < spec->rows; r++) {
        random_row(row, spec, seed);
        pith_row_from_floats(packed, type, row, spec->cols);
        assert_ok(pith_format_append(writer, packed, row_bytes, &error), error);
    }
}

void tiny_model_write(const char *path, enum tiny_kind kind,
                      enum pith_type type)
{
    enum { MAX_TENSORS = 64 };
    enum pith_type types[MAX_TENSORS];
    struct pith_tensor_spec spec;
    struct pith_format_plan plan = {.model_name = "tiny", .types = types};
    struct pith_format_writer *writer;
    struct pith_buffer section = {0};
    struct pith_error error;
    uint64_t seed = 2023 + (uint64_t)kind;
    struct vocab_maker *maker = malloc(sizeof *maker);

    ck_assert_ptr_nonnull(maker);
    make_vocab(maker, kind);
    assert_ok(pith_vocab_serialize(&maker->vocab, &section, &error), error);
    ck_assert(!section.failed);
    tiny_config(&plan.config, kind);
    size_t n_tensors = pith_config_n_tensors(&plan.config);
    ck_assert_uint_le(n_tensors, MAX_TENSORS);
    for (size_t i = 0; i < n_tensors; i++) {
        pith_config_tensor(&plan.config, i, &spec);
        types[i] = spec.rows > 1 ? type : PITH_F32;
    }
    plan.tokenizer = (const uint8_t *)section.data;
    plan.tokenizer_size = section.size;
    assert_ok(pith_format_begin(&writer, path, &plan, &error), error);
    for (size_t i = 0; i < n_tensors; i++) {
        pith_config_tensor(&plan.config, i, &spec);
        write_tensor(writer, &spec, types[i], &seed);
    }
    assert_ok(pith_format_finish(writer, &error), error);
    pith_buffer_free(&section);
    free(maker);
}

struct pith_model *tiny_model_load(enum tiny_kind kind, enum pith_type type,
                                   const char *kernels)
{
    struct pith_load_options options = {.sizeof_options = sizeof options,
                                        .kernels = kernels};
    struct pith_model *model;
    struct pith_error error;
    const char *path = temporary_path("tiny.pith");

    tiny_model_write(path, kind, type);
    assert_ok(pith_model_load(path, &options, &model, &error), error);
    remove(path);
    return model;
}

void tiny_open(enum tiny_kind kind, struct pith_model **model,
               struct pith_session **session)
{
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .n_threads = 1};
    struct pith_error error;
    *model = tiny_model_load(kind, PITH_F32, NULL);
    assert_ok(pith_session_create(*model, &options, session, &error), error);
}

void tiny_close(struct pith_model *model, struct pith_session *session)
{
    pith_session_free(session);
    pith_model_free(model);
}

void tiny_open_all(struct pith_model *models[TINY_KINDS],
                   struct pith_session *sessions[TINY_KINDS])
{
    for (int i = 0; i < TINY_KINDS; i++)
        tiny_open((enum tiny_kind)i, &models[i], &sessions[i]);
}

void tiny_close_all(struct pith_model *models[TINY_KINDS],
                    struct pith_session *sessions[TINY_KINDS])
{
    for (int i = 0; i < TINY_KINDS; i++)
        tiny_close(models[i], sessions[i]);
}
