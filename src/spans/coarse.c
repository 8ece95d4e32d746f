/*
 * coarse.c - Algorithm 1 (../paper/budget.c), which looks at whole contexts
 * and then at the sentences of those that stay: what is left of either has
 * about k times the tokens that will stay.
 */
#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "../model/score.h"
#include "../paper/documents.h"
#include "../paper/rank.h"
#include "../prompt/result.h"
#include "../prompt/trace.h"
#include "run.h"
#include "sentences.h"

/* k of Algorithm 1: for contexts and sentences, and for contexts that the
 * question ranks. */
static const double k_wide = 5, k_narrow = 2;

/* L_ins, L_dems, L_que; the first and the last stay whole. */
static void measure(struct pith_spans *spans)
{
    const struct pith_parts *parts = spans->parts;
    const struct pith_compress_options *o = spans->options;
    size_t last = parts->n_parts - 1, target = spans->prune.target;
    struct pith_budget *b = &spans->budget;
    *b = (struct pith_budget){.tau_ins = 1, .tau_que = 1};
    b->k = o->k > 0 ? o->k : spans->steered ? k_narrow : k_wide;
    b->n_ins = parts->parts[0].n_tokens;
    b->n_que = parts->parts[last].n_tokens;
    for (size_t i = 1; i < last; i++)
        b->n_dems += pith_part_length(parts, i);
    size_t n_separator = pith_part_length(parts, last) - b->n_que;
    b->target = target > n_separator ? (double)(target - n_separator) : 0;
    pith_budget_demonstrations(b);
}

/* Mean losses of the contexts, high first; r_k, low first, which is handed
 * over with the other sign. */
static enum pith_status rank(struct pith_spans *spans, struct pith_rank *ranks,
                             size_t n, struct pith_error *error)
{
    const struct pith_parts *parts = spans->parts;
    size_t n_ranked = 0;
    if (spans->steered)
        PITH_TRY(pith_rank_documents(spans->session, parts, ranks, n, error));
    for (size_t i = 0; i < parts->n_parts && !spans->steered; i++) {
        const struct pith_part *part = &parts->parts[i];
        if (pith_is_demonstration(part))
            ranks[n_ranked++] = (struct pith_rank){
                i, pith_mean(spans->losses + part->token, part->n_tokens)};
    }
    for (size_t i = 0; i < n; i++) {
        spans->prune.perplexities[ranks[i].index] = exp(ranks[i].score);
        ranks[i].score *= spans->steered ? -1 : 1;
    }
    return PITH_OK;
}

static enum pith_status select_ranked(struct pith_spans *spans,
                                      bool *selected, size_t n,
                                      struct pith_error *error)
{
    enum pith_status status;
    size_t n_parts = spans->parts->n_parts;
    struct pith_rank *ranks = pith_array(n, sizeof *ranks);
    size_t *lengths = pith_array(n_parts, sizeof *lengths);
    if (ranks == NULL || lengths == NULL) {
        status = pith_no_memory(error, n_parts, sizeof *ranks);
        goto done;
    }
    PITH_TRY_DONE(rank(spans, ranks, n, error));
    for (size_t i = 0; i < n_parts; i++)
        lengths[i] = pith_part_length(spans->parts, i);
    pith_budget_select(&spans->budget, lengths, ranks, n, selected);
    for (size_t i = 0; i < n; i++)
        ranks[i].score *= spans->steered ? -1 : 1;
    PITH_TRY_DONE(pith_trace_ranking(&spans->prune, ranks, n, error));
done:
    pith_free(ranks);
    pith_free(lengths);
    return status;
}

/* D by Algorithm 1.
 *   selected  (n_parts) filled by the call, false before it */
static enum pith_status select_contexts(struct pith_spans *spans,
                                        bool *selected,
                                        struct pith_error *error)
{
    size_t n = 0;
    for (size_t i = 0; i < spans->parts->n_parts; i++)
        n += pith_is_demonstration(&spans->parts->parts[i]);
    if (n > 1 && pith_budget_must_select(&spans->budget))
        return select_ranked(spans, selected, n, error);
    for (size_t i = 0; i < spans->parts->n_parts; i++)
        selected[i] = true;
    spans->budget.n_selected = spans->budget.n_dems;
    return PITH_OK;
}

/* Algorithm 1 on the sentences of D. */
static enum pith_status select_sentences(struct pith_spans *spans,
                                         const struct pith_sentences *sentences,
                                         struct pith_error *error)
{
    size_t n = sentences->n;
    struct pith_budget b = spans->budget;
    struct pith_rank *ranks = pith_array(n, sizeof *ranks);
    size_t *lengths = pith_array(n, sizeof *lengths);
    bool *selected = pith_array_zero(n, sizeof *selected);
    enum pith_status status = PITH_OK;
    if (ranks == NULL || lengths == NULL || selected == NULL) {
        status = pith_no_memory(error, n, sizeof *ranks);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        const struct pith_stretch *s = &sentences->items[i];
        lengths[i] = s->n_tokens;
        ranks[i] = (struct pith_rank){
            i, pith_mean(spans->gains + s->token, s->n_tokens)};
    }
    b.k = k_wide;
    pith_budget_select(&b, lengths, ranks, n, selected);
    for (size_t i = 0; i < n; i++)
        for (size_t j = sentences->items[i].unit;
             j < sentences->items[i].end && !selected[i]; j++)
            spans->left_out[j] = true;
done:
    pith_free(ranks);
    pith_free(lengths);
    pith_free(selected);
    return status;
}

static enum pith_status thin_out(struct pith_spans *spans,
                                 struct pith_error *error)
{
    struct pith_sentences sentences = {0};
    enum pith_status status = pith_sentences_find(
        &sentences, spans->parts, spans->left_out, error);
    if (status == PITH_OK)
        status = select_sentences(spans, &sentences, error);
    pith_sentences_free(&sentences);
    return status;
}

/* Whether D still has more than its sentences may. */
static bool is_too_much(const struct pith_budget *b)
{
    return k_wide * b->tau_dems * (double)b->n_dems <
           (double)b->n_selected;
}

enum pith_status pith_spans_select(struct pith_spans *spans,
                                   struct pith_error *error)
{
    const struct pith_parts *parts = spans->parts;
    spans->left_out = pith_array_zero(parts->n_units, sizeof(bool));
    bool *selected = pith_array_zero(parts->n_parts, sizeof *selected);
    if (spans->left_out == NULL || selected == NULL) {
        pith_free(selected);
        return pith_no_memory(error, parts->n_units, sizeof *selected);
    }
    enum pith_status status = PITH_OK;
    if (spans->options->threshold <= 0) {
        measure(spans);
        status = select_contexts(spans, selected, error);
        for (size_t i = 0; i < parts->n_units; i++)
            spans->left_out[i] = !selected[parts->units[i].part];
        if (status == PITH_OK && is_too_much(&spans->budget))
            status = thin_out(spans, error);
    }
    pith_free(selected);
    return status;
}
