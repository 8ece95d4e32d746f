/*
 * test_tagged.c - src/prompt/tagged.c: tags, what segments inherit,
 * budgets.  The expectations of the reference's rules were taken from
 * llmlingua 0.2.2.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/prompt/tagged.h"
#include "support.h"

/* "text" of each segment with its rate and + or - for compress, in brackets. */
static const char *shape(const struct pith_tagged_text *parsed)
{
    static char out[1000];
    const char *at = parsed->text;
    size_t n = 0;
    for (size_t i = 0; i < parsed->n_segments; i++) {
        const struct pith_segment *segment = &parsed->segments[i];
        n += (size_t)snprintf(out + n, sizeof out - n, "[%.*s|%g%c]",
                              (int)segment->n_bytes, at, segment->rate,
                              segment->compress ? '+' : '-');
        at += segment->n_bytes;
    }
    ck_assert_ptr_eq(at, parsed->text + parsed->size);
    out[n] = '\0';
    return out;
}

static void expect(enum pith_tag_rules rules, const char *tagged,
                   const char *want, size_t n_lost)
{
    struct pith_tagged_text parsed;
    struct pith_error error;
    assert_ok(pith_tagged_parse(view(tagged), 0.5, rules, &parsed, &error),
              error);
    ck_assert_str_eq(shape(&parsed), want);
    ck_assert_uint_eq(parsed.n_lost, n_lost);
    pith_tagged_free(&parsed);
}

static void refuse(enum pith_tag_rules rules, const char *tagged,
                   double rate, const char *detail)
{
    struct pith_tagged_text parsed;
    struct pith_error error;
    ck_assert_int_eq(
        pith_tagged_parse(view(tagged), rate, rules, &parsed, &error),
        PITH_ERR_ARGUMENT);
    ck_assert_ptr_null(parsed.text);
    ck_assert_ptr_null(parsed.segments);
    ck_assert_msg(strstr(error.detail, detail) != NULL, "%s", error.detail);
}

START_TEST(reference_reads_options_in_any_order)
{
    static const char *const cases[][2] = {
        {"plain", "[plain|0.5+]"},
        {"<llmlingua>a</llmlingua>", "[a|0.5+]"},
        {"<llmlingua, rate=0.3>a</llmlingua>", "[a|0.3+]"},
        {"<llmlingua, compress=False>a</llmlingua>", "[a|1-]"},
        {"<llmlingua, compress=True>a</llmlingua>", "[a|0.5+]"},
        {"<llmlingua, rate=0.3, compress=False>a</llmlingua>", "[a|0.3-]"},
        {"<llmlingua, compress=False, rate=.25>a</llmlingua>", "[a|0.25-]"},
        {"<llmlingua,rate=1,compress=True>a</llmlingua>", "[a|1+]"},
        {"<llmlingua \n,\t rate = 0.3 , compress\xC2\xA0= True >a</llmlingua>",
         "[a|0.3+]"},
        {"<llmlingua, rate=0.3, rate=0.4>a</llmlingua>", "[a|0.3+]"},
        {"<llmlingua, compress=False, compress=True>a</llmlingua>",
         "[a|1-]"},
        {"<llmlingua, compress=True, rate=0.4, compress=False>a</llmlingua>",
         "[a|0.4+]"},
        /* 0 counts as not given */
        {"<llmlingua, rate=0>a</llmlingua>", "[a|0.5+]"},
        {"<llmlingua, rate=0.0, compress=False>a</llmlingua>", "[a|1-]"},
        /* tags at the ends are completed */
        {"a</llmlingua><llmlingua, rate=0.3>b", "[a|0.5+][b|0.3+]"},
        {"<llmlingua, compress=False>\n{</llmlingua><llmlingua, rate=0.8>\xC3"
         "\xA9</llmlingua>", "[\n{|1-][\xC3\xA9|0.8+]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(PITH_TAGS_REFERENCE, cases[i][0], cases[i][1], 0);
}
END_TEST

START_TEST(reference_loses_what_its_pattern_does_not_match)
{
    static const struct {
        const char *tagged, *want;
        size_t n_lost;
    } cases[] = {
        {"", "", 0},
        {"<llmlingua></llmlingua>", "", 0},
        {"<llmlingua>a</llmlingua> lost <llmlingua>b</llmlingua>",
         "[a|0.5+][b|0.5+]", 6},
        {"<llmlingua>1 < 2</llmlingua><llmlingua>b</llmlingua>", "[b|0.5+]",
         5},
        {"<llmlingua, rate=x>a</llmlingua>", "", 1},
        {"<llmlingua, compress=false>abc</llmlingua>", "", 3},
        {"<llmlingua rate=0.3>ab</llmlingua>", "", 2},
        {"<llmlingua, rate=1, rate=1, rate=1>ab</llmlingua>", "", 2},
        {"<llmlingua, compress=True, compress=True, rate=1>a</llmlingua>", "",
         1},
        {"<llmlinguaX>a</llmlingua>", "", 1},
        /* the outer tag's text holds a '<' */
        {"<llmlingua>out<llmlingua>in</llmlingua></llmlingua>", "[in|0.5+]",
         3},
        {"before <llmlingua>a</llmlingua>", "[a|0.5+]", 7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(PITH_TAGS_REFERENCE, cases[i].tagged, cases[i].want,
               cases[i].n_lost);
}
END_TEST

START_TEST(impossible_rates_are_refused)
{
    static const enum pith_tag_rules both[] = {PITH_TAGS_REFERENCE,
                                               PITH_TAGS_STRICT};
    for (size_t i = 0; i < 2; i++) {
        enum pith_tag_rules rules = both[i];
        refuse(rules, "<llmlingua, rate=1.01>a</llmlingua>", 0.5, "1.01");
        refuse(rules, "<llmlingua, rate=1.2.3>a</llmlingua>", 0.5, "1.2.3");
        refuse(rules, "<llmlingua, rate=.>a</llmlingua>", 0.5, "not a number");
        refuse(rules, "a", 1.5, "whole prompt");
    }
    struct pith_tagged_text parsed;
    struct pith_error error;
    assert_ok(
        pith_tagged_parse(view("<llmlingua, compress=False>a</llmlingua>"), 1.5,
                          PITH_TAGS_REFERENCE, &parsed, &error),
        error);
    pith_tagged_free(&parsed);
}
END_TEST

START_TEST(strict_rules_lose_nothing)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"a < b", "[a < b|0.5+]"},
        {"a<llmlingua, compress=False, rate=0.3>1 < 2</llmlingua>c",
         "[a|0.5+][1 < 2|0.3-][c|0.5+]"},
        {"<llmlingua></llmlingua>b", "[b|0.5+]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(PITH_TAGS_STRICT, cases[i][0], cases[i][1], 0);
    static const char *const malformed[][2] = {
        {"<llmlingua>a", "</llmlingua> after it"},
        {"a</llmlingua>", "byte 1"},
        {"<llmlingua><llmlingua>a</llmlingua></llmlingua>", "do not nest"},
        {"<llmlingua rate=0.3>a</llmlingua>", "rate=NUMBER"},
        {"<llmlingua, rate=0.3, rate=0.4>a</llmlingua>", "each once"},
        {"<llmlingua, compress=False, compress=True>a</llmlingua>",
         "each once"},
        {"<llmlingua, keep=1>a</llmlingua>", "keep=1"},
        {"<llmlingua, rate=0>a</llmlingua>", "above 0"},
        {"x<llmlingua", "byte 11"},
    };
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++)
        refuse(PITH_TAGS_STRICT, malformed[i][0], 0.5, malformed[i][1]);
}
END_TEST

START_TEST(rates_are_read_to_the_last_bit)
{
    static const struct {
        const char *tagged;
        double rate;
    } cases[] = {
        {"<llmlingua, rate=0.1>a</llmlingua>", 0.1},
        {"<llmlingua, rate=00.30>a</llmlingua>", 0.3},
        {"<llmlingua, rate=1.>a</llmlingua>", 1},
        {"<llmlingua, rate=0.3333333333333333148296>a</llmlingua>",
         0.3333333333333333},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pith_tagged_text parsed;
        struct pith_error error;
        assert_ok(pith_tagged_parse(view(cases[i].tagged), 0.5,
                                    PITH_TAGS_REFERENCE, &parsed, &error),
                  error);
        ck_assert_double_eq(parsed.segments[0].rate, cases[i].rate);
        pith_tagged_free(&parsed);
    }
}
END_TEST

START_TEST(characters_are_counted)
{
    struct pith_tagged_text parsed;
    struct pith_error error;
    assert_ok(pith_tagged_parse(
                  view("<llmlingua, rate=0.5>\xC3\xA9\xE6\x9D\xB1</llmlingua>"
                       "<llmlingua>ab</llmlingua>"
                       "<llmlingua, compress=False, rate=0.5>c</llmlingua>"
                       "<llmlingua, rate=0.4, compress=False>d</llmlingua>"),
                  0.5, PITH_TAGS_REFERENCE, &parsed, &error),
              error);
    ck_assert_uint_eq(parsed.segments[0].n_chars, 2);
    ck_assert_uint_eq(parsed.segments[0].n_bytes, 5);
    pith_tagged_free(&parsed);
}
END_TEST

START_TEST(rate_and_target_follow_from_each_other)
{
    struct pith_error error;
    double rate = 0.25, target = -1;
    assert_ok(pith_structured_budget(10, 6, 100, true, &rate, &target, &error),
              error);
    ck_assert_double_eq(target, 116 * 0.25 - 10 - 6);
    ck_assert_double_eq(rate, 0.25);
    target = -1;
    assert_ok(pith_structured_budget(10, 6, 100, false, &rate, &target,
                                     &error), error);
    ck_assert_double_eq(target, 116 * 0.25 - 10);
    target = 30;
    assert_ok(pith_structured_budget(10, 6, 100, true, &rate, &target, &error),
              error);
    ck_assert_double_eq(rate, 0.3);
    ck_assert_double_eq(target, 30);
    ck_assert_int_eq(pith_structured_budget(1, 1, 0, true, &rate, &target,
                                            &error), PITH_ERR_ARGUMENT);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("tagged");
    TCase *tcase = tcase_create("tagged");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, reference_reads_options_in_any_order);
    tcase_add_test(tcase, reference_loses_what_its_pattern_does_not_match);
    tcase_add_test(tcase, impossible_rates_are_refused);
    tcase_add_test(tcase, strict_rules_lose_nothing);
    tcase_add_test(tcase, rates_are_read_to_the_last_bit);
    tcase_add_test(tcase, characters_are_counted);
    tcase_add_test(tcase, rate_and_target_follow_from_each_other);
    suite_add_tcase(suite, tcase);
    return suite;
}
