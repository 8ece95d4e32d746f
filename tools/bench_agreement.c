/*
 * bench_agreement.c - how often two settings decide differently: which tokens
 * they keep for the same requests, and how likely they find the same texts.
 *
 * Replies are read by looking for keys.  That is safe in JSON: inside a
 * string a quote has a backslash in front, so "key": cannot be part of one.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "pith_service.h"

/* What one setting makes of a request. */
struct answer {
    char *reply;  /* of pith_request_run */
    enum pith_status outcome;
    char *losses; /* of pith_score_json on the request's contexts */
    int32_t *kept;
    size_t n_kept;
};

static void free_answer(struct answer *answer)
{
    pith_free(answer->reply);
    pith_free(answer->losses);
    free(answer->kept);
    *answer = (struct answer){0};
}

/* --- reading JSON ------------------------------------------------------------ */

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* Behind the next "key" and colon; NULL when there is none. */
static const char *find_value(const char *json, const char *key)
{
    size_t length = strlen(key);
    while (json != NULL && (json = strstr(json, key)) != NULL) {
        const char *after = skip_blanks(json + length);
        if (*after == ':')
            return skip_blanks(after + 1);
        json += length;
    }
    return NULL;
}

static size_t find_count(const char *json, const char *key)
{
    const char *value = find_value(json, key);
    return value != NULL ? (size_t)strtoull(value, NULL, 10) : 0;
}

/* Behind the closing quote of the string whose opening quote is at `at`. */
static const char *skip_string(const char *at)
{
    for (at++; *at != '\0' && *at != '"'; at++)
        if (*at == '\\' && at[1] != '\0')
            at++;
    return *at == '"' ? at + 1 : at;
}

/* {"text": "all strings of the context, blank lines between"} out of a
 * request that the library has accepted; the strings stay escaped. */
static char *context_request(const char *request)
{
    const char *at = find_value(request, "\"context\"");
    char *text = malloc(strlen(request) * 2 + 64);
    if (text == NULL || at == NULL) {
        free(text);
        return NULL;
    }
    char *out = text + sprintf(text, "{\"text\":\"");
    bool list = *at == '[', first = true;
    for (at += list; *(at = skip_blanks(at)) == '"' || *at == ',';) {
        if (*at == ',') {
            at++;
            continue;
        }
        const char *end = skip_string(at);
        out += sprintf(out, "%s%.*s", first ? "" : "\\n\\n",
                       (int)(end - at - 2), at + 1);
        first = false;
        at = end;
        if (!list)
            break;
    }
    strcpy(out, "\"}");
    return text;
}

/* "kept_ids":[1,2,3]; nothing when it is null. */
static int read_kept(struct answer *answer)
{
    const char *at = find_value(answer->reply, "\"kept_ids\"");
    answer->kept = malloc(strlen(answer->reply) * sizeof *answer->kept);
    if (answer->kept == NULL)
        return tool_no_memory();
    while (at != NULL && (*at == '[' || *at == ',') && at[1] != ']') {
        char *end;
        answer->kept[answer->n_kept++] = (int32_t)strtol(at + 1, &end, 10);
        at = end;
    }
    return TOOL_OK;
}

static void add_losses(const char *json, double *sum, size_t *n)
{
    while ((json = find_value(json, "\"loss\"")) != NULL) {
        *sum += strtod(json, NULL);
        ++*n;
    }
}

/* --- comparing ------------------------------------------------------------------ */

/* Length of the longest sequence of tokens that both have kept, in order. */
static int count_common(const struct answer *a, const struct answer *b,
                        size_t *n_common)
{
    /* row[j]: of what was seen of a, and the first j of b */
    size_t *row = calloc(b->n_kept + 1, sizeof *row);
    if (row == NULL)
        return tool_no_memory();
    for (size_t i = 0; i < a->n_kept; i++) {
        size_t diagonal = 0;
        for (size_t j = 1; j <= b->n_kept; j++) {
            size_t above = row[j];
            if (a->kept[i] == b->kept[j - 1])
                row[j] = diagonal + 1;
            else if (row[j - 1] > above)
                row[j] = row[j - 1];
            diagonal = above;
        }
    }
    *n_common = row[b->n_kept];
    free(row);
    return TOOL_OK;
}

static int add_request(struct bench_agreement *agreement,
                       struct answer answers[2])
{
    size_t n_common = 0, n_same = 0;
    agreement->n_requests++;
    if (answers[0].outcome != PITH_OK || answers[1].outcome != PITH_OK) {
        agreement->n_refused++;
        return TOOL_OK;
    }
    int code = read_kept(&answers[0]);
    if (code == TOOL_OK)
        code = read_kept(&answers[1]);
    if (code == TOOL_OK)
        code = count_common(&answers[0], &answers[1], &n_common);
    if (code != TOOL_OK)
        return code;
    agreement->n_tokens += find_count(answers[0].reply, "\"origin_tokens\"");
    agreement->n_different +=
        answers[0].n_kept + answers[1].n_kept - 2 * n_common;
    add_losses(answers[0].losses, &agreement->loss[0], &agreement->n_losses);
    add_losses(answers[1].losses, &agreement->loss[1], &n_same);
    return TOOL_OK;
}

/* --- running ------------------------------------------------------------------- */

static int ask(struct answer *answer, struct pith_session *session,
               struct pith_text request, enum pith_method method,
               double *seconds)
{
    struct pith_compress_options options;
    struct pith_error error;
    pith_compress_options_init(&options);
    options.method = method;
    options.trace = true;
    double start = tool_seconds();
    if (pith_request_run(session, request, &options, &answer->reply,
                         &answer->outcome, &error) != PITH_OK)
        return tool_library(&error);
    *seconds += tool_seconds() - start;
    if (answer->outcome != PITH_OK)
        return TOOL_OK;
    char *contexts = context_request(request.bytes);
    if (contexts == NULL)
        return tool_no_memory();
    int code = TOOL_OK;
    if (pith_score_json(session, tool_string(contexts), &answer->losses,
                        &error) != PITH_OK)
        code = tool_library(&error);
    free(contexts);
    return code;
}

static int compare_request(struct bench_agreement *agreement,
                           struct opened opened[2], struct pith_text request)
{
    struct answer answers[2] = {{0}};
    int code = TOOL_OK;
    for (size_t i = 0; i < 2 && code == TOOL_OK; i++)
        code = ask(&answers[i], opened[i].session, request, agreement->method,
                   &agreement->seconds[i]);
    if (code == TOOL_OK)
        code = add_request(agreement, answers);
    free_answer(&answers[0]);
    free_answer(&answers[1]);
    return code;
}

static int compare_requests(struct bench_agreement *agreement,
                            struct opened opened[2], const char *path)
{
    bool more = true;
    int code = TOOL_OK;
    FILE *in = tool_open_input(path);
    if (in == NULL)
        return TOOL_FAILED;
    while (code == TOOL_OK && more) {
        struct text line;
        code = tool_read_line(in, path, &line, &more);
        if (code == TOOL_OK && more && *skip_blanks(line.bytes) != '\0')
            code = compare_request(agreement, opened, tool_view(&line));
        free(line.bytes);
    }
    if (in != stdin)
        fclose(in);
    return code;
}

int bench_agree(struct bench_agreement *agreement, const char *model,
                const char *requests, size_t n_threads)
{
    struct opened opened[2] = {{0}};
    int code = TOOL_OK;
    for (size_t i = 0; i < 2 && code == TOOL_OK; i++)
        code = bench_open(&opened[i], model, &agreement->settings[i],
                          n_threads);
    if (code == TOOL_OK)
        code = compare_requests(agreement, opened, requests);
    tool_close(&opened[0]);
    tool_close(&opened[1]);
    return code;
}
