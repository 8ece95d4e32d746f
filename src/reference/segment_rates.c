/*
 * segment_rates.c - the rates of a structured prompt, segment by segment,
 * laid over its tokens.  See reference.h; docs/ALGORITHM.md, "rates over
 * windows".
 *
 * It answers to get_structured_dynamic_compression_ratio() and
 * token_segment() of the Python package.
 */

#include "../base/memory.h"
#include "reference.h"

/* Tokens that are decoded together, to see what the last one adds. */
enum { N_DECODED = 3 };

/* All segments of all contexts, the blank lines among them. */
struct segment_list {
    struct pith_segment *items;
    size_t n;
    size_t current, seen; /* characters of items[current] that tokens had */
};

/* The blank line after a context belongs to its last segment.  A context
 * without segments has no such place (the Python fails); the blank line then
 * stays, as its own segment. */
static void append_context(struct segment_list *list,
                           const struct pith_reference_context *context,
                           bool last)
{
    for (size_t i = 0; i < context->n_segments; i++) {
        struct pith_segment segment = context->segments[i];
        if (!segment.compress)
            segment.rate = 1;
        list->items[list->n++] = segment;
    }
    if (last)
        return;
    if (context->n_segments == 0)
        list->items[list->n++] =
            (struct pith_segment){.rate = 1, .compress = false};
    list->items[list->n - 1].n_chars += 2;
}

static enum pith_status list_segments(
    struct segment_list *list, const struct pith_reference_contexts *contexts,
    struct pith_error *error)
{
    size_t n = 0;
    *list = (struct segment_list){0};
    for (size_t i = 0; i < contexts->n; i++)
        n += contexts->items[i].n_segments + 1;
    list->items = pith_array(n, sizeof *list->items);
    if (list->items == NULL)
        return pith_no_memory(error, n, sizeof *list->items);
    for (size_t i = 0; i < contexts->n; i++)
        append_context(list, &contexts->items[i], i + 1 == contexts->n);
    return PITH_OK;
}

static enum pith_status decoded_length(const struct pith_tokenizer *tokenizer,
                                       const int32_t *ids, size_t n,
                                       size_t *length, struct pith_error *error)
{
    struct pith_buffer text = {0};
    enum pith_status status =
        pith_reference_decode(tokenizer, ids, n, &text, error);
    *length = pith_reference_length(pith_buffer_text(&text));
    pith_buffer_free(&text);
    return status;
}

/* Characters that token i adds to the text of the two before it. */
static enum pith_status added_length(const struct pith_tokenizer *tokenizer,
                                     const int32_t *ids, size_t i,
                                     size_t *length, struct pith_error *error)
{
    size_t first = i < N_DECODED ? 0 : i - N_DECODED + 1, before;
    PITH_TRY(decoded_length(tokenizer, ids + first, i - first, &before, error));
    PITH_TRY(
        decoded_length(tokenizer, ids + first, i + 1 - first, length, error));
    *length = *length > before ? *length - before : 0;
    return PITH_OK;
}

/* The rate of a token of `length` characters, which moves on by as many: the
 * least of the segments that it ends or reaches, or 1 where one of those must
 * stay.  Behind the last segment the rate stays what it was. */
static double take_rate(struct segment_list *list, size_t length,
                        double latest)
{
    double rate = 2;
    bool whole = false;
    if (list->current == list->n)
        return latest;
    do {
        const struct pith_segment *segment = &list->items[list->current];
        size_t left = segment->n_chars - list->seen;
        rate = segment->rate < rate ? segment->rate : rate;
        whole = whole || !segment->compress;
        if (length == 0 || length < left) {
            list->seen += length;
            return whole ? 1 : rate;
        }
        length -= left;
        list->current++;
        list->seen = 0;
    } while (length > 0 && list->current < list->n);
    return whole ? 1 : rate;
}

enum pith_status
pith_reference_segment_rates(const struct pith_tokenizer *tokenizer,
                             const struct pith_reference_contexts *contexts,
                             const int32_t *ids, size_t n, size_t window,
                             struct pith_rate_plan *plan,
                             struct pith_error *error)
{
    struct segment_list list;
    double rate = -1;
    size_t done = 0; /* tokens in pieces */
    *plan = (struct pith_rate_plan){0};
    PITH_TRY(list_segments(&list, contexts, error));
    enum pith_status status = PITH_OK;
    for (size_t i = 0; i < n; i++) {
        size_t length;
        PITH_TRY_DONE(added_length(tokenizer, ids, i, &length, error));
        double next = take_rate(&list, length, rate);
        if (next != rate && i > done) {
            PITH_TRY_DONE(pith_rate_plan_add(
                plan, (struct pith_rate_piece){i - done, rate, false}, error));
            done = i;
        }
        rate = next;
        if ((i + 1) % window == 0 || i + 1 == n) {
            PITH_TRY_DONE(pith_rate_plan_add(
                plan, (struct pith_rate_piece){i + 1 - done, rate, true},
                error));
            done = i + 1;
        }
    }
done:
    pith_free(list.items);
    if (status != PITH_OK)
        pith_rate_plan_free(plan);
    return status;
}
