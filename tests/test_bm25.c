/*
 * test_bm25.c - src/reference/bm25.c against numbers of rank_bm25 0.2.2.
 */
#include <stdlib.h>
#include <string.h>

#include "../src/reference/bm25.h"
#include "../src/json/json.h"
#include "support.h"

START_TEST(scores_are_those_of_rank_bm25)
{
    const struct pith_text documents[] = {
        view("the cat sat on the mat"),
        view("the dog  sat"), /* three spaces: an empty word */
        view("a bird, the bird"),
        {NULL, 0},               /* one empty word */
        view("the end of  the the story"),
    };
    static const struct {
        const char *query;
        double scores[5];
    } cases[] = {
        {"the cat  sat",
         {0x1.79fad6fd4cae3p+0, 0x1.7ea28aff5ddc4p-1, 0x1.9606a4f7b7fdep-3,
          0x1.2a81c3515388bp-2, 0x1.b48d8af41759ep-2}},
        {"bird the the nothing",
         {0x1.f21708e27dfd6p-2, 0x1.9606a4f7b7fdep-2, 0x1.8abf59462bc52p+0,
          0, 0x1.1abe806588934p-1}},
        {"",
         {0, 0x1.9606a4f7b7fdep-3, 0, 0x1.2a81c3515388bp-2,
          0x1.339e151d1d8d5p-3}},
        {"nothing",
         {0, 0, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double scores[5];
        struct pith_error error;
        assert_ok(pith_bm25_score(documents, 5, view(cases[i].query),
                                  scores, &error), error);
        for (size_t d = 0; d < 5; d++)
            /* log() may differ in the last bit between C libraries */
            ck_assert_double_eq_tol(scores[d], cases[i].scores[d], 1e-13);
    }
}
END_TEST

START_TEST(equals_come_as_in_numpy)
{
    static const double scores[] = {0, 2, 0, 1, 0, 0, 3, 1, 0, 2, 0, 0, 1, 0,
        0, 2, 0, 3, 0, 1.5};
    static const size_t want[] = {6, 17, 15, 1, 9, 19, 7, 12, 3, 5, 4, 8, 11,
        10, 0, 2, 14, 13, 16, 18};
    struct pith_error error;
    size_t order[20];
    assert_ok(pith_bm25_order(scores, 20, order, &error), error);
    for (size_t i = 0; i < 20; i++)
        ck_assert_uint_eq(order[i], want[i]);
    assert_ok(pith_bm25_order(NULL, 0, NULL, &error), error);
    assert_ok(pith_bm25_score(NULL, 0, view("a"), NULL, &error), error);
}
END_TEST

/* Sizes with and without the network: best first, each index once, equals in
 * order beyond its reach. */
START_TEST(order_is_sorted)
{
    uint64_t state = 1;
    for (size_t n = 1; n < 600; n++) {
        double scores[600];
        size_t order[600];
        bool seen[600] = {false};
        struct pith_error error;
        for (size_t i = 0; i < n; i++)
            scores[i] = (double)random_below(&state, 1 + n / 2);
        assert_ok(pith_bm25_order(scores, n, order, &error), error);
        for (size_t i = 0; i < n; i++) {
            ck_assert(!seen[order[i]]);
            seen[order[i]] = true;
            if (i == 0)
                continue;
            double before = scores[order[i - 1]], here = scores[order[i]];
            ck_assert(before >= here);
            ck_assert(n <= 256 || before > here || order[i - 1] < order[i]);
        }
    }
}
END_TEST

/* The documents and the ranking of one golden request. */
static void check_golden(const struct pith_json *golden)
{
    const struct pith_json *context = pith_json_get(golden, "context");
    const struct pith_json *question =
        pith_json_get(pith_json_get(golden, "options"), "question");
    const struct pith_json *rank =
        pith_json_get(pith_json_get(golden, "trace"), "ranking")->first->first;
    struct pith_text documents[64];
    double scores[64];
    size_t order[64], n = 0;
    struct pith_error error;
    for (const struct pith_json *d = context->first; d; d = d->next)
        documents[n++] = d->string;
    assert_ok(pith_bm25_score(documents, n, question->string, scores, &error),
              error);
    assert_ok(pith_bm25_order(scores, n, order, &error), error);
    for (size_t i = 0; i < n; i++, rank = rank->next)
        ck_assert_uint_eq(order[i], (size_t)rank->first->number);
}

START_TEST(golden_ranking)
{
    const char *path = shared_path("goldens/compress_smollm2.jsonl");
    if (path == NULL)
        return;
    size_t size, n_checked = 0;
    char *lines = read_whole_file(path, &size);
    for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
        struct pith_json_document *document;
        struct pith_error error;
        if (strstr(line, "\"rank_method\": \"bm25\"") == NULL)
            continue;
        assert_ok(pith_json_parse(view(line), "golden", &document, &error),
                  error);
        check_golden(pith_json_root(document));
        pith_json_free(document);
        n_checked++;
    }
    free(lines);
    ck_assert_uint_eq(n_checked, 1);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("bm25");
    TCase *tcase = tcase_create("bm25");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, scores_are_those_of_rank_bm25);
    tcase_add_test(tcase, equals_come_as_in_numpy);
    tcase_add_test(tcase, order_is_sorted);
    tcase_add_test(tcase, golden_ranking);
    suite_add_tcase(suite, tcase);
    return suite;
}
