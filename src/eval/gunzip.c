/*
 * gunzip.c - see gunzip.h; deflate as in RFC 1951.
 */
#include "gunzip.h"

#include <string.h>

#include "../base/bytes.h"
#include "../base/crc32.h"

enum { MAX_BITS = 15, N_LITERALS = 288, N_DISTANCES = 30, N_LENGTHS = 19,
       END_OF_BLOCK = 256, FIRST_LENGTH = 257, LAST_LENGTH = 285 };

struct inflate {
    const uint8_t *data;
    size_t size, at;
    uint32_t bits; /* read and not used yet, the next one lowest */
    unsigned n_bits;
    struct pith_buffer *out;
    size_t start;  /* of this member's bytes in out */
    bool bad;
};

/* At most 16. */
static unsigned take_bits(struct inflate *f, unsigned n)
{
    while (f->n_bits < n) {
        if (f->at == f->size) {
            f->bad = true;
            return 0;
        }
        f->bits |= (uint32_t)f->data[f->at++] << f->n_bits;
        f->n_bits += 8;
    }
    unsigned value = f->bits & ((1u << n) - 1);
    f->bits >>= n;
    f->n_bits -= n;
    return value;
}

/* --- prefix codes ----------------------------------------------------------- */

/* The codes of one length follow one another, and those of the next length
 * follow them: how many of each length, and the symbols in that order. */
struct code {
    uint16_t n[MAX_BITS + 1];
    uint16_t symbols[N_LITERALS];
};

/* False when the lengths are those of no code; one that does not use all bit
 * patterns is one. */
static bool make_code(struct code *code, const uint8_t *lengths, size_t n)
{
    uint16_t next[MAX_BITS + 2] = {0};
    long room = 1;
    memset(code->n, 0, sizeof code->n);
    for (size_t i = 0; i < n; i++)
        code->n[lengths[i]]++;
    code->n[0] = 0;
    for (size_t length = 1; length <= MAX_BITS; length++) {
        room = 2 * room - code->n[length];
        if (room < 0)
            return false;
        next[length + 1] = (uint16_t)(next[length] + code->n[length]);
    }
    for (size_t i = 0; i < n; i++)
        if (lengths[i] != 0)
            code->symbols[next[lengths[i]]++] = (uint16_t)i;
    return true;
}

static unsigned take_symbol(struct inflate *f, const struct code *code)
{
    unsigned value = 0, first = 0, index = 0;
    for (size_t length = 1; length <= MAX_BITS && !f->bad; length++) {
        value |= take_bits(f, 1);
        unsigned n = code->n[length];
        if (value < first + n)
            return code->symbols[index + (value - first)];
        index += n;
        first = (first + n) << 1;
        value <<= 1;
    }
    f->bad = true;
    return 0;
}

/* --- blocks ----------------------------------------------------------------- */

static void take_stored(struct inflate *f)
{
    f->bits = 0;
    f->n_bits = 0;
    if (f->size - f->at < 4) {
        f->bad = true;
        return;
    }
    unsigned n = f->data[f->at] | (unsigned)f->data[f->at + 1] << 8;
    unsigned check = f->data[f->at + 2] | (unsigned)f->data[f->at + 3] << 8;
    f->at += 4;
    if ((n ^ check) != 0xFFFF || f->size - f->at < n) {
        f->bad = true;
        return;
    }
    pith_buffer_append(f->out, (const char *)f->data + f->at, n);
    f->at += n;
}

/* Of a length: codes 257 to 284 in groups of four, each with one bit more than
 * the one before; 285 is 258. */
static unsigned take_length(struct inflate *f, unsigned symbol)
{
    unsigned code = symbol - FIRST_LENGTH;
    if (symbol == LAST_LENGTH)
        return 258;
    if (code < 8)
        return code + 3;
    unsigned more = code / 4 - 1;
    return ((4 + code % 4) << more) + 3 + take_bits(f, more);
}

/* Likewise in groups of two. */
static size_t take_distance(struct inflate *f, const struct code *distances)
{
    unsigned code = take_symbol(f, distances);
    if (code < 4)
        return code + 1;
    unsigned more = code / 2 - 1;
    return ((size_t)(2 + code % 2) << more) + 1 + take_bits(f, more);
}

static void repeat(struct inflate *f, size_t distance, unsigned length)
{
    if (f->bad || f->out->failed || distance > f->out->size - f->start) {
        f->bad = true;
        return;
    }
    for (; length > 0 && !f->out->failed; length--)
        pith_buffer_byte(f->out, f->out->data[f->out->size - distance]);
}

static void take_coded(struct inflate *f, const struct code *literals,
                       const struct code *distances)
{
    while (!f->bad && !f->out->failed) {
        unsigned symbol = take_symbol(f, literals);
        if (f->bad || symbol == END_OF_BLOCK)
            return;
        if (symbol < END_OF_BLOCK) {
            pith_buffer_byte(f->out, (char)symbol);
        } else if (symbol > LAST_LENGTH) {
            f->bad = true;
        } else {
            unsigned length = take_length(f, symbol);
            repeat(f, take_distance(f, distances), length);
        }
    }
}

static void take_fixed(struct inflate *f)
{
    struct code literals, distances;
    uint8_t lengths[N_LITERALS];
    for (size_t i = 0; i < N_LITERALS; i++)
        lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    make_code(&literals, lengths, N_LITERALS);
    memset(lengths, 5, N_DISTANCES);
    make_code(&distances, lengths, N_DISTANCES);
    take_coded(f, &literals, &distances);
}

/* n lengths, those of repeated ones by symbols 16 to 18. */
static void take_lengths(struct inflate *f, const struct code *code,
                         uint8_t *lengths, size_t n)
{
    for (size_t i = 0; i < n && !f->bad;) {
        unsigned symbol = take_symbol(f, code), times = 1;
        uint8_t length = (uint8_t)symbol;
        if (symbol >= 16) {
            length = symbol == 16 && i > 0 ? lengths[i - 1] : 0;
            f->bad |= symbol == 16 && i == 0;
            times = symbol == 16   ? 3 + take_bits(f, 2)
                    : symbol == 17 ? 3 + take_bits(f, 3)
                                   : 11 + take_bits(f, 7);
        }
        if (times > n - i) {
            f->bad = true;
            return;
        }
        memset(lengths + i, length, times);
        i += times;
    }
}

static void take_dynamic(struct inflate *f)
{
    static const uint8_t order[N_LENGTHS] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                             11, 4,  12, 3, 13, 2, 14, 1, 15};
    uint8_t lengths[N_LITERALS + 32] = {0};
    struct code code, literals, distances;
    size_t n_literals = 257 + take_bits(f, 5), n_distances = 1 + take_bits(f, 5);
    size_t n_lengths = 4 + take_bits(f, 4);
    for (size_t i = 0; i < n_lengths; i++)
        lengths[order[i]] = (uint8_t)take_bits(f, 3);
    if (f->bad || n_literals > 286 || n_distances > N_DISTANCES ||
        !make_code(&code, lengths, N_LENGTHS)) {
        f->bad = true;
        return;
    }
    take_lengths(f, &code, lengths, n_literals + n_distances);
    if (f->bad || !make_code(&literals, lengths, n_literals) ||
        !make_code(&distances, lengths + n_literals, n_distances)) {
        f->bad = true;
        return;
    }
    take_coded(f, &literals, &distances);
}

static void inflate(struct inflate *f)
{
    bool last = false;
    while (!last && !f->bad && !f->out->failed) {
        last = take_bits(f, 1) != 0;
        switch (take_bits(f, 2)) {
        case 0: take_stored(f); break;
        case 1: take_fixed(f); break;
        case 2: take_dynamic(f); break;
        default: f->bad = true;
        }
    }
}

/* --- members ---------------------------------------------------------------- */

enum { HEAD_BYTES = 10, TAIL_BYTES = 8, DEFLATE = 8,
       HAS_CRC = 2, HAS_EXTRA = 4, HAS_NAME = 8, HAS_COMMENT = 16 };

bool pith_is_gzip(const uint8_t *data, size_t size)
{
    return size >= 3 && data[0] == 0x1F && data[1] == 0x8B &&
           data[2] == DEFLATE;
}

static void skip(struct inflate *f, size_t n)
{
    f->bad |= n > f->size - f->at;
    if (!f->bad)
        f->at += n;
}

static void skip_string(struct inflate *f)
{
    while (f->at < f->size && f->data[f->at] != 0)
        f->at++;
    skip(f, 1);
}

static void skip_head(struct inflate *f)
{
    if (f->size - f->at < HEAD_BYTES ||
        !pith_is_gzip(f->data + f->at, f->size - f->at)) {
        f->bad = true;
        return;
    }
    unsigned flags = f->data[f->at + 3];
    skip(f, HEAD_BYTES);
    if ((flags & HAS_EXTRA) != 0 && f->size - f->at >= 2)
        skip(f, 2 + (f->data[f->at] | (size_t)f->data[f->at + 1] << 8));
    if ((flags & HAS_NAME) != 0)
        skip_string(f);
    if ((flags & HAS_COMMENT) != 0)
        skip_string(f);
    if ((flags & HAS_CRC) != 0)
        skip(f, 2);
}

static void check_tail(struct inflate *f)
{
    size_t n = f->out->size - f->start;
    if (f->bad || f->size - f->at < TAIL_BYTES) {
        f->bad = true;
        return;
    }
    const uint8_t *tail = f->data + f->at;
    uint32_t crc = n > 0 ? pith_crc32(0, f->out->data + f->start, n) : 0;
    f->bad = pith_load_u32(tail) != crc ||
             pith_load_u32(tail + 4) != (uint32_t)(n & 0xFFFFFFFF);
    f->at += TAIL_BYTES;
}

enum pith_status pith_gunzip(const uint8_t *data, size_t size,
                             const char *name, struct pith_buffer *out,
                             struct pith_error *error)
{
    struct inflate f = {.data = data, .size = size, .out = out};
    do {
        f.start = out->size;
        f.bits = 0;
        f.n_bits = 0;
        skip_head(&f);
        if (!f.bad)
            inflate(&f);
        if (out->failed)
            return pith_no_memory(error, out->size, 1);
        check_tail(&f);
    } while (!f.bad && f.at < size);
    return f.bad ? pith_fail(error, PITH_ERR_FORMAT,
                             "%s: damaged or cut off at byte %zu of %zu; "
                             "expected a whole file of gzip", name, f.at, size)
                 : PITH_OK;
}
