/*
 * test_format.c - src/model/format.c, format_writer.c, config.c: what a .pith
 * file holds, and that no damaged or lying file gets through or does harm.
 */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../src/base/place.h"
#include "../src/base/store.h"
#include "../src/model/format_writer.h"
#include "../src/model/layout.h"
#include "../src/model/model.h"
#include "../src/model/model_file.h"
#include "fuzz/fuzz.h"
#include "support.h"
#include "tiny_model.h"

/* A tiny file of each kind, as bytes. */
static uint8_t *files[TINY_ALL_KINDS];
static size_t sizes[TINY_ALL_KINDS];

static void read_tiny_files(void)
{
    for (int kind = 0; kind < TINY_ALL_KINDS; kind++) {
        const char *path = temporary_path("format.pith");
        tiny_model_write(path, (enum tiny_kind)kind, PITH_Q4);
        files[kind] = (uint8_t *)read_whole_file(path, &sizes[kind]);
        remove(path);
    }
}

static void free_tiny_files(void)
{
    for (int kind = 0; kind < TINY_ALL_KINDS; kind++)
        free(files[kind]);
}

static size_t metadata_size(int kind)
{
    return (size_t)pith_load_u64(files[kind] + PITH_OFFSET_WEIGHTS);
}

/* A copy of a tiny file on disk that can be patched in place. */
struct patched {
    char path[256];
    int descriptor;
    int kind;
    uint8_t *metadata; /* copy */
};

static void open_patched(struct patched *file, int kind)
{
    snprintf(file->path, sizeof file->path, "%s",
             temporary_path("patched.pith"));
    file->kind = kind;
    file->descriptor = open(file->path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(file->descriptor, 0);
    ck_assert_int_eq(pwrite(file->descriptor, files[kind], sizes[kind], 0),
                     (ssize_t)sizes[kind]);
    file->metadata = malloc(metadata_size(kind));
    memcpy(file->metadata, files[kind], metadata_size(kind));
}

static void close_patched(struct patched *file)
{
    close(file->descriptor);
    remove(file->path);
    free(file->metadata);
}

/* Writes the metadata copy, with a checksum that fits when `honest`, and
 * takes the change back in the copy. */
static void write_metadata(struct patched *file, bool honest)
{
    size_t size = metadata_size(file->kind);
    if (honest)
        pith_store_u32(file->metadata + PITH_OFFSET_METADATA_CRC,
                       pith_format_metadata_crc(file->metadata, size));
    ck_assert_int_eq(pwrite(file->descriptor, file->metadata, size, 0),
                     (ssize_t)size);
    memcpy(file->metadata, files[file->kind], size);
}

static enum pith_status load(const char *path, struct pith_error *error)
{
    /* Named, so that the CPU is not asked for the best each time. */
    static const struct pith_load_options options = {
        .sizeof_options = sizeof options, .kernels = "scalar"};
    struct pith_model *model;
    enum pith_status status = pith_model_load(path, &options, &model, error);
    if (status == PITH_OK)
        fuzz_use_model(model);
    else
        ck_assert_ptr_null(model);
    pith_model_free(model);
    return status;
}

static void assert_mentions(const struct pith_error *error, const char *text)
{
    ck_assert_msg(strstr(error->detail, text) != NULL,
                  "\"%s\" does not say \"%s\"", error->detail, text);
}

START_TEST(configs_list_their_tensors)
{
    static const struct {
        size_t n, index;
        const char *name;
        size_t rows, cols;
    } expected[TINY_ALL_KINDS] = {
        {2 + 2 * 16 + 2, 4, "layers.0.attn_q.weight", 64, 64},
        {1 + 2 * 9 + 2, 3, "layers.0.attn_k.weight", 32, 64},
        {1 + 2 * 9 + 1, 4, "layers.0.attn_v.weight", 64, 64},
        {2 + 2 * 14 + 1, 10, "layers.0.attn_k_norm.weight", 1, 32}};
    for (int kind = 0; kind < TINY_ALL_KINDS; kind++) {
        struct pith_config config;
        struct pith_tensor_spec spec, other;
        tiny_config(&config, (enum tiny_kind)kind);
        size_t n = pith_config_n_tensors(&config);
        ck_assert_uint_eq(n, expected[kind].n);
        for (size_t i = 0; i < n; i++) {
            pith_config_tensor(&config, i, &spec);
            for (size_t j = 0; j < i; j++) {
                pith_config_tensor(&config, j, &other);
                ck_assert_str_ne(spec.name, other.name);
            }
        }
        pith_config_tensor(&config, expected[kind].index, &spec);
        ck_assert_str_eq(spec.name, expected[kind].name);
        ck_assert_uint_eq(spec.rows, expected[kind].rows);
        ck_assert_uint_eq(spec.cols, expected[kind].cols);
    }
}
END_TEST

static void refuse_config(struct pith_config config, const char *text)
{
    struct pith_error error;
    ck_assert_int_ne(pith_config_check(&config, "file", &error), PITH_OK);
    assert_mentions(&error, text);
}

START_TEST(configs_are_checked)
{
    struct pith_config gpt2, llama, bad;
    struct pith_error error;
    tiny_config(&gpt2, TINY_GPT2);
    tiny_config(&llama, TINY_LLAMA);
    assert_ok(pith_config_check(&gpt2, "file", &error), error);
    assert_ok(pith_config_check(&llama, "file", &error), error);
#define REFUSE(from, change, text)                                             \
    do {                                                                       \
        bad = from;                                                            \
        change;                                                                \
        refuse_config(bad, text);                                              \
    } while (0)
    REFUSE(gpt2, bad.arch = (enum pith_arch)3, "architecture 3");
    REFUSE(gpt2, bad.n_vocab = 0, "n_vocab is 0");
    REFUSE(gpt2, bad.n_vocab = PITH_MAX_VOCAB + 1, "n_vocab");
    REFUSE(gpt2, bad.n_ctx = UINT32_MAX, "n_ctx");
    REFUSE(gpt2, bad.n_layer = 1025, "n_layer");
    REFUSE(gpt2, bad.n_head = 8, "n_embd");
    REFUSE(gpt2, bad.n_kv_head = 2, "n_kv_head");
    REFUSE(gpt2, bad.rope_theta = 1, "rope_theta");
    REFUSE(gpt2, bad.norm_eps = 0, "norm_eps");
    REFUSE(gpt2, bad.qkv_biases = true, "LLaMA family");
    REFUSE(gpt2, bad.qk_norms = true, "LLaMA family");
    REFUSE(gpt2, bad.rope_factors = true, "LLaMA family");
    REFUSE(gpt2, bad.rope_skip = 2, "LLaMA family");
    REFUSE(gpt2, bad.window = 8, "LLaMA family");
    REFUSE(llama, bad.rope_skip = 1, "rope_skip is 1");
    REFUSE(llama, bad.rope_skip = 1025, "rope_skip");
    REFUSE(llama, bad.window = PITH_MAX_CTX + 1, "window");
    REFUSE(llama, bad.n_kv_head = 3, "not a multiple");
    REFUSE(llama, bad.n_kv_head = 8, "n_kv_head");
    REFUSE(llama, bad.head_dim = 15, "odd");
    REFUSE(llama, bad.n_ff = 0, "n_ff");
    REFUSE(llama, bad.rope_theta = -1, "rope_theta");
    bad = llama;
    memset(&bad.norm_eps, 0xFF, sizeof bad.norm_eps); /* NaN */
    refuse_config(bad, "norm_eps");
}
END_TEST

/* What was written is what is read, for every type. */
START_TEST(files_hold_what_was_written)
{
    enum pith_type type = (enum pith_type)_i;
    for (int kind = 0; kind < TINY_ALL_KINDS; kind++) {
        struct pith_format format;
        struct pith_error error;
        struct pith_config config;
        const char *path = temporary_path("whole.pith");

        tiny_model_write(path, (enum tiny_kind)kind, type);
        assert_ok(pith_format_open(&format, path, &error), error);
        assert_ok(pith_format_verify(&format, &error), error);
        tiny_config(&config, (enum tiny_kind)kind);
        ck_assert_uint_eq(format.config.n_ff, config.n_ff);
        ck_assert_uint_eq(format.config.n_kv_head, config.n_kv_head);
        ck_assert(format.config.norm_eps == config.norm_eps);
        ck_assert(format.config.rope_theta == config.rope_theta);
        ck_assert(format.config.tied == config.tied);
        ck_assert_str_eq(format.model_name, "tiny");
        uint64_t end = pith_load_u64(format.data + PITH_OFFSET_WEIGHTS);
        for (size_t i = 0; i < format.n_tensors; i++) {
            const struct pith_format_tensor *tensor = &format.tensors[i];
            ck_assert_uint_eq(tensor->offset % PITH_FORMAT_ALIGNMENT, 0);
            ck_assert_uint_ge(tensor->offset, end);
            ck_assert_uint_lt(tensor->offset, end + PITH_FORMAT_ALIGNMENT);
            ck_assert_int_eq(tensor->view.type,
                             tensor->view.rows > 1 ? type : PITH_F32);
            ck_assert_uint_eq(tensor->bytes,
                              tensor->view.rows *
                                  pith_row_bytes(tensor->view.type,
                                                 tensor->view.cols));
            end = tensor->offset + tensor->bytes;
        }
        ck_assert_uint_eq(end, format.size);
        pith_format_close_file(&format);
        remove(path);
    }
}
END_TEST

/* A plan for a tiny GPT-2 in f32 without a tokenizer. */
static void plan_f32(struct pith_format_plan *plan, enum pith_type *types)
{
    *plan = (struct pith_format_plan){.model_name = "n", .types = types};
    tiny_config(&plan->config, TINY_GPT2);
    for (size_t i = 0; i < pith_config_n_tensors(&plan->config); i++)
        types[i] = PITH_F32;
}

/* Writes tensors of bytes counting up, `step` bytes at a time. */
static void write_counting(const char *path, size_t step)
{
    enum pith_type types[64];
    struct pith_format_plan plan;
    struct pith_format_writer *writer;
    struct pith_error error;
    struct pith_tensor_spec spec;
    uint8_t chunk[8192];
    uint32_t count = 0;

    plan_f32(&plan, types);
    assert_ok(pith_format_begin(&writer, path, &plan, &error), error);
    for (size_t i = 0; i < pith_config_n_tensors(&plan.config); i++) {
        pith_config_tensor(&plan.config, i, &spec);
        size_t left = spec.rows * spec.cols * sizeof(float);
        while (left > 0) {
            size_t n = left < step ? left : step;
            for (size_t k = 0; k < n; k++)
                chunk[k] = (uint8_t)(count++ % 251);
            assert_ok(pith_format_append(writer, chunk, n, &error), error);
            left -= n;
        }
    }
    assert_ok(pith_format_finish(writer, &error), error);
}

START_TEST(pieces_of_any_size_give_the_same_file)
{
    const char *path = temporary_path("pieces.pith");
    size_t size, other_size;
    write_counting(path, 8192);
    char *whole = read_whole_file(path, &size);
    write_counting(path, 97);
    char *other = read_whole_file(path, &other_size);
    ck_assert_uint_eq(size, other_size);
    ck_assert(memcmp(whole, other, size) == 0);
    /* Byte 100 of the first tensor is the 100th written. */
    size_t weights =
        (size_t)pith_load_u64((const uint8_t *)whole + PITH_OFFSET_WEIGHTS);
    ck_assert_int_eq(whole[weights + 100], 100);
    free(whole);
    free(other);
    remove(path);
}
END_TEST

START_TEST(writers_refuse_what_does_not_fit)
{
    const char *path = temporary_path("refused.pith");
    enum pith_type types[64];
    char name[400];
    struct pith_format_plan plan;
    struct pith_format_writer *writer;
    struct pith_error error;
    size_t first = 420 * 64 * sizeof(float);
    uint8_t *bytes = calloc(first + 1, 1);

    plan_f32(&plan, types);
    assert_ok(pith_format_begin(&writer, path, &plan, &error), error);
    ck_assert_int_eq(pith_format_append(writer, bytes, first + 1, &error),
                     PITH_ERR_ARGUMENT);
    assert_ok(pith_format_append(writer, bytes, 0, &error), error);
    assert_ok(pith_format_append(writer, bytes, first, &error), error);
    ck_assert_int_eq(pith_format_finish(writer, &error), PITH_ERR_ARGUMENT);
    assert_mentions(&error, "1 of 36");
    ck_assert(!pith_path_exists(path));

    memset(name, 'x', sizeof name);
    name[256] = '\0';
    plan.model_name = name;
    ck_assert_int_eq(pith_format_begin(&writer, path, &plan, &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_ptr_null(writer);
    plan.model_name = "\xFF";
    ck_assert_int_eq(pith_format_begin(&writer, path, &plan, &error),
                     PITH_ERR_ARGUMENT);
    plan.model_name = "n";
    plan.config.n_head = plan.config.n_kv_head = 2;
    plan.config.n_embd = 2 * 16; /* one block: q4 is fine */
    types[0] = PITH_Q4;
    assert_ok(pith_format_begin(&writer, path, &plan, &error), error);
    pith_format_abort(writer);
    plan.config.n_head = plan.config.n_kv_head = 1;
    plan.config.n_embd = 16; /* half a block */
    ck_assert_int_eq(pith_format_begin(&writer, path, &plan, &error),
                     PITH_ERR_FORMAT);
    assert_mentions(&error, "multiple of 32");
    types[0] = (enum pith_type)9;
    ck_assert_int_eq(pith_format_begin(&writer, path, &plan, &error),
                     PITH_ERR_UNSUPPORTED);
    ck_assert(!pith_path_exists(path));
    pith_format_abort(NULL);
    free(bytes);
}
END_TEST

/* From the whole file down to nothing, by every byte of the metadata. */
START_TEST(truncated_files_say_what_is_missing)
{
    struct patched file;
    struct pith_error error;
    char missing[64];
    size_t metadata = metadata_size(_i), size = sizes[_i];

    open_patched(&file, _i);
    while (size > 0) {
        size -= size > metadata + 4096 ? 4096 : 1;
        ck_assert_int_eq(ftruncate(file.descriptor, (off_t)size), 0);
        ck_assert_int_eq(load(file.path, &error), PITH_ERR_FORMAT);
        if (size >= PITH_HEADER_SIZE) {
            snprintf(missing, sizeof missing, " %zu of %zu are missing",
                     sizes[_i] - size, sizes[_i]);
            assert_mentions(&error, missing);
        } else {
            assert_mentions(&error, size > 0 ? "at least" : "empty");
        }
    }
    close_patched(&file);
}
END_TEST

START_TEST(longer_files_are_refused)
{
    struct patched file;
    struct pith_error error;
    open_patched(&file, _i);
    ck_assert_int_eq(ftruncate(file.descriptor, (off_t)sizes[_i] + 3), 0);
    ck_assert_int_eq(load(file.path, &error), PITH_ERR_FORMAT);
    assert_mentions(&error, "3 bytes follow");
    close_patched(&file);
}
END_TEST

/* A damaged byte of the metadata is found. */
START_TEST(damaged_metadata_are_refused)
{
    struct patched file;
    open_patched(&file, _i);
    for (size_t at = 0; at < metadata_size(_i); at += at < 4096 ? 1 : 3) {
        file.metadata[at] ^= (uint8_t)(1 << at % 8);
        write_metadata(&file, false);
        ck_assert_msg(load(file.path, NULL) != PITH_OK, "byte %zu", at);
    }
    write_metadata(&file, false);
    ck_assert_int_eq(load(file.path, NULL), PITH_OK);
    close_patched(&file);
}
END_TEST

/* Header bytes that say nothing about the rest of the file: any value, or
 * any positive number, will do. */
static bool is_free(size_t at, int kind)
{
    bool llama = kind != TINY_GPT2;
    return (at >= PITH_OFFSET_METADATA_CRC && at < PITH_OFFSET_FILE_SIZE) ||
           (llama && at >= PITH_OFFSET_N_CTX && at < PITH_OFFSET_N_EMBD) ||
           (at >= PITH_OFFSET_NORM_EPS && at < PITH_OFFSET_ROPE_THETA) ||
           (llama && at >= PITH_OFFSET_ROPE_THETA && at < PITH_OFFSET_FLAGS) ||
           (kind == TINY_FAMILY && at >= PITH_OFFSET_WINDOW &&
            at < PITH_OFFSET_RESERVED);
}

/* Lies with a checksum that fits: header and tensor table must be what they
 * are; name and tokenizer may read as something else but do no harm. */
START_TEST(lying_bytes_are_refused)
{
    struct patched file;
    struct pith_error error;
    static const uint8_t masks[] = {0x01, 0x80, 0xFF};
    open_patched(&file, _i);
    size_t n_tensors = pith_load_u32(files[_i] + PITH_OFFSET_N_TENSORS);
    size_t table_end = PITH_HEADER_SIZE + n_tensors * PITH_ENTRY_SIZE;

    for (size_t at = 0; at < metadata_size(_i); at += at < table_end ? 1 : 5) {
        for (size_t m = 0; m < sizeof masks; m++) {
            file.metadata[at] ^= masks[m];
            write_metadata(&file, true);
            enum pith_status status = load(file.path, &error);
            ck_assert_msg(status != PITH_OK || is_free(at, _i) ||
                              at >= table_end,
                          "byte %zu ^ %02X was accepted", at, masks[m]);
        }
    }
    close_patched(&file);
}
END_TEST

/* Each number of the header at its limits. */
START_TEST(lying_sizes_are_refused)
{
    static const uint64_t lies[] = {0, 1, 2, 31, 65536, 1 << 20, 1 << 24,
                                    0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
                                    UINT64_C(1) << 32, UINT64_C(1) << 40,
                                    INT64_MAX, UINT64_MAX - 63, UINT64_MAX};
    struct patched file;
    struct pith_error error;
    open_patched(&file, _i);
    for (size_t at = PITH_OFFSET_FILE_SIZE; at < PITH_OFFSET_RESERVED;
         at += 4) {
        bool wide = at < PITH_OFFSET_ARCH ||
                    (at >= PITH_OFFSET_TOKENIZER_SIZE && at < PITH_OFFSET_WINDOW);
        for (size_t l = 0; l < sizeof lies / sizeof *lies; l++) {
            uint64_t truth = wide ? pith_load_u64(file.metadata + at)
                                  : pith_load_u32(file.metadata + at);
            if (wide && at % 8 != 0)
                break;
            if (wide)
                pith_store_u64(file.metadata + at, lies[l]);
            else
                pith_store_u32(file.metadata + at, (uint32_t)lies[l]);
            write_metadata(&file, true);
            enum pith_status status = load(file.path, &error);
            ck_assert_msg(status != PITH_OK || is_free(at, _i) ||
                              (wide ? lies[l] : (uint32_t)lies[l]) == truth,
                          "%#llx at %zu was accepted",
                          (unsigned long long)lies[l], at);
        }
    }
    close_patched(&file);
}
END_TEST

/* Writes the metadata with a fitting checksum and expects a refusal. */
static void refuse_lie(struct patched *file, const char *text)
{
    struct pith_error error;
    write_metadata(file, true);
    ck_assert_int_ne(load(file->path, &error), PITH_OK);
    assert_mentions(&error, text);
}

/* Lies that go together so well that only one check is left to find them. */
START_TEST(consistent_lies_are_refused)
{
    struct patched file;
    open_patched(&file, _i);
    uint8_t *header = file.metadata;
    uint32_t n_tensors = pith_load_u32(header + PITH_OFFSET_N_TENSORS);
    uint32_t name_size = pith_load_u32(header + PITH_OFFSET_NAME_SIZE);
    uint64_t tokenizer = pith_load_u64(header + PITH_OFFSET_TOKENIZER_SIZE);
    size_t name = PITH_HEADER_SIZE + n_tensors * PITH_ENTRY_SIZE;
    size_t end = name + name_size + (size_t)tokenizer;

    pith_store_u32(header + PITH_OFFSET_N_TENSORS, n_tensors - 1);
    pith_store_u64(header + PITH_OFFSET_TOKENIZER_SIZE,
                   tokenizer + PITH_ENTRY_SIZE);
    refuse_lie(&file, "tensors; expected");

    pith_store_u32(header + PITH_OFFSET_NAME_SIZE, name_size + 300);
    pith_store_u64(header + PITH_OFFSET_TOKENIZER_SIZE, tokenizer - 300);
    refuse_lie(&file, "model name of 304 bytes");

    header[name] = '\0';
    refuse_lie(&file, "not valid text");
    header[name] = 0xFF;
    refuse_lie(&file, "not valid text");

    if (end < metadata_size(_i)) {
        header[end] = 1;
        refuse_lie(&file, "are not zero");
    }
    pith_store_u64(header + PITH_OFFSET_FILE_SIZE, sizes[_i] + 64);
    ck_assert_int_eq(ftruncate(file.descriptor, (off_t)sizes[_i] + 64), 0);
    refuse_lie(&file, "the last tensor ends");

    pith_store_u64(header + PITH_OFFSET_FILE_SIZE, sizes[_i] - 1);
    ck_assert_int_eq(ftruncate(file.descriptor, (off_t)sizes[_i] - 1), 0);
    refuse_lie(&file, "ends at byte");
    close_patched(&file);
}
END_TEST

START_TEST(wrong_files_are_named)
{
    struct patched file;
    struct pith_error error;
    open_patched(&file, TINY_GPT2);

    memcpy(file.metadata, "GGUF\3\0\0\0", 8);
    write_metadata(&file, false);
    ck_assert_int_eq(load(file.path, &error), PITH_ERR_FORMAT);
    assert_mentions(&error, "pith convert");

    memcpy(file.metadata, "\x89PTH\n\x1A\n\1", 8); /* CR LF became LF */
    write_metadata(&file, false);
    ck_assert_int_eq(load(file.path, &error), PITH_ERR_FORMAT);
    assert_mentions(&error, "text mode");

    pith_store_u32(file.metadata + PITH_OFFSET_VERSION, 2);
    write_metadata(&file, true);
    ck_assert_int_eq(load(file.path, &error), PITH_ERR_UNSUPPORTED);
    assert_mentions(&error, "version 2");

    memcpy(file.metadata + PITH_OFFSET_BYTE_ORDER, "\1\2\3\4", 4);
    write_metadata(&file, true);
    ck_assert_int_eq(load(file.path, &error), PITH_ERR_FORMAT);
    assert_mentions(&error, "byte-order");
    close_patched(&file);

    ck_assert_int_eq(load("/no/such/file", &error), PITH_ERR_IO);
    ck_assert_int_eq(load("/", &error), PITH_ERR_IO);
}
END_TEST

/* A flipped bit of the first, a middle and the last weight byte. */
START_TEST(verify_finds_damaged_weights)
{
    size_t places[] = {metadata_size(_i), sizes[_i] / 2, sizes[_i] - 1};
    const struct pith_load_options verify = {.sizeof_options = sizeof verify,
                                             .verify = true};
    struct patched file;
    struct pith_model *model;
    struct pith_error error;
    open_patched(&file, _i);
    for (size_t p = 0; p < 3; p++) {
        uint8_t byte = files[_i][places[p]] ^ 4;
        pwrite(file.descriptor, &byte, 1, (off_t)places[p]);
        assert_ok(pith_model_load(file.path, NULL, &model, &error), error);
        ck_assert_int_eq(pith_model_verify(model, &error), PITH_ERR_CHECKSUM);
        assert_mentions(&error, "damaged");
        pith_model_free(model);
        ck_assert_int_eq(pith_model_load(file.path, &verify, &model, &error),
                         PITH_ERR_CHECKSUM);
        byte ^= 4;
        pwrite(file.descriptor, &byte, 1, (off_t)places[p]);
    }
    assert_ok(pith_model_load(file.path, &verify, &model, &error), error);
    pith_model_free(model);
    close_patched(&file);
}
END_TEST

/* Seeded mutations: bytes set, runs copied over others, the end cut off. */
START_TEST(mutated_files_do_no_harm)
{
    const struct fuzz_target *target = fuzz_find("pith");
    uint64_t seed = 77 + (uint64_t)_i;
    uint8_t *copy = malloc(sizes[_i]);
    for (int round = 0; round < 150; round++) {
        size_t size = sizes[_i], metadata = metadata_size(_i);
        memcpy(copy, files[_i], size);
        for (size_t n = 1 + random_below(&seed, 4); n > 0; n--) {
            size_t span = random_below(&seed, 2) ? metadata : size;
            size_t at = random_below(&seed, span);
            size_t from = random_below(&seed, span);
            size_t length = random_below(&seed, 16);
            if (at + length > span || from + length > span)
                copy[at] = (uint8_t)random_next(&seed);
            else
                memmove(copy + at, copy + from, length);
        }
        if (random_below(&seed, 8) == 0)
            size = random_below(&seed, size);
        target->run(target, (struct pith_text){(char *)copy, size});
    }
    free(copy);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("format");
    TCase *tcase = tcase_create("format");
    tcase_set_timeout(tcase, 300);
    tcase_add_unchecked_fixture(tcase, read_tiny_files, free_tiny_files);
    tcase_add_test(tcase, configs_list_their_tensors);
    tcase_add_test(tcase, configs_are_checked);
    tcase_add_loop_test(tcase, files_hold_what_was_written, PITH_F32,
                        PITH_Q4 + 1);
    tcase_add_test(tcase, pieces_of_any_size_give_the_same_file);
    tcase_add_test(tcase, writers_refuse_what_does_not_fit);
    tcase_add_loop_test(tcase, truncated_files_say_what_is_missing, 0,
                        TINY_ALL_KINDS);
    tcase_add_loop_test(tcase, longer_files_are_refused, 0, TINY_ALL_KINDS);
    tcase_add_loop_test(tcase, damaged_metadata_are_refused, 0, TINY_ALL_KINDS);
    tcase_add_loop_test(tcase, lying_bytes_are_refused, 0, TINY_ALL_KINDS);
    tcase_add_loop_test(tcase, lying_sizes_are_refused, 0, TINY_ALL_KINDS);
    tcase_add_loop_test(tcase, consistent_lies_are_refused, 0, TINY_ALL_KINDS);
    tcase_add_test(tcase, wrong_files_are_named);
    tcase_add_loop_test(tcase, verify_finds_damaged_weights, 0, TINY_ALL_KINDS);
    tcase_add_loop_test(tcase, mutated_files_do_no_harm, 0, TINY_ALL_KINDS);
    suite_add_tcase(suite, tcase);
    return suite;
}
