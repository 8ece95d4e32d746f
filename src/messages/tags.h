/*
 * tags.h - the texts of messages as contexts of a structured prompt, and back.
 */
#ifndef PITH_MESSAGES_TAGS_H
#define PITH_MESSAGES_TAGS_H

#include "../base/buffer.h"
#include "../base/error.h"

/* Appends a text between tags that say what becomes of it; tags that it holds
 * itself are text.
 *   rate  1: it stays whole; < 0: that of the prompt */
void pith_tags_write(struct pith_buffer *out, struct pith_text text,
                     double rate);

/* Appends what stays of the index-th part of a result, which has its detail.
 *   given  the part as it was given, with its tags
 *   unit   its first unit; moved to that of the next part */
void pith_tags_read(struct pith_buffer *out, const struct pith_result *result,
                    size_t index, struct pith_text given, size_t *unit);

#endif
