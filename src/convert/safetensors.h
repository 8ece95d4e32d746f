/*
 * safetensors.h - the table of a .safetensors file: an 8-byte header size,
 * a JSON header of {name: {dtype, shape, data_offsets}}, then the data.
 */
#ifndef PITH_CONVERT_SAFETENSORS_H
#define PITH_CONVERT_SAFETENSORS_H

#include "source.h"

/* Maps the file and lists its tensors; every offset is checked. */
enum pith_status pith_safetensors_read(struct pith_source *source,
                                       const char *path,
                                       struct pith_error *error);

#endif
