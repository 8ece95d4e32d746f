/*
 * common.h - what the subcommands share: exit codes, messages, texts from
 * files, output that appears complete or not at all, and an open session.
 *
 * The program stands on pith.h alone.  Functions that can fail print their
 * message themselves and return an exit code; 0 is success.
 */
#ifndef PITH_TOOLS_COMMON_H
#define PITH_TOOLS_COMMON_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "options.h"
#include "pith_files.h"
#include "platform.h"

enum { TOOL_OK = 0, TOOL_FAILED = 1, TOOL_USAGE = 2 };

#if defined(__MINGW32__) && !defined(__clang__) /* "printf" is not C99's */
#define TOOL_PRINTF(at, first) __attribute__((format(gnu_printf, at, first)))
#elif defined(__GNUC__)
#define TOOL_PRINTF(at, first) __attribute__((format(printf, at, first)))
#else
#define TOOL_PRINTF(at, first)
#endif

extern const struct command tool_compress, tool_score, tool_tokenize,
    tool_serve, tool_info, tool_convert, tool_bench, tool_align,
    tool_align_requests, tool_align_collect, tool_merge, tool_eval_measure,
    tool_eval_metrics, tool_eval_prepare, tool_eval_run, tool_eval_score;

/* "pith: ..." on stderr; returns TOOL_FAILED. */
int tool_fail(const char *format, ...) TOOL_PRINTF(1, 2);
/* The same with a pointer to `pith help COMMAND`; returns TOOL_USAGE. */
int tool_usage(const struct command *command, const char *format, ...)
    TOOL_PRINTF(2, 3);
/* The detail of a library call that failed; TOOL_USAGE when an argument was
 * out of its range. */
int tool_library(const struct pith_error *error);
int tool_no_memory(void);
/* Refuses options that the method does not have, naming those that do. */
int tool_check_method(const struct command *command,
                      const struct operands *operands,
                      enum pith_method method);

/* What --format text|json gives. */
enum tool_format { TOOL_TEXT, TOOL_JSON };

/* A text in memory; release with free(text.bytes). */
struct text {
    char *bytes; /* size bytes and a NUL */
    size_t size;
};

/* Reads a whole file; "-" and NULL are standard input. */
int tool_read(const char *path, struct text *text);
/* Reads on to the end of the line, without its line feed; *more is false at
 * the end of the file. */
int tool_read_line(FILE *stream, const char *path, struct text *line,
                   bool *more);
FILE *tool_open_input(const char *path);
struct pith_text tool_view(const struct text *text);
struct pith_text tool_string(const char *string);

/* Where results go: standard output, or a file through a temporary one. */
struct output {
    FILE *stream;
    struct pith_writer writer; /* {0}: standard output */
};

int tool_output_open(struct output *output, const char *path);
/* For the library, which does not know "-": the name of standard output. */
const char *tool_output_name(const char *path);
/* Flushes and gives the file its name; a failure leaves no file. */
int tool_output_close(struct output *output);
void tool_output_abort(struct output *output);

/* Length of the UTF-8 character at s, of n > 0 bytes; 0: there is none. */
size_t tool_character_length(const char *s, size_t n);
/* Whether that is a control character of two bytes, U+0080 to U+009F, which
 * terminals may obey as well. */
bool tool_is_c1(const char *s, size_t length);

/* A token's bytes on one line: \n \r \t \\ and \xNN for other control
 * characters and for bytes that are not UTF-8. */
void tool_print_piece(FILE *stream, struct pith_text piece);

/* 1234567 -> "1,234,567", in the buffer given. */
const char *tool_grouped(unsigned long long number, char buffer[32]);

/* "0.04 s", "1.9 s", in the buffer given. */
const char *tool_duration(double seconds, char buffer[32]);

/* The last part of a path without its ".pith". */
struct pith_text tool_model_name(const char *path);

/* Options that every command with a model has. */
struct model_options {
    const char *path, *adapter, *kernels, *precision;
    const char *cache; /* NULL: none */
    size_t n_threads;
    bool quiet;
};

#define MODEL_OPTION(args)                                                     \
    {'m', "model", "FILE", OPTION_MODEL, offsetof(args, model.path), 0, 0,      \
     "model to use; without it $PITH_MODEL, then\n"                            \
     "weights/default.pith here and beside the program"}

#define THREADS_OPTION(offset)                                                 \
    {'t', "threads", "N", OPTION_THREADS, offset, 0, HUGE_VAL,                 \
     "threads, at most one for each processor (0: all);\n"                     \
     "the result does not depend on it"}

#define RUN_OPTIONS(args)                                                      \
    {0, "adapter", "FILE", OPTION_INPUT, offsetof(args, model.adapter), 0, 0,   \
     "LoRA adapter of the model, made by pith align"},                         \
    {0, "kernels", "NAME", OPTION_WORD, offsetof(args, model.kernels), 0, 0,   \
     "numeric routines, or $PITH_KERNELS; see pith info"},                     \
    {0, "precision", "P", OPTION_WORD, offsetof(args, model.precision), 0, 0,  \
     "of products: f32, bf16x3, bf16, int8x3, int16, int8;\n"                  \
     "auto: the fastest that decides as f32 (reference: f32)"},                \
    THREADS_OPTION(offsetof(args, model.n_threads)),                           \
    {'q', "quiet", NULL, OPTION_FLAG, offsetof(args, model.quiet), 0, 0,       \
     "no report and no progress on stderr"}

#define CACHE_OPTION(args)                                                     \
    {0, "cache", "FOLDER", OPTION_WORD, offsetof(args, model.cache), 0, 0,     \
     "keep losses of contexts there for the next run, which\n"                \
     "has the same results sooner (docs/CACHE.md)"}

/* A loaded model and its session. */
struct opened {
    char *path;
    struct pith_model *model;
    struct pith_session *session;
    struct pith_progress progress;
    bool quiet;
    struct progress_line {
        double start, shown; /* shown: when it was drawn last */
        double most_seconds; /* work is stopped after them; 0: never */
        bool drawable, drawn;
        int level; /* of the outermost stage seen */
    } line;
};

/* The path of the model to use; release with free(); NULL, without a
 * message, where there is none. */
int tool_search_model(const char *wanted, char **path);

/* Loads the model; tool_open also makes a session.  `opened` must stay where
 * it is, and tool_close accepts one that was never opened ({0}). */
int tool_load(struct opened *opened, const struct model_options *options);
int tool_open(struct opened *opened, const struct model_options *options);
void tool_close(struct opened *opened);

/* Opens a session's folder of losses, if one is asked for; says on stderr what
 * became of it. */
int tool_open_cache(struct pith_session *session,
                    const struct model_options *options);
void tool_note_cache(const struct pith_session *session);

/* Progress on stderr when it is a terminal and the work takes long. */
struct pith_progress tool_progress(struct progress_line *line, bool quiet);
void tool_progress_erase(struct progress_line *line);

/* Tokens of the target model, counted by a .tiktoken file; NULL for none. */
int tool_load_counter(const char *path, struct pith_counter **counter);

#endif
