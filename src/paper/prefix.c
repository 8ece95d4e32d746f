/*
 * prefix.c - see prefix.h.
 */
#include "prefix.h"

#include <string.h>

#include "../base/memory.h"

enum pith_status pith_prefix_init(struct pith_prefix *prefix,
                                  struct pith_session *session,
                                  struct pith_error *error)
{
    size_t n = pith_session_window(session);
    int32_t start;
    *prefix = (struct pith_prefix){.session = session, .n_head = 1,
                                   .n_max = n,
                                   .from = 1};
    PITH_TRY(pith_model_find_start(pith_session_model(session), &start, error));
    prefix->feed = pith_array(n, sizeof *prefix->feed);
    prefix->targets = pith_array(n, sizeof *prefix->targets);
    prefix->losses = pith_array(n, sizeof *prefix->losses);
    pith_ids_append(&prefix->ids, start);
    if (prefix->feed == NULL || prefix->targets == NULL ||
        prefix->losses == NULL || prefix->ids.failed)
        return pith_no_memory(error, n, sizeof *prefix->feed);
    pith_session_truncate(session, 0);
    return PITH_OK;
}

void pith_prefix_free(struct pith_prefix *prefix)
{
    pith_free(prefix->feed);
    pith_free(prefix->targets);
    pith_free(prefix->losses);
    pith_ids_free(&prefix->ids);
}

/* Positions of the cache that the prefix takes. */
static size_t positions(const struct pith_prefix *prefix)
{
    return prefix->n_head + prefix->ids.n - prefix->from;
}

static int32_t id_at(const struct pith_prefix *prefix, size_t position)
{
    size_t n_head = prefix->n_head;
    return prefix->ids.data[position < n_head
                                ? position : prefix->from + position - n_head];
}

/* Restarts the cache with the latest tokens, so that n more fit. */
static void slide(struct pith_prefix *prefix, size_t n)
{
    size_t room = prefix->n_max + 1 - prefix->n_head - n;
    size_t n_latest = prefix->n_max / 8 < room ? prefix->n_max / 8 : room;
    prefix->from = prefix->ids.n - n_latest;
    pith_session_truncate(prefix->session, prefix->n_head);
}

/* What is to be run, from position `from` of the prefix on.  The prefix's
 * last token predicts the segment's first, so it is always among it; the
 * segment's last token predicts nothing. */
static size_t fill_feed(struct pith_prefix *prefix, size_t from,
                        const int32_t *ids, size_t n)
{
    size_t n_prefix = positions(prefix), n_feed = 0;
    for (size_t i = from; i < n_prefix; i++) {
        prefix->targets[n_feed] = PITH_NO_TARGET;
        prefix->feed[n_feed++] = id_at(prefix, i);
    }
    prefix->targets[n_feed - 1] = ids[0];
    for (size_t i = 1; i < n; i++) {
        prefix->targets[n_feed] = ids[i];
        prefix->feed[n_feed++] = ids[i - 1];
    }
    return n_feed;
}

enum pith_status pith_prefix_score(struct pith_prefix *prefix,
                                   const int32_t *ids, size_t n, float *losses,
                                   struct pith_error *error)
{
    struct pith_session *session = prefix->session;
    if (positions(prefix) + n - 1 > prefix->n_max)
        slide(prefix, n);
    size_t n_prefix = positions(prefix);
    bool first = n_prefix == prefix->n_head && prefix->ids.n == n_prefix;
    if (first)
        pith_session_truncate(session, 0);
    if (pith_session_past(session) > n_prefix - 1)
        pith_session_truncate(session, n_prefix - 1);
    size_t n_feed = fill_feed(prefix, pith_session_past(session), ids, n);
    /* The first segment may have been a demonstration's beginning when those
     * were ranked, or that of an earlier prompt. */
    PITH_TRY(first ? pith_session_forward_known(session, prefix->feed, n_feed,
                                                prefix->targets,
                                                prefix->losses, error)
                   : pith_session_forward(session, NULL, prefix->feed, n_feed,
                                          prefix->targets, prefix->losses,
                                          error));
    memcpy(losses, prefix->losses + n_feed - n, n * sizeof *losses);
    pith_session_truncate(session, n_prefix);
    return PITH_OK;
}

void pith_prefix_cut(struct pith_prefix *prefix, size_t n)
{
    prefix->ids.n = n;
    if (n < prefix->from)
        prefix->from = n;
    if (pith_session_past(prefix->session) > positions(prefix))
        pith_session_truncate(prefix->session, positions(prefix));
}
