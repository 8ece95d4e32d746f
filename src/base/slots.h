/*
 * slots.h - a folder of small files in a fixed number of slots, so that it
 * cannot grow.  A key has a few slots that its file may be in.
 *
 * Several processes may use a folder at once, and any of them may be killed:
 * a file appears complete or not at all.
 */
#ifndef PITH_BASE_SLOTS_H
#define PITH_BASE_SLOTS_H

#include "error.h"

enum {
    PITH_SLOT_SETS = 1024, /* by the first bits of a key */
    PITH_SLOT_WAYS = 4     /* slots of a key */
};

struct pith_slots {
    char *folder;
    char *path; /* of the slot that is worked on */
};

/* Makes the folder where there is none.  Errors: IO (no folder, or one in
 * which other users may write); UNSUPPORTED without POSIX; MEMORY. */
enum pith_status pith_slots_open(struct pith_slots *slots, const char *folder,
                                 struct pith_error *error);
void pith_slots_close(struct pith_slots *slots);

/* What is in a slot. */
enum pith_slot {
    PITH_SLOT_EMPTY,
    PITH_SLOT_READ,    /* its bytes were read */
    PITH_SLOT_STRANGE, /* no file of this folder: too large, a link, a pipe,
                          unreadable */
    PITH_SLOT_TAKEN    /* by a folder, which cannot be replaced */
};

/* Reads the file in slot `way` of a key.
 *   bytes  room for *n; *n becomes its size
 *   used   seconds since 1970 when it was used last; 0 but with READ */
enum pith_slot pith_slots_read(struct pith_slots *slots,
                               const uint8_t key[32], unsigned way,
                               uint8_t *bytes, size_t *n, int64_t *used);

/* It has been of use now. */
void pith_slots_touch(struct pith_slots *slots, const uint8_t key[32],
                      unsigned way);

/* Replaces what is in the slot.  It need not survive a crash of the system:
 * nothing waits for the disk.  Errors: IO, MEMORY. */
enum pith_status pith_slots_write(struct pith_slots *slots,
                                  const uint8_t key[32], unsigned way,
                                  const uint8_t *bytes, size_t n,
                                  struct pith_error *error);

#endif
