/*
 * test_eval.c - src/eval/measure.c, methods.c and the commands pith eval ...:
 * what a line holds, that methods are compared at equal lengths, and that a
 * run that was stopped continues where it was.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/json/json.h"
#include "pith_eval.h"
#include "program.h"
#include "support.h"
#include "tiny_model.h"

static const char data[] =
    "{\"question\": \"2 + 3?\", \"answer\": \"It is 5.\\n#### 5\"}\n"
    "{\"question\": \"7 - 3?\", \"answer\": \"It is 4.\\n#### 4\"}\n"
    "{\"question\": \"9 - 8?\", \"answer\": \"One.\\n#### 1\"}\n"
    "{\"question\": \"9 - 7?\", \"answer\": \"Two.\\n#### 2\"}\n";

static const char prompts[] =
    "Question: How many are 12 and 30?\nLet's think step by step\n"
    "Then Ann says 42.\n\n"
    "Question: How many days has May?\nLet's think step by step\n"
    "Old Bob says 31.\n\n"
    "Question: What is 1,000 less 1?\nLet's think step by step\n"
    "It must be 999, says Carl.\n";

static struct pith_model *model;
static struct pith_session *session;
static struct pith_cases *cases;

static void open_all(void)
{
    struct pith_error error;
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .n_threads = 1};
    char data_path[4200], prompts_path[4200], judge_path[4200];
    program_set_up();
    program_write("data.jsonl", data);
    program_write("prompts.txt", prompts);
    snprintf(data_path, sizeof data_path, "%s/data.jsonl", getenv("DIR"));
    snprintf(prompts_path, sizeof prompts_path, "%s/prompts.txt",
             getenv("DIR"));
    assert_ok(pith_cases_load(&cases, PITH_TASK_GSM8K, data_path, prompts_path,
                              &error), error);
    assert_ok(pith_model_load(getenv("PITH_MODEL"), NULL, &model, &error),
              error);
    snprintf(judge_path, sizeof judge_path, "%s/judge.pith", getenv("DIR"));
    tiny_model_write(judge_path, TINY_LLAMA, PITH_F32);
    assert_ok(pith_session_create(model, &options, &session, &error), error);
}

static void close_all(void)
{
    pith_session_free(session);
    pith_model_free(model);
    pith_cases_free(cases);
    program_tear_down();
}

/* --- one line ------------------------------------------------------------- */

static struct pith_json_document *measure(const char *method, double ratio,
                                          size_t max_cases)
{
    struct pith_measure_options options = {
        .sizeof_options = sizeof options, .method = method, .ratio = ratio,
        .seed = 7, .max_cases = max_cases, .reconstruction = true};
    struct pith_json_document *document;
    struct pith_error error;
    char *json;
    assert_ok(pith_measure_group(session, cases, 0, &options, &json, &error),
              error);
    assert_ok(pith_json_parse((struct pith_text){json, strlen(json)}, "line",
                              &document, &error), error);
    pith_free(json);
    return document;
}

static double number_at(const struct pith_json *list, size_t index)
{
    const struct pith_json *at = list->first;
    while (index-- > 0)
        at = at->next;
    return at->number;
}

static double number_of(const struct pith_json_document *document,
                        const char *key)
{
    return pith_json_get(pith_json_root(document), key)->number;
}

START_TEST(every_method_meets_the_ratio)
{
    const char *method = pith_eval_method((size_t)_i);
    struct pith_json_document *document = measure(method, 3, 0);
    double before = number_of(document, "origin_tokens");
    double after = number_of(document, "compressed_tokens");
    const struct pith_json *answers =
        pith_json_get(pith_json_root(document), "answers");
    if (strcmp(method, "full") == 0)
        ck_assert_double_eq(after, before);
    else if (strcmp(method, "zero-shot") == 0)
        ck_assert_double_eq(after, 0);
    else if (strcmp(method, "stop-words") == 0)
        ck_assert(after > before / 3 && after < before);
    else if (strcmp(method, "reference") != 0)
        ck_assert_msg(fabs(after - before / 3) < 3, "%s: %g of %g", method,
                      after, before);
    else
        ck_assert(after > 0 && after < before);
    ck_assert_uint_eq(answers->n_children, 4);
    for (const struct pith_json *at = answers->first; at != NULL; at = at->next)
        ck_assert(number_at(at, 1) > 0 && number_at(at, 2) > 0);
    pith_json_free(document);
}
END_TEST

START_TEST(a_line_says_what_is_left)
{
    struct pith_json_document *full = measure("full", 1, 2);
    struct pith_json_document *none = measure("zero-shot", 1, 2);
    const struct pith_json *root = pith_json_root(full);
    ck_assert_double_eq(number_at(pith_json_get(root, "numbers"), 0), 7);
    ck_assert_double_eq(number_at(pith_json_get(root, "numbers"), 1), 7);
    ck_assert_double_eq(number_at(pith_json_get(root, "names"), 1), 4);
    ck_assert_double_eq(number_at(pith_json_get(root, "false_numbers"), 0), 0);
    ck_assert_double_eq(number_at(pith_json_get(root, "false_numbers"), 1), 7);
    ck_assert(pith_json_string_is(pith_json_get(root, "task"), "gsm8k"));
    ck_assert_double_eq(number_at(pith_json_get(root, "steps"), 0), 3);
    ck_assert_double_eq(number_at(pith_json_get(root, "steps"), 1), 3);
    ck_assert_double_eq(number_at(pith_json_get(root, "steps"), 2), 3);
    ck_assert(pith_json_string_is(pith_json_get(root, "key"),
                                  "prompts-1 full 1 7"));
    const struct pith_json *answers = pith_json_get(root, "answers");
    ck_assert_uint_eq(answers->n_children, 2);
    ck_assert(pith_json_string_is(answers->first->next->first, "prompts-3"));
    root = pith_json_root(none);
    ck_assert_double_eq(number_at(pith_json_get(root, "numbers"), 0), 0);
    ck_assert_double_eq(number_at(pith_json_get(root, "steps"), 0), 0);
    ck_assert_double_eq(number_at(pith_json_get(root, "steps"), 2), 3);
    ck_assert_double_eq(number_at(pith_json_get(root, "numbers"), 1), 7);
    ck_assert(pith_json_string_is(pith_json_get(root, "compressed"), ""));
    pith_json_free(full);
    pith_json_free(none);
}
END_TEST

/* The judge changes what is likely and nothing that is kept. */
START_TEST(another_model_may_judge)
{
    expect_run("\"$PITH\" eval measure -q -t 1 --prompts prompts.txt data.jsonl "
               "--methods paper --ratios 2 -o alone.jsonl; "
               "\"$PITH\" eval measure -q -t 1 --prompts prompts.txt data.jsonl "
               "--methods paper --ratios 2 --judge judge.pith -o "
               "judged.jsonl; cmp -s alone.jsonl judged.jsonl; echo $?; for f "
               "in alone judged; do sed -E 's/\"reconstruction.*\"answers\": "
               ".*\\]\\], //' $f.jsonl >$f; done; cmp alone judged", 0, "1\n",
               "");
}
END_TEST

START_TEST(unknown_methods_and_ratios_are_refused)
{
    struct pith_measure_options options = {
        .sizeof_options = sizeof options, .method = "magic", .ratio = 3};
    struct pith_error error;
    char *json;
    ck_assert_int_eq(pith_measure_group(session, cases, 0, &options, &json,
                                        &error), PITH_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.detail, "magic"));
    options.method = "paper";
    options.ratio = 0.5;
    ck_assert_int_eq(pith_measure_group(session, cases, 0, &options, &json,
                                        &error), PITH_ERR_ARGUMENT);
    ck_assert_ptr_null(json);
}
END_TEST

/* --- the commands --------------------------------------------------------- */

#define MEASURE                                                                \
    "\"$PITH\" eval measure -t 1 --prompts prompts.txt data.jsonl "            \
    "--methods random,paper --ratios 2,4 "

START_TEST(a_stopped_run_goes_on)
{
    expect_run(MEASURE "-q -o whole.jsonl", 0, "", "");
    /* One line and a half, as a kill would leave them. */
    expect_run("head -c $(($(head -n 1 whole.jsonl | wc -c) + 100)) "
               "whole.jsonl >part.jsonl; " MEASURE "-o part.jsonl", 0, "",
               "3 lines written, 1 there already");
    expect_run("cmp whole.jsonl part.jsonl", 0, "", "");
    expect_run(MEASURE "-o part.jsonl", 0, "",
               "0 lines written, 4 there already");
    expect_run("cmp whole.jsonl part.jsonl", 0, "", "");
}
END_TEST

/* Every file of a folder is a prompt; only methods that draw have seeds. */
START_TEST(prompts_and_seeds_are_repeated)
{
    expect_run("mkdir -p many && cp prompts.txt many/b.txt && head -n 3 "
               "prompts.txt >many/a.txt && echo x >many/c.md && "
               "\"$PITH\" eval measure -q -t 1 --prompts many data.jsonl "
               "--methods random,truncation,paper-random-selection --ratios 2 "
               "--seeds 2 --seed 5 --reconstruction off -o many.jsonl && "
               "sed 's/.*\"key\": \"\\([^\"]*\\).*/\\1/' many.jsonl", 0,
               "a-1 random 2 5\nb-1 random 2 5\n"
               "a-1 random 2 6\nb-1 random 2 6\n"
               "a-1 truncation 2 5\nb-1 truncation 2 5\n"
               "a-1 paper-random-selection 2 5\n"
               "b-1 paper-random-selection 2 5\n"
               "a-1 paper-random-selection 2 6\n"
               "b-1 paper-random-selection 2 6\n", "");
    expect_run("mkdir -p empty && \"$PITH\" eval measure --prompts empty "
               "data.jsonl", 1, "", "empty: the folder has no file *.txt");
}
END_TEST

START_TEST(bad_command_lines_are_explained)
{
    expect_run("\"$PITH\" eval measure", 2, "", "expected: pith eval measure");
    expect_run("\"$PITH\" eval measure --methods magic data.jsonl", 2, "",
               "there is no method \"magic\"");
    expect_run("\"$PITH\" eval measure --ratios 2,x data.jsonl", 2, "",
               "found \"x\"");
    expect_run("\"$PITH\" eval measure data.jsonl", 2, "", "needs prompts");
    expect_run("\"$PITH\" eval measure --task bbh --prompts prompts.txt "
               "data.jsonl", 1, "", "data.jsonl");
    expect_run("\"$PITH\" eval measure --prompts prompts.txt -o no/such/file "
               "data.jsonl", 1, "", "no/such/file");
}
END_TEST

START_TEST(metrics_are_printed)
{
    expect_run("echo '{\"hypothesis\": \"a b c d\", \"reference\": \"a b c "
               "d\"}' | \"$PITH\" eval metrics", 0,
               "{\"bleu\": 100.00000000000004, \"rouge1\": [1, 1, 1], "
               "\"rouge2\": [1, 1, 1], \"rougeL\": [1, 1, 1]}\n"
               "{\"pairs\": 1, \"corpus_bleu\": 100}\n", "");
    expect_run("printf '\\n{\"hypothesis\": 1}\\n' | \"$PITH\" eval metrics", 1,
               "", "standard input:2: expected a string \"hypothesis\"");
}
END_TEST

START_TEST(the_group_lists_its_commands)
{
    expect_run("\"$PITH\" help eval | sed -n 's/^  \\(eval [a-z]*\\) .*[a-z]$/\\1/p'",
               0, "eval measure\neval metrics\neval prepare\neval run\n"
               "eval score\n", "");
    expect_run("\"$PITH\" help eval >a; \"$PITH\" eval --help | cmp a -", 0, "",
               "");
    expect_run("\"$PITH\" eval", 2, "", "  eval run ");
    expect_run("\"$PITH\" eval runs", 2, "",
               "unknown command \"eval runs\" (did you mean pith eval run?); "
               "see pith help eval\n");
    expect_run("\"$PITH\" help eval runs", 2, "", "\"eval runs\"");
    expect_run("\"$PITH\" help evals", 2, "", "unknown command \"evals\"");
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("eval");
    TCase *tcase = tcase_create("eval");
    size_t n_methods = 0;
    while (pith_eval_method(n_methods) != NULL)
        n_methods++;
    tcase_set_timeout(tcase, 120);
    tcase_add_unchecked_fixture(tcase, open_all, close_all);
    tcase_add_loop_test(tcase, every_method_meets_the_ratio, 0,
                        (int)n_methods);
    tcase_add_test(tcase, a_line_says_what_is_left);
    tcase_add_test(tcase, another_model_may_judge);
    tcase_add_test(tcase, unknown_methods_and_ratios_are_refused);
    tcase_add_test(tcase, a_stopped_run_goes_on);
    tcase_add_test(tcase, prompts_and_seeds_are_repeated);
    tcase_add_test(tcase, bad_command_lines_are_explained);
    tcase_add_test(tcase, metrics_are_printed);
    tcase_add_test(tcase, the_group_lists_its_commands);
    suite_add_tcase(suite, tcase);
    return suite;
}
