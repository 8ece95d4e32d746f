/*
 * forward.c - tokens in, losses out: a run of tokens cut into blocks, each
 * sent through the layers of its architecture and, where losses are wanted,
 * through the output projection.
 */
#include "forward.h"

#include <math.h>
#include <string.h>

#include "kvcache.h"

void pith_output_norm(struct pith_session *session, float *out, const float *x,
                      size_t T)
{
    const struct pith_model *model = session->model;
    const struct pith_config *config = &model->format.config;
    struct pith_compute *compute = &session->compute;

    if (config->arch == PITH_ARCH_GPT2)
        pith_layer_norm(compute, out, x, model->weights.output_norm,
                        model->weights.output_norm_bias, T, config->n_embd,
                        config->norm_eps);
    else
        pith_rms_norm(compute, out, x, model->weights.output_norm, T,
                      config->n_embd, config->norm_eps);
}

/* Moves the rows of x (T, C) that have a target to its front, and those
 * targets to the front of a->targets.  Returns how many there are. */
static size_t gather_targets(struct pith_activations *a, size_t C,
                             const int32_t *targets, size_t T)
{
    size_t n = 0;
    for (size_t t = 0; t < T; t++) {
        if (targets[t] == PITH_NO_TARGET)
            continue;
        if (n < t)
            memcpy(a->x + n * C, a->x + t * C, C * sizeof *a->x);
        a->targets[n++] = targets[t];
    }
    return n;
}

/* losses (T) from the stream x (T, C), which is used up. */
static void block_losses(struct pith_session *session, const int32_t *targets,
                         float *losses, size_t T)
{
    struct pith_activations *a = session->activations;
    size_t C = session->model->format.config.n_embd;
    size_t n = gather_targets(a, C, targets, T), next = 0;

    if (n > 0) {
        pith_output_norm(session, a->norm, a->x, n);                /* (n, C) */
        pith_target_losses(&session->compute, a->losses, a->norm,
                           &session->model->weights.output, a->targets, n);
    }
    for (size_t t = 0; t < T; t++)
        losses[t] = targets[t] == PITH_NO_TARGET ? NAN : a->losses[next++];
}

void pith_attend(struct pith_session *session, const struct pith_pass *pass,
                 size_t layer)
{
    const struct pith_config *config = &session->model->format.config;
    struct pith_activations *a = session->activations;
    size_t Hkv = config->n_kv_head, D = config->head_dim, token = 0;
    for (size_t i = 0; i < pass->n_runs; token += pass->runs[i++].T) {
        const struct pith_run *run = &pass->runs[i];
        pith_kv_store(run->session, layer, run->row, a->k + token * Hkv * D,
                      a->v + token * Hkv * D, run->T);
        a->sights[i] = (struct pith_attention_run){
            .keys = pith_kv_keys(run->session, layer),
            .values = pith_kv_values(run->session, layer),
            .stride = run->session->n_ctx,
            .T = run->T,
            .window = config->window,
            .n_keys = run->position + run->T,
            .n_shared = run->n_shared,
            .row = run->row - (run->position - run->n_shared)};
    }
    pith_attention_runs(&session->compute, a->attn, a->q, a->sights,
                        pass->n_runs, config->n_head, Hkv, D);
}

static void run_layers(struct pith_session *session,
                       const struct pith_pass *pass, const int32_t *ids)
{
    if (session->model->format.config.arch == PITH_ARCH_GPT2)
        pith_gpt2_forward(session, pass, ids);
    else
        pith_llama_forward(session, pass, ids);
}

void pith_forward_pass(struct pith_session *session,
                       const struct pith_pass *pass, const int32_t *ids,
                       const int32_t *targets, float *losses)
{
    run_layers(session, pass, ids);
    block_losses(session, targets, losses, pass->T);
}

/* The next T tokens of the cache. */
static void forward_block(struct pith_session *session, const int32_t *ids,
                          size_t T, const int32_t *targets, float *losses)
{
    struct pith_run run = {.session = session,
                           .T = T,
                           .position = session->n_past,
                           .row = session->n_past,
                           .n_shared = session->n_past};
    struct pith_pass pass = {&run, 1, T};

    run_layers(session, &pass, ids);
    if (targets != NULL)
        block_losses(session, targets, losses, T);
    session->n_past += T;
}

enum pith_status pith_check_ids(const struct pith_session *session,
                                  const int32_t *ids, size_t n,
                                  bool no_target_allowed,
                                  struct pith_error *error)
{
    uint32_t n_vocab = session->model->format.config.n_vocab;
    for (size_t i = 0; i < n; i++) {
        if (no_target_allowed && ids[i] == PITH_NO_TARGET)
            continue;
        if (ids[i] < 0 || (uint32_t)ids[i] >= n_vocab)
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "token %zu of %zu has id %ld; the model has ids 0 "
                             "to %lu", i, n, (long)ids[i],
                             (unsigned long)n_vocab - 1);
    }
    return PITH_OK;
}

enum pith_status pith_session_forward(struct pith_session *session,
                                      const int32_t *ids, size_t n,
                                      const int32_t *targets, float *losses,
                                      struct pith_error *error)
{
    size_t before = session->n_past;
    size_t step = session->activations->max_tokens;

    PITH_TRY(pith_check_ids(session, ids, n, false, error));
    if (targets != NULL)
        PITH_TRY(pith_check_ids(session, targets, n, true, error));
    if (n > session->n_ctx - before)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%zu tokens do not fit: the context of %zu positions "
                         "holds %zu; use a larger context", n, session->n_ctx,
                         before);
    for (size_t at = 0; at < n; at += step) {
        size_t T = n - at < step ? n - at : step;
        enum pith_status status = PITH_OK;
        if (n > step)
            status = pith_session_report(session, "forward", at, n, error);
        if (status != PITH_OK) {
            session->n_past = before;
            return status;
        }
        forward_block(session, ids + at, T, targets ? targets + at : NULL,
                      targets ? losses + at : NULL);
    }
    return PITH_OK;
}
