/*
 * settle.c - see settle.h.
 */
#include "settle.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../text/grapheme.h"
#include "counter.h"
#include "units.h"

enum {
    MAX_ROUNDS = 24, /* readings of the text */
    MAX_SWAPS = 48   /* units on each side that are looked at for a swap */
};

/* A unit that may stay or go. */
struct choice {
    size_t unit;
    float margin;
    size_t size; /* tokens that its text counts */
    bool barred; /* went once, or would be too much: is not added again */
    bool best;   /* kept in the best state so far */
};

struct settling {
    struct pith_settlement *s;
    struct choice *choices; /* (n) the highest margin first */
    size_t n;
};

enum pith_status pith_count_tokens(const struct pith_tokenizer *tokenizer,
                                   struct pith_text text, size_t *n,
                                   struct pith_error *error)
{
    struct pith_ids ids = {0};
    enum pith_status status =
        pith_tokenizer_encode_plain(tokenizer, text, &ids, error);
    *n = ids.n;
    pith_ids_free(&ids);
    return status;
}

enum pith_status pith_settle_count(const struct pith_settlement *settlement,
                                   struct pith_text text, size_t *n,
                                   struct pith_error *error)
{
    if (settlement->counter == NULL)
        return pith_count_tokens(settlement->tokenizer, text, n, error);
    return settlement->counter->count(settlement->counter, text, n, error);
}

static bool *kept(const struct settling *settling, const struct choice *choice)
{
    const struct pith_settlement *s = settling->s;
    return &s->decisions->by_token[s->parts->units[choice->unit].token].kept;
}

static int higher_margin_first(const void *a, const void *b)
{
    const struct choice *x = a, *y = b;
    if (x->margin != y->margin)
        return x->margin > y->margin ? -1 : 1;
    return x->unit < y->unit ? -1 : x->unit > y->unit;
}

static enum pith_status list_choices(struct settling *settling,
                                     struct pith_error *error)
{
    const struct pith_settlement *s = settling->s;
    size_t n_units = s->parts->n_units;
    settling->choices = pith_array_zero(n_units, sizeof *settling->choices);
    if (settling->choices == NULL)
        return pith_no_memory(error, n_units, sizeof *settling->choices);
    for (size_t i = 0; i < n_units; i++) {
        const struct pith_unit *unit = &s->parts->units[i];
        const struct pith_decision *decision =
            &s->decisions->by_token[unit->token];
        if (unit->is_separator || unit->forced ||
            (!decision->kept && !s->open[unit->part]))
            continue;
        struct choice *choice = &settling->choices[settling->n++];
        *choice = (struct choice){.unit = i, .margin = decision->margin,
                                  .size = unit->n_tokens};
        if (s->counter != NULL)
            PITH_TRY(s->counter->count(s->counter,
                                       pith_unit_text(s->parts, unit),
                                       &choice->size, error));
    }
    if (settling->n > 0)
        qsort(settling->choices, settling->n, sizeof *settling->choices,
              higher_margin_first);
    return PITH_OK;
}

static enum pith_status read_again(struct pith_settlement *s,
                                   struct pith_error *error)
{
    s->text.size = 0;
    PITH_TRY(pith_compose(s->parts, s->order, s->n_order, s->decisions,
                          &s->text, error));
    return pith_settle_count(s, pith_buffer_text(&s->text), &s->n_tokens,
                             error);
}

static bool is_lone(const struct pith_settlement *s, size_t unit)
{
    return s->is_lone != NULL && s->is_lone(s, unit);
}

static void drop_lone(struct pith_settlement *s)
{
    for (size_t i = s->parts->n_units; i-- > 0;)
        if (is_lone(s, i))
            s->decisions->by_token[s->parts->units[i].token].kept = false;
}

/* Drops units of at least that many tokens. */
static bool drop(struct settling *settling, size_t excess)
{
    size_t n = 0;
    for (size_t i = settling->n; i-- > 0 && n < excess;) {
        struct choice *choice = &settling->choices[i];
        bool *keep = kept(settling, choice);
        if (!*keep)
            continue;
        *keep = false;
        choice->barred = true;
        n += choice->size;
    }
    return n > 0;
}

/* Adds units of at most that many tokens. */
static bool add(struct settling *settling, size_t missing)
{
    size_t left = missing;
    for (size_t i = 0; i < settling->n && left > 0; i++) {
        struct choice *choice = &settling->choices[i];
        bool *keep = kept(settling, choice);
        if (*keep || choice->barred || choice->size > left ||
            is_lone(settling->s, choice->unit))
            continue;
        *keep = true;
        left -= choice->size;
    }
    return left < missing;
}

/* Puts a unit in the place of a smaller one, so that nothing is missing. */
static bool swap(struct settling *settling, size_t missing)
{
    size_t n_out = 0;
    for (size_t i = settling->n; i-- > 0 && n_out < MAX_SWAPS;) {
        struct choice *out = &settling->choices[i];
        size_t n_in = 0;
        if (!*kept(settling, out))
            continue;
        n_out++;
        for (size_t j = 0; j < settling->n && n_in < MAX_SWAPS; j++) {
            struct choice *in = &settling->choices[j];
            if (*kept(settling, in) || in->barred ||
                is_lone(settling->s, in->unit))
                continue;
            n_in++;
            if (in->size != out->size + missing)
                continue;
            *kept(settling, out) = false;
            *kept(settling, in) = true;
            out->barred = true;
            return true;
        }
    }
    return false;
}

/* Keeps the state that comes nearest to the target from below. */
static bool remember(struct settling *settling, bool found, size_t *best)
{
    const struct pith_settlement *s = settling->s;
    if (s->n_tokens > s->target || (found && s->n_tokens <= *best))
        return found;
    *best = s->n_tokens;
    for (size_t i = 0; i < settling->n; i++)
        settling->choices[i].best = *kept(settling, &settling->choices[i]);
    return true;
}

static enum pith_status approach(struct settling *settling,
                                 struct pith_error *error)
{
    struct pith_settlement *s = settling->s;
    size_t best = 0;
    drop_lone(s);
    PITH_TRY(read_again(s, error));
    bool found = remember(settling, false, &best);
    for (int round = 0; s->n_tokens != s->target; round++) {
        bool changed;
        if (s->n_tokens > s->target)
            changed = drop(settling, s->n_tokens - s->target);
        else if (round < MAX_ROUNDS)
            changed = add(settling, s->target - s->n_tokens) ||
                      swap(settling, s->target - s->n_tokens);
        else
            break;
        if (!changed)
            break;
        drop_lone(s);
        PITH_TRY(read_again(s, error));
        found = remember(settling, found, &best);
    }
    if (!found || s->n_tokens == best)
        return PITH_OK;
    for (size_t i = 0; i < settling->n; i++)
        *kept(settling, &settling->choices[i]) = settling->choices[i].best;
    return read_again(s, error);
}

static bool is_number(const struct pith_parts *parts,
                      const struct pith_unit *unit)
{
    struct pith_text text = pith_unit_text(parts, unit);
    for (size_t i = 0; i < text.size; i++)
        if (text.bytes[i] >= '0' && text.bytes[i] <= '9')
            return true;
    return false;
}

/* The unit to cut where none fits: rather a word than a number. */
static struct choice *choose_to_cut(struct settling *settling)
{
    const struct pith_parts *parts = settling->s->parts;
    for (size_t i = 0; i < settling->n; i++)
        if (!is_number(parts, &parts->units[settling->choices[i].unit]))
            return &settling->choices[i];
    return settling->n > 0 ? &settling->choices[0] : NULL;
}

/* Where the longest beginning of a text ends that has at most the target's
 * tokens, at least one cluster. */
static enum pith_status longest_beginning(const struct pith_settlement *s,
                                          struct pith_text text, size_t *end,
                                          struct pith_error *error)
{
    *end = pith_grapheme_end(text, 0);
    for (size_t at = *end; at < text.size;) {
        size_t n;
        at = pith_grapheme_end(text, at);
        PITH_TRY(pith_settle_count(s, (struct pith_text){text.bytes, at}, &n,
                                   error));
        if (n > s->target)
            return PITH_OK;
        *end = at;
    }
    return PITH_OK;
}

/* Nothing fits: a piece of one unit is better than nothing at all. */
static enum pith_status cut(struct settling *settling, struct pith_error *error)
{
    struct pith_settlement *s = settling->s;
    struct choice *choice = choose_to_cut(settling);
    if (choice == NULL)
        return PITH_OK;
    struct pith_unit *unit = &s->parts->units[choice->unit];
    size_t end, n_bytes = unit->n_bytes;
    PITH_TRY(longest_beginning(s, pith_unit_text(s->parts, unit), &end,
                               error));
    s->decisions->by_token[unit->token].kept = true;
    if (end < n_bytes && unit->n_tokens > 1) {
        PITH_TRY(pith_unit_split(s->parts, choice->unit, end, error));
        s->cut = true;
    }
    return read_again(s, error);
}

enum pith_status pith_settle(struct pith_settlement *settlement,
                             struct pith_error *error)
{
    struct settling settling = {.s = settlement};
    enum pith_status status = list_choices(&settling, error);
    if (status == PITH_OK)
        status = approach(&settling, error);
    if (status == PITH_OK && settlement->text.size == 0 &&
        settlement->target > 0)
        status = cut(&settling, error);
    pith_free(settling.choices);
    return status;
}
