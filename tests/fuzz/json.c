/*
 * json.c - any bytes as JSON: what is read can be written and read again.
 */
#include <string.h>

#include "../../src/base/utf8.h"
#include "../../src/json/json.h"
#include "fuzz.h"

static void write_value(struct pith_buffer *out, const struct pith_json *value)
{
    static const char *const words[] = {"null", "false", "true"};
    bool is_object = value->kind == PITH_JSON_OBJECT;
    if (value->kind <= PITH_JSON_TRUE) {
        pith_buffer_string(out, words[value->kind]);
    } else if (value->kind == PITH_JSON_NUMBER) {
        pith_json_write_number(out, value->number);
    } else if (value->kind == PITH_JSON_STRING) {
        pith_json_write_string(out, value->string);
    } else {
        pith_buffer_byte(out, is_object ? '{' : '[');
        for (const struct pith_json *at = value->first; at; at = at->next) {
            if (at != value->first)
                pith_buffer_byte(out, ',');
            if (is_object) {
                pith_json_write_string(out, at->key);
                pith_buffer_byte(out, ':');
            }
            write_value(out, at);
        }
        pith_buffer_byte(out, is_object ? '}' : ']');
    }
}

/* Appends the document's canonical form; false when it is refused. */
static bool rewrite(struct pith_text text, struct pith_buffer *out)
{
    struct pith_json_document *document;
    struct pith_error error;
    if (pith_json_parse(text, "fuzz", &document, &error) != PITH_OK)
        return false;
    write_value(out, pith_json_root(document));
    pith_json_free(document);
    return true;
}

static void run(const struct fuzz_target *target, struct pith_text input)
{
    struct pith_buffer once = {0}, twice = {0};
    (void)target;
    if (rewrite(input, &once)) {
        fuzz_check(pith_utf8_is_valid(once.data, once.size));
        fuzz_check(rewrite(pith_buffer_text(&once), &twice));
        fuzz_check(twice.size == once.size &&
                   memcmp(once.data, twice.data, once.size) == 0);
    }
    pith_buffer_free(&once);
    pith_buffer_free(&twice);
}

static const char *const seeds[] = {
    "{\"a\": [1, -2.5e-3, true, false, null], \"\\u00e9\\ud83d\\ude00\": \"\\n\"}",
    "[[[[]]], {}, \"\\ud800\", 1e400, -0, 0.1]", NULL};

const struct fuzz_target fuzz_json[] = {
    {.name = "json", .run = run, .most = 4096, .texts = seeds}, {0}};
