/*
 * compress.c - the library in 40 lines: compress a text to half its tokens.
 *
 *     cc -Iinclude docs/examples/compress.c build/libpith.a -pthread -lm
 *     ./a.out weights/default.pith "A long sentence of many words."
 */
#include <stdio.h>
#include <string.h>

#include "pith.h"

int main(int argc, char **argv)
{
    struct pith_model *model = NULL;
    struct pith_session *session = NULL;
    struct pith_result *result = NULL;
    struct pith_compress_options options;
    struct pith_error error;

    if (argc != 3) {
        fprintf(stderr, "usage: %s MODEL.pith TEXT\n", argv[0]);
        return 2;
    }
    struct pith_text context = {argv[2], strlen(argv[2])};
    struct pith_prompt prompt = {.contexts = &context, .n_contexts = 1};
    pith_compress_options_init(&options);
    options.rate = 0.5;

    bool failed =
        pith_model_load(argv[1], NULL, &model, &error) ||
        pith_session_create(model, NULL, &session, &error) ||
        pith_compress(session, &prompt, &options, &result, &error);
    if (failed)
        fprintf(stderr, "%s\n", error.detail);
    else
        printf("%.*s\n(%zu of %zu tokens)\n", (int)result->text.size,
               result->text.bytes, result->compressed_tokens,
               result->origin_tokens);

    pith_result_free(result);
    pith_session_free(session);
    pith_model_free(model);
    return failed;
}
