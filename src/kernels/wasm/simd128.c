/*
 * simd128.c - kernels for WebAssembly's vectors: panels of 8 tokens, tiles of
 * 6 rows of weights.  Built with -msimd128.
 */
#include "../target.h"
#ifdef PITH_BUILDS_SIMD128

#include <string.h>

#include "../../base/bytes.h"
#include "../../base/half.h"
#include "../unpack.h"
#include "simd128_vector.h"
#include "../vector.h"

/* --- weights to floats ---------------------------------------------------- */

static void unpack_f16(float *out, const uint8_t *bytes, size_t n)
{
    pith_unpack_scalar(out, PITH_F16, bytes, n);
}

static void unpack_bf16(float *out, const uint8_t *bytes, size_t n)
{
    size_t i = 0;
    for (; i + W <= n; i += W) {
        v128_t bits = wasm_u32x4_load16x4(bytes + 2 * i);
        vec_store(out + i, wasm_i32x4_shl(bits, 16));
    }
    pith_unpack_scalar(out + i, PITH_BF16, bytes + 2 * i, n - i);
}

/* step * q + minimum for 16 signed bytes q. */
static inline void unpack_16(float *out, v128_t q, vec step, vec minimum)
{
    v128_t halves[2] = {wasm_i16x8_extend_low_i8x16(q),
                        wasm_i16x8_extend_high_i8x16(q)};
    for (size_t i = 0; i < 2; i++) {
        vec low = wasm_f32x4_convert_i32x4(
            wasm_i32x4_extend_low_i16x8(halves[i]));
        vec high = wasm_f32x4_convert_i32x4(
            wasm_i32x4_extend_high_i16x8(halves[i]));
        vec_store(out + 8 * i, vec_fma(step, low, minimum));
        vec_store(out + 8 * i + W, vec_fma(step, high, minimum));
    }
}

static void unpack_q8(float *out, const uint8_t *block, size_t n)
{
    vec none = vec_set(-0.0f); /* leaves a zero's sign alone */
    for (size_t i = 0; i < n; i += PITH_Q_BLOCK, block += 2 + PITH_Q_BLOCK) {
        vec step = vec_set(pith_f16_to_f32(pith_load_u16(block)));
        for (size_t j = 0; j < PITH_Q_BLOCK; j += 16)
            unpack_16(out + i + j, wasm_v128_load(block + 2 + j), step, none);
    }
}

/* q * step + minimum is rounded once in the other sets: a half times a small
 * integer is exact in a float, so twice is the same. */
static void unpack_q4(float *out, const uint8_t *block, size_t n)
{
    for (size_t i = 0; i < n;
         i += PITH_Q_BLOCK, block += 4 + PITH_Q_BLOCK / 2) {
        vec step = vec_set(pith_f16_to_f32(pith_load_u16(block)));
        vec minimum = vec_set(pith_f16_to_f32(pith_load_u16(block + 2)));
        v128_t q = wasm_v128_load(block + 4);
        unpack_16(out + i, wasm_v128_and(q, wasm_i8x16_splat(15)), step,
                  minimum);
        unpack_16(out + i + 16, wasm_u8x16_shr(q, 4), step, minimum);
    }
}

#include "../unpack_types.h"

DEFINE_SET(pith_kernels_simd128, "simd128");

#endif
