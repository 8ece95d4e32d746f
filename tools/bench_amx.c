/*
 * bench_amx.c - see bench_amx.h.  Linux on x86-64 only: elsewhere AMX counts
 * as missing.
 *
 * A tile is 16 rows of 64 bytes.  Two tiles of each factor give four products
 * into their own accumulators, which hides the latency.
 */
#define _GNU_SOURCE /* syscall */

#include "bench_amx.h"

#include <stdint.h>

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) &&          \
    (__GNUC__ >= 11 || defined(__clang__))

#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TARGET_AMX                                                             \
    __attribute__((target("amx-tile,amx-int8,amx-bf16")))

/* Intel's manual, volume 1, section 18.2: palette 1 and the size of each
 * tile. */
struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

bool bench_amx_supported(void)
{
    const uint32_t needed = 1u << 22 /* bf16 */ | 1u << 24 /* tiles */ |
                            1u << 25 /* int8 */;
    const long request_permission = 0x1023, tile_data = 18;
    uint32_t a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & needed) == needed &&
           syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

/* Eight tiles of zeros. */
TARGET_AMX static void set_up(void)
{
    struct tile_config config = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        config.row_bytes[i] = 64;
        config.rows[i] = 16;
    }
    /* GCC 12's intrinsic tells the compiler of the first 8 bytes only. */
    __asm__ volatile("" : : "r"(&config) : "memory");
    _tile_loadconfig(&config);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_zero(4);
    _tile_zero(5);
    _tile_zero(6);
    _tile_zero(7);
}

TARGET_AMX double bench_amx_int8(size_t n)
{
    set_up();
    while (n-- > 0) {
        _tile_dpbssd(0, 4, 6);
        _tile_dpbssd(1, 4, 7);
        _tile_dpbssd(2, 5, 6);
        _tile_dpbssd(3, 5, 7);
    }
    _tile_release();
    return 0;
}

TARGET_AMX double bench_amx_bf16(size_t n)
{
    set_up();
    while (n-- > 0) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_release();
    return 0;
}

#else

bool bench_amx_supported(void)
{
    return false;
}

double bench_amx_int8(size_t n)
{
    (void)n;
    return 0;
}

double bench_amx_bf16(size_t n)
{
    (void)n;
    return 0;
}

#endif
