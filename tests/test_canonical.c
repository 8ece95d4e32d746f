/*
 * test_canonical.c - src/text/canonical.c: strings are found however their
 * characters are written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/text/canonical.h"
#include "support.h"

START_TEST(the_tables_are_sorted_and_apart)
{
    for (size_t i = 1; i < pith_combining_n_ranges; i++)
        ck_assert_uint_gt(pith_combining_ranges[i].first,
                          pith_combining_ranges[i - 1].last);
    for (size_t i = 1; i < pith_n_decompositions; i++)
        ck_assert_uint_gt(pith_decompositions[i].code,
                          pith_decompositions[i - 1].code);
}
END_TEST

/* --- decomposition ---------------------------------------------------------- */

static void assert_form(const char *text, const char *want)
{
    struct pith_canonical form;
    struct pith_error error;
    char got[256] = "";
    assert_ok(pith_canonical_make(&form, view(text), &error), error);
    for (size_t i = 0, n = 0; i < form.n; i++)
        n += (size_t)snprintf(got + n, sizeof got - n, "%s%04X/%u",
                              i == 0 ? "" : " ",
                              (unsigned)form.codes[i] & 0xFFFFFF,
                              (unsigned)form.codes[i] >> 24);
    ck_assert_str_eq(got, want);
    pith_canonical_free(&form);
}

/* Expected: Python 3.11, unicodedata.normalize("NFD", ...) and combining(). */
START_TEST(characters_decompose_and_marks_are_ordered)
{
    assert_form("", "");
    assert_form("aé", "0061/0 0065/0 0301/230");
    assert_form("\u212B", "0041/0 030A/230");
    assert_form("\u1F82", "03B1/0 0313/230 0300/230 0345/240");
    assert_form("가", "1100/0 1161/0");
    assert_form("각힣", "1100/0 1161/0 11A8/0 1112/0 1175/0 11C2/0");
    assert_form("a\u0301\u0323", "0061/0 0323/220 0301/230");
    assert_form("\u1E69\u0323", "0073/0 0323/220 0323/220 0307/230");
    assert_form("a\u0344\u0327", "0061/0 0327/202 0308/230 0301/230");
    assert_form("\u0301\u0323x\u0300\u0316",
                "0323/220 0301/230 0078/0 0316/220 0300/230");
    assert_form("\uF900\U0002F800", "8C48/0 4E3D/0");
    assert_form("\U0001D15F", "1D158/0 1D165/216");
    assert_form("\xFF" "a\xC3", "1100FF/0 0061/0 1100C3/0");
}
END_TEST

/* --- search ----------------------------------------------------------------- */

/* What is found in a text, written with brackets around it. */
static void assert_found(const char *string, const char *want)
{
    struct pith_error error;
    struct pith_canonical form;
    struct pith_needle needle;
    struct pith_search search = {0};
    char text[256], got[256];
    size_t n = 0, m = 0, at = 0, start, end;
    for (const char *p = want; *p != '\0'; p++)
        if (*p != '[' && *p != ']')
            text[n++] = *p;
    assert_ok(pith_canonical_make(&form, (struct pith_text){text, n}, &error),
              error);
    assert_ok(pith_needle_make(&needle, view(string), &error), error);
    while (pith_canonical_next(&search, &form, &needle, &start, &end)) {
        ck_assert_uint_le(at, start);
        ck_assert_uint_lt(start, end);
        ck_assert_uint_le(end, n);
        m += (size_t)snprintf(got + m, sizeof got - m, "%.*s[%.*s]",
                              (int)(start - at), text + at,
                              (int)(end - start), text + start);
        at = end;
    }
    snprintf(got + m, sizeof got - m, "%.*s", (int)(n - at), text + at);
    ck_assert_str_eq(got, want);
    pith_needle_free(&needle);
    pith_canonical_free(&form);
}

#define CAFE "cafe\u0301"

START_TEST(spellings_are_found_alike)
{
    static const char *const cafes[] = {"café", CAFE};
    for (size_t i = 0; i < 2; i++) {
        assert_found(cafes[i], "a [café], a [" CAFE "], a cafe");
        assert_found(cafes[i], "[café]s [" CAFE "]s [café]");
        /* another mark makes another character */
        assert_found(cafes[i], "café\u0323 " CAFE "\u0323 caf\u1EB9\u0301");
    }
    assert_found("cafe", "[cafe]! café " CAFE " [cafe]");
    assert_found("\u1EB9\u0301", "x[\u1EB9\u0301] [e\u0323\u0301] "
                                 "[e\u0301\u0323] [é\u0323] é \u1EB9");
    assert_found("가", "[가]나 [\u1100\u1161] 각 \u1100\u1161\u11A8 [가]x");
    assert_found("각", "가 [각] [\u1100\u1161\u11A8] [가\u11A8]");
    assert_found("\u1100", "[\u1100] 가 \u1100\u1161");
    assert_found("\u00C5", "[\u212B] [A\u030A] A");
    assert_found("\u09CB", "x[\u09CB] x[\u09C7\u09BE] x\u09C7");
    assert_found("\u09C7", "x\u09CB x\u09C7\u09BE x[\u09C7]");
}
END_TEST

START_TEST(occurrences_end_between_characters)
{
    assert_found("x", "[x] x\u0301 [xx]x\u0327 [x]\u200C [x]\u200D");
    assert_found("न", "[न] नि न् [न]");
    assert_found("👩", "[👩] 👩🏽 [👩]\u200D🚀");
    assert_found("1", "[1] 1\uFE0F\u20E3 2[1]");
    assert_found("\n", "a[\n]b\r[\n\n]\u0301");
    assert_found("\r", "[\r]\n");
    assert_found("ab", "[ababab]c"); /* touching ones are one */
}
END_TEST

START_TEST(plain_strings_are_found_as_before)
{
    assert_found("a", "[a]b[a]");
    assert_found("aa", "[aaa] [aa] a");
    assert_found("abab", "ab [abab] [ababab] abaab");
    assert_found("aab", "a[aab]a[aab]");
    assert_found("nowhere", "now here");
    assert_found("longer than the text", "short");
    assert_found("\xFF", "a[\xFF]b\xFE[\xFF]\xC3");
    assert_found("\uFFFD", "\xFF[\uFFFD]");
    assert_found("x", "");
}
END_TEST

/* Against memcmp() at every place, on letters that have no marks. */
START_TEST(random_strings_are_found_where_they_are)
{
    uint64_t random = 5;
    for (int round = 0; round < 20000; round++) {
        char text[40], string[6];
        bool covered[40] = {0}, got[40] = {0};
        size_t n = random_below(&random, sizeof text) + 1, start, end;
        size_t m = random_below(&random, sizeof string) + 1;
        for (size_t i = 0; i < n; i++)
            text[i] = "ab"[random_below(&random, 2)];
        for (size_t i = 0; i < m; i++)
            string[i] = "ab"[random_below(&random, 2)];
        for (size_t i = 0; i + m <= n; i++)
            if (memcmp(text + i, string, m) == 0)
                memset(covered + i, true, m);
        struct pith_error error;
        struct pith_canonical form;
        struct pith_needle needle;
        struct pith_search search = {0};
        assert_ok(pith_canonical_make(&form, (struct pith_text){text, n},
                                      &error), error);
        assert_ok(pith_needle_make(&needle, (struct pith_text){string, m},
                                   &error), error);
        while (pith_canonical_next(&search, &form, &needle, &start, &end))
            memset(got + start, true, end - start);
        ck_assert_mem_eq(got, covered, sizeof got);
        pith_needle_free(&needle);
        pith_canonical_free(&form);
    }
}
END_TEST

/* --- size ------------------------------------------------------------------- */

static char *repeat(const char *string, size_t n)
{
    size_t length = strlen(string);
    char *all = malloc(n * length);
    ck_assert_ptr_nonnull(all);
    for (size_t i = 0; i < n; i++)
        memcpy(all + i * length, string, length);
    return all;
}

/* Quadratic time would be hours. */
START_TEST(hostile_texts_take_linear_time)
{
    static const char *const repeated[] = {"a", "\u0301", "\u0301\u0323", "각",
                                           "\u1F82"};
    for (size_t i = 0; i < sizeof repeated / sizeof *repeated; i++) {
        size_t n = 500000, size = n * strlen(repeated[i]), start, end;
        char *bytes = repeat(repeated[i], n);
        struct pith_error error;
        struct pith_canonical form;
        struct pith_needle needle;
        struct pith_search search = {0};
        struct pith_text half = {bytes, size / 2};
        assert_ok(pith_canonical_make(&form, (struct pith_text){bytes, size},
                                      &error), error);
        assert_ok(pith_needle_make(&needle, half, &error), error);
        while (pith_canonical_next(&search, &form, &needle, &start, &end))
            ck_assert_uint_eq(end, size);
        ck_assert_uint_eq(search.at, form.n);
        pith_needle_free(&needle);
        pith_canonical_free(&form);
        free(bytes);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("canonical");
    TCase *tcase = tcase_create("canonical");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_tables_are_sorted_and_apart);
    tcase_add_test(tcase, characters_decompose_and_marks_are_ordered);
    tcase_add_test(tcase, spellings_are_found_alike);
    tcase_add_test(tcase, occurrences_end_between_characters);
    tcase_add_test(tcase, plain_strings_are_found_as_before);
    tcase_add_test(tcase, random_strings_are_found_where_they_are);
    tcase_add_test(tcase, hostile_texts_take_linear_time);
    suite_add_tcase(suite, tcase);
    return suite;
}
