/*
 * settings.h - what decides the course of a run: its options, checked, as
 * JSON by which two runs can be compared.
 */
#ifndef PITH_ALIGN_SETTINGS_H
#define PITH_ALIGN_SETTINGS_H

#include "dataset.h"
#include "trainer.h"

/* Copies the options over the defaults and checks every one.
 * Errors: ARGUMENT, with the name of the option. */
enum pith_status pith_settings_check(struct pith_align_options *own,
                                     const struct pith_align_options *given,
                                     struct pith_error *error);

/* enum pith_linear_layer of "q,k,v,out,gate,up,down"; NULL: all. */
enum pith_status pith_settings_layers(const char *names, int *layers,
                                      struct pith_error *error);

/* Everything that the numbers of a run depend on, as one JSON object: model,
 * data, options, and the precision that the trainer chose.  Threads and files
 * are not in it. */
void pith_settings_write(const struct pith_align_options *options,
                         const char *precision, const struct pith_model *model,
                         const struct pith_dataset *data,
                         const struct pith_dataset *validation,
                         struct pith_buffer *out);

/* Fails, ARGUMENT, with the first member that differs.  name: the file that
 * `stored` is from. */
enum pith_status pith_settings_compare(struct pith_text stored,
                                       struct pith_text own, const char *name,
                                       struct pith_error *error);

/* Steps of a run over n records. */
size_t pith_settings_steps(const struct pith_align_options *options,
                           size_t n_records);

/* The learning rate of the step after `step` others: up in a straight line
 * from 0 over the warm-up, then down half a cosine or level. */
double pith_settings_lr(const struct pith_align_options *options, size_t step,
                        size_t n_steps);

#endif
