/*
 * ldtilecfg.h - for building GGML with GCC 12 (setup-peers), not for pith.
 *
 * That compiler's _tile_loadconfig tells the optimiser that only 8 of the 64
 * bytes are read, so the rest is never stored and the instruction faults.
 */
#if defined(__GNUC__) && !defined(__clang__) && defined(__AMX_TILE__)
#include <immintrin.h>
#undef _tile_loadconfig
#define _tile_loadconfig(config)                                               \
    __asm__ volatile("ldtilecfg\t%0" : : "m"(*(const char(*)[64])(config)))
#endif
