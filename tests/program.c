/*
 * program.c - see program.h.
 */
#define _XOPEN_SOURCE 700 /* realpath */

#include "program.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"
#include "tiny_model.h"

static char folder[4096]; /* everything that the tests write */

static void shell(const char *format, const char *argument)
{
    char command[8192];
    snprintf(command, sizeof command, format, argument);
    ck_assert_int_eq(system(command), 0);
}

void program_set_up(void)
{
    char path[8192];
    snprintf(folder, sizeof folder, "%s", temporary_path("program"));
    shell("rm -rf '%s'", folder);
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    snprintf(path, sizeof path, "%s/tiny.pith", folder);
    tiny_model_write(path, TINY_GPT2, PITH_Q8);
    setenv("PITH_MODEL", path, 1);
    setenv("DIR", folder, 1);
    const char *program = getenv("PITH_PROGRAM");
    char *full = realpath(program != NULL ? program : "build/pith", NULL);
    ck_assert_msg(full != NULL, "PITH_PROGRAM does not name a program");
    setenv("PITH", full, 1);
    free(full);
    unsetenv("PITH_KERNELS");
}

void program_tear_down(void)
{
    shell("rm -rf '%s'", folder);
}

void program_write(const char *name, const char *text)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static char *output_file(const char *name, size_t *size)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return read_whole_file(path, size);
}

struct run run_script(const char *script)
{
    struct run run = {0};
    char *command = malloc(strlen(script) + 128);
    sprintf(command, "cd \"$DIR\"; exec </dev/null >out 2>err; %s", script);
    int status = system(command);
    free(command);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) < 126,
                  "%s: did not end by itself", script);
    run.status = WEXITSTATUS(status);
    run.out = output_file("out", &run.out_size);
    run.err = output_file("err", NULL);
    return run;
}

void finish_run(struct run *run)
{
    free(run->out);
    free(run->err);
}

void expect_run(const char *script, int status, const char *out,
                const char *err)
{
    struct run it = run_script(script);
    ck_assert_msg(it.status == status, "%s: status %d, want %d; stderr: %s",
                  script, it.status, status, it.err);
    if (out != NULL)
        ck_assert_msg(strcmp(it.out, out) == 0, "%s: printed \"%s\", not \"%s\"",
                      script, it.out, out);
    if (err != NULL)
        ck_assert_msg(*err != '\0' ? strstr(it.err, err) != NULL
                                   : *it.err == '\0',
                      "%s: stderr \"%s\", want \"%s\"", script, it.err, err);
    finish_run(&it);
}

/* --- refusals --------------------------------------------------------------- */

/* Adds a line for a name in the folder: what it is, and what it holds. */
static void add_file(char **text, size_t *size, const char *name)
{
    struct stat about;
    char path[2 * sizeof folder + 2], line[512], link[256] = "";
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert_int_eq(lstat(path, &about), 0);
    if (S_ISLNK(about.st_mode))
        ck_assert_int_gt(readlink(path, link, sizeof link - 1), 0);
    size_t n_bytes = 0;
    char *bytes = S_ISREG(about.st_mode) ? read_whole_file(path, &n_bytes)
                                         : NULL;
    int n = snprintf(line, sizeof line, "\n%s %lo %llu %s ", name,
                     (unsigned long)about.st_mode,
                     (unsigned long long)about.st_ino, link);
    *text = realloc(*text, *size + (size_t)n + n_bytes + 1);
    memcpy(*text + *size, line, (size_t)n);
    if (n_bytes > 0)
        memcpy(*text + *size + n, bytes, n_bytes);
    *size += (size_t)n + n_bytes;
    (*text)[*size] = '\0';
    free(bytes);
}

/* All that is in the folder and its folders but what run_script writes. */
static void add_files(char **text, size_t *size, const char *below)
{
    struct dirent **entries;
    char path[2 * sizeof folder + 2], name[sizeof folder];
    snprintf(path, sizeof path, "%s/%s", folder, below);
    int n = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%s%s", below, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && strcmp(name, "out") != 0 &&
            strcmp(name, "err") != 0) {
            add_file(text, size, name);
            snprintf(name, sizeof name, "%s%s/", below, entries[i]->d_name);
            add_files(text, size, name);
        }
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

static char *snapshot(size_t *size)
{
    char *text = NULL;
    *size = 0;
    add_files(&text, size, "");
    return text;
}

void expect_refusal(const char *line, const char *words)
{
    char script[4096];
    size_t n_before, n_after;
    char *before = snapshot(&n_before);
    snprintf(script, sizeof script, "\"$PITH\" %s", line);
    struct run it = run_script(script);
    char *after = snapshot(&n_after);
    ck_assert_msg(it.status == 1 || it.status == 2, "%s: status %d", line,
                  it.status);
    ck_assert_msg(strstr(it.err, words) != NULL, "%s: said \"%s\", not \"%s\"",
                  line, it.err, words);
    ck_assert_msg(n_before == n_after && memcmp(before, after, n_after) == 0,
                  "%s: changed a file", line);
    free(before);
    free(after);
    finish_run(&it);
}
