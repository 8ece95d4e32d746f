/*
 * names.h - keeping byte strings, and finding which index a name has.
 */
#ifndef PITH_CONVERT_NAMES_H
#define PITH_CONVERT_NAMES_H

#include "../base/error.h"

/* Copies of byte strings that are released together; {0} holds none. */
struct pith_texts {
    struct pith_text_block *blocks;
};

/* The copy; NULL when memory ran out. */
char *pith_texts_keep(struct pith_texts *texts, struct pith_text text);
void pith_texts_free(struct pith_texts *texts);

/* A hash table with open addressing.  Names are borrowed, never removed.
 * {0} is an empty table. */
struct pith_name_slot {
    struct pith_text name; /* bytes NULL: free */
    size_t index;
};

struct pith_names {
    struct pith_name_slot *slots; /* capacity, a power of two */
    size_t n, capacity;
};

/* Adds a name that may not be NULL; a name that is there keeps its first
 * index. */
enum pith_status pith_names_add(struct pith_names *names,
                                struct pith_text name, size_t index,
                                struct pith_error *error);

/* True, with *index set, when the name is there. */
bool pith_names_find(const struct pith_names *names, struct pith_text name,
                     size_t *index);

void pith_names_free(struct pith_names *names);

#endif
