/*
 * test_gguf_blocks.c - GGUF's quantised types, block by block.
 *
 * The goldens are blocks of random bytes with the weights that the gguf
 * package of PyPI finds in them (tests/gguf_types.py --goldens);
 * `make check-layouts` compares many more where that package is.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/narrow.h"
#include "../src/base/store.h"
#include "../src/convert/gguf_blocks.h"
#include "support.h"

enum { MOST = 256 }; /* weights of a block */

struct golden {
    char name[16];
    unsigned number;
    uint8_t block[300];
    size_t bytes, weights;
    uint8_t floats[4 * MOST];
};

/* The bytes that hexadecimal digits spell, up to a space; *at moves past it. */
static size_t take_hex(const char **at, uint8_t *out, size_t most)
{
    size_t n = 0;
    char digits[3] = {0};
    for (; **at != ' ' && **at != '\n'; *at += 2) {
        ck_assert_uint_lt(n, most);
        memcpy(digits, *at, 2);
        out[n++] = (uint8_t)strtoul(digits, NULL, 16);
    }
    ++*at;
    return n;
}

static void take_golden(const char **at, struct golden *golden)
{
    int n;
    ck_assert_int_eq(
        sscanf(*at, "%15s %u %n", golden->name, &golden->number, &n), 2);
    *at += n;
    golden->bytes = take_hex(at, golden->block, sizeof golden->block);
    golden->weights =
        take_hex(at, golden->floats, sizeof golden->floats) / 4;
}

/* Calls check for each golden; they are as many as there are formats. */
static void for_goldens(void (*check)(const struct golden *,
                                      const struct pith_blocks *))
{
    static struct golden golden;
    size_t size, n = 0;
    char *text = read_whole_file("tests/goldens/gguf-blocks.txt", &size);
    const char *at = text;
    for (; at < text + size; n++) {
        take_golden(&at, &golden);
        const struct pith_blocks *blocks = pith_blocks_find(golden.number);
        ck_assert_msg(blocks != NULL, "%s is not found", golden.name);
        check(&golden, blocks);
    }
    free(text);
    for (uint32_t number = 0; number < 300; number++)
        n -= pith_blocks_find(number) != NULL;
    ck_assert_uint_eq(n, 0);
}

static void check_weights(const struct golden *golden,
                          const struct pith_blocks *blocks)
{
    float found[MOST];
    ck_assert_str_eq(blocks->name, golden->name);
    ck_assert_uint_eq(blocks->weights, golden->weights);
    ck_assert_uint_eq(blocks->bytes, golden->bytes);
    pith_blocks_to_floats(found, blocks, golden->block, blocks->weights);
    for (size_t i = 0; i < blocks->weights; i++)
        ck_assert_msg(found[i] == pith_load_f32(golden->floats + 4 * i),
                      "%s, weight %zu: %a, not %a", golden->name, i,
                      (double)found[i],
                      (double)pith_load_f32(golden->floats + 4 * i));
}

START_TEST(blocks_give_the_weights_of_the_package)
{
    for_goldens(check_weights);
}
END_TEST

/* What is held in our type, as floats. */
static void hold(float *out, const struct pith_blocks *blocks,
                 const uint8_t *block)
{
    uint8_t bytes[MOST / PITH_Q_BLOCK * 34];
    struct pith_tensor row = {blocks->held_as, 1, blocks->weights, bytes};
    pith_blocks_hold(bytes, blocks, block, blocks->weights);
    pith_row_to_floats(out, &row, 0);
}

/* The largest error over the largest weight that each format may have here:
 * none where ours has the same numbers and scales, a rounded scale (and
 * minimum), or half a step of q8. */
static double allowed(const char *name)
{
    static const char *const exact[] = {"Q4_0", "Q5_0", "IQ4_NL"};
    static const char *const rounded[] = {"Q4_K", "Q8_K", "IQ4_XS"};
    for (size_t i = 0; i < 3; i++)
        if (strcmp(name, exact[i]) == 0)
            return 0;
    for (size_t i = 0; i < 3; i++)
        if (strcmp(name, rounded[i]) == 0)
            return 1.0 / 2048;
    return 0.5 / 127 + 1.0 / 2048;
}

static void check_held(const struct golden *golden,
                       const struct pith_blocks *blocks)
{
    float wanted[MOST], found[MOST];
    double largest = 0, most = allowed(golden->name);
    pith_blocks_to_floats(wanted, blocks, golden->block, blocks->weights);
    hold(found, blocks, golden->block);
    for (size_t i = 0; i < blocks->weights; i++)
        largest = fmax(largest, fabs((double)wanted[i]));
    for (size_t i = 0; i < blocks->weights; i++)
        ck_assert_msg(fabs((double)wanted[i] - (double)found[i]) <=
                          most * largest,
                      "%s, weight %zu: %g, held as %g", golden->name, i,
                      (double)wanted[i], (double)found[i]);
}

START_TEST(blocks_are_held_within_their_steps)
{
    for_goldens(check_held);
}
END_TEST

/* Q4_K's scale and minimum can be too large for q4's halves though the weights
 * are not: such a run is quantised again, within half a step of q4. */
START_TEST(what_is_beyond_a_half_is_quantised_anew)
{
    static const struct {
        float scale, minimum; /* times 63, times 40 */
        uint8_t first, others; /* the numbers of run 0 */
        float low, high;
    } cases[] = {{2000, 1600, 1, 0, -64000, 62000},
                 {80, 2000, 4, 15, -59840, -4400}};
    const struct pith_blocks *blocks = pith_blocks_find(12);
    uint8_t block[144] = {[4] = 63, [8] = 40};
    float wanted[MOST], found[MOST];
    pith_store_u16(block, pith_f32_to_f16(cases[_i].scale));
    pith_store_u16(block + 2, pith_f32_to_f16(cases[_i].minimum));
    memset(block + 16, cases[_i].others, 32);
    block[16] = cases[_i].first;
    pith_blocks_to_floats(wanted, blocks, block, MOST);
    ck_assert(fminf(wanted[0], wanted[1]) == cases[_i].low);
    ck_assert(fmaxf(wanted[0], wanted[1]) == cases[_i].high);
    hold(found, blocks, block);
    for (size_t i = 0; i < MOST; i++)
        ck_assert_msg(fabsf(found[i] - wanted[i]) <=
                          (cases[_i].high - cases[_i].low) / 30 + 64,
                      "weight %zu: %g, held as %g", i, (double)wanted[i],
                      (double)found[i]);
}
END_TEST

/* Q8_K's scale is a single: one that a half has only a few bits for is not
 * rounded alone, which would be 27% off here; the weights are rounded to it. */
START_TEST(tiny_scales_are_quantised_anew)
{
    const struct pith_blocks *blocks = pith_blocks_find(15);
    uint8_t block[292] = {0};
    float wanted[MOST], found[MOST];
    pith_store_f32(block, 0x1.6p-24f);
    for (size_t i = 0; i < MOST; i++)
        block[4 + i] = (uint8_t)(i % PITH_Q_BLOCK * 2);
    pith_blocks_to_floats(wanted, blocks, block, MOST);
    hold(found, blocks, block);
    for (size_t i = 0; i < MOST; i++)
        ck_assert_msg(fabsf(found[i] - wanted[i]) <= 0x1p-25f,
                      "weight %zu: %g, held as %g", i, (double)wanted[i],
                      (double)found[i]);
}
END_TEST

START_TEST(rows_are_whole_blocks)
{
    const struct pith_blocks *super = pith_blocks_find(12);
    const struct pith_blocks *small = pith_blocks_find(6);
    ck_assert_uint_eq(pith_blocks_row_bytes(super, 512), 288);
    ck_assert_uint_eq(pith_blocks_row_bytes(super, 32), 0);
    ck_assert_uint_eq(pith_blocks_row_bytes(super, 300), 0);
    ck_assert_uint_eq(pith_blocks_row_bytes(small, 96), 66);
    ck_assert_uint_eq(pith_blocks_row_bytes(small, 33), 0);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("gguf_blocks");
    TCase *tcase = tcase_create("blocks");
    tcase_add_test(tcase, blocks_give_the_weights_of_the_package);
    tcase_add_test(tcase, blocks_are_held_within_their_steps);
    tcase_add_loop_test(tcase, what_is_beyond_a_half_is_quantised_anew, 0, 2);
    tcase_add_test(tcase, tiny_scales_are_quantised_anew);
    tcase_add_test(tcase, rows_are_whole_blocks);
    suite_add_tcase(suite, tcase);
    return suite;
}
