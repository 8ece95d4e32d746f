/*
 * adapter_layout.h - the bytes of an adapter file (docs/FORMAT.md), for those
 * that read and write it.
 */
#ifndef PITH_MODEL_ADAPTER_LAYOUT_H
#define PITH_MODEL_ADAPTER_LAYOUT_H

#include "adapter.h"

#define PITH_LORA_MAGIC "\x89PTA\r\n\x1A\n"

enum {
    PITH_LORA_VERSION = 2, /* 1 has neither the CRC of vectors nor of types */
    PITH_LORA_BYTE_ORDER_MARK = 0x01020304,
    PITH_LORA_MAX_RANK = 1 << 12
};

/* Offsets in the header. */
enum {
    PITH_LORA_AT_MAGIC = 0,
    PITH_LORA_AT_VERSION = 8,
    PITH_LORA_AT_BYTE_ORDER = 12,
    PITH_LORA_AT_CRC = 16, /* of the whole file, with this field as zeros */
    PITH_LORA_AT_WEIGHTS_CRC = 20,
    PITH_LORA_AT_FILE_SIZE = 24,
    PITH_LORA_AT_ARCH = 32,
    PITH_LORA_AT_N_EMBD = 36,
    PITH_LORA_AT_N_LAYER = 40,
    PITH_LORA_AT_N_HEAD = 44,
    PITH_LORA_AT_N_KV_HEAD = 48,
    PITH_LORA_AT_HEAD_DIM = 52,
    PITH_LORA_AT_N_FF = 56,
    PITH_LORA_AT_RANK = 60,
    PITH_LORA_AT_ALPHA = 64,
    PITH_LORA_AT_LAYERS = 68,
    PITH_LORA_AT_VECTORS_CRC = 72,
    PITH_LORA_AT_TYPES_CRC = 76,
    PITH_LORA_AT_RESERVED = 80, /* zeros */
    PITH_LORA_HEADER_SIZE = 128
};

/* Bytes of the file of an adapter with this head. */
uint64_t pith_adapter_file_size(const struct pith_config *config,
                                const struct pith_adapter_head *head);

#endif
