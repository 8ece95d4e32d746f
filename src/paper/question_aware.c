/*
 * question_aware.c - LongLLMLingua as a plan of the method `paper`: contexts
 * are documents, ranked by the question, each with its own rate.
 */
#include "../base/memory.h"
#include "../prompt/units.h"
#include "documents.h"
#include "extend.h"
#include "rank.h"

static enum pith_status open_documents(struct pith_paper *p,
                                       struct pith_error *error)
{
    if (p->parts->parts[p->parts->n_parts - 1].n_tokens == 0)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "question_aware needs a question");
    return PITH_OK;
}

static enum pith_status rank_documents(struct pith_paper *p,
                                       struct pith_rank *ranks, size_t n,
                                       struct pith_error *error)
{
    return pith_rank_documents(p->session, p->parts, ranks, n, error);
}

/* The units of a document with a blank line in front, which the first part of
 * the prompt needs where it does not come first in the result: it takes that
 * of the document that does. */
static size_t gather_joined(const struct pith_paper *p, size_t part,
                            struct pith_unit *units)
{
    const struct pith_part *parts = p->parts->parts;
    const struct pith_unit *line = pith_line_before(p->parts,
                                                    &parts[p->order[0]]);
    if (line == NULL || pith_line_before(p->parts, &parts[part]) != NULL)
        return pith_paper_gather(p, part, units);
    size_t n = pith_paper_gather(p, part, units + 1);
    units[0] = *line;
    units[0].part = part;
    units[0].forced = pith_forced_tokens(units + 1, n) > 0;
    return n > 0 ? n + 1 : 0;
}

/* Rates of the documents of D by rank, 0 of the others: by part. */
static enum pith_status rate_documents(const struct pith_paper *p,
                                       double *by_part,
                                       struct pith_error *error)
{
    const struct pith_budget *b = &p->budget;
    double *lengths = pith_array(p->n_order, sizeof *lengths);
    double *rates = pith_array(p->n_order, sizeof *rates);
    size_t n = 0;
    if (lengths == NULL || rates == NULL) {
        pith_free(lengths);
        pith_free(rates);
        return pith_no_memory(error, p->n_order, sizeof *rates);
    }
    for (size_t i = 0; i < p->n_order; i++)
        if (p->selected[p->order[i]])
            lengths[n++] = (double)pith_part_length(p->parts, p->order[i]);
    pith_document_rates(lengths, n, b->rate_d, p->options->delta_tau,
                        b->rate_d * (double)b->n_selected, rates);
    n = 0;
    for (size_t i = 0; i < p->n_order; i++)
        if (p->selected[p->order[i]])
            by_part[p->order[i]] = rates[n++];
    pith_free(lengths);
    pith_free(rates);
    return PITH_OK;
}

/* The question's tokens, after which documents are looked at. */
static void set_question(struct pith_paper *p)
{
    const struct pith_part *part = &p->parts->parts[p->parts->n_parts - 1];
    struct pith_ids *question = &p->itpc.scorer.question;
    pith_ids_append_all(question, p->parts->ids.data + part->token,
                        part->n_tokens);
    pith_ids_append_all(question, p->parts->join.data, p->parts->join.n);
}

/* The order of the parts in the result. */
static void sort_documents(struct pith_paper *p)
{
    size_t n_ranked = 0;
    for (size_t i = 0; i < p->parts->n_parts; i++)
        if (pith_is_demonstration(&p->parts->parts[i]))
            p->prune.order[i] = p->order[n_ranked++];
}

/* Every document as its own stage, with its rate. */
static enum pith_status stage_documents(struct pith_paper *p,
                                        struct pith_error *error)
{
    size_t n_parts = p->parts->n_parts;
    double *rates = pith_array_zero(n_parts, sizeof *rates);
    if (rates == NULL)
        return pith_no_memory(error, n_parts, sizeof *rates);
    enum pith_status status = rate_documents(p, rates, error);
    bool sort = p->options->reorder == PITH_REORDER_SORT;
    struct pith_unit *units = p->units;
    double end = p->stages[0].end;
    for (size_t i = 0; i < (sort ? p->n_order : n_parts); i++) {
        size_t part = sort ? p->order[i] : i;
        if (!pith_is_demonstration(&p->parts->parts[part]))
            continue;
        struct pith_stage *stage = &p->stages[p->n_stages++];
        *stage = (struct pith_stage){.units = units,
                                     .score = pith_score_contrast};
        stage->n_units = sort ? gather_joined(p, part, units)
                              : pith_paper_gather(p, part, units);
        units += stage->n_units;
        end += rates[part] * (double)pith_part_length(p->parts, part);
        stage->end = end;
    }
    if (sort)
        sort_documents(p);
    set_question(p);
    pith_free(rates);
    return status;
}

/* The published k: a ranking by the question can be trusted with more. */
const struct pith_plan pith_plan_documents = {
    .k = 1.3,
    .segment_size = 200,
    .open = open_documents,
    .rank = rank_documents,
    .low_is_best = true,
    .stage = stage_documents};
