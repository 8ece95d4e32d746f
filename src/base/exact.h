/*
 * exact.h - a product and a sum are two roundings, whatever the compiler.
 *
 * Compilers may fuse a * b + c into one rounding where the CPU can; then a
 * result would depend on the compiler and its options.  The Makefile says so
 * too (-std=c11 -ffp-contract=off); this is for builds without it.  All that
 * computes with floats includes this before it defines a function.
 */
#ifndef PITH_BASE_EXACT_H
#define PITH_BASE_EXACT_H

#if defined __clang__
#pragma STDC FP_CONTRACT OFF
#elif defined __GNUC__ && !defined __STRICT_ANSI__ /* gcc -std=c11 fuses not */
#pragma GCC optimize("fp-contract=off")
#endif

#endif
