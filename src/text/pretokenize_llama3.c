/*
 * pretokenize_llama3.c - Llama 3's pattern, written out by hand:
 *
 *   (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
 *    ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 *
 * and Qwen2's, which is the same with \p{N} in place of \p{N}{1,3}; and words
 * that are pieces.
 */
#include "../base/memory.h"
#include "byte_bpe.h"
#include "piece_index.h"
#include "pretokenize.h"

static bool is_newline(struct pith_text text, size_t at)
{
    return at < text.size && (text.bytes[at] == '\r' || text.bytes[at] == '\n');
}

/* \s*[\r\n]+ : white space up to its last line break; 0 when it has none. */
static size_t broken_space_length(enum pith_pre_tokenizer kind,
                                  struct pith_text text)
{
    size_t end = pith_run_of(kind, text, 0, PITH_CHARACTER_SPACE);
    while (end > 0 && !is_newline(text, end - 1))
        end--;
    return end;
}

static size_t next_llama3(enum pith_pre_tokenizer kind, struct pith_text text)
{
    size_t at = pith_contraction_length(text, true), length, unused;
    if (at > 0)
        return at;
    enum pith_character first = pith_character_at(kind, text, 0, &length);
    enum pith_character second = pith_character_at(kind, text, length, &unused);
    if (first == PITH_CHARACTER_LETTER)
        return pith_run_of(kind, text, 0, PITH_CHARACTER_LETTER);
    if (first == PITH_CHARACTER_NUMBER) {
        size_t limit = kind == PITH_PRE_LLAMA3 ? 3 : 1;
        for (at = 0; limit > 0 && first == PITH_CHARACTER_NUMBER; limit--) {
            at += length;
            first = pith_character_at(kind, text, at, &length);
        }
        return at;
    }
    if (second == PITH_CHARACTER_LETTER && !is_newline(text, 0))
        return pith_run_of(kind, text, length, PITH_CHARACTER_LETTER);
    at = text.bytes[0] == ' ' ? 1 : 0;
    if ((at == 0 ? first : second) == PITH_CHARACTER_OTHER) {
        at = pith_run_of(kind, text, at, PITH_CHARACTER_OTHER);
        while (is_newline(text, at))
            at++;
        return at;
    }
    at = broken_space_length(kind, text);
    return at > 0 ? at : pith_space_length(kind, text);
}

size_t pith_pretokenize_next(enum pith_pre_tokenizer kind,
                             struct pith_text text)
{
    return kind == PITH_PRE_LLAMA3 || kind == PITH_PRE_QWEN2
               ? next_llama3(kind, text) : pith_pretokenize_gpt2(kind, text);
}

static int32_t find_word(const struct pith_byte_bpe *bpe, struct pith_text word)
{
    return pith_piece_index_find(bpe->words, bpe->pieces, word);
}

static void free_words(struct pith_piece_index *words)
{
    pith_piece_index_free(words);
    pith_free(words);
}

static enum pith_status index_words(struct pith_byte_bpe *bpe,
                                    const struct pith_section *section,
                                    struct pith_error *error)
{
    size_t n = section->facts.n_pieces;
    bpe->words = pith_array_zero(1, sizeof *bpe->words);
    if (bpe->words == NULL)
        return pith_no_memory(error, 1, sizeof *bpe->words);
    bpe->find_word = find_word;
    bpe->free_words = free_words;
    PITH_TRY(pith_piece_index_create(bpe->words, n, error));
    for (size_t id = 0; id < n; id++)
        if (pith_section_piece(section, id).kind == PITH_PIECE_NORMAL)
            pith_piece_index_add(bpe->words, bpe->pieces, (int32_t)id);
    return PITH_OK;
}

enum pith_status pith_byte_bpe_open_llama3(struct pith_byte_bpe *bpe,
                                           const struct pith_section *section,
                                           struct pith_error *error)
{
    bpe->next = pith_pretokenize_next;
    return (section->facts.flags & PITH_VOCAB_WHOLE_WORDS) != 0
               ? index_words(bpe, section, error) : PITH_OK;
}
