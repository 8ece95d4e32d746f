/*
 * clock.h - wall-clock seconds for reports; no decision depends on them.
 */
#ifndef PITH_BASE_CLOCK_H
#define PITH_BASE_CLOCK_H

#include <time.h>

static inline double pith_seconds(void)
{
#ifdef TIME_UTC
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
#else /* C libraries older than C11; that of Windows counts seconds here */
    return (double)clock() / CLOCKS_PER_SEC;
#endif
}

#endif
