/*
 * prefix.c - the question before the token stage, for
 * LongLLMLingua's contrastive scores.  See reference.h; docs/ALGORITHM.md,
 * "question in front".
 *
 * It answers to the "_condition" part of compress_prompt() and to
 * get_prefix_length() of the Python package.
 */
#include <string.h>

#include "../base/utf8.h"
#include "../model/extend.h"
#include "reference.h"

/* Tokens that stay at the start of a prefix that is too long. */
enum { N_PREFIX_START = 100 };

/* Characters of the first context that the prefix length is found with. */
enum { N_PROBE = 100 };

/* Takes tokens out of the middle of a prefix, so that it and two windows fit
 * the model's positions: the first 100 stay and the end. */
static enum pith_status shorten(const struct pith_tokenizer *tokenizer,
                                size_t n_positions, size_t window,
                                struct pith_buffer *prefix,
                                struct pith_error *error)
{
    struct pith_ids ids = {0}, rest = {0};
    struct pith_buffer shorter = {0};
    enum pith_status status = PITH_OK;
    PITH_TRY_DONE(pith_reference_encode(
        tokenizer, pith_buffer_text(prefix), 0, &ids,
        error));
    ptrdiff_t from = (ptrdiff_t)ids.n - (ptrdiff_t)n_positions + 2 +
                     N_PREFIX_START + 2 * (ptrdiff_t)window;
    size_t tail = pith_slice_bound(from, ids.n);
    pith_ids_append_all(&rest, ids.data,
                        ids.n < N_PREFIX_START ? ids.n : N_PREFIX_START);
    if (tail < ids.n)
        pith_ids_append_all(&rest, ids.data + tail, ids.n - tail);
    if (rest.failed)
        PITH_TRY_DONE(pith_no_memory(error, ids.n, sizeof *ids.data));
    PITH_TRY_DONE(
        pith_reference_decode(tokenizer, rest.data, rest.n, &shorter, error));
    pith_buffer_free(prefix);
    *prefix = shorter;
    shorter = (struct pith_buffer){0};
done:
    pith_ids_free(&ids);
    pith_ids_free(&rest);
    pith_buffer_free(&shorter);
    return status;
}

/* A copy of the prefix with a blank line after it, and `more` after that. */
static enum pith_status with_blank_line(struct pith_text prefix,
                                        struct pith_text more,
                                        struct pith_buffer *out,
                                        struct pith_error *error)
{
    pith_reference_join(out, prefix, true);
    pith_reference_join(out, more, false);
    return out->failed ? pith_no_memory(error, out->size, 1) : PITH_OK;
}

enum pith_status
pith_reference_prefix(const struct pith_session *session,
                      const struct pith_prompt *prompt,
                      const struct pith_compress_options *options,
                      struct pith_buffer *prefix, struct pith_error *error)
{
    const struct pith_tokenizer *tokenizer = pith_session_tokenizer(session);
    size_t n_positions = pith_session_positions(session), n = 0;
    struct pith_buffer whole = {0};
    pith_reference_join(prefix, prompt->question, true);
    if (options->add_instruction)
        pith_reference_join(prefix, prompt->instruction, false);
    enum pith_status status =
        with_blank_line(pith_buffer_text(prefix),
                        (struct pith_text){0}, &whole, error);
    if (status == PITH_OK)
        status = pith_reference_count(
            tokenizer, pith_buffer_text(&whole),
            PITH_TOKENIZE_DEFAULT_BOS, &n, error);
    pith_buffer_free(&whole);
    if (status == PITH_OK && n + 2 * options->iterative_size > n_positions)
        status = shorten(tokenizer, n_positions, options->iterative_size,
                         prefix, error);
    return status;
}

/* Bytes of the first n characters. */
static size_t characters(struct pith_text text, size_t n)
{
    size_t at = 0;
    uint32_t code;
    while (n-- > 0 && at < text.size)
        at += pith_utf8_decode(text.bytes + at, text.size - at, &code);
    return at;
}

/* Whether the first n tokens, decoded, are the text. */
static enum pith_status decodes_to(const struct pith_tokenizer *tokenizer,
                                   const struct pith_ids *ids, size_t n,
                                   struct pith_text text, bool *equal,
                                   struct pith_error *error)
{
    struct pith_buffer decoded = {0};
    enum pith_status status =
        pith_reference_decode(tokenizer, ids->data, n, &decoded, error);
    *equal = decoded.size == text.size &&
             (text.size == 0 || memcmp(decoded.data, text.bytes, text.size) == 0);
    pith_buffer_free(&decoded);
    return status;
}

/* The number of tokens that decode to the prefix, searched for from a little
 * below its own number of tokens on.  Where there is none, because a token
 * reaches over the border or decoding changes the text (the Python fails
 * then), it is the first token that begins after the prefix. */
static enum pith_status find_border(const struct pith_tokenizer *tokenizer,
                                    const struct pith_ids *ids,
                                    struct pith_text prefix, size_t n_prefix,
                                    size_t *length, struct pith_error *error)
{
    size_t i = n_prefix > 3 ? n_prefix - 3 : 1, bytes = 0;
    bool equal = false;
    for (; i < ids->n && !equal; i++) {
        PITH_TRY(decodes_to(tokenizer, ids, i, prefix, &equal, error));
        *length = i;
    }
    if (equal)
        return PITH_OK;
    for (i = 0; i < ids->n && bytes < prefix.size; i++)
        bytes += pith_tokenizer_piece(tokenizer, ids->data[i]).size;
    *length = i;
    return PITH_OK;
}

enum pith_status pith_reference_prefix_length(const struct pith_session *session,
                                              struct pith_text prefix,
                                              struct pith_text first_context,
                                              size_t *length,
                                              struct pith_error *error)
{
    const struct pith_tokenizer *tokenizer = pith_session_tokenizer(session);
    struct pith_buffer whole = {0};
    struct pith_ids ids = {0};
    size_t n_prefix, border = prefix.size + 2;
    enum pith_status status = PITH_OK;
    first_context.size = characters(first_context, N_PROBE);
    PITH_TRY_DONE(with_blank_line(prefix, first_context, &whole, error));
    struct pith_text in_front = {whole.data, border};
    PITH_TRY_DONE(
        pith_reference_count(tokenizer, in_front, 0, &n_prefix, error));
    PITH_TRY_DONE(pith_reference_encode(
        tokenizer, pith_buffer_text(&whole), 0, &ids, error));
    status = find_border(tokenizer, &ids, in_front, n_prefix, length, error);
done:
    pith_buffer_free(&whole);
    pith_ids_free(&ids);
    return status;
}
