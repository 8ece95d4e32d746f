/*
 * loss_files.h - losses of texts in the files of a folder, for the next
 * process (docs/CACHE.md).
 *
 * What a loss depends on besides its text is in the key: see loss_key.c.
 */
#ifndef PITH_MODEL_LOSS_FILES_H
#define PITH_MODEL_LOSS_FILES_H

#include "../base/slots.h"
#include "session.h"

/* Tokens of the longest text that is kept: more than a window of 4,096. */
enum { PITH_LOSS_FILE_TOKENS = 8192 };

/* Offsets in a file; numbers are little-endian. */
enum {
    PITH_LOSS_FILE_MAGIC = 0,
    PITH_LOSS_FILE_N = 8,     /* u32: tokens */
    PITH_LOSS_FILE_KEY = 12,
    PITH_LOSS_FILE_LOSSES = 44, /* f32 each, then a CRC-32 of all before it */
    PITH_LOSS_FILE_SIZE = PITH_LOSS_FILE_LOSSES + 4 * PITH_LOSS_FILE_TOKENS + 4
};

struct pith_loss_files {
    struct pith_slots slots;
    uint8_t *bytes; /* (PITH_LOSS_FILE_SIZE) of the file that is worked on */
    const void *precision; /* that the fingerprint is of; compared only */
    uint8_t fingerprint[32];
    size_t n_found, n_missed, n_kept, n_bad, n_failed;
    struct pith_error why; /* of the latest failure */
};

/* A text, and what is asked after its tokens. */
struct pith_loss_text {
    const int32_t *ids, *targets; /* (n) as of pith_session_forward */
    size_t n;
};

/* Fills losses (n), if they are kept.  The session's cache is used up. */
bool pith_loss_files_find(struct pith_loss_files *files,
                          struct pith_session *session,
                          const struct pith_precision *precision,
                          const struct pith_loss_text *text, float *losses);

/* Keeps losses; where that fails, files->why says why. */
void pith_loss_files_keep(struct pith_loss_files *files,
                          struct pith_session *session,
                          const struct pith_precision *precision,
                          const struct pith_loss_text *text,
                          const float *losses);

/* Errors: those of pith_slots_open. */
enum pith_status pith_loss_files_open(struct pith_loss_files **files,
                                      const char *folder,
                                      struct pith_error *error);
/* Takes NULL. */
void pith_loss_files_free(struct pith_loss_files *files);

/* loss_key.c: what losses depend on but the text.  The session's cache is
 * used up. */
enum pith_status pith_loss_fingerprint(struct pith_session *session,
                                       const struct pith_precision *precision,
                                       uint8_t fingerprint[32],
                                       struct pith_error *error);
void pith_loss_key(const uint8_t fingerprint[32],
                   const struct pith_loss_text *text, uint8_t key[32]);

#endif
