/*
 * test_convert_weights.c - weights in the files and under the names that
 * published checkpoints have them, and numbers that no model can be made of.
 */
#define _POSIX_C_SOURCE 200809L

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../src/base/store.h"
#include "../src/convert/finite.h"
#include "../src/model/model_file.h"
#include "foreign.h"
#include "support.h"

static char source[4096], destination[4096];

static void set_paths(void)
{
    snprintf(source, sizeof source, "%s", temporary_path("source"));
    snprintf(destination, sizeof destination, "%s", temporary_path("pith"));
}

static void remove_files(void)
{
    foreign_folder_remove(source);
    unlink(source);
    unlink(destination);
}

static const char *in_source(const char *name)
{
    static char paths[2][4200];
    static int next;
    next = 1 - next;
    snprintf(paths[next], sizeof paths[next], "%s/%s", source, name);
    return paths[next];
}

/* The conversion of `from` gives the model's weights. */
static void assert_gives(const struct foreign *model, const char *from)
{
    struct pith_format format;
    struct pith_error error;
    assert_ok(pith_convert(from, destination, NULL, &error), error);
    assert_ok(pith_format_open(&format, destination, &error), error);
    ck_assert_uint_eq(format.n_tensors, model->n_tensors);
    for (size_t t = 0; t < format.n_tensors; t++) {
        const struct pith_tensor *view = &format.tensors[t].view;
        float row[256];
        ck_assert_uint_le(view->cols, 256);
        for (size_t r = 0; r < view->rows; r++) {
            pith_row_to_floats(row, view, r);
            ck_assert_msg(memcmp(row, model->values[t] + r * view->cols,
                                 view->cols * sizeof *row) == 0,
                          "%s, row %zu", format.tensors[t].name, r);
        }
    }
    pith_format_close_file(&format);
}

static void assert_refused(const char *from, const char *dtype,
                           enum pith_status want, const char *word)
{
    struct pith_convert_options options = {.sizeof_options = sizeof options,
                                           .dtype = dtype};
    struct pith_error error = {0};
    enum pith_status got = pith_convert(from, destination, &options, &error);
    ck_assert_msg(got == want && strstr(error.detail, word) != NULL,
                  "wanted %s with \"%s\", got %s: %s", pith_status_name(want),
                  word, pith_status_name(got), error.detail);
    ck_assert(access(destination, F_OK) != 0);
}

static float *values_of(struct foreign *model, const char *name)
{
    for (size_t t = 0; t < model->n_tensors; t++)
        if (strcmp(model->specs[t].name, name) == 0)
            return model->values[t];
    ck_abort_msg("no tensor %s", name);
    return NULL;
}

/* --- names -----------------------------------------------------------------*/

START_TEST(one_of_a_tied_pair_is_enough)
{
    static const struct {
        enum foreign_kind kind;
        bool bare;
        const char *without;
    } forms[] = {{FOREIGN_GPT2, false, "transformer.wte.weight"},
                 {FOREIGN_GPT2, true, "wte.weight"},
                 {FOREIGN_LLAMA_TIED, false, "model.embed_tokens.weight"},
                 {FOREIGN_LLAMA_TIED, true, "embed_tokens.weight"}};
    set_paths();
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct foreign_folder how = {.type = "F32", .bare = forms[i].bare};
        struct foreign model;
        foreign_init(&model, forms[i].kind);
        foreign_folder_write(&model, &how, source);
        assert_gives(&model, source);
        unlink(destination);
        how.without = forms[i].without;
        foreign_folder_write(&model, &how, source);
        assert_refused(source, NULL, PITH_ERR_FORMAT, forms[i].without);
        how.only_head = true;
        foreign_folder_write(&model, &how, source);
        assert_gives(&model, source);
        remove_files();
        foreign_free(&model);
    }
}
END_TEST

/* safetensors stores a tensor that shares its memory once, and says so. */
START_TEST(shared_tensors_are_known_from_the_metadata)
{
    static const char metadata[] =
        ", \"lm_head.weight\": \"model.embed_tokens.weight\", \"x\": \"y\"";
    struct foreign_folder how = {.type = "F32", .without = "lm_head.weight"};
    struct foreign model;
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    memcpy(values_of(&model, "output.weight"),
           values_of(&model, "token_embedding.weight"),
           (size_t)model.config.n_vocab * model.config.n_embd * sizeof(float));
    foreign_folder_write(&model, &how, source);
    assert_refused(source, NULL, PITH_ERR_FORMAT, "lm_head.weight");
    how.metadata = metadata;
    foreign_folder_write(&model, &how, source);
    assert_gives(&model, source);
    remove_files();
    foreign_free(&model);
}
END_TEST

/* --- files -----------------------------------------------------------------*/

START_TEST(shards_are_found_by_their_numbers)
{
    static const struct foreign_folder how = {.type = "F32", .sharded = true};
    struct foreign model;
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_folder_write(&model, &how, source);
    unlink(in_source("model.safetensors.index.json"));
    rename(in_source("model-1.safetensors"),
           in_source("model-00001-of-00002.safetensors"));
    assert_refused(source, NULL, PITH_ERR_IO,
                   "model-00002-of-00002.safetensors");
    rename(in_source("model-2.safetensors"),
           in_source("model-00002-of-00002.safetensors"));
    assert_gives(&model, source);
    remove_files();
    foreign_free(&model);
}
END_TEST

START_TEST(other_folders_are_named)
{
    static const struct {
        const char *missing, *holds, *word;
    } folders[] = {
        {"model.safetensors", "pytorch_model.bin", "save the model as safe"},
        {"config.json", "params.json", "convert_llama_weights_to_hf"},
        {"config.json", "adapter_config.json", "merge"},
        {"config.json", "snapshots", "folder inside it"},
        {"model.safetensors", "adapter_config.json", "merge"}};
    static const struct foreign_folder how = {.type = "F32"};
    struct foreign model;
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        foreign_folder_write(&model, &how, source);
        unlink(in_source(folders[i].missing));
        assert_refused(source, NULL, PITH_ERR_IO, folders[i].missing);
        write_whole_file(in_source(folders[i].holds), "{}", 2);
        assert_refused(source, NULL, PITH_ERR_UNSUPPORTED, folders[i].holds);
        assert_refused(source, NULL, PITH_ERR_UNSUPPORTED, folders[i].word);
    }
    remove_files();
    foreign_free(&model);
}
END_TEST

START_TEST(pointers_of_git_lfs_are_named)
{
    static const char pointer[] =
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n";
    static const char *const files[] = {"model.safetensors", "tokenizer.model"};
    static const struct foreign_folder how = {.type = "F32"};
    struct foreign model;
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        foreign_folder_write(&model, &how, source);
        write_whole_file(in_source(files[i]), pointer, sizeof pointer - 1);
        assert_refused(source, NULL, PITH_ERR_FORMAT, files[i]);
        assert_refused(source, NULL, PITH_ERR_FORMAT, "git lfs pull");
    }
    remove_files();
    foreign_free(&model);
}
END_TEST

static const char *part_of(size_t number, size_t n_parts)
{
    static char path[4200];
    snprintf(path, sizeof path, "%s-%05zu-of-%05zu.gguf", source, number,
             n_parts);
    return path;
}

START_TEST(gguf_can_be_split)
{
    char other[4200];
    struct foreign model;
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_gguf_write_split(&model, 1, source);
    assert_gives(&model, part_of(1, 1));
    unlink(part_of(1, 1));
    foreign_gguf_write_split(&model, 3, source);
    assert_gives(&model, part_of(1, 3));
    unlink(destination);
    assert_refused(part_of(2, 3), NULL, PITH_ERR_UNSUPPORTED,
                   "give the first, NAME-00001-of-00003.gguf");
    snprintf(other, sizeof other, "%s", part_of(1, 3));
    rename(other, source);
    assert_refused(source, NULL, PITH_ERR_UNSUPPORTED, "found by name");
    rename(source, other);
    snprintf(other, sizeof other, "%s", part_of(2, 3));
    rename(part_of(3, 3), other);
    assert_refused(part_of(1, 3), NULL, PITH_ERR_FORMAT,
                   "is part 3 of 3, not 2 of 3");
    unlink(part_of(2, 3));
    assert_refused(part_of(1, 3), NULL, PITH_ERR_IO, "-00002-of-00003.gguf");
    unlink(part_of(1, 3));
    remove_files();
    foreign_free(&model);
}
END_TEST

/* --- numbers ---------------------------------------------------------------*/

/* Ours, the element that is spoilt, and how the stored one is named. */
static const struct {
    enum foreign_kind kind;
    const char *ours;
    size_t row, col;
    const char *folder, *gguf; /* part of the error */
} spoilt[] = {
    {FOREIGN_LLAMA, "layers.1.ffn_up.weight", 3, 17,
     "\"model.layers.1.mlp.up_proj.weight\", element [3, 17]",
     "\"blk.1.ffn_up.weight\", element [3, 17]"},
    {FOREIGN_LLAMA, "layers.0.attn_k.weight", 17, 2,
     "self_attn.k_proj.weight\", element [17, 2]",
     "\"blk.0.attn_k.weight\", element [18, 2]"},
    {FOREIGN_LLAMA, "output_norm.weight", 0, 63,
     "\"model.norm.weight\", element [63]",
     "\"output_norm.weight\", element [63]"},
    {FOREIGN_GPT2, "layers.1.attn_k.weight", 5, 7,
     "\"transformer.h.1.attn.c_attn.weight\", element [7, 69]",
     "\"blk.1.attn_qkv.weight\", element [69, 7]"},
    {FOREIGN_GPT2, "layers.1.attn_v.bias", 0, 4,
     "\"transformer.h.1.attn.c_attn.bias\", element [132]",
     "\"blk.1.attn_qkv.bias\", element [132]"},
};

START_TEST(numbers_that_are_not_finite_are_named)
{
    static const char *const types[] = {"F32", "F16", "BF16"};
    static const int gguf_types[] = {FOREIGN_F32, FOREIGN_F16, FOREIGN_BF16};
    static const float values[] = {NAN, INFINITY, -INFINITY};
    struct foreign model;
    set_paths();
    foreign_init(&model, spoilt[_i].kind);
    size_t cols = spoilt[_i].row == 0 ? 0 : model.config.n_embd;
    float *value = values_of(&model, spoilt[_i].ours) +
                   spoilt[_i].row * cols + spoilt[_i].col;
    for (size_t i = 0; i < 3; i++) {
        struct foreign_folder how = {.type = types[i]};
        *value = values[i];
        foreign_folder_write(&model, &how, source);
        assert_refused(source, NULL, PITH_ERR_FORMAT, spoilt[_i].folder);
        assert_refused(source, "q4", PITH_ERR_FORMAT, spoilt[_i].folder);
        foreign_folder_remove(source);
        foreign_gguf_write(&model, gguf_types[i], 3, source);
        assert_refused(source, NULL, PITH_ERR_FORMAT, spoilt[_i].gguf);
        unlink(source);
    }
    if (spoilt[_i].kind == FOREIGN_LLAMA) {
        char tokenizer[4200];
        snprintf(tokenizer, sizeof tokenizer, "%s", temporary_path("bin"));
        foreign_llama2c_write(&model, source, tokenizer);
        struct pith_convert_options options = {
            .sizeof_options = sizeof options, .tokenizer = tokenizer};
        struct pith_error error;
        ck_assert_int_eq(pith_convert(source, destination, &options, &error),
                         PITH_ERR_FORMAT);
        ck_assert_ptr_nonnull(strstr(error.detail, spoilt[_i].ours));
        unlink(tokenizer);
    }
    remove_files();
    foreign_free(&model);
}
END_TEST

START_TEST(what_a_type_cannot_hold_is_named)
{
    static const char where[] =
        "\"model.layers.0.mlp.down_proj.weight\", element [1, 40] is too large";
    static const struct foreign_folder how = {.type = "F32"};
    struct pith_convert_options options = {.sizeof_options = sizeof options,
                                           .dtype = "bf16"};
    struct pith_error error;
    struct foreign model;
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    values_of(&model, "layers.0.ffn_down.weight")[96 + 40] = 65505;
    foreign_folder_write(&model, &how, source);
    assert_refused(source, "f16", PITH_ERR_FORMAT, where);
    assert_refused(source, "q8", PITH_ERR_FORMAT, where);
    assert_refused(source, "q4", PITH_ERR_FORMAT, where);
    assert_ok(pith_convert(source, destination, &options, &error), error);
    unlink(destination);
    values_of(&model, "layers.0.ffn_down.weight")[96 + 40] = FLT_MAX;
    foreign_folder_write(&model, &how, source);
    assert_refused(source, "bf16", PITH_ERR_FORMAT, where);
    assert_gives(&model, source);
    remove_files();
    foreign_free(&model);
}
END_TEST

START_TEST(blocks_are_searched_for_scales_and_minima)
{
    uint8_t q8[2 * 3 * 34] = {0}, q4[2 * 3 * 20] = {0};
    struct pith_tensor tensor = {PITH_Q8, 2, 96, q8};
    size_t row, col;
    memset(q8 + 2, 0xFF, 32); /* the quants may be anything */
    ck_assert(!pith_find_not_finite(&tensor, &row, &col));
    pith_store_u16(q8 + 4 * 34, 0xFC00);
    ck_assert(pith_find_not_finite(&tensor, &row, &col));
    ck_assert(row == 1 && col == 32);
    tensor = (struct pith_tensor){PITH_Q4, 2, 96, q4};
    memset(q4 + 4, 0xFF, 16);
    ck_assert(!pith_find_not_finite(&tensor, &row, &col));
    pith_store_u16(q4 + 5 * 20 + 2, 0x7E00);
    ck_assert(pith_find_not_finite(&tensor, &row, &col));
    ck_assert(row == 1 && col == 64);
    pith_store_u16(q4 + 2 * 20, 0x7C00);
    ck_assert(pith_find_not_finite(&tensor, &row, &col));
    ck_assert(row == 0 && col == 64);
}
END_TEST

/* --- what was written ------------------------------------------------------*/

/* A vocabulary that can be written, but no text could be encoded by. */
START_TEST(what_does_not_load_is_not_there)
{
    static const char settings[] =
        "{\"tokenizer_class\": \"PreTrainedTokenizerFast\"}";
    static const char tokenizer[] =
        "{\"normalizer\": {\"type\": \"Replace\", \"pattern\": {\"String\": "
        "\" \"}, \"content\": \"\xE2\x96\x81\"}, \"model\": {\"type\": \"BPE\","
        " \"byte_fallback\": true, \"vocab\": {\"a\": 0, \"b\": 1, \"c\": 2}, "
        "\"merges\": []}}";
    static const struct foreign_folder how = {.type = "F32",
                                              .no_tokenizer = true};
    struct foreign model;
    struct pith_error error;
    size_t size;
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_folder_write(&model, &how, source);
    write_whole_file(in_source("tokenizer.json"), tokenizer,
                     sizeof tokenizer - 1);
    write_whole_file(in_source("tokenizer_config.json"), settings,
                     sizeof settings - 1);
    assert_refused(source, NULL, PITH_ERR_FORMAT, "does not load");
    write_whole_file(destination, "as it was", 9);
    ck_assert_int_ne(pith_convert(source, destination, NULL, &error), PITH_OK);
    char *bytes = read_whole_file(destination, &size);
    ck_assert_str_eq(bytes, "as it was");
    free(bytes);
    remove_files();
    foreign_free(&model);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("convert_weights");
    TCase *tcase = tcase_create("weights");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, one_of_a_tied_pair_is_enough);
    tcase_add_test(tcase, shared_tensors_are_known_from_the_metadata);
    tcase_add_test(tcase, shards_are_found_by_their_numbers);
    tcase_add_test(tcase, other_folders_are_named);
    tcase_add_test(tcase, pointers_of_git_lfs_are_named);
    tcase_add_test(tcase, gguf_can_be_split);
    tcase_add_loop_test(tcase, numbers_that_are_not_finite_are_named, 0,
                        sizeof spoilt / sizeof *spoilt);
    tcase_add_test(tcase, what_a_type_cannot_hold_is_named);
    tcase_add_test(tcase, blocks_are_searched_for_scales_and_minima);
    tcase_add_test(tcase, what_does_not_load_is_not_there);
    suite_add_tcase(suite, tcase);
    return suite;
}
