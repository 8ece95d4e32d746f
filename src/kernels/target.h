/*
 * target.h - which sets of instructions this build has, and the compiler
 * attributes of their kernels.
 */
#ifndef PITH_KERNELS_TARGET_H
#define PITH_KERNELS_TARGET_H

#include "../base/exact.h"

/* What the compiler knows and -DPITH_NO_X86, -DPITH_NO_AVX512, -DPITH_NO_ARM or
 * -DPITH_NO_WASM does not switch off; the files of what is switched off need not be there. */
#if defined(__GNUC__) && defined(__x86_64__) && !defined(PITH_NO_X86)
#define PITH_BUILDS_AVX2
#if defined(__clang__) ? __clang_major__ >= 12 : __GNUC__ >= 11
#define PITH_BUILDS_AVX_VNNI
#endif
#endif
#if defined(PITH_BUILDS_AVX2) && !defined(PITH_NO_AVX512)
#define PITH_BUILDS_AVX512
/* Compilers have learned both together; GCC's tiles need a 64-bit long, and
 * Windows does not hand tiles out. */
#if defined(PITH_BUILDS_AVX_VNNI) && !defined(_WIN32)
#define PITH_BUILDS_AMX
#endif
#endif
#if defined(__GNUC__) && defined(__aarch64__) && defined(__AARCH64EL__) &&     \
    !defined(PITH_NO_ARM)
#define PITH_BUILDS_NEON
#if defined(__ARM_FEATURE_DOTPROD) ||                                          \
    (defined(__clang__) ? __clang_major__ >= 17 : __GNUC__ >= 8)
#define PITH_BUILDS_NEON_DOT
#endif
#endif
#if defined(__wasm_simd128__) && !defined(PITH_NO_WASM)
#define PITH_BUILDS_SIMD128
#endif

/* Before a function: the instructions that it may use, whatever the
 * command line says; it may only be called where cpu.h found them. */
#define PITH_TARGET(instructions) __attribute__((target(instructions)))

/* Before a loop of at most 16 steps: unroll it completely, so that small
 * arrays of vectors become registers. */
#if defined(__clang__)
#define PITH_UNROLL_16 _Pragma("unroll")
#elif defined(__GNUC__)
#define PITH_UNROLL_16 _Pragma("GCC unroll 16")
#else
#define PITH_UNROLL_16
#endif

#endif
