/*
 * vector_part.h - the first n of a vector's lanes, where an instruction set has
 * no masks.  Included after vec_load, vec_store and W.
 */
#ifndef PITH_KERNELS_VECTOR_PART_H
#define PITH_KERNELS_VECTOR_PART_H

#include <string.h>

static inline vec vec_load_part(const float *p, size_t n)
{
    float lanes[W] = {0};
    if (n == W)
        return vec_load(p);
    memcpy(lanes, p, n * sizeof *p);
    return vec_load(lanes);
}

static inline void vec_store_part(float *p, vec v, size_t n)
{
    float lanes[W];
    if (n == W) {
        vec_store(p, v);
        return;
    }
    vec_store(lanes, v);
    memcpy(p, lanes, n * sizeof *p);
}

#endif
