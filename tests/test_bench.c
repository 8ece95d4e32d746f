/*
 * test_bench.c - `pith bench` says what it measured in a form that scripts
 * can read.  No figure that depends on time is looked at.
 */
#define _XOPEN_SOURCE 700 /* realpath, popen */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "../src/json/json.h"
#include "pith_service.h"
#include "support.h"
#include "tiny_model.h"

static char model[4096], requests[4096];

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    ck_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void set_up(void)
{
    snprintf(model, sizeof model, "%s", temporary_path("bench.pith"));
    snprintf(requests, sizeof requests, "%s", temporary_path("bench.jsonl"));
    tiny_model_write(model, TINY_LLAMA, PITH_Q8);
    write_file(requests,
               "{\"name\":\"context\",\"context\":[\"In the end he was in it; "
               "and she said \\\"no\\\": \\u00e9\\\\\", \"one more\"],"
               "\"options\":{\"rate\":0.5}}\n\n"
               "{\"name\":2,\"context\":\"All the others went on and on.\"}\n"
               "{\"name\":3,\"context\":[\"a\"],\"options\":{\"rate\":7}}\n");
    const char *program = getenv("PITH_PROGRAM");
    char *full = realpath(program != NULL ? program : "build/pith", NULL);
    ck_assert_msg(full != NULL, "PITH_PROGRAM does not name a program");
    setenv("PITH", full, 1);
    setenv("PITH_MODEL", model, 1);
    setenv("REQUESTS", requests, 1);
    unsetenv("PITH_KERNELS");
    free(full);
}

static void tear_down(void)
{
    remove(model);
    remove(requests);
}

/* What `pith bench ARGUMENTS` prints; free it.  Both streams when it is
 * expected to fail. */
static char *bench(const char *arguments, int status)
{
    char command[1024], *out = calloc(1, 1 << 16);
    snprintf(command, sizeof command, "\"$PITH\" bench %s </dev/null %s",
             arguments, status != 0 ? "2>&1" : "");
    FILE *stream = popen(command, "r");
    ck_assert(stream != NULL && out != NULL);
    ck_assert_uint_lt(fread(out, 1, (1 << 16) - 1, stream), (1 << 16) - 1);
    int ended = pclose(stream);
    ck_assert_msg(WIFEXITED(ended) && WEXITSTATUS(ended) == status,
                  "pith bench %s: status %d, printed %s", arguments, ended,
                  out);
    return out;
}

static struct pith_json_document *bench_json(const char *arguments)
{
    char line[1024];
    struct pith_json_document *document;
    struct pith_error error;
    snprintf(line, sizeof line, "--format json %s", arguments);
    char *out = bench(line, 0);
    assert_ok(pith_json_parse((struct pith_text){out, strlen(out)}, "bench",
                              &document, &error), error);
    free(out);
    return document;
}

/* --- reading what it printed -------------------------------------------------- */

static const struct pith_json *member(const struct pith_json *object,
                                      const char *key)
{
    const struct pith_json *value = pith_json_get(object, key);
    ck_assert_msg(value != NULL, "\"%s\" is missing", key);
    return value;
}

static double number(const struct pith_json *object, const char *key)
{
    const struct pith_json *value = member(object, key);
    ck_assert_msg(pith_json_is(value, PITH_JSON_NUMBER), "\"%s\"", key);
    return value->number;
}

static void expect_positive(const struct pith_json *object, const char *key)
{
    ck_assert_msg(number(object, key) > 0, "\"%s\" is not positive", key);
}

static void expect_spread(const struct pith_json *object, const char *key)
{
    const struct pith_json *spread = member(object, key);
    expect_positive(spread, "min");
    ck_assert(number(spread, "min") <= number(spread, "median"));
    ck_assert(number(spread, "median") <= number(spread, "max"));
}

static size_t count_kernels(void)
{
    size_t n = 0;
    while (pith_kernels_name(n) != NULL)
        n++;
    return n;
}

/* --- the tests ------------------------------------------------------------------ */

START_TEST(json_has_every_figure)
{
    struct pith_json_document *document =
        bench_json("-n 20 -r 2 -t 2 --scaling --kernels all --lengths 30,60");
    const struct pith_json *root = pith_json_root(document);
    size_t n_threads = pith_processors() > 1 ? 2 : 1;

    ck_assert_double_eq(number(root, "tokens"), 20);
    ck_assert_double_eq(number(root, "runs"), 2);
    ck_assert_uint_eq((size_t)number(root, "threads"), n_threads);
    expect_positive(root, "peak_bytes");
    expect_positive(member(root, "model"), "parameters");
    ck_assert(pith_json_string_is(member(member(root, "model"), "types"),
                                  "q8"));
    ck_assert(pith_json_is(member(root, "prompt"), PITH_JSON_NULL));

    const struct pith_json *scoring = member(root, "scoring");
    ck_assert_uint_eq(scoring->n_children, 2 * n_threads * count_kernels());
    size_t i = 0;
    for (const struct pith_json *it = scoring->first; it != NULL;
         it = it->next, i++) {
        ck_assert(pith_json_string_is(member(it, "kernels"),
                                      pith_kernels_name(i / (2 * n_threads))));
        ck_assert(pith_json_string_is(member(it, "precision"),
                                      i / n_threads % 2 == 0 ? "auto"
                                                               : "f32"));
        ck_assert(!pith_json_string_is(member(it, "means"), "auto"));
        ck_assert_uint_eq((size_t)number(it, "threads"), i % n_threads + 1);
        expect_spread(it, "seconds");
        expect_positive(it, "tokens_per_second");
        expect_positive(it, "gflops");
        expect_positive(it, "roofline_gflops");
        expect_positive(it, "roofline_share");
    }
    const struct pith_json *rooflines = member(root, "rooflines");
    ck_assert_uint_gt(rooflines->n_children, 0);
    expect_positive(rooflines->first, "gflops");

    const struct pith_json *lengths = member(root, "lengths");
    ck_assert_uint_eq(lengths->n_children, 2);
    ck_assert_double_eq(number(lengths->first, "tokens"), 30);
    ck_assert_double_eq(number(lengths->first->next, "tokens"), 60);
    expect_spread(lengths->first, "seconds");
    expect_positive(lengths->first, "seconds_per_token");

    const struct pith_json *startup = member(root, "startup");
    ck_assert_double_eq(number(startup, "tokens"), 100);
    expect_spread(startup, "seconds");
    expect_positive(startup, "peak_bytes");
    pith_json_free(document);
}
END_TEST

/* The work is that of the matrices, the output projection among them and the
 * look-up of the embedding not, and of the attention. */
START_TEST(work_follows_from_the_shape)
{
    struct pith_config c;
    struct pith_json_document *document =
        bench_json("-n 20 -r 1 --startup off");
    tiny_config(&c, TINY_LLAMA);
    double attn = c.n_head * c.head_dim, kv = c.n_kv_head * c.head_dim;
    double layer = c.n_embd * (2 * attn + 2 * kv + 3.0 * c.n_ff);
    double weights = c.n_layer * layer + (double)c.n_vocab * c.n_embd;
    double pairs = 20.0 * 21 / 2;
    ck_assert_double_eq_tol(number(pith_json_root(document), "flops"),
                            2 * 20 * weights + 4 * c.n_layer * attn * pairs,
                            1);
    ck_assert(pith_json_is(member(pith_json_root(document), "startup"),
                           PITH_JSON_NULL));
    pith_json_free(document);
}
END_TEST

START_TEST(the_table_names_what_the_json_names)
{
    static const char *const words[] = {
        "tokens/s", "GFLOP/s", "limits of this machine", "document, tokens",
        "peak memory after scoring", "process start to result", "20 tokens"};
    char *out = bench("-n 20 -r 1 --lengths 30 --kernels scalar", 0);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_msg(strstr(out, words[i]) != NULL, "no \"%s\" in %s",
                      words[i], out);
    const char *row = strstr(out, "\nscalar   auto: f32");
    ck_assert_msg(row != NULL, "no row for scalar in %s", out);
    free(out);
}
END_TEST

/* A file's text is repeated until it is long enough. */
START_TEST(a_file_can_be_the_prompt)
{
    struct pith_json_document *document =
        bench_json("-n 200 -r 1 --startup off \"$REQUESTS\"");
    ck_assert(pith_json_string_is(member(pith_json_root(document), "prompt"),
                                  requests));
    pith_json_free(document);
}
END_TEST

/* Tokens in all of the requests that succeed, by the library itself. */
static double count_origin_tokens(enum pith_method method)
{
    double sum = 0;
    char *text = read_whole_file(requests, NULL);
    struct pith_model *loaded;
    struct pith_session *session;
    struct pith_compress_options options;
    struct pith_error error;
    pith_compress_options_init(&options);
    options.method = method;
    assert_ok(pith_model_load(model, NULL, &loaded, &error), error);
    assert_ok(pith_session_create(loaded, NULL, &session, &error), error);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *reply;
        assert_ok(pith_request_run(session,
                                   (struct pith_text){line, strlen(line)},
                                   &options, &reply, NULL, &error), error);
        const char *count = strstr(reply, "\"origin_tokens\":");
        sum += count != NULL ? atof(count + 16) : 0;
        pith_free(reply);
    }
    pith_session_free(session);
    pith_model_free(loaded);
    free(text);
    return sum;
}

START_TEST(a_setting_agrees_with_itself)
{
    static const char *const methods[] = {"paper", "reference"};
    char line[256];
    snprintf(line, sizeof line, "--agreement \"$REQUESTS\" --kernels scalar "
             "--precision f32 --against scalar --method %s", methods[_i]);
    struct pith_json_document *document = bench_json(line);
    const struct pith_json *root = pith_json_root(document);
    ck_assert(pith_json_string_is(member(root, "method"), methods[_i]));
    ck_assert_uint_eq(member(root, "settings")->n_children, 2);
    ck_assert_double_eq(number(root, "requests"), 3);
    ck_assert_double_eq(number(root, "refused"), 1);
    ck_assert_double_eq(number(root, "tokens"),
                        count_origin_tokens((enum pith_method)_i));
    ck_assert_double_eq(number(root, "different"), 0);
    ck_assert_double_eq(number(root, "share_agreed"), 1);
    ck_assert_double_eq(number(root, "perplexity_change"), 0);
    ck_assert_uint_eq(member(root, "seconds")->n_children, 2);
    pith_json_free(document);
}
END_TEST

static const struct {
    const char *arguments;
    int status;
    const char *says;
} wrong[] = {
    {"-n 0", 2, "--tokens \"0\""},
    {"-n 257", 2, "a session of this model holds 256"},
    {"-r 0", 2, "--runs \"0\""},
    {"--kernels sse9", 2, "kernels \"sse9\" are not there"},
    {"--kernels scalar,", 2, "kernels \"\" are not there"},
    {"--agreement r.jsonl --kernels scalar,scalar", 2, "compares one setting"},
    {"-n 9 --precision int7", 2, "\"int7\" is not known"},
    {"--precision a,b,c,d,e,f,g,h,i", 2, "more than 8 names"},
    {"--agreement r.jsonl prompt.txt", 2, "leave out prompt.txt"},
    {"--agreement /nowhere.jsonl", 1, "/nowhere.jsonl: cannot open"},
    {"-n 9 /nowhere.txt", 1, "/nowhere.txt: cannot open"},
    {"-n 9 /dev/null", 1, "is empty"},
};

START_TEST(wrong_command_lines_are_told_so)
{
    char *out = bench(wrong[_i].arguments, wrong[_i].status);
    ck_assert_msg(strstr(out, wrong[_i].says) != NULL, "%s: printed \"%s\"",
                  wrong[_i].arguments, out);
    free(out);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("bench");
    TCase *tcase = tcase_create("bench");
    tcase_set_timeout(tcase, 300);
    tcase_add_unchecked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, json_has_every_figure);
    tcase_add_test(tcase, work_follows_from_the_shape);
    tcase_add_test(tcase, the_table_names_what_the_json_names);
    tcase_add_test(tcase, a_file_can_be_the_prompt);
    tcase_add_loop_test(tcase, a_setting_agrees_with_itself, 0, 2);
    tcase_add_loop_test(tcase, wrong_command_lines_are_told_so, 0,
                        sizeof wrong / sizeof wrong[0]);
    suite_add_tcase(suite, tcase);
    return suite;
}
