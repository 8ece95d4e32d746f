/*
 * counter.c - see counter.h; the public functions around ../text/tiktoken.h.
 */
#include "counter.h"

#include <stdlib.h>

#include "../base/memory.h"
#include "../text/tiktoken.h"

struct pith_counter {
    struct pith_tiktoken *tiktoken;
};

enum pith_status pith_counter_load(const char *path,
                                   struct pith_counter **counter,
                                   struct pith_error *error)
{
    if (path == NULL || counter == NULL)
        return pith_fail(error, PITH_ERR_ARGUMENT, "%s is NULL",
                         path == NULL ? "path" : "counter");
    *counter = NULL;
    struct pith_counter *made = pith_array_zero(1, sizeof *made);
    if (made == NULL)
        return pith_no_memory(error, 1, sizeof *made);
    enum pith_status status = pith_tiktoken_load(path, &made->tiktoken, error);
    if (status != PITH_OK) {
        free(made);
        return status;
    }
    *counter = made;
    return PITH_OK;
}

void pith_counter_free(struct pith_counter *counter)
{
    if (counter == NULL)
        return;
    pith_tiktoken_free(counter->tiktoken);
    free(counter);
}

enum pith_status pith_counter_count(const struct pith_counter *counter,
                                    struct pith_text text, size_t *n,
                                    struct pith_error *error)
{
    if (counter == NULL || n == NULL || (text.bytes == NULL && text.size > 0))
        return pith_fail(error, PITH_ERR_ARGUMENT, "%s is NULL",
                         counter == NULL ? "counter"
                         : n == NULL ? "n" : "the text");
    return pith_tiktoken_count(counter->tiktoken, text, n, error);
}

enum pith_status pith_counter_replace(const struct pith_counter *counter,
                                      struct pith_text text, size_t *n,
                                      size_t *n_model,
                                      struct pith_error *error)
{
    *n_model = *n;
    return counter != NULL ? pith_counter_count(counter, text, n, error)
                           : PITH_OK;
}
