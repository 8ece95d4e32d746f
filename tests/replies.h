/*
 * replies.h - replies that are lines of JSON, taken apart by path.
 */
#ifndef PITH_TESTS_REPLIES_H
#define PITH_TESTS_REPLIES_H

#include "../src/json/json.h"
#include "support.h"

/* A reply and its parsed form. */
struct reply {
    char *text;
    struct pith_json_document *document;
    const struct pith_json *root;
};

/* Takes the text over; it must be one line of valid JSON. */
struct reply parse(char *text);
void release(struct reply *reply);

/* The value after a path of keys: "result.model". */
const struct pith_json *at(const struct reply *reply, const char *path);
double number_at(const struct reply *reply, const char *path);
const struct pith_json *item(const struct pith_json *list, size_t index);
bool contains(struct pith_text text, const char *words);

#define ck_json_string(reply, path, want)                                      \
    ck_assert_msg(pith_json_string_is(at(reply, path), want),                  \
                  "%s is not \"%s\" in %s", path, want, (reply)->text)

#define ck_json_null(reply, path)                                              \
    ck_assert_msg(pith_json_is(at(reply, path), PITH_JSON_NULL),               \
                  "%s is not null in %s", path, (reply)->text)

#endif
