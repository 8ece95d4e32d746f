/*
 * cpu.h - what this CPU and operating system can run.
 */
#ifndef PITH_KERNELS_CPU_H
#define PITH_KERNELS_CPU_H

#include <stdbool.h>

/* AVX2, FMA and F16C; false on other architectures. */
bool pith_cpu_has_avx2(void);

/* AVX2 and its companions, AVX-512 F, BW, DQ and VL. */
bool pith_cpu_has_avx512(void);

/* With AVX512-BF16 or AVX512-VNNI besides. */
bool pith_cpu_has_avx512_bf16(void);
bool pith_cpu_has_avx512_vnni(void);

/* AVX2 with the dot products of AVX-VNNI. */
bool pith_cpu_has_avx_vnni(void);

/* The dot products of Arm v8.2; false where the system does not tell. */
bool pith_cpu_has_neon_dot(void);

/* AMX tiles of bfloat16 and of bytes, which the operating system hands to
 * processes that ask, with AVX-512, its bfloat16 and VBMI. */
bool pith_cpu_has_amx(void);

/* Asks the operating system for the tile registers, 8 KiB of state, for this
 * process from now on; false when it refuses. */
bool pith_cpu_allow_tiles(void);

#endif
