/*
 * test_presets.c - texts with a preset stay what they are: src/layout, and
 * frames.c, blocks.c and compact.c of src/spans.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/json/json.h"
#include "../src/layout/forms.h"
#include "support.h"
#include "tiny_model.h"

static struct pith_model *models[TINY_KINDS];
static struct pith_session *sessions[TINY_KINDS];
static struct pith_error error;

static void open_tiny(void)
{
    tiny_open_all(models, sessions);
}

static void close_tiny(void)
{
    tiny_close_all(models, sessions);
}

/* Units are the text from end to end, and those that stay the result. */
static void assert_detail(const char *text, const struct pith_result *result)
{
    size_t at = 0, n = 0;
    for (size_t i = 0; i < result->detail.n_units; i++) {
        const struct pith_unit_result *unit = &result->detail.units[i];
        if (unit->part != 1)
            continue;
        ck_assert_uint_eq(unit->offset, at);
        at += unit->size;
        if (!unit->kept)
            continue;
        n += unit->space != 0;
        ck_assert_uint_le(n + unit->size, result->text.size);
        ck_assert(memcmp(result->text.bytes + n, text + unit->offset,
                         unit->size) == 0);
        n += unit->size;
    }
    ck_assert_uint_eq(at, strlen(text));
    ck_assert_uint_eq(n, result->text.size);
}

static unsigned protect; /* kinds; 0 but in one test */

static struct pith_result *compress_keeping(int kind, const char *text,
                                            int preset, double rate,
                                            const char *keep)
{
    struct pith_text context = view(text), string = {0};
    struct pith_prompt prompt = {.contexts = &context, .n_contexts = 1};
    struct pith_compress_options options;
    struct pith_result *result;
    pith_compress_options_init(&options);
    options.preset = preset;
    options.rate = rate;
    options.detail = true;
    options.protect = protect;
    if (keep != NULL) {
        string = view(keep);
        options.keep = &string;
        options.n_keep = 1;
    }
    assert_ok(pith_compress(sessions[kind], &prompt, &options, &result, &error),
              error);
    double target = rate * (double)result->origin_tokens;
    ck_assert_msg(result->note != NULL ||
                      ((double)result->compressed_tokens <= target + 1 &&
                       (double)result->compressed_tokens >= target - 1),
                  "%zu of %zu tokens at %g, without a note",
                  result->compressed_tokens, result->origin_tokens, rate);
    assert_detail(text, result);
    return result;
}

static struct pith_result *compress(int kind, const char *text, int preset,
                                    double rate)
{
    return compress_keeping(kind, text, preset, rate, NULL);
}

/* --- random texts ------------------------------------------------------------- */

static const char *const words[] = {
    "the", "harbour", "was", "busy", "that", "morning", "and", "many", "boats",
    "came", "in", "with", "fish,", "which", "nobody", "had", "expected.", "7",
    "Anna", "said:", "\xC3\xA9t\xC3\xA9", "3.5", "not", "far", "from", "here"};

static uint64_t state;
static char text[20000];

static const char *any_of(const char *const *list, size_t n)
{
    return list[random_below(&state, n)];
}

/* n words with spaces between them; returns the end. */
static char *append_words(char *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at += sprintf(at, "%s%s", i > 0 ? " " : "",
                      any_of(words, sizeof words / sizeof *words));
    return at;
}

typedef char *append_line(char *at, size_t i);

static char *append_json(char *at, size_t i)
{
    at += sprintf(at, "%s{\"id\": %zu, \"name\":\"%s\", \"tags\":[\"a b\",null,"
                  "1.50e3],\n \"text\": \"", i > 0 ? ",\n" : "[", i,
                  any_of(words, 12));
    at = append_words(at, random_below(&state, 30));
    at += sprintf(at, " \\\"q\\\" \\u00e9\\ud83e\\udd99\\n\\\\ ");
    at = append_words(at, random_below(&state, 9));
    return at + sprintf(at, "\"}%s", i == 9 ? "]" : "");
}

/* A value on each line. */
static char *append_json_line(char *at, size_t i)
{
    at += sprintf(at, "{\"id\":%zu,\"tags\":[\"a b\",null,1.50e3],\"text\":\"", i);
    at = append_words(at, random_below(&state, 30));
    return at + sprintf(at, "\"}\n");
}

/* An object of objects, without white space but in strings. */
static char *append_map(char *at, size_t i)
{
    at += sprintf(at, "%s\"%s%zu\":{\"id\":%zu,\"tags\":{},\"text\":\"",
                  i > 0 ? "," : "{", any_of(words, 12), i, i);
    at = append_words(at, random_below(&state, 30));
    return at + sprintf(at, "\",\"a\":[{}]}%s", i == 9 ? "}" : "");
}

static char *append_csv(char *at, size_t i)
{
    if (i == 0)
        at += sprintf(at, "id,name,\"note,long\",price\n");
    at += sprintf(at, "%zu,%s boats,\"", i, any_of(words, 4));
    at = append_words(at, random_below(&state, 14));
    return at + sprintf(at, " \"\"x\"\"\n y, z\",%zu.5\r\n",
                        random_below(&state, 99));
}

static char *append_tsv(char *at, size_t i)
{
    at = append_words(at, random_below(&state, 3));
    at += sprintf(at, "\t");
    at = append_words(at, random_below(&state, 9));
    return at + sprintf(at, "\t%zu\n", i);
}

static char *append_bars(char *at, size_t i)
{
    if (i == 0)
        at += sprintf(at, "| id | what | n |\n|---|:--|--:|\n");
    at += sprintf(at, "| %zu | ", i);
    at = append_words(at, random_below(&state, 12));
    return at + sprintf(at, " a\\|b | %zu |\n", random_below(&state, 1000));
}

static char *append_markdown(char *at, size_t i)
{
    static const char *const starts[] = {
        "# ", "## ", "- ", "* [x] ", "2. ", "> ", "", "", "  - ", "[ref]: http://x.org/"};
    const char *start = any_of(starts, 10);
    if (i % 4 == 3)
        at += sprintf(at, "```sh\nmake install\ncd /tmp && ls\n```\n");
    at += sprintf(at, "%s", start);
    at = append_words(at, 2 + random_below(&state, 12));
    if (*start != '#')
        at += sprintf(at, " [the *page* %zu](https://x.org/a_(b)?c=%zu \"t\") "
                      "and ![i](p.png) or `code here` **bold text**, ([so](a.md)) "
                      "~~no~~ (a pair of words) [^%zu] ``x y`` &amp; ", i, i, i);
    at = append_words(at, random_below(&state, 9));
    return at + sprintf(at, "\n%s", i % 2 ? "\n" : "");
}

static char *append_log(char *at, size_t i)
{
    static const char *const levels[] = {"INFO", "WARN", "ERROR", "DEBUG"};
    at += sprintf(at, "2026-11-24T02:%02zu:01.%03zuZ [main] %s (Main.java:%zu) "
                  "[queue=%zu, n=3] ", i, i * 7, any_of(levels, 4), i, i);
    at = append_words(at, 1 + random_below(&state, 12));
    if (i % 5 == 4)
        at += sprintf(at, "\nat org.x.Main.run(Main.java:%zu)", i);
    return at + sprintf(at, "\n");
}

static char *append_chat(char *at, size_t i)
{
    static const char *const names[] = {"Ann", "Speaker 4", "Dr. Bo"};
    at += sprintf(at, "%s: ", any_of(names, 3));
    at = append_words(at, 1 + random_below(&state, 25));
    return at + sprintf(at, "%s\n", i % 3 ? "" : "\nand so on, she said");
}

static char *append_code(char *at, size_t i)
{
    at += sprintf(at, "%*s", (int)(i % 3) * 4, "");
    at += sprintf(at, "x%zu = call(\"", i);
    at = append_words(at, random_below(&state, 8));
    return at + sprintf(at, "\");%s\n", i % 4 ? "" : "\n");
}

static void make(append_line *append, size_t n)
{
    char *at = text;
    for (size_t i = 0; i < n; i++)
        at = append(at, i);
    *at = '\0';
}

enum { FILES = 10 };

/* Ten texts of a form, each at its own rate and with its own model. */
static void each(append_line *append, int preset,
                 void (*check)(const char *before, const char *after))
{
    state = 7;
    for (int i = 0; i < FILES; i++) {
        make(append, 10);
        double rate = 0.25 + 0.07 * i;
        struct pith_result *result =
            compress(i % TINY_KINDS, text, i % 2 ? preset : PITH_PRESET_AUTO,
                     rate);
        check(text, result->text.bytes);
        pith_result_free(result);
    }
}

/* --- what stays ---------------------------------------------------------------- */

static size_t length_of_line(const char *at)
{
    return strcspn(at, "\n");
}

/* Each line of `after`, or as much of it as `prefix` takes, begins a line of
 * `before`, in order. */
static void assert_lines_of(const char *before, const char *after,
                            size_t (*prefix)(const char *line, size_t n))
{
    for (const char *line = after; *line != '\0';) {
        size_t n = length_of_line(line);
        size_t taken = prefix != NULL ? prefix(line, n) : n;
        while (*before != '\0' &&
               (strncmp(before, line, taken) != 0 ||
                (prefix == NULL && length_of_line(before) != n))) {
            before += length_of_line(before);
            before += *before == '\n';
        }
        ck_assert_msg(*before != '\0' || n == 0,
                      "not a line of the text: %.*s", (int)n, line);
        if (n > 0) {
            before += length_of_line(before);
            before += *before == '\n';
        }
        line += n;
        line += *line == '\n';
    }
}

/* What stays of a value whatever the rate is. */
static void append_shape(char *shape, size_t *n, const struct pith_json *value)
{
    *n += (size_t)sprintf(shape + *n, "%d(", (int)value->kind);
    if (value->kind != PITH_JSON_STRING || value->string.size < 9)
        *n += (size_t)sprintf(shape + *n, "%.*s", (int)value->string.size,
                              value->string.bytes);
    for (const struct pith_json *at = value->first; at != NULL; at = at->next) {
        *n += (size_t)sprintf(shape + *n, "%.*s:", (int)at->key.size,
                              at->key.bytes);
        if (!pith_json_string_is(at, "") && at->key.size != strlen("text"))
            append_shape(shape, n, at);
    }
}

/* Elements of the first are among those of the second, in their order. */
static void assert_elements_of(const struct pith_json *after,
                               const struct pith_json *before)
{
    static char shapes[2][20000];
    ck_assert_ptr_nonnull(after->first);
    before = before->first;
    for (after = after->first; after != NULL; after = after->next) {
        size_t n = 0;
        append_shape(shapes[0], &n, after);
        for (n = 0; before != NULL; before = before->next, n = 0) {
            append_shape(shapes[1], &n, before);
            if (strcmp(shapes[0], shapes[1]) == 0)
                break;
        }
        ck_assert_msg(before != NULL, "not an element: %.*s",
                      (int)after->source.size, after->source.bytes);
        before = before->next;
    }
}

static void check_json(const char *before, const char *after)
{
    struct pith_json_document *documents[2];
    assert_ok(pith_json_parse_utf8(view(before), "before", &documents[0],
                                   &error), error);
    assert_ok(pith_json_parse_utf8(view(after), after, &documents[1], &error),
              error);
    assert_elements_of(pith_json_root(documents[1]),
                       pith_json_root(documents[0]));
    pith_json_free(documents[0]);
    pith_json_free(documents[1]);
}

/* Each line is one of the text, cut. */
static void check_json_lines(const char *before, const char *after)
{
    static char arrays[2][sizeof text + 9];
    const char *texts[] = {before, after};
    for (int i = 0; i < 2; i++) {
        char *at = arrays[i];
        *at++ = '[';
        for (const char *from = texts[i]; *from != '\0'; from++) {
            if (*from == '\n' && from[1] != '\0')
                *at++ = ',';
            *at++ = *from;
        }
        strcpy(at, "]");
    }
    check_json(arrays[0], arrays[1]);
}

static void check_columns(const char *before, const char *after, char separator,
                          size_t n_columns)
{
    struct pith_text all = view(after);
    ck_assert_msg(strncmp(before, after, length_of_line(before)) == 0,
                  "the head is another: %s", after);
    for (size_t at = 0, n; at < all.size;) {
        size_t end = pith_table_record_end(all, at, separator, &n);
        ck_assert_msg(n == n_columns, "%zu separators: %.*s", n,
                      (int)(end - at), after + at);
        at = end + strspn(after + end, "\r\n");
    }
}

static void check_csv(const char *before, const char *after)
{
    check_columns(before, after, ',', 3);
}

static void check_tsv(const char *before, const char *after)
{
    check_columns(before, after, '\t', 2);
}

static void check_bars(const char *before, const char *after)
{
    check_columns(before, after, '|', 4);
    ck_assert_ptr_nonnull(strstr(after, "\n|---|:--|--:|"));
}

static size_t count_of(const char *at, const char *sign)
{
    size_t n = 0;
    for (; (at = strstr(at, sign)) != NULL; at += strlen(sign))
        n++;
    return n;
}

static void assert_balanced(const char *after)
{
    static const char *const pairs[][2] = {{"(", ")"}, {"[", "]"}};
    for (size_t i = 0; i < 2; i++)
        ck_assert_msg(count_of(after, pairs[i][0]) == count_of(after, pairs[i][1]),
                      "%s: %s", pairs[i][0], after);
    ck_assert_msg(count_of(after, "`") % 2 == 0, "%s", after);
    ck_assert_msg(count_of(after, "**") % 2 == 0, "%s", after);
    ck_assert_msg(count_of(after, "~~") % 2 == 0, "%s", after);
}

static void check_markdown(const char *before, const char *after)
{
    assert_balanced(after);
    const char *found = after;
    for (const char *at = before; (at = strstr(at, "[the *page*")) != NULL;) {
        char link[100];
        size_t n = (size_t)(strstr(at, "\"t\")") + 4 - at);
        snprintf(link, sizeof link, "%.*s", (int)n, at);
        ck_assert_msg((found = strstr(found, link)) != NULL, "%s is lost",
                      link);
        at += n;
        found += n;
    }
    size_t n_fences = 0;
    for (const char *at = after; (at = strstr(at, "```")) != NULL; at += 3)
        n_fences++;
    ck_assert_uint_eq(n_fences % 2, 0);
    for (const char *line = before; *line != '\0';) {
        size_t n = length_of_line(line);
        char heading[200];
        snprintf(heading, sizeof heading, "%.*s", (int)n, line);
        if (*line == '#')
            ck_assert_ptr_nonnull(strstr(after, heading));
        line += n + 1;
    }
}

static size_t log_prefix(const char *line, size_t n)
{
    const char *level = memchr(line, ']', n);
    if (level == NULL)
        return n;
    return (size_t)(level - line) + 2 +
           strspn(level + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

static void check_log(const char *before, const char *after)
{
    assert_lines_of(before, after, log_prefix);
    assert_balanced(after);
}

static void check_code(const char *before, const char *after)
{
    assert_lines_of(before, after, NULL);
}

/* Every line is a turn's first with its name, or one below it. */
static void check_chat(const char *before, const char *after)
{
    static const char *const names[] = {"Ann: ", "Speaker 4: ", "Dr. Bo: "};
    (void)before;
    bool named = false;
    for (size_t i = 0; i < 3; i++)
        named |= strncmp(after, names[i], strlen(names[i]) - 1) == 0;
    ck_assert_msg(named, "nobody says: %s", after);
}

START_TEST(json_stays_json)
{
    each(append_json, PITH_PRESET_JSON, check_json);
    each(append_map, PITH_PRESET_JSON, check_json);
    each(append_json_line, PITH_PRESET_JSON, check_json_lines);
}
END_TEST

/* Words of long strings go before elements do; then elements do, and what is
 * left of the others says something. */
START_TEST(elements_of_lists_go)
{
    static const double rates[] = {0.9, 0.3};
    state = 7;
    make(append_json, 10);
    for (int i = 0; i < 2; i++) {
        struct pith_result *result =
            compress(0, text, PITH_PRESET_JSON, rates[i]);
        struct pith_json_document *document;
        assert_ok(pith_json_parse_utf8(view(result->text.bytes), "json",
                                       &document, &error), error);
        size_t n = pith_json_root(document)->n_children;
        ck_assert_msg(i == 0 ? n == 10 : n > 1 && n < 6, "%zu elements", n);
        ck_assert_int_eq(n < 10, result->note != NULL &&
                         strstr(result->note, "elements left out") != NULL);
        pith_json_free(document);
        pith_result_free(result);
    }
}
END_TEST

static void assert_becomes(int kind, const char *before, int preset,
                           double rate, const char *keep, const char *after)
{
    struct pith_result *result =
        compress_keeping(kind, before, preset, rate, keep);
    ck_assert_str_eq(result->text.bytes, after);
    pith_result_free(result);
}

static bool notes(const struct pith_result *result, const char *sentence)
{
    return result->note != NULL && strstr(result->note, sentence) != NULL;
}

/* Before anything else does, and only where something has to. */
START_TEST(white_space_goes_first)
{
    const char *json = "{\n  \"a\": [1, 2,\t\"b  c: , \\\" d\"],\r\n"
                       "  \"e\" : {}\n}\n";
    const char *lines = " {\"a\": 1, \"b\" : [ ]}\n\n\t[ \"c  d\" ] \r\n";
    const char *bars = "| id   | what  |\n|------|:------|\n"
                       "| 1    | a  b\\|  c  |\n| -----2 |       |\n";
    const char *bare = "| id | what |\n|---|:---|\n"
                       "| 1 | a  b\\|  c |\n| -----2 | |\n";
    const char *invalid = "{\n    \"a\": \"\xFF x\",\n    \"b\": \"\xC3\xA9\"}";
    for (int kind = 0; kind < TINY_KINDS; kind++) {
        assert_becomes(kind, json, PITH_PRESET_JSON, 0.98, NULL,
                       "{\"a\":[1,2,\"b  c: , \\\" d\"],\"e\":{}}");
        assert_becomes(kind, json, PITH_PRESET_JSON, 1, NULL, json);
        assert_becomes(kind, json, PITH_PRESET_JSON, 0.98, "a\": [1, 2",
                       "{\"a\": [1, 2,\"b  c: , \\\" d\"],\"e\":{}}");
        assert_becomes(kind, lines, PITH_PRESET_AUTO, 0.98, NULL,
                       "{\"a\":1,\"b\":[]}\n\n[\"c  d\"]\r\n");
        assert_becomes(kind, bars, PITH_PRESET_TABLE, 0.98, NULL, bare);
        assert_becomes(kind, bars, PITH_PRESET_MARKDOWN, 0.98, NULL, bare);
    }
    struct pith_text context = view(invalid);
    struct pith_prompt prompt = {.contexts = &context, .n_contexts = 1};
    struct pith_compress_options options;
    struct pith_result *result;
    pith_compress_options_init(&options);
    options.preset = PITH_PRESET_JSON;
    options.rate = 0.98;
    options.detail = true;
    assert_ok(pith_compress(sessions[0], &prompt, &options, &result, &error),
              error);
    ck_assert_str_eq(result->text.bytes,
                     "{\"a\":\"\xEF\xBF\xBD x\",\"b\":\"\xC3\xA9\"}");
    ck_assert(notes(result, "1 byte of the prompt was not UTF-8") &&
              notes(result, "was all that had to go"));
    const struct pith_unit_result *last =
        &result->detail.units[result->detail.n_units - 1];
    ck_assert_uint_eq(last->offset + last->size, strlen(invalid));
    ck_assert_uint_gt(result->origin_tokens, result->compressed_tokens);
    ck_assert_uint_eq(result->parts[1].n_tokens, result->origin_tokens);
    pith_result_free(result);
}
END_TEST

/* An element, a row or a line of which something must stay does so with what
 * makes it one. */
START_TEST(forms_hold_around_what_must_stay)
{
    protect = PITH_PROTECT_NUMBERS;
    each(append_json, PITH_PRESET_JSON, check_json);
    each(append_map, PITH_PRESET_JSON, check_json);
    each(append_json_line, PITH_PRESET_JSON, check_json_lines);
    each(append_tsv, PITH_PRESET_TABLE, check_tsv);
    each(append_bars, PITH_PRESET_TABLE, check_bars);
    protect = 0;
}
END_TEST

/* What follows a quote, a bracket or a separator still does so when words
 * between them went. */
START_TEST(nothing_begins_with_a_space)
{
    const char *json = "{\"a\":\"Nobody answered the door (although the lights "
                       "were on) and music was heard\",\"b\":\"The parcel "
                       "arrived open and a lamp was missing from it\"}";
    const char *csv = "id,note\n1,Nobody answered the door (although the lights "
                      "were on) and music was heard\n2,The parcel arrived open "
                      "and a lamp was missing from it\n";
    for (int i = 0; i < 10 * TINY_KINDS; i++) {
        double rate = 0.4 + 0.05 * (i / TINY_KINDS);
        struct pith_result *result =
            compress(i % TINY_KINDS, json, PITH_PRESET_JSON, rate);
        ck_assert(strstr(result->text.bytes, "\" ") == NULL);
        ck_assert(strstr(result->text.bytes, "( ") == NULL);
        pith_result_free(result);
        result = compress(i % TINY_KINDS, csv, PITH_PRESET_TABLE, rate);
        ck_assert(strstr(result->text.bytes, ", ") == NULL);
        ck_assert(strstr(result->text.bytes, "( ") == NULL);
        pith_result_free(result);
    }
}
END_TEST

START_TEST(tables_keep_their_columns)
{
    each(append_csv, PITH_PRESET_TABLE, check_csv);
    each(append_tsv, PITH_PRESET_TABLE, check_tsv);
    each(append_bars, PITH_PRESET_TABLE, check_bars);
}
END_TEST

START_TEST(markdown_keeps_links_headings_and_fences)
{
    each(append_markdown, PITH_PRESET_MARKDOWN, check_markdown);
}
END_TEST

START_TEST(lines_of_logs_keep_time_and_level)
{
    each(append_log, PITH_PRESET_LOG, check_log);
}
END_TEST

START_TEST(lines_of_code_are_whole)
{
    each(append_code, PITH_PRESET_CODE, check_code);
}
END_TEST

START_TEST(turns_keep_their_names)
{
    each(append_chat, PITH_PRESET_CHAT, check_chat);
}
END_TEST

/* --- detection ------------------------------------------------------------------ */

START_TEST(forms_are_detected)
{
    static const struct {
        append_line *append;
        enum pith_preset preset;
    } forms[] = {
        {append_json, PITH_PRESET_JSON}, {append_csv, PITH_PRESET_TABLE},
        {append_tsv, PITH_PRESET_TABLE}, {append_bars, PITH_PRESET_TABLE},
        {append_markdown, PITH_PRESET_MARKDOWN}, {append_log, PITH_PRESET_LOG},
        {append_code, PITH_PRESET_CODE}, {append_chat, PITH_PRESET_CHAT}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        state = i;
        make(forms[i].append, 10);
        ck_assert_msg(pith_layout_detect(view(text)) == forms[i].preset,
                      "form %zu: %s", i, text);
    }
}
END_TEST

/* What ten files of each form in tests/presets.py look like, in short. */
START_TEST(first_lines_are_told_apart)
{
    static const struct {
        const char *text;
        enum pith_preset preset;
    } forms[] = {
        {"24/11/2026, 10:10 - Ada: so?\n24/11/2026, 10:11 - Bo: no.\n"
         "24/11/2026, 10:12 - Ada: why\n24/11/2026, 10:13 - Bo: well.\n",
         PITH_PRESET_CHAT},
        {"10:10 <ada> so?\n10:11 <bo> no.\n10:12 <ada> why\n10:13 <bo> well\n",
         PITH_PRESET_CHAT},
        {"2026-11-24 02:00:01 INFO pool: a\n2026-11-24 02:00:02 INFO pool: b\n"
         "2026-11-24 02:00:03 INFO pool: c\n2026-11-24 02:00:04 INFO pool: d\n",
         PITH_PRESET_LOG},
        {"time=1 level=info a\ntime=2 level=warn b\ntime=3 level=info c\n",
         PITH_PRESET_LOG},
        {"I1124 02:10:01.5 1 a.go:1] x\nE1124 02:10:02.5 1 a.go:2] y\n"
         "W1124 02:10:03.5 1 a.go:3] z\n", PITH_PRESET_LOG},
        {"# a\nservices:\n  a:\n    image: b\n    ports: [1]\n  c:\n"
         "    - d: e\n", PITH_PRESET_CODE},
        {"#!/bin/sh\nset -e\nmake\n", PITH_PRESET_CODE},
        {"Dear all,\nsee [a](b), [c](d)\nand [e](f).\n", PITH_PRESET_MARKDOWN},
        {"# Rooms\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", PITH_PRESET_MARKDOWN}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        ck_assert_msg(pith_layout_detect(view(forms[i].text)) ==
                          forms[i].preset, "%s", forms[i].text);
}
END_TEST

/* What is not certain is prose. */
START_TEST(prose_has_no_form)
{
    static const char *const texts[] = {
        "", " \n\n", "7", "\"a\"", "{", "[1, 2", "One line, and no more.",
        "He came in, and said: nothing.\nShe went out, came back, sat.\n",
        "Note: this is one.\nThen came\nanother: it\nwas longer.\n",
        "In 2026 we went: home.\n12:30 was late.\nAnd then it ended.\n",
        "a | b is an \"or\"\nof two things\nin some languages\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ck_assert_msg(pith_layout_detect(view(texts[i])) == PITH_PRESET_NONE,
                      "%s", texts[i]);
}
END_TEST

/* --- anything with any preset ---------------------------------------------------- */

static const char *const scraps[] = {
    "\"", "\\", "{", "}", "[", "]", "(", ")", ",", "\t", "|", ";", ":", "\n",
    "\r\n", "\n\n", "# ", "- ", "> ", "```\n", "~~~", "---\n", "| - |\n", "http://x.org/",
    "[a](b)", "![", "](", "**", "`", "12:30:01 ", "ERROR ", "Ann: ", "<bo> ",
    "word ", "\xC3\xA9", "\xF0\x9F\xA6\x99", " ", "1.", "\\u00", "\\ud83e", "=", "_"};

START_TEST(scraps_are_compressed)
{
    state = 3;
    for (int round = 0; round < 150; round++) {
        char *at = text;
        size_t n = random_below(&state, 60);
        for (size_t i = 0; i < n; i++)
            at += sprintf(at, "%s",
                          any_of(scraps, sizeof scraps / sizeof *scraps));
        *at = '\0';
        for (int preset = PITH_PRESET_AUTO; preset <= PITH_PRESET_TABLE;
             preset++) {
            struct pith_result *result =
                compress(round % TINY_KINDS, text, preset,
                         0.1 + 0.8 * random_uniform(&state));
            pith_result_free(result);
        }
    }
}
END_TEST

/* Quadratic time would be minutes. */
START_TEST(long_runs_are_compressed)
{
    static const struct {
        const char *piece;
        enum pith_preset preset;
    } runs[] = {{"\"'", PITH_PRESET_CODE}, {"\t", PITH_PRESET_TABLE}};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        struct pith_buffer run = {0};
        while (run.size < 60000)
            pith_buffer_string(&run, runs[i].piece);
        pith_buffer_byte(&run, '\0');
        ck_assert(!run.failed);
        pith_result_free(
            compress(TINY_GPT2, run.data, (int)runs[i].preset, 0.5));
        pith_buffer_free(&run);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("presets");
    TCase *tcase = tcase_create("presets");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, open_tiny, close_tiny);
    tcase_add_test(tcase, json_stays_json);
    tcase_add_test(tcase, elements_of_lists_go);
    tcase_add_test(tcase, white_space_goes_first);
    tcase_add_test(tcase, forms_hold_around_what_must_stay);
    tcase_add_test(tcase, nothing_begins_with_a_space);
    tcase_add_test(tcase, tables_keep_their_columns);
    tcase_add_test(tcase, markdown_keeps_links_headings_and_fences);
    tcase_add_test(tcase, lines_of_logs_keep_time_and_level);
    tcase_add_test(tcase, lines_of_code_are_whole);
    tcase_add_test(tcase, turns_keep_their_names);
    tcase_add_test(tcase, forms_are_detected);
    tcase_add_test(tcase, first_lines_are_told_apart);
    tcase_add_test(tcase, prose_has_no_form);
    tcase_add_test(tcase, scraps_are_compressed);
    tcase_add_test(tcase, long_runs_are_compressed);
    suite_add_tcase(suite, tcase);
    return suite;
}
