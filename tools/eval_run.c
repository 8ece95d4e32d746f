/*
 * eval_run.c - pith eval run: sends a batch file to an OpenAI-compatible
 * server, some requests at a time.
 *
 * Answers are added to a file line by line.  Each request on its way has a
 * slot, the file ANSWERS.asking-N: the request's id in its first line, then
 * what curl writes.  Should pith be killed, curl goes on, and the next run
 * waits for it (curl holds the slot's lock) and takes what came: nothing is
 * asked twice.
 */
#define _DEFAULT_SOURCE 1 /* flock */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common.h"
#include "curl.h"
#include "eval.h"

struct arguments {
    const char *endpoint, *key_variable, *output;
    size_t n_parallel, n_retries, seconds;
    double wait;
    bool quiet;
};

#define AT(member) offsetof(struct arguments, member)

enum { MAX_PARALLEL = 64, MAX_PATH_BYTES = 4096 };

static const struct option options[] = {
    {0, "endpoint", "URL", OPTION_WORD, AT(endpoint), 0, 0,
     "of the server, as http://127.0.0.1:8080/v1"},
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
    {'o', "output", "FILE", OPTION_WORD, AT(output), 0, 0,
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

static void listen_for_interrupts(void)
{
    struct sigaction action = {.sa_handler = interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* A request on its way, or one that waits for its next try. */
struct slot {
    char path[MAX_PATH_BYTES];
    int file; /* locked; -1: not open */
    pid_t child; /* 0: none */
    bool is_taken;
    size_t index, n_tries;
    double not_before;
};

struct work {
    const struct arguments *arguments;
    struct pith_requests *requests;
    struct eval_log log;
    char url[MAX_PATH_BYTES];
    const char *key;
    struct slot slots[MAX_PARALLEL];
    size_t next; /* request to look at */
    size_t n_before, n_answered, n_refused, n_failed, n_in_a_row;
    bool is_over; /* the endpoint is of no use */
    double shown; /* when progress was, last */
};

/* --- what is said --------------------------------------------------------- */

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

/* Why a request is given up or refused. */
static void say(struct work *work, size_t index, const char *what,
                const char *why)
{
    struct pith_text id = pith_requests_id(work->requests, index);
    erase_progress(work);
    tool_fail("%.*s %s: %s", id.size < 80 ? (int)id.size : 80, id.bytes, what,
              why);
}

/* --- slots ---------------------------------------------------------------- */

static int open_slot(struct work *work, size_t n, bool make)
{
    struct slot *slot = &work->slots[n];
    int length = snprintf(slot->path, sizeof slot->path, "%s.asking-%zu",
                          work->arguments->output, n);
    slot->file = -1;
    if (length < 0 || (size_t)length >= sizeof slot->path)
        return tool_fail("%.200s: the path is too long",
                         work->arguments->output);
    slot->file = open(slot->path, O_RDWR | O_APPEND | O_CLOEXEC |
                                      (make ? O_CREAT : 0), 0600);
    if (slot->file < 0)
        return make ? tool_fail("%s: %s", slot->path, strerror(errno))
                    : TOOL_OK;
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

static int empty_slot(struct slot *slot)
{
    return ftruncate(slot->file, 0) == 0
               ? TOOL_OK
               : tool_fail("%s: %s", slot->path, strerror(errno));
}

static void close_slots(struct work *work)
{
    for (size_t i = 0; i < MAX_PARALLEL; i++) {
        if (work->slots[i].file < 0)
            continue;
        remove(work->slots[i].path);
        close(work->slots[i].file);
    }
}

/* --- replies -------------------------------------------------------------- */

/* Codes after which no request will do better. */
static bool ends_all(int code)
{
    return code == 401 || code == 403 || code == 404 || code == 405;
}

/* Codes that say that this request is at fault. */
static bool is_refusal(int code)
{
    return code >= 400 && code < 500 && code != 408 && code != 409 &&
           code != 425 && code != 429 && !ends_all(code);
}

static int write_line(struct work *work, char *line)
{
    int code = eval_log_write(&work->log, line);
    pith_free(line);
    return code;
}

static int refuse(struct work *work, size_t index, int code, const char *why)
{
    struct pith_error error;
    char *line;
    say(work, index, "is refused", why);
    if (pith_requests_refuse(work->requests, index, code, why, &line, &error) !=
        PITH_OK)
        return tool_library(&error);
    work->n_refused++;
    work->n_in_a_row = 0;
    return write_line(work, line);
}

/* A failure that may be gone the next time. */
static void fail(struct work *work, struct slot *slot, bool ends,
                 const char *why)
{
    enum { MOST_IN_A_ROW = 3, LONGEST = 60 };
    double wait = work->arguments->wait;
    if (!ends && slot->n_tries <= work->arguments->n_retries) {
        for (size_t i = 1; i < slot->n_tries && wait < LONGEST; i++)
            wait *= 2;
        slot->not_before = tool_seconds() + (wait < LONGEST ? wait : LONGEST);
        return;
    }
    say(work, slot->index, "failed", why);
    slot->is_taken = false;
    work->n_failed++;
    work->n_in_a_row++;
    work->is_over = work->is_over || ends || work->n_in_a_row >= MOST_IN_A_ROW;
}

/* One line about what came. */
static void describe(const struct curl_reply *reply, char *why, size_t size)
{
    size_t n = reply->body.size < 300 ? reply->body.size : 300;
    snprintf(why, size, "%.*s", (int)n,
             reply->body.size > 0 ? reply->body.bytes : "no reply");
    for (char *c = why; *c != '\0'; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' ';
}

static int take_reply(struct work *work, struct slot *slot,
                      const struct curl_reply *reply)
{
    struct pith_error error;
    char *line, why[400];
    if (reply->code == 0) {
        describe(reply, why, sizeof why);
        fail(work, slot, strstr(why, "cannot be run") != NULL, why);
        return TOOL_OK;
    }
    enum pith_status status =
        pith_requests_take_reply(work->requests, slot->index, reply->code,
                                 reply->body, &line, &error);
    if (status == PITH_OK) {
        work->n_answered++;
        work->n_in_a_row = 0;
        slot->is_taken = false;
        return write_line(work, line);
    }
    if (status != PITH_ERR_FORMAT)
        return tool_library(&error);
    if (is_refusal(reply->code)) {
        slot->is_taken = false;
        return refuse(work, slot->index, reply->code, error.detail);
    }
    fail(work, slot, ends_all(reply->code), error.detail);
    return TOOL_OK;
}

/* What the slot's curl, which has ended, left behind. */
static int finish(struct work *work, struct slot *slot)
{
    struct text text = {0};
    int code = read_slot(slot, &text);
    slot->child = 0;
    if (code == TOOL_OK) {
        const char *feed = memchr(text.bytes, '\n', text.size);
        size_t skip = feed != NULL ? (size_t)(feed - text.bytes) + 1 : 0;
        struct curl_reply reply = curl_read(
            (struct pith_text){text.bytes + skip, text.size - skip});
        code = take_reply(work, slot, &reply);
    }
    free(text.bytes);
    return code == TOOL_OK ? empty_slot(slot) : code;
}

/* --- what an earlier run left --------------------------------------------- */

/* Takes the reply of a slot whose run was killed, if it came. */
static int take_old_reply(struct work *work, struct slot *slot)
{
    struct text text = {0};
    int code = read_slot(slot, &text);
    if (code != TOOL_OK)
        return code;
    size_t n_id = strcspn(text.bytes, "\n");
    size_t index = pith_requests_find(
        work->requests, (struct pith_text){text.bytes, n_id});
    size_t skip = n_id < text.size ? n_id + 1 : n_id;
    struct curl_reply reply =
        curl_read((struct pith_text){text.bytes + skip, text.size - skip});
    if (index < pith_requests_count(work->requests) &&
        !pith_requests_is_done(work->requests, index) && reply.is_whole &&
        reply.code == 200) {
        slot->index = index;
        slot->n_tries = 1;
        code = take_reply(work, slot, &reply);
    }
    slot->is_taken = false;
    free(text.bytes);
    return code == TOOL_OK ? empty_slot(slot) : code;
}

static int open_slots(struct work *work)
{
    int code = TOOL_OK;
    for (size_t i = 0; i < MAX_PARALLEL; i++)
        work->slots[i].file = -1;
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
        .body = pith_requests_body(work->requests, slot->index)};
    int code = empty_slot(slot);
    if (code != TOOL_OK)
        return code;
    if (write(slot->file, id.bytes, id.size) != (ssize_t)id.size ||
        write(slot->file, "\n", 1) != 1)
        return tool_fail("%s: %s", slot->path, strerror(errno));
    slot->n_tries++;
    slot->child = curl_start(&request, slot->file);
    return slot->child != 0 ? TOOL_OK
                            : tool_fail("curl cannot be started: %s",
                                        strerror(errno));
}

/* The next request that nobody has answered. */
static bool take_next(struct work *work, struct slot *slot)
{
    size_t n = pith_requests_count(work->requests);
    while (work->next < n && pith_requests_is_done(work->requests, work->next))
        work->next++;
    if (work->next == n)
        return false;
    slot->index = work->next++;
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
        pid_t child = waitpid(-1, NULL, 0);
        struct slot *slot = child > 0 ? slot_of(work, child) : NULL;
        if (slot != NULL)
            code = finish(work, slot);
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
                        "%zu failed, %zu open\n", work->n_answered,
                work->n_before, work->n_refused, work->n_failed, n_open);
    if (n_open == 0)
        return TOOL_OK;
    return tool_fail(work->is_over
                         ? "%s fails, so that no more was asked; nothing is "
                           "lost: the same command goes on"
                         : "%s has left requests open; the same command asks "
                           "them again", work->url);
}

/* The URL of chat completions, of a server's. */
static int make_url(const struct command *command, const char *endpoint,
                    char *url)
{
    static const char tail[] = "/chat/completions";
    size_t n = endpoint != NULL ? strlen(endpoint) : 0, n_tail = strlen(tail);
    if (n == 0)
        return tool_usage(command, "give --endpoint URL");
    if ((strncmp(endpoint, "http://", 7) != 0 &&
         strncmp(endpoint, "https://", 8) != 0) ||
        strpbrk(endpoint, " \t\r\n") != NULL || n + n_tail >= MAX_PATH_BYTES)
        return tool_usage(command, "--endpoint \"%.200s\": expected http://... "
                                   "or https://...", endpoint);
    while (n > 0 && endpoint[n - 1] == '/')
        n--;
    bool whole = n >= n_tail &&
                 strncmp(endpoint + n - n_tail, tail, n_tail) == 0;
    snprintf(url, MAX_PATH_BYTES, "%.*s%s", (int)n, endpoint,
             whole ? "" : tail);
    return TOOL_OK;
}

static int find_key(const struct command *command, const char *variable,
                    const char **key)
{
    *key = getenv(variable != NULL ? variable : "OPENAI_API_KEY");
    if (*key != NULL && **key == '\0')
        *key = NULL;
    if (*key == NULL && variable != NULL)
        return tool_usage(command, "--key-variable: the environment has no %s",
                          variable);
    for (const char *c = *key; c != NULL && *c != '\0'; c++)
        if ((unsigned char)*c < 0x20)
            return tool_usage(command, "the API key has a control character "
                                       "in it");
    return TOOL_OK;
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
        code = eval_log_open(&work->log, work->arguments->output);
    if (code == TOOL_OK &&
        pith_requests_read_answers(work->requests, tool_view(&work->log.text),
                                   work->arguments->output, &error) != PITH_OK)
        code = tool_library(&error);
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
    if (code == TOOL_OK) {
        close_slots(work);
        code = report(work);
    }
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
    int code = make_url(command, arguments->endpoint, work->url);
    if (code == TOOL_OK && arguments->output == NULL)
        code = tool_usage(command, "give -o FILE for the answers");
    if (code == TOOL_OK)
        code = find_key(command, arguments->key_variable, &work->key);
    if (code == TOOL_OK) {
        work->shown = isatty(STDERR_FILENO) ? 0 : tool_seconds();
        listen_for_interrupts();
        code = ask(work, operands->items[0]);
    }
    free(work);
    return code;
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
        "stopped or killed goes on where it was; a request that fails is\n"
        "tried again, later each time.  The API key is read from the\n"
        "environment and written nowhere.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
