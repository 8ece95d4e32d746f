/*
 * mutate.c - see mutate.h.
 */
#include "mutate.h"

#include <string.h>

#include "../support.h"

/* A run of bytes, most of them short. */
static size_t run_length(size_t size, uint64_t *random)
{
    size_t n = random_below(random, 4) > 0 ? 1 + random_below(random, 16)
                                           : 1 + random_below(random, size + 1);
    return n < size ? n : size;
}

static void change_byte(struct pith_buffer *input, uint64_t *random)
{
    static const unsigned char odd[] = {0,    1,    0x7F, 0x80, 0xFF, '"', '\\',
                                        '{',  '}',  '[',  ']',  '\n', ' ', '<',
                                        0xC3, 0xE2, 0xF0, '0',  '-',  ','};
    char *at = input->data + random_below(random, input->size);
    if (random_below(random, 2) > 0)
        *at = (char)(*at ^ 1 << random_below(random, 8));
    else
        *at = (char)odd[random_below(random, sizeof odd)];
}

static void cut_out(struct pith_buffer *input, uint64_t *random)
{
    size_t at = random_below(random, input->size);
    size_t n = run_length(input->size - at, random);
    memmove(input->data + at, input->data + at + n, input->size - at - n);
    input->size -= n;
}

/* Puts a run of another seed (or this one) in. */
static void put_in(struct pith_buffer *input, const struct pith_buffer *from,
                   size_t most, uint64_t *random)
{
    if (from->size == 0)
        return;
    size_t start = random_below(random, from->size);
    size_t n = run_length(from->size - start, random);
    if (input->size + n > most || !pith_buffer_reserve(input, n))
        return;
    size_t at = random_below(random, input->size + 1);
    memmove(input->data + at + n, input->data + at, input->size - at);
    memcpy(input->data + at, from->data + start, n);
    input->size += n;
}

void mutate(struct pith_buffer *input, const struct pith_buffer *seeds,
            size_t n, size_t most, uint64_t *random)
{
    const struct pith_buffer *seed = &seeds[random_below(random, n)];
    input->size = 0;
    pith_buffer_append(input, seed->data,
                       seed->size < most ? seed->size : most);
    for (size_t turn = 1 + random_below(random, 8); turn > 0; turn--) {
        size_t way = random_below(random, 4);
        if (way == 0 || input->size == 0)
            put_in(input, &seeds[random_below(random, n)], most, random);
        else if (way == 1)
            cut_out(input, random);
        else
            change_byte(input, random);
    }
}
