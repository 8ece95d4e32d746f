/*
 * unused.h - members of records that are not used, by name.
 */
#ifndef PITH_ALIGN_UNUSED_H
#define PITH_ALIGN_UNUSED_H

#include "../base/error.h"

enum { PITH_UNUSED_NAMES = 16 };

/* {0} has counted none. */
struct pith_unused {
    struct {
        char name[64]; /* cut where it is longer */
        size_t n;
    } members[PITH_UNUSED_NAMES];
    size_t n;      /* different names */
    size_t n_more; /* members, once there were too many names */
};

void pith_unused_count(struct pith_unused *unused, struct pith_text name);

/* "FILE: not used: "category" (3), "id" (2)"; false when there was nothing to
 * say. */
bool pith_unused_describe(const struct pith_unused *unused, const char *file,
                          struct pith_error *note);

#endif
