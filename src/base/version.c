/*
 * version.c - the version that was built, for those who link it.
 */
#include "pith.h"

int pith_version(void)
{
    return PITH_VERSION_NUMBER;
}
