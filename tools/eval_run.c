/*
 * eval_run.c - pith eval run: sends a batch file to an OpenAI-compatible
 * server, some requests at a time.
 *
 * Answers are added to a file line by line.  Each request on its way has a
 * slot, the file ANSWERS.asking-N: the request's id in its first line, then
 * what curl writes; its body is in ANSWERS.sending-N.  Should pith be killed,
 * curl continues, and the next run waits for it (curl holds the slot's lock) and
 * takes what came: nothing is asked twice.
 */
#define _DEFAULT_SOURCE 1 /* flock */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common.h"
#include "curl.h"
#include "endpoint.h"
#include "eval.h"
#include "files.h"
#include "signals.h"

struct arguments {
    const char *endpoint, *key_variable, *key_file, *output;
    size_t n_parallel, n_retries, seconds;
    double wait;
    bool quiet;
};

#define AT(member) offsetof(struct arguments, member)

enum { MAX_PARALLEL = 64, MAX_PATH_BYTES = 4096 };

#define SLOT_ENDING ".asking-%zu"
#define BODY_ENDING ".sending-%zu"

static const struct option options[] = {
    {0, "endpoint", "URL", OPTION_WORD, AT(endpoint), 0, 0,
     "of the server, as http://127.0.0.1:8080/v1;\n"
     "/chat/completions is added, /v1 where nothing is"},
    {0, "key-file", "FILE", OPTION_INPUT, AT(key_file), 0, 0,
     "with the API key"},
    {0, "key-variable", "NAME", OPTION_WORD, AT(key_variable), 0, 0,
     "variable of the environment with the API key\n"
     "(OPENAI_API_KEY where it is set)"},
    {0, "parallel", "N", OPTION_COUNT, AT(n_parallel), 1, MAX_PARALLEL,
     "requests at a time (4)"},
    {0, "retries", "N", OPTION_COUNT, AT(n_retries), 0, 100,
     "of a request that fails (5)"},
    {0, "wait", "S", OPTION_REAL, AT(wait), 0, 3600,
     "seconds before the first of them, twice as many\n"
     "before each next, at most 60 (1)"},
    {0, "timeout", "S", OPTION_COUNT, AT(seconds), 1, 86400,
     "seconds that an answer may take (300)"},
    {'o', "output", "FILE", OPTION_OUTPUT, AT(output), 0, 0,
     "answers are added to it; what it has is not asked"},
    {'q', "quiet", NULL, OPTION_FLAG, AT(quiet), 0, 0,
     "no report and no progress on stderr"},
};

static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal_number)
{
    (void)signal_number;
    is_interrupted = 1;
}

/* A request on its way, or one that waits for its next try. */
struct slot {
    char path[MAX_PATH_BYTES], body_path[MAX_PATH_BYTES];
    int file; /* locked; -1: not open */
    pid_t child; /* 0: none */
    bool is_taken;
    bool is_own; /* what was there is of an earlier run, if anything was */
    size_t index, n_tries;
    double not_before;
};

struct work {
    const struct arguments *arguments;
    struct pith_requests *requests;
    struct eval_log log;
    char url[MAX_PATH_BYTES];
    char *key;
    struct slot slots[MAX_PARALLEL];
    size_t next; /* request to look at; from their number on, the second time */
    size_t n_before, n_answered, n_cut, n_thoughts, n_refused, n_failed;
    size_t n_in_a_row; /* requests that failed since the last that did not */
    bool is_over; /* the endpoint is of no use */
    double shown; /* when progress was, last */
};

/* --- messages ------------------------------------------------------------ */

static void show_progress(struct work *work)
{
    bool is_terminal = isatty(STDERR_FILENO) != 0;
    double now = tool_seconds();
    if (work->arguments->quiet ||
        now - work->shown < (is_terminal ? 0.2 : 30))
        return;
    work->shown = now;
    fprintf(stderr, "%spith: %zu of %zu answered, %zu failed%s",
            is_terminal ? "\r\033[K" : "",
            work->n_before + work->n_answered,
            pith_requests_count(work->requests), work->n_failed,
            is_terminal ? "" : "\n");
    fflush(stderr);
}

static void erase_progress(const struct work *work)
{
    if (!work->arguments->quiet && isatty(STDERR_FILENO) && work->shown > 0)
        fputs("\r\033[K", stderr);
}

/* What happens to a request, and why. */
static void say(struct work *work, size_t index, const char *what,
                const char *why)
{
    struct pith_text id = pith_requests_id(work->requests, index);
    id.size = id.size < 80 ? id.size : 80;
    erase_progress(work);
    fputs("pith: ", stderr);
    tool_print_piece(stderr, id);
    fprintf(stderr, " %s: %s\n", what, why);
}

/* --- slots ---------------------------------------------------------------- */

static int in_the_way(const char *path)
{
    return tool_fail("%s: exists already and was not made by pith eval run; "
                     "remove it, or give -o another name", path);
}

/* Nobody else may say what was answered, or have a file of ours emptied by
 * another name. */
static bool is_own_file(int file)
{
    struct stat about;
    return fstat(file, &about) == 0 && S_ISREG(about.st_mode) &&
           about.st_uid == geteuid() && about.st_nlink == 1;
}

static int open_slot(struct work *work, size_t n, bool make)
{
    struct slot *slot = &work->slots[n];
    snprintf(slot->path, sizeof slot->path, "%s" SLOT_ENDING,
             work->arguments->output, n);
    int length = snprintf(slot->body_path, sizeof slot->body_path,
                          "%s" BODY_ENDING, work->arguments->output, n);
    slot->file = -1;
    if (length < 0 || (size_t)length >= sizeof slot->body_path)
        return tool_fail("%.200s: the path is too long",
                         work->arguments->output);
    slot->file = open(slot->path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW |
                                      (make ? O_CREAT : 0), 0600);
    if (slot->file < 0)
        return make || errno != ENOENT
                   ? tool_fail("%s: %s", slot->path, strerror(errno))
                   : TOOL_OK;
    if (!is_own_file(slot->file))
        return in_the_way(slot->path);
    if (flock(slot->file, LOCK_EX | LOCK_NB) != 0) {
        if (!work->arguments->quiet)
            fprintf(stderr, "pith: waiting for a request of another run (%s)\n",
                    slot->path);
        while (flock(slot->file, LOCK_EX) != 0)
            if (errno != EINTR || is_interrupted)
                return tool_fail("%s: cannot be locked: %s", slot->path,
                                 strerror(errno));
    }
    return TOOL_OK;
}

static int read_slot(const struct slot *slot, struct text *text)
{
    return tool_read(slot->path, text);
}

/* A body goes before its slot is emptied, so that one beside an empty slot is
 * somebody else's. */
static int empty_slot(struct slot *slot)
{
    remove(slot->body_path);
    return ftruncate(slot->file, 0) == 0
               ? TOOL_OK
               : tool_fail("%s: %s", slot->path, strerror(errno));
}

/* After a failure of our own a slot may have a reply that the next run takes;
 * the body of a request on its way is curl's. */
static void close_slots(struct work *work, bool are_empty)
{
    for (size_t i = 0; i < MAX_PARALLEL; i++) {
        struct slot *slot = &work->slots[i];
        if (slot->file < 0)
            continue;
        if (slot->child == 0 && slot->is_own)
            remove(slot->body_path);
        if (are_empty)
            remove(slot->path);
        close(slot->file);
    }
}

/* --- replies -------------------------------------------------------------- */

enum {
    MAX_IN_A_ROW = 3,
    LONGEST_WAIT = 60,     /* seconds, of our own accord */
    LONGEST_ASKED = 600,   /* because the server asks for it */
    WAIT_TO_SPEAK_OF = 10
};

/* Waits for another try, if there is one. */
static bool try_again(struct work *work, struct slot *slot, double asked,
                      const char *why)
{
    double wait = work->arguments->wait;
    char what[80];
    if (slot->n_tries > work->arguments->n_retries || asked > LONGEST_ASKED)
        return false;
    for (size_t i = 1; i < slot->n_tries && wait < LONGEST_WAIT; i++)
        wait *= 2;
    if (wait > LONGEST_WAIT)
        wait = LONGEST_WAIT;
    if (wait < asked)
        wait = asked;
    slot->not_before = tool_seconds() + wait;
    snprintf(what, sizeof what, "failed, next try in %.0f s", wait);
    if (wait >= WAIT_TO_SPEAK_OF && !work->arguments->quiet)
        say(work, slot->index, what, why);
    return true;
}

/* A request that no more is done about in this run. */
static void leave(struct work *work, struct slot *slot, bool ends,
                  const char *why)
{
    say(work, slot->index, "failed", why);
    slot->is_taken = false;
    work->n_failed++;
    work->n_in_a_row++;
    work->is_over = work->is_over || ends || work->n_in_a_row >= MAX_IN_A_ROW;
}

/* A request that is done, with an answer or without. */
static void settle(struct work *work, struct slot *slot,
                   const struct pith_reply *reply)
{
    bool is_answer = reply->verdict == PITH_REPLY_ANSWERED;
    if (!is_answer)
        say(work, slot->index, "has no answer and is not asked again",
            reply->why.detail);
    slot->is_taken = false;
    work->n_answered += is_answer;
    work->n_cut += is_answer && reply->is_cut;
    work->n_thoughts += is_answer && reply->had_thought;
    work->n_refused += !is_answer;
    work->n_in_a_row = 0;
}

/* What to do about an endpoint that is of no use. */
static void advise(const struct work *work, const struct curl_reply *reply,
                   char *why, size_t size)
{
    size_t n = strlen(why);
    if (reply->redirect[0] != '\0')
        snprintf(why + n, size - n, "; it points to %s: give that as "
                 "--endpoint if it can be trusted", reply->redirect);
    else if (reply->code == 404 || reply->code == 405)
        snprintf(why + n, size - n, "; %s was asked: give --endpoint what "
                 "is before /chat/completions, as http://HOST:PORT/v1",
                 work->url);
}

static int take_reply(struct work *work, struct slot *slot,
                      const struct curl_reply *reply)
{
    struct pith_error error;
    struct pith_reply taken;
    char why[6000];
    if (pith_requests_take_reply(work->requests, slot->index, reply->code,
                                 reply->body, &taken, &error) != PITH_OK)
        return tool_library(&error);
    bool tried = false;
    snprintf(why, sizeof why, "%s", taken.why.detail);
    switch (taken.verdict) {
    case PITH_REPLY_ANSWERED:
    case PITH_REPLY_NO_ANSWER:
        settle(work, slot, &taken);
        break;
    case PITH_REPLY_TRY_AGAIN:
        tried = try_again(work, slot, reply->retry_after, why);
        if (!tried && reply->retry_after > LONGEST_ASKED)
            snprintf(why, sizeof why, "%s; the server asks to wait %.0f s",
                     taken.why.detail, reply->retry_after);
        if (!tried)
            leave(work, slot, reply->retry_after > LONGEST_ASKED, why);
        break;
    case PITH_REPLY_LEAVE:
        leave(work, slot, false, why);
        break;
    case PITH_REPLY_STOP:
        advise(work, reply, why, sizeof why);
        leave(work, slot, true, why);
        break;
    }
    int code = TOOL_OK;
    if (!tried && taken.verdict != PITH_REPLY_STOP)
        code = eval_log_write(&work->log, taken.line);
    pith_free(taken.line);
    return code;
}

/* Nothing came, or part of something. */
static void take_no_reply(struct work *work, struct slot *slot,
                          struct pith_text complaint, int status)
{
    char why[400];
    bool is_hopeless = curl_is_hopeless(status);
    snprintf(why, sizeof why, "%.*s",
             complaint.size < 300 ? (int)complaint.size : 300,
             complaint.bytes);
    if (is_hopeless || !try_again(work, slot, 0, why))
        leave(work, slot, is_hopeless, why);
}

/* What the slot's curl left, now that it has ended. */
static int finish(struct work *work, struct slot *slot, int status)
{
    struct text text = {0};
    int code = read_slot(slot, &text);
    size_t skip = pith_requests_id(work->requests, slot->index).size + 1;
    slot->child = 0;
    if (code == TOOL_OK && text.size >= skip) {
        struct curl_reply reply = curl_read(
            (struct pith_text){text.bytes + skip, text.size - skip}, status);
        if (reply.code > 0)
            code = take_reply(work, slot, &reply);
        else
            take_no_reply(work, slot, reply.body, status);
    }
    free(text.bytes);
    return code == TOOL_OK ? empty_slot(slot) : code;
}

/* --- what an earlier run left --------------------------------------------- */

/* The request whose id the text starts with, as far as a killed run came with
 * it; their number when there is none. */
static size_t find_owner(const struct work *work, const struct text *text)
{
    size_t n = pith_requests_count(work->requests);
    for (size_t i = 0; i < n; i++) {
        struct pith_text id = pith_requests_id(work->requests, i);
        size_t common = text->size < id.size ? text->size : id.size;
        if (memcmp(text->bytes, id.bytes, common) == 0 &&
            (text->size <= id.size || text->bytes[id.size] == '\n'))
            return i;
    }
    return n;
}

/* Takes the reply of a slot whose run was killed, if it came. */
static int take_old(struct work *work, struct slot *slot,
                    const struct text *text)
{
    size_t index = find_owner(work, text);
    if (index == pith_requests_count(work->requests))
        return in_the_way(slot->path);
    size_t skip = pith_requests_id(work->requests, index).size + 1;
    if (text->size < skip || pith_requests_is_done(work->requests, index))
        return TOOL_OK;
    struct curl_reply reply = curl_read(
        (struct pith_text){text->bytes + skip, text->size - skip}, 0);
    if (reply.code != 200)
        return TOOL_OK;
    slot->index = index;
    slot->n_tries = 1;
    int code = take_reply(work, slot, &reply);
    slot->is_taken = false;
    return code;
}

static int take_old_reply(struct work *work, struct slot *slot)
{
    struct text text = {0};
    int code = read_slot(slot, &text);
    if (code != TOOL_OK)
        return code;
    if (text.size > 0) {
        code = take_old(work, slot, &text);
    } else if (tool_name_is_taken(slot->body_path)) {
        remove(slot->path);
        code = in_the_way(slot->body_path);
    }
    free(text.bytes);
    if (code != TOOL_OK)
        return code;
    slot->is_own = true;
    return empty_slot(slot);
}

static int open_slots(struct work *work)
{
    int code = TOOL_OK;
    for (size_t i = 0; i < MAX_PARALLEL && code == TOOL_OK; i++) {
        code = open_slot(work, i, i < work->arguments->n_parallel);
        if (code == TOOL_OK && work->slots[i].file >= 0)
            code = take_old_reply(work, &work->slots[i]);
    }
    return code;
}

/* --- asking --------------------------------------------------------------- */

static int start(struct work *work, struct slot *slot)
{
    struct pith_text id = pith_requests_id(work->requests, slot->index);
    struct curl_request request = {
        .url = work->url, .key = work->key,
        .seconds = (unsigned)work->arguments->seconds,
        .body = pith_requests_body(work->requests, slot->index),
        .body_path = slot->body_path};
    int code = empty_slot(slot);
    if (code != TOOL_OK)
        return code;
    if (write(slot->file, id.bytes, id.size) != (ssize_t)id.size ||
        write(slot->file, "\n", 1) != 1)
        return tool_fail("%s: %s", slot->path, strerror(errno));
    slot->n_tries++;
    slot->child = curl_start(&request, slot->file);
    return slot->child != 0 ? TOOL_OK
                            : tool_fail("%s: curl cannot be started: %s",
                                        slot->body_path, strerror(errno));
}

/* Whether a request is to be asked now: those that failed in an earlier run
 * come last, so that they hold up no other. */
static bool is_due(const struct work *work, size_t index, bool is_second_time)
{
    return !pith_requests_is_done(work->requests, index) &&
           pith_requests_has_failed(work->requests, index) == is_second_time;
}

/* The next request that nobody has answered. */
static bool take_next(struct work *work, struct slot *slot)
{
    size_t n = pith_requests_count(work->requests);
    while (work->next < 2 * n &&
           !is_due(work, work->next % n, work->next >= n))
        work->next++;
    if (work->next == 2 * n)
        return false;
    slot->index = work->next++ % n;
    slot->n_tries = 0;
    slot->not_before = 0;
    slot->is_taken = true;
    return true;
}

/* Starts what may be started.  *n_running counts; *wake is when the next of
 * those that wait may be tried again. */
static int start_all(struct work *work, size_t *n_running, double *wake)
{
    int code = TOOL_OK;
    *n_running = 0;
    *wake = 0;
    for (size_t i = 0; i < work->arguments->n_parallel && code == TOOL_OK;
         i++) {
        struct slot *slot = &work->slots[i];
        bool stops = work->is_over || is_interrupted;
        if (slot->child == 0 && !stops &&
            (slot->is_taken || take_next(work, slot))) {
            if (slot->not_before <= tool_seconds())
                code = start(work, slot);
            else if (*wake <= 0 || slot->not_before < *wake)
                *wake = slot->not_before;
        }
        *n_running += slot->child != 0;
    }
    return code;
}

static struct slot *slot_of(struct work *work, pid_t child)
{
    for (size_t i = 0; i < work->arguments->n_parallel; i++)
        if (work->slots[i].child == child)
            return &work->slots[i];
    return NULL;
}

static void sleep_until(double wake)
{
    double seconds = wake - tool_seconds();
    if (seconds <= 0)
        return;
    struct timespec time = {(time_t)seconds,
                            (long)(1e9 * (seconds - (double)(time_t)seconds))};
    nanosleep(&time, NULL);
}

static int ask_all(struct work *work)
{
    for (;;) {
        size_t n_running;
        double wake;
        int code = start_all(work, &n_running, &wake);
        if (code != TOOL_OK)
            return code;
        show_progress(work);
        if (n_running == 0 && wake <= 0)
            return TOOL_OK;
        if (n_running == 0) {
            sleep_until(wake);
            continue;
        }
        int status;
        pid_t child = waitpid(-1, &status, 0);
        struct slot *slot = child > 0 ? slot_of(work, child) : NULL;
        if (slot != NULL)
            code = finish(work, slot, status);
        else if (child < 0 && errno != EINTR)
            code = tool_fail("curl cannot be waited for: %s", strerror(errno));
        if (code != TOOL_OK)
            return code;
    }
}

/* --- the command ---------------------------------------------------------- */

static int report(struct work *work)
{
    size_t n = pith_requests_count(work->requests), n_open = 0;
    for (size_t i = 0; i < n; i++)
        n_open += !pith_requests_is_done(work->requests, i);
    erase_progress(work);
    if (!work->arguments->quiet)
        fprintf(stderr, "pith: %zu answers, %zu there already, %zu refused, "
                        "%zu failed, %zu open; answers at max_tokens: %zu, "
                        "after reasoning that is cut: %zu\n",
                work->n_answered, work->n_before, work->n_refused,
                work->n_failed, n_open, work->n_cut, work->n_thoughts);
    if (n_open == 0)
        return TOOL_OK;
    return tool_fail(work->is_over
                         ? "%s fails, so no more was asked; nothing is "
                           "lost: the same command continues"
                         : "%s has left requests open; the same command asks "
                           "them again", work->url);
}

/* Answers are read again by the next run, and slots are beside them. */
static int check_output(const struct command *command, const char *path)
{
    struct pith_place place;
    struct pith_error error;
    if (path == NULL || strcmp(path, "-") == 0)
        return tool_usage(command, "give -o FILE for the answers");
    if (pith_place_find(path, &place, &error) != PITH_OK)
        return tool_library(&error);
    return place.kind <= PITH_FILE_REGULAR
               ? TOOL_OK
               : tool_usage(command, "-o \"%.200s\" is not a file; answers are "
                                     "added to one", path);
}

static int load(struct work *work, const char *path)
{
    struct pith_error error;
    struct text text = {0};
    int code = tool_read(path, &text);
    if (code == TOOL_OK &&
        pith_requests_load(&work->requests, tool_view(&text), path, &error) !=
            PITH_OK)
        code = tool_library(&error);
    free(text.bytes);
    if (code == TOOL_OK)
        code = eval_log_read(&work->log, work->arguments->output,
                             "{\"custom_id\":");
    if (code == TOOL_OK &&
        pith_requests_read_answers(work->requests, tool_view(&work->log.text),
                                   work->arguments->output, &error) != PITH_OK)
        code = tool_library(&error);
    if (code == TOOL_OK)
        code = eval_log_open(&work->log);
    if (code != TOOL_OK)
        return code;
    for (size_t i = 0; i < pith_requests_count(work->requests); i++)
        work->n_before += pith_requests_is_done(work->requests, i);
    return TOOL_OK;
}

static int ask(struct work *work, const char *path)
{
    int code = load(work, path);
    if (code == TOOL_OK)
        code = open_slots(work);
    if (code == TOOL_OK)
        code = ask_all(work);
    close_slots(work, code == TOOL_OK);
    if (code == TOOL_OK)
        code = report(work);
    int closed = eval_log_close(&work->log);
    pith_requests_free(work->requests);
    return code == TOOL_OK ? closed : code;
}

static int begin(const struct command *command,
                 const struct operands *operands, void *given)
{
    const struct arguments *arguments = given;
    struct work *work = calloc(1, sizeof *work);
    if (work == NULL)
        return tool_no_memory();
    work->arguments = arguments;
    for (size_t i = 0; i < MAX_PARALLEL; i++)
        work->slots[i].file = -1;
    int code = endpoint_url(command, arguments->endpoint, work->url,
                            sizeof work->url);
    if (code == TOOL_OK)
        code = check_output(command, arguments->output);
    if (code == TOOL_OK)
        code = endpoint_key(command, arguments->key_variable,
                            arguments->key_file, &work->key);
    if (code == TOOL_OK) {
        work->shown = isatty(STDERR_FILENO) ? 0 : tool_seconds();
        tool_signals_call(interrupt);
        signal(SIGCHLD, SIG_DFL); /* ignored, no end could be waited for */
        code = ask(work, operands->items[0]);
    }
    free(work->key);
    free(work);
    return code;
}

/* The slots. */
static void list_files(const struct operands *operands, const void *given,
                       struct file_list *list)
{
    const struct arguments *arguments = given;
    char ending[32];
    (void)operands;
    for (size_t i = 0; i < MAX_PARALLEL; i++) {
        snprintf(ending, sizeof ending, SLOT_ENDING, i);
        tool_files_output_with(list, "output", arguments->output, ending);
        snprintf(ending, sizeof ending, BODY_ENDING, i);
        tool_files_output_with(list, "output", arguments->output, ending);
    }
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {
        .n_parallel = 4, .n_retries = 5, .seconds = 300, .wait = 1};
    return tool_options_run(command, argc, argv, &arguments, begin);
}

const struct command tool_eval_run = {
    .name = "eval run",
    .operands = "REQUESTS",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "send requests to an OpenAI-compatible server",
    .about =
        "Sends a batch file (of pith eval prepare or pith align requests) by\n"
        "the program curl and adds the answers to a file.  A run that was\n"
        "stopped or killed continues where it was; a request that fails is\n"
        "tried again, later each time; replies that are not answers are named\n"
        "in the file (docs/EVALUATION.md).  The API key is written nowhere.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .list_files = list_files,
    .run = run,
};
