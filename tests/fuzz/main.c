/*
 * main.c - the fuzz targets without a fuzzer's help, with any compiler.
 *
 *   fuzz                         the names of the targets, and how many bytes
 *                                an input of each has at most
 *   fuzz TARGET --seeds FOLDER   writes the target's seeds
 *   fuzz TARGET FILE...          runs it on each file
 *   fuzz TARGET                  runs it on standard input (AFL++)
 *   fuzz TARGET --seconds N [--seed N] [FILE...]
 *                                runs mutations of seeds and files; what fails
 *                                is written to crash-TARGET
 */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../support.h"
#include "fuzz.h"
#include "mutate.h"

static struct pith_buffer current;
static char crash_name[100];

static void keep_input(int signal_number)
{
    FILE *stream = fopen(crash_name, "wb");
    if (stream != NULL) {
        fwrite(current.data, 1, current.size, stream);
        fclose(stream);
        fprintf(stderr, "the input is in %s\n", crash_name);
    }
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void run_stream(const struct fuzz_target *target, FILE *stream)
{
    int byte;
    current.size = 0;
    while ((byte = getc(stream)) != EOF)
        pith_buffer_byte(&current, (char)byte);
    target->run(target, pith_buffer_text(&current));
}

static void write_seeds(const struct fuzz_target *target, const char *to)
{
    struct pith_buffer seed = {0};
    char path[4200];
    for (size_t i = 0; fuzz_seed(target, i, &seed); i++, seed.size = 0) {
        snprintf(path, sizeof path, "%s/seed-%zu", to, i);
        FILE *stream = fopen(path, "wb");
        fuzz_check(stream != NULL && !seed.failed);
        fwrite(seed.data, 1, seed.size, stream);
        fuzz_check(fclose(stream) == 0);
    }
    pith_buffer_free(&seed);
}

static void run_mutations(const struct fuzz_target *target, double seconds,
                          uint64_t random, char **files, int n_files)
{
    static struct pith_buffer seeds[MUTATE_SEEDS];
    size_t n_seeds = 0, n = 0;
    while (n_seeds < MUTATE_SEEDS &&
           fuzz_seed(target, n_seeds, &seeds[n_seeds]))
        n_seeds++;
    for (int i = 0; i < n_files && n_seeds < MUTATE_SEEDS; i++)
        fuzz_read(files[i], &seeds[n_seeds++]);
    while ((double)clock() / CLOCKS_PER_SEC < seconds) {
        mutate(&current, seeds, n_seeds, target->most, &random);
        target->run(target, pith_buffer_text(&current));
        n++;
    }
    printf("%s: %zu executions\n", target->name, n);
    for (size_t i = 0; i < n_seeds; i++)
        pith_buffer_free(&seeds[i]);
}

int main(int argc, char **argv)
{
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    const struct fuzz_target *target;
    if (argc < 2) {
        for (size_t i = 0; (target = fuzz_get(i)) != NULL; i++)
            printf("%s %zu\n", target->name, target->most);
        return 0;
    }
    target = fuzz_find(argv[1]);
    if (target == NULL) {
        fprintf(stderr, "fuzz: there is no target %s\n", argv[1]);
        return 2;
    }
    if (argc == 4 && strcmp(argv[2], "--seeds") == 0) {
        write_seeds(target, argv[3]);
        return 0;
    }
    snprintf(crash_name, sizeof crash_name, "crash-%s", target->name);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], keep_input);
    if (argc >= 4 && strcmp(argv[2], "--seconds") == 0) {
        bool seeded = argc >= 6 && strcmp(argv[4], "--seed") == 0;
        int first = seeded ? 6 : 4;
        run_mutations(target, strtod(argv[3], NULL),
                      seeded ? strtoull(argv[5], NULL, 10) : 1, argv + first,
                      argc - first);
    } else if (argc == 2) {
        run_stream(target, stdin);
    }
    for (int i = 2; i < argc && argv[2][0] != '-'; i++) {
        FILE *stream = fopen(argv[i], "rb");
        if (stream == NULL) {
            fprintf(stderr, "fuzz: %s cannot be read\n", argv[i]);
            return 1;
        }
        run_stream(target, stream);
        fclose(stream);
    }
    pith_buffer_free(&current);
    return 0;
}
