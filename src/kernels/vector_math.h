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

/* A float this large has no bits after the point: adding it rounds. */
#define WHOLE 0x1.8p+23f

/* e^x = 2^n e^r with n = round(x / ln 2) and |r| <= ln 2 / 2; e^r is
 * 1 + r + r^2 q(r), q of degree 4 with the least relative error (3e-9) that
 * Remez's algorithm finds.  Where the result would be denormal, which many
 * CPUs take a hundred cycles for, it is 0.  x is at most 89. */
TARGET static inline vec vec_exp_to_89(vec full_x)
{
    const float smallest = -87.33f; /* a little above ln 2^-126 */
    vec x = vec_max(vec_set(smallest), full_x);
    vec n = vec_fma(x, vec_set(0x1.715476p+0f), vec_set(WHOLE)); /* 1 / ln 2 */
    n = vec_sub(n, vec_set(WHOLE));
    vec r = vec_fma(n, vec_set(-LN2_HIGH), x);
    r = vec_fma(n, vec_set(-LN2_LOW), r);
    vec q = vec_set(0x1.6a23d0p-10f);
    q = vec_fma(q, r, vec_set(0x1.123a20p-7f));
    q = vec_fma(q, r, vec_set(0x1.5558f2p-5f));
    q = vec_fma(q, r, vec_set(0x1.555492p-3f));
    q = vec_fma(q, r, vec_set(0x1.fffffcp-2f));
    q = vec_fma(q, r, vec_set(1));
    q = vec_fma(q, r, vec_set(1));
    return vec_zero_below(vec_scale(q, n), full_x, smallest);
}

/* Above 89 the result is infinity. */
TARGET static inline vec vec_exp(vec x)
{
    return vec_exp_to_89(vec_min(vec_set(89), x));
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
    double even = 0, odd = 0;
    vec_store(lanes, v);
    for (size_t i = 0; i < W; i += 2) {
        even += (double)lanes[i];
        odd += (double)lanes[i + 1];
    }
    return even + odd;
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
    vec sum = vec_set(0), other = vec_set(0), centre = vec_set(mean);
    size_t i = 0;
    for (; i + 2 * W <= n; i += 2 * W) {
        vec a = vec_sub(vec_load(x + i), centre);
        vec b = vec_sub(vec_load(x + i + W), centre);
        sum = vec_fma(a, a, sum);
        other = vec_fma(b, b, other);
    }
    sum = vec_add(sum, other);
    double rest = 0;
    for (; i < n; i++)
        rest += (double)(x[i] - mean) * (double)(x[i] - mean);
    return sum_lanes(sum) + rest;
}
