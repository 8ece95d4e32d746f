/*
 * merge.c - see merge.h.
 */
#include "merge.h"

#include <stdlib.h>

#include "../base/memory.h"

/* A pair that was adjacent when it entered the heap.  It still is when its
 * left symbol and the one behind it are `size` bytes together: boundaries
 * between symbols only ever vanish, so the same bytes in two symbols are the
 * same two symbols. */
struct pith_merge_candidate {
    uint32_t rank;
    uint32_t left; /* index of the symbol: lower is further left */
    uint32_t size; /* bytes of both */
    int32_t id;
};

enum pith_status pith_merger_start(struct pith_merger *merger, size_t n,
                                   struct pith_error *error)
{
    merger->n_symbols = 0;
    merger->n_heap = 0;
    if (n <= merger->capacity)
        return PITH_OK;
    /* n - 1 pairs at first; each of at most n - 1 merges takes one out and
     * puts at most two in. */
    size_t n_heap;
    if (n >= PITH_NO_SYMBOL || !pith_size_mul(n, 2, &n_heap))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "a word of %zu bytes: expected less than 4 GiB", n);
    pith_merger_free(merger);
    merger->symbols = pith_array(n, sizeof *merger->symbols);
    merger->heap = pith_array(n_heap, sizeof *merger->heap);
    if (merger->symbols == NULL || merger->heap == NULL)
        return pith_no_memory(error, n, sizeof *merger->symbols);
    merger->capacity = n;
    return PITH_OK;
}

void pith_merger_free(struct pith_merger *merger)
{
    free(merger->symbols);
    free(merger->heap);
    *merger = (struct pith_merger){0};
}

void pith_merger_push(struct pith_merger *merger, size_t size, int32_t id)
{
    uint32_t at = (uint32_t)merger->n_symbols++;
    struct pith_symbol *symbol = &merger->symbols[at];
    symbol->start = 0;
    symbol->size = (uint32_t)size;
    symbol->previous = PITH_NO_SYMBOL;
    symbol->next = PITH_NO_SYMBOL;
    symbol->id = id;
    if (at > 0) {
        symbol->start = symbol[-1].start + symbol[-1].size;
        symbol->previous = at - 1;
        symbol[-1].next = at;
    }
}

static bool before(const struct pith_merge_candidate *a,
                   const struct pith_merge_candidate *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->left < b->left;
}

static void heap_push(struct pith_merger *merger,
                      struct pith_merge_candidate candidate)
{
    struct pith_merge_candidate *heap = merger->heap;
    size_t at = merger->n_heap++;
    while (at > 0 && before(&candidate, &heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = candidate;
}

static struct pith_merge_candidate heap_pop(struct pith_merger *merger)
{
    struct pith_merge_candidate *heap = merger->heap;
    struct pith_merge_candidate first = heap[0];
    struct pith_merge_candidate last = heap[--merger->n_heap];
    size_t at = 0, child;
    while ((child = 2 * at + 1) < merger->n_heap) {
        if (child + 1 < merger->n_heap && before(&heap[child + 1], &heap[child]))
            child++;
        if (!before(&heap[child], &last))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}

/* Puts the pair of the symbol at `left` and the one behind it on the heap,
 * where the vocabulary merges them. */
static void consider(struct pith_merger *merger, const char *word,
                     const struct pith_pair_rule *rule, uint32_t left)
{
    const struct pith_symbol *symbols = merger->symbols;
    struct pith_pair pair;
    if (left == PITH_NO_SYMBOL || symbols[left].next == PITH_NO_SYMBOL)
        return;
    const struct pith_symbol *right = &symbols[symbols[left].next];
    if (!rule->find(rule->vocabulary, word, &symbols[left], right, &pair))
        return;
    heap_push(merger, (struct pith_merge_candidate){
                          pair.rank, left, symbols[left].size + right->size,
                          pair.id});
}

static bool is_current(const struct pith_symbol *symbols,
                       const struct pith_merge_candidate *candidate)
{
    const struct pith_symbol *left = &symbols[candidate->left];
    return left->size != 0 && left->next != PITH_NO_SYMBOL &&
           left->size + symbols[left->next].size == candidate->size;
}

static void join(struct pith_symbol *symbols, uint32_t at, int32_t id)
{
    struct pith_symbol *left = &symbols[at], *right = &symbols[left->next];
    left->size += right->size;
    left->id = id;
    left->next = right->next;
    if (right->next != PITH_NO_SYMBOL)
        symbols[right->next].previous = at;
    right->size = 0;
}

void pith_merger_run(struct pith_merger *merger, const char *word,
                     struct pith_pair_rule rule)
{
    for (size_t i = 0; i + 1 < merger->n_symbols; i++)
        consider(merger, word, &rule, (uint32_t)i);
    while (merger->n_heap > 0) {
        struct pith_merge_candidate best = heap_pop(merger);
        if (!is_current(merger->symbols, &best))
            continue;
        join(merger->symbols, best.left, best.id);
        consider(merger, word, &rule, merger->symbols[best.left].previous);
        consider(merger, word, &rule, best.left);
    }
}

uint32_t pith_merger_first(const struct pith_merger *merger)
{
    return merger->n_symbols > 0 ? 0 : PITH_NO_SYMBOL;
}
