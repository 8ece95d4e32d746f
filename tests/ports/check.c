/*
 * check.c - see check.h.
 */
#include "check.h"

#include <stdarg.h>

#if !defined(__wasi__)
jmp_buf *check_way_out(void)
{
    static jmp_buf way_out;
    return &way_out;
}
#endif

void check_fail(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("%s:%d: ", file, line);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
    fflush(stdout);
    CHECK_LEAVE();
}

static void *made(size_t size)
{
    void *all = calloc(1, size);
    if (all == NULL)
        abort();
    return all;
}

Suite *suite_create(const char *name)
{
    Suite *suite = made(sizeof *suite);
    suite->name = name;
    return suite;
}

TCase *tcase_create(const char *name)
{
    (void)name;
    return made(sizeof(TCase));
}

void suite_add_tcase(Suite *suite, TCase *tcase)
{
    if (suite->n_cases == CHECK_MAX_CASES)
        abort();
    suite->cases[suite->n_cases++] = tcase;
}

void check_add(TCase *tcase, const TTest *test, int from, int to)
{
    if (tcase->n_tests == CHECK_MAX_TESTS)
        abort();
    tcase->tests[tcase->n_tests].test = test;
    tcase->tests[tcase->n_tests].from = from;
    tcase->tests[tcase->n_tests++].to = to;
}

void tcase_add_unchecked_fixture(TCase *tcase, void (*before)(void),
                                 void (*after)(void))
{
    tcase->once[0] = before;
    tcase->once[1] = after;
}

void tcase_add_checked_fixture(TCase *tcase, void (*before)(void),
                               void (*after)(void))
{
    tcase->around[0] = before;
    tcase->around[1] = after;
}

SRunner *srunner_create(Suite *suite)
{
    return suite;
}

static void call(void (*function)(void))
{
    if (function != NULL)
        function();
}

static void run_one(Suite *suite, const TCase *tcase, const TTest *test, int i)
{
    suite->n_run++;
    if (CHECK_TRY()) {
        call(tcase->around[0]);
        test->run(i);
        call(tcase->around[1]);
    } else {
        printf("failed: %s:%d\n", test->name, i);
        suite->n_failed++;
    }
}

void srunner_run_all(SRunner *runner, int mode)
{
    (void)mode;
    for (size_t c = 0; c < runner->n_cases; c++) {
        const TCase *tcase = runner->cases[c];
        call(tcase->once[0]);
        for (size_t t = 0; t < tcase->n_tests; t++)
            for (int i = tcase->tests[t].from; i < tcase->tests[t].to; i++)
                run_one(runner, tcase, tcase->tests[t].test, i);
        call(tcase->once[1]);
    }
    printf("%s: %d of %d passed\n", runner->name,
           runner->n_run - runner->n_failed, runner->n_run);
}

int srunner_ntests_failed(SRunner *runner)
{
    return runner->n_failed;
}

void srunner_free(SRunner *runner)
{
    for (size_t c = 0; c < runner->n_cases; c++)
        free(runner->cases[c]);
    free(runner);
}
