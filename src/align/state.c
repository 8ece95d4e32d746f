/*
 * state.c - see state.h.
 */
#include "state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/buffer.h"
#include "../base/crc32.h"
#include "../base/file.h"
#include "../base/file_kind.h"
#include "../base/store.h"
#include "../base/writer.h"
#include "../json/json.h"
#include "settings.h"

enum {
    VERSION = 1,
    AT_VERSION = 8,
    AT_CRC = 12,
    AT_CHECKED = 16, /* from here on the CRC holds */
    AT_FILE_SIZE = 16,
    AT_SETTINGS_SIZE = 24,
    AT_PROGRESS_SIZE = 32,
    AT_N_VALUES = 40,
    HEADER_SIZE = 48,
    CHUNK = 4096 /* numbers that are converted at a time */
};

uint64_t pith_state_bytes(uint64_t n_values)
{
    return HEADER_SIZE + 12 * n_values;
}

/* Numbers in one list of every tensor together. */
static uint64_t count_values(struct pith_trainer *trainer)
{
    uint64_t n = 0;
    for (size_t t = 0; t < pith_trainer_n_tensors(trainer); t++) {
        struct pith_trainable tensor;
        pith_trainer_tensor(trainer, t, &tensor);
        n += (uint64_t)tensor.rows * tensor.cols;
    }
    return n;
}

/* --- progress ------------------------------------------------------------ */

static void write_real(struct pith_buffer *out, const char *name, double value)
{
    pith_buffer_printf(out, ",\"%s\":", name);
    pith_json_write_number(out, value);
}

/* As text: a double does not hold every 64-bit number. */
static void write_whole(struct pith_buffer *out, const char *name,
                        uint64_t value)
{
    pith_buffer_printf(out, ",\"%s\":\"%llu\"", name,
                       (unsigned long long)value);
}

static void write_progress(const struct pith_run_progress *progress,
                           struct pith_buffer *out)
{
    pith_buffer_printf(out, "{\"step\":\"%zu\"", progress->step);
    write_whole(out, "epoch", progress->place.epoch);
    write_whole(out, "n_used", progress->place.n_used);
    write_whole(out, "random", progress->place.random);
    write_real(out, "first_loss", progress->first_loss);
    write_real(out, "best_loss", progress->best_loss);
    write_whole(out, "best_step", progress->best_step);
    write_real(out, "loss", progress->loss);
    write_whole(out, "log_bytes", progress->log_bytes);
    pith_buffer_byte(out, '}');
}

static bool read_whole(const struct pith_json *object, const char *name,
                       uint64_t *value)
{
    const struct pith_json *member = pith_json_get(object, name);
    *value = 0;
    if (!pith_json_is(member, PITH_JSON_STRING) || member->string.size == 0)
        return false;
    for (size_t i = 0; i < member->string.size; i++) {
        unsigned digit = (unsigned)(member->string.bytes[i] - '0');
        if (digit > 9 || *value > (UINT64_MAX - digit) / 10)
            return false;
        *value = *value * 10 + digit;
    }
    return true;
}

static bool read_size(const struct pith_json *object, const char *name,
                      size_t *value)
{
    uint64_t whole;
    bool ok = read_whole(object, name, &whole) && whole <= SIZE_MAX;
    *value = ok ? (size_t)whole : 0;
    return ok;
}

/* null is NAN. */
static bool read_real(const struct pith_json *object, const char *name,
                      double *value)
{
    const struct pith_json *member = pith_json_get(object, name);
    bool is_number = pith_json_is(member, PITH_JSON_NUMBER);
    *value = is_number ? member->number : (double)NAN;
    return is_number || pith_json_is(member, PITH_JSON_NULL);
}

static enum pith_status read_progress(struct pith_text text, const char *path,
                                      struct pith_run_progress *progress,
                                      struct pith_error *error)
{
    struct pith_json_document *document;
    PITH_TRY(pith_json_parse(text, path, &document, error));
    const struct pith_json *root = pith_json_root(document);
    bool ok = read_size(root, "step", &progress->step) &&
              read_whole(root, "epoch", &progress->place.epoch) &&
              read_whole(root, "n_used", &progress->place.n_used) &&
              read_whole(root, "random", &progress->place.random) &&
              read_real(root, "first_loss", &progress->first_loss) &&
              read_real(root, "best_loss", &progress->best_loss) &&
              read_size(root, "best_step", &progress->best_step) &&
              read_real(root, "loss", &progress->loss) &&
              read_whole(root, "log_bytes", &progress->log_bytes);
    pith_json_free(document);
    if (!ok)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: its progress lacks a number; start over with "
                         "--overwrite", path);
    return PITH_OK;
}

/* --- writing ------------------------------------------------------------- */

struct stream {
    struct pith_writer writer;
    uint32_t crc; /* of what was written after the header's first part */
};

static enum pith_status put(struct stream *stream, const void *bytes, size_t n,
                            struct pith_error *error)
{
    stream->crc = pith_crc32(stream->crc, bytes, n);
    return pith_writer_write(&stream->writer, bytes, n, error);
}

static enum pith_status put_floats(struct stream *stream, const float *values,
                                   size_t n, struct pith_error *error)
{
    uint8_t bytes[CHUNK * 4];
    for (size_t at = 0; at < n; at += CHUNK) {
        size_t m = n - at < CHUNK ? n - at : CHUNK;
        for (size_t i = 0; i < m; i++)
            pith_store_f32(bytes + 4 * i, values[at + i]);
        PITH_TRY(put(stream, bytes, 4 * m, error));
    }
    return PITH_OK;
}

static enum pith_status put_tensors(struct stream *stream,
                                    struct pith_trainer *trainer,
                                    struct pith_error *error)
{
    for (size_t t = 0; t < pith_trainer_n_tensors(trainer); t++) {
        struct pith_trainable tensor;
        pith_trainer_tensor(trainer, t, &tensor);
        size_t n = tensor.rows * tensor.cols;
        PITH_TRY(put_floats(stream, tensor.value, n, error));
        PITH_TRY(put_floats(stream, tensor.first_moment, n, error));
        PITH_TRY(put_floats(stream, tensor.second_moment, n, error));
    }
    return PITH_OK;
}

static enum pith_status put_all(struct stream *stream,
                                struct pith_text settings,
                                struct pith_text progress,
                                struct pith_trainer *trainer,
                                struct pith_error *error)
{
    uint8_t header[HEADER_SIZE] = {0};
    uint64_t n_values = count_values(trainer);
    memcpy(header, PITH_STATE_MAGIC, 8);
    pith_store_u32(header + AT_VERSION, VERSION);
    pith_store_u64(header + AT_FILE_SIZE, pith_state_bytes(n_values) +
                                              settings.size + progress.size);
    pith_store_u64(header + AT_SETTINGS_SIZE, settings.size);
    pith_store_u64(header + AT_PROGRESS_SIZE, progress.size);
    pith_store_u64(header + AT_N_VALUES, n_values);
    PITH_TRY(pith_writer_write(&stream->writer, header, AT_CHECKED, error));
    PITH_TRY(put(stream, header + AT_CHECKED, HEADER_SIZE - AT_CHECKED, error));
    PITH_TRY(put(stream, settings.bytes, settings.size, error));
    PITH_TRY(put(stream, progress.bytes, progress.size, error));
    PITH_TRY(put_tensors(stream, trainer, error));
    pith_store_u32(header + AT_CRC, stream->crc);
    PITH_TRY(pith_writer_seek(&stream->writer, AT_CRC, error));
    return pith_writer_write(&stream->writer, header + AT_CRC, 4, error);
}

enum pith_status pith_state_write(const char *path, struct pith_text settings,
                                  const struct pith_run_progress *progress,
                                  struct pith_trainer *trainer,
                                  struct pith_error *error)
{
    struct stream stream = {0};
    struct pith_buffer text = {0};
    enum pith_status status;

    write_progress(progress, &text);
    if (text.failed) {
        pith_buffer_free(&text);
        return pith_no_memory(error, 1, text.size);
    }
    PITH_TRY_DONE(pith_writer_open_seekable(&stream.writer, path, error));
    PITH_TRY_DONE(put_all(&stream, settings,
                          (struct pith_text){text.data, text.size}, trainer,
                          error));
    PITH_TRY_DONE(pith_writer_commit(&stream.writer, error));
done:
    pith_writer_abort(&stream.writer);
    pith_buffer_free(&text);
    return status;
}

/* --- reading ------------------------------------------------------------- */

enum pith_status pith_state_check(const char *path, bool *exists,
                                  struct pith_error *error)
{
    struct pith_place place;
    PITH_TRY(pith_place_find(path, &place, error));
    *exists = place.kind == PITH_FILE_REGULAR;
    if (place.kind > PITH_FILE_REGULAR)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: is not a file; the state of a run is kept in "
                         "one", path);
    return pith_file_check_kind(
        path, (struct pith_text){PITH_STATE_MAGIC, strlen(PITH_STATE_MAGIC)},
        "the state of a run", error);
}

static enum pith_status check_file(const struct pith_file *file,
                                   const char *path, struct pith_error *error)
{
    if (file->size < HEADER_SIZE ||
        memcmp(file->data, PITH_STATE_MAGIC, 8) != 0)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: is not the state of a run, or was cut off; "
                         "start over with --overwrite", path);
    uint32_t version = pith_load_u32(file->data + AT_VERSION);
    if (version != VERSION)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s: version %lu of a state, this program reads %d",
                         path, (unsigned long)version, VERSION);
    uint64_t size = pith_load_u64(file->data + AT_FILE_SIZE);
    if (size != file->size)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: has %zu bytes, its header says %llu; it was cut "
                         "off", path, file->size, (unsigned long long)size);
    uint32_t crc =
        pith_crc32(0, file->data + AT_CHECKED, file->size - AT_CHECKED);
    if (crc != pith_load_u32(file->data + AT_CRC))
        return pith_fail(error, PITH_ERR_CHECKSUM,
                         "%s: its checksum is %08lX, its header says %08lX; "
                         "it was damaged", path, (unsigned long)crc,
                         (unsigned long)pith_load_u32(file->data + AT_CRC));
    return PITH_OK;
}

/* Sizes of the sections, which must fill the file. */
static enum pith_status check_sizes(const struct pith_file *file,
                                    const char *path,
                                    struct pith_text *settings,
                                    struct pith_text *progress,
                                    struct pith_error *error)
{
    uint64_t rest = file->size - HEADER_SIZE;
    uint64_t n_settings = pith_load_u64(file->data + AT_SETTINGS_SIZE);
    uint64_t n_progress = pith_load_u64(file->data + AT_PROGRESS_SIZE);
    uint64_t n_values = pith_load_u64(file->data + AT_N_VALUES);
    if (n_settings > rest || n_progress > rest - n_settings ||
        (rest - n_settings - n_progress) % 12 != 0 ||
        n_values != (rest - n_settings - n_progress) / 12)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: the sizes in its header do not add up to its "
                         "%zu bytes", path, file->size);
    const char *bytes = (const char *)file->data + HEADER_SIZE;
    *settings = (struct pith_text){bytes, (size_t)n_settings};
    *progress = (struct pith_text){bytes + n_settings, (size_t)n_progress};
    return PITH_OK;
}

static const uint8_t *take_floats(const uint8_t *from, float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = pith_load_f32(from + 4 * i);
    return from + 4 * n;
}

static void take_tensors(const uint8_t *from, struct pith_trainer *trainer)
{
    for (size_t t = 0; t < pith_trainer_n_tensors(trainer); t++) {
        struct pith_trainable tensor;
        pith_trainer_tensor(trainer, t, &tensor);
        size_t n = tensor.rows * tensor.cols;
        from = take_floats(from, tensor.value, n);
        from = take_floats(from, tensor.first_moment, n);
        from = take_floats(from, tensor.second_moment, n);
    }
    pith_trainer_values_changed(trainer);
}

enum pith_status pith_state_read(const char *path, struct pith_text settings,
                                 struct pith_run_progress *progress,
                                 struct pith_trainer *trainer,
                                 struct pith_error *error)
{
    struct pith_file file;
    struct pith_text stored, text;
    enum pith_status status;

    PITH_TRY(pith_file_open(&file, path, error));
    PITH_TRY_DONE(check_file(&file, path, error));
    PITH_TRY_DONE(check_sizes(&file, path, &stored, &text, error));
    PITH_TRY_DONE(pith_settings_compare(stored, settings, path, error));
    uint64_t n_values = pith_load_u64(file.data + AT_N_VALUES);
    if (n_values != count_values(trainer)) {
        status = pith_fail(error, PITH_ERR_FORMAT,
                           "%s: has %llu weights, this run trains %llu", path,
                           (unsigned long long)n_values,
                           (unsigned long long)count_values(trainer));
        goto done;
    }
    PITH_TRY_DONE(read_progress(text, path, progress, error));
    take_tensors(file.data + (file.size - 12 * n_values), trainer);
done:
    pith_file_close(&file);
    return status;
}
