/*
 * test_path.c - src/spans/path.c against all that could be kept, on small
 * random texts; and budgets.
 */
#include <math.h>

#include "../src/spans/path.h"
#include "support.h"

enum { MAX_NODES = 10, TEXTS = 3000 };

static void draw(struct pith_path_node *nodes, size_t n, uint64_t *random)
{
    for (size_t i = 0; i < n; i++) {
        struct pith_path_node *p = &nodes[i];
        *p = (struct pith_path_node){
            .gain = 8 * random_uniform(random) - 1,
            .start = 3 * random_uniform(random),
            .stop = 3 * random_uniform(random),
            .cost = 1 + random_below(random, 4),
            .first = i == 0 || random_below(random, 5) == 0,
            .new_line = random_below(random, 4) == 0,
            .break_cost = random_below(random, 3),
            .fate = (enum pith_fate)(random_below(random, 6) % 4 % 3)};
        p->part_cost = p->first ? random_below(random, 3) : 0;
    }
}

/* What the header says, literally; kept is a set of bits. */
static double value(const struct pith_path *path, unsigned kept)
{
    double sum = 0;
    bool before = false, begun = false; /* in this line */
    for (size_t i = 0; i < path->n; i++) {
        const struct pith_path_node *p = &path->nodes[i];
        bool now = kept >> i & 1, line = p->first || p->new_line;
        begun = begun && !line;
        if (now && !begun && !line)
            sum -= fmax(path->lambda, 0) * (double)p->break_cost;
        begun = begun || now;
        if (p->fate == (now ? PITH_FATE_GOES : PITH_FATE_STAYS))
            return (double)-INFINITY;
        if (now)
            sum += p->gain - path->lambda * (double)p->cost;
        if (before && (!now || p->first))
            sum -= p->stop;
        if (now && (!before || p->first))
            sum -= p->start;
        before = now;
    }
    return sum - (before ? path->nodes[0].stop : 0);
}

/* The best of all sets in which node i is (not) kept. */
static double best(const struct pith_path *path, size_t i, bool kept)
{
    double best = (double)-INFINITY;
    for (unsigned set = 0; set < 1u << path->n; set++)
        if ((set >> i & 1) == kept)
            best = fmax(best, value(path, set));
    return best;
}

START_TEST(margins_are_those_of_all_sets)
{
    uint64_t random = 17;
    for (int text = 0; text < TEXTS / 10; text++) {
        struct pith_path_node nodes[MAX_NODES];
        struct pith_path path;
        struct pith_error error;
        size_t n = 1 + random_below(&random, MAX_NODES);
        unsigned kept = 0;
        draw(nodes, n, &random);
        assert_ok(pith_path_open(&path, nodes, n, &error), error);
        path.lambda = 3 * random_uniform(&random);
        pith_path_run(&path);
        double most = (double)-INFINITY;
        for (size_t i = 0; i < n; i++) {
            double with = best(&path, i, true), without = best(&path, i, false);
            most = fmax(most, fmax(with, without));
            kept |= (unsigned)(nodes[i].margin > 0) << i;
            if (isinf(with) || isinf(without))
                ck_assert(nodes[i].margin == with - without);
            else
                ck_assert_double_eq_tol(nodes[i].margin, with - without,
                                        1e-9);
        }
        ck_assert_double_eq_tol(value(&path, kept), most, 1e-9);
        pith_path_free(&path);
    }
}
END_TEST

/* What lambda is the price of. */
static size_t kept_cost(const struct pith_path *path)
{
    size_t n = 0;
    bool begun = false;
    for (size_t i = 0; i < path->n; i++) {
        const struct pith_path_node *p = &path->nodes[i];
        bool line = p->first || p->new_line;
        begun = begun && !line;
        if (p->margin <= 0)
            continue;
        n += p->cost + (begun || line ? 0 : p->break_cost);
        begun = true;
    }
    return n;
}

START_TEST(less_stays_the_larger_lambda_is)
{
    uint64_t random = 18;
    for (int text = 0; text < TEXTS; text++) {
        struct pith_path_node nodes[MAX_NODES];
        struct pith_path path;
        struct pith_error error;
        size_t n = random_below(&random, MAX_NODES + 1);
        size_t before = SIZE_MAX;
        draw(nodes, n, &random);
        assert_ok(pith_path_open(&path, nodes, n, &error), error);
        for (path.lambda = 0; path.lambda < 12; path.lambda += 0.5) {
            pith_path_run(&path);
            size_t now = kept_cost(&path);
            ck_assert(now <= before);
            before = now;
        }
        pith_path_free(&path);
    }
}
END_TEST

/* At most the target, unless what must stay has more; all of what may stay
 * where there is room for it. */
START_TEST(a_path_meets_its_target_from_below)
{
    uint64_t random = 19;
    for (int text = 0; text < TEXTS; text++) {
        struct pith_path_node nodes[MAX_NODES];
        struct pith_path path;
        struct pith_error error;
        size_t n = random_below(&random, MAX_NODES + 1);
        draw(nodes, n, &random);
        assert_ok(pith_path_open(&path, nodes, n, &error), error);
        size_t target = random_below(&random, 100);
        pith_path_meet(&path, target);
        size_t tokens = pith_path_tokens(&path);
        for (size_t i = 0; i < n; i++) {
            ck_assert(nodes[i].fate != PITH_FATE_STAYS ||
                      nodes[i].margin > 0);
            ck_assert(nodes[i].fate != PITH_FATE_GOES ||
                      nodes[i].margin < 0);
            if (target >= 100 - 1) /* more than all nodes have */
                ck_assert(nodes[i].fate != PITH_FATE_FREE ||
                          nodes[i].margin > 0);
        }
        if (tokens > target) { /* nothing more may go */
            path.lambda = 1e6;
            pith_path_run(&path);
            ck_assert_uint_ge(pith_path_tokens(&path) + 4 * MAX_NODES, tokens);
        }
        pith_path_free(&path);
    }
}
END_TEST

/* By hand: mu = 1, lambda = 2; gains less lambda cost are 1, -0.5, 1.  To drop
 * the second would save 0.5 and cost two borders more. */
START_TEST(a_small_hole_is_not_worth_its_borders)
{
    struct pith_path_node nodes[] = {
        {.gain = 5, .start = 1, .stop = 1, .cost = 2, .first = true},
        {.gain = 1.5, .start = 1, .stop = 1, .cost = 1},
        {.gain = 5, .start = 1, .stop = 1, .cost = 2}};
    struct pith_path path;
    struct pith_error error;
    assert_ok(pith_path_open(&path, nodes, 3, &error), error);
    path.lambda = 2;
    pith_path_run(&path);
    /* all: 1 - 0.5 + 1 - 2 = -0.5; nothing: 0 */
    for (size_t i = 0; i < 3; i++)
        ck_assert_double_eq_tol(nodes[i].margin, -0.5, 1e-12);
    path.lambda = 1.5; /* 2, 0, 2 */
    pith_path_run(&path);
    /* all: 4 - 2; without the second: 4 - 4; without the first: 2 - 2 */
    ck_assert_double_eq_tol(nodes[0].margin, 2, 1e-12);
    ck_assert_double_eq_tol(nodes[1].margin, 2, 1e-12);
    pith_path_free(&path);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("path");
    TCase *all = tcase_create("all");
    tcase_add_test(all, margins_are_those_of_all_sets);
    tcase_add_test(all, less_stays_the_larger_lambda_is);
    tcase_add_test(all, a_path_meets_its_target_from_below);
    tcase_add_test(all, a_small_hole_is_not_worth_its_borders);
    suite_add_tcase(suite, all);
    return suite;
}
