/*
 * absent.c - what the core leaves out.
 *
 * Each function here takes the place of one of the library that the core calls
 * for what the papers do not need.  It refuses an option by name where it is
 * set, and does nothing, or the plain thing, where it is not; the files behind
 * it in the library are not linked.
 */
#include "../../src/base/memory.h"
#include "../../src/base/threads.h"
#include "../../src/model/batch.h"
#include "../../src/model/forward.h"
#include "../../src/paper/paper.h"
#include "../../src/prompt/detail.h"
#include "../../src/prompt/keep.h"
#include "../../src/prompt/pieces.h"

static enum pith_status refuse(struct pith_error *error, const char *option,
                               const char *unset)
{
    return pith_fail(error, PITH_ERR_UNSUPPORTED,
                     "%s: the core of pith does not have this option; leave "
                     "it %s, or link the whole library", option, unset);
}

/* --- base: the caller's thread alone ------------------------------------------ */

int pith_processors(void)
{
    return 1;
}

int pith_threads_settle(int wanted)
{
    (void)wanted;
    return 1;
}

struct pith_threads *pith_threads_create(int n_threads)
{
    (void)n_threads;
    return NULL;
}

void pith_threads_free(struct pith_threads *threads)
{
    (void)threads;
}

void pith_parallel_for(struct pith_threads *threads, size_t n_tasks,
                       void (*task)(void *user, size_t index, int thread),
                       void *user)
{
    (void)threads;
    for (size_t i = 0; i < n_tasks; i++)
        task(user, i, 0);
}

/* --- model -------------------------------------------------------------------- */

enum pith_status pith_model_take_adapter(struct pith_model *model,
                                         const char *path,
                                         struct pith_error *error)
{
    (void)model, (void)path;
    return refuse(error, "adapter", "NULL");
}

void pith_model_drop_adapter(struct pith_model *model)
{
    (void)model;
}

void pith_adapt(const struct pith_pass *pass, float *out, const float *x,
                size_t layer, enum pith_linear_index linear)
{
    (void)pass, (void)out, (void)x, (void)layer, (void)linear;
}

bool pith_adapted_feed_forward(const struct pith_pass *pass,
                               const struct pith_feed_forward *parts,
                               size_t layer)
{
    (void)pass, (void)parts, (void)layer;
    return false;
}

/* One text after another. */
enum pith_status pith_batch_score(struct pith_batch *batch,
                                  struct pith_session *session,
                                  const char *stage, struct pith_error *error)
{
    size_t n = batch->ids.n;
    pith_free(batch->losses);
    batch->losses = pith_array(n, sizeof *batch->losses);
    if (batch->losses == NULL)
        return pith_no_memory(error, n, sizeof *batch->losses);
    for (size_t i = 0, at = 0; i < batch->n_texts; at = batch->ends[i++]) {
        PITH_TRY(pith_session_report(session, stage, at, n, error));
        pith_session_truncate(session, 0);
        PITH_TRY(pith_session_forward(
            session, batch->precision, batch->ids.data + at,
            batch->ends[i] - at, batch->targets.data + at, batch->losses + at,
            error));
    }
    return PITH_OK;
}

bool pith_session_recall(struct pith_session *session,
                         const struct pith_precision *precision,
                         const int32_t *ids, const int32_t *targets,
                         float *losses, size_t n)
{
    (void)session, (void)precision, (void)ids, (void)targets, (void)losses;
    (void)n;
    return false; /* nothing is remembered */
}

void pith_session_remember(struct pith_session *session,
                           const struct pith_precision *precision,
                           const int32_t *ids, const int32_t *targets,
                           const float *losses, size_t n)
{
    (void)session, (void)precision, (void)ids, (void)targets, (void)losses;
    (void)n;
}

void pith_session_forget(struct pith_session *session)
{
    (void)session;
}

/* --- prompt ------------------------------------------------------------------ */

enum pith_status pith_keep_apply(struct pith_parts *parts,
                                 const struct pith_compress_options *options,
                                 struct pith_error *error)
{
    (void)parts;
    if ((options->protect & PITH_PROTECT_ALL) != 0)
        return refuse(error, "protect", "0");
    if (options->n_keep > 0)
        return refuse(error, "keep", "empty");
    if (options->keep_regex != NULL)
        return refuse(error, "keep_regex", "NULL");
    return PITH_OK;
}

enum pith_status pith_keep_note(const struct pith_parts *parts,
                                const struct pith_compress_options *options,
                                struct pith_result *result,
                                struct pith_error *error)
{
    (void)parts, (void)options, (void)result, (void)error;
    return PITH_OK; /* nothing was looked for */
}

enum pith_status pith_pieces_append(struct pith_parts *parts,
                                    const struct pith_tokenizer *tokenizer,
                                    size_t index, struct pith_text tagged,
                                    struct pith_error *error)
{
    (void)parts, (void)tokenizer, (void)index, (void)tagged;
    return refuse(error, "structured", "false");
}

enum pith_status pith_detail_of_parts(struct pith_result *result,
                                      const struct pith_parts *parts,
                                      const struct pith_prompt *prompt,
                                      const struct pith_decisions *decisions,
                                      struct pith_error *error)
{
    (void)result, (void)parts, (void)prompt, (void)decisions;
    return refuse(error, "detail", "false");
}

/* --- paper ------------------------------------------------------------------- */

enum pith_status pith_plan_documents(const struct pith_plan **plan,
                                     struct pith_error *error)
{
    (void)plan;
    return refuse(error, "question_aware", "false");
}

enum pith_status pith_plan_pieces(const struct pith_plan **plan,
                                  struct pith_error *error)
{
    (void)plan;
    return refuse(error, "structured", "false");
}
