/*
 * test_detail.c - what a result says about every token of its prompt: units,
 * their decisions, and the spans of kept bytes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../src/base/utf8.h"
#include "../src/reference/reference.h"
#include "random_prompt.h"
#include "support.h"
#include "tiny_model.h"

/* --- what must hold ----------------------------------------------------------- */

static struct pith_text given_text(const struct pith_prompt *prompt,
                                   const struct pith_part_result *part)
{
    size_t i = part->kind == PITH_PART_INSTRUCTION ? 0
               : part->kind == PITH_PART_CONTEXT   ? 1 + part->index
                                                   : prompt->n_contexts + 1;
    return prompt_part(prompt, i);
}

/* Text with each byte that is not UTF-8 as U+FFFD. */
static void append_valid(struct pith_buffer *out, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t length = pith_utf8_valid_length(bytes + i, n - i);
        if (length > 0)
            pith_buffer_append(out, bytes + i, length);
        else
            pith_buffer_string(out, "\xEF\xBF\xBD");
        i += length > 0 ? length : 1;
    }
}

static bool inside_character(struct pith_text text, size_t at)
{
    size_t i = 0;
    while (i < at) {
        size_t length = pith_utf8_valid_length(text.bytes + i, text.size - i);
        i += length > 0 ? length : 1;
    }
    return i != at;
}

/* Spans are in order, apart, and between characters. */
static void assert_spans(const struct pith_prompt *prompt,
                         const struct pith_result *result)
{
    const struct pith_detail *detail = &result->detail;
    for (size_t i = 0; i < detail->n_spans; i++) {
        const struct pith_span *span = &detail->spans[i];
        ck_assert_uint_lt(span->part, result->n_parts);
        struct pith_text text =
            given_text(prompt, &result->parts[span->part]);
        ck_assert_uint_lt(span->start, span->end);
        ck_assert_uint_le(span->end, text.size);
        ck_assert(!inside_character(text, span->start));
        ck_assert(!inside_character(text, span->end));
        if (i > 0 && detail->spans[i - 1].part == span->part)
            ck_assert_uint_lt(detail->spans[i - 1].end, span->start);
        else if (i > 0)
            ck_assert_uint_lt(detail->spans[i - 1].part, span->part);
    }
}

/* Units tile the texts of their parts; counts are those of the parts. */
static void assert_units(const struct pith_prompt *prompt,
                         const struct pith_result *result)
{
    const struct pith_detail *detail = &result->detail;
    size_t unit = 0, n_ids = 0;
    for (size_t i = 0; i < result->n_parts; i++) {
        struct pith_text text = given_text(prompt, &result->parts[i]);
        size_t at = 0;
        for (; unit < detail->n_units && detail->units[unit].part == i;
             unit++) {
            const struct pith_unit_result *it = &detail->units[unit];
            ck_assert_msg(it->offset == at, "unit %zu of part %zu, \"%.*s\", "
                          "begins at %zu, not %zu", unit, i, (int)text.size,
                          text.bytes, it->offset, at);
            ck_assert(it->size == 0 || !it->join);
            ck_assert_uint_le(it->id + it->n_ids, detail->n_ids);
            ck_assert_uint_le(it->n_kept, it->n_ids);
            ck_assert(it->n_ids == 0 || it->kept == (it->n_kept == it->n_ids));
            ck_assert(it->segment == PITH_NO_SEGMENT ||
                      it->segment < result->trace.n_thresholds);
            if (it->segment != PITH_NO_SEGMENT)
                ck_assert((it->rank == 0) == isnan(it->loss));
            else
                ck_assert_uint_eq(it->rank, 0);
            n_ids += it->n_ids;
            at += it->size;
        }
        ck_assert_uint_eq(at, text.size);
    }
    ck_assert_uint_eq(unit, detail->n_units);
    ck_assert_uint_eq(n_ids, detail->n_ids);
}

/* Ranks are 1, 2, ... in the order of the losses. */
static void assert_ranks(const struct pith_result *result, bool paper)
{
    const struct pith_detail *detail = &result->detail;
    for (size_t s = 0; s < result->trace.n_thresholds; s++) {
        const struct pith_threshold *threshold = &result->trace.thresholds[s];
        size_t n = 0;
        for (size_t i = 0; i < detail->n_units; i++) {
            const struct pith_unit_result *it = &detail->units[i];
            if (it->segment != s || it->rank == 0 || it->n_ids == 0)
                continue;
            n++;
            bool ordered = true;
            for (size_t j = 0; j < detail->n_units; j++) {
                const struct pith_unit_result *other = &detail->units[j];
                if (i == j || other->segment != s || other->rank == 0)
                    continue;
                ordered = ordered &&
                          (other->rank > it->rank || other->loss >= it->loss) &&
                          (other->rank != it->rank || other->n_ids == 0);
            }
            ck_assert(ordered);
            /* Eq. 7; below the threshold a unit may fill the last segment. */
            if (paper && (double)it->loss > threshold->gamma)
                ck_assert(it->kept);
        }
        if (paper)
            ck_assert_uint_eq(n, threshold->n_losses);
    }
}

/* `paper`: kept units and blank lines, end to end, are the compressed text,
 * and the spans have all of their bytes. */
static void assert_units_are_the_text(const struct pith_prompt *prompt,
                                      const struct pith_result *result)
{
    const struct pith_detail *detail = &result->detail;
    struct pith_buffer joined = {0};
    size_t n_units = 0, n_spans = 0;
    for (size_t i = 0; i < detail->n_units; i++) {
        const struct pith_unit_result *it = &detail->units[i];
        struct pith_text text = given_text(prompt, &result->parts[it->part]);
        if (it->kept && it->join)
            pith_buffer_string(&joined, "\n\n");
        if (it->space != 0)
            pith_buffer_byte(&joined, it->space);
        if (it->kept && !it->join)
            append_valid(&joined, text.bytes + it->offset, it->size);
        n_units += it->kept ? it->size : 0;
    }
    for (size_t i = 0; i < detail->n_spans; i++)
        n_spans += detail->spans[i].end - detail->spans[i].start;
    ck_assert_uint_eq(n_spans, n_units);
    ck_assert_uint_eq(joined.size, result->text.size);
    ck_assert(joined.size == 0 ||
              memcmp(joined.data, result->text.bytes, joined.size) == 0);
    pith_buffer_free(&joined);
}

static void assert_counts(const struct pith_result *result)
{
    const struct pith_detail *detail = &result->detail;
    size_t n_all = 0, n_kept = 0;
    for (size_t i = 0; i < result->n_parts; i++) {
        size_t n_part = 0, n_part_kept = 0;
        for (size_t j = 0; j < detail->n_units; j++) {
            const struct pith_unit_result *it = &detail->units[j];
            if (it->part != i)
                continue;
            n_all += it->n_ids;
            n_kept += it->n_kept;
            if (it->join)
                continue;
            n_part += it->n_ids;
            n_part_kept += it->n_kept;
        }
        ck_assert_uint_eq(n_part, result->parts[i].n_tokens);
        ck_assert_uint_eq(n_part_kept, result->parts[i].n_kept);
    }
    ck_assert_uint_eq(n_all, result->origin_tokens);
    ck_assert_uint_eq(n_kept, result->trace.n_kept_ids);
}

/* The ids of kept tokens are those of the trace. */
static void assert_kept_ids(const struct pith_result *result)
{
    const struct pith_detail *detail = &result->detail;
    size_t n = 0;
    for (size_t i = 0; i < detail->n_units; i++) {
        const struct pith_unit_result *it = &detail->units[i];
        for (size_t j = 0; it->kept && j < it->n_ids; j++, n++) {
            ck_assert_uint_lt(n, result->trace.n_kept_ids);
            ck_assert_int_eq(result->trace.kept_ids[n],
                             detail->ids[it->id + j]);
        }
    }
    ck_assert_uint_eq(n, result->trace.n_kept_ids);
}

static void assert_paper(const struct pith_prompt *prompt,
                         const struct pith_result *result)
{
    assert_units(prompt, result);
    assert_spans(prompt, result);
    assert_ranks(result, true);
    assert_units_are_the_text(prompt, result);
    assert_counts(result);
    assert_kept_ids(result);
}

/* --- running ------------------------------------------------------------------- */

static struct pith_model *models[TINY_KINDS + 1];
static struct pith_session *sessions[TINY_KINDS + 1];
enum { DEFAULT_MODEL = TINY_KINDS };

static void open_model(int which, struct pith_model *model)
{
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .n_threads = 1};
    struct pith_error error;
    models[which] = model;
    assert_ok(pith_session_create(model, &options, &sessions[which], &error),
              error);
}

static void open_models(void)
{
    struct pith_model *model;
    struct pith_error error;
    for (int kind = 0; kind < TINY_KINDS; kind++)
        open_model(kind, tiny_model_load((enum tiny_kind)kind, PITH_F32, NULL));
    /* Minutes under the sanitizers, and no code that the others do not run. */
    if (getenv("PITH_QUICK") != NULL)
        return;
    if (access("weights/default.pith", R_OK) != 0) {
        fprintf(stderr, "SKIPPED (loudly): weights/default.pith is not there; "
                        "run from the project's root\n");
        return;
    }
    assert_ok(pith_model_load("weights/default.pith", NULL, &model, &error),
              error);
    open_model(DEFAULT_MODEL, model);
}

static void close_models(void)
{
    for (int i = 0; i <= DEFAULT_MODEL; i++) {
        pith_session_free(sessions[i]);
        pith_model_free(models[i]);
    }
}

static struct pith_compress_options detailed(enum pith_method method)
{
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    options.method = method;
    options.trace = options.detail = true;
    return options;
}

static struct pith_result *compress(int which,
                                    const struct pith_prompt *prompt,
                                    const struct pith_compress_options *options)
{
    struct pith_result *result;
    struct pith_error error;
    assert_ok(pith_compress(sessions[which], prompt, options, &result, &error),
              error);
    return result;
}

/* --- `paper` --------------------------------------------------------------------- */

static void try_paper(int which, const struct random_prompt *made,
                      uint64_t *random)
{
    struct pith_compress_options options = detailed(PITH_METHOD_PAPER);
    if (random_below(random, 8) == 0)
        options.rate = 1;
    else if (random_below(random, 2) == 0)
        options.rate = 1 - random_uniform(random);
    else
        options.rate = -1,
        options.target = (double)(1 + random_below(random, 200));
    options.segment_size = 1 + random_below(random, 100);
    struct pith_result *result = compress(which, &made->prompt, &options);
    assert_paper(&made->prompt, result);
    pith_result_free(result);
}

START_TEST(any_prompt_is_accounted_for)
{
    uint64_t random = (uint64_t)_i;
    for (int i = 0; i < 8; i++) {
        struct random_prompt made;
        random_prompt_make(&made, &random, i % 2 == 0 ? 12 : 60);
        for (int which = 0; which <= DEFAULT_MODEL; which++)
            if (sessions[which] != NULL && (which < DEFAULT_MODEL || i < 2))
                try_paper(which, &made, &random);
        random_prompt_free(&made);
    }
}
END_TEST

/* Offsets are those of the text as it was given, in which a byte that is no
 * UTF-8 is one byte. */
START_TEST(offsets_are_those_of_the_text_as_given)
{
    struct pith_text contexts[] = {view("a\xFF\xFE z \xE6\xBC b"),
                                   view("\xF0\x9F\x98\x80 ok")};
    struct pith_prompt prompt = {{0}, contexts, 2, {0}};
    struct pith_compress_options options = detailed(PITH_METHOD_PAPER);
    for (int which = 0; which < TINY_KINDS; which++) {
        options.rate = 1;
        struct pith_result *result = compress(which, &prompt, &options);
        assert_paper(&prompt, result);
        ck_assert_uint_eq(result->detail.n_spans, 2);
        ck_assert_uint_eq(result->detail.spans[0].end, contexts[0].size);
        pith_result_free(result);
        options.rate = 0.4;
        result = compress(which, &prompt, &options);
        assert_paper(&prompt, result);
        pith_result_free(result);
    }
}
END_TEST

START_TEST(nothing_is_noted_unasked)
{
    struct pith_text context = view("one two three four five six seven");
    struct pith_prompt prompt = {.contexts = &context, .n_contexts = 1};
    for (int method = 0; method < 2; method++) {
        struct pith_compress_options options =
            detailed((enum pith_method)method);
        options.detail = options.trace = false;
        struct pith_result *result = compress(0, &prompt, &options);
        ck_assert_uint_eq(result->detail.n_units, 0);
        ck_assert_uint_eq(result->detail.n_spans, 0);
        ck_assert_uint_eq(result->trace.n_thresholds, 0);
        pith_result_free(result);
    }
}
END_TEST

/* --- `reference` ----------------------------------------------------------------- */

/* Bytes of kept spans, white space left out: decoding may take a space away,
 * and blank lines are not part of a text. */
static void append_dense(struct pith_buffer *out, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strchr(" \t\n", bytes[i]) == NULL || bytes[i] == '\0')
            pith_buffer_byte(out, bytes[i]);
}

/* The result's text, except for space and the order of contexts. */
static void assert_reference_text(const struct pith_prompt *prompt,
                                  const struct pith_result *result)
{
    struct pith_buffer spans = {0}, text = {0};
    for (size_t i = 0; i < result->detail.n_spans; i++) {
        const struct pith_span *span = &result->detail.spans[i];
        struct pith_text given =
            given_text(prompt, &result->parts[span->part]);
        append_dense(&spans, given.bytes + span->start,
                     span->end - span->start);
    }
    append_dense(&text, result->text.bytes, result->text.size);
    ck_assert_msg(spans.size == text.size &&
                  (text.size == 0 ||
                   memcmp(spans.data, text.data, text.size) == 0),
                  "spans \"%.*s\", text \"%.*s\"", (int)spans.size, spans.data,
                  (int)text.size, text.data);
    pith_buffer_free(&spans);
    pith_buffer_free(&text);
}

/* Words whose tokens spell whole characters, so that no U+FFFD comes out. */
static void plain_words(struct pith_buffer *text, uint64_t *random, size_t n)
{
    static const char *const words[] = {
        "rain", "Spain", "stays", "mainly", "apples", "twelve", "seven.",
        "Then", "plain", "He", "said", "nothing.", "Nobody", "came."};
    for (size_t i = 0; i < n; i++) {
        pith_buffer_string(text, i > 0 ? " " : "");
        pith_buffer_string(
            text, words[random_below(random, sizeof words / sizeof *words)]);
    }
}

static void plain_prompt(struct random_prompt *made, uint64_t *random,
                         bool tags)
{
    *made = (struct random_prompt){0};
    for (size_t i = 0; i < 4; i++) {
        struct pith_buffer *text = &made->texts[i];
        plain_words(text, random, 5 + random_below(random, 30));
        if (tags) {
            pith_buffer_string(text, "<llmlingua, rate=0.3>");
            plain_words(text, random, 5 + random_below(random, 20));
            pith_buffer_string(text, "</llmlingua>\n<llmlingua, compress="
                                     "False>Speaker 4:</llmlingua>");
        }
        made->contexts[i] = (struct pith_text){text->data, text->size};
    }
    made->prompt = (struct pith_prompt){view("Say it."), made->contexts, 4,
                                        view("Who came?")};
}

enum { N_VARIANTS = 8 };

static void vary(struct pith_compress_options *options, int variant)
{
    struct pith_compress_options *o = options;
    o->iterative_size = 40;
    o->use_sentence_level_filter = variant == 1 || variant == 4;
    o->use_token_level_filter = variant != 2;
    o->condition_compare = variant == 3;
    options->structured = variant == 4 || variant == 5;
    o->concate_question = variant != 6;
    o->use_context_level_filter = variant != 7;
}

static const int byte_level[] = {TINY_GPT2, TINY_LLAMA_TIED, DEFAULT_MODEL};

START_TEST(reference_is_accounted_for)
{
    uint64_t random = 77;
    struct pith_compress_options options = detailed(PITH_METHOD_REFERENCE);
    for (int i = 0; i < 4; i++) {
        struct random_prompt made;
        vary(&options, _i);
        plain_prompt(&made, &random, options.structured);
        options.rate = 0.3 + 0.15 * i;
        for (size_t j = 0; j < 3; j++) {
            if (sessions[byte_level[j]] == NULL || (j == 2 && i > 0))
                continue;
            struct pith_result *result =
                compress(byte_level[j], &made.prompt, &options);
            assert_units(&made.prompt, result);
            assert_spans(&made.prompt, result);
            assert_ranks(result, false);
            assert_reference_text(&made.prompt, result);
            pith_result_free(result);
        }
        random_prompt_free(&made);
    }
}
END_TEST

/* Kept tokens of each part are as many as its count says. */
START_TEST(reference_counts_are_those_of_the_parts)
{
    uint64_t random = 5;
    struct pith_compress_options options = detailed(PITH_METHOD_REFERENCE);
    options.iterative_size = 30;
    for (int i = 0; i < 10; i++) {
        struct random_prompt made;
        plain_prompt(&made, &random, false);
        struct pith_result *result = compress(TINY_GPT2, &made.prompt,
                                              &options);
        for (size_t p = 0; p < result->n_parts; p++) {
            size_t n_kept = 0;
            for (size_t j = 0; j < result->detail.n_units; j++)
                if (result->detail.units[j].part == p)
                    n_kept += result->detail.units[j].n_kept;
            ck_assert_uint_eq(n_kept, result->parts[p].n_kept);
        }
        pith_result_free(result);
        random_prompt_free(&made);
    }
}
END_TEST

/* Whatever the texts: bytes that spell no character, tags, nothing at all. */
START_TEST(reference_holds_for_any_prompt)
{
    uint64_t random = (uint64_t)_i + 1;
    for (int i = 0; i < 8; i++) {
        struct random_prompt made;
        struct pith_compress_options options = detailed(PITH_METHOD_REFERENCE);
        random_prompt_make(&made, &random, 40);
        vary(&options, (int)random_below(&random, N_VARIANTS));
        options.iterative_size = 100;
        if (made.prompt.question.size == 0)
            options.condition_compare = false;
        if (made.prompt.n_contexts > 1)
            made.contexts[0] = view("a\xFF\xC3 <llmlingua, rate=0.5>x"
                                       "\xE6\xBC y</llmlingua> z");
        for (int which = 0; which < TINY_KINDS; which++) {
            struct pith_result *result;
            struct pith_error error;
            if (pith_compress(sessions[which], &made.prompt, &options, &result,
                              &error) != PITH_OK)
                continue;
            assert_units(&made.prompt, result);
            assert_spans(&made.prompt, result);
            pith_result_free(result);
        }
        random_prompt_free(&made);
    }
}
END_TEST

START_TEST(decoded_text_is_traced_back)
{
    static const struct {
        const char *made, *given;
        size_t origins[12];
    } cases[] = {
        {"a, b", "a , b", {0, 2, 3, 4}},
        {"ab", "ab", {0, 1}},
        {"a\xEF\xBF\xBDz", "a\xFFz", {0, 1, 1, 1, 2}},
        {"a  z", "a \xE2\x96\x81z", {0, 1, 2, 5}},
        {"\xEF\xBF\xBD.", "\xEF\xBF\xBD .", {0, 1, 2, 4}},
        {"a\xEF\xBF\xBD\xEF\xBF\xBDz", "a\xFF\xFEz",
         {0, 1, 1, 1, 1, 1, 1, 3}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t *origins;
        struct pith_error error;
        struct pith_text made = view(cases[i].made);
        assert_ok(pith_reference_origins(made, view(cases[i].given),
                                         &origins, &error), error);
        for (size_t j = 0; j < made.size; j++)
            ck_assert_msg(origins[j] == cases[i].origins[j],
                          "case %zu, byte %zu: %zu, want %zu", i, j,
                          origins[j], cases[i].origins[j]);
        free(origins);
    }
}
END_TEST

/* --- contexts that were left out -------------------------------------------------- */

/* Their losses are those of the ranking: the mean is what they were ranked
 * by.  A first token without BOS in front has none. */
static size_t assert_left_out(const struct pith_result *result)
{
    size_t n_left_out = 0;
    for (size_t i = 0; i < result->n_parts; i++) {
        const struct pith_part_result *part = &result->parts[i];
        double sum = 0, n = 0;
        if (part->kind != PITH_PART_CONTEXT || part->n_kept > 0)
            continue;
        for (size_t j = 0; j < result->detail.n_units; j++) {
            const struct pith_unit_result *it = &result->detail.units[j];
            if (it->part != i || it->join || isnan(it->loss))
                continue;
            ck_assert_uint_eq(it->segment, PITH_NO_SEGMENT);
            sum += (double)it->loss * (double)it->n_ids;
            n += (double)it->n_ids;
        }
        ck_assert_double_ge(n, (double)part->n_tokens - 1);
        ck_assert_double_eq_tol(sum / n, log(part->perplexity), 1e-4);
        n_left_out++;
    }
    return n_left_out;
}

/* Nor do they where nothing ranked contexts by their own losses. */
static void assert_no_losses_left_out(const struct pith_result *result)
{
    for (size_t i = 0; i < result->detail.n_units; i++) {
        const struct pith_unit_result *it = &result->detail.units[i];
        ck_assert(it->segment != PITH_NO_SEGMENT || isnan(it->loss));
    }
}

START_TEST(contexts_left_out_show_what_they_were_ranked_by)
{
    uint64_t random = 11;
    struct random_prompt made;
    plain_prompt(&made, &random, false);
    for (int which = 0; which < TINY_KINDS; which++)
        for (int method = 0; method < 2; method++) {
            struct pith_compress_options options =
                detailed((enum pith_method)method);
            options.rate = -1;
            options.target = 30;
            options.context_budget = "-20";
            options.iterative_size = 40;
            struct pith_result *result =
                compress(which, &made.prompt, &options);
            ck_assert_uint_gt(assert_left_out(result), 0);
            pith_result_free(result);
            options.question_aware = true;
            options.rank_method = PITH_RANK_LONGLLMLINGUA;
            result = compress(which, &made.prompt, &options);
            assert_no_losses_left_out(result);
            pith_result_free(result);
        }
    random_prompt_free(&made);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("detail");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 600);
    tcase_add_unchecked_fixture(all, open_models, close_models);
    tcase_add_loop_test(all, any_prompt_is_accounted_for, 0, 4);
    tcase_add_test(all, offsets_are_those_of_the_text_as_given);
    tcase_add_test(all, nothing_is_noted_unasked);
    tcase_add_loop_test(all, reference_is_accounted_for, 0, N_VARIANTS);
    tcase_add_test(all, reference_counts_are_those_of_the_parts);
    tcase_add_loop_test(all, reference_holds_for_any_prompt, 0, 4);
    tcase_add_test(all, decoded_text_is_traced_back);
    tcase_add_test(all, contexts_left_out_show_what_they_were_ranked_by);
    suite_add_tcase(suite, all);
    return suite;
}
