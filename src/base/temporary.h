/*
 * temporary.h - files under the names that they have until they are complete.
 */
#ifndef PITH_BASE_TEMPORARY_H
#define PITH_BASE_TEMPORARY_H

#include <stdbool.h>

/* PLACE.pith-tmp-N; release with pith_free().  NULL, with errno set, without
 * memory. */
char *pith_temporary_name(const char *place, int n);

/* POSIX: creates one with the mode, locked and in the list below, and gives
 * its name and number.  A descriptor, or -1 with errno set. */
int pith_temporary_create(const char *place, unsigned mode, char **name,
                          int *number);

/* The list of names that pith_writer_remove_all removes (unfinished.c). */

/* The name's number in the list, which borrows it until it is forgotten; -1
 * when the list is full: the file stays when a signal ends the program. */
int pith_unfinished_note(char *name);
/* False: a signal handler has the name, which must not be freed. */
bool pith_unfinished_forget(int number, char *name);

#endif
