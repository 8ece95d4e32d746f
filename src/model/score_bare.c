/*
 * score_bare.c - losses of a text without a start id before it.
 */
#include <math.h>

#include "score.h"

enum pith_status pith_score_without_bos(struct pith_session *session,
                                        const int32_t *ids, size_t n_ids,
                                        float *losses,
                                        struct pith_error *error)
{
    PITH_REQUIRE(session, error);
    PITH_REQUIRE_ALL(ids, n_ids, error);
    PITH_REQUIRE_ALL(losses, n_ids, error);
    if (n_ids == 0)
        return PITH_OK;
    losses[0] = NAN;
    return pith_score_after(session, ids, 1, ids + 1, n_ids - 1, losses + 1,
                            error);
}
