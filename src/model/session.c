/*
 * session.c - opening, growing and closing a session; see session.h.
 */
#include <string.h>

#include "../base/memory.h"
#include "../base/options.h"
#include "forward.h"
#include "kvcache.h"

enum { DEFAULT_N_CTX = 4096 };

enum pith_status
pith_session_open_compute(struct pith_compute *compute,
                          const struct pith_model *model,
                          const struct pith_precision *precision, int n_threads,
                          size_t n_ctx, struct pith_error *error)
{
    const struct pith_config *config = &model->format.config;
    size_t attn_width = (size_t)config->n_head * config->head_dim;
    struct pith_compute_limits limits = {
        .max_tokens = PITH_FORWARD_TOKENS,
        .max_width = pith_max(pith_max(config->n_embd, attn_width),
                              pith_max(config->n_ff,
                                       model->adapter_rank)),
        .max_context = n_ctx,
        .max_head_dim = config->head_dim};
    PITH_TRY(pith_compute_init(compute, model->kernels, n_threads, &limits,
                               error));
    compute->precision = precision;
    return PITH_OK;
}

static enum pith_status choose_precision(
    const struct pith_precision **precision, const struct pith_model *model,
    const char *name, struct pith_error *error)
{
    *precision = pith_precision_take(model->kernels, name);
    if (*precision == NULL)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "precision: \"%s\" is not known; expected %s", name,
                         pith_precision_names);
    return PITH_OK;
}

enum pith_status pith_session_check_context(const struct pith_model *model,
                                            size_t n_ctx,
                                            struct pith_error *error)
{
    const struct pith_config *config = &model->format.config;
    if (config->arch == PITH_ARCH_GPT2 && n_ctx > config->n_ctx)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "a context of %zu positions was asked for; this GPT-2 "
                         "model has learned only %lu", n_ctx,
                         (unsigned long)config->n_ctx);
    if (n_ctx > PITH_MAX_CTX)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "a context of %zu positions was asked for; at most "
                         "%d are supported", n_ctx, PITH_MAX_CTX);
    return PITH_OK;
}

/* Settles what the options leave open. */
static enum pith_status settle(struct pith_session_options *options,
                               const struct pith_model *model,
                               struct pith_error *error)
{
    if (options->n_threads < 0)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "n_threads is %d; expected 0 (all) or more",
                         options->n_threads);
    options->n_threads = pith_compute_threads(options->n_threads);
    if (options->precision == NULL)
        options->precision = "auto";
    if (options->n_ctx == 0) {
        options->n_ctx = model->format.config.n_ctx;
        if (options->n_ctx > DEFAULT_N_CTX)
            options->n_ctx = DEFAULT_N_CTX;
    }
    return pith_session_check_context(model, options->n_ctx, error);
}

static enum pith_status open_session(struct pith_session *session,
                                     const struct pith_session_options *options,
                                     struct pith_error *error)
{
    const struct pith_model *model = session->model;
    const struct pith_precision *precision;
    if (options->progress != NULL)
        session->progress = *options->progress;
    PITH_TRY(choose_precision(&precision, model, options->precision, error));
    PITH_TRY(pith_session_open_compute(&session->compute, model, precision,
                                       options->n_threads, options->n_ctx,
                                       error));
    PITH_TRY(pith_kv_create(session, options->n_ctx, error));
    session->n_window = options->n_ctx;
    session->is_automatic = strcmp(options->precision, "auto") == 0;
    return pith_activations_create(&session->activations, model,
                                   options->n_ctx, error);
}

enum pith_status pith_session_create(const struct pith_model *model,
                                     const struct pith_session_options *options,
                                     struct pith_session **session,
                                     struct pith_error *error)
{
    struct pith_session_options settled = {.sizeof_options = sizeof settled};
    enum pith_status status;

    PITH_REQUIRE(session, error);
    *session = NULL;
    PITH_REQUIRE(model, error);
    PITH_TRY(pith_options_copy(&settled, sizeof settled, options, error));
    PITH_TRY(settle(&settled, model, error));
    struct pith_session *made = pith_array_zero(1, sizeof *made);
    if (made == NULL)
        return pith_no_memory(error, 1, sizeof *made);
    made->model = model;
    status = open_session(made, &settled, error);
    if (status == PITH_OK)
        *session = made;
    else
        pith_session_free(made);
    return status;
}

void pith_session_free(struct pith_session *session)
{
    if (session == NULL)
        return;
    pith_compute_free(&session->compute);
    pith_activations_free(session->activations);
    pith_session_forget(session);
    pith_free_aligned(session->keys);
    pith_free_aligned(session->values);
    pith_free(session);
}

const struct pith_model *pith_session_model(const struct pith_session *session)
{
    return session->model;
}

const struct pith_tokenizer *
pith_session_tokenizer(const struct pith_session *session)
{
    return session->model->tokenizer;
}

size_t pith_session_window(const struct pith_session *session)
{
    return session->n_window;
}

size_t pith_session_past(const struct pith_session *session)
{
    return session->n_past;
}

const char *pith_session_precision(const struct pith_session *session)
{
    return session != NULL
               ? pith_precision_get_name(session->compute.precision) : NULL;
}

enum pith_status pith_session_report(struct pith_session *session,
                                     const char *stage, size_t done,
                                     size_t total, struct pith_error *error)
{
    const struct pith_progress *progress = &session->progress;
    if (progress->report != NULL &&
        progress->report(progress->user, stage, done, total) != 0)
        return pith_fail(error, PITH_ERR_CANCELLED,
                         "stopped at %zu of %zu (%s): the progress callback, "
                         "which keeps the caller's time limit, asked for it",
                         done, total, stage);
    return PITH_OK;
}
