/*
 * test_serve.c - `pith serve` from the outside: lines in, lines out, for as
 * long as it may take.  PITH_PROGRAM names the program.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replies.h"
#include "support.h"
#include "tiny_model.h"

static char tiny[4096]; /* path of a model */

static void set_up(void)
{
    snprintf(tiny, sizeof tiny, "%s", temporary_path("serve.pith"));
    tiny_model_write(tiny, TINY_GPT2, PITH_Q8);
    signal(SIGPIPE, SIG_IGN);
}

static void tear_down(void)
{
    remove(tiny);
}

/* --- a server ----------------------------------------------------------------- */

struct server {
    pid_t pid;
    FILE *to, *from;
    char errors[4096]; /* path of what it says on standard error */
};

/* Starts `pith serve MODE`, with one more option when `extra` is not NULL. */
static struct server start(const char *mode, const char *model,
                           const char *extra)
{
    struct server server;
    const char *program = getenv("PITH_PROGRAM");
    int in[2], out[2];
    snprintf(server.errors, sizeof server.errors, "%s",
             temporary_path("serve.errors"));
    ck_assert_int_eq(pipe(in), 0);
    ck_assert_int_eq(pipe(out), 0);
    fflush(NULL);
    server.pid = fork();
    if (server.pid == 0) {
        FILE *errors = fopen(server.errors, "wb");
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        if (errors != NULL)
            dup2(fileno(errors), STDERR_FILENO);
        close(in[0]), close(in[1]), close(out[0]), close(out[1]);
        signal(SIGPIPE, SIG_DFL);
        execl(program != NULL ? program : "build/pith", "pith", "serve", mode,
              "-m", model, "--threads", "1", extra, (char *)NULL);
        _exit(126);
    }
    ck_assert(server.pid > 0);
    close(in[0]);
    close(out[1]);
    server.to = fdopen(in[1], "wb");
    server.from = fdopen(out[0], "rb");
    ck_assert(server.to != NULL && server.from != NULL);
    return server;
}

static void send_bytes(struct server *server, const char *bytes, size_t n)
{
    ck_assert_uint_eq(fwrite(bytes, 1, n, server->to), n);
    ck_assert_int_eq(fflush(server->to), 0);
}

static void send_line(struct server *server, const char *line)
{
    send_bytes(server, line, strlen(line));
    send_bytes(server, "\n", 1);
}

/* The next line; NULL at the end. */
static char *receive(struct server *server)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t n = getline(&line, &capacity, server->from);
    if (n < 0) {
        free(line);
        return NULL;
    }
    ck_assert_int_eq(line[n - 1], '\n');
    line[n - 1] = '\0';
    return line;
}

static struct reply receive_reply(struct server *server)
{
    return parse(receive(server));
}

/* Waits for its end and gives its exit status. */
static int wait_for(struct server *server)
{
    int status;
    if (server->from != NULL)
        fclose(server->from);
    ck_assert_int_eq(waitpid(server->pid, &status, 0), server->pid);
    remove(server->errors);
    ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

/* Ends the input; no reply may be left. */
static void stop(struct server *server)
{
    fclose(server->to);
    ck_assert_ptr_null(receive(server));
    ck_assert_int_eq(wait_for(server), 0);
}

/* Kilobytes of memory: "VmRSS:" now, "VmHWM:" at most; 0 where the system
 * does not say. */
static long memory_of(const struct server *server, const char *what)
{
    char path[64], line[256];
    long kilobytes = 0;
    snprintf(path, sizeof path, "/proc/%ld/status", (long)server->pid);
    FILE *status = fopen(path, "rb");
    if (status == NULL)
        return 0;
    while (fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, what, strlen(what)) == 0)
            kilobytes = strtol(line + strlen(what), NULL, 10);
    fclose(status);
    return kilobytes;
}

/* --- requests ------------------------------------------------------------------ */

START_TEST(each_line_is_answered_at_once)
{
    struct server server = start("--stdio", tiny, NULL);
    for (int i = 0; i < 5; i++) {
        char line[128];
        snprintf(line, sizeof line, "{\"name\":%d,\"context\":\"one two %d\"}", i,
                 i);
        send_line(&server, line);
        struct reply reply = receive_reply(&server);
        ck_json_null(&reply, "error");
        ck_assert_double_eq(number_at(&reply, "name"), i);
        release(&reply);
    }
    stop(&server);
}
END_TEST

START_TEST(all_functions_are_served)
{
    struct server server = start("--stdio", tiny, NULL);
    send_line(&server, "{\"function\":\"score\",\"text\":\"one two\"}");
    struct reply reply = receive_reply(&server);
    ck_assert(number_at(&reply, "result.perplexity") > 0);
    release(&reply);
    send_line(&server, "{\"function\":\"recover\",\"original_prompt\":\"a b c\","
                       "\"compressed_prompt\":\"a c\",\"response\":\"x\"}");
    reply = receive_reply(&server);
    ck_json_string(&reply, "result.recovered_response", "x");
    release(&reply);
    stop(&server);
}
END_TEST

START_TEST(options_are_the_defaults_of_requests)
{
    static const char request[] = "{\"context\":\"one two three four five\"}";
    struct server server = start("--stdio", tiny, "--rate=1");
    send_line(&server, request);
    struct reply reply = receive_reply(&server);
    ck_json_string(&reply, "result.compressed_prompt",
                   "one two three four five");
    release(&reply);
    stop(&server);
    server = start("--stdio", tiny, "--target=3");
    send_line(&server, request);
    reply = receive_reply(&server);
    ck_assert_double_eq(number_at(&reply, "result.compressed_tokens"), 3);
    release(&reply);
    stop(&server);
    server = start("--stdio", tiny, "--method=reference");
    send_line(&server, request);
    reply = receive_reply(&server);
    ck_json_string(&reply, "result.method", "reference");
    ck_json_string(&reply, "result.precision", "f32");
    release(&reply);
    stop(&server);
    server = start("--stdio", tiny, "--trace");
    send_line(&server, request);
    reply = receive_reply(&server);
    at(&reply, "trace.thresholds");
    char precision[16];
    struct pith_text name = at(&reply, "result.precision")->string;
    snprintf(precision, sizeof precision, "%.*s", (int)name.size, name.bytes);
    release(&reply);
    stop(&server);
    server = start("--stdio", tiny, "--precision=auto");
    send_line(&server, request);
    reply = receive_reply(&server);
    ck_json_string(&reply, "result.precision", precision);
    release(&reply);
    stop(&server);
}
END_TEST

START_TEST(the_last_line_needs_no_line_feed)
{
    struct server server = start("--stdio", tiny, NULL);
    send_bytes(&server, "{\"context\":\"a\"}\n{\"name\":\"last\"}", 31);
    fclose(server.to);
    struct reply reply = receive_reply(&server);
    ck_json_null(&reply, "error");
    release(&reply);
    reply = receive_reply(&server);
    ck_json_string(&reply, "name", "last");
    release(&reply);
    ck_assert_ptr_null(receive(&server));
    ck_assert_int_eq(wait_for(&server), 0);
}
END_TEST

START_TEST(nothing_is_a_good_input_too)
{
    struct server server = start("--stdio", tiny, NULL);
    stop(&server);
    server = start("--mcp", tiny, NULL);
    send_bytes(&server, "\n \r\n\n", 5);
    stop(&server);
}
END_TEST

START_TEST(a_reader_that_goes_ends_it)
{
    static const char *const modes[] = {"--stdio", "--mcp"};
    for (int i = 0; i < 2; i++) {
        struct server server = start(modes[i], tiny, NULL);
        fclose(server.from);
        server.from = NULL;
        fputs("{}\n{}\n", server.to);
        fclose(server.to);
        ck_assert_int_eq(wait_for(&server), 1);
    }
}
END_TEST

/* --- bad lines ------------------------------------------------------------------- */

static const struct {
    const char *bytes;
    size_t size;
    const char *words; /* in the error */
} bad[] = {
#define BAD(bytes, words) {bytes, sizeof(bytes) - 1, words}
    BAD("{", "JSON"),
    BAD("}", "JSON"),
    BAD("hello", "JSON"),
    BAD("{\"context\":\"a\"", "JSON"),
    BAD("\xFF\xFE", "UTF-16"),
    BAD("\0", "JSON"),
    BAD("{\"context\":\"a\"}\0", "JSON"),
    BAD("{\"context\":\"a\0b\"}", "JSON"),
    BAD("\xEF\xBB\xBF{", "JSON"),
    BAD("[]", "object"),
    BAD("3", "object"),
    BAD("{}", "context"),
    BAD("{\"context\":[1]}", "context"),
    BAD("{\"messages\":[1]}", "JSON at byte 1: found a number"),
    BAD("{\"messages\":[],\"context\":\"a\"}", "cannot be combined"),
    BAD("{\"context\":\"a\",\"role_rate\":\"tool=0.2\"}", "\"messages\""),
    BAD("{\"context\":\"a\",\"function\":\"\xFF\"}", "not UTF-8"),
    BAD("{\"context\":\"a \xFF b \xC3\"}", "not UTF-8"),
    BAD("{\"context\":\"a\",\"options\":{\"rate\":7}}", "rate"),
    BAD("{\"context\":\"a\",\"options\":{\"\xFF\xFF\":7}}", "not UTF-8"),
    BAD("{\"function\":\"score\"}", "text"),
    BAD("{\"function\":\"recover\"}", "original_prompt"),
#undef BAD
};

enum { N_BAD = sizeof bad / sizeof bad[0] };

static void assert_bad(struct server *server, size_t i)
{
    send_bytes(server, bad[i].bytes, bad[i].size);
    send_bytes(server, "\n", 1);
    struct reply reply = receive_reply(server);
    ck_json_null(&reply, "result");
    ck_json_null(&reply, "name");
    ck_assert_msg(contains(at(&reply, "error")->string, bad[i].words),
                  "line %zu: %s", i, reply.text);
    release(&reply);
}

static void assert_good(struct server *server, const char *request)
{
    send_line(server, request);
    struct reply reply = receive_reply(server);
    ck_json_null(&reply, "error");
    release(&reply);
}

START_TEST(bad_lines_are_answered_with_errors)
{
    struct server server = start("--stdio", tiny, NULL);
    for (size_t i = 0; i < N_BAD; i++) {
        assert_bad(&server, i);
        assert_good(&server, "{\"context\":\"one two three\"}");
    }
    stop(&server);
}
END_TEST

/* Sends `n` bytes of x without holding them. */
static void send_many(struct server *server, size_t n)
{
    static char block[1 << 16];
    memset(block, 'x', sizeof block);
    for (; n > sizeof block; n -= sizeof block)
        send_bytes(server, block, sizeof block);
    send_bytes(server, block, n);
}

START_TEST(a_request_that_takes_too_long_is_stopped)
{
    static const char request[] = "{\"name\":5,\"context\":\"one two three\"}";
    struct server server = start("--stdio", tiny, "--request-seconds=1e-9");
    for (int i = 0; i < 2; i++) {
        send_line(&server, request);
        struct reply reply = receive_reply(&server);
        ck_assert_double_eq(number_at(&reply, "name"), 5);
        ck_assert(contains(at(&reply, "error")->string, "time limit"));
        release(&reply);
    }
    stop(&server);
    server = start("--stdio", tiny, "--request-seconds=1000");
    assert_good(&server, request);
    stop(&server);
}
END_TEST

START_TEST(lines_up_to_16_mib_are_read)
{
    static const char head[] = "{\"context\":[],\"x\":\"", tail[] = "\"}";
    size_t most = (size_t)16 << 20, frame = sizeof head + sizeof tail - 2;
    struct server server = start("--stdio", tiny, NULL);
    for (size_t over = 0; over < 2; over++) {
        send_bytes(&server, head, sizeof head - 1);
        send_many(&server, most - frame + over);
        send_bytes(&server, tail, sizeof tail - 1);
        send_bytes(&server, "\n", 1);
        struct reply reply = receive_reply(&server);
        const struct pith_json *error = at(&reply, "error");
        if (over == 0)
            ck_json_null(&reply, "error");
        else
            ck_assert(contains(error->string, "longer than 16 MiB"));
        release(&reply);
    }
    assert_good(&server, "{\"context\":\"one two three\"}");
    stop(&server);
}
END_TEST

START_TEST(longer_lines_are_not_held)
{
    struct server server = start("--stdio", tiny, NULL);
    assert_good(&server, "{\"context\":\"one two three\"}");
    long before = memory_of(&server, "VmRSS:");
    send_many(&server, (size_t)100 << 20);
    send_bytes(&server, "\n", 1);
    struct reply reply = receive_reply(&server);
    ck_assert(contains(at(&reply, "error")->string, "longer than"));
    release(&reply);
    assert_good(&server, "{\"context\":\"one two three\"}");
    long most = memory_of(&server, "VmHWM:"),
         after = memory_of(&server, "VmRSS:");
    if (getenv("PITH_QUICK") == NULL) {
        ck_assert_msg(most - before < 40 << 10, "%ld kB more", most - before);
        ck_assert_msg(after - before < 4 << 10, "%ld kB kept", after - before);
    }
    stop(&server);

    server = start("--mcp", tiny, NULL);
    send_many(&server, (size_t)17 << 20);
    send_bytes(&server, "\n", 1);
    reply = receive_reply(&server);
    ck_json_null(&reply, "id");
    ck_assert_double_eq(number_at(&reply, "error.code"), -32600);
    release(&reply);
    stop(&server);
}
END_TEST

/* --- for a long time --------------------------------------------------------------- */

/* One of many lines, good or bad; false when it is not answered. */
static bool send_any(struct server *server, uint64_t *random, size_t share)
{
    static const char *const good[] = {
        "{\"context\":\"one two three\"}",
        "{\"name\":\"n\",\"context\":[\"a b\",\"c\"],\"options\":{\"rate\":0.5,"
        "\"method\":\"reference\",\"question\":\"why?\"}}",
        "{\"function\":\"score\",\"text\":\"a b\"}",
        "{\"function\":\"recover\",\"original_prompt\":\"a b c\","
        "\"compressed_prompt\":\"a c\",\"response\":\"a c\"}",
    };
    size_t kind = random_below(random, 100);
    if (kind < share) {
        send_line(server, good[random_below(random, 4)]);
    } else if (kind < 99) {
        size_t i = random_below(random, N_BAD + 2);
        if (i < N_BAD)
            send_bytes(server, bad[i].bytes, bad[i].size);
        else if (i == N_BAD)
            send_many(server, 1000 + random_below(random, 100000));
        send_bytes(server, "\n", 1); /* else: a blank line */
        return i <= N_BAD;
    } else {
        char text[600];
        size_t n = random_below(random, 500);
        for (size_t i = 0; i < n; i++)
            text[i] = (char)(random_below(random, 255) + 1);
        for (size_t i = 0; i < n; i++)
            if (text[i] == '\n')
                text[i] = '{';
        send_bytes(server, "{\"context\":", 11); /* never blank */
        send_bytes(server, text, n);
        send_bytes(server, "\n", 1);
    }
    return true;
}

/* 10,000 lines leave no more memory behind than 1,000. */
static void live_long(const char *model, size_t share)
{
    bool quick = getenv("PITH_QUICK") != NULL;
    size_t n = quick ? 600 : 10000, early = quick ? 100 : 1000;
    long at_start, at_early = 0;
    uint64_t random = 20240611;
    struct server server = start("--stdio", model, NULL);
    assert_good(&server, "{\"context\":\"one two three\"}");
    at_start = memory_of(&server, "VmRSS:");
    for (size_t i = 0; i < n; i++) {
        if (send_any(&server, &random, share)) {
            char *reply = receive(&server);
            ck_assert_msg(reply != NULL, "line %zu ended it", i);
            ck_assert(strncmp(reply, "{\"name\":", 8) == 0);
            free(reply);
        }
        if (i == early)
            at_early = memory_of(&server, "VmRSS:");
    }
    long at_end = memory_of(&server, "VmRSS:");
    fprintf(stderr, "serve: %ld kB at the start, %ld after %zu lines, %ld after "
            "%zu\n", at_start, at_early, early, at_end, n);
    if (!quick)
        ck_assert_msg(at_end - at_early < 512, "%ld kB more after %zu lines",
                      at_end - at_early, n);
    assert_good(&server, "{\"context\":\"one two three\"}");
    stop(&server);
}

START_TEST(memory_does_not_grow)
{
    live_long(tiny, 30);
}
END_TEST

START_TEST(memory_does_not_grow_with_the_real_model)
{
    static const char path[] = "weights/default.pith";
    if (access(path, R_OK) != 0)
        fprintf(stderr, "SKIPPED: %s is not here\n", path);
    else
        live_long(path, 5);
}
END_TEST

/* --- the Model Context Protocol ------------------------------------------------------ */

START_TEST(mcp_is_spoken)
{
    struct server server = start("--mcp", tiny, "--rate=1");
    send_line(&server, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\","
                       "\"params\":{\"protocolVersion\":\"2025-06-18\"}}");
    struct reply reply = receive_reply(&server);
    ck_json_string(&reply, "result.protocolVersion", "2025-06-18");
    release(&reply);
    send_line(&server, "{\"jsonrpc\":\"2.0\",\"method\":"
                       "\"notifications/initialized\"}");
    send_line(&server, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\","
                       "\"params\":{\"name\":\"compress\",\"arguments\":"
                       "{\"context\":\"one two three\"}}}");
    reply = receive_reply(&server);
    ck_json_string(&reply, "result.structuredContent.compressed_prompt",
                   "one two three");
    release(&reply);
    for (size_t i = 0; i < 9; i++) { /* those that are not JSON */
        send_bytes(&server, bad[i].bytes, bad[i].size);
        send_bytes(&server, "\n", 1);
        reply = receive_reply(&server);
        ck_assert_double_eq(number_at(&reply, "error.code"), -32700);
        release(&reply);
    }
    send_line(&server, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"ping\"}");
    reply = receive_reply(&server);
    ck_assert_double_eq(number_at(&reply, "id"), 3);
    release(&reply);
    stop(&server);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("serve");
    TCase *tcase = tcase_create("serve");
    tcase_set_timeout(tcase, 300);
    tcase_add_unchecked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, each_line_is_answered_at_once);
    tcase_add_test(tcase, all_functions_are_served);
    tcase_add_test(tcase, options_are_the_defaults_of_requests);
    tcase_add_test(tcase, a_request_that_takes_too_long_is_stopped);
    tcase_add_test(tcase, the_last_line_needs_no_line_feed);
    tcase_add_test(tcase, nothing_is_a_good_input_too);
    tcase_add_test(tcase, a_reader_that_goes_ends_it);
    tcase_add_test(tcase, bad_lines_are_answered_with_errors);
    tcase_add_test(tcase, lines_up_to_16_mib_are_read);
    tcase_add_test(tcase, longer_lines_are_not_held);
    tcase_add_test(tcase, memory_does_not_grow);
    tcase_add_test(tcase, memory_does_not_grow_with_the_real_model);
    tcase_add_test(tcase, mcp_is_spoken);
    suite_add_tcase(suite, tcase);
    return suite;
}
