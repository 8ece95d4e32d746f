/*
 * test_tokenizer_golden.c - the three tokenizers against strings whose ids
 * are known (../shared/goldens/tokenizers), decoding included.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <unistd.h>

#include "vocab_builder.h"

static const char smollm2_tokenizer[] = "/root/peers/hf_smollm2/tokenizer.json";

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

/* Reads a line of decimal ids and returns what is behind it. */
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

static void check_vocab(struct vocab_builder *builder, const char *name)
{
    if (builder == NULL)
        return;
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    ck_assert_uint_eq(check_ggml(tokenizer, name), 47);
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
    const char *path = shared_path("goldens/tokenizers/smollm2.jsonl");
    if (access(smollm2_tokenizer, R_OK) != 0)
        fprintf(stderr, "SKIPPED (loudly): %s is not there\n",
                smollm2_tokenizer);
    else if (path != NULL) {
        char *lines = read_whole_file(path, NULL);
        struct vocab_builder *builder = read_smollm2(smollm2_tokenizer);
        struct pith_tokenizer *tokenizer = build_tokenizer(builder);
        ck_assert_uint_eq(check_jsonl(tokenizer, lines), 56);
        pith_tokenizer_free(tokenizer);
        free_vocab(builder);
        free(lines);
    }
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
