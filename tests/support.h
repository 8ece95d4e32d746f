/*
 * support.h - what the test programs share: main(), comparisons that print
 * what differed, paths of optional data, seeded random numbers.
 *
 * A test program is one file test_*.c that defines make_suite().
 */
#ifndef PITH_TESTS_SUPPORT_H
#define PITH_TESTS_SUPPORT_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pith.h"

Suite *make_suite(void);

/* Fails when some |got - want| > abs + rel * |want|; NaN only equals NaN. */
void assert_close(const char *what, const float *got, const float *want,
                  size_t n, double rel, double abs);

/* Fails unless expression is PITH_OK, printing the detail. */
#define assert_ok(expression, error)                                           \
    do {                                                                       \
        enum pith_status ok_status_ = (expression);                            \
        ck_assert_msg(ok_status_ == PITH_OK, "%s: %s",                         \
                      pith_status_name(ok_status_), (error).detail);           \
    } while (0)

/* PATH below the shared data (PITH_SHARED), in a static buffer; NULL, with a
 * loud line on stderr, when it is not there. */
const char *shared_path(const char *path);

/* A model in the cache (tools/get-model), the same way: "smollm2". */
const char *cached_model(const char *name);

/* Whole file, NUL-terminated, size into *size; fails the test when it cannot
 * be read.  Free with free(). */
char *read_whole_file(const char *path, size_t *size);

/* Makes a file of n bytes; fails the test when it cannot be written. */
void write_bytes(const char *path, const void *bytes, size_t n);

/* The string, borrowed. */
struct pith_text view(const char *string);

/* A path for a temporary file of this test program, in a static buffer that
 * the next call reuses. */
const char *temporary_path(const char *name);

/* Sets a locale that writes 0,5 for a half, made with localedef where none is
 * installed; false, with a loud line on stderr, where that fails too.  Undo
 * with setlocale(LC_ALL, "C"). */
bool use_decimal_comma(void);

/* A small generator (SplitMix64): the same numbers on every machine. */
uint64_t random_next(uint64_t *state);
double random_uniform(uint64_t *state);           /* [0, 1) */
size_t random_below(uint64_t *state, size_t n);   /* [0, n) */
float random_normal(uint64_t *state);             /* mean 0, variance 1 */

#endif
