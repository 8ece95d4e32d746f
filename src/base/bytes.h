/*
 * bytes.h - reading little-endian numbers in byte buffers.
 *
 * Files are little-endian; these read them on any host, whatever
 * its byte order and alignment rules.  Compilers turn them into single loads
 * where the host allows it.
 */
#ifndef PITH_BASE_BYTES_H
#define PITH_BASE_BYTES_H

#include <stdint.h>
#include <string.h>

static inline uint16_t pith_load_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t pith_load_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static inline uint64_t pith_load_u64(const uint8_t *p)
{
    return pith_load_u32(p) | (uint64_t)pith_load_u32(p + 4) << 32;
}

static inline float pith_load_f32(const uint8_t *p)
{
    uint32_t bits = pith_load_u32(p);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
