/*
 * bench_roofline.c - what the arithmetic units of this CPU can do: for every
 * instruction set a loop of independent multiply-adds that stay in registers.
 *
 * Each loop adds the products of two constants to several accumulators, as
 * many as hide the latency of the instruction.  The factors are such that
 * floats neither overflow nor become denormal: x <- 0.999 x + 0.001.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_amx.h"

#if defined __has_include && !defined PITH_NO_THREADS
#if __has_include(<pthread.h>)
#define HAVE_THREADS 1
#include <pthread.h>
#endif
#endif

#if defined(__GNUC__) && defined(__x86_64__)
#define HAVE_X86 1
#include <cpuid.h>
#include <immintrin.h>
#if defined(__clang__) ? __clang_major__ >= 12 : __GNUC__ >= 11
#define HAVE_AVX_VNNI 1
#endif
#elif defined(__GNUC__) && defined(__aarch64__)
#define HAVE_ARM 1
#include <arm_neon.h>
#endif

/* Written out, so that small arrays become registers on every compiler. */
#define TIMES_12(step)                                                         \
    step(0) step(1) step(2) step(3) step(4) step(5) step(6) step(7) step(8)    \
    step(9) step(10) step(11)
#define TIMES_16(step) TIMES_12(step) step(12) step(13) step(14) step(15)
#define TIMES_24(step)                                                         \
    TIMES_16(step) step(16) step(17) step(18) step(19) step(20) step(21)       \
    step(22) step(23)

/* n rounds of `step` for each accumulator, then all of them are added.  They
 * start out different, or the compiler sees that one of them would do. */
/* clang-format off */
#define RUN(times, start, step, add)                                           \
    times(start)                                                               \
    while (n-- > 0) {                                                          \
        times(step)                                                            \
    }                                                                          \
    times(add)
/* clang-format on */

#define TARGET(instructions) __attribute__((target(instructions)))

struct bench_roof {
    const char *name;
    const char *kernels, *precision; /* what it bounds */
    bool (*supported)(void);
    double (*loop)(size_t n); /* n rounds; returns what it computed */
    double flops;             /* of a round */
};

/* --- the loops ------------------------------------------------------------- */

enum { N_SCALAR = 16 };

static bool always(void)
{
    return true;
}

static double loop_scalar(size_t n)
{
    volatile float factor = 0.999F, addend = 0.001F;
    float a[N_SCALAR], x = factor, y = addend, sum = 0;
#define START(i) a[i] = (float)i;
#define STEP(i) a[i] = a[i] * x + y;
#define ADD(i) sum += a[i];
    RUN(TIMES_16, START, STEP, ADD)
#undef START
#undef STEP
#undef ADD
    return (double)sum;
}

#ifdef HAVE_X86

enum { N_YMM = 12, N_ZMM = 16 };

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f");
}

static bool has_bf16(void)
{
    return has_avx512() && __builtin_cpu_supports("avx512bf16");
}

static bool has_vnni(void)
{
    return has_avx512() && __builtin_cpu_supports("avx512vnni");
}

TARGET("avx2,fma") static double loop_fma256(size_t n)
{
    __m256 x = _mm256_set1_ps(0.999F), y = _mm256_set1_ps(0.001F);
    __m256 a[N_YMM], sum = _mm256_setzero_ps();
#define START(i) a[i] = _mm256_set1_ps(i);
#define STEP(i) a[i] = _mm256_fmadd_ps(a[i], x, y);
#define ADD(i) sum = _mm256_add_ps(sum, a[i]);
    RUN(TIMES_12, START, STEP, ADD)
#undef START
#undef STEP
#undef ADD
    return (double)_mm256_cvtss_f32(sum);
}

/* Loops over 256-bit integers: `set` makes vectors of the factors. */
#define START_256(i) a[i] = _mm256_set1_epi32(i);
#define ADD_256(i) sum = _mm256_add_epi32(sum, a[i]);
#define LOOP_256(name, instructions, set, step)                                \
    TARGET(instructions) static double name(size_t n)                          \
    {                                                                          \
        __m256i x = set(3), y = set(1);                                        \
        __m256i a[N_YMM], sum = _mm256_setzero_si256();                        \
        RUN(TIMES_12, START_256, step, ADD_256)                                \
        return (double)_mm256_extract_epi32(sum, 0);                           \
    }

/* Unsigned by signed bytes to 16 bits, those by ones to 32, then added: what
 * AVX2 has for a dot product of bytes.  The empty assembly hides from the
 * compiler that the products are all the same. */
#define STEP_BYTES(i)                                                          \
    a[i] = _mm256_add_epi32(                                                   \
        a[i], _mm256_madd_epi16(_mm256_maddubs_epi16(x, y),                    \
                                _mm256_set1_epi16(1)));                        \
    __asm__("" : "+x"(x));
LOOP_256(loop_bytes256, "avx2", _mm256_set1_epi8, STEP_BYTES)

/* Pairs of words by words to 32 bits, then added: the same of words. */
#define STEP_WORDS(i)                                                          \
    a[i] = _mm256_add_epi32(a[i], _mm256_madd_epi16(x, y));                    \
    __asm__("" : "+x"(x));
LOOP_256(loop_words256, "avx2", _mm256_set1_epi16, STEP_WORDS)

#ifdef HAVE_AVX_VNNI

static bool has_avx_vnni(void)
{
    unsigned a, b, c, d;
    return has_avx2() && __get_cpuid_count(7, 1, &a, &b, &c, &d) &&
           (a >> 4 & 1) != 0;
}

/* Four bytes or two words a lane: as many instructions in a cycle. */
#define STEP_AVX_VNNI(i) a[i] = _mm256_dpwssd_avx_epi32(a[i], x, y);
LOOP_256(loop_avx_vnni, "avx2,avxvnni", _mm256_set1_epi16, STEP_AVX_VNNI)

#endif

TARGET("avx512f") static double loop_fma512(size_t n)
{
    __m512 x = _mm512_set1_ps(0.999F), y = _mm512_set1_ps(0.001F);
    __m512 a[N_ZMM], sum = _mm512_setzero_ps();
#define START(i) a[i] = _mm512_set1_ps(i);
#define STEP(i) a[i] = _mm512_fmadd_ps(a[i], x, y);
#define ADD(i) sum = _mm512_add_ps(sum, a[i]);
    RUN(TIMES_16, START, STEP, ADD)
#undef START
#undef STEP
#undef ADD
    return (double)_mm512_cvtss_f32(sum);
}

TARGET("avx512f,avx512bf16") static double loop_bf16(size_t n)
{
    __m512bh x = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5F),
                                     _mm512_set1_ps(0.5F));
    __m512 a[N_ZMM], sum = _mm512_setzero_ps();
#define START(i) a[i] = _mm512_set1_ps(i);
#define STEP(i) a[i] = _mm512_dpbf16_ps(a[i], x, x);
#define ADD(i) sum = _mm512_add_ps(sum, a[i]);
    RUN(TIMES_16, START, STEP, ADD)
#undef START
#undef STEP
#undef ADD
    return (double)_mm512_cvtss_f32(sum);
}

/* The same of 512 bits. */
#define START_512(i) a[i] = _mm512_set1_epi32(i);
#define ADD_512(i) sum = _mm512_add_epi32(sum, a[i]);
#define LOOP_512(name, set, step)                                              \
    TARGET("avx512f,avx512vnni") static double name(size_t n)                  \
    {                                                                          \
        __m512i x = set(3), y = set(1);                                        \
        __m512i a[N_ZMM], sum = _mm512_setzero_si512();                        \
        RUN(TIMES_16, START_512, step, ADD_512)                                \
        return (double)_mm512_reduce_add_epi32(sum);                           \
    }

#define STEP_VNNI(i) a[i] = _mm512_dpbusd_epi32(a[i], x, y);
LOOP_512(loop_vnni, _mm512_set1_epi8, STEP_VNNI)

#define STEP_VNNI_WORDS(i) a[i] = _mm512_dpwssd_epi32(a[i], x, y);
LOOP_512(loop_words, _mm512_set1_epi16, STEP_VNNI_WORDS)

#endif

#ifdef HAVE_ARM

enum { N_NEON = 24 };

static double loop_neon(size_t n)
{
    float32x4_t x = vdupq_n_f32(0.999F), y = vdupq_n_f32(0.001F);
    float32x4_t a[N_NEON], sum = vdupq_n_f32(0);
#define START(i) a[i] = vdupq_n_f32(i);
#define STEP(i) a[i] = vfmaq_f32(y, a[i], x);
#define ADD(i) sum = vaddq_f32(sum, a[i]);
    RUN(TIMES_24, START, STEP, ADD)
#undef START
#undef STEP
#undef ADD
    return (double)vaddvq_f32(sum);
}

#endif

/* Best first: the kernels choose so too. */
static const struct bench_roof roofs[] = {
#ifdef HAVE_X86
    {"AMX int8", "avx512", "int8", bench_amx_supported, bench_amx_int8,
     BENCH_AMX_TILES * 2.0 * 16 * 16 * 64},
    {"AMX bf16", "avx512", "bf16", bench_amx_supported, bench_amx_bf16,
     BENCH_AMX_TILES * 2.0 * 16 * 16 * 32},
    {"AMX bf16, three for one", "avx512", "bf16x3", bench_amx_supported,
     bench_amx_bf16, BENCH_AMX_TILES * 2.0 * 16 * 16 * 32 / 3},
    {"AMX int8, three for one", "avx512", "int8x3", bench_amx_supported,
     bench_amx_int8, BENCH_AMX_TILES * 2.0 * 16 * 16 * 64 / 3},
    {"AVX-512 VNNI int8", "avx512", "int8", has_vnni, loop_vnni,
     N_ZMM * 128.0},
    {"AVX-512 VNNI int16", "avx512", "int16", has_vnni, loop_words,
     N_ZMM * 64.0},
    {"AVX-512 BF16 dot product", "avx512", "bf16", has_bf16, loop_bf16,
     N_ZMM * 64.0},
    {"AVX-512 FMA f32", "avx512", "f32", has_avx512, loop_fma512,
     N_ZMM * 32.0},
#ifdef HAVE_AVX_VNNI
    {"AVX-VNNI int8", "avx2", "int8", has_avx_vnni, loop_avx_vnni,
     N_YMM * 64.0},
    {"AVX-VNNI int16", "avx2", "int16", has_avx_vnni, loop_avx_vnni,
     N_YMM * 32.0},
#endif
    {"AVX2 multiply-add int16", "avx2", "int16", has_avx2, loop_words256,
     N_YMM * 32.0},
    {"AVX2 multiply-add int8", "avx2", "int8", has_avx2, loop_bytes256,
     N_YMM * 64.0},
    {"AVX2 FMA f32", "avx2", "f32", has_avx2, loop_fma256, N_YMM * 16.0},
#endif
#ifdef HAVE_ARM
    {"NEON FMA f32", "neon", "f32", always, loop_neon, N_NEON * 8.0},
#endif
    {"plain C f32", "scalar", "f32", always, loop_scalar, N_SCALAR * 2.0},
};

enum { N_ROOFS = sizeof roofs / sizeof roofs[0] };

/* --- measuring ---------------------------------------------------------------- */

const struct bench_roof *bench_roof_at(size_t index)
{
    for (size_t i = 0; i < N_ROOFS; i++)
        if (roofs[i].supported() && index-- == 0)
            return &roofs[i];
    return NULL;
}

const struct bench_roof *bench_roof_of(const char *kernels,
                                       const char *precision)
{
    const struct bench_roof *roof;
    for (size_t i = 0; (roof = bench_roof_at(i)) != NULL; i++)
        if (strcmp(roof->kernels, kernels) == 0 &&
            strcmp(roof->precision, precision) == 0)
            return roof;
    return NULL;
}

const char *bench_roof_name(const struct bench_roof *roof)
{
    return roof->name;
}

/* GFLOP/s of one thread over about 50 ms. */
static double measure_thread(const struct bench_roof *roof)
{
    const size_t rounds = 20000;
    volatile double sink = 0;
    double start = tool_seconds(), elapsed;
    size_t n = 0;
    do {
        sink = sink + roof->loop(rounds);
        n += rounds;
        elapsed = tool_seconds() - start;
    } while (elapsed < 0.05);
    return (double)n * roof->flops / elapsed / 1e9;
}

#ifdef HAVE_THREADS

struct measurement {
    const struct bench_roof *roof;
    double gflops;
    pthread_t thread;
};

static void *measure(void *user)
{
    struct measurement *it = user;
    it->gflops = measure_thread(it->roof);
    return NULL;
}

double bench_roof_measure(const struct bench_roof *roof, size_t n_threads)
{
    struct measurement *others = calloc(n_threads, sizeof *others);
    size_t n = 0;
    for (; others != NULL && n + 1 < n_threads; n++) {
        others[n].roof = roof;
        if (pthread_create(&others[n].thread, NULL, measure, &others[n]) != 0)
            break;
    }
    double sum = measure_thread(roof);
    for (size_t i = 0; i < n; i++) {
        pthread_join(others[i].thread, NULL);
        sum += others[i].gflops;
    }
    free(others);
    return sum;
}

#else

double bench_roof_measure(const struct bench_roof *roof, size_t n_threads)
{
    (void)n_threads;
    return measure_thread(roof);
}

#endif
