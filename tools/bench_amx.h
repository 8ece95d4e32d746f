/*
 * bench_amx.h - loops of AMX tile products; see bench_roofline.c.
 */
#ifndef PITH_TOOLS_BENCH_AMX_H
#define PITH_TOOLS_BENCH_AMX_H

#include <stdbool.h>
#include <stddef.h>

enum { BENCH_AMX_TILES = 4 }; /* products in a round */

/* Asks the operating system for the tile registers. */
bool bench_amx_supported(void);

double bench_amx_int8(size_t n);
double bench_amx_bf16(size_t n);

#endif
