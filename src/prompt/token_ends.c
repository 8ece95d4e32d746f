/*
 * token_ends.c - where the tokens of a text end in it.
 */
#include <string.h>

#include "parts.h"

/* Where in text a piece ends that starts at `at`.  Bytes that the piece does
 * not have are passed over: tokenizers leave out what they have no token for.
 * A SentencePiece space also stands for U+2581 in the text itself. */
static size_t follow(struct pith_text piece, struct pith_text text, size_t at)
{
    static const char mark[] = "\xE2\x96\x81";
    size_t n_mark = sizeof mark - 1;
    for (size_t i = 0; i < piece.size; i++) {
        while (at < text.size && text.bytes[at] != piece.bytes[i] &&
               !(piece.bytes[i] == ' ' && text.size - at >= n_mark &&
                 memcmp(text.bytes + at, mark, n_mark) == 0))
            at++;
        if (at < text.size)
            at += text.bytes[at] == piece.bytes[i] ? 1 : n_mark;
    }
    return at;
}

/* Every stretch of text between special tokens that SentencePiece encodes
 * gets a space in front, which belongs to its first token and is not part of
 * the text; an unknown piece spells nothing. */
void pith_token_ends(const struct pith_tokenizer *tokenizer,
                     struct pith_text text, const int32_t *ids, size_t n,
                     size_t *ends)
{
    struct pith_vocab facts;
    pith_tokenizer_describe(tokenizer, &facts);
    bool prefixed = (facts.flags & PITH_VOCAB_DUMMY_PREFIX) != 0;
    bool again = prefixed && !(facts.flags & PITH_VOCAB_PREFIX_ONCE);
    bool dummy = prefixed; /* the next piece may begin with that space */
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        struct pith_text piece = pith_tokenizer_piece(tokenizer, ids[i]);
        enum pith_piece_kind kind =
            pith_tokenizer_piece_kind(tokenizer, ids[i]);
        if (dummy && piece.size > 0 && piece.bytes[0] == ' ') {
            piece.bytes++;
            piece.size--;
        }
        if (kind != PITH_PIECE_UNKNOWN)
            at = follow(piece, text, at);
        ends[i] = at;
        dummy = again && kind == PITH_PIECE_SPECIAL;
    }
    if (n > 0)
        ends[n - 1] = text.size;
}
