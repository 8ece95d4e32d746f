/*
 * align.h - what the commands of `pith align` share.
 */
#ifndef PITH_TOOLS_ALIGN_H
#define PITH_TOOLS_ALIGN_H

#include "common.h"
#include "pith_align.h"

/* Prints the first few complaints about records, each on a line. */
struct complaints {
    size_t n;
};

void align_complain(void *complaints, const char *detail);
void align_complain_end(const struct complaints *complaints);
void align_note(void *unused, const char *text);

/* The other processes of an MPI run; a group of one without MPI. */
struct align_group {
    struct pith_align_group group;
    bool is_open;
};

/* Called before anything is printed; the files' names are those of rank 0. */
int align_group_open(struct align_group *group);
/* A code that is not TOOL_OK ends all processes of the group, as they would
 * wait for this one. */
int align_group_close(struct align_group *group, int code);

#endif
