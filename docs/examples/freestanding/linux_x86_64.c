/*
 * linux_x86_64.c - port.h on two system calls, so that the example can be
 * tried where it was built.
 */
#include "port.h"

static long system_call(long number, long a, const void *b, size_t c)
{
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}

void port_write(const char *bytes, size_t size)
{
    for (long n; size > 0; bytes += n, size -= (size_t)n)
        if ((n = system_call(1, 1, bytes, size)) <= 0)
            port_exit(1);
}

_Noreturn void port_exit(int code)
{
    for (;;)
        system_call(231, code, NULL, 0);
}

/* Called by _start below, on an aligned stack. */
_Noreturn void port_begin(void);
_Noreturn void port_begin(void)
{
    port_exit(main());
}

__asm__(".globl _start\n_start: and $-16, %rsp\n call port_begin\n");
