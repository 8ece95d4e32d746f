/*
 * fuzz_gguf.c - feeds arbitrary bytes to the readers of single files, GGUF
 * and llama2.c; what converts must load.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Iinclude \
 *       tests/fuzz/fuzz_gguf.c src/base/[a-z]*.c src/kernels/[a-z]*.c \
 *       src/text/[a-z]*.c src/model/[a-z]*.c src/convert/[a-z]*.c -lm \
 *       -o fuzz_gguf
 *
 * The bytes are the tokenizer.bin of a llama2.c checkpoint, too.
 * tests/test_convert_damage.c replays mutations of valid files through it.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pith.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pith_convert_options options = {.sizeof_options = sizeof options};
    struct pith_model *model = NULL;
    struct pith_error error;
    char source[64], destination[72];

    snprintf(source, sizeof source, "/tmp/pith-fuzz-%ld", (long)getpid());
    snprintf(destination, sizeof destination, "%s.pith", source);
    FILE *stream = fopen(source, "wb");
    if (stream == NULL)
        return 0;
    fwrite(data, 1, size, stream);
    fclose(stream);
    options.tokenizer = source;
    struct pith_source_info *info;
    if (pith_source_describe(source, source, &info, &error) == PITH_OK)
        pith_source_info_free(info);
    if (pith_convert(source, destination, &options, &error) == PITH_OK &&
        pith_model_load(destination, NULL, &model, &error) != PITH_OK) {
        fprintf(stderr, "converted, but: %s\n", error.detail);
        abort();
    }
    pith_model_free(model);
    remove(source);
    remove(destination);
    return 0;
}
