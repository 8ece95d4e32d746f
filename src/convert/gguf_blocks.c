/*
 * gguf_blocks.c - see gguf_blocks.h.  The layout of each format is above
 * what reads it, in the order of its bytes; "half" is a number of 16 bits,
 * run r holds the weights 32 r to 32 r + 31 of a block.
 */
#include "gguf_blocks.h"

#include "../base/bytes.h"
#include "../base/half.h"

enum { SUPER = 256 }; /* weights of a block of the K types */

static float half_at(const uint8_t *at)
{
    return pith_f16_to_f32(pith_load_u16(at));
}

static int signed_byte(uint8_t byte)
{
    return byte < 128 ? byte : byte - 256;
}

/* One scale for all 32 weights, and no minimum. */
static void set_scale(struct pith_run *run, float scale)
{
    run->scale[0] = run->scale[1] = scale;
    run->minimum[0] = run->minimum[1] = -0.0f;
}

static void set_minimum(struct pith_run *run, float minimum)
{
    run->minimum[0] = run->minimum[1] = minimum;
}

/* Four bits of weight j: the low ones of byte j, for the second 16 weights the
 * high ones of byte j - 16. */
static int nibble(const uint8_t *bytes, size_t j)
{
    return j < 16 ? bytes[j] & 15 : bytes[j - 16] >> 4;
}

/* --- blocks of 32 weights --------------------------------------------------*/

/* half d, 16 bytes of nibbles; w = d (q - 8) */
static void read_q4_0(struct pith_run *run, const uint8_t *block, size_t r)
{
    (void)r;
    set_scale(run, half_at(block));
    set_minimum(run, -8 * run->scale[0]);
    for (size_t j = 0; j < PITH_Q_BLOCK; j++)
        run->q[j] = (int8_t)nibble(block + 2, j);
}

/* Five bits: a nibble, and bit j of 32 as the highest. */
static int five_bits(const uint8_t *bytes, size_t j)
{
    return nibble(bytes + 4, j) | (int)(pith_load_u32(bytes) >> j & 1) << 4;
}

/* half d, 32 highest bits, 16 bytes of nibbles; w = d (q - 16) */
static void read_q5_0(struct pith_run *run, const uint8_t *block, size_t r)
{
    (void)r;
    set_scale(run, half_at(block));
    for (size_t j = 0; j < PITH_Q_BLOCK; j++)
        run->q[j] = (int8_t)(five_bits(block + 2, j) - 16);
}

/* half d, half m, 32 highest bits, 16 bytes of nibbles; w = d q + m */
static void read_q5_1(struct pith_run *run, const uint8_t *block, size_t r)
{
    (void)r;
    set_scale(run, half_at(block));
    set_minimum(run, half_at(block + 2));
    for (size_t j = 0; j < PITH_Q_BLOCK; j++)
        run->q[j] = (int8_t)five_bits(block + 4, j);
}

/* What the nibbles of the IQ4 types stand for. */
static const int8_t uneven[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                  1,    13,   25,  38,  53,  69,  89,  113};

/* half d, 16 bytes of nibbles; w = d uneven[q] */
static void read_iq4_nl(struct pith_run *run, const uint8_t *block, size_t r)
{
    (void)r;
    set_scale(run, half_at(block));
    for (size_t j = 0; j < PITH_Q_BLOCK; j++)
        run->q[j] = uneven[nibble(block + 2, j)];
}

/* --- blocks of 256 weights: a scale of few bits for each 16 or 32 ----------*/

/* Two bits of weight j of run r: runs 0 to 3 share 32 bytes, runs 4 to 7 the
 * next 32; in byte j, lower bits belong to lower runs. */
static int two_bits(const uint8_t *bytes, size_t r, size_t j)
{
    return bytes[r / 4 * 32 + j] >> r % 4 * 2 & 3;
}

/* Bit r of byte j. */
static int one_bit(const uint8_t *bytes, size_t r, size_t j)
{
    return bytes[j] >> r & 1;
}

/* Four bits: runs 0 and 1 share 32 bytes, the first has the low nibbles. */
static int four_bits(const uint8_t *bytes, size_t r, size_t j)
{
    return bytes[r / 2 * 32 + j] >> r % 2 * 4 & 15;
}

/* 16 bytes (scale s low, minimum m high nibble; each for 16 weights), 64 bytes
 * of two bits, half d, half e; w = d s q - e m */
static void read_q2_k(struct pith_run *run, const uint8_t *block, size_t r)
{
    float d = half_at(block + 80), e = half_at(block + 82);
    for (size_t i = 0; i < 2; i++) {
        uint8_t both = block[2 * r + i];
        run->scale[i] = d * (float)(both & 15);
        run->minimum[i] = -(e * (float)(both >> 4));
    }
    for (size_t j = 0; j < PITH_Q_BLOCK; j++)
        run->q[j] = (int8_t)two_bits(block + 16, r, j);
}

/* 32 bytes of third bits, 64 bytes of two bits, 12 bytes of 16 scales, half d;
 * w = d (s - 32) (q - 4).  Scale i has its low four bits in byte i % 8 (low
 * nibble for i < 8), its high two in byte 8 + i % 4 from bit i / 4 * 2 on. */
static void read_q3_k(struct pith_run *run, const uint8_t *block, size_t r)
{
    const uint8_t *scales = block + 96;
    float d = half_at(block + 108);
    set_scale(run, 0);
    for (size_t i = 0; i < 2; i++) {
        size_t index = 2 * r + i;
        int low = scales[index % 8] >> index / 8 * 4 & 15;
        int high = scales[8 + index % 4] >> index / 4 * 2 & 3;
        run->scale[i] = d * (float)((low | high << 4) - 32);
    }
    for (size_t j = 0; j < PITH_Q_BLOCK; j++)
        run->q[j] = (int8_t)((two_bits(block + 32, r, j) |
                              one_bit(block, r, j) << 2) - 4);
}

/* half d, half e, 12 bytes with a scale s and a minimum m of six bits for each
 * run.  Runs 0 to 3: s in the low bits of byte r, m of byte 4 + r.  Runs 4 to
 * 7: byte 4 + r has the low nibbles of s (low) and m (high), and the two bits
 * left over of bytes r - 4 and r are their high ones. */
static void read_scale_and_minimum(struct pith_run *run, const uint8_t *block,
                                   size_t r)
{
    const uint8_t *p = block + 4;
    int s, m;
    if (r < 4) {
        s = p[r] & 63;
        m = p[4 + r] & 63;
    } else {
        s = (p[4 + r] & 15) | p[r - 4] >> 6 << 4;
        m = p[4 + r] >> 4 | p[r] >> 6 << 4;
    }
    set_scale(run, half_at(block) * (float)s);
    set_minimum(run, -(half_at(block + 2) * (float)m));
}

/* scales and minima as above, 128 bytes of four bits; w = d s q - e m */
static void read_q4_k(struct pith_run *run, const uint8_t *block, size_t r)
{
    read_scale_and_minimum(run, block, r);
    for (size_t j = 0; j < PITH_Q_BLOCK; j++)
        run->q[j] = (int8_t)four_bits(block + 16, r, j);
}

/* scales and minima as above, 32 bytes of fifth bits, 128 bytes of four bits;
 * w = d s q - e m */
static void read_q5_k(struct pith_run *run, const uint8_t *block, size_t r)
{
    read_scale_and_minimum(run, block, r);
    for (size_t j = 0; j < PITH_Q_BLOCK; j++)
        run->q[j] = (int8_t)(four_bits(block + 48, r, j) |
                             one_bit(block + 16, r, j) << 4);
}

/* 128 bytes of four bits, 64 bytes of two higher ones, 16 signed scales s, half
 * d; w = d s (q - 32).  The nibbles of runs 0 and 1 are the low ones of bytes
 * 0 to 63, those of 2 and 3 the high ones; 4 to 7 likewise in the rest. */
static void read_q6_k(struct pith_run *run, const uint8_t *block, size_t r)
{
    const uint8_t *low = block + r / 4 * 64 + r % 2 * 32;
    float d = half_at(block + 208);
    set_scale(run, 0);
    for (size_t i = 0; i < 2; i++)
        run->scale[i] = d * (float)signed_byte(block[192 + 2 * r + i]);
    for (size_t j = 0; j < PITH_Q_BLOCK; j++)
        run->q[j] = (int8_t)(((low[j] >> r % 4 / 2 * 4 & 15) |
                              two_bits(block + 128, r, j) << 4) - 32);
}

/* float d, 256 signed bytes q, 16 sums of them; w = d q */
static void read_q8_k(struct pith_run *run, const uint8_t *block, size_t r)
{
    set_scale(run, pith_load_f32(block));
    for (size_t j = 0; j < PITH_Q_BLOCK; j++)
        run->q[j] = (int8_t)signed_byte(block[4 + PITH_Q_BLOCK * r + j]);
}

/* half d, 16 bits (two high ones of each scale), 4 bytes of nibbles (the low
 * four), for each run 16 bytes of nibbles; w = d (s - 32) uneven[q] */
static void read_iq4_xs(struct pith_run *run, const uint8_t *block, size_t r)
{
    int low = block[4 + r / 2] >> r % 2 * 4 & 15;
    int high = pith_load_u16(block + 2) >> r * 2 & 3;
    set_scale(run, half_at(block) * (float)((low | high << 4) - 32));
    for (size_t j = 0; j < PITH_Q_BLOCK; j++)
        run->q[j] = uneven[nibble(block + 8 + 16 * r, j)];
}

/* q4 has 16 even steps from a minimum for 32 weights: that is Q4_0 and a run of
 * Q4_K.  Uneven steps, more of them, or two scales in 32 weights go to q8. */
static const struct pith_blocks formats[] = {
    {"Q4_0", 2, PITH_Q_BLOCK, 18, PITH_Q4, read_q4_0},
    {"Q5_0", 6, PITH_Q_BLOCK, 22, PITH_Q8, read_q5_0},
    {"Q5_1", 7, PITH_Q_BLOCK, 24, PITH_Q8, read_q5_1},
    {"Q2_K", 10, SUPER, 84, PITH_Q8, read_q2_k},
    {"Q3_K", 11, SUPER, 110, PITH_Q8, read_q3_k},
    {"Q4_K", 12, SUPER, 144, PITH_Q4, read_q4_k},
    {"Q5_K", 13, SUPER, 176, PITH_Q8, read_q5_k},
    {"Q6_K", 14, SUPER, 210, PITH_Q8, read_q6_k},
    {"Q8_K", 15, SUPER, 292, PITH_Q8, read_q8_k},
    {"IQ4_NL", 20, PITH_Q_BLOCK, 18, PITH_Q8, read_iq4_nl},
    {"IQ4_XS", 23, SUPER, 136, PITH_Q8, read_iq4_xs},
};

const struct pith_blocks *pith_blocks_find(uint32_t number)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].number == number)
            return &formats[i];
    return NULL;
}
