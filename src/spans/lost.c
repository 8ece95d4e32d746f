/*
 * lost.c - tells the user how many numbers and negations of the contexts the
 * target had no room for.
 */
#include "../base/memory.h"
#include "../prompt/protect.h"
#include "../prompt/result.h"
#include "../prompt/units.h"
#include "run.h"

struct count {
    size_t n, n_lost;
};

/* Whether every unit that holds some of bytes [start, end) of the parts' text
 * stays; *unit, the first that may, is moved on. */
static bool stays(const struct pith_spans *spans, size_t start, size_t end,
                  size_t *unit)
{
    const struct pith_parts *parts = spans->parts;
    const struct pith_unit *units = parts->units;
    bool all = true;
    while (*unit < parts->n_units &&
           units[*unit].byte + units[*unit].n_bytes <= start)
        ++*unit;
    for (size_t i = *unit; i < parts->n_units && units[i].byte < end; i++)
        all &= spans->prune.decisions.by_token[units[i].token].kept;
    return all;
}

static enum pith_status count_kind(const struct pith_spans *spans,
                                   const struct pith_part *part,
                                   unsigned kind, struct count *count,
                                   struct pith_error *error)
{
    struct pith_text text = pith_part_text(spans->parts, part);
    struct pith_ranges ranges = {0};
    if (text.size == 0)
        return PITH_OK;
    size_t origin = (size_t)(text.bytes - spans->parts->text.data);
    size_t unit = part->unit;
    enum pith_status status = pith_protect_find(text, kind, &ranges, error);
    for (size_t i = 0; i < ranges.n && status == PITH_OK; i++)
        count->n_lost += !stays(spans, origin + ranges.items[i].start,
                                origin + ranges.items[i].end, &unit);
    count->n += ranges.n;
    pith_ranges_free(&ranges);
    return status;
}

static enum pith_status count_lost(const struct pith_spans *spans,
                                   unsigned kind, struct count *count,
                                   struct pith_error *error)
{
    const struct pith_parts *parts = spans->parts;
    *count = (struct count){0, 0};
    for (size_t i = 0; i < parts->n_parts; i++)
        if (parts->parts[i].kind == PITH_PART_CONTEXT)
            PITH_TRY(count_kind(spans, &parts->parts[i], kind, count, error));
    return PITH_OK;
}

enum pith_status pith_spans_note_lost(struct pith_spans *spans,
                                      struct pith_error *error)
{
    struct count numbers, negations;
    PITH_TRY(count_lost(spans, PITH_PROTECT_NUMBERS, &numbers, error));
    PITH_TRY(count_lost(spans, PITH_PROTECT_NEGATIONS, &negations, error));
    if (numbers.n_lost > 0 && negations.n_lost > 0)
        return pith_result_note(spans->result, error,
                                "%zu of %zu numbers and %zu of %zu negations "
                                "had no room; protect keeps them.",
                                numbers.n_lost, numbers.n, negations.n_lost,
                                negations.n);
    if (numbers.n_lost > 0 || negations.n_lost > 0)
        return pith_result_note(
            spans->result, error, "%zu of %zu %s had no room; protect keeps "
            "them.", numbers.n_lost + negations.n_lost,
            numbers.n_lost > 0 ? numbers.n : negations.n,
            numbers.n_lost > 0 ? "numbers" : "negations");
    return PITH_OK;
}
