/*
 * bench_process.c - what is measured of whole processes: memory, and the time
 * from the start of `pith compress` to its first output.
 */
#define _DEFAULT_SOURCE 1 /* getrusage, struct rusage */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { STARTUP_TOKENS = 100 };

static uint64_t peak_bytes_of(int who)
{
    struct rusage usage;
    if (getrusage(who, &usage) != 0 || usage.ru_maxrss <= 0)
        return 0;
#ifdef __APPLE__
    return (uint64_t)usage.ru_maxrss;
#else
    return (uint64_t)usage.ru_maxrss * 1024;
#endif
}

uint64_t bench_peak_bytes(void)
{
    return peak_bytes_of(RUSAGE_SELF);
}

/* Becomes `pith compress`, reading and writing the descriptors given. */
static void become(char *const *arguments, int in, int out)
{
    if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
        execv("/proc/self/exe", arguments);
    _exit(127);
}

/* Reads until the other end is closed; *first is when the first byte came. */
static void drain(int descriptor, double *first)
{
    char buffer[4096];
    ssize_t n;
    *first = 0;
    while ((n = read(descriptor, buffer, sizeof buffer)) > 0 ||
           (n < 0 && errno == EINTR))
        if (n > 0 && *first <= 0)
            *first = tool_seconds();
}

static int time_process(char *const *arguments, int prompt, double *seconds)
{
    int ends[2], status = 1;
    double first;
    if (lseek(prompt, 0, SEEK_SET) < 0 || !tool_pipe(ends))
        return tool_fail("start-up: %s", strerror(errno));
    double start = tool_seconds();
    pid_t child = fork();
    if (child == 0)
        become(arguments, prompt, ends[1]);
    close(ends[1]);
    drain(ends[0], &first);
    close(ends[0]);
    if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
        return tool_fail("start-up: pith compress could not be run again");
    *seconds = first - start;
    return TOOL_OK;
}

/* The text of the prompt's tokens, in a file without a name. */
static int write_prompt(FILE *file, const char *model,
                        const struct bench_setting *setting, const char *path)
{
    struct opened opened = {0};
    struct bench_prompt prompt = {0};
    struct pith_error error;
    char *text;
    size_t size;
    int code = bench_open(&opened, model, setting, 1);
    if (code == TOOL_OK)
        code = bench_prompt_make(&prompt, opened.model, path, STARTUP_TOKENS);
    if (code == TOOL_OK &&
        pith_detokenize(opened.model, prompt.ids, prompt.n, &text, &size,
                        &error) != PITH_OK)
        code = tool_library(&error);
    if (code == TOOL_OK) {
        if (fwrite(text, 1, size, file) != size || fflush(file) != 0)
            code = tool_fail("start-up: %s", strerror(errno));
        pith_free(text);
    }
    bench_prompt_free(&prompt);
    tool_close(&opened);
    return code;
}

int bench_startup(struct bench_startup *startup, const char *model,
                  const struct bench_setting *setting, size_t n_threads,
                  const char *path, size_t n_runs)
{
    char threads[32], program[] = "pith", compress[] = "compress",
         options[] = "-qm", with_threads[] = "-t", with_kernels[] = "--kernels",
         with_precision[] = "--precision";
    char *arguments[] = {program, compress, options, (char *)(uintptr_t)model,
                         with_threads, threads, with_kernels,
                         (char *)(uintptr_t)setting->kernels, with_precision,
                         (char *)(uintptr_t)setting->precision, NULL};
    double warm_up, *seconds = calloc(n_runs, sizeof *seconds);
    FILE *file = tmpfile();
    int code = TOOL_OK;

    if (file != NULL)
        fcntl(fileno(file), F_SETFD, FD_CLOEXEC);
    snprintf(threads, sizeof threads, "%zu", n_threads);
    if (seconds == NULL || file == NULL)
        code = tool_fail("start-up: no memory or no temporary file");
    if (code == TOOL_OK)
        code = write_prompt(file, model, setting, path);
    if (code == TOOL_OK)
        code = time_process(arguments, fileno(file), &warm_up);
    for (size_t i = 0; i < n_runs && code == TOOL_OK; i++)
        code = time_process(arguments, fileno(file), &seconds[i]);
    if (code == TOOL_OK)
        *startup = (struct bench_startup){STARTUP_TOKENS,
                                          bench_spread_of(seconds, n_runs),
                                          peak_bytes_of(RUSAGE_CHILDREN)};
    if (file != NULL)
        fclose(file);
    free(seconds);
    return code;
}
