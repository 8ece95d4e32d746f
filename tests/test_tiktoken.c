/*
 * test_tiktoken.c - src/text/tiktoken*.c: words, files of a few ranks, and
 * cl100k_base against ids of tiktoken 0.14 and the counts of the goldens.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/json/json.h"
#include "../src/text/tiktoken.h"
#include "support.h"

START_TEST(words_are_cut_by_the_pattern)
{
    static const char *const cases[][2] = {
        {"Hello world", "Hello| world"},
        {"it's IT'S we'Ve I'll 'd'x'", "it|'s| IT|'S| we|'Ve| I|'ll| '|d|'x|'"},
        {"a'\xC5\xBF" "b'", "a|'\xC5\xBF|b|'"},
        {"1234567 12", "123|456|7| |12"},
        {"a1b2", "a|1|b|2"},
        {"(word) [x]\n\n y", "(word|)| [|x|]\n\n| y"},
        {"\tword\n word", "\tword|\n| word"},
        {"a   b", "a|  | b"},
        {"a   1", "a|  | |1"},
        {"a \n \n  b", "a| \n \n| | b"},
        {"a  \n ", "a|  \n "},
        {"a \r\n", "a| \r\n"},
        {"...!? \xF0\x9F\x98\x80\xE6\x9D\xB1", "...!?| \xF0\x9F\x98\x80|\xE6\x9D\xB1"},
        {"\xC2\xA0\xC3\xA9\xFF\xFE ", "\xC2\xA0\xC3\xA9|\xFF\xFE| "},
        {"\xF0\xB1\x8D\x90[", "\xF0\xB1\x8D\x90|["}, /* of Unicode 15 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pith_text rest = view(cases[i][0]);
        char out[200] = "";
        while (rest.size > 0) {
            size_t n = pith_tiktoken_next_word(rest);
            strcat(out, out[0] != '\0' ? "|" : "");
            strncat(out, rest.bytes, n);
            rest.bytes += n;
            rest.size -= n;
        }
        ck_assert_str_eq(out, cases[i][1]);
    }
}
END_TEST

static void write_text(const char *path, const char *text)
{
    FILE *stream = fopen(path, "wb");
    ck_assert_ptr_nonnull(stream);
    fputs(text, stream);
    fclose(stream);
}

/* The 256 bytes, rank and byte being equal, and what is given. */
static const char *write_ranks(const char *more)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
                                 "stuvwxyz0123456789+/";
    static char text[5000];
    const char *path = temporary_path("tiktoken");
    size_t n = 0;
    for (int byte = 0; byte < 256; byte++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%c%c== %d\n",
                              digits[byte >> 2], digits[(byte & 3) << 4], byte);
    snprintf(text + n, sizeof text - n, "%s", more);
    write_text(path, text);
    return path;
}

static void expect_ids(const struct pith_tiktoken *tiktoken, const char *text,
                       const int32_t *want, size_t n)
{
    struct pith_ids ids = {0};
    struct pith_error error;
    size_t counted;
    assert_ok(pith_tiktoken_encode(tiktoken, view(text), &ids, &error),
              error);
    ck_assert_msg(ids.n == n, "%s: %zu ids, expected %zu", text, ids.n, n);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(ids.data[i], want[i]);
    pith_ids_free(&ids);
    assert_ok(pith_tiktoken_count(tiktoken, view(text), &counted, &error),
              error);
    ck_assert_uint_eq(counted, n);
}

START_TEST(lowest_rank_merges_first)
{
    struct pith_tiktoken *tiktoken;
    struct pith_error error;
    /* bc 300, ab 301, abc 302, abcdef 310 (reached by no merge) */
    const char *path = write_ranks("YmM= 300\r\nYWI= 301\r\n\r\nYWJj 302\n"
                                   "YWJjZGVm 310");
    assert_ok(pith_tiktoken_load(path, &tiktoken, &error), error);
    expect_ids(tiktoken, "", NULL, 0);
    expect_ids(tiktoken, "abc", (int32_t[]){302}, 1);
    expect_ids(tiktoken, "abcd", (int32_t[]){302, 'd'}, 2);
    expect_ids(tiktoken, "abab", (int32_t[]){301, 301}, 2);
    expect_ids(tiktoken, "aabcb", (int32_t[]){'a', 302, 'b'}, 3);
    expect_ids(tiktoken, "abcdef", (int32_t[]){310}, 1);
    expect_ids(tiktoken, "abcdefg", (int32_t[]){302, 'd', 'e', 'f', 'g'}, 5);
    pith_tiktoken_free(tiktoken);
    remove(path);
}
END_TEST

START_TEST(broken_files_are_refused)
{
    static const char *const lines[] = {"YWI=", "YWI= x", "YWI= ", "YW=I 300",
                                        "YWI 300", "==== 300", " 300",
                                        "YWI= 99999999999", "Y 300",
                                        "Y=== 300"};
    struct pith_tiktoken *tiktoken;
    struct pith_error error;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *path = write_ranks(lines[i]);
        ck_assert_int_eq(pith_tiktoken_load(path, &tiktoken, &error),
                         PITH_ERR_FORMAT);
        ck_assert_ptr_null(tiktoken);
        ck_assert_ptr_nonnull(strstr(error.detail, "line 257"));
    }
    const char *path = temporary_path("tiktoken");
    write_text(path, "YQ== 0\n");
    ck_assert_int_eq(pith_tiktoken_load(path, &tiktoken, &error),
                     PITH_ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.detail, "0x00"));
    write_text(path, "");
    ck_assert_int_eq(pith_tiktoken_load(path, &tiktoken, &error),
                     PITH_ERR_FORMAT);
    remove(path);
    ck_assert_int_eq(pith_tiktoken_load(path, &tiktoken, &error), PITH_ERR_IO);
}
END_TEST

/* --- cl100k_base -------------------------------------------------------------- */

static struct pith_tiktoken *cl100k; /* NULL when it is not there */

static void load_cl100k(void)
{
    struct pith_error error;
    const char *path = shared_path("tokenizers/cl100k_base.tiktoken");
    if (path != NULL)
        assert_ok(pith_tiktoken_load(path, &cl100k, &error), error);
}

static void free_cl100k(void)
{
    pith_tiktoken_free(cl100k);
    cl100k = NULL;
}

START_TEST(ids_are_those_of_tiktoken)
{
    static const struct {
        const char *text;
        size_t n;
        int32_t ids[40];
    } cases[] = {
        {"Hello, world! It's 12345 o'clock.", 12,
         {9906, 11, 1917, 0, 1102, 596, 220, 4513, 1774, 297, 63510, 13}},
        {"  leading\n\n\ttabs and   spaces  \n", 9,
         {220, 6522, 271, 3324, 3518, 323, 256, 12908, 2355}},
        {"na\xC3\xAFve caf\xC3\xA9 "
         "\xE2\x80\x94 \xE2\x80\x9Cquotes\xE2\x80\x9D\xE2\x80\xA6 \xF0\x9F\x98\x80 \xE6\x9D\xB1\xE4\xBA\xAC", 13,
         {3458, 38672, 588, 53050, 2001, 1054, 54382, 863, 1981, 91416, 61696,
          109, 47653}},
        {"def f(x):\n    return x**2  # square\n", 13,
         {755, 282, 2120, 997, 262, 471, 865, 334, 17, 220, 674, 9518, 198}},
        {"<|endoftext|>", 7,
         {27, 91, 8862, 728, 428, 91, 29}},
    };
    for (size_t i = 0; cl100k && i < sizeof cases / sizeof *cases; i++)
        expect_ids(cl100k, cases[i].text, cases[i].ids, cases[i].n);
}
END_TEST

static size_t count(struct pith_text text)
{
    struct pith_error error;
    size_t n;
    assert_ok(pith_tiktoken_count(cl100k, text, &n, &error), error);
    return n;
}

static void append_member(struct pith_buffer *out,
                          const struct pith_json *object, const char *key)
{
    const struct pith_json *member = pith_json_get(object, key);
    if (member != NULL)
        pith_buffer_append(out, member->string.bytes, member->string.size);
}

/* strip() takes spaces and line breaks; the goldens have no other space. */
static struct pith_text stripped(const struct pith_buffer *buffer)
{
    struct pith_text text = {buffer->data, buffer->size};
    while (text.size > 0 && strchr(" \n", text.bytes[0])) {
        text.bytes++;
        text.size--;
    }
    while (text.size > 0 && strchr(" \n", text.bytes[text.size - 1]))
        text.size--;
    return text;
}

/* instruction, contexts, question with blank lines between, stripped. */
static size_t count_original(const struct pith_json *golden)
{
    struct pith_buffer joined = {0};
    const struct pith_json *options = pith_json_get(golden, "options");
    const struct pith_json *context = pith_json_get(golden, "context")->first;
    append_member(&joined, options, "instruction");
    for (; context != NULL; context = context->next) {
        pith_buffer_string(&joined, "\n\n");
        pith_buffer_append(&joined, context->string.bytes,
                           context->string.size);
    }
    pith_buffer_string(&joined, "\n\n");
    append_member(&joined, options, "question");
    size_t n = count(stripped(&joined));
    pith_buffer_free(&joined);
    return n;
}

static size_t check_golden(const struct pith_json *golden)
{
    const struct pith_json *result = pith_json_get(golden, "result");
    if (pith_json_is(result, PITH_JSON_NULL))
        return 0;
    const struct pith_json *prompt = pith_json_get(result, "compressed_prompt");
    ck_assert_uint_eq(
        count(prompt->string),
        (size_t)pith_json_get(result, "compressed_tokens")->number);
    /* the tags of structured requests are not counted */
    if (pith_json_string_is(pith_json_get(golden, "function"),
                            "compress_prompt"))
        ck_assert_uint_eq(
            count_original(golden),
            (size_t)pith_json_get(result, "origin_tokens")->number);
    return 1;
}

START_TEST(golden_counts)
{
    static const char *const files[] = {"goldens/compress_smollm2.jsonl",
                                        "goldens/compress_default.jsonl"};
    const char *path = shared_path(files[_i]);
    if (cl100k == NULL || path == NULL)
        return;
    size_t n_checked = 0;
    char *lines = read_whole_file(path, NULL);
    for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
        struct pith_json_document *document;
        struct pith_error error;
        assert_ok(pith_json_parse(view(line), "golden", &document, &error),
                  error);
        n_checked += check_golden(pith_json_root(document));
        pith_json_free(document);
    }
    free(lines);
    ck_assert_uint_ge(n_checked, 36);
}
END_TEST

START_TEST(a_megabyte_word_is_no_trouble)
{
    enum { N = 1 << 20 };
    if (cl100k == NULL)
        return;
    char *text = malloc(N);
    ck_assert_ptr_nonnull(text);
    memset(text, 'a', N);
    ck_assert_uint_eq(count((struct pith_text){text, N}), N / 8);
    free(text);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("tiktoken");
    TCase *tcase = tcase_create("tiktoken");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, load_cl100k, free_cl100k);
    tcase_add_test(tcase, words_are_cut_by_the_pattern);
    tcase_add_test(tcase, lowest_rank_merges_first);
    tcase_add_test(tcase, broken_files_are_refused);
    tcase_add_test(tcase, ids_are_those_of_tiktoken);
    tcase_add_loop_test(tcase, golden_counts, 0, 2);
    tcase_add_test(tcase, a_megabyte_word_is_no_trouble);
    suite_add_tcase(suite, tcase);
    return suite;
}
