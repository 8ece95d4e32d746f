/*
 * slots.c - see slots.h.
 */
#include "posix.h"

#include "slots.h"

#include <stdio.h>

#include "file.h"
#include "memory.h"
#include "temporary.h"

#if HAVE_POSIX

enum { NAME_SIZE = sizeof "/fff-f" };

/* Whoever can write into the folder can change what is kept in it. */
static enum pith_status check_folder(const char *folder,
                                     struct pith_error *error)
{
    struct stat about;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return pith_file_cannot(error, "make the folder", folder);
    if (stat(folder, &about) != 0)
        return pith_file_cannot(error, "examine", folder);
    if (!S_ISDIR(about.st_mode))
        return pith_fail(error, PITH_ERR_IO, "%s: is not a folder; expected "
                         "one, or a name for a new one", folder);
    if (about.st_uid != geteuid() || (about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return pith_fail(error, PITH_ERR_IO,
                         "%s: other users may write into this folder and "
                         "could change what is kept; expected one of yours, "
                         "as after chmod go-w", folder);
    return access(folder, R_OK | W_OK | X_OK) == 0
               ? PITH_OK
               : pith_file_cannot(error, "use the folder", folder);
}

enum pith_status pith_slots_open(struct pith_slots *slots, const char *folder,
                                 struct pith_error *error)
{
    size_t n = strlen(folder);
    *slots = (struct pith_slots){0};
    PITH_TRY(check_folder(folder, error));
    slots->folder = pith_array(n + 1, 1);
    slots->path = pith_array(n + NAME_SIZE, 1);
    if (slots->folder == NULL || slots->path == NULL) {
        pith_slots_close(slots);
        return pith_no_memory(error, n + NAME_SIZE, 1);
    }
    memcpy(slots->folder, folder, n + 1);
    return PITH_OK;
}

static const char *path_of(struct pith_slots *slots, const uint8_t key[32],
                           unsigned way)
{
    size_t n = strlen(slots->folder);
    unsigned set = (key[0] | (unsigned)key[1] << 8) % PITH_SLOT_SETS;
    memcpy(slots->path, slots->folder, n);
    snprintf(slots->path + n, NAME_SIZE, "/%03x-%x", set, way);
    return slots->path;
}

/* Reads up to n bytes; fewer at the end of the file; -1 after an error. */
static ssize_t read_all(int file, uint8_t *bytes, size_t n)
{
    size_t done = 0;
    while (done < n) {
        ssize_t some = read(file, bytes + done, n - done);
        if (some == 0)
            break;
        if (some < 0 && errno != EINTR)
            return -1;
        done += some > 0 ? (size_t)some : 0;
    }
    return (ssize_t)done;
}

enum pith_slot pith_slots_read(struct pith_slots *slots,
                               const uint8_t key[32], unsigned way,
                               uint8_t *bytes, size_t *n, int64_t *used)
{
    struct stat about;
    enum pith_slot is = PITH_SLOT_STRANGE;
    *used = 0;
    int file = open(path_of(slots, key, way),
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file < 0)
        return errno == ENOENT ? PITH_SLOT_EMPTY : PITH_SLOT_STRANGE;
    if (fstat(file, &about) == 0 && S_ISDIR(about.st_mode))
        is = PITH_SLOT_TAKEN;
    else if (S_ISREG(about.st_mode) && about.st_size >= 0 &&
             (uintmax_t)about.st_size <= *n &&
             read_all(file, bytes, (size_t)about.st_size) == about.st_size)
        is = PITH_SLOT_READ;
    if (is == PITH_SLOT_READ) {
        *n = (size_t)about.st_size;
        *used = about.st_mtime;
    }
    close(file);
    return is;
}

void pith_slots_touch(struct pith_slots *slots, const uint8_t key[32],
                      unsigned way)
{
    (void)utimensat(AT_FDCWD, path_of(slots, key, way), NULL,
                    AT_SYMLINK_NOFOLLOW);
}

static bool write_all(int file, const uint8_t *bytes, size_t n)
{
    while (n > 0) {
        ssize_t some = write(file, bytes, n);
        if (some < 0 && errno != EINTR)
            return false;
        bytes += some > 0 ? some : 0;
        n -= some > 0 ? (size_t)some : 0;
    }
    return true;
}

enum pith_status pith_slots_write(struct pith_slots *slots,
                                  const uint8_t key[32], unsigned way,
                                  const uint8_t *bytes, size_t n,
                                  struct pith_error *error)
{
    char *temporary;
    int number = -1;
    const char *path = path_of(slots, key, way);
    int file = pith_temporary_create(path, 0600, &temporary, &number);
    if (file < 0)
        return pith_file_cannot(error, "create", path);
    enum pith_status status = PITH_OK;
    if (!write_all(file, bytes, n))
        status = pith_file_cannot(error, "write", path);
    else if (rename(temporary, path) != 0)
        status = pith_file_cannot(error, "write", path);
    if (status != PITH_OK)
        unlink(temporary);
    close(file);
    if (pith_unfinished_forget(number, temporary))
        pith_free(temporary);
    return status;
}

#else

enum pith_status pith_slots_open(struct pith_slots *slots, const char *folder,
                                 struct pith_error *error)
{
    *slots = (struct pith_slots){0};
    return pith_fail(error, PITH_ERR_UNSUPPORTED,
                     "%s: a folder of losses needs a POSIX system", folder);
}

enum pith_slot pith_slots_read(struct pith_slots *slots,
                               const uint8_t key[32], unsigned way,
                               uint8_t *bytes, size_t *n, int64_t *used)
{
    (void)slots, (void)key, (void)way, (void)bytes, (void)n;
    *used = 0;
    return PITH_SLOT_EMPTY;
}

void pith_slots_touch(struct pith_slots *slots, const uint8_t key[32],
                      unsigned way)
{
    (void)slots, (void)key, (void)way;
}

enum pith_status pith_slots_write(struct pith_slots *slots,
                                  const uint8_t key[32], unsigned way,
                                  const uint8_t *bytes, size_t n,
                                  struct pith_error *error)
{
    (void)key, (void)way, (void)bytes, (void)n;
    return pith_fail(error, PITH_ERR_UNSUPPORTED,
                     "%s: a folder of losses needs a POSIX system",
                     slots->folder);
}

#endif

void pith_slots_close(struct pith_slots *slots)
{
    pith_free(slots->folder);
    pith_free(slots->path);
    *slots = (struct pith_slots){0};
}
