/*
 * source.h - what every reader of a foreign format fills in: a config, a
 * vocabulary, and for each tensor of the config where its bytes are and how
 * they are to be rearranged.
 *
 * A reader first lists what the files store (struct pith_stored), then says
 * for each tensor that the model needs which stored one it comes from
 * (pith_source_take).  What is stored and was never taken is unknown, and
 * refused by name.
 */
#ifndef PITH_CONVERT_SOURCE_H
#define PITH_CONVERT_SOURCE_H

#include "../base/file.h"
#include "../model/config.h"
#include "gguf_blocks.h"
#include "names.h"
#include "vocab.h"

/* How foreign files store elements: our own types with the same bytes, and
 * the other quantised ones of GGUF. */
enum pith_stored_type {
    PITH_STORED_F32 = PITH_F32,
    PITH_STORED_F16 = PITH_F16,
    PITH_STORED_BF16 = PITH_BF16,
    PITH_STORED_Q8 = PITH_Q8,
    PITH_STORED_Q4 = PITH_Q4,
    PITH_STORED_BLOCKS, /* of gguf_blocks.h */
    PITH_STORED_OTHER /* refused when it is needed */
};

/* A tensor as a file lists it. */
struct pith_stored {
    struct pith_text name;
    const struct pith_file *file;
    const char *path; /* of the file */
    size_t offset, bytes;
    enum pith_stored_type type;
    const struct pith_blocks *blocks; /* of PITH_STORED_BLOCKS */
    char type_name[24]; /* the format's word for the type */
    size_t n_dims, dims[2]; /* slowest first; n_dims over 2: neither is set */
    bool taken;
};

/* Bytes of a stored row; 0 when a row of that many cols cannot have the type.
 * blocks: of PITH_STORED_BLOCKS. */
size_t pith_stored_row_bytes(enum pith_stored_type type,
                             const struct pith_blocks *blocks, size_t cols);

/* Where the rows of one of our tensors come from. */
struct pith_origin {
    struct pith_text name; /* of the stored tensor; size 0: it has none */
    const char *path;      /* of its file */
    const struct pith_file *file;
    size_t offset;
    enum pith_stored_type type;
    const struct pith_blocks *blocks; /* of PITH_STORED_BLOCKS */
    char type_name[24];
    size_t stored_cols; /* of a row as it is stored */
    size_t first;       /* our row 0 is this row (column if transposed) */
    size_t skipped;     /* elements of a vector before ours */
    bool transposed;    /* our rows are the stored columns */
    size_t rotary_dim;  /* head width, where rotary pairs are adjacent */
};

struct pith_source {
    const char *path; /* as the caller gave it; borrowed */
    char *name;       /* of the model; owned */
    const char *format; /* a literal; NULL where it is not known */
    char architecture[64]; /* the source's own word, "" where it has none */
    char *probe;      /* room for a path inside a folder; owned */
    void (*note)(void *user, const char *text); /* may be NULL */
    void *user;
    struct pith_config config;
    struct pith_file factors; /* what pith_source_set_factors listed */
    struct pith_vocabulary vocabulary;

    struct pith_source_file *files; /* linked list; mapped, owned */
    struct pith_texts texts;        /* names of stored tensors */
    struct pith_stored *stored;
    size_t n_stored, stored_capacity;
    struct pith_names stored_names;

    struct pith_origin *origins; /* of each tensor of the config */
    size_t n_origins;
};

struct pith_source_file {
    struct pith_file file;
    char *path;
    struct pith_source_file *next;
};

void pith_source_close(struct pith_source *source);

/* Tells the caller, in the detail, what is left out of a source. */
void pith_source_note(const struct pith_source *source,
                      const struct pith_error *what);

/* Maps a file that the source keeps until it is closed. */
enum pith_status pith_source_open(struct pith_source *source, const char *path,
                                  const struct pith_source_file **file,
                                  struct pith_error *error);

/* What of it is longer than the member is cut. */
void pith_source_set_architecture(struct pith_source *source,
                                  struct pith_text word);

/* The model's name: the last part of a path, without `suffix`. */
enum pith_status pith_source_set_name(struct pith_source *source,
                                      struct pith_text name,
                                      struct pith_error *error);

/* The name that rotary factors are stored under: GGUF's. */
#define PITH_ROPE_FACTORS "rope_freqs.weight"

/* Lists rotary factors (n) as if a file stored them, and sets the config's
 * rope_factors. */
enum pith_status pith_source_set_factors(struct pith_source *source,
                                         const float *factors, size_t n,
                                         struct pith_error *error);

/* Lists one stored tensor.  Names that come twice are refused. */
enum pith_status pith_source_list(struct pith_source *source,
                                  const struct pith_stored *stored,
                                  struct pith_error *error);

/* The stored tensor of that name; NULL when there is none. */
struct pith_stored *pith_source_find(struct pith_source *source,
                                     const char *name);

/* How a stored tensor becomes one of ours. */
struct pith_taking {
    const char *name;  /* as stored */
    size_t first;      /* row (element of a vector) where ours begins */
    size_t total;      /* rows stored in all; 0: ours alone */
    bool transposed;   /* stored as (cols, rows) */
    size_t rotary_dim;
};

/* Checks the stored tensor against what the model needs and notes it as the
 * origin of the next tensor of the config. */
enum pith_status pith_source_take(struct pith_source *source,
                                  const struct pith_tensor_spec *spec,
                                  const struct pith_taking *taking,
                                  struct pith_error *error);

/* Allocates the origins: the config is known from here on. */
enum pith_status pith_source_begin_taking(struct pith_source *source,
                                          struct pith_error *error);

/* Refuses what is left over, save what ignore(user, name) knows to be of no
 * effect. */
enum pith_status
pith_source_end_taking(struct pith_source *source,
                       bool (*ignore)(struct pith_source *source,
                                      const char *name),
                       struct pith_error *error);

/* A tensor's name of config.h in its parts: layer (or -1), part ("attn_q"),
 * bias or weight. */
struct pith_part {
    long layer;
    char name[32];
    bool bias;
};

void pith_part_of(const struct pith_tensor_spec *spec, struct pith_part *part);

#endif
