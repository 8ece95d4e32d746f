/*
 * detail_units.h - making a result's detail, unit by unit.
 */
#ifndef PITH_PROMPT_DETAIL_UNITS_H
#define PITH_PROMPT_DETAIL_UNITS_H

#include "detail.h"

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

#endif
