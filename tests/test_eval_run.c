/*
 * test_eval_run.c - pith eval run against a small server (chat_server.py, in
 * its own process): answers, failures of every kind, and runs that are
 * stopped.
 */
#define _XOPEN_SOURCE 700 /* realpath */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "support.h"

static bool has_tools;

static void open_all(void)
{
    program_set_up();
    char *server = realpath("tests/chat_server.py", NULL);
    has_tools = server != NULL &&
                system("command -v python3 curl >/dev/null 2>&1") == 0;
    if (server != NULL)
        setenv("SERVER", server, 1);
    free(server);
    if (!has_tools)
        fputs("SKIPPED: pith eval run is untried without python3 and curl\n",
              stderr);
}

/* Six requests; the server runs while the script does. */
#define SERVED                                                                 \
    "rm -f port *.jsonl*; : >log; python3 \"$SERVER\" port log & "                 \
    "for i in 1 2 3 4 5 6; do printf '%s\\n' \"{\\\"custom_id\\\": "           \
    "\\\"q$i\\\", \\\"body\\\": {\\\"messages\\\": [{\\\"role\\\": "           \
    "\\\"user\\\", \\\"content\\\": \\\"a \\\\\\\"b\\\\\\\" "                  \
    "\\\\\\\\ 7 - $i\\\\n\\\"}], \\\"temperature\\\": 0}}\"; done > r.jsonl; "   \
    "while [ ! -f port ]; do sleep 0.05; done; "                               \
    "run() { \"$PITH\" eval run --endpoint http://127.0.0.1:$(cat port)/$1 "   \
    "-o a.jsonl --wait 0.05 ${2-} r.jsonl; }; "

/* What each test ends with: the server's end, then the status and how many
 * lines log and answers have. */
#define COUNT                                                                  \
    "status=$?; kill $!; echo $(wc -l <log) $(wc -l <a.jsonl) "                \
    "$(ls | grep -c -e asking -e sending); exit $status"

START_TEST(every_request_is_answered_once)
{
    if (!has_tools)
        return;
    expect_run(SERVED "run echo; run echo; " COUNT, 0, "6 6 0\n",
               "0 answers, 6 there already");
    /* Bytes that curl's configuration or JSON could have changed. */
    expect_run("grep '\"q1\"' a.jsonl | grep -cF "
               "'\"content\":\"a \\\"b\\\" \\\\ 7 - 1\\n\"'", 0, "1\n", "");
}
END_TEST

START_TEST(what_fails_for_a_while_is_tried_again)
{
    if (!has_tools)
        return;
    expect_run(SERVED "run flaky; " COUNT, 0, "18 6 0\n",
               "6 answers, 0 there already, 0 refused, 0 failed, 0 open");
}
END_TEST

START_TEST(a_failing_endpoint_ends_the_run_and_loses_nothing)
{
    if (!has_tools)
        return;
    expect_run(SERVED "run ok \"--parallel 1\" 2>/dev/null; head -n 2 a.jsonl "
               ">b; mv b a.jsonl; : >log; "
               "run down '--parallel 1 --retries 2'; " COUNT, 1, "9 5 0\n",
               "HTTP 503: over loaded \xF0\x9F\x98\x80\xC3\xA9\xC3\xA9");
    /* Failures are named in the answers, and asked again by another run. */
    expect_run(SERVED "run down '--parallel 1 --retries 0' 2>/dev/null; "
               "grep -c '\"status_code\":503.*\"code\":\"server_error\"' "
               "a.jsonl; : >log; run ok; " COUNT, 0, "3\n6 9 0\n",
               "6 answers");
    expect_run(SERVED "kill $!; echo >log; \"$PITH\" eval run --endpoint "
               "http://127.0.0.1:1 --retries 0 -o a.jsonl r.jsonl; " COUNT, 1,
               NULL, "nothing is lost: the same command continues");
}
END_TEST

START_TEST(a_wrong_key_ends_the_run_at_once)
{
    if (!has_tools)
        return;
    expect_run(SERVED "run secret '--parallel 1'; " COUNT, 1, "1 0 0\n",
               "HTTP 401: wrong key");
    expect_run(SERVED "export KEY=sesame; run secret '--key-variable KEY'; "
               COUNT, 0, "6 6 0\n", "6 answers");
    expect_run("grep -l sesame *; true", 0, "", "");
}
END_TEST

START_TEST(a_refused_request_is_not_asked_again)
{
    if (!has_tools)
        return;
    expect_run(SERVED "run refuse; run refuse; " COUNT, 0, "6 6 0\n",
               "q3 has no answer and is not asked again: HTTP 400: the prompt "
               "is too long");
    expect_run("grep -c '\"q3\".*\"code\":\"bad_request\",\"message\":\"HTTP "
               "400: the prompt' a.jsonl", 0, "1\n", "");
}
END_TEST

/* A moderator's 403 is of one request; a key's is of all. */
START_TEST(a_forbidden_request_stops_no_other)
{
    if (!has_tools)
        return;
    expect_run(SERVED "run forbid; " COUNT, 1, "6 6 0\n",
               "5 answers, 0 there already, 0 refused, 1 failed, 1 open");
    /* Three in a row end a run; the next one begins with the others. */
    expect_run(SERVED "run forbids '--parallel 1' 2>/dev/null; "
               "run forbids '--parallel 1'; " COUNT, 1, "9 9 0\n",
               "3 answers, 0 there already, 0 refused, 3 failed, 3 open");
}
END_TEST

/* What is not an answer is named and asked once; what else is to be said of an
 * answer is said. */
START_TEST(replies_of_every_kind_are_named)
{
    if (!has_tools)
        return;
    expect_run(SERVED "run kinds 2>/dev/null; run kinds; " COUNT, 0, "6 6 0\n",
               "0 answers, 6 there already");
    expect_run("for name in refusal content_filter tool_calls reasoning_only "
               "empty; do grep -c \"\\\"code\\\":\\\"$name\\\",\" a.jsonl; "
               "done; grep -c '\"error\":null,\"notes\":\\[\"length\","
               "\"thought_cut\",\"first_of_several_choices\"\\]}$' a.jsonl", 0,
               "1\n1\n1\n1\n1\n1\n", "");
    expect_run(SERVED "run kinds; " COUNT, 0, "6 6 0\n",
               "1 answers, 0 there already, 5 refused, 0 failed, 0 open; "
               "answers at max_tokens: 1, after reasoning that is cut: 1");
}
END_TEST

START_TEST(errors_in_other_clothes_are_named)
{
    if (!has_tools)
        return;
    expect_run(SERVED "run html '--retries 1 --parallel 1'; " COUNT, 1,
               "6 3 0\n", "HTTP 502: a page of HTML: 502 Bad Gateway\n");
    expect_run("wc -c <a.jsonl | awk '{ print $1 < 1000 }'", 0, "1\n", "");
    expect_run(SERVED "run soft '--retries 0 --parallel 1'; " COUNT, 1,
               "3 3 0\n", "HTTP 200: an error: upstream is gone");
    expect_run(SERVED "run hang_up '--retries 1 --parallel 1'; " COUNT, 1,
               "6 0 0\n", "curl: (52)");
    expect_run(SERVED "run part '--retries 0 --parallel 1'; " COUNT, 1,
               "3 0 0\n", "curl: (18)");
    expect_run(SERVED "run moved; " COUNT, 1, "4 0 0\n",
               "/ok/chat/completions: give that as --endpoint");
    expect_run("grep -c '^moved' log", 0, "4\n", "");
}
END_TEST

/* The server itself says when it was asked too early. */
START_TEST(the_server_says_when_to_come_back)
{
    if (!has_tools)
        return;
    expect_run(SERVED "run later '--retries 1 --parallel 6'; " COUNT, 0,
               "12 6 0\n", "6 answers");
    expect_run(SERVED "run date '--retries 1 --parallel 6'; " COUNT, 0,
               "12 6 0\n", "6 answers");
    expect_run(SERVED "run tomorrow '--parallel 1'; " COUNT, 1, "1 1 0\n",
               "no more today; the server asks to wait 86400 s");
}
END_TEST

/* Larger than a pipe, than curl's longest line of configuration, and more. */
START_TEST(prompts_of_any_size_are_sent)
{
    if (!has_tools)
        return;
    expect_run(SERVED "for n in 100000 1000000 20000000; do printf "
               "'{\"custom_id\": \"%d\", \"body\": {\"temperature\": 0, "
               "\"messages\": [{\"content\": \"' $n; head -c $n /dev/zero | "
               "tr '\\0' x; printf '\"}]}}\\n'; done >r.jsonl; "
               "run echo; " COUNT "", 0, "3 3 0\n", "3 answers");
    expect_run("LC_ALL=C sort log", 0, "echo \"100000 bytes\"\n"
               "echo \"1000000 bytes\"\necho \"20000000 bytes\"\n", "");
}
END_TEST

START_TEST(addresses_are_completed)
{
    if (!has_tools)
        return;
    expect_run(SERVED "for end in '' / /v1 /v1// /v1/chat/completions "
               "'/v1/?x=1&y' '/v1/chat/completions?x=1'; do rm -f a.jsonl; "
               "\"$PITH\" eval run -q --endpoint "
               "\"http://127.0.0.1:$(cat port)$end\" -o a.jsonl r.jsonl || "
               "echo \"$end\"; done; sed 's/ \".*\"/ /' log | sort | uniq -c | "
               "tr -s ' '; " COUNT, 0,
               " 30 v1 \n 6 v1 x=1\n 6 v1 x=1&y\n42 6 0\n", "");
    expect_run(SERVED "\"$PITH\" eval run --endpoint "
               "http://127.0.0.1:$(cat port)/ok/x --parallel 1 -o a.jsonl "
               "r.jsonl; " COUNT, 1, "1 0 0\n", "/ok/x/chat/completions was asked: "
               "give --endpoint what is before /chat/completions");
}
END_TEST

START_TEST(keys_come_from_files)
{
    if (!has_tools)
        return;
    expect_run(SERVED "printf 'sesame\\r\\n\\n' >key; run secret "
               "'--key-file key'; " COUNT, 0, "6 6 0\n", "6 answers");
    expect_run("printf 'ses\\name' >key; \"$PITH\" eval run --endpoint http://x "
               "-o a --key-file key r.jsonl", 2, "", "key: byte 4 of the API "
               "key is 0x0A; expected one word of ASCII characters");
    expect_run("printf 'ses\\0ame' >key; \"$PITH\" eval run --endpoint http://x "
               "-o a --key-file key r.jsonl", 2, "", "has a NUL in it");
    expect_run("printf '\\n' >key; \"$PITH\" eval run --endpoint http://x "
               "-o a --key-file key r.jsonl", 2, "", "is empty");
    expect_run("KEY='ses ame' \"$PITH\" eval run --endpoint http://x -o a "
               "--key-variable KEY r.jsonl", 2, "", "KEY: byte 4");
    expect_run("ls a", 2, "", NULL);
}
END_TEST

/* What servers' own batch files hold: of failures, only refusals stay. */
START_TEST(answers_of_a_server_are_gone_on_with)
{
    if (!has_tools)
        return;
    expect_run(SERVED "for c in 1:429 2:400 3:500; do echo '{\"custom_id\": "
               "\"q'${c%:*}'\", \"response\": {\"status_code\": '${c#*:}', "
               "\"body\": {}}}'; done >a.jsonl; run ok; " COUNT, 0, "5 8 0\n",
               "5 answers, 1 there already");
}
END_TEST

/* curl continues when pith is killed; the next run waits for it. */
START_TEST(a_killed_run_asks_nothing_twice)
{
    if (!has_tools)
        return;
    expect_run(SERVED "server=$!; \"$PITH\" eval run --endpoint "
               "http://127.0.0.1:$(cat port)/slow -o a.jsonl --parallel 2 "
               "r.jsonl & while [ $(wc -l <log) -lt 4 ]; do sleep 0.05; done; "
               "kill -9 $!; wait $!; ls | grep -c asking; stat -c %a a.*ing-0; "
               "run slow '--parallel 2'; kill $server; true; " COUNT, 0,
               "2\n600\n600\n6 6 0\n", "2 there already");
}
END_TEST

/* A file with another name, or another owner, may have been put there by
 * somebody else. */
START_TEST(planted_replies_are_not_taken)
{
    expect_run("echo '{\"custom_id\": \"q\", \"body\": {}}' >r; "
               "printf 'q\n{\"choices\":[{\"message\":{\"content\":\"no\"}}]}"
               "\n-- HTTP 200\n\n\n\n' >theirs; cp theirs before; "
               "ln theirs a.asking-0; "
               "\"$PITH\" eval run --endpoint http://x -o a r", 1, "",
               "a.asking-0: exists already and was not made by pith eval run");
    expect_run("cmp theirs before && test ! -s a", 0, "", "");
    expect_run("rm a.asking-0; ln -s theirs a.asking-0; "
               "\"$PITH\" eval run --endpoint http://x -o a r", 1, "",
               "a.asking-0: ");
    expect_run("cmp theirs before && rm -f a.asking-0 a r theirs before", 0, "",
               "");
}
END_TEST

START_TEST(an_interrupted_run_takes_what_is_on_its_way)
{
    if (!has_tools)
        return;
    expect_run(SERVED "server=$!; \"$PITH\" eval run --endpoint "
               "http://127.0.0.1:$(cat port)/slow -o a.jsonl --parallel 2 "
               "r.jsonl & "
               "while [ $(wc -l <log) -lt 2 ]; do sleep 0.05; done; "
               "kill -TERM $!; wait $!; kill $server; true; " COUNT, 0,
               "2 2 0\n", "4 open");
}
END_TEST

START_TEST(bad_command_lines_are_explained)
{
    expect_run("\"$PITH\" eval run r", 2, "", "give --endpoint URL");
    expect_run("\"$PITH\" eval run --endpoint ftp://x -o a r", 2, "",
               "expected http://");
    expect_run("\"$PITH\" eval run --endpoint localhost:80/v1 -o a r", 2, "",
               "as http://localhost:80/v1;");
    expect_run("for url in http:// http:///v1 'http://x/v1#a' 'http://x/ v1'; "
               "do \"$PITH\" eval run --endpoint \"$url\" -o a r; [ $? = 2 ] || "
               "echo \"$url\"; done", 0, "", "expected http://HOST:PORT/v1");
    expect_run("\"$PITH\" eval run --endpoint http://x r", 2, "",
               "give -o FILE");
    expect_run("\"$PITH\" eval run --endpoint http://x -o a "
               "--key-variable NOT_THERE r", 2, "", "no NOT_THERE");
    expect_run("\"$PITH\" eval run --endpoint http://x -o a.jsonl no/such", 1,
               "", "no/such");
    expect_run("echo '{}' >bad; \"$PITH\" eval run --endpoint http://x -o "
               "a.jsonl bad", 1, "", "bad:1: expected a string \"custom_id\"");
    expect_run("echo '{\"custom_id\": \"a\"}' >bad; \"$PITH\" eval run "
               "--endpoint http://x -o a.jsonl bad", 1, "", "object \"body\"");
    expect_run("for i in 1 2; do echo '{\"custom_id\": \"a\", \"body\": {}}'; "
               "done >bad; \"$PITH\" eval run --endpoint http://x -o a.jsonl "
               "bad", 1, "", "two requests have the custom_id \"a\"");
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("eval_run");
    TCase *tcase = tcase_create("eval_run");
    tcase_set_timeout(tcase, 120);
    tcase_add_unchecked_fixture(tcase, open_all, program_tear_down);
    tcase_add_test(tcase, every_request_is_answered_once);
    tcase_add_test(tcase, what_fails_for_a_while_is_tried_again);
    tcase_add_test(tcase, a_failing_endpoint_ends_the_run_and_loses_nothing);
    tcase_add_test(tcase, a_wrong_key_ends_the_run_at_once);
    tcase_add_test(tcase, a_refused_request_is_not_asked_again);
    tcase_add_test(tcase, a_forbidden_request_stops_no_other);
    tcase_add_test(tcase, replies_of_every_kind_are_named);
    tcase_add_test(tcase, errors_in_other_clothes_are_named);
    tcase_add_test(tcase, the_server_says_when_to_come_back);
    tcase_add_test(tcase, prompts_of_any_size_are_sent);
    tcase_add_test(tcase, addresses_are_completed);
    tcase_add_test(tcase, keys_come_from_files);
    tcase_add_test(tcase, answers_of_a_server_are_gone_on_with);
    tcase_add_test(tcase, a_killed_run_asks_nothing_twice);
    tcase_add_test(tcase, planted_replies_are_not_taken);
    tcase_add_test(tcase, an_interrupted_run_takes_what_is_on_its_way);
    tcase_add_test(tcase, bad_command_lines_are_explained);
    suite_add_tcase(suite, tcase);
    return suite;
}
