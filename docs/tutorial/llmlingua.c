/*
 * llmlingua.c - LLMLingua (arXiv 2310.05736) in one file that reads from top
 * to bottom: a small language model shortens a prompt for a large one.
 *
 *     cc -std=c11 -O2 -ffp-contract=off -Iinclude -o llmlingua \
 *         docs/tutorial/llmlingua.c -lm
 *     ./llmlingua weights/default.pith 0.5 "" "" prompt.txt
 *
 * prints prompt.txt at half its tokens, as `pith compress --units token` does.
 *
 * A prompt is x = (x_ins, x_dems, x_que): instruction, demonstrations (or
 * documents), question.  L is a length in tokens, tau a rate, kept / original.
 * Of the model: T tokens, C width, H heads, D width of a head, F width of the
 * feed-forward part, V size of the vocabulary; matrices are row by row.
 */
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/text/grapheme_tables.c" /* what a reader takes for one */
#include "../../src/text/unicode_tables.c"  /* letters, numbers, spaces */

/* --- 1. errors, memory, files -------------------------------------------- */

static _Noreturn void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("llmlingua: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(1);
}

/* n zeroed items, never NULL. */
static void *allocate(size_t n, size_t size)
{
    void *memory = calloc(n > 0 ? n : 1, size);
    if (memory == NULL)
        fail("no memory for %zu items of %zu bytes", n, size);
    return memory;
}

static float *floats(size_t rows, size_t cols)
{
    return allocate(rows, cols * sizeof(float));
}

struct file {
    const char *path;
    uint8_t *data; /* (size), and a NUL */
    size_t size;
};

static struct file read_file(const char *path)
{
    FILE *stream = fopen(path, "rb");
    long size = stream != NULL && fseek(stream, 0, SEEK_END) == 0
                    ? ftell(stream) : -1;
    if (size < 0 || size == LONG_MAX) /* which is that of a directory */
        fail("%s: cannot read", path);
    struct file file = {path, allocate((size_t)size + 1, 1), (size_t)size};
    rewind(stream);
    if (fread(file.data, 1, file.size, stream) != file.size)
        fail("%s: cannot read", path);
    fclose(stream);
    return file;
}

/* n bytes of a file from an offset on. */
static const uint8_t *bytes_at(const struct file *f, uint64_t at, uint64_t n)
{
    if (n > f->size || at > f->size - n)
        fail("%s: ends before byte %llu; is it complete?", f->path,
             (unsigned long long)(at + n));
    return f->data + at;
}

/* Numbers are little-endian in the file, whatever the machine. */
static uint32_t u16(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8;
}

static uint32_t u32(const uint8_t *at)
{
    return u16(at) | u16(at + 2) << 16;
}

static float f32(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Half precision: in the places of a float's, its bits are 2^112 too small. */
static float f16(const uint8_t *at)
{
    return f32((u16(at) & 0x8000) << 16 | (u16(at) & 0x7FFF) << 13) * 0x1p112f;
}

/* --- 2. text to tokens: byte-level BPE ----------------------------------- */

struct tokenizer {
    bool digits_alone;     /* SmolLM's pre-tokenizer; else GPT-2's */
    int32_t start;         /* of a text */
    int32_t byte_ids[256]; /* -1: the vocabulary cannot write this byte */
    const uint8_t *pieces, *merges; /* rows of 12 bytes, of the file */
    const char *text;               /* of the pieces */
    uint32_t *first; /* merge with a token on its left, counted from 1; or 0 */
    uint32_t *next;  /* merge with the same token on its left; or 0 */
};

/* The rank of the merge of a pair, which is its number; 0: none. */
static uint32_t find_merge(const struct tokenizer *t, int32_t a, int32_t b)
{
    uint32_t rank = t->first[a];
    while (rank != 0 && u32(t->merges + 12 * (size_t)rank - 8) != (uint32_t)b)
        rank = t->next[rank];
    return rank;
}

/* The tokenizer section: 40 bytes of header, pieces, merges, text. */
static void read_tokenizer(struct tokenizer *t, const struct file *file,
                           uint64_t offset, size_t n_vocab)
{
    const uint8_t *h = bytes_at(file, offset, 40);
    uint32_t n_merges = u32(h + 32), bos = u32(h + 12), eos = u32(h + 16);
    uint64_t n = u32(h + 28); /* pieces */
    if (u32(h) != 1 || u32(h + 4) > 2 || n > n_vocab || (bos >= n && eos >= n))
        fail("%s: has no byte-level BPE of GPT-2 or SmolLM", file->path);
    t->digits_alone = u32(h + 4) == 2;
    t->start = (int32_t)(bos < n ? bos : eos);
    t->pieces = bytes_at(file, offset += 40, 12 * n);
    t->merges = bytes_at(file, offset += 12 * n, 12 * (uint64_t)n_merges);
    t->text = (const char *)bytes_at(file, offset += 12 * (uint64_t)n_merges,
                                     u32(h + 36));
    t->first = allocate((size_t)n, sizeof *t->first);
    t->next = allocate((size_t)n_merges + 1, sizeof *t->next);
    for (uint32_t rank = n_merges; rank > 0; rank--) {
        const uint8_t *row = t->merges + 12 * (size_t)rank - 12;
        if (u32(row) >= n || u32(row + 4) >= n || u32(row + 8) >= n)
            fail("%s: a merge names a token that is not there", file->path);
        t->next[rank] = t->first[u32(row)];
        t->first[u32(row)] = rank;
    }
    memset(t->byte_ids, -1, sizeof t->byte_ids);
    for (size_t id = (size_t)n; id-- > 0;) {
        const uint8_t *row = t->pieces + 12 * id;
        const uint8_t *bytes =
            bytes_at(file, offset + u32(row), u16(row + 4));
        if (u16(row + 4) == 1 && row[6] == 0) /* a normal piece of one byte */
            t->byte_ids[*bytes] = (int32_t)id;
    }
}

/* A text's first character and its length; U+FFFD for a byte that is none. */
static size_t decode_utf8(const char *text, uint32_t *code)
{
    static const uint32_t lowest[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *s = (const unsigned char *)text;
    size_t i = 1, n = s[0] < 0x80 ? 1 : s[0] < 0xC0 ? 0 : s[0] < 0xE0 ? 2
                    : s[0] < 0xF0 ? 3 : s[0] < 0xF8 ? 4 : 0;
    *code = n < 2 ? s[0] : s[0] & 0x7Fu >> n;
    for (; i < n && (s[i] & 0xC0) == 0x80; i++)
        *code = *code << 6 | (s[i] & 0x3F);
    if (i == n && *code >= lowest[n] && *code <= 0x10FFFF &&
        (*code < 0xD800 || *code > 0xDFFF))
        return n;
    *code = 0xFFFD;
    return 1;
}

enum { OTHER, LETTER, NUMBER, SPACE, NEWER_NUMBER, END };

/* The class of a character in one of the two tables, which have like rows. */
static int class_in(const void *ranges, size_t n, uint32_t code)
{
    struct pith_unicode_range range = {0, 0, 0};
    for (size_t i = 0; i < n && (i == 0 || range.last < code); i++)
        memcpy(&range, (const char *)ranges + i * sizeof range, sizeof range);
    return range.first <= code && code <= range.last ? range.unicode_class : 0;
}

/* What a text begins with.  SmolLM's pre-tokenizer cuts at every number, which
 * so ends what precedes it; to GPT-2's, a number of Unicode 15 is none. */
static int class_at(const char *text, bool digits_alone, size_t *length)
{
    uint32_t code;
    *length = decode_utf8(text, &code);
    int class = class_in(pith_unicode_ranges, pith_unicode_n_ranges, code);
    bool is_number = class == NUMBER || class == NEWER_NUMBER;
    if (code == 0 || (is_number && digits_alone))
        return END;
    return class == NEWER_NUMBER ? OTHER : class;
}

/* Bytes of the first word of a text that is not empty, by GPT-2's pattern
 *     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|
 *     \s+(?!\S)|\s+ */
static size_t word_length(const char *text, bool digits_alone)
{
    static const char *const endings[] = {"'s", "'t", "'re", "'ve",
                                          "'m", "'ll", "'d"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (strncmp(text, endings[i], strlen(endings[i])) == 0)
            return strlen(endings[i]);
    size_t length, at = 0, last = 0;
    int class = class_at(text, digits_alone, &length), next;
    if (class == END)
        return length; /* a number of SmolLM's */
    if (text[0] == ' ') { /* the " ?" before a word */
        next = class_at(text + 1, digits_alone, &length);
        at = next != SPACE && next != END;
        class = at == 1 ? next : SPACE;
    }
    while ((next = class_at(text + at, digits_alone, &length)) == class) {
        last = at;
        at += length;
    }
    /* \s+(?!\S): white space leaves its last character to the next word. */
    return class == SPACE && next != END && last > 0 ? last : at;
}

/* Merges the adjacent pair with the lowest rank, of equal ones the leftmost,
 * until there is none; returns how many tokens are left. */
static size_t merge_word(const struct tokenizer *t, int32_t *ids, size_t n)
{
    for (;; n--) {
        uint32_t best = 0;
        size_t place = 0;
        for (size_t i = 0; i + 1 < n; i++) {
            uint32_t rank = find_merge(t, ids[i], ids[i + 1]);
            if (rank == 0 || (best != 0 && rank >= best))
                continue;
            best = rank;
            place = i;
        }
        if (best == 0)
            return n;
        ids[place] = (int32_t)u32(t->merges + 12 * (size_t)best - 4);
        for (size_t i = place + 1; i < n - 1; i++)
            ids[i] = ids[i + 1];
    }
}

/* The tokens of a text, at most one a byte: of each word its bytes, merged. */
static size_t encode(const struct tokenizer *t, const char *text, int32_t *ids)
{
    size_t n = 0;
    while (*text != 0) {
        size_t size = word_length(text, t->digits_alone), first = n;
        for (; size > 0; size--, text++)
            if (t->byte_ids[(unsigned char)*text] >= 0)
                ids[n++] = t->byte_ids[(unsigned char)*text];
        n = first + merge_word(t, ids + first, n - first);
    }
    return n;
}

/* --- 3. the model: a .pith file (docs/FORMAT.md) as floats --------------- */

/* Weights (rows, cols) of y = W x; a vector is one row.  w NULL: not there. */
struct tensor {
    size_t rows, cols;
    float *w;
};

enum { /* the tensors of a layer; GPT-2 has a bias or a shift after each */
    ATTN_NORM = 0, ATTN_Q = 2, ATTN_K = 4, ATTN_V = 6, ATTN_OUT = 8,
    FFN_NORM = 10, FFN_GATE = 12, FFN_UP = 14, FFN_DOWN = 16, PER_LAYER = 18
};

struct model {
    bool llama; /* or GPT-2 */
    size_t V, n_ctx, C, n_layer, H, n_kv_head, D, F;
    float eps, theta; /* of the norms; of rotary positions */
    size_t n_read;    /* tensors of the file */
    struct tensor token, position, output_norm[2], output[2];
    struct tensor *layers; /* (n_layer, PER_LAYER) */
    struct tokenizer tokenizer;
};

/* Of f32, f16, bf16, q8 and q4: weights in a block, and its bytes. */
static const size_t block_weights[] = {1, 1, 1, 32, 32};
static const size_t block_bytes[] = {4, 2, 2, 34, 20};

/* Weight i of a block.  q8 is scale q; q4 is scale q + minimum, and the low
 * four bits of its bytes come first. */
static float weight_at(size_t type, const uint8_t *block, size_t i)
{
    switch (type) {
    case 0: return f32(u32(block));
    case 1: return f16(block);
    case 2: return f32(u16(block) << 16);
    case 3: return f16(block) * (float)(int8_t)block[2 + i];
    default: return f16(block) * (float)(block[4 + i % 16] >> i / 16 * 4 & 15) +
                    f16(block + 2);
    }
}

/* The next tensor of the table, which must have this name and shape. */
static struct tensor read_tensor(struct model *m, const struct file *file,
                                 const char *name, size_t rows, size_t cols)
{
    const uint8_t *entry = bytes_at(file, 128 + 104 * m->n_read++, 104);
    size_t type = entry[64];
    if (strncmp((const char *)entry, name, 64) != 0 || type > 4 ||
        u32(entry + 72) != rows || u32(entry + 80) != cols ||
        cols % block_weights[type] != 0)
        fail("%s: has no tensor %s (%zu, %zu) of a known type where it belongs",
             file->path, name, rows, cols);
    size_t n_weights = block_weights[type], n_bytes = block_bytes[type];
    uint64_t n_blocks = (uint64_t)rows * cols / n_weights;
    uint64_t offset = u32(entry + 88) | (uint64_t)u32(entry + 92) << 32;
    const uint8_t *block = bytes_at(file, offset, n_blocks * n_bytes);
    struct tensor t = {rows, cols, floats(rows, cols)};
    for (float *w = t.w; n_blocks-- > 0; w += n_weights, block += n_bytes)
        for (size_t i = 0; i < n_weights; i++)
            w[i] = weight_at(type, block, i);
    return t;
}

static void read_layer(struct model *m, const struct file *file, size_t index)
{
    static const char *const names[] = {
        "attn_norm", "attn_q", "attn_k", "attn_v", "attn_out", "ffn_norm",
        "ffn_gate", "ffn_up", "ffn_down"};
    size_t C = m->C, F = m->F, Q = m->H * m->D, K = m->n_kv_head * m->D;
    size_t rows[] = {1, Q, K, K, C, 1, F, F, C};
    size_t cols[] = {C, C, C, C, Q, C, C, C, F};
    for (size_t i = 0; i < PER_LAYER; i++) {
        size_t n = i / 2, bias = rows[n] > 1 ? rows[n] : cols[n];
        char name[64];
        if (m->llama ? i % 2 == 1 : n == FFN_GATE / 2)
            continue;
        snprintf(name, sizeof name, "layers.%zu.%s.%s", index, names[n],
                 i % 2 == 0 ? "weight" : "bias");
        m->layers[PER_LAYER * index + i] =
            i % 2 == 0 ? read_tensor(m, file, name, rows[n], cols[n])
                       : read_tensor(m, file, name, 1, bias);
    }
}

static void read_model(struct model *m, const char *path)
{
    struct file file = read_file(path);
    const uint8_t *h = bytes_at(&file, 0, 128);
    if (memcmp(h, "\x89PTH\r\n\x1A\n\1\0\0\0\4\3\2\1", 16) != 0)
        fail("%s: is not a .pith file of version 1 (plain models)", path);
    *m = (struct model){h[40] == 2, u32(h + 44), u32(h + 48), u32(h + 52),
                        u32(h + 56), u32(h + 60), u32(h + 64), u32(h + 68),
                        u32(h + 72), f32(u32(h + 76)), f32(u32(h + 80)),
                        .n_read = 0};
    size_t C = m->C, L = m->n_layer, V = m->V;
    if (C < 1 || C > 1 << 16 || m->F > 1 << 20 || L < 1 || L > 1 << 10 ||
        m->H > 1 << 10 || m->D > 1 << 10 || m->n_kv_head < 1 ||
        m->n_ctx < 200 || m->H % m->n_kv_head != 0)
        fail("%s: the sizes in its header are not for this program", path);
    m->layers = allocate(PER_LAYER * L, sizeof *m->layers);
    m->token = read_tensor(m, &file, "token_embedding.weight", V, C);
    if (!m->llama)
        m->position =
            read_tensor(m, &file, "position_embedding.weight", m->n_ctx, C);
    for (size_t i = 0; i < L; i++)
        read_layer(m, &file, i);
    m->output_norm[0] = read_tensor(m, &file, "output_norm.weight", 1, C);
    if (!m->llama)
        m->output_norm[1] = read_tensor(m, &file, "output_norm.bias", 1, C);
    m->output[0] = h[84] == 1 ? m->token
                              : read_tensor(m, &file, "output.weight", V, C);
    size_t offset = 128 + 104 * m->n_read + u32(h + 92);
    read_tokenizer(&m->tokenizer, &file, offset, V);
}

/* --- 4. GPT-2 and LLaMA: tokens in, losses out --------------------------- */

enum { SIDE = 8 }; /* tokens that are multiplied side by side */

struct reader {
    const struct model *model;
    size_t window;        /* positions at most */
    int32_t *ids;         /* (window) what the cache holds of a text */
    size_t n_past;        /* of them */
    float *keys, *values; /* (n_layer, window, n_kv_head D), the cache */
    float *x, *norm, *q, *o;            /* (window, C), q and o (.., H D) */
    float *up, *gate, *logits, *panels; /* (window, F), (SIDE, V), scratch */
};

static struct reader open_reader(const struct model *m)
{
    size_t n = m->n_ctx < 4096 ? m->n_ctx : 4096, C = m->C, F = m->F;
    size_t Q = m->H * m->D, K = m->n_kv_head * m->D, L = m->n_layer;
    return (struct reader){
        m, n, allocate(n, sizeof(int32_t)), 0, floats(L * n, K),
        floats(L * n, K), floats(n, C), floats(n, C), floats(n, Q),
        floats(n, Q), floats(n, F), floats(n, F), floats(SIDE, m->V),
        floats(n + SIDE, C + Q + F)};
}

/* y (T, N) = x (T, C) W^T + b, or y += that.  b comes after W, if at all. */
static void linear(struct reader *r, float *y, const float *x,
                   const struct tensor *W, size_t T, bool add)
{
    size_t C = W->cols, N = W->rows;
    for (size_t t = 0; t < T; t++) /* panels (T / SIDE, C, SIDE) */
        for (size_t c = 0; c < C; c++)
            r->panels[(t / SIDE * C + c) * SIDE + t % SIDE] = x[t * C + c];
    for (size_t n = 0; n < N; n++)
        for (size_t t = 0; t < T; t += SIDE) {
            const float *w = W->w + n * C, *panel = r->panels + t * C;
            float sums[SIDE] = {0};
            for (size_t c = 0; c < C; c++)
                for (size_t i = 0; i < SIDE; i++)
                    sums[i] += w[c] * panel[c * SIDE + i];
            for (size_t i = t; i < T && i < t + SIDE; i++) {
                float value = sums[i - t] + (W[1].w != NULL ? W[1].w[n] : 0);
                y[i * N + n] = add ? y[i * N + n] + value : value;
            }
        }
}

/* GPT-2: LayerNorm, y = (x - mean) / sqrt(variance + eps) gain + shift.
 * LLaMA: RMSNorm, y = x / sqrt(mean(x^2) + eps) gain. */
static void normalize(const struct model *m, float *y, const float *x,
                      const struct tensor *gain, size_t T)
{
    for (size_t t = 0, C = m->C; t < T; t++, x += C, y += C) {
        double mean = 0, square = 0;
        for (size_t c = 0; c < C && !m->llama; c++)
            mean += (double)x[c];
        mean /= (double)C;
        for (size_t c = 0; c < C; c++)
            square += ((double)x[c] - mean) * ((double)x[c] - mean);
        double r = 1 / sqrt(square / (double)C + (double)m->eps);
        for (size_t c = 0; c < C; c++)
            y[c] = m->llama ? x[c] * (float)r * gain->w[c]
                            : (float)(((double)x[c] - mean) * r) * gain->w[c] +
                                  gain[1].w[c];
    }
}

/* LLaMA turns elements i and i + D / 2 of every head at position p by the
 * angle p theta^(-2 i / D). */
static void rotate(const struct model *m, float *x, size_t H, size_t first,
                   size_t T)
{
    for (size_t i = 0, half = m->D / 2; i < half; i++) {
        double exponent = 2.0 * (double)i / (double)m->D;
        float frequency = 1.0f / (float)pow((double)m->theta, exponent);
        for (size_t t = 0; t < T; t++) {
            double angle = (double)((float)(first + t) * frequency);
            float c = (float)cos(angle), s = (float)sin(angle);
            for (size_t h = 0; h < H; h++) {
                float *a = x + (t * H + h) * m->D + i, *b = a + half, old = *a;
                *a = old * c - *b * s;
                *b = *b * c + old * s;
            }
        }
    }
}

/* Causal attention of one head at one position: with z_s = q k_s / sqrt(D)
 * over the positions s so far, o = sum of softmax(z)_s v_s. */
static void attend(float *o, const float *q, const float *k, const float *v,
                   size_t n, size_t stride, size_t D, float *z)
{
    float max = -INFINITY, sum = 0, factor = 1 / sqrtf((float)D);
    for (size_t s = 0; s < n; s++) {
        z[s] = 0;
        for (size_t i = 0; i < D; i++)
            z[s] += k[s * stride + i] * (q[i] * factor);
        max = fmaxf(max, z[s]);
    }
    memset(o, 0, D * sizeof *o);
    for (size_t s = 0; s < n; s++) {
        sum += z[s] = expf(z[s] - max);
        for (size_t i = 0; i < D; i++)
            o[i] += v[s * stride + i] * z[s];
    }
    for (size_t i = 0; i < D; i++)
        o[i] /= sum;
}

/* x (T, C) += attention(norm(x)) W_out + b */
static void attention_half(struct reader *r, size_t index, size_t T)
{
    const struct model *m = r->model;
    const struct tensor *w = m->layers + PER_LAYER * index;
    size_t D = m->D, H = m->H, K = m->n_kv_head * D, group = H / m->n_kv_head;
    float *k = r->keys + index * r->window * K, *k_now = k + r->n_past * K;
    float *v = r->values + index * r->window * K, *v_now = v + r->n_past * K;
    normalize(m, r->norm, r->x, &w[ATTN_NORM], T);
    linear(r, r->q, r->norm, &w[ATTN_Q], T, false);
    linear(r, k_now, r->norm, &w[ATTN_K], T, false);
    linear(r, v_now, r->norm, &w[ATTN_V], T, false);
    if (m->llama) {
        rotate(m, r->q, H, r->n_past, T);
        rotate(m, k_now, m->n_kv_head, r->n_past, T);
    }
    for (size_t i = 0; i < T * H; i++) /* head i % H of token i / H */
        attend(r->o + i * D, r->q + i * D, k + i % H / group * D,
               v + i % H / group * D, r->n_past + i / H + 1, K, D, r->panels);
    linear(r, r->x, r->o, &w[ATTN_OUT], T, true);
}

/* GPT-2: x += gelu(norm(x) W_up + b) W_down + b, gelu(u) = u / 2 (1 + tanh(t))
 * = u / (1 + exp(-2 t)) with t = sqrt(2 / pi) (u + 0.044715 u^3).
 * LLaMA: x += (silu(norm(x) W_gate) * norm(x) W_up) W_down, silu(g) =
 * g / (1 + exp(-g)). */
static void feed_forward_half(struct reader *r, size_t index, size_t T)
{
    const struct model *m = r->model;
    const struct tensor *w = m->layers + PER_LAYER * index;
    normalize(m, r->norm, r->x, &w[FFN_NORM], T);
    linear(r, r->up, r->norm, &w[FFN_UP], T, false);
    if (m->llama)
        linear(r, r->gate, r->norm, &w[FFN_GATE], T, false);
    for (size_t i = 0; i < T * m->F; i++) {
        float u = r->up[i], g = r->gate[i];
        float t = 0.7978845608f * (u + 0.044715f * (u * u * u));
        r->up[i] = m->llama ? g / (1 + expf(-g)) * u : u / (1 + expf(-2 * t));
    }
    linear(r, r->x, r->up, &w[FFN_DOWN], T, true);
}

/* -log softmax(z)[token] of the logits z (V). */
static float loss_of(const float *z, size_t V, size_t token)
{
    double max = -HUGE_VAL, sum = 0;
    for (size_t i = 0; i < V; i++)
        max = fmax(max, (double)z[i]);
    for (size_t i = 0; i < V; i++)
        sum += exp((double)z[i] - max);
    return (float)(max + log(sum) - (double)z[token]);
}

/* Losses of ids[n_seen .. n), each given all ids before it; n_seen > 0.
 * What the cache holds of the beginning is not read again. */
static void score(struct reader *r, const int32_t *ids, size_t n_seen, size_t n,
                  float *losses)
{
    const struct model *m = r->model;
    size_t past = 0, C = m->C, V = m->V;
    while (past < r->n_past && past < n_seen - 1 && r->ids[past] == ids[past])
        past++;
    size_t T = n - 1 - past, first = n_seen - 1 - past;
    memcpy(r->ids + past, ids + past, T * sizeof *ids);
    for (size_t i = 0; i < T * C; i++) {
        float token = m->token.w[(size_t)ids[past + i / C] * C + i % C];
        r->x[i] = m->llama ? token : token + m->position.w[past * C + i];
    }
    r->n_past = past;
    for (size_t i = 0; i < m->n_layer; i++) {
        attention_half(r, i, T);
        feed_forward_half(r, i, T);
    }
    r->n_past += T;
    normalize(m, r->norm, r->x + first * C, m->output_norm, T - first);
    for (size_t t = 0; t < n - n_seen; t++) {
        if (t % SIDE == 0)
            linear(r, r->logits, r->norm + t * C, m->output,
                   n - n_seen - t < SIDE ? n - n_seen - t : SIDE, false);
        losses[t] =
            loss_of(r->logits + t % SIDE * V, V, (size_t)ids[n_seen + t]);
    }
}

/* --- 5. what is never cut: characters and numbers ------------------------ */

/* What a reader takes for one character: a letter with its accents, a flag.
 * LONE is a letter of a script that writes no spaces between words. */
struct cluster {
    uint32_t code; /* that it is read by; 0: none */
    size_t end;    /* in its text */
    enum role { SIGN, BLANK, LONE, WORD, DIGIT } role;
};

static enum role role_of(uint32_t code)
{
    int class = class_in(pith_unicode_ranges, pith_unicode_n_ranges, code);
    bool lone = (code >= 0x0E00 && code < 0x10A0) || code >= 0x20000 ||
                (code >= 0x1780 && code < 0x1800) ||
                (code >= 0x2E80 && code < 0xA4D0);
    return class == NUMBER || class == NEWER_NUMBER ? DIGIT
         : class == LETTER ? (lone ? LONE : WORD)
         : class == SPACE ? BLANK : code == '_' ? WORD : SIGN;
}

/* Whether two characters side by side are of one cluster (flags: any two). */
static bool is_pair(int a, int b)
{
#define IS(x, name) (x == PITH_GRAPHEME_##name)
    if ((a >= PITH_GRAPHEME_CR && a <= PITH_GRAPHEME_CONTROL) ||
        (b >= PITH_GRAPHEME_CR && b <= PITH_GRAPHEME_CONTROL))
        return IS(a, CR) && IS(b, LF);
    return (b >= PITH_GRAPHEME_SPACING && b <= PITH_GRAPHEME_ZWJ) ||
           IS(a, PREPEND) || IS(b, V) || IS(b, T) ||
           (IS(b, CONSONANT) && (IS(a, LINKER) || IS(a, LINKER_BASE))) ||
           (IS(a, ZWJ) && (IS(b, CONSONANT) || IS(b, PICTOGRAPH))) ||
           (IS(a, REGIONAL) && IS(b, REGIONAL));
}

/* The cluster that starts at text[at]. */
static struct cluster cluster_at(const char *text, size_t at)
{
    struct cluster c = {0, at, SIGN};
    uint32_t code;
    size_t n = decode_utf8(text + at, &code);
    for (int a = 0, b; code != 0; a = b) {
        b = class_in(pith_grapheme_ranges, pith_grapheme_n_ranges, code);
        if (c.end > at && !is_pair(a, b))
            break;
        c.code = c.end == at || role_of(code) == DIGIT ? code : c.code;
        c.end += n;
        n = decode_utf8(text + c.end, &code);
    }
    c.role = role_of(c.code);
    return c;
}

/* Whether a character is among those of a string. */
static bool is_of(uint32_t code, const char *string)
{
    uint32_t member = 0;
    while (*string != 0 && member != code)
        string += decode_utf8(string, &member);
    return code != 0 && member == code;
}

static const char currencies[] = "$¢£¤¥€₩₪₫₱₹₺₽₿";

/* Whether a number continues at c[0], from c[-1]: letters and digits; a unit
 * after a digit, 75% or 5€; and a sign between two, 1,782.50 or 10-minute. */
static bool goes_on(const struct cluster *c)
{
    bool digits = c[-1].role == DIGIT && c[1].role == DIGIT;
    bool unit = is_of(c->code, "%‰°′″") || is_of(c->code, currencies);
    return c->role >= WORD || (unit && c[-1].role == DIGIT && !digits) ||
           (is_of(c->code, ".,:/–—−~^×⋅…") && digits) ||
           (is_of(c->code, "'’") && c[-1].role == DIGIT && c[1].role >= WORD) ||
           (is_of(c->code, "-‐‑") && c[-1].role >= WORD && c[1].role >= WORD);
}

/* Whether a sign before a number is its own: -3, $4, #7, x+5, <0.05. */
static bool is_own(const struct cluster *sign)
{
    const struct cluster *before = sign - 1;
    bool open = before->code == 0 || before->role == BLANK ||
                is_of(before->code, "([{\"'“‘«|");
    bool loose = open || (before->role == SIGN && !is_of(before->code, ")]}"));
    return is_of(sign->code, currencies) || is_of(sign->code, "#№§±≈≤≥√") ||
           (is_of(sign->code, "<>–%") && open) ||
           (is_of(sign->code, "+-−") && before->code != sign->code) ||
           (is_of(sign->code, ".~") && before->code != sign->code && loose);
}

/* Marks in cut, by byte, where units may end: between clusters, but not inside
 * a number, which is all that continues with a digit among it. */
static void find_cuts(const char *text, char *cut)
{
    size_t n = 0, size = strlen(text);
    struct cluster *c = allocate(size + 3, sizeof *c); /* from 1 to n */
    for (size_t at = 0; at < size; at = c[n].end) {
        c[++n] = cluster_at(text, at);
        cut[c[n].end] = 1;
    }
    for (size_t i = 1, end; i <= n; i = end) {
        bool digit = false, amount = c[i].role == DIGIT;
        for (end = i; end <= n && goes_on(&c[end]); end++)
            digit |= c[end].role == DIGIT;
        while (amount && i > 1 && is_own(&c[i - 1]))
            i--;
        for (; digit && i + 1 < end; i++)
            cut[c[i].end] = 0;
        end += end == i;
    }
    free(c);
}

/* Whether two texts side by side would read as one word, number or operator:
 * by two clusters on each side of the seam, a b and c d. */
static bool reads_as_one(const char *left, size_t n_left, const char *right)
{
    const char *joint = "'-./@&,:\u00AD·‐‑’";
    const char *numeric = ".,:+-−±≈≤≥√<>–~/#№§×…%‰‱٪°′″";
    const char *opener = "`([{/-@#$~\\=<>|+*^&", *operators = "=<>!&|+-*/%^~:.#`";
    char seam[140] = "";
    struct cluster a = {0}, b = {0};
    size_t n = n_left < 64 ? n_left : 64, at = 0;
    while (n > 0 && (left[n_left - n] & 0xC0) == 0x80)
        n--;
    memcpy(seam, left + n_left - n, n);
    strncpy(seam + n, right, 64);
    for (; at < n; at = b.end)
        a = b, b = cluster_at(seam, at);
    struct cluster c = cluster_at(seam, n), d = cluster_at(seam, c.end);
    if (n == 0 || c.code == 0 || b.role == BLANK || c.role == BLANK)
        return false;
    bool sign_before = is_of(b.code, numeric) || is_of(b.code, currencies);
    bool unit_before = is_of(b.code, "%‰‱٪°′″") || is_of(b.code, currencies);
    bool sign_after = is_of(c.code, numeric + 3) || is_of(c.code, currencies);
    return at > n /* they would be one cluster */ ||
           (b.role >= LONE && c.role >= LONE) ||
           (is_of(b.code, joint) && a.role >= LONE && c.role >= LONE) ||
           (is_of(c.code, joint) && b.role >= LONE && d.role >= LONE) ||
           (sign_before && c.role >= (a.role == DIGIT ? LONE : DIGIT)) ||
           (unit_before && c.role >= LONE) ||
           (sign_after && b.role >= (d.role == DIGIT ? LONE : DIGIT)) ||
           (is_of(b.code, opener + 4) && c.role >= LONE) ||
           (is_of(c.code, opener) && b.role >= LONE) ||
           (is_of(b.code, operators) && is_of(c.code, operators));
}

/* --- 6. the prompt: parts, tokens, units --------------------------------- */

enum { SEGMENT = 100, SEEN = 640 }; /* tokens: of a segment; seen in front */

struct ids {
    int32_t *id;
    size_t n;
};

/* What is kept or dropped as a whole: a token, or those of one character or
 * number; or the blank line before a part. */
struct unit {
    struct ids ids;
    size_t start, end, part; /* bytes of the prompt */
    bool line, kept;
    float loss; /* mean of its tokens; later, how far above the threshold */
    bool barred; /* in settle() */
};

/* x_ins comes first, x_que last, the demonstrations between them. */
struct part {
    struct ids ids;  /* without the blank line */
    double length;   /* tokens with it */
    double loss;     /* mean: the logarithm of the perplexity */
    bool is_demonstration, selected;
};

struct prompt {
    struct reader *reader;
    const struct tokenizer *tokenizer;
    char *text, *cut; /* cut: where units may end, see find_cuts() */
    struct ids blank_line, line_end, space; /* the tokens of "\n\n", ... */
    struct part *parts;
    struct unit *units;
    size_t size, n_parts, n_units, n_ids, target; /* target: ids that stay */
};

static void append(struct ids *to, struct ids ids)
{
    memcpy(to->id + to->n, ids.id, ids.n * sizeof *ids.id);
    to->n += ids.n;
}

/* The tokens of a text, with the start token before the first. */
static struct ids tokens_of(const struct tokenizer *t, const char *text)
{
    int32_t *ids = allocate(1 + strlen(text), sizeof *ids);
    ids[0] = t->start;
    return (struct ids){ids + 1, encode(t, text, ids + 1)};
}

/* Where the token at byte `at` ends, bytes without a token passed over. */
static size_t token_end(const struct prompt *p, int32_t id, size_t at)
{
    const uint8_t *row = p->tokenizer->pieces + 12 * (size_t)id;
    for (size_t i = 0; i < u16(row + 4); at += p->text[at] != 0, i++)
        while (p->text[at] != 0 &&
               p->text[at] != p->tokenizer->text[u32(row) + i])
            at++;
    return at;
}

/* Appends a part, after a blank line where both are not empty. */
static void add_part(struct prompt *p, const char *text, bool is_demonstration)
{
    struct part *part = &p->parts[p->n_parts];
    struct unit unit = {p->blank_line, p->size, p->size + 2, p->n_parts++,
                        .line = true};
    part->selected = !is_demonstration;
    if (*text != 0 && p->size > 0) {
        p->units[p->n_units++] = unit;
        part->length = (double)p->blank_line.n;
        p->n_ids += p->blank_line.n;
        memcpy(p->text + p->size, "\n\n", 2);
        p->size += 2;
    }
    size_t start = p->size, size = strlen(text);
    memcpy(p->text + start, text, size);
    p->size += size;
    find_cuts(p->text + start, p->cut + start);
    part->ids = tokens_of(p->tokenizer, p->text + start);
    part->is_demonstration = is_demonstration && part->ids.n > 0;
    part->length += (double)part->ids.n;
    p->n_ids += part->ids.n;
    unit = (struct unit){part->ids, start, start, unit.part, .line = false};
    for (size_t i = 0, first = 0; i < part->ids.n; i++) {
        unit.end = i + 1 < part->ids.n
                       ? token_end(p, part->ids.id[i], unit.end) : p->size;
        unit.ids = (struct ids){part->ids.id + first, i + 1 - first};
        /* What is longer than a segment is cut between characters. */
        if (p->cut[unit.end] == 0 &&
            (unit.ids.n < SEGMENT || (p->text[unit.end] & 0xC0) == 0x80))
            continue;
        p->units[p->n_units++] = unit;
        unit.start = unit.end;
        first = i + 1;
    }
}

/* --- 7. Algorithm 1: the budget controller ------------------------------- */

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* The mean loss of a demonstration on its own, as far as the window goes. */
static double mean_loss(struct reader *reader, struct ids ids)
{
    size_t n = ids.n < reader->window ? ids.n : reader->window;
    float *losses = allocate(n, sizeof *losses);
    double sum = 0;
    score(reader, ids.id - 1, 1, 1 + n, losses);
    for (size_t i = 0; i < n; i++)
        sum += (double)losses[i];
    free(losses);
    return sum / (double)n;
}

/* Algorithm 1, lines 4 to 9: from the highest perplexity down, append to D
 * while L~_D is within the limit k tau_dems L_dems.  Returns L~_D.  Differs:
 * what would pass it stays out, except for the first, and for what fills up. */
static double select_demonstrations(struct prompt *p, double limit,
                                    double L_dems, double missing)
{
    double L_D = 0;
    bool all = limit >= L_dems, open = limit > 0;
    for (struct part *part = p->parts; part < p->parts + p->n_parts; part++)
        if (part->is_demonstration && open && !all)
            part->loss = mean_loss(p->reader, part->ids);
    while (open) {
        struct part *best = NULL;
        for (struct part *part = p->parts; part < p->parts + p->n_parts; part++)
            if (part->is_demonstration && !part->selected &&
                (best == NULL || part->loss > best->loss))
                best = part;
        open = best != NULL && (all || L_D + best->length <= limit ||
                                L_D <= 0 || L_D < missing);
        if (open) {
            best->selected = true;
            L_D += best->length;
        }
    }
    return L_D;
}

/* Where the budgets of x_ins, D and x_que end, in tokens. */
static void control_budget(struct prompt *p, double ends[3])
{
    const struct part *que = &p->parts[p->n_parts - 1];
    double tau_ins = 0.85, tau_que = 0.9, tau_dems = 0, k = 2, L_dems = 0;
    double L_ins = (double)p->parts[0].ids.n, L_que = (double)que->ids.n;
    double target = fmax(0, (double)p->target - (que->length - L_que));
    for (size_t i = 0; i < p->n_parts; i++)
        L_dems += p->parts[i].is_demonstration ? p->parts[i].length : 0;
    /* Eq. 2: tau_dems = (tau L - (tau_ins L_ins + tau_que L_que)) / L_dems.
     * Differs: where these two ask for more, both rates shrink alike. */
    double wanted = tau_ins * L_ins + tau_que * L_que;
    if (wanted > target) {
        tau_ins *= target / wanted;
        tau_que *= target / wanted;
        wanted = tau_ins * L_ins + tau_que * L_que;
    } else if (L_dems > 0) {
        tau_dems = clamp((target - wanted) / L_dems, 0, 1);
    }
    double limit = k * tau_dems * L_dems, L = L_ins + L_que;
    double L_D = select_demonstrations(p, limit, L_dems, target - L);
    /* Eq. 3: Delta tau = (k tau_dems L_dems - L~_D) / (L_ins + L_que).
     * Differs: it is not negative, and it leaves tau_dems to D. */
    double spare = fmax(target - wanted - tau_dems * L_D, 0);
    double delta = L > 0 ? clamp(limit - L_D, 0, spare) / L : 0;
    /* Eq. 6: tau_ins + Delta tau, tau_que + Delta tau.  Differs: D's rate is
     * what the target leaves for D, and what D cannot take goes back. */
    double rate_ins = clamp(tau_ins + delta, 0, 1);
    double rate_que = clamp(tau_que + delta, 0, 1);
    double left = target - rate_ins * L_ins - rate_que * L_que;
    double rate_D = L_D > 0 ? clamp(left / L_D, 0, 1) : 0;
    double room = (1 - rate_ins) * L_ins + (1 - rate_que) * L_que;
    left -= rate_D * L_D;
    if (left > 0 && room > 0)
        rate_ins += clamp(left / room, 0, 1) * (1 - rate_ins);
    ends[0] = rate_ins * L_ins;
    ends[1] = ends[0] + rate_D * L_D;
    ends[2] = (double)p->target;
}

/* --- 8. kept units as text ----------------------------------------------- */

struct output {
    char *text;
    size_t size;
    struct ids ids;
    const struct unit *last; /* unit of it; NULL: it is empty */
};

static void put_text(struct output *out, const char *text, size_t n,
                     struct ids ids)
{
    append(&out->ids, ids);
    memcpy(out->text + out->size, text, n);
    out->size += n;
    out->text[out->size] = 0;
}

/* Appends a unit: after a blank line where a part begins, and after white
 * space where it would run into the last one and did not in the prompt. */
static void put(const struct prompt *p, struct output *out,
                const struct unit *unit)
{
    const struct unit *last = out->last;
    const char *next = p->text + unit->start;
    if (last != NULL && last->part != unit->part) {
        put_text(out, "\n\n", 2, p->blank_line);
    } else if (last != NULL && last->end != unit->start &&
               reads_as_one(out->text, out->size, next)) {
        size_t n = unit->start - last->end;
        bool line = memchr(next - n, '\n', n) != NULL ||
                    memchr(next - n, '\r', n) != NULL;
        put_text(out, line ? "\n" : next[-1] == '\t' ? "\t" : " ", 1,
                 line ? p->line_end : p->space);
    }
    put_text(out, next, unit->end - unit->start, unit->ids);
    out->last = unit;
}

/* --- 9. Algorithm 2: iterative token-level prompt compression ------------ */

struct itpc {
    struct prompt *p;
    struct output *out;   /* the compressed prompt so far */
    size_t from, limit;    /* the first of its ids that the model sees */
    size_t n_open;        /* tokens of the blank line before the next unit */
    size_t n_left;        /* tokens of the component to come */
    double end, allotted; /* of the component; what segments may still spend */
};

/* Eq. 5: p(s_j,i | s_j,<i, s~_<j), the losses of a segment given the
 * compressed text so far, and their mean over each unit. */
static void score_segment(struct itpc *z, struct unit **units, size_t n,
                          size_t n_ids)
{
    struct prompt *p = z->p;
    const struct ids *seen = &z->out->ids;
    size_t n_all = seen->n + z->n_open;
    if (n_all - z->from + n_ids > z->limit) /* from now on the latest only */
        z->from = n_all - z->limit / 8;
    struct ids ids = {allocate(1 + n_all + n_ids, sizeof *ids.id), 1};
    float *losses = allocate(n_ids, sizeof *losses), *loss = losses;
    ids.id[0] = p->tokenizer->start;
    append(&ids, (struct ids){seen->id + z->from, seen->n - z->from});
    append(&ids, (struct ids){p->blank_line.id, z->n_open});
    size_t n_seen = ids.n;
    for (size_t i = 0; i < n; i++)
        append(&ids, units[i]->ids);
    score(p->reader, ids.id, n_seen, ids.n, losses);
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t j = 0; j < units[i]->ids.n; j++)
            sum += (double)*loss++;
        units[i]->loss = (float)(sum / (double)units[i]->ids.n);
    }
    free(ids.id);
    free(losses);
}

static int higher_loss_first(const void *a, const void *b)
{
    const struct unit *x = *(struct unit *const *)a;
    const struct unit *y = *(struct unit *const *)b;
    if (x->loss != y->loss)
        return x->loss > y->loss ? -1 : 1;
    return x->start < y->start ? -1 : x->start > y->start;
}

/* Eq. 7: keep s_j,i when its loss is above gamma_j, the loss of the first one,
 * from the highest down, that does not fit the quota.  Returns what is spent.
 * Differs: the last segment of a component spends all, if need be on units
 * below gamma_j; in others one may pass the quota if that comes nearer. */
static size_t select_units(const struct itpc *z, struct unit **units, size_t n,
                           size_t quota, bool last, double *gamma)
{
    struct unit **order = allocate(n, sizeof *order);
    struct unit first_line = {.ids = {NULL, z->n_open}};
    size_t spent = 0, n_order = 0;
    bool above = true;
    for (size_t i = 0; i < n; i++)
        if (!units[i]->line)
            order[n_order++] = units[i];
    qsort(order, n_order, sizeof *order, higher_loss_first);
    *gamma = -HUGE_VAL;
    for (size_t i = 0; i < n_order && (above || last); i++) {
        struct unit *line = &first_line; /* the blank line before it */
        for (size_t j = 0; units[j] != order[i]; j++)
            line = units[j]->line ? units[j] : line;
        size_t cost = order[i]->ids.n + (line->kept ? 0 : line->ids.n);
        size_t missing = quota > spent ? quota - spent : 0;
        if (missing > 0 && (cost <= missing ||
                            (!last && cost - missing < missing))) {
            order[i]->kept = line->kept = true;
            spent += cost;
        } else if (above) {
            above = false;
            *gamma = (double)order[i]->loss;
        }
    }
    free(order);
    return spent;
}

/* One segment s_j: its threshold, and what is above it.
 * Eq. 6: its rate is that of its component.  Differs: the rate is taken from
 * what the budget has left, and what rounding loses goes to the next one. */
static void compress_segment(struct itpc *z, struct unit **units, size_t n,
                             size_t n_ids, bool last)
{
    size_t n_all = n_ids + z->n_open, n_choices = 0;
    double left = z->end - (double)z->out->ids.n, gamma;
    double rate = (left - z->allotted) / (double)(z->n_left + z->n_open);
    z->allotted += rate * (double)n_all;
    size_t quota = (size_t)(fmax(last ? left : z->allotted, 0) + 0.5);
    for (size_t i = 0; i < n; i++)
        n_choices += !units[i]->line;
    /* Where all or nothing stays there is nothing to ask the model. */
    bool scored = quota > 0 && quota < n_all && n_choices > 1;
    if (scored)
        score_segment(z, units, n, n_ids);
    z->allotted -= (double)select_units(z, units, n, quota, last, &gamma);
    z->n_left -= n_ids;
    for (size_t i = 0; i < n; i++) {
        struct unit *unit = units[i];
        unit->loss = scored ? (float)((double)unit->loss - gamma)
                            : unit->kept ? INFINITY : -INFINITY;
        if (unit->kept && !unit->line)
            put(z->p, z->out, unit);
        if (unit->kept || unit->line)
            z->n_open = unit->line && z->out->size > 0 ? unit->ids.n : 0;
    }
}

/* Algorithm 2: x_ins, D and x_que, cut into segments, one after the other. */
static void compress(struct prompt *p, struct output *out, const double ends[3])
{
    struct unit **units = allocate(p->n_units, sizeof *units);
    struct itpc z = {.p = p, .out = out};
    z.limit = p->reader->window < SEEN ? p->reader->window : SEEN;
    for (size_t component = 0; component < 3; component++) {
        size_t n = 0, n_ids, next;
        z.n_left = 0;
        z.allotted = 0;
        z.end = ends[component];
        for (size_t i = 0; i < p->n_units; i++) {
            size_t part = p->units[i].part;
            size_t of = part == 0 ? 0 : part + 1 == p->n_parts ? 2 : 1;
            if (of != component || !p->parts[part].selected)
                continue;
            units[n++] = &p->units[i];
            z.n_left += p->units[i].ids.n;
        }
        for (size_t at = 0; at < n; at = next) {
            n_ids = units[at]->ids.n;
            next = at + 1;
            if (units[at]->line) {
                z.n_open = out->size > 0 ? n_ids : 0;
                z.n_left -= n_ids;
                continue;
            }
            while (next < n && n_ids + units[next]->ids.n <= SEGMENT)
                n_ids += units[next++]->ids.n;
            compress_segment(&z, units + at, next - at, n_ids, next == n);
        }
    }
    free(units);
}

/* --- 10. the target met by the text -------------------------------------- */

/* The text may be read again with other tokens than those that were kept:
 * pieces join, or lose their space.  Differs: the paper counts what it kept. */
static size_t read_again(const struct prompt *p, struct output *out)
{
    *out = (struct output){out->text, 0, {out->ids.id, 0}, NULL};
    for (size_t i = 0; i < p->n_units; i++)
        if (p->units[i].kept && !p->units[i].line)
            put(p, out, &p->units[i]);
    return encode(p->tokenizer, out->text, out->ids.id);
}

/* Drops units of at least so many tokens, the lowest loss first, or adds those
 * that fit, the highest first. */
static bool move(struct unit **order, size_t n, bool drops, size_t n_tokens)
{
    size_t left = n_tokens;
    for (size_t k = 0; k < n && left > 0; k++) {
        struct unit *unit = order[drops ? n - 1 - k : k];
        if (unit->kept != drops || (!drops && (unit->barred ||
                                               unit->ids.n > left)))
            continue;
        unit->kept = !drops;
        unit->barred |= drops;
        left -= unit->ids.n < left ? unit->ids.n : left;
    }
    return left < n_tokens;
}

/* Brings the text to the target, or just below it; returns its tokens. */
static size_t settle(struct prompt *p, struct output *out)
{
    struct unit **order = allocate(p->n_units, sizeof *order);
    size_t n = 0, n_tokens = 0, target = p->target;
    bool changed = true;
    for (struct unit *unit = p->units; unit < p->units + p->n_units; unit++)
        if (!unit->line && p->parts[unit->part].selected)
            order[n++] = unit;
    qsort(order, n, sizeof *order, higher_loss_first);
    for (int round = 0; changed; round++) {
        n_tokens = read_again(p, out);
        changed = n_tokens > target
                      ? move(order, n, true, n_tokens - target)
                      : round < 24 && move(order, n, false, target - n_tokens);
    }
    free(order);
    return n_tokens;
}

/* --- 11. the program ----------------------------------------------------- */

/* A file without the line ends at its end; "" names an empty one. */
static const char *read_text(const char *path)
{
    struct file file = *path != 0 ? read_file(path) : (struct file){0};
    char *text = *path != 0 ? (char *)file.data : "";
    size_t n = file.size, length;
    uint32_t code;
    for (size_t i = 0; i < n; i += length)
        if ((length = decode_utf8(text + i, &code)) == 1 &&
            (code == 0 || code == 0xFFFD))
            fail("%s: byte %zu is not of a text in UTF-8", path, i);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        text[--n] = 0;
    return text;
}

int main(int argc, char **argv)
{
    static struct model model;
    double rate = argc > 5 ? strtod(argv[2], NULL) : 0, ends[3];
    if (!(rate > 0))
        fail("usage: llmlingua MODEL RATE INSTRUCTION QUESTION CONTEXT...");
    read_model(&model, argv[1]);
    struct reader reader = open_reader(&model);
    const struct tokenizer *t = &model.tokenizer;
    const char **texts = allocate((size_t)argc, sizeof *texts);
    size_t size = 16;
    for (int i = 3; i < argc; i++) {
        texts[i] = read_text(argv[i]);
        size += strlen(texts[i]) + 2;
    }
    struct prompt p = {
        .reader = &reader, .tokenizer = t, .text = allocate(size, 1),
        .cut = allocate(size, 1), .blank_line = tokens_of(t, "\n\n"),
        .line_end = tokens_of(t, "\n"), .space = tokens_of(t, " "),
        .parts = allocate((size_t)argc, sizeof *p.parts),
        .units = allocate(size, sizeof *p.units)};
    add_part(&p, texts[3], false);
    for (int i = 5; i < argc; i++)
        add_part(&p, texts[i], true);
    add_part(&p, texts[4], false);
    rate *= rate <= 1 ? (double)p.n_ids : 1;
    p.target = rate < 1 ? 1 : (size_t)(fmin(rate, (double)p.n_ids) + 0.5);
    size_t room = p.size + 2 * p.n_units + 1;
    struct output out = {allocate(room, 1), 0,
                         {allocate(room, sizeof(int32_t)), 0}, NULL};
    if (p.target < p.n_ids) {
        control_budget(&p, ends);
        compress(&p, &out, ends);
    }
    if (p.target >= p.n_ids || settle(&p, &out) >= p.n_ids)
        out.text = p.text; /* nothing would be saved */
    puts(out.text);
}
