/*
 * test_recover.c - src/compress/recover.c, subsequence.c and src/text/suffixes.c:
 * against plain searches on random input, and against llmlingua 0.2.2 with a
 * tokenizer whose tokens are bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "../src/compress/recover.h"
#include "../src/compress/subsequence.h"
#include "../src/text/suffixes.h"
#include "support.h"
#include "vocab_builder.h"

/* --- suffixes --------------------------------------------------------------- */

static size_t longest_by_search(struct pith_text text, struct pith_text string)
{
    size_t longest = 0;
    for (size_t at = 0; at < text.size; at++) {
        size_t n = 0;
        while (n < string.size && at + n < text.size &&
               text.bytes[at + n] == string.bytes[n])
            n++;
        longest = n > longest ? n : longest;
    }
    return longest;
}

START_TEST(longest_common_start_is_found)
{
    uint64_t state = 1;
    struct pith_error error;
    for (int run = 0; run < 2000; run++) {
        char text[60], string[30];
        size_t n = random_below(&state, sizeof text + 1);
        size_t n_string = random_below(&state, sizeof string + 1);
        size_t n_letters = 1 + random_below(&state, 4);
        for (size_t i = 0; i < n; i++)
            text[i] = "a\xFF\x00 "[random_below(&state, n_letters)];
        for (size_t i = 0; i < n_string; i++)
            string[i] = "a\xFF\x00 "[random_below(&state, n_letters)];
        struct pith_suffixes suffixes;
        assert_ok(pith_suffixes_create(&suffixes, (struct pith_text){text, n},
                                       &error), error);
        ck_assert_uint_eq(
            pith_suffixes_longest(&suffixes,
                                  (struct pith_text){string, n_string}),
            longest_by_search((struct pith_text){text, n},
                              (struct pith_text){string, n_string}));
        pith_suffixes_free(&suffixes);
    }
}
END_TEST

START_TEST(a_megabyte_of_one_letter_is_no_trouble)
{
    enum { N = 1 << 20 };
    struct pith_suffixes suffixes;
    struct pith_error error;
    char *text = malloc(N);
    ck_assert_ptr_nonnull(text);
    memset(text, 'a', N);
    assert_ok(pith_suffixes_create(&suffixes, (struct pith_text){text, N},
                                   &error), error);
    ck_assert_uint_eq(pith_suffixes_longest(&suffixes,
                                            (struct pith_text){text, N}), N);
    pith_suffixes_free(&suffixes);
    free(text);
}
END_TEST

/* --- runs of tokens ------------------------------------------------------------ */

/* The rule as recover.h says it, without giving up early. */
static bool greedily_by_search(const int32_t *ids, size_t n_ids,
                               const int32_t *run, size_t n,
                               struct pith_token_range *range)
{
    size_t best_found = 0, best_size = SIZE_MAX;
    for (size_t first = 0; first < n_ids; first++) {
        size_t at = first, n_found = 1;
        if (ids[first] != run[0])
            continue;
        for (size_t i = 1; i < n; i++) {
            size_t next = at + 1;
            while (next < n_ids && ids[next] != run[i])
                next++;
            if (next < n_ids && next - at <= 10) {
                at = next;
                n_found++;
            }
        }
        if (n_found > best_found ||
            (n_found == best_found && at + 1 - first < best_size)) {
            best_found = n_found;
            best_size = at + 1 - first;
            *range = (struct pith_token_range){first, at + 1};
        }
    }
    return best_found > 0;
}

/* The first of the shortest ranges with run as a subsequence, those between
 * edges before others. */
static bool shortest_by_search(const int32_t *ids, size_t n_ids,
                               const bool *edges, const int32_t *run, size_t n,
                               struct pith_token_range *range)
{
    size_t best = SIZE_MAX; /* twice the size, and one without edges */
    for (size_t first = 0; first < n_ids; first++) {
        size_t n_found = 0, at = first;
        while (at < n_ids && n_found < n)
            n_found += ids[at++] == run[n_found];
        bool whole = edges == NULL || (edges[first] && edges[at]);
        if (n_found == n && 2 * (at - first) + !whole < best) {
            best = 2 * (at - first) + !whole;
            *range = (struct pith_token_range){first, at};
        }
    }
    return best != SIZE_MAX;
}

static void fill(int32_t *ids, size_t n, uint64_t *state, size_t n_kinds)
{
    for (size_t i = 0; i < n; i++)
        ids[i] = (int32_t)random_below(state, n_kinds);
}

START_TEST(ranges_are_those_of_a_plain_search)
{
    uint64_t state = 2;
    struct pith_error error;
    size_t n_hits = 0;
    for (int round = 0; round < 5000; round++) {
        int32_t ids[120], run[12];
        struct pith_token_range got, want;
        struct pith_occurrences original;
        size_t n_ids = random_below(&state, 121), n_kinds;
        size_t n = 1 + random_below(&state, 12);
        n_kinds = 1 + random_below(&state, 30);
        fill(ids, n_ids, &state, n_kinds);
        fill(run, n, &state, n_kinds);
        assert_ok(pith_occurrences_create(&original, ids, n_ids, &error),
                  error);
        bool expected = greedily_by_search(ids, n_ids, run, n, &want);
        bool found;
        assert_ok(pith_recover_greedily(&original, run, n, &got, &found,
                                        &error), error);
        ck_assert_int_eq(found, expected);
        ck_assert(!expected ||
                  (got.first == want.first && got.end == want.end));
        bool edges[121], *some = round % 2 == 0 ? NULL : edges;
        for (size_t i = 0; i <= n_ids; i++)
            edges[i] = random_below(&state, 2) == 0;
        expected = shortest_by_search(ids, n_ids, some, run, n, &want);
        struct pith_shortest best = {{0, 0}, false, false};
        size_t most = random_below(&state, 100);
        assert_ok(pith_recover_shortest(&original, some, run, n, most, &best,
                                        &error), error);
        expected = expected && want.end - want.first <= most;
        ck_assert_int_eq(best.found, expected);
        ck_assert(!expected || (best.range.first == want.first &&
                                best.range.end == want.end));
        n_hits += expected;
        pith_occurrences_free(&original);
    }
    ck_assert_uint_gt(n_hits, 500);
}
END_TEST

/* A search that may take one step less than it needs. */
START_TEST(searches_take_a_bounded_number_of_steps)
{
    enum { N = 50 };
    int32_t ids[N] = {0}, run[N] = {0};
    struct pith_token_range range;
    struct pith_shortest best = {{0, 0}, false, false};
    struct pith_occurrences original;
    struct pith_error error;
    bool found;
    assert_ok(pith_occurrences_create(&original, ids, N, &error), error);
    uint64_t limit = original.n_steps_left;
    ck_assert_uint_eq(limit, (uint64_t)1 << 31);
    assert_ok(pith_recover_shortest(&original, NULL, run, N, N, &best, &error),
              error);
    uint64_t shortest = limit - original.n_steps_left;
    original.n_steps_left = limit;
    assert_ok(pith_recover_greedily(&original, run, N, &range, &found, &error),
              error);
    uint64_t greedily = limit - original.n_steps_left;
    ck_assert_uint_eq(shortest, N * (1 + N));
    ck_assert_uint_ge(greedily, N);
    original.n_steps_left = shortest - 1;
    ck_assert_int_eq(pith_recover_shortest(&original, NULL, run, N, N, &best,
                                           &error), PITH_ERR_ARGUMENT);
    original.n_steps_left = greedily - 1;
    ck_assert_int_eq(pith_recover_greedily(&original, run, N, &range, &found,
                                           &error), PITH_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.detail, "a prompt of 50 tokens"));
    pith_occurrences_free(&original);
}
END_TEST

/* --- answers -------------------------------------------------------------------- */

static const char original_text[] =
    "Mr. Johnathan Smith-Jones paid 1,234.50 dollars; Mr. Brown paid 77.";
static const char compressed_text[] = "Mr John Smith paid 134 Brown 77";

static void expect_of(const struct pith_tokenizer *tokenizer,
                      enum pith_recover_rules rules, const char *original,
                      const char *compressed, const char *answer,
                      const char *want)
{
    struct pith_error error;
    char *recovered;
    size_t size;
    assert_ok(pith_recover_answer(tokenizer, view(original), view(compressed),
                                  view(answer), rules, &recovered, &size,
                                  &error), error);
    ck_assert_str_eq(recovered, want);
    ck_assert_uint_eq(size, strlen(want));
    free(recovered);
}

static void expect(const struct pith_tokenizer *tokenizer,
                   enum pith_recover_rules rules, const char *answer,
                   const char *want)
{
    expect_of(tokenizer, rules, original_text, compressed_text, answer, want);
}

START_TEST(answers_are_put_back)
{
    static const char *const reference[][2] = {
        {"John Smith paid 134", "Johnathan Smith-Jones paid 1,234"},
        {"It was Mr John who paid", "It was Mr. John who paid"},
        {"Brown", "Brown"},
        {"nobody here", "nobody here"},
        {"paid 134 Brown 77.", "paid 1,234.50 dollars; Mr. Brown 77."},
        {"77 Brown 77", "77 Brown paid 77"},
        {"hn Smi", "han Smi"},
        {"the zzz", "the zzz"},
        {"", ""},
        {"  Brown  77 ", "  Brown  77 "},
    };
    static const char *const paper[][2] = {
        {"John Smith paid 134",
         "Johnathan Smith-Jones paid 1,234.50"},
        {"It was Mr John who paid", "It was Mr. Johnathan who paid"},
        {"77 Brown 77", "77 Brown paid 77"},
        /* The last word of a run is whole, and so is one with a mark after. */
        {"134", "1,234.50"},
        {"paid 134.", "paid 1,234.50."},
        {"\"John\", (Smith)!", "\"Johnathan\", (Smith-Jones)!"},
        {"\xE2\x80\x9EJohn\xE2\x80\x9C", "\xE2\x80\x9EJohnathan\xE2\x80\x9C"},
        {"134\n\tBrown 77\n", "1,234.50\n\tBrown paid 77\n"},
        /* What the answer cut itself stays so. */
        {"Joh", "Joh"},
        {"...", "..."},
        {"--- x", "--- x"},
        {"  Brown  77 ", "  Brown  77 "},
        {"", ""},
        {"nobody here", "nobody here"},
        /* a space in front makes it no longer, and takes none away */
        {"who? Brown", "who? Brown"},
    };
    struct vocab_builder *builder =
        new_vocab(PITH_TOKENIZER_BYTE_BPE, PITH_PRE_GPT2);
    add_bytes(builder);
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    for (size_t i = 0; i < sizeof reference / sizeof *reference; i++)
        expect(tokenizer, PITH_RECOVER_REFERENCE, reference[i][0],
               reference[i][1]);
    for (size_t i = 0; i < sizeof paper / sizeof *paper; i++)
        expect(tokenizer, PITH_RECOVER_PAPER, paper[i][0], paper[i][1]);
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}
END_TEST

START_TEST(paper_completes_words_of_the_compressed_prompt_alone)
{
    static const char *const rows[][4] = {
        {"Pay 2009 or 20 now", "Pay 20 now", "20", "20"},
        {"Pay 2009 or 2100 now", "Pay 20 now", "20", "2009"},
        {"the cathedral", "cathedral", "a cat", "a cat"},
        {"see https://example.org/a/very/long/address?of=a&page",
         "see https", "see https", "see https"},
        {"see https://example.org", "see https", "see https:", "see https:"},
        /* Not ten times as long as the run. */
        {"id 0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklm end",
         "id 01", "01", "01"},
        /* Signs that both have come once. */
        {"costs $1,782 now", "costs 782 now", "It costs $782.",
         "It costs $1,782."},
        {"costs 1,782% now", "costs 782 now", "782%!", "1,782%!"},
        {"Zo\xC3\xAB-Anne came", "Zo\xC3\xAB came", "Zo\xC3\xAB!",
         "Zo\xC3\xAB-Anne!"},
        {"\xE6\x9D\xB1\xE4\xBA\xAC\xE9\x83\xBD", "\xE6\x9D\xB1\xE4\xBA\xAC",
         "\xE6\x9D\xB1\xE4\xBA\xAC\xE3\x80\x82", "\xE6\x9D\xB1\xE4\xBA\xAC\xE3\x80\x82"},
    };
    struct vocab_builder *builder =
        new_vocab(PITH_TOKENIZER_BYTE_BPE, PITH_PRE_GPT2);
    add_bytes(builder);
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_of(tokenizer, PITH_RECOVER_PAPER, rows[i][0], rows[i][1],
                  rows[i][2], rows[i][3]);
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}
END_TEST

/* Whatever the bytes: no crash, and an answer without words of the compressed
 * prompt is as it was. */
START_TEST(any_bytes_are_survived)
{
    uint64_t state = 4;
    struct pith_error error;
    struct vocab_builder *builder =
        new_vocab(PITH_TOKENIZER_BYTE_BPE, PITH_PRE_GPT2);
    add_bytes(builder);
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    for (int round = 0; round < 3000; round++) {
        char bytes[3][60];
        struct pith_text texts[3];
        size_t size;
        for (int i = 0; i < 3; i++) {
            texts[i] = (struct pith_text){bytes[i], random_below(&state, 61)};
            for (size_t k = 0; k < texts[i].size; k++)
                bytes[i][k] = "ab1 .,$\n\"\xC3\xA9\xF0\x9F\x00%"[random_below(
                    &state, round % 2 == 0 ? 8 : 15)];
        }
        char *recovered;
        assert_ok(pith_recover_answer(tokenizer, texts[0], texts[1], texts[2],
                                      (enum pith_recover_rules)(round % 3 % 2),
                                      &recovered, &size, &error), error);
        free(recovered);
        assert_ok(pith_recover_answer(tokenizer, texts[0],
                                      (struct pith_text){"zz", 2}, texts[2],
                                      PITH_RECOVER_PAPER, &recovered, &size,
                                      &error), error);
        ck_assert_uint_eq(size, texts[2].size);
        ck_assert(memcmp(recovered, texts[2].bytes, size) == 0);
        free(recovered);
    }
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}
END_TEST

/* " Smith" is one token inside the text and "Smith" none: only with the space
 * in front is the run found. */
START_TEST(paper_tries_a_space_in_front)
{
    struct vocab_builder *builder =
        new_vocab(PITH_TOKENIZER_BYTE_BPE, PITH_PRE_GPT2);
    add_bytes(builder);
    int32_t space_s = add_piece(builder, " S", 0, PITH_PIECE_NORMAL);
    add_merge(builder, ' ', 'S');
    ck_assert_int_eq(space_s, 256);
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    expect(tokenizer, PITH_RECOVER_REFERENCE, "Smith paid 134",
           "Smith paid 134");
    expect(tokenizer, PITH_RECOVER_PAPER, "Smith paid 134",
           "Smith-Jones paid 1,234.50");
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("recover");
    TCase *tcase = tcase_create("recover");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, longest_common_start_is_found);
    tcase_add_test(tcase, a_megabyte_of_one_letter_is_no_trouble);
    tcase_add_test(tcase, ranges_are_those_of_a_plain_search);
    tcase_add_test(tcase, searches_take_a_bounded_number_of_steps);
    tcase_add_test(tcase, answers_are_put_back);
    tcase_add_test(tcase, paper_completes_words_of_the_compressed_prompt_alone);
    tcase_add_test(tcase, any_bytes_are_survived);
    tcase_add_test(tcase, paper_tries_a_space_in_front);
    suite_add_tcase(suite, tcase);
    return suite;
}
