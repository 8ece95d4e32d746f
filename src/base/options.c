/*
 * options.c - see options.h.
 */
#include "options.h"

#include <string.h>

enum pith_status pith_options_copy(void *ours, size_t size, const void *given,
                                   struct pith_error *error)
{
    const unsigned char *bytes = given;
    size_t theirs;

    if (given == NULL)
        return PITH_OK;
    memcpy(&theirs, given, sizeof theirs);
    if (theirs < sizeof theirs || theirs > 1 << 16)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "options: sizeof_options is %zu; set it to the "
                         "struct's size, here %zu", theirs, size);
    for (size_t i = size; i < theirs; i++)
        if (bytes[i] != 0)
            return pith_fail(error, PITH_ERR_UNSUPPORTED,
                             "options: byte %zu is set, this library knows "
                             "%zu; it is older than the header in use", i,
                             size);
    memcpy(ours, given, theirs < size ? theirs : size);
    memcpy(ours, &size, sizeof size);
    return PITH_OK;
}

void pith_struct_give(void *theirs, size_t their_size, const void *ours,
                      size_t size)
{
    size_t common = their_size < size ? their_size : size;
    memcpy(theirs, ours, common);
    memset((char *)theirs + common, 0, their_size - common);
}
