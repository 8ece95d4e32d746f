/*
 * text.c - from kept tokens to text, as transformers' decode()
 * writes it.  See reference.h.
 */
#include "reference.h"

#include <string.h>

#include "../base/utf8.h"
#include "../text/casing.h"
#include "../text/decode.h"

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

/* Bytes of the longest start of a well-formed character that is cut or
 * broken at `at`: what one U+FFFD stands for (Unicode 15, table 3-8). */
static size_t broken_length(const char *at, size_t n)
{
    unsigned char lead = (unsigned char)at[0];
    unsigned char low = 0x80, high = 0xBF;
    size_t want = lead >= 0xF0 && lead <= 0xF4   ? 4
                  : lead >= 0xE0 && lead <= 0xEF ? 3
                  : lead >= 0xC2 && lead <= 0xDF ? 2
                                                 : 1;
    switch (lead) {
    case 0xE0: low = 0xA0; break;
    case 0xED: high = 0x9F; break;
    case 0xF0: low = 0x90; break;
    case 0xF4: high = 0x8F; break;
    default: break;
    }
    size_t length = 1;
    while (length < want && length < n) {
        unsigned char next = (unsigned char)at[length];
        if (next < low || next > high)
            break;
        low = 0x80;
        high = 0xBF;
        length++;
    }
    return length;
}

/* A broken character becomes one U+FFFD. */
static void append_valid(struct pith_buffer *out, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t length = pith_utf8_valid_length(bytes + i, n - i);
        if (length > 0) {
            pith_buffer_append(out, bytes + i, length);
            i += length;
        } else {
            pith_buffer_string(out, replacement);
            i += broken_length(bytes + i, n - i);
        }
    }
}

enum pith_status pith_reference_make_valid(struct pith_buffer *text,
                                           struct pith_error *error)
{
    struct pith_buffer valid = {0};
    if (pith_utf8_is_valid(text->data, text->size))
        return PITH_OK;
    append_valid(&valid, text->data, text->size);
    if (valid.failed) {
        pith_buffer_free(&valid);
        return pith_no_memory(error, text->size, 1);
    }
    pith_buffer_free(text);
    *text = valid;
    return PITH_OK;
}

/* Byte pieces side by side are a text of their own: when it is not valid
 * UTF-8, every byte of it is replaced. */
static void append_byte_run(struct pith_buffer *out, const char *bytes,
                            size_t n)
{
    if (pith_utf8_is_valid(bytes, n)) {
        pith_buffer_append(out, bytes, n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        pith_buffer_string(out, replacement);
}

enum pith_status pith_reference_replace(struct pith_buffer *text,
                                        const char *from, const char *to,
                                        struct pith_error *error)
{
    struct pith_buffer out = {0};
    size_t n = strlen(from);
    for (size_t i = 0; i < text->size;) {
        if (text->size - i >= n && memcmp(text->data + i, from, n) == 0) {
            pith_buffer_string(&out, to);
            i += n;
        } else {
            pith_buffer_byte(&out, text->data[i++]);
        }
    }
    if (out.failed) {
        pith_buffer_free(&out);
        return pith_no_memory(error, text->size, 1);
    }
    pith_buffer_free(text);
    *text = out;
    return PITH_OK;
}

/* clean_up_tokenization_spaces: English punctuation and contractions lose
 * the space before them, one pattern after the other. */
static enum pith_status clean_up_spaces(struct pith_buffer *text,
                                        struct pith_error *error)
{
    static const char *const patterns[][2] = {
        {" .", "."},     {" ?", "?"},     {" !", "!"},   {" ,", ","},
        {" ' ", "'"},    {" n't", "n't"}, {" 'm", "'m"}, {" 's", "'s"},
        {" 've", "'ve"}, {" 're", "'re"},
    };
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
        PITH_TRY(pith_reference_replace(text, patterns[i][0], patterns[i][1],
                                        error));
    return PITH_OK;
}

/* Byte-level BPE: the bytes of all tokens are one text. */
static void decode_byte_level(const struct pith_tokenizer *tokenizer,
                              const int32_t *ids, size_t n,
                              struct pith_buffer *out)
{
    struct pith_buffer bytes = {0};
    pith_tokenizer_decode(tokenizer, ids, n, &bytes);
    append_valid(out, bytes.data, bytes.size);
    out->failed |= bytes.failed;
    pith_buffer_free(&bytes);
}

/* SentencePiece: runs of byte pieces are decoded apart from the others; the
 * space of the dummy prefix comes off the start. */
static void decode_sentencepiece(const struct pith_tokenizer *tokenizer,
                                 const int32_t *ids, size_t n,
                                 struct pith_buffer *out)
{
    struct pith_buffer text = {0}, run = {0};
    for (size_t i = 0; i < n; i++) {
        struct pith_text piece = pith_tokenizer_piece(tokenizer, ids[i]);
        bool is_byte =
            pith_tokenizer_piece_kind(tokenizer, ids[i]) == PITH_PIECE_BYTE;
        if (!is_byte) {
            append_byte_run(&text, run.data, run.size);
            run.size = 0;
        }
        pith_buffer_append(is_byte ? &run : &text, piece.bytes, piece.size);
    }
    append_byte_run(&text, run.data, run.size);
    if (text.size > 0) {
        size_t skip = text.data[0] == ' ';
        pith_buffer_append(out, text.data + skip, text.size - skip);
    }
    out->failed |= text.failed || run.failed;
    pith_buffer_free(&text);
    pith_buffer_free(&run);
}

enum pith_status pith_reference_decode(const struct pith_tokenizer *tokenizer,
                                       const int32_t *ids, size_t n,
                                       struct pith_buffer *out,
                                       struct pith_error *error)
{
    struct pith_vocab facts;
    pith_tokenizer_describe(tokenizer, &facts);
    if (facts.kind == PITH_TOKENIZER_SENTENCEPIECE)
        decode_sentencepiece(tokenizer, ids, n, out);
    else
        decode_byte_level(tokenizer, ids, n, out);
    if (out->failed)
        return pith_no_memory(error, n, 1);
    return facts.flags & PITH_VOCAB_CLEAN_UP_SPACES
               ? clean_up_spaces(out, error)
               : PITH_OK;
}

struct pith_text pith_reference_strip(struct pith_text text)
{
    size_t begin = text.size, end = 0;
    for (size_t i = 0; i < text.size;) {
        uint32_t code;
        size_t next =
            i + pith_utf8_decode(text.bytes + i, text.size - i, &code);
        if (!pith_is_space(code)) {
            begin = begin < i ? begin : i;
            end = next;
        }
        i = next;
    }
    if (begin >= end)
        return (struct pith_text){text.bytes, 0};
    return (struct pith_text){text.bytes + begin, end - begin};
}

size_t pith_reference_length(struct pith_text text)
{
    size_t n = 0;
    uint32_t code;
    for (size_t i = 0; i < text.size; n++)
        i += pith_utf8_decode(text.bytes + i, text.size - i, &code);
    return n;
}

enum pith_status pith_reference_encode(const struct pith_tokenizer *tokenizer,
                                       struct pith_text text, int flags,
                                       struct pith_ids *ids,
                                       struct pith_error *error)
{
    PITH_TRY(pith_tokenizer_encode(tokenizer, text, flags, ids, error));
    return ids->failed ? pith_no_memory(error, text.size, sizeof *ids->data)
                       : PITH_OK;
}

enum pith_status pith_reference_count(const struct pith_tokenizer *tokenizer,
                                      struct pith_text text, int flags,
                                      size_t *n, struct pith_error *error)
{
    struct pith_ids ids = {0};
    enum pith_status status =
        pith_reference_encode(tokenizer, text, flags, &ids, error);
    *n = ids.n;
    pith_ids_free(&ids);
    return status;
}

void pith_reference_join(struct pith_buffer *out, struct pith_text text,
                         bool first)
{
    if (!first)
        pith_buffer_string(out, "\n\n");
    pith_buffer_append(out, text.bytes, text.size);
}

size_t pith_slice_bound(ptrdiff_t bound, size_t n)
{
    if (bound < 0)
        bound += (ptrdiff_t)n;
    if (bound < 0)
        return 0;
    return (size_t)bound < n ? (size_t)bound : n;
}
