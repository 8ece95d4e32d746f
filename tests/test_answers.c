/*
 * test_answers.c - src/eval/answers.c: the public rules on adversarial
 * answers, and on every solution of GSM8K's test set.
 */
#include <stdlib.h>
#include <string.h>

#include "../src/json/json.h"
#include "pith_eval.h"
#include "support.h"

static void expect(enum pith_answer_rule rule, const char *text,
                   const char *want)
{
    struct pith_text got = pith_answer_extract(view(text), rule);
    ck_assert_msg(got.size == strlen(want) &&
                      (got.size == 0 || memcmp(got.bytes, want, got.size) == 0),
                  "\"%s\": found \"%.*s\", not \"%s\"", text, (int)got.size,
                  got.size > 0 ? got.bytes : "", want);
}

START_TEST(gsm8k_reads_after_the_hashes)
{
    const enum pith_answer_rule rule = PITH_ANSWER_GSM8K;
    expect(rule, "So 3.\n#### 1,234", "1,234");
    expect(rule, "#### -5 apples #### 7", "-5");
    expect(rule, "#### none #### 8.", "8.");
    expect(rule, "####7", "");
    expect(rule, "#### -", "");
    expect(rule, "#### .,", ".,");
    expect(rule, "the answer is 5", "");
    expect(rule, "", "");
}
END_TEST

START_TEST(hub_reads_the_last_digits_of_the_answer_line)
{
    const enum pith_answer_rule rule = PITH_ANSWER_HUB;
    expect(rule, "2 + 3 = 5\nThe answer is 5\nQuestion: 99?", "5");
    expect(rule, "The answer is 5.", "5");
    expect(rule, "The answer is -5", "5");
    expect(rule, "The answer is 1,234", "234");
    expect(rule, "The answer is 3.50 dollars", "3.50");
    expect(rule, "The answer is .5", ".5");
    expect(rule, "version 1.2.3", ".3");
    expect(rule, "12..", "12");
    expect(rule, "4 eggs. The answer is unclear\n6", "4");
    expect(rule, "no answer", "");
    expect(rule, "7 then 8", "8");
}
END_TEST

START_TEST(number_reads_signs_and_commas)
{
    const enum pith_answer_rule rule = PITH_ANSWER_NUMBER;
    expect(rule, "The answer is 1,234.50.\n9", "1,234.50");
    expect(rule, "The answer is -5", "-5");
    expect(rule, "The answer is -$5", "-$5");
    expect(rule, "so 10-3", "3");
    expect(rule, "x-3", "3");
    expect(rule, "(-3)", "-3");
    expect(rule, "1,2", "2");
    expect(rule, "1,2345", "2345");
    expect(rule, "1234,567", "567");
    expect(rule, "1,234,567", "1,234,567");
    expect(rule, "-", "");
    expect(rule, "-7", "-7");
    expect(rule, "5,", "5");
    expect(rule, "", "");
}
END_TEST

START_TEST(bbh_reads_after_the_last_answer_is)
{
    const enum pith_answer_rule rule = PITH_ANSWER_BBH;
    expect(rule, "So the answer is (B).", "(B)");
    expect(rule, "the answer is no. So the answer is  yes. \n", "yes");
    expect(rule, "the answer is ] ] >.", "] ] >");
    expect(rule, "True", "True");
    expect(rule, "the answer is ", "");
}
END_TEST

static void expect_match(enum pith_answer_rule rule, const char *response,
                         const char *reference, bool want)
{
    ck_assert_msg(pith_answer_matches(view(response), view(reference),
                                      rule) == want,
                  "rule %d: \"%s\" and \"%s\"", (int)rule, response,
                  reference);
}

START_TEST(answers_are_compared_by_their_rule)
{
    expect_match(PITH_ANSWER_GSM8K, "#### 1,000", "#### 1000", true);
    expect_match(PITH_ANSWER_GSM8K, "#### 1000.", "#### 1000", false);
    expect_match(PITH_ANSWER_GSM8K, "", "", false);
    expect_match(PITH_ANSWER_HUB, "The answer is 5", "a 7\n#### 5", true);
    expect_match(PITH_ANSWER_HUB, "The answer is 5.0", "#### 5", false);
    expect_match(PITH_ANSWER_HUB, "none", "#### 5", false);
    expect_match(PITH_ANSWER_NUMBER, "The answer is $1,000.00.", "#### 1000",
                 true);
    expect_match(PITH_ANSWER_NUMBER, "The answer is 1000", "#### 1,000", true);
    expect_match(PITH_ANSWER_NUMBER, "The answer is 100", "#### 1000", false);
    expect_match(PITH_ANSWER_NUMBER, "The answer is -4", "#### 4", false);
    expect_match(PITH_ANSWER_NUMBER, "The answer is 0.5", "#### .50", true);
    expect_match(PITH_ANSWER_NUMBER, "The answer is -0", "#### 0", true);
    expect_match(PITH_ANSWER_NUMBER, "The answer is 007", "#### 7", true);
    expect_match(PITH_ANSWER_BBH, "the answer is (C) or (B).", "(B)", true);
    expect_match(PITH_ANSWER_BBH, "the answer is (C) or (B).", "(C)", false);
    expect_match(PITH_ANSWER_BBH, "the answer is B", "(B)", false);
    expect_match(PITH_ANSWER_BBH, "so the answer is valid.", "valid", true);
    expect_match(PITH_ANSWER_BBH, "so the answer is invalid.", "valid", false);
    expect_match(PITH_ANSWER_BBH, "the answer is ", "(A)", false);
}
END_TEST

/* The number after "#### " as the data set spells it. */
static struct pith_text gold_of(struct pith_text solution)
{
    size_t at = solution.size;
    while (at > 0 && solution.bytes[at - 1] != ' ')
        at--;
    return (struct pith_text){solution.bytes + at, solution.size - at};
}

START_TEST(every_gold_answer_of_gsm8k_is_found)
{
    const char *path = shared_path("data/gsm8k/test.jsonl");
    size_t size, n = 0;
    if (path == NULL)
        return;
    char *lines = read_whole_file(path, &size);
    for (char *line = strtok(lines, "\n"); line != NULL;
         line = strtok(NULL, "\n"), n++) {
        struct pith_json_document *document;
        struct pith_error error;
        assert_ok(pith_json_parse(view(line), "line", &document, &error),
                  error);
        struct pith_text solution =
            pith_json_get(pith_json_root(document), "answer")->string;
        struct pith_text gold = gold_of(solution);
        static const enum pith_answer_rule rules[] = {PITH_ANSWER_GSM8K,
                                                      PITH_ANSWER_NUMBER};
        for (size_t i = 0; i < 2; i++) {
            enum pith_answer_rule rule = rules[i];
            struct pith_text got = pith_answer_extract(solution, rule);
            ck_assert_mem_eq(got.bytes, gold.bytes, gold.size);
            ck_assert_uint_eq(got.size, gold.size);
            ck_assert(pith_answer_matches(solution, solution, rule));
        }
        ck_assert(pith_answer_matches(solution, solution, PITH_ANSWER_HUB));
        pith_json_free(document);
    }
    ck_assert_uint_eq(n, 1319);
    free(lines);
}
END_TEST

static const struct {
    const char *text, *answers;
    bool stands;
} standing[] = {
    {"It was the Beatles' band.", "The Beatles", true},
    {"beatles", "THE BEATLES", true},
    {"Beat les", "Beatles", false},
    {"Beatlesque", "Beatles", false},
    {"May 18th, 2018", "May 18, 2018", false},
    {"on May 18 2018.", "May 18, 2018", true},
    {"18 May 2018", "May 18, 2018", false},
    {"from May to the 18 of 2018", "May 18, 2018", false},
    {"a man and a dog", "man dog", false},
    {"one, two", "zero\ntwo", true},
    {"anything", "", false},
    {"the", "the", false},
    {"", "a b", false},
    {"\303\211mile Zola", "\303\251mile zola", true},
    {"\346\235\261\344\272\254\351\203\275", "\346\235\261\344\272\254",
     true},
};

START_TEST(answers_to_questions_stand_or_not)
{
    for (size_t i = 0; i < sizeof standing / sizeof *standing; i++) {
        struct pith_text text = view(standing[i].text);
        struct pith_text answers = view(standing[i].answers);
        ck_assert_msg(pith_answer_stands(text, answers) == standing[i].stands &&
                          pith_answer_matches(text, answers, PITH_ANSWER_QA) ==
                              standing[i].stands,
                      "\"%s\" in \"%s\"", standing[i].answers,
                      standing[i].text);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("answers");
    TCase *tcase = tcase_create("answers");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, gsm8k_reads_after_the_hashes);
    tcase_add_test(tcase, hub_reads_the_last_digits_of_the_answer_line);
    tcase_add_test(tcase, number_reads_signs_and_commas);
    tcase_add_test(tcase, bbh_reads_after_the_last_answer_is);
    tcase_add_test(tcase, answers_are_compared_by_their_rule);
    tcase_add_test(tcase, answers_to_questions_stand_or_not);
    tcase_add_test(tcase, every_gold_answer_of_gsm8k_is_found);
    suite_add_tcase(suite, tcase);
    return suite;
}
