/*
 * measure_continue.c - eq. 1 measured: how far what a model expects after a
 * compressed text is from what it expects after the whole of it.
 *
 *   context (450 tokens, compressed) | kept (50) | next (64)
 *
 * For each next token, KL(full || compressed) over the vocabulary.  And how
 * much the context helps with the tokens that really come next: their loss
 * after it, and after the context of another text of the same file that was
 * compressed alike, which has the same form and says something else.
 */
#include <string.h>

#include "../base/memory.h"
#include "../base/utf8.h"
#include "../json/json.h"
#include "../model/divergence.h"
#include "../model/extend.h"
#include "../text/lines.h"
#include "measure.h"

enum { CONTEXT_TOKENS = 450, KEPT_TOKENS = 50, NEXT_TOKENS = 64,
       ALL_TOKENS = CONTEXT_TOKENS + KEPT_TOKENS + NEXT_TOKENS };

/* A stretch of a text in tokens of the judge. */
struct window {
    int32_t *ids; /* (n_context + n_kept + n_next, or more) */
    size_t n_context, n_kept, n_next;
    char *context; /* the text of the first, which is compressed; owned */
    size_t context_size;
    bool is_whole; /* the text is long enough for it */
};

static void free_window(struct window *w)
{
    pith_free(w->ids);
    pith_free(w->context);
}

/* In proportion where the judge's context is shorter. */
static void share_out(struct window *w, size_t positions)
{
    size_t n = positions < ALL_TOKENS ? positions : ALL_TOKENS;
    w->n_next = n * NEXT_TOKENS / ALL_TOKENS;
    w->n_kept = n * KEPT_TOKENS / ALL_TOKENS;
    w->n_context = n - w->n_next - w->n_kept;
}

/* From the first line on that starts in the second third of a text. */
static struct pith_text skip_start(struct pith_text text)
{
    size_t at = text.size / 3;
    while (at > 0 && at < text.size && text.bytes[at - 1] != '\n')
        at++;
    return (struct pith_text){text.bytes + at, text.size - at};
}

static enum pith_status tokenize(struct window *w,
                                 const struct pith_model *model,
                                 struct pith_text text,
                                 struct pith_error *error)
{
    size_t n;
    pith_free(w->ids);
    PITH_TRY(pith_tokenize(model, text, 0, &w->ids, &n, error));
    w->is_whole = n >= w->n_context + w->n_kept + w->n_next &&
                  w->n_kept > 0 && w->n_next > 0;
    return PITH_OK;
}

/* The window moves a token's start to where a character starts. */
static enum pith_status cut_context(struct window *w,
                                    const struct pith_model *model,
                                    struct pith_error *error)
{
    do {
        pith_free(w->context);
        PITH_TRY(pith_detokenize(model, w->ids, w->n_context, &w->context,
                                 &w->context_size, error));
    } while (!pith_utf8_is_valid(w->context, w->context_size) &&
             (w->n_kept++, --w->n_context > 0));
    return PITH_OK;
}

static enum pith_status open_window(const struct pith_measure *m,
                                    struct window *w, struct pith_text text,
                                    struct pith_error *error)
{
    const struct pith_model *model = pith_session_model(m->judge);
    share_out(w, pith_session_window(m->judge));
    PITH_TRY(tokenize(w, model, skip_start(text), error));
    if (!w->is_whole)
        PITH_TRY(tokenize(w, model, text, error));
    return w->is_whole ? cut_context(w, model, error) : PITH_OK;
}

/* The context of a window through the method of the line. */
static enum pith_status compress(const struct pith_measure *m,
                                 const struct window *w,
                                 struct pith_baseline_result *result,
                                 struct pith_error *error)
{
    struct pith_text context = {w->context, w->context_size};
    struct pith_group group = m->group;
    group.prompt = (struct pith_prompt){.contexts = &context,
                                        .n_contexts = 1};
    return pith_measure_compress(m, &group, result, error);
}

/* Feeds start, ids (n) and what the window keeps, less the last, in
 * float32 as all that the judge computes. */
static enum pith_status read_on(struct pith_session *judge,
                                const struct window *w, const int32_t *ids,
                                size_t n, struct pith_error *error)
{
    const struct pith_precision *exact = pith_session_exact(judge);
    const int32_t *kept = w->ids + w->n_context;
    int32_t start;
    PITH_TRY(pith_model_find_start(pith_session_model(judge), &start, error));
    pith_session_truncate(judge, 0);
    PITH_TRY(pith_session_forward(judge, exact, &start, 1, NULL, NULL, error));
    PITH_TRY(pith_session_forward(judge, exact, ids, n, NULL, NULL, error));
    return pith_session_forward(judge, exact, kept, w->n_kept - 1, NULL, NULL,
                                error);
}

/* What the judge expects next after these ids, in float32: states (n_next,
 * width).  Of ids that leave too little room, the last. */
static enum pith_status expect(struct pith_session *judge,
                               const struct window *w, const int32_t *ids,
                               size_t n, float *states,
                               struct pith_error *error)
{
    const int32_t *last = w->ids + w->n_context + w->n_kept - 1;
    size_t limit = pith_session_window(judge) - w->n_kept - w->n_next;
    size_t skip = n > limit ? n - limit : 0;
    PITH_TRY(read_on(judge, w, ids + skip, n - skip, error));
    return pith_session_states(judge, pith_session_exact(judge), last,
                               w->n_next, states, error);
}

/* The same after a text, whose tokens are handed over. */
static enum pith_status expect_after(const struct pith_measure *m,
                                     const struct window *w,
                                     struct pith_text text, int32_t **ids,
                                     size_t *n, float *states,
                                     struct pith_error *error)
{
    PITH_TRY(pith_tokenize(pith_session_model(m->judge), text, 0, ids, n,
                           error));
    return expect(m->judge, w, *ids, *n, states, error);
}

/* Appends "NAME": [sum of the losses of what is next, tokens]. */
static enum pith_status write_losses(struct pith_measure *m, const char *name,
                                     const struct window *w,
                                     const float *states,
                                     struct pith_error *error)
{
    float losses[NEXT_TOKENS];
    double sum = 0;
    PITH_TRY(pith_state_losses(m->judge, pith_session_exact(m->judge), states,
                               w->ids + w->n_context + w->n_kept, w->n_next,
                               losses, error));
    for (size_t i = 0; i < w->n_next; i++)
        sum += (double)losses[i];
    pith_buffer_printf(&m->out, ", \"%s\": [", name);
    pith_json_write_number(&m->out, sum);
    pith_buffer_printf(&m->out, ", %zu]", w->n_next);
    return PITH_OK;
}

static enum pith_status write_divergence(struct pith_measure *m,
                                         const struct window *w,
                                         const float *full, const float *left,
                                         struct pith_error *error)
{
    double divergences[NEXT_TOKENS], sum = 0;
    PITH_TRY(pith_state_divergences(m->judge, pith_session_exact(m->judge),
                                    full, left, w->n_next, divergences,
                                    error));
    for (size_t i = 0; i < w->n_next; i++)
        sum += divergences[i];
    pith_buffer_string(&m->out, ", \"kl\": [");
    pith_json_write_number(&m->out, sum);
    pith_buffer_printf(&m->out, ", %zu]", w->n_next);
    return PITH_OK;
}

/* "NAME": [1, 2, 3]. */
static void write_ids(struct pith_buffer *out, const char *name,
                      const int32_t *ids, size_t n)
{
    pith_buffer_printf(out, ", \"%s\": [", name);
    for (size_t i = 0; i < n; i++)
        pith_buffer_printf(out, i > 0 ? ",%ld" : "%ld", (long)ids[i]);
    pith_buffer_string(out, "]");
}

/* --- another text ----------------------------------------------------------- */

/* Up to the number that ends an id. */
static size_t source_size(const char *id)
{
    const char *end = strrchr(id, '-');
    return end != NULL ? (size_t)(end - id) : strlen(id);
}

/* The next text of the same file, the first after the last; NULL: none. */
static const struct pith_case *find_other(const struct pith_measure *m)
{
    const struct pith_cases *cases = m->cases;
    size_t index = (size_t)(m->group.first - cases->cases);
    size_t size = source_size(m->group.first->id);
    for (size_t i = 1; i < cases->n; i++) {
        const struct pith_case *at = &cases->cases[(index + i) % cases->n];
        if (source_size(at->id) == size &&
            memcmp(at->id, m->group.first->id, size) == 0)
            return at;
    }
    return NULL;
}

static enum pith_status write_other(struct pith_measure *m,
                                    const struct window *w, float *states,
                                    struct pith_error *error)
{
    const struct pith_case *other = find_other(m);
    struct window theirs = {0};
    struct pith_baseline_result compressed = {0};
    int32_t *ids = NULL;
    size_t n;
    enum pith_status status = PITH_OK;
    if (other != NULL)
        PITH_TRY_DONE(open_window(m, &theirs, other->prompt.contexts[0],
                                  error));
    if (!theirs.is_whole) {
        pith_buffer_string(&m->out, ", \"other\": null");
        goto done;
    }
    PITH_TRY_DONE(compress(m, &theirs, &compressed, error));
    PITH_TRY_DONE(expect_after(m, w, compressed.text, &ids, &n, states,
                               error));
    PITH_TRY_DONE(write_losses(m, "other", w, states, error));
done:
    free_window(&theirs);
    pith_free((void *)compressed.text.bytes);
    pith_free(ids);
    return status;
}

/* --- the line --------------------------------------------------------------- */

static enum pith_status measure_window(struct pith_measure *m,
                                       const struct window *w,
                                       struct pith_error *error)
{
    size_t size = w->n_next * pith_session_state_size(m->judge);
    float *full = pith_array(size, sizeof *full);
    float *left = pith_array(size, sizeof *left);
    int32_t *ids = NULL;
    size_t n;
    enum pith_status status;
    if (full == NULL || left == NULL)
        PITH_TRY_DONE(pith_no_memory(error, size, sizeof *full));
    PITH_TRY_DONE(compress(m, w, &m->compressed, error));
    PITH_TRY_DONE(expect(m->judge, w, w->ids, w->n_context, full, error));
    PITH_TRY_DONE(expect_after(m, w, m->compressed.text, &ids, &n, left,
                               error));
    PITH_TRY_DONE(write_divergence(m, w, full, left, error));
    PITH_TRY_DONE(write_losses(m, "own", w, left, error));
    write_ids(&m->out, "ids", w->ids, w->n_context + w->n_kept + w->n_next);
    write_ids(&m->out, "left_ids", ids, n);
    pith_buffer_printf(&m->out, ", \"n_context\": %zu, \"n_kept\": %zu",
                       w->n_context, w->n_kept);
    PITH_TRY_DONE(write_other(m, w, left, error));
done:
    pith_free(full);
    pith_free(left);
    pith_free(ids);
    return status;
}

enum pith_status pith_measure_continuation(struct pith_measure *m,
                                           struct pith_error *error)
{
    struct window w = {0};
    struct pith_text text = m->group.first->prompt.contexts[0];
    enum pith_status status = open_window(m, &w, text, error);
    if (status == PITH_OK && w.is_whole)
        status = measure_window(m, &w, error);
    else
        pith_buffer_string(&m->out,
                           ", \"kl\": null, \"own\": null, \"other\": null");
    m->original = (struct pith_text){w.context, w.context_size};
    m->context = w.context;
    w.context = NULL;
    free_window(&w);
    return status;
}
