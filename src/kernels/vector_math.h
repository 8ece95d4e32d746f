/*
 * vector_math.h - the exponential function and sums on the primitives that
 * vector.h lists; a template too, for the kernels of scoring and of training.
 */
#include <stddef.h>

enum { L = 2 * W }; /* lanes of a panel */

/* --- the exponential function --------------------------------------------- */

/* ln 2 in two parts.  Where vec_fma() rounds twice, the set has others, of
 * which the first has so few bits that n times it is exact. */
#ifndef LN2_HIGH
#define LN2_HIGH 0x1.62e430p-1f
#define LN2_LOW -0x1.05c610p-29f
#endif

/* e^x = 2^n e^r with n = round(x / ln 2) and |r| <= ln 2 / 2; e^r is
 * 1 + r + r^2 q(r), q of degree 4 with the least relative error (3e-9) that
 * Remez's algorithm finds.  Above 89 the result is infinity; where it would be
 * denormal, which many CPUs take a hundred cycles for, it is 0. */
TARGET static inline vec vec_exp(vec full_x)
{
    const float smallest = -87.33f; /* a little above ln 2^-126 */
    vec x = vec_clamp(full_x, smallest, 89.0f);
    vec n = vec_round(vec_mul(x, vec_set(0x1.715476p+0f))); /* 1 / ln 2 */
    vec r = vec_fma(n, vec_set(-LN2_HIGH), x);
    r = vec_fma(n, vec_set(-LN2_LOW), r);
    vec q = vec_set(0x1.6a23d0p-10f);
    q = vec_fma(q, r, vec_set(0x1.123a20p-7f));
    q = vec_fma(q, r, vec_set(0x1.5558f2p-5f));
    q = vec_fma(q, r, vec_set(0x1.555492p-3f));
    q = vec_fma(q, r, vec_set(0x1.fffffcp-2f));
    q = vec_fma(vec_mul(r, r), q, r);
    return vec_zero_below(vec_scale(vec_add(q, vec_set(1)), n), full_x,
                          smallest);
}

/* 1 / (1 + e^-x) times y. */
TARGET static inline vec vec_mul_sigmoid(vec y, vec x)
{
    vec e = vec_exp(vec_sub(vec_set(0), x));
    return vec_div(y, vec_add(vec_set(1), e));
}

/* --- sums ----------------------------------------------------------------- */

TARGET static inline double sum_lanes(vec v)
{
    float lanes[W];
    double sum = 0;
    vec_store(lanes, v);
    for (size_t i = 0; i < W; i++)
        sum += (double)lanes[i];
    return sum;
}

TARGET static double sum_of(const float *x, size_t n)
{
    vec sum = vec_set(0);
    size_t i = 0;
    for (; i + W <= n; i += W)
        sum = vec_add(sum, vec_load(x + i));
    if (i < n)
        sum = vec_add(sum, vec_load_part(x + i, n - i));
    return sum_lanes(sum);
}

/* Sum of (x - mean)^2. */
TARGET static double sum_of_squares(const float *x, size_t n, float mean)
{
    vec sum = vec_set(0), centre = vec_set(mean);
    size_t i = 0;
    for (; i + W <= n; i += W) {
        vec d = vec_sub(vec_load(x + i), centre);
        sum = vec_fma(d, d, sum);
    }
    double rest = 0;
    for (; i < n; i++)
        rest += (double)(x[i] - mean) * (double)(x[i] - mean);
    return sum_lanes(sum) + rest;
}
