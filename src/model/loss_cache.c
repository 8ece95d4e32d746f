/*
 * loss_cache.c - see loss_cache.h.
 */
#include "loss_cache.h"

#include <math.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/options.h"
#include "state.h"

/* Whether the text begins with these ids and has every loss asked for. */
static bool answers(const struct pith_cached_text *text, const void *precision,
                    const int32_t *ids, const int32_t *targets, size_t n)
{
    if (text->n < n || text->precision != precision ||
        memcmp(text->ids, ids, n * sizeof *ids) != 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (targets[i] != PITH_NO_TARGET && targets[i] != text->targets[i])
            return false;
    return true;
}

bool pith_loss_cache_find(struct pith_loss_cache *cache, const void *precision,
                    const int32_t *ids, const int32_t *targets, float *losses,
                    size_t n)
{
    for (size_t i = 0; n > 0 && cache != NULL && i < cache->n; i++) {
        struct pith_cached_text *text = &cache->texts[i];
        if (!answers(text, precision, ids, targets, n))
            continue;
        for (size_t t = 0; t < n; t++)
            losses[t] = targets[t] == PITH_NO_TARGET ? NAN : text->losses[t];
        text->used = ++cache->clock;
        return true;
    }
    return false;
}

static void forget(struct pith_loss_cache *cache, size_t index)
{
    struct pith_cached_text *text = &cache->texts[index];
    cache->n_tokens -= text->n;
    pith_free(text->ids);
    pith_free(text->losses);
    *text = cache->texts[--cache->n];
}

static void make_room(struct pith_loss_cache *cache, size_t n)
{
    while (cache->n == PITH_LOSS_CACHE_TEXTS ||
           cache->n_tokens + n > PITH_LOSS_CACHE_TOKENS) {
        size_t oldest = 0;
        for (size_t i = 1; i < cache->n; i++)
            if (cache->texts[i].used < cache->texts[oldest].used)
                oldest = i;
        forget(cache, oldest);
    }
}

void pith_loss_cache_add(struct pith_loss_cache *cache, const void *precision,
                   const int32_t *ids, const int32_t *targets,
                   const float *losses, size_t n)
{
    if (n == 0 || n > PITH_LOSS_CACHE_TOKENS)
        return;
    make_room(cache, n);
    struct pith_cached_text text = {.n = n, .precision = precision};
    text.ids = pith_array(2 * n, sizeof *text.ids);
    text.losses = pith_array(n, sizeof *text.losses);
    if (text.ids == NULL || text.losses == NULL) {
        pith_free(text.ids);
        pith_free(text.losses);
        return;
    }
    text.targets = text.ids + n;
    memcpy(text.ids, ids, n * sizeof *ids);
    memcpy(text.targets, targets, n * sizeof *targets);
    memcpy(text.losses, losses, n * sizeof *losses);
    text.used = ++cache->clock;
    cache->texts[cache->n++] = text;
    cache->n_tokens += n;
}

void pith_loss_cache_free(struct pith_loss_cache *cache)
{
    if (cache == NULL)
        return;
    while (cache->n > 0)
        forget(cache, cache->n - 1);
    pith_loss_files_free(cache->files);
    pith_free(cache);
}

/* --- of a session --------------------------------------------------------- */

static const struct pith_precision *
settle(const struct pith_session *session,
       const struct pith_precision *precision)
{
    return precision != NULL ? precision : session->compute.precision;
}

/* NULL: there is none, and no memory for one. */
static struct pith_loss_cache *cache_of(struct pith_session *session)
{
    if (session->loss_cache == NULL)
        session->loss_cache = pith_array_zero(1, sizeof *session->loss_cache);
    return session->loss_cache;
}

bool pith_session_recall(struct pith_session *session,
                         const struct pith_precision *precision,
                         const int32_t *ids, const int32_t *targets,
                         float *losses, size_t n)
{
    struct pith_loss_cache *cache = session->loss_cache;
    const struct pith_loss_text text = {ids, targets, n};
    precision = settle(session, precision);
    if (pith_loss_cache_find(cache, precision, ids, targets, losses, n))
        return true;
    if (n == 0 || cache == NULL || cache->files == NULL ||
        !pith_loss_files_find(cache->files, session, precision, &text, losses))
        return false;
    pith_loss_cache_add(cache, precision, ids, targets, losses, n);
    return true;
}

void pith_session_remember(struct pith_session *session,
                           const struct pith_precision *precision,
                           const int32_t *ids, const int32_t *targets,
                           const float *losses, size_t n)
{
    struct pith_loss_cache *cache = cache_of(session);
    const struct pith_loss_text text = {ids, targets, n};
    if (cache == NULL)
        return;
    precision = settle(session, precision);
    pith_loss_cache_add(cache, precision, ids, targets, losses, n);
    if (n > 0 && cache->files != NULL)
        pith_loss_files_keep(cache->files, session, precision, &text, losses);
}

enum pith_status pith_session_cache_open(struct pith_session *session,
                                         const char *folder,
                                         struct pith_error *error)
{
    PITH_REQUIRE(session, error);
    PITH_REQUIRE(folder, error);
    struct pith_loss_cache *cache = cache_of(session);
    struct pith_loss_files *files;
    if (cache == NULL)
        return pith_no_memory(error, 1, sizeof *cache);
    PITH_TRY(pith_loss_files_open(&files, folder, error));
    pith_loss_files_free(cache->files);
    cache->files = files;
    return PITH_OK;
}

void pith_session_cache_describe_sized(const struct pith_session *session,
                                       struct pith_cache_info *given,
                                       size_t sizeof_info)
{
    if (session == NULL || given == NULL)
        return;
    const struct pith_loss_files *files =
        session->loss_cache != NULL ? session->loss_cache->files : NULL;
    struct pith_cache_info info = {.why = ""};
    if (files != NULL)
        info = (struct pith_cache_info){
            .folder = files->slots.folder, .why = files->why.detail,
            .n_found = files->n_found, .n_missed = files->n_missed,
            .n_kept = files->n_kept, .n_bad = files->n_bad,
            .n_failed = files->n_failed};
    pith_struct_give(given, sizeof_info, &info, sizeof info);
}

void pith_session_forget(struct pith_session *session)
{
    pith_loss_cache_free(session->loss_cache);
    session->loss_cache = NULL;
}

enum pith_status pith_session_forward_known(struct pith_session *session,
                                            const int32_t *ids, size_t n,
                                            const int32_t *targets,
                                            float *losses,
                                            struct pith_error *error)
{
    pith_session_truncate(session, 0);
    if (pith_session_recall(session, NULL, ids, targets, losses, n))
        return PITH_OK;
    PITH_TRY(pith_session_forward(session, NULL, ids, n, targets, losses,
                                  error));
    pith_session_remember(session, NULL, ids, targets, losses, n);
    return PITH_OK;
}
