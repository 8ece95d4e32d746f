/*
 * folder.c - see file.h: what is a folder, without POSIX.  Windows and WASI
 * have stat() all the same.
 */
#include "posix.h"

#if !HAVE_POSIX && !defined(PITH_CORE)

#include "file.h"

#if defined(_WIN32) || defined(__wasi__) || defined(__unix__)

#include <sys/stat.h>

bool pith_path_is_directory(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

#else

bool pith_path_is_directory(const char *path)
{
    (void)path;
    return false;
}

#endif
#endif
