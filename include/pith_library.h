/*
 * pith_library.h - what the library has and its core has not: facts about
 * models, conversion, tokens, counters, the other methods.  pith.h includes it.
 */
#ifndef PITH_LIBRARY_H
#define PITH_LIBRARY_H

#include "pith.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --------------------------------------------------------------------------
 * Kernels: the sets of numeric routines of this build, and what they run on
 * ------------------------------------------------------------------------ */

/* Name of the index-th kernel set that this CPU and operating system can
 * run, best first ("avx512", "avx2", "neon", "scalar"); NULL past the last.
 * "scalar" is always there. */
PITH_API
const char *pith_kernels_name(size_t index);

/* Processors that this process may run on; 1 where pith is built without
 * threads. */
PITH_API
int pith_processors(void);

/* --------------------------------------------------------------------------
 * Model files, and facts about a model
 * ------------------------------------------------------------------------ */

/* pith_model_load_memory of a file, which is mapped.
 * Errors: the same, and IO. */
PITH_API
enum pith_status pith_model_load(const char *path,
                                 const struct pith_load_options *options,
                                 struct pith_model **model,
                                 struct pith_error *error);

/* Reads all weights and verifies their checksum. */
PITH_API
enum pith_status pith_model_verify(const struct pith_model *model,
                                   struct pith_error *error);

/* Hyper-parameters and tokenizer facts.  Token ids are -1 where the model
 * has none. */
struct pith_model_info {
    enum pith_arch arch;
    uint32_t n_vocab;   /* rows of the token embedding */
    uint32_t n_ctx;     /* positions the model was trained for */
    uint32_t n_embd;    /* width of the residual stream */
    uint32_t n_layer;
    uint32_t n_head;    /* query heads */
    uint32_t n_kv_head; /* key and value heads; n_head when not grouped */
    uint32_t head_dim;  /* width of one head */
    uint32_t n_ff;      /* hidden width of the feed-forward part */
    float norm_eps;
    float rope_theta; /* base of the rotary angles; 0 for GPT-2 */
    bool tied;        /* the output projection is the token embedding */
    bool qkv_biases;   /* q, k and v have biases: Qwen2 */
    bool qk_norms;     /* each head of q and k is normed: Qwen3 */
    bool rope_factors; /* rotary frequencies are divided: Llama 3.1 */
    const char *name; /* of the source, borrowed from the model */

    const char *tokenizer;     /* "byte-level BPE" or "SentencePiece BPE" */
    const char *pre_tokenizer; /* "gpt2", "smollm", "llama3", "qwen2",
                                  "none" */
    size_t n_pieces;
    size_t n_merges; /* 0 for SentencePiece */
    int32_t bos_id, eos_id, unk_id, pad_id;
    bool add_bos; /* the tokenizer prepends BOS by default */

    size_t n_tensors;
    uint64_t n_parameters;
    uint64_t file_bytes;
    const char *kernels; /* the kernel set in use */
    const char *auto_precision; /* what "auto" means with it */
    uint32_t rope_skip; /* one layer in so many has no positions; 0: none */
    uint32_t window;    /* positions that a token sees; 0: all before it */
};

#define pith_model_describe(model, info)                                       \
    pith_model_describe_sized((model), (info), sizeof *(info))
PITH_API
void pith_model_describe_sized(const struct pith_model *model,
                               struct pith_model_info *info,
                               size_t sizeof_info);

/* One row of the tensor table; the name is borrowed from the model.  Vectors
 * have rows 1. */
struct pith_tensor_info {
    const char *name;
    enum pith_type type;
    uint64_t rows, cols;
    uint64_t offset, bytes; /* in the file */
};

/* False when index is not below n_tensors. */
#define pith_model_tensor(model, index, info)                                  \
    pith_model_tensor_sized((model), (index), (info), sizeof *(info))
PITH_API
bool pith_model_tensor_sized(const struct pith_model *model, size_t index,
                             struct pith_tensor_info *info,
                             size_t sizeof_info);

/* --------------------------------------------------------------------------
 * Conversion from other formats
 * ------------------------------------------------------------------------ */

/* What a tensor of the source became.  The errors are |w - w'| of its weights w
 * and of what is stored for them, w'; 0 where nothing was rounded. */
struct pith_converted {
    const char *name;        /* docs/FORMAT.md */
    const char *source_type; /* the source's word for it: "Q6_K" */
    enum pith_type type;
    uint64_t n_weights;
    double largest_error, mean_error;
    double mean_weight; /* of |w|; 0 where nothing was rounded */
};

struct pith_convert_options {
    size_t sizeof_options;
    const char *dtype;     /* "f32", "f16", "bf16", "q8", "q4"; NULL: as is */
    const char *tokenizer; /* llama2.c: path of tokenizer.bin; else NULL */
    const struct pith_progress *progress; /* in KiB of weights; may be NULL */
    /* Parts of the source that are left out, one line each; NULL: not
     * reported. */
    void (*note)(void *user, const char *text);
    void *user;
    /* Each tensor once it is written, in the order of the file; NULL: not
     * reported.  Valid during the call. */
    void (*converted)(void *user, const struct pith_converted *tensor);
};

/* Converts a Hugging Face folder, a GGUF file or a llama2.c checkpoint to a
 * .pith file.  Anything it does not know is refused by name, never guessed.
 * The new file is loaded once for verification before it gets its name; it
 * appears complete or not at all.
 * Errors: IO, FORMAT (among them: a weight that is not finite), CHECKSUM,
 * UNSUPPORTED, ARGUMENT, MEMORY, CANCELLED. */
PITH_API
enum pith_status pith_convert(const char *source, const char *destination,
                              const struct pith_convert_options *options,
                              struct pith_error *error);

/* Weights of one type in a source. */
struct pith_source_type {
    const char *name;    /* the source's word: "Q4_K" */
    const char *held_as; /* of matrices, "q4"; NULL: the type is refused */
    uint64_t n_tensors, n_weights; /* of tensors with two dimensions at most */
};

/* What pith_convert() finds in a source.  Allocated by the library and grows at
 * its end, as pith_result does. */
struct pith_source_info {
    const char *format;       /* "GGUF", "Hugging Face folder", ... */
    const char *architecture; /* the source's own word; "" where it has none */
    const char *refusal;      /* why it cannot be converted; NULL: it can */
    const struct pith_source_type *types;
    size_t n_types;
    /* What it would become, with file_bytes of the source; NULL where it is
     * refused before that is known.  No tokenizer (NULL) in what is refused,
     * no kernels and no precision. */
    const struct pith_model_info *model;
};

/* Describes what pith_convert() takes, and what it knows but refuses, without
 * reading the weights.
 *   tokenizer  as in pith_convert_options; may be NULL
 *   info       handed over; free with pith_source_info_free
 * Errors: those of pith_convert for an unknown format. */
PITH_API
enum pith_status pith_source_describe(const char *path, const char *tokenizer,
                                      struct pith_source_info **info,
                                      struct pith_error *error);
PITH_API
void pith_source_info_free(struct pith_source_info *info);

/* --------------------------------------------------------------------------
 * Tokens and losses
 * ------------------------------------------------------------------------ */

enum pith_tokenize_flags {
    /* Prepend BOS if that is the tokenizer's default. */
    PITH_TOKENIZE_DEFAULT_BOS = 1,
    /* Treat the text of special tokens (such as "<|im_start|>") as ordinary
     * text rather than as the token. */
    PITH_TOKENIZE_NO_SPECIAL = 2
};

/* Splits text into token ids.
 *   ids    handed over (n_ids elements); free with pith_free
 *   flags  enum pith_tokenize_flags, or-ed */
PITH_API
enum pith_status pith_tokenize(const struct pith_model *model,
                               struct pith_text text, int flags,
                               int32_t **ids, size_t *n_ids,
                               struct pith_error *error);

/* The exact bytes of a token sequence; invalid UTF-8 if the sequence is cut
 * inside a character.
 *   bytes  handed over, n_bytes long and NUL-terminated; free with pith_free */
PITH_API
enum pith_status pith_detokenize(const struct pith_model *model,
                                 const int32_t *ids, size_t n_ids,
                                 char **bytes, size_t *n_bytes,
                                 struct pith_error *error);

/* The bytes of one token, borrowed from the model; size 0 for ids that the
 * model does not have. */
PITH_API
struct pith_text pith_token_piece(const struct pith_model *model, int32_t id);

/* The same without BOS: the first token, which has no context, gets NAN, and a
 * text longer than the context keeps its first token as a prefix.  This is what
 * most training code reports. */
PITH_API
enum pith_status pith_score_without_bos(struct pith_session *session,
                                        const int32_t *ids, size_t n_ids,
                                        float *losses,
                                        struct pith_error *error);

/* --------------------------------------------------------------------------
 * Losses that outlive a process
 * ------------------------------------------------------------------------ */

/* Keeps the losses of contexts in files of a folder, which is made where there
 * is none, and takes them from there when a later session asks for the same
 * text of the same model in the same way; results do not depend on it, to the
 * bit.  Sessions of several processes may share a folder.  It holds 4,096
 * texts of at most 8,192 tokens (128 MiB, seldom more than 20); what was used
 * longest ago makes room.  Losses and model together give the texts back, so
 * the folder is as private as they are (docs/CACHE.md).
 *   folder  copied
 * Errors: IO (among them: a folder that others may write into), UNSUPPORTED
 * (without POSIX), MEMORY. */
PITH_API
enum pith_status pith_session_cache_open(struct pith_session *session,
                                         const char *folder,
                                         struct pith_error *error);

/* What became of texts since the folder was opened.  A file that cannot be
 * read or written costs time, never a result. */
struct pith_cache_info {
    const char *folder; /* NULL: none; borrowed, as is why */
    const char *why;    /* of the latest failure; "": there was none */
    size_t n_found, n_missed; /* texts that were looked for in the folder */
    size_t n_kept;   /* files that were written */
    size_t n_bad;    /* files that were damaged or foreign: passed over */
    size_t n_failed; /* files that could not be written */
};

#define pith_session_cache_describe(session, info)                             \
    pith_session_cache_describe_sized((session), (info), sizeof *(info))
PITH_API
void pith_session_cache_describe_sized(const struct pith_session *session,
                                       struct pith_cache_info *info,
                                       size_t sizeof_info);

/* --------------------------------------------------------------------------
 * Counters: tokens of the model that will read the compressed prompt
 * ------------------------------------------------------------------------ */

/* From a .tiktoken file: cl100k_base (GPT-3.5 and GPT-4).
 *   counter  handed over; free with pith_counter_free
 * Errors: IO, FORMAT, MEMORY; UNSUPPORTED for other encodings. */
PITH_API
enum pith_status pith_counter_load(const char *path,
                                   struct pith_counter **counter,
                                   struct pith_error *error);
PITH_API
void pith_counter_free(struct pith_counter *counter);
PITH_API
enum pith_status pith_counter_count(const struct pith_counter *counter,
                                    struct pith_text text, size_t *n,
                                    struct pith_error *error);

/* --------------------------------------------------------------------------
 * Compression
 * ------------------------------------------------------------------------ */

/* Compresses a prompt with the method of the options, as pith_compress_paper()
 * of pith.h does with `paper`. */
PITH_API
enum pith_status pith_compress(struct pith_session *session,
                               const struct pith_prompt *prompt,
                               const struct pith_compress_options *options,
                               struct pith_result **result,
                               struct pith_error *error);

/* The same with one method, whatever options->method says: a program that
 * calls only one links without the others. */
PITH_API
enum pith_status
pith_compress_reference(struct pith_session *session,
                        const struct pith_prompt *prompt,
                        const struct pith_compress_options *options,
                        struct pith_result **result, struct pith_error *error);

PITH_API
enum pith_status
pith_compress_spans(struct pith_session *session,
                    const struct pith_prompt *prompt,
                    const struct pith_compress_options *options,
                    struct pith_result **result, struct pith_error *error);

/* A large model answers in the words of the compressed prompt; this restores
 * the words that compression cut, from the original prompt.
 *   method     PAPER: the shortest text of the original that holds a run of
 *              the response's words; REFERENCE: as the Python package does
 *   recovered  handed over, n_bytes long and NUL-terminated; free with
 *              pith_free
 * Errors: ARGUMENT, also when runs of the response times tokens of the
 * original come to more than 2^31, which takes some seconds; MEMORY. */
PITH_API
enum pith_status pith_recover(const struct pith_model *model,
                              struct pith_text original,
                              struct pith_text compressed,
                              struct pith_text response,
                              enum pith_method method, char **recovered,
                              size_t *n_bytes, struct pith_error *error);

#ifdef __cplusplus
}
#endif

#endif
