/*
 * sampler.c - see sampler.h.
 */
#include "sampler.h"

#include <string.h>

#include "../base/memory.h"
#include "../base/random.h"

/* Mixed into the seed, so that the split and the orders differ. */
static const uint64_t SPLIT_STREAM = 0x5EED0F7E57DA7A00u;

static void shuffle(struct pith_sampler *sampler)
{
    memcpy(sampler->order, sampler->records,
           sampler->n * sizeof *sampler->order);
    sampler->next_random = sampler->place.random;
    pith_random_shuffle(&sampler->next_random, sampler->order, sampler->n);
}

enum pith_status pith_sampler_create(struct pith_sampler *sampler,
                                     const size_t *records, size_t n,
                                     uint64_t seed, struct pith_error *error)
{
    *sampler = (struct pith_sampler){.n = n, .place.random = seed};
    sampler->records = pith_array(n, sizeof *records);
    sampler->order = pith_array(n, sizeof *records);
    if (sampler->records == NULL || sampler->order == NULL) {
        pith_sampler_free(sampler);
        return pith_no_memory(error, n, sizeof *records);
    }
    memcpy(sampler->records, records, n * sizeof *records);
    shuffle(sampler);
    return PITH_OK;
}

void pith_sampler_free(struct pith_sampler *sampler)
{
    pith_free(sampler->records);
    pith_free(sampler->order);
    *sampler = (struct pith_sampler){0};
}

enum pith_status pith_sampler_seek(struct pith_sampler *sampler,
                                   const struct pith_sampler_place *place,
                                   struct pith_error *error)
{
    if (place->n_used > sampler->n)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "record %llu of an epoch: there are %zu records",
                         (unsigned long long)place->n_used, sampler->n);
    sampler->place = *place;
    shuffle(sampler);
    return PITH_OK;
}

const size_t *pith_sampler_next(struct pith_sampler *sampler, size_t n_batch,
                                size_t *n)
{
    struct pith_sampler_place *place = &sampler->place;
    if (place->n_used == sampler->n) {
        *place = (struct pith_sampler_place){place->epoch + 1, 0,
                                             sampler->next_random};
        shuffle(sampler);
    }
    size_t left = sampler->n - (size_t)place->n_used;
    const size_t *batch = sampler->order + place->n_used;
    *n = n_batch < left ? n_batch : left;
    place->n_used += *n;
    return batch;
}

enum pith_status pith_sampler_split(size_t n, size_t n_held, uint64_t seed,
                                    size_t *held, size_t *rest,
                                    struct pith_error *error)
{
    uint64_t random = seed ^ SPLIT_STREAM;
    size_t *order = pith_array(n, sizeof *order);
    bool *is_held = pith_array_zero(n, sizeof *is_held);
    if (order == NULL || is_held == NULL) {
        pith_free(order);
        pith_free(is_held);
        return pith_no_memory(error, n, sizeof *order);
    }
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    pith_random_shuffle(&random, order, n);
    for (size_t i = 0; i < n_held; i++)
        is_held[order[i]] = true;
    for (size_t i = 0; i < n; i++)
        *(is_held[i] ? held++ : rest++) = i;
    pith_free(order);
    pith_free(is_held);
    return PITH_OK;
}
