/*
 * test_align_records.c - src/align: records of instruction data, whatever
 * their members are called.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/align/records.h"
#include "support.h"

static struct pith_error error;

/* All records of a text as "kind|role:content|...|input" lines, and
 * "!message" for a malformed one. */
static char *outline(const char *json)
{
    static const char kinds[] = "AQPC";
    struct pith_record_reader reader;
    struct pith_record record;
    struct pith_buffer out = {0};
    char *bytes;
    bool more = true;
    pith_record_reader_open(&reader, view(json), "f");
    while (more) {
        enum pith_status status =
            pith_record_read(&reader, &record, &more, &error);
        if (status != PITH_OK) {
            ck_assert_int_eq(status, PITH_ERR_FORMAT);
            pith_buffer_printf(&out, "!%s\n", error.detail);
            continue;
        }
        if (!more)
            break;
        pith_buffer_printf(&out, "%zu%c", reader.record_line,
                           kinds[record.kind]);
        for (size_t i = 0; i < record.n_messages; i++) {
            struct pith_text content = record.messages[i].content;
            pith_buffer_printf(&out, "|%c:%.*s",
                               pith_role_name(record.messages[i].role)[0],
                               (int)content.size, content.bytes);
        }
        pith_buffer_printf(&out, "|%.*s\n", (int)record.input.size,
                           record.input.bytes);
    }
    pith_record_reader_close(&reader);
    assert_ok(pith_buffer_take(&out, &bytes, NULL, &error), error);
    return bytes;
}

static void expect_outline(const char *json, const char *want)
{
    char *got = outline(json);
    ck_assert_str_eq(got, want);
    free(got);
}

START_TEST(records_of_every_shape)
{
    expect_outline(
        "{\"instruction\": \"I\", \"input\": \"x\", \"output\": \"O\"}\n"
        "\r\n"
        "{\"question\": \"Q\", \"answer\": \"A\", \"id\": 3}\r\n"
        "{\"prompt\": \"P\", \"completion\": \"C\"}\n"
        "{\"messages\": [{\"role\": \"system\", \"content\": \"S\"},"
        " {\"role\": \"user\", \"content\": \"U\"}]}\n"
        "[{\"role\": \"user\", \"content\": \"U\"},"
        " {\"role\": \"assistant\", \"content\": \"B\"}]",
        "1A|u:I|a:O|x\n3Q|u:Q|a:A|\n4P|u:P|a:C|\n5C|s:S|u:U|\n6C|u:U|a:B|\n");
}
END_TEST

/* Dolly's, OpenOrca's, ShareGPT's and OpenAI's names; a name that is empty
 * makes way for one that is not. */
START_TEST(names_go_together_in_any_way)
{
    expect_outline(
        "{\"instruction\": \"I\", \"context\": \"x\", \"response\": \"O\", "
        "\"category\": \"closed_qa\"}\n"
        "{\"system_prompt\": \"S\", \"question\": \"Q\", \"response\": \"A\"}\n"
        "{\"prompt\": \"P\", \"response\": null, \"completion\": \"C\"}\n"
        "{\"question\": \"Q\", \"input\": \"\", \"context\": \"x\", "
        "\"history\": [], \"answer\": \"A\"}\n"
        "{\"id\": \"1\", \"conversations\": [{\"from\": \"human\", \"value\": "
        "\"U\"}, {\"from\": \"gpt\", \"value\": \"B\"}]}\n"
        "{\"system\": \"S\", \"conversations\": [{\"from\": \"human\", "
        "\"value\": \"U\"}]}\n"
        "[{\"role\": \"developer\", \"content\": \"S\"}, {\"role\": \"user\", "
        "\"content\": \"U\", \"name\": \"Ada\", \"tool_calls\": null}]\n"
        "[{\"from\": \"human\", \"value\": \"U\"}]\n",
        "1A|u:I|a:O|x\n2Q|s:S|u:Q|a:A|\n3P|u:P|a:C|\n4Q|u:Q|a:A|x\n"
        "5C|u:U|a:B|\n6C|s:S|u:U|\n7C|s:S|u:U|\n8C|u:U|\n");
    /* One chat on its own. */
    expect_outline("[{\"from\": \"human\",\n \"value\": \"U\"}]", "1C|u:U|\n");
}
END_TEST

START_TEST(members_that_are_not_used_are_counted)
{
    static const char json[] =
        "{\"instruction\": \"I\", \"category\": \"c\", \"empty\": \"\"}\n"
        "{\"messages\": [{\"role\": \"user\", \"content\": \"U\", \"name\": "
        "\"Ada\"}], \"category\": 1, \"note\": null}\n";
    struct pith_record_reader reader;
    struct pith_record record;
    struct pith_unused unused = {.n = 0};
    struct pith_error note;
    bool more = true;
    pith_record_reader_open(&reader, view(json), "f");
    reader.unused = &unused;
    while (more)
        assert_ok(pith_record_read(&reader, &record, &more, &error), error);
    pith_record_reader_close(&reader);
    ck_assert(pith_unused_describe(&unused, "f", &note));
    ck_assert_str_eq(note.detail, "f: members of records that are not used: "
                                  "\"category\" (2), \"name\" (1)");
    unused = (struct pith_unused){.n = 0};
    ck_assert(!pith_unused_describe(&unused, "f", &note));
    for (int i = 0; i < 40; i++) { /* the long names begin alike */
        char name[96];
        snprintf(name, sizeof name, "%070d", i % 20);
        pith_unused_count(&unused, view(name + (i % 20 < 10 ? 60 : 0)));
    }
    ck_assert_uint_eq(unused.n, 11);
    for (int i = 0; i < 40; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        pith_unused_count(&unused, view(name));
    }
    ck_assert_uint_eq(unused.n, PITH_UNUSED_NAMES);
    ck_assert_uint_eq(unused.n_more, 35);
    ck_assert(pith_unused_describe(&unused, "f", &note));
    ck_assert_ptr_nonnull(strstr(note.detail, "and 35 with other names"));
}
END_TEST

START_TEST(an_array_of_records_knows_their_lines)
{
    expect_outline("\xEF\xBB\xBF[\n {\"instruction\": \"a, ]\\\"\",\n"
                   "  \"input\": null, \"output\": \"b\"},\n\n"
                   " {\"prompt\": \"c\"}\n]\n",
                   "2A|u:a, ]\"|a:b|\n5P|u:c|\n");
    expect_outline("[]", "");
    expect_outline(" \n\n", "");
    /* One chat on its own; lines that are chats. */
    expect_outline("[{\"role\": \"user\",\n \"content\": \"U\"}]",
                   "1C|u:U|\n");
    expect_outline("[{\"role\": \"user\", \"content\": \"U\"}]\n"
                   "[{\"role\": \"user\", \"content\": \"V\"}]\n",
                   "1C|u:U|\n2C|u:V|\n");
    /* Records that are arrays of messages. */
    expect_outline("[[{\"role\": \"user\", \"content\": \"U\"}],\n"
                   "[{\"role\": \"user\", \"content\": \"V\"}]]",
                   "1C|u:U|\n2C|u:V|\n");
}
END_TEST

static const char *const malformed[][2] = {
    {"{\"instruction\": \"a\"", "!f:1: JSON ends at byte 19"},
    {"17", "!f:1: found a number, expected an object"},
    {"{\"text\": \"a\", \"b\": 1}", "!f:1: found members (text, b), expected"},
    {"{\"prompt\": 3}", "!f:1: \"prompt\" is a number, expected a string"},
    {"{\"prompt\": \"\"}", "!f:1: \"prompt\" is empty"},
    {"{\"prompt\": \"a\", \"instruction\": \"b\"}",
     "!f:1: \"prompt\" and \"instruction\" mean the same"},
    {"{\"question\": \"a\", \"context\": \"b\", \"input\": \"c\"}",
     "!f:1: \"context\" and \"input\" mean the same"},
    {"{\"question\": \"a\", \"response\": \"b\", \"answer\": \"c\"}",
     "!f:1: \"response\" and \"answer\" mean the same"},
    {"{\"question\": \"a\", \"context\": [\"b\"]}",
     "!f:1: \"context\" is an array, expected a string"},
    {"{\"instruction\": \"a\", \"history\": [[\"b\", \"c\"]]}",
     "!f:1: \"history\" is not supported"},
    {"{\"messages\": [], \"tools\": [{}]}", "!f:1: \"tools\" is not sup"},
    {"[{\"role\": \"assistant\", \"content\": null, \"tool_calls\": [1]}]",
     "!f:1: \"tool_calls\" is not supported"},
    {"{\"conversations\": 1}", "!f:1: \"conversations\" is a number"},
    {"{\"conversations\": [{\"from\": \"tool\", \"value\": \"\"}]}",
     "!f:1: \"from\" of message 1 is tool, expected"},
    {"{\"conversations\": [{\"from\": \"human\", \"value\": 1}]}",
     "!f:1: \"value\" of message 1 is a number"},
    {"[{\"role\": \"user\", \"content\": \"\", \"weight\": 2}]",
     "!f:1: \"weight\" of message 1 is not 0 or 1"},
    {"{\"system\": \"S\", \"messages\": [{\"role\": \"system\", \"content\": "
     "\"T\"}, {\"role\": \"user\", \"content\": \"\"}]}",
     "!f:1: \"system\" is given beside a system message"},
    {"{\"system\": 1, \"messages\": []}", "!f:1: \"system\" is a number"},
    {"{\"messages\": 1}", "!f:1: \"messages\" is a number, expected an array"},
    {"{\"messages\": []}", "!f:1: no message of the user among 0"},
    {"[{\"role\": \"tool\", \"content\": \"\"}]",
     "!f:1: \"role\" of message 1 is tool, expected"},
    {"[{\"role\": 7, \"content\": \"\"}]",
     "!f:1: \"role\" of message 1 is a number, expected"},
    {"{\"messages\": [{\"content\": \"\"}]}",
     "!f:1: \"role\" of message 1 is nothing, expected"},
    {"[{\"role\": \"user\"}]", "!f:1: \"content\" of message 1 is nothing"},
    {"[{\"prompt\": \"a\"} {\"prompt\": \"b\"}]", "!f:1: JSON at byte 16"},
    {"[\n{\"prompt\": \"a\"},\n]", "1"},
    {"{\"prompt\": \"a\xFF\"}", "!f:1: JSON at byte 13: 0xFF is not UTF-8"},
};

START_TEST(malformed_records_say_what_was_found)
{
    char *got = outline(malformed[_i][0]);
    if (malformed[_i][1][0] == '!')
        ck_assert_msg(strncmp(got, malformed[_i][1],
                              strlen(malformed[_i][1])) == 0, "%s: %s",
                      malformed[_i][0], got);
    else
        ck_assert_str_eq(got, "2P|u:a|\n!f:3: JSON ends at byte 0, expected "
                              "a value\n");
    free(got);
}
END_TEST

START_TEST(reading_goes_on_after_a_malformed_record)
{
    expect_outline("{\"prompt\": \"a\"}\n{\n{\"prompt\": \"b\"}\n",
                   "1P|u:a|\n!f:2: JSON ends at byte 1, expected a string "
                   "in double quotes\n3P|u:b|\n");
    expect_outline("[{\"prompt\": \"a\"},\n7,\n{\"prompt\": \"b\"}]",
                   "1P|u:a|\n!f:2: found a number, expected an object or an "
                   "array of messages\n3P|u:b|\n");
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("align_records");
    TCase *tcase = tcase_create("align_records");
    tcase_add_test(tcase, records_of_every_shape);
    tcase_add_test(tcase, names_go_together_in_any_way);
    tcase_add_test(tcase, members_that_are_not_used_are_counted);
    tcase_add_test(tcase, an_array_of_records_knows_their_lines);
    tcase_add_loop_test(tcase, malformed_records_say_what_was_found, 0,
                        sizeof malformed / sizeof malformed[0]);
    tcase_add_test(tcase, reading_goes_on_after_a_malformed_record);
    suite_add_tcase(suite, tcase);
    return suite;
}
