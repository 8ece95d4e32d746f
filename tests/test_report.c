/*
 * test_report.c - the page of a compression: src/report.
 *
 * Pages are taken apart by a small reader of tags that knows no repair: what
 * a browser would mend is a failure here.  tests/report_page.py looks at a
 * page in a real browser.
 */
#define _POSIX_C_SOURCE 200809L /* popen */

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/utf8.h"
#include "../src/report/html.h"
#include "pith_service.h"
#include "random_prompt.h"
#include "replies.h"
#include "tiny_model.h"

/* --- text and numbers ---------------------------------------------------------- */

static void assert_html(struct pith_text text, bool mark_lines,
                        const char *want)
{
    struct pith_buffer out = {0};
    pith_html_text(&out, text, mark_lines);
    pith_buffer_byte(&out, '\0');
    ck_assert_str_eq(out.data, want);
    pith_buffer_free(&out);
}

START_TEST(nothing_of_a_text_is_markup_or_hidden)
{
    static const char *const cases[][2] = {
        {"plain text", "plain text"},
        {"</script><!--", "&lt;/script&gt;&lt;!--"},
        {"a&b &amp; \"q\" 'r'", "a&amp;b &amp;amp; &quot;q&quot; &#39;r&#39;"},
        {"\x01\x1B[31m\r\x7F",
         "<b>SOH</b><b>ESC</b>[31m<b>CR</b><b>U+007F</b>"},
        {"\xFF\xE6\xBC x", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD x"},
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"a\xE2\x80\xA8", "a<b>U+2028</b>"},
        {"\xE2\x80\xAE" "evil", "<b>U+202E</b>evil"},
        {"\xC2\x85\xC2\xAD\xE2\x80\x8B", "<b>U+0085</b><b>U+00AD</b>"
                                         "<b>U+200B</b>"},
        {"\xF3\xA0\x81\x81\xEF\xBF\xBF", "<b>U+E0041</b><b>U+FFFF</b>"},
        {"\xEF\xBF\xBD", "\xEF\xBF\xBD"},
        {"\xE2\x80\x8D", "<b>U+200D</b>"},
        {"\xE2\x9D\xA4\xEF\xB8\x8F", "\xE2\x9D\xA4\xEF\xB8\x8F"},
        {"\xE6\xBC\xA2 \xF0\x9F\x98\x80", "\xE6\xBC\xA2 \xF0\x9F\x98\x80"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_html(view(cases[i][0]), false, cases[i][1]);
    assert_html((struct pith_text){"a\0b", 3}, false, "a<b>NUL</b>b");
    assert_html(view("a\n\tb"), false, "a\n\tb");
    assert_html(view("a\n\tb"), true, "a<i>\n</i><i class=t>\t</i>b");
}
END_TEST

static void assert_number(double number, int decimals, const char *want)
{
    struct pith_buffer out = {0};
    pith_html_number(&out, number, decimals);
    pith_buffer_byte(&out, '\0');
    ck_assert_str_eq(out.data, want);
    pith_buffer_free(&out);
}

START_TEST(numbers_have_their_decimals)
{
    assert_number(0, 3, "0.000");
    assert_number(-0.0, 0, "0");
    assert_number(-0.0004, 3, "0.000");
    assert_number(1.9996, 3, "2.000");
    assert_number(12.05, 1, "12.1");
    assert_number(-3.25, 2, "-3.25");
    assert_number(0.0625, 4, "0.0625");
    assert_number(7, 0, "7");
    assert_number(2.25, 1, "2.2"); /* the even one of two, as Python rounds */
    assert_number(0.35, 1, "0.3"); /* which is a little less in binary */
    assert_number(1e18, 2, "1000000000000000000.00");
    assert_number(INFINITY, 2, "\xE2\x88\x9E");
    assert_number(-INFINITY, 2, "-\xE2\x88\x9E");
    assert_number(NAN, 2, "\xE2\x80\x93");
}
END_TEST

START_TEST(counts_are_grouped)
{
    static const char want[] = "0 9 999 1,000 1,234,567 4,000,000,000";
    const size_t counts[] = {0, 9, 999, 1000, 1234567, 4000000000u};
    struct pith_buffer out = {0};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        if (i > 0)
            pith_buffer_byte(&out, ' ');
        pith_html_count(&out, counts[i]);
    }
    pith_buffer_byte(&out, '\0');
    ck_assert_str_eq(out.data, want);
    pith_buffer_free(&out);
}
END_TEST

/* --- pages --------------------------------------------------------------------- */

static struct pith_model *model;
static struct pith_session *session;

static void open_tiny(void)
{
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .n_threads = 1};
    struct pith_error error;
    model = tiny_model_load(TINY_GPT2, PITH_F32, NULL);
    assert_ok(pith_session_create(model, &options, &session, &error), error);
}

static void close_tiny(void)
{
    pith_session_free(session);
    pith_model_free(model);
}

struct page {
    struct pith_result *result;
    char *html;
    size_t size;
};

static struct pith_compress_options detailed(enum pith_method method)
{
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    options.method = method;
    options.detail = true;
    options.iterative_size = 50; /* tiny models have 256 positions */
    return options;
}

static struct page make_page(const struct pith_prompt *prompt,
                             const struct pith_compress_options *options)
{
    struct page page;
    struct pith_error error;
    assert_ok(pith_compress(session, prompt, options, &page.result, &error),
              error);
    assert_ok(pith_result_report_html(session, prompt, options, page.result,
                                      &page.html, &page.size, &error),
              error);
    ck_assert_uint_eq(strlen(page.html), page.size);
    return page;
}

static void free_page(struct page *page)
{
    pith_result_free(page->result);
    pith_free(page->html);
}

/* What is between two strings of the page, as its own string. */
static char *between(const struct page *page, const char *before,
                     const char *after)
{
    char *from = strstr(page->html, before);
    ck_assert_msg(from != NULL, "no \"%s\"", before);
    from += strlen(before);
    char *to = strstr(from, after);
    ck_assert_msg(to != NULL, "no \"%s\" after \"%s\"", after, before);
    return strndup(from, (size_t)(to - from));
}

static size_t count_of(const char *text, const char *word)
{
    size_t n = 0;
    for (; (text = strstr(text, word)) != NULL; text++)
        n++;
    return n;
}

/* Every tag that is opened is closed, in turn; content of <style> and
 * <script> is not markup. */
static void assert_well_formed(const struct page *page)
{
    char open[64][16];
    size_t depth = 0;
    ck_assert(pith_utf8_is_valid(page->html, page->size));
    ck_assert(strncmp(page->html, "<!doctype html>\n", 16) == 0);
    for (const char *at = page->html + 16; (at = strchr(at, '<')) != NULL;) {
        bool closing = at[1] == '/';
        const char *name = at + 1 + closing, *end = strchr(at, '>');
        size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz123456");
        ck_assert_msg(n > 0 && n < 16 && end != NULL, "odd tag: %.40s", at);
        at = end + 1;
        if (closing) {
            ck_assert_msg(depth > 0 && strlen(open[depth - 1]) == n &&
                              memcmp(open[depth - 1], name, n) == 0,
                          "</%.*s> closes <%s>", (int)n, name,
                          depth > 0 ? open[depth - 1] : "nothing");
            depth--;
        } else if (end[-1] != '/' && strncmp(name, "meta", 4) != 0 &&
                   strncmp(name, "link", 4) != 0) {
            ck_assert_uint_lt(depth, 64);
            memcpy(open[depth], name, n);
            open[depth++][n] = '\0';
            if (n == 6 && memcmp(name, "script", n) == 0)
                at = strstr(at, "</script>");
            if (n == 5 && memcmp(name, "style", n) == 0)
                at = strstr(at, "</style>");
        }
    }
    ck_assert_uint_eq(depth, 0);
}

/* --- what it says ---------------------------------------------------------------- */

static struct reply numbers_of(const struct page *page)
{
    char *json = between(page, "id=\"numbers\">", "</script>"), *line = json;
    while ((line = strchr(line, '\n')) != NULL)
        *line = ' ';
    return parse(json);
}

static const struct pith_json *column(const struct reply *numbers,
                                      const char *name, size_t n)
{
    const struct pith_json *list = at(numbers, name);
    ck_assert(pith_json_is(list, PITH_JSON_ARRAY));
    ck_assert_msg(list->n_children == n, "%s: %zu of %zu", name,
                  list->n_children, n);
    return list->first;
}

static void assert_units(const struct page *page, const struct reply *numbers)
{
    const struct pith_detail *detail = &page->result->detail;
    size_t n = detail->n_units;
    const struct pith_json *n_ids = column(numbers, "n_ids", n);
    const struct pith_json *n_kept = column(numbers, "n_kept", n);
    const struct pith_json *loss = column(numbers, "loss", n);
    const struct pith_json *rank = column(numbers, "rank", n);
    const struct pith_json *segment = column(numbers, "segment", n);
    const struct pith_json *id = column(numbers, "ids", detail->n_ids);
    for (size_t i = 0; i < n; i++) {
        const struct pith_unit_result *unit = &detail->units[i];
        ck_assert_uint_eq((size_t)n_ids->number, unit->n_ids);
        ck_assert_uint_eq((size_t)n_kept->number, unit->n_kept);
        ck_assert_uint_eq((size_t)rank->number, unit->rank);
        ck_assert_uint_eq((size_t)segment->number - 1, unit->segment);
        if (isnan(unit->loss))
            ck_assert(pith_json_is(loss, PITH_JSON_NULL));
        else
            ck_assert(fabs(loss->number - (double)unit->loss) < 0.0000501);
        for (size_t j = 0; j < unit->n_ids; j++, id = id->next)
            ck_assert_int_eq((int32_t)id->number, detail->ids[unit->id + j]);
        n_ids = n_ids->next, n_kept = n_kept->next, loss = loss->next;
        rank = rank->next, segment = segment->next;
    }
}

static void assert_numbers(const struct page *page)
{
    const struct pith_result *result = page->result;
    struct reply numbers = numbers_of(page);
    const struct pith_json *part =
        column(&numbers, "parts", result->n_parts);
    ck_assert_uint_eq((size_t)number_at(&numbers, "origin_tokens"),
                      result->origin_tokens);
    ck_assert_uint_eq((size_t)number_at(&numbers, "compressed_tokens"),
                      result->compressed_tokens);
    for (size_t i = 0; i < result->n_parts; i++, part = part->next) {
        ck_assert_uint_eq((size_t)pith_json_get(part, "tokens")->number,
                          result->parts[i].n_tokens);
        ck_assert_uint_eq((size_t)pith_json_get(part, "kept")->number,
                          result->parts[i].n_kept);
    }
    assert_units(page, &numbers);
    release(&numbers);
}

struct spelling {
    const char *html, *text;
};

/* Appends what one piece of markup shows and returns its length. */
static size_t append_piece(struct pith_buffer *out, const char *at)
{
    static const struct spelling spellings[] = {
        {"&lt;", "<"},   {"&gt;", ">"},  {"&quot;", "\""},
        {"&#39;", "'"},  {"&amp;", "&"}, {"<b>U+200D</b>", "\xE2\x80\x8D"},
        {"<b>\xE2\x86\xB5\xE2\x86\xB5</b>", ""}, /* between two parts */
        {"<b>\xE2\x88\x85</b>", ""}};            /* of no size */
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        size_t n = strlen(spellings[i].html);
        if (strncmp(at, spellings[i].html, n) == 0) {
            pith_buffer_string(out, spellings[i].text);
            return n;
        }
    }
    if (*at == '<')
        return (size_t)(strchr(at, '>') - at) + 1;
    pith_buffer_append(out, at, 1);
    return 1;
}

/* The paragraphs of the map, end to end, are the texts of the prompt. */
static void assert_text(const struct pith_prompt *prompt,
                        const struct page *page)
{
    struct pith_buffer want = {0}, got = {0};
    for (size_t i = 0; i < prompt->n_contexts + 2; i++) {
        struct pith_text text = prompt_part(prompt, i);
        pith_buffer_append(&want, text.bytes, text.size);
    }
    char *map = between(page, "<div id=\"map\" tabindex=\"-1\">\n", "</div>");
    for (char *at = map; (at = strstr(at, "</h3>\n<p>")) != NULL;) {
        char *end = strstr(at, "</p>");
        *end = '\0';
        for (at += strlen("</h3>\n<p>"); *at != '\0';)
            at += append_piece(&got, at);
        at = end + 1;
    }
    ck_assert_msg(got.size == want.size &&
                      (got.size == 0 ||
                       memcmp(got.data, want.data, got.size) == 0),
                  "shown \"%.*s\", given \"%.*s\"", (int)got.size, got.data,
                  (int)want.size, want.data);
    free(map);
    pith_buffer_free(&want);
    pith_buffer_free(&got);
}

/* One element for each unit, <span> when it is kept, of the class of its
 * loss. */
static void assert_elements(const struct page *page)
{
    static const double bounds[] = {0.1, 0.5, 1, 2, 4, 6, 8};
    const struct pith_detail *detail = &page->result->detail;
    const char *at = strstr(page->html, "<div id=\"map\"");
    for (size_t i = 0; i < detail->n_units; i++) {
        const struct pith_unit_result *unit = &detail->units[i];
        int bin = 0;
        while (bin < 7 && (double)unit->loss >= bounds[bin])
            bin++;
        char want[32];
        snprintf(want, sizeof want, "%s class=b%c>",
                 unit->kept ? "<span" : "<del",
                 isnan(unit->loss) ? 'n' : '0' + bin);
        const char *span = strstr(at, "<span class="),
                   *del = strstr(at, "<del class=");
        at = span == NULL || (del != NULL && del < span) ? del : span;
        ck_assert_msg(at != NULL && strncmp(at, want, strlen(want)) == 0,
                      "unit %zu: %s at %.20s", i, want, at);
        at++;
    }
    ck_assert(strstr(at, "<span class=") == NULL &&
              strstr(at, "<del class=") == NULL);
}

static void check_page(const struct pith_prompt *prompt,
                       const struct pith_compress_options *options)
{
    struct page page = make_page(prompt, options);
    assert_well_formed(&page);
    assert_numbers(&page);
    assert_text(prompt, &page);
    assert_elements(&page);
    free_page(&page);
}

START_TEST(a_page_says_what_the_result_does)
{
    uint64_t random = (uint64_t)_i;
    struct random_prompt made;
    random_prompt_make(&made, &random, 60);
    struct pith_compress_options options = detailed(PITH_METHOD_PAPER);
    options.rate = 1 - random_uniform(&random);
    check_page(&made.prompt, &options);
    options.protect = PITH_PROTECT_NUMBERS;
    check_page(&made.prompt, &options);
    options = detailed(PITH_METHOD_REFERENCE);
    options.rate = 1 - random_uniform(&random);
    check_page(&made.prompt, &options);
    random_prompt_free(&made);
}
END_TEST

START_TEST(an_empty_prompt_has_a_page)
{
    struct pith_text nothing = {"", 0};
    const struct pith_prompt prompts[] = {{{0}, NULL, 0, {0}},
                                          {{0}, &nothing, 1, {0}}};
    for (int method = 0; method <= 1; method++)
        for (int i = 0; i < 2; i++) {
            struct pith_compress_options options =
                detailed((enum pith_method)method);
            struct page page = make_page(&prompts[i], &options);
            assert_well_formed(&page);
            assert_numbers(&page);
            free_page(&page);
        }
}
END_TEST

/* --- hostile text ---------------------------------------------------------------- */

START_TEST(no_text_gets_out_of_its_place)
{
    static const char attack[] =
        "</script><script>alert(1)</script><!-- ]]> <img src=x onerror='a'> "
        "\"'><svg/onload=a> &lt; \x01\x1B\x7F\r\n \xFF\xFE\xC2\x85 "
        "\xE2\x80\xA8\xE2\x80\xAE\xEF\xBB\xBF </p></section></pre></style>";
    struct pith_text text = {attack, sizeof attack}; /* with the NUL */
    struct pith_prompt prompt = {text, &text, 1, text};
    for (int method = 0; method <= 1; method++) {
        struct pith_compress_options options =
            detailed((enum pith_method)method);
        options.rate = 0.9;
        struct page page = make_page(&prompt, &options);
        assert_well_formed(&page);
        ck_assert_uint_eq(count_of(page.html, "<script"), 2);
        ck_assert_uint_eq(count_of(page.html, "<!"), 1);
        ck_assert_uint_eq(count_of(page.html, "<img"), 0);
        ck_assert_uint_eq(count_of(page.html, "\xE2\x80\xA8"), 0);
        ck_assert_uint_eq(count_of(page.html, "\xE2\x80\xAE"), 0);
        ck_assert_uint_eq(count_of(page.html, "\xEF\xBB\xBF"), 0);
        ck_assert_uint_ge(count_of(page.html, "<b>U+202E</b>"), 3);
        ck_assert_uint_ge(count_of(page.html, "<b>NUL</b>"), 3);
        ck_assert_uint_ge(count_of(page.html, "\xEF\xBF\xBD"), 6);
        for (size_t i = 0; i < page.size; i++)
            ck_assert((unsigned char)page.html[i] >= 0x20 ||
                      page.html[i] == '\n' || page.html[i] == '\t');
        free_page(&page);
    }
}
END_TEST

/* --- the rest --------------------------------------------------------------------- */

/* SHA-256 of a text in base64, by coreutils' sha256sum; "" without it. */
static void digest(const char *text, char base64[48])
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char bytes[33] = {0};
    char path[4096], command[8192], hex[80] = "";
    snprintf(path, sizeof path, "%s", temporary_path("digest"));
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    snprintf(command, sizeof command, "sha256sum '%s' 2>/dev/null", path);
    FILE *pipe = popen(command, "r");
    bool known = pipe != NULL && fread(hex, 1, 64, pipe) == 64;
    if (pipe != NULL)
        pclose(pipe);
    remove(path);
    base64[0] = '\0';
    if (!known)
        return;
    for (int i = 0; i < 32; i++) {
        unsigned byte;
        ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
        bytes[i] = (unsigned char)byte;
    }
    for (int i = 0; i < 11; i++) {
        unsigned group = (unsigned)bytes[3 * i] << 16 |
                         (unsigned)bytes[3 * i + 1] << 8 | bytes[3 * i + 2];
        for (int j = 0; j < 4; j++)
            *base64++ = digits[group >> (18 - 6 * j) & 63];
    }
    strcpy(base64 - 1, "=");
}

/* The policy names what is there by its digest; change both together. */
START_TEST(the_policy_admits_style_and_script_and_no_more)
{
    static const char *const places[][3] = {
        {"<style>", "</style>", "style-src 'sha256-"},
        {"<script>", "</script>", "script-src 'sha256-"}};
    struct pith_text text = view("one two three");
    struct pith_prompt prompt = {{0}, &text, 1, {0}};
    struct pith_compress_options options = detailed(PITH_METHOD_PAPER);
    struct page page = make_page(&prompt, &options);
    ck_assert_ptr_nonnull(strstr(page.html, "default-src 'none';"));
    ck_assert_ptr_null(strstr(page.html, "unsafe"));
    ck_assert_ptr_null(strstr(page.html, "http:"));
    ck_assert_ptr_null(strstr(page.html, "https:"));
    ck_assert_ptr_null(strstr(page.html, " style="));
    ck_assert_ptr_null(strstr(page.html, " onclick"));
    for (int i = 0; i < 2; i++) {
        char *content = between(&page, places[i][0], places[i][1]);
        char *said = between(&page, places[i][2], "'"), got[48];
        digest(content, got);
        if (got[0] == '\0')
            fprintf(stderr, "SKIPPED: no sha256sum here\n");
        else
            ck_assert_msg(strcmp(got, said) == 0,
                          "%s has the SHA-256 %s, the policy says %s",
                          places[i][0], got, said);
        free(content);
        free(said);
    }
    free_page(&page);
}
END_TEST

START_TEST(a_report_needs_its_detail_and_its_prompt)
{
    struct pith_text text = view("a text of some words"), other = view("a");
    struct pith_prompt prompt = {{0}, &text, 1, {0}};
    struct pith_text most = {text.bytes, text.size - 1};
    struct pith_prompt shorter = {{0}, &other, 1, {0}};
    struct pith_prompt cut = {{0}, &most, 1, {0}}, none = {{0}, NULL, 0, {0}};
    struct pith_compress_options options = detailed(PITH_METHOD_PAPER);
    struct pith_compress_options without = options;
    struct pith_result *result, *bare;
    struct pith_error error;
    char *html = (char *)&text;
    without.detail = false;
    assert_ok(pith_compress(session, &prompt, &options, &result, &error),
              error);
    assert_ok(pith_compress(session, &prompt, &without, &bare, &error), error);
    const struct {
        const struct pith_prompt *prompt;
        const struct pith_compress_options *options;
        const struct pith_result *result;
        const char *word;
    } wrong[] = {{&prompt, &without, result, "options.detail"},
                 {&prompt, &options, bare, "options.detail"},
                 {&shorter, &options, result, "outside the prompt"},
                 {&cut, &options, result, "outside the prompt"},
                 {&none, &options, result, "outside the prompt"},
                 {NULL, &options, result, "NULL"},
                 {&prompt, NULL, result, "options.detail"}, /* the defaults */
                 {&prompt, &options, NULL, "NULL"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_int_eq(pith_result_report_html(session, wrong[i].prompt,
                                                 wrong[i].options,
                                                 wrong[i].result, &html, NULL,
                                                 &error),
                         PITH_ERR_ARGUMENT);
        ck_assert_msg(strstr(error.detail, wrong[i].word) != NULL, "%zu: %s",
                      i, error.detail);
        ck_assert_ptr_null(html);
    }
    ck_assert_int_eq(pith_result_report_html(session, &prompt, &options,
                                             result, NULL, NULL, NULL),
                     PITH_ERR_ARGUMENT);
    pith_result_free(result);
    pith_result_free(bare);
}
END_TEST

/* A prompt of n tokens stays below some 60 bytes for each of them. */
START_TEST(a_page_is_not_much_larger_than_its_prompt)
{
    enum { FIXED = 16 << 10, PER_TOKEN = 60 };
    struct pith_buffer words = {0};
    uint64_t random = 5;
    random_words(&words, &random, 1000);
    struct pith_text text = {words.data, words.size};
    struct pith_prompt prompt = {{0}, &text, 1, {0}};
    struct pith_compress_options options = detailed(PITH_METHOD_PAPER);
    struct page page = make_page(&prompt, &options);
    ck_assert_uint_lt(page.size, FIXED + PER_TOKEN *
                                             page.result->origin_tokens);
    free_page(&page);
    pith_buffer_free(&words);
}
END_TEST

/* A host program may have set a locale that writes 0,5. */
START_TEST(numbers_do_not_follow_the_locale)
{
    struct pith_text text = view("the rain in Spain stays in the plain");
    struct pith_prompt prompt = {{0}, &text, 1, {0}};
    struct pith_compress_options options = detailed(PITH_METHOD_PAPER);
    struct page page = make_page(&prompt, &options);
    use_decimal_comma();
    struct page again = make_page(&prompt, &options);
    struct pith_error error;
    char *json;
    assert_ok(pith_result_json(session, &options, again.result, &json, &error),
              error);
    setlocale(LC_ALL, "C");
    struct reply reply = parse(json);
    ck_assert(pith_json_is(at(&reply, "timings.total"), PITH_JSON_NUMBER));
    release(&reply);
    ck_assert_str_eq(page.html, again.html);
    free_page(&page);
    free_page(&again);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("report");
    TCase *tcase = tcase_create("report");
    tcase_set_timeout(tcase, 120);
    tcase_add_unchecked_fixture(tcase, open_tiny, close_tiny);
    tcase_add_test(tcase, nothing_of_a_text_is_markup_or_hidden);
    tcase_add_test(tcase, numbers_have_their_decimals);
    tcase_add_test(tcase, counts_are_grouped);
    tcase_add_loop_test(tcase, a_page_says_what_the_result_does, 0, 20);
    tcase_add_test(tcase, an_empty_prompt_has_a_page);
    tcase_add_test(tcase, no_text_gets_out_of_its_place);
    tcase_add_test(tcase, the_policy_admits_style_and_script_and_no_more);
    tcase_add_test(tcase, a_report_needs_its_detail_and_its_prompt);
    tcase_add_test(tcase, a_page_is_not_much_larger_than_its_prompt);
    tcase_add_test(tcase, numbers_do_not_follow_the_locale);
    suite_add_tcase(suite, tcase);
    return suite;
}
