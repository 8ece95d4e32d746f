/*
 * names.c - see names.h.
 */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"

enum { BLOCK_BYTES = 1 << 16 };

struct pith_text_block {
    struct pith_text_block *next;
    size_t used, size;
    char bytes[];
};

char *pith_texts_keep(struct pith_texts *texts, struct pith_text text)
{
    struct pith_text_block *block = texts->blocks;
    if (block == NULL || block->size - block->used < text.size) {
        size_t size = text.size > BLOCK_BYTES ? text.size : BLOCK_BYTES;
        block = pith_array(sizeof *block + size, 1);
        if (block == NULL)
            return NULL;
        *block = (struct pith_text_block){texts->blocks, 0, size};
        texts->blocks = block;
    }
    char *copy = block->bytes + block->used;
    if (text.size > 0)
        memcpy(copy, text.bytes, text.size);
    block->used += text.size;
    return copy;
}

void pith_texts_free(struct pith_texts *texts)
{
    while (texts->blocks != NULL) {
        struct pith_text_block *next = texts->blocks->next;
        pith_free(texts->blocks);
        texts->blocks = next;
    }
}

/* FNV-1a, 64 bits. */
static uint64_t hash(struct pith_text name)
{
    uint64_t h = 0xCBF29CE484222325u;
    for (size_t i = 0; i < name.size; i++)
        h = (h ^ (unsigned char)name.bytes[i]) * 0x100000001B3u;
    return h ^ h >> 29;
}

/* The slot of the name, or the free one where it would go. */
static struct pith_name_slot *slot_of(const struct pith_names *names,
                                      struct pith_text name)
{
    size_t at = (size_t)hash(name) & (names->capacity - 1);
    for (;;) {
        struct pith_name_slot *slot = &names->slots[at];
        if (slot->name.bytes == NULL ||
            (slot->name.size == name.size &&
             memcmp(slot->name.bytes, name.bytes, name.size) == 0))
            return slot;
        at = (at + 1) & (names->capacity - 1);
    }
}

static enum pith_status grow(struct pith_names *names,
                             struct pith_error *error)
{
    size_t capacity = names->capacity > 0 ? names->capacity * 2 : 64;
    struct pith_names larger = {
        pith_array_zero(capacity, sizeof *larger.slots), names->n, capacity};
    if (larger.slots == NULL)
        return pith_no_memory(error, capacity, sizeof *larger.slots);
    for (size_t i = 0; i < names->capacity; i++)
        if (names->slots[i].name.bytes != NULL)
            *slot_of(&larger, names->slots[i].name) = names->slots[i];
    pith_free(names->slots);
    *names = larger;
    return PITH_OK;
}

enum pith_status pith_names_add(struct pith_names *names,
                                struct pith_text name, size_t index,
                                struct pith_error *error)
{
    /* At most half full, so that runs of taken slots stay short. */
    if (names->n >= names->capacity / 2)
        PITH_TRY(grow(names, error));
    struct pith_name_slot *slot = slot_of(names, name);
    if (slot->name.bytes == NULL) {
        *slot = (struct pith_name_slot){name, index};
        names->n++;
    }
    return PITH_OK;
}

bool pith_names_find(const struct pith_names *names, struct pith_text name,
                     size_t *index)
{
    if (names->n == 0 || name.bytes == NULL)
        return false;
    const struct pith_name_slot *slot = slot_of(names, name);
    if (slot->name.bytes == NULL)
        return false;
    *index = slot->index;
    return true;
}

void pith_names_free(struct pith_names *names)
{
    pith_free(names->slots);
    *names = (struct pith_names){0};
}
