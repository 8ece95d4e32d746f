/*
 * layout.c - see layout.h and forms.h.
 */
#include "layout.h"

#include <string.h>

#include "../base/exact.h"
#include "../base/memory.h"
#include "forms.h"

enum pith_status pith_mark_add(struct pith_layout *layout, size_t start,
                               size_t end, enum pith_mark_kind kind,
                               struct pith_error *error)
{
    struct pith_mark *last =
        layout->n_marks > 0 ? &layout->marks[layout->n_marks - 1] : NULL;
    struct pith_mark mark = {layout->origin + start, layout->origin + end,
                             kind};
    if (start >= end)
        return PITH_OK;
    if (last != NULL && last->end == mark.start && last->kind == kind &&
        kind != PITH_MARK_WHOLE) {
        last->end = mark.end;
        return PITH_OK;
    }
    PITH_TRY(pith_grow(&layout->marks, layout->n_marks + 1,
                       &layout->mark_capacity, sizeof mark, error));
    layout->marks[layout->n_marks++] = mark;
    return PITH_OK;
}

enum pith_status pith_spare_add(struct pith_layout *layout, size_t start,
                                size_t end, struct pith_error *error)
{
    if (layout->spare == NULL)
        return PITH_OK;
    layout->spare->origin = layout->origin;
    return pith_mark_add(layout->spare, start, end, PITH_MARK_GONE, error);
}

enum pith_status pith_block_add(struct pith_layout *layout,
                                struct pith_block block,
                                struct pith_error *error)
{
    block.start += layout->origin;
    block.end += layout->origin;
    PITH_TRY(pith_grow(&layout->blocks, layout->n_blocks + 1,
                       &layout->block_capacity, sizeof block, error));
    layout->blocks[layout->n_blocks++] = block;
    return PITH_OK;
}

bool pith_layout_may_cut(const struct pith_layout *layout, size_t at)
{
    return layout->may_cut == NULL ||
           layout->may_cut(layout->units, layout->origin + at);
}

struct pith_form_line pith_form_line_at(struct pith_text text, size_t at)
{
    const char *stop = memchr(text.bytes + at, '\n', text.size - at);
    struct pith_form_line line = {.start = at, .text = at};
    line.end = line.next = text.size;
    if (stop != NULL) {
        line.end = (size_t)(stop - text.bytes);
        line.next = line.end + 1;
    }
    if (line.end > at && text.bytes[line.end - 1] == '\r')
        line.end--;
    while (line.text < line.end && (text.bytes[line.text] == ' ' ||
                                    text.bytes[line.text] == '\t'))
        line.text++;
    return line;
}

bool pith_form_is_blank(struct pith_form_line line)
{
    return line.text == line.end;
}

enum pith_status pith_layout_add(struct pith_layout *layout,
                                 struct pith_text text, enum pith_preset preset,
                                 struct pith_error *error)
{
    if (preset == PITH_PRESET_AUTO)
        preset = pith_layout_detect(text);
    switch (preset) {
    case PITH_PRESET_CODE: return pith_layout_code(layout, text, error);
    case PITH_PRESET_MARKDOWN: return pith_layout_markdown(layout, text, error);
    case PITH_PRESET_JSON: return pith_layout_json(layout, text, error);
    case PITH_PRESET_LOG: return pith_layout_log(layout, text, error);
    case PITH_PRESET_CHAT: return pith_layout_chat(layout, text, error);
    case PITH_PRESET_TABLE: return pith_layout_table(layout, text, error);
    case PITH_PRESET_NONE:
    case PITH_PRESET_AUTO: break;
    }
    return PITH_OK;
}

enum pith_status pith_layout_compact(struct pith_buffer *out,
                                     struct pith_text text,
                                     enum pith_preset preset,
                                     struct pith_error *error)
{
    struct pith_layout spare = {0}, layout = {.spare = &spare};
    enum pith_status status = pith_layout_add(&layout, text, preset, error);
    size_t at = 0;
    for (size_t i = 0; status == PITH_OK && i < spare.n_marks; i++) {
        pith_buffer_append(out, text.bytes + at, spare.marks[i].start - at);
        at = spare.marks[i].end;
    }
    pith_buffer_append(out, text.bytes + at, text.size - at);
    pith_layout_free(&layout);
    pith_layout_free(&spare);
    return status == PITH_OK && out->failed ? pith_no_memory(error, text.size, 1)
                                            : status;
}

void pith_layout_free(struct pith_layout *layout)
{
    pith_free(layout->marks);
    pith_free(layout->blocks);
    *layout = (struct pith_layout){0};
}
