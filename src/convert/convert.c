/*
 * convert.c - pith_convert(): from a source to a .pith file.
 */
#include <string.h>

#include "../base/file.h"
#include "../base/file_kind.h"
#include "../base/options.h"
#include "../base/place.h"
#include "../model/layout.h"
#include "readers.h"
#include "stream.h"

/* What is in the source's folder and was not made from it belongs to it, read
 * or not. */
static enum pith_status check_folder(const struct pith_source *source,
                                     const char *destination,
                                     struct pith_error *error)
{
    struct pith_place folder, from;
    PITH_TRY(pith_place_of_folder(destination, &folder, error));
    PITH_TRY(pith_place_find(source->path, &from, error));
    if (!pith_place_is_same(&folder, &from))
        return PITH_OK;
    return pith_file_check_kind(
        destination,
        (struct pith_text){PITH_FORMAT_MAGIC, strlen(PITH_FORMAT_MAGIC)},
        "a .pith model", error);
}

static enum pith_status check_destination(const struct pith_source *source,
                                          const char *destination,
                                          struct pith_error *error)
{
    if (pith_path_is_directory(destination))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%s: is a folder; give the name of the .pith file to "
                         "write", destination);
    for (const struct pith_source_file *file = source->files; file != NULL;
         file = file->next)
        PITH_TRY(pith_place_check(destination, file->path, error));
    return check_folder(source, destination, error);
}

static enum pith_status find_type(const char *word, enum pith_type *type,
                                  struct pith_error *error)
{
    for (int i = PITH_F32; i <= PITH_Q4; i++)
        if (strcmp(word, pith_type_name((enum pith_type)i)) == 0) {
            *type = (enum pith_type)i;
            return PITH_OK;
        }
    return pith_fail(error, PITH_ERR_ARGUMENT,
                     "dtype \"%s\" is not known; expected f32, f16, bf16, q8 "
                     "or q4", word);
}

enum pith_status pith_convert(const char *source, const char *destination,
                              const struct pith_convert_options *options,
                              struct pith_error *error)
{
    struct pith_convert_options own = {.sizeof_options = sizeof own};
    struct pith_source from = {.path = source};
    enum pith_type dtype = PITH_F32;
    enum pith_status status = PITH_OK;

    PITH_REQUIRE(source, error);
    PITH_REQUIRE(destination, error);
    PITH_TRY(pith_options_copy(&own, sizeof own, options, error));
    from.note = own.note;
    from.user = own.user;
    if (own.dtype != NULL)
        PITH_TRY(find_type(own.dtype, &dtype, error));

    PITH_TRY_DONE(pith_source_read(&from, own.tokenizer, error));
    PITH_TRY_DONE(check_destination(&from, destination, error));
    status = pith_source_write(&from, destination,
                               own.dtype != NULL ? &dtype : NULL,
                               &own, error);
done:
    pith_source_close(&from);
    return status;
}
