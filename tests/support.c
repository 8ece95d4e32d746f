/*
 * support.c - see support.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "support.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __wasi__ /* has neither processes nor localedef */
#define getpid() 1
#endif

void assert_close(const char *what, const float *got, const float *want,
                  size_t n, double rel, double abs)
{
    size_t worst = 0;
    double most = -1;
    for (size_t i = 0; i < n; i++) {
        if (isnan(got[i]) && isnan(want[i]))
            continue;
        double difference = fabs((double)got[i] - (double)want[i]);
        double excess = difference - abs - rel * fabs((double)want[i]);
        if (got[i] == want[i])
            excess = -1;
        if (isnan(excess))
            excess = INFINITY;
        if (excess > most) {
            most = excess;
            worst = i;
        }
    }
    ck_assert_msg(most <= 0, "%s: at %zu of %zu got %.9g, want %.9g", what,
                  worst, n, (double)got[worst], (double)want[worst]);
}

static const char *existing(const char *path, const char *hint)
{
    if (access(path, R_OK) == 0)
        return path;
    fprintf(stderr, "SKIPPED (loudly): %s is not there; %s\n", path, hint);
    return NULL;
}

const char *shared_path(const char *path)
{
    static char full[4096];
    const char *root = getenv("PITH_SHARED");
    snprintf(full, sizeof full, "%s/%s", root ? root : "../shared", path);
    return existing(full, "set PITH_SHARED to the shared data");
}

const char *cached_model(const char *name)
{
    static char full[4096];
    const char *cache = getenv("PITH_CACHE");
    const char *home = getenv("HOME");
    if (cache != NULL)
        snprintf(full, sizeof full, "%s/%s.pith", cache, name);
    else
        snprintf(full, sizeof full, "%s/.cache/pith/%s.pith",
                 home ? home : ".", name);
    return existing(full, "run tools/get-model first");
}

char *read_whole_file(const char *path, size_t *size)
{
    FILE *stream = fopen(path, "rb");
    ck_assert_msg(stream != NULL, "cannot open %s", path);
    size_t capacity = 1 << 16, n = 0;
    char *data = malloc(capacity);
    ck_assert_ptr_nonnull(data);
    for (;;) {
        n += fread(data + n, 1, capacity - 1 - n, stream);
        if (n < capacity - 1)
            break;
        capacity *= 2;
        data = realloc(data, capacity);
        ck_assert_ptr_nonnull(data);
    }
    fclose(stream);
    data[n] = '\0';
    if (size != NULL)
        *size = n;
    return data;
}

void write_bytes(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, n, file), n);
    ck_assert_int_eq(fclose(file), 0);
}

const char *temporary_path(const char *name)
{
    static char full[4096];
    const char *root = getenv("TMPDIR");
    snprintf(full, sizeof full, "%s/pith-test-%ld-%s", root ? root : "/tmp",
             (long)getpid(), name);
    return full;
}

#if defined(__wasi__) || defined(_WIN32)

bool use_decimal_comma(void)
{
    fprintf(stderr, "SKIPPED (loudly): no locales here\n");
    return false;
}

#else

bool use_decimal_comma(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8",
                                        "fr_FR.UTF-8", "de_DE"};
    char folder[] = "/tmp/pith-locale-XXXXXX", command[256];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (setlocale(LC_ALL, names[i]) != NULL)
            return true;
    bool made = mkdtemp(folder) != NULL;
    snprintf(command, sizeof command,
             "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1",
             folder);
    made = made && system(command) == 0 && setenv("LOCPATH", folder, 1) == 0 &&
           setlocale(LC_ALL, names[0]) != NULL;
    snprintf(command, sizeof command, "rm -r %s", folder);
    if (system(command) != 0 || !made)
        fprintf(stderr, "SKIPPED (loudly): no locale with a decimal comma\n");
    return made;
}

#endif

uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

double random_uniform(uint64_t *state)
{
    return (double)(random_next(state) >> 11) * 0x1p-53;
}

size_t random_below(uint64_t *state, size_t n)
{
    return (size_t)(random_next(state) % n);
}

float random_normal(uint64_t *state)
{
    double radius = sqrt(-2 * log(1 - random_uniform(state)));
    double turn = 6.283185307179586 * random_uniform(state);
    return (float)(radius * cos(turn));
}

struct pith_text view(const char *string)
{
    return (struct pith_text){string, strlen(string)};
}
