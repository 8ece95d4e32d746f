/*
 * test_cases.c - src/eval/cases*.c: what a data set's files become, and what
 * is said of files that are not theirs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pith_eval.h"
#include "support.h"

static const char *write_file(const char *name, const char *text)
{
    const char *path = temporary_path(name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    return path;
}

/* Loads texts as a file of the data set and as its prompts (NULL: none). */
static enum pith_status load(struct pith_cases **cases, enum pith_task task,
                             const char *text, const char *prompts,
                             struct pith_error *error)
{
    char path[300], prompts_path[300];
    snprintf(path, sizeof path, "%s", write_file("cases", text));
    snprintf(prompts_path, sizeof prompts_path, "%s",
             write_file("prompts", prompts != NULL ? prompts : ""));
    enum pith_status status = pith_cases_load(
        cases, task, path, prompts != NULL ? prompts_path : NULL, error);
    remove(path);
    remove(prompts_path);
    return status;
}

static void assert_text(struct pith_text got, const char *want)
{
    ck_assert_msg(got.size == strlen(want) &&
                      (got.size == 0 || memcmp(got.bytes, want, got.size) == 0),
                  "found \"%.*s\", not \"%s\"", (int)got.size,
                  got.size > 0 ? got.bytes : "", want);
}

START_TEST(gsm8k_is_read)
{
    struct pith_cases *cases = NULL;
    struct pith_error error;
    assert_ok(load(&cases, PITH_TASK_GSM8K,
                   "{\"question\": \"2 + 3?\", \"answer\": "
                   "\"It is 2+3=<<2+3=5>>5.\\n#### 5\"}\n\n"
                   "{\"question\": \"1?\", \"answer\": \"<<1\\n#### 1\"}",
                   "\nQuestion: a\nb\n\n\n  Question: c\n", &error), error);
    ck_assert_uint_eq(pith_cases_count(cases), 2);
    const struct pith_case *one = pith_cases_get(cases, 0);
    const struct pith_case *two = pith_cases_get(cases, 1);
    ck_assert_ptr_nonnull(strstr(one->id, "prompts"));
    ck_assert_str_eq(strrchr(one->id, '-'), "-1");
    ck_assert_str_eq(strrchr(two->id, '-'), "-3");
    ck_assert_uint_eq(one->group, two->group);
    ck_assert_uint_eq(one->prompt.n_contexts, 2);
    assert_text(one->prompt.instruction, "");
    assert_text(one->prompt.contexts[0], "Question: a\nb");
    assert_text(two->prompt.contexts[1], "Question: c");
    assert_text(one->prompt.question,
                "Question: 2 + 3?\nLet's think step by step\n");
    assert_text(one->reference, "It is 2+3=<<2+3=5>>5.\n#### 5");
    assert_text(one->answer, "It is 2+3=5.\nThe answer is 5");
    assert_text(two->answer, "1\nThe answer is 1");
    pith_cases_free(cases);
}
END_TEST

static const char bbh_prompt[] =
    "A canary.\n-----\nSay yes or no.\n\nThink.\n\n"
    "Q: one\nA: yes.\n\nstill one\n\nQ: two\nA: no.";

START_TEST(bbh_is_read)
{
    struct pith_cases *cases = NULL;
    struct pith_error error;
    const char *text = "{\"examples\": [{\"input\": \"is it?\", "
                       "\"target\": \"No\"}]}";
    assert_ok(load(&cases, PITH_TASK_BBH, text, bbh_prompt, &error), error);
    assert_ok(load(&cases, PITH_TASK_BBH, text, bbh_prompt, &error), error);
    ck_assert_uint_eq(pith_cases_count(cases), 2);
    const struct pith_case *one = pith_cases_get(cases, 0);
    ck_assert_uint_eq(one->group, 0);
    ck_assert_uint_eq(pith_cases_get(cases, 1)->group, 1);
    assert_text(one->prompt.instruction, "Say yes or no.\n\nThink.");
    ck_assert_uint_eq(one->prompt.n_contexts, 2);
    assert_text(one->prompt.contexts[0], "Q: one\nA: yes.\n\nstill one");
    assert_text(one->prompt.contexts[1], "Q: two\nA: no.");
    assert_text(one->prompt.question,
                "Q: is it?\nA: Let's think step by step.\n");
    assert_text(one->reference, "No");
    assert_text(one->answer, "So the answer is No.");
    pith_cases_free(cases);
}
END_TEST

START_TEST(conversations_are_read)
{
    struct pith_cases *cases = NULL;
    struct pith_error error;
    assert_ok(load(&cases, PITH_TASK_CHAT,
                   "{\"messages\": [{\"role\": \"system\", \"content\": \"S\"},"
                   "{\"role\": \"user\", \"content\": \"a\"},"
                   "{\"role\": \"assistant\", \"content\": \"b\"},"
                   "{\"role\": \"user\", \"content\": \"c\"},"
                   "{\"role\": \"assistant\", \"content\": \"d\"}]}\n"
                   "{\"conversations\": [{\"from\": \"human\", \"value\": "
                   "\"e\"}]}\n"
                   "{\"question_id\": 7, \"turns\": [\"f\", \"g\"]}\n"
                   "{\"question_id\": 8, \"turns\": [\"h\"]}\n",
                   "{\"question_id\": 8, \"choices\": [{\"turns\": [\"i\"]}]}\n"
                   "{\"question_id\": 7, \"choices\": [{\"turns\": [\"j\", "
                   "\"k\"]}]}\n", &error), error);
    ck_assert_uint_eq(pith_cases_count(cases), 4);
    const struct pith_case *at = pith_cases_get(cases, 0);
    ck_assert_uint_eq(at->prompt.n_contexts, 3);
    assert_text(at->prompt.contexts[1], "User: a");
    assert_text(at->prompt.contexts[2], "Assistant: b");
    assert_text(at->prompt.question, "User: c");
    assert_text(at->reference, "d");
    assert_text(at->answer, "Assistant: d");
    at = pith_cases_get(cases, 1);
    ck_assert_uint_eq(at->prompt.n_contexts, 0);
    assert_text(at->prompt.question, "User: e");
    assert_text(at->answer, "");
    at = pith_cases_get(cases, 2);
    ck_assert_uint_eq(at->prompt.n_contexts, 2);
    assert_text(at->prompt.contexts[1], "Assistant: j");
    assert_text(at->prompt.question, "User: g");
    assert_text(at->reference, "k");
    at = pith_cases_get(cases, 3);
    assert_text(at->prompt.question, "User: h");
    assert_text(at->reference, "i");
    pith_cases_free(cases);
}
END_TEST

START_TEST(documents_are_read)
{
    struct pith_cases *cases = NULL;
    struct pith_error error;
    assert_ok(load(&cases, PITH_TASK_DOCUMENTS,
                   "{\"document\": \"a\\n\\nb\", \"summary\": \"s\"}\n"
                   "{\"document\": \"c\"}\n", NULL, &error), error);
    assert_ok(load(&cases, PITH_TASK_DOCUMENTS,
                   "{\"0\": {\"origin_prompt\": \"d\", \"gold\": [\"t\", "
                   "\"u\"]}, \"1\": {\"origin_prompt\": \"e\", \"gold\": "
                   "\"v\"}}", NULL, &error), error);
    ck_assert_uint_eq(pith_cases_count(cases), 4);
    ck_assert_uint_eq(pith_cases_get(cases, 0)->prompt.n_contexts, 2);
    assert_text(pith_cases_get(cases, 0)->prompt.contexts[1], "b");
    assert_text(pith_cases_get(cases, 0)->reference, "s");
    assert_text(pith_cases_get(cases, 1)->reference, "");
    assert_text(pith_cases_get(cases, 2)->reference, "t");
    assert_text(pith_cases_get(cases, 3)->reference, "v");
    assert_text(pith_cases_get(cases, 3)->prompt.contexts[0], "e");
    pith_cases_free(cases);
}
END_TEST

static const char question_lines[] =
    "{\"question\": \"who?\", \"answers\": [\"Ann\\nLee\", \"Bo\"], "
    "\"passages\": [\"p\", {\"title\": \"T\", \"text\": \"q\"}]}\n"
    "{\"question\": \"when?\", \"answers\": \"now\", \"ctxs\": []}\n";

START_TEST(questions_are_read)
{
    struct pith_cases *cases = NULL;
    struct pith_error error;
    assert_ok(load(&cases, PITH_TASK_QA, question_lines, NULL, &error), error);
    ck_assert_uint_eq(pith_cases_count(cases), 2);
    const struct pith_case *one = pith_cases_get(cases, 0);
    assert_text(one->prompt.question, "who?");
    assert_text(one->answer, " Ann\nLee");
    assert_text(one->reference, "Ann Lee\nBo");
    ck_assert_uint_eq(one->prompt.n_contexts, 2);
    assert_text(one->prompt.contexts[0], "p");
    assert_text(one->prompt.contexts[1], "T\nq");
    ck_assert_uint_eq(pith_cases_get(cases, 1)->prompt.n_contexts, 0);
    ck_assert_uint_ne(pith_cases_get(cases, 1)->group, one->group);
    pith_cases_free(cases);
}
END_TEST

START_TEST(single_passages_stand_among_others)
{
    struct pith_cases *cases = NULL;
    struct pith_error error;
    char lines[1000] = "";
    for (int i = 0; i < 6; i++)
        sprintf(lines + strlen(lines),
                "{\"question\": \"%d?\", \"answers\": [\"a\"], \"ctxs\": "
                "[{\"text\": \"passage %d\"}]}\n", i, i);
    assert_ok(load(&cases, PITH_TASK_QA, lines, NULL, &error), error);
    for (size_t i = 0; i < 6; i++) {
        const struct pith_prompt *prompt = &pith_cases_get(cases, i)->prompt;
        ck_assert_uint_eq(prompt->n_contexts, 4);
        for (size_t j = 0; j < 4; j++) {
            char want[20];
            sprintf(want, "passage %zu", (i + j) % 6);
            assert_text(prompt->contexts[(i + j) % 4], want);
        }
    }
    pith_cases_free(cases);
}
END_TEST

#define LONG_LINE                                                              \
    "A line with more than eighty bytes in it, so that it is a passage by "    \
    "itself and no heading."

START_TEST(questions_of_mini_long_bench_are_read)
{
    struct pith_cases *cases = NULL;
    struct pith_error error;
    assert_ok(load(&cases, PITH_TASK_QA,
                   "{\"0\": {\"origin_prompt\": \"Do.\\n\\nThe following are "
                   "given passages.\\nPassage 1:\\nA\\n\\na\\nPassage 2:\\nB"
                   "\\n\\nDo.\\n\\nQuestion: why?\\nAnswer:\", \"gold\": "
                   "[\"so\"]}, "
                   "\"1\": {\"origin_prompt\": \"The following are given "
                   "passages.\\nHead\\n" LONG_LINE "\\n" LONG_LINE "\\nend\\n\\n"
                   "Do.\\n\\nQuestion: q\\nAnswer:\", \"gold\": \"g\"}}",
                   NULL, &error), error);
    const struct pith_case *one = pith_cases_get(cases, 0);
    const struct pith_case *two = pith_cases_get(cases, 1);
    assert_text(one->prompt.question, "why?");
    assert_text(one->answer, " so");
    ck_assert_uint_eq(one->prompt.n_contexts, 2);
    assert_text(one->prompt.contexts[0], "Passage 1:\nA\n\na");
    assert_text(one->prompt.contexts[1], "Passage 2:\nB");
    ck_assert_uint_eq(two->prompt.n_contexts, 3);
    assert_text(two->prompt.contexts[0], "Head\n" LONG_LINE);
    assert_text(two->prompt.contexts[1], LONG_LINE);
    assert_text(two->prompt.contexts[2], "end");
    assert_text(two->reference, "g");
    pith_cases_free(cases);
}
END_TEST

START_TEST(texts_are_read)
{
    struct pith_cases *cases = NULL;
    struct pith_error error;
    assert_ok(load(&cases, PITH_TASK_CONTINUE,
                   "{\"text\": \"a\\n\\nb\"}\n{\"document\": \"c\"}\n", NULL,
                   &error), error);
    assert_ok(load(&cases, PITH_TASK_CONTINUE,
                   "{\"0\": {\"origin_prompt\": \"d\"}}", NULL, &error),
              error);
    ck_assert_uint_eq(pith_cases_count(cases), 3);
    assert_text(pith_cases_get(cases, 0)->prompt.contexts[0], "a\n\nb");
    assert_text(pith_cases_get(cases, 1)->prompt.contexts[0], "c");
    assert_text(pith_cases_get(cases, 2)->prompt.contexts[0], "d");
    ck_assert_uint_eq(pith_cases_get(cases, 2)->group, 2);
    pith_cases_free(cases);
}
END_TEST

/* --- what is not a data set ----------------------------------------------- */

static const struct {
    enum pith_task task;
    const char *text, *prompts;
    const char *complaint;
} bad[] = {
    {PITH_TASK_GSM8K, "{}", NULL, "needs prompts"},
    {PITH_TASK_GSM8K, "{\"question\": \"a\", \"answer\": \"b\"}\n{\"x\": 1}",
     "a", ":2: expected a string \"question\""},
    {PITH_TASK_GSM8K, "\n{\"question\"", "a", ":2"},
    {PITH_TASK_BBH, "{\"examples\": []}", "no demonstrations", "\"Q: \""},
    {PITH_TASK_BBH, "{\"examples\": 1}", bbh_prompt, "\"examples\""},
    {PITH_TASK_BBH, "{\"examples\": [{\"input\": \"a\"}]}", bbh_prompt,
     "\"target\""},
    {PITH_TASK_CHAT, "{\"messages\": [{\"role\": \"assistant\", \"content\": "
     "\"a\"}]}", NULL, ":1: no turn of a user"},
    {PITH_TASK_CHAT, "{\"messages\": [{\"role\": \"user\"}]}", NULL,
     ":1: expected a string \"content\""},
    {PITH_TASK_CHAT, "{\"turns\": [1]}", NULL, ":1: expected strings"},
    {PITH_TASK_CHAT, "[]", NULL, ":1: expected a list"},
    {PITH_TASK_DOCUMENTS, "{\"text\": \"a\"}", NULL, "\"document\""},
    {PITH_TASK_DOCUMENTS, "{\"0\": {\"origin_prompt\": 1}}", NULL,
     "\"origin_prompt\""},
    {PITH_TASK_QA, "{\"question\": \"a\"}", NULL, ":1: expected answers"},
    {PITH_TASK_QA, "{\"question\": \"a\", \"answers\": []}", NULL,
     ":1: expected answers"},
    {PITH_TASK_QA, "{\"question\": \"a\", \"answers\": [\"\"]}", NULL,
     ":1: expected answers"},
    {PITH_TASK_QA, "{\"question\": \"a\", \"answers\": [\"b\", 1]}", NULL,
     ":1: expected answers"},
    {PITH_TASK_QA, "{\"question\": \"a\", \"answers\": \"b\"}", NULL,
     ":1: expected a list \"passages\""},
    {PITH_TASK_QA, "{\"question\": \"a\", \"answers\": \"b\", "
     "\"passages\": [1]}", NULL, ":1: a passage is neither"},
    {PITH_TASK_QA, "{\"answers\": \"b\"}", NULL,
     ":1: expected a string \"question\""},
    {PITH_TASK_QA, "{\"0\": {\"origin_prompt\": \"Sum up: a\"}}", NULL,
     "item 1: found no passages"},
    {PITH_TASK_CONTINUE, "{\"summary\": \"a\"}", NULL,
     ":1: expected a string \"document\""},
};

START_TEST(other_files_are_refused)
{
    struct pith_cases *cases = NULL;
    struct pith_error error;
    ck_assert_int_ne(load(&cases, bad[_i].task, bad[_i].text, bad[_i].prompts,
                          &error), PITH_OK);
    ck_assert_msg(strstr(error.detail, bad[_i].complaint) != NULL, "%s",
                  error.detail);
    ck_assert_ptr_null(cases);
}
END_TEST

START_TEST(a_set_is_unchanged_by_a_bad_file)
{
    struct pith_cases *cases = NULL;
    struct pith_error error;
    assert_ok(load(&cases, PITH_TASK_DOCUMENTS, "{\"document\": \"a\"}", NULL,
                   &error), error);
    ck_assert_int_eq(load(&cases, PITH_TASK_DOCUMENTS,
                          "{\"document\": \"b\"}\n{}", NULL, &error),
                     PITH_ERR_FORMAT);
    ck_assert_uint_eq(pith_cases_count(cases), 1);
    assert_ok(load(&cases, PITH_TASK_DOCUMENTS, "{\"document\": \"c\"}", NULL,
                   &error), error);
    ck_assert_uint_eq(pith_cases_get(cases, 1)->group, 1);
    pith_cases_free(cases);
}
END_TEST

START_TEST(the_real_files_are_read)
{
    const char *path = shared_path("data/gsm8k/test.jsonl");
    struct pith_cases *cases = NULL;
    struct pith_error error;
    char data[500];
    if (path == NULL)
        return;
    snprintf(data, sizeof data, "%s", path);
    assert_ok(pith_cases_load(&cases, PITH_TASK_GSM8K, data,
                              shared_path("data/gsm8k_cot/prompt_hardest.txt"),
                              &error), error);
    ck_assert_uint_eq(pith_cases_count(cases), 1319);
    ck_assert_uint_eq(pith_cases_get(cases, 7)->prompt.n_contexts, 8);
    pith_cases_free(cases);
    cases = NULL;
    snprintf(data, sizeof data, "%s", shared_path("data/bbh/bbh/navigate.json"));
    assert_ok(pith_cases_load(&cases, PITH_TASK_BBH, data,
                              shared_path("data/bbh/cot-prompts/navigate.txt"),
                              &error), error);
    ck_assert_uint_eq(pith_cases_count(cases), 250);
    ck_assert_uint_eq(pith_cases_get(cases, 7)->prompt.n_contexts, 3);
    pith_cases_free(cases);
    static const struct { const char *name; size_t n, n_contexts; } tasks[] = {
        {"hotpotqa", 13, 8}, {"musique", 7, 15}, {"2wikimqa", 13, 10},
        {"qasper", 9, 32}};
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
        char name[100];
        cases = NULL;
        snprintf(name, sizeof name, "data/long/MiniLongBench_%s.json",
                 tasks[i].name);
        assert_ok(pith_cases_load(&cases, PITH_TASK_QA, shared_path(name),
                                  NULL, &error), error);
        ck_assert_uint_eq(pith_cases_count(cases), tasks[i].n);
        ck_assert_uint_eq(pith_cases_get(cases, 0)->prompt.n_contexts,
                          tasks[i].n_contexts);
        pith_cases_free(cases);
    }
    cases = NULL;
    assert_ok(pith_cases_load(&cases, PITH_TASK_QA,
                              shared_path("data/long/nq-open-oracle.jsonl.gz"),
                              NULL, &error), error);
    ck_assert_uint_eq(pith_cases_count(cases), 2655);
    ck_assert_str_eq(pith_cases_get(cases, 7)->id, "nq-open-oracle-8");
    ck_assert_uint_eq(pith_cases_get(cases, 7)->prompt.n_contexts, 4);
    pith_cases_free(cases);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("cases");
    TCase *tcase = tcase_create("cases");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, gsm8k_is_read);
    tcase_add_test(tcase, bbh_is_read);
    tcase_add_test(tcase, conversations_are_read);
    tcase_add_test(tcase, documents_are_read);
    tcase_add_test(tcase, questions_are_read);
    tcase_add_test(tcase, single_passages_stand_among_others);
    tcase_add_test(tcase, questions_of_mini_long_bench_are_read);
    tcase_add_test(tcase, texts_are_read);
    tcase_add_loop_test(tcase, other_files_are_refused, 0,
                        sizeof bad / sizeof *bad);
    tcase_add_test(tcase, a_set_is_unchanged_by_a_bad_file);
    tcase_add_test(tcase, the_real_files_are_read);
    suite_add_tcase(suite, tcase);
    return suite;
}
