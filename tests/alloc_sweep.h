/*
 * alloc_sweep.h - out of memory at every single allocation, one after the
 * other: each time the call must say so, hand over nothing and leak nothing.
 * Only the memory of losses may go without: then the result is the same.
 *
 * The Makefile links the programs with the linker's --wrap for malloc, calloc,
 * realloc and free; what the library asks for then passes through here.
 */
#ifndef PITH_TESTS_ALLOC_SWEEP_H
#define PITH_TESTS_ALLOC_SWEEP_H

#include "pith_library.h"
#include "support.h"

/* What the program tries: calls of the library, under their numbers. */
const char *attempt_name(int which);
enum pith_status attempt_run(int which);

/* For them: a tiny model, a session of one thread on it, and their error. */
extern char model_path[256];
extern struct pith_model *model;
extern struct pith_session *session;
extern struct pith_error error;

/* Check's own assertions allocate; these wait until after the attempt. */
void expect(bool condition);

/* Something that an attempt has made, the same each time. */
void note_made(const void *bytes, size_t n);

/* Writes and opens the model; closes and removes it. */
void sweep_open(void);
void sweep_close(void);

/* The tests of attempts 0 to n - 1, and one of the allocator itself, which
 * takes attempt 0. */
void sweep_add_tests(TCase *tcase, int n);

#endif
