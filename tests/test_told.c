/*
 * test_told.c - what commands tell on stderr beside their results: records
 * that were cut, runs that made nothing better, answers that do not count; and
 * presets that give way to options.
 */
#include <stdio.h>
#include <stdlib.h>

#include "program.h"
#include "support.h"

#define ALIGN                                                                  \
    "\"$PITH\" align -t 1 --overwrite --template plain -o tuned "

static void open_all(void)
{
    char records[2000], *end = records;
    for (int i = 0; i < 8; i++)
        end += sprintf(end, "{\"prompt\": \"%d is\", \"completion\": \" %d\"}\n", i,
                       i * i);
    program_set_up();
    program_write("records", records);
}

/* Of the second the answer is cut, of the third nothing is left of it. */
START_TEST(cut_records_are_counted)
{
    program_write("long",
                  "{\"prompt\": \"1\", \"completion\": \"2\"}\n"
                  "{\"prompt\": \"1\", \"completion\": \"2 3 4 5 6 7 8 9 10 11 "
                  "12 13 14 15\"}\n"
                  "{\"prompt\": \"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\", "
                  "\"completion\": \"2\"}\n");
    expect_run(ALIGN "--steps 1 --max-tokens 12 --validation-share 0 long", 0,
               "", "2 too long and cut, 1 of them left out as nothing of the "
               "answer was left");
    expect_run(ALIGN "--steps 1 --validation-share 0 long 2>said; "
               "grep -c 'cut' said", 1, "0\n", "");
}
END_TEST

START_TEST(runs_that_make_nothing_better_say_so)
{
    expect_run(ALIGN "--steps 2 -b 4 --lr 1 --clip 0 --warmup 0 "
               "--validation-share 0.25 records",
               0, "", "the model as it was had the lower validation loss");
    expect_run(ALIGN "--steps 2 -b 4 --lr 1e-4 --validation-share 0.25 "
               "records 2>said; grep -c 'as it was had' said", 1, "0\n", "");
}
END_TEST

/* Eight epochs, template and rate of the paper, but for what is given. */
START_TEST(presets_give_way_to_options)
{
    static const char steps[] =
        "for given in '' '--epochs 1' '--steps 3' '--epochs 1 --lr 2e-5'; do "
        "\"$PITH\" align -q -t 1 --overwrite --validation-share 0 --schedule "
        "constant --warmup 0 -b 8 --preset paper $given records -o tuned || exit; "
        "sed -n 's/.*\"step\": *\\([0-9]*\\),.*\"lr\": *\\([^,}]*\\).*/\\1 "
        "\\2/p' tuned.jsonl | tail -n 1 | awk '{ print $1, $2 * 100000 }'; done";
    expect_run(steps, 0, "8 10\n1 10\n3 10\n1 2\n", "");
}
END_TEST

#define KEY(id, method, shots)                                                 \
    "{\"custom_id\": \"" id "\", \"task\": \"gsm8k\", \"case\": \"c-1\", "     \
    "\"ask\": \"answers\", \"method\": \"" method "\", \"ratio\": 0, "         \
    "\"shots\": " shots ", \"origin_tokens\": 100, \"compressed_tokens\": 20, " \
    "\"prompt_tokens\": 30, \"full_prompt_tokens\": 110, \"reference\": "      \
    "\"#### 5\"}\n"

#define FAILED(id)                                                             \
    "{\"custom_id\": \"" id "\", \"response\": {\"status_code\": 503, "        \
    "\"body\": {}}}\n"

/* Two methods without an answer each, for two reasons; the first lines that do
 * not count are shown, the others counted. */
START_TEST(answers_that_do_not_count_are_told)
{
    program_write("keys", KEY("a", "paper", "1") KEY("b", "spans", "0.5")
                  KEY("c", "spans", "0.5"));
    program_write("answers", FAILED("a") FAILED("b"));
    expect_run("\"$PITH\" eval score keys answers | awk 'NR > 1 { print $2, $3, "
               "$4, $5 }'", 0, "paper 1 shots 0/1\nspans 0.5 shots 0/2\n",
               "0 of 3 requests are answered; without an answer, and not counted "
               "as wrong: 2 server_error, 1 no_reply;");
    expect_run("for i in $(seq 30); do echo '{\"custom_id\": \"'x$i'\"}'; done "
               ">many; \"$PITH\" eval score keys many 2>said >/dev/null; "
               "shown=$(grep -c 'many:' said); "
               "more=$(sed -n 's/^pith: and \\(.*\\) more$/\\1/p' said); "
               "echo $((shown + more)); test $shown -lt 30; "
               "\"$PITH\" eval score -q keys many 2>&1 >/dev/null", 0,
               "30\n", "");
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("told");
    TCase *tcase = tcase_create("told");
    tcase_add_unchecked_fixture(tcase, open_all, program_tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, cut_records_are_counted);
    tcase_add_test(tcase, runs_that_make_nothing_better_say_so);
    tcase_add_test(tcase, presets_give_way_to_options);
    tcase_add_test(tcase, answers_that_do_not_count_are_told);
    suite_add_tcase(suite, tcase);
    return suite;
}
