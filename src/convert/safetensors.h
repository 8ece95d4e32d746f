/*
 * safetensors.h - the table of a .safetensors file: an 8-byte header size,
 * a JSON header of {name: {dtype, shape, data_offsets}}, then the data.
 */
#ifndef PITH_CONVERT_SAFETENSORS_H
#define PITH_CONVERT_SAFETENSORS_H

#include "source.h"

/* Lists the tensors of a file of the source; every offset is checked. */
enum pith_status pith_safetensors_read(struct pith_source *source,
                                       const struct pith_source_file *file,
                                       struct pith_error *error);

#endif
