/*
 * file.c - see file.h.  POSIX where there is it (mmap, fstat, getpid), plain
 * C elsewhere.
 */
#define _DEFAULT_SOURCE 1        /* madvise */
#define _FILE_OFFSET_BITS 64     /* files over 2 GiB on 32-bit hosts */
#define _POSIX_C_SOURCE 200809L

#include "file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#if defined(__unix__) || defined(__APPLE__)
#define HAVE_POSIX 1
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#else
#define HAVE_POSIX 0
#endif

static enum pith_status cannot(struct pith_error *error, const char *what,
                               const char *path)
{
    return pith_fail(error, errno == ENOMEM ? PITH_ERR_MEMORY : PITH_ERR_IO,
                     "%s: cannot %s: %s", path, what, strerror(errno));
}

#if HAVE_POSIX

enum pith_status pith_file_open(struct pith_file *file, const char *path,
                                struct pith_error *error)
{
    struct stat about;
    enum pith_status status = PITH_OK;

    *file = (struct pith_file){0};
    int descriptor = open(path, O_RDONLY);
    if (descriptor < 0)
        return cannot(error, "open", path);
    if (fstat(descriptor, &about) != 0) {
        status = cannot(error, "examine", path);
    } else if (!S_ISREG(about.st_mode)) {
        status = pith_fail(error, PITH_ERR_IO,
                           "%s: is not a regular file", path);
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
    if (file->mapped)
        munmap((void *)(uintptr_t)file->data, file->size);
    *file = (struct pith_file){0};
}

void pith_file_drop(const struct pith_file *file, size_t offset, size_t size)
{
    /* madvise wants whole pages: shrink the range to those inside it. */
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t first = (offset + page - 1) / page * page;
    size_t last = (offset + size) / page * page;
    if (file->mapped && last > first)
        madvise((void *)(uintptr_t)(file->data + first), last - first,
                MADV_DONTNEED);
}

bool pith_path_is_directory(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

bool pith_path_exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

bool pith_path_is_same(const char *a, const char *b)
{
    struct stat about_a, about_b;
    return stat(a, &about_a) == 0 && stat(b, &about_b) == 0 &&
           about_a.st_dev == about_b.st_dev && about_a.st_ino == about_b.st_ino;
}

static unsigned long process_number(void)
{
    return (unsigned long)getpid();
}

static int seek_to(FILE *stream, uint64_t offset)
{
    return fseeko(stream, (off_t)offset, SEEK_SET);
}

#else

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
        data = pith_array_aligned((size_t)size, 1);
        if (data == NULL)
            status = pith_no_memory(error, (size_t)size, 1);
        else if (fread(data, 1, (size_t)size, stream) != (size_t)size)
            status = cannot(error, "read", path);
        else
            *file = (struct pith_file){data, (size_t)size, false};
    }
    if (status != PITH_OK)
        free(data);
    fclose(stream);
    return status;
}

void pith_file_close(struct pith_file *file)
{
    free((void *)(uintptr_t)file->data);
    *file = (struct pith_file){0};
}

void pith_file_drop(const struct pith_file *file, size_t offset, size_t size)
{
    (void)file, (void)offset, (void)size;
}

bool pith_path_is_directory(const char *path)
{
    (void)path;
    return false;
}

bool pith_path_exists(const char *path)
{
    FILE *stream = fopen(path, "rb");
    if (stream == NULL)
        return false;
    fclose(stream);
    return true;
}

bool pith_path_is_same(const char *a, const char *b)
{
    return strcmp(a, b) == 0 && pith_path_exists(a);
}

static unsigned long process_number(void)
{
    return 0;
}

static int seek_to(FILE *stream, uint64_t offset)
{
    return offset > LONG_MAX ? -1 : fseek(stream, (long)offset, SEEK_SET);
}

#endif

enum pith_status pith_writer_open(struct pith_writer *writer, const char *path,
                                  struct pith_error *error)
{
    size_t length = strlen(path);
    *writer = (struct pith_writer){0};
    writer->path = pith_array(length + 1, 1);
    writer->temporary = pith_array(length + 32, 1);
    if (writer->path == NULL || writer->temporary == NULL) {
        pith_writer_abort(writer);
        return pith_no_memory(error, length, 1);
    }
    memcpy(writer->path, path, length + 1);
    snprintf(writer->temporary, length + 32, "%s.tmp-%lu", path,
             process_number());
    writer->stream = fopen(writer->temporary, "wb");
    if (writer->stream == NULL) {
        enum pith_status status = cannot(error, "create", writer->temporary);
        pith_writer_abort(writer);
        return status;
    }
    return PITH_OK;
}

enum pith_status pith_writer_write(struct pith_writer *writer,
                                   const void *bytes, size_t n,
                                   struct pith_error *error)
{
    if (n > 0 && fwrite(bytes, 1, n, writer->stream) != n)
        return cannot(error, "write", writer->temporary);
    return PITH_OK;
}

enum pith_status pith_writer_seek(struct pith_writer *writer, uint64_t offset,
                                  struct pith_error *error)
{
    if (seek_to(writer->stream, offset) != 0)
        return cannot(error, "seek in", writer->temporary);
    return PITH_OK;
}

enum pith_status pith_writer_commit(struct pith_writer *writer,
                                    struct pith_error *error)
{
    enum pith_status status = PITH_OK;
    int closed = fclose(writer->stream);
    writer->stream = NULL;
    if (closed != 0)
        status = cannot(error, "write", writer->temporary);
    else if (rename(writer->temporary, writer->path) != 0)
        status = cannot(error, "rename to its name", writer->path);
    if (status != PITH_OK)
        remove(writer->temporary);
    free(writer->temporary);
    writer->temporary = NULL;
    pith_writer_abort(writer);
    return status;
}

void pith_writer_abort(struct pith_writer *writer)
{
    if (writer->stream != NULL) {
        fclose(writer->stream);
        remove(writer->temporary);
    }
    free(writer->path);
    free(writer->temporary);
    *writer = (struct pith_writer){0};
}
