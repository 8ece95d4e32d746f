/*
 * parts.c - see parts.h.
 */
#include "parts.h"

#include <string.h>

#include "../base/memory.h"
#include "../base/utf8.h"
#include "units.h"

static const struct pith_text blank_line = {"\n\n", 2};

/* Appends text; each byte that is not UTF-8 becomes U+FFFD and is counted. */
static void append_valid(struct pith_parts *parts, struct pith_text text)
{
    size_t at = 0, valid_from = 0;
    while (at < text.size) {
        size_t n = pith_utf8_valid_length(text.bytes + at, text.size - at);
        if (n > 0) {
            at += n;
            continue;
        }
        pith_buffer_append(&parts->text, text.bytes + valid_from,
                           at - valid_from);
        pith_buffer_string(&parts->text, "\xEF\xBF\xBD");
        parts->n_replaced++;
        valid_from = ++at;
    }
    pith_buffer_append(&parts->text, text.bytes + valid_from, at - valid_from);
}

static enum pith_status
append_text_units(struct pith_parts *parts,
                  const struct pith_tokenizer *tokenizer,
                  struct pith_unit first, struct pith_error *error)
{
    size_t n = parts->ids.n - first.token;
    size_t *ends = pith_array(n, sizeof *ends);
    if (ends == NULL)
        return pith_no_memory(error, n, sizeof *ends);
    struct pith_text text = {parts->text.data + first.byte,
                             parts->text.size - first.byte};
    pith_token_ends(tokenizer, text, parts->ids.data + first.token, n, ends);
    for (size_t i = 0; i < n; i++)
        ends[i] += first.byte;
    enum pith_status status = pith_units_append(parts, first, ends, n, error);
    pith_free(ends);
    return status;
}

/* The blank line between two parts that are not empty. */
static enum pith_status append_join(struct pith_parts *parts,
                                    struct pith_error *error)
{
    struct pith_unit unit = {.token = parts->ids.n, .byte = parts->text.size,
                             .n_tokens = parts->join.n,
                             .n_bytes = blank_line.size,
                             .part = parts->n_parts, .is_separator = true};
    pith_buffer_append(&parts->text, blank_line.bytes, blank_line.size);
    pith_ids_append_all(&parts->ids, parts->join.data, parts->join.n);
    return pith_unit_push(parts, unit, error);
}

enum pith_status pith_parts_append_text(struct pith_parts *parts,
                                        const struct pith_tokenizer *tokenizer,
                                        struct pith_text text,
                                        struct pith_error *error)
{
    struct pith_unit first = {.token = parts->ids.n,
                              .byte = parts->text.size,
                              .part = parts->n_parts};
    append_valid(parts, text);
    if (parts->text.failed || parts->ids.failed)
        return pith_no_memory(error, text.size, 1);
    struct pith_text valid = {parts->text.data + first.byte,
                              parts->text.size - first.byte};
    PITH_TRY(pith_tokenizer_encode_plain(tokenizer, valid, &parts->ids, error));
    return append_text_units(parts, tokenizer, first, error);
}

static enum pith_status append_part(struct pith_parts *parts,
                                    const struct pith_tokenizer *tokenizer,
                                    enum pith_part_kind kind, size_t index,
                                    struct pith_text text,
                                    pith_append_context *append,
                                    struct pith_error *error)
{
    struct pith_part *part = &parts->parts[parts->n_parts];
    *part = (struct pith_part){.kind = kind, .index = index,
                               .unit = parts->n_units};
    if (text.size > 0 && parts->text.size > 0)
        PITH_TRY(append_join(parts, error));
    part->token = parts->ids.n;
    if (text.size > 0)
        PITH_TRY(append != NULL
                     ? append(parts, tokenizer, index, text, error)
                     : pith_parts_append_text(parts, tokenizer, text, error));
    part->n_tokens = parts->ids.n - part->token;
    part->n_units = parts->n_units - part->unit;
    parts->n_parts++;
    return PITH_OK;
}

/* The tokens of white space inside a text: without a token that only holds
 * the space that SentencePiece puts before every text. */
static enum pith_status encode_space(struct pith_ids *ids,
                                     const struct pith_tokenizer *tokenizer,
                                     struct pith_text space,
                                     struct pith_error *error)
{
    PITH_TRY(pith_tokenizer_encode_plain(tokenizer, space, ids, error));
    if (ids->n > 1) {
        struct pith_text piece = pith_tokenizer_piece(tokenizer, ids->data[0]);
        if (piece.size == 1 && piece.bytes[0] == ' ')
            memmove(ids->data, ids->data + 1, --ids->n * sizeof *ids->data);
    }
    return PITH_OK;
}

enum pith_status pith_parts_make(struct pith_parts *parts,
                                 const struct pith_tokenizer *tokenizer,
                                 const struct pith_prompt *prompt,
                                 pith_append_context *append,
                                 struct pith_error *error)
{
    size_t n_parts = 0;
    *parts = (struct pith_parts){0};
    if (pith_size_add(prompt->n_contexts, 2, &n_parts))
        parts->parts = pith_array_zero(n_parts, sizeof *parts->parts);
    if (parts->parts == NULL)
        return pith_no_memory(error, n_parts, sizeof *parts->parts);
    PITH_TRY(encode_space(&parts->join, tokenizer, blank_line, error));
    PITH_TRY(encode_space(&parts->space, tokenizer,
                          (struct pith_text){" ", 1}, error));
    PITH_TRY(encode_space(&parts->line, tokenizer,
                          (struct pith_text){"\n", 1}, error));
    PITH_TRY(append_part(parts, tokenizer, PITH_PART_INSTRUCTION, 0,
                         prompt->instruction, NULL, error));
    for (size_t i = 0; i < prompt->n_contexts; i++)
        PITH_TRY(append_part(parts, tokenizer, PITH_PART_CONTEXT, i,
                             prompt->contexts[i], append, error));
    return append_part(parts, tokenizer, PITH_PART_QUESTION, 0,
                       prompt->question, NULL, error);
}

void pith_parts_free(struct pith_parts *parts)
{
    pith_free(parts->parts);
    pith_free(parts->units);
    pith_free(parts->pieces);
    pith_buffer_free(&parts->text);
    pith_ids_free(&parts->ids);
    pith_ids_free(&parts->join);
    pith_ids_free(&parts->space);
    pith_ids_free(&parts->line);
    *parts = (struct pith_parts){0};
}

size_t pith_part_length(const struct pith_parts *parts, size_t part)
{
    const struct pith_part *p = &parts->parts[part];
    bool joined = p->n_units > 0 && parts->units[p->unit].is_separator;
    return p->n_tokens + (joined ? parts->join.n : 0);
}

