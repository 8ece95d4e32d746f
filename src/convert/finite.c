/*
 * finite.c - see finite.h.
 *
 * A number is finite unless all bits of its exponent are set.
 */
#include "finite.h"

#include "../base/bytes.h"
#include "../base/half.h"

enum { F32_EXPONENT = 0x7F800000, F16_EXPONENT = 0x7C00, BF16_EXPONENT = 0x7F80 };

static bool all_set(uint32_t bits, uint32_t exponent)
{
    return (bits & exponent) == exponent;
}

/* The first of n 16-bit numbers, `step` bytes apart; n when all are finite. */
static size_t find_half(const uint8_t *at, size_t n, size_t step,
                        uint32_t exponent)
{
    size_t i = 0;
    while (i < n && !all_set(pith_load_u16(at + i * step), exponent))
        i++;
    return i;
}

static size_t find_single(const uint8_t *at, size_t n)
{
    size_t i = 0;
    while (i < n && !all_set(pith_load_u32(at + 4 * i), F32_EXPONENT))
        i++;
    return i;
}

/* The first column of a row; cols when all are finite. */
static size_t find_in_row(const uint8_t *row, enum pith_type type, size_t cols)
{
    size_t n = cols / PITH_Q_BLOCK, step = pith_row_bytes(type, PITH_Q_BLOCK),
           i;
    switch (type) {
    case PITH_F32: return find_single(row, cols);
    case PITH_F16: return find_half(row, cols, 2, F16_EXPONENT);
    case PITH_BF16: return find_half(row, cols, 2, BF16_EXPONENT);
    case PITH_Q8:
    case PITH_Q4: break;
    }
    i = find_half(row, n, step, F16_EXPONENT); /* scales */
    if (type == PITH_Q4) {                     /* minima */
        size_t minimum = find_half(row + 2, n, step, F16_EXPONENT);
        i = minimum < i ? minimum : i;
    }
    return i * PITH_Q_BLOCK;
}

bool pith_find_not_finite(const struct pith_tensor *tensor, size_t *row,
                          size_t *col)
{
    size_t row_bytes = pith_row_bytes(tensor->type, tensor->cols);
    for (*row = 0; *row < tensor->rows; ++*row) {
        *col = find_in_row(tensor->data + *row * row_bytes, tensor->type,
                           tensor->cols);
        if (*col < tensor->cols)
            return true;
    }
    return false;
}
