/*
 * tokenizer_files.h - the tokenizer files of a Hugging Face folder while a
 * vocabulary is read from them.
 */
#ifndef PITH_CONVERT_TOKENIZER_FILES_H
#define PITH_CONVERT_TOKENIZER_FILES_H

#include "json_values.h"
#include "source.h"

/* The roots of JSON files; NULL for a missing file. */
struct pith_tokenizer_files {
    struct pith_source *source;
    struct pith_vocabulary *vocabulary;
    const struct pith_json *config;    /* config.json: always there */
    const struct pith_json *settings;  /* tokenizer_config.json */
    const struct pith_json *specials;  /* special_tokens_map.json */
    const struct pith_json *added;     /* added_tokens.json */
    const struct pith_json *tokenizer; /* tokenizer.json */
    struct pith_names left_out; /* tokens beyond the embedding, by id */
    struct pith_error *error;
};

/* UNSUPPORTED: "FOLDER/FILE: WHAT WHY". */
enum pith_status pith_tokenizer_refuse(const struct pith_tokenizer_files *files,
                                       const char *file, const char *what,
                                       const char *why);

/* Whether Hugging Face reads the files with that class, or its fast twin. */
bool pith_tokenizer_has_class(const struct pith_tokenizer_files *files,
                              const char *name);

bool pith_tokenizer_setting_is(const struct pith_tokenizer_files *files,
                               const char *key, enum pith_json_kind kind);

/* Empties the vocabulary and sets its kind. */
void pith_tokenizer_start(struct pith_tokenizer_files *files,
                          enum pith_tokenizer_kind kind,
                          enum pith_pre_tokenizer pre_tokenizer);

/* Every {"piece": id} of a vocabulary file. */
enum pith_status pith_tokenizer_put_all(struct pith_tokenizer_files *files,
                                        const char *file,
                                        const struct pith_json *vocab);

/* Tells the caller that NFC is left out. */
void pith_tokenizer_note_nfc(const struct pith_tokenizer_files *files);

/* The vocabulary and merges of tokenizer.json. */
enum pith_status pith_tokenizer_json_read(struct pith_tokenizer_files *files);

/* Whether it holds SentencePiece BPE, which tokenizer.model tells better. */
bool pith_tokenizer_json_is_sentencepiece(
    const struct pith_tokenizer_files *files);

/* The id of a special token in config.json; *id is unchanged without one. */
void pith_tokenizer_config_id(const struct pith_tokenizer_files *files,
                              const char *key, int32_t *id);

/* Added and special tokens, once the pieces of the vocabulary are known.  What
 * has no row in the embedding is left out, with a note. */
enum pith_status pith_special_tokens_read(struct pith_tokenizer_files *files);

#endif
