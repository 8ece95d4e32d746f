/*
 * test_metrics.c - src/eval/words.c, split.c, bleu.c and rouge.c against
 * sacrebleu 2.6.0 and rouge-score 0.1.2.
 */
#include <math.h>
#include <string.h>

#include "pith_eval.h"
#include "support.h"

/* BLEU of the pair as a sentence, F1 of ROUGE-1, 2 and L. */
static const struct {
    const char *hypothesis, *reference;
    double bleu, rouge[3];
} cases[] = {
    {"The cat sat on the mat.",
     "The cat is on the mat.",
     48.89230224, {0.8333333333, 0.6, 0.8333333333}},
    {"It costs $1,000.50, i.e. 3-4 times more...",
     "It costs $1,000.5, i.e., 3-4 times more.",
     57.30574044, {0.9090909091, 0.8, 0.9090909091}},
    {"a b c",
     "a b c d e f",
     36.78794412, {0.6666666667, 0.5714285714, 0.6666666667}},
    {"",
     "something",
     0, {0, 0, 0}},
    {"something",
     "",
     0, {0, 0, 0}},
    {"one",
     "one",
     100, {1, 0, 1}},
    {"&quot;Yes&quot; &amp; <skipped>no-\nthing",
     "\"Yes\" & nothing",
     100, {0.2222222222, 0, 0.2222222222}},
    {"na\303\257ve \303\251t\303\251 \344\270\255\346\226\207 \350\257\215",
     "na\303\257ve \303\251t\303\251 \344\270\255\346\226\207",
     59.46035575, {1, 1, 1}},
    {"\304\260stanbul and Kelvin",
     "istanbul and kelvin",
     27.51606041, {0.5714285714, 0.4, 0.5714285714}},
    {"x y x y x y",
     "x y x y",
     50.81327482, {0.8, 0.75, 0.8}},
    {"the end \302\240",
     "the\034end",
     100, {1, 1, 1}},
    {"no match here at all",
     "completely different words follow",
     0, {0, 0, 0}},
};

enum { N_CASES = sizeof cases / sizeof *cases };

static void assert_near(double got, double want, const char *what)
{
    ck_assert_msg(fabs(got - want) < 1e-7, "%s: %.10g, not %.10g", what, got,
                  want);
}

START_TEST(sentences_get_the_scores_of_sacrebleu)
{
    struct pith_bleu bleu = {0};
    struct pith_error error;
    assert_ok(pith_bleu_add(&bleu, view(cases[_i].hypothesis),
                            view(cases[_i].reference), &error), error);
    assert_near(pith_bleu_score(&bleu, true), cases[_i].bleu,
                cases[_i].hypothesis);
}
END_TEST

START_TEST(a_corpus_gets_the_score_of_sacrebleu)
{
    struct pith_bleu bleu = {0};
    struct pith_error error;
    assert_near(pith_bleu_score(&bleu, false), 0, "empty");
    for (size_t i = 0; i < N_CASES; i++)
        assert_ok(pith_bleu_add(&bleu, view(cases[i].hypothesis),
                                view(cases[i].reference), &error), error);
    assert_near(pith_bleu_score(&bleu, false), 52.929931311509435, "corpus");
}
END_TEST

START_TEST(a_corpus_too_short_for_four_words_scores_nothing)
{
    struct pith_bleu bleu = {0};
    struct pith_error error;
    assert_ok(pith_bleu_add(&bleu, view("a b c"), view("a b c"), &error),
              error);
    assert_near(pith_bleu_score(&bleu, false), 0, "corpus");
    assert_near(pith_bleu_score(&bleu, true), 100, "sentence");
}
END_TEST

START_TEST(rouge_is_that_of_rouge_score)
{
    struct pith_rouge_scores scores;
    struct pith_error error;
    assert_ok(pith_rouge_score(&scores, view(cases[_i].hypothesis),
                               view(cases[_i].reference), &error), error);
    assert_near(scores.rouge1.f1, cases[_i].rouge[0], "ROUGE-1");
    assert_near(scores.rouge2.f1, cases[_i].rouge[1], "ROUGE-2");
    assert_near(scores.rougeL.f1, cases[_i].rouge[2], "ROUGE-L");
}
END_TEST

START_TEST(precision_is_of_the_hypothesis_and_recall_of_the_reference)
{
    struct pith_rouge_scores scores;
    struct pith_error error;
    assert_ok(pith_rouge_score(&scores, view("b a c x"), view("a b"),
                               &error), error);
    assert_near(scores.rouge1.precision, 0.5, "precision");
    assert_near(scores.rouge1.recall, 1, "recall");
    assert_near(scores.rouge2.f1, 0, "ROUGE-2");
    assert_near(scores.rougeL.precision, 0.25, "precision");
    assert_near(scores.rougeL.recall, 0.5, "recall");
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tcase = tcase_create("metrics");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, sentences_get_the_scores_of_sacrebleu, 0,
                        N_CASES);
    tcase_add_test(tcase, a_corpus_gets_the_score_of_sacrebleu);
    tcase_add_test(tcase, a_corpus_too_short_for_four_words_scores_nothing);
    tcase_add_loop_test(tcase, rouge_is_that_of_rouge_score, 0, N_CASES);
    tcase_add_test(tcase,
                   precision_is_of_the_hypothesis_and_recall_of_the_reference);
    suite_add_tcase(suite, tcase);
    return suite;
}
