/*
 * temporary.c - see temporary.h.
 *
 * A writer holds a lock on its file, so that what a killed run left is
 * known by having the name and no lock.
 */
#include "posix.h"

#include "temporary.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "pith_files.h"

/* PLACE.pith-tmp-1 to -99 */
enum { MAX_TEMPORARIES = 99, SUFFIX_SIZE = sizeof ".pith-tmp-99" };

char *pith_temporary_name(const char *place, int n)
{
    size_t size = strlen(place) + SUFFIX_SIZE;
    char *name = pith_array(size, 1);
    if (name == NULL)
        errno = ENOMEM;
    else
        snprintf(name, size, "%s.pith-tmp-%d", place, n);
    return name;
}

#if HAVE_POSIX

/* Whether a path ends as the name of a temporary file does. */
static bool is_temporary(const char *path)
{
    const char *end = strrchr(path, '.');
    size_t n = sizeof ".pith-tmp-" - 1;
    return end != NULL && strncmp(end, ".pith-tmp-", n) == 0 &&
           end[n] >= '1' && end[n] <= '9' &&
           strspn(end + n, "0123456789") == strlen(end + n) &&
           strlen(end) < SUFFIX_SIZE;
}

/* Whether the name still leads to the open file; errno is EEXIST when it
 * leads to another or nowhere. */
static bool is_named(int file, const char *name)
{
    struct stat open_file, named;
    bool found = fstat(file, &open_file) == 0 && lstat(name, &named) == 0;
    if (found && open_file.st_dev == named.st_dev &&
        open_file.st_ino == named.st_ino)
        return true;
    if (found || errno == ENOENT)
        errno = EEXIST;
    return false;
}

/* A file system without locks lets everyone have them. */
static bool lock(int file)
{
    return flock(file, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

/* Removes what a killed run of this user left: nobody has it locked. */
static bool remove_leftover(const char *name)
{
    struct stat about;
    int file = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return false;
    bool removed = fstat(file, &about) == 0 && S_ISREG(about.st_mode) &&
                   about.st_uid == geteuid() && about.st_nlink == 1 &&
                   flock(file, LOCK_EX | LOCK_NB) == 0 &&
                   is_named(file, name) && unlink(name) == 0;
    close(file);
    return removed;
}

bool pith_writer_remove_leftover(const char *path)
{
    return is_temporary(path) && remove_leftover(path);
}

static int create(const char *name, mode_t mode)
{
    return open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                mode);
}

/* Another run may take the new file for a leftover until it is locked. */
static int create_locked(const char *name, mode_t mode)
{
    int file = create(name, mode);
    if (file < 0 && errno == EEXIST) {
        remove_leftover(name);
        file = create(name, mode);
    }
    if (file < 0 || (lock(file) && is_named(file, name)))
        return file;
    int why = errno == EWOULDBLOCK ? EEXIST : errno;
    if (why != EEXIST)
        unlink(name);
    close(file);
    errno = why;
    return -1;
}

/* No signal comes between the file and its place in the list. */
static int create_noted(char *name, mode_t mode, int *number)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int file = create_locked(name, mode), why = errno;
    if (file >= 0)
        *number = pith_unfinished_note(name);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = why;
    return file;
}

int pith_temporary_create(const char *place, unsigned mode, char **name,
                          int *number)
{
    int file = -1;
    *name = NULL;
    errno = EEXIST;
    for (int i = 1; i <= MAX_TEMPORARIES && file < 0 && errno == EEXIST;
         i++) {
        pith_free(*name);
        *name = pith_temporary_name(place, i);
        file = *name != NULL ? create_noted(*name, (mode_t)mode, number) : -1;
    }
    if (file < 0) {
        int why = errno;
        pith_free(*name);
        *name = NULL;
        errno = why;
    }
    return file;
}

#else

bool pith_writer_remove_leftover(const char *path)
{
    (void)path; /* there are none */
    return false;
}

#endif
