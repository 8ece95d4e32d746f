/*
 * json_values.c - see json_values.h.
 */
#include "json_values.h"

#include <math.h>

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
