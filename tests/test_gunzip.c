/*
 * test_gunzip.c - src/eval/gunzip.c on what the program gzip made, and on
 * damaged files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/eval/gunzip.h"
#include "program.h"
#include "support.h"

enum { MOST = 400000 };

static uint8_t packed[MOST];
static char plain[MOST];

static void set_up(void)
{
    program_set_up();
}

static void tear_down(void)
{
    program_tear_down();
}

static size_t read_file(const char *name, void *bytes)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", getenv("DIR"), name);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t n = fread(bytes, 1, MOST, file);
    fclose(file);
    return n;
}

/* Stored, fixed and dynamic blocks; matches far back; several members; a name
 * in the head. */
static const char *const made[] = {
    "printf '' >plain; gzip -c plain >packed",
    "echo a >plain; gzip -c plain >packed",
    "echo abcabcabcabcabcabc >plain; gzip -9 -c plain >packed",
    "head -c 90000 /dev/urandom >plain; gzip -c plain >packed",
    "seq 40000 >plain; gzip -9 -c plain >packed",
    "seq 40000 >plain; gzip -1 -c plain >packed",
    "yes the same line again | head -c 300000 >plain; gzip -c plain >packed",
    "{ head -c 32000 /dev/urandom | tee tail; cat tail; } >plain; "
    "gzip -9 -c plain >packed",
    "seq 900 >one; seq 9 >two; cat one two >plain; "
    "{ gzip -c one; gzip -c two; } >packed",
    "seq 5000 >plain; gzip -9 -k -N -f plain; mv plain.gz packed",
};

enum { N_MADE = sizeof made / sizeof *made };

START_TEST(what_gzip_made_comes_out)
{
    struct pith_buffer out = {0};
    struct pith_error error;
    if (system("gzip --version >/dev/null 2>&1") != 0) {
        fprintf(stderr, "SKIPPED: there is no program gzip\n");
        return;
    }
    expect_run(made[_i], 0, "", "");
    size_t n_packed = read_file("packed", packed);
    size_t n = read_file("plain", plain);
    ck_assert(pith_is_gzip(packed, n_packed));
    assert_ok(pith_gunzip(packed, n_packed, "packed", &out, &error), error);
    ck_assert_uint_eq(out.size, n);
    ck_assert(n == 0 || memcmp(out.data, plain, n) == 0);
    pith_buffer_free(&out);
}
END_TEST

static const uint8_t hello[] = { /* "hello hello hello\n", a fixed block */
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03,
    0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8, 0x40, 0x90, 0x5c,
    0x00, 0x3b, 0x7c, 0x8a, 0xdf, 0x12, 0x00, 0x00, 0x00};

/* A file that is cut off anywhere is refused; so is one with a bit changed
 * after its head, where that is of the text. */
START_TEST(damage_is_found)
{
    struct pith_error error;
    for (size_t n = 0; n < sizeof hello; n++) {
        struct pith_buffer out = {0};
        ck_assert_int_eq(pith_gunzip(hello, n, "x", &out, &error),
                         PITH_ERR_FORMAT);
        ck_assert_ptr_nonnull(strstr(error.detail, "x: damaged or cut off"));
        pith_buffer_free(&out);
    }
    for (size_t bit = 80; bit < 8 * sizeof hello; bit++) {
        struct pith_buffer out = {0};
        uint8_t bytes[sizeof hello];
        memcpy(bytes, hello, sizeof hello);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (pith_gunzip(bytes, sizeof bytes, "x", &out, &error) == PITH_OK) {
            ck_assert_uint_eq(out.size, 18); /* a bit that nothing is in */
            ck_assert_mem_eq(out.data, "hello hello hello\n", 18);
        }
        pith_buffer_free(&out);
    }
}
END_TEST

START_TEST(any_bytes_are_survived)
{
    uint32_t state = 7;
    for (int round = 0; round < 20000; round++) {
        struct pith_buffer out = {0};
        uint8_t bytes[80] = {0x1f, 0x8b, 8};
        for (size_t i = 10; i < sizeof bytes; i++) {
            state = state * 1664525u + 1013904223u;
            bytes[i] = (uint8_t)(state >> 24);
        }
        bytes[10] = (uint8_t)((bytes[10] & ~7u) | (2 * (unsigned)(round % 4)));
        pith_gunzip(bytes, sizeof bytes, "x", &out, NULL);
        pith_buffer_free(&out);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("gunzip");
    TCase *tcase = tcase_create("gunzip");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, what_gzip_made_comes_out, 0, N_MADE);
    tcase_add_test(tcase, damage_is_found);
    tcase_add_test(tcase, any_bytes_are_survived);
    suite_add_tcase(suite, tcase);
    return suite;
}
