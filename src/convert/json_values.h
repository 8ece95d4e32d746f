/*
 * json_values.h - JSON values as sizes, and whether they are set.
 */
#ifndef PITH_CONVERT_JSON_VALUES_H
#define PITH_CONVERT_JSON_VALUES_H

#include "../json/json.h"

/* True when the value is a whole number from 0 to 2^53 that fits. */
bool pith_json_size(const struct pith_json *value, size_t *size);

/* Absent and null count the same everywhere in Hugging Face's files. */
bool pith_json_is_set(const struct pith_json *value);

#endif
