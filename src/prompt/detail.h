/*
 * detail.h - what becomes of every token of the prompt: what a method decides,
 * and the result's detail that is made of it.
 */
#ifndef PITH_PROMPT_DETAIL_H
#define PITH_PROMPT_DETAIL_H

#include "parts.h"

/* One token, the first of its unit; loss, segment, rank and space as in struct
 * pith_unit_result. */
struct pith_decision {
    float loss;
    float margin; /* of the loss above its threshold; INFINITY (-INFINITY)
                     where all (nothing) stayed without a threshold;
                     `spans`: struct pith_path_node */
    size_t segment, rank;
    bool kept;
    char space;
};

struct pith_decisions {
    struct pith_decision *by_token; /* (n) */
    size_t n, n_segments;
    float *ranked; /* (n) the token's loss when its context was ranked by such;
                      NAN where none was */
};

/* n tokens that no decision was taken about and that are not kept. */
enum pith_status pith_decisions_make(struct pith_decisions *decisions, size_t n,
                                     struct pith_error *error);
void pith_decisions_free(struct pith_decisions *decisions);

/* Notes the decision about the next segment.
 *   at      (n) the tokens that it was about
 *   losses  (n) what it went by; NULL: nothing was scored */
enum pith_status pith_decisions_add(struct pith_decisions *decisions,
                                    const size_t *at, const float *losses,
                                    size_t n, struct pith_error *error);

/* Appends a unit with its tokens to the result's detail; fills unit->id. */
enum pith_status pith_detail_add(struct pith_detail *detail,
                                 struct pith_unit_result unit,
                                 const int32_t *ids, struct pith_error *error);

/* The text of a part as it was given; empty for a context that is not
 * there. */
struct pith_text pith_given_text(const struct pith_prompt *prompt,
                                 enum pith_part_kind kind, size_t index);

/* Brings the units into the order of the prompt. */
void pith_detail_sort(struct pith_detail *detail);

/* Fills detail->spans from units in the order of the prompt. */
enum pith_status pith_detail_spans(struct pith_detail *detail,
                                   struct pith_error *error);

/* The detail of a result of `paper`, whose parts have been added.
 *   prompt  the texts as they were given: parts->text may differ from them
 *           in bytes that were not UTF-8 */
enum pith_status pith_detail_of_parts(struct pith_result *result,
                                      const struct pith_parts *parts,
                                      const struct pith_prompt *prompt,
                                      const struct pith_decisions *decisions,
                                      struct pith_error *error);

#endif
