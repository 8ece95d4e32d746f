/*
 * frames.c - see frames.h.
 */
#include "frames.h"

#include "../base/exact.h"
#include "../base/memory.h"
#include "../prompt/bind.h"
#include "../prompt/breaks.h"
#include "../prompt/units.h"

/* Places in the text are asked for in ascending order. */
struct places {
    const struct pith_layout *layout;
    size_t mark, block; /* the first that may hold the next unit */
};

/* Where a unit is: its first byte that is not white space. */
static size_t place_of(const struct pith_parts *parts,
                       const struct pith_unit *unit)
{
    size_t lead = pith_lead(pith_unit_text(parts, unit));
    return unit->byte + (lead < unit->n_bytes ? lead : unit->n_bytes - 1);
}

static size_t block_at(struct places *places, size_t at)
{
    const struct pith_layout *layout = places->layout;
    while (places->block < layout->n_blocks &&
           layout->blocks[places->block].end <= at)
        places->block++;
    bool inside = places->block < layout->n_blocks &&
                  layout->blocks[places->block].start <= at;
    return inside ? places->block : PITH_NO_BLOCK;
}

/* The first mark that has bytes of [start, end); NULL: none. */
static const struct pith_mark *mark_at(struct places *places, size_t start,
                                       size_t end)
{
    const struct pith_layout *layout = places->layout;
    while (places->mark < layout->n_marks &&
           layout->marks[places->mark].end <= start)
        places->mark++;
    bool inside = places->mark < layout->n_marks &&
                  layout->marks[places->mark].start < end;
    return inside ? &layout->marks[places->mark] : NULL;
}

static bool is_text(const struct pith_parts *parts, const struct pith_unit *unit)
{
    return !unit->is_separator && unit->n_bytes > 0 &&
           parts->parts[unit->part].kind == PITH_PART_CONTEXT;
}

/* The strongest kind among the marks that a unit has bytes of; -1: none. */
static int kind_of(struct places *places, const struct pith_unit *unit)
{
    size_t end = unit->byte + unit->n_bytes, at = unit->byte;
    int kind = -1;
    const struct pith_mark *mark;
    struct places look = *places;
    (void)mark_at(places, at, end);
    while ((mark = mark_at(&look, at, end)) != NULL) {
        if (kind < 0 || (int)mark->kind < kind)
            kind = (int)mark->kind;
        at = mark->end;
    }
    return kind;
}

/* Units of one WHOLE mark, or of a whole block, are one. */
static enum pith_status join_whole(struct pith_parts *parts,
                                   const struct pith_layout *layout,
                                   size_t limit, struct pith_error *error)
{
    struct places places = {layout, 0, 0};
    bool *joined = pith_array_zero(parts->n_units, sizeof *joined);
    size_t last_block = PITH_NO_BLOCK, last_end = 0;
    if (joined == NULL)
        return pith_no_memory(error, parts->n_units, sizeof *joined);
    for (size_t i = 0; i < parts->n_units; i++) {
        const struct pith_unit *unit = &parts->units[i];
        if (!is_text(parts, unit))
            continue;
        size_t at = place_of(parts, unit), block = block_at(&places, at);
        bool in_whole = block != PITH_NO_BLOCK && layout->blocks[block].whole;
        /* A mark that the unit before began, too. */
        bool in_mark = last_end > unit->byte;
        joined[i] = !unit->opens_piece &&
                    ((in_whole && block == last_block) || in_mark);
        last_block = block;
        size_t end = unit->byte + unit->n_bytes;
        const struct pith_mark *mark;
        struct places look = places;
        size_t from = unit->byte;
        (void)mark_at(&places, from, end);
        while ((mark = mark_at(&look, from, end)) != NULL) {
            if (mark->kind == PITH_MARK_WHOLE)
                last_end = mark->end;
            from = mark->end;
        }
    }
    pith_units_join(parts, joined, limit);
    pith_free(joined);
    return PITH_OK;
}

static enum pith_status open_frames(struct pith_frames *frames, size_t n_units,
                                    const struct pith_layout *layout,
                                    struct pith_error *error)
{
    frames->n = layout->n_blocks;
    frames->blocks = pith_array(frames->n, sizeof *frames->blocks);
    frames->block_of = pith_array(n_units, sizeof *frames->block_of);
    frames->is_frame = pith_array_zero(n_units, sizeof *frames->is_frame);
    frames->goes = pith_array_zero(n_units, sizeof *frames->goes);
    if (frames->blocks == NULL || frames->block_of == NULL ||
        frames->is_frame == NULL || frames->goes == NULL)
        return pith_no_memory(error, n_units + frames->n,
                              sizeof *frames->blocks);
    for (size_t i = 0; i < frames->n; i++)
        frames->blocks[i] = (struct pith_frame_block){
            .first = PITH_NO_BLOCK, .firm = layout->blocks[i].firm,
            .weight = layout->blocks[i].weight};
    return PITH_OK;
}

/* A block without anything but its frame has its first unit for what may go;
 * so has a whole one that is too long for one unit. */
static void close_block(struct pith_frames *frames,
                        const struct pith_parts *parts, size_t index,
                        bool whole)
{
    struct pith_frame_block *block = &frames->blocks[index];
    bool only_frame = block->end > block->unit;
    for (size_t i = block->unit; i < block->end; i++)
        only_frame &= frames->is_frame[i] || parts->units[i].forced;
    for (size_t i = block->unit; i < block->end; i++)
        if (whole)
            frames->is_frame[i] = i > block->unit;
        else if (only_frame && i == block->unit)
            frames->is_frame[i] = false;
    for (size_t i = block->end; i-- > block->unit;)
        if (frames->is_frame[i]) {
            block->first = i;
            block->n_frame += parts->units[i].n_tokens;
        }
}

static void list_units(struct pith_frames *frames, struct pith_parts *parts,
                       const struct pith_layout *layout)
{
    struct places places = {layout, 0, 0};
    for (size_t i = 0; i < parts->n_units; i++) {
        struct pith_unit *unit = &parts->units[i];
        frames->block_of[i] = PITH_NO_BLOCK;
        if (!is_text(parts, unit))
            continue;
        size_t at = block_at(&places, place_of(parts, unit));
        int kind = kind_of(&places, unit);
        unit->forced |= kind == PITH_MARK_FIXED;
        frames->goes[i] = kind == PITH_MARK_GONE;
        if (at == PITH_NO_BLOCK)
            continue;
        struct pith_frame_block *block = &frames->blocks[at];
        frames->block_of[i] = at;
        frames->is_frame[i] = kind == PITH_MARK_FRAME;
        if (block->end == 0)
            block->unit = i;
        block->end = i + 1;
    }
    for (size_t i = 0; i < frames->n; i++)
        close_block(frames, parts, i, layout->blocks[i].whole);
}

/* Whether a unit begins at a byte. */
static bool begins_unit(const void *units, size_t at)
{
    const struct pith_parts *parts = units;
    size_t low = 0, high = parts->n_units;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (parts->units[middle].byte < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low < parts->n_units && parts->units[low].byte == at;
}

enum pith_status pith_frames_find(struct pith_layout *layout,
                                  const struct pith_parts *parts,
                                  enum pith_preset preset,
                                  struct pith_error *error)
{
    for (size_t i = 0; i < parts->n_parts; i++) {
        struct pith_text text = pith_part_text(parts, &parts->parts[i]);
        if (parts->parts[i].kind != PITH_PART_CONTEXT || text.size == 0)
            continue;
        layout->origin = (size_t)(text.bytes - parts->text.data);
        PITH_TRY(pith_layout_add(layout, text, preset, error));
    }
    return PITH_OK;
}

enum pith_status pith_frames_make(struct pith_frames *frames,
                                  struct pith_parts *parts,
                                  enum pith_preset preset, size_t limit,
                                  struct pith_error *error)
{
    struct pith_layout layout = {.may_cut = begins_unit, .units = parts};
    enum pith_status status = pith_frames_find(&layout, parts, preset, error);
    if (status == PITH_OK)
        status = join_whole(parts, &layout, limit, error);
    if (status == PITH_OK)
        status = open_frames(frames, parts->n_units, &layout, error);
    if (status == PITH_OK)
        list_units(frames, parts, &layout);
    pith_layout_free(&layout);
    return status;
}

void pith_frames_force(struct pith_frames *frames, struct pith_parts *parts)
{
    for (size_t i = 0; i < frames->n; i++) {
        struct pith_frame_block *block = &frames->blocks[i];
        bool must = false, only_frame = block->end > block->unit;
        for (size_t j = block->unit; j < block->end; j++) {
            must |= parts->units[j].forced;
            only_frame &= j == block->unit || frames->is_frame[j];
        }
        for (size_t j = block->unit; j < block->end && must; j++) {
            bool with = frames->is_frame[j] ||
                        (j == block->unit && (only_frame || block->firm));
            parts->units[j].forced |= with;
            frames->is_frame[j] = false;
        }
        if (must) {
            block->n_frame = 0;
            block->first = PITH_NO_BLOCK;
        }
    }
}

void pith_frames_free(struct pith_frames *frames)
{
    pith_free(frames->blocks);
    pith_free(frames->block_of);
    pith_free(frames->is_frame);
    pith_free(frames->goes);
    *frames = (struct pith_frames){0};
}
