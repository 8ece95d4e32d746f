/*
 * subsequence.c - see subsequence.h.
 */
#include "subsequence.h"

#include <stdlib.h>

#include "../base/memory.h"

enum { MAX_GAP = 10 }; /* the reference: tokens to the next one of the run */

/* --- where tokens occur --------------------------------------------------------- */

struct pith_occurrence {
    int32_t id;
    size_t at;
};

static int by_id_then_place(const void *left, const void *right)
{
    const struct pith_occurrence *a = left, *b = right;
    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

enum pith_status pith_occurrences_create(struct pith_occurrences *original,
                                         const int32_t *ids, size_t n_ids,
                                         struct pith_error *error)
{
    *original = (struct pith_occurrences){
        .ids = ids, .n_ids = n_ids, .n_steps_left = (uint64_t)1 << 31};
    original->at = pith_array(n_ids, sizeof *original->at);
    if (original->at == NULL)
        return pith_no_memory(error, n_ids, sizeof *original->at);
    for (size_t i = 0; i < n_ids; i++)
        original->at[i] = (struct pith_occurrence){ids[i], i};
    qsort(original->at, n_ids, sizeof *original->at, by_id_then_place);
    return PITH_OK;
}

void pith_occurrences_free(struct pith_occurrences *original)
{
    pith_free(original->at);
    *original = (struct pith_occurrences){0};
}

/* A search may look at every token of the original for each of the run. */
static enum pith_status take_steps(struct pith_occurrences *original, size_t n,
                                   struct pith_error *error)
{
    if (n > original->n_steps_left)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "recover: the response repeats too much of a prompt "
                         "of %zu tokens; shorten it, or recover it in parts",
                         original->n_ids);
    original->n_steps_left -= n;
    return PITH_OK;
}

/* The first entry of `at` that is not below id. */
static size_t first_of(const struct pith_occurrences *original, int32_t id)
{
    size_t low = 0, high = original->n_ids;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (original->at[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* --- the reference's rule ------------------------------------------------------- */

/* The next place of id after `at` and near it; false when there is none. */
static bool next_near(const struct pith_occurrences *original, int32_t id,
                      size_t *at)
{
    size_t left = original->n_ids - 1 - *at;
    for (size_t gap = 1; gap <= MAX_GAP && gap <= left; gap++) {
        if (original->ids[*at + gap] == id) {
            *at += gap;
            return true;
        }
    }
    return false;
}

/* What a start in the original has led to. */
struct match {
    struct pith_token_range range;
    size_t n_found; /* tokens of the run that are in it */
};

static bool is_better(const struct match *match, const struct match *best)
{
    if (match->n_found != best->n_found)
        return match->n_found > best->n_found;
    return match->range.end - match->range.first <
           best->range.end - best->range.first;
}

/* Follows the run from one place on; gives up as soon as finding all that is
 * left, token after token, would not make it better than the best. */
static bool follow(const struct pith_occurrences *original, const int32_t *run,
                   size_t n, const struct match *best, struct match *match)
{
    size_t at = match->range.first;
    match->n_found = 1;
    for (size_t i = 1; i < n; i++) {
        struct match hope = {{match->range.first, at + 1 + n - i},
                             match->n_found + n - i};
        if (best->n_found > 0 && !is_better(&hope, best))
            return false;
        match->n_found += next_near(original, run[i], &at);
    }
    match->range.end = at + 1;
    return best->n_found == 0 || is_better(match, best);
}

enum pith_status pith_recover_greedily(struct pith_occurrences *original,
                                       const int32_t *run, size_t n,
                                       struct pith_token_range *range,
                                       bool *found, struct pith_error *error)
{
    struct match best = {{0, 0}, 0}, match;
    for (size_t i = first_of(original, run[0]);
         i < original->n_ids && original->at[i].id == run[0]; i++) {
        PITH_TRY(take_steps(original, n, error));
        match.range.first = original->at[i].at;
        if (follow(original, run, n, &best, &match))
            best = match;
        if (best.n_found == n && best.range.end - best.range.first == n)
            break; /* the run itself: nothing is better */
    }
    *range = best.range;
    *found = best.n_found > 0;
    return PITH_OK;
}

/* --- the paper's rule ------------------------------------------------------------ */

/* starts[j]: the last place from which run[0..j] is a subsequence of what has
 * been read. */
static const size_t NOWHERE = SIZE_MAX;

static void keep_shorter(struct pith_shortest *best, const bool *edges,
                         size_t first, size_t end)
{
    bool is_whole = edges == NULL || (edges[first] && edges[end]);
    size_t size = end - first, n = best->range.end - best->range.first;
    if (!best->found || size < n || (size == n && is_whole && !best->is_whole))
        *best = (struct pith_shortest){{first, end}, true, is_whole};
}

enum pith_status pith_recover_shortest(struct pith_occurrences *original,
                                       const bool *edges, const int32_t *run,
                                       size_t n, size_t limit,
                                       struct pith_shortest *best,
                                       struct pith_error *error)
{
    struct pith_occurrences places; /* of the run: which j a token moves on */
    size_t *starts = pith_array(n, sizeof *starts);
    if (starts == NULL)
        return pith_no_memory(error, n, sizeof *starts);
    enum pith_status status = pith_occurrences_create(&places, run, n, error);
    for (size_t j = 0; j < n; j++)
        starts[j] = NOWHERE;
    for (size_t at = 0; status == PITH_OK && at < original->n_ids; at++) {
        int32_t id = original->ids[at];
        size_t first = first_of(&places, id), last = first;
        while (last < n && places.at[last].id == id)
            last++;
        status = take_steps(original, 1 + last - first, error);
        for (size_t i = last; i-- > first;) { /* from the back: one token, one step */
            size_t j = places.at[i].at;
            starts[j] = j == 0 ? at : starts[j - 1];
            if (j == n - 1 && starts[j] != NOWHERE &&
                at + 1 - starts[j] <= limit)
                keep_shorter(best, edges, starts[j], at + 1);
        }
    }
    pith_occurrences_free(&places);
    pith_free(starts);
    return status;
}
