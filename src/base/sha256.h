/*
 * sha256.h - SHA-256 (FIPS 180-4), for names that follow from contents.
 */
#ifndef PITH_BASE_SHA256_H
#define PITH_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct pith_sha256 {
    uint32_t state[8];
    uint64_t size; /* bytes so far */
    uint8_t block[64];
};

void pith_sha256_start(struct pith_sha256 *sha);
void pith_sha256_add(struct pith_sha256 *sha, const void *bytes, size_t n);
void pith_sha256_end(struct pith_sha256 *sha, uint8_t digest[32]);

#endif
