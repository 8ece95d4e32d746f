/*
 * fuzz_safetensors.c - feeds arbitrary bytes to the reader of Hugging Face
 * folders, as one of their files; what converts must load.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Iinclude \
 *       tests/fuzz/fuzz_safetensors.c src/base/[a-z]*.c \
 *       src/kernels/[a-z]*.c src/text/[a-z]*.c src/model/[a-z]*.c \
 *       src/convert/[a-z]*.c -lm -o fuzz_safetensors
 *   PITH_FUZZ_FOLDER=copy/of/a/folder PITH_FUZZ_FILE=model.safetensors \
 *       ./fuzz_safetensors
 *
 * tests/test_convert_damage.c replays mutations of every file of a folder
 * through it.
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
    const char *folder = getenv("PITH_FUZZ_FOLDER");
    const char *name = getenv("PITH_FUZZ_FILE");
    struct pith_model *model = NULL;
    struct pith_error error;
    char path[4096], destination[64];

    snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : ".",
             name != NULL ? name : "model.safetensors");
    snprintf(destination, sizeof destination, "/tmp/pith-fuzz-%ld.pith",
             (long)getpid());
    FILE *stream = fopen(path, "wb");
    if (stream == NULL)
        return 0;
    fwrite(data, 1, size, stream);
    fclose(stream);
    if (pith_convert(folder != NULL ? folder : ".", destination, NULL,
                     &error) == PITH_OK &&
        pith_model_load(destination, NULL, &model, &error) != PITH_OK) {
        fprintf(stderr, "converted, but: %s\n", error.detail);
        abort();
    }
    pith_model_free(model);
    remove(destination);
    return 0;
}
