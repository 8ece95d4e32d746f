/*
 * test_fit.c - what comes out is fit to send: no number, word or character
 * that the prompt does not have, at any rate, with any option, in any script;
 * and the budget is met or the note says why not.
 *
 * Prompts are made of words of ten scripts, numbers, tables, logs and code,
 * the same ones on every machine; PITH_REQUESTS says how many.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/buffer.h"
#include "../src/base/utf8.h"
#include "../src/text/grapheme.h"
#include "../src/text/unicode.h"
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

/* --- prompts ------------------------------------------------------------------ */

#define PICK(random, list) list[random_below(random, sizeof list / sizeof *list)]

static const char *const scripts[][6] = {
    {"don't", "well-known", "e.g.", "R&D", "without", "rain"},
    {"nicht", "Stra\xC3\x9F" "e", "\xC3\xB6" "fter", "kein", "\xC3\x84rger",
     "u\xCC\x88" "bt"},
    {"l'eau", "n\xE2\x80\x99" "est", "d\xC3\xA9j\xC3\xA0", "pas", "sans",
     "\xC3\xA7" "a"},
    {"\xD0\xBD\xD0\xB5", "\xD0\xB2\xD1\x81\xD1\x82\xD1\x80\xD0\xB5",
     "\xD1\x91\xD0\xBB\xD0\xBA\xD0\xB0", "\xD0\xB2", "\xD1\x83", "\xD0\xB4\xD0\xB0"},
    {"\xCE\xB4\xCE\xB5\xCE\xBD", "\xCF\x80\xCE\xBF\xCF\x84\xCE\xAD", "\xCE\xBF",
     "\xCF\x87\xCE\xB8\xCE\xB5\xCF\x82", "\xCF\x84\xCE\xBF", "\xCE\xB7"},
    {"\xE4\xB8\x8D", "\xE8\x83\xBD", "\xE8\xB6\x85\xE8\xBF\x87", "\xE4\xBC\x9A",
     "\xE9\x97\xA8", "\xE3\x80\x82"},
    {"\xD9\x84\xD9\x85", "\xD8\xA3\xD9\x85\xD8\xB3", "\xD9\x81\xD9\x8A",
     "\xD9\x84\xD9\x8A\xD8\xB3", "\xD8\xB5", "\xD9\x88"},
    {"\xE0\xA4\xA8\xE0\xA4\xB9\xE0\xA5\x80\xE0\xA4\x82",
     "\xE0\xA4\x95\xE0\xA5\x8D\xE0\xA4\xB7", "\xE0\xA4\xAE\xE0\xA5\x87",
     "\xE0\xA4\x95\xE0\xA4\xB2", "\xE0\xA4\xB9\xE0\xA5\x81\xE0\xA4\x88",
     "\xE0\xA4\xB6"},
    {"\xE0\xB9\x84\xE0\xB8\xA1\xE0\xB9\x88", "\xE0\xB8\x99\xE0\xB9\x89\xE0\xB8\xB3",
     "\xE0\xB9\x83\xE0\xB8\x88", "\xE0\xB9\x80\xE0\xB8\x8A\xE0\xB9\x89\xE0\xB8\xB2",
     "\xE0\xB8\x99", "\xE0\xB8\x84"},
    {"\xEC\x95\x84\xEB\x8B\x88", "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB",
     "\xEB\x8A\x94", "\xEC\x96\xB4\xEC\xA0\x9C", "\xEB\x8F\x84", "\xEC\x97\x90"},
    {"\xF0\x9F\x91\xA9\xF0\x9F\x8F\xBD\xE2\x80\x8D\xF0\x9F\x9A\x80",
     "\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA", "\xF0\x9F\x87\xAF\xF0\x9F\x87\xB5",
     "1\xEF\xB8\x8F\xE2\x83\xA3", "\xE2\x9C\x85", "e\xCC\x81"},
};
enum { N_SCRIPTS = sizeof scripts / sizeof *scripts };

static void add_number(struct pith_buffer *text, uint64_t *random)
{
    unsigned n = (unsigned)random_below(random, 1000);
    switch (random_below(random, 14)) {
    case 0: pith_buffer_printf(text, "%u.%02u", n, n % 100); break;
    case 1: pith_buffer_printf(text, "$%u,%03u", n % 9 + 1, n); break;
    case 2: pith_buffer_printf(text, "%02u:%02u", n % 24, n % 60); break;
    case 3: pith_buffer_printf(text, "-%u", n); break;
    case 4: pith_buffer_printf(text, "%u%%", n % 100); break;
    case 5: pith_buffer_printf(text, "10.4.%u.%u:8443", n % 9, n % 255); break;
    case 6: pith_buffer_printf(text, "INV-%05u", n); break;
    case 7: pith_buffer_printf(text, "2026-05-%02u", n % 28 + 1); break;
    case 8: pith_buffer_printf(text, "%umg", n); break;
    case 9: pith_buffer_printf(text, "v1.%u.2-rc1", n % 9); break;
    case 10: pith_buffer_printf(text, "%08x", n * 7654321u); break;
    case 11: pith_buffer_printf(text, "\xE2\x82\xAC%u", n); break;
    case 12: pith_buffer_printf(text, "%u/%u", n % 9, n % 7 + 2); break;
    default: pith_buffer_printf(text, "%u", n);
    }
}

static void add_words(struct pith_buffer *text, uint64_t *random)
{
    static const char *const signs[] = {", ", ". ", "; ", " (", ") ", ": ",
                                        "! ", "\n", "\xE2\x80\x94", " = "};
    size_t script = random_below(random, N_SCRIPTS);
    const char *space = script == 5 || script == 8 ? "" : " ";
    for (size_t n = 2 + random_below(random, 25); n > 0; n--) {
        if (random_below(random, 6) == 0)
            add_number(text, random);
        else
            pith_buffer_string(text, PICK(random, scripts[script]));
        pith_buffer_string(text, random_below(random, 7) == 0
                                     ? PICK(random, signs) : space);
    }
}

static void add_table(struct pith_buffer *text, uint64_t *random)
{
    char separator = ",\t;|"[random_below(random, 4)];
    for (size_t row = 1 + random_below(random, 5); row > 0; row--) {
        for (size_t column = 0; column < 4; column++) {
            if (column % 2 == 1)
                add_number(text, random);
            else
                pith_buffer_string(text, PICK(random, scripts[column]));
            pith_buffer_byte(text, column < 3 ? separator : '\n');
        }
    }
}

static void add_log(struct pith_buffer *text, uint64_t *random)
{
    for (size_t line = 1 + random_below(random, 3); line > 0; line--) {
        unsigned n = (unsigned)random_below(random, 1000);
        pith_buffer_printf(text, "2026-03-02T10:15:%02u.%03uZ WARN  [bill] "
                                 "id=%06x path=/v2/orders status=%u ms=%u\n",
                           n % 60, n, n * 4321u, n, n % 77);
    }
}

static void add_code(struct pith_buffer *text, uint64_t *random)
{
    static const char *const lines[] = {
        "if a_b < c[12] and not done:\n    return foo.bar(x, y=7)\n",
        "for (int i = 0; i < n; i++) sum += a[i]*99 - b[-5];\n",
        "x = {'k': 80, \"name\": [225, -246], \"e\": 1e-5}\n",
        "$HOME/bin/run --rate=47 -v <tag a=\"37\">10^-3</tag>\n",
        "<|im_start|>user\n[t](u.org/a?b=1)<|im_end|>\n", "a==b&&c!=d||e<=42\n"};
    for (size_t n = 1 + random_below(random, 4); n > 0; n--)
        pith_buffer_string(text, PICK(random, lines));
}

static void add_text(struct pith_buffer *text, uint64_t *random)
{
    static void (*const kinds[])(struct pith_buffer *, uint64_t *) = {
        add_words, add_words, add_words, add_table, add_log, add_code};
    for (size_t n = 1 + random_below(random, 3); n > 0; n--) {
        void (*add)(struct pith_buffer *, uint64_t *) = PICK(random, kinds);
        add(text, random);
    }
}

/* --- what must hold ----------------------------------------------------------- */

static bool holds(struct pith_text text, const char *bytes, size_t n)
{
    for (size_t at = 0; at + n <= text.size; at++)
        if (memcmp(text.bytes + at, bytes, n) == 0)
            return true;
    return false;
}

/* A run of letters and digits, and of the signs between digits. */
static bool is_of_run(struct pith_text text, size_t at, size_t *length)
{
    uint32_t code;
    *length = pith_utf8_decode(text.bytes + at, text.size - at, &code);
    enum pith_unicode_class kind = pith_unicode_class(code);
    if (kind == PITH_UNICODE_LETTER || kind == PITH_UNICODE_NUMBER ||
        code == '_')
        return true;
    return at > 0 && at + 1 < text.size && strchr(".,:/", text.bytes[at]) &&
           strchr("0123456789", text.bytes[at - 1]) &&
           strchr("0123456789", text.bytes[at + 1]);
}

/* Every such run of the output is in the prompt as it is, between other
 * characters: words and numbers are neither cut nor joined. */
static void assert_nothing_invented(struct pith_text prompt,
                                    struct pith_text out)
{
    for (size_t at = 0, length; at < out.size; at += length) {
        size_t start = at;
        if (!is_of_run(out, at, &length))
            continue;
        while (at < out.size && is_of_run(out, at, &length))
            at += length;
        ck_assert_msg(holds(prompt, out.bytes + start, at - start),
                      "\"%.*s\" is not in the prompt \"%.*s\"",
                      (int)(at - start), out.bytes + start, (int)prompt.size,
                      prompt.bytes);
        length = 0;
    }
}

/* A digit of the output has the digits and points around it that it had. */
static size_t count_whole_numbers(struct pith_text text, const char *number,
                                  size_t n)
{
    size_t found = 0;
    for (size_t at = 0; at + n <= text.size; at++) {
        bool before = at > 0 && strchr("0123456789", text.bytes[at - 1]);
        bool after = at + n < text.size &&
                     strchr("0123456789", text.bytes[at + n]);
        found += !before && !after &&
                 memcmp(text.bytes + at, number, n) == 0;
    }
    return found;
}

static void assert_numbers_are_whole(struct pith_text prompt,
                                     struct pith_text out)
{
    for (size_t at = 0; at < out.size;) {
        size_t n = 0;
        while (at + n < out.size && strchr("0123456789", out.bytes[at + n]) &&
               out.bytes[at + n] != '\0')
            n++;
        if (n > 0)
            ck_assert_msg(count_whole_numbers(prompt, out.bytes + at, n) > 0,
                          "the number %.*s is not in \"%.*s\"", (int)n,
                          out.bytes + at, (int)prompt.size, prompt.bytes);
        at += n > 0 ? n : 1;
    }
}

/* Clusters of the output are clusters of the prompt, in that order. */
static void assert_clusters(struct pith_text prompt, struct pith_text out)
{
    size_t from = 0;
    for (size_t at = 0; at < out.size;) {
        size_t end = pith_grapheme_end(out, at), n = end - at;
        if (n == 1 && strchr(" \n\t", out.bytes[at]) != NULL) {
            at = end;
            continue;
        }
        while (from < prompt.size &&
               (pith_grapheme_end(prompt, from) - from != n ||
                memcmp(prompt.bytes + from, out.bytes + at, n) != 0))
            from = pith_grapheme_end(prompt, from);
        ck_assert_msg(from < prompt.size, "cut at \"%.*s\" of \"%.*s\"", (int)n,
                      out.bytes + at, (int)prompt.size, prompt.bytes);
        from += n;
        at = end;
    }
}

static void assert_budget(int kind, const struct pith_compress_options *options,
                          const struct pith_result *result)
{
    struct pith_error error;
    size_t n, target;
    int32_t *ids;
    double wanted = options->rate * (double)result->origin_tokens;
    target = wanted < 1 ? 1 : (size_t)(wanted + 0.5);
    assert_ok(pith_tokenize(models[kind], result->text,
                            PITH_TOKENIZE_NO_SPECIAL, &ids, &n, &error), error);
    pith_free(ids);
    ck_assert_uint_gt(result->text.size, 0);
    ck_assert_msg(n == target || result->note != NULL,
                  "%zu tokens, asked for %zu", n, target);
}

static void draw_options(struct pith_compress_options *options,
                         uint64_t *random)
{
    static const struct pith_text keep[] = {{"WARN", 4}, {"\xC3\xBC", 2}};
    pith_compress_options_init(options);
    options->method = random_below(random, 2) == 0 ? PITH_METHOD_SPANS
                                                   : PITH_METHOD_PAPER;
    options->rate = 0.05 + 0.85 * random_uniform(random);
    options->use_itpc = random_below(random, 4) > 0 ||
                        options->method != PITH_METHOD_PAPER;
    if (random_below(random, 2) == 0)
        options->protect = 1u << random_below(random, 6);
    if (random_below(random, 4) == 0) {
        options->keep = keep;
        options->n_keep = 2;
    }
    if (random_below(random, 4) == 0)
        options->keep_regex = "[0-9]+ms|n.t";
}

static struct pith_text joined(struct pith_buffer *all,
                               const struct pith_text *contexts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (all->size > 0 && contexts[i].size > 0)
            pith_buffer_string(all, "\n\n");
        pith_buffer_append(all, contexts[i].bytes, contexts[i].size);
    }
    return pith_buffer_text(all);
}

enum { CONTEXTS = 3, LOOPS = 4, REQUESTS = 2000, QUICK_REQUESTS = 200 };

static size_t n_requests(void)
{
    const char *wish = getenv("PITH_REQUESTS");
    size_t n = wish != NULL ? (size_t)strtoul(wish, NULL, 10)
               : getenv("PITH_QUICK") != NULL ? QUICK_REQUESTS
                                                  : REQUESTS;
    return n / LOOPS + 1;
}

START_TEST(nothing_is_invented_and_nothing_runs_together)
{
    uint64_t random = 900 + (uint64_t)_i;
    for (size_t i = 0; i < n_requests(); i++) {
        struct pith_buffer texts[CONTEXTS] = {{0}}, all = {0};
        struct pith_text contexts[CONTEXTS];
        struct pith_compress_options options;
        struct pith_result *result;
        struct pith_error error;
        size_t n = 1 + random_below(&random, CONTEXTS);
        int kind = (int)(i % TINY_KINDS);
        for (size_t j = 0; j < n; j++) {
            add_text(&texts[j], &random);
            contexts[j] = pith_buffer_text(&texts[j]);
        }
        struct pith_prompt prompt = {.contexts = contexts, .n_contexts = n};
        draw_options(&options, &random);
        assert_ok(pith_compress(sessions[kind], &prompt, &options, &result,
                                &error), error);
        struct pith_text whole = joined(&all, contexts, n);
        ck_assert(pith_utf8_is_valid(result->text.bytes, result->text.size));
        assert_clusters(whole, result->text);
        assert_budget(kind, &options, result);
        if (result->note == NULL || strstr(result->note, "cut") == NULL) {
            assert_nothing_invented(whole, result->text);
            assert_numbers_are_whole(whole, result->text);
        }
        pith_result_free(result);
        pith_buffer_free(&all);
        for (size_t j = 0; j < n; j++)
            pith_buffer_free(&texts[j]);
    }
}
END_TEST

/* One unit that no target fits is cut, and the note says so. */
START_TEST(a_unit_above_the_budget_is_cut_with_a_note)
{
    static const char *const texts[] = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "antidisestablishmentarianism",
        "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA"};
    for (int kind = 0; kind < 2 * TINY_KINDS; kind++) {
        for (size_t i = 0; i < 3; i++) {
            struct pith_text text = view(texts[i]);
            struct pith_prompt prompt = {.contexts = &text, .n_contexts = 1};
            struct pith_compress_options options;
            struct pith_result *result;
            struct pith_error error;
            pith_compress_options_init(&options);
            options.method = kind < TINY_KINDS ? PITH_METHOD_PAPER
                                               : PITH_METHOD_SPANS;
            options.rate = 0.3;
            assert_ok(pith_compress(sessions[kind % TINY_KINDS], &prompt, &options, &result,
                                    &error), error);
            ck_assert_uint_gt(result->text.size, 0);
            ck_assert_uint_lt(result->text.size, text.size);
            ck_assert_ptr_nonnull(result->note);
            assert_clusters(text, result->text);
            pith_result_free(result);
        }
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("fit");
    TCase *tcase = tcase_create("fit");
    tcase_set_timeout(tcase, 300);
    tcase_add_unchecked_fixture(tcase, open_tiny, close_tiny);
    tcase_add_loop_test(tcase, nothing_is_invented_and_nothing_runs_together,
                        0, LOOPS);
    tcase_add_test(tcase, a_unit_above_the_budget_is_cut_with_a_note);
    suite_add_tcase(suite, tcase);
    return suite;
}
