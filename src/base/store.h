/*
 * store.h - little-endian numbers into byte buffers, on any host.
 */
#ifndef PITH_BASE_STORE_H
#define PITH_BASE_STORE_H

#include "bytes.h"

static inline void pith_store_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline void pith_store_u32(uint8_t *p, uint32_t v)
{
    pith_store_u16(p, (uint16_t)v);
    pith_store_u16(p + 2, (uint16_t)(v >> 16));
}

static inline void pith_store_u64(uint8_t *p, uint64_t v)
{
    pith_store_u32(p, (uint32_t)v);
    pith_store_u32(p + 4, (uint32_t)(v >> 32));
}

static inline void pith_store_f32(uint8_t *p, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    pith_store_u32(p, bits);
}

#endif
