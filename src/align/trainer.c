/*
 * trainer.c - batches through the model and back; see trainer.h.
 *
 * Eq. 8 of the paper asks for the theta that minimises
 *
 *     (1 / N) sum over i of L(x_i, y_i^LLM; theta),
 *
 * L being the loss of the answer's tokens.  A batch is a few of the N; its
 * targets are the tokens of its answers.
 */
#include "trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/threads.h"
#include "../model/forward.h"
#include "passes.h"

enum { MAX_THREADS = 1024, MAX_TOKENS = 1 << 20, MAX_RANK = 1 << 12 };

/* --- creation ------------------------------------------------------------- */

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

static enum pith_status check_lora(const struct pith_trainer_options *options,
                                   enum pith_arch arch,
                                   struct pith_error *error)
{
    int layers = options->lora_layers;
    if (options->lora_rank == 0 || options->lora_rank > MAX_RANK)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "LoRA rank is %zu; expected 1 to %d",
                         options->lora_rank, MAX_RANK);
    if (!(options->lora_alpha > 0) || !isfinite(options->lora_alpha))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "LoRA alpha is %g; expected a positive number",
                         (double)options->lora_alpha);
    if (arch == PITH_ARCH_GPT2)
        layers &= ~PITH_FFN_GATE;
    if (layers <= 0 || layers > PITH_EVERY_LINEAR)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "LoRA: no linear layer of this model is chosen; "
                         "choose some of attn_q, attn_k, attn_v, attn_out, "
                         "ffn_gate (LLaMA), ffn_up, ffn_down");
    return PITH_OK;
}

/* Checks the options and settles what they leave open. */
static enum pith_status settle(struct pith_trainer_options *options,
                               const struct pith_config *config,
                               struct pith_error *error)
{
    if (options->n_threads < 0 || options->n_threads > MAX_THREADS)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "n_threads is %d; expected 0 (all) to %d",
                         options->n_threads, MAX_THREADS);
    if (options->n_threads == 0)
        options->n_threads = pith_threads_available();
    if (options->max_tokens == 0 || options->max_tokens > MAX_TOKENS)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "a batch of %zu tokens; expected 1 to %d",
                         options->max_tokens, MAX_TOKENS);
    if (options->max_record == 0)
        options->max_record = options->max_tokens < config->n_ctx
                                  ? options->max_tokens : config->n_ctx;
    if (options->max_record > options->max_tokens)
        options->max_record = options->max_tokens;
    if (config->arch == PITH_ARCH_GPT2 && options->max_record > config->n_ctx)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "records of %zu tokens; the model has positions for "
                         "%lu", options->max_record,
                         (unsigned long)config->n_ctx);
    if (options->mode == PITH_TRAIN_LORA)
        return check_lora(options, config->arch, error);
    return PITH_OK;
}

/* The others round too much for gradients. */
static enum pith_status choose_precision(struct pith_trainer *trainer,
                                         struct pith_error *error)
{
    const char *name = trainer->options.precision;
    if (name == NULL || strcmp(name, "f32") == 0)
        return PITH_OK;
    if (strcmp(name, "bf16x3") != 0)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "precision: \"%s\" cannot be trained in; expected "
                         "f32 or bf16x3", name);
    if (trainer->parameters.mirror != NULL)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "precision: bf16x3 is for little-endian machines "
                         "only; use f32");
    trainer->compute.precision =
        pith_precision_get(trainer->model->kernels, name);
    return PITH_OK;
}

static enum pith_status open_compute(struct pith_trainer *trainer,
                                     struct pith_error *error)
{
    const struct pith_config *config = &trainer->model->format.config;
    const struct pith_trainer_options *options = &trainer->options;
    struct pith_compute_limits limits = {
        .max_tokens = options->max_tokens,
        .max_width = max_size(max_size(config->n_embd, config->n_ff),
                              max_size((size_t)config->n_head *
                                           config->head_dim,
                                       options->lora_rank)),
        .max_context = options->max_record,
        .max_head_dim = config->head_dim};
    PITH_TRY(pith_compute_init(&trainer->compute, trainer->model->kernels,
                               options->n_threads, &limits, error));
    PITH_TRY(choose_precision(trainer, error));
    return pith_backward_init(&trainer->backward, &trainer->compute, &limits,
                              error);
}

/* --- buffers -------------------------------------------------------------- */

/* Hands out pieces of memory; with memory NULL it only counts them. */
struct carver {
    float *memory;
    size_t used, rows;
    bool fits;
};

enum { ALIGN_FLOATS = 16 };

/* (rows, width) floats, in whole cache lines. */
static void carve(struct carver *carver, float **piece, size_t width)
{
    size_t n = 0;
    carver->fits = carver->fits && pith_size_mul(carver->rows, width, &n) &&
                   pith_size_add(n, ALIGN_FLOATS - 1, &n);
    n -= n % ALIGN_FLOATS;
    if (carver->memory != NULL)
        *piece = carver->memory + carver->used;
    carver->fits = carver->fits &&
                   pith_size_add(carver->used, n, &carver->used);
}

/* What a layer keeps but its x. */
static void carve_layer(struct carver *carver,
                        struct pith_train_activations *a,
                        const struct pith_trainer *trainer, size_t index)
{
    const struct pith_config *config = &trainer->model->format.config;
    size_t width = (size_t)config->n_head * config->head_dim;
    size_t kv_width = (size_t)config->n_kv_head * config->head_dim;
    carve(carver, &a->norm, config->n_embd);
    carve(carver, &a->q, width);
    carve(carver, &a->k, kv_width);
    carve(carver, &a->v, kv_width);
    carve(carver, &a->attn, width);
    carve(carver, &a->middle, config->n_embd);
    carve(carver, &a->ffn_norm, config->n_embd);
    if (config->arch == PITH_ARCH_LLAMA)
        carve(carver, &a->gate, config->n_ff);
    carve(carver, &a->up, config->n_ff);
    carve(carver, &a->hidden, config->n_ff);
    for (size_t i = 0; i < PITH_N_LINEAR; i++)
        carve(carver, &a->low[i],
              trainer->parameters.layers[index].linear[i].a.rows);
}

static void carve_layers(struct carver *carver, struct pith_trainer *trainer)
{
    size_t n_layer = trainer->model->format.config.n_layer;
    for (size_t i = 0; i < n_layer; i++) {
        struct pith_train_activations *a = &trainer->layers[i];
        if (i > 0 && trainer->options.checkpoint_activations)
            *a = trainer->layers[0];
        else
            carve_layer(carver, a, trainer, i);
        carve(carver, &a->x, trainer->model->format.config.n_embd);
    }
}

static void carve_gradients(struct carver *carver,
                            struct pith_trainer *trainer)
{
    const struct pith_config *config = &trainer->model->format.config;
    struct pith_train_gradients *g = &trainer->gradients;
    size_t width = (size_t)config->n_head * config->head_dim;
    size_t kv_width = (size_t)config->n_kv_head * config->head_dim;
    carve(carver, &g->dx, config->n_embd);
    carve(carver, &g->dnorm, config->n_embd);
    carve(carver, &g->dq, width);
    carve(carver, &g->dattn, width);
    carve(carver, &g->dk, kv_width);
    carve(carver, &g->dv, kv_width);
    carve(carver, &g->dhidden, config->n_ff);
    if (config->arch == PITH_ARCH_LLAMA)
        carve(carver, &g->dup, config->n_ff);
    carve(carver, &g->dlow, trainer->options.lora_rank);
}

static void carve_all(struct carver *carver, struct pith_trainer *trainer)
{
    const struct pith_config *config = &trainer->model->format.config;
    size_t kv_width = (size_t)config->n_kv_head * config->head_dim;
    carver->rows = trainer->options.max_tokens;
    carve_layers(carver, trainer);
    carve_gradients(carver, trainer);
    carve(carver, &trainer->stream, config->n_embd);
    carve(carver, &trainer->picked, config->n_embd);
    carve(carver, &trainer->normed, config->n_embd);
    carve(carver, &trainer->keys, kv_width);
    carve(carver, &trainer->values, kv_width);
    carve(carver, &trainer->losses, 1);
    if (config->arch == PITH_ARCH_LLAMA) {
        carve(carver, &trainer->cosines, config->head_dim / 2);
        carve(carver, &trainer->sines, config->head_dim / 2);
        carve(carver, &trainer->back_sines, config->head_dim / 2);
        carver->rows = trainer->options.max_record;
        carve(carver, &trainer->angles, config->head_dim);
    }
}

static enum pith_status allocate(struct pith_trainer *trainer,
                                 struct pith_error *error)
{
    const struct pith_config *config = &trainer->model->format.config;
    struct carver count = {NULL, 0, 0, true}, carver = {NULL, 0, 0, true};
    size_t T = trainer->options.max_tokens;
    size_t n_record = trainer->options.max_record;

    trainer->layers = pith_array_zero(config->n_layer,
                                      sizeof *trainer->layers);
    trainer->targets = pith_array(T, sizeof *trainer->targets);
    trainer->positions = pith_array(T, sizeof *trainer->positions);
    if (trainer->layers == NULL || trainer->targets == NULL ||
        trainer->positions == NULL)
        return pith_no_memory(error, T, sizeof *trainer->targets);
    carve_all(&count, trainer);
    if (count.fits)
        trainer->memory = pith_array_aligned(count.used, sizeof(float));
    if (trainer->memory == NULL)
        return pith_no_memory(error, T, config->n_layer * sizeof(float));
    carver.memory = trainer->memory;
    carve_all(&carver, trainer);
    if (config->arch == PITH_ARCH_LLAMA)
        pith_fill_rotary(trainer->angles,
                         trainer->angles + n_record * (config->head_dim / 2),
                         (double)config->rope_theta, config->head_dim,
                         n_record);
    return PITH_OK;
}

enum pith_status
pith_trainer_create(struct pith_trainer **trainer,
                    const struct pith_model *model,
                    const struct pith_trainer_options *options,
                    struct pith_error *error)
{
    enum pith_status status;
    struct pith_trainer *made;

    *trainer = NULL;
    if (model->adapter.pairs != NULL)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s was loaded with an adapter, which cannot be "
                         "trained on; merge it first with `pith merge`",
                         model->format.path);
    made = pith_array_zero(1, sizeof *made);
    if (made == NULL)
        return pith_no_memory(error, 1, sizeof *made);
    made->model = model;
    made->options = *options;
    made->fresh = true;
    if (options->mode == PITH_TRAIN_FULL)
        made->options.lora_rank = 0;
    PITH_TRY_DONE(settle(&made->options, &model->format.config, error));
    PITH_TRY_DONE(pith_parameters_create(&made->parameters, model,
                                         &made->options, error));
    PITH_TRY_DONE(open_compute(made, error));
    PITH_TRY_DONE(allocate(made, error));
    *trainer = made;
    made = NULL;
done:
    pith_trainer_free(made);
    return status;
}

void pith_trainer_free(struct pith_trainer *trainer)
{
    if (trainer == NULL)
        return;
    pith_parameters_free(&trainer->parameters);
    pith_backward_free(&trainer->backward);
    pith_compute_free(&trainer->compute);
    free(trainer->layers);
    free(trainer->targets);
    free(trainer->positions);
    free(trainer->memory);
    free(trainer);
}

/* --- batches -------------------------------------------------------------- */

static enum pith_status check_lengths(const struct pith_trainer *trainer,
                                      const struct pith_batch *batch,
                                      struct pith_error *error)
{
    size_t total = 0;
    if (batch->n_tokens > trainer->options.max_tokens)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "a batch of %zu tokens; the trainer was made for at "
                         "most %zu", batch->n_tokens,
                         trainer->options.max_tokens);
    for (size_t i = 0; i < batch->n_records; i++) {
        size_t length = batch->lengths[i];
        if (length == 0 || length > trainer->options.max_record)
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "record %zu of the batch has %zu tokens; expected "
                             "1 to %zu", i, length,
                             trainer->options.max_record);
        total += length;
    }
    if (total != batch->n_tokens)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "the records of the batch have %zu tokens together; "
                         "the batch has %zu", total, batch->n_tokens);
    return PITH_OK;
}

static enum pith_status check_batch(const struct pith_trainer *trainer,
                                    const struct pith_batch *batch,
                                    struct pith_error *error)
{
    int64_t n_vocab = trainer->model->format.config.n_vocab;
    PITH_TRY(check_lengths(trainer, batch, error));
    for (size_t t = 0; t < batch->n_tokens; t++) {
        int32_t id = batch->ids[t], target = batch->targets[t];
        if (id < 0 || id >= n_vocab ||
            (target != PITH_NO_TARGET && (target < 0 || target >= n_vocab)))
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "token %zu of the batch has id %ld and target "
                             "%ld; the model has ids 0 to %ld", t, (long)id,
                             (long)target, (long)n_vocab - 1);
    }
    return PITH_OK;
}

/* The positions of the batch's tokens, and what rotary embedding makes of
 * them. */
static void place_tokens(struct pith_trainer *trainer)
{
    const struct pith_batch *batch = &trainer->batch;
    const struct pith_config *config = &trainer->model->format.config;
    size_t half = config->head_dim / 2, t = 0;
    const float *sines = trainer->angles + trainer->options.max_record * half;

    for (size_t r = 0; r < batch->n_records; r++)
        for (size_t p = 0; p < batch->lengths[r]; p++)
            trainer->positions[t++] = (int32_t)p;
    if (config->arch != PITH_ARCH_LLAMA)
        return;
    for (t = 0; t < batch->n_tokens; t++) {
        size_t p = (size_t)trainer->positions[t] * half;
        memcpy(trainer->cosines + t * half, trainer->angles + p,
               half * sizeof(float));
        memcpy(trainer->sines + t * half, sines + p, half * sizeof(float));
        for (size_t i = 0; i < half; i++)
            trainer->back_sines[t * half + i] = -sines[p + i];
    }
}

static enum pith_status take_batch(struct pith_trainer *trainer,
                                   const struct pith_batch *batch,
                                   struct pith_error *error)
{
    PITH_TRY(check_batch(trainer, batch, error));
    trainer->batch = *batch;
    place_tokens(trainer);
    return PITH_OK;
}

/* --- forward -------------------------------------------------------------- */

/* x (T, C) = rows of the token embedding, plus those of the positions. */
static void embed(struct pith_trainer *trainer, float *x)
{
    const struct pith_parameters *p = &trainer->parameters;
    size_t C = p->token_embedding.cols;
    float *row = trainer->normed;
    for (size_t t = 0; t < trainer->batch.n_tokens; t++) {
        pith_row_to_floats(x + t * C, &p->token_embedding,
                           (size_t)trainer->batch.ids[t]);
        if (p->position_embedding.rows == 0)
            continue;
        pith_row_to_floats(row, &p->position_embedding,
                           (size_t)trainer->positions[t]);
        for (size_t c = 0; c < C; c++)
            x[t * C + c] += row[c];
    }
}

static void layer_forward(struct pith_trainer *trainer, size_t index,
                          float *out)
{
    if (trainer->model->format.config.arch == PITH_ARCH_GPT2)
        pith_gpt2_train_forward(trainer, index, out);
    else
        pith_llama_train_forward(trainer, index, out);
}

/* The rows of the stream that have a target, and those targets. */
static size_t pick_targets(struct pith_trainer *trainer)
{
    size_t C = trainer->model->format.config.n_embd, n = 0;
    for (size_t t = 0; t < trainer->batch.n_tokens; t++)
        if (trainer->batch.targets[t] != PITH_NO_TARGET) {
            memcpy(trainer->picked + n * C, trainer->stream + t * C,
                   C * sizeof(float));
            trainer->targets[n++] = trainer->batch.targets[t];
        }
    return n;
}

/* Up to the last norm: normed (n, C) of the n tokens that have a target. */
static size_t forward(struct pith_trainer *trainer)
{
    size_t n_layer = trainer->model->format.config.n_layer;
    embed(trainer, trainer->layers[0].x);                           /* (T, C) */
    for (size_t i = 0; i < n_layer; i++)
        layer_forward(trainer, i, i + 1 < n_layer ? trainer->layers[i + 1].x
                                                  : trainer->stream);
    size_t n = pick_targets(trainer);
    pith_train_norm(trainer, trainer->normed, trainer->picked,
                    &trainer->parameters.output_norm, n);           /* (n, C) */
    return n;
}

static double sum_of(const float *losses, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)losses[i];
    return sum;
}

static size_t count_targets(const struct pith_batch *batch)
{
    size_t n = 0;
    for (size_t t = 0; t < batch->n_tokens; t++)
        n += batch->targets[t] != PITH_NO_TARGET;
    return n;
}

enum pith_status pith_trainer_token_losses(struct pith_trainer *trainer,
                                           const struct pith_batch *batch,
                                           float *losses,
                                           struct pith_error *error)
{
    size_t next = 0;
    PITH_TRY(take_batch(trainer, batch, error));
    if (count_targets(batch) > 0) {
        size_t n = forward(trainer);
        pith_target_losses(&trainer->compute, trainer->losses,
                           trainer->normed, &trainer->parameters.output,
                           trainer->targets, n);                       /* (n) */
    }
    for (size_t t = 0; t < batch->n_tokens; t++)
        losses[t] = batch->targets[t] == PITH_NO_TARGET
                        ? NAN : trainer->losses[next++];
    return PITH_OK;
}

static void report(double sum, size_t n, double *loss_sum, size_t *n_targets)
{
    if (loss_sum != NULL)
        *loss_sum = sum;
    if (n_targets != NULL)
        *n_targets = n;
}

enum pith_status pith_trainer_loss(struct pith_trainer *trainer,
                                   const struct pith_batch *batch,
                                   double *loss_sum, size_t *n_targets,
                                   struct pith_error *error)
{
    size_t n = 0;
    PITH_TRY(take_batch(trainer, batch, error));
    if (count_targets(batch) > 0) {
        n = forward(trainer);
        pith_target_losses(&trainer->compute, trainer->losses,
                           trainer->normed, &trainer->parameters.output,
                           trainer->targets, n);                       /* (n) */
    }
    report(sum_of(trainer->losses, n), n, loss_sum, n_targets);
    return PITH_OK;
}

/* --- backward ------------------------------------------------------------- */

/* Zeros where gradients will be added up; with `all` everywhere. */
static void clear_gradients(struct pith_trainer *trainer, bool all)
{
    for (size_t i = 0; i < trainer->parameters.n; i++) {
        const struct pith_parameter *p = &trainer->parameters.all[i];
        if (all || p->cleared)
            pith_clear(&trainer->compute, p->view.gradient,
                       p->view.rows * p->view.cols);
    }
}

/* Through the output projection and the last norm: dx (T, C) of the stream
 * behind the last layer. */
static void output_backward(struct pith_trainer *trainer, size_t n,
                            double scale)
{
    const struct pith_parameters *p = &trainer->parameters;
    struct pith_train_gradients *g = &trainer->gradients;
    size_t C = p->output.cols, T = trainer->batch.n_tokens;

    pith_target_losses_backward(&trainer->backward, g->dnorm, p->doutput,
                                trainer->losses, trainer->normed, &p->output,
                                trainer->targets, n, (float)scale,
                                !trainer->fresh);                   /* (n, C) */
    pith_clear(&trainer->compute, g->dx, T * C);
    pith_train_norm_backward(trainer, g->dx, g->dnorm, trainer->picked,
                             &p->output_norm, n);                   /* (n, C) */
    for (size_t t = T; t-- > 0;) /* rows move to their tokens, the last first */
        if (trainer->batch.targets[t] != PITH_NO_TARGET && --n < t) {
            memcpy(g->dx + t * C, g->dx + n * C, C * sizeof(float));
            memset(g->dx + n * C, 0, C * sizeof(float));
        }
}

static void embed_backward(struct pith_trainer *trainer)
{
    const struct pith_parameters *p = &trainer->parameters;
    size_t C = p->token_embedding.cols, T = trainer->batch.n_tokens;
    if (p->dtoken != NULL)
        pith_embed_backward(&trainer->backward, p->dtoken,
                            trainer->gradients.dx, trainer->batch.ids, T, C);
    if (p->dposition != NULL)
        pith_embed_backward(&trainer->backward, p->dposition,
                            trainer->gradients.dx, trainer->positions, T, C);
}

static void backward(struct pith_trainer *trainer, size_t n, double scale)
{
    const struct pith_config *config = &trainer->model->format.config;
    bool checkpointed = trainer->options.checkpoint_activations;
    bool lora = trainer->options.mode == PITH_TRAIN_LORA;

    output_backward(trainer, n, scale);
    for (size_t i = config->n_layer; i-- > 0;) {
        /* What the last layer left has not been written over. */
        if (checkpointed && i + 1 < config->n_layer)
            layer_forward(trainer, i, NULL);
        if (config->arch == PITH_ARCH_GPT2)
            pith_gpt2_train_backward(trainer, i, lora && i == 0);
        else
            pith_llama_train_backward(trainer, i, lora && i == 0);
    }
    embed_backward(trainer);
}

enum pith_status pith_trainer_accumulate(struct pith_trainer *trainer,
                                         const struct pith_batch *batch,
                                         double scale, double *loss_sum,
                                         size_t *n_targets,
                                         struct pith_error *error)
{
    size_t n = 0;
    PITH_TRY(take_batch(trainer, batch, error));
    if (count_targets(batch) > 0) {
        n = forward(trainer);
        if (trainer->fresh)
            clear_gradients(trainer, false);
        backward(trainer, n, scale);
        trainer->fresh = false;
    }
    report(sum_of(trainer->losses, n), n, loss_sum, n_targets);
    return PITH_OK;
}

void pith_trainer_zero_gradients(struct pith_trainer *trainer)
{
    trainer->fresh = true;
}

/* Makes what counts as zeros zeros. */
static void settle_gradients(struct pith_trainer *trainer)
{
    if (trainer->fresh)
        clear_gradients(trainer, true);
    trainer->fresh = false;
}

/* --- steps ---------------------------------------------------------------- */

double pith_trainer_gradient_norm(struct pith_trainer *trainer)
{
    double sum = 0;
    settle_gradients(trainer);
    for (size_t i = 0; i < trainer->parameters.n; i++) {
        const struct pith_trainable *t = &trainer->parameters.all[i].view;
        sum += pith_sum_of_squares(&trainer->backward, t->gradient,
                                   t->rows * t->cols);
    }
    return sqrt(sum);
}

void pith_trainer_step(struct pith_trainer *trainer,
                       const struct pith_adamw *adamw)
{
    double t = (double)adamw->step;
    struct pith_adamw_factors factors = {
        .scale = (float)adamw->gradient_scale,
        .beta1 = (float)adamw->beta1,
        .rest1 = (float)(1 - adamw->beta1),
        .beta2 = (float)adamw->beta2,
        .rest2 = (float)(1 - adamw->beta2),
        .rate = (float)(adamw->lr / (1 - pow(adamw->beta1, t))),
        .root = (float)(1 / sqrt(1 - pow(adamw->beta2, t))),
        .eps = (float)adamw->eps};
    float keep = (float)(1 - adamw->lr * adamw->weight_decay);

    settle_gradients(trainer);
    for (size_t i = 0; i < trainer->parameters.n; i++) {
        const struct pith_trainable *p = &trainer->parameters.all[i].view;
        factors.keep = p->decays ? keep : 1;
        pith_adamw(&trainer->compute, p->value, p->first_moment,
                   p->second_moment, p->gradient, p->rows * p->cols, &factors);
    }
    pith_parameters_publish(&trainer->parameters);
}

/* --- what is trained ------------------------------------------------------ */

size_t pith_trainer_n_tensors(const struct pith_trainer *trainer)
{
    return trainer->parameters.n;
}

void pith_trainer_tensor(struct pith_trainer *trainer, size_t index,
                         struct pith_trainable *tensor)
{
    settle_gradients(trainer);
    *tensor = trainer->parameters.all[index].view;
}

void pith_trainer_values_changed(struct pith_trainer *trainer)
{
    pith_parameters_publish(&trainer->parameters);
}
