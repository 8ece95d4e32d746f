/*
 * library.c - what the Python package calls: a few functions of plain pointers
 * and numbers, so that no struct of pith.h is described twice.
 *
 * A function that fails returns NULL or false with one line in `detail`, which
 * has DETAIL_SIZE bytes.
 */
#include <stdbool.h>
#include <stdio.h>

#include "pith.h"
#include "pith_service.h"

enum { DETAIL_SIZE = 512 };

static bool ok(enum pith_status status, const struct pith_error *error,
               char *detail)
{
    if (status != PITH_OK)
        snprintf(detail, DETAIL_SIZE, "%s", error->detail);
    return status == PITH_OK;
}

PITH_API
struct pith_model *pith_python_load(const char *path, char *detail)
{
    struct pith_error error;
    struct pith_model *model = NULL;
    return ok(pith_model_load(path, NULL, &model, &error), &error, detail)
               ? model
               : NULL;
}

PITH_API
struct pith_session *pith_python_session(const struct pith_model *model,
                                         int n_threads, const char *precision,
                                         const char *cache, char *detail)
{
    struct pith_error error;
    struct pith_session *session = NULL;
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .n_threads = n_threads,
                                           .precision = precision};
    enum pith_status status =
        pith_session_create(model, &options, &session, &error);
    if (status == PITH_OK && cache != NULL)
        status = pith_session_cache_open(session, cache, &error);
    if (ok(status, &error, detail))
        return session;
    pith_session_free(session);
    return NULL;
}

PITH_API
struct pith_counter *pith_python_counter(const char *path, char *detail)
{
    struct pith_error error;
    struct pith_counter *counter = NULL;
    return ok(pith_counter_load(path, &counter, &error), &error, detail)
               ? counter
               : NULL;
}

/* The reply, to be freed with pith_free; errors of the request are in it. */
PITH_API
char *pith_python_request(struct pith_session *session, const char *request,
                          size_t size, const struct pith_counter *count_with,
                          char *detail)
{
    struct pith_error error;
    struct pith_compress_options defaults;
    char *reply = NULL;
    pith_compress_options_init(&defaults);
    defaults.count_with = count_with;
    return ok(pith_request_run(session, (struct pith_text){request, size},
                               &defaults, &reply, NULL, &error),
              &error, detail)
               ? reply
               : NULL;
}

/* Tokens of a text: the counter's or, where it is NULL, the model's. */
PITH_API
bool pith_python_count(const struct pith_model *model,
                       const struct pith_counter *counter, bool bos,
                       const char *text, size_t size, size_t *n, char *detail)
{
    struct pith_error error;
    struct pith_text given = {text, size};
    int32_t *ids = NULL;
    enum pith_status status =
        counter != NULL
            ? pith_counter_count(counter, given, n, &error)
            : pith_tokenize(model, given, bos ? PITH_TOKENIZE_DEFAULT_BOS : 0,
                            &ids, n, &error);
    pith_free(ids);
    return ok(status, &error, detail);
}

PITH_API
bool pith_python_convert(
    const char *source, const char *destination,
    int (*report)(void *user, const char *stage, size_t done, size_t total),
    char *detail)
{
    struct pith_error error;
    struct pith_progress progress = {report, NULL};
    struct pith_convert_options options = {.sizeof_options = sizeof options,
                                           .progress = &progress};
    return ok(pith_convert(source, destination, &options, &error), &error,
              detail);
}
