/*
 * blocks.c - prompts with a preset: which lines, rows or turns stay at all, and
 * that each does so with its frame.
 */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../prompt/breaks.h"
#include "../prompt/compose.h"
#include "../prompt/result.h"
#include "../prompt/units.h"
#include "run.h"

static bool *kept(const struct pith_spans *spans, size_t unit)
{
    size_t token = spans->parts->units[unit].token;
    return &spans->prune.decisions.by_token[token].kept;
}

/* --- before the path ------------------------------------------------------------- */

/* What a token of a block is worth on the whole; its tokens into *n. */
static double worth_of(const struct pith_spans *spans, size_t index, size_t *n)
{
    const struct pith_frame_block *block = &spans->frames.blocks[index];
    double sum = 0;
    *n = 0;
    for (size_t i = block->unit; i < block->end; i++) {
        const struct pith_unit *unit = &spans->parts->units[i];
        for (size_t j = 0; j < unit->n_tokens; j++)
            sum += (double)spans->gains[unit->token + j];
        *n += unit->n_tokens;
    }
    return *n > 0 ? sum / (double)*n + block->weight : 0;
}

static bool may_choose(const struct pith_spans *spans, size_t index)
{
    const struct pith_frame_block *block = &spans->frames.blocks[index];
    bool free = false;
    for (size_t i = block->unit; i < block->end; i++) {
        if (spans->parts->units[i].forced ||
            (spans->in != NULL && !spans->in[i]))
            return false;
        free = true;
    }
    return free && block->first != PITH_NO_BLOCK;
}

/* Blocks that share a budget. */
struct selection {
    struct pith_rank *ranks;
    size_t *lengths; /* by block: of what will stay of it */
    bool *selected;  /* by block */
    size_t n, n_tokens;
    double left; /* tokens for all that is not forced */
};

/* About seven tenths of what is in a frame stays with it; of a firm one it may
 * be less, before another is left out. */
static size_t length_of(const struct pith_frame_block *block, size_t n)
{
    double share = block->firm ? 0.3 : 0.7;
    double content = n > block->n_frame ? (double)(n - block->n_frame) : 0;
    return block->n_frame + (size_t)ceil(share * content);
}

/* All that a firm block is made of must stay, but the text in its frame. */
static void fasten(struct pith_spans *spans,
                   const struct pith_frame_block *block)
{
    for (size_t i = block->unit; i < block->end; i++)
        if (spans->frames.is_frame[i] || i == block->unit) {
            struct pith_unit *unit = &spans->parts->units[i];
            unit->forced = true;
            spans->frames.is_frame[i] = false;
            spans->prune.decisions.by_token[unit->token].kept = true;
            spans->prune.n_forced += unit->n_tokens;
        }
}

static void select_blocks(struct pith_spans *spans, struct selection *s,
                          double room)
{
    struct pith_budget b = {.n_dems = s->n_tokens,
                            .tau_dems = fmin(room / (double)s->n_tokens, 1),
                            .k = 1};
    pith_budget_select(&b, s->lengths, s->ranks, s->n, s->selected);
    for (size_t i = 0; i < s->n; i++) {
        size_t index = s->ranks[i].index;
        const struct pith_frame_block *block = &spans->frames.blocks[index];
        if (block->firm && s->selected[index]) {
            s->selected[index] = (double)block->n_frame <= s->left;
            s->left -= s->selected[index] ? (double)block->n_frame : 0;
        }
        for (size_t j = block->unit; j < block->end && !s->selected[index]; j++)
            spans->left_out[j] = true;
        if (block->firm && s->selected[index])
            fasten(spans, block);
    }
}

static enum pith_status open_selection(struct selection *s, size_t n,
                                       struct pith_error *error)
{
    *s = (struct selection){.ranks = pith_array(n, sizeof *s->ranks),
                            .lengths = pith_array_zero(n, sizeof *s->lengths),
                            .selected = pith_array_zero(n, sizeof(bool))};
    return s->ranks != NULL && s->lengths != NULL && s->selected != NULL
               ? PITH_OK
               : pith_no_memory(error, n, sizeof *s->ranks);
}

enum pith_status pith_spans_select_blocks(struct pith_spans *spans, size_t room,
                                          struct pith_error *error)
{
    const struct pith_frames *frames = &spans->frames;
    struct selection s;
    size_t n_other = 0;
    if (frames->n == 0)
        return PITH_OK;
    enum pith_status status = open_selection(&s, frames->n, error);
    for (size_t i = 0; status == PITH_OK && i < frames->n; i++) {
        if (!may_choose(spans, i))
            continue;
        size_t n;
        s.ranks[s.n] = (struct pith_rank){i, worth_of(spans, i, &n)};
        s.n++;
        s.lengths[i] = length_of(&frames->blocks[i], n);
        s.n_tokens += n;
    }
    /* The rest of the text has the same rate, what is forced has all. */
    size_t n_forced = 0;
    for (size_t i = 0; i < spans->parts->n_units; i++) {
        const struct pith_unit *unit = &spans->parts->units[i];
        if (unit->is_separator || (spans->in != NULL && !spans->in[i]) ||
            spans->parts->parts[unit->part].kind != PITH_PART_CONTEXT)
            continue;
        n_forced += unit->forced ? unit->n_tokens : 0;
        n_other += unit->forced ? 0 : unit->n_tokens;
    }
    double left = room > n_forced ? (double)(room - n_forced) : 0;
    s.left = left;
    if (status == PITH_OK && s.n_tokens > 0 && left < (double)n_other)
        select_blocks(spans, &s,
                      left * (double)s.n_tokens / (double)n_other);
    pith_free(s.ranks);
    pith_free(s.lengths);
    pith_free(s.selected);
    return status;
}

enum pith_status pith_spans_note_blocks(struct pith_spans *spans,
                                        struct pith_error *error)
{
    size_t n = 0;
    for (size_t i = 0; i < spans->frames.n; i++) {
        const struct pith_frame_block *block = &spans->frames.blocks[i];
        n += block->firm && block->end > block->unit &&
             !*kept(spans, block->unit);
    }
    return n == 0 ? PITH_OK
                  : pith_result_note(spans->result, error,
                                     "%zu %s left out.", n,
                                     n == 1 ? "row or element"
                                            : "rows or elements");
}

/* --- after the path --------------------------------------------------------------- */

/* Whether anything of a block stays but its frame. */
static bool has_content(const struct pith_spans *spans,
                        const struct pith_frame_block *block)
{
    for (size_t i = block->unit; i < block->end; i++)
        if (!spans->frames.is_frame[i] && *kept(spans, i))
            return true;
    return false;
}

void pith_spans_keep_frames(struct pith_spans *spans)
{
    for (size_t i = 0; i < spans->frames.n; i++) {
        const struct pith_frame_block *block = &spans->frames.blocks[i];
        bool stays = has_content(spans, block);
        for (size_t j = block->unit; j < block->end; j++) {
            if (!spans->frames.is_frame[j])
                continue;
            struct pith_decision *decision =
                &spans->prune.decisions
                     .by_token[spans->parts->units[j].token];
            decision->kept = stays || spans->parts->units[j].forced;
            decision->margin =
                stays ? (float)INFINITY : -(float)INFINITY;
        }
    }
}

bool pith_spans_is_loose(const struct pith_spans *spans, size_t unit)
{
    const struct pith_frames *frames = &spans->frames;
    if (frames->block_of == NULL)
        return false;
    if (frames->goes[unit] && !spans->parts->units[unit].forced)
        return true;
    if (frames->block_of[unit] == PITH_NO_BLOCK)
        return false;
    const struct pith_frame_block *block =
        &frames->blocks[frames->block_of[unit]];
    if (spans->parts->units[unit].forced || block->first == PITH_NO_BLOCK)
        return false;
    return frames->is_frame[unit]
               ? !*kept(spans, unit) || !has_content(spans, block)
               : !*kept(spans, block->first);
}

/* Whether a kept text ends with a sign that opens what came after it, and that
 * went: what comes next is as close to the sign.
 *   must   what it ends with must stay, as separators of tables do
 *   next   the byte that came after it */
static bool is_open(struct pith_text written, bool must, char next)
{
    const char *end = written.bytes + written.size;
    if (written.size == 0 || strchr(" \t\r\n", next) != NULL)
        return false;
    if (end[-1] == '"')
        return written.size == 1 || strchr(" \t\n:,;[({|", end[-2]) != NULL;
    return strchr(must ? "([{,;" : "([{", end[-1]) != NULL;
}

size_t pith_spans_break_line(struct pith_composition *c,
                             const struct pith_part *part,
                             const struct pith_unit *last,
                             const struct pith_unit *unit)
{
    if (unit == NULL)
        return pith_break_line(c, part, last, unit);
    const char *member = (const char *)c->decisions;
    const struct pith_spans *spans =
        (const void *)(member - offsetof(struct pith_spans, prune.decisions));
    const struct pith_frames *frames = &spans->frames;
    const struct pith_unit *units = spans->parts->units;
    size_t block = frames->block_of[unit - units];
    if (last != NULL && block != PITH_NO_BLOCK && frames->blocks[block].firm &&
        unit == units + frames->blocks[block].unit && unit - 1 > last)
        last = unit - 1;
    struct pith_text text = pith_unit_text(spans->parts, unit);
    size_t lead = pith_lead(text), from = pith_break_line(c, part, last, unit);
    bool opened = last != NULL && last + 1 < unit && lead < text.size &&
                  is_open(pith_buffer_text(c->text), last->forced,
                          spans->parts->text.data[last->byte + last->n_bytes]);
    return opened ? lead : from;
}
