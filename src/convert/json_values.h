/*
 * json_values.h - JSON files, and JSON values as sizes, numbers and flags.
 */
#ifndef PITH_CONVERT_JSON_VALUES_H
#define PITH_CONVERT_JSON_VALUES_H

#include "../text/json.h"

/* Parses a whole file. */
enum pith_status pith_json_read(const char *path,
                                struct pith_json_document **document,
                                struct pith_error *error);

/* True when the value is a whole number from 0 to 2^53 that fits. */
bool pith_json_size(const struct pith_json *value, size_t *size);

/* Absent and null count the same everywhere in Hugging Face's files. */
bool pith_json_is_set(const struct pith_json *value);

#endif
