/*
 * tokenizer.h - text to token ids and back.
 *
 * Two kinds: byte-level BPE (GPT-2, SmolLM2) and SentencePiece BPE (LLaMA).
 * A vocabulary is described by struct pith_vocab, written into a model file
 * as the bytes of its tokenizer section (docs/FORMAT.md), and read back as a
 * struct pith_tokenizer.
 */
#ifndef PITH_TEXT_TOKENIZER_H
#define PITH_TEXT_TOKENIZER_H

#include "../base/buffer.h"
#include "../base/error.h"

enum pith_tokenizer_kind {
    /* No pieces: the source had no tokenizer.  Only the special ids count;
     * encoding fails with PITH_ERR_UNSUPPORTED, decoding gives nothing. */
    PITH_TOKENIZER_NONE = 0,
    PITH_TOKENIZER_BYTE_BPE = 1,
    PITH_TOKENIZER_SENTENCEPIECE = 2
};

enum pith_pre_tokenizer {
    PITH_PRE_NONE = 0,   /* SentencePiece */
    PITH_PRE_GPT2 = 1,   /* GPT-2's pattern */
    PITH_PRE_SMOLLM = 2, /* each digit (\p{N}) alone, then GPT-2's pattern */
    PITH_PRE_LLAMA3 = 3, /* Llama 3's pattern */
    PITH_PRE_QWEN2 = 4   /* the same, each digit alone */
};

enum pith_piece_kind {
    PITH_PIECE_NORMAL = 0,
    PITH_PIECE_SPECIAL = 1, /* matched in the text before anything else */
    PITH_PIECE_UNKNOWN = 2, /* what has no piece; its text is special */
    PITH_PIECE_BYTE = 3,    /* SentencePiece's "<0x0A>"; bytes hold the byte */
    PITH_PIECE_UNUSED = 4,  /* never produced from text */
    PITH_PIECE_USER = 5     /* SentencePiece: user-defined, never cut, part of
                               the text around it */
};

enum pith_vocab_flags {
    PITH_VOCAB_ADD_BOS = 1,      /* by default, BOS is prepended */
    PITH_VOCAB_DUMMY_PREFIX = 2, /* SentencePiece: a space is prepended */
    PITH_VOCAB_BYTE_FALLBACK = 4,
    /* HF decoders may rewrite " ." to "." and the like when they decode
     * (clean_up_tokenization_spaces); `reference` follows them. */
    PITH_VOCAB_CLEAN_UP_SPACES = 8,
    /* The dummy prefix is at the start of a text only, not after special
     * pieces: "legacy": false of Hugging Face. */
    PITH_VOCAB_PREFIX_ONCE = 16,
    /* Byte-level BPE: a word that is a piece is that piece, whatever its
     * merges make: Llama 3. */
    PITH_VOCAB_WHOLE_WORDS = 32
};

/* One piece: the raw bytes that it stands for.  Byte-level pieces are stored
 * as bytes, not in GPT-2's printable alphabet; SentencePiece's U+2581 is
 * stored as it is in the vocabulary and read as a space when decoding. */
struct pith_piece {
    struct pith_text bytes;
    float score; /* SentencePiece; 0 otherwise */
    enum pith_piece_kind kind;
};

/* Rank is the index in the list; ids index pieces.  SentencePiece may have
 * merges too: then they decide, and scores do not. */
struct pith_merge {
    int32_t left, right;
};

struct pith_vocab {
    enum pith_tokenizer_kind kind;
    enum pith_pre_tokenizer pre_tokenizer;
    uint32_t flags; /* enum pith_vocab_flags */
    int32_t bos_id, eos_id, unk_id, pad_id; /* -1: none */
    struct pith_piece *pieces;
    size_t n_pieces;
    struct pith_merge *merges;
    size_t n_merges;
};

/* Whether a stretch of text that follows a special piece, or else begins a
 * text, gets the dummy prefix. */
static inline bool pith_vocab_has_prefix(const struct pith_vocab *facts,
                                         bool after_special)
{
    return (facts->flags & PITH_VOCAB_DUMMY_PREFIX) != 0 &&
           !(after_special && (facts->flags & PITH_VOCAB_PREFIX_ONCE) != 0);
}

struct pith_tokenizer;

/* Reads a tokenizer section; `section` is borrowed and must outlive the
 * tokenizer.  name: the file, for errors. */
enum pith_status pith_tokenizer_create(const uint8_t *section, size_t size,
                                       const char *name,
                                       struct pith_tokenizer **tokenizer,
                                       struct pith_error *error);
void pith_tokenizer_free(struct pith_tokenizer *tokenizer);

/* Facts: kind, pre_tokenizer, flags, special ids, counts; pieces and merges
 * are NULL. */
void pith_tokenizer_describe(const struct pith_tokenizer *tokenizer,
                             struct pith_vocab *facts);

/* Beside enum pith_tokenize_flags: the text continues after a special piece. */
enum { PITH_TOKENIZE_AFTER_SPECIAL = 1 << 8 };

/* Appends the ids of text.  flags: enum pith_tokenize_flags and the one above.
 * Time is O(n log n) whatever the text. */
enum pith_status pith_tokenizer_encode(const struct pith_tokenizer *tokenizer,
                                       struct pith_text text, int flags,
                                       struct pith_ids *ids,
                                       struct pith_error *error);

/* The same of a text without special pieces, as PITH_TOKENIZE_NO_SPECIAL. */
enum pith_status
pith_tokenizer_encode_plain(const struct pith_tokenizer *tokenizer,
                            struct pith_text text, struct pith_ids *ids,
                            struct pith_error *error);

/* The bytes of one token inside a text: SentencePiece's U+2581 as a space;
 * borrowed from the tokenizer; size 0 for ids out of range. */
struct pith_text pith_tokenizer_piece(const struct pith_tokenizer *tokenizer,
                                      int32_t id);
enum pith_piece_kind
pith_tokenizer_piece_kind(const struct pith_tokenizer *tokenizer, int32_t id);

#endif
