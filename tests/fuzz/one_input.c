/*
 * one_input.c - libFuzzer's way in: the target that the variable PITH_FUZZ
 * names, for PITH_FUZZ_SECONDS of processor time, which other work of the
 * machine does not change.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fuzz.h"

enum { SLOW = 10 }; /* seconds of one input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct fuzz_target *target;
    static clock_t end;
    if (target == NULL) {
        const char *name = getenv("PITH_FUZZ");
        const char *seconds = getenv("PITH_FUZZ_SECONDS");
        target = fuzz_find(name != NULL ? name : "");
        end = (clock_t)(strtod(seconds != NULL ? seconds : "1e6", NULL) *
                        CLOCKS_PER_SEC);
        if (target == NULL) {
            fprintf(stderr, "PITH_FUZZ names no target\n");
            exit(2);
        }
    }
    clock_t start = clock();
    target->run(target, (struct pith_text){(const char *)data, size});
    clock_t now = clock();
    fuzz_check(now - start < SLOW * CLOCKS_PER_SEC);
    if (now > end)
        raise(SIGINT); /* libFuzzer sums up and ends */
    return 0;
}
