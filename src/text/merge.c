/*
 * merge.c - see merge.h.
 */
#include "merge.h"

#include "../base/memory.h"

/* The heap holds rank << 32 | index of the left symbol, so that the least key
 * is the pair to merge next.  Each node has four children, which share a
 * cache line: long words are about memory, not comparisons. */
enum { CHILDREN = 4 };

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
    pith_free(merger->symbols);
    pith_free(merger->heap);
    *merger = (struct pith_merger){0};
}

void pith_merger_push(struct pith_merger *merger, size_t size, int32_t id)
{
    uint32_t at = (uint32_t)merger->n_symbols++;
    struct pith_symbol *symbol = &merger->symbols[at];
    *symbol = (struct pith_symbol){.size = (uint32_t)size,
                                   .previous = PITH_NO_SYMBOL,
                                   .next = PITH_NO_SYMBOL,
                                   .id = id,
                                   .pair = {PITH_NO_RANK, -1}};
    if (at > 0) {
        symbol->start = symbol[-1].start + symbol[-1].size;
        symbol->previous = at - 1;
        symbol[-1].next = at;
    }
}

static void heap_push(struct pith_merger *merger, uint64_t key)
{
    uint64_t *heap = merger->heap;
    size_t at = merger->n_heap++;
    while (at > 0 && key < heap[(at - 1) / CHILDREN]) {
        heap[at] = heap[(at - 1) / CHILDREN];
        at = (at - 1) / CHILDREN;
    }
    heap[at] = key;
}

/* The least of the children of a node, whose first is `child`. */
static size_t least_child(const struct pith_merger *merger, size_t child)
{
    size_t end = child + CHILDREN, least = child;
    if (end > merger->n_heap)
        end = merger->n_heap;
    while (++child < end)
        if (merger->heap[child] < merger->heap[least])
            least = child;
    return least;
}

static uint64_t heap_pop(struct pith_merger *merger)
{
    uint64_t *heap = merger->heap;
    uint64_t first = heap[0], last = heap[--merger->n_heap];
    size_t at = 0, child;
    while ((child = CHILDREN * at + 1) < merger->n_heap) {
        child = least_child(merger, child);
        if (last <= heap[child])
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}

/* Looks up the pair of the symbol `left` and the next one, and puts it
 * on the heap where the vocabulary merges it. */
static void consider(struct pith_merger *merger, const char *word,
                     const struct pith_pair_rule *rule, uint32_t left)
{
    struct pith_symbol *symbols = merger->symbols;
    if (left == PITH_NO_SYMBOL)
        return;
    struct pith_symbol *symbol = &symbols[left];
    if (symbol->next != PITH_NO_SYMBOL &&
        rule->find(rule->vocabulary, word, symbol, &symbols[symbol->next],
                   &symbol->pair))
        heap_push(merger, (uint64_t)symbol->pair.rank << 32 | left);
    else
        symbol->pair.rank = PITH_NO_RANK;
}

/* Makes one symbol of `left` and the next one. */
static void join(struct pith_symbol *symbols, uint32_t at)
{
    struct pith_symbol *left = &symbols[at], *right = &symbols[left->next];
    left->size += right->size;
    left->id = left->pair.id;
    left->next = right->next;
    if (right->next != PITH_NO_SYMBOL)
        symbols[right->next].previous = at;
    right->pair.rank = PITH_NO_RANK;
}

void pith_merger_run(struct pith_merger *merger, const char *word,
                     struct pith_pair_rule rule)
{
    for (size_t i = 0; i + 1 < merger->n_symbols; i++)
        consider(merger, word, &rule, (uint32_t)i);
    while (merger->n_heap > 0) {
        uint64_t key = heap_pop(merger);
        uint32_t left = (uint32_t)key;
        /* A pair that has changed since is on the heap again, under its new
         * rank, if it has one. */
        if (merger->symbols[left].pair.rank != (uint32_t)(key >> 32))
            continue;
        join(merger->symbols, left);
        consider(merger, word, &rule, merger->symbols[left].previous);
        consider(merger, word, &rule, left);
    }
}

uint32_t pith_merger_first(const struct pith_merger *merger)
{
    return merger->n_symbols > 0 ? 0 : PITH_NO_SYMBOL;
}
