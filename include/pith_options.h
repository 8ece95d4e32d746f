/*
 * pith_options.h - the options of a compression as a list, for programs with a
 * user interface.  pith.h includes it.
 */
#ifndef PITH_OPTIONS_H
#define PITH_OPTIONS_H

#include "pith.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The form of a text (struct pith_compress_options, preset): it stays what it
 * is.  docs/PRESETS.md. */
enum pith_preset {
    PITH_PRESET_NONE,
    PITH_PRESET_AUTO, /* that of each context, where it is certain */
    PITH_PRESET_CODE,
    PITH_PRESET_MARKDOWN,
    PITH_PRESET_JSON,
    PITH_PRESET_LOG,
    PITH_PRESET_CHAT,
    PITH_PRESET_TABLE
};

/* How an option's value is kept in struct pith_compress_options. */
enum pith_option_type {
    PITH_OPTION_BOOL,   /* bool */
    PITH_OPTION_COUNT,  /* size_t, from low to high */
    PITH_OPTION_REAL,   /* double, from low to high */
    PITH_OPTION_CHOICE, /* an enumeration of the size of int */
    PITH_OPTION_TEXT,   /* const char *, may be NULL */
    PITH_OPTION_TEXTS,  /* const struct pith_text *, then a size_t: how many */
    PITH_OPTION_COUNTS, /* const size_t *, then a size_t: how many */
    PITH_OPTION_KINDS,  /* unsigned, enum pith_protect or-ed */
    PITH_OPTION_BITS    /* true sets the bits `low` of an unsigned */
};

enum pith_option_use { /* or-ed */
    PITH_OPTION_FOR_PAPER = 1,
    PITH_OPTION_FOR_REFERENCE = 2,
    PITH_OPTION_FOR_PROMPTS_ONLY = 4, /* not for compress_json */
    PITH_OPTION_FOR_RECORDS_ONLY = 8, /* for compress_json alone */
    PITH_OPTION_IN_SCHEMA = 16, /* in the schema of the MCP tools */
    PITH_OPTION_ABOVE_LOW = 32, /* low itself is out of range */
    PITH_OPTION_FOR_SPANS = 64
};

/* The use that marks the options of a method. */
PITH_API
unsigned pith_method_use(enum pith_method method);

/* A row of the list of compression options, from which command line,
 * requests and manual are made; without name and key, a heading, which is
 * the sentence.  All strings are static. */
struct pith_option {
    const char *name;  /* on the command line, without dashes; may be NULL */
    char letter;       /* there too; 0: none */
    const char *key;   /* in requests; NULL: not there */
    const char *value; /* of a choice its words, "word|token"; else what
                          the value is called; NULL: true or false */
    enum pith_option_type type;
    size_t offset;     /* of the member in struct pith_compress_options */
    double low, high;
    double start;      /* the default of all but texts and lists */
    const char *shown; /* the default in words; NULL: unset */
    unsigned use;      /* enum pith_option_use */
    const char *sentence; /* what it does; other options in it are as `key` */
};

/* The index-th row; NULL after the last. */
PITH_API
const struct pith_option *pith_compress_option(size_t index);

/* "paper", "reference" or "spans", a static string; NULL for another
 * number. */
PITH_API
const char *pith_method_name(enum pith_method method);

/* The kinds of a list such as "numbers,urls" or "all"; an empty one has none.
 * Errors: ARGUMENT (names the unknown word and lists the known ones). */
PITH_API
enum pith_status pith_protect_parse(struct pith_text list, unsigned *kinds,
                                    struct pith_error *error);

/* The number of letters to change in a word to turn it into a known one, for
 * asking "did you mean": 0 when they differ only in case, - and _; SIZE_MAX
 * when they differ too much. */
PITH_API
size_t pith_spelling_distance(struct pith_text word, struct pith_text known);

#ifdef __cplusplus
}
#endif
#endif
