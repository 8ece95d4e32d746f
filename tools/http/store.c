/*
 * store.c - see store.h.
 *
 * In a folder an entry is the file HASH.json.  Which there are is known from
 * the start, so one server has one folder.
 */
#define _POSIX_C_SOURCE 200809L

#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pith_files.h"

struct entry {
    struct entry *next;           /* of the same slot */
    struct entry *newer, *older;  /* by the last use */
    char hash[HASH_SIZE + 1];
    size_t size;
    char *bytes; /* NULL: in the file */
};

enum { PATH_BYTES = 4096 };

/* Memory of an entry beside its bytes. */
enum { OVERHEAD = sizeof(struct entry) + 64 };

/* --- the index ------------------------------------------------------------------ */

static bool is_hash(const char *text)
{
    return strspn(text, "0123456789abcdef") == HASH_SIZE &&
           text[HASH_SIZE] == '\0';
}

static struct entry **slot_of(struct store *store, const char *hash)
{
    char first[5] = {0};
    memcpy(first, hash, 4);
    return &store->slots[strtoul(first, NULL, 16) % N_SLOTS];
}

static struct entry *look_up(struct store *store, const char *hash)
{
    struct entry *at = *slot_of(store, hash);
    while (at != NULL && strcmp(at->hash, hash) != 0)
        at = at->next;
    return at;
}

static void unlink_use(struct store *store, struct entry *entry)
{
    *(entry->newer != NULL ? &entry->newer->older : &store->newest) =
        entry->older;
    *(entry->older != NULL ? &entry->older->newer : &store->oldest) =
        entry->newer;
}

static void make_newest(struct store *store, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = store->newest;
    *(entry->older != NULL ? &entry->older->newer : &store->oldest) = entry;
    store->newest = entry;
}

static void drop(struct store *store, struct entry *entry)
{
    struct entry **at = slot_of(store, entry->hash);
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    unlink_use(store, entry);
    store->bytes -= entry->size + OVERHEAD;
    store->n--;
    free(entry->bytes);
    free(entry);
}

/* A new entry, the newest; bytes are taken over. */
static bool add(struct store *store, const char *hash, char *bytes, size_t size)
{
    struct entry *made = calloc(1, sizeof *made);
    struct entry **slot = slot_of(store, hash);
    if (made == NULL)
        return false;
    memcpy(made->hash, hash, HASH_SIZE);
    made->bytes = bytes;
    made->size = size;
    made->next = *slot;
    *slot = made;
    make_newest(store, made);
    store->bytes += size + OVERHEAD;
    store->n++;
    return true;
}

/* --- files ------------------------------------------------------------------------ */

static bool path_of(const struct store *store, const char *hash,
                    char path[PATH_BYTES])
{
    int size = snprintf(path, PATH_BYTES, "%s/%s.json", store->folder, hash);
    return size > 0 && size < PATH_BYTES;
}

static bool read_file(const struct store *store, const char *hash, size_t size,
                      char *bytes)
{
    char path[PATH_BYTES];
    FILE *file = path_of(store, hash, path) ? pith_stream_open(path, "rb")
                                            : NULL;
    bool whole = file != NULL && fread(bytes, 1, size, file) == size &&
                 getc(file) == EOF;
    if (file != NULL)
        fclose(file);
    return whole;
}

/* What only cannot be read now may be read later. */
static bool is_gone(const struct store *store, const char *hash)
{
    struct pith_place place;
    char path[PATH_BYTES];
    return store->folder != NULL && path_of(store, hash, path) &&
           pith_place_find(path, &place, NULL) == PITH_OK &&
           place.kind == PITH_FILE_NONE;
}

static bool write_file(const struct store *store, const char *hash,
                       struct pith_text entry)
{
    struct pith_writer writer;
    char path[PATH_BYTES];
    if (!path_of(store, hash, path) ||
        pith_writer_open(&writer, path, NULL) != PITH_OK)
        return false;
    if (fwrite(entry.bytes, 1, entry.size, writer.stream) == entry.size)
        return pith_writer_commit(&writer, NULL) == PITH_OK;
    pith_writer_abort(&writer);
    return false;
}

static void remove_file(const struct store *store, const char *hash)
{
    char path[PATH_BYTES];
    if (path_of(store, hash, path))
        unlink(path);
}

static void evict(struct store *store)
{
    while (store->bytes > store->most_bytes) {
        if (store->folder != NULL)
            remove_file(store, store->oldest->hash);
        drop(store, store->oldest);
        store->evicted++;
    }
}

/* --- opening ------------------------------------------------------------------------ */

struct found {
    char hash[HASH_SIZE + 1];
    size_t size;
    struct timespec changed;
};

static int by_age(const void *a, const void *b)
{
    const struct timespec *x = &((const struct found *)a)->changed;
    const struct timespec *y = &((const struct found *)b)->changed;
    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

/* Whether a file of the folder is an entry. */
static bool describe(const struct store *store, const char *name,
                     struct found *found)
{
    char path[PATH_BYTES];
    struct stat is;
    if (strlen(name) != HASH_SIZE + 5 || strcmp(name + HASH_SIZE, ".json") != 0)
        return false;
    memcpy(found->hash, name, HASH_SIZE);
    found->hash[HASH_SIZE] = '\0';
    if (!is_hash(found->hash) || !path_of(store, found->hash, path) ||
        lstat(path, &is) != 0 || !S_ISREG(is.st_mode) || is.st_size < 0)
        return false;
    found->size = (size_t)is.st_size;
    found->changed = is.st_mtim;
    return true;
}

/* What a server that was killed has left of an entry. */
static void remove_leftover(const struct store *store, const char *name)
{
    char path[PATH_BYTES];
    int size = snprintf(path, sizeof path, "%s/%s", store->folder, name);
    if (strspn(name, "0123456789abcdef") == HASH_SIZE &&
        strncmp(name + HASH_SIZE, ".json.", 6) == 0 && size > 0 &&
        size < PATH_BYTES)
        pith_writer_remove_leftover(path);
}

/* The entries of the folder, of which errno says whether they are all; NULL
 * without memory. */
static struct found *list_folder(const struct store *store, DIR *folder,
                                 size_t *n)
{
    size_t capacity = 64;
    struct found *all = malloc(capacity * sizeof *all);
    *n = 0;
    for (struct dirent *at;
         all != NULL && (errno = 0, at = readdir(folder)) != NULL;) {
        if (*n == capacity) {
            struct found *grown = realloc(all, (capacity *= 2) * sizeof *all);
            if (grown == NULL)
                free(all);
            all = grown;
        }
        remove_leftover(store, at->d_name);
        if (all != NULL)
            *n += describe(store, at->d_name, &all[*n]);
    }
    return all;
}

static int take_over(struct store *store)
{
    size_t n;
    DIR *folder = opendir(store->folder);
    if (folder == NULL)
        return tool_fail("--store %s: %s", store->folder, strerror(errno));
    struct found *all = list_folder(store, folder, &n);
    int why = errno;
    closedir(folder);
    if (all == NULL)
        return tool_no_memory();
    if (why != 0) {
        free(all);
        return tool_fail("--store %s: %s", store->folder, strerror(why));
    }
    qsort(all, n, sizeof *all, by_age);
    bool fits = true;
    for (size_t i = 0; fits && i < n; i++) {
        fits = add(store, all[i].hash, NULL, all[i].size);
        evict(store);
    }
    free(all);
    return fits ? TOOL_OK : tool_no_memory();
}

int http_store_open(struct store *store, const char *folder, size_t most_bytes)
{
    store->folder = folder;
    store->most_bytes = most_bytes;
    if (folder == NULL)
        return TOOL_OK;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return tool_fail("--store %s: cannot make the folder: %s", folder,
                         strerror(errno));
    if (access(folder, W_OK) != 0)
        return tool_fail("--store %s: %s", folder, strerror(errno));
    return take_over(store);
}

void http_store_close(struct store *store)
{
    while (store->oldest != NULL)
        drop(store, store->oldest);
}

/* --- use ---------------------------------------------------------------------------- */

/* A copy of the entry's bytes; NULL when they cannot be had. */
static char *copy(const struct store *store, const struct entry *entry)
{
    char *bytes = malloc(entry->size + 1);
    if (bytes == NULL)
        return NULL;
    bytes[entry->size] = '\0';
    if (entry->bytes != NULL) {
        memcpy(bytes, entry->bytes, entry->size);
    } else if (!read_file(store, entry->hash, entry->size, bytes)) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

bool http_store_find(struct store *store, const char *hash, struct text *entry)
{
    if (!is_hash(hash))
        return false;
    pthread_mutex_lock(&store->lock);
    struct entry *found = look_up(store, hash);
    *entry = (struct text){0};
    if (found != NULL) {
        *entry = (struct text){copy(store, found), found->size};
        unlink_use(store, found);
        make_newest(store, found);
        if (entry->bytes == NULL && is_gone(store, hash))
            drop(store, found);
    }
    pthread_mutex_unlock(&store->lock);
    return entry->bytes != NULL;
}

static bool keep(struct store *store, const char *hash, struct pith_text entry)
{
    char *bytes = NULL;
    struct entry *old = look_up(store, hash);
    if (entry.size > store->most_bytes ||
        store->most_bytes - entry.size < OVERHEAD)
        return false;
    if (store->folder != NULL) {
        if (!write_file(store, hash, entry))
            return false;
    } else {
        bytes = malloc(entry.size + 1);
        if (bytes == NULL)
            return false;
        memcpy(bytes, entry.bytes, entry.size);
    }
    if (old != NULL)
        drop(store, old);
    if (!add(store, hash, bytes, entry.size)) {
        free(bytes);
        return false;
    }
    evict(store);
    return true;
}

bool http_store_keep(struct store *store, const char *hash,
                     struct pith_text entry)
{
    pthread_mutex_lock(&store->lock);
    bool kept = is_hash(hash) && keep(store, hash, entry);
    pthread_mutex_unlock(&store->lock);
    return kept;
}
