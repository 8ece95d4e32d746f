/*
 * cpu.c - see cpu.h.
 *
 * An instruction set counts when the CPU has it and the operating system
 * saves its registers: a CPU can offer AVX under a kernel that does not.
 * Bit numbers are those of Intel's manual, volume 2A, CPUID.
 */
#define _GNU_SOURCE
#include "cpu.h"

#include <stddef.h>
#include <stdint.h>

#include "target.h"

#ifdef PITH_BUILDS_AVX2

#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

enum {
    XCR0_YMM = 0x06, /* SSE and AVX registers */
    XCR0_ZMM = 0xE0, /* mask registers, upper halves, registers 16-31 */
    XCR0_TILES = 0x60000
};

static bool has_bits(uint32_t value, uint32_t bits)
{
    return (value & bits) == bits;
}

/* The register files that the operating system saves. */
static uint32_t saved_state(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

/* Registers of CPUID's leaf 7, subleaves 0 and 1, and what is saved.  Where
 * AVX cannot be used at all they are 0. */
struct features {
    uint32_t ebx, ecx, edx, eax1, saved;
};

/* CPUID may be slow in a virtual machine, so each leaf is read once. */
static struct features probe(void)
{
    const uint32_t needed = 1u << 12 /* FMA */ | 1u << 27 /* OSXSAVE */ |
                            1u << 28 /* AVX */ | 1u << 29 /* F16C */;
    struct features has = {0};
    uint32_t a, b, c, d;
    if (__get_cpuid_max(0, NULL) < 7)
        return has;
    __cpuid(1, a, b, c, d);
    if (!has_bits(c, needed))
        return has;
    __cpuid_count(7, 0, a, has.ebx, has.ecx, has.edx);
    if (a >= 1)
        __cpuid_count(7, 1, has.eax1, b, c, d);
    has.saved = saved_state();
    return has;
}

static bool has_avx2(const struct features *has)
{
    return has_bits(has->saved, XCR0_YMM) && has_bits(has->ebx, 1u << 5);
}

static bool has_avx512(const struct features *has)
{
    const uint32_t needed = 1u << 16 /* F */ | 1u << 17 /* DQ */ |
                            1u << 30 /* BW */ | 1u << 31 /* VL */;
    return has_avx2(has) && has_bits(has->saved, XCR0_ZMM) &&
           has_bits(has->ebx, needed);
}

static bool has_avx512_bf16(const struct features *has)
{
    return has_avx512(has) && has_bits(has->eax1, 1u << 5);
}

#if defined(__linux__) && defined(SYS_arch_prctl)

enum {
    ARCH_GET_XCOMP_SUPP = 0x1021,
    ARCH_REQ_XCOMP_PERM = 0x1023,
    XFEATURE_TILE_DATA = 18
};

static bool system_has_tiles(void)
{
    uint64_t features = 0;
    return syscall(SYS_arch_prctl, ARCH_GET_XCOMP_SUPP, &features) == 0 &&
           (features >> XFEATURE_TILE_DATA & 1) != 0;
}

/* Asking again does no harm. */
bool pith_cpu_allow_tiles(void)
{
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_TILE_DATA) ==
           0;
}

#else

static bool system_has_tiles(void)
{
    return false;
}

bool pith_cpu_allow_tiles(void)
{
    return false;
}

#endif

bool pith_cpu_has_avx2(void)
{
    struct features has = probe();
    return has_avx2(&has);
}

bool pith_cpu_has_avx512(void)
{
    struct features has = probe();
    return has_avx512(&has);
}

bool pith_cpu_has_avx512_bf16(void)
{
    struct features has = probe();
    return has_avx512_bf16(&has);
}

bool pith_cpu_has_avx512_vnni(void)
{
    struct features has = probe();
    return has_avx512(&has) && has_bits(has.ecx, 1u << 11);
}

bool pith_cpu_has_avx_vnni(void)
{
    struct features has = probe();
    return has_avx2(&has) && has_bits(has.eax1, 1u << 4);
}

bool pith_cpu_has_amx(void)
{
    const uint32_t needed = 1u << 22 /* AMX-BF16 */ | 1u << 24 /* AMX-TILE */ |
                            1u << 25 /* AMX-INT8 */;
    struct features has = probe();
    return has_avx512_bf16(&has) && has_bits(has.ecx, 1u << 1 /* VBMI */) &&
           has_bits(has.edx, needed) && has_bits(has.saved, XCR0_TILES) &&
           system_has_tiles();
}

#else

bool pith_cpu_has_avx_vnni(void)
{
    return false;
}

bool pith_cpu_has_avx512_bf16(void)
{
    return false;
}

bool pith_cpu_has_avx512_vnni(void)
{
    return false;
}

bool pith_cpu_has_amx(void)
{
    return false;
}

bool pith_cpu_allow_tiles(void)
{
    return false;
}

bool pith_cpu_has_avx2(void)
{
    return false;
}

bool pith_cpu_has_avx512(void)
{
    return false;
}

#endif

#if defined(PITH_BUILDS_NEON) && defined(__linux__)

#include <sys/auxv.h>

bool pith_cpu_has_neon_dot(void)
{
    return (getauxval(AT_HWCAP) & 1u << 20 /* ASIMDDP */) != 0;
}

#else

bool pith_cpu_has_neon_dot(void)
{
    return false;
}

#endif
