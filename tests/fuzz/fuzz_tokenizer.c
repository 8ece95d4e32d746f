/*
 * fuzz_tokenizer.c - any bytes as a tokenizer section: refused, or a
 * tokenizer that encodes and decodes without a crash.  Run with libFuzzer:
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Iinclude \
 *       tests/fuzz/fuzz_tokenizer.c src/text/[bmpstuv]*.c \
 *       src/base/[bemu]*.c -lm -o build/fuzz_tokenizer && \
 *       build/fuzz_tokenizer -max_total_time=60
 *
 * tests/test_tokenizer.c feeds it damaged sections.
 */
#include <stdlib.h>

#include "../../src/text/decode.h"
#include "../../src/text/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every piece that encoding gives must exist, and decode to something or
 * nothing, but without reading outside. */
static void use(const struct pith_tokenizer *tokenizer, struct pith_text text)
{
    struct pith_ids ids = {0};
    struct pith_buffer out = {0};
    struct pith_vocab facts;
    pith_tokenizer_describe(tokenizer, &facts);
    for (int flags = 0; flags < 4; flags++) {
        if (pith_tokenizer_encode(tokenizer, text, flags, &ids, NULL) !=
            PITH_OK)
            continue;
        for (size_t i = 0; i < ids.n; i++)
            if (ids.data[i] < 0 || (size_t)ids.data[i] >= facts.n_pieces)
                abort();
        pith_tokenizer_decode(tokenizer, ids.data, ids.n, &out);
    }
    pith_ids_free(&ids);
    pith_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pith_tokenizer *tokenizer;
    struct pith_error error;
    if (pith_tokenizer_create(data, size, "fuzz", &tokenizer, &error) ==
        PITH_OK) {
        use(tokenizer, (struct pith_text){(const char *)data, size});
        use(tokenizer, (struct pith_text){" the 12's \xC3\xA9\xFF\n  x", 18});
    }
    pith_tokenizer_free(tokenizer);
    return 0;
}
