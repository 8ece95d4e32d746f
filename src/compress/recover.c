/*
 * recover.c - see recover.h.
 */
#include "recover.h"

#include <string.h>

#include "../base/memory.h"
#include "../model/access.h"
#include "../model/model.h"
#include "../prompt/clusters.h"
#include "../prompt/ranges.h"
#include "../prompt/words.h"
#include "../reference/reference.h"
#include "../text/grapheme.h"
#include "../text/suffixes.h"
#include "subsequence.h"

enum { MAX_STRETCH = 10 }; /* `paper`: tokens of the original for one of the
                              run */

/* --- where words may begin and end ------------------------------------------------ */

/* Between words, or between white space and a word. */
static bool is_edge(struct pith_text text, size_t at)
{
    return pith_is_word_boundary(text, at) ||
           pith_role_of(pith_cluster_before(text, at).code) == PITH_ROLE_SPACE;
}

/* The text of all tokens, and where each starts in it: starts (n + 1). */
static enum pith_status place_tokens(const struct pith_tokenizer *tokenizer,
                                     const struct pith_ids *ids,
                                     struct pith_buffer *text, size_t *starts,
                                     struct pith_error *error)
{
    for (size_t i = 0; i < ids->n; i++) {
        struct pith_text piece = pith_tokenizer_piece(tokenizer, ids->data[i]);
        starts[i] = text->size;
        pith_buffer_append(text, piece.bytes, piece.size);
    }
    starts[ids->n] = text->size;
    return text->failed ? pith_no_memory(error, text->size, 1) : PITH_OK;
}

/* Whether a word may begin or end before each token of the original and
 * at its end; nowhere inside a number.  `paper` only. */
static enum pith_status find_edges(const struct pith_tokenizer *tokenizer,
                                   const struct pith_ids *ids, bool **edges,
                                   struct pith_error *error)
{
    struct pith_buffer text = {0};
    struct pith_ranges numbers = {0};
    size_t *starts = pith_array(ids->n + 1, sizeof *starts), k = 0;
    enum pith_status status = PITH_OK;
    *edges = pith_array(ids->n + 1, sizeof **edges);
    if (starts == NULL || *edges == NULL)
        PITH_TRY_DONE(pith_no_memory(error, ids->n + 1, sizeof *starts));
    PITH_TRY_DONE(place_tokens(tokenizer, ids, &text, starts, error));
    PITH_TRY_DONE(
        pith_number_ranges(pith_buffer_text(&text), &numbers, error));
    for (size_t i = 0; i <= ids->n; i++) {
        while (k < numbers.n && numbers.items[k].end <= starts[i])
            k++;
        (*edges)[i] = is_edge(pith_buffer_text(&text), starts[i]) &&
                      !(k < numbers.n && numbers.items[k].start < starts[i]);
    }
done:
    pith_free(starts);
    pith_ranges_free(&numbers);
    pith_buffer_free(&text);
    return status;
}

/* Whether the words of a run are whole where they occur in the compressed
 * prompt, somewhere.  Where a run is followed by more of a word, letters
 * follow: that sorts after the ends of words, so that a look at the first
 * places is enough. */
static bool is_whole_in(const struct pith_suffixes *compressed,
                        struct pith_text run)
{
    enum { MAX_PLACES = 100 };
    size_t first, n;
    pith_suffixes_find(compressed, run, &first, &n);
    for (size_t i = 0; i < n && i < MAX_PLACES; i++) {
        size_t at = compressed->order[first + i];
        if (is_edge(compressed->text, at) &&
            is_edge(compressed->text, at + run.size))
            return true;
    }
    return false;
}

/* The range with the rest of the words that it begins and ends in, unless
 * that makes it longer than n. */
static void complete_words(const bool *edges, size_t n,
                           struct pith_token_range *range)
{
    struct pith_token_range whole = *range;
    while (!edges[whole.first])
        whole.first--;
    while (!edges[whole.end])
        whole.end++;
    if (whole.end - whole.first <= n)
        *range = whole;
}

/* --- an answer --------------------------------------------------------------------- */

struct recovery {
    const struct pith_tokenizer *tokenizer;
    enum pith_recover_rules rules;
    struct pith_occurrences original;
    bool *edges; /* of the original, n_ids + 1; NULL for the reference */
    struct pith_suffixes compressed;
    struct pith_ids run;    /* scratch: tokens of a run */
    struct pith_buffer out; /* the answer */
};

static bool is_paper(const struct recovery *recovery)
{
    return recovery->rules == PITH_RECOVER_PAPER;
}

/* Bytes of a text from `at` to where its word ends. */
static size_t word_length(const struct recovery *recovery,
                          struct pith_text text, size_t at)
{
    const char *separators = is_paper(recovery) ? " \n\t\r" : " ";
    size_t end = at;
    while (end < text.size &&
           memchr(separators, text.bytes[end], strlen(separators)) == NULL)
        end++;
    return end - at;
}

/* Where the signs that a text has from `at` on come to an end. */
static size_t skip_signs(struct pith_text text, size_t at)
{
    struct pith_cluster c = pith_cluster_at(text, at);
    while (c.end > c.start && pith_role_of(c.code) == PITH_ROLE_SIGN)
        c = pith_cluster_at(text, c.end);
    return c.start;
}

/* Bytes of the longest run of words at the start of text that occurs in the
 * compressed prompt; false when not even the first word does.  `paper`: the
 * last of them may do so without punctuation at its end. */
static bool run_length(const struct recovery *recovery, struct pith_text text,
                       size_t *n)
{
    size_t n_common = pith_suffixes_longest(&recovery->compressed, text);
    size_t start = 0, end = word_length(recovery, text, 0);
    bool found = end <= n_common;
    *n = 0;
    while (end <= n_common) {
        *n = end;
        if (end == text.size)
            return true;
        start = end + 1;
        end = start + word_length(recovery, text, start);
    }
    while (n_common > start && !pith_grapheme_boundary(text, n_common))
        n_common--;
    if (!is_paper(recovery) || n_common >= end ||
        skip_signs(text, n_common) < end || skip_signs(text, start) >= n_common)
        return found;
    *n = n_common;
    return true;
}

/* Tokens of a run, with a leading space or without. */
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

/* The shorter of what is found with a leading space and without. */
static enum pith_status find_shortest(struct recovery *recovery,
                                      struct pith_text text,
                                      struct pith_token_range *range,
                                      bool *found, struct pith_error *error)
{
    struct pith_shortest best = {{0, 0}, false, false};
    size_t limit = 0;
    for (int space = 1; space >= 0; space--) {
        PITH_TRY(encode_run(recovery, text, space, error));
        size_t n = recovery->run.n;
        limit = MAX_STRETCH * n;
        if (n > 0)
            PITH_TRY(pith_recover_shortest(&recovery->original,
                                           recovery->edges, recovery->run.data,
                                           n, limit, &best, error));
    }
    if (best.found && is_whole_in(&recovery->compressed, text))
        complete_words(recovery->edges, limit, &best.range);
    *range = best.range;
    *found = best.found;
    return PITH_OK;
}

static enum pith_status find_greedily(struct recovery *recovery,
                                      struct pith_text text,
                                      struct pith_token_range *range,
                                      bool *found, struct pith_error *error)
{
    PITH_TRY(encode_run(recovery, text, false, error));
    return recovery->run.n == 0
               ? PITH_OK
               : pith_recover_greedily(&recovery->original, recovery->run.data,
                                       recovery->run.n, range, found, error);
}

/* Appends what the original has for a run. */
static enum pith_status append_run(struct recovery *recovery,
                                   struct pith_text text,
                                   struct pith_error *error)
{
    struct pith_token_range range = {0, 0};
    bool found = false, paper = is_paper(recovery);
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

/* Bytes of the word at the start of a text that stay as they are before
 * a run: none, `paper`: its signs, or all where no run starts in it.
 * *n: of the run. */
static size_t find_run(const struct recovery *recovery, struct pith_text text,
                       size_t *n)
{
    size_t end = word_length(recovery, text, 0);
    if (run_length(recovery, text, n))
        return 0;
    size_t at = is_paper(recovery) ? skip_signs(text, 0) : 0;
    struct pith_text rest = {text.bytes + at, text.size - at};
    if (at > 0 && at < end && run_length(recovery, rest, n))
        return at;
    *n = 0;
    return end;
}

/* The most bytes, up to n, that a text at its end and bytes after it have in
 * common. */
static size_t overlap(const struct pith_buffer *text, const char *bytes,
                      size_t n)
{
    enum { MAX_SIGNS = 8 }; /* signs are few, such as "$" */
    n = n < MAX_SIGNS ? n : MAX_SIGNS;
    n = n < text->size ? n : text->size;
    while (n > 0 && memcmp(text->data + text->size - n, bytes, n) != 0)
        n--;
    return n;
}

/* Appends what the original has for a run with signs before it, which
 * the original may have too. */
static enum pith_status append_run_after(struct recovery *recovery,
                                         struct pith_text signs,
                                         struct pith_text run,
                                         struct pith_error *error)
{
    struct pith_buffer before = recovery->out, found;
    recovery->out = (struct pith_buffer){0};
    enum pith_status status = append_run(recovery, run, error);
    found = recovery->out;
    recovery->out = before;
    size_t n = signs.size < found.size ? signs.size : found.size;
    size_t twice = overlap(&recovery->out, found.data, n);
    pith_buffer_append(&recovery->out, found.data + twice, found.size - twice);
    recovery->out.failed |= found.failed;
    pith_buffer_free(&found);
    return status;
}

static enum pith_status recover_words(struct recovery *recovery,
                                      struct pith_text answer,
                                      struct pith_error *error)
{
    for (;;) {
        size_t n, skip = find_run(recovery, answer, &n);
        struct pith_text signs = {answer.bytes, skip};
        pith_buffer_append(&recovery->out, signs.bytes, signs.size);
        answer.bytes += skip;
        answer.size -= skip;
        /* What is left of the word, and what parts it from the next. */
        size_t end = n + word_length(recovery, answer, n), twice = 0;
        if (n > 0) {
            PITH_TRY(append_run_after(recovery, signs,
                                      (struct pith_text){answer.bytes, n},
                                      error));
            twice = overlap(&recovery->out, answer.bytes + n, end - n);
        }
        bool more = end < answer.size;
        pith_buffer_append(&recovery->out, answer.bytes + n + twice,
                           end + more - n - twice);
        if (!more)
            return PITH_OK;
        answer.bytes += end + 1;
        answer.size -= end + 1;
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
    if (rules == PITH_RECOVER_PAPER)
        PITH_TRY_DONE(find_edges(tokenizer, &ids, &recovery.edges, error));
    PITH_TRY_DONE(
        pith_suffixes_create(&recovery.compressed, compressed, error));
    PITH_TRY_DONE(recover_words(&recovery, answer, error));
    status = pith_buffer_take(&recovery.out, recovered, size, error);
done:
    pith_buffer_free(&recovery.out);
    pith_ids_free(&recovery.run);
    pith_suffixes_free(&recovery.compressed);
    pith_occurrences_free(&recovery.original);
    pith_free(recovery.edges);
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
    PITH_REQUIRE(recovered, error);
    PITH_REQUIRE(n_bytes, error);
    *recovered = NULL;
    *n_bytes = 0;
    PITH_REQUIRE(model, error);
    PITH_REQUIRE_ALL(original.bytes, original.size, error);
    PITH_REQUIRE_ALL(compressed.bytes, compressed.size, error);
    PITH_REQUIRE_ALL(response.bytes, response.size, error);
    if (pith_method_name(method) == NULL)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "method is %d, expected PITH_METHOD_PAPER, "
                         "PITH_METHOD_REFERENCE or PITH_METHOD_SPANS",
                         (int)method);
    return pith_recover_answer(pith_model_tokenizer(model), original,
                               compressed, response, rules, recovered, n_bytes,
                               error);
}
