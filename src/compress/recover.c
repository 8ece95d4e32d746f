/*
 * recover.c - see recover.h.
 */
#include "recover.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../model/model.h"
#include "../text/suffixes.h"
#include "../reference/reference.h"

enum {
    MAX_GAP = 10,    /* the reference: tokens to the next one of the run */
    MAX_STRETCH = 10 /* `paper`: tokens of the original for one of the run */
};

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
    *original = (struct pith_occurrences){.ids = ids, .n_ids = n_ids};
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
    free(original->at);
    *original = (struct pith_occurrences){0};
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

/* The next place of id behind `at` and near it; false when there is none. */
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

bool pith_recover_greedily(const struct pith_occurrences *original,
                           const int32_t *run, size_t n,
                           struct pith_token_range *range)
{
    struct match best = {{0, 0}, 0}, match;
    for (size_t i = first_of(original, run[0]);
         i < original->n_ids && original->at[i].id == run[0]; i++) {
        match.range.first = original->at[i].at;
        if (follow(original, run, n, &best, &match))
            best = match;
        if (best.n_found == n && best.range.end - best.range.first == n)
            break; /* the run itself: nothing is better */
    }
    *range = best.range;
    return best.n_found > 0;
}

/* --- the paper's rule ------------------------------------------------------------ */

/* starts[j]: the last place from which run[0..j] is a subsequence of what has
 * been read. */
static const size_t NOWHERE = SIZE_MAX;

static void keep_shorter(struct pith_token_range *best, bool *found,
                         size_t first, size_t end)
{
    if (first == NOWHERE || (*found && end - first >= best->end - best->first))
        return;
    *best = (struct pith_token_range){first, end};
    *found = true;
}

enum pith_status pith_recover_shortest(const struct pith_occurrences *original,
                                       const int32_t *run, size_t n,
                                       struct pith_token_range *range,
                                       bool *found, struct pith_error *error)
{
    struct pith_occurrences places; /* of the run: which j a token moves on */
    size_t *starts = pith_array(n, sizeof *starts);
    *found = false;
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
        for (size_t i = last; i-- > first;) { /* from the back: one token, one step */
            size_t j = places.at[i].at;
            starts[j] = j == 0 ? at : starts[j - 1];
            if (j == n - 1)
                keep_shorter(range, found, starts[j], at + 1);
        }
    }
    pith_occurrences_free(&places);
    free(starts);
    return status;
}

/* --- an answer --------------------------------------------------------------------- */

struct recovery {
    const struct pith_tokenizer *tokenizer;
    enum pith_recover_rules rules;
    struct pith_occurrences original;
    struct pith_suffixes compressed;
    struct pith_ids run;    /* scratch: tokens of a run */
    struct pith_buffer out; /* the answer */
};

/* Bytes up to the next single space, or all. */
static size_t word_length(struct pith_text text)
{
    const char *space =
        text.size > 0 ? memchr(text.bytes, ' ', text.size) : NULL;
    return space ? (size_t)(space - text.bytes) : text.size;
}

/* Bytes of the longest run of words at the start of text that occurs in the
 * compressed prompt; false when not even the first word does. */
static bool run_length(const struct recovery *recovery, struct pith_text text,
                       size_t *n)
{
    size_t n_common = pith_suffixes_longest(&recovery->compressed, text);
    size_t end = word_length(text);
    if (end > n_common)
        return false;
    do {
        *n = end;
        if (end == text.size)
            return true;
        end += 1 + word_length((struct pith_text){text.bytes + end + 1,
                                                  text.size - end - 1});
    } while (end <= n_common);
    return true;
}

/* Tokens of a run, with a space in front or without. */
static enum pith_status encode_run(struct recovery *recovery,
                                   struct pith_text text, bool space,
                                   struct pith_error *error)
{
    struct pith_buffer spaced = {0};
    recovery->run.n = 0;
    if (space)
        pith_buffer_byte(&spaced, ' ');
    pith_buffer_append(&spaced, text.bytes, text.size);
    if (spaced.failed) {
        pith_buffer_free(&spaced);
        return pith_no_memory(error, text.size, 1);
    }
    enum pith_status status = pith_tokenizer_encode(
        recovery->tokenizer, pith_buffer_text(&spaced), 0,
        &recovery->run, error);
    pith_buffer_free(&spaced);
    if (status == PITH_OK && recovery->run.failed)
        return pith_no_memory(error, text.size, sizeof(int32_t));
    return status;
}

/* The shorter of what is found with a space in front and without. */
static enum pith_status find_shortest(struct recovery *recovery,
                                      struct pith_text text,
                                      struct pith_token_range *range,
                                      bool *found, struct pith_error *error)
{
    *found = false;
    for (int space = 1; space >= 0; space--) {
        struct pith_token_range other;
        bool other_found = false;
        PITH_TRY(encode_run(recovery, text, space, error));
        size_t n = recovery->run.n;
        if (n > 0)
            PITH_TRY(pith_recover_shortest(&recovery->original,
                                           recovery->run.data, n, &other,
                                           &other_found, error));
        if (other_found && other.end - other.first <= MAX_STRETCH * n)
            keep_shorter(range, found, other.first, other.end);
    }
    return PITH_OK;
}

static enum pith_status find_greedily(struct recovery *recovery,
                                      struct pith_text text,
                                      struct pith_token_range *range,
                                      bool *found, struct pith_error *error)
{
    PITH_TRY(encode_run(recovery, text, false, error));
    *found = recovery->run.n > 0 &&
             pith_recover_greedily(&recovery->original, recovery->run.data,
                                   recovery->run.n, range);
    return PITH_OK;
}

/* Appends what the original has for a run. */
static enum pith_status append_run(struct recovery *recovery,
                                   struct pith_text text,
                                   struct pith_error *error)
{
    struct pith_token_range range = {0, 0};
    bool found = false, paper = recovery->rules == PITH_RECOVER_PAPER;
    PITH_TRY(paper ? find_shortest(recovery, text, &range, &found, error)
                   : find_greedily(recovery, text, &range, &found, error));
    if (!found) {
        pith_buffer_append(&recovery->out, text.bytes, text.size);
        return PITH_OK;
    }
    struct pith_buffer decoded = {0};
    enum pith_status status = pith_reference_decode(
        recovery->tokenizer, recovery->original.ids + range.first,
        range.end - range.first, &decoded, error);
    size_t skip = paper && decoded.size > 0 && decoded.data[0] == ' ' &&
                  (text.size == 0 || text.bytes[0] != ' ');
    if (status == PITH_OK)
        pith_buffer_append(&recovery->out, decoded.data + skip,
                           decoded.size - skip);
    pith_buffer_free(&decoded);
    return status;
}

static enum pith_status recover_words(struct recovery *recovery,
                                      struct pith_text answer,
                                      struct pith_error *error)
{
    for (;;) {
        size_t n = word_length(answer);
        struct pith_text run = answer;
        if (run_length(recovery, answer, &n)) {
            run.size = n;
            PITH_TRY(append_run(recovery, run, error));
        } else {
            pith_buffer_append(&recovery->out, answer.bytes, n);
        }
        if (n == answer.size)
            return PITH_OK;
        pith_buffer_byte(&recovery->out, ' ');
        answer.bytes += n + 1;
        answer.size -= n + 1;
    }
}

enum pith_status pith_recover_answer(const struct pith_tokenizer *tokenizer,
                                     struct pith_text original,
                                     struct pith_text compressed,
                                     struct pith_text answer,
                                     enum pith_recover_rules rules,
                                     char **recovered, size_t *size,
                                     struct pith_error *error)
{
    struct recovery recovery = {.tokenizer = tokenizer, .rules = rules};
    struct pith_ids ids = {0};
    enum pith_status status;
    *recovered = NULL;
    PITH_TRY_DONE(pith_tokenizer_encode(tokenizer, original, 0, &ids, error));
    if (ids.failed)
        PITH_TRY_DONE(pith_no_memory(error, original.size, sizeof(int32_t)));
    PITH_TRY_DONE(
        pith_occurrences_create(&recovery.original, ids.data, ids.n, error));
    PITH_TRY_DONE(
        pith_suffixes_create(&recovery.compressed, compressed, error));
    PITH_TRY_DONE(recover_words(&recovery, answer, error));
    status = pith_buffer_take(&recovery.out, recovered, size, error);
done:
    pith_buffer_free(&recovery.out);
    pith_ids_free(&recovery.run);
    pith_suffixes_free(&recovery.compressed);
    pith_occurrences_free(&recovery.original);
    pith_ids_free(&ids);
    return status;
}

enum pith_status pith_recover(const struct pith_model *model,
                              struct pith_text original,
                              struct pith_text compressed,
                              struct pith_text response,
                              enum pith_method method, char **recovered,
                              size_t *n_bytes, struct pith_error *error)
{
    enum pith_recover_rules rules = method == PITH_METHOD_REFERENCE
                                        ? PITH_RECOVER_REFERENCE
                                        : PITH_RECOVER_PAPER;
    *recovered = NULL;
    if (method != PITH_METHOD_PAPER && method != PITH_METHOD_REFERENCE)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "method is %d, expected PITH_METHOD_PAPER or "
                         "PITH_METHOD_REFERENCE", (int)method);
    return pith_recover_answer(model->tokenizer, original, compressed, response,
                               rules, recovered, n_bytes, error);
}
