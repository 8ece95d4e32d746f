/*
 * code.h - the parts of code.c.  Each function says where what it knows ends
 * that starts at byte `at`; `at` when there is none.
 */
#ifndef PITH_PROMPT_CODE_H
#define PITH_PROMPT_CODE_H

#include "recognise.h"

/* An operator: ==, ->, <, ≤; of arithmetic and "!" only with operands beside
 * it: a * b, !x, but neither and/or nor **bold**. */
size_t pith_operator_end(struct pith_text text, size_t at);

/* A name, at its first letter: snake_case, camelCase, np.array, std::move,
 * run(), with all that a dot, "::", "->" or "()" joins to it.
 *   read  where the word or the names that were looked at end, > at where a
 *         word starts there */
size_t pith_name_end(struct pith_text text, size_t at, size_t *read);

#endif
