/*
 * place.c - see place.h and pith_files.h.
 */
#include "posix.h"

#include "place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static bool is_separator(char c)
{
#if defined(_WIN32)
    return c == '/' || c == '\\' || c == ':';
#else
    return c == '/';
#endif
}

/* dir/ of the n bytes dir/name, with the slash; 0: the name is in the working
 * folder. */
static size_t folder_part(const char *path, size_t n)
{
    while (n > 0 && !is_separator(path[n - 1]))
        n--;
    return n;
}

static size_t folder_length(const char *path)
{
    return folder_part(path, strlen(path));
}

struct pith_text pith_path_name(const char *path)
{
    size_t end = strlen(path);
    while (end > 0 && is_separator(path[end - 1]))
        end--;
    size_t start = folder_part(path, end);
    return (struct pith_text){path + start, end - start};
}

/* folder (n bytes) with name after it. */
static char *join(const char *folder, size_t n, const char *name)
{
    size_t n_name = strlen(name);
    char *path = n_name < SIZE_MAX - 1 - n ? pith_array(n + n_name + 1, 1)
                                           : NULL;
    if (path == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    memcpy(path, folder, n);
    memcpy(path + n, name, n_name + 1);
    return path;
}

static enum pith_status cannot_follow(const char *path,
                                      struct pith_error *error)
{
    return pith_fail(error, errno == ENOMEM ? PITH_ERR_MEMORY : PITH_ERR_IO,
                     "%s: cannot follow the link: %s", path, strerror(errno));
}

#if HAVE_POSIX

static bool is_absent(void)
{
    return errno == ENOENT || errno == ENOTDIR;
}

bool pith_path_exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 || !is_absent();
}

int pith_path_descriptor(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    static const char *const streams[] = {"/dev/stdin", "/dev/stdout",
                                          "/dev/stderr"};
    for (int i = 0; i < 3; i++)
        if (strcmp(path, streams[i]) == 0)
            return i;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        size_t n = strlen(folders[i]);
        if (strncmp(path, folders[i], n) != 0)
            continue;
        const char *digits = path + n;
        size_t n_digits = strspn(digits, "0123456789");
        if (n_digits > 0 && n_digits < 7 && digits[n_digits] == '\0')
            return atoi(digits);
    }
    return -1;
}

/* Where the link leads from the folder that it is in; NULL: it is none. */
static char *read_link(const char *path)
{
    char target[4096];
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n < 0)
        return NULL;
    target[n] = '\0';
    return join(path, target[0] == '/' ? 0 : folder_length(path), target);
}

char *pith_path_follow(const char *path)
{
    enum { MAX_LINKS = 40 };
    char *at = join("", 0, path);
    for (int i = 0; at != NULL && pith_path_descriptor(at) < 0; i++) {
        errno = 0;
        char *next = read_link(at);
        if (next == NULL && errno != ENOMEM)
            break;
        pith_free(at);
        at = next;
        if (i == MAX_LINKS) {
            pith_free(at);
            errno = ELOOP;
            return NULL;
        }
    }
    return at;
}

static enum pith_status cannot_examine(const char *path,
                                       struct pith_error *error)
{
    return pith_fail(error, PITH_ERR_IO, "%s: cannot be examined: %s",
                     path[0] != '\0' ? path : ".", strerror(errno));
}

static void describe(const struct stat *about, struct pith_place *place)
{
    mode_t mode = about->st_mode;
    *place = (struct pith_place){
        .kind = S_ISREG(mode)    ? PITH_FILE_REGULAR
                : S_ISDIR(mode)  ? PITH_FILE_FOLDER
                : S_ISFIFO(mode) ? PITH_FILE_PIPE
                                 : PITH_FILE_OTHER,
        .device = (uint64_t)about->st_dev,
        .number = (uint64_t)about->st_ino};
}

/* Of a name that nothing has: its folder.  In a folder that is not there
 * either no two names are the same: writing will fail. */
static enum pith_status find_folder(const char *path, struct pith_place *place,
                                    struct pith_error *error)
{
    struct stat about;
    enum pith_status status = PITH_OK;
    char *real = pith_path_follow(path);
    if (real == NULL)
        return cannot_follow(path, error);
    size_t n = folder_length(real), n_name = strlen(real + n);
    if (n_name > 0 && n_name < sizeof place->name) {
        memcpy(place->name, real + n, n_name + 1);
        real[n] = '\0';
        if (stat(n > 0 ? real : ".", &about) == 0) {
            place->device = (uint64_t)about.st_dev;
            place->number = (uint64_t)about.st_ino;
        } else if (is_absent()) {
            place->name[0] = '\0';
        } else {
            status = cannot_examine(real, error);
        }
    }
    pith_free(real);
    return status;
}

enum pith_status pith_place_find(const char *path, struct pith_place *place,
                                 struct pith_error *error)
{
    struct stat about;
    int descriptor = pith_path_descriptor(path);
    *place = (struct pith_place){.kind = PITH_FILE_NONE};
    if ((descriptor >= 0 ? fstat(descriptor, &about)
                         : stat(path, &about)) == 0)
        describe(&about, place);
    else if (is_absent())
        return find_folder(path, place, error);
    else
        return cannot_examine(path, error);
    return PITH_OK;
}

void pith_place_of_stream(FILE *stream, struct pith_place *place)
{
    struct stat about;
    *place = (struct pith_place){.kind = PITH_FILE_NONE};
    if (fstat(fileno(stream), &about) == 0)
        describe(&about, place);
}

#else

bool pith_path_exists(const char *path)
{
    FILE *stream = fopen(path, "rb");
    if (stream == NULL)
        return false;
    fclose(stream);
    return true;
}

int pith_path_descriptor(const char *path)
{
    (void)path;
    return -1;
}

char *pith_path_follow(const char *path)
{
    return join("", 0, path);
}

/* Without device and number, the name itself: its end, where it is long. */
enum pith_status pith_place_find(const char *path, struct pith_place *place,
                                 struct pith_error *error)
{
    size_t n = strlen(path), limit = sizeof place->name - 1;
    (void)error;
    *place = (struct pith_place){
        .kind = pith_path_exists(path) ? PITH_FILE_REGULAR : PITH_FILE_NONE};
    strcpy(place->name, n > limit ? path + (n - limit) : path);
    return PITH_OK;
}

void pith_place_of_stream(FILE *stream, struct pith_place *place)
{
    (void)stream;
    *place = (struct pith_place){.kind = PITH_FILE_OTHER};
}

#endif

/* A name that nothing has and that no file can get is like no other. */
bool pith_place_is_same(const struct pith_place *a, const struct pith_place *b)
{
    if (a->kind == PITH_FILE_OTHER || a->kind != b->kind ||
        (a->kind == PITH_FILE_NONE && a->name[0] == '\0'))
        return false;
    return a->device == b->device && a->number == b->number &&
           strcmp(a->name, b->name) == 0;
}

enum pith_status pith_place_of_folder(const char *path,
                                      struct pith_place *place,
                                      struct pith_error *error)
{
    char *folder = pith_path_follow(path);
    if (folder == NULL)
        return cannot_follow(path, error);
    folder[folder_length(folder)] = '\0';
    enum pith_status status =
        pith_place_find(folder[0] != '\0' ? folder : ".", place, error);
    pith_free(folder);
    return status;
}

enum pith_status pith_place_check(const char *output, const char *other,
                                  struct pith_error *error)
{
    struct pith_place places[2];
    if (output == NULL || other == NULL)
        return PITH_OK;
    PITH_TRY(pith_place_find(output, &places[0], error));
    PITH_TRY(pith_place_find(other, &places[1], error));
    if (!pith_place_is_same(&places[0], &places[1]))
        return PITH_OK;
    return pith_fail(error, PITH_ERR_ARGUMENT,
                     "%s: is the same file as %s, which it would replace; "
                     "give it another name", output, other);
}
