/*
 * test_option_words.c - options of pith_compress_option on the command line
 * mean what they mean in a request, whatever their type.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "support.h"

static const char *const contexts[] = {
    "Ann has 12 apples and no pears. Bob sold 30 of them on Monday.",
    "The old mill is by the river, not far from the town.",
    "Nobody came to the fair in 1984, said Carl."};

static void open_all(void)
{
    program_set_up();
    program_write("c0", contexts[0]);
    program_write("c1", contexts[1]);
    program_write("c2", contexts[2]);
}

/* Words of a command line; the same in "options" of a request; what the
 * compressed text must have, or NULL. */
static const struct {
    const char *words, *json, *stays;
} same[] = {
    {"--method=paper --rate=0.4", "\"method\":\"paper\",\"rate\":0.4", NULL},
    {"--keep mill --keep 'sold 30'", "\"keep\":[\"mill\",\"sold 30\"]",
     "mill.*sold 30\\|sold 30.*mill"},
    {"--keep-regex 'C[a-z]*'", "\"keep_regex\":\"C[a-z]*\"", "Carl"},
    {"--protect numbers,negations", "\"protect\":\"numbers,negations\"",
     "12.* no .*30.* not .*1984"},
    {"--protect all", "\"protect\":[\"all\"]", "12.* no .*30.* not .*1984"},
    {"--keep-digits", "\"keep_digits\":true", "12.*30.*1984"},
    {"--keep-words", "\"keep_words\":true", NULL},
    {"--units=token --method paper", "\"units\":\"token\",\"method\":\"paper\"",
     NULL},
    {"--itpc off --segment-size 9 --method paper",
     "\"use_itpc\":false,\"segment_size\":9,\"method\":\"paper\"", NULL},
    {"--method reference --force-context-ids 2,0 --iterative-size 50",
     "\"method\":\"reference\",\"force_context_ids\":[2,0],"
     "\"iterative_size\":50", NULL},
    {"--method reference --context-filter off --token-filter off",
     "\"method\":\"reference\",\"use_context_level_filter\":false,"
     "\"use_token_level_filter\":false", "Ann has 12 apples.*said Carl"},
    {"--target 20", "\"target_token\":20", NULL},
};

START_TEST(command_lines_say_what_requests_say)
{
    char request[1000], script[2000];
    bool has_rate = strstr(same[_i].json, "rate") != NULL ||
                    strstr(same[_i].json, "target") != NULL;
    snprintf(request, sizeof request,
             "{\"context\":[\"%s\",\"%s\",\"%s\"],\"options\":{%s%s}}\n",
             contexts[0], contexts[1], contexts[2],
             has_rate ? "" : "\"rate\":0.5,", same[_i].json);
    program_write("request", request);
    snprintf(script, sizeof script,
             "\"$PITH\" compress -q -t 1 -c c0 -c c1 -c c2 %s %s >words || exit; "
             "\"$PITH\" compress -q -t 1 --request request | "
             "sed 's/.*\"compressed_prompt\": *\"\\([^\"]*\\)\".*/\\1/' >reply; "
             "printf '%%b' \"$(cat reply)\" | cmp - words && tr '\\n' ' ' <words | "
             "grep -c '%s'", has_rate ? "" : "--rate 0.5", same[_i].words,
             same[_i].stays != NULL ? same[_i].stays : ".");
    expect_run(script, 0, "1\n", "");
}
END_TEST

START_TEST(values_are_refused_with_their_option)
{
    expect_refusal("compress --protect magic c0", "protect");
    expect_refusal("compress --force-context-ids 1,x --method reference c0",
                   "--force-context-ids");
    expect_refusal("compress --itpc maybe --method paper c0", "on or off");
    expect_refusal("compress --segment-size 1e400 --method paper c0",
                   "--segment-size");
    expect_refusal("compress --rate nan c0", "--rate");
    expect_refusal("compress --units=letter c0", "--units");
    expect_refusal("compress --keep", "--keep");
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("option words");
    TCase *tcase = tcase_create("option words");
    tcase_add_unchecked_fixture(tcase, open_all, program_tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, command_lines_say_what_requests_say, 0,
                        sizeof same / sizeof *same);
    tcase_add_test(tcase, values_are_refused_with_their_option);
    suite_add_tcase(suite, tcase);
    return suite;
}
