/*
 * test_options.c - the list of compression options agrees with itself and
 * with the struct that it describes.
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>

static const struct pith_option *find(const char *key)
{
    const struct pith_option *row;
    for (size_t i = 0; (row = pith_compress_option(i)) != NULL; i++)
        if (row->key != NULL && strcmp(row->key, key) == 0)
            return row;
    ck_abort_msg("no option %s", key);
    return NULL;
}

static bool is_heading(const struct pith_option *row)
{
    return row->name == NULL && row->key == NULL;
}

START_TEST(names_are_unique)
{
    const struct pith_option *a, *b;
    for (size_t i = 0; (a = pith_compress_option(i)) != NULL; i++) {
        ck_assert(a->sentence != NULL && strlen(a->sentence) < 400);
        for (size_t j = 0; j < i; j++) {
            b = pith_compress_option(j);
            if (a->name != NULL && b->name != NULL)
                ck_assert_str_ne(a->name, b->name);
            if (a->key != NULL && b->key != NULL)
                ck_assert_str_ne(a->key, b->key);
            ck_assert(a->letter == 0 || a->letter != b->letter);
        }
    }
    ck_assert_ptr_null(pith_compress_option(SIZE_MAX));
}
END_TEST

/* A number that is shown as the default is the default. */
static void assert_starts_as(const struct pith_option *row, const void *member)
{
    switch (row->type) {
    case PITH_OPTION_BOOL:
        ck_assert(*(const bool *)member == (row->start != 0));
        break;
    case PITH_OPTION_COUNT:
        ck_assert_uint_eq(*(const size_t *)member, (size_t)row->start);
        break;
    case PITH_OPTION_REAL:
        ck_assert(*(const double *)member == row->start);
        break;
    case PITH_OPTION_CHOICE:
        ck_assert_int_eq(*(const int *)member, (int)row->start);
        break;
    default: break;
    }
}

/* What is shown as the default is the default. */
START_TEST(defaults_are_what_is_shown)
{
    struct pith_compress_options options;
    const struct pith_option *row;
    pith_compress_options_init(&options);
    for (size_t i = 0; (row = pith_compress_option(i)) != NULL; i++) {
        const void *member = (const char *)&options + row->offset;
        if (is_heading(row) || (row->use & PITH_OPTION_FOR_RECORDS_ONLY))
            continue;
        assert_starts_as(row, member);
        if (row->shown == NULL)
            continue;
        const char *word = row->value;
        switch (row->type) {
        case PITH_OPTION_BOOL:
            ck_assert_str_eq(row->shown,
                             *(const bool *)member ? "true" : "false");
            break;
        case PITH_OPTION_COUNT:
            if (row->low <= row->start) /* otherwise it depends */
                ck_assert_uint_eq(*(const size_t *)member,
                                  strtoul(row->shown, NULL, 10));
            break;
        case PITH_OPTION_REAL:
            if (strcmp(row->key, "k") != 0) /* it depends */
                ck_assert(*(const double *)member == strtod(row->shown, NULL));
            break;
        case PITH_OPTION_CHOICE:
            for (int j = *(const int *)member; j > 0; j--)
                word = strchr(word, '|') + 1;
            ck_assert_uint_eq(strcspn(word, "|"), strlen(row->shown));
            ck_assert(strncmp(word, row->shown, strlen(row->shown)) == 0);
            break;
        case PITH_OPTION_TEXT:
            ck_assert_str_eq(*(const char *const *)member, row->shown);
            break;
        case PITH_OPTION_BITS: ck_assert_str_eq(row->shown, "false"); break;
        case PITH_OPTION_KINDS:
        case PITH_OPTION_TEXTS:
        case PITH_OPTION_COUNTS: ck_abort_msg("a list that is not empty");
        }
    }
}
END_TEST

/* Those of section 5 of the paper and of the Python package's signature. */
START_TEST(defaults_are_the_published_ones)
{
    struct pith_compress_options o;
    pith_compress_options_init(&o);
    ck_assert_uint_eq(o.sizeof_options, sizeof o);
    ck_assert_int_eq(o.method, PITH_METHOD_SPANS);
    ck_assert(o.rate == 0.5 && o.target == -1);
    ck_assert(o.tau_ins == 0.85 && o.tau_que == 0.9 && o.delta_tau == 0.3);
    ck_assert_uint_eq(o.segment_size, 0);
    ck_assert_uint_eq(o.window, 0);
    ck_assert_int_eq(o.reorder, PITH_REORDER_SORT);
    ck_assert(o.use_itpc && o.use_budget_controller && o.use_dynamic_rates);
    ck_assert_uint_eq(o.iterative_size, 200);
    ck_assert_str_eq(o.context_budget, "+100");
    ck_assert(o.use_context_level_filter &&
              o.use_token_level_filter &&
              o.concate_question &&
              o.strict_preserve_uncompressed);
    ck_assert(!o.use_sentence_level_filter &&
              !o.structured && !o.trace && !o.detail);
    ck_assert(o.high_priority_bonus == 100 &&
              o.token_budget_ratio == 1.4);
}
END_TEST

/* Each row leads to the member that it names. */
START_TEST(rows_point_at_their_members)
{
#define IS(key, member)                                                        \
    ck_assert_uint_eq(find(key)->offset,                                       \
                      offsetof(struct pith_compress_options, member))
#define SAME(member) IS(#member, member)
    SAME(rate); IS("target_token", target); SAME(method);
    SAME(tau_ins); SAME(tau_que); SAME(k); SAME(segment_size);
    SAME(window);
    SAME(question_aware); SAME(delta_tau); SAME(units);
    SAME(reorder); SAME(use_itpc); SAME(use_budget_controller);
    SAME(use_dynamic_rates); SAME(selection_seed); SAME(keep);
    SAME(keep_regex); SAME(protect);
    IS("keep_digits", protect); IS("keep_words", units);
#undef SAME
#define SAME(member) IS(#member, member)
    SAME(iterative_size); SAME(context_budget);
    SAME(use_context_level_filter); SAME(use_token_level_filter);
    SAME(keep_split); SAME(force_context_ids); SAME(force_context_number);
    SAME(reorder_context); SAME(concate_question); SAME(rank_method);
    SAME(condition_in_question); SAME(condition_compare);
    SAME(add_instruction); SAME(dynamic_context_compression_ratio);
    SAME(use_sentence_level_filter); SAME(keep_first_sentence);
    SAME(keep_last_sentence); SAME(keep_sentence_number);
    SAME(high_priority_bonus); SAME(token_budget_ratio);
    SAME(strict_preserve_uncompressed);
#undef SAME
#undef IS
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("options");
    TCase *tcase = tcase_create("list");
    tcase_add_test(tcase, names_are_unique);
    tcase_add_test(tcase, defaults_are_what_is_shown);
    tcase_add_test(tcase, defaults_are_the_published_ones);
    tcase_add_test(tcase, rows_point_at_their_members);
    suite_add_tcase(suite, tcase);
    return suite;
}
