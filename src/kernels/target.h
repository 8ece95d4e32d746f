/*
 * target.h - compiler attributes of the vector kernels.
 */
#ifndef PITH_KERNELS_TARGET_H
#define PITH_KERNELS_TARGET_H

/* In front of a function: the instructions that it may use, whatever the
 * command line says; it may only be called where cpu.h found them. */
#define PITH_TARGET(instructions) __attribute__((target(instructions)))

/* In front of a loop of at most 16 steps: unroll it completely, so that small
 * arrays of vectors become registers. */
#if defined(__clang__)
#define PITH_UNROLL_16 _Pragma("unroll")
#elif defined(__GNUC__)
#define PITH_UNROLL_16 _Pragma("GCC unroll 16")
#else
#define PITH_UNROLL_16
#endif

#endif
