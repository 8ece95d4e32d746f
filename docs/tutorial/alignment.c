/*
 * alignment.c - distribution alignment, equation 8 of LLMLingua (arXiv
 * 2310.05736), in one file that reads from top to bottom:
 *
 *     min over theta of  E[ (1/N) sum over i of L(x_i, y_i; theta) ]
 *
 * x_i is an instruction, y_i the answer that the large model gave to it, theta
 * the weights of the small model, L the negative log-likelihood of the answer.
 * LLMLingua asks the small model which tokens the large one could guess; after
 * this tuning the two are surprised by the same things.
 *
 *     cc -std=c11 -O2 -o alignment docs/tutorial/alignment.c -lm
 *     ./alignment weights/default.pith docs/tutorial/answers.jsonl
 *
 * prints the loss of each step, the same that `pith align --validation-share 0`
 * reports, and writes no file.
 *
 * T tokens of a record, C width of the model, H heads, D = C / H width of a
 * head, F width of the feed-forward part, V size of the vocabulary.  Matrices
 * are row by row.  dx is the gradient of the loss with respect to x.
 */
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/text/unicode_tables.c" /* letters, numbers, spaces */

/* --- 1. errors, memory, files --------------------------------------------- */

static _Noreturn void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("alignment: ", stderr);
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

/* --- 2. text to tokens: byte-level BPE ------------------------------------ */

struct tokenizer {
    bool digits_alone;     /* SmolLM's pre-tokenizer; else GPT-2's */
    int32_t start, end;    /* of a text */
    int32_t byte_ids[256]; /* -1: the vocabulary cannot write this byte */
    const uint8_t *pieces, *merges; /* rows of 12 bytes, of the file */
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
    t->end = (int32_t)(eos < n ? eos : bos);
    t->pieces = bytes_at(file, offset += 40, 12 * n);
    t->merges = bytes_at(file, offset += 12 * n, 12 * (uint64_t)n_merges);
    t->first = allocate((size_t)n, sizeof *t->first);
    t->next = allocate((size_t)n_merges + 1, sizeof *t->next);
    for (uint32_t rank = n_merges; rank > 0; rank--) {
        const uint8_t *row = t->merges + 12 * (size_t)rank - 12;
        if (u32(row) >= n || u32(row + 4) >= n || u32(row + 8) >= n)
            fail("%s: a merge names a token that is not there", file->path);
        t->next[rank] = t->first[u32(row)];
        t->first[u32(row)] = rank;
    }
    offset += 12 * (uint64_t)n_merges;
    memset(t->byte_ids, -1, sizeof t->byte_ids);
    for (size_t id = (size_t)n; id-- > 0;) {
        const uint8_t *row = t->pieces + 12 * id;
        if (u16(row + 4) == 1 && row[6] == 0) /* a normal piece of one byte */
            t->byte_ids[*bytes_at(file, offset + u32(row), 1)] = (int32_t)id;
    }
}

/* The character that a text begins with, and its length.  A byte that is not
 * valid UTF-8 is U+FFFD. */
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

/* What a text begins with.  SmolLM's pre-tokenizer cuts at every number, which
 * so ends what precedes it; to GPT-2's, a number of Unicode 15 is none. */
static int class_of(const char *text, bool digits_alone, size_t *length)
{
    uint32_t code;
    size_t i = 0;
    *length = decode_utf8(text, &code);
    if (code == 0)
        return END;
    while (i < pith_unicode_n_ranges && pith_unicode_ranges[i].last < code)
        i++;
    if (i == pith_unicode_n_ranges || pith_unicode_ranges[i].first > code)
        return OTHER;
    int class = pith_unicode_ranges[i].unicode_class;
    if (digits_alone && (class == NUMBER || class == NEWER_NUMBER))
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
    int class = class_of(text, digits_alone, &length), next;
    if (class == END)
        return length; /* a number of SmolLM's */
    if (text[0] == ' ') { /* the " ?" before a word */
        next = class_of(text + 1, digits_alone, &length);
        at = next != SPACE && next != END;
        class = at == 1 ? next : SPACE;
    }
    while ((next = class_of(text + at, digits_alone, &length)) == class) {
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

/* --- 3. the model: a .pith file (docs/FORMAT.md) as floats ---------------- */

/* Weights (rows, cols) of y = W x: rows are outputs, cols are inputs.  A
 * vector is one row. */
struct tensor {
    size_t rows, cols;
    float *w, *dw; /* values, gradient */
    float *m, *v;  /* the two moments of AdamW */
};

enum { /* the tensors of a layer; the bias or the shift follows each */
    ATTN_NORM = 0, ATTN_Q = 2, ATTN_K = 4, ATTN_V = 6, ATTN_OUT = 8,
    FFN_NORM = 10, FFN_UP = 12, FFN_DOWN = 14, PER_LAYER = 16
};

struct model {
    size_t V, n_ctx, C, n_layer, H, F;
    float eps;              /* of the norms */
    struct tensor *tensors; /* (n_tensors), those below among them */
    size_t n_tensors;
    struct tensor *token, *position, *layers, *output_norm;
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
static void read_tensor(struct model *model, const struct file *file,
                        const char *name, size_t rows, size_t cols)
{
    const uint8_t *entry = bytes_at(file, 128 + 104 * model->n_tensors, 104);
    size_t type = entry[64];
    if (strncmp((const char *)entry, name, 64) != 0 || type > 4 ||
        u32(entry + 72) != rows || u32(entry + 80) != cols ||
        cols % block_weights[type] != 0)
        fail("%s: tensor %zu is not %s (%zu, %zu) of a known type", file->path,
             model->n_tensors, name, rows, cols);
    size_t n_weights = block_weights[type], n_bytes = block_bytes[type];
    uint64_t n = (uint64_t)rows * cols, n_blocks = n / n_weights;
    uint64_t offset = u32(entry + 88) | (uint64_t)u32(entry + 92) << 32;
    const uint8_t *block = bytes_at(file, offset, n_blocks * n_bytes);
    float *w = allocate(rows, 4 * cols * sizeof *w);
    model->tensors[model->n_tensors++] =
        (struct tensor){rows, cols, w, w + n, w + 2 * n, w + 3 * n};
    for (; n_blocks-- > 0; w += n_weights, block += n_bytes)
        for (size_t i = 0; i < n_weights; i++)
            w[i] = weight_at(type, block, i);
}

static void read_layer(struct model *model, const struct file *file,
                       size_t index)
{
    static const char *const names[] = {"attn_norm", "attn_q", "attn_k",
                                        "attn_v", "attn_out", "ffn_norm",
                                        "ffn_up", "ffn_down"};
    for (size_t i = 0; i < PER_LAYER; i++) {
        size_t out = i / 2 == FFN_UP / 2 ? model->F : model->C;
        size_t in = i == FFN_DOWN ? model->F : model->C;
        bool vector = i % 2 == 1 || i == ATTN_NORM || i == FFN_NORM;
        char name[64];
        snprintf(name, sizeof name, "layers.%zu.%s.%s", index, names[i / 2],
                 i % 2 == 0 ? "weight" : "bias");
        read_tensor(model, file, name, vector ? 1 : out, vector ? out : in);
    }
}

static void read_model(struct model *model, const char *path)
{
    struct file file = read_file(path);
    const uint8_t *h = bytes_at(&file, 0, 128);
    if (memcmp(h, "\x89PTH\r\n\x1A\n\1\0\0\0\4\3\2\1", 16) != 0)
        fail("%s: is not a .pith file of version 1 (plain models)", path);
    if (u32(h + 24) != (uint32_t)file.size || h[40] != 1 || h[84] != 1)
        fail("%s: is not a whole GPT-2 with a tied output projection", path);
    size_t V = u32(h + 44), C = u32(h + 52), F = u32(h + 72);
    size_t n_ctx = u32(h + 48), L = u32(h + 56), H = u32(h + 60);
    if (C < 1 || C > 1 << 16 || F > 1 << 20 || L < 1 || L > 1 << 10 ||
        H == 0 || C % H != 0)
        fail("%s: the sizes in its header do not make a GPT-2", path);
    struct tensor *tensors = allocate(PER_LAYER * L + 4, sizeof *tensors);
    *model = (struct model){V, n_ctx, C, L, H, F, f32(u32(h + 76)),
                            tensors, 0, tensors, tensors + 1, tensors + 2,
                            tensors + 2 + PER_LAYER * L, {0}};
    read_tensor(model, &file, "token_embedding.weight", V, C);
    read_tensor(model, &file, "position_embedding.weight", n_ctx, C);
    for (size_t i = 0; i < L; i++)
        read_layer(model, &file, i);
    read_tensor(model, &file, "output_norm.weight", 1, C);
    read_tensor(model, &file, "output_norm.bias", 1, C);
    read_tokenizer(&model->tokenizer, &file,
                   128 + 104 * model->n_tensors + u32(h + 92), V);
}

/* --- 4. records: JSON lines to tokens ------------------------------------- */

/* A place in a file of JSON lines.  Neither a line feed nor the NUL after the
 * file can be part of a JSON string, so reading never leaves the line. */
struct place {
    const char *path;
    char *at, *line; /* the line begins at `line` */
    size_t number;   /* of the line */
};

static _Noreturn void malformed(const struct place *place, const char *wanted)
{
    fail("%s:%zu:%d: expected %s", place->path, place->number,
         (int)(place->at - place->line) + 1, wanted);
}

/* Skips white space and the byte, if it is there. */
static bool take(struct place *place, char byte)
{
    place->at += strspn(place->at, " \t\r");
    bool found = *place->at == byte;
    place->at += found;
    return found;
}

/* The UTF-16 number after "\u". */
static uint32_t read_hex(struct place *place)
{
    char digits[5] = "";
    if (strspn(place->at, "0123456789abcdefABCDEF") < 4)
        malformed(place, "four hexadecimal digits");
    memcpy(digits, place->at, 4);
    place->at += 4;
    return (uint32_t)strtoul(digits, NULL, 16);
}

/* The character after a backslash. */
static uint32_t read_escape(struct place *place)
{
    static const char names[] = "\"\\/bfnrtu", meant[] = "\"\\/\b\f\n\r\t";
    const char *name = *place->at != 0 ? strchr(names, *place->at) : NULL;
    if (name == NULL)
        malformed(place, "an escape");
    place->at++;
    if (*name != 'u')
        return (unsigned char)meant[name - names];
    uint32_t code = read_hex(place), low = 0;
    if (code >> 10 == 0xD800 >> 10 && strncmp(place->at, "\\u", 2) == 0) {
        place->at += 2; /* a character above U+FFFF comes as two numbers */
        low = read_hex(place);
        code = 0x10000 + ((code & 0x3FF) << 10) + (low & 0x3FF);
    }
    if (code == 0 || code >> 11 == 0xD800 >> 11 ||
        (code >= 0x10000 && low >> 10 != 0xDC00 >> 10))
        malformed(place, "the escape of a character before this");
    return code;
}

/* A string, unescaped where it is. */
static const char *read_string(struct place *place)
{
    if (!take(place, '"'))
        malformed(place, "a string in double quotes");
    char *text = place->at, *out = text;
    while (*place->at != '"') {
        uint32_t code;
        size_t n = decode_utf8(place->at, &code);
        if (code < 0x20 || (code == 0xFFFD && n == 1))
            malformed(place, "valid UTF-8 up to a double quote");
        place->at += n;
        if (code == '\\')
            code = read_escape(place);
        n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        for (size_t i = n; i-- > 1; code >>= 6)
            out[i] = (char)(0x80 | (code & 0x3F));
        out[0] = (char)(n == 1 ? code : (0xF00u >> n & 0xF0) | code);
        out += n;
    }
    place->at++;
    *out = 0;
    return text;
}

/* One (x, y).  Position t is followed by ids[t + 1], from `answer` on of y. */
struct record {
    int32_t *ids; /* (T + 1) */
    size_t T, answer;
};

/* The start token, x in the words of Stanford Alpaca, y, the end token, cut to
 * `limit` positions.  A token across the border of x and y is part of y. */
static struct record make_record(const struct tokenizer *t,
                                 const char *const parts[3], size_t limit)
{
    static const char words[] =
        "Below is an instruction that describes a task%s. Write a response "
        "that appropriately completes the request.\n\n### Instruction:\n%s%s%s"
        "\n\n### Response:";
    static const char paired[] = ", paired with an input that provides further "
                                 "context";
    bool with = *parts[1] != 0;
    size_t room = 256 + strlen(parts[0]) + strlen(parts[1]) + strlen(parts[2]);
    char *text = allocate(room, 1);
    size_t x_size =
        (size_t)snprintf(text, room, words, with ? paired : "", parts[0],
                         with ? "\n\n### Input:\n" : "", parts[1]);
    memcpy(text + x_size, parts[2], strlen(parts[2]));
    int32_t *ids = allocate(room, sizeof *ids);
    size_t n = encode(t, text, ids + 1), i = 0, size = 0;
    ids[0] = t->start;
    ids[n + 1] = t->end;
    while (i < n && (size += u16(t->pieces + 12 * ids[i + 1] + 4)) <= x_size)
        i++;
    free(text);
    return (struct record){ids, n + 1 < limit ? n + 1 : limit, i};
}

/* {"instruction": x, "input": more of x, "output": y} on each line. */
static size_t read_data(struct record **records, const char *path,
                        const struct tokenizer *t, size_t limit)
{
    static const char *const names[3] = {"instruction", "input", "output"};
    struct file file = read_file(path);
    struct place place = {path, (char *)file.data, NULL, 0};
    size_t n = 0;
    *records = allocate(file.size / 8, sizeof **records);
    while (*place.at != 0) {
        place.line = place.at;
        place.number++;
        const char *parts[3] = {NULL, "", ""};
        if (take(&place, '\n'))
            continue;
        if (!take(&place, '{'))
            malformed(&place, "an object");
        do {
            const char *name = read_string(&place);
            if (!take(&place, ':'))
                malformed(&place, "a colon");
            const char *value = read_string(&place);
            for (size_t i = 0; i < 3; i++)
                parts[i] = strcmp(name, names[i]) == 0 ? value : parts[i];
        } while (take(&place, ','));
        if (!take(&place, '}') || (!take(&place, '\n') && *place.at != 0))
            malformed(&place, "the end of the object and of the line");
        if (parts[0] == NULL || (*parts[0] | *parts[1]) == 0 || *parts[2] == 0)
            fail("%s:%zu: needs instruction and output", path, place.number);
        struct record record = make_record(t, parts, limit);
        if (record.answer < record.T) /* not cut before its answer */
            (*records)[n++] = record;
    }
    if (n == 0 || place.at != (char *)file.data + file.size)
        fail("%s:%zu: found no record with an answer", path, place.number);
    return n;
}

/* --- 5. the parts of a layer, each forward and backward ------------------- */

/* The matrices of a pass forward and back, freed at its end. */
struct pass {
    float **made; /* at most 24 in a layer */
    size_t n;
};

static float *zeros(struct pass *pass, size_t rows, size_t cols)
{
    return pass->made[pass->n++] = allocate(rows, cols * sizeof(float));
}

/* In eight sums, so that none waits for its last addition. */
static float dot(const float *a, const float *b, size_t n)
{
    float s[8] = {0};
    size_t whole = n - n % 8;
    for (size_t i = 0; i < whole; i += 8)
        for (size_t j = 0; j < 8; j++)
            s[j] += a[i + j] * b[i + j];
    for (size_t i = whole; i < n; i++)
        s[0] += a[i] * b[i];
    return s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7];
}

/* y (n) += a x (n) */
static void add(float *y, float a, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

/* y (T, N) = x (T, C) W^T + b; W (N, C), and b (N) follows it. */
static float *linear(struct pass *pass, const float *x, const struct tensor *W,
                     size_t T)
{
    size_t C = W->cols, N = W->rows;
    float *y = zeros(pass, T, N);
    for (size_t n = 0; n < N; n++)
        for (size_t t = 0; t < T; t++)
            y[t * N + n] = dot(W->w + n * C, x + t * C, C) + W[1].w[n];
    return y;
}

/* Returns dx = dy W;  dW += dy^T x,  db += the sum of dy over the tokens. */
static float *linear_backward(struct pass *pass, const float *dy,
                              const float *x, struct tensor *W, size_t T)
{
    size_t C = W->cols, N = W->rows;
    float *dx = zeros(pass, T, C);
    for (size_t n = 0; n < N; n++)
        for (size_t t = 0; t < T; t++) {
            add(dx + t * C, dy[t * N + n], W->w + n * C, C);
            add(W->dw + n * C, dy[t * N + n], x + t * C, C);
            W[1].dw[n] += dy[t * N + n];
        }
    return dx;
}

/* LayerNorm: y = n gain + shift, n = (x - mean) r, all (T, C), with
 * r (T) = 1 / sqrt(variance + eps). */
struct norm {
    float *y, *n, *r;
};

static struct norm normalize(struct pass *pass, const float *x,
                             const struct tensor *gain, size_t T, float eps)
{
    size_t C = gain->cols;
    struct norm a = {zeros(pass, T, C), zeros(pass, T, C), zeros(pass, T, 1)};
    for (size_t t = 0; t < T; t++) {
        double mean = 0, variance = (double)eps;
        for (size_t i = t * C; i < (t + 1) * C; i++)
            mean += (double)x[i] / (double)C;
        for (size_t i = t * C; i < (t + 1) * C; i++)
            variance += pow((double)x[i] - mean, 2) / (double)C;
        a.r[t] = (float)(1 / sqrt(variance));
        for (size_t c = 0, i = t * C; c < C; c++, i++) {
            a.n[i] = (float)((double)x[i] - mean) * a.r[t];
            a.y[i] = a.n[i] * gain->w[c] + gain[1].w[c];
        }
    }
    return a;
}

/* With g = dy gain: dx += r (g - mean(g) - n mean(g n)). */
static void norm_backward(float *dx, const float *dy, const struct norm *norm,
                          struct tensor *gain, size_t T)
{
    size_t C = gain->cols;
    for (size_t t = 0; t < T; t++) {
        double g = 0, gn = 0;
        for (size_t c = 0, i = t * C; c < C; c++, i++) {
            g += (double)(dy[i] * gain->w[c]) / (double)C;
            gn += (double)(dy[i] * gain->w[c] * norm->n[i]) / (double)C;
            gain->dw[c] += dy[i] * norm->n[i];
            gain[1].dw[c] += dy[i];
        }
        for (size_t c = 0, i = t * C; c < C; c++, i++)
            dx[i] += norm->r[t] * (dy[i] * gain->w[c] - (float)g -
                                   norm->n[i] * (float)gn);
    }
}

/* GELU(x) = x s, s = 1 / (1 + exp(-u)), u = 2 sqrt(2 / pi) (x + 0.044715 x^3),
 * which is x / 2 (1 + tanh(u / 2)), and its slope, s + x s (1 - s) u'. */
static float gelu(float x, float *slope)
{
    float s = 1 / (1 + expf(-1.5957691216f * x * (1 + 0.044715f * x * x)));
    *slope = s + x * s * (1 - s) * 1.5957691216f * (1 + 0.134145f * x * x);
    return x * s;
}

/* What a layer leaves for its way back. */
struct activations {
    struct norm norm, ffn_norm;
    float *q, *k, *v, *o, *p; /* (T, C), but p (H, T, T) */
    float *hidden, *slope;    /* (T, F) after GELU, and its slope */
};

/* Causal attention in each head: over s <= t, with z_s = q_t k_s / sqrt(D),
 * p = softmax(z) and o_t = sum of p_s v_s. */
static void attention(struct activations *a, size_t T, size_t C, size_t H)
{
    size_t D = C / H;
    float *p = a->p;
    for (size_t head = 0; head < C; head += D)
        for (size_t t = 0; t < T; t++, p += T) {
            size_t i = t * C + head;
            float max = -INFINITY, sum = 0;
            for (size_t s = 0; s <= t; s++) {
                p[s] = dot(a->q + i, a->k + s * C + head, D) / sqrtf((float)D);
                max = fmaxf(max, p[s]);
            }
            for (size_t s = 0; s <= t; s++)
                sum += p[s] = expf(p[s] - max);
            for (size_t s = 0; s <= t; s++) {
                p[s] /= sum;
                add(a->o + i, p[s], a->v + s * C + head, D);
            }
        }
}

/* dp = v do,  dz = p (dp - o do),  dq = k dz / sqrt(D),  dk = q dz / sqrt(D),
 * dv = p do.  out is do. */
static void attention_backward(float *dq, float *dk, float *dv,
                               const float *out, const struct activations *a,
                               size_t T, size_t C, size_t H)
{
    size_t D = C / H;
    const float *p = a->p;
    for (size_t head = 0; head < C; head += D)
        for (size_t t = 0; t < T; t++, p += T) {
            size_t i = t * C + head;
            float sum = dot(a->o + i, out + i, D);
            for (size_t s = 0; s <= t; s++) {
                size_t j = s * C + head;
                float dp = dot(a->v + j, out + i, D);
                float dz = p[s] * (dp - sum) / sqrtf((float)D);
                add(dq + i, dz, a->k + j, D);
                add(dk + j, dz, a->q + i, D);
                add(dv + j, p[s], out + i, D);
            }
        }
}

/* --- 6. GPT-2 forward and backward ---------------------------------------- */

/* x (T, C), the stream: x += attention(norm(x)) W_out + b, and then
 * x += gelu(norm(x) W_up + b) W_down + b. */
static struct activations layer_forward(struct pass *pass,
                                        const struct model *model, size_t index,
                                        float *x, size_t T)
{
    const struct tensor *w = model->layers + PER_LAYER * index;
    size_t C = model->C, H = model->H, F = model->F;
    struct activations a;
    a.norm = normalize(pass, x, &w[ATTN_NORM], T, model->eps);
    a.q = linear(pass, a.norm.y, &w[ATTN_Q], T);
    a.k = linear(pass, a.norm.y, &w[ATTN_K], T);
    a.v = linear(pass, a.norm.y, &w[ATTN_V], T);
    a.o = zeros(pass, T, C);
    a.p = zeros(pass, H * T, T);
    attention(&a, T, C, H);
    add(x, 1, linear(pass, a.o, &w[ATTN_OUT], T), T * C);
    a.ffn_norm = normalize(pass, x, &w[FFN_NORM], T, model->eps);
    a.hidden = linear(pass, a.ffn_norm.y, &w[FFN_UP], T);
    a.slope = zeros(pass, T, F);
    for (size_t i = 0; i < T * F; i++)
        a.hidden[i] = gelu(a.hidden[i], &a.slope[i]);
    add(x, 1, linear(pass, a.hidden, &w[FFN_DOWN], T), T * C);
    return a;
}

/* From the last line to the first.  dx (T, C), the gradient of what leaves,
 * becomes that of what enters: each half of the layer adds its share. */
static void layer_backward(struct pass *pass, const struct model *model,
                           size_t index, const struct activations *a,
                           float *dx, size_t T)
{
    struct tensor *w = model->layers + PER_LAYER * index;
    size_t C = model->C, F = model->F;
    float *dq = zeros(pass, T, C), *dk = zeros(pass, T, C);
    float *dv = zeros(pass, T, C), *dy;
    dy = linear_backward(pass, dx, a->hidden, &w[FFN_DOWN], T);
    for (size_t i = 0; i < T * F; i++)
        dy[i] *= a->slope[i];
    dy = linear_backward(pass, dy, a->ffn_norm.y, &w[FFN_UP], T);
    norm_backward(dx, dy, &a->ffn_norm, &w[FFN_NORM], T);
    dy = linear_backward(pass, dx, a->o, &w[ATTN_OUT], T);
    attention_backward(dq, dk, dv, dy, a, T, C, model->H);
    dy = linear_backward(pass, dq, a->norm.y, &w[ATTN_Q], T);
    add(dy, 1, linear_backward(pass, dk, a->norm.y, &w[ATTN_K], T), T * C);
    add(dy, 1, linear_backward(pass, dv, a->norm.y, &w[ATTN_V], T), T * C);
    norm_backward(dx, dy, &a->norm, &w[ATTN_NORM], T);
}

/* The loss of a token, given the output of the last norm, y (C):
 *     z = W y,  l = log sum exp(z) - z[token],
 *     dz = scale (softmax(z) - onehot(token)),  dy = W^T dz,  dW = dz y^T
 * with W (V, C), the token embedding, and z (V), the logits. */
static double predict(const struct tensor *W, const float *y, float *dy,
                      float *z, size_t token, float scale)
{
    size_t V = W->rows, C = W->cols;
    double max = -HUGE_VAL, sum = 0;
    for (size_t i = 0; i < V; i++) {
        z[i] = dot(W->w + i * C, y, C);
        max = fmax(max, (double)z[i]);
    }
    for (size_t i = 0; i < V; i++)
        sum += exp((double)z[i] - max);
    for (size_t i = 0; i < V; i++) {
        float p = (float)(exp((double)z[i] - max) / sum);
        float dz = scale * (i == token ? p - 1 : p);
        add(dy, dz, W->w + i * C, C);
        add(W->dw + i * C, dz, y, C);
    }
    return max + log(sum) - (double)z[token];
}

/* L(x, y), the sum of the losses of the answer's tokens; scale times its
 * gradient is added to dw of every tensor. */
static double forward_backward(struct model *model,
                               const struct record *record, float scale)
{
    size_t T = record->T, C = model->C, L = model->n_layer;
    struct pass pass = {allocate(24 * L + 8, sizeof(float *)), 0};
    struct activations *layers = allocate(L, sizeof *layers);
    float *x = zeros(&pass, T, C), *dx = zeros(&pass, T, C);
    float *dy = zeros(&pass, T, C), *logits = zeros(&pass, model->V, 1);
    double loss = 0;
    for (size_t t = 0; t < T; t++)
        add(x + t * C, 1, model->token->w + (size_t)record->ids[t] * C, C);
    add(x, 1, model->position->w, T * C);
    for (size_t l = 0; l < L; l++)
        layers[l] = layer_forward(&pass, model, l, x, T);
    struct norm norm = normalize(&pass, x, model->output_norm, T, model->eps);
    for (size_t t = record->answer; t < T; t++)
        loss += predict(model->token, norm.y + t * C, dy + t * C, logits,
                        (size_t)record->ids[t + 1], scale);
    norm_backward(dx, dy, &norm, model->output_norm, T);
    for (size_t l = L; l-- > 0;)
        layer_backward(&pass, model, l, &layers[l], dx, T);
    for (size_t t = 0; t < T; t++)
        add(model->token->dw + (size_t)record->ids[t] * C, 1, dx + t * C, C);
    add(model->position->dw, 1, dx, T * C);
    while (pass.n > 0)
        free(pass.made[--pass.n]);
    free(pass.made);
    free(layers);
    return loss;
}

/* --- 7. AdamW, the learning rate, the steps ------------------------------- */

/* Those of `pith align` where nothing else is asked for. */
static const double BETA1 = 0.9, BETA2 = 0.999, EPS = 1e-8, CLIP = 1;
enum { EPOCHS = 3, MAX_TOKENS = 512, SEED = 1 };

/* AdamW, without weight decay.  With g = dw, clipped so that its norm over all
 * tensors is at most CLIP, and step counted from 1:
 *     m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2,
 *     w = w - lr m / (1 - beta1^step) / (sqrt(v / (1 - beta2^step)) + eps)
 * Returns the norm before clipping.  dw is 0 again. */
static double adamw(struct model *model, double lr, double step)
{
    float rest1 = (float)(1 - BETA1), rest2 = (float)(1 - BETA2);
    float rate = (float)(lr / (1 - pow(BETA1, step)));
    float root = (float)(1 / sqrt(1 - pow(BETA2, step)));
    struct tensor *end = model->tensors + model->n_tensors;
    double size = 0;
    for (struct tensor *t = model->tensors; t < end; t++)
        for (size_t i = 0; i < t->rows * t->cols; i++)
            size += (double)t->dw[i] * (double)t->dw[i];
    float scale = (float)(size > CLIP * CLIP ? CLIP / sqrt(size) : 1);
    for (struct tensor *t = model->tensors; t < end; t++)
        for (size_t i = 0; i < t->rows * t->cols; i++) {
            float g = t->dw[i] * scale;
            t->m[i] = (float)BETA1 * t->m[i] + rest1 * g;
            t->v[i] = (float)BETA2 * t->v[i] + rest2 * g * g;
            t->w[i] -= rate * t->m[i] / (sqrtf(t->v[i]) * root + (float)EPS);
            t->dw[i] = 0;
        }
    return sqrt(size);
}

/* Straight up during the first 3 % of the steps, then down half a cosine. */
static double learning_rate(double lr, size_t step, size_t n_steps)
{
    size_t warmup = (3 * n_steps + 99) / 100;
    if (step < warmup)
        return lr * (double)(step + 1) / (double)warmup;
    double way = (double)(step - warmup) / (double)(n_steps - warmup);
    return lr * 0.5 * (1 + cos(3.14159265358979323846 * way));
}

/* The order of an epoch: Fisher and Yates's shuffle, with SplitMix64 (Steele,
 * Lea, Flood). */
static void shuffle(size_t *order, size_t n, uint64_t *random)
{
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i > 1; i--) {
        uint64_t z = *random += 0x9E3779B97F4A7C15u;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
        z = (z ^ z >> 27) * 0x94D049BB133111EBu;
        z = (z ^ z >> 31) % i;
        size_t last = order[i - 1];
        order[i - 1] = order[z];
        order[z] = last;
    }
}

/* Each step takes the next records of the epoch and moves the weights against
 * the gradient of their mean loss a token. */
static void train(struct model *model, const struct record *records,
                  size_t n_records, size_t n_steps, size_t batch, double lr)
{
    size_t *order = allocate(n_records, sizeof *order), at = 0, end;
    uint64_t random = SEED;
    for (size_t step = 0; step < n_steps; step++) {
        size_t n_tokens = 0;
        double loss = 0, rate = learning_rate(lr, step, n_steps);
        if (at == 0)
            shuffle(order, n_records, &random);
        end = n_records - at < batch ? n_records : at + batch;
        for (size_t i = at; i < end; i++)
            n_tokens += records[order[i]].T - records[order[i]].answer;
        for (size_t i = at; i < end; i++)
            loss += forward_backward(model, &records[order[i]],
                                     (float)(1.0 / (double)n_tokens));
        double norm = adamw(model, rate, (double)(step + 1));
        printf("step %zu of %zu  loss %.6f  gradient %.4f  rate %.2e\n",
               step + 1, n_steps, loss / (double)n_tokens, norm, rate);
        at = end < n_records ? end : 0;
    }
}

int main(int argc, char **argv)
{
    struct model model;
    struct record *records;
    size_t batch = argc > 3 ? strtoul(argv[3], NULL, 10) : 32;
    double lr = argc > 5 ? strtod(argv[5], NULL) : 1e-4;
    if (argc < 3 || argc > 6 || batch == 0 || !(lr > 0))
        fail("usage: alignment MODEL.pith DATA.jsonl [BATCH [STEPS [RATE]]]");
    read_model(&model, argv[1]);
    size_t n = read_data(&records, argv[2], &model.tokenizer,
                         model.n_ctx < MAX_TOKENS ? model.n_ctx : MAX_TOKENS);
    size_t n_steps = argc > 4 ? strtoul(argv[4], NULL, 10)
                              : EPOCHS * ((n - 1) / batch + 1);
    train(&model, records, n, n_steps, batch, lr);
}
