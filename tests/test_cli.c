/*
 * test_cli.c - the `pith` program from the outside: exit status, standard
 * output to the byte, what standard error says, files that appear complete
 * or not at all.
 *
 * PITH_PROGRAM names the program.  A tiny random model replaces a real
 * one: what it keeps means nothing, how the program behaves does.
 */
#define _XOPEN_SOURCE 700 /* realpath */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../src/json/json.h"
#include "program.h"
#include "support.h"
#include "tiny_model.h"

/* --- command lines ------------------------------------------------------------ */

struct line {
    const char *arguments;
    int status;
    const char *err;
};

/* Wrong command lines: status 2 and one line that names the culprit. */
static const struct line wrong[] = {
    {"", 2, "usage: pith COMMAND"},
    {"squeeze", 2, "unknown command \"squeeze\"; see pith help"},
    {"help squeeze", 2, "unknown command \"squeeze\""},
    {"-x", 2, "unknown command \"-x\""},
    {"compress --colour", 2,
     "unknown option --colour (did you mean --color?); see pith help compress"},
    {"compress --colour=red", 2, "unknown option --colour (did you mean --col"},
    {"compress --rat 0.5", 2, "--rat (did you mean --rate?); see pith help"},
    {"compress --target-token 9", 2, "(did you mean --target?)"},
    {"compress --USE_ITPC on", 2, "(did you mean --itpc?)"},
    {"compress --xyzzy", 2, "unknown option --xyzzy; see pith help compress"},
    {"compress --question-aware", 2,
     "--question-aware belongs to --method paper; see pith help compress"},
    {"compress --request r.jsonl --segment-size 9", 2,
     "--segment-size belongs to --method paper"},
    {"serve --stdio --tau-ins 0.9", 2, "--tau-ins belongs to --method paper"},
    {"serve --mcp --method paper --threshold 3", 2,
     "--threshold belongs to --method spans"},
    {"compress --role-rate user=0.5 x", 2, "--role-rate belongs to --messages"},
    {"compress --messages a.json b.txt", 2, "leave out b.txt"},
    {"compress --messages a.json --question q", 2, "leave out --question"},
    {"compress --messages missing.json", 1, "missing.json: cannot open"},
    {"compress --method spans --threshold 3 --rate 0.5", 2,
     "--rate and --threshold cannot be combined"},
    {"compress --method papr", 2, "one of paper|reference|spans (did you mean paper?)"},
    {"compress --help=x", 2, "--help takes no value"},
    {"--help=x", 2, "unknown command \"--help=x\""},
    {"compres", 2, "\"compres\" (did you mean pith compress?); see pith help"},
    {"help comprses", 2, "(did you mean pith compress?)"},
    {"evla run x", 2, "(did you mean pith eval?)"},
    {"eval scor x y", 2, "\"eval scor\" (did you mean pith eval score?); see pith "
                         "help eval"},
    {"/dev/null", 2, "unknown command \"/dev/null\"; see pith help"},
    {"compress -z", 2, "unknown option -z"},
    {"compress -qz", 2, "unknown option -z"},
    {"compress --rate", 2, "--rate needs a value (R)"},
    {"compress -r", 2, "--rate needs a value (R)"},
    {"compress --quiet=yes", 2, "--quiet takes no value"},
    {"compress a b", 2, "unexpected argument \"b\""},
    {"compress --rate 1.5", 2, "--rate \"1.5\": expected a number from 0 to 1"},
    {"compress --rate 0", 2, "rate is 0"},
    {"compress --rate -0.5", 2, "--rate \"-0.5\""},
    {"compress --rate 0,5", 2, "--rate \"0,5\""},
    {"compress --rate 0.5x", 2, "--rate \"0.5x\""},
    {"compress --rate ' 0.5'", 2, "--rate \" 0.5\""},
    {"compress --rate nan", 2, "--rate \"nan\""},
    {"compress --rate 0x1p-1", 2, "--rate \"0x1p-1\""},
    {"compress --rate ''", 2, "--rate \"\""},
    {"compress --rate 1e", 2, "--rate \"1e\""},
    {"compress --target 0", 2, "target is 0"},
    {"compress --target inf", 2, "--target \"inf\""},
    {"compress --rate 0.5 --target 9", 2, "--rate and --target cannot be combined"},
    {"compress --tau-ins 2", 2, "--tau-ins \"2\""},
    {"compress --segment-size 0", 2, "--segment-size \"0\""},
    {"compress --segment-size 1.5", 2, "--segment-size \"1.5\""},
    {"compress --segment-size 99999999999999999999999", 2, "--segment-size"},
    {"compress --threads -1", 2,
     "--threads \"-1\": expected a whole number not below 0"},
    {"compress --threads 2x", 2, "--threads \"2x\""},
    {"compress --method magic", 2, "--method \"magic\": expected one of paper"},
    {"compress --method paper\\|reference", 2, "--method \"paper|reference\""},
    {"compress --method ''", 2, "--method \"\""},
    {"compress --rank-method bm25", 2,
     "--rank-method belongs to --method reference"},
    {"compress --iterative-size 9", 2,
     "--iterative-size belongs to --method reference"},
    {"compress --method reference --tau-que 1", 2,
     "--tau-que belongs to --method paper"},
    {"compress --method reference --context-filter maybe", 2,
     "--context-filter \"maybe\": expected on or off"},
    {"compress --method reference --reorder-context up", 2,
     "--reorder-context \"up\""},
    {"compress --method reference --force-context-ids 1,,2", 2,
     "--force-context-ids \"1,,2\""},
    {"compress --method reference --force-context-ids ''", 2,
     "--force-context-ids \"\""},
    {"compress --format xml", 2, "--format \"xml\": expected one of text|json"},
    {"compress --trace", 2, "--trace needs --format json"},
    {"compress --spans", 2, "--spans needs --format json"},
    {"compress --instruction a --instruction-file b", 2, "cannot be combined"},
    {"compress --question a --question-file b", 2, "cannot be combined"},
    {"compress --context a b", 2, "\"b\" and --context cannot be combined"},
    {"compress --request a b", 2, "leave out b"},
    {"compress --request a --question b", 2, "leave out --question"},
    {"compress --request a --report r.html", 2, "leave out --request"},
    {"compress --highlight --format json", 2, "leave out --format json"},
    {"compress --highlight --request a", 2, "leave out --request"},
    {"compress --color never", 2, "--color belongs to --highlight"},
    {"compress --highlight --color red", 2, "--color \"red\""},
    {"compress --report -", 2, "--report - and standard output are the same"},
    {"compress --report same -o same", 2, "are the same file"},
    {"score a b", 2, "unexpected argument \"b\""},
    {"score --format tsv", 2, "--format \"tsv\""},
    {"tokenize --format tsv", 2, "--format \"tsv\""},
    {"tokenize --threads 2", 2, "unknown option --threads"},
    {"info a b", 2, "unexpected argument \"b\""},
    {"serve", 2, "expected one of --stdio, --mcp and --http"},
    {"serve --stdio --mcp", 2, "expected one of --stdio, --mcp and --http"},
    {"serve --stdio x", 2, "unexpected argument \"x\""},
    {"serve --mcp --trace", 2, "--trace belongs to --stdio and --http"},
    {"serve --stdio --rate 0.5 --target 9", 2, "--rate and --target cannot be combined"},
    {"convert", 2, "expected: pith convert SOURCE [DESTINATION]"},
    {"convert a b c", 2, "unexpected argument \"c\""},
};

enum { N_WRONG = sizeof wrong / sizeof wrong[0] };

START_TEST(wrong_command_lines_are_told_so)
{
    char script[512];
    snprintf(script, sizeof script, "\"$PITH\" %s", wrong[_i].arguments);
    expect_run(script, wrong[_i].status, "", wrong[_i].err);
}
END_TEST

START_TEST(a_file_is_not_a_command)
{
    expect_run("echo hi >p.txt; \"$PITH\" p.txt", 2, "",
               "\"p.txt\" is a file, not a command (did you mean pith compress "
               "p.txt?)");
}
END_TEST

/* Right command lines on things that are not there or not right: status 1. */
static const struct line failing[] = {
    {"compress missing.txt", 1, "missing.txt: cannot open: No such file"},
    {"compress .", 1, ".: cannot read: Is a directory"},
    {"compress --context missing.txt", 1, "missing.txt: cannot open"},
    {"compress --question-file missing.txt", 1, "missing.txt: cannot open"},
    {"compress --request missing.jsonl", 1, "missing.jsonl: cannot open"},
    {"compress -m missing.pith", 1, "missing.pith: cannot open"},
    {"compress -o no/such/folder/x", 1, "no/such/folder/x: cannot create"},
    {"serve --stdio -m missing.pith", 1, "missing.pith: cannot open"},
    {"score missing.txt", 1, "missing.txt: cannot open"},
    {"score -m missing.pith", 1, "missing.pith: cannot open"},
    {"tokenize missing.txt", 1, "missing.txt: cannot open"},
    {"tokenize -m missing.pith", 1, "missing.pith: cannot open"},
    {"info missing.pith", 1, "missing.pith: cannot open"},
    {"info .", 1, "."},
    {"convert missing out.pith", 1, "missing"},
};

enum { N_FAILING = sizeof failing / sizeof failing[0] };

START_TEST(missing_things_are_named)
{
    char script[512];
    snprintf(script, sizeof script, "\"$PITH\" %s", failing[_i].arguments);
    expect_run(script, failing[_i].status, "", failing[_i].err);
}
END_TEST

START_TEST(help_and_version_go_to_stdout)
{
    static const char *const commands[] = {"compress", "score", "tokenize",
                                           "info", "convert", "serve"};
    char script[256];
    struct run it;
    for (size_t i = 0; i < 6; i++) {
        static const char *const forms[] = {
            "\"$PITH\" help %s", "\"$PITH\" %s --help", "\"$PITH\" %s -h"};
        char *first = NULL;
        for (int form = 0; form < 3; form++) {
            snprintf(script, sizeof script, forms[form], commands[i]);
            it = run_script(script);
            ck_assert_int_eq(it.status, 0);
            ck_assert_str_eq(it.err, "");
            ck_assert_ptr_nonnull(strstr(it.out, "usage: pith "));
            ck_assert_ptr_nonnull(strstr(it.out, commands[i]));
            if (first == NULL)
                first = strdup(it.out);
            ck_assert_str_eq(it.out, first);
            for (char *line = strtok(it.out, "\n"); line != NULL;
                 line = strtok(NULL, "\n"))
                ck_assert_msg(strlen(line) < 80, "too wide: %s", line);
            finish_run(&it);
        }
        free(first);
    }
    expect_run("\"$PITH\" --version", 0, "pith " PITH_VERSION "\n", "");
    expect_run("\"$PITH\" -V", 0, "pith " PITH_VERSION "\n", "");
    expect_run("\"$PITH\" help && \"$PITH\" --help && \"$PITH\" -h", 0, NULL, "");
}
END_TEST

START_TEST(options_may_be_spelled_in_several_ways)
{
    expect_run("printf 'one two three four five six' >prompt; c=\"$PITH compress "
           "--method reference -q\"; $c -r 0.5 prompt >a; $c -r0.5 prompt >b; "
           "$c --rate 0.5 prompt >c; $c --rate=0.5 prompt >d; "
           "$c -qr 0.5 -- prompt >e; $c prompt >f; $c - <prompt >g; "
           "cmp a b && cmp a c && cmp a d && cmp a e && cmp a f && cmp a g",
           0, "", "");
}
END_TEST

START_TEST(threads_are_bounded_by_the_processors)
{
    char note[128];
    snprintf(note, sizeof note,
             "pith: note: --threads 5000: %d used, as many as there are "
             "processors here\n", pith_processors());
    expect_run("printf 'one two three four five six' >prompt; "
               "\"$PITH\" compress -q prompt >1", 0, "", "");
    expect_run("\"$PITH\" compress -q -t 0 prompt | cmp - 1", 0, "", "");
    expect_run("\"$PITH\" compress -q -t 1 prompt | cmp - 1", 0, "", "");
    expect_run("\"$PITH\" compress -q -t 5000 prompt | cmp - 1", 0, "", note);
    expect_run("\"$PITH\" score -q --threads=5000 prompt", 0, NULL, note);
}
END_TEST

/* --- compress ------------------------------------------------------------------ */

START_TEST(a_line_feed_follows_when_the_input_ended_in_one)
{
    expect_run("printf 'Hello' | \"$PITH\" compress --rate 1", 0, "Hello", NULL);
    expect_run("printf 'Hello\\n' | \"$PITH\" compress --rate 1", 0, "Hello\n",
           NULL);
    expect_run("printf 'Hello\\n\\n\\n' | \"$PITH\" compress --rate 1", 0,
           "Hello\n", NULL);
    expect_run("printf 'Hello\\n' >x; \"$PITH\" compress --rate 1 --context x", 0,
           "Hello\n", NULL);
}
END_TEST

START_TEST(at_rate_one_everything_stays)
{
    expect_run("printf 'one two\\nthree\\n\\n \\n\\nfour\\n' | \"$PITH\" compress "
           "--rate 1 --instruction 'Do it.' --question 'Why?'",
           0, "Do it.\n\none two\nthree\n\nfour\n\nWhy?\n", NULL);
    expect_run("printf 'a\\r\\n\\r\\nb\\r\\nc\\r\\n' | \"$PITH\" compress --rate 1",
           0, "a\n\nb\r\nc\n", NULL);
    expect_run("printf 'a\\n\\nb' >x; printf 'c' >y; "
           "\"$PITH\" compress --rate 1 --context x -c y", 0, "a\n\nb\n\nc",
           NULL);
    expect_run("printf 'who\\n' >x; printf 'do\\n' >y; printf 'c' | \"$PITH\" "
           "compress --rate 1 --question-file x --instruction-file y", 0,
           "do\n\nc\n\nwho", NULL);
}
END_TEST

START_TEST(the_report_is_one_line)
{
    struct run it = run_script("printf 'one two three' | \"$PITH\" compress --rate 1");
    size_t before, after;
    char name[32];
    ck_assert_int_eq(sscanf(it.err, "pith: %zu -> %zu tokens (1.0x) in %*s s, "
                            "spans, %31s", &before, &after, name), 3);
    ck_assert_uint_eq(before, after);
    ck_assert_str_eq(name, "tiny");
    ck_assert_ptr_eq(strchr(it.err, '\n'), it.err + strlen(it.err) - 1);
    finish_run(&it);
    expect_run("printf 'one two' | \"$PITH\" compress -q", 0, NULL, "");
}
END_TEST

/* The output is valid JSON with this string at this key of its object. */
static void expect_json(const char *script, const char *key, const char *want)
{
    struct run it = run_script(script);
    struct pith_json_document *document;
    struct pith_error error;
    struct pith_text text = {it.out, it.out_size};
    ck_assert_msg(it.status == 0, "%s: %s", script, it.err);
    assert_ok(pith_json_parse(text, "stdout", &document, &error), error);
    ck_assert_msg(pith_json_string_is(
                      pith_json_get(pith_json_root(document), key), want),
                  "%s: %s is not %s in %s", script, key, want, it.out);
    pith_json_free(document);
    finish_run(&it);
}

START_TEST(json_holds_what_text_shows)
{
    expect_json("printf 'one \"two\"\\n' | \"$PITH\" compress --rate 1 "
                "--format json", "compressed_prompt", "one \"two\"");
    expect_json("printf 'one' | \"$PITH\" compress --rate 1 --format=json "
                "--trace --method reference", "method", "reference");
    expect_json("printf 'one' | \"$PITH\" compress --rate 1 --format=json",
                "ratio", "1.0x");
}
END_TEST

/* A file and a request with its text are compressed alike. */
/* The chat keeps its form, and a request does the same. */
START_TEST(chats_are_compressed)
{
    program_write("chat.json", "{\"n\" : 1e1,\n\"messages\": [{\"role\":\"tool\","
                  "\"content\":\"one two three four five six seven\"},\n"
                  "{\"role\":\"user\",\"content\":\"eight nine\"}]}\n");
    struct run text = run_script("\"$PITH\" compress --messages chat.json");
    ck_assert_int_eq(text.status, 0);
    ck_assert_ptr_eq(strstr(text.out, "{\"n\" : 1e1,\n\"messages\": [{\"role\":"
                            "\"tool\",\"content\":\""), text.out);
    ck_assert_ptr_nonnull(strstr(text.out, "\"},\n{\"role\":\"user\",\"content\""
                                           ":\"eight nine\"}]}\n"));
    ck_assert_uint_lt(text.out_size, 110);
    expect_run("\"$PITH\" compress --messages chat.json -q > text &&"
               "printf '{\"messages\":%s}\\n' \"$(tr '\\n' ' ' < chat.json)\" |"
               "\"$PITH\" compress --request - -q > replied &&"
               "grep -qF -- \"$(tr '\\n' ' ' < text | sed 's/ $//')\" replied &&"
               "\"$PITH\" compress --messages chat.json -q --format json |"
               "grep -qF -- \"$(tr '\\n' ' ' < text | sed 's/ $//')\"", 0, "", "");
    expect_run("echo '[{\"role\":7}]' | \"$PITH\" compress --messages -", 1, "",
               "JSON at byte 9: found a number");
    finish_run(&text);
}
END_TEST

START_TEST(requests_split_texts_as_the_command_line)
{
    static const char script[] =
        "for i in 1 2 3 4; do echo \"one two three $i five six seven\"; "
        "echo \"again and again $i times\"; echo; done >p; "
        "printf '{\"rate\":0.4,\"method\":\"%s\",\"context\":\"%%s\"}\\n' "
        "\"$(head -c -2 p | awk '{printf \"%%s%%s\", n, $0; n = \"\\\\n\"}')\" >r; "
        "cut='s/.*\"compressed_prompt\":\\(\"[^\"]*\"\\).*/\\1/'; "
        "\"$PITH\" compress -qr 0.4 --method %s --format json p | sed \"$cut\" >a; "
        "for how in 'compress -q --request r' 'serve -q --stdio'; do "
        "\"$PITH\" $how <r | sed \"$cut\" >b; cmp a b && grep -q '\\n' b || "
        "exit 1; done";
    char filled[1024];
    snprintf(filled, sizeof filled, script, "paper", "paper");
    expect_run(filled, 0, "", "");
    snprintf(filled, sizeof filled, script, "reference", "reference");
    expect_run(filled, 0, "", "");
}
END_TEST

/* A byte-order mark is not part of any text; UTF-16 is refused by name. */
START_TEST(texts_say_their_encoding)
{
    static const char *const wide[] = {
        "\\377\\376a\\000b\\000", "\\376\\377\\000a", "a\\000b\\000c\\000",
        "\\000a\\000b"};
    char script[512];
    expect_run("printf 'one two three\\n' >plain; "
               "printf '\\357\\273\\277one two three\\n' >marked; "
               "for c in 'compress --rate 1' 'compress --rate 1 -c' "
               "'compress --rate 1 -c plain --question-file' 'score' "
               "'tokenize'; do \"$PITH\" $c plain >a && \"$PITH\" $c marked >b "
               "&& cmp a b || exit 1; done; "
               "printf '\\357\\273\\277{\"text\":\"a\"}\\n' >line; "
               "\"$PITH\" tokenize --format json line >/dev/null", 0, "", NULL);
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        snprintf(script, sizeof script, "printf '%s' | \"$PITH\" compress -q",
                 wide[i]);
        expect_run(script, 1, "", "standard input: the text is in UTF-16");
    }
    expect_run("printf '\\377\\376\\000\\000a' >wide; \"$PITH\" score wide", 1,
               "", "wide: the text is in UTF-32; save it as UTF-8");
}
END_TEST

/* Inputs that are not ordinary text are compressed or refused in a line. */
static const char *const odd_inputs[] = {
    "printf ''",
    "printf '\\n'",
    "printf ' \\n\\t\\n'",
    "printf 'x'",
    "printf 'a\\000b c\\000d e f g\\n'",
    "printf '\\376\\376 caf\\351 \\303\\n'",
    "printf '\\303\\251\\303\\251 \\346\\227\\245\\346\\234\\254'",
    "printf 'one\\r\\ntwo\\r\\n\\r\\nthree\\r\\n'",
    "printf '<|endoftext|> and <|endoftext|>'",
};

enum { N_ODD = sizeof odd_inputs / sizeof odd_inputs[0] };

START_TEST(odd_inputs_are_compressed)
{
    static const char *const methods[] = {"paper", "reference"};
    char script[512];
    for (int i = 0; i < 2; i++) {
        snprintf(script, sizeof script, "%s | \"$PITH\" compress --method %s "
                 "--rate 0.5", odd_inputs[_i], methods[i]);
        expect_run(script, 0, NULL, "tokens");
        snprintf(script, sizeof script, "%s | \"$PITH\" compress --method %s "
                 "--rate 1e-9", odd_inputs[_i], methods[i]);
        expect_run(script, 0, NULL, "tokens");
        snprintf(script, sizeof script, "%s | \"$PITH\" compress --method %s "
                 "--target 1e9", odd_inputs[_i], methods[i]);
        expect_run(script, 0, NULL, "tokens");
    }
    snprintf(script, sizeof script, "%s | \"$PITH\" score", odd_inputs[_i]);
    expect_run(script, 0, NULL, "tokens");
}
END_TEST

/* A tenth of it under the sanitizers, which make the program that much
 * slower. */
START_TEST(a_megabyte_is_compressed)
{
    setenv("LINES", getenv("PITH_QUICK") != NULL ? "160" : "1600", 1);
    expect_run("yes 'The lamp by the window was still warm when they came home.' | "
           "head -n $LINES >large; for i in 1 2 3 4 5 6 7 8 9 10; do "
           "cat large; echo; done | \"$PITH\" compress --target 300 >small; "
           "test $(wc -c <small) -lt 20000", 0, NULL, "tokens");
}
END_TEST

START_TEST(output_files_appear_complete_or_not_at_all)
{
    expect_run("printf 'Hello\\n' | \"$PITH\" compress --rate 1 -o x1 && cat x1",
           0, "Hello\n", "tokens");
    expect_run("printf 'old' >x2; \"$PITH\" compress -o x2 missing; cat x2; "
           "ls | grep -c tmp", 1, "old0\n", "missing");
    expect_run("printf 'old' >x3; chmod 600 x3; printf 'new' | \"$PITH\" compress "
           "--rate 1 -q -o x3; cat x3; ls | grep -c tmp", 1, "new0\n", "");
    expect_run("mkdir -p sub; printf 'a' | \"$PITH\" compress -o sub", 1, "",
           "sub");
}
END_TEST

START_TEST(reports_come_beside_the_result)
{
    expect_run("echo 'a b c d' | \"$PITH\" compress -q -r 1 --report r.html && "
           "head -c 15 r.html >&2 && rm r.html",
           0, "a b c d\n", "<!doctype html>");
    expect_run("echo 'a b c d' | \"$PITH\" compress -q -r 1 --report - -o text | "
           "grep -c -e '<!doctype html>' -e '</html>'; cat text; rm text",
           0, "2\na b c d\n", "");
    /* The result is the same with a report and without. */
    expect_run("echo a b c d > p; for report in '' '--report r.html'; do "
           "\"$PITH\" compress -q --format json $report p | "
           "sed 's/,\"timings\":{[^}]*}//'; done > both; uniq both | wc -l; "
           "grep -c '\"spans\":' both; rm -f p r.html both",
           0, "1\n0\n", "");
    /* Neither file appears when one cannot. */
    expect_run("echo a | \"$PITH\" compress -q --report missing/r.html -o text; "
           "test $? -eq 1 && ls text* missing* 2>/dev/null",
           2, "", "missing/r.html: cannot create");
    expect_run("echo a | \"$PITH\" compress -q --report r.html -o missing/text; "
           "test $? -eq 1 && ls r.html* missing* 2>/dev/null",
           2, "", "missing/text: cannot create");
    expect_run("echo a | \"$PITH\" compress -q -n 0.5 --report r.html; "
           "test $? -eq 2 && ls r.html* 2>/dev/null",
           2, "", "target is 0.5 tokens");
    if (access("/dev/full", W_OK) == 0)
        expect_run("echo a | \"$PITH\" compress -q --report /dev/full -o text; "
               "test $? -eq 1 && ls text* 2>/dev/null",
               2, "", "/dev/full: cannot write");
}
END_TEST

/* At rate 1 nothing is dropped; the filter of `reference` drops contexts. */
START_TEST(highlights_show_the_whole_prompt)
{
    expect_run("printf 'a b\\r\\nc\\td\\001\\177 \\302\\233 \\377\\n\\ne' | "
           "\"$PITH\" compress -q -r 1 --highlight",
           0, "a b\nc\td^A^? \xEF\xBF\xBD \xEF\xBF\xBD\n\ne\n", "");
    expect_run("printf 'a\\nb' | \"$PITH\" compress -q -r 1 --highlight "
           "--color always", 0, "\x1B[1ma\x1B[0m\n\x1B[1mb\x1B[0m\n", "");
    expect_run("printf 'one two\\nthree' > p; printf 'four five six seven' > q; "
           "\"$PITH\" compress -q -n 1 --method reference --token-filter off "
           "--context-budget '*0-1000' --concate-question off -i do -Q why "
           "--highlight -c p -c q; rm p q",
           0, "do\n\n[-one two-]\n[-three-]\n\nfour five six seven\n\n"
              "[-why-]\n", "");
    /* Without the brackets it is the prompt, without what is in them the
     * result. */
    expect_run("printf 'The quick brown fox\\njumps over the lazy dog.\\n' > p; "
           "for m in paper reference; do "
           "set -- -q -r 0.5 --iterative-size 5 --method $m; "
           "test $m = paper && set -- -q -r 0.5; "
           "\"$PITH\" compress \"$@\" p > result; "
           "\"$PITH\" compress \"$@\" --highlight p > all; "
           "grep -q -F -e '[-' all && echo $m; "
           "sed -e 's/\\[-//g' -e 's/-\\]//g' all | cmp - p >&2; "
           "sed -e 's/\\[-[^]]*-\\]//g' all | tr -d ' \\n' > kept; "
           "tr -d ' \\n' < result | cmp - kept >&2; done; "
           "rm -f p result all kept",
           0, "paper\nreference\n", "");
    /* A file is not a terminal; script(1) makes one. */
    if (system("script -V >/dev/null 2>&1") != 0)
        fprintf(stderr, "SKIPPED (loudly): script is not there\n");
    else
        expect_run("echo a b > p; export TERM=xterm; "
               "for e in A=1 NO_COLOR= NO_COLOR=1 TERM=dumb; do "
               "env $e script -qec '\"$PITH\" compress -q -r 1 --highlight p' "
               "/dev/null; done | tr -d '\\r'; rm p",
               0, "\x1B[1ma b\x1B[0m\n\x1B[1ma b\x1B[0m\na b\na b\n", "");
}
END_TEST

START_TEST(write_errors_are_failures)
{
    if (access("/dev/full", W_OK) != 0) {
        fprintf(stderr, "SKIPPED (loudly): there is no /dev/full\n");
        return;
    }
    expect_run("printf 'Hello' | \"$PITH\" compress >/dev/full", 1, "",
           "cannot write: No space left on device");
    expect_run("printf 'Hello' | \"$PITH\" compress -o /dev/full", 1, "",
           "/dev/full: cannot write");
    expect_run("printf 'Hello' | \"$PITH\" score >/dev/full", 1, "",
           "cannot write");
    expect_run("printf 'Hello' | \"$PITH\" tokenize >/dev/full", 1, "",
           "cannot write");
    expect_run("\"$PITH\" info >/dev/full", 1, "", "cannot write");
    expect_run("\"$PITH\" help >/dev/full", 1, "", "cannot write");
    expect_run("\"$PITH\" compress -h >/dev/full", 1, "", "cannot write");
    expect_run("printf '{\"context\":\"a\"}\\n{\"context\":\"b\"}' | \"$PITH\" "
           "compress --request - >/dev/full", 1, "", "cannot write");
    /* The reader is gone: an error, not a death by SIGPIPE. */
    expect_run("yes a | head -c 300000 >large; { \"$PITH\" tokenize large; "
           "echo $? >status; } | head -c 1 >/dev/null; cat status", 0, "1\n",
           "cannot write");
}
END_TEST

/* --- requests ------------------------------------------------------------------- */

START_TEST(a_failing_request_does_not_stop_the_next)
{
    struct run it = run_script(
        "printf '%s\\n' '{\"name\":\"a\",\"context\":[\"one two\"]}' '{' '' "
        "'{\"name\":\"c\",\"context\":\"x\",\"options\":{\"nope\":1}}' "
        "'{\"name\":\"d\",\"context\":\"one two\"}' | "
        "\"$PITH\" compress --request - --method reference --trace");
    size_t n = 0;
    ck_assert_int_eq(it.status, 0);
    ck_assert_ptr_nonnull(strstr(it.err, "pith: 4 requests in "));
    ck_assert_ptr_nonnull(strstr(it.err, "2 failed"));
    for (char *line = strtok(it.out, "\n"); line != NULL;
         line = strtok(NULL, "\n"), n++) {
        static const bool good[] = {true, false, false, true};
        struct pith_json_document *document;
        struct pith_error error;
        struct pith_text text = {line, strlen(line)};
        ck_assert_uint_lt(n, 4);
        assert_ok(pith_json_parse(text, "reply", &document, &error), error);
        const struct pith_json *root = pith_json_root(document);
        ck_assert_int_eq(pith_json_is(pith_json_get(root, "error"),
                                      PITH_JSON_NULL), good[n]);
        ck_assert_int_eq(pith_json_is(pith_json_get(root, "result"),
                                      PITH_JSON_OBJECT), good[n]);
        ck_assert_int_eq(pith_json_get(root, "trace") != NULL, good[n]);
        pith_json_free(document);
    }
    ck_assert_uint_eq(n, 4);
    finish_run(&it);
}
END_TEST

START_TEST(requests_and_options_agree)
{
    expect_run("printf 'one two three four\\n\\nfive six seven' >p; "
           "\"$PITH\" compress -q --method reference --target 4 "
           "--question 'five?' --rank-method bm25 --reorder-context sort "
           "--condition-in-question before --condition-compare "
           "--dynamic-ratio 0.2 --format json p | sed 's/,\"timings.*//' >a; "
           "printf '%s' '{\"context\":[\"one two three four\",\"five six "
           "seven\"],\"options\":{\"target_token\":4,\"question\":"
           "\"five?\",\"rank_method\":\"bm25\",\"reorder_context\":\"sort\","
           "\"condition_in_question\":\"before_condition\","
           "\"condition_compare\":true,"
           "\"dynamic_context_compression_ratio\":0.2}}' >r; "
           "\"$PITH\" compress -q --request r --method reference -o b; "
           "sed 's/^{\"name\":null,\"result\"://; s/,\"timings.*//' b >c;"
           " cmp a c", 0, "", "");
    expect_run("printf 'one two three four\\n\\nfive six seven' >p; "
           "\"$PITH\" compress -q --format json --method reference --target 4 "
           "--question 'Why?' p | sed 's/,\"timings.*//' >a; "
           "printf '%s' '{\"context\":[\"one two three four\",\"five six "
           "seven\"],\"options\":{\"target_token\":4,\"question\":\"Why?\","
           "\"method\":\"reference\"}}' >r; \"$PITH\" compress -q --request r "
           "-o b; sed 's/^{\"name\":null,\"result\"://; s/,\"timings.*//' b >c;"
           " cmp a c", 0, "", "");
}
END_TEST

/* --- score, tokenize, info, convert ---------------------------------------------- */

START_TEST(tokens_are_listed_one_a_line)
{
    struct run it = run_script("printf 'a\\tb\\n\\\\\\001' | \"$PITH\" tokenize");
    ck_assert_int_eq(it.status, 0);
    ck_assert_ptr_nonnull(strstr(it.out, "\ta\n"));
    ck_assert_ptr_nonnull(strstr(it.out, "\t\\t\n"));
    ck_assert_ptr_nonnull(strstr(it.out, "\t\\n\n"));
    ck_assert_ptr_nonnull(strstr(it.out, "\t\\\\\n"));
    ck_assert_ptr_nonnull(strstr(it.out, "\t\\x01\n"));
    finish_run(&it);
    expect_run("printf '' | \"$PITH\" tokenize", 0, "", "");
    expect_run("printf '{\"text\":\"\"}\\n\\n{\"text\":\"\"}' | \"$PITH\" tokenize "
           "--format json", 0, "{\"ids\":[],\"pieces\":[]}\n"
           "{\"ids\":[],\"pieces\":[]}\n", "");
    expect_run("printf '{\"text\":\"\"}\\n{}\\n' | \"$PITH\" tokenize "
           "--format json", 1, "{\"ids\":[],\"pieces\":[]}\n", "line 2: ");
}
END_TEST

START_TEST(score_lists_the_tokens_of_tokenize)
{
    expect_run("printf 'one two\\nthree' >p; \"$PITH\" tokenize p >a; "
           "\"$PITH\" score -q p | cut -f 2,3 >b; cmp a b && "
           "\"$PITH\" score -q p | awk -F '\\t' '$1 != NR - 1 || $4 <= 0 "
           "{ exit 1 }'", 0, "", "");
    expect_run("printf 'one two' | \"$PITH\" score --no-bos -q | head -1 | "
           "cut -f 4", 0, "nan\n", "");
    expect_run("printf '' | \"$PITH\" score", 0, "", "0 tokens, no losses in");
    expect_run("printf 'one two' | \"$PITH\" score --format json -t 2 >a; "
           "printf 'one two' | \"$PITH\" score --format json -t 1 >b; cmp a b",
           0, "", "");
}
END_TEST

START_TEST(info_describes_and_verifies)
{
    struct run it = run_script("\"$PITH\" info tiny.pith --verify");
    ck_assert_int_eq(it.status, 0);
    ck_assert_ptr_nonnull(strstr(it.out, "GPT-2"));
    ck_assert_ptr_nonnull(strstr(it.out, "weights are right"));
    ck_assert_ptr_nonnull(strstr(it.out, "token_embedding"));
    finish_run(&it);
    /* One bit of the last weight. */
    expect_run("n=$(wc -c <tiny.pith); head -c $((n - 70)) tiny.pith >bad.pith; "
           "tail -c 70 tiny.pith | tr '\\000-\\377' '\\001-\\377\\000' "
           ">>bad.pith; \"$PITH\" info bad.pith >/dev/null && "
           "\"$PITH\" info --verify bad.pith", 1, "", "bad.pith");
}
END_TEST

START_TEST(broken_models_are_refused)
{
    char script[256];
    static const int sizes[] = {0, 1, 7, 8, 63, 64, 100, 1000, 5000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        snprintf(script, sizeof script, "head -c %d tiny.pith >cut.pith; "
                 "\"$PITH\" compress -m cut.pith", sizes[i]);
        expect_run(script, 1, "", "cut.pith");
    }
    expect_run("n=$(wc -c <tiny.pith); head -c $((n - 1)) tiny.pith >cut.pith; "
           "\"$PITH\" info cut.pith", 1, "", "cut.pith");
    expect_run("printf 'no model' >text.pith; \"$PITH\" info text.pith", 1, "",
           "text.pith");
}
END_TEST

START_TEST(kernels_come_from_the_option_or_the_environment)
{
    expect_run("\"$PITH\" info --kernels scalar | grep -c 'kernels  *scalar'", 0,
           "1\n", "");
    expect_run("PITH_KERNELS=scalar \"$PITH\" info | grep -c 'kernels  *scalar'",
           0, "1\n", "");
    expect_run("\"$PITH\" info --kernels abacus", 2, "", "abacus");
    expect_run("PITH_KERNELS=abacus \"$PITH\" info", 2, "", "abacus");
    expect_run("PITH_KERNELS=abacus \"$PITH\" info --kernels scalar", 0, NULL, "");
}
END_TEST

START_TEST(the_model_is_looked_for_in_turn)
{
    expect_run("cp tiny.pith other.pith; printf 'a' | \"$PITH\" compress -m "
           "other.pith", 0, NULL, ", other\n");
    expect_run("unset PITH_MODEL; mkdir -p here/weights; "
           "cp tiny.pith here/weights/default.pith; cd here; printf 'a' | "
           "\"$PITH\" compress", 0, NULL, ", default\n");
    expect_run("unset PITH_MODEL; mkdir -p tree/build tree/weights; "
           "cp \"$PITH\" tree/build/pith; cp tiny.pith "
           "tree/weights/default.pith; printf 'a' | tree/build/pith compress",
           0, NULL, ", default\n");
    expect_run("unset PITH_MODEL; mkdir -p prefix/bin prefix/share/pith; "
           "cp \"$PITH\" prefix/bin/pith; cp tiny.pith "
           "prefix/share/pith/default.pith; printf 'a' | prefix/bin/pith "
           "compress", 0, NULL, ", default\n");
    /* One that cannot be read is not as if it were not there. */
    expect_run("unset PITH_MODEL; ln -sf default.pith "
           "tree/weights/default.pith; mkdir -p tree/share/pith; cp tiny.pith "
           "tree/share/pith/default.pith; printf 'a' | tree/build/pith compress",
           1, "", "weights/default.pith: cannot be examined");
}
END_TEST

START_TEST(without_a_model_the_places_tried_are_listed)
{
    if (access("/usr/local/share/pith/default.pith", R_OK) == 0) {
        fprintf(stderr, "SKIPPED (loudly): pith is installed here\n");
        return;
    }
    expect_run("unset PITH_MODEL; mkdir -p bare/bin; cp \"$PITH\" bare/bin/pith; "
           "bare/bin/pith compress; grep -c 'weights/default.pith' err; "
           "grep -c 'share/pith/default.pith' err", 0, "2\n2\n",
           "no model found: give one with -m FILE or $PITH_MODEL");
}
END_TEST

START_TEST(convert_leaves_nothing_after_when_it_fails)
{
    expect_run("printf 'old' >kept.pith; printf 'junk' >junk.gguf; "
           "\"$PITH\" convert junk.gguf kept.pith; echo $?; cat kept.pith; "
           "ls | grep -c tmp", 1, "1\nold0\n", "junk.gguf");
    expect_run("\"$PITH\" convert . new.pith", 1, "", "pith: ");
    expect_run("\"$PITH\" convert --dtype f7 junk.gguf new.pith; "
           "test ! -e new.pith", 0, "", "f7");
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("cli");
    TCase *tcase = tcase_create("cli");
    tcase_set_timeout(tcase, 300);
    tcase_add_unchecked_fixture(tcase, program_set_up, program_tear_down);
    tcase_add_loop_test(tcase, wrong_command_lines_are_told_so, 0, N_WRONG);
    tcase_add_loop_test(tcase, missing_things_are_named, 0, N_FAILING);
    tcase_add_test(tcase, help_and_version_go_to_stdout);
    tcase_add_test(tcase, options_may_be_spelled_in_several_ways);
    tcase_add_test(tcase, threads_are_bounded_by_the_processors);
    tcase_add_test(tcase, a_line_feed_follows_when_the_input_ended_in_one);
    tcase_add_test(tcase, at_rate_one_everything_stays);
    tcase_add_test(tcase, the_report_is_one_line);
    tcase_add_test(tcase, json_holds_what_text_shows);
    tcase_add_test(tcase, chats_are_compressed);
    tcase_add_test(tcase, requests_split_texts_as_the_command_line);
    tcase_add_test(tcase, a_file_is_not_a_command);
    tcase_add_test(tcase, texts_say_their_encoding);
    tcase_add_loop_test(tcase, odd_inputs_are_compressed, 0, N_ODD);
    tcase_add_test(tcase, a_megabyte_is_compressed);
    tcase_add_test(tcase, output_files_appear_complete_or_not_at_all);
    tcase_add_test(tcase, reports_come_beside_the_result);
    tcase_add_test(tcase, write_errors_are_failures);
    tcase_add_test(tcase, a_failing_request_does_not_stop_the_next);
    tcase_add_test(tcase, requests_and_options_agree);
    tcase_add_test(tcase, tokens_are_listed_one_a_line);
    tcase_add_test(tcase, score_lists_the_tokens_of_tokenize);
    tcase_add_test(tcase, info_describes_and_verifies);
    tcase_add_test(tcase, broken_models_are_refused);
    tcase_add_test(tcase, kernels_come_from_the_option_or_the_environment);
    tcase_add_test(tcase, the_model_is_looked_for_in_turn);
    tcase_add_test(tcase, without_a_model_the_places_tried_are_listed);
    tcase_add_test(tcase, convert_leaves_nothing_after_when_it_fails);
    suite_add_tcase(suite, tcase);
    TCase *highlight = tcase_create("highlight");
    tcase_set_timeout(highlight, 120);
    tcase_add_unchecked_fixture(highlight, program_set_up,
                                program_tear_down);
    tcase_add_test(highlight, highlights_show_the_whole_prompt);
    suite_add_tcase(suite, highlight);
    return suite;
}
