/*
 * eval.h - what the commands pith eval ... share.
 */
#ifndef PITH_TOOLS_EVAL_H
#define PITH_TOOLS_EVAL_H

#include "common.h"
#include "pith_eval.h"

/* Where questions come from. */
struct eval_source {
    size_t task; /* enum pith_task */
    const char *prompts;
};

#define EVAL_SOURCE_OPTIONS(args)                                              \
    {0, "task", "gsm8k|bbh|chat|documents|qa|continue", OPTION_CHOICE,         \
     offsetof(args, source.task), 0, 0, "what the files are (gsm8k)"},         \
    {0, "prompts", "FILE", OPTION_INPUT, offsetof(args, source.prompts), 0, 0,  \
     "gsm8k: demonstrations, or a folder of such files;\n"                     \
     "bbh: the prompt, or a folder with one for each task;\n"                  \
     "chat: reference answers"}

/* Adds the prompts that the operands' data sets come with (files.h). */
void eval_list_prompts(const struct eval_source *source,
                       const struct operands *operands,
                       struct file_list *list);

/* Loads all files into one set; free with pith_cases_free. */
int eval_load_cases(const struct eval_source *source, const char *const *paths,
                    size_t n_paths, struct pith_cases **cases);

/* The first case of the group after that of case i. */
size_t eval_next_group(const struct pith_cases *cases, size_t i);

/* What is compared: lists of words and numbers with commas between them. */
enum { EVAL_MAX_ITEMS = 64, EVAL_MAX_NAME = 256 };

struct eval_method {
    char name[EVAL_MAX_NAME];
    struct pith_eval_traits traits;
};

struct eval_plan {
    struct eval_method methods[EVAL_MAX_ITEMS];
    double numbers[EVAL_MAX_ITEMS]; /* ratios, or shots */
    size_t n_methods, n_numbers;
};

#define EVAL_METHODS_OPTION(args, otherwise)                                   \
    {0, "methods", "NAMES", OPTION_WORD, offsetof(args, methods), 0, 0,        \
     "with commas: full, zero-shot, truncation, random,\n"                     \
     "sentences, selective, selective-sentences,\n"                            \
     "stop-words, reference, paper, spans, paper-no-itpc,\n"                   \
     "paper-no-controller, paper-no-dynamic-rates,\n"                          \
     "paper-random-selection, spans-no-question; with\n"                       \
     "options, as paper+units=token+protect=numbers;\n"                        \
     "+question lets a method see it (" otherwise ")"}

/* list NULL: every method. */
int eval_read_methods(const struct command *command, const char *list,
                      struct eval_plan *plan);
int eval_read_numbers(const struct command *command, const char *option,
                      const char *list, double low, struct eval_plan *plan);

/* JSONL that grows line by line, and continues where an earlier run ended. */
struct eval_log {
    const char *path; /* NULL: standard output */
    struct text text; /* complete lines that were there */
    bool has_half_line;
    FILE *stream;
};

/* Reads what is there and changes nothing, so that the caller sees whether it
 * is its own.  A last line without its end must start with `head`, as a killed
 * run leaves it.  NULL and "-" are standard output. */
int eval_log_read(struct eval_log *log, const char *path, const char *head);
/* Opens the file that was read, after its last complete line. */
int eval_log_open(struct eval_log *log);
int eval_log_write(struct eval_log *log, const char *line);
int eval_log_close(struct eval_log *log);

#endif
