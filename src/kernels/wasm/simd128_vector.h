/*
 * simd128_vector.h - WebAssembly's vectors as the primitives that ../vector.h
 * lists.  There is no fused multiply-add among them: vec_fma rounds twice.
 */
#include <string.h>
#include <wasm_simd128.h>

#include "../target.h"

#define TARGET
#define UNROLL PITH_UNROLL_16
#define LN2_HIGH 0x1.62e4p-1f /* ../vector_math.h */
#define LN2_LOW 0x1.7f7d1cp-20f

/* As many rows as fit the 15 registers that V8 has on x86-64: 6 do not, and
 * take a tenth longer. */
enum { W = 4, ROWS = 4 };
typedef v128_t vec;

static inline vec vec_set(float x)
{
    return wasm_f32x4_splat(x);
}

static inline vec vec_load(const float *p)
{
    return wasm_v128_load(p);
}

static inline void vec_store(float *p, vec v)
{
    wasm_v128_store(p, v);
}

#include "../vector_part.h"

static inline vec vec_add(vec a, vec b)
{
    return wasm_f32x4_add(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
    return wasm_f32x4_sub(a, b);
}

static inline vec vec_mul(vec a, vec b)
{
    return wasm_f32x4_mul(a, b);
}

static inline vec vec_div(vec a, vec b)
{
    return wasm_f32x4_div(a, b);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
    return vec_add(vec_mul(a, b), c);
}

/* The "pseudo" forms are one instruction of most machines, and give their
 * first operand where either is NaN. */
static inline vec vec_max(vec a, vec b)
{
    return wasm_f32x4_pmax(b, a);
}

static inline vec vec_min(vec a, vec b)
{
    return wasm_f32x4_pmin(b, a);
}

static inline vec vec_zero_below(vec v, vec x, float low)
{
    return wasm_v128_andnot(v, wasm_f32x4_lt(x, vec_set(low)));
}

static inline vec vec_sqrt(vec x)
{
    return wasm_f32x4_sqrt(x);
}

/* 2^n for n in [-126, 127], put together from its exponent bits. */
static inline vec power_of_2(v128_t n)
{
    return wasm_i32x4_shl(wasm_i32x4_add(n, wasm_i32x4_splat(127)), 23);
}

/* In two steps, as 2^n alone can be too small or too large for a float. */
static inline vec vec_scale(vec x, vec n)
{
    v128_t whole = wasm_i32x4_trunc_sat_f32x4(n);
    v128_t half = wasm_i32x4_shr(whole, 1);
    x = vec_mul(x, power_of_2(half));
    return vec_mul(x, power_of_2(wasm_i32x4_sub(whole, half)));
}

static inline void vec_transpose(vec v[W])
{
    vec a = wasm_i32x4_shuffle(v[0], v[1], 0, 4, 1, 5);
    vec b = wasm_i32x4_shuffle(v[2], v[3], 0, 4, 1, 5);
    vec c = wasm_i32x4_shuffle(v[0], v[1], 2, 6, 3, 7);
    vec d = wasm_i32x4_shuffle(v[2], v[3], 2, 6, 3, 7);
    v[0] = wasm_i64x2_shuffle(a, b, 0, 2);
    v[1] = wasm_i64x2_shuffle(a, b, 1, 3);
    v[2] = wasm_i64x2_shuffle(c, d, 0, 2);
    v[3] = wasm_i64x2_shuffle(c, d, 1, 3);
}
