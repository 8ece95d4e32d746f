/*
 * test_eval_target.c - src/eval/prepare.c, score*.c and steps.c: what a target
 * model is asked, and what its answers come to.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pith_eval.h"
#include "program.h"
#include "support.h"

static struct pith_error error;

static struct pith_text text_of(const char *string)
{
    return (struct pith_text){string, strlen(string)};
}

/* --- steps ---------------------------------------------------------------- */

static const char thoughts[] =
    "Question: How much are 3 apples at $4?\n"
    "Let's think step by step\n"
    "Each of the 3 apples costs 4 dollars.\n"
    "So all of them cost 3 * 4 = 12 dollars.\n"
    "The answer is 12\n\n"
    "Question: And 1?\n"
    "No step by itself";

static void expect_steps(const char *text, size_t found)
{
    struct pith_recall steps;
    assert_ok(pith_steps_count(&steps, text_of(text), text_of(thoughts),
                               &error), error);
    ck_assert_uint_eq(steps.all, 3);
    ck_assert_uint_eq(steps.found, found);
}

START_TEST(steps_are_found_by_numbers_and_half_the_words)
{
    expect_steps(thoughts, 3);
    expect_steps("", 0);
    expect_steps("costs apples 3 4", 0); /* 2 of 8 words in order */
    expect_steps("The 3 apples costs 4", 1);
    expect_steps("The 4 apples costs 3 of the", 0); /* numbers out of order */
    expect_steps("So them cost 3 4 = 12", 1);
    expect_steps("So all of them cost 3 * 5 = 12 dollars.", 0);
    expect_steps("So all of\nthem cost 3 * 4 = 12", 1); /* in one line */
    expect_steps("answer 12\r\n", 1);
}
END_TEST

/* --- prepare -------------------------------------------------------------- */

static const char data[] =
    "{\"question\": \"2 + 3?\", \"answer\": \"It is 5.\\n#### 5\"}\n"
    "{\"question\": \"7 - 3?\", \"answer\": \"It is 4.\\n#### 4\"}\n";

static const char prompts[] =
    "Question: How many are 12 and 30?\nThen Ann says 42.\n\n"
    "Question: How many days has May?\nOld Bob says 31.\n";

static void open_all(void)
{
    program_set_up();
    program_write("data.jsonl", data);
    program_write("prompts.txt", prompts);
}

#define PREPARE                                                                \
    "\"$PITH\" eval prepare -t 1 --prompts prompts.txt data.jsonl "            \
    "--target-model m -o r.jsonl --keys k.jsonl "

START_TEST(requests_are_whole)
{
    expect_run(PREPARE "--methods full,zero-shot", 0, "",
               "2 compressed prompts");
    expect_run("sed -E 's/-[0-9A-F]{8}\"/\"/' r.jsonl | head -n 1", 0,
               "{\"custom_id\":\"prompts-1-full-1x-1\",\"method\":\"POST\","
               "\"url\":\"/v1/chat/completions\",\"body\":{\"model\":\"m\","
               "\"messages\":[{\"role\":\"user\",\"content\":\"Please "
               "reference the following examples to answer the math "
               "question,\\nQuestion: How many are 12 and 30?\\nThen Ann says "
               "42.\\n\\nQuestion: How many days has May?\\nOld Bob says "
               "31.\\n\\nQuestion: 2 + 3?\\nLet's think step by "
               "step\\n\"}],\"temperature\":0,\"max_tokens\":400}}\n", "");
    expect_run("grep zero r.jsonl | grep -c 'content\":\"Question: 2'", 0,
               "1\n", "");
    expect_run("wc -l <k.jsonl; grep -c '\"reference\": \"It is 4.' k.jsonl",
               0, "4\n2\n", "");
}
END_TEST

START_TEST(shots_count_demonstrations)
{
    expect_run(PREPARE "--methods random --shots 1,0.5 -q; sed -E "
               "'s/.*origin_tokens\": ([0-9]+), \"compressed_tokens\": "
               "([0-9]+),.*/\\1 \\2/' k.jsonl | uniq >n; awk '{ if ($2 * 2 / "
               "$1 > 1.03 || ($2 * 4 / $1 < 0.97 && NR == 2)) print; else "
               "print \"good\" }' n", 0, "good\ngood\n", "");
    expect_run("grep -c -- '-0.5shot-1-' r.jsonl", 0, "2\n", "");
}
END_TEST

START_TEST(restoring_is_asked_once_for_each_prompt)
{
    expect_run(PREPARE "--ask restore --methods random --ratios 2 --system S "
               "-q; wc -l <r.jsonl; grep -c "
               "'\"role\":\"system\",\"content\":\"S\"' r.jsonl; grep -c "
               "'\"ask\": \"restore\".*\"reference\": \"Question: How many "
               "are 12' k.jsonl", 0, "1\n1\n1\n", "");
}
END_TEST

START_TEST(bad_command_lines_are_explained)
{
    expect_run("\"$PITH\" eval prepare data.jsonl", 2, "",
               "give --target-model NAME");
    expect_run(PREPARE "--ratios 2 --shots 1", 2, "", "cannot be combined");
    expect_run(PREPARE "--shots 0", 2, "", "--shots: found \"0\"");
    expect_run(PREPARE "--methods magic", 2, "", "\"magic\"");
    expect_run("\"$PITH\" eval prepare --prompts prompts.txt data.jsonl "
               "--target-model m -o r2.jsonl --keys no/such/k", 1, "",
               "no/such/k");
    expect_run("ls r2.jsonl", 2, "", NULL);
}
END_TEST

/* --- score ---------------------------------------------------------------- */

#define KEY(id, task, of, ask, reference)                                      \
    "{\"custom_id\": \"" id "\", \"task\": \"" task "\", \"case\": \"" of      \
    "\", \"ask\": \"" ask "\", \"method\": \"paper\", \"ratio\": 5, "          \
    "\"shots\": 0, \"origin_tokens\": 100, \"compressed_tokens\": 20, "        \
    "\"prompt_tokens\": 30, \"full_prompt_tokens\": 110, \"reference\": \""    \
    reference "\"}\n"

#define ANSWER(id, content, usage)                                             \
    "{\"custom_id\": \"" id "\", \"response\": {\"status_code\": 200, "        \
    "\"body\": {\"choices\": [{\"message\": {\"content\": \"" content          \
    "\"}, \"finish_reason\": \"length\"}]" usage "}}}\n"

#define USAGE ", \"usage\": {\"prompt_tokens\": 40, \"completion_tokens\": 5}"

static struct { char text[2000]; } complaints;

static void note(void *user, const char *detail)
{
    (void)user;
    size_t n = strlen(complaints.text);
    snprintf(complaints.text + n, sizeof complaints.text - n, "%s\n", detail);
}

static struct pith_scores score(const char *keys, const char *answers)
{
    struct pith_scores scores;
    struct pith_score_options options = {
        .sizeof_options = sizeof options, .rule = PITH_ANSWER_HUB,
        .price_in = 1000, .price_out = 2000, .complain = note};
    complaints.text[0] = '\0';
    assert_ok(pith_scores_create(&scores, text_of(keys), "keys",
                                 text_of(answers), "answers", &options,
                                 &error), error);
    return scores;
}

START_TEST(gsm8k_is_scored)
{
    struct pith_scores scores = score(
        KEY("a", "gsm8k", "gsm8k-1", "answers", "#### 5")
        KEY("b", "gsm8k", "gsm8k-2", "answers", "#### 4")
        KEY("c", "gsm8k", "gsm8k-3", "answers", "#### 7")
        KEY("d", "gsm8k", "gsm8k-4", "answers", "#### 8"),
        ANSWER("b", "The answer is 4.", "") ANSWER("a", "It is 6.", USAGE)
        ANSWER("b", "The answer is 9.", "") ANSWER("x", "Hm.", "") "\n"
        "{\"custom_id\": \"c\", \"response\": {\"status_code\": 400, \"body\": "
        "null}, \"error\": {\"message\": \"too long\"}}\n");
    const struct pith_score_row *row = &scores.rows[0];
    ck_assert_uint_eq(scores.n_rows, 1);
    ck_assert_uint_eq(row->n, 4);
    ck_assert_uint_eq(row->n_answered, 2);
    ck_assert_uint_eq(row->n_cut, 2);
    /* Neither the refused one nor the one that no one asked is wrong. */
    ck_assert_uint_eq(row->n_unanswered_kinds, 2);
    ck_assert_str_eq(row->unanswered[0].name, "bad_request");
    ck_assert_uint_eq(row->unanswered[0].n, 1);
    ck_assert_str_eq(row->unanswered[1].name, "no_reply");
    ck_assert_uint_eq(row->unanswered[1].n, 1);
    ck_assert_uint_eq(scores.n_duplicate, 1);
    ck_assert_uint_eq(scores.n_unknown, 1);
    ck_assert_double_eq(row->exact, 0.5);
    /* Wilson's interval of 1 of 2. */
    ck_assert_double_eq_tol(row->low, 0.094531205734, 1e-9);
    ck_assert_double_eq_tol(row->high, 0.905468794266, 1e-9);
    ck_assert(isnan(row->bleu) && isnan(row->rougeL));
    ck_assert_double_eq(row->prompt_tokens, 35); /* 40 counted, 30 by us */
    ck_assert_double_eq(row->completion_tokens, 2.5);
    ck_assert_double_eq_tol(row->cost, 0.07 + 0.01, 1e-12);
    ck_assert_ptr_nonnull(strstr(complaints.text, "answers:6: c has no answer: too"));
    ck_assert_ptr_nonnull(strstr(complaints.text, "x is in none of the keys"));
    ck_assert_ptr_nonnull(strstr(complaints.text, "b was answered before"));
    pith_scores_free(&scores);
}
END_TEST

START_TEST(bbh_is_the_mean_over_tasks)
{
    struct pith_scores scores = score(
        KEY("a", "bbh", "navigate-1", "answers", "Yes")
        KEY("b", "bbh", "navigate-2", "answers", "No")
        KEY("c", "bbh", "word_sorting-1", "answers", "a b")
        KEY("d", "bbh", "navigate-3", "answers", "No"),
        ANSWER("a", "So the answer is Yes.", "")
        ANSWER("b", "So the answer is Yes.", "")
        ANSWER("c", "So the answer is a b.", ""));
    const struct pith_score_row *row = &scores.rows[0];
    ck_assert_double_eq_tol(row->exact, (1.0 / 2 + 1) / 2, 1e-12);
    /* Shares drawn in: 2 of 4 and 2 of 3. */
    double half = 1.959963984540054 *
                  sqrt(0.5 * 0.5 / 2 + 2.0 / 3 * (1.0 / 3)) / 2;
    ck_assert_double_eq_tol(row->low, 0.75 - half, 1e-12);
    ck_assert_double_eq_tol(row->high, fmin(1, 0.75 + half), 1e-12);
    pith_scores_free(&scores);
}
END_TEST

/* Without a single answer there are no figures; a failure that was made good
 * does not count, nor one that came after the answer. */
START_TEST(only_answers_are_scored)
{
    static const char no_answer[] =
        "{\"custom_id\": \"a\", \"response\": {\"status_code\": 200, "
        "\"body\": {\"choices\": [{\"message\": {\"content\": null, "
        "\"refusal\": \"No.\"}}]}}}\n";
    static const char keys[] =
        KEY("a", "gsm8k", "gsm8k-1", "answers", "#### 5");
    char lines[2000];
    struct pith_scores scores = score(keys, no_answer);
    ck_assert_uint_eq(scores.rows[0].n_answered, 0);
    ck_assert_str_eq(scores.rows[0].unanswered[0].name, "refusal");
    ck_assert(isnan(scores.rows[0].exact) && isnan(scores.rows[0].low));
    pith_scores_free(&scores);
    snprintf(lines, sizeof lines, "%s%s%s", no_answer,
             ANSWER("a", "<think>Is it 6?</think> The answer is 5.", ""),
             no_answer);
    scores = score(keys, lines);
    ck_assert_uint_eq(scores.rows[0].n_answered, 1);
    ck_assert_uint_eq(scores.rows[0].n_unanswered_kinds, 0);
    ck_assert_uint_eq(scores.rows[0].n_thoughts, 1);
    const char *said = strstr(complaints.text, "has no answer");
    ck_assert_ptr_nonnull(said);
    ck_assert_ptr_null(strstr(said + 1, "has no answer"));
    ck_assert_double_eq(scores.rows[0].exact, 1);
    pith_scores_free(&scores);
}
END_TEST

START_TEST(texts_and_restored_prompts_are_compared)
{
    struct pith_scores scores = score(
        KEY("a", "documents", "documents-1", "answers", "the cat sat")
        KEY("b", "gsm8k", "gsm8k-1", "restore",
            "Let's think step by step\\n1 + 2 = 3 apples"),
        ANSWER("a", "the cat sat", "") ANSWER("b", "1 + 2 = 3", ""));
    ck_assert_uint_eq(scores.n_rows, 2);
    ck_assert_double_eq(scores.rows[0].rouge1, 1);
    ck_assert_double_eq(scores.rows[0].rougeL, 1);
    ck_assert(isnan(scores.rows[0].exact));
    ck_assert_str_eq(scores.rows[1].ask, "restore");
    ck_assert_uint_eq(scores.rows[1].steps.all, 1);
    ck_assert_uint_eq(scores.rows[1].steps.found, 1);
    ck_assert(isnan(scores.rows[1].exact));
    ck_assert_ptr_nonnull(strstr(scores.pairs,
                                 "{\"custom_id\": \"a\", \"hypothesis\": \"the "
                                 "cat sat\", \"reference\": \"the cat sat\"}"));
    pith_scores_free(&scores);
}
END_TEST

static void expect_bad(const char *keys, const char *answers, const char *detail)
{
    struct pith_scores scores;
    ck_assert_int_eq(pith_scores_create(&scores, text_of(keys), "keys",
                                        text_of(answers), "answers", NULL,
                                        &error), PITH_ERR_FORMAT);
    ck_assert_msg(strstr(error.detail, detail) != NULL, "%s", error.detail);
}

START_TEST(bad_files_are_explained)
{
    expect_bad("{", "", "keys:1");
    expect_bad("{}", "", "keys:1: expected a string \"custom_id\"");
    expect_bad(KEY("a", "gsm8k", "gsm8k-1", "answers", "5")
               KEY("a", "gsm8k", "gsm8k-1", "answers", "5"), "",
               "keys:2: the custom_id was there before");
    expect_bad("", "\n{\"custom_id\": 1}", "answers:2");
}
END_TEST

START_TEST(the_command_writes_a_table)
{
    program_write("keys", KEY("a", "gsm8k", "gsm8k-1", "answers", "#### 5"));
    program_write("answers", ANSWER("a", "The answer is 5", USAGE));
    expect_run("\"$PITH\" eval score --price-in 1000 keys answers | tr -s "
               "' '", 0,
               "task method budget answered exact 95% bleu rouge1 rouge2 "
               "rougeL steps prompt answer ratio cost net\n"
               "gsm8k paper 5x 1/1 100.0 20.7 to 100.0 - - - - - 40.0 5.0 5.0 "
               "0.0400 -\n",
               "1 of 1 requests are answered; answers: 1 at max_tokens, 0 "
               "without the reasoning before them, 0 duplicate, 0 unknown\n");
    expect_run("\"$PITH\" eval score keys /dev/null | tr -s ' ' | tail -n 1",
               0, "gsm8k paper 5x 0/1 - - - - - - - - - 5.0 - -\n",
               "0 of 1 requests are answered; without an answer, and not "
               "counted as wrong: 1 no_reply;");
    expect_run("\"$PITH\" eval score -q --format json keys /dev/null | grep -c "
               "'\"answered\": 0, .*\"unanswered\": {\"no_reply\": 1}, "
               "\"exact\": null'", 0, "1\n", "");
    expect_run("\"$PITH\" eval score -q --format json --price-in 1000 keys "
               "answers | grep -c '\"exact\": 1, .*\"bleu\": null.*\"ratio\": "
               "5, .*\"cost\": 0.04, \"net_cost\": null}'", 0, "1\n", "");
    /* Next to an answer after the full prompt that costs twice as much. */
    expect_run("sed 's/\"a\"/\"f\"/; s/paper/full/' keys >full; sed "
               "'s/\"a\"/\"f\"/; s/\"prompt_tokens\": 40/\"prompt_tokens\": "
               "80/' answers >after; cat keys full >both; cat answers after "
               ">all; \"$PITH\" eval score -q --price-in 1000 both all | awk "
               "'{ print $2, $NF }'", 0,
               "method net\npaper 50.0\nfull 100.0\n", "");
    expect_run("\"$PITH\" eval score keys", 2, "", "expected: pith eval score");
}
END_TEST

/* The whole way, with a target that repeats what it is asked. */
START_TEST(prepared_requests_come_back_scored)
{
    expect_run(PREPARE "--methods zero-shot -q; sed -E "
               "'s/.*\"custom_id\":(\"[^\"]*\").*/{\"custom_id\": \\1, "
               "\"response\": {\"body\": {\"choices\": [{\"message\": "
               "{\"content\": \"The answer is 5\"}}]}}}/' r.jsonl >a.jsonl; "
               "\"$PITH\" eval score -q --format json k.jsonl a.jsonl | grep "
               "-c '\"answered\": 2, .*\"exact\": 0.5,'", 0, "1\n",
               "");
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("eval_target");
    TCase *tcase = tcase_create("eval_target");
    tcase_set_timeout(tcase, 120);
    tcase_add_unchecked_fixture(tcase, open_all, program_tear_down);
    tcase_add_test(tcase, steps_are_found_by_numbers_and_half_the_words);
    tcase_add_test(tcase, requests_are_whole);
    tcase_add_test(tcase, shots_count_demonstrations);
    tcase_add_test(tcase, restoring_is_asked_once_for_each_prompt);
    tcase_add_test(tcase, bad_command_lines_are_explained);
    tcase_add_test(tcase, gsm8k_is_scored);
    tcase_add_test(tcase, bbh_is_the_mean_over_tasks);
    tcase_add_test(tcase, only_answers_are_scored);
    tcase_add_test(tcase, texts_and_restored_prompts_are_compared);
    tcase_add_test(tcase, bad_files_are_explained);
    tcase_add_test(tcase, the_command_writes_a_table);
    tcase_add_test(tcase, prepared_requests_come_back_scored);
    suite_add_tcase(suite, tcase);
    return suite;
}
