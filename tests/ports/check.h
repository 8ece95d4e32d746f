/*
 * check.h - the part of Check's interface that tests/test_*.c use, in one
 * header without fork(), for targets that Check is not built for
 * (tests/check-ports.sh).  A test that fails is left by longjmp(); where there
 * is none (WASI), the program ends there.  Time limits are not kept.
 */
#ifndef PITH_TESTS_PORTS_CHECK_H
#define PITH_TESTS_PORTS_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__wasi__)
#define CHECK_TRY() true
#define CHECK_LEAVE() exit(EXIT_FAILURE)
#else
#include <setjmp.h>
#define CHECK_TRY() (setjmp(*check_way_out()) == 0)
#define CHECK_LEAVE() longjmp(*check_way_out(), 1)
#endif

typedef struct {
    const char *name;
    void (*run)(int _i);
} TTest;

enum { CHECK_MAX_TESTS = 256, CHECK_MAX_CASES = 16, CK_ENV = 0 };

typedef struct {
    struct { const TTest *test; int from, to; } tests[CHECK_MAX_TESTS];
    size_t n_tests;
    void (*once[2])(void), (*around[2])(void); /* before and after */
} TCase;

typedef struct {
    const char *name;
    TCase *cases[CHECK_MAX_CASES];
    size_t n_cases;
    int n_run, n_failed;
} Suite;

typedef Suite SRunner;

void check_fail(const char *file, int line, const char *format, ...)
    __attribute__((noreturn, format(printf, 3, 4)));
#if !defined(__wasi__)
jmp_buf *check_way_out(void);
#endif

#define START_TEST(name)                                                       \
    static void name##_run(int _i);                                            \
    static const TTest name = {#name, name##_run};                             \
    static void name##_run(int _i)                                             \
    {                                                                          \
        (void)_i;
#define END_TEST }

/* --- suites --------------------------------------------------------------- */

Suite *suite_create(const char *name);
TCase *tcase_create(const char *name);
void suite_add_tcase(Suite *suite, TCase *tcase);
void check_add(TCase *tcase, const TTest *test, int from, int to);
void tcase_add_unchecked_fixture(TCase *tcase, void (*before)(void),
                                 void (*after)(void));
void tcase_add_checked_fixture(TCase *tcase, void (*before)(void),
                               void (*after)(void));
SRunner *srunner_create(Suite *suite);
void srunner_run_all(SRunner *runner, int mode);
int srunner_ntests_failed(SRunner *runner);
void srunner_free(SRunner *runner);

#define tcase_add_test(tcase, test) check_add(tcase, &test, 0, 1)
#define tcase_add_loop_test(tcase, test, from, to)                             \
    check_add(tcase, &test, from, to)
#define tcase_set_timeout(tcase, seconds) ((void)(tcase), (void)(seconds))

/* --- assertions ----------------------------------------------------------- */

#define ck_assert_msg(holds, ...)                                              \
    ((holds) ? (void)0 : check_fail(__FILE__, __LINE__, __VA_ARGS__))
#define ck_abort_msg(...) check_fail(__FILE__, __LINE__, __VA_ARGS__)
#define ck_assert(holds) ck_assert_msg(holds, "%s", #holds)

#define CHECK_COMPARE(type, show, a, op, b)                                    \
    do {                                                                       \
        type left_ = (a);                                                      \
        type right_ = (b);                                                     \
        ck_assert_msg(left_ op right_, "%s: " show ", %s: " show, #a, left_,   \
                      #b, right_);                                             \
    } while (0)
#define CHECK_INT(a, op, b) CHECK_COMPARE(long long, "%lld", a, op, b)
#define CHECK_UINT(a, op, b) CHECK_COMPARE(unsigned long long, "%llu", a, op, b)
#define CHECK_REAL(a, op, b) CHECK_COMPARE(double, "%.17g", a, op, b)
#define CHECK_POINTER(a, op, b) CHECK_COMPARE(const void *, "%p", a, op, b)

#define ck_assert_int_eq(a, b) CHECK_INT(a, ==, b)
#define ck_assert_int_ne(a, b) CHECK_INT(a, !=, b)
#define ck_assert_int_lt(a, b) CHECK_INT(a, <, b)
#define ck_assert_int_ge(a, b) CHECK_INT(a, >=, b)
#define ck_assert_int_gt(a, b) CHECK_INT(a, >, b)
#define ck_assert_uint_eq(a, b) CHECK_UINT(a, ==, b)
#define ck_assert_uint_ne(a, b) CHECK_UINT(a, !=, b)
#define ck_assert_uint_lt(a, b) CHECK_UINT(a, <, b)
#define ck_assert_uint_le(a, b) CHECK_UINT(a, <=, b)
#define ck_assert_uint_gt(a, b) CHECK_UINT(a, >, b)
#define ck_assert_uint_ge(a, b) CHECK_UINT(a, >=, b)
#define ck_assert_double_eq(a, b) CHECK_REAL(a, ==, b)
#define ck_assert_double_ne(a, b) CHECK_REAL(a, !=, b)
#define ck_assert_double_lt(a, b) CHECK_REAL(a, <, b)
#define ck_assert_double_le(a, b) CHECK_REAL(a, <=, b)
#define ck_assert_double_gt(a, b) CHECK_REAL(a, >, b)
#define ck_assert_double_ge(a, b) CHECK_REAL(a, >=, b)
#define ck_assert_float_eq(a, b) CHECK_REAL((float)(a), ==, (float)(b))
#define ck_assert_float_lt(a, b) CHECK_REAL((float)(a), <, (float)(b))
#define ck_assert_float_le(a, b) CHECK_REAL((float)(a), <=, (float)(b))
#define ck_assert_double_eq_tol(a, b, tolerance)                               \
    do {                                                                       \
        double left_ = (a), right_ = (b), apart_ = left_ - right_;             \
        ck_assert_msg((apart_ < 0 ? -apart_ : apart_) <= (tolerance),          \
                      "%s: %.17g, %s: %.17g", #a, left_, #b, right_);          \
    } while (0)
#define ck_assert_float_eq_tol(a, b, tolerance)                                \
    ck_assert_double_eq_tol((double)(a), (double)(b), (double)(tolerance))
#define ck_assert_ptr_eq(a, b) CHECK_POINTER(a, ==, b)
#define ck_assert_ptr_null(a) CHECK_POINTER(a, ==, NULL)
#define ck_assert_ptr_nonnull(a) CHECK_POINTER(a, !=, NULL)
#define ck_assert_str_eq(a, b)                                                 \
    do {                                                                       \
        const char *left_ = (a), *right_ = (b);                                \
        ck_assert_msg(strcmp(left_, right_) == 0, "%s: \"%s\", %s: \"%s\"",    \
                      #a, left_, #b, right_);                                  \
    } while (0)
#define ck_assert_str_ne(a, b)                                                 \
    ck_assert_msg(strcmp(a, b) != 0, "%s and %s are equal", #a, #b)
#define ck_assert_mem_eq(a, b, n)                                              \
    ck_assert_msg((n) == 0 || memcmp(a, b, n) == 0, "%s and %s differ", #a, #b)

#endif
