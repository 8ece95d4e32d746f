/*
 * decode.c - token ids to text.
 */
#include "decode.h"

/* The space that encode prepended to a stretch of text goes again. */
void pith_tokenizer_decode(const struct pith_tokenizer *tokenizer,
                           const int32_t *ids, size_t n,
                           struct pith_buffer *out)
{
    struct pith_vocab facts;
    pith_tokenizer_describe(tokenizer, &facts);
    /* At the start of a stretch. */
    bool prefixed = pith_vocab_has_prefix(&facts, false);
    for (size_t i = 0; i < n; i++) {
        struct pith_text piece = pith_tokenizer_piece(tokenizer, ids[i]);
        enum pith_piece_kind kind =
            pith_tokenizer_piece_kind(tokenizer, ids[i]);
        bool special = kind == PITH_PIECE_SPECIAL || kind == PITH_PIECE_UNKNOWN;
        size_t skip = prefixed && !special && piece.size > 0 &&
                      piece.bytes[0] == ' ';
        if (piece.size > 0)
            pith_buffer_append(out, piece.bytes + skip, piece.size - skip);
        prefixed = special ? pith_vocab_has_prefix(&facts, true)
                           : prefixed && piece.size == 0;
    }
}
