/*
 * stream.c - see stream.h.
 *
 * Memory: two chunks of at most CHUNK_BYTES and two rows as floats.  The pages
 * of the source are dropped after the reader, so that a file larger than
 * the memory passes through.  A transposed tensor is gathered column by
 * column from its mapping, which is dropped once it is done.
 */
#include "stream.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/memory.h"
#include "../model/format.h"
#include "../model/format_writer.h"
#include "../text/vocab.h"
#include "finite.h"

enum { CHUNK_BYTES = 1 << 22 };

struct stream {
    const struct pith_source *source;
    const struct pith_convert_options *options;
    struct pith_format_writer *writer;
    const struct pith_origin *origin; /* of the tensor that is written */
    struct pith_tensor_spec spec;     /* of the same */
    size_t row;                       /* the first of the chunk */
    uint64_t done, total;   /* bytes of weights to write */
    uint8_t *native, *out;  /* a chunk as stored, and as written */
    float *floats, *again;  /* a row, and as it is read back */
    double largest_error, sum_of_errors, sum_of_weights; /* of the tensor */
};

/* The type of ours in which rows are fetched, without loss. */
static enum pith_type native_type(const struct pith_origin *origin)
{
    return origin->type == PITH_STORED_BLOCKS ? PITH_F32
                                              : (enum pith_type)origin->type;
}

static enum pith_type written_type(const struct pith_origin *origin,
                                   const struct pith_tensor_spec *spec,
                                   const enum pith_type *dtype)
{
    if (spec->rows == 1)
        return PITH_F32;
    if (dtype == NULL)
        return origin->type == PITH_STORED_BLOCKS ? origin->blocks->held_as
                                                  : native_type(origin);
    if (*dtype != PITH_Q8 && *dtype != PITH_Q4)
        return *dtype;
    if (strcmp(spec->name, "position_embedding.weight") == 0)
        return PITH_F16;
    return pith_row_bytes(*dtype, spec->cols) > 0 ? *dtype : PITH_F32;
}

/* --- rows as they are stored -----------------------------------------------*/

/* The stored row that is our row: rotary pairs that are adjacent come
 * half a head apart. */
static size_t stored_row(const struct pith_origin *origin, size_t row)
{
    size_t dim = origin->rotary_dim;
    if (dim > 0) {
        size_t within = row % dim, half = dim / 2;
        row += (within < half ? 2 * within : 2 * (within - half) + 1) - within;
    }
    return origin->first + row;
}

static size_t stored_row_bytes(const struct pith_origin *origin)
{
    return pith_stored_row_bytes(origin->type, origin->blocks,
                                 origin->stored_cols);
}

/* Where our row is stored, of a tensor that is not transposed. */
static const uint8_t *stored_bytes(const struct pith_origin *origin,
                                   size_t row)
{
    return origin->file->data + origin->offset +
           stored_row(origin, row) * stored_row_bytes(origin);
}

static void fetch_rows(struct stream *stream, size_t n)
{
    const struct pith_origin *origin = stream->origin;
    size_t cols = stream->spec.cols;
    size_t out_bytes = pith_row_bytes(native_type(origin), cols);
    for (size_t i = 0; i < n; i++) {
        const uint8_t *in = stored_bytes(origin, stream->row + i);
        uint8_t *out = stream->native + i * out_bytes;
        if (origin->type != PITH_STORED_BLOCKS) {
            memcpy(out, in, out_bytes);
            continue;
        }
        pith_blocks_to_floats(stream->floats, origin->blocks, in, cols);
        pith_row_from_floats(out, PITH_F32, stream->floats, cols);
    }
}

/* Our rows are stored columns. */
static void fetch_columns(struct stream *stream, size_t n)
{
    const struct pith_origin *origin = stream->origin;
    const uint8_t *data = origin->file->data + origin->offset;
    size_t cols = stream->spec.cols;
    size_t element = pith_row_bytes((enum pith_type)origin->type, 1);
    size_t in_bytes = stored_row_bytes(origin);
    for (size_t c = 0; c < cols; c++) {
        const uint8_t *in =
            data + c * in_bytes + (origin->first + stream->row) * element;
        for (size_t r = 0; r < n; r++)
            memcpy(stream->native + (r * cols + c) * element, in + r * element,
                   element);
    }
}

/* --- numbers that are none -------------------------------------------------*/

/* The element of the stored tensor that is ours at (row, col). */
static void stored_place(const struct stream *stream, size_t row, size_t col,
                         char place[64])
{
    const struct pith_origin *origin = stream->origin;
    if (stream->spec.rows == 1)
        snprintf(place, 64, "[%zu]", origin->skipped + col);
    else if (origin->transposed)
        snprintf(place, 64, "[%zu, %zu]", col, origin->first + row);
    else
        snprintf(place, 64, "[%zu, %zu]", stored_row(origin, row), col);
}

static enum pith_status refuse_element(const struct stream *stream, size_t row,
                                       size_t col, const char *what,
                                       struct pith_error *error)
{
    struct pith_text name = stream->origin->name;
    char place[64];
    if (name.size == 0)
        name = (struct pith_text){stream->spec.name, strlen(stream->spec.name)};
    stored_place(stream, row, col, place);
    return pith_fail(error, PITH_ERR_FORMAT, "%s: tensor \"%.*s\", element %s "
                     "%s", stream->origin->path, (int)name.size, name.bytes,
                     place, what);
}

static enum pith_status check_finite(const struct stream *stream,
                                     const struct pith_tensor *native,
                                     struct pith_error *error)
{
    size_t row, col;
    if (!pith_find_not_finite(native, &row, &col))
        return PITH_OK;
    return refuse_element(stream, stream->row + row, col,
                          "is not a finite number: the file is damaged, or "
                          "training diverged; get the weights again", error);
}

/* The largest weight that a type is asked to hold: scales and minima of
 * blocks are halves too. */
static float largest_of(enum pith_type type)
{
    return type == PITH_F32    ? INFINITY
           : type == PITH_BF16 ? 0x1.FEp127f
                               : 65504.0f;
}

/* stream->floats: the row. */
static enum pith_status check_fits(const struct stream *stream, size_t row,
                                   enum pith_type type,
                                   struct pith_error *error)
{
    float largest = largest_of(type);
    for (size_t c = 0; c < stream->spec.cols; c++)
        if (fabsf(stream->floats[c]) > largest)
            return refuse_element(stream, row, c, "is too large for the type "
                                  "asked for; --dtype f32 holds it, and mostly "
                                  "bf16", error);
    return PITH_OK;
}

/* --- writing ---------------------------------------------------------------*/

/* stream->floats: the row; out: what is stored for it. */
static void measure_errors(struct stream *stream, const uint8_t *out,
                           enum pith_type type)
{
    size_t cols = stream->spec.cols;
    struct pith_tensor written = {type, 1, cols, out};
    double errors = 0, weights = 0;
    float largest = 0;
    pith_row_to_floats(stream->again, &written, 0);
    for (size_t c = 0; c < cols; c++) {
        float error = fabsf(stream->floats[c] - stream->again[c]);
        largest = error > largest ? error : largest;
        errors += (double)error;
        weights += (double)fabsf(stream->floats[c]);
    }
    if ((double)largest > stream->largest_error)
        stream->largest_error = (double)largest;
    stream->sum_of_errors += errors;
    stream->sum_of_weights += weights;
}

/* One row, which stream->floats has as floats. */
static void write_row(struct stream *stream, uint8_t *out, enum pith_type type,
                      size_t row)
{
    const struct pith_origin *origin = stream->origin;
    size_t cols = stream->spec.cols;
    if (origin->type == PITH_STORED_BLOCKS && type == origin->blocks->held_as)
        pith_blocks_hold(out, origin->blocks, stored_bytes(origin, row), cols);
    else
        pith_row_from_floats(out, type, stream->floats, cols);
    measure_errors(stream, out, type);
}

static enum pith_status write_rows(struct stream *stream,
                                   const struct pith_tensor *native,
                                   enum pith_type type,
                                   struct pith_error *error)
{
    size_t bytes = pith_row_bytes(type, native->cols);
    PITH_TRY(check_finite(stream, native, error));
    if (type == native->type)
        return pith_format_append(stream->writer, native->data,
                                  native->rows * bytes, error);
    for (size_t i = 0; i < native->rows; i++) {
        pith_row_to_floats(stream->floats, native, i);
        PITH_TRY(check_fits(stream, stream->row + i, type, error));
        write_row(stream, stream->out + i * bytes, type, stream->row + i);
    }
    return pith_format_append(stream->writer, stream->out,
                              native->rows * bytes, error);
}

static enum pith_status report(struct stream *stream, struct pith_error *error)
{
    const struct pith_progress *progress = stream->options->progress;
    if (progress != NULL && progress->report != NULL &&
        progress->report(progress->user, "convert",
                         (size_t)(stream->done / 1024),
                         (size_t)(stream->total / 1024)) != 0)
        return pith_fail(error, PITH_ERR_CANCELLED, "%s: conversion cancelled",
                         stream->source->path);
    return PITH_OK;
}

static void tell(const struct stream *stream, enum pith_type type)
{
    double n = (double)stream->spec.rows * (double)stream->spec.cols;
    struct pith_converted tensor = {
        .name = stream->spec.name, .source_type = stream->origin->type_name,
        .type = type, .n_weights = (uint64_t)n,
        .largest_error = stream->largest_error,
        .mean_error = stream->sum_of_errors / n,
        .mean_weight = stream->sum_of_weights / n};
    if (stream->options->converted != NULL)
        stream->options->converted(stream->options->user, &tensor);
}

static enum pith_status write_tensor(struct stream *stream,
                                     enum pith_type type,
                                     struct pith_error *error)
{
    const struct pith_origin *origin = stream->origin;
    size_t rows = stream->spec.rows, cols = stream->spec.cols;
    enum pith_type stored = native_type(origin);
    size_t at_once = CHUNK_BYTES / (cols * sizeof(float));
    size_t in_bytes = stored_row_bytes(origin);

    stream->largest_error = stream->sum_of_errors = stream->sum_of_weights = 0;
    at_once = at_once > 0 ? at_once : 1;
    for (stream->row = 0; stream->row < rows;) {
        size_t row = stream->row;
        size_t n = rows - row < at_once ? rows - row : at_once;
        if (origin->transposed)
            fetch_columns(stream, n);
        else
            fetch_rows(stream, n);
        struct pith_tensor chunk = {stored, n, cols, stream->native};
        PITH_TRY(write_rows(stream, &chunk, type, error));
        stream->row += n;
        stream->done += (uint64_t)n * pith_row_bytes(type, cols);
        if (!origin->transposed)
            pith_file_drop(origin->file, origin->offset +
                           (origin->first + row) * in_bytes, n * in_bytes);
        PITH_TRY(report(stream, error));
    }
    if (origin->transposed)
        pith_file_drop(origin->file, origin->offset, cols * in_bytes);
    tell(stream, type);
    return PITH_OK;
}

/* Buffers for a chunk of any tensor; a row is the smallest chunk. */
static enum pith_status allocate(struct stream *stream,
                                 const enum pith_type *types,
                                 struct pith_error *error)
{
    const struct pith_source *source = stream->source;
    struct pith_tensor_spec spec;
    size_t widest = 1;
    for (size_t i = 0; i < source->n_origins; i++) {
        pith_config_tensor(&source->config, i, &spec);
        widest = spec.cols > widest ? spec.cols : widest;
        stream->total +=
            (uint64_t)spec.rows * pith_row_bytes(types[i], spec.cols);
    }
    size_t chunk = widest * sizeof(float);
    chunk = chunk > CHUNK_BYTES ? chunk : CHUNK_BYTES;
    stream->native = pith_array(chunk, 1);
    stream->out = pith_array(chunk, 1);
    stream->floats = pith_array(widest, sizeof(float));
    stream->again = pith_array(widest, sizeof(float));
    if (stream->native == NULL || stream->out == NULL ||
        stream->floats == NULL || stream->again == NULL)
        return pith_no_memory(error, chunk, 3);
    return PITH_OK;
}

static enum pith_status write_tensors(struct stream *stream,
                                      const enum pith_type *types,
                                      struct pith_error *error)
{
    const struct pith_source *source = stream->source;
    for (size_t i = 0; i < source->n_origins; i++) {
        stream->origin = &source->origins[i];
        pith_config_tensor(&source->config, i, &stream->spec);
        PITH_TRY(write_tensor(stream, types[i], error));
    }
    return PITH_OK;
}

static enum pith_status choose_types(const struct pith_source *source,
                                     const enum pith_type *dtype,
                                     enum pith_type **types,
                                     struct pith_error *error)
{
    struct pith_tensor_spec spec;
    *types = pith_array(source->n_origins, sizeof **types);
    if (*types == NULL)
        return pith_no_memory(error, source->n_origins, sizeof **types);
    for (size_t i = 0; i < source->n_origins; i++) {
        pith_config_tensor(&source->config, i, &spec);
        (*types)[i] = written_type(&source->origins[i], &spec, dtype);
    }
    return PITH_OK;
}

/* The file is used once before it has its name. */
static enum pith_status read_back(struct pith_format_writer *writer,
                                  const char *destination,
                                  struct pith_error *error)
{
    struct pith_load_options options = {.sizeof_options = sizeof options,
                                        .verify = true};
    struct pith_model *model;
    struct pith_error own;
    const char *path;
    PITH_TRY(pith_format_complete(writer, &path, error));
    if (path == NULL)
        return PITH_OK;
    enum pith_status status = pith_model_load(path, &options, &model, &own);
    if (status != PITH_OK)
        return pith_fail(error, status, "%s: the new file does not load: "
                         "%s", destination, own.detail);
    pith_model_free(model);
    return PITH_OK;
}

enum pith_status pith_source_write(const struct pith_source *source,
                                   const char *destination,
                                   const enum pith_type *dtype,
                                   const struct pith_convert_options *options,
                                   struct pith_error *error)
{
    struct stream stream = {.source = source, .options = options};
    struct pith_buffer section = {0};
    enum pith_type *types = NULL;
    enum pith_status status = PITH_OK;

    PITH_TRY_DONE(pith_vocab_serialize(&source->vocabulary.vocab, &section,
                                       error));
    if (section.failed)
        PITH_TRY_DONE(pith_no_memory(error, section.size, 2));
    PITH_TRY_DONE(choose_types(source, dtype, &types, error));
    PITH_TRY_DONE(allocate(&stream, types, error));
    struct pith_format_plan plan = {
        source->config, source->name, (const uint8_t *)section.data,
        section.size, types};
    PITH_TRY_DONE(pith_format_begin(&stream.writer, destination, &plan,
                                    error));
    PITH_TRY_DONE(write_tensors(&stream, types, error));
    PITH_TRY_DONE(read_back(stream.writer, destination, error));
    status = pith_format_finish(stream.writer, error);
    stream.writer = NULL;
done:
    pith_format_abort(stream.writer);
    pith_buffer_free(&section);
    pith_free(stream.native);
    pith_free(stream.out);
    pith_free(stream.floats);
    pith_free(stream.again);
    pith_free(types);
    return status;
}
