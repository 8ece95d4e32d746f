/*
 * fuzz_json.c - any bytes as JSON: no crash, and what is read can be written
 * and read again.  Run with libFuzzer:
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Iinclude \
 *       tests/fuzz/fuzz_json.c src/json/json*.c src/base/[bemu]*.c -lm \
 *       -o build/fuzz_json && build/fuzz_json -max_total_time=60
 *
 * tests/test_json.c feeds it seeded noise.
 */
#include <stdlib.h>
#include <string.h>

#include "../../src/json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pith_buffer once = {0}, twice = {0};
    if (rewrite((struct pith_text){(const char *)data, size}, &once)) {
        struct pith_text text = {once.data, once.size};
        if (!rewrite(text, &twice) || twice.size != once.size ||
            memcmp(once.data, twice.data, once.size) != 0)
            abort();
    }
    pith_buffer_free(&once);
    pith_buffer_free(&twice);
    return 0;
}
