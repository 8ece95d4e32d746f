/*
 * random.h - a small generator of random numbers (SplitMix64 of Steele, Lea
 * and Flood): the same on every machine, its state one number.
 */
#ifndef PITH_BASE_RANDOM_H
#define PITH_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t pith_random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* [0, 1) */
static inline double pith_random_uniform(uint64_t *state)
{
    return (double)(pith_random_next(state) >> 11) * 0x1p-53;
}

/* Below n > 0, all equally likely: draws from the incomplete last run of n
 * numbers are thrown away. */
static inline size_t pith_random_below(uint64_t *state, size_t n)
{
    uint64_t limit = UINT64_MAX - UINT64_MAX % n, draw;
    do
        draw = pith_random_next(state);
    while (draw >= limit);
    return (size_t)(draw % n);
}

/* Fisher and Yates: every order of the n items equally likely. */
static inline void pith_random_shuffle(uint64_t *state, size_t *items, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = pith_random_below(state, i);
        size_t other = items[i - 1];
        items[i - 1] = items[j];
        items[j] = other;
    }
}

#endif
