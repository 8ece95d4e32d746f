/*
 * number.h - what int() and float() make of a JSON value, spelled as
 * str() spells it: int("1_000") is 1000, float(3) is 3.0, int(2.9) is 2.
 */
#ifndef PITH_REFERENCE_PYTHON_NUMBER_H
#define PITH_REFERENCE_PYTHON_NUMBER_H

#include "../../json/json.h"

/* str(int(value)) and str(float(value)); false, with something or nothing
 * appended, where Python raises an error, for a float that is not finite, and
 * when memory runs out (out->failed).  Digits are ASCII. */
bool pith_python_int(struct pith_buffer *out, const struct pith_json *value);
bool pith_python_float(struct pith_buffer *out, const struct pith_json *value);

#endif
