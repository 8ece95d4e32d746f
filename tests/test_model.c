/*
 * test_model.c - src/model/model.c, describe.c, tokens.c, layers.c: loading,
 * facts, and losses and logits against PyTorch in float32.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/file.h"
#include "../src/json/json.h"
#include "../src/kernels/kernels.h"
#include "../src/model/format_writer.h"
#include "../src/model/model.h"
#include "../src/model/session.h"
#include "../src/text/vocab.h"
#include "support.h"
#include "tiny_model.h"

START_TEST(models_describe_themselves)
{
    struct pith_model *model = tiny_model_load(TINY_LLAMA, PITH_Q8, "scalar");
    struct pith_model_info info;
    struct pith_tensor_info tensor;
    uint64_t n_parameters = 0;

    pith_model_describe(model, &info);
    ck_assert_int_eq(info.arch, PITH_ARCH_LLAMA);
    ck_assert_uint_eq(info.n_vocab, 420);
    ck_assert_uint_eq(info.n_ctx, 256);
    ck_assert_uint_eq(info.n_embd, 64);
    ck_assert_uint_eq(info.n_layer, 2);
    ck_assert_uint_eq(info.n_head, 4);
    ck_assert_uint_eq(info.n_kv_head, 2);
    ck_assert_uint_eq(info.head_dim, 16);
    ck_assert_uint_eq(info.n_ff, 160);
    ck_assert_float_eq(info.rope_theta, 10000.0f);
    ck_assert(!info.tied && info.add_bos);
    ck_assert_str_eq(info.name, "tiny");
    ck_assert_str_eq(info.tokenizer, "SentencePiece BPE");
    ck_assert(!info.qkv_biases && !info.qk_norms && !info.rope_factors);
    ck_assert_uint_eq(info.rope_skip + info.window, 0);
    ck_assert_str_eq(info.pre_tokenizer, "none");
    ck_assert_int_eq(info.bos_id, 1);
    ck_assert_int_eq(info.eos_id, 2);
    ck_assert_int_eq(info.unk_id, 0);
    ck_assert_int_eq(info.pad_id, -1);
    ck_assert_str_eq(info.kernels, "scalar");
    ck_assert_int_eq(pith_model_start_id(model), 1);
    for (size_t i = 0; i < info.n_tensors; i++) {
        ck_assert(pith_model_tensor(model, i, &tensor));
        n_parameters += tensor.rows * tensor.cols;
    }
    ck_assert(!pith_model_tensor(model, info.n_tensors, &tensor));
    ck_assert_uint_eq(info.n_parameters, n_parameters);
    ck_assert_uint_eq(tensor.offset + tensor.bytes, info.file_bytes);
    ck_assert_str_eq(tensor.name, "output.weight");
    ck_assert_int_eq(tensor.type, PITH_Q8);
    pith_model_free(model);
}
END_TEST

/* At an odd address; what is cut short is refused by its name. */
START_TEST(models_in_memory_are_those_of_files)
{
    struct pith_model *model, *loaded;
    struct pith_session *session, *other;
    struct pith_error error;
    int32_t ids[12];
    float want[12], got[12];
    enum { N = sizeof ids / sizeof ids[0] };
    for (int arch = 0; arch < 2; arch++) {
        const char *path = temporary_path("memory.pith");
        tiny_model_write(path, arch == 0 ? TINY_GPT2 : TINY_LLAMA, PITH_F32);
        struct pith_file file;
        assert_ok(pith_file_open(&file, path, &error), error);
        uint8_t *copy = malloc(file.size + 1), *bytes = copy + 1;
        memcpy(bytes, file.data, file.size);
        size_t size = file.size;
        pith_file_close(&file);
        assert_ok(pith_model_load(path, NULL, &model, &error), error);
        remove(path);
        struct pith_load_options options = {.sizeof_options = sizeof options,
                                            .verify = true};
        assert_ok(pith_model_load_memory(bytes, size, NULL, &options, &loaded,
                                         &error), error);
        assert_ok(pith_session_create(model, NULL, &session, &error), error);
        assert_ok(pith_session_create(loaded, NULL, &other, &error), error);
        for (int32_t i = 0; i < N; i++)
            ids[i] = 3 + 7 * i;
        assert_ok(pith_score(session, ids, N, want, &error), error);
        assert_ok(pith_score(other, ids, N, got, &error), error);
        ck_assert_mem_eq(got, want, sizeof want);
        pith_session_free(other);
        pith_session_free(session);
        pith_model_free(loaded);
        pith_model_free(model);
        for (size_t n = 0; n < size; n += n < 600 ? 1 : size / 50) {
            ck_assert_int_eq(pith_model_load_memory(bytes, n, "inside", NULL,
                                                    &loaded, &error),
                             PITH_ERR_FORMAT);
            ck_assert_ptr_null(loaded);
            ck_assert(strncmp(error.detail, "inside: ", 8) == 0);
        }
        free(copy);
    }
    ck_assert_int_eq(pith_model_load_memory(NULL, 0, NULL, NULL, &loaded,
                                            &error), PITH_ERR_ARGUMENT);
    ck_assert_ptr_null(loaded);
}
END_TEST

START_TEST(load_options_are_checked)
{
    struct {
        struct pith_load_options known;
        size_t newer;
    } future = {
        .known = {.sizeof_options = sizeof future,
                  .kernels = "scalar",
                  .verify = true}};
    struct pith_load_options options = {.sizeof_options = sizeof options};
    struct pith_model *model;
    struct pith_error error;
    const char *path = temporary_path("options.pith");
    tiny_model_write(path, TINY_GPT2, PITH_F32);

    options.kernels = "no such set";
    ck_assert_int_eq(pith_model_load(path, &options, &model, &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_ptr_null(model);
    ck_assert_ptr_nonnull(strstr(error.detail, "no such set"));
    options.sizeof_options = 3;
    ck_assert_int_eq(pith_model_load(path, &options, &model, &error),
                     PITH_ERR_ARGUMENT);
    assert_ok(pith_model_load(path, &future.known, &model, &error), error);
    pith_model_free(model);
    future.newer = 1;
    ck_assert_int_eq(pith_model_load(path, &future.known, &model, &error),
                     PITH_ERR_UNSUPPORTED);
    /* An older caller, that knew no more than its size. */
    options = (struct pith_load_options){
        .sizeof_options = sizeof(size_t), .kernels = "unseen", .verify = true};
    assert_ok(pith_model_load(path, &options, &model, &error), error);
    pith_model_free(model);
    pith_model_free(NULL);
    remove(path);
}
END_TEST

START_TEST(texts_come_back_from_their_tokens)
{
    static const struct pith_text texts[] = {
        {"Question: what is the sum of 12 and 7?\n\n", 40},
        {"na\xC3\xAFve \xFF\x80 bytes", 15},
        {NULL, 0},
    };
    struct pith_model *model = tiny_model_load((enum tiny_kind)_i, PITH_F32,
                                               NULL);
    struct pith_error error;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int32_t *ids;
        char *bytes;
        size_t n, size;
        assert_ok(pith_tokenize(model, texts[i], 0, &ids, &n, &error), error);
        ck_assert_ptr_nonnull(ids);
        ck_assert_uint_le(n, texts[i].size + 1);
        assert_ok(pith_detokenize(model, ids, n, &bytes, &size, &error),
                  error);
        ck_assert_uint_eq(size, texts[i].size);
        ck_assert(size == 0 || memcmp(bytes, texts[i].bytes, size) == 0);
        pith_free(ids);
        pith_free(bytes);
    }
    ck_assert_uint_eq(pith_token_piece(model, 420).size, 0);
    ck_assert_uint_eq(pith_token_piece(model, -1).size, 0);
    ck_assert_uint_eq(pith_token_piece(model, 100).size, 1);
    pith_model_free(model);
}
END_TEST

/* Loads a model of zeros without a tokenizer but with a BOS. */
static enum pith_status load_with_bos(int32_t bos_id, struct pith_error *error)
{
    struct pith_vocab vocab = {.kind = PITH_TOKENIZER_NONE, .bos_id = bos_id,
                               .eos_id = -1, .unk_id = -1, .pad_id = -1};
    enum pith_type types[64] = {PITH_F32};
    struct pith_format_plan plan = {.model_name = "zeros", .types = types};
    struct pith_format_writer *writer;
    struct pith_buffer section = {0};
    struct pith_tensor_spec spec;
    struct pith_model *model;
    static const float zeros[512];
    const char *path = temporary_path("zeros.pith");

    assert_ok(pith_vocab_serialize(&vocab, &section, error), *error);
    tiny_config(&plan.config, TINY_GPT2);
    plan.tokenizer = (const uint8_t *)section.data;
    plan.tokenizer_size = section.size;
    assert_ok(pith_format_begin(&writer, path, &plan, error), *error);
    for (size_t i = 0; i < pith_config_n_tensors(&plan.config); i++) {
        pith_config_tensor(&plan.config, i, &spec);
        for (size_t row = 0; row < spec.rows; row++)
            assert_ok(pith_format_append(writer, zeros, spec.cols * 4, error),
                      *error);
    }
    assert_ok(pith_format_finish(writer, error), *error);
    enum pith_status status = pith_model_load(path, NULL, &model, error);
    pith_model_free(model);
    pith_buffer_free(&section);
    remove(path);
    return status;
}

START_TEST(special_ids_have_a_row_in_the_embedding)
{
    struct pith_error error;
    assert_ok(load_with_bos(419, &error), error);
    ck_assert_int_eq(load_with_bos(420, &error), PITH_ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.detail, "420 rows"));
}
END_TEST

/* --- against PyTorch ------------------------------------------------------ */

/* A golden file of shared/goldens/tiny, and the model beside it. */
static const char *const tiny_names[] = {"gpt2", "llama_mha_untied",
                                         "llama_gqa_tied"};

static struct pith_json_document *parse_file(const char *path, char **text)
{
    struct pith_json_document *document;
    struct pith_error error;
    size_t size;
    *text = read_whole_file(path, &size);
    assert_ok(pith_json_parse((struct pith_text){*text, size}, path, &document,
                              &error), error);
    return document;
}

/* An array of numbers as floats; returns how many. */
static size_t read_floats(const struct pith_json *array, float *out, size_t max)
{
    size_t n = 0;
    ck_assert(pith_json_is(array, PITH_JSON_ARRAY));
    for (const struct pith_json *v = array->first; v != NULL; v = v->next) {
        ck_assert_uint_lt(n, max);
        out[n++] = (float)v->number;
    }
    return n;
}

static size_t read_ids(const struct pith_json *array, int32_t *out, size_t max)
{
    size_t n = 0;
    ck_assert(pith_json_is(array, PITH_JSON_ARRAY));
    for (const struct pith_json *v = array->first; v != NULL; v = v->next) {
        ck_assert_uint_lt(n, max);
        out[n++] = (int32_t)v->number;
    }
    return n;
}

/* losses[i] of ids[i + 1], from an empty cache. */
static void losses_of(struct pith_session *session, const int32_t *ids,
                      size_t n, float *losses)
{
    struct pith_error error;
    pith_session_truncate(session, 0);
    assert_ok(pith_session_forward(session, NULL, ids, n - 1, ids + 1, losses,
                                   &error), error);
}

/* Row r of the golden file: losses of all tokens, logits after the last. */
static void check_row(struct pith_session *session,
                      const struct pith_json *ids_json,
                      const struct pith_json *nll_json,
                      const struct pith_json *last_json)
{
    enum { MAX = 600 };
    int32_t ids[MAX];
    float want[MAX], got[MAX];
    struct pith_error error;
    size_t n = read_ids(ids_json, ids, MAX);

    ck_assert_uint_eq(read_floats(nll_json, want, MAX), n - 1);
    losses_of(session, ids, n, got);
    assert_close("loss", got, want, n - 1, 0, 1e-4);

    /* After the last token, the loss of every seventh token: log sum exp of
     * the logits less its own. */
    size_t n_vocab = read_floats(last_json, want, MAX);
    double sum = 0;
    for (size_t v = 0; v < n_vocab; v++)
        sum += exp((double)want[v]);
    size_t n_asked = 0;
    for (int32_t v = 0; (size_t)v < n_vocab; v += 7, n_asked++) {
        want[n_asked] = (float)log(sum) - want[v];
        pith_session_truncate(session, n - 1);
        assert_ok(pith_session_forward(session, NULL, ids + n - 1, 1, &v,
                                       &got[n_asked], &error), error);
    }
    assert_close("last losses", got, want, n_asked, 0, 1e-4);
}

static void check_tiny(const struct pith_json *golden, const char *path,
                       const char *kernels, int n_threads)
{
    struct pith_load_options load = {.sizeof_options = sizeof load,
                                     .kernels = kernels,
                                     .verify = true};
    struct pith_session_options open = {.sizeof_options = sizeof open,
                                        .n_threads = n_threads,
                                        .precision = "f32"};
    const struct pith_json *ids = pith_json_get(golden, "ids")->first;
    const struct pith_json *nll = pith_json_get(golden, "nll")->first;
    const struct pith_json *last = pith_json_get(golden, "logits_last")->first;
    struct pith_model *model;
    struct pith_session *session;
    struct pith_error error;

    assert_ok(pith_model_load(path, &load, &model, &error), error);
    assert_ok(pith_session_create(model, &open, &session, &error), error);
    for (; ids != NULL; ids = ids->next, nll = nll->next, last = last->next)
        check_row(session, ids, nll, last);
    pith_session_free(session);
    pith_model_free(model);
}

START_TEST(tiny_models_agree_with_pytorch)
{
    char name[64];
    snprintf(name, sizeof name, "goldens/tiny/%s", tiny_names[_i]);
    const char *found = shared_path(name);
    if (found == NULL)
        return;
    char folder[4096], golden_path[4200], path[4096], *text;
    struct pith_error error;
    snprintf(folder, sizeof folder, "%s", found);
    snprintf(golden_path, sizeof golden_path, "%s/golden.json", folder);
    snprintf(path, sizeof path, "%s", temporary_path("golden.pith"));
    assert_ok(pith_convert(folder, path, NULL, &error), error);
    struct pith_json_document *document = parse_file(golden_path, &text);

    for (size_t k = 0; pith_kernels_name(k) != NULL; k++)
        for (int n_threads = 1; n_threads <= 3; n_threads++)
            check_tiny(pith_json_root(document), path, pith_kernels_name(k),
                       n_threads);
    pith_json_free(document);
    free(text);
    remove(path);
}
END_TEST

/* Sum of |got - want| over one text, its length into *n. */
static double text_error(struct pith_session *session,
                         const struct pith_json *line, size_t *n)
{
    size_t n_ids = pith_json_get(line, "ids")->n_children;
    int32_t *ids = malloc(n_ids * sizeof *ids);
    float *want = malloc(n_ids * sizeof *want);
    float *got = malloc(n_ids * sizeof *got);
    double sum = 0;

    read_ids(pith_json_get(line, "ids"), ids, n_ids);
    *n = read_floats(pith_json_get(line, "nll"), want, n_ids);
    losses_of(session, ids, n_ids, got);
    for (size_t i = 0; i < *n; i++)
        sum += fabs((double)got[i] - (double)want[i]);
    free(ids);
    free(want);
    free(got);
    return sum;
}

/* The texts of at most max_tokens. */
static void check_smollm2(const char *model_path, const char *golden,
                          const char *kernels, size_t max_tokens)
{
    struct pith_load_options load = {.sizeof_options = sizeof load,
                                     .kernels = kernels};
    struct pith_session_options exact = {.sizeof_options = sizeof exact,
                                         .precision = "f32"};
    struct pith_model *model;
    struct pith_session *session;
    struct pith_error error;
    double sum = 0;
    size_t total = 0, n;

    assert_ok(pith_model_load(model_path, &load, &model, &error), error);
    assert_ok(pith_session_create(model, &exact, &session, &error), error);
    while (*golden != '\0') {
        struct pith_json_document *document;
        size_t length = strcspn(golden, "\n");
        assert_ok(pith_json_parse((struct pith_text){golden, length}, "golden",
                                  &document, &error), error);
        const struct pith_json *line = pith_json_root(document);
        if (pith_json_get(line, "ids")->n_children <= max_tokens) {
            sum += text_error(session, line, &n);
            total += n;
        }
        pith_json_free(document);
        golden += length + (golden[length] == '\n');
    }
    ck_assert_uint_gt(total, 0);
    ck_assert_msg(sum / (double)total <= 2e-4,
                  "%s: mean |error| of %zu losses is %g", kernels, total,
                  sum / (double)total);
    pith_session_free(session);
    pith_model_free(model);
}

/* The best kernels see all texts but the longest; the others, to save time,
 * a short one and, when they have vectors, a middle one. */
START_TEST(smollm2_agrees_with_pytorch)
{
    const char *found = shared_path("goldens/nll_smollm2.jsonl");
    const char *model_path = cached_model("smollm2");
    bool quick = getenv("PITH_QUICK") != NULL;
    if (found == NULL || model_path == NULL)
        return;
    char *golden = read_whole_file(found, NULL);
    for (size_t k = 0; pith_kernels_name(k) != NULL; k++) {
        const char *kernels = pith_kernels_name(k);
        size_t max_tokens = k == 0 ? 1000 : 500;
        if (quick || strcmp(kernels, "scalar") == 0)
            max_tokens = 100;
        check_smollm2(model_path, golden, kernels, max_tokens);
    }
    free(golden);
}
END_TEST

START_TEST(the_family_is_described)
{
    struct pith_model *model = tiny_model_load(TINY_FAMILY, PITH_F32, NULL);
    struct pith_model_info info;
    pith_model_describe(model, &info);
    ck_assert(info.qkv_biases && info.qk_norms && info.rope_factors);
    ck_assert_uint_eq(info.rope_skip, 2);
    ck_assert_uint_eq(info.window, 24);
    ck_assert_str_eq(info.pre_tokenizer, "llama3");
    pith_model_free(model);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("model");
    TCase *tcase = tcase_create("model");
    tcase_set_timeout(tcase, 600);
    tcase_add_test(tcase, the_family_is_described);
    tcase_add_test(tcase, models_describe_themselves);
    tcase_add_test(tcase, load_options_are_checked);
    tcase_add_test(tcase, models_in_memory_are_those_of_files);
    tcase_add_loop_test(tcase, texts_come_back_from_their_tokens, 0,
                        TINY_KINDS);
    tcase_add_test(tcase, special_ids_have_a_row_in_the_embedding);
    tcase_add_loop_test(tcase, tiny_models_agree_with_pytorch, 0, 3);
    tcase_add_test(tcase, smollm2_agrees_with_pytorch);
    suite_add_tcase(suite, tcase);
    return suite;
}
