/*
 * posix.h - whether the system is POSIX, and its headers for files.  Included
 * first, as it asks them for more than C.
 */
#ifndef PITH_BASE_POSIX_H
#define PITH_BASE_POSIX_H

#define _DEFAULT_SOURCE 1    /* madvise, flock */
#define _FILE_OFFSET_BITS 64 /* files over 2 GiB on 32-bit hosts */
#define _POSIX_C_SOURCE 200809L

/* -DPITH_NO_POSIX: as if it were not. */
#if (defined(__unix__) || defined(__APPLE__)) && !defined(PITH_NO_POSIX)
#define HAVE_POSIX 1
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#else
#define HAVE_POSIX 0
#endif

#endif
