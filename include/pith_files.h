/*
 * pith_files.h - files as the library and the program write and compare
 * them: an output appears complete or not at all, and is none of the inputs.
 *
 * The rules of pith.h hold here too, but that NULL which may not be is not
 * looked for.
 */
#ifndef PITH_FILES_H
#define PITH_FILES_H

#include <stdio.h>

#include "pith.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------ */

/* A file that is being written.  A regular file is written under a temporary
 * name beside it and takes its own name on commit, with the permissions of
 * the file that it replaces; links to it stay links.  A device, a pipe or an
 * open descriptor (/dev/stdout, /dev/fd/N) is written into as it is. */
struct pith_writer {
    FILE *stream; /* to write to; NULL when closed */
    char *path;   /* as it was given */
    /* The rest is the library's. */
    char *place;     /* where the links of path lead */
    char *temporary; /* NULL: written into as it is */
    FILE *through;   /* the pipe that the bytes go to on commit, or NULL */
    int number;      /* among the temporary files of open writers */
};

/* Temporary files of runs that were killed are removed by the next run that
 * writes the same file.
 * Errors: IO (among them: a folder, a file that may not be written), MEMORY. */
PITH_API
enum pith_status pith_writer_open(struct pith_writer *writer, const char *path,
                                  struct pith_error *error);
/* Hands everything to the disk, then gives the file its name; after a failure
 * nothing is left and the file of that name is as it was. */
PITH_API
enum pith_status pith_writer_commit(struct pith_writer *writer,
                                    struct pith_error *error);
/* Removes what was written; does nothing after a commit, and to {0}. */
PITH_API
void pith_writer_abort(struct pith_writer *writer);

/* Removes the temporary file of a run that was killed, in a folder whose files
 * may never be written again.  False: the name is not that of such a file, or
 * somebody else's, or one that is being written; without POSIX. */
PITH_API
bool pith_writer_remove_leftover(const char *path);

/* Removes the temporary files of all open writers, whose commits then fail.
 * May be called from a signal handler: it is all that the library does about
 * signals. */
PITH_API
void pith_writer_remove_all(void);

/* --------------------------------------------------------------------------
 * Reading and adding
 * ------------------------------------------------------------------------ */

/* fopen for the modes "rb", "wb" and "ab", but programs that are started do
 * not inherit the file, and the descriptors /dev/fd/N are used as they are,
 * not opened again.  NULL, with errno set, when that fails. */
PITH_API
FILE *pith_stream_open(const char *path, const char *mode);

/* Passes over the byte-order mark with which a text in UTF-8 may start.
 *   name  of the text, for the error
 * Errors: FORMAT (a text in UTF-16 or UTF-32). */
PITH_API
enum pith_status pith_text_start(struct pith_text *text, const char *name,
                                 struct pith_error *error);

/* --------------------------------------------------------------------------
 * Comparing
 * ------------------------------------------------------------------------ */

/* The last part of a path, without the separators after it: '/', and on
 * Windows also '\' and ':'.  Borrowed from path. */
PITH_API
struct pith_text pith_path_name(const char *path);

enum pith_file_kind {
    PITH_FILE_NONE,    /* nothing has that name */
    PITH_FILE_REGULAR,
    PITH_FILE_FOLDER,
    PITH_FILE_PIPE,
    PITH_FILE_OTHER    /* devices and sockets */
};

/* Where a name leads, through all links. */
struct pith_place {
    enum pith_file_kind kind;
    uint64_t device, number; /* of the file; of NONE: of its folder */
    char name[256];          /* of NONE: in that folder */
};

/* Errors: IO when the system cannot say what is there; MEMORY. */
PITH_API
enum pith_status pith_place_find(const char *path, struct pith_place *place,
                                 struct pith_error *error);
PITH_API
void pith_place_of_stream(FILE *stream, struct pith_place *place);

/* Whether writing to the one changes the other.  Devices and sockets are
 * nobody's: they are never the same. */
PITH_API
bool pith_place_is_same(const struct pith_place *a, const struct pith_place *b);

#ifdef __cplusplus
}
#endif
#endif
