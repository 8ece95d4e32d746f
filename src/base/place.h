/*
 * place.h - what a name leads to, for the library itself; see pith_files.h.
 */
#ifndef PITH_BASE_PLACE_H
#define PITH_BASE_PLACE_H

#include "error.h"
#include "pith_files.h"

/* False only when the system says that nothing has this name: where it cannot
 * say, opening the file tells why. */
bool pith_path_exists(const char *path);

/* An output that would change an input, or another output, is an ARGUMENT
 * error.  Either may be NULL: nothing is compared. */
enum pith_status pith_place_check(const char *output, const char *other,
                                  struct pith_error *error);

/* The name that path leads to once links are followed; it need not exist;
 * release with pith_free().  NULL, with errno set, when there is none. */
char *pith_path_follow(const char *path);

/* The folder that a file of this name is in, or would be. */
enum pith_status pith_place_of_folder(const char *path,
                                      struct pith_place *place,
                                      struct pith_error *error);

/* The N of /dev/fd/N and its other spellings, -1 of any other name. */
int pith_path_descriptor(const char *path);

#endif
