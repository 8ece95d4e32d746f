/*
 * trace.c - see trace.h.
 */
#include "trace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "detail.h"

enum pith_status pith_result_grow(void *array_pointer, size_t n, size_t size,
                                  struct pith_error *error)
{
    size_t capacity = n;
    if ((n & (n - 1)) != 0)
        return PITH_OK;
    return pith_grow(array_pointer, n > 0 ? 2 * n : 1, &capacity, size, error);
}

enum pith_status pith_result_add_part(struct pith_result *result,
                                      const struct pith_part_result *part,
                                      struct pith_error *error)
{
    PITH_TRY(pith_result_grow(&result->parts, result->n_parts, sizeof *part,
                              error));
    result->parts[result->n_parts++] = *part;
    return PITH_OK;
}

enum pith_status pith_result_add_threshold(struct pith_result *result,
                                           struct pith_threshold threshold,
                                           struct pith_error *error)
{
    struct pith_trace *trace = &result->trace;
    PITH_TRY(pith_result_grow(&trace->thresholds, trace->n_thresholds,
                              sizeof threshold, error));
    trace->thresholds[trace->n_thresholds++] = threshold;
    return PITH_OK;
}

enum pith_status pith_result_add_ranking(struct pith_result *result,
                                         const struct pith_rank *ranks,
                                         size_t n_ranks,
                                         struct pith_error *error)
{
    struct pith_trace *trace = &result->trace;
    size_t n = trace->n_rankings;
    PITH_TRY(pith_result_grow(&trace->rankings, n, sizeof *trace->rankings,
                              error));
    PITH_TRY(pith_result_grow(&trace->n_ranks, n, sizeof *trace->n_ranks,
                              error));
    struct pith_rank *copy = pith_array(n_ranks, sizeof *copy);
    if (copy == NULL)
        return pith_no_memory(error, n_ranks, sizeof *copy);
    if (n_ranks > 0)
        memcpy(copy, ranks, n_ranks * sizeof *copy);
    trace->rankings[n] = copy;
    trace->n_ranks[n] = n_ranks;
    trace->n_rankings++;
    return PITH_OK;
}

enum pith_status pith_result_set_kept_ids(struct pith_result *result,
                                          const int32_t *ids, size_t n,
                                          struct pith_error *error)
{
    int32_t *copy = pith_array(n, sizeof *copy);
    if (copy == NULL)
        return pith_no_memory(error, n, sizeof *copy);
    if (n > 0)
        memcpy(copy, ids, n * sizeof *copy);
    pith_free(result->trace.kept_ids);
    result->trace.kept_ids = copy;
    result->trace.n_kept_ids = n;
    result->trace.has_kept_ids = true;
    return PITH_OK;
}

enum pith_status pith_trace_ranking(struct pith_prune *p,
                                    struct pith_rank *ranks, size_t n,
                                    struct pith_error *error)
{
    if (!p->options->trace)
        return PITH_OK;
    for (size_t i = 0; i < n; i++)
        ranks[i].index = p->parts.parts[ranks[i].index].index;
    return pith_result_add_ranking(p->result, ranks, n, error);
}

/* --- decisions --------------------------------------------------------------- */

struct ranked {
    float loss;
    size_t index;
};

/* An order without equals: the highest loss first, then by position; what is
 * no number last. */
static int by_loss(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    float left = isnan(x->loss) ? -INFINITY : x->loss;
    float right = isnan(y->loss) ? -INFINITY : y->loss;
    if (left != right)
        return left > right ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

enum pith_status pith_decisions_add(struct pith_decisions *decisions,
                                    const size_t *at, const float *losses,
                                    size_t n, struct pith_error *error)
{
    size_t segment = decisions->n_segments++;
    for (size_t i = 0; i < n; i++)
        decisions->by_token[at[i]].segment = segment;
    if (losses == NULL)
        return PITH_OK;
    struct ranked *ranked = pith_array(n, sizeof *ranked);
    if (ranked == NULL)
        return pith_no_memory(error, n, sizeof *ranked);
    for (size_t i = 0; i < n; i++)
        ranked[i] = (struct ranked){losses[i], i};
    qsort(ranked, n, sizeof *ranked, by_loss);
    for (size_t i = 0; i < n; i++) {
        struct pith_decision *decision =
            &decisions->by_token[at[ranked[i].index]];
        decision->loss = ranked[i].loss;
        decision->rank = i + 1;
    }
    pith_free(ranked);
    return PITH_OK;
}

/* --- the result --------------------------------------------------------------- */

static enum pith_status set_kept_ids(struct pith_prune *p,
                                     struct pith_error *error)
{
    struct pith_ids ids = {0};
    for (size_t i = 0; i < p->parts.n_units; i++) {
        const struct pith_unit *unit = &p->parts.units[i];
        if (p->decisions.by_token[unit->token].kept)
            pith_ids_append_all(&ids, p->parts.ids.data + unit->token,
                                unit->n_tokens);
    }
    enum pith_status status =
        ids.failed ? pith_no_memory(error, p->parts.ids.n, sizeof *ids.data)
                   : pith_result_set_kept_ids(p->result, ids.data, ids.n,
                                              error);
    pith_ids_free(&ids);
    return status;
}

enum pith_status pith_trace_result(struct pith_prune *p,
                                   const struct pith_prompt *prompt,
                                   struct pith_error *error)
{
    if (p->options->trace)
        PITH_TRY(set_kept_ids(p, error));
    return p->options->detail
               ? pith_detail_of_parts(p->result, &p->parts, prompt,
                                      &p->decisions, error)
               : PITH_OK;
}
