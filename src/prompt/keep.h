/*
 * keep.h - what must stay, and in one piece: whole words, digits, given
 * strings, what a regular expression matches.
 *
 * The papers have none of this.  Units are merged into words (keep_words,
 * document_words) and marked as forced (the others); Algorithm 2 then counts
 * forced units first.
 */
#ifndef PITH_PROMPT_KEEP_H
#define PITH_PROMPT_KEEP_H

#include "parts.h"
#include "result.h"

/* Merges the units of each word, if options->keep_words, or document_words in
 * a document of question_aware, there with the separators in front of it;
 * words of more than segment_size tokens stay as they were.  Marks the units
 * that must stay and the blank lines in front of parts that have some.
 * Errors: ARGUMENT (a string or an expression that is no use), UNSUPPORTED
 * (no regular expressions on this system), MEMORY. */
enum pith_status pith_keep_apply(struct pith_parts *parts,
                                 const struct pith_compress_options *options,
                                 struct pith_error *error);

/* Notes which strings of keep and which expression pith_keep_apply() found
 * nowhere. */
enum pith_status pith_keep_note(const struct pith_parts *parts,
                                const struct pith_compress_options *options,
                                struct pith_result *result,
                                struct pith_error *error);

/* Whether text can be cut between its bytes at - 1 and at without cutting a
 * word: a run of letters, marks, digits and underscores, with an apostrophe
 * or hyphen between letters and a point, comma or colon between digits.  In
 * scripts that write no spaces each character is a word. */
bool pith_is_word_boundary(struct pith_text text, size_t at);

/* Whether a text is nothing but what stands between words: space and
 * punctuation. */
bool pith_is_separator(struct pith_text text);

/* Tokens of the forced units among n. */
size_t pith_forced_tokens(const struct pith_unit *units, size_t n);

#endif
