/*
 * file_plain.c - see file.h.  Read, where there is no POSIX.
 */
#include "posix.h"

#if !HAVE_POSIX
#include "file.h"

#include <stdio.h>

#include "memory.h"

#ifdef PITH_CORE /* folder.c has it elsewhere */
bool pith_path_is_directory(const char *path)
{
    return (void)path, false;
}
#endif

enum pith_status pith_file_open(struct pith_file *file, const char *path,
                                struct pith_error *error)
{
    enum pith_status status = PITH_OK;
    uint8_t *data = NULL;
    long size = 0;

    *file = (struct pith_file){0};
    FILE *stream = fopen(path, "rb");
    if (stream == NULL)
        return pith_file_cannot(error, "open", path);
    if (getc(stream) == EOF && ferror(stream))
        status = pith_file_cannot(error, "read", path); /* a folder */
    else if (fseek(stream, 0, SEEK_END) != 0 || (size = ftell(stream)) < 0 ||
        fseek(stream, 0, SEEK_SET) != 0) {
        status = pith_file_cannot(error, "examine", path);
    } else if (size > 0) {
        data = pith_array((size_t)size, 1);
        if (data == NULL)
            status = pith_no_memory(error, (size_t)size, 1);
        else if (fread(data, 1, (size_t)size, stream) != (size_t)size)
            status = pith_file_cannot(error, "read", path);
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
