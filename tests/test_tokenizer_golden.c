/*
 * test_tokenizer_golden.c - the three tokenizers against strings whose ids
 * are known (../shared/goldens/tokenizers), decoding included.
 */
#include <stdio.h>

#include "../src/model/access.h"
#include "../src/model/model.h"
#include "../src/text/decode.h"
#include "vocab_builder.h"

static void assert_ids(const struct pith_tokenizer *tokenizer,
                       struct pith_text text, const struct pith_ids *want)
{
    struct pith_ids got = {0};
    struct pith_buffer decoded = {0};
    struct pith_error error;
    assert_ok(pith_tokenizer_encode(tokenizer, text, 0, &got, &error), error);
    bool same = got.n == want->n;
    for (size_t i = 0; same && i < got.n; i++)
        same = got.data[i] == want->data[i];
    ck_assert_msg(same, "'%.*s': %zu ids, expected %zu", (int)text.size,
                  text.bytes, got.n, want->n);
    pith_tokenizer_decode(tokenizer, got.data, got.n, &decoded);
    ck_assert_uint_eq(decoded.size, text.size);
    if (text.size > 0)
        ck_assert_mem_eq(decoded.data, text.bytes, text.size);
    pith_buffer_free(&decoded);
    pith_ids_free(&got);
}

/* Reads a line of decimal ids and returns what is after it. */
static const char *read_ids(const char *at, struct pith_ids *ids)
{
    ids->n = 0;
    while (*at != '\n' && *at != '\0') {
        char *end;
        pith_ids_append(ids, (int32_t)strtol(at, &end, 10));
        at = end + strspn(end, " ");
    }
    return at + (*at == '\n');
}

/* Strings between lines "__ggml_vocab_test__"; ids line by line. */
static size_t check_ggml(const struct pith_tokenizer *tokenizer,
                         const char *name)
{
    static const char mark[] = "\n__ggml_vocab_test__\n";
    char path[256];
    struct pith_ids want = {0};
    size_t n = 0;
    snprintf(path, sizeof path, "goldens/tokenizers/%s.inp", name);
    char *texts = read_whole_file(shared_path(path), NULL);
    snprintf(path, sizeof path, "goldens/tokenizers/%s.out", name);
    char *ids = read_whole_file(shared_path(path), NULL);
    const char *at_ids = ids;
    for (const char *at = texts, *end; at != NULL; n++) {
        end = strstr(at, mark);
        size_t size = end != NULL ? (size_t)(end - at) : strlen(at);
        at_ids = read_ids(at_ids, &want);
        assert_ids(tokenizer, (struct pith_text){at, size}, &want);
        at = end != NULL ? end + sizeof mark - 1 : NULL;
    }
    ck_assert_int_eq(*at_ids, '\0');
    pith_ids_free(&want);
    free(texts);
    free(ids);
    return n;
}

/* Encodes and decodes random texts: characters below U+40000 but control
 * characters (SmolLM2 cannot spell the others), words and, with any_bytes,
 * what is not UTF-8. */
static void check_round_trips(const struct pith_tokenizer *tokenizer,
                              bool any_bytes)
{
    static const char *const words[] = {" the", "it's", "  ", "\n\n", "2023",
                                        "<s>", "<|endoftext|>", "\xE2\x96\x81"};
    uint64_t state = 7;
    for (int i = 0; i < 5000; i++) {
        struct pith_buffer text = {0}, decoded = {0};
        struct pith_ids ids = {0};
        struct pith_error error;
        for (size_t n = random_below(&state, 40); n > 0; n--) {
            size_t kind = random_below(&state, any_bytes ? 4 : 3);
            char bytes[4];
            size_t size = 1;
            bytes[0] = (char)random_next(&state);
            if (kind < 2)
                size = pith_utf8_encode(
                    0x20 + (uint32_t)random_below(&state, kind ? 0x500 : 0x3FFE0),
                    bytes);
            if (kind == 2)
                pith_buffer_string(&text, words[random_below(&state, 8)]);
            else if (any_bytes || pith_utf8_is_valid(bytes, size))
                pith_buffer_append(&text, bytes, size);
        }
        assert_ok(pith_tokenizer_encode(
                      tokenizer, (struct pith_text){text.data, text.size}, 0,
                      &ids, &error), error);
        pith_tokenizer_decode(tokenizer, ids.data, ids.n, &decoded);
        ck_assert_uint_eq(decoded.size, text.size);
        ck_assert(text.size == 0 ||
                  memcmp(decoded.data, text.data, text.size) == 0);
        pith_buffer_free(&text);
        pith_buffer_free(&decoded);
        pith_ids_free(&ids);
    }
}

static void check_vocab(struct vocab_builder *builder, const char *name)
{
    if (builder == NULL)
        return;
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    ck_assert_uint_eq(check_ggml(tokenizer, name), 47);
    check_round_trips(tokenizer, true);
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}

START_TEST(gpt2_gives_llama_cpps_ids)
{
    check_vocab(read_gpt2(), "ggml-vocab-gpt-2.gguf");
}
END_TEST

START_TEST(llama_gives_llama_cpps_ids)
{
    check_vocab(read_llama(), "ggml-vocab-llama-spm.gguf");
}
END_TEST

static size_t check_jsonl(const struct pith_tokenizer *tokenizer, char *lines)
{
    struct pith_ids want = {0};
    struct pith_error error;
    size_t n = 0;
    for (char *at = lines; *at != '\0'; n++) {
        size_t size = strcspn(at, "\n");
        struct pith_json_document *document;
        assert_ok(pith_json_parse((struct pith_text){at, size}, "golden",
                                  &document, &error), error);
        const struct pith_json *root = pith_json_root(document);
        const struct pith_json *id = pith_json_get(root, "ids")->first;
        for (want.n = 0; id != NULL; id = id->next)
            pith_ids_append(&want, (int32_t)id->number);
        assert_ids(tokenizer, pith_json_get(root, "text")->string, &want);
        pith_json_free(document);
        at += size + (at[size] != '\0');
    }
    pith_ids_free(&want);
    return n;
}

START_TEST(smollm2_gives_hugging_faces_ids)
{
    struct pith_model *model;
    struct pith_error error;
    const char *golden = shared_path("goldens/tokenizers/smollm2.jsonl");
    char *lines = golden != NULL ? read_whole_file(golden, NULL) : NULL;
    const char *path = cached_model("smollm2");
    if (lines != NULL && path != NULL) {
        assert_ok(pith_model_load(path, NULL, &model, &error), error);
        ck_assert_uint_eq(check_jsonl(pith_model_tokenizer(model), lines), 56);
        check_round_trips(pith_model_tokenizer(model), false);
        pith_model_free(model);
    }
    free(lines);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("tokenizer goldens");
    TCase *tcase = tcase_create("goldens");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, gpt2_gives_llama_cpps_ids);
    tcase_add_test(tcase, llama_gives_llama_cpps_ids);
    tcase_add_test(tcase, smollm2_gives_hugging_faces_ids);
    suite_add_tcase(suite, tcase);
    return suite;
}
