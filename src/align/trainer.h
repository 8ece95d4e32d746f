/*
 * trainer.h - gradients and AdamW steps of a model: all that the loop of
 * distribution alignment (eq. 8 of the paper) needs of the numbers.
 *
 * A trainer takes batches of token ids with targets and is unaware of
 * data, templates, schedules, epochs, checkpoints or progress.  Everything is
 * computed in float32 (or nearly, see precision), whatever the type of the
 * weights that stay as they are; the same batches give the same bits for any
 * number of threads.
 *
 * One step of training:
 *
 *     pith_trainer_zero_gradients(trainer);
 *     for (each micro-batch)
 *         PITH_TRY(pith_trainer_accumulate(trainer, &batch, 1.0 / n_targets,
 *                                          &loss_sum, &n, error));
 *     norm = pith_trainer_gradient_norm(trainer);
 *     adamw.gradient_scale = norm > clip ? clip / norm : 1;
 *     pith_trainer_step(trainer, &adamw);
 */
#ifndef PITH_ALIGN_TRAINER_H
#define PITH_ALIGN_TRAINER_H

#include "../model/model.h"
#include "../model/session.h" /* PITH_NO_TARGET */

struct pith_trainer;

enum pith_trainer_mode {
    PITH_TRAIN_FULL, /* every weight; starts from the model's, as float32 */
    PITH_TRAIN_LORA  /* y = W x + alpha / rank B A x with W as it is */
};

/* The linear layers inside a layer of the model, in the order of enum
 * pith_linear_index; or-ed to choose those that LoRA adapts.  GPT-2 has no
 * gate. */
enum pith_linear_layer {
    PITH_ATTN_Q = 1,
    PITH_ATTN_K = 2,
    PITH_ATTN_V = 4,
    PITH_ATTN_OUT = 8,
    PITH_FFN_GATE = 16,
    PITH_FFN_UP = 32,
    PITH_FFN_DOWN = 64,
    PITH_EVERY_LINEAR = 127
};

/* What a trainer takes; the kernels need some more, a few MiB a thread. */
struct pith_trainer_size {
    uint64_t n_weights;   /* that are trained */
    uint64_t state_bytes; /* of memory: these, gradients and both moments */
    uint64_t batch_bytes; /* of memory: activations, gradients in flight */
};

struct pith_trainer_options {
    enum pith_trainer_mode mode;
    size_t lora_rank;     /* at least 1 */
    float lora_alpha;
    int lora_layers;      /* enum pith_linear_layer, or-ed */
    uint64_t lora_seed;   /* of A; B starts as zeros */
    bool checkpoint_activations; /* keep the input of each layer only and
                                    compute the rest again: less memory, a
                                    third more work, the same bits */
    const char *precision; /* of products: "f32" (NULL); "bf16x3", which takes
                              each factor as two bfloat16 and is nearly
                              float32; "int16", of 12 bits, gradients within
                              some thousandths; or "auto": bf16x3 where AMX
                              makes it the faster one, else f32 */
    int n_threads;        /* as in a session */
    size_t max_tokens;    /* of a batch; memory grows with it */
    size_t max_record;    /* tokens of one record; 0: max_tokens, or all the
                             positions of the model where these are fewer */
    /* Called before any of it is asked for; NULL: not reported. */
    void (*announce)(void *user, const struct pith_trainer_size *size);
    void *user;
};

/* Records are end to end without padding.  Attention never crosses from one
 * record to another, and positions count from 0 in each. */
struct pith_training_batch {
    const int32_t *ids;     /* (n_tokens) */
    const int32_t *targets; /* (n_tokens) the token that follows each;
                               PITH_NO_TARGET where no loss is wanted */
    size_t n_tokens;
    const size_t *lengths;  /* (n_records), each > 0, their sum n_tokens */
    size_t n_records;
};

/*   model    borrowed, must outlive the trainer
 *   trainer  handed over; free with pith_trainer_free
 * Errors: ARGUMENT (an option out of its range), MEMORY. */
enum pith_status
pith_trainer_create(struct pith_trainer **trainer,
                    const struct pith_model *model,
                    const struct pith_trainer_options *options,
                    struct pith_error *error);

void pith_trainer_free(struct pith_trainer *trainer);

/* The one in use, never "auto". */
const char *pith_trainer_precision(const struct pith_trainer *trainer);

/* Forward and backward: gradients += scale * d(loss_sum).
 *   loss_sum   the sum of -log p(target) over the targets, before the step
 *   n_targets  how many there are
 * Both may be NULL.  Errors: ARGUMENT (an id out of range, sizes that do not
 * fit); the gradients are unchanged then. */
enum pith_status pith_trainer_accumulate(struct pith_trainer *trainer,
                                         const struct pith_training_batch *batch,
                                         double scale, double *loss_sum,
                                         size_t *n_targets,
                                         struct pith_error *error);

/* Forward only. */
enum pith_status pith_trainer_loss(struct pith_trainer *trainer,
                                   const struct pith_training_batch *batch,
                                   double *loss_sum, size_t *n_targets,
                                   struct pith_error *error);

void pith_trainer_zero_gradients(struct pith_trainer *trainer);

/* The Euclidean norm of all gradients together. */
double pith_trainer_gradient_norm(struct pith_trainer *trainer);

struct pith_adamw {
    double lr, beta1, beta2, eps;
    double weight_decay;   /* decoupled; of matrices only */
    double gradient_scale; /* gradients are multiplied by it: clipping */
    uint64_t step;         /* 1 for the first: bias correction */
};

/* With g the scaled gradient, t the step:
 *   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2,
 *   w = w - lr weight_decay w
 *         - lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps). */
void pith_trainer_step(struct pith_trainer *trainer,
                       const struct pith_adamw *adamw);

/* What is trained, in an order that is always the same: with the values and
 * both moments of every tensor restored, training continues bit for bit.
 * Pointers stay valid for the trainer's life and may be written through;
 * pith_trainer_values_changed() must follow a change of values. */
struct pith_trainable {
    const char *name; /* as in config.h; LoRA's end in ".lora_a", ".lora_b" */
    size_t rows, cols;
    bool decays;      /* false for norms and biases */
    float *value, *gradient;              /* (rows, cols) */
    float *first_moment, *second_moment;  /* m and v */
};

size_t pith_trainer_n_tensors(const struct pith_trainer *trainer);
void pith_trainer_tensor(struct pith_trainer *trainer, size_t index,
                         struct pith_trainable *tensor);
void pith_trainer_values_changed(struct pith_trainer *trainer);

/* A complete model with the trained weights, matrices stored as `type`,
 * norms and biases as f32.  Full training only (ARGUMENT).  The file appears
 * complete or not at all.
 *   name  of the model inside the file; NULL: that of the original */
enum pith_status pith_trainer_write_model(struct pith_trainer *trainer,
                                          const char *path,
                                          enum pith_type type,
                                          const char *name,
                                          struct pith_error *error);

/* The adapter file of docs/FORMAT.md.  LoRA only (ARGUMENT). */
enum pith_status pith_trainer_write_adapter(struct pith_trainer *trainer,
                                            const char *path,
                                            struct pith_error *error);

#endif
