/*
 * clock.h - wall-clock seconds for reports; no decision depends on them.
 */
#ifndef PITH_BASE_CLOCK_H
#define PITH_BASE_CLOCK_H

#include <time.h>

static inline double pith_seconds(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
