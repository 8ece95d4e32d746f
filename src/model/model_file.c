/*
 * model_file.c - see model_file.h; and what the options of a model ask for
 * beyond its bytes.
 */
#include "model_file.h"

#include <inttypes.h>

#include "../base/bytes.h"
#include "../base/crc32.h"
#include "../base/file.h"
#include "../base/memory.h"
#include "../base/options.h"
#include "adapter.h"
#include "forward.h"
#include "layout.h"

/* --- files -------------------------------------------------------------------- */

static void close_file(struct pith_file *file)
{
    if (file != NULL)
        pith_file_close(file);
    pith_free(file);
}

/* *file: handed over; close_file(), also after an error. */
static enum pith_status open_file(struct pith_file **file, const char *path,
                                  struct pith_error *error)
{
    *file = NULL;
    if (pith_path_is_directory(path))
        return pith_fail(error, PITH_ERR_IO,
                         "%s: is a folder; expected a .pith file, as pith "
                         "convert makes of such a folder", path);
    *file = pith_array_zero(1, sizeof **file);
    if (*file == NULL)
        return pith_no_memory(error, 1, sizeof **file);
    return pith_file_open(*file, path, error);
}

enum pith_status pith_format_open(struct pith_format *format, const char *path,
                                  struct pith_error *error)
{
    struct pith_file *file;
    enum pith_status status = open_file(&file, path, error);
    if (status == PITH_OK)
        status = pith_format_open_bytes(format, path, file->data, file->size,
                                        error);
    if (status == PITH_OK)
        format->file = file;
    else
        close_file(file);
    return status;
}

void pith_format_close_file(struct pith_format *format)
{
    close_file(format->file);
    pith_format_close(format);
}

/* --- weights ------------------------------------------------------------------ */

enum pith_status pith_format_verify(const struct pith_format *format,
                                    struct pith_error *error)
{
    enum { STEP = 1 << 22 };
    uint32_t crc = 0;
    size_t n, at = (size_t)pith_load_u64(format->data + PITH_OFFSET_WEIGHTS);
    for (; at < format->size; at += n) {
        n = format->size - at < STEP ? format->size - at : STEP;
        crc = pith_crc32(crc, format->data + at, n);
        if (format->file != NULL)
            pith_file_drop(format->file, at, n);
    }
    if (crc != format->weights_crc32)
        return pith_fail(error, PITH_ERR_CHECKSUM,
                         "%s: checksum of the weights is %08" PRIX32
                         ", stored is %08" PRIX32 ": the file is damaged; "
                         "copy or convert it again", format->path, crc,
                         format->weights_crc32);
    return PITH_OK;
}

/* --- models ------------------------------------------------------------------- */

enum pith_status pith_model_load(const char *path,
                                 const struct pith_load_options *options,
                                 struct pith_model **model,
                                 struct pith_error *error)
{
    struct pith_load_options chosen = {.sizeof_options = sizeof chosen};
    struct pith_file *file;
    PITH_REQUIRE(model, error);
    *model = NULL;
    PITH_REQUIRE(path, error);
    PITH_TRY(pith_options_copy(&chosen, sizeof chosen, options, error));
    bool verify = chosen.verify;
    chosen.verify = false; /* once the file is known, which saves memory */
    enum pith_status status = open_file(&file, path, error);
    if (status == PITH_OK)
        status = pith_model_load_memory(file->size > 0 ? (const void *)file->data
                                                       : "",
                                        file->size, path, &chosen, model,
                                        error);
    if (status != PITH_OK) {
        close_file(file);
        return status;
    }
    (*model)->format.file = file;
    if (verify)
        status = pith_format_verify(&(*model)->format, error);
    if (status != PITH_OK) {
        pith_model_free(*model);
        *model = NULL;
    }
    return status;
}

enum pith_status pith_model_take_extras(struct pith_model *model,
                                        const struct pith_load_options *options,
                                        struct pith_error *error)
{
    if (options->verify)
        PITH_TRY(pith_format_verify(&model->format, error));
    return options->adapter != NULL
               ? pith_model_take_adapter(model, options->adapter, error)
               : PITH_OK;
}

void pith_model_drop_extras(struct pith_model *model)
{
    pith_model_drop_adapter(model);
    close_file(model->format.file);
}
