/*
 * json.h - reading and writing JSON (RFC 8259), as much as requests, replies
 * and tokenizer files need.
 *
 * A document is parsed into one array of nodes; strings are unescaped once
 * and borrowed from the document.  Depth and size are bounded.
 */
#ifndef PITH_JSON_JSON_H
#define PITH_JSON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buffer.h"
#include "../base/error.h"

enum pith_json_kind {
    PITH_JSON_NULL,
    PITH_JSON_FALSE,
    PITH_JSON_TRUE,
    PITH_JSON_NUMBER,
    PITH_JSON_STRING,
    PITH_JSON_ARRAY,
    PITH_JSON_OBJECT
};

/* A value; members of an object and elements of an array are a linked list
 * in document order. */
struct pith_json {
    enum pith_json_kind kind;
    struct pith_text key;    /* of a member; unescaped */
    struct pith_text string; /* unescaped; of a number: its spelling */
    double number;
    struct pith_text source; /* its bytes, borrowed from the parsed text */
    size_t n_children;
    const struct pith_json *first; /* child */
    const struct pith_json *next;  /* sibling */
};

struct pith_json_document; /* owns the nodes and the strings */

/* Parses the whole text as one value.  `name` (a path, "request") and the
 * byte offset appear in the error.  Lone surrogates and invalid UTF-8 are
 * read as U+FFFD. */
enum pith_status pith_json_parse(struct pith_text text, const char *name,
                                 struct pith_json_document **document,
                                 struct pith_error *error);
/* The same of a text that must be UTF-8; a byte that is not is refused with
 * its offset. */
enum pith_status pith_json_parse_utf8(struct pith_text text, const char *name,
                                      struct pith_json_document **document,
                                      struct pith_error *error);
void pith_json_free(struct pith_json_document *document);
const struct pith_json *pith_json_root(const struct pith_json_document *document);

/* Member by key (the last one when repeated), NULL when there is none or the
 * value is not an object. */
const struct pith_json *pith_json_get(const struct pith_json *object,
                                      const char *key);
static inline bool pith_json_is(const struct pith_json *value,
                                enum pith_json_kind kind)
{
    return value != NULL && value->kind == kind;
}
bool pith_json_string_is(const struct pith_json *value, const char *string);

/* Writing: appends a quoted string; invalid UTF-8 becomes U+FFFD. */
void pith_json_write_string(struct pith_buffer *out, struct pith_text string);
/* A value as it was parsed, on one line; nesting is bounded by the parser. */
void pith_json_write_value(struct pith_buffer *out,
                           const struct pith_json *value);
/* Shortest spelling that reads back as the same double; null when not
 * finite (JSON has no infinity).  write_float: the same for a float. */
void pith_json_write_number(struct pith_buffer *out, double number);
void pith_json_write_float(struct pith_buffer *out, float number);
/* Rounded to that many decimals, never -0; null when not finite. */
void pith_json_write_fixed(struct pith_buffer *out, double number,
                           int decimals);

#endif
