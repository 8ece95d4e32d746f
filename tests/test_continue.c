/*
 * test_continue.c - src/model/divergence.c and src/eval/measure_continue.c
 * against double loops over the vocabulary, whose probabilities come from
 * pith_session_forward() one target at a time.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/json/json.h"
#include "../src/model/access.h"
#include "../src/model/divergence.h"
#include "../src/model/model.h"
#include "pith_eval.h"
#include "support.h"
#include "tiny_model.h"

enum { MAX_NEXT = 40, MAX_IDS = 600 };

static struct pith_model *models[TINY_KINDS];
static struct pith_session *sessions[TINY_KINDS];

static void open_models(void)
{
    tiny_open_all(models, sessions);
}

static void close_models(void)
{
    tiny_close_all(models, sessions);
}

static size_t n_vocab(const struct pith_model *model)
{
    return pith_model_config(model)->n_vocab;
}

/* log p (n, V) of every token after each of the n ids that follow a context. */
static double *log_probabilities(struct pith_session *session,
                                 const int32_t *context, size_t n_context,
                                 const int32_t *ids, size_t n)
{
    size_t V = n_vocab(pith_session_model(session));
    double *p = malloc(n * V * sizeof *p);
    struct pith_error error;
    int32_t targets[MAX_NEXT];
    float losses[MAX_NEXT];
    pith_session_truncate(session, 0);
    assert_ok(pith_session_forward(session, NULL, context, n_context, NULL,
                                   NULL, &error), error);
    for (size_t v = 0; v < V; v++) {
        for (size_t i = 0; i < n; i++)
            targets[i] = (int32_t)v;
        pith_session_truncate(session, n_context);
        assert_ok(pith_session_forward(session, NULL, ids, n, targets, losses,
                                       &error), error);
        for (size_t i = 0; i < n; i++)
            p[i * V + v] = -(double)losses[i];
    }
    return p;
}

static double plain_divergence(const double *p, const double *q, size_t V)
{
    double sum = 0;
    for (size_t v = 0; v < V; v++)
        sum += exp(p[v]) * (p[v] - q[v]);
    return sum;
}

START_TEST(divergences_are_those_of_a_double_loop)
{
    static const int32_t ids[] = {5, 9, 33, 7, 80, 41, 2, 19};
    struct pith_session *session = sessions[_i];
    size_t V = n_vocab(models[_i]), C = pith_session_state_size(session);
    float *states[2], losses[4];
    double *log_p[2], divergences[4];
    struct pith_error error;
    for (size_t i = 0; i < 2; i++) {
        size_t n_context = 4 - 3 * i; /* of four tokens and of one */
        states[i] = malloc(4 * C * sizeof(float));
        log_p[i] = log_probabilities(session, ids, n_context, ids + 4, 4);
        pith_session_truncate(session, n_context);
        assert_ok(pith_session_states(session, NULL, ids + 4, 4, states[i],
                                      &error), error);
        ck_assert_uint_eq(pith_session_past(session), n_context + 4);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_ok(pith_state_divergences(session, NULL, states[i],
                                         states[1 - i], 4, divergences, &error),
                                         error);
        assert_ok(pith_state_losses(session, NULL, states[i], ids + 1, 4,
                                    losses, &error), error);
        for (size_t t = 0; t < 4; t++) {
            const double *p = log_p[i] + t * V, *q = log_p[1 - i] + t * V;
            double want = plain_divergence(p, q, V);
            ck_assert_double_gt(want, 1e-4);
            ck_assert_double_eq_tol(divergences[t], want, 1e-4 + 1e-3 * want);
            ck_assert_double_eq_tol((double)losses[t], -p[ids[1 + t]], 1e-4);
        }
        assert_ok(pith_state_divergences(session, NULL, states[i], states[i], 4,
                                         divergences, &error), error);
        for (size_t t = 0; t < 4; t++)
            ck_assert_double_eq_tol(divergences[t], 0, 1e-9);
    }
    for (size_t i = 0; i < 2; i++) {
        free(states[i]);
        free(log_p[i]);
    }
}
END_TEST

START_TEST(states_refuse_what_does_not_fit)
{
    struct pith_session *session = sessions[_i];
    size_t C = pith_session_state_size(session);
    float *states = malloc(300 * C * sizeof *states);
    int32_t ids[300] = {1};
    struct pith_error error;
    pith_session_truncate(session, 0);
    assert_ok(pith_session_forward(session, NULL, ids, 10, NULL, NULL, &error),
              error);
    ck_assert_int_eq(pith_session_states(session, NULL, ids, 300, states,
                                         &error), PITH_ERR_ARGUMENT);
    ck_assert_uint_eq(pith_session_past(session), 10);
    free(states);
}
END_TEST

/* --- a line of the task continue -------------------------------------------- */

static struct pith_cases *load_texts(const char *const *texts, size_t n)
{
    struct pith_cases *cases = NULL;
    struct pith_error error;
    const char *path = temporary_path("texts.jsonl");
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < n; i++)
        fprintf(file, "{\"text\": \"%s\"}\n", texts[i]);
    fclose(file);
    assert_ok(pith_cases_load(&cases, PITH_TASK_CONTINUE, path, NULL, &error),
              error);
    remove(path);
    return cases;
}

static struct pith_json_document *measure(struct pith_session *session,
                                          const struct pith_cases *cases,
                                          size_t index, const char *method)
{
    struct pith_measure_options options = {
        .sizeof_options = sizeof options, .method = method, .ratio = 2,
        .seed = 1, .reconstruction = true};
    struct pith_json_document *document;
    struct pith_error error;
    char *json;
    assert_ok(pith_measure_group(session, cases, index, &options, &json,
                                 &error), error);
    assert_ok(pith_json_parse((struct pith_text){json, strlen(json)}, "line",
                              &document, &error), error);
    pith_free(json);
    return document;
}

static const struct pith_json *member(const struct pith_json_document *line,
                                      const char *key)
{
    return pith_json_get(pith_json_root(line), key);
}

static size_t read_ids(const struct pith_json *list, int32_t *ids)
{
    size_t n = 0;
    for (const struct pith_json *at = list->first; at != NULL; at = at->next)
        ids[n++] = (int32_t)at->number;
    return n;
}

/* What follows on after start, context and what is kept, as the oracle sees
 * it: the sums of the divergences and of the losses. */
struct sums {
    double kl, own;
};

static struct sums plain_sums(struct pith_session *session,
                              const struct pith_json_document *line)
{
    int32_t all[MAX_IDS], left[MAX_IDS], full_ids[MAX_IDS], ids[MAX_IDS];
    struct pith_error error;
    size_t n = read_ids(member(line, "ids"), all);
    size_t n_left = read_ids(member(line, "left_ids"), left);
    size_t n_context = (size_t)member(line, "n_context")->number;
    size_t n_kept = (size_t)member(line, "n_kept")->number;
    size_t at = n_context + n_kept, n_next = n - at;
    size_t V = n_vocab(pith_session_model(session));
    int32_t start;
    assert_ok(pith_model_find_start(pith_session_model(session), &start,
                                    &error), error);
    full_ids[0] = ids[0] = start;
    memcpy(full_ids + 1, all, (at - 1) * sizeof *ids);
    memcpy(ids + 1, left, n_left * sizeof *ids);
    memcpy(ids + 1 + n_left, all + n_context, (n_kept - 1) * sizeof *ids);
    double *p = log_probabilities(session, full_ids, at, all + at - 1, n_next);
    double *q = log_probabilities(session, ids, n_left + n_kept, all + at - 1,
                                  n_next);
    struct sums sums = {0, 0};
    for (size_t t = 0; t < n_next; t++) {
        sums.kl += plain_divergence(p + t * V, q + t * V, V);
        sums.own -= q[t * V + (size_t)all[at + t]];
    }
    free(p);
    free(q);
    return sums;
}

static const char *const sentences[] = {
    "The stones lie in the river and the red one is warm at noon. ",
    "Nobody knew who had paid for the old house by the sea in May. "};

/* Texts that fill the window of the tiny models, and one that does not. */
static struct pith_cases *make_texts(void)
{
    static char texts[3][2000];
    const char *pointers[3] = {texts[0], texts[1], texts[2]};
    for (size_t i = 0; i < 3; i++)
        texts[i][0] = '\0';
    for (size_t i = 0; i < 14; i++)
        for (size_t j = 0; j < 2; j++)
            sprintf(texts[j] + strlen(texts[j]), "%zu %s", i * i + j,
                    sentences[j]);
    strcpy(texts[2], "Too short.");
    return load_texts(pointers, 3);
}

START_TEST(a_line_has_the_sums_of_a_double_loop)
{
    struct pith_cases *cases = make_texts();
    struct pith_session *session = sessions[_i];
    struct pith_json_document *line = measure(session, cases, 0, "truncation");
    ck_assert_uint_eq(member(line, "ids")->n_children, 256);
    const struct pith_json *kl = member(line, "kl"), *own = member(line, "own");
    struct sums want = plain_sums(session, line);
    ck_assert_double_eq(kl->first->next->number, 29);
    ck_assert_double_gt(want.kl, 1e-3);
    ck_assert_double_eq_tol(kl->first->number, want.kl, 1e-3 + 1e-3 * want.kl);
    ck_assert_double_eq_tol(own->first->number, want.own, 1e-2);
    /* The other text's line has its own context where ours has theirs. */
    ck_assert_double_ne(member(line, "other")->first->number,
                        own->first->number);
    pith_json_free(line);
    line = measure(session, cases, 0, "full");
    ck_assert_double_eq_tol(member(line, "kl")->first->number, 0, 1e-4);
    pith_json_free(line);
    line = measure(session, cases, 0, "zero-shot");
    ck_assert_double_eq_tol(member(line, "other")->first->number,
                            member(line, "own")->first->number, 1e-9);
    pith_json_free(line);
    pith_cases_free(cases);
}
END_TEST

START_TEST(short_texts_say_nothing)
{
    struct pith_cases *cases = make_texts();
    struct pith_json_document *line = measure(sessions[0], cases, 2, "paper");
    ck_assert(pith_json_is(member(line, "kl"), PITH_JSON_NULL));
    pith_json_free(line);
    /* The text before it has no other one that is long enough. */
    line = measure(sessions[0], cases, 1, "paper");
    ck_assert(pith_json_is(member(line, "other"), PITH_JSON_NULL));
    ck_assert(!pith_json_is(member(line, "kl"), PITH_JSON_NULL));
    pith_json_free(line);
    pith_cases_free(cases);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("continue");
    TCase *tcase = tcase_create("continue");
    tcase_set_timeout(tcase, 120);
    tcase_add_unchecked_fixture(tcase, open_models, close_models);
    tcase_add_loop_test(tcase, divergences_are_those_of_a_double_loop, 0,
                        TINY_KINDS);
    tcase_add_loop_test(tcase, states_refuse_what_does_not_fit, 0, TINY_KINDS);
    tcase_add_loop_test(tcase, a_line_has_the_sums_of_a_double_loop, 0,
                        TINY_KINDS);
    tcase_add_test(tcase, short_texts_say_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
