/*
 * dataset.h - records as token ids with the targets of eq. 8's loss: the
 * answer of the target model and the token that ends it.
 *
 * A record is: the token that begins a text, prompt, answer, end.  Row i is
 * the input of position i, target i the token that follows it where that is
 * part of an answer, PITH_NO_TARGET elsewhere.  What follows the last
 * target is not kept.
 */
#ifndef PITH_ALIGN_DATASET_H
#define PITH_ALIGN_DATASET_H

#include "../model/model.h"
#include "pith_align.h"
#include "templates.h"

struct pith_dataset {
    const struct pith_model *model; /* borrowed */
    enum pith_template template_id;
    struct pith_dataset_options options;
    struct pith_dataset_info info;
    struct pith_ids ids, targets; /* all records, one after the other */
    size_t *starts;               /* (n_records + 1) in ids */
    size_t n_room;                /* of starts */
    struct pith_rendering rendering; /* scratch */
};

/* Tokens of a record. */
static inline size_t pith_dataset_length(const struct pith_dataset *dataset,
                                         size_t record)
{
    return dataset->starts[record + 1] - dataset->starts[record];
}

/* Identifies all ids and targets; a run is only resumed on the same. */
uint32_t pith_dataset_crc32(const struct pith_dataset *dataset);

#endif
