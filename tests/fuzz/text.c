/*
 * text.c - what turns text into words and sentences: tiktoken's ranks, Punkt's
 * parameters, regular expressions.
 */
#include <string.h>

#include "../../src/reference/python/punkt.h"
#include "../../src/text/regex.h"
#include "../../src/text/tiktoken.h"
#include "fuzz.h"

/* --- tiktoken: ranks and a text ------------------------------------------------- */

static void run_tiktoken(const struct fuzz_target *target,
                         struct pith_text input)
{
    struct pith_text ranks = fuzz_part(&input);
    struct pith_tiktoken *tiktoken;
    struct pith_ids ids = {0};
    size_t n, covered = 0;
    (void)target;
    if (pith_tiktoken_load(fuzz_write("ranks", ranks), &tiktoken, NULL) ==
            PITH_OK &&
        pith_tiktoken_encode(tiktoken, input, &ids, NULL) == PITH_OK) {
        fuzz_check(ids.n <= input.size);
        fuzz_check(pith_tiktoken_count(tiktoken, input, &n, NULL) == PITH_OK);
        fuzz_check(n == ids.n);
    }
    while (covered < input.size) { /* words tile the text */
        struct pith_text rest = {input.bytes + covered, input.size - covered};
        n = pith_tiktoken_next_word(rest);
        fuzz_check(n > 0 && n <= rest.size);
        covered += n;
    }
    pith_ids_free(&ids);
    pith_tiktoken_free(tiktoken);
}

static bool seed_tiktoken(const struct fuzz_target *target, size_t index,
                          struct pith_buffer *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
                                 "stuvwxyz0123456789+/";
    (void)target;
    if (index > 0)
        return false;
    for (int byte = 0; byte < 256; byte++)
        pith_buffer_printf(out, "%c%c== %d\n", digits[byte >> 2],
                           digits[(byte & 3) << 4], byte);
    pith_buffer_string(out, "YmM= 300\r\nYWI= 301\n\nYWJj 302\n%%\n"
                            "abc it's 1234567  \n\n (x) \xE6\x9D\xB1 abcab");
    return true;
}

/* --- Punkt: four files and a text ------------------------------------------------- */

static void run_punkt(const struct fuzz_target *target, struct pith_text input)
{
    static const char *const names[] = {"abbrev_types.txt", "collocations.tab",
                                        "ortho_context.tab",
                                        "sent_starters.txt"};
    struct pith_punkt *punkt;
    struct pith_sentence *sentences = NULL;
    size_t n = 0, at = 0;
    (void)target;
    for (size_t i = 0; i < 4; i++)
        fuzz_write(names[i], fuzz_part(&input));
    if (pith_punkt_load(fuzz_path("."), &punkt, NULL) == PITH_OK &&
        pith_punkt_split(punkt, input, &sentences, &n, NULL) == PITH_OK) {
        for (size_t i = 0; i < n; i++) {
            fuzz_check(sentences[i].offset >= at);
            at = sentences[i].offset + sentences[i].size;
            fuzz_check(sentences[i].size > 0 && at <= input.size);
        }
        pith_sentences_tile(sentences, n, input.size);
        for (size_t i = 0; i < n; i++)
            fuzz_check(sentences[i].offset + sentences[i].size ==
                       (i + 1 < n ? sentences[i + 1].offset : input.size));
    }
    pith_free(sentences);
    pith_punkt_free(punkt);
}

static const char *const punkt_seeds[] = {
    "dr\nu.s\n1.2\n%%\nm\tsmith\n##number##\tthe\n%%\nthe\t46\nhe\t12\n%%\nhe\n"
    "she\n%%\nMr. A. said 3.5 p.m. He (Dr. M. Smith) went... \"No!\" Then? U.S. "
    "the 1. The end.",
    "%%\n\n%%\n\n%%\n\n%%\nA b. C\xE2\x80\xA6 D!\n\n E",
    NULL};

/* --- regular expressions: a pattern and a text -------------------------------------- */

struct matches {
    struct pith_text text;
    size_t end;
};

static void found(void *context, size_t start, size_t end)
{
    struct matches *matches = context;
    fuzz_check(start >= matches->end && start < end);
    fuzz_check(end <= matches->text.size);
    fuzz_check(memchr(matches->text.bytes + start, '\n', end - start) == NULL);
    matches->end = end;
}

static void run_regex(const struct fuzz_target *target, struct pith_text input)
{
    struct pith_text pattern = fuzz_part(&input);
    struct matches matches = {input, 0};
    struct pith_regex *regex;
    struct pith_error error;
    (void)target;
    if (pith_regex_make(&regex, "keep_regex", pattern, &error) == PITH_OK)
        fuzz_check(pith_regex_find(regex, input, found, &matches, &error) ==
                   PITH_OK);
    else
        fuzz_check(strncmp(error.detail, "keep_regex", 10) == 0);
    pith_regex_free(regex);
}

static const char *const regex_seeds[] = {
    "[0-9]+(\\.[0-9]+)?|[[:alpha:]]{2,5}\n%%\n12.5 and 7, na\xC3\xAFve\r\nx",
    "^(a|b)*c$|\\bd\\B|\\<e\\>\n%%\nababc\nde e\nabc",
    "[^]a-z-]+|\\d\\D\\w\\W\\s\\S\\t\\.\n%%\n]A-1x _ \t.",
    "((a?){3}b+){1,2}|[[:punct:][:upper:]\xC3\xA9-\xC3\xBF].\n%%\naab!? \xC3\xA9q",
    NULL};

const struct fuzz_target fuzz_texts[] = {
    {.name = "tiktoken", .run = run_tiktoken, .most = 5000,
     .seed = seed_tiktoken},
    {.name = "punkt", .run = run_punkt, .most = 1000, .texts = punkt_seeds},
    {.name = "regex", .run = run_regex, .most = 600, .texts = regex_seeds},
    {0}};
