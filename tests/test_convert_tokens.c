/*
 * test_convert_tokens.c - added and special tokens, in the layouts that
 * published checkpoints have them in, and what texts become then.
 *
 * tests/layouts.py compares the same layouts with transformers.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../src/base/store.h"
#include "foreign.h"
#include "support.h"

static char source[4096], destination[4096];

static void set_paths(void)
{
    snprintf(source, sizeof source, "%s", temporary_path("source"));
    snprintf(destination, sizeof destination, "%s", temporary_path("pith"));
}

static const char *in_source(const char *name)
{
    static char path[4200];
    snprintf(path, sizeof path, "%s/%s", source, name);
    return path;
}

static char notes[1024];

static void note(void *user, const char *text)
{
    (void)user;
    strncat(notes, text, sizeof notes - strlen(notes) - 1);
}

static struct pith_model *convert(void)
{
    struct pith_convert_options options = {.sizeof_options = sizeof options,
                                           .note = note};
    struct pith_model *model;
    struct pith_error error;
    notes[0] = '\0';
    assert_ok(pith_convert(source, destination, &options, &error), error);
    assert_ok(pith_model_load(destination, NULL, &model, &error), error);
    return model;
}

static void assert_ids(const struct pith_model *model, const char *text,
                       const int *want)
{
    struct pith_error error;
    int32_t *ids;
    size_t n;
    assert_ok(pith_tokenize(model, view(text), 0, &ids, &n, &error), error);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(ids[i] == want[i], "%s: id %zu is %ld, wanted %d", text,
                      i, (long)ids[i], want[i]);
    ck_assert_msg(want[n] == -1, "%s: %zu ids", text, n);
    pith_free(ids);
}

/* FOREIGN_LLAMA's pieces. */
enum { BYTE = 3, SPACE = 259, A = 260, B = 261, C = 262, AB = 263, SPACE_A };

#define IDS(...) {__VA_ARGS__, -1}

struct layout {
    const char *name;
    const char *files[3][2]; /* name, content */
    size_t n_rows;           /* beyond the pieces */
    int32_t bos_id, eos_id, pad_id;
    const char *text;
    int ids[12];
    const char *note; /* part of it; NULL: none */
};

static const struct layout llama_layouts[] = {
    {"alone", {{NULL, NULL}}, 0, 1, 2, -1, "a<s>a</s><unk>a",
     IDS(SPACE_A, 1, SPACE_A, 2, 0, SPACE_A), NULL},
    {"the first folders",
     {{"tokenizer_config.json",
       "{\"bos_token\": \"\", \"eos_token\": \"\", \"unk_token\": \"\", "
       "\"tokenizer_class\": \"LLaMATokenizer\"}"}},
     0, 1, 2, -1, "<s>a", IDS(1, SPACE_A), NULL},
    {"names as objects",
     {{"tokenizer_config.json",
       "{\"bos_token\": {\"__type\": \"AddedToken\", \"content\": \"</s>\", "
       "\"lstrip\": false}, \"pad_token\": null, \"legacy\": true}"},
      {"special_tokens_map.json", "{\"eos_token\": {\"content\": \"<s>\"}}"}},
     0, 2, 1, -1, "a</s>", IDS(SPACE_A, 2), NULL},
    {"alpaca",
     {{"added_tokens.json", "{\"[PAD]\": 266}"},
      {"special_tokens_map.json",
       "{\"bos_token\": \"</s>\", \"eos_token\": \"</s>\", \"unk_token\": "
       "\"</s>\", \"pad_token\": \"[PAD]\"}"},
      {"tokenizer_config.json", "{\"bos_token\": \"\", \"eos_token\": \"\"}"}},
     1, 2, 2, 266, "a[PAD]<s>",
     IDS(SPACE_A, 266, SPACE, BYTE + '<', BYTE + 's', BYTE + '>'), NULL},
    {"ChatML, rows padded, an id without a token",
     {{"added_tokens.json", "{\"<|im_start|>\": 268, \"<|im_end|>\": 266}"}},
     6, 1, 2, -1, "<|im_start|>a<|im_end|>", IDS(268, SPACE_A, 266), NULL},
    {"added tokens of tokenizer.json",
     {{"tokenizer.json",
       "{\"model\": {\"type\": \"BPE\", \"byte_fallback\": true}, "
       "\"added_tokens\": [{\"id\": 0, \"content\": \"<unk>\"}, {\"id\": 266, "
       "\"content\": \"[PAD]\", \"special\": true}]}"}},
     1, 1, 2, -1, "[PAD]", IDS(266), NULL},
    {"named and in no list",
     {{"special_tokens_map.json",
       "{\"additional_special_tokens\": [{\"content\": \"<y>\"}, \"</s>\"], "
       "\"pad_token\": \"<p>\"}"}},
     2, 1, 2, 266, "<p><y>", IDS(266, 267), NULL},
    {"beyond the embedding",
     {{"added_tokens.json", "{\"[PAD]\": 266, \"[X]\": 267}"},
      {"tokenizer_config.json", "{\"pad_token\": \"[PAD]\"}"}},
     0, 1, 2, -1, "[", IDS(SPACE, BYTE + '['),
     "the embedding has 266 rows: 2 added tokens are left out"},
    {"not legacy", {{"tokenizer_config.json", "{\"legacy\": false}"}},
     0, 1, 2, -1, "a</s>a a", IDS(SPACE_A, 2, A, SPACE_A), NULL},
    {"its own list goes before special_tokens_map.json",
     {{"tokenizer_config.json",
       "{\"bos_token\": \"<s>\", \"eos_token\": \"[E]\", "
       "\"added_tokens_decoder\": {\"266\": {\"content\": \"[E]\"}}}"},
      {"special_tokens_map.json",
       "{\"bos_token\": \"</s>\", \"eos_token\": \"</s>\"}"}},
     1, 1, 266, -1, "a[E]", IDS(SPACE_A, 266), NULL},
};

static void check_layout(const struct layout *layout, enum foreign_kind kind,
                         const struct foreign_folder *how)
{
    struct foreign model;
    struct pith_model_info info;
    foreign_init_padded(&model, kind, layout->n_rows);
    foreign_folder_write(&model, how, source);
    for (size_t i = 0; i < 3 && layout->files[i][0] != NULL; i++)
        write_whole_file(in_source(layout->files[i][0]), layout->files[i][1],
                         strlen(layout->files[i][1]));
    struct pith_model *loaded = convert();
    pith_model_describe(loaded, &info);
    ck_assert_msg(info.bos_id == layout->bos_id &&
                      info.eos_id == layout->eos_id &&
                      info.pad_id == layout->pad_id,
                  "%s: BOS %ld, EOS %ld, padding %ld", layout->name,
                  (long)info.bos_id, (long)info.eos_id, (long)info.pad_id);
    assert_ids(loaded, layout->text, layout->ids);
    if (layout->note != NULL)
        ck_assert_msg(strstr(notes, layout->note) != NULL, "%s", notes);
    else
        ck_assert_str_eq(notes, "");
    pith_model_free(loaded);
    foreign_folder_remove(source);
    unlink(destination);
    foreign_free(&model);
}

START_TEST(llama_layout)
{
    static const struct foreign_folder how = {.type = "F32"};
    set_paths();
    check_layout(&llama_layouts[_i], FOREIGN_LLAMA, &how);
}
END_TEST

static const struct layout gpt2_layouts[] = {
    {"no file names the end of text",
     {{"tokenizer_config.json",
       "{\"additional_special_tokens\": [\"<|x y|>\"]}"}},
     0, 0, 0, -1, "<|endoftext|>", IDS(0), NULL},
    {"added tokens",
     {{"added_tokens.json", "{\"<|pad|>\": 263, \"<|x y|>\": 1}"},
      {"tokenizer_config.json", "{\"pad_token\": \"<|pad|>\"}"}},
     3, 0, 0, 263, "<|pad|>", IDS(263), NULL},
    {"named and in no list",
     {{"tokenizer_config.json",
       "{\"tokenizer_class\": \"GPT2TokenizerFast\", \"mask_token\": \"<m>\", "
       "\"sep_token\": \"<e>\", \"cls_token\": \"<|x y|>\"}"}},
     2, 0, 0, -1, "<m><e>", IDS(264, 263), NULL},
};

START_TEST(gpt2_layout)
{
    static const struct foreign_folder json = {.type = "F32"};
    static const struct foreign_folder merges = {.type = "F32",
                                                 .vocab_and_merges = true};
    set_paths();
    check_layout(&gpt2_layouts[_i], FOREIGN_GPT2, &json);
    check_layout(&gpt2_layouts[_i], FOREIGN_GPT2, &merges);
}
END_TEST

/* --- tokenizer.json alone --------------------------------------------------*/

static const char JSON_MODEL[] =
    "\"model\": {\"type\": \"BPE\", \"unk_token\": \"<unk>\", "
    "\"byte_fallback\": true, \"fuse_unk\": true, \"vocab\": {\"<unk>\": 0, "
    "\"<s>\": 1, \"</s>\": 2, \"<0x41>\": 3, \"\xE2\x96\x81\": 4, \"a\": 5, "
    "\"b\": 6, \"ab\": 7, \"ba\": 8, \"\xE2\x96\x81" "a\": 9}, \"merges\": "
    "[\"b a\", [\"\xE2\x96\x81\", \"a\"], \"a b\"]}";

static const char PREPEND[] =
    "\"normalizer\": {\"type\": \"Sequence\", \"normalizers\": [{\"type\": "
    "\"Prepend\", \"prepend\": \"\xE2\x96\x81\"}, {\"type\": \"Replace\", "
    "\"pattern\": {\"String\": \" \"}, \"content\": \"\xE2\x96\x81\"}]}, "
    "\"pre_tokenizer\": null";

static const char ONCE[] =
    "\"normalizer\": null, \"pre_tokenizer\": {\"type\": \"Metaspace\", "
    "\"replacement\": \"\xE2\x96\x81\", \"prepend_scheme\": \"first\", "
    "\"split\": false}";

static const char NEVER[] =
    "\"normalizer\": {\"type\": \"Replace\", \"pattern\": {\"String\": \" \"}, "
    "\"content\": \"\xE2\x96\x81\"}, \"pre_tokenizer\": null";

static const char SPLIT[] =
    "\"pre_tokenizer\": {\"type\": \"Metaspace\", \"replacement\": "
    "\"\xE2\x96\x81\", \"prepend_scheme\": \"first\", \"split\": true}";

static void write_tokenizer_json(const char *spaces)
{
    struct pith_buffer out = {0};
    pith_buffer_printf(&out, "{\"added_tokens\": [{\"id\": 1, \"content\": "
                       "\"<s>\"}, {\"id\": 2, \"content\": \"</s>\"}], %s, "
                       "\"post_processor\": null, \"decoder\": null, %s}",
                       spaces, JSON_MODEL);
    write_whole_file(in_source("tokenizer.json"), out.data, out.size);
    pith_buffer_free(&out);
}

/* Merges have their ranks, whatever the ids; the unknown piece is in no text
 * that does not spell an added token. */
START_TEST(sentencepiece_can_come_with_merges)
{
    static const struct {
        const char *spaces;
        int ids[12];
    } forms[] = {{PREPEND, IDS(9, 8, 2, 9, 3, 0, 6)},
                 {ONCE, IDS(9, 8, 2, 5, 3, 0, 6)},
                 {NEVER, IDS(5, 8, 2, 5, 3, 0, 6)}};
    static const struct foreign_folder how = {.type = "F32",
                                              .no_tokenizer = true};
    struct foreign model;
    struct pith_model_info info;
    struct pith_error error;
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_folder_write(&model, &how, source);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        write_tokenizer_json(forms[i].spaces);
        struct pith_model *loaded = convert();
        pith_model_describe(loaded, &info);
        ck_assert_int_eq(info.bos_id, 1);
        ck_assert_int_eq(info.unk_id, 0);
        assert_ids(loaded, "aba</s>aAxyb", forms[i].ids);
        pith_model_free(loaded);
    }
    write_tokenizer_json(SPLIT);
    ck_assert_int_eq(pith_convert(source, destination, NULL, &error),
                     PITH_ERR_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(error.detail, "Metaspace"));
    foreign_folder_remove(source);
    unlink(destination);
    foreign_free(&model);
}
END_TEST

/* --- kinds of pieces -------------------------------------------------------*/

/* The byte that tells the kind of a piece of tokenizer.model. */
static void set_kind(const char *piece, char kind)
{
    size_t size, n = strlen(piece);
    char *bytes = read_whole_file(in_source("tokenizer.model"), &size);
    for (size_t i = 1; i + n + 7 < size; i++)
        if (bytes[i - 1] == (char)n && memcmp(bytes + i, piece, n) == 0)
            bytes[i + n + 6] = kind; /* after tag and score, and its tag */
    write_whole_file(in_source("tokenizer.model"), bytes, size);
    free(bytes);
}

START_TEST(user_defined_pieces_are_not_special)
{
    static const struct foreign_folder how = {.type = "F32"};
    struct foreign model;
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_folder_write(&model, &how, source);
    set_kind("ab", 4);
    struct pith_model *loaded = convert();
    assert_ids(loaded, "abab</s>aab",
               (const int[])IDS(SPACE, AB, AB, 2, SPACE_A, AB));
    pith_model_free(loaded);
    foreign_folder_remove(source);
    unlink(destination);
    foreign_free(&model);
}
END_TEST

/* Overwrites the types of the pieces of a GGUF file: `from` becomes 1. */
static void make_ordinary(uint32_t from)
{
    static const char key[] = "tokenizer.ggml.token_type";
    size_t size, at = 0;
    char *bytes = read_whole_file(source, &size);
    while (memcmp(bytes + at, key, sizeof key - 1) != 0)
        at++;
    uint8_t *list = (uint8_t *)bytes + at + sizeof key - 1 + 16;
    uint64_t n = pith_load_u64(list - 8);
    for (uint64_t i = 0; i < n; i++)
        if (from == 0 || pith_load_u32(list + 4 * i) == from)
            pith_store_u32(list + 4 * i, 1);
    write_whole_file(source, bytes, size);
    free(bytes);
}

START_TEST(gguf_pieces_of_the_ordinary_type)
{
    static const uint32_t types[] = {6, 3, 2, 0};
    struct foreign model;
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        foreign_gguf_write(&model, FOREIGN_F32, 3, source);
        make_ordinary(types[i]);
        struct pith_model *loaded = convert();
        assert_ids(loaded, "a\n<s>a</s><unk>",
                   (const int[])IDS(SPACE_A, BYTE + '\n', 1, SPACE_A, 2, 0));
        pith_model_free(loaded);
    }
    foreign_gguf_write(&model, FOREIGN_F32, 3, source);
    edit_file(source, "ggml.token_type", "ggml.token_tipe");
    struct pith_model *loaded = convert();
    assert_ids(loaded, "a\n<s>", (const int[])IDS(SPACE_A, BYTE + '\n', 1));
    pith_model_free(loaded);
    unlink(source);
    unlink(destination);
    foreign_free(&model);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("convert_tokens");
    TCase *tcase = tcase_create("layouts");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, llama_layout, 0,
                        sizeof llama_layouts / sizeof *llama_layouts);
    tcase_add_loop_test(tcase, gpt2_layout, 0,
                        sizeof gpt2_layouts / sizeof *gpt2_layouts);
    tcase_add_test(tcase, sentencepiece_can_come_with_merges);
    tcase_add_test(tcase, user_defined_pieces_are_not_special);
    tcase_add_test(tcase, gguf_pieces_of_the_ordinary_type);
    suite_add_tcase(suite, tcase);
    return suite;
}
