/*
 * gguf.h - the container of GGUF versions 2 and 3: key-value metadata and a
 * table of tensors.
 */
#ifndef PITH_CONVERT_GGUF_H
#define PITH_CONVERT_GGUF_H

#include "source.h"

/* Types of values, by GGUF's numbers. */
enum pith_gguf_type {
    PITH_GGUF_U8, PITH_GGUF_I8, PITH_GGUF_U16, PITH_GGUF_I16, PITH_GGUF_U32,
    PITH_GGUF_I32, PITH_GGUF_F32, PITH_GGUF_BOOL, PITH_GGUF_STRING,
    PITH_GGUF_ARRAY, PITH_GGUF_U64, PITH_GGUF_I64, PITH_GGUF_F64
};

/* A value, borrowed from the file.  For an array, type and size are those of
 * its elements and bytes is where the first one is. */
struct pith_gguf_value {
    struct pith_text key;
    enum pith_gguf_type type;
    bool is_array;
    size_t n;             /* elements; 1 when no array */
    const uint8_t *bytes; /* checked: n elements are inside the file */
    const uint8_t *end;   /* of them */
    bool used;            /* a reader asked for it */
};

struct pith_gguf {
    struct pith_source *source;
    const struct pith_source_file *file;
    struct pith_gguf_value *values;
    size_t n_values;
    struct pith_names keys;
};

/* Reads the metadata and lists the tensors in the source.  Every size is
 * checked against the file. */
enum pith_status pith_gguf_open(struct pith_gguf *gguf,
                                struct pith_source *source,
                                const struct pith_source_file *file,
                                struct pith_error *error);
void pith_gguf_close(struct pith_gguf *gguf);

/* NULL when the key is not there; else its value is marked as used. */
const struct pith_gguf_value *pith_gguf_get(const struct pith_gguf *gguf,
                                            const char *key);

/* The value as a whole number, real number, truth value or text; a value of
 * another type, and a missing one without a fallback, is an error. */
enum pith_status pith_gguf_whole(const struct pith_gguf *gguf, const char *key,
                                 const uint32_t *fallback, uint32_t *out,
                                 struct pith_error *error);
enum pith_status pith_gguf_real(const struct pith_gguf *gguf, const char *key,
                                const float *fallback, float *out,
                                struct pith_error *error);
enum pith_status pith_gguf_flag(const struct pith_gguf *gguf, const char *key,
                                bool fallback, bool *out,
                                struct pith_error *error);
/* A missing text is empty. */
enum pith_status pith_gguf_text(const struct pith_gguf *gguf, const char *key,
                                struct pith_text *out,
                                struct pith_error *error);

/* An array of that type, which must be there. */
enum pith_status pith_gguf_array(const struct pith_gguf *gguf, const char *key,
                                 enum pith_gguf_type type,
                                 const struct pith_gguf_value **out,
                                 struct pith_error *error);

/* The string at *at, which moves past it. */
struct pith_text pith_gguf_next_string(const uint8_t **at);

/* gguf_split.c: lists the tensors of the other files, where the one that is
 * open is the first of several. */
enum pith_status pith_gguf_open_parts(struct pith_gguf *gguf,
                                      struct pith_error *error);

/* The tokenizer.ggml.* keys, into source->vocabulary. */
enum pith_status pith_gguf_vocabulary(struct pith_gguf *gguf,
                                      struct pith_error *error);

#endif
