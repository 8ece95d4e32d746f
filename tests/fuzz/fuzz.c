/*
 * fuzz.c - what the fuzz targets share; see fuzz.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/base/utf8.h"
#include "../../src/json/json.h"
#include "../support.h"
#include "../tiny_model.h"

struct pith_text fuzz_part(struct pith_text *rest)
{
    static const char cut[] = "\n%%\n";
    struct pith_text part = *rest;
    for (size_t at = 0; at + 4 <= rest->size; at++)
        if (memcmp(rest->bytes + at, cut, 4) == 0) {
            part.size = at;
            rest->bytes += at + 4;
            rest->size -= at + 4;
            return part;
        }
    *rest = (struct pith_text){NULL, 0};
    return part;
}

unsigned fuzz_byte(struct pith_text *rest)
{
    if (rest->size == 0)
        return 0;
    rest->size--;
    return (unsigned char)*rest->bytes++;
}

/* --- files ------------------------------------------------------------------- */

static char folder[4096];

static void remove_folder(void)
{
    struct dirent *entry;
    DIR *listing = opendir(folder);
    while (listing != NULL && (entry = readdir(listing)) != NULL)
        remove(fuzz_path(entry->d_name));
    if (listing != NULL)
        closedir(listing);
    rmdir(folder);
}

const char *fuzz_path(const char *name)
{
    static char paths[4][4400];
    static size_t next;
    if (folder[0] == '\0') {
        snprintf(folder, sizeof folder, "%s", temporary_path("fuzz-XXXXXX"));
        fuzz_check(mkdtemp(folder) != NULL);
        atexit(remove_folder);
    }
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

const char *fuzz_write(const char *name, struct pith_text content)
{
    const char *path = fuzz_path(name);
    FILE *stream = fopen(path, "wb");
    fuzz_check(stream != NULL);
    fuzz_check(fwrite(content.size > 0 ? content.bytes : "", 1, content.size,
                      stream) == content.size);
    fuzz_check(fclose(stream) == 0);
    return path;
}

void fuzz_read(const char *path, struct pith_buffer *out)
{
    size_t size;
    char *bytes = read_whole_file(path, &size);
    pith_buffer_append(out, bytes, size);
    free(bytes);
}

/* --- the model ---------------------------------------------------------------- */

static struct pith_model *model;
static struct pith_session *session;

static void close_model(void)
{
    tiny_close(model, session);
}

struct pith_session *fuzz_session(void)
{
    if (session == NULL) {
        tiny_open(TINY_GPT2, &model, &session);
        atexit(close_model);
    }
    return session;
}

const struct pith_model *fuzz_model(void)
{
    fuzz_session();
    return model;
}

/* --- checks -------------------------------------------------------------------- */

void fuzz_check_line(char *reply)
{
    struct pith_json_document *document;
    if (reply == NULL)
        return;
    struct pith_text text = {reply, strlen(reply)};
    fuzz_check(memchr(reply, '\n', text.size) == NULL);
    fuzz_check(pith_utf8_is_valid(reply, text.size));
    fuzz_check(pith_json_parse(text, "reply", &document, NULL) == PITH_OK);
    pith_json_free(document);
    pith_free(reply);
}
