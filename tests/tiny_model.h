/*
 * tiny_model.h - small random models of both architectures, the same on
 * every machine, so that tests need no download.
 *
 * Their losses mean nothing but differ from token to token.
 */
#ifndef PITH_TESTS_TINY_MODEL_H
#define PITH_TESTS_TINY_MODEL_H

#include "../src/model/config.h"
#include "../src/text/tokenizer.h"

enum tiny_kind {
    TINY_GPT2,      /* tied; byte-level BPE with GPT-2's pre-tokenizer */
    TINY_LLAMA,     /* grouped heads, untied; SentencePiece BPE */
    TINY_LLAMA_TIED, /* all heads, tied; byte-level BPE, digits alone */
    TINY_FAMILY /* all that members of the LLaMA family differ in; Llama 3's
                   words */
};

/* The plain ones; with what the family has. */
enum { TINY_KINDS = 3, TINY_ALL_KINDS = 4 };

/* Hyper-parameters: 2 layers, 256 positions; every width is a multiple of 32
 * so that all types can store it. */
void tiny_config(struct pith_config *config, enum tiny_kind kind);

/* Writes a model file whose matrices have the type. */
void tiny_model_write(const char *path, enum tiny_kind kind,
                      enum pith_type type);

/* Writes, loads and removes the file again (where open files stay). */
struct pith_model *tiny_model_load(enum tiny_kind kind, enum pith_type type,
                                   const char *kernels);

/* A float32 model on its best kernels and a session of one thread on it. */
void tiny_open(enum tiny_kind kind, struct pith_model **model,
               struct pith_session **session);
void tiny_close(struct pith_model *model, struct pith_session *session);

/* The same for all kinds. */
void tiny_open_all(struct pith_model *models[TINY_KINDS],
                   struct pith_session *sessions[TINY_KINDS]);
void tiny_close_all(struct pith_model *models[TINY_KINDS],
                    struct pith_session *sessions[TINY_KINDS]);

#endif
