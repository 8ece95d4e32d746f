/*
 * thought.h - the reasoning that some models write before their answer,
 * between marks: <think>...</think> and its like.
 */
#ifndef PITH_JSON_THOUGHT_H
#define PITH_JSON_THOUGHT_H

#include <stddef.h>

#include "../base/error.h"

/* Bytes of the text up to the answer: its reasoning with the marks and the
 * white space around them; 0: it begins with none; all of it where the
 * reasoning never ends. */
size_t pith_thought_size(struct pith_text text);

#endif
