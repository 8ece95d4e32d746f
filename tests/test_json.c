/*
 * test_json.c - the JSON reader and writer.
 */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/utf8.h"
#include "../src/json/json.h"
#include "fuzz/fuzz.h"
#include "support.h"

static struct pith_json_document *parse(struct pith_text text)
{
    struct pith_json_document *document;
    struct pith_error error;
    assert_ok(pith_json_parse(text, "test", &document, &error), error);
    return document;
}

static void assert_refused(struct pith_text text, const char *detail)
{
    struct pith_json_document *document = (void *)&text;
    struct pith_error error = {PITH_OK, ""};
    ck_assert_msg(pith_json_parse(text, "test", &document, &error) ==
                      PITH_ERR_FORMAT, "accepted: %.*s", (int)text.size,
                  text.bytes);
    ck_assert_ptr_null(document);
    ck_assert_msg(strstr(error.detail, detail) != NULL, "'%s' is not in: %s",
                  detail, error.detail);
}

static void assert_string(const char *json, const char *want, size_t size)
{
    struct pith_json_document *document = parse(view(json));
    const struct pith_json *root = pith_json_root(document);
    ck_assert_int_eq(root->kind, PITH_JSON_STRING);
    ck_assert_msg(root->string.size == size &&
                      memcmp(root->string.bytes, want, size) == 0,
                  "%s read as %.*s", json, (int)root->string.size,
                  root->string.bytes);
    pith_json_free(document);
}

START_TEST(values_are_read)
{
    struct pith_json_document *document = parse(view(
        " {\"a\" : [1, -2.5e1, true,false ,null,\"x\"],\r\n\t\"b\":{}, "
        "\"a\\u0000\": [], \"b\": 7} "));
    const struct pith_json *root = pith_json_root(document);
    ck_assert_uint_eq(root->n_children, 4);
    const struct pith_json *a = pith_json_get(root, "a")->first;
    ck_assert_double_eq(a->number, 1);
    ck_assert_double_eq((a = a->next)->number, -25);
    ck_assert_mem_eq(a->string.bytes, "-2.5e1", a->string.size);
    ck_assert(pith_json_is(a = a->next, PITH_JSON_TRUE));
    ck_assert(pith_json_is(a = a->next, PITH_JSON_FALSE));
    ck_assert(pith_json_is(a = a->next, PITH_JSON_NULL));
    ck_assert(pith_json_string_is(a = a->next, "x"));
    ck_assert(!pith_json_string_is(a, "xy"));
    ck_assert_ptr_null(a->next);
    ck_assert_double_eq(pith_json_get(root, "b")->number, 7); /* the last */
    ck_assert_ptr_null(pith_json_get(root, "c"));
    ck_assert_ptr_null(pith_json_get(a, "c"));
    ck_assert_ptr_null(pith_json_get(NULL, "c"));
    ck_assert(!pith_json_is(NULL, PITH_JSON_NULL));
    pith_json_free(document);
    pith_json_free(NULL);
}
END_TEST

START_TEST(strings_are_unescaped)
{
    assert_string("\"\"", "", 0);
    assert_string("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8);
    assert_string("\"\\u0041\\u00e9\\u20AC\\u0000\"",
                  "A\xC3\xA9\xE2\x82\xAC\0", 7);
    assert_string("\"\\ud83e\\udd99\"", "\xF0\x9F\xA6\x99", 4);
    assert_string("\"\xF0\x9F\xA6\x99\x7F\"", "\xF0\x9F\xA6\x99\x7F", 5);
}
END_TEST

#define FFFD "\xEF\xBF\xBD"

START_TEST(what_is_no_unicode_becomes_fffd)
{
    assert_string("\"\\ud83e\"", FFFD, 3);
    assert_string("\"\\ud83e.\"", FFFD ".", 4);
    assert_string("\"\\udd99\\ud83e\"", FFFD FFFD, 6);
    assert_string("\"\\ud83e\\u0041\"", FFFD "A", 4);
    assert_string("\"\\ud83e\\ue000\"", FFFD "\xEE\x80\x80", 6);
    assert_string("\"\\ud83e\\ud83e\\udd99\"", FFFD "\xF0\x9F\xA6\x99", 7);
    assert_string("\"\\ud83e\\n\"", FFFD "\n", 4);
    assert_string("\"\xFF\xC3(\xE2\x82\"", FFFD FFFD "(" FFFD FFFD, 13);
    assert_string("\"\xED\xA0\x80\"", FFFD FFFD FFFD, 9); /* a surrogate */
}
END_TEST

START_TEST(malformed_texts_are_refused_with_their_offset)
{
    static const struct {
        const char *json, *detail;
    } cases[] = {
        {"", "ends at byte 0"},
        {" ", "ends at byte 1"},
        {"{", "ends at byte 1"},
        {"[1,]", "byte 3: found ']'"},
        {"[1 2]", "byte 3"},
        {"[1", "ends at byte 2"},
        {"{\"a\"}", "byte 4: found '}', expected ':'"},
        {"{\"a\":1,}", "byte 7"},
        {"{a:1}", "byte 1"},
        {"{1:1}", "byte 1"},
        {"[1]]", "byte 3"},
        {"1 1", "byte 2"},
        {"tru", "byte 0"},
        {"nulL", "byte 0"},
        {"True", "byte 0"},
        {"NaN", "byte 0"},
        {"'a'", "byte 0"},
        {"\"a", "ends at byte 2"},
        {"\"\\x\"", "byte 2"},
        {"\"\\", "ends at byte 2"},
        {"\"\\u12g4\"", "byte 5: found 'g'"},
        {"\"\\ud83e\\u12\"", "byte 11"},
        {"\"\n\"", "byte 1: found byte 0x0A"},
        {"01", "byte 1"},
        {"-", "ends at byte 1"},
        {"+1", "byte 0"},
        {".5", "byte 0"},
        {"1.", "ends at byte 2"},
        {"1.e5", "byte 2"},
        {"1e", "ends at byte 2"},
        {"1e+", "ends at byte 3"},
        {"0x10", "byte 1"},
        {"\xEF\xBB\xBF\xEF\xBB\xBF{}", "byte 3: found byte 0xEF"},
        {"\xFF\xFE[", "the text is in UTF-16"},
        {"[1] // x", "byte 4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(view(cases[i].json), cases[i].detail);
    assert_refused((struct pith_text){"[\0]", 3}, "byte 1: found byte 0x00");
    assert_refused((struct pith_text){NULL, 0}, "ends at byte 0");
}
END_TEST

static void nest(char *text, size_t depth)
{
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[2 * depth] = '\0';
}

START_TEST(nesting_is_limited)
{
    enum { DEEP = 200000 };
    char *text = malloc(2 * DEEP + 1);
    ck_assert_ptr_nonnull(text);
    nest(text, 257); /* 256 levels with something in them */
    pith_json_free(parse(view(text)));
    nest(text, 258);
    assert_refused(view(text), "256 levels");
    nest(text, DEEP);
    assert_refused(view(text), "256 levels");
    free(text);
}
END_TEST

static double number_of(const char *json)
{
    struct pith_json_document *document = parse(view(json));
    double number = pith_json_root(document)->number;
    pith_json_free(document);
    return number;
}

START_TEST(numbers_are_read_as_strtod_does)
{
    static const char *const cases[] = {
        "0", "-0", "7", "999999999999999", "9007199254740993",
        "18446744073709551616", "0.1", "-1.5", "123456.789", "1e22", "1e23",
        "1E+2", "5e-324", "2.2250738585072014e-308", "1.7976931348623157e308",
        "1e400", "-1e400", "1e-400", "0e999999999999999999999",
        "1e-99999999999999999999", "0.000001e6",
        "179769313486231570000000000000000000000.5e270",
        "0.1000000000000000055511151231257827021181583404541015625"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double want = strtod(cases[i], NULL), got = number_of(cases[i]);
        ck_assert_msg(memcmp(&got, &want, sizeof got) == 0, "%s read as %.17g",
                      cases[i], got);
    }
    char *text = malloc(400001); /* 5e-399990 * 1e399990 */
    ck_assert_ptr_nonnull(text);
    memset(text, '0', 400000);
    memcpy(text, "0.", 2);
    memcpy(text + 399991, "5e399990", 9);
    ck_assert_double_eq(number_of(text), 5);
    free(text);
}
END_TEST

static void assert_written(double number, const char *want)
{
    struct pith_buffer out = {0};
    pith_json_write_number(&out, number);
    pith_buffer_byte(&out, '\0');
    ck_assert_str_eq(out.data, want);
    pith_buffer_free(&out);
}

static void assert_float_written(float number, const char *want)
{
    struct pith_buffer out = {0};
    pith_json_write_float(&out, number);
    pith_buffer_byte(&out, '\0');
    ck_assert_str_eq(out.data, want);
    pith_buffer_free(&out);
}

START_TEST(numbers_are_written_short)
{
    assert_written(0, "0");
    assert_written(150, "150");
    assert_written(-3, "-3");
    assert_written(0.1, "0.1");
    assert_written(1.0 / 3, "0.3333333333333333");
    assert_written(123456.5, "123456.5");
    assert_written(999999999999999, "999999999999999");
    assert_written(1e300, "1e+300");
    assert_written(5e-324, "5e-324");
    assert_written(DBL_MAX, "1.7976931348623157e+308");
    assert_written(INFINITY, "null");
    assert_written(-INFINITY, "null");
    assert_written(NAN, "null");
    assert_float_written(0.1f, "0.1");
    assert_float_written(2048, "2048");
    assert_float_written(1.0f / 3, "0.33333334");
    assert_float_written(16777216, "16777216");
    assert_float_written(FLT_MAX, "3.4028235e+38");
    assert_float_written(-INFINITY, "null");
}
END_TEST

START_TEST(numbers_come_back)
{
    uint64_t state = 3;
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = random_next(&state);
        double number;
        float half;
        memcpy(&number, &bits, sizeof number);
        memcpy(&half, &bits, sizeof half);
        struct pith_buffer out = {0};
        if (isfinite(number)) {
            pith_json_write_number(&out, number);
            pith_buffer_byte(&out, '\0');
            ck_assert_double_eq(number_of(out.data), number);
        }
        out.size = 0;
        if (isfinite(half)) {
            pith_json_write_float(&out, half);
            pith_buffer_byte(&out, '\0');
            ck_assert_float_eq((float)number_of(out.data), half);
        }
        pith_buffer_free(&out);
    }
}
END_TEST

START_TEST(numbers_do_not_depend_on_the_locale)
{
    use_decimal_comma();
    ck_assert_double_eq(number_of("1234.5e-1"), 123.45);
    assert_written(123.45, "123.45");
    assert_written(1.5e300, "1.5e+300");
    assert_float_written(0.5f, "0.5");
    setlocale(LC_ALL, "C");
}
END_TEST

static void assert_quoted(struct pith_text text, const char *want)
{
    struct pith_buffer out = {0};
    pith_json_write_string(&out, text);
    pith_buffer_byte(&out, '\0');
    ck_assert_str_eq(out.data, want);
    pith_buffer_free(&out);
}

START_TEST(strings_are_written)
{
    assert_quoted((struct pith_text){NULL, 0}, "\"\"");
    assert_quoted(view("a\"b\\c/\b\f\n\r\t\x01\x7F"),
                  "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\x7F\"");
    assert_quoted((struct pith_text){"\0", 1}, "\"\\u0000\"");
    assert_quoted(view("\xC3\xA9\xF0\x9F\xA6\x99"),
                  "\"\xC3\xA9\xF0\x9F\xA6\x99\"");
    assert_quoted(view("x\xFFy\xE2\x82"), "\"x" FFFD "y" FFFD FFFD "\"");
}
END_TEST

/* Random bytes, half of them taken from what JSON is made of: written and
 * read again; and read as a document, which must not crash. */
START_TEST(strings_come_back_and_noise_is_survived)
{
    static const char alphabet[] = "{}[]\",:\\u0dDtrue-1.5eE+ \n";
    uint64_t state = 4;
    for (int i = 0; i < 20000; i++) {
        char noise[64];
        size_t n = random_below(&state, sizeof noise);
        for (size_t k = 0; k < n; k++)
            noise[k] = random_below(&state, 2)
                           ? (char)random_next(&state)
                           : alphabet[random_below(&state, sizeof alphabet)];
        struct pith_text text = {noise, n};
        struct pith_buffer once = {0}, twice = {0};
        pith_json_write_string(&once, text);
        ck_assert(pith_utf8_is_valid(once.data, once.size));
        struct pith_json_document *document =
            parse((struct pith_text){once.data, once.size});
        struct pith_text back = pith_json_root(document)->string;
        if (pith_utf8_is_valid(noise, n))
            ck_assert(back.size == n && memcmp(back.bytes, noise, n) == 0);
        pith_json_write_string(&twice, back);
        ck_assert_uint_eq(once.size, twice.size);
        ck_assert_mem_eq(once.data, twice.data, once.size);
        pith_json_free(document);
        fuzz_json->run(fuzz_json, (struct pith_text){noise, n});
        pith_buffer_free(&once);
        pith_buffer_free(&twice);
    }
}
END_TEST

/* A reader that is quadratic anywhere would run for hours. */
START_TEST(large_documents_are_read)
{
    struct pith_buffer out = {0};
    pith_buffer_byte(&out, '[');
    for (int i = 0; i < 1000000; i++)
        pith_buffer_printf(&out, "{\"k%d\":\"\\u00e9\"},", i);
    pith_buffer_byte(&out, '"');
    for (int i = 0; i < 1000000; i++)
        pith_buffer_string(&out, i % 2 ? "\xFF" : "\\n");
    pith_buffer_string(&out, "\"]");
    struct pith_json_document *document =
        parse((struct pith_text){out.data, out.size});
    ck_assert_uint_eq(pith_json_root(document)->n_children, 1000001);
    pith_json_free(document);
    pith_buffer_free(&out);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("json");
    TCase *tcase = tcase_create("json");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, values_are_read);
    tcase_add_test(tcase, strings_are_unescaped);
    tcase_add_test(tcase, what_is_no_unicode_becomes_fffd);
    tcase_add_test(tcase, malformed_texts_are_refused_with_their_offset);
    tcase_add_test(tcase, nesting_is_limited);
    tcase_add_test(tcase, numbers_are_read_as_strtod_does);
    tcase_add_test(tcase, numbers_are_written_short);
    tcase_add_test(tcase, numbers_come_back);
    tcase_add_test(tcase, numbers_do_not_depend_on_the_locale);
    tcase_add_test(tcase, strings_are_written);
    tcase_add_test(tcase, strings_come_back_and_noise_is_survived);
    tcase_add_test(tcase, large_documents_are_read);
    suite_add_tcase(suite, tcase);
    return suite;
}
