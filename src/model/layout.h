/*
 * layout.h - where things are in a .pith file: the constants that its reader
 * and its writer share.  docs/FORMAT.md is the specification.
 *
 *   header | tensor table | model name | tokenizer | zeros | weights
 */
#ifndef PITH_MODEL_LAYOUT_H
#define PITH_MODEL_LAYOUT_H

#include "../kernels/tensor.h"
#include "config.h"

/* The high bit shows a 7-bit channel, CR LF and LF show newline conversion,
 * ^Z stops DOS from typing the rest. */
#define PITH_FORMAT_MAGIC "\x89PTH\r\n\x1A\n"

enum {
    PITH_FORMAT_VERSION = 2,         /* the newest; 1 has neither the flags
                                        beyond TIED nor what follows them */
    PITH_FORMAT_BYTE_ORDER = 0x01020304, /* bytes 04 03 02 01 */
    PITH_FORMAT_ALIGNMENT = 64,          /* of each tensor in the file */
    PITH_FORMAT_MAX_NAME = 255,          /* bytes of the model's name */
    PITH_FORMAT_TIED = 1,                /* flags */
    PITH_FORMAT_QKV_BIASES = 2,
    PITH_FORMAT_QK_NORMS = 4,
    PITH_FORMAT_ROPE_FACTORS = 8,
    PITH_FORMAT_FLAGS = 15
};

/* Offsets in the header. */
enum {
    PITH_OFFSET_MAGIC = 0,
    PITH_OFFSET_VERSION = 8,
    PITH_OFFSET_BYTE_ORDER = 12,
    PITH_OFFSET_METADATA_CRC = 16,
    PITH_OFFSET_WEIGHTS_CRC = 20,
    PITH_OFFSET_FILE_SIZE = 24,
    PITH_OFFSET_WEIGHTS = 32, /* offset of the weights: size of the metadata */
    PITH_OFFSET_ARCH = 40,
    PITH_OFFSET_N_VOCAB = 44,
    PITH_OFFSET_N_CTX = 48,
    PITH_OFFSET_N_EMBD = 52,
    PITH_OFFSET_N_LAYER = 56,
    PITH_OFFSET_N_HEAD = 60,
    PITH_OFFSET_N_KV_HEAD = 64,
    PITH_OFFSET_HEAD_DIM = 68,
    PITH_OFFSET_N_FF = 72,
    PITH_OFFSET_NORM_EPS = 76,
    PITH_OFFSET_ROPE_THETA = 80,
    PITH_OFFSET_FLAGS = 84,
    PITH_OFFSET_N_TENSORS = 88,
    PITH_OFFSET_NAME_SIZE = 92,
    PITH_OFFSET_TOKENIZER_SIZE = 96,
    PITH_OFFSET_WINDOW = 104,
    PITH_OFFSET_ROPE_SKIP = 108,
    PITH_OFFSET_RESERVED = 112, /* zeros */
    PITH_HEADER_SIZE = 128
};

/* Offsets in an entry of the tensor table. */
enum {
    PITH_ENTRY_NAME = 0, /* NUL-padded */
    PITH_ENTRY_TYPE = 64,
    PITH_ENTRY_RESERVED = 68, /* zeros */
    PITH_ENTRY_ROWS = 72,
    PITH_ENTRY_COLS = 80,
    PITH_ENTRY_OFFSET = 88,
    PITH_ENTRY_BYTES = 96,
    PITH_ENTRY_SIZE = 104
};

static inline uint64_t pith_format_align(uint64_t offset)
{
    return (offset + PITH_FORMAT_ALIGNMENT - 1) / PITH_FORMAT_ALIGNMENT *
           PITH_FORMAT_ALIGNMENT;
}

/* Where the weights start; exact below 2^60 bytes of tokenizer. */
static inline uint64_t pith_format_weights(uint64_t n_tensors,
                                           uint64_t name_size,
                                           uint64_t tokenizer_size)
{
    return pith_format_align(PITH_HEADER_SIZE + n_tensors * PITH_ENTRY_SIZE +
                             name_size + tokenizer_size);
}

/* The flags of a file, and its version: the first that has what the model
 * needs, so that older programs read what they can compute. */
uint32_t pith_format_flags_of(const struct pith_config *config);
uint32_t pith_format_version_of(const struct pith_config *config);

/* CRC-32 of the metadata with its own field taken as zero. */
uint32_t pith_format_metadata_crc(const uint8_t *metadata, size_t size);

/* Bytes of a tensor.  Refuses types that are unknown or that a row of so
 * many cols cannot have.  name: the file, for errors. */
enum pith_status pith_format_tensor_bytes(const struct pith_tensor_spec *spec,
                                          uint32_t type, uint64_t *bytes,
                                          const char *name,
                                          struct pith_error *error);

#endif
