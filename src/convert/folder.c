/*
 * folder.c - see folder.h.
 */
#include "folder.h"

#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/memory.h"
#include "json_values.h"

enum pith_status pith_folder_path(const char *folder, struct pith_text name,
                                  char **path, struct pith_error *error)
{
    size_t length = strlen(folder);
    *path = pith_array_zero(length + name.size + 2, 1);
    if (*path == NULL)
        return pith_no_memory(error, length + name.size, 1);
    memcpy(*path, folder, length);
    if (length > 0 && folder[length - 1] != '/')
        (*path)[length++] = '/';
    memcpy(*path + length, name.bytes, name.size);
    return PITH_OK;
}

bool pith_folder_has(const char *folder, const char *name)
{
    char *path;
    if (pith_folder_path(folder, (struct pith_text){name, strlen(name)}, &path,
                         NULL) != PITH_OK)
        return false;
    bool found = pith_path_exists(path);
    free(path);
    return found;
}

enum pith_status pith_folder_json(const char *folder, const char *name,
                                  struct pith_json_document **document,
                                  struct pith_error *error)
{
    char *path;
    *document = NULL;
    PITH_TRY(pith_folder_path(folder, (struct pith_text){name, strlen(name)},
                              &path, error));
    enum pith_status status = pith_json_read(path, document, error);
    free(path);
    return status;
}
