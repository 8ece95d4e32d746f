/*
 * platform.h - what the program asks of a system beyond C and pith.h, and
 * which commands that leaves; docs/PORTING.md has the list.
 */
#ifndef PITH_TOOLS_PLATFORM_H
#define PITH_TOOLS_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Whether the system is POSIX and -DPITH_NO_POSIX (make POSIX=no) does not say
 * otherwise.  Elsewhere the commands that need signals, locks or other
 * programs are left out. */
#if (defined(__unix__) || defined(__APPLE__)) && !defined(PITH_NO_POSIX)
#define TOOL_POSIX 1
#else
#define TOOL_POSIX 0
#endif

/* Called first: streams hold bytes as they are, a reader that goes away is an
 * error like any other, and signals leave no unfinished file. */
void tool_start(void);

bool tool_is_terminal(FILE *stream);

/* The path of the running program; false when it is unknown or too long. */
bool tool_program_path(char *path, size_t size);

/* Whether something has this name, be it a link that leads nowhere. */
bool tool_name_is_taken(const char *path);

/* Since some moment before; only differences mean something. */
double tool_seconds(void);

/* A pipe that programs do not inherit when they are started; false with errno
 * set.  POSIX only. */
bool tool_pipe(int ends[2]);

#endif
