/*
 * fuzz_model.c - feeds arbitrary bytes to the model loader, with a metadata
 * checksum that fits so that they get past it, and runs what loads.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Iinclude \
 *       tests/fuzz/fuzz_model.c src/base/[a-z]*.c src/kernels/[a-z]*.c \
 *       src/text/[a-z]*.c src/model/[a-z]*.c -lm -o fuzz_model
 *
 * tests/test_format.c replays mutations of valid files through it.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/base/store.h"
#include "../../src/model/format.h"
#include "../../src/model/layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use_model(const struct pith_model *model)
{
    const struct pith_session_options options = {
        .sizeof_options = sizeof options, .n_threads = 1, .n_ctx = 8};
    const struct pith_text text = {"A test, 12.", 11};
    struct pith_session *session = NULL;
    struct pith_model_info info;
    int32_t *ids = NULL;
    size_t n = 0;
    float losses[64];

    pith_model_describe(model, &info);
    pith_model_verify(model, NULL);
    if (pith_tokenize(model, text, 0, &ids, &n, NULL) == PITH_OK && n <= 64 &&
        pith_session_create(model, &options, &session, NULL) == PITH_OK)
        pith_score(session, ids, n, losses, NULL);
    pith_session_free(session);
    pith_free(ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct pith_model *model;
    uint8_t *copy = malloc(size + 1);

    if (copy == NULL)
        return 0;
    memcpy(copy, data, size);
    if (size >= PITH_HEADER_SIZE) {
        uint64_t weights = pith_load_u64(copy + PITH_OFFSET_WEIGHTS);
        if (weights >= PITH_HEADER_SIZE && weights <= size)
            pith_store_u32(copy + PITH_OFFSET_METADATA_CRC,
                           pith_format_metadata_crc(copy, (size_t)weights));
    }
    snprintf(path, sizeof path, "/tmp/pith-fuzz-%ld.pith", (long)getpid());
    FILE *stream = fopen(path, "wb");
    if (stream != NULL) {
        fwrite(copy, 1, size, stream);
        fclose(stream);
        if (pith_model_load(path, NULL, &model, NULL) == PITH_OK)
            use_model(model);
        pith_model_free(model);
        remove(path);
    }
    free(copy);
    return 0;
}
