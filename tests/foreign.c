/*
 * foreign.c - see foreign.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "foreign.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../src/base/narrow.h"
#include "../src/base/store.h"
#include "../src/base/utf8.h"
#include "../src/json/json.h"
#include "support.h"

#ifdef _WIN32
#include <direct.h>
#define mkdir(path, mode) _mkdir(path)
#endif

enum { N_MERGES = 5, N_SENTENCE_PIECES = 7 };

/* --- the model -------------------------------------------------------------*/

void foreign_init(struct foreign *model, enum foreign_kind kind)
{
    foreign_init_padded(model, kind, 0);
}

void foreign_init_padded(struct foreign *model, enum foreign_kind kind,
                         size_t n_rows)
{
    bool gpt2 = kind == FOREIGN_GPT2;
    bool all_heads = gpt2 || kind == FOREIGN_LLAMA_TIED;
    bool bytes = gpt2 || kind == FOREIGN_LLAMA_BYTES;
    uint64_t seed = 7 + (uint64_t)kind;
    *model = (struct foreign){
        .kind = kind,
        .n_pieces = bytes ? 2 + 256 + N_MERGES : 3 + 256 + N_SENTENCE_PIECES};
    model->config = (struct pith_config){
        .arch = gpt2 ? PITH_ARCH_GPT2 : PITH_ARCH_LLAMA,
        .n_vocab = (uint32_t)(model->n_pieces + n_rows),
        .n_ctx = 32, .n_embd = 64, .n_layer = 2, .n_head = 4,
        .n_kv_head = all_heads ? 4 : 2, .head_dim = 16,
        .n_ff = gpt2 ? 256 : 96, .norm_eps = 1e-5f,
        .rope_theta = gpt2 ? 0 : 10000, .tied = kind != FOREIGN_LLAMA};
    model->n_tensors = pith_config_n_tensors(&model->config);
    model->specs = calloc(model->n_tensors, sizeof *model->specs);
    model->values = calloc(model->n_tensors, sizeof *model->values);
    for (size_t i = 0; i < model->n_tensors; i++) {
        struct pith_tensor_spec *spec = &model->specs[i];
        pith_config_tensor(&model->config, i, spec);
        model->values[i] = calloc(spec->rows * spec->cols, sizeof(float));
        for (size_t j = 0; j < spec->rows * spec->cols; j++)
            model->values[i][j] = (float)random_below(&seed, 16) / 8 - 1;
    }
}

void foreign_free(struct foreign *model)
{
    for (size_t i = 0; i < model->n_tensors; i++)
        free(model->values[i]);
    free(model->values);
    free(model->specs);
}

static const float *values_of(const struct foreign *model, const char *name)
{
    for (size_t i = 0; i < model->n_tensors; i++)
        if (strcmp(model->specs[i].name, name) == 0)
            return model->values[i];
    ck_abort_msg("no tensor %s", name);
    return NULL;
}

/* --- tensors as they are stored --------------------------------------------*/

struct stored {
    char name[96];
    size_t rows, cols; /* a vector has rows 0 */
    float *values;
};

struct list {
    struct stored items[64];
    size_t n;
};

static struct stored *add(struct list *list, const char *name, size_t rows,
                          size_t cols)
{
    struct stored *item = &list->items[list->n++];
    ck_assert_uint_lt(list->n, 64);
    snprintf(item->name, sizeof item->name, "%s", name);
    item->rows = rows;
    item->cols = cols;
    item->values = calloc((rows > 0 ? rows : 1) * cols, sizeof(float));
    return item;
}

static void free_list(struct list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i].values);
}

static void remove_named(struct list *list, const char *name)
{
    size_t i = 0;
    while (strcmp(list->items[i].name, name) != 0)
        ck_assert_uint_lt(++i, list->n);
    free(list->items[i].values);
    list->items[i] = list->items[--list->n];
}

static void add_copy(struct list *list, const struct foreign *model,
                     const char *ours, const char *theirs, size_t rows,
                     size_t cols)
{
    struct stored *item = add(list, theirs, rows, cols);
    memcpy(item->values, values_of(model, ours),
           (rows > 0 ? rows : 1) * cols * sizeof(float));
}

/* Conv1D keeps (in, out): ours (rows, cols) at column `at` of `total`. */
static void put_transposed(struct stored *item, const float *ours, size_t rows,
                           size_t cols, size_t at)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++)
            item->values[c * item->cols + at + r] = ours[r * cols + c];
}

/* Element i of a head and i + D/2 become adjacent. */
static void put_interleaved(struct stored *item, const float *ours, size_t dim)
{
    for (size_t row = 0; row < item->rows; row++) {
        size_t head = row / dim, i = row % dim;
        size_t from = head * dim + i / 2 + (i % 2) * (dim / 2);
        memcpy(item->values + row * item->cols, ours + from * item->cols,
               item->cols * sizeof(float));
    }
}

/* A name of a layer, in a static buffer. */
static const char *layered(const char *format, size_t layer, const char *rest)
{
    static char names[4][160];
    static int next;
    next = (next + 1) % 4;
    snprintf(names[next], sizeof names[next], format, layer, rest);
    return names[next];
}

static const char *ours(size_t layer, const char *rest)
{
    return layered("layers.%zu.%s", layer, rest);
}

struct pair {
    const char *ours, *theirs;
};

static void list_gpt2_layer(struct list *list, const struct foreign *model,
                            size_t layer, const char *format)
{
    static const struct pair vectors[] = {
        {"attn_norm.weight", "ln_1.weight"}, {"attn_norm.bias", "ln_1.bias"},
        {"attn_out.bias", "attn.c_proj.bias"},
        {"ffn_norm.weight", "ln_2.weight"}, {"ffn_norm.bias", "ln_2.bias"},
        {"ffn_up.bias", "mlp.c_fc.bias"}, {"ffn_down.bias", "mlp.c_proj.bias"}};
    static const struct pair matrices[] = {
        {"attn_out.weight", "attn.c_proj.weight"},
        {"ffn_up.weight", "mlp.c_fc.weight"},
        {"ffn_down.weight", "mlp.c_proj.weight"}};
    static const char *const fused[] = {"attn_q", "attn_k", "attn_v"};
    size_t C = model->config.n_embd, F = model->config.n_ff;
    char name[96];

    for (size_t i = 0; i < 7; i++)
        add_copy(list, model, ours(layer, vectors[i].ours),
                 layered(format, layer, vectors[i].theirs), 0,
                 i == 5 ? F : C);
    for (size_t i = 0; i < 3; i++) {
        size_t rows = i == 1 ? F : C, cols = i == 2 ? F : C;
        put_transposed(add(list, layered(format, layer, matrices[i].theirs),
                           cols, rows),
                       values_of(model, ours(layer, matrices[i].ours)), rows,
                       cols, 0);
    }
    struct stored *weight =
        add(list, layered(format, layer, "attn.c_attn.weight"), C, 3 * C);
    struct stored *bias =
        add(list, layered(format, layer, "attn.c_attn.bias"), 0, 3 * C);
    for (size_t third = 0; third < 3; third++) {
        snprintf(name, sizeof name, "%s.weight", fused[third]);
        put_transposed(weight, values_of(model, ours(layer, name)), C, C,
                       third * C);
        snprintf(name, sizeof name, "%s.bias", fused[third]);
        memcpy(bias->values + third * C, values_of(model, ours(layer, name)),
               C * sizeof(float));
    }
}

static void list_llama_layer(struct list *list, const struct foreign *model,
                             size_t layer, const char *format)
{
    static const struct pair pairs[] = {
        {"attn_norm.weight", "input_layernorm.weight"},
        {"attn_q.weight", "self_attn.q_proj.weight"},
        {"attn_k.weight", "self_attn.k_proj.weight"},
        {"attn_v.weight", "self_attn.v_proj.weight"},
        {"attn_out.weight", "self_attn.o_proj.weight"},
        {"ffn_norm.weight", "post_attention_layernorm.weight"},
        {"ffn_gate.weight", "mlp.gate_proj.weight"},
        {"ffn_up.weight", "mlp.up_proj.weight"},
        {"ffn_down.weight", "mlp.down_proj.weight"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        for (size_t t = 0; t < model->n_tensors; t++) {
            const struct pith_tensor_spec *spec = &model->specs[t];
            if (strcmp(spec->name, ours(layer, pairs[i].ours)) == 0)
                add_copy(list, model, spec->name,
                         layered(format, layer, pairs[i].theirs),
                         spec->rows == 1 ? 0 : spec->rows, spec->cols);
        }
}

/* Buffers that have no effect, of types that nothing else has. */
static void list_buffers(struct list *list, const struct foreign *model,
                         const char *format)
{
    if (model->kind == FOREIGN_GPT2) {
        add(list, layered(format, 0, "attn.bias"), 4, 4);
        add(list, layered(format, 0, "attn.masked_bias"), 0, 1);
    } else {
        add(list, layered(format, 0, "self_attn.rotary_emb.inv_freq"), 0, 8);
    }
    if (model->config.tied)
        add(list, "lm_head.weight", model->config.n_vocab,
            model->config.n_embd);
}

static void list_huggingface(struct list *list, const struct foreign *model,
                             const struct foreign_folder *how)
{
    const struct pith_config *config = &model->config;
    bool gpt2 = model->kind == FOREIGN_GPT2;
    const char *prefix = how->bare ? "" : gpt2 ? "transformer." : "model.";
    char format[64], name[96];
    size_t C = config->n_embd;

    list->n = 0;
    snprintf(format, sizeof format, "%s%s.%%zu.%%s", prefix,
             gpt2 ? "h" : "layers");
    snprintf(name, sizeof name, "%s%s.weight", prefix,
             gpt2 ? "wte" : "embed_tokens");
    add_copy(list, model, "token_embedding.weight", name, config->n_vocab, C);
    snprintf(name, sizeof name, "%s%s.weight", prefix, gpt2 ? "ln_f" : "norm");
    add_copy(list, model, "output_norm.weight", name, 0, C);
    if (gpt2) {
        snprintf(name, sizeof name, "%swpe.weight", prefix);
        add_copy(list, model, "position_embedding.weight", name, config->n_ctx,
                 C);
        snprintf(name, sizeof name, "%sln_f.bias", prefix);
        add_copy(list, model, "output_norm.bias", name, 0, C);
    }
    for (size_t layer = 0; layer < config->n_layer; layer++) {
        if (gpt2)
            list_gpt2_layer(list, model, layer, format);
        else
            list_llama_layer(list, model, layer, format);
    }
    if (!config->tied)
        add_copy(list, model, "output.weight", "lm_head.weight",
                 config->n_vocab, C);
    if (how->buffers)
        list_buffers(list, model, format);
    if (how->only_head)
        add_copy(list, model, "token_embedding.weight", "lm_head.weight",
                 config->n_vocab, C);
    if (how->without != NULL)
        remove_named(list, how->without);
}

static void list_gguf(struct list *list, const struct foreign *model)
{
    static const struct pair words[] = {
        {"token_embedding", "token_embd"}, {"attn_out", "attn_output"},
        {"position_embedding", "position_embd"}};
    bool gpt2 = model->kind == FOREIGN_GPT2;
    size_t C = model->config.n_embd;
    list->n = 0;
    for (size_t t = 0; t < model->n_tensors; t++) {
        const struct pith_tensor_spec *spec = &model->specs[t];
        size_t rows = spec->rows == 1 ? 0 : spec->rows;
        char name[96], part[48] = "";
        const char *at = spec->name, *dot;
        unsigned layer = 0;
        int n = 0;
        if (sscanf(at, "layers.%u.%n", &layer, &n) == 1)
            at += n;
        dot = strchr(at, '.');
        snprintf(part, sizeof part, "%.*s", (int)(dot - at), at);
        for (size_t i = 0; i < 3; i++)
            if (strcmp(part, words[i].ours) == 0)
                snprintf(part, sizeof part, "%s", words[i].theirs);
        bool fused = gpt2 && (strcmp(part, "attn_q") == 0 ||
                              strcmp(part, "attn_k") == 0 ||
                              strcmp(part, "attn_v") == 0);
        if (fused)
            snprintf(part, sizeof part, "attn_qkv");
        if (n > 0)
            snprintf(name, sizeof name, "blk.%u.%s%s", layer, part, dot);
        else
            snprintf(name, sizeof name, "%s%s", part, dot);
        if (fused) { /* q, k, v one below the other */
            struct stored *last = NULL;
            for (size_t i = 0; i < list->n; i++)
                if (strcmp(list->items[i].name, name) == 0)
                    last = &list->items[i];
            if (last == NULL)
                last = add(list, name, rows > 0 ? 3 * C : 0, rows > 0 ? C
                                                                   : 3 * C);
            size_t third = strstr(spec->name, "attn_q") ? 0
                           : strstr(spec->name, "attn_k") ? 1 : 2;
            memcpy(last->values + third * spec->rows * spec->cols,
                   model->values[t],
                   spec->rows * spec->cols * sizeof(float));
        } else if (!gpt2 && (strcmp(part, "attn_q") == 0 ||
                             strcmp(part, "attn_k") == 0)) {
            put_interleaved(add(list, name, rows, spec->cols),
                            model->values[t], model->config.head_dim);
        } else {
            add_copy(list, model, spec->name, name, rows, spec->cols);
        }
    }
}

/* --- bytes -----------------------------------------------------------------*/

static void put_u32(struct pith_buffer *out, uint32_t value)
{
    uint8_t bytes[4];
    pith_store_u32(bytes, value);
    pith_buffer_append(out, bytes, sizeof bytes);
}

static void put_u64(struct pith_buffer *out, uint64_t value)
{
    put_u32(out, (uint32_t)value);
    put_u32(out, (uint32_t)(value >> 32));
}

static void put_u16(struct pith_buffer *out, uint16_t value)
{
    uint8_t bytes[2];
    pith_store_u16(bytes, value);
    pith_buffer_append(out, bytes, sizeof bytes);
}

static void put_f32(struct pith_buffer *out, float value)
{
    put_u32(out, pith_float_bits(value));
}

/* 32 weights k/8 - 1, k in 0..15, as GGUF's blocks keep them. */
static void put_block(struct pith_buffer *out, int type, const float *w)
{
    int k[32];
    for (int j = 0; j < 32; j++)
        k[j] = (int)(w[j] * 8) + 8;
    put_u16(out, pith_f32_to_f16(0.125f));
    if (type == FOREIGN_Q4_1)
        put_u16(out, pith_f32_to_f16(-1));
    for (int j = 0; j < (type == FOREIGN_Q8_0 ? 32 : 16); j++)
        pith_buffer_byte(out, (char)(type == FOREIGN_Q8_0
                                         ? k[j] - 8 : k[j] | k[j + 16] << 4));
}

static void put_values(struct pith_buffer *out, int type, const float *w,
                       size_t n)
{
    bool blocks = type == FOREIGN_Q4_0 || type == FOREIGN_Q4_1 ||
                  type == FOREIGN_Q8_0;
    for (size_t i = 0; i < n; i += blocks ? 32 : 1) {
        if (blocks)
            put_block(out, type, w + i);
        else if (type == FOREIGN_F16)
            put_u16(out, pith_f32_to_f16(w[i]));
        else if (type == FOREIGN_BF16)
            put_u16(out, pith_f32_to_bf16(w[i]));
        else
            put_f32(out, w[i]);
    }
}

void write_whole_file(const char *path, const void *bytes, size_t size)
{
    FILE *stream = fopen(path, "wb");
    ck_assert_msg(stream != NULL, "cannot create %s", path);
    ck_assert_uint_eq(fwrite(bytes, 1, size, stream), size);
    ck_assert_int_eq(fclose(stream), 0);
}

static void write_buffer(const char *path, struct pith_buffer *buffer)
{
    ck_assert(!buffer->failed);
    write_whole_file(path, buffer->data, buffer->size);
    pith_buffer_free(buffer);
}

void edit_file(const char *path, const char *from, const char *to)
{
    size_t size, length = strlen(from);
    char *bytes = read_whole_file(path, &size);
    for (size_t i = 0; i + length <= size; i++) {
        if (memcmp(bytes + i, from, length) != 0)
            continue;
        struct pith_buffer out = {0};
        pith_buffer_append(&out, bytes, i);
        pith_buffer_string(&out, to);
        pith_buffer_append(&out, bytes + i + length, size - i - length);
        write_buffer(path, &out);
        free(bytes);
        return;
    }
    ck_abort_msg("%s does not hold %s", path, from);
}

/* --- tokenizers ------------------------------------------------------------*/

static const struct {
    const char *left, *right;
} merges[N_MERGES] = {
    {"h", "e"}, {"\xC4\xA0", "t"}, {"l", "l"}, {"he", "ll"}, {"\"", "\\"}};

/* GPT-2's spelling of a byte. */
static struct pith_text spell_byte(int byte, char out[4])
{
    int code = byte, hidden = 0;
    for (int b = 0; b <= byte; b++) {
        bool shown = (b > 32 && b < 127) || (b > 160 && b != 173);
        if (!shown)
            code = 256 + hidden++;
        else
            code = b;
    }
    return (struct pith_text){out, pith_utf8_encode((uint32_t)code, out)};
}

/* Two special tokens, the bytes, what the merges make. */
static void byte_level_piece(size_t id, struct pith_buffer *out)
{
    char bytes[4];
    out->size = 0;
    if (id < 2) {
        pith_buffer_string(out, id == 0 ? "<|endoftext|>" : "<|x y|>");
    } else if (id < 258) {
        struct pith_text text = spell_byte((int)id - 2, bytes);
        pith_buffer_append(out, text.bytes, text.size);
    } else {
        pith_buffer_string(out, merges[id - 258].left);
        pith_buffer_string(out, merges[id - 258].right);
    }
}

static void sentence_piece(size_t id, struct pith_buffer *out, float *score,
                           int *type)
{
    static const char *const first[] = {"<unk>", "<s>", "</s>"};
    static const char *const words[N_SENTENCE_PIECES] = {
        "\xE2\x96\x81", "a", "b", "c", "ab", ("\xE2\x96\x81" "a"), "abc"};
    out->size = 0;
    *score = id < 259 ? 0 : -(float)(id - 259);
    *type = id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1;
    if (id < 3)
        pith_buffer_string(out, first[id]);
    else if (id < 259)
        pith_buffer_printf(out, "<0x%02zX>", id - 3);
    else
        pith_buffer_string(out, words[id - 259]);
}

static bool has_byte_level(const struct foreign *model)
{
    return model->kind == FOREIGN_GPT2 || model->kind == FOREIGN_LLAMA_BYTES;
}

static void write_vocab(struct pith_buffer *out, const struct foreign *model)
{
    struct pith_buffer piece = {0};
    for (size_t id = 0; id < model->n_pieces; id++) {
        byte_level_piece(id, &piece);
        pith_buffer_string(out, id == 0 ? "{" : ",\n");
        pith_json_write_string(out, (struct pith_text){piece.data, piece.size});
        pith_buffer_printf(out, ": %zu", id);
    }
    pith_buffer_string(out, "}");
    pith_buffer_free(&piece);
}

static void write_merge_list(struct pith_buffer *out, bool spaced)
{
    for (size_t i = 0; i < N_MERGES; i++) {
        char line[32];
        pith_buffer_string(out, i == 0 ? "[" : ", ");
        if (spaced) {
            snprintf(line, sizeof line, "%s %s", merges[i].left,
                     merges[i].right);
            pith_json_write_string(out,
                                   (struct pith_text){line, strlen(line)});
            continue;
        }
        pith_buffer_string(out, "[");
        pith_json_write_string(
            out, (struct pith_text){merges[i].left, strlen(merges[i].left)});
        pith_buffer_string(out, ", ");
        pith_json_write_string(
            out, (struct pith_text){merges[i].right, strlen(merges[i].right)});
        pith_buffer_string(out, "]");
    }
    pith_buffer_string(out, "]");
}

static void write_tokenizer_json(struct pith_buffer *out,
                                 const struct foreign *model, bool spaced)
{
    static const char byte_level[] =
        "{\"type\": \"ByteLevel\", \"add_prefix_space\": false, "
        "\"trim_offsets\": true, \"use_regex\": true}";
    pith_buffer_string(
        out, "{\"version\": \"1.0\", \"added_tokens\": [{\"id\": 0, "
        "\"content\": \"<|endoftext|>\", \"single_word\": false, \"lstrip\": "
        "false, \"rstrip\": false, \"normalized\": false, \"special\": true}, "
        "{\"id\": 1, \"content\": \"<|x y|>\", \"special\": true}],\n"
        "\"normalizer\": null,\n\"pre_tokenizer\": ");
    if (model->kind == FOREIGN_GPT2)
        pith_buffer_string(out, byte_level);
    else
        pith_buffer_printf(out, "{\"type\": \"Sequence\", \"pretokenizers\": "
                           "[{\"type\": \"Digits\", \"individual_digits\": "
                           "true}, %s]}", byte_level);
    pith_buffer_string(out, ",\n\"post_processor\": null,\n\"decoder\": "
                       "{\"type\": \"ByteLevel\"},\n\"model\": {\"type\": "
                       "\"BPE\", \"dropout\": null, \"byte_fallback\": false, "
                       "\"vocab\": ");
    write_vocab(out, model);
    pith_buffer_string(out, ",\n\"merges\": ");
    write_merge_list(out, spaced);
    pith_buffer_string(out, "}}");
}

/* A protocol-buffer field of bytes; shorter than 128 * 128. */
static void put_message(struct pith_buffer *out, int number,
                        const struct pith_buffer *in)
{
    pith_buffer_byte(out, (char)(number << 3 | 2));
    if (in->size >= 128)
        pith_buffer_byte(out, (char)(in->size % 128 | 128));
    pith_buffer_byte(out, (char)(in->size >= 128 ? in->size / 128 : in->size));
    pith_buffer_append(out, in->data, in->size);
}

static void write_sentencepiece(struct pith_buffer *out,
                                const struct foreign *model)
{
    /* trainer_spec: model_type BPE; byte_fallback, field 35.
     * normalizer_spec: "identity", no charsmap, dummy prefix, spaces kept. */
    static const char trainer[] = "\x18\x02\x98\x02\x01";
    static const char normalizer[] = "\x0A\x08identity\x18\x01\x20\x00";
    struct pith_buffer text = {0}, piece = {0};
    for (size_t id = 0; id < model->n_pieces; id++) {
        float score;
        int type;
        sentence_piece(id, &text, &score, &type);
        piece.size = 0;
        put_message(&piece, 1, &text);
        pith_buffer_byte(&piece, 0x15);
        put_f32(&piece, score);
        pith_buffer_byte(&piece, 0x18);
        pith_buffer_byte(&piece, (char)type);
        put_message(out, 1, &piece);
    }
    piece.size = 0;
    pith_buffer_append(&piece, trainer, sizeof trainer - 1);
    put_message(out, 2, &piece);
    piece.size = 0;
    pith_buffer_append(&piece, normalizer, sizeof normalizer - 1);
    put_message(out, 3, &piece);
    pith_buffer_free(&text);
    pith_buffer_free(&piece);
}

/* --- Hugging Face folders --------------------------------------------------*/

static const char *in_folder(const char *folder, const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int gguf_type_of(const char *type)
{
    return strcmp(type, "F16") == 0    ? FOREIGN_F16
           : strcmp(type, "BF16") == 0 ? FOREIGN_BF16
                                       : FOREIGN_F32;
}

static void write_safetensors(const char *path, const struct list *list,
                              size_t from, size_t to,
                              const struct foreign_folder *how)
{
    struct pith_buffer header = {0}, data = {0}, out = {0};
    const char *type = how->type;
    pith_buffer_printf(&header, "{\"__metadata__\": {\"format\": \"pt\"%s}",
                       how->metadata != NULL ? how->metadata : "");
    for (size_t i = from; i < to; i++) {
        const struct stored *item = &list->items[i];
        size_t start = data.size, n = (item->rows > 0 ? item->rows : 1) *
                                      item->cols;
        put_values(&data, gguf_type_of(type), item->values, n);
        pith_buffer_printf(&header, ", \"%s\": {\"dtype\": \"%s\", \"shape\": [",
                           item->name, type);
        if (item->rows > 0)
            pith_buffer_printf(&header, "%zu, ", item->rows);
        pith_buffer_printf(&header, "%zu], \"data_offsets\": [%zu, %zu]}",
                           item->cols, start, data.size);
    }
    pith_buffer_string(&header, "}");
    while (header.size % 8 != 0)
        pith_buffer_byte(&header, ' ');
    put_u64(&out, header.size);
    pith_buffer_append(&out, header.data, header.size);
    pith_buffer_append(&out, data.data, data.size);
    pith_buffer_free(&header);
    pith_buffer_free(&data);
    write_buffer(path, &out);
}

static void write_index(const char *path, const struct list *list,
                        size_t first)
{
    struct pith_buffer out = {0};
    pith_buffer_string(&out, "{\"metadata\": {}, \"weight_map\": {");
    for (size_t i = 0; i < list->n; i++)
        pith_buffer_printf(&out, "%s\"%s\": \"model-%d.safetensors\"",
                           i > 0 ? ", " : "", list->items[i].name,
                           i < first ? 1 : 2);
    pith_buffer_string(&out, "}}");
    write_buffer(path, &out);
}

static void write_config(const struct foreign *model, const char *path)
{
    const struct pith_config *c = &model->config;
    struct pith_buffer out = {0};
    if (model->kind == FOREIGN_GPT2)
        pith_buffer_printf(
            &out, "{\"model_type\": \"gpt2\", \"vocab_size\": %u, "
            "\"n_positions\": %u, \"n_embd\": %u, \"n_layer\": %u, "
            "\"n_head\": %u, \"n_inner\": null, \"activation_function\": "
            "\"gelu_new\", \"layer_norm_epsilon\": 1e-05, \"scale_attn_weights\""
            ": true, \"scale_attn_by_inverse_layer_idx\": false, "
            "\"reorder_and_upcast_attn\": true, \"bos_token_id\": 0, "
            "\"eos_token_id\": [0, 1]}",
            c->n_vocab, c->n_ctx, c->n_embd, c->n_layer, c->n_head);
    else
        pith_buffer_printf(
            &out, "{\"model_type\": \"llama\", \"vocab_size\": %u, "
            "\"max_position_embeddings\": %u, \"hidden_size\": %u, "
            "\"num_hidden_layers\": %u, \"num_attention_heads\": %u, "
            "\"num_key_value_heads\": %u, \"intermediate_size\": %u, "
            "\"hidden_act\": \"silu\", \"rms_norm_eps\": 1e-05, \"rope_theta\": "
            "10000.0, \"rope_scaling\": null, \"attention_bias\": false, "
            "\"mlp_bias\": false, \"tie_word_embeddings\": %s, "
            "\"bos_token_id\": %d, \"eos_token_id\": %d}",
            c->n_vocab, c->n_ctx, c->n_embd, c->n_layer, c->n_head,
            c->n_kv_head, c->n_ff, c->tied ? "true" : "false",
            has_byte_level(model) ? 0 : 1, has_byte_level(model) ? 0 : 2);
    write_buffer(path, &out);
}

static void write_tokenizer(const struct foreign *model,
                            const struct foreign_folder *how,
                            const char *folder)
{
    struct pith_buffer out = {0};
    if (!has_byte_level(model)) {
        write_sentencepiece(&out, model);
        write_buffer(in_folder(folder, "tokenizer.model"), &out);
    } else if (how->vocab_and_merges) {
        write_vocab(&out, model);
        write_buffer(in_folder(folder, "vocab.json"), &out);
        pith_buffer_string(&out, "#version: 0.2\n");
        for (size_t i = 0; i < N_MERGES; i++)
            pith_buffer_printf(&out, "%s %s\n", merges[i].left,
                               merges[i].right);
        write_buffer(in_folder(folder, "merges.txt"), &out);
        /* Nothing else says that this one is special. */
        static const char settings[] =
            "{\"additional_special_tokens\": [\"<|x y|>\"]}";
        write_whole_file(in_folder(folder, "tokenizer_config.json"), settings,
                         sizeof settings - 1);
    } else {
        write_tokenizer_json(&out, model, how->spaced_merges);
        write_buffer(in_folder(folder, "tokenizer.json"), &out);
    }
}

void foreign_folder_write(const struct foreign *model,
                          const struct foreign_folder *how,
                          const char *folder)
{
    struct list list;
    foreign_folder_remove(folder);
    /* Files that a killed run of the same process number left do no harm. */
    ck_assert(mkdir(folder, 0700) == 0 || errno == EEXIST);
    write_config(model, in_folder(folder, "config.json"));
    list_huggingface(&list, model, how);
    if (how->sharded) {
        size_t first = list.n / 2;
        write_safetensors(in_folder(folder, "model-1.safetensors"), &list, 0,
                          first, how);
        write_safetensors(in_folder(folder, "model-2.safetensors"), &list,
                          first, list.n, how);
        write_index(in_folder(folder, "model.safetensors.index.json"), &list,
                    first);
    } else {
        write_safetensors(in_folder(folder, "model.safetensors"), &list, 0,
                          list.n, how);
    }
    free_list(&list);
    if (!how->no_tokenizer)
        write_tokenizer(model, how, folder);
}

void foreign_folder_remove(const char *folder)
{
    static const char *const names[] = {
        "config.json", "model.safetensors", "model-1.safetensors",
        "model-2.safetensors", "model.safetensors.index.json",
        "tokenizer.json", "tokenizer.model", "vocab.json", "merges.txt",
        "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "out.pith", "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors", "params.json",
        "adapter_config.json", "pytorch_model.bin", "snapshots"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(in_folder(folder, names[i]));
    rmdir(folder);
}

/* --- GGUF ------------------------------------------------------------------*/

static void put_string(struct pith_buffer *out, const char *text)
{
    put_u64(out, strlen(text));
    pith_buffer_string(out, text);
}

static void put_key(struct pith_buffer *out, const char *key, uint32_t type,
                    uint64_t *n)
{
    put_string(out, key);
    put_u32(out, type);
    ++*n;
}

static void put_text_key(struct pith_buffer *out, const char *key,
                         const char *text, uint64_t *n)
{
    put_key(out, key, 8, n);
    put_string(out, text);
}

static void put_number_key(struct pith_buffer *out, const char *key,
                           uint32_t value, uint64_t *n)
{
    put_key(out, key, 4, n);
    put_u32(out, value);
}

static void put_list_key(struct pith_buffer *out, const char *key,
                         uint32_t type, uint64_t length, uint64_t *n)
{
    put_key(out, key, 9, n);
    put_u32(out, type);
    put_u64(out, length);
}

static const char *or_else(const char *text, const char *other)
{
    return text != NULL ? text : other;
}

static void put_hyper_parameters(struct pith_buffer *out,
                                 const struct foreign *model, uint64_t *n)
{
    const struct pith_config *c = &model->config;
    bool gpt2 = model->kind == FOREIGN_GPT2;
    const char *arch = gpt2 ? "gpt2" : "llama";
    char key[96];
#define ARCH(name) (snprintf(key, sizeof key, "%s." name, arch), key)
    put_text_key(out, "general.architecture",
                 or_else(model->gguf_says.architecture, arch), n);
    put_text_key(out, "general.name", "a foreign model", n);
    put_number_key(out, ARCH("context_length"), c->n_ctx, n);
    put_number_key(out, ARCH("embedding_length"), c->n_embd, n);
    put_number_key(out, ARCH("block_count"), c->n_layer, n);
    put_number_key(out, ARCH("feed_forward_length"), c->n_ff, n);
    put_number_key(out, ARCH("attention.head_count"), c->n_head, n);
    put_number_key(out, ARCH("attention.head_count_kv"), c->n_kv_head, n);
    put_number_key(out, ARCH("vocab_size"), c->n_vocab, n);
    put_key(out, gpt2 ? ARCH("attention.layer_norm_epsilon")
                      : ARCH("attention.layer_norm_rms_epsilon"), 6, n);
    put_f32(out, c->norm_eps);
    if (!gpt2) {
        put_key(out, ARCH("rope.freq_base"), 6, n);
        put_f32(out, c->rope_theta);
        put_number_key(out, ARCH("rope.dimension_count"), c->head_dim, n);
        put_text_key(out, ARCH("rope.scaling.type"),
                     or_else(model->gguf_says.rope_scaling, "none"), n);
    }
    if (model->gguf_says.n_experts > 0)
        put_number_key(out, ARCH("expert_count"), model->gguf_says.n_experts,
                       n);
#undef ARCH
}

static void put_tokens(struct pith_buffer *out, const struct foreign *model,
                       uint64_t *n)
{
    struct pith_buffer piece = {0}, types = {0}, scores = {0};
    bool byte_level = has_byte_level(model);
    put_list_key(out, "tokenizer.ggml.tokens", 8, model->n_pieces, n);
    for (size_t id = 0; id < model->n_pieces; id++) {
        float score = 0;
        int type = id < 2 ? 3 : 1;
        if (byte_level)
            byte_level_piece(id, &piece);
        else
            sentence_piece(id, &piece, &score, &type);
        put_u64(out, piece.size);
        pith_buffer_append(out, piece.data, piece.size);
        put_u32(&types, (uint32_t)type);
        put_f32(&scores, score);
    }
    put_list_key(out, "tokenizer.ggml.token_type", 5, model->n_pieces, n);
    pith_buffer_append(out, types.data, types.size);
    if (!byte_level) {
        put_list_key(out, "tokenizer.ggml.scores", 6, model->n_pieces, n);
        pith_buffer_append(out, scores.data, scores.size);
    }
    pith_buffer_free(&piece);
    pith_buffer_free(&types);
    pith_buffer_free(&scores);
}

static void put_tokenizer(struct pith_buffer *out, const struct foreign *model,
                          uint64_t *n)
{
    bool byte_level = has_byte_level(model);
    put_text_key(out, "tokenizer.ggml.model", byte_level ? "gpt2" : "llama", n);
    put_tokens(out, model, n);
    put_number_key(out, "tokenizer.ggml.bos_token_id", byte_level ? 0 : 1, n);
    put_number_key(out, "tokenizer.ggml.eos_token_id", byte_level ? 0 : 2, n);
    if (!byte_level) {
        put_number_key(out, "tokenizer.ggml.unknown_token_id", 0, n);
        return;
    }
    put_text_key(out, "tokenizer.ggml.pre",
                 or_else(model->gguf_says.pre_tokenizer,
                         model->kind == FOREIGN_GPT2 ? "gpt-2" : "smollm"), n);
    put_list_key(out, "tokenizer.ggml.merges", 8, N_MERGES, n);
    for (size_t i = 0; i < N_MERGES; i++) {
        char line[32];
        snprintf(line, sizeof line, "%s %s", merges[i].left, merges[i].right);
        put_string(out, line);
    }
}

static void pad(struct pith_buffer *out)
{
    while (out->size % 32 != 0)
        pith_buffer_byte(out, 0);
}

/* The tensors from `first` to before `last` as their own file. */
static void write_gguf_part(const struct list *list, size_t first, size_t last,
                            const struct pith_buffer *values, uint64_t n_values,
                            int type, uint32_t version, const char *path)
{
    struct pith_buffer table = {0}, data = {0}, out = {0};
    for (size_t i = first; i < last; i++) {
        const struct stored *item = &list->items[i];
        int own = item->rows > 0 ? type : FOREIGN_F32;
        put_string(&table, item->name);
        put_u32(&table, item->rows > 0 ? 2 : 1);
        put_u64(&table, item->cols);
        if (item->rows > 0)
            put_u64(&table, item->rows);
        put_u32(&table, (uint32_t)own);
        put_u64(&table, data.size);
        put_values(&data, own, item->values,
                   (item->rows > 0 ? item->rows : 1) * item->cols);
        pad(&data);
    }
    pith_buffer_string(&out, "GGUF");
    put_u32(&out, version);
    put_u64(&out, last - first);
    put_u64(&out, n_values);
    pith_buffer_append(&out, values->data, values->size);
    pith_buffer_append(&out, table.data, table.size);
    pad(&out);
    pith_buffer_append(&out, data.data, data.size);
    pith_buffer_free(&table);
    pith_buffer_free(&data);
    write_buffer(path, &out);
}

void foreign_gguf_write(const struct foreign *model, int type,
                        uint32_t version, const char *path)
{
    struct pith_buffer values = {0};
    struct list list;
    uint64_t n = 0;
    put_hyper_parameters(&values, model, &n);
    put_tokenizer(&values, model, &n);
    list_gguf(&list, model);
    write_gguf_part(&list, 0, list.n, &values, n, type, version, path);
    pith_buffer_free(&values);
    free_list(&list);
}

void foreign_gguf_write_split(const struct foreign *model, size_t n_parts,
                              const char *name)
{
    struct list list;
    list_gguf(&list, model);
    for (size_t part = 0; part < n_parts; part++) {
        struct pith_buffer values = {0};
        uint64_t n = 0;
        char path[4200];
        if (part == 0) {
            put_hyper_parameters(&values, model, &n);
            put_tokenizer(&values, model, &n);
        }
        put_number_key(&values, "split.no", (uint32_t)part, &n);
        put_number_key(&values, "split.count", (uint32_t)n_parts, &n);
        snprintf(path, sizeof path, "%s-%05zu-of-%05zu.gguf", name, part + 1,
                 n_parts);
        write_gguf_part(&list, list.n * part / n_parts,
                        list.n * (part + 1) / n_parts, &values, n, FOREIGN_F32,
                        3, path);
        pith_buffer_free(&values);
    }
    free_list(&list);
}

/* --- llama2.c --------------------------------------------------------------*/

static void put_layers(struct pith_buffer *out, const struct foreign *model,
                       const char *part)
{
    for (size_t layer = 0; layer < model->config.n_layer; layer++)
        for (size_t t = 0; t < model->n_tensors; t++) {
            const struct pith_tensor_spec *spec = &model->specs[t];
            size_t dim = model->config.head_dim;
            if (strcmp(spec->name, ours(layer, part)) != 0)
                continue;
            struct stored item = {.rows = spec->rows, .cols = spec->cols};
            bool rotary = strcmp(part, "attn_q.weight") == 0 ||
                          strcmp(part, "attn_k.weight") == 0;
            item.values = calloc(spec->rows * spec->cols, sizeof(float));
            memcpy(item.values, model->values[t],
                   spec->rows * spec->cols * sizeof(float));
            if (rotary)
                put_interleaved(&item, model->values[t], dim);
            put_values(out, FOREIGN_F32, item.values, spec->rows * spec->cols);
            free(item.values);
        }
}

static void write_tokenizer_bin(const struct foreign *model, const char *path)
{
    struct pith_buffer out = {0}, piece = {0}, shown = {0};
    put_u32(&out, 7); /* the longest piece */
    for (size_t id = 0; id < model->n_pieces; id++) {
        float score;
        int type;
        sentence_piece(id, &piece, &score, &type);
        shown.size = 0;
        if (id == 1 || id == 2)
            pith_buffer_byte(&shown, '\n');
        for (size_t i = 0; i < piece.size; i++) {
            bool space = piece.size - i >= 3 &&
                         memcmp(piece.data + i, "\xE2\x96\x81", 3) == 0;
            pith_buffer_byte(&shown, space ? ' ' : piece.data[i]);
            i += space ? 2 : 0;
        }
        if (id == 1 || id == 2)
            pith_buffer_byte(&shown, '\n');
        put_f32(&out, score);
        put_u32(&out, (uint32_t)shown.size);
        pith_buffer_append(&out, shown.data, shown.size);
    }
    pith_buffer_free(&piece);
    pith_buffer_free(&shown);
    write_buffer(path, &out);
}

void foreign_llama2c_write(const struct foreign *model, const char *path,
                           const char *tokenizer)
{
    static const char *const order[] = {
        "attn_norm.weight", "attn_q.weight", "attn_k.weight", "attn_v.weight",
        "attn_out.weight", "ffn_norm.weight", "ffn_gate.weight",
        "ffn_down.weight", "ffn_up.weight"};
    const struct pith_config *c = &model->config;
    struct pith_buffer out = {0};
    size_t embedding = (size_t)c->n_vocab * c->n_embd;
    put_u32(&out, c->n_embd);
    put_u32(&out, c->n_ff);
    put_u32(&out, c->n_layer);
    put_u32(&out, c->n_head);
    put_u32(&out, c->n_kv_head);
    put_u32(&out, c->tied ? c->n_vocab : 0 - c->n_vocab);
    put_u32(&out, c->n_ctx);
    put_values(&out, FOREIGN_F32, values_of(model, "token_embedding.weight"),
               embedding);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        put_layers(&out, model, order[i]);
    put_values(&out, FOREIGN_F32, values_of(model, "output_norm.weight"),
               c->n_embd);
    for (size_t i = 0; i < (size_t)c->n_ctx * c->head_dim; i++)
        put_f32(&out, 99); /* rotary tables: not to be read */
    if (!c->tied)
        put_values(&out, FOREIGN_F32, values_of(model, "output.weight"),
                   embedding);
    write_buffer(path, &out);
    write_tokenizer_bin(model, tokenizer);
}
