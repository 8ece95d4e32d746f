/*
 * gguf_rows.c - rows of GGUF's blocks, see gguf_blocks.h.
 */
#include <math.h>

#include "../base/narrow.h"
#include "../base/store.h"
#include "gguf_blocks.h"

size_t pith_blocks_row_bytes(const struct pith_blocks *blocks, size_t cols)
{
    return cols % blocks->weights == 0 ? cols / blocks->weights * blocks->bytes
                                       : 0;
}

/* The run that holds the weights from `col` on. */
static void read_run(struct pith_run *run, const struct pith_blocks *blocks,
                     const uint8_t *row, size_t col)
{
    blocks->read(run, row + col / blocks->weights * blocks->bytes,
                 col % blocks->weights / PITH_Q_BLOCK);
}

static void run_to_floats(float *out, const struct pith_run *run)
{
    for (size_t j = 0; j < PITH_Q_BLOCK; j++)
        out[j] = run->scale[j / 16] * (float)run->q[j] + run->minimum[j / 16];
}

void pith_blocks_to_floats(float *out, const struct pith_blocks *blocks,
                           const uint8_t *row, size_t cols)
{
    struct pith_run run;
    for (size_t col = 0; col < cols; col += PITH_Q_BLOCK) {
        read_run(&run, blocks, row, col);
        run_to_floats(out + col, &run);
    }
}

/* To 11 significant bits: no infinity, and not one of the few tiny halves with
 * fewer bits, unless they are enough. */
static bool fits_half(float value)
{
    float half = pith_f16_to_f32(pith_f32_to_f16(value));
    return fabsf(half - value) <= 0x1p-11f * fabsf(value);
}

/* Can a block of the type have the numbers of the run? */
static bool fits(const struct pith_run *run, enum pith_type type)
{
    if (run->scale[0] != run->scale[1] ||
        run->minimum[0] != run->minimum[1] || !fits_half(run->scale[0]))
        return false;
    if (type == PITH_Q8)
        return run->minimum[0] == 0;
    for (size_t j = 0; j < PITH_Q_BLOCK; j++)
        if (run->q[j] < 0 || run->q[j] > 15)
            return false;
    return fits_half(run->minimum[0]);
}

static void keep_numbers(uint8_t *out, enum pith_type type,
                         const struct pith_run *run)
{
    pith_store_u16(out, pith_f32_to_f16(run->scale[0]));
    if (type == PITH_Q8) {
        for (size_t j = 0; j < PITH_Q_BLOCK; j++)
            out[2 + j] = (uint8_t)run->q[j];
        return;
    }
    pith_store_u16(out + 2, pith_f32_to_f16(run->minimum[0]));
    for (size_t j = 0; j < PITH_Q_BLOCK / 2; j++)
        out[4 + j] = (uint8_t)(run->q[j] | run->q[j + PITH_Q_BLOCK / 2] << 4);
}

void pith_blocks_hold(uint8_t *out, const struct pith_blocks *blocks,
                      const uint8_t *row, size_t cols)
{
    size_t step = pith_row_bytes(blocks->held_as, PITH_Q_BLOCK);
    float floats[PITH_Q_BLOCK];
    struct pith_run run;
    for (size_t col = 0; col < cols; col += PITH_Q_BLOCK, out += step) {
        read_run(&run, blocks, row, col);
        if (fits(&run, blocks->held_as)) {
            keep_numbers(out, blocks->held_as, &run);
            continue;
        }
        run_to_floats(floats, &run);
        pith_row_from_floats(out, blocks->held_as, floats, PITH_Q_BLOCK);
    }
}
