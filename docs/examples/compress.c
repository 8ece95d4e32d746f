/*
 * compress.c - the library from C: compress a file to a share of its tokens.
 *
 *     cc -Iinclude docs/examples/compress.c build/libpith.a -pthread -lm
 *     ./a.out weights/default.pith 0.5 docs/examples/prompts/meeting.txt
 */
#include <stdio.h>
#include <stdlib.h>

#include "pith.h"

enum { MOST_BYTES = 1 << 20 };

/* The file without the line end at its end; size 0 when it cannot be read. */
static struct pith_text read_file(const char *path, char *bytes)
{
    FILE *file = fopen(path, "rb");
    size_t n = file != NULL ? fread(bytes, 1, MOST_BYTES, file) : 0;
    if (file != NULL)
        fclose(file);
    while (n > 0 && (bytes[n - 1] == '\n' || bytes[n - 1] == '\r'))
        n--;
    return (struct pith_text){bytes, n};
}

int main(int argc, char **argv)
{
    static char bytes[MOST_BYTES];
    struct pith_model *model = NULL;
    struct pith_session *session = NULL;
    struct pith_result *result = NULL;
    struct pith_compress_options options;
    struct pith_error error;

    if (argc != 4) {
        fprintf(stderr, "usage: %s MODEL.pith RATE FILE\n", argv[0]);
        return 2;
    }
    struct pith_text context = read_file(argv[3], bytes);
    if (context.size == 0) {
        fprintf(stderr, "%s: cannot be read, or is empty\n", argv[3]);
        return 1;
    }
    struct pith_prompt prompt = {.contexts = &context, .n_contexts = 1};
    pith_compress_options_init(&options);
    options.rate = strtod(argv[2], NULL);

    bool failed =
        pith_model_load(argv[1], NULL, &model, &error) ||
        pith_session_create(model, NULL, &session, &error) ||
        pith_compress(session, &prompt, &options, &result, &error);
    if (failed) {
        fprintf(stderr, "%s\n", error.detail);
    } else {
        printf("%.*s\n", (int)result->text.size, result->text.bytes);
        fprintf(stderr, "%zu of %zu tokens\n", result->compressed_tokens,
                result->origin_tokens);
    }
    pith_result_free(result);
    pith_session_free(session);
    pith_model_free(model);
    return failed;
}
