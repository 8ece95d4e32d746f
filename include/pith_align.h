/*
 * pith_align.h - distribution alignment (eq. 8 of the paper): tuning the
 * small model on answers of the target model, so that its perplexities
 * follow the target's.  docs/ALIGNMENT.md tells the whole story.
 *
 * The rules of pith.h hold here too.
 */
#ifndef PITH_ALIGN_H
#define PITH_ALIGN_H

#include "pith.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --------------------------------------------------------------------------
 * Answers of the target model
 * ------------------------------------------------------------------------ */

/* Instruction data is JSONL, or one JSON array, of records
 *     {"instruction", "input", "output"}        Alpaca
 *     {"instruction", "context", "response"}    Dolly
 *     {"question", "answer"}                    GSM8K
 *     {"prompt", "completion"}
 *     {"messages": [{"role", "content"}, ...]}, or the array alone
 *     {"conversations": [{"from", "value"}, ...]}   ShareGPT
 * each also with "system".  Other members are named in a note, or refused where
 * the answer depends on them (docs/ALIGNMENT.md).  A malformed record is
 * reported as "NAME:LINE: ...", NAME being the file. */

struct pith_align_requests_options {
    size_t sizeof_options;
    const char *model;    /* of the target, as its server knows it */
    size_t max_tokens;    /* of an answer: 512 when 0 */
    const char *system;   /* a system message in front; NULL: none */
    double temperature;   /* of an answer: 0 the likeliest, 1 one drawn from
                             what the target thinks of the text, as the
                             expectation of eq. 8 has it; up to 2 */
    bool skip_bad;        /* leave malformed records out */
    void (*complain)(void *user, const char *detail); /* NULL: not reported */
    void *user;
    /* Members of records that are not used, once for a file. */
    void (*note)(void *user, const char *text); /* NULL: not reported */
};

struct pith_align_requests_info {
    size_t n_records;  /* well-formed ones */
    size_t n_bad;      /* malformed ones */
    size_t n_answered; /* left out: there is an answer already */
    size_t n_refused;  /* left out: there will be none; a refusal, a content
                          filter, an error 400 and the like */
};

/* A batch file for OpenAI-compatible servers, one request on a line: the
 * instructions without their answers.  The custom_id of a
 * request, "record-17-1A2B3C4D", is the number of the well-formed record and
 * a checksum of its messages.
 *   answers  what servers wrote so far; requests that it answers, or says
 *            to be refused, are left out; may be empty
 *   batch    handed over, NUL-terminated; free with pith_free
 * Errors: FORMAT (a malformed record without skip_bad), ARGUMENT, MEMORY. */
PITH_API
enum pith_status
pith_align_requests(struct pith_text records, const char *name,
                    struct pith_text answers,
                    const struct pith_align_requests_options *options,
                    char **batch, size_t *n_bytes,
                    struct pith_align_requests_info *info,
                    struct pith_error *error);

struct pith_align_collect_info {
    size_t n_records;    /* with an answer now */
    size_t n_missing;    /* without one, also where the answer failed */
    size_t n_failed;     /* answers with an error or without a text */
    size_t n_duplicate;  /* answers to what was answered before */
    size_t n_unknown;    /* answers with an id that no record has */
    size_t n_cut;        /* answers that reached max_tokens; they count */
    size_t n_thoughts;   /* answers after <think>...</think>, which is left
                            out */
    size_t n_bad;        /* malformed records and malformed answers */
};

/* Joins the answers to the records by custom_id: JSONL of the same records
 * with the target's answer in place of what was there, and all other members
 * as they were; of several answers to one record, the first that succeeded.
 * Each irregular answer and each record without one is a complaint,
 * "NAME:LINE: ...".
 *   options  of these skip_bad, complain and user
 *   joined   handed over; free with pith_free */
PITH_API
enum pith_status
pith_align_collect(struct pith_text records, const char *name,
                   struct pith_text answers, const char *answers_name,
                   const struct pith_align_requests_options *options,
                   char **joined, size_t *n_bytes,
                   struct pith_align_collect_info *info,
                   struct pith_error *error);

/* --------------------------------------------------------------------------
 * Data of a run
 * ------------------------------------------------------------------------ */

struct pith_dataset;

struct pith_dataset_options {
    size_t sizeof_options;
    const char *template_name; /* "alpaca" (NULL), "plain", "chatml" */
    size_t max_tokens; /* of a record; longer ones are cut.  0: 512, or the
                          model's positions where these are fewer */
    bool skip_bad;     /* leave malformed records out */
    void (*complain)(void *user, const char *detail); /* one malformed record,
                          "NAME:LINE: ..."; NULL: not reported */
    void *user;
    /* Members of records that are not used, once for a text. */
    void (*note)(void *user, const char *text); /* NULL: not reported */
};

struct pith_dataset_info {
    size_t n_records;
    size_t n_tokens;  /* that a pass over the data reads */
    size_t n_targets; /* of these, with a loss: tokens of answers */
    size_t n_cut;     /* records that were too long */
    size_t n_without_answer; /* of these, left out: the cut took it all */
    size_t n_bad;     /* malformed records */
};

/*   model    borrowed, must outlive the data set
 *   dataset  handed over, empty; free with pith_dataset_free */
PITH_API
enum pith_status pith_dataset_create(const struct pith_model *model,
                                     const struct pith_dataset_options *options,
                                     struct pith_dataset **dataset,
                                     struct pith_error *error);
PITH_API
void pith_dataset_free(struct pith_dataset *dataset);

/* Adds the records of a text; those with an answer are wanted.
 * Errors: FORMAT (a malformed record without skip_bad: all of them are
 * complained about first), MEMORY. */
PITH_API
enum pith_status pith_dataset_add(struct pith_dataset *dataset,
                                  struct pith_text text, const char *name,
                                  struct pith_error *error);

PITH_API
void pith_dataset_describe(const struct pith_dataset *dataset,
                           struct pith_dataset_info *info);

/* --------------------------------------------------------------------------
 * Runs
 * ------------------------------------------------------------------------ */

/* What happened; handed to `report` after every step and every validation. */
struct pith_align_event {
    size_t step, n_steps; /* done, in all; 0: before the first */
    double epoch;         /* passes over the data so far */
    double loss;          /* of the step's answers, in nats; NAN at step 0 */
    double lr, gradient_norm;
    double validation_loss; /* NAN when there was no validation */
    bool is_best;         /* the output was written with these weights */
    bool is_saved;        /* the state was written */
    uint64_t n_tokens;    /* read since the run, or its resumption, started */
    double seconds;       /* the same */
};

/* Several processes that share one run.  Each holds the same model and data;
 * functions return non-zero when communication failed. */
struct pith_align_group {
    int rank, n_ranks; /* rank 0 writes the files */
    /* values[i] = its sum over the ranks, with the same bits in all. */
    int (*sum_floats)(void *user, float *values, size_t n);
    int (*sum_doubles)(void *user, double *values, size_t n);
    void *user;
};

/* How large a run is, told before it asks for any of it. */
struct pith_align_size {
    uint64_t n_weights;    /* that are trained */
    uint64_t memory_bytes; /* the model, and the kernels' few MiB a thread, come
                              on top */
    uint64_t state_bytes;  /* of the state on disk; while a newer one is
                              written, both are there */
};

struct pith_align_options {
    size_t sizeof_options;
    /* What is trained */
    size_t lora_rank;         /* 0: every weight; else LoRA of this rank */
    double lora_alpha;        /* 2 x rank when 0 */
    const char *lora_layers;  /* of q,k,v,out,gate,up,down; NULL: all */
    bool checkpoint_activations; /* less memory, a third more work */
    /* How */
    double epochs;            /* 3, unless steps are given */
    size_t steps;             /* 0: as many as the epochs take */
    size_t batch_records;     /* of one step: 32 */
    size_t batch_tokens;      /* that are in memory at once: 2048 */
    double lr;                /* 1e-4 */
    double lr_end;            /* cosine goes down to it: 0 */
    const char *schedule;     /* "cosine" (NULL) or "constant" */
    size_t warmup_steps;      /* lr rises from 0: 3 % of the steps when
                                 SIZE_MAX, which is the default */
    double beta1, beta2, eps; /* of AdamW: 0.9, 0.999, 1e-8 */
    double weight_decay;      /* 0; never of norms and biases */
    double clip;              /* greatest norm of the gradient: 1; 0: none */
    uint64_t seed;            /* 1 */
    const char *precision;    /* of products: "f32", "bf16x3",
                                 "int16" (gradients within some thousandths),
                                 or "auto" (NULL): bf16x3 where AMX makes it
                                 the faster one, else f32 */
    /* What is kept aside and what is written */
    double validation_share;  /* of the records: 0.02 */
    size_t validate_every;    /* steps; 0: ten times in a run */
    size_t save_every;        /* steps; 0: as often as validation */
    const char *output;       /* .pith, or an adapter for LoRA */
    const char *state;        /* NULL: output + ".state" */
    const char *log;          /* JSONL; NULL: output + ".jsonl" */
    const char *dtype;        /* matrices of a .pith; NULL: as they were */
    bool resume;              /* continue from the state, if there is one */
    bool overwrite;           /* else a state that is there is an error */
    int n_threads;            /* as in a session */
    /* Non-zero ends the run, after the state is written, with CANCELLED. */
    int (*report)(void *user, const struct pith_align_event *event);
    void *user;
    const struct pith_align_group *group; /* borrowed, NULL: alone */
    void (*announce)(void *user, const struct pith_align_size *size); /* NULL:
                                 not reported */
};

#define pith_align_options_default(options)                                    \
    pith_align_options_default_sized((options), sizeof *(options))
PITH_API
void pith_align_options_default_sized(struct pith_align_options *options,
                                      size_t sizeof_options);

/* Over these, the paper's setting: 8 epochs, lr 1e-4, AdamW. */
PITH_API
void pith_align_options_paper(struct pith_align_options *options);

struct pith_align_result {
    size_t n_steps;
    double first_validation_loss; /* of the model as it was; NAN: none */
    double best_validation_loss;  /* NAN: none */
    size_t best_step;             /* that the output is from */
    double loss;                  /* of the last step */
};

/* Tunes a model.  The output has the weights with the least validation loss,
 * or the last where nothing is validated; output, state and log always are
 * complete files.  The same options and data give the same bytes, for any
 * number of threads and however often the run is stopped and resumed.
 *   validation  what to validate on; NULL: a share of the data
 * Errors: ARGUMENT, IO, FORMAT, CHECKSUM (a state that is not this run's),
 * CANCELLED, MEMORY. */
PITH_API
enum pith_status pith_align(const struct pith_model *model,
                            const struct pith_dataset *data,
                            const struct pith_dataset *validation,
                            const struct pith_align_options *options,
                            struct pith_align_result *result,
                            struct pith_error *error);

/* --------------------------------------------------------------------------
 * Adapters
 * ------------------------------------------------------------------------ */

struct pith_merge_options {
    size_t sizeof_options;
    const char *dtype; /* of matrices: "f32", "f16", "bf16", "q8", "q4"; NULL:
                          each as it was */
    const char *name;  /* of the model inside the file; NULL: as it was */
};

/* Writes a model with an adapter taken into its weights.  (An adapter can be
 * applied without: pith_load_options.adapter.)
 *   options  borrowed, NULL for the defaults
 * Errors: IO, FORMAT, CHECKSUM, ARGUMENT, MEMORY. */
PITH_API
enum pith_status pith_merge(const char *model, const char *adapter,
                            const char *destination,
                            const struct pith_merge_options *options,
                            struct pith_error *error);

#ifdef __cplusplus
}
#endif
#endif
