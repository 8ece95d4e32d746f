/*
 * test_grapheme.c - src/text/grapheme.c: where clusters end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/utf8.h"
#include "../src/text/grapheme.h"
#include "support.h"

START_TEST(the_table_is_sorted_and_apart)
{
    for (size_t i = 0; i < pith_grapheme_n_ranges; i++) {
        const struct pith_unicode_range *range = &pith_grapheme_ranges[i];
        ck_assert_uint_le(range->first, range->last);
        ck_assert_uint_le(range->last, 0x10FFFF);
        if (i > 0)
            ck_assert_uint_gt(range->first, range[-1].last);
    }
}
END_TEST

/* Both functions cut text where `cuts`, a sorted list that ends in the size,
 * says. */
static void assert_cuts(const char *what, struct pith_text text,
                        const size_t *cuts, size_t n_cuts)
{
    size_t at = 0;
    for (size_t i = 0; i < n_cuts; i++) {
        size_t end = pith_grapheme_end(text, at);
        ck_assert_msg(end == cuts[i], "%s: cluster at %zu ends at %zu, not %zu",
                      what, at, end, cuts[i]);
        for (size_t j = at; j < end; j++)
            ck_assert_msg(pith_grapheme_boundary(text, j) == (j == at),
                          "%s: boundary at %zu", what, j);
        at = end;
    }
    ck_assert_uint_eq(at, text.size);
    ck_assert(pith_grapheme_boundary(text, text.size));
}

/* Clusters are written with '|' between them. */
static void assert_clusters(const char *clusters)
{
    char text[512];
    size_t cuts[512], n = 0, n_cuts = 0;
    for (const char *at = clusters; *at != '\0'; at++)
        if (*at == '|')
            cuts[n_cuts++] = n;
        else
            text[n++] = *at;
    cuts[n_cuts++] = n;
    assert_cuts(clusters, (struct pith_text){text, n}, cuts, n_cuts);
}

START_TEST(readers_characters_stay_whole)
{
    static const char *const cases[] = {
        "a|b", " |a", "\r\n|\n|\r|x", "a|\t|b", "a|\u200B|b",
        "e\u0301|!", "e\u0301\u0323\u0308|x", "\n|\u0301", "\u0301|a",
        "a\u200D|b", "a\u200C|b", ("\u0600" "1|2"), "\u0600|\n", " \u0301|x",
        /* flags, an odd half, a half and a letter */
        "🇩🇪|🇫🇷|🇯🇵", "🇩🇪|🇫", "🇩|x|🇪", "🇩\u200D|🇪", "🇩\u0301|🇪🇫",
        "🏴\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F|x",
        /* keycaps, variation selectors, skin tones, families */
        "1️⃣|2️⃣", "✅|❌", "❤️|x", "👩🏽‍🚀|a", "👨‍👩‍👧‍👦|👨", "🤷🏿‍♀️|.",
        "👩🏽|👩🏽", "👩‍|a|👩", "a‍|👩", "👩‍‍|👩", "👩\u200C\u200D👩",
        "👩\u0301\u094D\u200D👩", "©\u200D®|x",
        /* Hangul: syllables, conjoining letters, an old one */
        "각|각", "\u1100\u1161\u11A8|\u1100", "가\u11A8\u11A8|가",
        "\u1100\u1100\u1161\u1161|\u1100가", "각\u11A8|\u1161", "\u11A8|\u1100",
        "각\u0300|x", "\u1161\u11A8|a",
        /* Thai, Lao, Khmer, Burmese */
        "ที่|นี่", "กำ|ลั|ง", "ນ້ຳ|ດື່|ມ", "ខ្មែ|រ", "ស្ត្រី|!", "မြ|န်|မာ",
        "မ|င်္ဂ|လာ", "ဖိုး|x", "เก|ม", "มา|ก", "ເກາະ|x",
        /* Devanagari, Bengali, Tamil, Malayalam */
        "हि|न्दी", "क्षि|प्र", "स्कू|ल", "क्\u200Dष|क", "क्\u200C|ष", "क्|a",
        "क\u094D\u094Dत", "क\u093C\u200D\u094Dत", "a\u094Dत", "a|त",
        "বাং|লা", "কি|ন্তু", "நி|னை|க்|க", "മ|ല|യാ|ളം",
        "\u1CF5क", "क|\u1CF5क", "\u1CF5\u0301क",
        /* no joining: Han, kana, letters of Arabic with and without marks */
        "漢|字", "か\u3099|な", "ｶ\uFF9E|ﾀ", "م|ر|حَ|بً|ا",
        "\uFFFD|\U0010FFFF|x",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_clusters(cases[i]);
}
END_TEST

START_TEST(emoji_of_the_shared_case_stay_whole)
{
    const char *path = shared_path("cases/emoji.txt");
    if (path == NULL)
        return;
    static const char *const whole[] = {
        "👩🏽‍🚀", "👨‍👩‍👧‍👦", "🇩🇪", "🇫🇷", "🇯🇵", "✅", "❌", "1️⃣", "2️⃣",
        "🙂", "🙃", "🤷🏿‍♀️"};
    size_t size, n = 0;
    char *bytes = read_whole_file(path, &size);
    struct pith_text text = {bytes, size};
    for (size_t at = 0; at < size;) {
        size_t end = pith_grapheme_end(text, at);
        if (end - at > 1) {
            ck_assert_uint_lt(n, sizeof whole / sizeof *whole);
            ck_assert_uint_eq(end - at, strlen(whole[n]));
            ck_assert_mem_eq(bytes + at, whole[n], end - at);
            n++;
        }
        at = end;
    }
    ck_assert_uint_eq(n, sizeof whole / sizeof *whole);
    free(bytes);
}
END_TEST

/* A million characters that need what precedes them: quadratic time would be
 * hours.  PITH_QUICK takes fewer. */
static size_t n_long(void)
{
    return getenv("PITH_QUICK") != NULL ? 100000 : 1000000;
}

static void assert_fast(const char *character, const char *first,
                        size_t characters_each)
{
    size_t n = n_long(), length = strlen(character), start = strlen(first);
    size_t size = start + n * length, at = 0;
    char *bytes = malloc(size);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, first, start);
    for (size_t i = 0; i < n; i++)
        memcpy(bytes + start + i * length, character, length);
    struct pith_text text = {bytes, size};
    while (at < size) {
        size_t end = pith_grapheme_end(text, at), want = start;
        want += (characters_each < n ? at / length + characters_each : n) *
                length;
        ck_assert_uint_eq(end, want);
        at = end;
    }
    size_t n_boundaries = 0;
    for (at = 0; at < size; at++)
        n_boundaries += pith_grapheme_boundary(text, at);
    if (characters_each == n)
        ck_assert_uint_eq(n_boundaries, 1);
    else
        ck_assert_uint_ge(n_boundaries, 512 / characters_each);
    free(bytes);
}

START_TEST(long_runs_take_linear_time)
{
    assert_fast("🇩", "", 2);
    assert_fast("\u0301", "e", n_long());
    assert_fast("\u200D", "👩", n_long());
    assert_fast("\u094D", "क", n_long());
    assert_fast("्त", "क", n_long());
    assert_fast("각", "", 1);
}
END_TEST

/* --- the published cases ---------------------------------------------------- */

/* One line, "÷ 0061 × 0308 ÷ # ...": its characters, and where it says that
 * clusters end.  Returns how many do, 0 for a line without any. */
static size_t read_case(char *line, char *text, size_t *size, size_t *cuts)
{
    size_t n = 0, n_cuts = 0;
    line[strcspn(line, "#\r\n")] = '\0';
    for (char *word = strtok(line, " \t"); word != NULL;
         word = strtok(NULL, " \t")) {
        if (strcmp(word, "÷") != 0 && strcmp(word, "×") != 0)
            n += pith_utf8_encode((uint32_t)strtoul(word, NULL, 16), text + n);
        else if (strcmp(word, "÷") == 0 && n > 0)
            cuts[n_cuts++] = n;
    }
    *size = n;
    return n_cuts;
}

/* Debian's file is of Unicode 15.0; scissors are not Extended_Pictographic from
 * Unicode 17.0. */
static bool is_outdated(const char *line)
{
    return strstr(line, "200D × 2701") != NULL;
}

START_TEST(the_published_cases_agree)
{
    static const char path[] =
        "/usr/share/unicode/auxiliary/GraphemeBreakTest.txt";
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "test_grapheme: no %s (apt-get install unicode-data): "
                        "the published cases are not tried\n", path);
        return;
    }
    char line[2048], name[2048], text[256];
    size_t size, cuts[64], n_tried = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        memcpy(name, line, sizeof name);
        size_t n_cuts = read_case(line, text, &size, cuts);
        if (n_cuts > 0 && !is_outdated(name)) {
            assert_cuts(name, (struct pith_text){text, size}, cuts, n_cuts);
            n_tried++;
        }
    }
    fclose(file);
    ck_assert_uint_ge(n_tried, 590);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("grapheme");
    TCase *tcase = tcase_create("grapheme");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_table_is_sorted_and_apart);
    tcase_add_test(tcase, readers_characters_stay_whole);
    tcase_add_test(tcase, emoji_of_the_shared_case_stay_whole);
    tcase_add_test(tcase, long_runs_take_linear_time);
    tcase_add_test(tcase, the_published_cases_agree);
    suite_add_tcase(suite, tcase);
    return suite;
}
