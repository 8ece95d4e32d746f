/*
 * store.h - what became of texts of chats, by hash: in memory or in a folder, of
 * a bounded size.  When it is full, what was used longest ago goes.
 */
#ifndef PITH_HTTP_STORE_H
#define PITH_HTTP_STORE_H

#include <pthread.h>

#include "../common.h"

enum { HASH_SIZE = 24, N_SLOTS = 1 << 14 };

struct entry;

struct store {
    pthread_mutex_t lock;
    const char *folder; /* a file for each entry; NULL: in memory */
    struct entry *slots[N_SLOTS]; /* by the hash's first digits */
    struct entry *newest, *oldest;
    size_t bytes, most_bytes, n;
    unsigned long long evicted;
};

/* Opens a store that is {0}, with its lock made: makes the folder where it is
 * not there, and takes over what is in it.  Returns an exit code. */
int http_store_open(struct store *store, const char *folder, size_t most_bytes);
void http_store_close(struct store *store);

/* A copy of the entry, to be released with free(); false: there is none. */
bool http_store_find(struct store *store, const char *hash, struct text *entry);
/* False: it is larger than the store, or cannot be written. */
bool http_store_keep(struct store *store, const char *hash,
                     struct pith_text entry);

#endif
