/*
 * write.c - a document with other texts in it; see pith_messages.h.
 */
#include <string.h>

#include "../base/utf8.h"
#include "messages.h"

static bool is_ascii(struct pith_text text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.bytes[i] >= 0x80)
            return false;
    return true;
}

/* \uXXXX, twice above the basic plane. */
static void write_code(struct pith_buffer *out, uint32_t code)
{
    if (code < 0x10000) {
        pith_buffer_printf(out, "\\u%04x", (unsigned)code);
        return;
    }
    code -= 0x10000;
    pith_buffer_printf(out, "\\u%04x\\u%04x", 0xD800 + (unsigned)(code >> 10),
                       0xDC00 + (unsigned)(code & 0x3FF));
}

/* A JSON string in ASCII. */
static void write_ascii(struct pith_buffer *out, struct pith_text string)
{
    struct pith_buffer quoted = {0};
    pith_json_write_string(&quoted, string);
    for (size_t i = 0, n = 1; i < quoted.size; i += n) {
        uint32_t code;
        n = 1;
        if ((unsigned char)quoted.data[i] < 0x80) {
            pith_buffer_byte(out, quoted.data[i]);
            continue;
        }
        n = pith_utf8_decode(quoted.data + i, quoted.size - i, &code);
        write_code(out, code);
    }
    out->failed |= quoted.failed;
    pith_buffer_free(&quoted);
}

static bool is_same(struct pith_text a, struct pith_text b)
{
    return a.bytes == NULL ||
           (a.size == b.size && memcmp(a.bytes, b.bytes, a.size) == 0);
}

enum pith_status pith_messages_write(const struct pith_messages *messages,
                                     const struct pith_text *texts, char **json,
                                     size_t *size, struct pith_error *error)
{
    PITH_REQUIRE(json, error);
    *json = NULL;
    PITH_REQUIRE(messages, error);
    PITH_REQUIRE_ALL(texts, messages->n, error);
    struct pith_text document = messages->document;
    bool ascii = is_ascii(document);
    struct pith_buffer out = {0};
    size_t at = 0;
    for (size_t i = 0; i < messages->n; i++) {
        const struct pith_message_text *old = &messages->texts[i];
        if (is_same(texts[i], old->text))
            continue;
        pith_buffer_append(&out, document.bytes + at, old->start - at);
        if (ascii)
            write_ascii(&out, texts[i]);
        else
            pith_json_write_string(&out, texts[i]);
        at = old->end;
    }
    pith_buffer_append(&out, document.bytes + at, document.size - at);
    return pith_buffer_take(&out, json, size, error);
}
