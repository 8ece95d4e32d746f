/*
 * vocab.h - building a vocabulary from what foreign files list: pieces by id
 * in their source's spelling, then merges of spellings.
 *
 * Byte-level vocabularies spell each byte as a printable character (GPT-2's
 * alphabet); pith_vocabulary_finish() turns spellings into bytes.
 */
#ifndef PITH_CONVERT_VOCAB_H
#define PITH_CONVERT_VOCAB_H

#include "../text/tokenizer.h"
#include "names.h"

struct pith_vocabulary {
    struct pith_vocab vocab;   /* pieces: bytes are spellings until finished */
    bool *present;             /* of each piece */
    size_t capacity;           /* of pieces and present */
    size_t merge_capacity;
    size_t limit;              /* ids are below: rows of the embedding */
    const char *path;          /* for errors; borrowed */
    struct pith_names ids;     /* spelling to id */
    struct pith_texts texts;   /* owns spellings and bytes */
};

/* Empties it and sets the kind, with all special ids -1. */
void pith_vocabulary_init(struct pith_vocabulary *vocabulary,
                          enum pith_tokenizer_kind kind, size_t limit,
                          const char *path);
void pith_vocabulary_free(struct pith_vocabulary *vocabulary);

/* Gives id a piece; the spelling is copied.  An id that has one already must
 * have the same: then its kind becomes special when the new one is, or, of
 * SentencePiece's unk_id, unknown. */
enum pith_status pith_vocabulary_put(struct pith_vocabulary *vocabulary,
                                     size_t id, struct pith_text spelling,
                                     enum pith_piece_kind kind, float score,
                                     struct pith_error *error);

/* The id of a spelling, -1 when there is none. */
int32_t pith_vocabulary_find(const struct pith_vocabulary *vocabulary,
                             struct pith_text spelling);

/* Where a file does not tell the kinds of SentencePiece's pieces: normal ones
 * spelt like "<0x0A>" become byte pieces.  Bytes are fallen back to where
 * there are such. */
void pith_vocabulary_mark_bytes(struct pith_vocabulary *vocabulary);

/* The next merge, of the pieces spelt so. */
enum pith_status pith_vocabulary_merge(struct pith_vocabulary *vocabulary,
                                       struct pith_text left,
                                       struct pith_text right,
                                       struct pith_error *error);
/* The same of "left right". */
enum pith_status pith_vocabulary_merge_line(struct pith_vocabulary *vocabulary,
                                            struct pith_text line,
                                            struct pith_error *error);

/* Checks that the special ids exist and turns spellings into bytes.  An id
 * without a piece gets an unused, empty one. */
enum pith_status pith_vocabulary_finish(struct pith_vocabulary *vocabulary,
                                        struct pith_error *error);

#endif
