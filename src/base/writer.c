/*
 * writer.c - files that appear complete or not at all; see pith_files.h.
 */
#include "posix.h"

#include "writer.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "place.h"
#include "temporary.h"

static enum pith_status cannot(struct pith_error *error, const char *what,
                               const char *path)
{
    return pith_fail(error, errno == ENOMEM ? PITH_ERR_MEMORY : PITH_ERR_IO,
                     "%s: cannot %s: %s", path, what, strerror(errno));
}

static void forget_temporary(struct pith_writer *writer)
{
    if (writer->temporary != NULL &&
        pith_unfinished_forget(writer->number, writer->temporary))
        pith_free(writer->temporary);
    writer->temporary = NULL;
}

#if HAVE_POSIX

/* The owner, where the system lets us, and the permissions of the file that
 * is replaced.  Where its group cannot be had, the members of another one get
 * what everybody had. */
static int copy_permissions(int file, const struct stat *old)
{
    mode_t mode = old->st_mode & 0777;
    if (fchown(file, old->st_uid, old->st_gid) != 0 &&
        fchown(file, (uid_t)-1, old->st_gid) != 0)
        mode = (mode & 0707) | (mode & 07) << 3;
    /* Some file systems have no permissions. */
    return fchmod(file, mode) == 0 || errno == EPERM || errno == ENOSYS ||
                   errno == EOPNOTSUPP
               ? 0 : -1;
}

/* old: the file that is to be replaced, NULL when there is none. */
static int open_temporary(struct pith_writer *writer, const struct stat *old)
{
    int file = pith_temporary_create(writer->place, old != NULL ? 0600 : 0666,
                                     &writer->temporary, &writer->number);
    if (file >= 0 && old != NULL && copy_permissions(file, old) != 0) {
        int why = errno;
        close(file);
        errno = why;
        return -1;
    }
    return file;
}

/* A descriptor for the bytes; -1 with errno. */
static int open_descriptor(struct pith_writer *writer)
{
    struct stat old;
    int given = pith_path_descriptor(writer->place);
    if (given >= 0)
        return fcntl(given, F_DUPFD_CLOEXEC, 0);
    if (stat(writer->path, &old) != 0)
        return errno == ENOENT ? open_temporary(writer, NULL) : -1;
    if (S_ISDIR(old.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    if (!S_ISREG(old.st_mode))
        return open(writer->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    return access(writer->path, W_OK) == 0 ? open_temporary(writer, &old) : -1;
}

/* Takes the descriptor over; -1 gives NULL. */
static FILE *stream_of(int file, const char *mode)
{
    FILE *stream = file >= 0 ? fdopen(file, mode) : NULL;
    if (stream == NULL && file >= 0) {
        int why = errno;
        close(file);
        errno = why;
    }
    return stream;
}

static FILE *open_stream(struct pith_writer *writer)
{
    return stream_of(open_descriptor(writer), "wb");
}

/* The folder that a name is in; NULL without memory, else to be freed. */
static char *folder_of(const char *place)
{
    const char *slash = strrchr(place, '/');
    size_t n = slash != NULL ? (size_t)(slash - place) + 1 : 0;
    char *folder = pith_array(n + 2, 1);
    if (folder == NULL)
        return NULL;
    memcpy(folder, place, n);
    strcpy(folder + n, ".");
    return folder;
}

/* A name is only safe once the folder that has it is. */
static int sync_folder(const char *folder)
{
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0)
        /* One may write into a folder that one may not read. */
        return errno == EACCES ? 0 : -1;
    bool failed = fsync(file) != 0 && errno != EINVAL && errno != EROFS;
    int why = errno;
    close(file);
    errno = why;
    return failed ? -1 : 0;
}

/* The lock lasts until the file has its name. */
static enum pith_status give_name(struct pith_writer *writer,
                                  struct pith_error *error)
{
    enum pith_status status = PITH_OK;
    char *folder = folder_of(writer->place);
    if (folder == NULL)
        return pith_no_memory(error, strlen(writer->place), 1);
    if (fsync(fileno(writer->stream)) != 0)
        status = cannot(error, "write", writer->path);
    else if (rename(writer->temporary, writer->place) != 0)
        status = cannot(error, "rename to its name", writer->path);
    else
        forget_temporary(writer);
    if (status == PITH_OK && sync_folder(folder) != 0)
        status = cannot(error, "write the folder of", writer->path);
    pith_free(folder);
    return status;
}

/* While the file is open, and so locked. */
static void remove_temporary(struct pith_writer *writer)
{
    unlink(writer->temporary);
    if (writer->stream != NULL)
        fclose(writer->stream);
}

static FILE *open_nameless(void)
{
    FILE *stream = tmpfile();
    if (stream != NULL)
        fcntl(fileno(stream), F_SETFD, FD_CLOEXEC);
    return stream;
}

static bool can_seek(FILE *stream)
{
    return lseek(fileno(stream), 0, SEEK_CUR) >= 0;
}

static int seek_to(FILE *stream, uint64_t offset)
{
    return fseeko(stream, (off_t)offset, SEEK_SET);
}

FILE *pith_stream_open(const char *path, const char *mode)
{
    bool reads = mode[0] == 'r';
    int flags = reads            ? O_RDONLY
                : mode[0] == 'a' ? O_WRONLY | O_CREAT | O_APPEND
                                 : O_WRONLY | O_CREAT | O_TRUNC;
    int given = pith_path_descriptor(path);
    int file = given >= 0 ? fcntl(given, F_DUPFD_CLOEXEC, 0)
                          : open(path, flags | O_NOCTTY | O_CLOEXEC, 0666);
    return stream_of(file, mode);
}

#else

static FILE *open_stream(struct pith_writer *writer)
{
    writer->temporary = pith_temporary_name(writer->place, 1);
    if (writer->temporary == NULL)
        return NULL;
    writer->number = pith_unfinished_note(writer->temporary);
    return fopen(writer->temporary, "wb");
}

static enum pith_status give_name(struct pith_writer *writer,
                                  struct pith_error *error)
{
    int closed = fclose(writer->stream);
    writer->stream = NULL;
    if (closed != 0 || rename(writer->temporary, writer->place) != 0)
        return cannot(error, "write", writer->path);
    forget_temporary(writer);
    return PITH_OK;
}

static void remove_temporary(struct pith_writer *writer)
{
    if (writer->stream != NULL)
        fclose(writer->stream);
    remove(writer->temporary);
}

/* What is written always has a temporary name there. */
static FILE *open_nameless(void)
{
    return NULL;
}

static bool can_seek(FILE *stream)
{
    (void)stream;
    return true;
}

static int seek_to(FILE *stream, uint64_t offset)
{
    return offset > LONG_MAX ? -1 : fseek(stream, (long)offset, SEEK_SET);
}

FILE *pith_stream_open(const char *path, const char *mode)
{
    return fopen(path, mode);
}

#endif

enum pith_status pith_writer_open(struct pith_writer *writer, const char *path,
                                  struct pith_error *error)
{
    enum pith_status status = PITH_OK;
    size_t size = strlen(path) + 1;
    *writer = (struct pith_writer){.path = pith_array(size, 1), .number = -1};
    if (writer->path == NULL)
        return pith_no_memory(error, size, 1);
    memcpy(writer->path, path, size);
    writer->place = pith_path_follow(path);
    if (writer->place != NULL)
        writer->stream = open_stream(writer);
    if (writer->stream == NULL) {
        status = cannot(error, "create", path);
        pith_writer_abort(writer);
    }
    return status;
}

enum pith_status pith_writer_open_seekable(struct pith_writer *writer,
                                           const char *path,
                                           struct pith_error *error)
{
    PITH_TRY(pith_writer_open(writer, path, error));
    if (writer->temporary != NULL ||
        (pith_path_descriptor(writer->place) < 0 && can_seek(writer->stream)))
        return PITH_OK;
    writer->through = writer->stream;
    writer->stream = open_nameless();
    if (writer->stream != NULL)
        return PITH_OK;
    enum pith_status status = cannot(error, "make a temporary file for", path);
    pith_writer_abort(writer);
    return status;
}

enum pith_status pith_writer_write(struct pith_writer *writer,
                                   const void *bytes, size_t n,
                                   struct pith_error *error)
{
    if (n > 0 && fwrite(bytes, 1, n, writer->stream) != n)
        return cannot(error, "write", writer->path);
    return PITH_OK;
}

enum pith_status pith_writer_seek(struct pith_writer *writer, uint64_t offset,
                                  struct pith_error *error)
{
    if (seek_to(writer->stream, offset) != 0)
        return cannot(error, "seek in", writer->path);
    return PITH_OK;
}

/* Everything to where it goes; an error of an earlier write counts, though
 * its reason may be gone. */
static enum pith_status flush(FILE *stream, const char *path,
                              struct pith_error *error)
{
    bool broken = ferror(stream) != 0;
    errno = 0;
    if (fflush(stream) == 0 && !broken)
        return PITH_OK;
    if (errno != 0)
        return cannot(error, "write", path);
    return pith_fail(error, PITH_ERR_IO,
                     "%s: cannot write all of it; is the disk full?", path);
}

enum pith_status pith_writer_flush(struct pith_writer *writer,
                                   struct pith_error *error)
{
    return flush(writer->stream, writer->path, error);
}

/* What was held back for the pipe. */
static enum pith_status pass_on(struct pith_writer *writer,
                                struct pith_error *error)
{
    char bytes[1 << 14];
    size_t n;
    if (seek_to(writer->stream, 0) != 0)
        return cannot(error, "seek in", writer->path);
    while ((n = fread(bytes, 1, sizeof bytes, writer->stream)) > 0)
        if (fwrite(bytes, 1, n, writer->through) != n)
            return cannot(error, "write", writer->path);
    if (ferror(writer->stream))
        return cannot(error, "read again", writer->path);
    return flush(writer->through, writer->path, error);
}

enum pith_status pith_writer_commit(struct pith_writer *writer,
                                    struct pith_error *error)
{
    enum pith_status status = flush(writer->stream, writer->path, error);
    if (status == PITH_OK && writer->through != NULL)
        status = pass_on(writer, error);
    if (status == PITH_OK && writer->temporary != NULL)
        status = give_name(writer, error);
    pith_writer_abort(writer);
    return status;
}

void pith_writer_abort(struct pith_writer *writer)
{
    if (writer == NULL)
        return;
    if (writer->temporary != NULL)
        remove_temporary(writer);
    else if (writer->stream != NULL)
        fclose(writer->stream);
    if (writer->through != NULL)
        fclose(writer->through);
    forget_temporary(writer);
    pith_free(writer->place);
    pith_free(writer->path);
    *writer = (struct pith_writer){0};
}
