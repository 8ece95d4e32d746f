/*
 * options.h - command lines from tables.
 *
 * A command is described by constant tables; one parser reads every command
 * line by them and one printer writes every help text from them, so that the
 * two cannot disagree.  Accepted: --name VALUE, --name=VALUE, -x VALUE,
 * -xVALUE, flags in one word (-qv), and -- before operands that start with a
 * dash.
 */
#ifndef PITH_TOOLS_OPTIONS_H
#define PITH_TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "pith.h"

enum option_kind {
    OPTION_FLAG,   /* bool, set to true */
    OPTION_WORD,   /* const char * */
    OPTION_INPUT,  /* const char *: a file that is read */
    OPTION_OUTPUT, /* const char *: one that is written or added to */
    OPTION_MODEL,  /* const char *: a model; NULL: the one that is found */
    OPTION_CHOICE, /* size_t: which of the words in `value`, "text|json" */
    OPTION_WORDS,  /* struct words: may be given several times */
    OPTION_INPUTS, /* struct words: files that are read */
    OPTION_COUNT,  /* size_t within [low, high] */
    OPTION_COUNTS, /* const size_t *, then a size_t: how many; 0,3,5 */
    OPTION_REAL,   /* double within [low, high] */
    OPTION_SWITCH, /* bool, on or off */
    OPTION_THREADS, /* size_t, at most the processors; 0: all of them */
    OPTION_ENUM,   /* int, as OPTION_CHOICE */
    OPTION_TEXTS,  /* const struct pith_text *, then a size_t: how many */
    OPTION_KINDS,  /* unsigned, enum pith_protect or-ed */
    OPTION_BITS,   /* a flag; sets the bits `low` of an unsigned */
    OPTION_COMPRESSION /* not an option: all of pith_compress_option are
                          here, their members in the struct at `offset` */
};

struct words {
    const char **items;
    size_t n;
};

struct counts { /* of OPTION_COUNTS */
    const size_t *items;
    size_t n;
};

struct option {
    char letter;       /* 0: none */
    const char *name;  /* without the dashes; NULL: a heading in the help */
    const char *value; /* how the help calls the value; NULL: a flag */
    enum option_kind kind;
    size_t offset; /* of the member of the command's struct of arguments */
    double low, high;
    const char *help;
};

/* The row of the table that stands for the options of compression; member:
 * the struct pith_compress_options among the arguments. */
#define COMPRESSION_OPTIONS(args, member)                                      \
    {0, "compression", NULL, OPTION_COMPRESSION, offsetof(args, member), 0, 0, \
     NULL}

struct operands;
struct file_list;

struct command {
    const char *name;
    const char *operands; /* as the usage line shows them */
    size_t min_operands, max_operands;
    bool last_is_output; /* of max_operands; the others are read */
    const char *summary; /* one line for `pith help` */
    const char *about;   /* what `pith help NAME` says below the usage */
    const struct option *options;
    size_t n_options;
    /* Adds files whose names are made of others (files.h); NULL: none. */
    void (*list_files)(const struct operands *operands, const void *arguments,
                       struct file_list *list);
    int (*run)(const struct command *command, int argc, char **argv);
};

enum { TOOL_MAX_OPERANDS = 64 };

/* What a command line holds besides its options. */
struct operands {
    const char *items[TOOL_MAX_OPERANDS];
    size_t n;
    bool help;    /* -h or --help was given */
    struct option *options; /* the command's, with those of compression */
    size_t n_options;
    bool *given;  /* by index in options: the option was given */
};

/* Reads argv[0 .. argc-1] into `arguments`, which holds the defaults, and
 * refuses outputs that are also inputs.
 * Returns an exit code, having printed what is wrong; whatever it returns,
 * tool_options_free must be called. */
int tool_options_parse(const struct command *command, int argc, char **argv,
                       void *arguments, struct operands *operands);
void tool_options_free(void *arguments, struct operands *operands);

/* The run() of a command: reads the command line into `arguments`, then prints
 * the help where that was asked for, else does the work. */
int tool_options_run(const struct command *command, int argc, char **argv,
                     void *arguments,
                     int (*work)(const struct command *command,
                                 const struct operands *operands,
                                 void *arguments));

/* The nearest of words offered to one that nobody knows, and how it is asked
 * for: " (did you mean X?)", or nothing when none is close. */
struct nearest {
    struct pith_text wanted;
    size_t distance; /* SIZE_MAX: nothing yet */
    char question[96];
};

struct nearest tool_nearest_to(const char *wanted, size_t length);
/* Offers a word; shown after `before` when it is the nearest. */
void tool_nearest_offer(struct nearest *nearest, const char *word,
                        size_t length, const char *before, const char *shown);

/* Whether the option of this name was given. */
bool tool_option_given(const struct operands *operands, const char *name);

void tool_options_help(const struct command *command, FILE *out);

/* A command's options for completion in shells, one on a line: --name, -letter
 * or "-", value or "-" (FILE, DIR, words with bars between them), what it is. */
void tool_options_complete(const struct command *command, FILE *out);

/* The options of compression for scripts, one on a line: type, letter, name,
 * key, value, default, method, sentence; "-" for what is absent. */
void tool_options_list(FILE *out);

#endif
