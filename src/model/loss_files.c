/*
 * loss_files.c - see loss_files.h.
 */
#include "loss_files.h"

#include <math.h>
#include <string.h>

#include "../base/crc32.h"
#include "../base/memory.h"
#include "../base/store.h"
#include "state.h"

static const char magic[8] = {'p', 'i', 't', 'h', 'L', 'O', 'S', '1'};

/* Losses are sums of finite numbers: no model gives others (a rounded
 * logarithm of 1 may be just below 0), so an entry that has them is bad. */
static bool is_loss(float loss)
{
    return loss > -1 && loss < 1e6F;
}

/* --- one file ------------------------------------------------------------- */

/* Its size. */
static size_t encode(uint8_t *bytes, const uint8_t key[32],
                     const struct pith_loss_text *text, const float *losses)
{
    size_t end = PITH_LOSS_FILE_LOSSES + 4 * text->n;
    memcpy(bytes + PITH_LOSS_FILE_MAGIC, magic, sizeof magic);
    pith_store_u32(bytes + PITH_LOSS_FILE_N, (uint32_t)text->n);
    memcpy(bytes + PITH_LOSS_FILE_KEY, key, 32);
    for (size_t i = 0; i < text->n; i++)
        pith_store_f32(bytes + PITH_LOSS_FILE_LOSSES + 4 * i,
                       text->targets[i] == PITH_NO_TARGET ? 0 : losses[i]);
    pith_store_u32(bytes + end, pith_crc32(0, bytes, end));
    return end + 4;
}

/* Whether it is a whole file of ours. */
static bool is_whole(const uint8_t *bytes, size_t size)
{
    if (size < PITH_LOSS_FILE_LOSSES + 4 ||
        memcmp(bytes + PITH_LOSS_FILE_MAGIC, magic, sizeof magic) != 0)
        return false;
    size_t end = size - 4, n = (end - PITH_LOSS_FILE_LOSSES) / 4;
    bool is = n * 4 == end - PITH_LOSS_FILE_LOSSES &&
              pith_load_u32(bytes + PITH_LOSS_FILE_N) == n &&
              pith_load_u32(bytes + end) == pith_crc32(0, bytes, end);
    for (size_t i = 0; i < n && is; i++)
        is = is_loss(pith_load_f32(bytes + PITH_LOSS_FILE_LOSSES + 4 * i));
    return is;
}

static bool is_of(const uint8_t *bytes, const uint8_t key[32])
{
    return memcmp(bytes + PITH_LOSS_FILE_KEY, key, 32) == 0;
}

static void decode(const uint8_t *bytes, const struct pith_loss_text *text,
                   float *losses)
{
    for (size_t i = 0; i < text->n; i++)
        losses[i] = text->targets[i] == PITH_NO_TARGET
                        ? NAN
                        : pith_load_f32(bytes + PITH_LOSS_FILE_LOSSES + 4 * i);
}

/* --- the folder ----------------------------------------------------------- */

/* What a way of a key's set holds, for this key. */
enum way { WAY_FREE, WAY_BAD, WAY_ITS_OWN, WAY_ANOTHERS, WAY_TAKEN };

static enum way look(struct pith_loss_files *files, const uint8_t key[32],
                     unsigned way, int64_t *used)
{
    size_t n = PITH_LOSS_FILE_SIZE;
    switch (pith_slots_read(&files->slots, key, way, files->bytes, &n, used)) {
    case PITH_SLOT_EMPTY: return WAY_FREE;
    case PITH_SLOT_TAKEN: return WAY_TAKEN;
    case PITH_SLOT_STRANGE: return WAY_BAD;
    case PITH_SLOT_READ: break;
    }
    return !is_whole(files->bytes, n)      ? WAY_BAD
           : is_of(files->bytes, key) ? WAY_ITS_OWN
                                           : WAY_ANOTHERS;
}

/* The way to write to: what is free or bad, else what was used longest ago.
 * False: the text has its file, or no slot can be written. */
static bool choose_way(struct pith_loss_files *files, const uint8_t key[32],
                       unsigned *chosen)
{
    bool any = false, room = false;
    int64_t oldest = 0, used;
    for (unsigned i = 0; i < PITH_SLOT_WAYS; i++) {
        /* Of those used in one second, not always the first one goes. */
        unsigned way = (key[2] + i) % PITH_SLOT_WAYS;
        enum way is = look(files, key, way, &used);
        if (is == WAY_ITS_OWN)
            return false;
        bool free = is == WAY_FREE || is == WAY_BAD;
        if (is == WAY_TAKEN || room || (any && !free && used >= oldest))
            continue;
        room = free;
        any = true;
        oldest = used;
        *chosen = way;
    }
    return any;
}

/* False where the fingerprint fails, or the text is too long. */
static bool find_key(struct pith_loss_files *files,
                     struct pith_session *session,
                     const struct pith_precision *precision,
                     const struct pith_loss_text *text, uint8_t key[32])
{
    if (text->n > PITH_LOSS_FILE_TOKENS)
        return false;
    if (files->precision != precision &&
        pith_loss_fingerprint(session, precision, files->fingerprint,
                              &files->why) != PITH_OK) {
        files->precision = NULL;
        files->n_failed++;
        return false;
    }
    files->precision = precision;
    pith_loss_key(files->fingerprint, text, key);
    return true;
}

bool pith_loss_files_find(struct pith_loss_files *files,
                          struct pith_session *session,
                          const struct pith_precision *precision,
                          const struct pith_loss_text *text, float *losses)
{
    uint8_t key[32];
    int64_t used;
    if (!find_key(files, session, precision, text, key))
        return false;
    for (unsigned way = 0; way < PITH_SLOT_WAYS; way++) {
        enum way is = look(files, key, way, &used);
        files->n_bad += is == WAY_BAD;
        if (is != WAY_ITS_OWN ||
            pith_load_u32(files->bytes + PITH_LOSS_FILE_N) != text->n)
            continue;
        decode(files->bytes, text, losses);
        pith_slots_touch(&files->slots, key, way);
        files->n_found++;
        return true;
    }
    files->n_missed++;
    return false;
}

void pith_loss_files_keep(struct pith_loss_files *files,
                          struct pith_session *session,
                          const struct pith_precision *precision,
                          const struct pith_loss_text *text,
                          const float *losses)
{
    uint8_t key[32];
    unsigned way = 0;
    for (size_t i = 0; i < text->n; i++)
        if (text->targets[i] != PITH_NO_TARGET && !is_loss(losses[i]))
            return;
    if (!find_key(files, session, precision, text, key) ||
        !choose_way(files, key, &way))
        return;
    size_t size = encode(files->bytes, key, text, losses);
    bool kept = pith_slots_write(&files->slots, key, way, files->bytes, size,
                                 &files->why) == PITH_OK;
    files->n_kept += kept;
    files->n_failed += !kept;
}

enum pith_status pith_loss_files_open(struct pith_loss_files **files,
                                      const char *folder,
                                      struct pith_error *error)
{
    struct pith_loss_files *made = pith_array_zero(1, sizeof *made);
    *files = NULL;
    if (made == NULL)
        return pith_no_memory(error, 1, sizeof *made);
    made->bytes = pith_array(PITH_LOSS_FILE_SIZE, 1);
    enum pith_status status =
        made->bytes != NULL ? pith_slots_open(&made->slots, folder, error)
                            : pith_no_memory(error, PITH_LOSS_FILE_SIZE, 1);
    if (status == PITH_OK)
        *files = made;
    else
        pith_loss_files_free(made);
    return status;
}

void pith_loss_files_free(struct pith_loss_files *files)
{
    if (files == NULL)
        return;
    pith_slots_close(&files->slots);
    pith_free(files->bytes);
    pith_free(files);
}
