/*
 * unfinished.c - the temporary files of open writers, for signal handlers.
 *
 * A handler may run at any time and in any thread.  So it takes a name out of
 * the list before it uses it, in one atomic exchange; a writer that finds its
 * name taken leaves the memory alone.
 */
#include "posix.h"

#include "pith_files.h"
#include "temporary.h"

#ifndef __STDC_NO_ATOMICS__

#include <stdatomic.h>

enum { MAX_NAMES = 32 };

static _Atomic(char *) names[MAX_NAMES];

/* remove() is not among the functions that handlers may call. */
static void remove_file(const char *name)
{
#if HAVE_POSIX
    unlink(name);
#else
    remove(name);
#endif
}

int pith_unfinished_note(char *name)
{
    for (int i = 0; i < MAX_NAMES; i++) {
        char *none = NULL;
        if (atomic_compare_exchange_strong(&names[i], &none, name))
            return i;
    }
    return -1;
}

bool pith_unfinished_forget(int number, char *name)
{
    return number < 0 ||
           atomic_compare_exchange_strong(&names[number], &name, NULL);
}

void pith_writer_remove_all(void)
{
    for (int i = 0; i < MAX_NAMES; i++) {
        char *name = atomic_exchange(&names[i], NULL);
        if (name != NULL)
            remove_file(name);
    }
}

#else

int pith_unfinished_note(char *name)
{
    (void)name;
    return -1;
}

bool pith_unfinished_forget(int number, char *name)
{
    (void)number, (void)name;
    return true;
}

void pith_writer_remove_all(void)
{
}

#endif
