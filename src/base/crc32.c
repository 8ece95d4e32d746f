/*
 * crc32.c - see crc32.h.  Eight bytes a step ("slicing by 8"), so that the
 * checksum of a weights file costs less than reading it from a disk.
 */
#include "crc32.h"

#include "bytes.h"

enum { SLICES = 8 };

struct tables {
    uint32_t t[SLICES][256];
};

/* t[0][b] is the CRC of the byte b; t[s][b] that of b and s zero bytes. */
static void make_tables(struct tables *tables)
{
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t c = b;
        for (int bit = 0; bit < 8; bit++)
            c = c & 1 ? c >> 1 ^ 0xEDB88320u : c >> 1;
        tables->t[0][b] = c;
    }
    for (int s = 1; s < SLICES; s++)
        for (int b = 0; b < 256; b++) {
            uint32_t c = tables->t[s - 1][b];
            tables->t[s][b] = c >> 8 ^ tables->t[0][c & 0xFF];
        }
}

uint32_t pith_crc32(uint32_t crc, const void *bytes, size_t n)
{
    struct tables tables; /* 8 KiB, made by each call: no state outlives it */
    make_tables(&tables);
    const uint8_t *p = bytes;
    crc = ~crc;
    for (; n >= 8; n -= 8, p += 8) {
        uint32_t a = crc ^ pith_load_u32(p), b = pith_load_u32(p + 4);
        crc = tables.t[7][a & 0xFF] ^ tables.t[6][a >> 8 & 0xFF] ^
              tables.t[5][a >> 16 & 0xFF] ^ tables.t[4][a >> 24] ^
              tables.t[3][b & 0xFF] ^ tables.t[2][b >> 8 & 0xFF] ^
              tables.t[1][b >> 16 & 0xFF] ^ tables.t[0][b >> 24];
    }
    for (; n > 0; n--, p++)
        crc = crc >> 8 ^ tables.t[0][(crc ^ *p) & 0xFF];
    return ~crc;
}
