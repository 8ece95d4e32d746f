/*
 * cpu.c - see cpu.h.
 *
 * An instruction set counts when the CPU has it and the operating system
 * saves its registers: a CPU can offer AVX under a kernel that does not.
 * Bit numbers are those of Intel's manual, volume 2A, CPUID.
 */
#define _GNU_SOURCE
#include "cpu.h"

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

/* EBX of leaf 7 and what is saved; false where AVX cannot be used at all. */
static bool probe(uint32_t *leaf7, uint32_t *saved)
{
    const uint32_t needed = 1u << 12 /* FMA */ | 1u << 27 /* OSXSAVE */ |
                            1u << 28 /* AVX */ | 1u << 29 /* F16C */;
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !has_bits(c, needed))
        return false;
    if (!__get_cpuid_count(7, 0, &a, leaf7, &c, &d))
        return false;
    *saved = saved_state();
    return true;
}

bool pith_cpu_has_avx2(void)
{
    uint32_t leaf7, saved;
    return probe(&leaf7, &saved) && has_bits(saved, XCR0_YMM) &&
           has_bits(leaf7, 1u << 5);
}

bool pith_cpu_has_avx512(void)
{
    const uint32_t needed = 1u << 16 /* F */ | 1u << 17 /* DQ */ |
                            1u << 30 /* BW */ | 1u << 31 /* VL */;
    uint32_t leaf7, saved;
    return probe(&leaf7, &saved) && has_bits(saved, XCR0_YMM | XCR0_ZMM) &&
           has_bits(leaf7, needed | 1u << 5);
}

/* Linux enables the tiles, 8 KiB of state, for a process that asks; asking
 * again does no harm. */
static bool allow_tiles(void)
{
#if defined(__linux__) && defined(SYS_arch_prctl)
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_TILE_DATA = 18 };
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_TILE_DATA) ==
           0;
#else
    return false;
#endif
}

bool pith_cpu_has_avx512_bf16(void)
{
    uint32_t a, b, c, d;
    return pith_cpu_has_avx512() && __get_cpuid_count(7, 1, &a, &b, &c, &d) &&
           has_bits(a, 1u << 5);
}

bool pith_cpu_has_avx512_vnni(void)
{
    uint32_t a, b, c, d;
    return pith_cpu_has_avx512() && __get_cpuid_count(7, 0, &a, &b, &c, &d) &&
           has_bits(c, 1u << 11);
}

bool pith_cpu_has_avx_vnni(void)
{
    uint32_t a, b, c, d;
    return pith_cpu_has_avx2() && __get_cpuid_count(7, 1, &a, &b, &c, &d) &&
           has_bits(a, 1u << 4);
}

bool pith_cpu_has_amx_bf16(void)
{
    const uint32_t needed = 1u << 22 /* AMX-BF16 */ | 1u << 24 /* AMX-TILE */;
    uint32_t a, b, c, d;
    return pith_cpu_has_avx512_bf16() &&
           __get_cpuid_count(7, 0, &a, &b, &c, &d) && has_bits(d, needed) &&
           has_bits(saved_state(), XCR0_TILES) && allow_tiles();
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

bool pith_cpu_has_amx_bf16(void)
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
