/*
 * recognise.h - what the recognisers of protect.h share, one file each.
 */
#ifndef PITH_PROMPT_RECOGNISE_H
#define PITH_PROMPT_RECOGNISE_H

#include "clusters.h"
#include "protect.h"

/* The recognisers of the other kinds, as those in protect.h. */
enum pith_status pith_negation_ranges(struct pith_text text,
                                      struct pith_ranges *ranges,
                                      struct pith_error *error);
/* Whether a negation follows what it denies: endings of Japanese verbs, 않다,
 * değil. */
bool pith_denies_before(struct pith_text word);
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
