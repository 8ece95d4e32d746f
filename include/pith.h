/*
 * pith.h - prompt compression with a small language model (LLMLingua).
 *
 * Introduction
 *
 *   A language model reads a prompt; tokens that it finds easy to predict
 *   carry little information and are dropped, so that a large model's prompt
 *   becomes shorter with little loss.  The method is LLMLingua (Jiang et al.,
 *   EMNLP 2023, arXiv 2310.05736); "eq." and "Algorithm" below refer to it.
 *
 *   A program loads a model, opens a session on it and compresses:
 *
 *       struct pith_model *model = NULL;
 *       struct pith_session *session = NULL;
 *       struct pith_result *result = NULL;
 *       struct pith_error error;
 *
 *       if (pith_model_load("weights/default.pith", NULL, &model, &error) ||
 *           pith_session_create(model, NULL, &session, &error) ||
 *           pith_compress(session, &prompt, &options, &result, &error))
 *           fprintf(stderr, "%s\n", error.detail);
 *       else
 *           fwrite(result->text.bytes, 1, result->text.size, stdout);
 *       pith_result_free(result);
 *       pith_session_free(session);
 *       pith_model_free(model);
 *
 * Rules that hold for every function
 *
 *   - The library never prints, exits, aborts or reads the environment.
 *   - A function that can fail returns an enum pith_status, PITH_OK being 0.
 *     Its last parameter takes one line of detail.
 *   - On failure, out-parameters that hand over an object are set to NULL.
 *   - Strings are bytes with a size, not NUL-terminated, unless they are
 *     file names or option words (const char *).  Texts are expected to be
 *     UTF-8; invalid bytes are accepted and kept as they are.
 *   - A model is immutable once loaded and may be shared by threads; a
 *     session may be used by one thread at a time.
 *
 * NULL
 *
 *   These may be NULL: the error; options (the defaults are used); the
 *   argument of a *_free; texts and arrays without elements; members and
 *   parameters documented so.  Any other NULL is refused with
 *   PITH_ERR_ARGUMENT and the parameter's name; functions that return no
 *   status do nothing and return false, 0 or NULL.
 *
 * How structs grow
 *
 *   A program runs with newer libraries than it was compiled for, and so with
 *   larger structs than its own.
 *   - Options start with sizeof_options, their size in the program's header:
 *     the _init macros set it, or {.sizeof_options = sizeof options}.  They
 *     grow at their end.  Members that the program does not have keep their
 *     defaults; those that the library does not have must be 0
 *     (UNSUPPORTED).  Never more than sizeof_options bytes are touched.
 *   - pith_model_info and pith_tensor_info grow likewise; the macros that
 *     fill them tell their size.  Members that the library does not have
 *     are 0.
 *   - pith_result and pith_source_info are allocated by the library and grow
 *     at their end: never copy one.
 *   - All other structs, and values of enumerations, never change.
 *   Programs in other languages call the functions that end in _sized.
 */
#ifndef PITH_H
#define PITH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PITH_VERSION "0.2.0"
#define PITH_VERSION_MAJOR 0
#define PITH_VERSION_MINOR 2
#define PITH_VERSION_PATCH 0
/* Numbers that grow with the version: 200 is 0.2.0, 10203 is 1.2.3. */
#define PITH_VERSION_NUMBER                                                    \
    (PITH_VERSION_MAJOR * 10000 + PITH_VERSION_MINOR * 100 + PITH_VERSION_PATCH)

/* Before every function of the library; nothing else is exported. */
#ifndef PITH_API
#ifdef __GNUC__
#define PITH_API __attribute__((visibility("default")))
#else
#define PITH_API
#endif
#endif

/* PITH_VERSION_NUMBER of the library that is linked, which may be newer than
 * this header. */
PITH_API
int pith_version(void);

/* --------------------------------------------------------------------------
 * Status and error detail
 * ------------------------------------------------------------------------ */

/* New values are only ever appended within their group; gaps are for them. */
enum pith_status {
    PITH_OK = 0,
    PITH_ERR_ARGUMENT = 10,    /* an argument or option out of its range */
    PITH_ERR_MEMORY = 20,      /* an allocation failed or a size overflowed */
    PITH_ERR_IO = 30,          /* a file could not be read or written */
    PITH_ERR_FORMAT = 40,      /* a file or text is not what it should be */
    PITH_ERR_CHECKSUM = 41,    /* stored and computed checksums differ */
    PITH_ERR_UNSUPPORTED = 50, /* known, and not supported by this build */
    PITH_ERR_CANCELLED = 60    /* a progress callback asked to stop */
};

/* One line that says which file, offset or option, what was found, what was
 * expected and what to do; always NUL-terminated valid UTF-8. */
struct pith_error {
    enum pith_status status;
    char detail[512];
};

/* Name of a status, such as "PITH_ERR_IO"; a static string, never NULL. */
PITH_API
const char *pith_status_name(enum pith_status status);

/* --------------------------------------------------------------------------
 * Texts and progress
 * ------------------------------------------------------------------------ */

/* A borrowed run of bytes; bytes may be NULL when size is 0. */
struct pith_text {
    const char *bytes;
    size_t size;
};

/* Frees what the library handed over as a plain pointer. */
PITH_API
void pith_free(void *pointer);

/* Where the library's memory comes from. */
struct pith_allocator {
    /* Like malloc, realloc and free, with the user pointer as the first
     * argument; aligned for every type.  Size is never 0, and the pointer to
     * resize or release is never NULL.  Several threads may call them at the
     * same time if the program's threads do. */
    void *(*allocate)(void *user, size_t size);
    void *(*resize)(void *user, void *pointer, size_t size);
    void (*release)(void *user, void *pointer);
    void *user; /* borrowed */
};

/* Makes the library allocate all its memory with this allocator, except
 * mapped files and what the C library needs for open files and threads.  It
 * applies to the whole process.  Call this before any other function, or after
 * everything handed over is freed, while no other thread is in the library.
 *   allocator  copied; NULL: the C library's, as at first
 * Errors: ARGUMENT (a function that is NULL). */
PITH_API
enum pith_status pith_set_allocator(const struct pith_allocator *allocator,
                                    struct pith_error *error);

/* Called from time to time by long operations with the work done and the total
 * work (in units of the stage); a non-zero return stops them with
 * PITH_ERR_CANCELLED.  Always called from the caller's own thread. */
struct pith_progress {
    int (*report)(void *user, const char *stage, size_t done, size_t total);
    void *user; /* borrowed, handed to report */
};

/* --------------------------------------------------------------------------
 * Models
 * ------------------------------------------------------------------------ */

struct pith_model;

enum pith_arch { PITH_ARCH_GPT2 = 1, PITH_ARCH_LLAMA = 2 };

/* How the elements of a tensor are stored; docs/FORMAT.md gives the bytes. */
enum pith_type {
    PITH_F32 = 0,
    PITH_F16 = 1,
    PITH_BF16 = 2,
    PITH_Q8 = 3, /* blocks of 32: half scale, 32 signed bytes */
    PITH_Q4 = 4  /* blocks of 32: half scale, half minimum, 32 nibbles */
};

struct pith_load_options {
    size_t sizeof_options; /* sizeof(struct pith_load_options) */
    const char *kernels;   /* a name from pith_kernels_name; NULL: the best */
    bool verify;           /* check the checksum of the weights too */
    const char *adapter;   /* path of a LoRA adapter of this model, applied to
                              it from now on; NULL: none */
};

/* Takes the bytes of a .pith file for a model: verifies the checksum of its
 * metadata and checks every size in it.
 *   bytes    borrowed, size of them, of any alignment; must outlive the model
 *   name     for messages, copied; NULL: "model"
 *   options  borrowed, NULL for the defaults
 *   model    handed over; free with pith_model_free
 * Errors: FORMAT, CHECKSUM, UNSUPPORTED, MEMORY, ARGUMENT; IO only with
 * options->adapter. */
PITH_API
enum pith_status
pith_model_load_memory(const void *bytes, size_t size, const char *name,
                       const struct pith_load_options *options,
                       struct pith_model **model, struct pith_error *error);

/* No session of the model may be in use. */
PITH_API
void pith_model_free(struct pith_model *model);

PITH_API
const char *pith_type_name(enum pith_type type); /* "f32", "q8", ... */

/* --------------------------------------------------------------------------
 * Sessions and token losses
 * ------------------------------------------------------------------------ */

struct pith_session;

struct pith_session_options {
    size_t sizeof_options;
    int n_threads;  /* at most one a processor; 0 and larger numbers mean as
                       many; results do not depend on it */
    size_t n_ctx;   /* positions held at once; 0: what the model allows, at
                       most 4096 */
    const struct pith_progress *progress; /* borrowed, may be NULL */
    /* Of products with weights (docs/KERNELS.md); all else is float32.
     *   "f32"     float32
     *   "bf16"    factors rounded to bfloat16
     *   "bf16x3"  each factor as the sum of two bfloat16: nearly float32
     *   "int8x3"  384 numbers at a time as integers of 16 bits and a scale,
     *             each integer as two bytes: between the two
     *   "int16"   96 numbers at a time as integers of 13 to 14 bits and a
     *             scale: about the same
     *   "int8"    32 numbers at a time as 8-bit integers and a scale
     *   "auto"    the fastest here that decides as f32 does; f32 itself for
     *             method reference, whose results are compared.  NULL means
     *             this one
     * All of them work everywhere; without CPU instructions for them they are
     * slower than f32. */
    const char *precision;
};

/* Allocates the KV cache and all scratch memory.
 *   model    borrowed, must outlive the session
 *   session  handed over; free with pith_session_free */
PITH_API
enum pith_status pith_session_create(const struct pith_model *model,
                                     const struct pith_session_options *options,
                                     struct pith_session **session,
                                     struct pith_error *error);

PITH_API
void pith_session_free(struct pith_session *session);

/* The precision in use, never "auto": that of scores and of all methods but
 * reference. */
PITH_API
const char *pith_session_precision(const struct pith_session *session);

/* Negative log-likelihood, in nats, of every token given those before it and
 * the model's BOS (or end-of-text) token, which is prepended.  Texts longer
 * than the context are scored with a sliding context of at least half its
 * size.
 *   losses  filled by the call: n_ids elements */
PITH_API
enum pith_status pith_score(struct pith_session *session, const int32_t *ids,
                            size_t n_ids, float *losses,
                            struct pith_error *error);

/* --------------------------------------------------------------------------
 * Compression
 * ------------------------------------------------------------------------ */

enum pith_method {
    PITH_METHOD_PAPER = 0,    /* Algorithms 1 and 2 as published */
    PITH_METHOD_REFERENCE = 1, /* the decisions of microsoft/LLMLingua */
    PITH_METHOD_SPANS = 2      /* runs of words, by one threshold for the whole
                                  prompt (docs/SPANS.md); instruction and
                                  question stay whole */
};

/* x = (x_ins, x_dems, x_que); all borrowed, each part may be empty.  Parts
 * are joined by a blank line. */
struct pith_prompt {
    struct pith_text instruction;
    const struct pith_text *contexts; /* the demonstrations or documents */
    size_t n_contexts;
    struct pith_text question;
};

enum pith_reorder {
    PITH_REORDER_ORIGINAL = 0,
    PITH_REORDER_SORT = 1,
    PITH_REORDER_TWO_STAGE = 2
};

/* How contexts (and sentences) are ranked. */
enum pith_rank_method {
    PITH_RANK_LLMLINGUA = 0,     /* mean loss of each alone, high first */
    PITH_RANK_LONGLLMLINGUA = 1, /* mean loss together with the question */
    PITH_RANK_BM25 = 2           /* words shared with the question (Okapi) */
};

/* Where the question is when a context is ranked by it; _PREFIX
 * ("..._condition" in the Python package): also before the tokens that
 * are chosen. */
enum pith_condition {
    PITH_CONDITION_NONE = 0, /* longllmlingua: after */
    PITH_CONDITION_BEFORE = 1,
    PITH_CONDITION_AFTER = 2,
    PITH_CONDITION_NONE_PREFIX = 3,
    PITH_CONDITION_BEFORE_PREFIX = 4,
    PITH_CONDITION_AFTER_PREFIX = 5
};

/* Counts tokens of the target model, the one that will read the compressed
 * prompt.  Immutable, may be shared by threads. */
struct pith_counter;

/* Kinds of text that `paper` and `spans` keep on demand; docs/PROTECT.md says
 * what each holds.  Values are or-ed. */
enum pith_protect {
    PITH_PROTECT_NUMBERS = 1,   /* with their signs and units */
    PITH_PROTECT_NEGATIONS = 2, /* not, never, without, only ... in English,
                                   German, French, Spanish, Chinese, Japanese */
    PITH_PROTECT_URLS = 4,      /* links, hosts, e-mail addresses, paths */
    PITH_PROTECT_IDS = 8,       /* letters mixed with digits, hashes */
    PITH_PROTECT_CODE = 16,     /* names, operators, flags, `inline code` */
    PITH_PROTECT_MARKUP = 32,   /* tags, Markdown, markers of chat templates */
    PITH_PROTECT_ALL = 63,
    PITH_PROTECT_NONE = 64 /* `spans` sets no share of its budget aside */
};

/* What `paper` and `spans` keep or drop as a whole.  With either a number with
 * its signs and a grapheme cluster are never cut. */
enum pith_units {
    PITH_UNITS_WORD = 0, /* a word with the white space before it */
    PITH_UNITS_TOKEN = 1 /* a token, as in the paper */
};

struct pith_compress_options {
    size_t sizeof_options;
    enum pith_method method;
    /* Exactly one of the two says how much stays (or threshold, of `spans`). */
    double rate;   /* tau: share of the tokens that stay, (0, 1]; < 0: unset */
    double target; /* tokens that stay, of the scoring model or of
                      count_with; < 0: unset */
    /* `paper`: section 5 of the paper gives the defaults. */
    double tau_ins;      /* rate of the instruction: 0.85 */
    double tau_que;      /* rate of the question: 0.9 */
    double k;            /* granularity coefficient of eq. 3; 0: 2, and 1.3
                            with question_aware */
    size_t segment_size; /* tokens of an ITPC segment; 0: 100, and 200 with
                            question_aware */
    /* Only `reference`, under the Python package's names */
    size_t iterative_size;            /* window, in tokens: 200 */
    const char *context_budget;       /* arithmetic on the target: "+100" */
    bool use_context_level_filter;    /* true */
    bool use_token_level_filter;      /* true */
    bool keep_split;                  /* false */
    const size_t *force_context_ids;  /* borrowed, may be NULL */
    size_t n_force_context_ids;
    size_t force_context_number;      /* 0: not forced */
    enum pith_reorder reorder_context;
    bool concate_question;            /* true */
    /* `reference`: LongLLMLingua */
    enum pith_rank_method rank_method;
    enum pith_condition condition_in_question;
    bool condition_compare; /* tokens by how much the question changes their
                               loss; implies the prefix */
    bool add_instruction;   /* the instruction is after that question */
    double dynamic_context_compression_ratio; /* 0; rates by rank, +- this */
    /* `reference`: the sentence filter */
    bool use_sentence_level_filter;
    const char *punkt;           /* folder of Punkt parameters (NLTK's
                                    punkt_tab/english); NULL: built in */
    size_t keep_first_sentence;  /* these get the bonus, with rank_method */
    size_t keep_last_sentence;   /* longllmlingua only */
    size_t keep_sentence_number; /* the least surprising of each context */
    double high_priority_bonus;  /* 100, on the mean loss */
    double token_budget_ratio;   /* 1.4, on the target */
    bool strict_preserve_uncompressed; /* true: a context with compress=False
                                          is forced */
    /* Contexts carry <llmlingua, rate=0.5, compress=False>...</llmlingua>.
     * `paper` keeps the text outside of tags at the prompt's rate and refuses
     * a malformed tag; `reference` reads what the Python package reads, and
     * its note counts the bytes that are lost. */
    bool structured;
    bool trace;  /* fill pith_result.trace */
    bool detail; /* fill pith_result.detail and trace.thresholds; replies in
                    JSON then have "spans" */
    /* `paper` and `spans`: what must stay.  It counts towards the target; where
     * it alone is above the target it stays all the same and the note says
     * so. */
    enum pith_units units;
    unsigned protect; /* enum pith_protect, or-ed; `spans` prefers numbers and
                         negations besides, as far as there is room for them,
                         and the note says how many there was none for */
    const struct pith_text *keep; /* strings that stay wherever they occur, in
                                     either canonical form of Unicode;
                                     borrowed, may be NULL */
    size_t n_keep;
    const char *keep_regex; /* what it matches within a line stays; POSIX
                               extended, over characters; or NULL.  UTF-8,
                               see docs/REQUESTS.md */
    /* Counts of the result are those of this model, and so are rate and target
     * but of `reference`; borrowed, may be NULL. */
    const struct pith_counter *count_with;
    /* `paper`: LongLLMLingua.  Documents are ranked by what they say about
     * the question, tokens by how much the question changes their loss. */
    bool question_aware;
    double delta_tau; /* spread of the documents' rates by rank: 0.3 */
    enum pith_reorder reorder; /* with question_aware: SORT, the most relevant
                                  document first; or ORIGINAL */
    /* `paper`: what each step is worth is seen by leaving it out, as Table 3
     * of the paper does. */
    bool use_itpc; /* true; false: eq. 4 instead of 5, tokens are scored
                      after all text before them, dropped or not */
    bool use_budget_controller; /* true; false: every demonstration continues,
                                   and every component has the same rate */
    bool use_dynamic_rates; /* true; false: instruction, what is selected of
                               the demonstrations, and question have the same
                               rate */
    size_t selection_seed; /* 0; others: demonstrations are selected at random */
    /* `spans` */
    bool use_question; /* true: the question, if there is one, ranks contexts
                          and words; false: it stays and decides nothing */
    double threshold; /* nats a token, in place of rate and target; <= 0: unset */
    size_t window; /* `paper` and `spans`: positions that the model looks at
                      together; 0: 640, so that time is linear in the length */
    const char *role_rates; /* of chats, pith_messages.h; or NULL */
    int preset, reserved; /* `spans`: enum pith_preset, pith_options.h; 0 */
};

/* The defaults named above, method spans, rate 0.5. */
#define pith_compress_options_init(options)                                    \
    pith_compress_options_init_sized((options), sizeof *(options))
PITH_API
void pith_compress_options_init_sized(struct pith_compress_options *options,
                                      size_t sizeof_options);

/* Cuts a text that is given as a whole, as in a file, into the contexts of a
 * prompt.  For `paper` these are its paragraphs: runs of lines that are not
 * blank, each without the line end at its end.  For `reference`, as for the
 * Python package, and for structured prompts it is one context.
 *   options   of which method, structured and preset count
 *   contexts  filled with views of text; NULL: count only
 * Returns how many there are. */
PITH_API
size_t pith_split_text(struct pith_text text,
                       const struct pith_compress_options *options,
                       struct pith_text *contexts);

enum pith_part_kind {
    PITH_PART_INSTRUCTION = 0,
    PITH_PART_CONTEXT = 1,
    PITH_PART_QUESTION = 2
};

/* What became of one part of the prompt. */
struct pith_part_result {
    enum pith_part_kind kind;
    size_t index;       /* which context; 0 for the others */
    size_t n_tokens;    /* before */
    size_t n_kept;      /* after; 0 when coarse selection dropped it */
    double perplexity;  /* exp of its mean loss; 0 when it was not ranked */
};

/* One threshold decision: a segment (`paper`), a window (`reference`) or the
 * whole prompt (`spans`). */
struct pith_threshold {
    size_t n_losses; /* how many losses it was taken from */
    double rate;     /* share asked for */
    double gamma;    /* kept: losses above it; -INFINITY when all are kept,
                        INFINITY when none is kept and none scored; `spans`:
                        lambda, what a token of a run must be worth */
};

struct pith_rank {
    size_t index; /* which context */
    double score; /* mean loss; higher is more surprising */
};

struct pith_trace {
    int32_t *kept_ids; /* what the token stage kept, in the prompt's order */
    size_t n_kept_ids;
    bool has_kept_ids; /* false when no token stage ran */
    struct pith_threshold *thresholds;
    size_t n_thresholds;
    /* One ranking per ranking call, best first: rankings[i] has
     * n_ranks[i] entries. */
    struct pith_rank **rankings;
    size_t *n_ranks;
    size_t n_rankings;
};

/* What became of one unit of the prompt: of `paper` a word, number or cluster
 * (enum pith_units), of `reference` a token or the few that spell a
 * character. */
struct pith_unit_result {
    size_t part;         /* which of pith_result.parts */
    size_t offset, size; /* bytes, in that part's text as it was given */
    size_t id, n_ids;    /* its tokens: pith_detail.ids[id ...]; none where a
                            token continues after text that was cut out, or
                            of white space or marks that go or stay alone */
    size_t n_kept;       /* how many of these tokens stay */
    bool kept;           /* all of them do */
    bool join;           /* the blank line between two parts; its size is 0 */
    char space;          /* is in the result before the unit, which
                            would run into the kept one before it; or 0 */
    /* What the decision was taken by: the mean loss of its tokens (`paper`),
     * or what the Python compares for the first of them, the loss of the
     * token after or a difference of two (`reference`).  A unit that went
     * with its context, without its own decision, has no segment and the
     * loss that it had when contexts were ranked by theirs, NAN otherwise. */
    float loss;
    size_t segment; /* which of trace.thresholds; PITH_NO_SEGMENT */
    size_t rank;    /* of loss among those of its segment, 1 the highest; 0
                       without both */
};

#define PITH_NO_SEGMENT SIZE_MAX

/* Kept bytes side by side: [start, end) of a part's text as it was given.
 * Bounds are between characters. */
struct pith_span {
    size_t part; /* which of pith_result.parts */
    size_t start, end;
};

/* Units and spans are in the order of the prompt, whatever order the result
 * has.  The texts of kept units, end to end, each with its space in front, are
 * those of the result; where a tokenizer's decoder changes text (`reference`
 * does what the Python's does), the result may differ from them in spaces. */
struct pith_detail {
    struct pith_unit_result *units;
    size_t n_units;
    int32_t *ids;
    size_t n_ids;
    struct pith_span *spans;
    size_t n_spans;
};

struct pith_timings { /* wall-clock seconds */
    double tokenize, rank, compress, total;
};

struct pith_result {
    struct pith_text text; /* the compressed prompt */
    size_t origin_tokens; /* of options.count_with, or the scoring model */
    size_t compressed_tokens; /* of text, read again by its tokenizer (`paper`) */
    struct pith_part_result *parts;
    size_t n_parts;
    char *note; /* what the user should know, one line; NULL: nothing */
    struct pith_trace trace;
    struct pith_timings timings;
    const char *precision; /* that it was computed in, a static string */
    struct pith_detail detail;
    size_t model_origin_tokens; /* of the scoring model, as in parts */
    size_t model_compressed_tokens;
    double bits_per_byte; /* that the contexts take the model; above 7 it
                             does not know their language, and the note says
                             so; 0: not measured (only `spans` does) */
};

/* Compresses a prompt with method `paper`, whatever options->method says.  The
 * result is valid UTF-8: invalid bytes of the prompt become U+FFFD.
 *   result  handed over; free with pith_result_free
 * Errors: ARGUMENT (options out of range), MEMORY, CANCELLED,
 * UNSUPPORTED (an option that the method does not have). */
PITH_API
enum pith_status
pith_compress_paper(struct pith_session *session,
                    const struct pith_prompt *prompt,
                    const struct pith_compress_options *options,
                    struct pith_result **result, struct pith_error *error);

PITH_API
void pith_result_free(struct pith_result *result);

#ifdef __cplusplus
}
#endif

#ifndef PITH_CORE /* libpith-core.a does not have them */
#include "pith_library.h"
#include "pith_options.h"
#endif
#endif
