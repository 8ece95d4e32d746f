/*
 * program.h - running the `pith` program from a test, with a tiny random
 * model in a folder of the test's own.
 */
#ifndef PITH_TESTS_PROGRAM_H
#define PITH_TESTS_PROGRAM_H

#include <stddef.h>

/* Unchecked fixture: makes the folder with the model, and sets $PITH (the
 * program, of PITH_PROGRAM), $PITH_MODEL and $DIR (the folder). */
void program_set_up(void);
void program_tear_down(void);

/* Writes a text to a file of the folder. */
void program_write(const char *name, const char *text);

/* What one run left. */
struct run {
    int status;
    char *out, *err;
    size_t out_size;
};

/* Runs a shell script in the folder; the status is that of its last
 * command. */
struct run run_script(const char *script);
void finish_run(struct run *run);

/* Runs it and expects a status, all of stdout (NULL: anything) and words in
 * stderr ("": nothing is there; NULL: anything). */
void expect_run(const char *script, int status, const char *out,
                const char *err);

/* Runs `pith LINE`, which must fail with status 1 or 2 and these words, and
 * leave every file of the folder as it was. */
void expect_refusal(const char *line, const char *words);

#endif
