/*
 * program.c - see program.h.
 */
#define _XOPEN_SOURCE 700 /* realpath */

#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

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
