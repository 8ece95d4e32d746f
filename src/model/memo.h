/*
 * memo.h - losses of texts that were scored lately, each from an empty cache:
 * the demonstrations of a prompt, which the next prompt often has too, and
 * the first segment after the start id.
 *
 * A loss depends on nothing but the model, the precision and the tokens up to
 * its own, so what is remembered is what would be computed, to the bit.
 */
#ifndef PITH_MODEL_MEMO_H
#define PITH_MODEL_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PITH_MEMO_TEXTS = 256, PITH_MEMO_TOKENS = 1 << 16 };

struct pith_memo_text {
    int32_t *ids, *targets; /* (n) one allocation, owned by ids */
    float *losses;          /* (n) owned */
    size_t n;
    const void *precision; /* that they were computed in; compared only */
    uint64_t used;         /* when, by the memo's clock */
};

struct pith_memo {
    struct pith_memo_text texts[PITH_MEMO_TEXTS];
    size_t n, n_tokens; /* texts; tokens of all of them */
    uint64_t clock;
};

/* Fills losses (n) where a text begins with these ids and all that is asked
 * after them is known; else false, and losses are untouched. */
bool pith_memo_find(struct pith_memo *memo, const void *precision,
                    const int32_t *ids, const int32_t *targets, float *losses,
                    size_t n);

/* Remembers a text, forgetting those that were used least lately where the
 * memo is full.  A text that is too long, or that there is no memory for, is
 * not remembered. */
void pith_memo_add(struct pith_memo *memo, const void *precision,
                   const int32_t *ids, const int32_t *targets,
                   const float *losses, size_t n);

void pith_memo_free(struct pith_memo *memo);

#endif
