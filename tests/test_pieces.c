/*
 * test_pieces.c - structured prompts in the methods `paper` and `spans`:
 * pieces.c of both, and the pieces of src/prompt/parts.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "tiny_model.h"

static struct pith_model *models[TINY_KINDS];
static struct pith_session *sessions[TINY_KINDS];

static void open_tiny(void)
{
    tiny_open_all(models, sessions);
}

static void close_tiny(void)
{
    tiny_close_all(models, sessions);
}

#define LONG "the harbour of the old town was busy that morning and people came"

static const enum pith_method methods[] = {PITH_METHOD_PAPER,
                                           PITH_METHOD_SPANS};

static struct pith_compress_options structured(int method, double rate)
{
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    options.method = methods[method];
    options.structured = true;
    options.detail = true;
    options.rate = rate;
    return options;
}

static struct pith_result *compress(int kind, const char *context,
                                    const struct pith_compress_options *options)
{
    struct pith_text text = view(context);
    struct pith_prompt prompt = {.contexts = &text, .n_contexts = 1};
    struct pith_result *result;
    struct pith_error error;
    assert_ok(pith_compress(sessions[kind], &prompt, options, &result, &error),
              error);
    return result;
}

static bool holds(const struct pith_result *result, const char *words)
{
    return strstr(result->text.bytes, words) != NULL;
}

/* Tokens of a text. */
static double count(int kind, const char *text)
{
    int32_t *ids;
    size_t n;
    struct pith_error error;
    assert_ok(pith_tokenize(models[kind], view(text),
                            PITH_TOKENIZE_NO_SPECIAL, &ids, &n, &error), error);
    pith_free(ids);
    return (double)n;
}

/* What a piece with compress=False holds stays byte for byte, '<' and all,
 * however False is written; no tag is left. */
START_TEST(whole_pieces_stay)
{
    static const char *const spelled[] = {"False", "false", "FALSE"};
    for (int kind = 0; kind < TINY_KINDS; kind++) {
        for (size_t i = 0; i < 3; i++) {
            char context[400];
            struct pith_compress_options options = structured(_i, 0.3);
            snprintf(context, sizeof context,
                     "<llmlingua, compress=%s>if a < b:  return <p>a</p>"
                     "</llmlingua><llmlingua, rate=0.2>%s</llmlingua>",
                     spelled[i], LONG);
            struct pith_result *result = compress(kind, context, &options);
            ck_assert(holds(result, "if a < b:  return <p>a</p>"));
            ck_assert(!holds(result, "llmlingua"));
            ck_assert(!holds(result, LONG));
            ck_assert_uint_gt(result->detail.n_spans, 1);
            pith_result_free(result);
        }
    }
}
END_TEST

/* Each piece keeps its rate of its tokens, text outside of tags that of the
 * prompt. */
START_TEST(rates_are_those_of_the_pieces)
{
    for (int kind = 0; kind < TINY_KINDS; kind++) {
        struct pith_compress_options options = structured(_i, 0.8);
        options.units = PITH_UNITS_TOKEN;
        struct pith_result *result = compress(
            kind, LONG "<llmlingua, rate=0.1>" LONG "</llmlingua>", &options);
        double n = count(kind, LONG), kept[2] = {0, 0};
        for (size_t i = 0; i < result->detail.n_units; i++) {
            const struct pith_unit_result *unit = &result->detail.units[i];
            kept[unit->offset >= strlen(LONG)] += (double)unit->n_kept;
        }
        ck_assert_msg(kept[0] > 0.65 * n && kept[0] < 0.95 * n, "%g of %g",
                      kept[0], n);
        ck_assert_msg(kept[1] < 0.25 * n, "%g of %g", kept[1], n);
        ck_assert(result->compressed_tokens ==
                      (size_t)(0.8 * n + 0.1 * n + 0.5) ||
                  result->note != NULL);
        pith_result_free(result);
    }
}
END_TEST

/* A target is what the rates of the tags leave to the rest. */
START_TEST(a_target_is_for_all)
{
    for (int kind = 0; kind < TINY_KINDS; kind++) {
        struct pith_compress_options options = structured(_i, -1);
        const char *context =
            "<llmlingua, rate=0.5>" LONG "</llmlingua> and " LONG;
        options.target = 0.4 * count(kind, LONG " and " LONG);
        struct pith_result *result = compress(kind, context, &options);
        ck_assert_uint_le(result->compressed_tokens,
                          (size_t)(options.target + 0.5));
        ck_assert(result->note == NULL ||
                  strstr(result->note, "tags leave") == NULL);
        pith_result_free(result);
        options.target = 3; /* the tag alone leaves more */
        result = compress(kind, context, &options);
        ck_assert_ptr_nonnull(result->note);
        ck_assert_ptr_nonnull(strstr(result->note, "tags leave"));
        pith_result_free(result);
    }
}
END_TEST

/* Where a tag stood, words do not run together; nothing is lost at rate 1. */
START_TEST(tags_kept_words_apart)
{
    for (int kind = 0; kind < TINY_KINDS; kind++) {
        struct pith_compress_options options = structured(_i, 1);
        struct pith_result *result = compress(
            kind, "one<llmlingua>two</llmlingua>, three<llmlingua, "
                  "compress=False></llmlingua>", &options);
        ck_assert_str_eq(result->text.bytes, "one two, three");
        pith_result_free(result);
    }
}
END_TEST

START_TEST(malformed_tags_are_refused_with_their_place)
{
    static const struct {
        const char *context, *place;
    } cases[] = {
        {"ab<llmlingua, rate=30%>x</llmlingua>", "byte 21"},
        {"<llmlingua rate=0.3>x</llmlingua>", "byte 11"},
        {"<llmlingua, rate=0.3>x", "byte 21"},
        {"x</llmlingua>", "byte 1"},
        {"<llmlingua>x<llmlingua>y</llmlingua></llmlingua>", "byte 12"},
        {"<llmlingua, rate=0.3, rate=0.4>x</llmlingua>", "byte 20"},
        {"<llmlingua, compress=no>x</llmlingua>", "byte 10"},
        {"<llmlingua, rate=1.5>x</llmlingua>", "1.5"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pith_text texts[] = {view("fine"), view(cases[i].context)};
        struct pith_prompt prompt = {.contexts = texts, .n_contexts = 2};
        struct pith_compress_options options = structured(_i, 0.5);
        struct pith_result *result;
        struct pith_error error;
        ck_assert_int_eq(pith_compress(sessions[0], &prompt, &options, &result,
                                       &error), PITH_ERR_ARGUMENT);
        ck_assert_msg(strstr(error.detail, "context 2") != NULL &&
                          strstr(error.detail, cases[i].place) != NULL,
                      "%s", error.detail);
    }
}
END_TEST

/* `reference` loses what the Python package loses, and says so. */
START_TEST(the_reference_counts_what_it_loses)
{
    struct pith_compress_options options = structured(0, 0.9);
    options.method = PITH_METHOD_REFERENCE;
    struct pith_result *result = compress(
        0, "<llmlingua>" LONG "</llmlingua>rule<llmlingua>a < b</llmlingua>",
        &options);
    ck_assert_ptr_nonnull(result->note);
    ck_assert_ptr_nonnull(strstr(result->note, "9 bytes"));
    pith_result_free(result);
    result = compress(0, "<llmlingua>" LONG "</llmlingua>", &options);
    ck_assert_ptr_null(result->note);
    pith_result_free(result);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("pieces");
    TCase *tcase = tcase_create("pieces");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, open_tiny, close_tiny);
    tcase_add_loop_test(tcase, whole_pieces_stay, 0, 2);
    tcase_add_loop_test(tcase, rates_are_those_of_the_pieces, 0, 2);
    tcase_add_loop_test(tcase, a_target_is_for_all, 0, 2);
    tcase_add_loop_test(tcase, tags_kept_words_apart, 0, 2);
    tcase_add_loop_test(tcase, malformed_tags_are_refused_with_their_place, 0, 2);
    tcase_add_test(tcase, the_reference_counts_what_it_loses);
    suite_add_tcase(suite, tcase);
    return suite;
}
