/*
 * crc32.h - the CRC-32 of zlib, PNG and Ethernet (polynomial 0xEDB88320).
 */
#ifndef PITH_BASE_CRC32_H
#define PITH_BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Continues crc (0 at the start) over n more bytes:
 * crc32(crc32(0, a), b) is the CRC of a followed by b. */
uint32_t pith_crc32(uint32_t crc, const void *bytes, size_t n);

#endif
