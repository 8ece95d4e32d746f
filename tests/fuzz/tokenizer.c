/*
 * tokenizer.c - any bytes as the tokenizer section of a model.
 */
#include <stdio.h>

#include "../../src/model/model_file.h"
#include "../../src/text/decode.h"
#include "../../src/text/tokenizer.h"
#include "../support.h"
#include "../tiny_model.h"
#include "fuzz.h"

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
            fuzz_check(ids.data[i] >= 0 &&
                       (size_t)ids.data[i] < facts.n_pieces);
        pith_tokenizer_decode(tokenizer, ids.data, ids.n, &out);
    }
    pith_ids_free(&ids);
    pith_buffer_free(&out);
}

static void run_tokenizer(const struct fuzz_target *target,
                          struct pith_text input)
{
    struct pith_tokenizer *tokenizer;
    (void)target;
    if (pith_tokenizer_create((const uint8_t *)input.bytes, input.size, "fuzz",
                              &tokenizer, NULL) == PITH_OK) {
        use(tokenizer, (struct pith_text){input.bytes,
                                          input.size < 200 ? input.size : 200});
        use(tokenizer,
            (struct pith_text){" the 12's \xC3\xA9\xFF\n  x <|endoftext|>", 31});
    }
    pith_tokenizer_free(tokenizer);
}

static bool seed_tokenizer(const struct fuzz_target *target, size_t index,
                           struct pith_buffer *out)
{
    struct pith_format format;
    (void)target;
    if (index >= TINY_ALL_KINDS)
        return false;
    const char *path = temporary_path("section.pith");
    tiny_model_write(path, (enum tiny_kind)index, PITH_Q4);
    fuzz_check(pith_format_open(&format, path, NULL) == PITH_OK);
    pith_buffer_append(out, format.tokenizer, format.tokenizer_size);
    pith_format_close_file(&format);
    remove(path);
    return true;
}

const struct fuzz_target fuzz_tokenizers[] = {
    {.name = "tokenizer", .run = run_tokenizer, .most = 20000,
     .seed = seed_tokenizer},
    {0}};
