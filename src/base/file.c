/*
 * file.c - see file.h.  Mapped; file_plain.c is for where there is no POSIX.
 */
#include "posix.h"

#include "file.h"

#include <errno.h>
#include <string.h>

#include "memory.h"

#if HAVE_POSIX

bool pith_path_is_directory(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

enum pith_status pith_file_open(struct pith_file *file, const char *path,
                                struct pith_error *error)
{
    struct stat about;
    enum pith_status status = PITH_OK;

    *file = (struct pith_file){0};
    /* Without waiting for what may be at the other end of a pipe. */
    int descriptor =
        open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (descriptor < 0)
        return pith_file_cannot(error, "open", path);
    if (fstat(descriptor, &about) != 0) {
        status = pith_file_cannot(error, "examine", path);
    } else if (!S_ISREG(about.st_mode)) {
        status = pith_fail(error, PITH_ERR_IO,
                           "%s: is a %s; expected a file on a disk", path,
                           S_ISDIR(about.st_mode)    ? "folder"
                           : S_ISFIFO(about.st_mode) ? "pipe"
                                                     : "device");
    } else if ((uintmax_t)about.st_size > SIZE_MAX) {
        status = pith_fail(error, PITH_ERR_MEMORY,
                           "%s: %ju bytes are more than this machine can "
                           "address", path, (uintmax_t)about.st_size);
    } else if (about.st_size > 0) {
        size_t size = (size_t)about.st_size;
        void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (data == MAP_FAILED)
            status = pith_file_cannot(error, "map", path);
        else
            *file = (struct pith_file){data, size, true};
    }
    close(descriptor);
    return status;
}

void pith_file_close(struct pith_file *file)
{
    if (file->owned)
        munmap((void *)(uintptr_t)file->data, file->size);
    *file = (struct pith_file){0};
}

void pith_file_drop(const struct pith_file *file, size_t offset, size_t size)
{
    /* madvise needs whole pages: shrink the range to those inside it. */
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t first = (offset + page - 1) / page * page;
    size_t last = (offset + size) / page * page;
    if (file->owned && last > first)
        madvise((void *)(uintptr_t)(file->data + first), last - first,
                MADV_DONTNEED);
}

#endif
