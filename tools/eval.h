/*
 * eval.h - what the commands pith eval ... share.
 */
#ifndef PITH_TOOLS_EVAL_H
#define PITH_TOOLS_EVAL_H

#include "pith_eval.h"

/* Where questions come from. */
struct eval_source {
    size_t task; /* enum pith_task */
    const char *prompts;
};

#define EVAL_SOURCE_OPTIONS(args)                                              \
    {0, "task", "gsm8k|bbh|chat|documents", OPTION_CHOICE,                     \
     offsetof(args, source.task), 0, 0, "what the files are (gsm8k)"},         \
    {0, "prompts", "FILE", OPTION_WORD, offsetof(args, source.prompts), 0, 0,  \
     "gsm8k: demonstrations; bbh: the prompt, or a folder\n"                   \
     "with one for each task; chat: reference answers"}

/* Loads all files into one set; free with pith_cases_free. */
int eval_load_cases(const struct eval_source *source, const char *const *paths,
                    size_t n_paths, struct pith_cases **cases);

#endif
