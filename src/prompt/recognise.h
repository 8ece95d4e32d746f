/*
 * recognise.h - what the recognisers behind protect.h share, one file each.
 */
#ifndef PITH_PROMPT_RECOGNISE_H
#define PITH_PROMPT_RECOGNISE_H

#include "clusters.h"
#include "protect.h"

/* Appends bytes [start, *end) of a text, with *end moved to the end of the
 * cluster that it lies in; start lies between clusters. */
enum pith_status pith_ranges_add(struct pith_ranges *ranges,
                                 struct pith_text text, size_t start,
                                 size_t *end, unsigned kind,
                                 struct pith_error *error);

/* A run of letters and digits with the signs that hold it together: "8.25",
 * "INV-00842", "well-known". */
struct pith_chain {
    size_t start, end;
    size_t n_points; /* that join its parts */
    bool has_digit, has_colon;
};

/* The chain that starts at byte `at`, where no letter or digit stands right
 * before; empty where none starts. */
struct pith_chain pith_chain_at(struct pith_text text, size_t at);

/* Whether a number may take a sign in front of it or after it for its own. */
bool pith_is_number_sign(uint32_t code);

/* Where the chat marker that starts at byte `at` ends; `at` when none does. */
size_t pith_chat_marker_end(struct pith_text text, size_t at);

/* The recognisers of the other kinds, as those in protect.h. */
enum pith_status pith_negation_ranges(struct pith_text text,
                                      struct pith_ranges *ranges,
                                      struct pith_error *error);
enum pith_status pith_url_ranges(struct pith_text text,
                                 struct pith_ranges *ranges,
                                 struct pith_error *error);
enum pith_status pith_id_ranges(struct pith_text text,
                                struct pith_ranges *ranges,
                                struct pith_error *error);
enum pith_status pith_code_ranges(struct pith_text text,
                                  struct pith_ranges *ranges,
                                  struct pith_error *error);
enum pith_status pith_markup_ranges(struct pith_text text,
                                    struct pith_ranges *ranges,
                                    struct pith_error *error);

#endif
