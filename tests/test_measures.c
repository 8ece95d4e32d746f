/*
 * test_measures.c - src/eval/likelihood.c against plain scoring, and
 * src/eval/recall.c on texts counted by hand.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pith_eval.h"
#include "support.h"
#include "tiny_model.h"

static struct pith_model *model;
static struct pith_session *session;

static void open_model(void)
{
    struct pith_error error;
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .n_threads = 1};
    model = tiny_model_load(TINY_GPT2, PITH_F32, NULL);
    assert_ok(pith_session_create(model, &options, &session, &error), error);
}

static void close_model(void)
{
    pith_session_free(session);
    pith_model_free(model);
}

static struct pith_text text_of(const char *string)
{
    return (struct pith_text){string, strlen(string)};
}

/* --- likelihood ----------------------------------------------------------- */

/* Appends a text's tokens and returns how many there are then. */
static size_t add_tokens(int32_t *ids, size_t n, const char *text)
{
    int32_t *more;
    size_t n_more;
    struct pith_error error;
    assert_ok(pith_tokenize(model, text_of(text), 0, &more, &n_more, &error),
              error);
    memcpy(ids + n, more, n_more * sizeof *ids);
    pith_free(more);
    return n + n_more;
}

/* Sum of the losses of ids [from, n) in the whole of them. */
static struct pith_likelihood plain(const int32_t *ids, size_t from, size_t n)
{
    float losses[256];
    struct pith_error error;
    struct pith_likelihood sum = {0, n - from};
    assert_ok(pith_score(session, ids, n, losses, &error), error);
    for (size_t i = from; i < n; i++)
        sum.sum += (double)losses[i];
    return sum;
}

static void assert_same(struct pith_likelihood got, struct pith_likelihood want)
{
    ck_assert_uint_eq(got.n_tokens, want.n_tokens);
    ck_assert_double_eq_tol(got.sum, want.sum, 1e-3);
}

static const char *const premises[] = {"", "a", "Stones lie in the river. "};

START_TEST(answers_are_scored_after_premise_and_question)
{
    struct pith_premise *premise;
    struct pith_error error;
    struct pith_likelihood got;
    int32_t ids[256];
    size_t n = add_tokens(ids, 0, premises[_i]);
    size_t n_asked = add_tokens(ids, n, "Who put them there? ");
    size_t n_all = add_tokens(ids, n_asked, "Nobody did.");
    struct pith_likelihood want = plain(ids, n_asked, n_all);
    assert_ok(pith_premise_create(session, text_of(premises[_i]), 100,
                                  &premise, &error), error);
    ck_assert_uint_eq(pith_premise_dropped(premise), 0);
    for (int again = 0; again < 2; again++) {
        assert_ok(pith_premise_score(premise, text_of("Who put them there? "),
                                     text_of("Nobody did."), &got, &error),
                  error);
        assert_same(got, want);
        assert_ok(pith_premise_score(premise, text_of("Why?"), text_of("Yes"),
                                     &got, &error), error);
    }
    assert_ok(pith_premise_score(premise, text_of(""), text_of(""), &got,
                                 &error), error);
    ck_assert_uint_eq(got.n_tokens, 0);
    pith_premise_free(premise);
}
END_TEST

START_TEST(a_long_premise_loses_its_start)
{
    struct pith_premise *premise;
    struct pith_error error;
    struct pith_likelihood got;
    int32_t ids[600];
    char text[500];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "the river stones "[i % 17];
    text[sizeof text - 1] = '\0';
    size_t n = add_tokens(ids, 0, text), n_kept = 256 - 200 - 1;
    size_t n_all = add_tokens(ids, n, "No.");
    ck_assert_uint_gt(n, n_kept);
    assert_ok(pith_premise_create(session, text_of(text), 200, &premise,
                                  &error), error);
    ck_assert_uint_eq(pith_premise_dropped(premise), n - n_kept);
    assert_ok(pith_premise_score(premise, text_of(""), text_of("No."), &got,
                                 &error), error);
    const int32_t *kept = ids + n - n_kept;
    assert_same(got, plain(kept, n_kept, n_all - (n - n_kept)));
    pith_premise_free(premise);
    ck_assert_int_eq(pith_premise_create(session, text_of(text), 256, &premise,
                                         &error), PITH_ERR_ARGUMENT);
}
END_TEST

START_TEST(originals_are_scored_after_what_is_left)
{
    struct pith_error error;
    struct pith_likelihood got;
    int32_t ids[256];
    size_t n = add_tokens(ids, 0, "stones river");
    n = add_tokens(ids, n, "\n\n");
    size_t n_all = add_tokens(ids, n, "The stones lie in the river.");
    assert_ok(pith_reconstruction(session, text_of("stones river"),
                                  text_of("The stones lie in the river."),
                                  &got, &error), error);
    assert_same(got, plain(ids, n, n_all));
    assert_ok(pith_reconstruction(session, text_of("a"), text_of(""), &got,
                                  &error), error);
    ck_assert_uint_eq(got.n_tokens, 0);
}
END_TEST

/* --- recall --------------------------------------------------------------- */

static void expect(enum pith_recall_kind kind, const char *compressed,
                   const char *original, size_t found, size_t all)
{
    struct pith_recall recall;
    struct pith_error error;
    assert_ok(pith_recall_count(&recall, kind, text_of(compressed),
                                text_of(original), &error), error);
    ck_assert_msg(recall.found == found && recall.all == all,
                  "\"%s\" of \"%s\": %zu of %zu, not %zu of %zu", compressed,
                  original, recall.found, recall.all, found, all);
}

START_TEST(numbers_are_recalled_whole)
{
    const enum pith_recall_kind kind = PITH_RECALL_NUMBERS;
    expect(kind, "", "", 0, 0);
    expect(kind, "12 1,000", "12 and 12, then 1,000. And 3.5", 2, 3);
    expect(kind, "1000", "1,000", 0, 1);
    expect(kind, "120", "12", 0, 1);
    expect(kind, "x12y", "12.", 1, 1);
    expect(kind, "3 5", "3.5", 0, 1);
    expect(kind, "7", "no number", 0, 0);
}
END_TEST

START_TEST(names_are_recalled_whole)
{
    const enum pith_recall_kind kind = PITH_RECALL_NAMES;
    expect(kind, "Ann met \303\211mile", "Then Ann met \303\211mile. Bob left.",
           2, 2);
    expect(kind, "ann", "Then Ann went", 0, 1);
    expect(kind, "Annabel", "Then Ann went", 0, 1);
    expect(kind, "Ann", "\"Ann went. Ann said: Ann\nAnn", 0, 0);
    expect(kind, "Ann", "so Ann and Ann and I", 1, 1);
}
END_TEST

/* --- facts ---------------------------------------------------------------- */

static struct pith_facts facts_of(const char *compressed, const char *original)
{
    struct pith_facts facts;
    struct pith_error error;
    assert_ok(pith_facts_count(&facts, text_of(compressed), text_of(original),
                               &error), error);
    return facts;
}

START_TEST(numbers_that_the_prompt_lacks_are_false)
{
    struct pith_facts facts = facts_of("40 and 3", "400 and 3, 3.5");
    ck_assert_uint_eq(facts.false_numbers.found, 1);
    ck_assert_uint_eq(facts.false_numbers.all, 2);
    ck_assert_uint_eq(facts.numbers.found, 1);
    ck_assert_uint_eq(facts.numbers.all, 3);
    facts = facts_of("", "12");
    ck_assert_uint_eq(facts.false_numbers.all, 0);
}
END_TEST

static const struct {
    const char *compressed, *original;
    size_t bare, denied, left, given;
} denials[] = {
    {"Do not restart.", "Do not restart.", 0, 1, 1, 1},
    {"Do restart.", "Do not restart.", 1, 1, 0, 1},
    {"RESTART", "Please don't restart it.", 1, 1, 0, 1},
    {"Do not.", "Do not restart.", 0, 1, 1, 1},
    {"member", "He is not a full member.", 0, 1, 0, 1},
    {"full member", "He is not a full member.", 1, 1, 0, 1},
    {"not member", "He is not a full member.", 0, 1, 1, 1},
    {"restart it", "Do not restart. Then restart it.", 0, 1, 0, 1},
    {"restart, restart it", "Do not restart. Then restart it.", 1, 1, 0, 1},
    {"it is so. Restart", "It is not so. Restart.", 0, 0, 0, 1},
    {"", "never again", 0, 0, 0, 1},
    {"no no never No", "no, No and not", 0, 0, 2, 3},
    {"", "no number without reason", 0, 2, 0, 2},
    {"number reason", "no number without reason", 2, 2, 0, 2},
};

START_TEST(words_that_lost_their_negation_are_bare)
{
    for (size_t i = 0; i < sizeof denials / sizeof *denials; i++) {
        struct pith_facts facts =
            facts_of(denials[i].compressed, denials[i].original);
        ck_assert_msg(facts.bare.found == denials[i].bare &&
                          facts.bare.all == denials[i].denied &&
                          facts.negations.found == denials[i].left &&
                          facts.negations.all == denials[i].given,
                      "\"%s\" of \"%s\": %zu of %zu bare, %zu of %zu left",
                      denials[i].compressed, denials[i].original,
                      facts.bare.found, facts.bare.all, facts.negations.found,
                      facts.negations.all);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("measures");
    TCase *tcase = tcase_create("measures");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, open_model, close_model);
    tcase_add_loop_test(tcase, answers_are_scored_after_premise_and_question,
                        0, 3);
    tcase_add_test(tcase, a_long_premise_loses_its_start);
    tcase_add_test(tcase, originals_are_scored_after_what_is_left);
    tcase_add_test(tcase, numbers_are_recalled_whole);
    tcase_add_test(tcase, names_are_recalled_whole);
    tcase_add_test(tcase, numbers_that_the_prompt_lacks_are_false);
    tcase_add_test(tcase, words_that_lost_their_negation_are_bare);
    suite_add_tcase(suite, tcase);
    return suite;
}
