/*
 * test_structured_json.c - src/reference/structured_json.c, python/str.c
 * and json_members.c.  Expectations are those of llmlingua 0.2.2 and Python
 * 3.11.
 */
#include <stdlib.h>
#include <string.h>

#include "../src/reference/structured_json.h"
#include "../src/json/json_members.h"
#include "../src/reference/python/str.h"
#include "support.h"

static struct pith_json_document *parse(const char *string)
{
    struct pith_json_document *document;
    struct pith_error error;
    assert_ok(pith_json_parse(view(string), "test", &document, &error),
              error);
    return document;
}

/* --- Python's spelling --------------------------------------------------------- */

START_TEST(values_are_spelled_as_python_does)
{
    static const char *const cases[][3] = { /* JSON, str(), json.dumps() */
        {"null",
         "None",
         "null"},
        {"true",
         "True",
         "true"},
        {"[false, null]",
         "[False, None]",
         "[false, null]"},
        {"-0",
         "0",
         "0"},
        {"12345678901234567890",
         "12345678901234567890",
         "12345678901234567890"},
        {"1.0",
         "1.0",
         "1.0"},
        {"-0.0",
         "-0.0",
         "-0.0"},
        {"1e15",
         "1000000000000000.0",
         "1000000000000000.0"},
        {"1e16",
         "1e+16",
         "1e+16"},
        {"123456789012345680",
         "123456789012345680",
         "123456789012345680"},
        {"1.23456e17",
         "1.23456e+17",
         "1.23456e+17"},
        {"0.0001",
         "0.0001",
         "0.0001"},
        {"0.00001",
         "1e-05",
         "1e-05"},
        {"1e-7",
         "1e-07",
         "1e-07"},
        {"0.1",
         "0.1",
         "0.1"},
        {"1.10",
         "1.1",
         "1.1"},
        {"1E5",
         "100000.0",
         "100000.0"},
        {"5e-324",
         "5e-324",
         "5e-324"},
        {"1.7976931348623157e308",
         "1.7976931348623157e+308",
         "1.7976931348623157e+308"},
        {"2.5e-10",
         "2.5e-10",
         "2.5e-10"},
        {"9007199254740993.0",
         "9007199254740992.0",
         "9007199254740992.0"},
        {"\"a\\\"b'c\"",
         "a\"b'c",
         "\"a\\\"b'c\""},
        {"[\"it's\", \"q\\\"\", \"b\\\"'\", \"n\\n\\t\\\\\", \"\\u0000\\u00"
         "7f\\u00a0\\u00e9\\u200b\", \"\\ud83d\\ude00\\udb40\\udc01\"]",
         "[\"it's\", 'q\"', 'b\"\\'', 'n\\n\\t\\\\', '\\x00\\x7f\\xa0\xC3"
         "\xA9\\u200b', '\xF0\x9F\x98\x80\\U000e0001']",
         "[\"it's\", \"q\\\"\", \"b\\\"'\", \"n\\n\\t\\\\\", \"\\u0000\\u00"
         "7f\\u00a0\\u00e9\\u200b\", \"\\ud83d\\ude00\\udb40\\udc01\"]"},
        {"{\"a\": {}, \"b\": [], \"a\": [1, {\"c\": 2.50}]}",
         "{'a': [1, {'c': 2.5}], 'b': []}",
         "{\"a\": [1, {\"c\": 2.5}], \"b\": []}"},
        {"\"\"",
         "",
         "\"\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pith_json_document *document = parse(cases[i][0]);
        for (int dumps = 0; dumps < 2; dumps++) {
            struct pith_buffer out = {0};
            struct pith_error error;
            assert_ok((dumps ? pith_python_dumps : pith_python_str)(
                          &out, pith_json_root(document), &error), error);
            pith_buffer_byte(&out, '\0');
            ck_assert_str_eq(out.data, cases[i][1 + dumps]);
            pith_buffer_free(&out);
        }
        pith_json_free(document);
    }
}
END_TEST

START_TEST(members_keep_first_place_and_last_value)
{
    struct pith_json_document *document =
        parse("{\"b\": 1, \"\": 2, \"a\": 3, \"b\": 4, \"\": 5}");
    struct pith_json_members members;
    struct pith_error error;
    assert_ok(pith_json_members_create(&members, pith_json_root(document),
                                       &error), error);
    ck_assert_uint_eq(members.n, 3);
    static const double values[] = {4, 5, 3};
    for (size_t i = 0; i < 3; i++)
        ck_assert_double_eq(members.values[i]->number, values[i]);
    ck_assert_double_eq(pith_json_members_find(&members, view(""))->number,
                        5);
    ck_assert_double_eq(pith_json_members_find(&members, view("b"))->number,
                        4);
    ck_assert_ptr_null(pith_json_members_find(&members, view("c")));
    pith_json_members_free(&members);
    pith_json_free(document);
    document = parse("{\"a\": 1}");
    assert_ok(pith_json_members_create(&members, pith_json_root(document),
                                       &error), error);
    ck_assert_ptr_null(pith_json_members_find(&members, view("")));
    pith_json_members_free(&members);
    pith_json_free(document);
}
END_TEST

/* --- records ------------------------------------------------------------------- */

static enum pith_status open_record(const char *data, const char *config,
                                    struct pith_json_contexts *contexts,
                                    struct pith_error *error)
{
    struct pith_json_document *record = parse(data), *settings = parse(config);
    enum pith_status status = pith_structured_json_open(
        pith_json_root(record), pith_json_root(settings), contexts, error);
    pith_json_free(record);
    pith_json_free(settings);
    return status;
}

static const char record[] =
    "{\"id\": 987654, \"name\": \"Ann \\\"A\\\" O'H\xC3\xA9\", \"price\": "
    "\"3.50\", \"n\": \" 1_000 \", \"ok\": \"True\", \"tags\": [\"x\", 1, 2"
    ".5, null, {\"a\": \"b\"}], \"chars\": \"a\xC3\xB1\", \"keys\": {\"p\":"
    " 1, \"q\": [1]}, \"map\": {\"p\": 1.0, \"q\": \"v\"}, \"pair\": [1, 2]"
    ", \"fixed\": {\"z\": [1, \"\xC3\xA9\"]}, \"one\": [1], \"obj\": {\"k\""
    ": \"it's\"}, \"last\": 7}";
static const char config[] =
    "{\"id\": {\"rate\": 0.8, \"compress\": true, \"value_type\": \"int\", "
    "\"pair_remove\": false}, \"name\": {\"rate\": 0.4, \"compress\": true,"
    " \"value_type\": \"str\", \"pair_remove\": false}, \"price\": {\"rate"
    "\": 0.3, \"compress\": true, \"value_type\": \"float\", \"pair_remove"
    "\": true}, \"n\": {\"rate\": 0.5, \"compress\": true, \"value_type\": "
    "\"integer\", \"pair_remove\": false}, \"ok\": {\"rate\": 0.5, \"compre"
    "ss\": true, \"value_type\": \"bool\", \"pair_remove\": true}, \"tags\""
    ": {\"rate\": 0.5, \"compress\": true, \"value_type\": \"list\", \"pair"
    "_remove\": false}, \"chars\": {\"rate\": 0.5, \"compress\": true, \"va"
    "lue_type\": \"List\", \"pair_remove\": false}, \"keys\": {\"rate\": 0."
    "25, \"compress\": true, \"value_type\": \"list\", \"pair_remove\": fal"
    "se}, \"map\": {\"rate\": 0.25, \"compress\": true, \"value_type\": \"d"
    "ict\", \"pair_remove\": false}, \"pair\": {\"rate\": 0.6, \"compress\""
    ": true, \"value_type\": \"tuple\", \"pair_remove\": true}, \"fixed\": "
    "{\"rate\": 0.1, \"compress\": false, \"value_type\": \"str\", \"pair_r"
    "emove\": false}, \"one\": {\"rate\": 1, \"compress\": true, \"value_ty"
    "pe\": \"list\", \"pair_remove\": false}, \"obj\": {\"rate\": 0.2, \"co"
    "mpress\": true, \"value_type\": \"string\", \"pair_remove\": false}, "
    "\"last\": {\"rate\": 0.9, \"compress\": true, \"value_type\": \"number"
    "\", \"pair_remove\": false}}";

START_TEST(members_become_contexts)
{
    static const char *const want[] = {
        "<llmlingua, compress=False>{</llmlingua>",
        "<llmlingua, compress=False>\"id\": </llmlingua><llmlingua, rate=0."
        "8>987654</llmlingua><llmlingua, compress=False>, </llmlingua>",
        "<llmlingua, compress=False>\"name\": \"</llmlingua><llmlingua, rat"
        "e=0.4>Ann \\\"A\\\" O'H\\u00e9</llmlingua><llmlingua, compress=Fal"
        "se>\", </llmlingua>",
        "<llmlingua, compress=False>\"price\": </llmlingua><llmlingua, rate"
        "=0.3>3.5</llmlingua><llmlingua, compress=False>, </llmlingua>",
        "<llmlingua, compress=False>\"n\": </llmlingua><llmlingua, rate=0.5"
        ">1000</llmlingua><llmlingua, compress=False>, </llmlingua>",
        "<llmlingua, compress=False>\"ok\": \"</llmlingua><llmlingua, rate="
        "0.5>true</llmlingua><llmlingua, compress=False>\", </llmlingua>",
        "<llmlingua, compress=False>\"tags\": [\"</llmlingua><llmlingua, ra"
        "te=0.5>x</llmlingua><llmlingua, compress=False>\", \"</llmlingua><"
        "llmlingua, rate=0.5>1</llmlingua><llmlingua, compress=False>\", \""
        "</llmlingua><llmlingua, rate=0.5>2.5</llmlingua><llmlingua, compre"
        "ss=False>\", \"</llmlingua><llmlingua, rate=0.5>None</llmlingua><l"
        "lmlingua, compress=False>\", \"</llmlingua><llmlingua, rate=0.5>{'"
        "a': 'b'}</llmlingua><llmlingua, compress=False>\"], </llmlingua>",
        "<llmlingua, compress=False>\"chars\": [\"</llmlingua><llmlingua, r"
        "ate=0.5>a</llmlingua><llmlingua, compress=False>\", \"</llmlingua>"
        "<llmlingua, rate=0.5>\xC3\xB1</llmlingua><llmlingua, compress=Fals"
        "e>\"], </llmlingua>",
        "<llmlingua, compress=False>\"keys\": [\"</llmlingua><llmlingua, ra"
        "te=0.25>p</llmlingua><llmlingua, compress=False>\", \"</llmlingua>"
        "<llmlingua, rate=0.25>q</llmlingua><llmlingua, compress=False>\"],"
        " </llmlingua>",
        "<llmlingua, compress=False>\"map\": [\"</llmlingua><llmlingua, rat"
        "e=0.25>p: 1.0</llmlingua><llmlingua, compress=False>\", \"</llmlin"
        "gua><llmlingua, rate=0.25>q: v</llmlingua><llmlingua, compress=Fal"
        "se>\"], </llmlingua>",
        "<llmlingua, compress=False>\"pair\": (\"</llmlingua><llmlingua, ra"
        "te=0.6>1</llmlingua><llmlingua, compress=False>\", \"</llmlingua><"
        "llmlingua, rate=0.6>2</llmlingua><llmlingua, compress=False>\"), <"
        "/llmlingua>",
        "<llmlingua, compress=False>\"fixed\": {\"z\": [1, \"\\u00e9\"]}, <"
        "/llmlingua>",
        "<llmlingua, compress=False>\"one\": [1], </llmlingua>",
        "<llmlingua, compress=False>\"obj\": \"</llmlingua><llmlingua, rate"
        "=0.2>{'k': \\\"it's\\\"}</llmlingua><llmlingua, compress=False>\","
        " </llmlingua>",
        "<llmlingua, compress=False>\"last\": </llmlingua><llmlingua, rate="
        "0.9>7.0</llmlingua><llmlingua, compress=False></llmlingua>",
        "<llmlingua, compress=False>}</llmlingua>",
    };
    static const size_t forced[] = {0, 1, 2, 4, 6, 7, 8, 9, 11, 12, 13, 14, 15};
    struct pith_json_contexts contexts;
    struct pith_error error;
    assert_ok(open_record(record, config, &contexts, &error), error);
    ck_assert_uint_eq(contexts.n, sizeof want / sizeof *want);
    for (size_t i = 0; i < contexts.n; i++) {
        ck_assert_str_eq(contexts.contexts[i], want[i]);
        ck_assert_uint_eq(contexts.sizes[i], strlen(want[i]));
    }
    ck_assert_uint_eq(contexts.n_forced_ids, sizeof forced / sizeof *forced);
    for (size_t i = 0; i < contexts.n_forced_ids; i++)
        ck_assert_uint_eq(contexts.forced_ids[i], forced[i]);
    pith_json_contexts_free(&contexts);
}
END_TEST

#define SETTINGS(type)                                                         \
    "{\"a\": {\"rate\": 0.5, \"compress\": true, \"value_type\": \"" type      \
    "\", \"pair_remove\": true}}"

START_TEST(bad_records_are_refused)
{
    static const char *const cases[][3] = {
        {"[]", "{}", "objects"},
        {"{\"a\": 1}", "{}", "1 keys"},
        {"{}", "{\"a\": 1}", "same"},
        {"{\"b\": 1}", SETTINGS("int"), "\"b\""},
        {"{\"a\": 1}", "{\"a\": {\"rate\": 1}}", "value_type"},
        {"{\"a\": 1}", "{\"a\": 1}", "value_type"},
        {"{\"a\": 1}", SETTINGS("set"), "value_type"},
        {"{\"a\": \"x\"}", SETTINGS("int"), "integer"},
        {"{\"a\": \"1.5\"}", SETTINGS("int"), "integer"},
        {"{\"a\": [1]}", SETTINGS("float"), "number"},
        {"{\"a\": \"1e\"}", SETTINGS("float"), "number"},
        {"{\"a\": \"nan\"}", SETTINGS("float"), "number"},
        {"{\"a\": 2}", SETTINGS("bool"), "true or false"},
        {"{\"a\": 2}", SETTINGS("list"), "array"},
        {"{\"a\": [2]}", SETTINGS("dict"), "object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pith_json_contexts contexts;
        struct pith_error error;
        ck_assert_int_eq(open_record(cases[i][0], cases[i][1], &contexts,
                                     &error), PITH_ERR_ARGUMENT);
        ck_assert_ptr_null(contexts.contexts);
        ck_assert_msg(strstr(error.detail, cases[i][2]) != NULL, "%s",
                      error.detail);
    }
}
END_TEST

START_TEST(empty_records_lose_their_brace)
{
    struct pith_json_contexts contexts;
    struct pith_error error;
    assert_ok(open_record("{}", "{}", &contexts, &error), error);
    ck_assert_uint_eq(contexts.n, 2);
    ck_assert_str_eq(contexts.contexts[0],
                     "<llmlingua, compress=False</llmlingua>");
    pith_json_contexts_free(&contexts);
}
END_TEST

START_TEST(commas_are_closed_up)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"{\n\n\"a\": 1, \n\n, ,\xC2\xA0\"b\" , 2}",
         "{\n\n\"a\": 1,\"b\" ,2}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pith_buffer out = {0};
        pith_structured_json_close(view(cases[i][0]), &out);
        pith_buffer_byte(&out, '\0');
        ck_assert_str_eq(out.data, cases[i][1]);
        pith_buffer_free(&out);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("structured_json");
    TCase *tcase = tcase_create("structured_json");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, values_are_spelled_as_python_does);
    tcase_add_test(tcase, members_keep_first_place_and_last_value);
    tcase_add_test(tcase, members_become_contexts);
    tcase_add_test(tcase, bad_records_are_refused);
    tcase_add_test(tcase, empty_records_lose_their_brace);
    tcase_add_test(tcase, commas_are_closed_up);
    suite_add_tcase(suite, tcase);
    return suite;
}
