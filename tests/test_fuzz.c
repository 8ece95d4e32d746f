/*
 * test_fuzz.c - the targets of tests/fuzz on their seeds, on what was found
 * with them once (tests/fuzz/findings/TARGET-...), and on a few mutations.
 */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "support.h"

enum { MUTATIONS = 6 };

static void run(const struct fuzz_target *target,
                const struct pith_buffer *input)
{
    /* A copy of its own size, so that reading past it is seen. */
    char *copy = malloc(input->size > 0 ? input->size : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, input->size > 0 ? input->data : "", input->size);
    target->run(target, (struct pith_text){copy, input->size});
    free(copy);
}

START_TEST(seeds_and_mutations_hold)
{
    const struct fuzz_target *target = fuzz_get((size_t)_i);
    struct pith_buffer seeds[20] = {{0}}, input = {0};
    uint64_t random = (uint64_t)_i;
    size_t n = 0;
    while (n < 20 && fuzz_seed(target, n, &seeds[n])) {
        ck_assert(!seeds[n].failed && seeds[n].size <= target->most);
        run(target, &seeds[n++]);
    }
    ck_assert_uint_ge(n, 1);
    for (size_t i = 0; i < MUTATIONS; i++) {
        mutate(&input, seeds, n, target->most, &random);
        run(target, &input);
    }
    for (size_t i = 0; i < n; i++)
        pith_buffer_free(&seeds[i]);
    pith_buffer_free(&input);
}
END_TEST

/* The target is what precedes the first dash of the name. */
START_TEST(what_was_found_is_mended)
{
    const char *folder = "tests/fuzz/findings";
    struct dirent *entry;
    DIR *listing = opendir(folder);
    ck_assert_msg(listing != NULL, "%s is not there", folder);
    while ((entry = readdir(listing)) != NULL) {
        char path[600], name[100];
        struct pith_buffer input = {0};
        if (sscanf(entry->d_name, "%99[^-.]-", name) != 1)
            continue;
        const struct fuzz_target *target = fuzz_find(name);
        ck_assert_msg(target != NULL, "%s is of no target", entry->d_name);
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        fuzz_read(path, &input);
        run(target, &input);
        pith_buffer_free(&input);
    }
    closedir(listing);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("fuzz");
    TCase *tcase = tcase_create("targets");
    int n = 0;
    while (fuzz_get((size_t)n) != NULL)
        n++;
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, seeds_and_mutations_hold, 0, n);
    tcase_add_test(tcase, what_was_found_is_mended);
    suite_add_tcase(suite, tcase);
    return suite;
}
