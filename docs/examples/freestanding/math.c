/*
 * math.c - the functions of <math.h> that the core calls, to within a few
 * units in the last place of a double.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

static const double LN_2_HIGH = 0x1.62e42fefap-1, LN_2_LOW = 0x1.cf79abc9e3b39p-41;

double fabs(double x) { return x < 0 ? -x : x; }
double fmax(double a, double b) { return a > b || b != b ? a : b; }
double fmin(double a, double b) { return a < b || b != b ? a : b; }
float fmaxf(float a, float b) { return a > b || b != b ? a : b; }

/* One instruction, given -fno-math-errno. */
double sqrt(double x) { return __builtin_sqrt(x); }
float sqrtf(float x) { return __builtin_sqrtf(x); }

/* x * 2^n, n in [-1022, 1023]. */
static double scaled(double x, int n)
{
    uint64_t bits = (uint64_t)(n + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return x * power;
}

/* e^x = 2^n e^r, |r| <= ln 2 / 2, by its series. */
double exp(double x)
{
    if (x != x)
        return x;
    if (x > 709.7)
        return HUGE_VAL;
    if (x < -708)
        return 0;
    int n = (int)(x * 0x1.71547652b82fep+0 + (x < 0 ? -0.5 : 0.5));
    double r = x - n * LN_2_HIGH - n * LN_2_LOW, sum = 1;
    for (int i = 16; i > 0; i--)
        sum = 1 + r / i * sum;
    return scaled(sum, n);
}

float expf(float x)
{
    return (float)exp((double)x);
}

/* ln(2^n m) = n ln 2 + 2 artanh((m - 1) / (m + 1)), m in [0.7, 1.4]. */
double log(double x)
{
    uint64_t bits;
    if (!(x > 0))
        return x == 0 ? -HUGE_VAL : NAN;
    if (x == HUGE_VAL)
        return x;
    int n = 0;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        n = -54;
    }
    memcpy(&bits, &x, sizeof bits);
    n += (int)(bits >> 52) - 1023;
    bits = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1023 << 52;
    double m, sum = 0;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m /= 2;
        n++;
    }
    double t = (m - 1) / (m + 1), square = t * t;
    for (int i = 27; i > 0; i -= 2)
        sum = sum * square + 1.0 / i;
    return n * LN_2_HIGH + (n * LN_2_LOW + 2 * t * sum);
}

double pow(double x, double y)
{
    return exp(y * log(x));
}

/* The series of sine (first = 1) or cosine (0) for |r| <= pi / 4. */
static double series(double r, int first)
{
    double square = r * r, sum = 1;
    for (int i = 18 + first; i > first; i -= 2)
        sum = 1 - square / (i * (i - 1)) * sum;
    return first == 1 ? r * sum : sum;
}

/* sin(x + quarters pi / 2), |x| up to some 10^6: a position. */
static double wave(double x, int quarters)
{
    const double high = 0x1.921fb544p+0, low = 0x1.0b4611a626331p-34;
    int64_t n = (int64_t)(x / (high + low) + (x < 0 ? -0.5 : 0.5));
    double r = x - (double)n * high - (double)n * low;
    n += quarters;
    double value = series(r, n % 2 == 0);
    return (n & 2) != 0 ? -value : value;
}

double sin(double x)
{
    return wave(x, 0);
}

double cos(double x)
{
    return wave(x, 1);
}
