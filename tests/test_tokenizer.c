/*
 * test_tokenizer.c - both kinds of tokenizer on vocabularies made by hand or
 * at random, against an oracle that merges by trying every pair; and the
 * tokenizer section, whole and damaged.  test_tokenizer_golden.c has the
 * vocabularies of real models.
 */
#include <math.h>
#include <stdio.h>

#include "../src/base/store.h"
#include "../src/text/decode.h"
#include "../src/text/vocab.h"
#include "fuzz/fuzz.h"
#include "vocab_builder.h"

static const char SPACE[] = "\xE2\x96\x81"; /* U+2581 */

/* --- helpers ------------------------------------------------------------- */

static struct pith_ids encode(const struct pith_tokenizer *tokenizer,
                              struct pith_text text, int flags)
{
    struct pith_ids ids = {0};
    struct pith_error error;
    assert_ok(pith_tokenizer_encode(tokenizer, text, flags, &ids, &error),
              error);
    return ids;
}

static void assert_decodes(const struct pith_tokenizer *tokenizer,
                           const struct pith_ids *ids, struct pith_text want)
{
    struct pith_buffer out = {0};
    pith_tokenizer_decode(tokenizer, ids->data, ids->n, &out);
    ck_assert_msg(out.size == want.size &&
                      (out.size == 0 ||
                       memcmp(out.data, want.bytes, out.size) == 0),
                  "'%.*s' decoded as '%.*s'", (int)want.size, want.bytes,
                  (int)out.size, out.data);
    pith_buffer_free(&out);
}

static void assert_round_trip(const struct pith_tokenizer *tokenizer,
                              struct pith_text text)
{
    struct pith_ids ids = encode(tokenizer, text, 0);
    assert_decodes(tokenizer, &ids, text);
    pith_ids_free(&ids);
}

/* The pieces of a text, each followed by '|'. */
static void assert_pieces(const struct pith_tokenizer *tokenizer,
                          const char *text, int flags, const char *want)
{
    struct pith_ids ids =
        encode(tokenizer, (struct pith_text){text, strlen(text)}, flags);
    struct pith_buffer got = {0};
    for (size_t i = 0; i < ids.n; i++) {
        struct pith_text piece = pith_tokenizer_piece(tokenizer, ids.data[i]);
        pith_buffer_append(&got, piece.bytes, piece.size);
        pith_buffer_byte(&got, '|');
    }
    pith_buffer_byte(&got, '\0');
    ck_assert_str_eq(got.data, want);
    pith_buffer_free(&got);
    pith_ids_free(&ids);
}

/* Adds the piece that two pieces make, and the merge. */
static int32_t join(struct vocab_builder *builder, int32_t left, int32_t right)
{
    const struct pith_piece *pieces = builder->vocab.pieces;
    char bytes[256];
    size_t n = pieces[left].bytes.size, m = pieces[right].bytes.size;
    ck_assert_uint_le(n + m, sizeof bytes);
    memcpy(bytes, pieces[left].bytes.bytes, n);
    memcpy(bytes + n, pieces[right].bytes.bytes, m);
    add_merge(builder, left, right);
    for (size_t id = 0; id < builder->vocab.n_pieces; id++)
        if (pieces[id].bytes.size == n + m &&
            memcmp(pieces[id].bytes.bytes, bytes, n + m) == 0)
            return (int32_t)id;
    set_piece(builder, builder->vocab.n_pieces, bytes, n + m, 0,
              PITH_PIECE_NORMAL);
    return (int32_t)builder->vocab.n_pieces - 1;
}

/* 256 bytes; "<s>" 256, "<s><s>" 257, "<|x|>" 258; then some merges. */
static struct vocab_builder *small_byte_bpe(void)
{
    struct vocab_builder *builder =
        new_vocab(PITH_TOKENIZER_BYTE_BPE, PITH_PRE_GPT2);
    add_bytes(builder);
    builder->vocab.bos_id = add_piece(builder, "<s>", 0, PITH_PIECE_SPECIAL);
    add_piece(builder, "<s><s>", 0, PITH_PIECE_SPECIAL);
    add_piece(builder, "<|x|>", 0, PITH_PIECE_SPECIAL);
    builder->vocab.flags = PITH_VOCAB_ADD_BOS;
    int32_t bc = join(builder, 'b', 'c'); /* rank 0 */
    int32_t ab = join(builder, 'a', 'b');
    int32_t aa = join(builder, 'a', 'a');
    join(builder, ab, 'c');
    join(builder, 'a', bc);
    join(builder, aa, aa);
    join(builder, ' ', 'a');
    return builder;
}

/* unknown, "<s>", "</s>", byte pieces, then letters and words. */
static struct vocab_builder *small_sentencepiece(bool bytes)
{
    struct vocab_builder *builder =
        new_vocab(PITH_TOKENIZER_SENTENCEPIECE, PITH_PRE_NONE);
    builder->vocab.unk_id = add_piece(builder, "<unk>", 0, PITH_PIECE_UNKNOWN);
    builder->vocab.bos_id = add_piece(builder, "<s>", 0, PITH_PIECE_SPECIAL);
    add_piece(builder, "</s>", 0, PITH_PIECE_SPECIAL);
    builder->vocab.flags = PITH_VOCAB_ADD_BOS | PITH_VOCAB_DUMMY_PREFIX;
    for (int byte = 0; bytes && byte < 256; byte++) {
        char c = (char)byte;
        set_piece(builder, builder->vocab.n_pieces, &c, 1, 0, PITH_PIECE_BYTE);
        builder->vocab.flags |= PITH_VOCAB_BYTE_FALLBACK;
    }
    add_piece(builder, SPACE, -10, PITH_PIECE_NORMAL);
    add_piece(builder, "a", -11, PITH_PIECE_NORMAL);
    add_piece(builder, "b", -12, PITH_PIECE_NORMAL);
    add_piece(builder, "ab", -2, PITH_PIECE_NORMAL);
    add_piece(builder, "ba", -1, PITH_PIECE_NORMAL);
    add_piece(builder, "aa", -3, PITH_PIECE_NORMAL);
    add_piece(builder, "bb", -3, PITH_PIECE_NORMAL);
    add_piece(builder, "\xE2\x96\x81" "a", -4, PITH_PIECE_NORMAL);
    add_piece(builder, "\xE2\x96\x81\xE2\x96\x81", -5, PITH_PIECE_NORMAL);
    add_piece(builder, "bbb", 0, PITH_PIECE_UNUSED);
    return builder;
}

/* --- byte-level BPE ------------------------------------------------------ */

START_TEST(merges_go_by_rank_then_from_the_left)
{
    struct vocab_builder *builder = small_byte_bpe();
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    assert_pieces(tokenizer, "abc", 2, "abc|"); /* b+c, then a+bc */
    assert_pieces(tokenizer, "abab", 2, "ab|ab|");
    assert_pieces(tokenizer, "aaa", 2, "aa|a|");
    assert_pieces(tokenizer, "aaaaaaa", 2, "aaaa|aa|a|");
    assert_pieces(tokenizer, "b a", 2, "b| a|"); /* words are apart */
    assert_pieces(tokenizer, "a  a", 2, "a| | a|");
    assert_pieces(tokenizer, "", 2, "");
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}
END_TEST

START_TEST(special_pieces_come_first)
{
    struct vocab_builder *builder = small_byte_bpe();
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    assert_pieces(tokenizer, "<s>", 0, "<s>|");
    assert_pieces(tokenizer, "<s><s><s>a", 0, "<s><s>|<s>|a|");
    assert_pieces(tokenizer, "a<s>a <|x|", 0, "a|<s>|a| |<|||x|||");
    assert_pieces(tokenizer, "<<s><|x|><", 0, "<|<s>|<|x|>|<|");
    assert_pieces(tokenizer, "a <s>", 0, "a| |<s>|");
    assert_pieces(tokenizer, "<{x|>", 0, "<|{|x|||>|");
    assert_pieces(tokenizer, "<s>", PITH_TOKENIZE_NO_SPECIAL, "<|s|>|");
    assert_pieces(tokenizer, "a", PITH_TOKENIZE_DEFAULT_BOS, "<s>|a|");
    assert_pieces(tokenizer, "", PITH_TOKENIZE_DEFAULT_BOS, "<s>|");
    assert_round_trip(tokenizer, (struct pith_text){"a<s> <|x|>b", 11});
    pith_tokenizer_free(tokenizer);
    builder->vocab.flags = 0;
    builder->section.size = 0;
    tokenizer = build_tokenizer(builder);
    assert_pieces(tokenizer, "a", PITH_TOKENIZE_DEFAULT_BOS, "a|");
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}
END_TEST

/* What Hugging Face does with SmolLM2's vocabulary: its neighbours meet. */
START_TEST(bytes_without_a_piece_are_left_out)
{
    struct vocab_builder *builder = small_byte_bpe();
    builder->vocab.pieces[4].kind = PITH_PIECE_UNUSED;
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    assert_pieces(tokenizer, "!\x04?", 0, "!|?|");
    assert_pieces(tokenizer, "\x04", 0, "");
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}
END_TEST

START_TEST(facts_and_pieces_can_be_asked_for)
{
    struct vocab_builder *builder = small_byte_bpe();
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    struct pith_vocab facts;
    pith_tokenizer_describe(tokenizer, &facts);
    ck_assert_int_eq(facts.kind, PITH_TOKENIZER_BYTE_BPE);
    ck_assert_int_eq(facts.pre_tokenizer, PITH_PRE_GPT2);
    ck_assert_uint_eq(facts.n_pieces, builder->vocab.n_pieces);
    ck_assert_uint_eq(facts.n_merges, 7);
    ck_assert_int_eq(facts.bos_id, 256);
    ck_assert_int_eq(facts.eos_id, -1);
    ck_assert_uint_eq(pith_tokenizer_piece(tokenizer, -1).size, 0);
    ck_assert_uint_eq(
        pith_tokenizer_piece(tokenizer, (int32_t)facts.n_pieces).size, 0);
    ck_assert_int_eq(pith_tokenizer_piece_kind(tokenizer, 256),
                     PITH_PIECE_SPECIAL);
    ck_assert_int_eq(pith_tokenizer_piece_kind(tokenizer, INT32_MAX),
                     PITH_PIECE_UNUSED);
    struct pith_ids ids = {0};
    pith_ids_append(&ids, -5); /* ids that are none decode to nothing */
    pith_ids_append(&ids, 'x');
    pith_ids_append(&ids, 1000000);
    assert_decodes(tokenizer, &ids, (struct pith_text){"x", 1});
    pith_ids_free(&ids);
    pith_tokenizer_free(tokenizer);
    pith_tokenizer_free(NULL);
    free_vocab(builder);
}
END_TEST

/* Of pieces with the same bytes, the first special or normal one counts. */
START_TEST(equal_pieces_are_told_apart)
{
    struct vocab_builder *builder = small_byte_bpe();
    add_piece(builder, "xy", 0, PITH_PIECE_SPECIAL);
    int32_t first = join(builder, 'x', 'y');
    builder->vocab.pieces[first].kind = PITH_PIECE_SPECIAL;
    int32_t normal = add_piece(builder, "xy", 0, PITH_PIECE_NORMAL);
    add_piece(builder, "xy", 0, PITH_PIECE_NORMAL);
    add_piece(builder, "xy", 0, PITH_PIECE_SPECIAL);
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    struct pith_ids ids = encode(tokenizer, (struct pith_text){"xy", 2},
                                 PITH_TOKENIZE_NO_SPECIAL);
    ck_assert_uint_eq(ids.n, 1);
    ck_assert_int_eq(ids.data[0], normal);
    pith_ids_free(&ids);
    ids = encode(tokenizer, (struct pith_text){"xy", 2}, 0);
    ck_assert_int_eq(ids.data[0], first);
    pith_ids_free(&ids);
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}
END_TEST

/* --- SentencePiece ------------------------------------------------------- */

START_TEST(the_best_score_merges_first)
{
    struct vocab_builder *builder = small_sentencepiece(true);
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    assert_pieces(tokenizer, "ab", 2, " |ab|");
    assert_pieces(tokenizer, "aba", 2, " a|ba|"); /* ba before ab */
    assert_pieces(tokenizer, "aabb", 2, " a|ab|b|");
    assert_pieces(tokenizer, "bbbb", 2, " |bb|bb|"); /* bbb is unused */
    assert_pieces(tokenizer, "bbb", 2, " |bb|b|");   /* the left one */
    assert_pieces(tokenizer, "", 2, "");
    assert_pieces(tokenizer, " ", 2, "  |");
    assert_pieces(tokenizer, "  a", 2, "  | a|");
    assert_pieces(tokenizer, "b a", 2, " |b| a|");
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}
END_TEST

START_TEST(the_dummy_prefix_comes_and_goes)
{
    static const char *const texts[] = {"", " ", "  ", "a", " a", "<s>", "<s>a",
                                        "<s> a", " <s>", "a<s>b</s> <s>",
                                        "<s></s>  a", "\n a"};
    struct vocab_builder *builder = small_sentencepiece(true);
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    assert_pieces(tokenizer, "a<s>b</s>", 0, " a|<s>| |b|</s>|");
    assert_pieces(tokenizer, "a", PITH_TOKENIZE_DEFAULT_BOS, "<s>| a|");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_round_trip(tokenizer,
                          (struct pith_text){texts[i], strlen(texts[i])});
    pith_tokenizer_free(tokenizer);
    builder->section.size = 0;
    builder->vocab.flags &= ~(uint32_t)PITH_VOCAB_DUMMY_PREFIX;
    tokenizer = build_tokenizer(builder);
    assert_pieces(tokenizer, "a", 0, "a|");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_round_trip(tokenizer,
                          (struct pith_text){texts[i], strlen(texts[i])});
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}
END_TEST

START_TEST(the_dummy_prefix_can_stand_once)
{
    static const char *const texts[] = {"", " ", "a", " a", "<s>", "<s>a",
                                        "<s> a", " <s> a", "a<s>b</s> <s>a",
                                        "<s></s>  a", "a<unk> b"};
    struct vocab_builder *builder = small_sentencepiece(true);
    builder->vocab.flags |= PITH_VOCAB_PREFIX_ONCE;
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    assert_pieces(tokenizer, "a<s>b</s> a", 0, " a|<s>|b|</s>| a|");
    assert_pieces(tokenizer, "<s>a", 0, "<s>|a|");
    assert_pieces(tokenizer, "a", PITH_TOKENIZE_DEFAULT_BOS, "<s>| a|");
    assert_pieces(tokenizer, "a", PITH_TOKENIZE_AFTER_SPECIAL, "a|");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_round_trip(tokenizer,
                          (struct pith_text){texts[i], strlen(texts[i])});
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}
END_TEST

/* Whole, the longest of the leftmost, merged with nothing, and without a
 * dummy prefix after it. */
START_TEST(user_defined_pieces_are_never_cut)
{
    static const char *const texts[] = {"aab", " a", "<a", "b<a>", "a  b",
                                        "<a> <a>a", "<s><a>", "a<a><s>b"};
    struct vocab_builder *builder = small_sentencepiece(true);
    add_piece(builder, "<a", 0, PITH_PIECE_USER);
    add_piece(builder, "<a>", 0, PITH_PIECE_USER);
    add_piece(builder, "b\xE2\x96\x81" "b", 0, PITH_PIECE_USER);
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    for (int flags = 0; flags <= PITH_TOKENIZE_NO_SPECIAL; flags += 2) {
        assert_pieces(tokenizer, "a<a>ab", flags, " a|<a>|ab|");
        assert_pieces(tokenizer, "<a><ab", flags, " |<a>|<a|b|");
        assert_pieces(tokenizer, "ab ba", flags, " a|b b|a|");
        assert_pieces(tokenizer, "ab bb b", flags, " a|b b|b b|");
        assert_pieces(tokenizer, "<", flags, " |<|");
    }
    assert_pieces(tokenizer, "<a<s><a", 0, " |<a|<s>| |<a|");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_round_trip(tokenizer,
                          (struct pith_text){texts[i], strlen(texts[i])});
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}
END_TEST

/* As Hugging Face's classes do; sentencepiece itself does not. */
START_TEST(the_text_of_the_unknown_piece_is_special)
{
    struct vocab_builder *builder = small_sentencepiece(true);
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    assert_pieces(tokenizer, "a<unk>a", 0, " a|<unk>| a|");
    assert_pieces(tokenizer, "<unk>", PITH_TOKENIZE_NO_SPECIAL,
                  " |<|u|n|k|>|");
    assert_round_trip(tokenizer, (struct pith_text){"a<unk> a", 8});
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}
END_TEST

START_TEST(what_is_no_piece_becomes_bytes)
{
    struct vocab_builder *builder = small_sentencepiece(true);
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    assert_pieces(tokenizer, "x\xC3\xA9", 2, " |x|\xC3|\xA9|");
    assert_pieces(tokenizer, "\xE2\x96\x81" "a", 2, " |\xE2|\x96|\x81|a|");
    assert_round_trip(tokenizer, (struct pith_text){"a\xE2\x96\x81 a", 6});
    assert_round_trip(tokenizer, (struct pith_text){"\xFF\0\xE2\x96 <unk>", 11});
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}
END_TEST

START_TEST(without_byte_pieces_it_is_unknown_once)
{
    struct vocab_builder *builder = small_sentencepiece(false);
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    assert_pieces(tokenizer, "xyzax\xC3\xA9", 2, " |<unk>|a|<unk>|");
    assert_pieces(tokenizer, "<unk>", 2, " |<unk>|");
    pith_tokenizer_free(tokenizer);
    builder->vocab.unk_id = -1;
    builder->section.size = 0;
    struct pith_error error;
    assert_ok(pith_vocab_serialize(&builder->vocab, &builder->section, &error),
              error);
    ck_assert_int_eq(
        pith_tokenizer_create((const uint8_t *)builder->section.data,
                              builder->section.size, "name", &tokenizer,
                              &error), PITH_ERR_FORMAT);
    ck_assert_ptr_null(tokenizer);
    ck_assert_ptr_nonnull(strstr(error.detail, "name"));
    free_vocab(builder);
}
END_TEST

/* --- the oracle ---------------------------------------------------------- */

/* The rank of the pair, or the negated score of the union; HUGE_VAL when they
 * do not merge. */
static double pair_value(const struct pith_vocab *vocab,
                         const struct pith_text *left,
                         const struct pith_text *right)
{
    size_t n = left->size + right->size; /* they are adjacent in the text */
    if (vocab->n_merges == 0) {
        for (size_t id = 0; id < vocab->n_pieces; id++)
            if (vocab->pieces[id].kind == PITH_PIECE_NORMAL &&
                vocab->pieces[id].bytes.size == n &&
                memcmp(vocab->pieces[id].bytes.bytes, left->bytes, n) == 0)
                return -(double)vocab->pieces[id].score;
        return HUGE_VAL;
    }
    for (size_t rank = 0; rank < vocab->n_merges; rank++) {
        struct pith_text a = vocab->pieces[vocab->merges[rank].left].bytes;
        struct pith_text b = vocab->pieces[vocab->merges[rank].right].bytes;
        if (a.size == left->size && b.size == right->size &&
            memcmp(a.bytes, left->bytes, a.size) == 0 &&
            memcmp(b.bytes, right->bytes, b.size) == 0)
            return (double)rank;
    }
    return HUGE_VAL;
}

/* Merges symbols in place, the best pair of all each time; returns how many
 * are left. */
static size_t merge_slowly(const struct pith_vocab *vocab,
                           struct pith_text *symbols, size_t n)
{
    for (;;) {
        size_t best = 0;
        double least = HUGE_VAL;
        for (size_t i = 0; i + 1 < n; i++) {
            double value = pair_value(vocab, &symbols[i], &symbols[i + 1]);
            if (value < least) {
                least = value;
                best = i;
            }
        }
        if (least == HUGE_VAL)
            return n;
        symbols[best].size += symbols[best + 1].size;
        n--;
        memmove(&symbols[best + 1], &symbols[best + 2],
                (n - best - 1) * sizeof *symbols);
    }
}

static void assert_as_slowly(const struct pith_tokenizer *tokenizer,
                             const struct pith_vocab *vocab,
                             struct pith_text word)
{
    struct pith_text symbols[64];
    ck_assert_uint_le(word.size, 64);
    for (size_t i = 0; i < word.size; i++)
        symbols[i] = (struct pith_text){word.bytes + i, 1};
    size_t n = merge_slowly(vocab, symbols, word.size);
    struct pith_ids ids = encode(tokenizer, word, 0);
    ck_assert_uint_eq(ids.n, n);
    for (size_t i = 0; i < n; i++) {
        struct pith_text piece = pith_tokenizer_piece(tokenizer, ids.data[i]);
        ck_assert_uint_eq(piece.size, symbols[i].size);
        ck_assert_mem_eq(piece.bytes, symbols[i].bytes, piece.size);
    }
    pith_ids_free(&ids);
}

static void add_random_joins(struct vocab_builder *builder, uint64_t *state,
                             size_t n_letters, size_t n, size_t first_joined)
{
    for (size_t i = 0; i < n; i++) {
        int32_t sides[2];
        for (int k = 0; k < 2; k++) {
            size_t n_joined = builder->vocab.n_pieces - first_joined;
            size_t pick = random_below(state, n_letters + n_joined);
            sides[k] = (int32_t)(pick < n_letters
                                     ? 'a' + pick
                                     : first_joined + pick - n_letters);
        }
        if (builder->vocab.pieces[sides[0]].bytes.size +
                builder->vocab.pieces[sides[1]].bytes.size <= 16)
            join(builder, sides[0], sides[1]);
    }
}

enum random_kind { BYTE_LEVEL, SCORED, SENTENCEPIECE_WITH_MERGES };

static void check_random_vocab(uint64_t seed, enum random_kind kind)
{
    uint64_t state = seed;
    size_t n_letters = 2 + random_below(&state, 3);
    struct vocab_builder *builder =
        new_vocab(PITH_TOKENIZER_BYTE_BPE, PITH_PRE_GPT2);
    add_bytes(builder);
    add_random_joins(builder, &state, n_letters, 40, 256);
    if (kind != BYTE_LEVEL) {
        builder->vocab.kind = PITH_TOKENIZER_SENTENCEPIECE;
        builder->vocab.pre_tokenizer = PITH_PRE_NONE;
        builder->vocab.unk_id = 0;
    }
    if (kind == SCORED) /* the same pieces, with scores that often tie */
        builder->vocab.n_merges = 0;
    for (size_t id = 0; id < builder->vocab.n_pieces; id++)
        builder->vocab.pieces[id].score = (float)random_below(&state, 20) - 10;
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    for (int i = 0; i < 50; i++) {
        char word[48];
        size_t n = random_below(&state, sizeof word) + 1;
        for (size_t k = 0; k < n; k++)
            word[k] = (char)('a' + random_below(&state, n_letters));
        assert_as_slowly(tokenizer, &builder->vocab,
                         (struct pith_text){word, n});
    }
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}

START_TEST(merging_does_what_the_slow_way_does)
{
    for (uint64_t seed = 0; seed < 40; seed++) {
        check_random_vocab(seed, BYTE_LEVEL);
        check_random_vocab(seed, SCORED);
        check_random_vocab(seed, SENTENCEPIECE_WITH_MERGES);
    }
}
END_TEST

/* --- long words, any bytes ----------------------------------------------- */

/* 1 MB without a place to cut.  A quadratic algorithm would take hours. */
static void encode_long_words(const struct pith_tokenizer *tokenizer)
{
    enum { SIZE = 1 << 20 };
    uint64_t state = 5;
    char *text = malloc(SIZE);
    ck_assert_ptr_nonnull(text);
    struct pith_text all = {text, SIZE};
    memset(text, 'a', SIZE);
    assert_round_trip(tokenizer, all);
    memset(text, ' ', SIZE);
    assert_round_trip(tokenizer, all);
    memset(text, '<', SIZE);
    assert_round_trip(tokenizer, all);
    for (size_t i = 0; i < SIZE; i += 4)
        memcpy(text + i, "\xF0\x9F\x98\x80", 4);
    assert_round_trip(tokenizer, all);
    for (size_t i = 0; i < SIZE; i++)
        text[i] = (char)('a' + random_below(&state, 3));
    assert_round_trip(tokenizer, all);
    for (size_t i = 0; i < SIZE; i++)
        text[i] = (char)random_next(&state);
    assert_round_trip(tokenizer, all);
    free(text);
}

START_TEST(byte_bpe_encodes_long_words)
{
    struct vocab_builder *builder = small_byte_bpe();
    int32_t last = join(builder, ' ', ' ');
    for (int i = 0; i < 6; i++)
        last = join(builder, last, last);
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    encode_long_words(tokenizer);
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}
END_TEST

START_TEST(sentencepiece_encodes_long_words)
{
    struct vocab_builder *builder = small_sentencepiece(true);
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    encode_long_words(tokenizer);
    pith_tokenizer_free(tokenizer);
    /* A piece that reaches over a space: the text is then one word. */
    builder->section.size = 0;
    add_piece(builder, "b\xE2\x96\x81", 1, PITH_PIECE_NORMAL);
    tokenizer = build_tokenizer(builder);
    assert_pieces(tokenizer, "b a", 2, " |b |a|");
    encode_long_words(tokenizer);
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}
END_TEST

/* Random characters, special pieces, spaces and invalid bytes. */
static size_t random_text(uint64_t *state, char *text, size_t room)
{
    size_t n = 0;
    while (n + 16 < room && random_below(state, 20) > 0) {
        switch (random_below(state, 6)) {
        case 0: text[n++] = ' '; break;
        case 1: text[n++] = (char)('a' + random_below(state, 3)); break;
        case 2: text[n++] = (char)random_next(state); break;
        case 3: memcpy(text + n, "<s>", 3); n += 3; break;
        case 4: memcpy(text + n, SPACE, 3); n += 3; break;
        default:
            n += pith_utf8_encode((uint32_t)random_below(state, 0x110000),
                                  text + n);
        }
    }
    return n;
}

static void round_trip_random_texts(struct vocab_builder *builder)
{
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    uint64_t state = 6;
    for (int i = 0; i < 20000; i++) {
        char text[256];
        size_t n = random_text(&state, text, sizeof text);
        assert_round_trip(tokenizer, (struct pith_text){text, n});
    }
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}

/* A word that is a piece, though no merge makes it. */
START_TEST(whole_words_go_before_merges)
{
    static const char text[] = "xyz xyz";
    for (int whole = 0; whole < 2; whole++) {
        struct pith_ids ids = {0};
        struct pith_error error;
        struct vocab_builder *builder = small_byte_bpe();
        int32_t word = add_piece(builder, "xyz", 0, PITH_PIECE_NORMAL);
        if (whole)
            builder->vocab.flags |= PITH_VOCAB_WHOLE_WORDS;
        struct pith_tokenizer *tokenizer = build_tokenizer(builder);
        assert_ok(pith_tokenizer_encode(tokenizer,
                                        (struct pith_text){text, 7}, 0, &ids,
                                        &error), error);
        ck_assert_uint_eq(ids.n, whole ? 5 : 7);
        ck_assert((ids.data[0] == word) == whole);
        pith_ids_free(&ids);
        pith_tokenizer_free(tokenizer);
        free_vocab(builder);
    }
}
END_TEST

START_TEST(decoding_gives_the_very_bytes_back)
{
    round_trip_random_texts(small_byte_bpe());
    struct vocab_builder *builder = small_byte_bpe();
    builder->vocab.pre_tokenizer = PITH_PRE_SMOLLM;
    round_trip_random_texts(builder);
    for (int pre = PITH_PRE_LLAMA3; pre <= PITH_PRE_QWEN2; pre++) {
        builder = small_byte_bpe();
        builder->vocab.pre_tokenizer = (enum pith_pre_tokenizer)pre;
        builder->vocab.flags |= PITH_VOCAB_WHOLE_WORDS;
        round_trip_random_texts(builder);
    }
    round_trip_random_texts(small_sentencepiece(true));
    builder = small_sentencepiece(true);
    add_piece(builder, "\xE2\x96\x81<", 0, PITH_PIECE_USER);
    builder->vocab.flags |= PITH_VOCAB_PREFIX_ONCE;
    round_trip_random_texts(builder);
}
END_TEST

/* --- the section --------------------------------------------------------- */

static void assert_not_serialized(struct vocab_builder *builder,
                                  const char *detail)
{
    struct pith_buffer out = {0};
    struct pith_error error;
    ck_assert_int_eq(pith_vocab_serialize(&builder->vocab, &out, &error),
                     PITH_ERR_FORMAT);
    ck_assert_msg(strstr(error.detail, detail) != NULL, "%s: %s", detail,
                  error.detail);
    pith_buffer_free(&out);
    free_vocab(builder);
}

START_TEST(inconsistent_vocabularies_are_not_written)
{
    struct vocab_builder *builder = small_byte_bpe();
    builder->vocab.pre_tokenizer = PITH_PRE_NONE;
    assert_not_serialized(builder, "pre-tokenizer");
    builder = small_byte_bpe();
    builder->vocab.flags |= PITH_VOCAB_DUMMY_PREFIX;
    assert_not_serialized(builder, "flags");
    builder = small_byte_bpe();
    builder->vocab.flags |= 16;
    assert_not_serialized(builder, "flags");
    builder = small_byte_bpe();
    builder->vocab.flags |= 64;
    assert_not_serialized(builder, "flags");
    builder = small_byte_bpe();
    builder->vocab.pre_tokenizer = (enum pith_pre_tokenizer)5;
    assert_not_serialized(builder, "pre-tokenizer");
    builder = small_sentencepiece(true);
    builder->vocab.flags |= PITH_VOCAB_WHOLE_WORDS;
    assert_not_serialized(builder, "flag");
    builder = small_byte_bpe();
    builder->vocab.eos_id = (int32_t)builder->vocab.n_pieces;
    assert_not_serialized(builder, "special id");
    builder = small_byte_bpe();
    builder->vocab.bos_id = -1;
    assert_not_serialized(builder, "BOS");
    builder = small_byte_bpe();
    add_merge(builder, 'x', 'y');
    assert_not_serialized(builder, "merge 7");
    builder = small_byte_bpe();
    add_merge(builder, 'x', 100000);
    assert_not_serialized(builder, "merge 7");
    builder = small_byte_bpe();
    add_piece(builder, "", 0, PITH_PIECE_SPECIAL);
    assert_not_serialized(builder, "empty");
    builder = small_byte_bpe();
    add_piece(builder, "ab", 0, PITH_PIECE_BYTE);
    assert_not_serialized(builder, "byte piece");
    builder = small_byte_bpe();
    builder->vocab.pieces[3].score = NAN;
    assert_not_serialized(builder, "score of piece 3");
    builder = small_sentencepiece(true);
    add_merge(builder, 0, 1);
    assert_not_serialized(builder, "merge 0");
    builder = small_sentencepiece(true);
    add_piece(builder, "", 0, PITH_PIECE_USER);
    assert_not_serialized(builder, "empty");
    char *huge = calloc(65536, 1);
    builder = small_byte_bpe();
    set_piece(builder, 300, huge, 65536, 0, PITH_PIECE_NORMAL);
    free(huge);
    assert_not_serialized(builder, "65536 bytes");
}
END_TEST

/* An exact copy on the heap, so that the sanitizer sees every byte too far. */
static enum pith_status open_copy(const char *section, size_t size,
                                  struct pith_error *error)
{
    struct pith_tokenizer *tokenizer;
    uint8_t *copy = malloc(size + (size == 0));
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, section, size);
    enum pith_status status =
        pith_tokenizer_create(copy, size, "some/file", &tokenizer, error);
    if (status == PITH_OK) {
        fuzz_tokenizers->run(fuzz_tokenizers, (struct pith_text){section, size});
        for (int32_t id = -1; id < 400; id++)
            pith_tokenizer_piece(tokenizer, id);
    } else {
        ck_assert_ptr_null(tokenizer);
        ck_assert_ptr_nonnull(strstr(error->detail, "some/file: "));
    }
    pith_tokenizer_free(tokenizer);
    free(copy);
    return status;
}

/* Every truncation is refused; every changed byte is refused or harmless. */
static void damage(struct vocab_builder *builder)
{
    struct pith_error error;
    pith_tokenizer_free(build_tokenizer(builder));
    char *data = builder->section.data;
    size_t size = builder->section.size;
    ck_assert_int_eq(open_copy(data, size, &error), PITH_OK);
    for (size_t cut = 0; cut < size; cut++)
        ck_assert_int_eq(open_copy(data, cut, &error), PITH_ERR_FORMAT);
    pith_buffer_byte(&builder->section, '\0');
    data = builder->section.data;
    ck_assert_int_eq(open_copy(data, size + 1, &error), PITH_ERR_FORMAT);
    for (size_t at = 0; at < size; at++) {
        static const unsigned char masks[] = {0x01, 0x80, 0xFF};
        for (size_t i = 0; i < sizeof masks; i++) {
            data[at] = (char)(data[at] ^ masks[i]);
            open_copy(data, size, &error);
            data[at] = (char)(data[at] ^ masks[i]);
        }
    }
    free_vocab(builder);
}

START_TEST(damaged_sections_are_refused_or_harmless)
{
    damage(small_byte_bpe());
    damage(small_sentencepiece(true));
    damage(small_sentencepiece(false));
}
END_TEST

/* Changes one field of a good section and expects the refusal to say where. */
static void assert_lie(size_t offset, uint32_t value, const char *where)
{
    struct vocab_builder *builder = small_byte_bpe();
    struct pith_error error;
    pith_tokenizer_free(build_tokenizer(builder));
    pith_store_u32((uint8_t *)builder->section.data + offset, value);
    ck_assert_int_eq(open_copy(builder->section.data, builder->section.size,
                               &error), PITH_ERR_FORMAT);
    ck_assert_msg(strstr(error.detail, where) != NULL, "%zu: %s", offset,
                  error.detail);
    free_vocab(builder);
}

START_TEST(lying_sections_are_refused)
{
    enum { PIECES = 40, N = 256 + 3 + 6, MERGES = PIECES + 12 * N };
    assert_lie(0, 3, "byte 0");
    assert_lie(0, 0, "byte 0");
    assert_lie(4, 0, "byte 0");
    assert_lie(8, 16, "byte 0"); /* a flag of SentencePiece */
    assert_lie(8, 64, "byte 0");
    assert_lie(4, 5, "byte 0");
    assert_lie(12, N, "byte 0");
    assert_lie(16, (uint32_t)-2, "byte 0");
    assert_lie(28, 0, "byte 0");
    assert_lie(28, 0xFFFFFFFF, "byte 0");
    assert_lie(28, 0x7FFFFFFF, "byte 28");
    assert_lie(28, N + 1, "byte 28");
    assert_lie(32, 0x7FFFFFFF, "byte 28");
    assert_lie(36, 0xFFFFFFFF, "byte 28");
    assert_lie(PIECES + 12 * 5, 6, "byte 100");           /* start */
    assert_lie(PIECES + 12 * 5 + 4, 0xFFFF, "byte 100");  /* size */
    assert_lie(PIECES + 12 * 5 + 4, 0x60001, "byte 100"); /* kind 6 */
    assert_lie(PIECES + 12 * 5 + 8, 0x7FC00000, "byte 100"); /* NaN */
    assert_lie(PIECES + 12 * (N - 1) + 4, 1, "byte 40"); /* text left over */
    assert_lie(MERGES + 12, N, "byte 3232");
    assert_lie(MERGES + 12 + 4, (uint32_t)-1, "byte 3232");
    assert_lie(MERGES + 12 + 8, 'b', "byte 3232");
    assert_lie(MERGES + 12 + 8, 262, "byte 3232"); /* "abc", not "ab" */
}
END_TEST

START_TEST(a_section_can_say_that_there_is_no_tokenizer)
{
    struct pith_vocab vocab = {.kind = PITH_TOKENIZER_NONE,
                               .bos_id = 7,
                               .eos_id = -1,
                               .unk_id = -1,
                               .pad_id = -1};
    struct pith_buffer out = {0};
    struct pith_tokenizer *tokenizer;
    struct pith_ids ids = {0};
    struct pith_error error;
    assert_ok(pith_vocab_serialize(&vocab, &out, &error), error);
    ck_assert_uint_eq(out.size, 40);
    assert_ok(pith_tokenizer_create((const uint8_t *)out.data, out.size, "x",
                                    &tokenizer, &error), error);
    pith_tokenizer_describe(tokenizer, &vocab);
    ck_assert_int_eq(vocab.bos_id, 7);
    ck_assert_uint_eq(pith_tokenizer_piece(tokenizer, 7).size, 0);
    ck_assert_int_eq(pith_tokenizer_encode(tokenizer,
                                           (struct pith_text){"a", 1}, 0, &ids,
                                           &error), PITH_ERR_UNSUPPORTED);
    pith_tokenizer_free(tokenizer);
    pith_buffer_free(&out);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("tokenizer");
    TCase *tcase = tcase_create("tokenizer");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, merges_go_by_rank_then_from_the_left);
    tcase_add_test(tcase, special_pieces_come_first);
    tcase_add_test(tcase, bytes_without_a_piece_are_left_out);
    tcase_add_test(tcase, facts_and_pieces_can_be_asked_for);
    tcase_add_test(tcase, equal_pieces_are_told_apart);
    tcase_add_test(tcase, the_best_score_merges_first);
    tcase_add_test(tcase, the_dummy_prefix_comes_and_goes);
    tcase_add_test(tcase, the_dummy_prefix_can_stand_once);
    tcase_add_test(tcase, user_defined_pieces_are_never_cut);
    tcase_add_test(tcase, the_text_of_the_unknown_piece_is_special);
    tcase_add_test(tcase, what_is_no_piece_becomes_bytes);
    tcase_add_test(tcase, without_byte_pieces_it_is_unknown_once);
    tcase_add_test(tcase, merging_does_what_the_slow_way_does);
    tcase_add_test(tcase, byte_bpe_encodes_long_words);
    tcase_add_test(tcase, sentencepiece_encodes_long_words);
    tcase_add_test(tcase, whole_words_go_before_merges);
    tcase_add_test(tcase, decoding_gives_the_very_bytes_back);
    tcase_add_test(tcase, inconsistent_vocabularies_are_not_written);
    tcase_add_test(tcase, damaged_sections_are_refused_or_harmless);
    tcase_add_test(tcase, lying_sections_are_refused);
    tcase_add_test(tcase, a_section_can_say_that_there_is_no_tokenizer);
    suite_add_tcase(suite, tcase);
    return suite;
}
