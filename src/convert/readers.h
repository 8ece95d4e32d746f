/*
 * readers.h - the foreign formats.  Each reader fills a source completely or
 * says why it cannot.
 */
#ifndef PITH_CONVERT_READERS_H
#define PITH_CONVERT_READERS_H

#include "source.h"

/* Whatever format source->path has.  tokenizer: of a llama2.c checkpoint;
 * NULL: beside it. */
enum pith_status pith_source_read(struct pith_source *source,
                                  const char *tokenizer,
                                  struct pith_error *error);

/* source->path is a folder with config.json. */
enum pith_status pith_huggingface_read(struct pith_source *source,
                                       struct pith_error *error);

/* The hyper-parameters, from the root of config.json. */
struct pith_json;
enum pith_status pith_huggingface_config(struct pith_source *source,
                                         const struct pith_json *root,
                                         struct pith_error *error);

/* Lists the tensors of the folder's files. */
enum pith_status pith_huggingface_weights(struct pith_source *source,
                                          struct pith_error *error);
/* Says what the folder holds instead of the missing file, and what to
 * do. */
enum pith_status pith_folder_refuse(const struct pith_source *source,
                                    const char *lacks,
                                    struct pith_error *error);

/* The tokenizer files of the folder, into source->vocabulary;
 * source->config is known.  config: the root of config.json. */
enum pith_status pith_huggingface_vocabulary(struct pith_source *source,
                                             const struct pith_json *config,
                                             struct pith_error *error);

/* A SentencePiece model (tokenizer.model) into source->vocabulary. */
enum pith_status pith_sentencepiece_read(struct pith_source *source,
                                         const struct pith_source_file *file,
                                         struct pith_error *error);

enum pith_status pith_gguf_read(struct pith_source *source,
                                struct pith_error *error);

/* tokenizer: path of tokenizer.bin; NULL: beside the checkpoint. */
enum pith_status pith_llama2c_read(struct pith_source *source,
                                   const char *tokenizer,
                                   struct pith_error *error);

#endif
