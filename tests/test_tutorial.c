/*
 * test_tutorial.c - the programs of docs/tutorial that stand alone, built by
 * the line at the top of each, compute what pith computes.
 */
#define _XOPEN_SOURCE 700 /* setenv */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"
#include "support.h"
#include "tiny_model.h"

/* Runs the compiler line of a tutorial, with $CC for its cc, in the root of
 * the repository; the program comes into the folder of the tests. */
static void build(const char *name)
{
    char command[1024];
    snprintf(command, sizeof command,
             "cd \"$ROOT\" && eval \"$(sed -n 's/^ [*] *\\(cc .*\\)/\\1/p' "
             "docs/tutorial/%s.c | "
             "sed \"s|^cc|${CC:-cc}|; s|-o %s|-o '$DIR/%s'|\")\"",
             name, name, name);
    ck_assert_msg(system(command) == 0, "%s.c: its compiler line fails", name);
}

static void set_up(void)
{
    char root[4096];
    program_set_up();
    ck_assert_ptr_nonnull(getcwd(root, sizeof root));
    setenv("ROOT", root, 1);
    build("alignment");
}

static void write_model(enum tiny_kind kind, enum pith_type type)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/model.pith", getenv("DIR"));
    tiny_model_write(path, kind, type);
}

/* --- alignment.c ---------------------------------------------------------- */

/* With an input and without, escapes of all kinds, other members, an answer
 * that is cut, and a record of which the answer is cut off. */
static void write_records(void)
{
    char records[4096], many[1200];
    for (size_t i = 0; i + 1 < sizeof many; i++)
        many[i] = "many words, "[i % 12];
    many[sizeof many - 1] = '\0';
    snprintf(records, sizeof records,
             "{\"instruction\":\"Say it's 12:30.\",\"output\":\"It's 12:30!\"}\n"
             "\r\n \n"
             "{\"id\": \"7\", \"instruction\" : \"Z\\u00e4hle \\ud83d\\ude00\","
             "\"input\":\"1\\t2\\n\\n3 \\\"\\\\\\/\",\"output\":\"\\u4e09 \xE4\xB8\xAD "
             "  x\\u20ac\"}\r\n"
             "{\"instruction\":\"\",\"input\":\"only this\",\"output\":\"y\\u0085\\u00a0 z \"}\n"
             "{\"instruction\":\"Go on.\",\"output\":\"%s\"}\n"
             "{\"instruction\":\"%s\",\"output\":\"cut off\"}\n"
             "{\"instruction\":\"The last\",\"input\":\"\",\"output\":\"of you\"}",
             many, many);
    program_write("data.jsonl", records);
}

START_TEST(alignment_has_the_losses_of_pith)
{
    write_model(TINY_GPT2, (enum pith_type)_i);
    write_records();
    struct run run = run_script(
        "$PITH align data.jsonl -m model.pith -o tuned --overwrite -q -t 1 "
        "--validation-share 0 --kernels scalar --precision f32 -b 2 --steps 26 "
        "--lr 1e-3 && sed -n 's/.*\"loss\":\\([^,]*\\),.*/\\1/p' tuned.jsonl >a && "
        "./alignment model.pith data.jsonl 2 26 1e-3 | "
        "sed 's/.*loss \\([^ ]*\\) .*/\\1/' >b && paste a b");
    ck_assert_msg(run.status == 0, "%s", run.err);
    const char *line = run.out;
    for (int step = 1; step <= 26; step++) {
        double pith = NAN, ours = NAN;
        ck_assert_int_eq(sscanf(line, "%lf %lf", &pith, &ours), 2);
        ck_assert_msg(fabs(ours - pith) <= 1e-5 * pith,
                      "step %d: %.9g, pith align has %.9g", step, ours, pith);
        line = strchr(line, '\n') + 1;
    }
    ck_assert_str_eq(line, "");
    finish_run(&run);
}
END_TEST

START_TEST(alignment_refuses)
{
    static const struct {
        const char *line, *complaint;
    } bad[] = {
        {"[]", "data:1:1: expected an object"},
        {"{\"instruction\" 1", "data:1:16: expected a colon"},
        {"{\"instruction\": 1", "data:1:17: expected a string"},
        {"{\"instruction\":\"a", "data:1:18: expected valid UTF-8 up to"},
        {"{\"instruction\":\"\xFF\"", "data:1:17: expected valid UTF-8"},
        {"{\"instruction\":\"\\ud83dx\"", "data:1:23: expected the escape"},
        {"{\"instruction\":\"\\u0\"", "data:1:19: expected four hexadecimal"},
        {"{\"instruction\":\"a\",\"output\":\"\"}", "data:1: needs"},
        {"{\"instruction\":\"\",\"output\":\"b\"}", "data:1: needs"},
        {"{\"input\":\"a\",\"output\":\"b\"}", "data:1: needs"},
        {"{\"instruction\":\"a\",\"output\":\"b\"} c", "data:1:34: expected the"},
        {"", "data:0: found no record with an answer"},
    };
    write_model(TINY_GPT2, PITH_F32);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        program_write("data", bad[i].line);
        expect_run("./alignment model.pith data", 1, "", bad[i].complaint);
    }
    expect_run("./alignment model.pith", 1, "", "usage: alignment MODEL.pith");
    expect_run("./alignment none data", 1, "", "none: cannot read");
    expect_run("./alignment . data", 1, "", ".: cannot read");
    expect_run("./alignment data data", 1, "", "data: ends before byte 128");
    expect_run("head -c 9999 model.pith >cut; ./alignment cut data", 1, "",
               "cut: is not a whole GPT-2");
    write_model(TINY_LLAMA_TIED, PITH_F32);
    expect_run("./alignment model.pith data", 1, "", "is not a whole GPT-2");
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("tutorial");
    TCase *tcase = tcase_create("tutorial");
    tcase_set_timeout(tcase, 300);
    tcase_add_unchecked_fixture(tcase, set_up, program_tear_down);
    tcase_add_loop_test(tcase, alignment_has_the_losses_of_pith, PITH_F32,
                        PITH_Q4 + 1);
    tcase_add_test(tcase, alignment_refuses);
    suite_add_tcase(suite, tcase);
    return suite;
}
