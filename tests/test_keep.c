/*
 * test_keep.c - src/prompt/keep.c and words.c: what must stay does, words
 * stay whole, and the target is met all the same.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/buffer.h"
#include "../src/base/utf8.h"
#include "../src/model/access.h"
#include "../src/model/model.h"
#include "../src/prompt/keep.h"
#include "../src/prompt/units.h"
#include "../src/prompt/words.h"
#include "support.h"
#include "tiny_model.h"

/* --- words ------------------------------------------------------------------ */

/* want has a bar at each boundary between words. */
static void assert_words(const char *want)
{
    char text[256], got[256];
    size_t n = 0, m = 0;
    for (const char *p = want; *p != '\0'; p++)
        if (*p != '|')
            text[n++] = *p;
    for (size_t i = 0; i < n; i++) {
        bool inside = ((unsigned char)text[i] & 0xC0) == 0x80;
        if (i > 0 && !inside &&
            pith_is_word_boundary((struct pith_text){text, n}, i))
            got[m++] = '|';
        got[m++] = text[i];
    }
    got[m] = '\0';
    ck_assert_str_eq(got, want);
}

START_TEST(words_end_where_readers_see_it)
{
    assert_words("the| cat");
    assert_words("don't| stop|\n\n  now| ");
    assert_words("'|quoted|'| (|x|)");
    assert_words("rock-solid| -| x| -v| -|-|-keep| and/or");
    assert_words("/srv/app| @ada| a@b.org| $HOME| R&D");
    assert_words("v2.x_1|(|snake_case|)");
    assert_words("na\xC3\xAFve| cafe\xCC\x81|.");
    assert_words("\xE6\xBC\xA2|\xE5\xAD\x97|abc|\xE3\x81\x8B");
    assert_words("\xD8\xB9\xD8\xB1\xD8\xA8| \xD8\xB9");
    assert_words("\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB|!");
    assert_words("\xEC\x95\x88\xEB\x85\x95| x");
    assert_words("a|:|b|,|c|=|d|;| e");
    assert_words("1|.");
    assert_words("");
}
END_TEST

/* Pairs that would read as one piece side by side, and pairs that would
 * not. */
START_TEST(pieces_that_would_run_together_are_known)
{
    static const char *const together[][2] = {
        {"paid", "9"}, {"9", "1,782"}, {"$", "9"}, {"-", "3"}, {"5,", "000"},
        {"10", ".5"}, {"10", "%"}, {"Do", "cris"}, {"well-", "known"},
        {"x", "_1"}, {"=", "="}, {"<", "="}, {"path", "/v2"},
        {"\xE4\xB8\x8D", "\xE5\xA5\xBD"}, {"e", "\xCC\x81"},
        {"\xF0\x9F\x87\xA9", "\xF0\x9F\x87\xAA"}, {"ada@", "org"},
        {"kW", "\u00B10.3"}, {"1.5\u00D7", "3"}, {"5\u2031", "2"},
        {"20\u20BA", "66"}, {"5\u066A", "\u0661"}, {"5", "\u22649"},
        {"costs", "$5"}, {"range", "+1"}, {"5%", "more"}, {"5 %", "more"}, {"\u00A7", "3"},
        {"-C", "$HOME"}, {"-", "b"}, {"in", "#tag"}, {"#", "##"},
        {"```py", "```"}, {"```", "```"}, {"1", "\u00A72"},
        {"12", "\xC2\xB0"}, {"\xE2\x82\xAC", "7"}, {"a.", "b"}, {"def", "="}, {"=", "x"},
        {"rows", "<"}, {"a|", "b"}, {"charge", "("}, {"api", "["}};
    static const char *const apart[][2] = {
        {"paid ", "9"}, {"paid", " 9"}, {"(", "9"}, {"9", ")"}, {"end", "."},
        {"5", "."}, {"5", ", "}, {"a", ","}, {"!", "b"}, {"\n", "x"},
        {"", "x"}, {"x", ""}, {"\"", "b"}, {"a, ", "b"}, {"?", "!"},
        {"\xF0\x9F\x99\x82", "\xF0\x9F\x99\x83"}, {"a;", "b"}};
    for (size_t i = 0; i < sizeof together / sizeof *together; i++)
        ck_assert_msg(pith_reads_as_one(view(together[i][0]),
                                        view(together[i][1])),
                      "%s and %s", together[i][0], together[i][1]);
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
        ck_assert_msg(!pith_reads_as_one(view(apart[i][0]), view(apart[i][1])),
                      "%s and %s", apart[i][0], apart[i][1]);
}
END_TEST

/* --- marks ------------------------------------------------------------------ */

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

static const struct pith_text contexts[] = {
    {"Ann paid 12 euros.", 18}, {"Bob has x_1 = 3;\nnothing", 24}, {"so on", 5}};
static const struct pith_prompt small = {.contexts = contexts, .n_contexts = 3};

static void make_units(struct pith_parts *parts,
                       const struct pith_prompt *prompt,
                       const struct pith_compress_options *options, size_t most)
{
    struct pith_error error;
    assert_ok(pith_parts_make(parts, pith_model_tokenizer(models[0]), prompt,
                              NULL, &error), error);
    assert_ok(pith_units_merge(parts, options->units, most, &error), error);
    assert_ok(pith_keep_apply(parts, options, &error), error);
}

/* The bytes of the forced units, a bar after each run of them. */
static void assert_forced_of(const struct pith_prompt *prompt,
                             const struct pith_compress_options *options,
                             const char *want)
{
    struct pith_parts parts;
    struct pith_buffer got = {0};
    make_units(&parts, prompt, options, 100);
    size_t n_forced = 0;
    for (size_t i = 0; i < parts.n_units; i++) {
        const struct pith_unit *unit = &parts.units[i];
        n_forced += unit->forced ? unit->n_tokens : 0;
        if (unit->forced)
            pith_buffer_append(&got, parts.text.data + unit->byte,
                               unit->n_bytes);
        else if (got.size > 0 && got.data[got.size - 1] != '|')
            pith_buffer_byte(&got, '|');
    }
    ck_assert_uint_eq(n_forced, pith_forced_tokens(parts.units, parts.n_units));
    pith_buffer_byte(&got, '\0');
    ck_assert_str_eq(got.data, want);
    pith_buffer_free(&got);
    pith_parts_free(&parts);
}

static void assert_forced(const struct pith_compress_options *options,
                          const char *want)
{
    assert_forced_of(&small, options, want);
}

START_TEST(what_must_stay_is_marked)
{
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    options.method = PITH_METHOD_PAPER;
    assert_forced(&options, "");
    options.protect = PITH_PROTECT_NUMBERS;
    assert_forced(&options, " 12|\n\n| x_1| 3|");
    options.protect = 0;
    struct pith_text keep[] = {{"aid 1", 5}, {"Bo", 2}, {"nowhere at all", 14}};
    options.keep = keep;
    options.n_keep = 3;
    assert_forced(&options, " paid 12|\n\nBob|");
    options.units = PITH_UNITS_TOKEN;
    assert_forced(&options, "aid 12|\n\nBo|");
    options.n_keep = 0;
    options.keep_regex = "^no|so .n$|[=;]$";
    assert_forced(&options, "\n\n|;|no|\n\nso on");
    /* The blank lines between contexts are not text of theirs. */
    options.keep_regex = NULL;
    options.keep = (struct pith_text[]){{"\n", 1}};
    options.n_keep = 1;
    assert_forced(&options, "\n\n|\n|");
}
END_TEST

/* Both spellings of a character, but no other character. */
START_TEST(strings_are_found_in_any_spelling)
{
    static const struct pith_text menus[] = {
        {"A cafe\u0301 or", 11}, {"caf\u00E9s, a cafe,", 15}};
    static const struct pith_prompt prompt = {.contexts = menus,
                                              .n_contexts = 2};
    static const struct pith_text keep[] = {{"caf\u00E9", 5},
                                            {"cafe\u0301", 6},
                                            {"cafe", 4}};
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    options.method = PITH_METHOD_PAPER;
    options.units = PITH_UNITS_TOKEN;
    options.n_keep = 1;
    options.keep = &keep[0];
    assert_forced_of(&prompt, &options, " cafe\u0301|\n\ncaf\u00E9|");
    options.keep = &keep[1];
    assert_forced_of(&prompt, &options, " cafe\u0301|\n\ncaf\u00E9|");
    options.keep = &keep[2];
    assert_forced_of(&prompt, &options, "\n\n| cafe|");
}
END_TEST

/* A line begins once, a NUL is a character, and digits that Unicode has had for
 * a short time (Kawi, 2022) are digits. */
START_TEST(lines_characters_and_digits_are_found)
{
    static const struct pith_text odd[] = {
        {"@@\n#@\n@\0#*", 10}, {"\xC3\xA4 \xF0\x91\xBD\x90 z", 9}};
    static const struct pith_prompt prompt = {.contexts = odd,
                                              .n_contexts = 2};
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    options.method = PITH_METHOD_PAPER;
    options.units = PITH_UNITS_TOKEN;
    options.keep_regex = "^@";
    assert_forced_of(&prompt, &options, "@|@|");
    options.keep_regex = "[*]";
    assert_forced_of(&prompt, &options, "*|");
    options.keep_regex = "^. .|[[:upper:]]";
    assert_forced_of(&prompt, &options,
                     "\n\n\xC3\xA4 \xF0\x91\xBD\x90|");
    options.keep_regex = NULL;
    options.protect = PITH_PROTECT_NUMBERS;
    assert_forced_of(&prompt, &options, "\n\n|\xF0\x91\xBD\x90|");
}
END_TEST

/* The units of a text, a bar after each. */
static void assert_units(const char *text, enum pith_units units, size_t most,
                         const char *want)
{
    struct pith_prompt prompt = {.question = view(text)};
    struct pith_compress_options options;
    struct pith_buffer got = {0};
    struct pith_parts parts;
    pith_compress_options_init(&options);
    options.method = PITH_METHOD_PAPER;
    options.units = units;
    make_units(&parts, &prompt, &options, most);
    size_t token = 0, byte = 0;
    for (size_t i = 0; i < parts.n_units; i++) {
        const struct pith_unit *unit = &parts.units[i];
        ck_assert_uint_eq(unit->token, token);
        ck_assert_uint_eq(unit->byte, byte);
        ck_assert_uint_lt(unit->n_lead, unit->n_tokens);
        ck_assert(unit->n_lead == 0 || text[byte] == ' ');
        token += unit->n_tokens;
        byte += unit->n_bytes;
        pith_buffer_append(&got, pith_unit_text(&parts, unit).bytes,
                           unit->n_bytes);
        pith_buffer_byte(&got, '|');
    }
    ck_assert_uint_eq(byte, strlen(text));
    pith_buffer_byte(&got, '\0');
    ck_assert_str_eq(got.data, want);
    pith_buffer_free(&got);
    pith_parts_free(&parts);
}

/* A word is one unit with the white space before it, which does not
 * count for its loss; a number is one whatever the units are. */
START_TEST(words_and_numbers_are_units)
{
    assert_units("rain, in (Spain)! 7-up.", PITH_UNITS_WORD, 100,
                 "rain|,| in| (|Spain|)|!| 7-up|.|");
    assert_units("id=10.4.7.21:8443,  -3 %", PITH_UNITS_WORD, 100,
                 "id|=|10.4.7.21:8443|,|  -3| %|");
    assert_units("zq 1,782x zq", PITH_UNITS_TOKEN, 100,
                 "z|q| |1,782x| |z|q|");
    assert_units("<|im_end|>zq", PITH_UNITS_TOKEN, 100, "<|im_end|>|z|q|");
}
END_TEST

/* A word of just as many tokens as a unit may have is one, a longer one falls
 * into its tokens. */
START_TEST(words_that_are_too_long_fall_apart)
{
    assert_units("zqzqz q", PITH_UNITS_WORD, 5, "zqzqz| q|");
    assert_units("zqzqz q", PITH_UNITS_WORD, 4, "z|q|z|q|z| q|");
}
END_TEST

START_TEST(impossible_wishes_are_refused)
{
    struct pith_compress_options options;
    struct pith_result *result;
    struct pith_error error;
    struct pith_text empty = {"", 0};
    pith_compress_options_init(&options);
    options.method = PITH_METHOD_PAPER;
    options.keep = &empty;
    options.n_keep = 1;
    ck_assert_int_eq(pith_compress(sessions[0], &small, &options, &result,
                                   &error), PITH_ERR_ARGUMENT);
    options.keep = NULL;
    ck_assert_int_eq(pith_compress(sessions[0], &small, &options, &result,
                                   &error), PITH_ERR_ARGUMENT);
    options.n_keep = 0;
    options.keep_regex = "[a";
    ck_assert_int_eq(pith_compress(sessions[0], &small, &options, &result,
                                   &error), PITH_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.detail, "keep_regex"));
    options.keep_regex = "x*";
    ck_assert_int_eq(pith_compress(sessions[0], &small, &options, &result,
                                   &error), PITH_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.detail, "empty"));
}
END_TEST

/* Above the target, nothing else stays, and the note counts. */
START_TEST(a_target_below_what_must_stay)
{
    struct pith_compress_options options;
    struct pith_result *result;
    struct pith_error error;
    pith_compress_options_init(&options);
    options.method = PITH_METHOD_PAPER;
    options.rate = -1;
    options.target = 1;
    options.keep_regex = "paid 12|has|on$";
    for (int i = 0; i < TINY_KINDS; i++) {
        assert_ok(pith_compress(sessions[i], &small, &options, &result,
                                &error), error);
        ck_assert_ptr_nonnull(result->note);
        ck_assert_ptr_nonnull(strstr(result->note, "What must stay has"));
        ck_assert_ptr_nonnull(strstr(result->text.bytes, "paid 12\n\n"));
        ck_assert_ptr_nonnull(strstr(result->text.bytes, "has\n\n"));
        ck_assert_ptr_null(strstr(result->text.bytes, "Ann"));
        pith_result_free(result);
    }
}
END_TEST

/* What the note says of these wishes, the rest of it aside. */
static void assert_keep_note(const struct pith_text *keep, size_t n,
                             const char *regex, const char *want)
{
    struct pith_compress_options options;
    struct pith_result *result;
    struct pith_error error;
    pith_compress_options_init(&options);
    options.method = PITH_METHOD_PAPER;
    options.keep = keep;
    options.n_keep = n;
    options.keep_regex = regex;
    assert_ok(pith_compress(sessions[0], &small, &options, &result, &error),
              error);
    const char *note = result->note == NULL ? "" : result->note;
    if (want == NULL)
        ck_assert_msg(strstr(note, "keep") == NULL, "%s", note);
    else
        ck_assert_msg(strstr(note, want) != NULL, "%s", note);
    pith_result_free(result);
}

START_TEST(wishes_that_come_to_nothing_are_named)
{
    struct pith_text keep[] = {view("Ann"), view("so on"), view("Carl")};
    assert_keep_note(keep, 2, NULL, NULL);
    assert_keep_note(keep, 3, NULL,
                     "keep: 1 of 3 strings does not occur in the prompt, the "
                     "first is \"Carl\".");
    keep[0] = view("Dora \n \xFF!");
    assert_keep_note(keep, 1, NULL,
                     "keep: \"Dora \\n ?!\" does not occur in the prompt.");
    assert_keep_note(keep, 3, NULL, "keep: 2 of 3 strings do not occur");
    keep[0] = view("12345678901234567890123456789012345678901234567890"
                   "12345678e\u0301x");
    assert_keep_note(keep, 1, NULL, "5678...\"");
    assert_keep_note(NULL, 0, "^B.b", NULL);
    assert_keep_note(NULL, 0, "^o", "keep_regex matches nothing in the prompt.");
    assert_keep_note(keep, 1, "^o", "in the prompt. keep_regex matches nothing");
}
END_TEST

/* --- any prompt ------------------------------------------------------------- */

enum { MAX_CONTEXTS = 6 };

static const char *const vocabulary[] = {
    "the", "rain", "in", "Spain", "stays", "12.5", "7", "\n", "Question:",
    "na\xC3\xAFve", "\xE6\xBC\xA2\xE5\xAD\x97", "\xD8\xB9\xD8\xB1\xD8\xA8",
    "\xF0\x9F\x98\x80", "x_y=+1;", "antidisestablishmentarianism", "\xFF"};

static void random_text(struct pith_buffer *text, uint64_t *random, size_t most)
{
    size_t n = random_below(random, 4) > 0 ? random_below(random, most) : 0;
    for (size_t i = 0; i < n; i++) {
        if (random_below(random, 8) > 0)
            pith_buffer_byte(text, ' ');
        pith_buffer_string(text, vocabulary[random_below(random, 16)]);
    }
}

static size_t count(struct pith_text text, struct pith_text string)
{
    size_t n = 0;
    for (size_t at = 0; at + string.size <= text.size; at++)
        n += memcmp(text.bytes + at, string.bytes, string.size) == 0;
    return n;
}

static size_t count_digits(struct pith_text text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.size; i++)
        n += text.bytes[i] >= '0' && text.bytes[i] <= '9';
    return n;
}

/* Every span of the result begins and ends between words. */
static void assert_whole_words(const struct pith_result *result,
                               const struct pith_text *parts)
{
    for (size_t i = 0; i < result->detail.n_spans; i++) {
        const struct pith_span *span = &result->detail.spans[i];
        struct pith_text text = parts[span->part];
        ck_assert(pith_is_word_boundary(text, span->start));
        ck_assert(pith_is_word_boundary(text, span->end));
    }
}

static void assert_kept(const struct pith_result *result,
                        const struct pith_compress_options *options,
                        const struct pith_text *parts, size_t n_parts)
{
    size_t n_digits = 0;
    for (size_t i = 0; i < n_parts; i++)
        n_digits += count_digits(parts[i]);
    if (options->protect & PITH_PROTECT_NUMBERS)
        ck_assert_uint_eq(count_digits(result->text), n_digits);
    for (size_t j = 0; j < options->n_keep; j++) {
        size_t n = 0;
        for (size_t i = 0; i < n_parts; i++)
            n += count(parts[i], options->keep[j]);
        ck_assert_uint_ge(count(result->text, options->keep[j]), n);
    }
    if (options->units == PITH_UNITS_WORD)
        assert_whole_words(result, parts);
    ck_assert(pith_utf8_is_valid(result->text.bytes, result->text.size));
}

/* Met, or the note says why not. */
static void assert_target(const struct pith_result *result,
                          const struct pith_compress_options *options)
{
    double want = fmin(options->target, (double)result->origin_tokens);
    double off = (double)result->compressed_tokens - want;
    ck_assert(off == 0 || result->note != NULL);
    if (off > 0)
        ck_assert_ptr_nonnull(strstr(result->note, "What must stay"));
    else
        ck_assert_msg(off > -20, "%zu tokens, asked for %g",
                      result->compressed_tokens, want);
}

START_TEST(any_prompt_keeps_what_must_stay)
{
    static const struct pith_text keep[] = {
        {"in Spain", 8}, {"x_y=", 4}, {"\xE5\xAD\x97", 3}, {"stays", 5}};
    uint64_t random = (uint64_t)_i + 1;
    for (int round = 0; round < 30; round++) {
        struct pith_buffer texts[MAX_CONTEXTS + 2] = {{0}};
        struct pith_text parts[MAX_CONTEXTS + 2];
        struct pith_error error;
        size_t n = random_below(&random, MAX_CONTEXTS + 1);
        for (size_t i = 0; i < n + 2; i++) {
            random_text(&texts[i], &random, i == 0 || i == n + 1 ? 12 : 50);
            parts[i] = pith_buffer_text(&texts[i]);
        }
        struct pith_prompt prompt = {parts[0], parts + 1, n, parts[n + 1]};
        struct pith_compress_options options;
        pith_compress_options_init(&options);
        options.method = PITH_METHOD_PAPER;
        options.rate = -1;
        options.target = (double)(1 + random_below(&random, 300));
        options.detail = true;
        options.units = (enum pith_units)random_below(&random, 2);
        options.protect =
            random_below(&random, 2) == 0 ? PITH_PROTECT_NUMBERS : 0;
        options.keep = keep;
        options.n_keep = random_below(&random, 5);
        options.segment_size = 1 + random_below(&random, 100);
        for (int kind = 0; kind < TINY_KINDS; kind++) {
            struct pith_result *result;
            assert_ok(pith_compress(sessions[kind], &prompt, &options, &result,
                                    &error), error);
            assert_kept(result, &options, parts, n + 2);
            assert_target(result, &options);
            pith_result_free(result);
        }
        for (size_t i = 0; i < n + 2; i++)
            pith_buffer_free(&texts[i]);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("keep");
    TCase *words = tcase_create("words");
    tcase_add_test(words, words_end_where_readers_see_it);
    tcase_add_test(words, pieces_that_would_run_together_are_known);
    suite_add_tcase(suite, words);
    TCase *keep = tcase_create("keep");
    tcase_set_timeout(keep, 120);
    tcase_add_unchecked_fixture(keep, open_tiny, close_tiny);
    tcase_add_test(keep, what_must_stay_is_marked);
    tcase_add_test(keep, strings_are_found_in_any_spelling);
    tcase_add_test(keep, wishes_that_come_to_nothing_are_named);
    tcase_add_test(keep, lines_characters_and_digits_are_found);
    tcase_add_test(keep, words_and_numbers_are_units);
    tcase_add_test(keep, words_that_are_too_long_fall_apart);
    tcase_add_test(keep, impossible_wishes_are_refused);
    tcase_add_test(keep, a_target_below_what_must_stay);
    tcase_add_loop_test(keep, any_prompt_keeps_what_must_stay, 0, 4);
    suite_add_tcase(suite, keep);
    return suite;
}
