/*
 * passes.h - a trainer from inside: the layers forward and backward, and the
 * activations that a backward pass needs of a forward one.
 *
 * Legend: T tokens of the batch, C width, H heads, Hkv key and value heads, D
 * width of a head, F hidden width of the feed-forward part, V vocabulary.
 * dx is the gradient of the loss with respect to x, and so on.
 */
#ifndef PITH_ALIGN_PASSES_H
#define PITH_ALIGN_PASSES_H

#include "parameters.h"

/* What one layer leaves for its backward pass.  With checkpointing every
 * layer has its own x and shares the rest. */
struct pith_train_activations {
    float *x;      /* (T, C) the stream that enters */
    float *norm;   /* (T, C) attn_norm(x) */
    float *q;      /* (T, H D); with positions, if rotary */
    float *k, *v;  /* (T, Hkv D); k the same */
    float *raw_q, *raw_k; /* before the norms of their heads, if any */
    float *attn;   /* (T, H D) */
    float *middle; /* (T, C) the stream between the halves */
    float *ffn_norm;             /* (T, C) ffn_norm(middle) */
    float *gate;                 /* (T, F) before SiLU; LLaMA */
    float *up;                   /* (T, F) before GELU; GPT-2 */
    float *hidden;               /* (T, F) what W_down takes */
    float *low[PITH_N_LINEAR];   /* (T, rank) scale A x; LoRA */
};

/* Gradients in flight. */
struct pith_train_gradients {
    float *dx;             /* (T, C) of the stream */
    float *dnorm;          /* (T, C) */
    float *dq, *dattn;     /* (T, H D) */
    float *dk, *dv;        /* (T, Hkv D) */
    float *draw_q, *draw_k; /* of raw_q and raw_k */
    float *dhidden, *dup;  /* (T, F); dup: LLaMA */
    float *dlow;           /* (T, rank); LoRA */
};

struct pith_trainer {
    const struct pith_model *model; /* borrowed */
    struct pith_trainer_options options;
    struct pith_parameters parameters;
    struct pith_compute compute;
    struct pith_backward backward;
    bool gradients_zeroed; /* whatever they hold, they count as zeros */

    struct pith_train_activations *layers; /* (n_layer) */
    struct pith_train_gradients gradients;
    float *stream;            /* (T, C) after the last layer */
    float *picked, *normed;   /* (T, C) of the tokens with a target */
    float *keys, *values;     /* (Hkv, T, D) */
    float *losses;            /* (T) */
    int32_t *targets;         /* (T) those that there are */
    int32_t *positions;       /* (T) in its record */
    float *angles;            /* (2, max_record, D/2) by position; LLaMA */
    float *cosines, *sines;   /* (T, D/2) */
    float *back_sines;        /* (T, D/2) = -sines */
    float *memory;            /* owns all floats above */
    struct pith_training_batch batch;  /* the one at work */
};

/* --- memory --------------------------------------------------------------- */

/* Floats of the activations, gradients in flight and tables of a trainer whose
 * options are settled and parameters listed; makes trainer->layers. */
enum pith_status pith_train_count(struct pith_trainer *trainer,
                                  size_t *n_floats, struct pith_error *error);
/* Allocates them: trainer->targets, positions and memory own them. */
enum pith_status pith_train_allocate(struct pith_trainer *trainer,
                                     size_t n_floats,
                                     struct pith_error *error);

/* Zeros where gradients of weights will be added up; with `all` everywhere. */
void pith_train_clear(struct pith_trainer *trainer, bool all);

/* Makes gradients that count as zeros zeros. */
void pith_train_settle(struct pith_trainer *trainer);

/* --- batches -------------------------------------------------------------- */

/* Makes a batch the one at work.
 * Errors: ARGUMENT (see pith_trainer_accumulate). */
enum pith_status pith_train_take_batch(struct pith_trainer *trainer,
                                       const struct pith_training_batch *batch,
                                       struct pith_error *error);

/* --- layers --------------------------------------------------------------- */

/* The index-th layer over the batch: fills its activations and, unless out is
 * NULL, out (T, C), the stream that leaves.  out may not be its x. */
void pith_train_layer_forward(struct pith_trainer *trainer, size_t index,
                              float *out);

/* From dx (T, C) of the stream that leaves to that of the stream that enters,
 * in place; gradients of weights are added up.  With `lowest` nothing below
 * needs dx, which is then not completed. */
void pith_train_layer_backward(struct pith_trainer *trainer, size_t index,
                               bool lowest);

/* --- parts of layers ------------------------------------------------------ */

/* out (T, N) = W x + bias + scale B A x, added to out when accumulate, unless
 * NULL; low (T, rank) keeps scale A x. */
void pith_train_linear(struct pith_trainer *trainer, float *out, float *low,
                       const float *x, const struct pith_train_linear *linear,
                       bool accumulate);

/* Gradients of the weights, and dx (T, C) (added when accumulate) unless NULL,
 * from dout (T, N) and what the forward pass took and kept. */
void pith_train_linear_backward(struct pith_trainer *trainer, float *dx,
                                const float *dout, const float *x,
                                const float *low,
                                const struct pith_train_linear *linear,
                                bool accumulate);

/* out (T, C) = norm(x), LayerNorm or RMS norm. */
void pith_train_norm(struct pith_trainer *trainer, float *out, const float *x,
                     const struct pith_train_norm *norm, size_t T, size_t C);

/* dx (T, C) += and the gradients of gain and shift. */
void pith_train_norm_backward(struct pith_trainer *trainer, float *dx,
                              const float *dout, const float *x,
                              const struct pith_train_norm *norm, size_t T);

/* dx (T, n_heads D) = and the gradient of gain, for the norm of each head. */
void pith_train_head_norm_backward(struct pith_trainer *trainer, float *dx,
                                   const float *dout, const float *x,
                                   const struct pith_train_norm *norm,
                                   size_t n_heads);

/* out (T, H D): causal attention within each record. */
void pith_train_attention(struct pith_trainer *trainer, float *out,
                          const float *q, const float *k, const float *v);

/* dq, dk, dv of trainer->gradients from its dattn. */
void pith_train_attention_backward(struct pith_trainer *trainer,
                                   const struct pith_train_activations *layer);

#endif
