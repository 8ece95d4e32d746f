/*
 * run.h - one compression by the method `spans`, and its steps.
 */
#ifndef PITH_SPANS_RUN_H
#define PITH_SPANS_RUN_H

#include "../paper/budget.h"
#include "../prompt/prune.h"
#include "frames.h"
#include "path.h"

/* What depends on the ratio. */
struct pith_spans_setting {
    double ratio;      /* up to here */
    double mu;         /* nats, of an edge inside a clause */
    double first_word; /* nats, for the first mention of a long word */
    double name;       /* nats, for that of a name */
    double sentence;   /* of the mean loss of its sentence, to each token */
};

struct pith_spans {
    struct pith_prune prune;
    /* Of the prune, borrowed. */
    struct pith_session *session;
    const struct pith_compress_options *options;
    struct pith_result *result;
    struct pith_parts *parts;
    bool steered;  /* by the question */
    float *losses; /* (ids.n) of the contexts' tokens */
    size_t n_measured; /* tokens of the result's bits_per_byte */
    float *gains;  /* (ids.n) what a token is worth: its loss, or what the
                      question takes from it */
    struct pith_budget budget;
    bool *left_out;    /* (n_units) by coarse selection */
    const bool *in;    /* (n_units) the text that is being chosen from; NULL:
                          all of it */
    struct pith_spans_setting setting;
    struct pith_frames frames; /* {0} without a preset */
    struct pith_parts given; /* the prompt as it was given, where what its form
                                can do without is no longer in `parts` */
    size_t n_compact; /* tokens of the prompt without that, as the goal counts */
    size_t given_goal; /* of the prompt with it */
    double number_weight; /* 0 to 1: how much numbers are preferred */
    bool *first_mention;  /* (n_units) no unit before it has the same words */
    struct pith_path_node *nodes; /* (n_nodes) of the contexts' units */
    size_t *units; /* (n_nodes) which unit each is */
    size_t n_nodes;
    struct pith_path path;
};

/* scores.c: fills losses and gains, in one pass over the prompt. */
enum pith_status pith_spans_score(struct pith_spans *spans,
                                  struct pith_error *error);

/* coarse.c: Algorithm 1 on contexts, then on their sentences. */
enum pith_status pith_spans_select(struct pith_spans *spans,
                                   struct pith_error *error);

/* compact.c, with a preset and a budget: takes the text without what its form
 * can do without (white space of JSON, padding of tables), where that is fewer
 * tokens.  The goal stays that of the prompt as it was given.
 * spans->prune is open, and may be opened again. */
enum pith_status pith_spans_compact(struct pith_spans *spans,
                                    const struct pith_prompt *prompt,
                                    struct pith_error *error);
/* All of that text stays. */
enum pith_status pith_spans_keep_compact(struct pith_spans *spans,
                                         struct pith_error *error);
/* The result's counts of the prompt as it was given, and a note. */
enum pith_status pith_spans_note_compact(struct pith_spans *spans,
                                         struct pith_error *error);

/* spans.c: chooses from the text that is `in`, with its budget.
 *   room  tokens; ignored with a threshold */
enum pith_status pith_spans_choose(struct pith_spans *spans, size_t room,
                                   struct pith_error *error);

/* pieces.c: structured prompts.  Forces what stays whole and sets the target;
 * then, in place of coarse selection, chooses from each piece at its rate. */
enum pith_status pith_spans_open_pieces(struct pith_spans *spans,
                                        struct pith_error *error);
enum pith_status pith_spans_choose_pieces(struct pith_spans *spans,
                                          struct pith_error *error);

/* nodes.c: sets the setting, nodes and units; frees them. */
void pith_spans_free_nodes(struct pith_spans *spans);
enum pith_status pith_spans_make_nodes(struct pith_spans *spans,
                                       struct pith_error *error);

/* language.c: measures how well the model knows the contexts' language, once
 * they are scored; settling may cut units later.  The other notes when it does
 * not. */
void pith_spans_measure_language(struct pith_spans *spans);
enum pith_status pith_spans_note_language(struct pith_spans *spans,
                                          struct pith_error *error);

/* blocks.c, with a preset: leaves out blocks that there is no room for; after
 * the path, keeps the frames of those that stay. */
enum pith_status pith_spans_select_blocks(struct pith_spans *spans, size_t room,
                                          struct pith_error *error);
void pith_spans_keep_frames(struct pith_spans *spans);
/* For decisions->break_line: a row or an element is on its own line as it was;
 * line breaks in those before it that went are none of it. */
size_t pith_spans_break_line(struct pith_composition *composition,
                             const struct pith_part *part,
                             const struct pith_unit *last,
                             const struct pith_unit *unit);
/* Notes how many of these did not stay. */
enum pith_status pith_spans_note_blocks(struct pith_spans *spans,
                                        struct pith_error *error);
/* Whether a unit is text of a block without its frame, or a frame without its
 * text, or would be if it were added. */
bool pith_spans_is_loose(const struct pith_spans *spans, size_t unit);

/* lost.c: notes how many numbers and negations did not stay. */
enum pith_status pith_spans_note_lost(struct pith_spans *spans,
                                      struct pith_error *error);

/* operators.c: whether a unit is an operator without its operand, or loose.
 *   settlement  that of a struct pith_spans */
bool pith_spans_is_lone(const struct pith_settlement *settlement, size_t unit);

/* Whether numbers and negations have a share of the budget. */
static inline bool pith_spans_shares(const struct pith_spans *spans)
{
    return !(spans->options->protect & PITH_PROTECT_NONE);
}

/* Whether a unit is text of a context, and `in`. */
bool pith_spans_is_free_text(const struct pith_spans *spans, size_t unit);

#endif
