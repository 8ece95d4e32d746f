/*
 * test_budget.c - src/paper/budget.c: eq. 2, eq. 3 and Algorithm 1 on
 * numbers worked out by hand, and the promise that the rates meet the target.
 */
#include <math.h>

#include "../src/paper/budget.h"
#include "support.h"

static struct pith_budget paper_budget(double target, size_t n_ins,
                                       size_t n_dems, size_t n_que)
{
    return (struct pith_budget){.target = target, .k = 2, .tau_ins = 0.85,
                                .tau_que = 0.9, .n_ins = n_ins,
                                .n_dems = n_dems, .n_que = n_que};
}

static double total(const struct pith_budget *b)
{
    return b->rate_ins * (double)b->n_ins + b->rate_d * (double)b->n_selected +
           b->rate_que * (double)b->n_que;
}

#define assert_near(got, want) ck_assert_double_eq_tol(got, want, 1e-12)

/* tau L = 200; 200 - (0.85 * 20 + 0.9 * 30) = 156 for 1000 tokens; with k = 2
 * coarse selection may take 312. */
START_TEST(equation_2_gives_the_demonstrations_what_is_left)
{
    struct pith_budget b = paper_budget(200, 20, 1000, 30);
    pith_budget_demonstrations(&b);
    assert_near(b.tau_dems, 0.156);
    ck_assert(!b.scaled);
    ck_assert(pith_budget_must_select(&b));

    b = paper_budget(544, 20, 1000, 30); /* tau_dems 0.5, k tau_dems 1 */
    pith_budget_demonstrations(&b);
    assert_near(b.tau_dems, 0.5);
    ck_assert(!pith_budget_must_select(&b));
}
END_TEST

/* 22 is half of 0.85 * 20 + 0.9 * 30 = 44. */
START_TEST(rates_of_instruction_and_question_scale_down_together)
{
    struct pith_budget b = paper_budget(22, 20, 1000, 30);
    size_t lengths[] = {400, 600};
    struct pith_rank ranks[] = {{0, 1.0}, {1, 2.0}};
    bool selected[2] = {false, false};
    pith_budget_demonstrations(&b);
    ck_assert(b.scaled);
    assert_near(b.tau_ins, 0.425);
    assert_near(b.tau_que, 0.45);
    assert_near(b.tau_dems, 0);
    pith_budget_select(&b, lengths, ranks, 2, selected);
    ck_assert(!selected[0] && !selected[1]);
    pith_budget_distribute(&b);
    assert_near(b.rate_ins, 0.425);
    assert_near(b.rate_que, 0.45);
    assert_near(total(&b), 22);
}
END_TEST

/* 312 tokens: 150 (loss 3) and 150 (loss 2.5) fit, 100 more (loss 2) do not,
 * and a shorter one after it is not looked at. */
START_TEST(algorithm_1_stops_before_it_exceeds)
{
    struct pith_budget b = paper_budget(200, 20, 1000, 30);
    size_t lengths[] = {100, 150, 10, 150, 590};
    struct pith_rank ranks[] = {{0, 2.0}, {1, 3.0}, {2, 1.0}, {3, 2.5},
                                {4, 0.5}};
    bool selected[5] = {false};
    pith_budget_demonstrations(&b);
    pith_budget_select(&b, lengths, ranks, 5, selected);
    bool want[] = {false, true, false, true, false};
    size_t order[] = {1, 3, 0, 2, 4};
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(selected[i], want[i]);
        ck_assert_uint_eq(ranks[i].index, order[i]);
    }
    ck_assert_uint_eq(b.n_selected, 300);

    /* Eq. 3: (312 - 300) / 50 = 0.24: instruction and question stay whole,
     * and 150 of 300 tokens of D. */
    pith_budget_distribute(&b);
    assert_near(b.delta, 0.24);
    assert_near(b.rate_ins, 1);
    assert_near(b.rate_que, 1);
    assert_near(b.rate_d, 0.5);
}
END_TEST

START_TEST(the_first_demonstration_is_always_taken)
{
    struct pith_budget b = paper_budget(200, 20, 1000, 30);
    size_t lengths[] = {10, 990};
    struct pith_rank ranks[] = {{0, 1.0}, {1, 2.0}};
    bool selected[2] = {false, false};
    pith_budget_demonstrations(&b);
    pith_budget_select(&b, lengths, ranks, 2, selected);
    ck_assert(!selected[0] && selected[1]);
    /* Nothing is left over: eq. 3 would be negative. */
    pith_budget_distribute(&b);
    assert_near(b.delta, 0);
    assert_near(b.rate_ins, 0.85);
    assert_near(b.rate_que, 0.9);
    assert_near(b.rate_d, 156.0 / 990);
}
END_TEST

/* k = 0.1 allows 15.6 tokens; but 20 + 30 + 60 + 60 = 170 could not fill 200,
 * so that a third one is taken. */
START_TEST(taking_goes_on_until_the_target_can_be_filled)
{
    struct pith_budget b = paper_budget(200, 20, 1000, 30);
    size_t lengths[] = {60, 60, 60, 820};
    struct pith_rank ranks[] = {{0, 4.0}, {1, 3.0}, {2, 2.0}, {3, 1.0}};
    bool selected[4] = {false};
    b.k = 0.1;
    pith_budget_demonstrations(&b);
    pith_budget_select(&b, lengths, ranks, 4, selected);
    ck_assert(selected[0] && selected[1] && selected[2] && !selected[3]);
    pith_budget_distribute(&b);
    assert_near(total(&b), 200);
}
END_TEST

START_TEST(equal_perplexities_keep_the_order_of_the_prompt)
{
    struct pith_budget b = paper_budget(10, 0, 100, 0);
    size_t lengths[] = {20, 20, 20, 20, 20};
    struct pith_rank ranks[] = {{4, 1.0}, {2, 1.0}, {0, 1.0}, {3, 1.0},
                                {1, 1.0}};
    bool selected[5] = {false};
    pith_budget_demonstrations(&b);
    pith_budget_select(&b, lengths, ranks, 5, selected);
    ck_assert(selected[0] && !selected[1] && !selected[2] && !selected[3]);
}
END_TEST

/* Eq. 3: (312 - 310) / 50 = 0.04; D gets 200 - 0.89 * 20 - 0.94 * 30. */
START_TEST(equation_3_gives_the_rest_to_instruction_and_question)
{
    struct pith_budget b = paper_budget(200, 20, 1000, 30);
    pith_budget_demonstrations(&b);
    b.n_selected = 310;
    pith_budget_distribute(&b);
    assert_near(b.delta, 0.04);
    assert_near(b.rate_ins, 0.89);
    assert_near(b.rate_que, 0.94);
    assert_near(b.rate_d, 154.0 / 310);
}
END_TEST

/* tau_dems = (1000 - 850) / 500 = 0.3.  Eq. 3 would give (300 - 150) / 1000 =
 * 0.15, and the instruction would take all of the target. */
START_TEST(equation_3_leaves_tau_dems_to_the_demonstrations)
{
    struct pith_budget b = paper_budget(1000, 1000, 500, 0);
    pith_budget_demonstrations(&b);
    b.n_selected = 150;
    pith_budget_distribute(&b);
    assert_near(b.delta, 0.105);
    assert_near(b.rate_ins, 0.955);
    assert_near(b.rate_d, 0.3);
}
END_TEST

/* 47 = 44 + 3, half of what rates 0.85 and 0.9 leave out of 20 and 30. */
START_TEST(a_remainder_goes_where_there_is_room)
{
    struct pith_budget b = paper_budget(47, 20, 0, 30);
    pith_budget_demonstrations(&b);
    pith_budget_distribute(&b);
    assert_near(b.rate_ins, 0.925);
    assert_near(b.rate_que, 0.95);
    assert_near(b.rate_d, 0);

    b = paper_budget(147, 20, 100, 30); /* D stays whole */
    pith_budget_demonstrations(&b);
    b.n_selected = 100;
    pith_budget_distribute(&b);
    assert_near(b.rate_d, 1);
    assert_near(total(&b), 147);
}
END_TEST

/* Random lengths, losses and settings: rates are rates and give the target. */
START_TEST(rates_always_meet_the_target)
{
    enum { MAX_DOCUMENTS = 12 };
    uint64_t random = 1;
    for (int i = 0; i < 20000; i++) {
        size_t lengths[MAX_DOCUMENTS],
            n = random_below(&random, MAX_DOCUMENTS + 1), sum = 0;
        struct pith_rank ranks[MAX_DOCUMENTS];
        bool selected[MAX_DOCUMENTS] = {false};
        for (size_t j = 0; j < n; j++) {
            lengths[j] = 1 + random_below(&random, 300);
            ranks[j] = (struct pith_rank){j, random_uniform(&random)};
            sum += lengths[j];
        }
        struct pith_budget b =
            paper_budget(0, random_below(&random, 100), sum,
                         random_below(&random, 100));
        size_t all = b.n_ins + b.n_dems + b.n_que;
        b.target = floor(random_uniform(&random) * (double)(all + 1));
        b.k = 0.1 + 4 * random_uniform(&random);
        b.tau_ins = random_uniform(&random);
        b.tau_que = random_uniform(&random);
        pith_budget_demonstrations(&b);
        pith_budget_select(&b, lengths, ranks, n, selected);
        pith_budget_distribute(&b);
        ck_assert_double_eq_tol(total(&b), b.target, 1e-6);
        ck_assert(b.rate_ins >= 0 && b.rate_ins <= 1);
        ck_assert(b.rate_que >= 0 && b.rate_que <= 1);
        ck_assert(b.rate_d >= 0 && b.rate_d <= 1);
        ck_assert(b.delta >= 0);
        size_t taken = 0;
        for (size_t j = 0; j < n; j++)
            taken += selected[j] ? lengths[j] : 0;
        ck_assert_uint_eq(taken, b.n_selected);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("budget");
    TCase *tcase = tcase_create("budget");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, equation_2_gives_the_demonstrations_what_is_left);
    tcase_add_test(tcase, rates_of_instruction_and_question_scale_down_together);
    tcase_add_test(tcase, algorithm_1_stops_before_it_exceeds);
    tcase_add_test(tcase, the_first_demonstration_is_always_taken);
    tcase_add_test(tcase, taking_goes_on_until_the_target_can_be_filled);
    tcase_add_test(tcase, equal_perplexities_keep_the_order_of_the_prompt);
    tcase_add_test(tcase, equation_3_gives_the_rest_to_instruction_and_question);
    tcase_add_test(tcase, equation_3_leaves_tau_dems_to_the_demonstrations);
    tcase_add_test(tcase, a_remainder_goes_where_there_is_room);
    tcase_add_test(tcase, rates_always_meet_the_target);
    suite_add_tcase(suite, tcase);
    return suite;
}
