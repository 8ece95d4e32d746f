/*
 * score.h - the answers of a target model against the keys of prepare.c: what
 * score_keys.c reads, score_rows.c sorts into the rows of the table and score.c
 * adds up.
 */
#ifndef PITH_EVAL_SCORE_H
#define PITH_EVAL_SCORE_H

#include <string.h>

#include "../text/piece_index.h"
#include "cases.h"

/* One key; its texts are borrowed from its document. */
struct pith_score_key {
    struct pith_json_document *document;
    struct pith_text task, name, ask, method, reference;
    double ratio, shots, origin, compressed, prompt, full_prompt;
    size_t row, part;
    const char *outcome; /* of its last reply, of its answer if it has one */
    bool is_answered;
};

/* The requests of a row whose shares of right answers are averaged: a task of
 * BBH, or all of them. */
struct pith_score_part {
    size_t row, n_answered, n_right;
    struct pith_text name;
};

/* Sums over the answers of a row. */
struct pith_score_sums {
    double origin, compressed, prompt, full_prompt, completion;
    double bleu, rouge1, rouge2, rougeL;
    size_t n_counted; /* answers whose tokens are known */
    size_t n_texts;   /* answers with a reference to compare with */
};

struct pith_score_data {
    struct pith_score_key *keys;
    struct pith_text *ids; /* (n) */
    size_t n;
    struct pith_piece_index index;
    struct pith_score_part *parts;
    size_t n_parts, parts_capacity;
    struct pith_score_sums *sums; /* (n_rows) */
    size_t rows_capacity;
    char **names; /* of tasks and the like, NUL-terminated */
    size_t n_names, names_capacity;
    struct pith_buffer pairs;
};

/* What is being filled. */
struct pith_scoring {
    struct pith_scores *scores;
    struct pith_score_data *data;
    struct pith_score_options options;
};

/* Sets key->row and key->part, a new row or part where the key is the first
 * of its kind.  Errors: PITH_ERR_MEMORY. */
enum pith_status pith_score_place(struct pith_scoring *s,
                                  struct pith_score_key *key,
                                  struct pith_error *error);

/* Reads the lines of keys, named name in errors, into s->data and counts them
 * in their rows.  What is read is copied.
 * Errors: PITH_ERR_FORMAT with the line, PITH_ERR_MEMORY. */
enum pith_status pith_score_read_keys(struct pith_scoring *s,
                                      struct pith_text keys, const char *name,
                                      struct pith_error *error);

static inline bool pith_score_same(struct pith_text a, struct pith_text b)
{
    return a.size == b.size &&
           (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static inline bool pith_score_is(struct pith_text text, const char *string)
{
    return pith_score_same(text, (struct pith_text){string, strlen(string)});
}

#endif
