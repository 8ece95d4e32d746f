/*
 * counter_tiktoken.c - the counter of OpenAI's models: ../text/tiktoken.h
 * with the head of counter.h.
 */

#include "../base/memory.h"
#include "../text/tiktoken.h"
#include "counter.h"

struct tiktoken_counter {
    struct pith_counter head; /* the first member */
    struct pith_tiktoken *tiktoken;
};

static enum pith_status count(const struct pith_counter *counter,
                              struct pith_text text, size_t *n,
                              struct pith_error *error)
{
    const struct tiktoken_counter *self = (const void *)counter;
    return pith_tiktoken_count(self->tiktoken, text, n, error);
}

static void release(struct pith_counter *counter)
{
    struct tiktoken_counter *self = (void *)counter;
    pith_tiktoken_free(self->tiktoken);
    pith_free(self);
}

enum pith_status pith_counter_load(const char *path,
                                   struct pith_counter **counter,
                                   struct pith_error *error)
{
    PITH_REQUIRE(counter, error);
    *counter = NULL;
    PITH_REQUIRE(path, error);
    struct tiktoken_counter *made = pith_array_zero(1, sizeof *made);
    if (made == NULL)
        return pith_no_memory(error, 1, sizeof *made);
    made->head = (struct pith_counter){count, release};
    enum pith_status status = pith_tiktoken_load(path, &made->tiktoken, error);
    if (status != PITH_OK) {
        pith_free(made);
        return status;
    }
    *counter = &made->head;
    return PITH_OK;
}
