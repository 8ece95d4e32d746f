/*
 * file_kind.c - files that may be replaced because they are of our kind, and
 * files that are texts; see file.h.
 */
#include "file.h"
#include "file_kind.h"

#include <string.h>

#include "pith_files.h"

enum pith_status pith_file_open_text(struct pith_file *file,
                                     struct pith_text *text, const char *path,
                                     struct pith_error *error)
{
    PITH_TRY(pith_file_open(file, path, error));
    *text = (struct pith_text){(const char *)file->data, file->size};
    enum pith_status status = pith_text_start(text, path, error);
    if (status != PITH_OK)
        pith_file_close(file);
    return status;
}

enum pith_status pith_file_check_kind(const char *path, struct pith_text head,
                                      const char *what,
                                      struct pith_error *error)
{
    struct pith_place place;
    struct pith_file file;
    PITH_TRY(pith_place_find(path, &place, error));
    if (place.kind != PITH_FILE_REGULAR)
        return PITH_OK;
    PITH_TRY(pith_file_open(&file, path, error));
    bool is_kind = file.size == 0 ||
                   (file.size >= head.size &&
                    memcmp(file.data, head.bytes, head.size) == 0);
    pith_file_close(&file);
    return is_kind ? PITH_OK
                   : pith_fail(error, PITH_ERR_FORMAT,
                               "%s: exists already and is not %s; give "
                               "another name, or remove it", path, what);
}
