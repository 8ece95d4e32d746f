/*
 * gguf_split.c - a model in several GGUF files, NAME-00001-of-00003.gguf and
 * so on.  The first has the metadata; each has its own tensors, and says which
 * part it is.
 */
#include <stdio.h>
#include <string.h>

#include "../base/memory.h"
#include "gguf.h"

/* Which part of how many, from 1 on; 1 of 1 where the file does not say. */
static enum pith_status read_place(const struct pith_gguf *gguf,
                                   uint32_t *number, uint32_t *n_parts,
                                   struct pith_error *error)
{
    static const uint32_t none = 0, alone = 1;
    PITH_TRY(pith_gguf_whole(gguf, "split.no", &none, number, error));
    PITH_TRY(pith_gguf_whole(gguf, "split.count", &alone, n_parts, error));
    *n_parts = *n_parts > 0 ? *n_parts : 1; /* 0 is written for it too */
    if (*number >= *n_parts || *n_parts > 99999)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: says that it is part %lu of %lu",
                         gguf->file->path, (unsigned long)*number + 1,
                         (unsigned long)*n_parts);
    ++*number;
    return PITH_OK;
}

static enum pith_status open_part(struct pith_source *source, const char *path,
                                  uint32_t number, uint32_t n_parts,
                                  struct pith_error *error)
{
    const struct pith_source_file *file;
    struct pith_gguf part = {0};
    uint32_t is_number = 0, is_of = 0;
    enum pith_status status;
    PITH_TRY(pith_source_open(source, path, &file, error));
    PITH_TRY_DONE(pith_gguf_open(&part, source, file, error));
    PITH_TRY_DONE(read_place(&part, &is_number, &is_of, error));
    if (is_number != number || is_of != n_parts)
        status = pith_fail(error, PITH_ERR_FORMAT,
                           "%s: is part %lu of %lu, not %lu of %lu as its name "
                           "says", path, (unsigned long)is_number,
                           (unsigned long)is_of, (unsigned long)number,
                           (unsigned long)n_parts);
done:
    pith_gguf_close(&part);
    return status;
}

/* The number inside "-00001-of-00003.gguf" at the end of a path. */
static char *number_in(char *path, uint32_t number, uint32_t n_parts)
{
    char end[32];
    size_t size = strlen(path);
    size_t n = (size_t)snprintf(end, sizeof end, "-%05lu-of-%05lu.gguf",
                                (unsigned long)number, (unsigned long)n_parts);
    return size >= n && strcmp(path + size - n, end) == 0 ? path + size - n + 1
                                                          : NULL;
}

static enum pith_status open_others(struct pith_gguf *gguf, char *path,
                                    uint32_t n_parts, struct pith_error *error)
{
    char digits[16];
    char *at = number_in(path, 1, n_parts);
    if (at == NULL)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s: is the first of %lu files, which are found by "
                         "name, NAME-00001-of-%05lu.gguf and so on",
                         path, (unsigned long)n_parts, (unsigned long)n_parts);
    for (uint32_t i = 2; i <= n_parts; i++) {
        snprintf(digits, sizeof digits, "%05lu", (unsigned long)i);
        memcpy(at, digits, 5);
        PITH_TRY(open_part(gguf->source, path, i, n_parts, error));
    }
    return PITH_OK;
}

enum pith_status pith_gguf_open_parts(struct pith_gguf *gguf,
                                      struct pith_error *error)
{
    uint32_t number, n_parts;
    PITH_TRY(read_place(gguf, &number, &n_parts, error));
    if (n_parts == 1)
        return PITH_OK;
    if (number > 1)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s: is part %lu of %lu of a model; give the first, "
                         "NAME-00001-of-%05lu.gguf, and keep the others beside "
                         "it", gguf->file->path, (unsigned long)number,
                         (unsigned long)n_parts, (unsigned long)n_parts);
    size_t size = strlen(gguf->file->path) + 1;
    char *path = pith_array(size, 1);
    if (path == NULL)
        return pith_no_memory(error, size, 1);
    memcpy(path, gguf->file->path, size);
    enum pith_status status = open_others(gguf, path, n_parts, error);
    pith_free(path);
    return status;
}
