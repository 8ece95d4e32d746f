/*
 * file.c - see file.h.  Mapped where there is POSIX, read elsewhere.
 */
#include "posix.h"

#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"

static enum pith_status cannot(struct pith_error *error, const char *what,
                               const char *path)
{
    return pith_fail(error, errno == ENOMEM ? PITH_ERR_MEMORY : PITH_ERR_IO,
                     "%s: cannot %s: %s", path, what, strerror(errno));
}

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
        return cannot(error, "open", path);
    if (fstat(descriptor, &about) != 0) {
        status = cannot(error, "examine", path);
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
            status = cannot(error, "map", path);
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

#else

bool pith_path_is_directory(const char *path)
{
    (void)path;
    return false;
}

enum pith_status pith_file_open(struct pith_file *file, const char *path,
                                struct pith_error *error)
{
    enum pith_status status = PITH_OK;
    uint8_t *data = NULL;
    long size = 0;

    *file = (struct pith_file){0};
    FILE *stream = fopen(path, "rb");
    if (stream == NULL)
        return cannot(error, "open", path);
    if (fseek(stream, 0, SEEK_END) != 0 || (size = ftell(stream)) < 0 ||
        fseek(stream, 0, SEEK_SET) != 0) {
        status = cannot(error, "examine", path);
    } else if (size > 0) {
        data = pith_array((size_t)size, 1);
        if (data == NULL)
            status = pith_no_memory(error, (size_t)size, 1);
        else if (fread(data, 1, (size_t)size, stream) != (size_t)size)
            status = cannot(error, "read", path);
        else
            *file = (struct pith_file){data, (size_t)size, true};
    }
    if (status != PITH_OK)
        pith_free(data);
    fclose(stream);
    return status;
}

void pith_file_close(struct pith_file *file)
{
    if (file->owned)
        pith_free((void *)(uintptr_t)file->data);
    *file = (struct pith_file){0};
}

void pith_file_drop(const struct pith_file *file, size_t offset, size_t size)
{
    (void)file, (void)offset, (void)size;
}

#endif
