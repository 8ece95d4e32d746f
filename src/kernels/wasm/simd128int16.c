/*
 * simd128int16.c - products of 16-bit integers with WebAssembly's vectors: one
 * instruction for the products of two columns, one to add them.  Rows of
 * weights are those of integers.c to the bit, sums are rounded once more.
 */
#include "../integers.h"
#ifdef PITH_BUILDS_SIMD128

#include <math.h>

#include "../../base/bytes.h"
#include "../../base/half.h"
#include "simd128_vector.h"

#define MEANS "simd128"

typedef v128_t ivec;

/* Without signs, floats are ordered as their bits are. */
static inline vec vec_larger(vec largest, vec v)
{
    return wasm_i32x4_max(largest, wasm_f32x4_abs(v));
}

static inline vec vec_if_finite(vec v, vec x)
{
    return wasm_v128_and(wasm_f32x4_lt(x, vec_set(INFINITY)), v);
}

static inline ivec ivec_zero(void)
{
    return wasm_i32x4_const(0, 0, 0, 0);
}

static inline ivec ivec_set(const float *p)
{
    return wasm_v128_load32_splat(p);
}

static inline ivec ivec_load(const float *p)
{
    return wasm_v128_load(p);
}

static inline void ivec_store(float *p, ivec v)
{
    wasm_v128_store(p, v);
}

static inline ivec ivec_round(vec v)
{
    return wasm_i32x4_trunc_sat_f32x4(wasm_f32x4_nearest(v));
}

static inline vec ivec_to_vec(ivec v)
{
    return wasm_f32x4_convert_i32x4(v);
}

static inline ivec ivec_add(ivec a, ivec b)
{
    return wasm_i32x4_add(a, b);
}

static inline ivec ivec_insert(ivec a, ivec b, size_t bits, size_t at)
{
    ivec low = wasm_v128_and(b, wasm_i32x4_splat((1 << bits) - 1));
    return wasm_v128_or(a, wasm_i32x4_shl(low, (uint32_t)at));
}

static inline ivec ivec_flip_bytes(ivec a)
{
    return wasm_v128_xor(a, wasm_u8x16_splat(0x80));
}

static inline ivec ivec_start(const float *p, size_t n_packed)
{
    (void)p, (void)n_packed;
    return ivec_zero();
}

static inline ivec ivec_dot(ivec sum, ivec x, ivec w, size_t n_packed)
{
    (void)n_packed;
    return wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(x, w));
}

static bool usable(const struct pith_kernels *kernels)
{
    return kernels == &pith_kernels_simd128;
}

#include "../integers_vector.h"

/* --- q8 and q4 ------------------------------------------------------------ */

/* 8 integers, extended from bytes, as the plan of their block has them.  16
 * bits hold the sum of q4 if not its parts. */
static inline v128_t widen(v128_t q, v128_t by, v128_t from, bool q4)
{
    return q4 ? wasm_i16x8_shr(wasm_i16x8_add(wasm_i16x8_mul(q, by), from),
                               PITH_Q4_BITS)
              : wasm_i16x8_q15mulr_sat(wasm_i16x8_shl(q, 5), by);
}

INLINE void widen_16(float *place, v128_t bytes, v128_t by, v128_t from,
                     bool q4)
{
    ivec_store(place, widen(wasm_i16x8_extend_low_i8x16(bytes), by, from, q4));
    ivec_store(place + W,
               widen(wasm_i16x8_extend_high_i8x16(bytes), by, from, q4));
}

INLINE void widen_group(float *group, const uint8_t *blocks, size_t n_blocks,
                        bool q4)
{
    struct pith_widening plan =
        (q4 ? pith_plan_q4 : pith_plan_q8)(blocks, n_blocks);
    for (size_t i = 0; i < n_blocks; i++, group += PITH_Q_BLOCK / 2) {
        int32_t shift = plan.from[i] - 8 * plan.by[i] +
                        (1 << (PITH_Q4_BITS - 1));
        v128_t by = wasm_i16x8_splat((int16_t)plan.by[i]);
        v128_t from = wasm_i16x8_splat((int16_t)shift);
        v128_t q = wasm_v128_load(blocks + (q4 ? 4 : 2));
        v128_t low = q4 ? wasm_v128_and(q, wasm_u8x16_splat(15)) : q;
        v128_t high = q4 ? wasm_u8x16_shr(q, 4) : wasm_v128_load(blocks + 18);
        widen_16(group, low, by, from, q4);
        widen_16(group + PITH_Q_BLOCK / 4, high, by, from, q4);
        blocks += q4 ? 4 + PITH_Q_BLOCK / 2 : 2 + PITH_Q_BLOCK;
    }
    for (size_t i = n_blocks; i < PITH_INT16_BLOCKS; i++, group += 16)
        memset(group, 0, PITH_Q_BLOCK / 2 * sizeof *group);
    *group = plan.scale;
}

INLINE void widen_row(float *row, const uint8_t *bytes, size_t n, bool q4)
{
    size_t group_bytes = pith_row_bytes(q4 ? PITH_Q4 : PITH_Q8, PITH_INT16_GROUP);
    for (size_t c = 0; c < n; c += PITH_INT16_GROUP, bytes += group_bytes) {
        widen_group(row, bytes,
                    pith_group_size(PITH_INT16_PACKED, n, c) / PITH_Q_BLOCK, q4);
        row += pith_group_floats(PITH_INT16_PACKED);
    }
}

static void unpack_int16(const struct pith_kernels *kernels, float *row,
                         enum pith_type type, const uint8_t *bytes, size_t n)
{
    if (type == PITH_Q8)
        widen_row(row, bytes, n, false);
    else if (type == PITH_Q4)
        widen_row(row, bytes, n, true);
    else
        pith_precision_int16.unpack(kernels, row, type, bytes, n);
}

DEFINE_INTEGERS(int16, PITH_INT16_PACKED, unpack_int16, "int16",
                pith_precision_int16_simd128);

#endif
