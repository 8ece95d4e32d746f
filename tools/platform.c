/*
 * platform.c - see platform.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "platform.h"

#include <time.h>

#if TOOL_POSIX || defined(__wasi__)
#include <unistd.h>
#endif
#if TOOL_POSIX
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "signals.h"
#else
#include "pith_files.h"
#endif
#if defined(__APPLE__)
#include <mach-o/dyld.h>
#elif defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#include <windows.h>
#endif

void tool_start(void)
{
#if TOOL_POSIX
    signal(SIGPIPE, SIG_IGN);
    tool_signals_end_program();
#elif defined(_WIN32)
    _setmode(_fileno(stdin), _O_BINARY);
    _setmode(_fileno(stdout), _O_BINARY);
    SetConsoleOutputCP(CP_UTF8);
#endif
}

bool tool_is_terminal(FILE *stream)
{
#if defined(_WIN32)
    return _isatty(_fileno(stream)) != 0;
#elif TOOL_POSIX || defined(__wasi__)
    return isatty(fileno(stream)) != 0;
#else
    (void)stream;
    return false;
#endif
}

bool tool_program_path(char *path, size_t size)
{
#if defined(_WIN32)
    DWORD n = GetModuleFileNameA(NULL, path, (DWORD)size);
    return n > 0 && n < size;
#elif defined(__APPLE__)
    uint32_t most = (uint32_t)size;
    return _NSGetExecutablePath(path, &most) == 0;
#elif TOOL_POSIX
    ssize_t n = readlink("/proc/self/exe", path, size);
    if (n <= 0 || (size_t)n == size)
        return false;
    path[n] = '\0';
    return true;
#else
    (void)path, (void)size;
    return false;
#endif
}

bool tool_name_is_taken(const char *path)
{
#if TOOL_POSIX
    struct stat there;
    return lstat(path, &there) == 0 || (errno != ENOENT && errno != ENOTDIR);
#else
    struct pith_place place;
    return pith_place_find(path, &place, NULL) != PITH_OK ||
           place.kind != PITH_FILE_NONE;
#endif
}

double tool_seconds(void)
{
#if TOOL_POSIX || defined(__wasi__)
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
#else
    return (double)clock() / CLOCKS_PER_SEC;
#endif
}

#if TOOL_POSIX

bool tool_pipe(int ends[2])
{
    return pipe(ends) == 0 && fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 &&
           fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0;
}

#endif
