/*
 * str.h - how Python spells a JSON value that it has read: str(),
 * repr() and json.dumps().
 *
 * Numbers with a '.' or an exponent are floats and spelled as repr(float)
 * does; others are integers.  In repr(), characters that Unicode has not
 * assigned are shown as they are (Python escapes them).
 */
#ifndef PITH_REFERENCE_PYTHON_STR_H
#define PITH_REFERENCE_PYTHON_STR_H

#include "../../json/json.h"

/* str(value): a string as it is, anything else as repr() */
enum pith_status pith_python_str(struct pith_buffer *out,
                                 const struct pith_json *value,
                                 struct pith_error *error);

/* json.dumps(value): ASCII, ", " and ": " between values */
enum pith_status pith_python_dumps(struct pith_buffer *out,
                                   const struct pith_json *value,
                                   struct pith_error *error);
void pith_python_dumps_string(struct pith_buffer *out, struct pith_text string);

/* Whether a number is an integer to Python. */
bool pith_python_is_int(const struct pith_json *number);

/* repr(float) */
void pith_python_float_repr(struct pith_buffer *out, double number);

#endif
