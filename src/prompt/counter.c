/*
 * counter.c - see counter.h.
 */
#include "counter.h"

void pith_counter_free(struct pith_counter *counter)
{
    if (counter != NULL)
        counter->free(counter);
}

enum pith_status pith_counter_count(const struct pith_counter *counter,
                                    struct pith_text text, size_t *n,
                                    struct pith_error *error)
{
    PITH_REQUIRE(counter, error);
    PITH_REQUIRE(n, error);
    PITH_REQUIRE_ALL(text.bytes, text.size, error);
    return counter->count(counter, text, n, error);
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
