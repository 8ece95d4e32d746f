/*
 * folder.c - see folder.h.
 */
#include "folder.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"

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

bool pith_folder_has(const struct pith_source *source, const char *name)
{
    char *path = join(source->path, (struct pith_text){name, strlen(name)});
    bool found = path != NULL && pith_path_exists(path);
    free(path);
    return found;
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
    free(path);
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
