/*
 * integers_rows.h - rows of weights of any type as int16; a template, included
 * after integers_vector.h, that needs three things more:
 *
 *   vec_read(p)          a vector from its bytes
 *   vec_greatest(v)      the vec_larger() of all lanes
 *   ivec_store_pairs(p, a, b)    the lower halves of a's integers and then of
 *                        b's, side by side
 */
#include <math.h>

/* A group of int16, from the bytes of PITH_INT16_GROUP floats. */
INLINE void quantise_row(float *group, const uint8_t *x)
{
    vec largest = vec_set(0);
    UNROLL
    for (size_t i = 0; i < PITH_INT16_GROUP; i += W)
        largest = vec_larger(largest, vec_read(x + i * sizeof(float)));
    float greatest = vec_greatest(largest), limit = PITH_INT16_MAX_WEIGHT;
    float inverse = limit / greatest;
    bool is_finite = inverse < INFINITY;
    vec factor = vec_set(is_finite ? inverse : 0);
    UNROLL
    for (size_t i = 0; i < PITH_INT16_GROUP; i += 2 * W) {
        vec low = vec_read(x + i * sizeof(float));
        vec high = vec_read(x + (i + W) * sizeof(float));
        ivec_store_pairs(group + i / 2, ivec_round(vec_mul(low, factor)),
                         ivec_round(vec_mul(high, factor)));
    }
    group[PITH_INT16_PACKED] = (is_finite ? greatest / limit : 0) +
                               greatest * 0; /* NaN: not finite */
}

/* As many whole groups as floats; returns where the next one goes. */
INLINE float *quantise_rows(float *row, const uint8_t *x, size_t n)
{
    for (size_t c = 0; c < n; c += PITH_INT16_GROUP) {
        quantise_row(row, x + c * sizeof(float));
        row += pith_group_floats(PITH_INT16_PACKED);
    }
    return row;
}

TARGET static void unpack_int16(const struct pith_kernels *kernels, float *row,
                                enum pith_type type, const uint8_t *bytes,
                                size_t n)
{
    float floats[PITH_STEP];
    size_t taken = type == PITH_F32 ? n - n % PITH_INT16_GROUP : 0;
    if (type == PITH_Q8 || type == PITH_Q4) {
        pith_unpack_int16_x86(row, type, bytes, n);
        return;
    }
    row = quantise_rows(row, bytes, taken);
    n -= taken;
    kernels->unpack(floats, type, bytes + pith_row_bytes(type, taken), n);
    for (size_t i = n; i % PITH_INT16_GROUP != 0; i++)
        floats[i] = 0;
    quantise_rows(row, (const uint8_t *)floats, n);
}
