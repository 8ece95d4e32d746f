/*
 * folder.c - see folder.h.
 */
#include "folder.h"

#include <stdio.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/place.h"

static char *join(const char *folder, struct pith_text name)
{
    size_t length = strlen(folder);
    char *path = pith_array_zero(length + name.size + 2, 1);
    if (path == NULL)
        return NULL;
    memcpy(path, folder, length);
    if (length > 0 && folder[length - 1] != '/')
        path[length++] = '/';
    memcpy(path + length, name.bytes, name.size);
    return path;
}

/* Bytes of a name asked for, its separator and its end. */
enum { NAME_ROOM = 64 };

enum pith_status pith_folder_prepare(struct pith_source *source,
                                     struct pith_error *error)
{
    size_t size = strlen(source->path) + NAME_ROOM;
    source->probe = pith_array(size, 1);
    return source->probe != NULL ? PITH_OK : pith_no_memory(error, size, 1);
}

bool pith_folder_has(const struct pith_source *source, const char *name)
{
    snprintf(source->probe, strlen(source->path) + NAME_ROOM, "%s/%s",
             source->path, name);
    return pith_path_exists(source->probe);
}

enum pith_status pith_folder_open(struct pith_source *source,
                                  struct pith_text name,
                                  const struct pith_source_file **file,
                                  struct pith_error *error)
{
    char *path = join(source->path, name);
    if (path == NULL)
        return pith_no_memory(error, name.size, 1);
    enum pith_status status = pith_source_open(source, path, file, error);
    pith_free(path);
    return status;
}

enum pith_status pith_folder_json(struct pith_source *source,
                                  const char *name,
                                  struct pith_json_document **document,
                                  struct pith_error *error)
{
    const struct pith_source_file *file;
    *document = NULL;
    PITH_TRY(pith_folder_open(source, (struct pith_text){name, strlen(name)},
                              &file, error));
    struct pith_text text = {(const char *)file->file.data, file->file.size};
    return pith_json_parse(text, file->path, document, error);
}
