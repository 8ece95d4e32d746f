/*
 * test_align_cli.c - `pith align`, `align requests` and `align collect` from
 * the outside: exit status, what standard error says, interrupts.
 *
 * PITH_PROGRAM names the program.
 */
#define _XOPEN_SOURCE 700 /* realpath */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "support.h"
#include "tiny_model.h"

static char folder[4096];

static void set_up(void)
{
    char path[8192];
    snprintf(folder, sizeof folder, "%s", temporary_path("align"));
    mkdir(folder, 0700);
    snprintf(path, sizeof path, "%s/tiny.pith", folder);
    tiny_model_write(path, TINY_GPT2, PITH_Q8);
    setenv("PITH_MODEL", path, 1);
    setenv("DIR", folder, 1);
    const char *program = getenv("PITH_PROGRAM");
    char *full = realpath(program != NULL ? program : "build/pith", NULL);
    ck_assert_msg(full != NULL, "PITH_PROGRAM does not name a program");
    setenv("PITH", full, 1);
    free(full);
    snprintf(path, sizeof path,
             "cd \"$DIR\"; i=0; while [ $i -lt 20 ]; do echo "
             "\"{\\\"prompt\\\": \\\"$i is\\\", \\\"completion\\\": \\\" "
             "$((i * i))\\\"}\"; i=$((i + 1)); done > data.jsonl");
    ck_assert_int_eq(system(path), 0);
}

static void tear_down(void)
{
    ck_assert_int_eq(system("rm -rf \"$DIR\""), 0);
}

/* Status of a shell script in the folder, and words in its stderr. */
static void expect(const char *script, int status, const char *err)
{
    char command[4096], path[8192];
    ck_assert_uint_lt(strlen(script), sizeof command - 64);
    sprintf(command, "cd \"$DIR\"; exec </dev/null >out 2>err; %s", script);
    int got = system(command);
    snprintf(path, sizeof path, "%s/err", folder);
    char *said = read_whole_file(path, NULL);
    ck_assert_msg(WIFEXITED(got) && WEXITSTATUS(got) == status &&
                      strstr(said, err) != NULL,
                  "%s: status %d, stderr \"%s\"; want %d, \"%s\"", script,
                  WEXITSTATUS(got), said, status, err);
    free(said);
}

#define ALIGN "$PITH align data.jsonl --template plain -t 1 "

START_TEST(one_record_trains)
{
    expect("head -n 1 data.jsonl > one; $PITH align one -t 1 --steps 1 "
           "--validation-share 0 -o o.pith", 0, "MiB on disk for the state");
    expect("rm o.pith.state", 0, "");
    expect("head -n 1 data.jsonl > one; $PITH align one -t 1 --steps 1 "
           "--validation-share 0 -o o.pith", 0, "1 steps");
    expect("$PITH align one -t 1 --steps 1 --validation data.jsonl "
           "--overwrite -o o.pith", 0, "1 steps");
}
END_TEST

/* Dolly's names, and one that nobody knows. */
START_TEST(members_are_used_or_named)
{
    expect("echo '{\"instruction\": \"Who?\", \"context\": \"Ada.\", "
           "\"response\": \"Ada\", \"category\": \"qa\"}' > dolly; $PITH align "
           "dolly -t 1 --steps 1 --validation-share 0 -o d.pith", 0,
           "pith: note: dolly: members of records that are not used: "
           "\"category\" (1)");
    expect("$PITH align requests dolly --target-model m -o b; "
           "grep -q 'Who?.n.nAda' b", 0, "\"category\" (1)");
}
END_TEST

START_TEST(wrong_command_lines)
{
    expect("$PITH align", 2, "expected: pith align DATA...");
    expect("$PITH align data.jsonl", 2, "give the name of the tuned model");
    expect(ALIGN "-o x --resume --overwrite", 2, "one of the two");
    expect(ALIGN "-o x --lora 0", 2, "--lora \"0\": expected a whole number");
    expect(ALIGN "-o x --lora 2 --lora-layers q,x", 2, "\"x\" is none");
    expect(ALIGN "-o x --max-tokens 300", 2, "positions for 2 to 256");
    expect(ALIGN "-o x --precision bf16", 2, "\"bf16\" cannot be trained in");
    expect("$PITH align none.jsonl -o x", 1, "none.jsonl: cannot open");
    expect("echo '{' > bad; $PITH align bad -o x", 1, "bad:1: JSON ends");
    expect("echo '{' > bad; $PITH align bad -o x --skip-bad", 2,
           "no record with an answer");
    expect("head -n 1 data.jsonl > one; $PITH align one -o x", 2,
           "--validation-share 0 trains on it");
    expect("$PITH align requests data.jsonl", 2, "--target-model NAME");
    expect("$PITH align collect data.jsonl", 2, "RECORDS ANSWERS...");
    expect("ls x x.state x.jsonl", 2, "");
}
END_TEST

START_TEST(a_run_reports_and_writes)
{
    expect(ALIGN "-o a.pith --steps 8 -b 4 --lr 1e-2 --validation-share 0.2",
           0, "wrote a.pith");
    expect("$PITH info --verify a.pith && "
           "[ $(wc -l < a.pith.jsonl) -gt 16 ] && ls a.pith.state", 0, "");
    expect("grep -Eq '\"precision\":\"(f32|bf16x3)\"' a.pith.jsonl", 0, "");
    expect(ALIGN "-o a.pith --steps 8", 2, "a run exists already");
    expect(ALIGN "-o a.pith -q --steps 8 -b 4 --lr 1e-2 --validation-share 0.2 "
           "--resume && [ ! -s err ]", 0, "");
}
END_TEST

/* An interrupt comes when the log has grown to some lines, whenever that is,
 * and may come twice, as from timeout(1); SIGKILL leaves what there is at that
 * moment. */
START_TEST(an_interrupted_program_goes_on)
{
    static const char *const kills[] = {
        "kill -INT $child", "kill -TERM $child; env true; kill -TERM $child",
        "kill -KILL $child"};
    static const char *const status[] = {"1", "1", "137"};
    char script[2048];
    snprintf(script, sizeof script,
             "run='$PITH align data.jsonl --template plain -t 1 -q --steps 60 "
             "-b 3 --lr 1e-3 --validation-share 0.2 --save-every 7'; "
             "rm -f a.pith*; eval $run -o a.pith || exit 9; "
             "rm -f b.pith*; eval exec $run -o b.pith & child=$!; "
             "while [ ! -f b.pith.jsonl ] || "
             "[ $(wc -l < b.pith.jsonl) -lt 20 ]; do :; done; "
             "%s; wait $child; got=$?; "
             "[ $got = %s ] || [ $got = 0 ] || exit 8; "
             "eval $run -o b.pith --resume || exit 7; "
             "cmp a.pith b.pith", kills[_i], status[_i]);
    expect(script, 0, "");
}
END_TEST

START_TEST(requests_and_answers)
{
    expect("$PITH align requests data.jsonl --target-model m -o batch", 0,
           "pith: 20 requests");
    expect("head -3 batch | sed -E 's/.*(\"custom_id\":\"[^\"]*\").*/"
           "{\\1,\"response\":{\"body\":{\"choices\":[{\"message\":"
           "{\"content\":\"yes\"}}]}}}/' > answers; "
           "$PITH align collect data.jsonl answers -o joined && "
           "[ $(grep -c yes joined) = 3 ]", 0, "17 without");
    expect("$PITH align requests data.jsonl --target-model m --answered answers "
           "| wc -l | grep -q 17", 0, "17 requests; 3 are answered");
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("align_cli");
    TCase *tcase = tcase_create("align_cli");
    tcase_set_timeout(tcase, 300);
    tcase_add_unchecked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, wrong_command_lines);
    tcase_add_test(tcase, one_record_trains);
    tcase_add_test(tcase, members_are_used_or_named);
    tcase_add_test(tcase, a_run_reports_and_writes);
    tcase_add_loop_test(tcase, an_interrupted_program_goes_on, 0, 3);
    tcase_add_test(tcase, requests_and_answers);
    suite_add_tcase(suite, tcase);
    return suite;
}
