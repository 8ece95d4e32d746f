/*
 * unused.c - see unused.h.
 */
#include "unused.h"

#include <stdio.h>
#include <string.h>

void pith_unused_count(struct pith_unused *unused, struct pith_text name)
{
    char cut[sizeof unused->members[0].name];
    size_t i = 0;
    snprintf(cut, sizeof cut, "%.*s",
             name.size < sizeof cut ? (int)name.size : (int)sizeof cut,
             name.bytes);
    while (i < unused->n && strcmp(unused->members[i].name, cut) != 0)
        i++;
    if (i == PITH_UNUSED_NAMES) {
        unused->n_more++;
        return;
    }
    if (i == unused->n)
        memcpy(unused->members[unused->n++].name, cut, sizeof cut);
    unused->members[i].n++;
}

bool pith_unused_describe(const struct pith_unused *unused, const char *file,
                          struct pith_error *note)
{
    char list[sizeof note->detail];
    size_t at = 0;
    list[0] = '\0';
    for (size_t i = 0; i < unused->n && at < sizeof list; i++)
        at += (size_t)snprintf(list + at, sizeof list - at, "%s\"%s\" (%zu)",
                               i > 0 ? ", " : "", unused->members[i].name,
                               unused->members[i].n);
    if (unused->n_more > 0 && at < sizeof list)
        snprintf(list + at, sizeof list - at, " and %zu with other names",
                 unused->n_more);
    pith_fail(note, PITH_OK, "%s: members of records that are not used: %s",
              file, list);
    return unused->n > 0;
}
