/*
 * foreign.h - writing small random models in the formats that pith convert
 * reads: Hugging Face folders, GGUF files, llama2.c checkpoints.
 *
 * Every weight is one of -8/8, -7/8 ... 7/8, which all types of all formats
 * store exactly, so that every route must give the same numbers.
 */
#ifndef PITH_TESTS_FOREIGN_H
#define PITH_TESTS_FOREIGN_H

#include "../src/base/buffer.h"
#include "../src/model/config.h"

enum foreign_kind {
    FOREIGN_GPT2,       /* byte-level BPE */
    FOREIGN_LLAMA,      /* grouped heads, untied; SentencePiece */
    FOREIGN_LLAMA_TIED, /* all heads; SentencePiece */
    FOREIGN_LLAMA_BYTES /* grouped, tied; byte-level BPE, digits alone */
};

enum { FOREIGN_KINDS = 4 };

struct foreign {
    enum foreign_kind kind;
    struct pith_config config;
    size_t n_pieces;                /* of the tokenizer; rows may be more */
    struct pith_tensor_spec *specs; /* n_tensors, of config.h */
    float **values;                 /* in our order, (rows, cols) each */
    size_t n_tensors;
    struct {                        /* where set, in place of what is true */
        const char *architecture, *rope_scaling, *pre_tokenizer;
        uint32_t n_experts;
    } gguf_says;
};

void foreign_init(struct foreign *model, enum foreign_kind kind);
/* With rows of the embedding beyond the pieces. */
void foreign_init_padded(struct foreign *model, enum foreign_kind kind,
                         size_t n_rows);
void foreign_free(struct foreign *model);

/* How a Hugging Face folder is written. */
struct foreign_folder {
    const char *type;     /* "F32", "F16", "BF16" */
    bool bare;            /* without the prefix "transformer." or "model." */
    bool buffers;         /* with masks, rotary tables, a tied lm_head */
    bool sharded;         /* two shards and an index */
    bool vocab_and_merges; /* instead of tokenizer.json */
    bool spaced_merges;   /* "a b" instead of ["a", "b"] */
    bool no_tokenizer;
    bool only_head;       /* tied: lm_head in place of the embedding */
    const char *without;  /* a tensor that is not stored, by its name there */
    const char *metadata; /* more of them, ", \"key\": \"value\"" */
};

void foreign_folder_write(const struct foreign *model,
                          const struct foreign_folder *how,
                          const char *folder);
void foreign_folder_remove(const char *folder);

/* GGUF's numbers of types. */
enum foreign_gguf_type {
    FOREIGN_F32 = 0, FOREIGN_F16 = 1, FOREIGN_Q4_0 = 2, FOREIGN_Q4_1 = 3,
    FOREIGN_Q8_0 = 8, FOREIGN_Q4_K = 12, FOREIGN_IQ2_XXS = 16,
    FOREIGN_BF16 = 30
};

/* Matrices have the type, vectors are F32.  version: 2 or 3. */
void foreign_gguf_write(const struct foreign *model, int type,
                        uint32_t version, const char *path);

/* The same in parts, F32: NAME-00001-of-00003.gguf and so on. */
void foreign_gguf_write_split(const struct foreign *model, size_t n_parts,
                              const char *name);

/* LLaMA with SentencePiece only. */
void foreign_llama2c_write(const struct foreign *model, const char *path,
                           const char *tokenizer);

/* Whole files. */
void write_whole_file(const char *path, const void *bytes, size_t size);
/* Replaces the first `from` in the file; fails the test when there is none. */
void edit_file(const char *path, const char *from, const char *to);

#endif
