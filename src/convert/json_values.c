/*
 * json_values.c - see json_values.h.
 */
#include "json_values.h"

#include <math.h>

#include "../base/file.h"

enum pith_status pith_json_read(const char *path,
                                struct pith_json_document **document,
                                struct pith_error *error)
{
    struct pith_file file;
    *document = NULL;
    PITH_TRY(pith_file_open(&file, path, error));
    struct pith_text text = {(const char *)file.data, file.size};
    enum pith_status status = pith_json_parse(text, path, document, error);
    pith_file_close(&file);
    return status;
}

bool pith_json_size(const struct pith_json *value, size_t *size)
{
    if (!pith_json_is(value, PITH_JSON_NUMBER) || !(value->number >= 0) ||
        value->number > 0x1p53 || value->number != floor(value->number) ||
        (double)SIZE_MAX <= value->number)
        return false;
    *size = (size_t)value->number;
    return true;
}

bool pith_json_is_set(const struct pith_json *value)
{
    return value != NULL && value->kind != PITH_JSON_NULL;
}
