/*
 * rank.c - see rank.h.
 *
 * Perplexity here; other measures of a demonstration's worth take its place.
 */
#include "rank.h"

#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "../model/score.h"

bool pith_is_demonstration(const struct pith_part *part)
{
    return part->kind == PITH_PART_CONTEXT && part->n_tokens > 0;
}

static size_t longest(const struct pith_parts *parts)
{
    size_t n = 0;
    for (size_t i = 0; i < parts->n_parts; i++)
        if (pith_is_demonstration(&parts->parts[i]) &&
            parts->parts[i].n_tokens > n)
            n = parts->parts[i].n_tokens;
    return n;
}

/* The logarithm of the perplexity; one that is no number ranks last. */
static double mean(const float *losses, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)losses[i];
    return isnan(sum) ? 0 : sum / (double)n;
}

enum pith_status pith_rank_demonstrations(struct pith_session *session,
                                          const struct pith_parts *parts,
                                          struct pith_rank *ranks, size_t n,
                                          struct pith_error *error)
{
    enum pith_status status = PITH_OK;
    size_t n_longest = longest(parts), n_ranked = 0;
    float *losses = pith_array(n_longest, sizeof *losses);
    if (losses == NULL)
        return pith_no_memory(error, n_longest, sizeof *losses);
    for (size_t i = 0; n_ranked < n; i++) {
        const struct pith_part *part = &parts->parts[i];
        if (!pith_is_demonstration(part))
            continue;
        /* Algorithm 1, line 4: the perplexity of x_dems,k under M_s. */
        PITH_TRY_DONE(pith_score_text(session, parts->ids.data + part->token,
                                      part->n_tokens, losses, error));
        ranks[n_ranked].index = i;
        ranks[n_ranked++].score = mean(losses, part->n_tokens);
        PITH_TRY_DONE(pith_session_report(session, "rank", n_ranked, n,
                                          error));
    }
done:
    free(losses);
    return status;
}
