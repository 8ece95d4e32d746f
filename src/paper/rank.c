/*
 * rank.c - see rank.h.
 *
 * Perplexity here; other measures of a demonstration's worth take its place.
 */
#include "rank.h"

#include <math.h>

#include "../base/memory.h"
#include "../model/score.h"

bool pith_is_demonstration(const struct pith_part *part)
{
    return part->kind == PITH_PART_CONTEXT && part->n_tokens > 0;
}

/* Algorithm 1, line 4: the perplexity of x_dems,k under M_s. */
enum pith_status pith_rank_demonstrations(struct pith_session *session,
                                          const struct pith_parts *parts,
                                          struct pith_rank *ranks, size_t n,
                                          float *losses,
                                          struct pith_error *error)
{
    size_t n_listed = 0;
    struct pith_scored_text *texts = pith_array(n, sizeof *texts);
    if (texts == NULL)
        return pith_no_memory(error, n, sizeof *texts);
    for (size_t i = 0; n_listed < n; i++) {
        const struct pith_part *part = &parts->parts[i];
        if (!pith_is_demonstration(part))
            continue;
        ranks[n_listed].index = i;
        texts[n_listed++] = (struct pith_scored_text){
            parts->ids.data + part->token, part->n_tokens,
            losses + part->token};
    }
    enum pith_status status =
        pith_score_texts(session, texts, n, "rank", error);
    /* Logarithms of perplexities; one that is not a number ranks last. */
    for (size_t i = 0; i < n && status == PITH_OK; i++) {
        double mean = pith_mean(texts[i].losses, texts[i].n);
        ranks[i].score = isnan(mean) ? 0 : mean;
    }
    pith_free(texts);
    return status;
}
