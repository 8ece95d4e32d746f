/*
 * memo.c - see memo.h.
 */
#include "memo.h"

#include <math.h>
#include <string.h>

#include "../base/memory.h"
#include "state.h"

/* Whether the text begins with these ids and has every loss asked for. */
static bool answers(const struct pith_memo_text *text, const void *precision,
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

bool pith_memo_find(struct pith_memo *memo, const void *precision,
                    const int32_t *ids, const int32_t *targets, float *losses,
                    size_t n)
{
    for (size_t i = 0; n > 0 && i < memo->n; i++) {
        struct pith_memo_text *text = &memo->texts[i];
        if (!answers(text, precision, ids, targets, n))
            continue;
        for (size_t t = 0; t < n; t++)
            losses[t] = targets[t] == PITH_NO_TARGET ? NAN : text->losses[t];
        text->used = ++memo->clock;
        return true;
    }
    return false;
}

static void forget(struct pith_memo *memo, size_t index)
{
    struct pith_memo_text *text = &memo->texts[index];
    memo->n_tokens -= text->n;
    pith_free(text->ids);
    pith_free(text->losses);
    *text = memo->texts[--memo->n];
}

static void make_room(struct pith_memo *memo, size_t n)
{
    while (memo->n == PITH_MEMO_TEXTS ||
           memo->n_tokens + n > PITH_MEMO_TOKENS) {
        size_t oldest = 0;
        for (size_t i = 1; i < memo->n; i++)
            if (memo->texts[i].used < memo->texts[oldest].used)
                oldest = i;
        forget(memo, oldest);
    }
}

void pith_memo_add(struct pith_memo *memo, const void *precision,
                   const int32_t *ids, const int32_t *targets,
                   const float *losses, size_t n)
{
    if (n == 0 || n > PITH_MEMO_TOKENS)
        return;
    make_room(memo, n);
    struct pith_memo_text text = {.n = n, .precision = precision};
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
    text.used = ++memo->clock;
    memo->texts[memo->n++] = text;
    memo->n_tokens += n;
}

void pith_memo_free(struct pith_memo *memo)
{
    while (memo->n > 0)
        forget(memo, memo->n - 1);
}
