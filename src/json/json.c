/*
 * json.c - reading JSON; see json.h.  Strict RFC 8259: one value, no
 * comments, no trailing commas; a byte-order mark is passed over.
 *
 * A recursive descent over the bytes, linear in their number.  Nodes come
 * from blocks, so that pointers to them stay valid; unescaped strings go to
 * one pool whose size is known before, because no string grows when it is
 * unescaped unless it holds invalid UTF-8 (one byte becomes three).
 */
#include "json.h"

#include <string.h>

#include "../base/decimal.h"
#include "../base/memory.h"
#include "../base/text.h"
#include "../base/utf8.h"
#include "pith_files.h"

enum {
    MAX_DEPTH = 256,       /* of arrays and objects in each other */
    NODES_PER_BLOCK = 256,
    EXACT_DIGITS = 15      /* integers below 10^15 are exact in a double */
};

static const uint32_t REPLACEMENT = 0xFFFD;

struct block {
    struct block *previous;
    size_t used;
    struct pith_json nodes[NODES_PER_BLOCK];
};

struct pith_json_document {
    struct block *blocks; /* the newest first */
    char *pool;           /* unescaped strings, one after the other */
    const struct pith_json *root;
};

struct parser {
    struct pith_json_document *document;
    const char *start, *at, *end;
    char *pool_at;
    const char *name;
    struct pith_error *error;
};

/* --- errors and single bytes --------------------------------------------- */

static enum pith_status expected(const struct parser *parser, const char *what)
{
    size_t offset = (size_t)(parser->at - parser->start);
    if (parser->at == parser->end)
        return pith_fail(parser->error, PITH_ERR_FORMAT,
                         "%s: JSON ends at byte %zu, expected %s", parser->name,
                         offset, what);
    unsigned char byte = (unsigned char)*parser->at;
    if (byte > 0x20 && byte < 0x7F)
        return pith_fail(parser->error, PITH_ERR_FORMAT,
                         "%s: JSON at byte %zu: found '%c', expected %s",
                         parser->name, offset, byte, what);
    return pith_fail(parser->error, PITH_ERR_FORMAT,
                     "%s: JSON at byte %zu: found byte 0x%02X, expected %s",
                     parser->name, offset, byte, what);
}

static void skip_space(struct parser *parser)
{
    while (parser->at < parser->end && pith_is_json_space(*parser->at))
        parser->at++;
}

static bool at_byte(const struct parser *parser, char byte)
{
    return parser->at < parser->end && *parser->at == byte;
}

static bool take_byte(struct parser *parser, char byte)
{
    if (!at_byte(parser, byte))
        return false;
    parser->at++;
    return true;
}

/* --- strings ------------------------------------------------------------- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The four digits of \uXXXX; `at` is after the u. */
static enum pith_status parse_hex4(struct parser *parser, uint32_t *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = parser->at < parser->end ? hex_value(*parser->at) : -1;
        if (digit < 0)
            return expected(parser, "four hexadecimal digits after \\u");
        *unit = *unit << 4 | (uint32_t)digit;
        parser->at++;
    }
    return PITH_OK;
}

/* \uXXXX, with a second one where the first is a high surrogate. */
static enum pith_status parse_unicode_escape(struct parser *parser,
                                             uint32_t *code)
{
    PITH_TRY(parse_hex4(parser, code));
    if (*code < 0xD800 || *code > 0xDFFF)
        return PITH_OK;
    uint32_t high = *code, low;
    *code = REPLACEMENT;
    if (high > 0xDBFF || parser->end - parser->at < 2 ||
        parser->at[0] != '\\' || parser->at[1] != 'u')
        return PITH_OK;
    const char *second = parser->at;
    parser->at += 2;
    PITH_TRY(parse_hex4(parser, &low));
    if (low >= 0xDC00 && low <= 0xDFFF)
        *code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    else
        parser->at = second; /* it stands for itself */
    return PITH_OK;
}

/* `at` is after the backslash. */
static enum pith_status parse_escape(struct parser *parser)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    uint32_t code;
    if (take_byte(parser, 'u')) {
        PITH_TRY(parse_unicode_escape(parser, &code));
        parser->pool_at += pith_utf8_encode(code, parser->pool_at);
        return PITH_OK;
    }
    for (size_t i = 0; i < sizeof from - 1; i++)
        if (take_byte(parser, from[i])) {
            *parser->pool_at++ = to[i];
            return PITH_OK;
        }
    return expected(parser, "an escape: one of \"\\/bfnrtu");
}

/* A run of bytes that stand for themselves. */
static void copy_plain(struct parser *parser)
{
    while (parser->at < parser->end) {
        unsigned char byte = (unsigned char)*parser->at;
        if (byte < 0x20 || byte == '"' || byte == '\\')
            return;
        if (byte < 0x80) {
            *parser->pool_at++ = *parser->at++;
            continue;
        }
        uint32_t code;
        parser->at += pith_utf8_decode(
            parser->at, (size_t)(parser->end - parser->at), &code);
        parser->pool_at += pith_utf8_encode(code, parser->pool_at);
    }
}

static enum pith_status parse_string(struct parser *parser,
                                     struct pith_text *string)
{
    if (!take_byte(parser, '"'))
        return expected(parser, "a string in double quotes");
    string->bytes = parser->pool_at;
    for (;;) {
        copy_plain(parser);
        if (take_byte(parser, '"'))
            break;
        if (!take_byte(parser, '\\'))
            return expected(parser, "the rest of a string and its closing "
                                    "quote (control characters are escaped)");
        PITH_TRY(parse_escape(parser));
    }
    string->size = (size_t)(parser->pool_at - string->bytes);
    return PITH_OK;
}

/* --- numbers ------------------------------------------------------------- */

static size_t skip_digits(struct parser *parser)
{
    const char *first = parser->at;
    while (parser->at < parser->end && *parser->at >= '0' && *parser->at <= '9')
        parser->at++;
    return (size_t)(parser->at - first);
}

static double small_integer(const char *digits, size_t n)
{
    int64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + (digits[i] - '0');
    return (double)value;
}

/* int = 0 or 1-9 and digits, then fraction, then exponent. */
static enum pith_status parse_number(struct parser *parser,
                                     struct pith_json *value)
{
    const char *first = parser->at;
    bool negative = take_byte(parser, '-');
    const char *digits = parser->at;
    size_t n_integer = take_byte(parser, '0') ? 1 : skip_digits(parser);
    if (n_integer == 0)
        return expected(parser, "a value");
    size_t n_fraction = 0;
    if (take_byte(parser, '.') && (n_fraction = skip_digits(parser)) == 0)
        return expected(parser, "a digit after the decimal point");
    bool scaled = take_byte(parser, 'e') || take_byte(parser, 'E');
    if (scaled) {
        if (!take_byte(parser, '-'))
            take_byte(parser, '+');
        if (skip_digits(parser) == 0)
            return expected(parser, "a digit in the exponent");
    }
    size_t size = (size_t)(parser->at - first);
    value->kind = PITH_JSON_NUMBER;
    value->string = (struct pith_text){parser->pool_at, size};
    memcpy(parser->pool_at, first, size);
    if (n_fraction == 0 && !scaled && n_integer <= EXACT_DIGITS)
        value->number = small_integer(digits, n_integer);
    else
        value->number =
            pith_decimal_read(digits, (size_t)(parser->at - digits));
    if (negative)
        value->number = -value->number;
    parser->pool_at += size;
    return PITH_OK;
}

/* --- values -------------------------------------------------------------- */

static struct pith_json *new_node(struct pith_json_document *document)
{
    struct block *block = document->blocks;
    if (block == NULL || block->used == NODES_PER_BLOCK) {
        block = pith_array(1, sizeof *block);
        if (block == NULL)
            return NULL;
        block->previous = document->blocks;
        block->used = 0;
        document->blocks = block;
    }
    struct pith_json *node = &block->nodes[block->used++];
    *node = (struct pith_json){0};
    return node;
}

static enum pith_status parse_value(struct parser *parser,
                                    struct pith_json *value, int depth);

/* The members or elements up to the closing bracket; `at` is after the
 * opening one. */
static enum pith_status parse_children(struct parser *parser,
                                       struct pith_json *parent, int depth)
{
    bool is_object = parent->kind == PITH_JSON_OBJECT;
    char close = is_object ? '}' : ']';
    const struct pith_json **link = &parent->first;
    skip_space(parser);
    if (take_byte(parser, close))
        return PITH_OK;
    if (depth == MAX_DEPTH)
        return expected(parser, "at most 256 levels of nesting");
    for (;;) {
        struct pith_json *child = new_node(parser->document);
        if (child == NULL)
            return pith_no_memory(parser->error, 1, sizeof(struct block));
        if (is_object) {
            PITH_TRY(parse_string(parser, &child->key));
            skip_space(parser);
            if (!take_byte(parser, ':'))
                return expected(parser, "':' after a member's name");
            skip_space(parser);
        }
        PITH_TRY(parse_value(parser, child, depth + 1));
        *link = child;
        link = &child->next;
        parent->n_children++;
        skip_space(parser);
        if (take_byte(parser, close))
            return PITH_OK;
        if (!take_byte(parser, ','))
            return expected(parser, is_object ? "',' or '}'" : "',' or ']'");
        skip_space(parser);
    }
}

static enum pith_status parse_word(struct parser *parser,
                                   struct pith_json *value)
{
    static const struct {
        const char *word;
        size_t size;
        enum pith_json_kind kind;
    } words[] = {{"true", 4, PITH_JSON_TRUE},
                 {"false", 5, PITH_JSON_FALSE},
                 {"null", 4, PITH_JSON_NULL}};
    size_t left = (size_t)(parser->end - parser->at);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (left >= words[i].size &&
            memcmp(parser->at, words[i].word, words[i].size) == 0) {
            parser->at += words[i].size;
            value->kind = words[i].kind;
            return PITH_OK;
        }
    return expected(parser, "a value");
}

static enum pith_status parse_any(struct parser *parser,
                                  struct pith_json *value, int depth)
{
    if (take_byte(parser, '{')) {
        value->kind = PITH_JSON_OBJECT;
        return parse_children(parser, value, depth);
    }
    if (take_byte(parser, '[')) {
        value->kind = PITH_JSON_ARRAY;
        return parse_children(parser, value, depth);
    }
    if (at_byte(parser, '"')) {
        value->kind = PITH_JSON_STRING;
        return parse_string(parser, &value->string);
    }
    if (at_byte(parser, 't') || at_byte(parser, 'f') || at_byte(parser, 'n'))
        return parse_word(parser, value);
    return parse_number(parser, value);
}

static enum pith_status parse_value(struct parser *parser,
                                    struct pith_json *value, int depth)
{
    value->source.bytes = parser->at;
    PITH_TRY(parse_any(parser, value, depth));
    value->source.size = (size_t)(parser->at - value->source.bytes);
    return PITH_OK;
}

static enum pith_status parse_document(struct parser *parser)
{
    struct pith_json *root = new_node(parser->document);
    if (root == NULL)
        return pith_no_memory(parser->error, 1, sizeof(struct block));
    skip_space(parser);
    PITH_TRY(parse_value(parser, root, 0));
    skip_space(parser);
    if (parser->at < parser->end)
        return expected(parser, "the end, one value having been read");
    parser->document->root = root;
    return PITH_OK;
}

/* --- interface ----------------------------------------------------------- */

enum pith_status pith_json_parse(struct pith_text text, const char *name,
                                 struct pith_json_document **document,
                                 struct pith_error *error)
{
    const char *start = text.size > 0 ? text.bytes : "";
    size_t size = text.size, growth, pool;
    *document = NULL;
    PITH_TRY(pith_text_start(&text, name, error));
    growth = pith_utf8_is_valid(text.bytes, text.size) ? 1 : 3;
    if (!pith_size_mul(text.size, growth, &pool))
        return pith_no_memory(error, text.size, growth);
    struct pith_json_document *made = pith_array_zero(1, sizeof *made);
    if (made == NULL || (made->pool = pith_array(pool, 1)) == NULL) {
        pith_free(made);
        return pith_no_memory(error, pool, 1);
    }
    struct parser parser = {.document = made,
                            .start = start,
                            .at = text.size > 0 ? text.bytes : start,
                            .end = start + size,
                            .pool_at = made->pool,
                            .name = name,
                            .error = error};
    enum pith_status status = parse_document(&parser);
    if (status != PITH_OK)
        pith_json_free(made);
    else
        *document = made;
    return status;
}

enum pith_status pith_json_parse_utf8(struct pith_text text, const char *name,
                                      struct pith_json_document **document,
                                      struct pith_error *error)
{
    size_t at = 0, length = 0;
    struct pith_text left = text;
    *document = NULL;
    PITH_TRY(pith_text_start(&left, name, error)); /* UTF-16 is named */
    for (; at < text.size; at += length) {
        length = pith_utf8_valid_length(text.bytes + at, text.size - at);
        if (length == 0)
            return pith_fail(error, PITH_ERR_FORMAT,
                             "%s: JSON at byte %zu: 0x%02X is not UTF-8", name,
                             at, (unsigned)(unsigned char)text.bytes[at]);
    }
    return pith_json_parse(text, name, document, error);
}

void pith_json_free(struct pith_json_document *document)
{
    if (document == NULL)
        return;
    while (document->blocks != NULL) {
        struct block *block = document->blocks;
        document->blocks = block->previous;
        pith_free(block);
    }
    pith_free(document->pool);
    pith_free(document);
}

const struct pith_json *pith_json_root(const struct pith_json_document *document)
{
    return document->root;
}

const struct pith_json *pith_json_get(const struct pith_json *object,
                                      const char *key)
{
    const struct pith_json *found = NULL;
    if (!pith_json_is(object, PITH_JSON_OBJECT))
        return NULL;
    for (const struct pith_json *at = object->first; at != NULL; at = at->next)
        if (pith_text_is(at->key, key))
            found = at;
    return found;
}

bool pith_json_string_is(const struct pith_json *value, const char *string)
{
    return pith_json_is(value, PITH_JSON_STRING) &&
           pith_text_is(value->string, string);
}
