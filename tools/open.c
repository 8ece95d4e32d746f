/*
 * open.c - finding a model, loading it, and the progress line of long work.
 */
#include <stdlib.h>
#include <string.h>

#include "common.h"

/* Where `make install` puts the model unless it was told otherwise; a program
 * under another prefix finds it beside itself. */
#ifndef PITH_PREFIX
#define PITH_PREFIX "/usr/local"
#endif

#define DEFAULT_MODEL "default.pith"
enum { MAX_PATH_BYTES = 4096 };

struct path {
    char bytes[MAX_PATH_BYTES];
};

/* What is there but cannot be read is no reason to take another model:
 * loading it says why. */
static bool is_there(const char *path)
{
    struct pith_place place;
    return pith_place_find(path, &place, NULL) != PITH_OK ||
           place.kind != PITH_FILE_NONE;
}

/* The folder of the running program with its slash; empty when unknown. */
static void program_folder(struct path *folder)
{
    if (!tool_program_path(folder->bytes, MAX_PATH_BYTES))
        folder->bytes[0] = '\0';
    folder->bytes[pith_path_name(folder->bytes).bytes - folder->bytes] = '\0';
}

static int copy_path(const char *from, char **path)
{
    *path = malloc(strlen(from) + 1);
    if (*path == NULL)
        return tool_no_memory();
    strcpy(*path, from);
    return TOOL_OK;
}

enum { MAX_PLACES = 4 };

/* Where a model may be that nobody named. */
static size_t list_places(struct path places[MAX_PLACES])
{
    struct path folder;
    size_t n = 0;
    strcpy(places[n++].bytes, "weights/" DEFAULT_MODEL);
    program_folder(&folder);
    if (folder.bytes[0] != '\0' && strlen(folder.bytes) < MAX_PATH_BYTES - 64) {
        strcpy(places[n].bytes, folder.bytes);
        strcat(places[n++].bytes, "../weights/" DEFAULT_MODEL);
        strcpy(places[n].bytes, folder.bytes);
        strcat(places[n++].bytes, "../share/pith/" DEFAULT_MODEL);
    }
    strcpy(places[n++].bytes, PITH_PREFIX "/share/pith/" DEFAULT_MODEL);
    return n;
}

int tool_search_model(const char *wanted, char **path)
{
    struct path places[MAX_PLACES];
    *path = NULL;
    if (wanted == NULL || *wanted == '\0')
        wanted = getenv("PITH_MODEL");
    if (wanted != NULL && *wanted != '\0')
        return copy_path(wanted, path);
    size_t n = list_places(places);
    for (size_t i = 0; i < n; i++)
        if (is_there(places[i].bytes))
            return copy_path(places[i].bytes, path);
    return TOOL_OK;
}

static int find_model(const char *wanted, char **path)
{
    struct path places[MAX_PLACES];
    int code = tool_search_model(wanted, path);
    if (code != TOOL_OK || *path != NULL)
        return code;
    size_t n = list_places(places);
    tool_fail("no model found: give one with -m FILE or $PITH_MODEL; tried");
    for (size_t i = 0; i < n; i++)
        fprintf(stderr, "  %s\n", places[i].bytes);
    return TOOL_FAILED;
}

int tool_load(struct opened *opened, const struct model_options *options)
{
    struct pith_error error;
    const char *kernels =
        options->kernels != NULL ? options->kernels : getenv("PITH_KERNELS");
    struct pith_load_options load = {
        .sizeof_options = sizeof load,
        .kernels = kernels != NULL && *kernels != '\0' ? kernels : NULL,
        .adapter = options->adapter};
    *opened = (struct opened){0};
    int code = find_model(options->path, &opened->path);
    if (code != TOOL_OK)
        return code;
    if (pith_model_load(opened->path, &load, &opened->model, &error) != PITH_OK)
        return tool_library(&error);
    return TOOL_OK;
}

int tool_open(struct opened *opened, const struct model_options *options)
{
    struct pith_error error;
    int code = tool_load(opened, options);
    if (code != TOOL_OK)
        return code;
    opened->quiet = options->quiet;
    opened->progress = tool_progress(&opened->line, options->quiet);
    struct pith_session_options session = {
        .sizeof_options = sizeof session,
        .n_threads = (int)options->n_threads,
        .progress = &opened->progress,
        /* Where a command does not choose, losses are to be exact. */
        .precision = options->precision != NULL ? options->precision : "f32"};
    if (pith_session_create(opened->model, &session, &opened->session,
                            &error) != PITH_OK)
        return tool_library(&error);
    return tool_open_cache(opened->session, options);
}

int tool_open_cache(struct pith_session *session,
                    const struct model_options *options)
{
    struct pith_error error;
    if (options->cache == NULL ||
        pith_session_cache_open(session, options->cache, &error) == PITH_OK)
        return TOOL_OK;
    return tool_fail("--cache %s", error.detail);
}

void tool_note_cache(const struct pith_session *session)
{
    struct pith_cache_info info = {.folder = NULL};
    pith_session_cache_describe(session, &info);
    size_t n = info.n_found + info.n_missed;
    if (info.folder == NULL)
        return;
    if (n > 0)
        fprintf(stderr, "pith: cache: %zu of %zu text%s found\n", info.n_found,
                n, n == 1 ? "" : "s");
    if (info.n_bad > 0)
        fprintf(stderr, "pith: note: cache: %zu damaged or foreign file%s "
                "passed over\n", info.n_bad, info.n_bad == 1 ? "" : "s");
    if (info.n_failed > 0)
        fprintf(stderr, "pith: note: cache: %zu text%s not kept: %s\n",
                info.n_failed, info.n_failed == 1 ? "" : "s", info.why);
}

void tool_close(struct opened *opened)
{
    tool_progress_erase(&opened->line);
    if (!opened->quiet)
        tool_note_cache(opened->session);
    pith_session_free(opened->session);
    pith_model_free(opened->model);
    free(opened->path);
    *opened = (struct opened){0};
}

struct pith_text tool_model_name(const char *path)
{
    struct pith_text name = pith_path_name(path);
    if (name.size > 5 && memcmp(name.bytes + name.size - 5, ".pith", 5) == 0)
        name.size -= 5;
    return name;
}

/* Stages nest: ranking scores, scoring runs forward passes. */
static int stage_level(const char *stage)
{
    return strcmp(stage, "forward") == 0 ? 0
           : strcmp(stage, "score") == 0 ? 1
                                         : 2;
}

/* Draws only what takes over a second, so that short work stays silent, and
 * only the outermost stage, so that the percentage does not jump. */
static void draw_progress(struct progress_line *line, const char *stage,
                          size_t done, size_t total, double seconds)
{
    int level = stage_level(stage);
    if (level < line->level)
        return;
    line->level = level;
    if (seconds < 1)
        return;
    unsigned percent =
        total > 0 ? (unsigned)(100.0 * (double)done / (double)total) : 0;
    fprintf(stderr, "\r\033[Kpith: %s %u%%", stage, percent);
    fflush(stderr);
    line->drawn = true;
}

static int report_progress(void *user, const char *stage, size_t done,
                           size_t total)
{
    struct progress_line *line = user;
    double seconds = tool_seconds() - line->start;
    if (line->drawable)
        draw_progress(line, stage, done, total, seconds);
    return line->most_seconds > 0 && seconds > line->most_seconds;
}

struct pith_progress tool_progress(struct progress_line *line, bool quiet)
{
    *line = (struct progress_line){.start = tool_seconds(),
                                   .drawable = !quiet && tool_is_terminal(stderr)};
    return (struct pith_progress){report_progress, line};
}

void tool_progress_erase(struct progress_line *line)
{
    if (line->drawn)
        fputs("\r\033[K", stderr);
    line->drawn = false;
}

int tool_load_counter(const char *path, struct pith_counter **counter)
{
    struct pith_error error;
    *counter = NULL;
    if (path != NULL && pith_counter_load(path, counter, &error) != PITH_OK)
        return tool_library(&error);
    return TOOL_OK;
}
