/*
 * test_unicode.c - character classes and the words that pre-tokenizers cut.
 */
#include <string.h>

#include "../src/text/pretokenize.h"
#include "../src/text/unicode.h"
#include "support.h"

START_TEST(the_table_is_sorted_and_apart)
{
    for (size_t i = 0; i < pith_unicode_n_ranges; i++) {
        const struct pith_unicode_range *range = &pith_unicode_ranges[i];
        ck_assert_uint_le(range->first, range->last);
        ck_assert_uint_le(range->last, 0x10FFFF);
        if (i > 0)
            ck_assert_uint_gt(range->first, range[-1].last);
    }
}
END_TEST

/* Counted from UnicodeData.txt 14.0 (L: Lu Ll Lt Lm Lo; N: Nd Nl No). */
START_TEST(classes_have_the_published_sizes)
{
    size_t n[5] = {0};
    for (uint32_t code = 0; code <= 0x10FFFF; code++)
        n[pith_unicode_class(code)]++;
    ck_assert_uint_eq(n[PITH_UNICODE_LETTER], 131756);
    ck_assert_uint_eq(n[PITH_UNICODE_NUMBER], 1791);
    ck_assert_uint_eq(n[PITH_UNICODE_SPACE], 25);
    ck_assert_uint_eq(n[PITH_UNICODE_NEWER_NUMBER], 40);
}
END_TEST

START_TEST(characters_have_their_class)
{
    static const struct {
        uint32_t code;
        enum pith_unicode_class want;
    } cases[] = {
        {'a', PITH_UNICODE_LETTER},     {'Z', PITH_UNICODE_LETTER},
        {'0', PITH_UNICODE_NUMBER},     {'9', PITH_UNICODE_NUMBER},
        {'@', PITH_UNICODE_OTHER},      {'[', PITH_UNICODE_OTHER},
        {'/', PITH_UNICODE_OTHER},      {':', PITH_UNICODE_OTHER},
        {'_', PITH_UNICODE_OTHER},      {0, PITH_UNICODE_OTHER},
        {'\t', PITH_UNICODE_SPACE},     {'\r', PITH_UNICODE_SPACE},
        {0x1C, PITH_UNICODE_OTHER},     {' ', PITH_UNICODE_SPACE},
        {0x85, PITH_UNICODE_SPACE},     {0xA0, PITH_UNICODE_SPACE},
        {0x200B, PITH_UNICODE_OTHER},   {0x3000, PITH_UNICODE_SPACE},
        {0xAA, PITH_UNICODE_LETTER},    {0xBD, PITH_UNICODE_NUMBER},
        {0x301, PITH_UNICODE_OTHER},    {0x660, PITH_UNICODE_NUMBER},
        {0x2167, PITH_UNICODE_NUMBER},  {0x4E2D, PITH_UNICODE_LETTER},
        {0x1F999, PITH_UNICODE_OTHER},  {0x1D7D8, PITH_UNICODE_NUMBER},
        {0x20000, PITH_UNICODE_LETTER}, {0x10FFFF, PITH_UNICODE_OTHER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(pith_unicode_class(cases[i].code) == cases[i].want,
                      "U+%04X", (unsigned)cases[i].code);
}
END_TEST

/* Words are written with '|' between them. */
static void assert_words(enum pith_pre_tokenizer kind, const char *words)
{
    char text[256], got[512];
    size_t n = 0, m = 0;
    for (const char *at = words; *at != '\0'; at++)
        if (*at != '|')
            text[n++] = *at;
    for (size_t at = 0; at < n;) {
        size_t length = pith_pretokenize_next(
            kind, (struct pith_text){text + at, n - at});
        ck_assert(length > 0 && length <= n - at);
        if (at > 0)
            got[m++] = '|';
        memcpy(got + m, text + at, length);
        m += length;
        at += length;
    }
    got[m] = '\0';
    ck_assert_str_eq(got, words);
}

/* Expected words: Hugging Face tokenizers 0.20.3, ByteLevel. */
START_TEST(gpt2_cuts_as_its_pattern_says)
{
    static const char *const cases[] = {
        "Hello| world|!",
        "it|'s| we|'re|'ve|'m|'ll|'d|'t",
        "I|'|S| can|'|Tx", /* contractions are of lower case */
        "'|r", "'re", "'s",
        "x| '|s| '",       /* the space takes the quote away */
        "3|rd| 2022|-|11| \xC2\xBD\xC2\xB2\xE2\x85\xA7",
        "a|  | b", "a| |\t|b", "\n|\n|x", "a|\n", "a| \n\n ", " ", "  ",
        "a|  | 1",
        "a|\xC2\xA0|b",    /* U+00A0 is white space, not " ?" */
        "a|\xE3\x80\x80|b",
        "na\xC3\xAFve| \xE4\xB8\xAD\xE6\x96\x87|\xE3\x80\x82",
        "e|\xCC\x81",      /* a combining accent is not a letter */
        " \xF0\x9F\xA6\x99.|cpp",
        "__|init|__(|self|)",
        "!\xF0\x9E\x93\xB0!", /* U+1E4F0, a number since Unicode 15 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_words(PITH_PRE_GPT2, cases[i]);
}
END_TEST

/* Expected words: Digits(individual_digits=True), then ByteLevel. */
START_TEST(smollm_cuts_numbers_apart)
{
    static const char *const cases[] = {
        "3|rd| |2|0|2|2|-|1|1| |\xC2\xBD|\xC2\xB2|\xE2\x85\xA7",
        "a| |1|2| b", "a|  |1", "\n|7", "x|1|y|2|2",
        "\xE0\xA5\xA7|\xC2\xBD| x", "'s|1|'s", "'|1|s",
        "!|\xF0\x9E\x93\xB0|!", " |\xF0\x9D\x8B\x80",
        "Hello| world|!", "a|  | b", "a| \n\n ", "x| '|s| '",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_words(PITH_PRE_SMOLLM, cases[i]);
}
END_TEST

/* Expected words: Split with the pattern, Hugging Face tokenizers 0.20.3. */
START_TEST(llama3_and_qwen2_cut_as_their_patterns_say)
{
    static const char *const both[] = {
        "Hello| world|!",
        "it|'s| weLL|'RE| '|S| '|Stop| '|x",
        "I|'\xC5\xBF|e|'ll", /* a long s is an s in any case */
        "a| | b", "a| \t|\tb", "a|\t| b", "\n\n|x", "a|\n", "a| \n\n| ",
        "  \n| | x", "x|  ", "  ", " ",
        "a|(b|)(|c|)\n\n|y|!\r\n", /* signs take line breaks along */
        "/*\n\n| | *| x",
        "a|\xC2\xA0""b|\xE3\x80\x80""c", /* letters take any space */
        "na\xC3\xAFve| \xE4\xB8\xAD\xE6\x96\x87|\xE3\x80\x82",
        "e|\xCC\x81", " \xF0\x9F\xA6\x8A.|cpp", "__|init|__(|self|)",
        "!\xF0\x9E\x93\xB0!", "x| '", "'", "''|s", "don|'t",
    };
    static const char *const llama3[] = {
        "3|rd| |202|2|-|11| |\xC2\xBD\xC2\xB2\xE2\x85\xA7",
        "123|45| |123|456|7", " |1| |2"};
    static const char *const qwen2[] = {
        "3|rd| |2|0|2|2|-|1|1| |\xC2\xBD|\xC2\xB2|\xE2\x85\xA7",
        "1|2|3|4|5| |1|2|3|4|5|6|7", " |1| |2"};
    for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
        assert_words(PITH_PRE_LLAMA3, both[i]);
        assert_words(PITH_PRE_QWEN2, both[i]);
    }
    for (size_t i = 0; i < sizeof llama3 / sizeof *llama3; i++)
        assert_words(PITH_PRE_LLAMA3, llama3[i]);
    for (size_t i = 0; i < sizeof qwen2 / sizeof *qwen2; i++)
        assert_words(PITH_PRE_QWEN2, qwen2[i]);
}
END_TEST

START_TEST(invalid_bytes_are_neither_letter_nor_space)
{
    for (int kind = PITH_PRE_LLAMA3; kind <= PITH_PRE_QWEN2; kind++) {
        assert_words((enum pith_pre_tokenizer)kind, "x|\xFF\xC3|\xC3\xA9");
        assert_words((enum pith_pre_tokenizer)kind, "\x80y| \x80!\n");
    }
    for (int kind = PITH_PRE_GPT2; kind <= PITH_PRE_SMOLLM; kind++) {
        assert_words((enum pith_pre_tokenizer)kind, "x|\xFF\xC3|y");
        assert_words((enum pith_pre_tokenizer)kind, "x| \x80!| \xC3\xA9");
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("unicode");
    TCase *tcase = tcase_create("unicode");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_table_is_sorted_and_apart);
    tcase_add_test(tcase, classes_have_the_published_sizes);
    tcase_add_test(tcase, characters_have_their_class);
    tcase_add_test(tcase, gpt2_cuts_as_its_pattern_says);
    tcase_add_test(tcase, smollm_cuts_numbers_apart);
    tcase_add_test(tcase, llama3_and_qwen2_cut_as_their_patterns_say);
    tcase_add_test(tcase, invalid_bytes_are_neither_letter_nor_space);
    suite_add_tcase(suite, tcase);
    return suite;
}
