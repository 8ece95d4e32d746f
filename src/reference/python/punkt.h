/*
 * punkt.h - where sentences end: the Punkt algorithm (Kiss and Strunk,
 * "Unsupervised Multilingual Sentence Boundary Detection", Computational
 * Linguistics 32, 2006), with parameters that somebody else has learnt.
 *
 * With the folder of English parameters that NLTK distributes (punkt_tab) the
 * sentences are those of nltk.sent_tokenize() of NLTK 3.10.  Without a folder
 * a short list of English abbreviations and sentence starters of our own is
 * used; its sentences are not always NLTK's.
 *
 * How the sentence filter of `reference` uses it: pith_punkt_split() on each
 * context, then pith_sentences_tile(), which turns the sentences into pieces
 * that add up to the whole text (LLMLingua's sync_sentence()).  A context
 * that is not empty but has no sentence (white space alone) is an error of
 * the reference.
 */
#ifndef PITH_REFERENCE_PYTHON_PUNKT_H
#define PITH_REFERENCE_PYTHON_PUNKT_H

#include "../../base/error.h"

struct pith_punkt; /* parameters; immutable, may be shared by threads */

/* Reads abbrev_types.txt, collocations.tab, ortho_context.tab and
 * sent_starters.txt from a folder.
 *   folder  NULL: the built-in list
 *   punkt   handed over; free with pith_punkt_free
 * Errors: IO, FORMAT, MEMORY. */
enum pith_status pith_punkt_load(const char *folder, struct pith_punkt **punkt,
                                 struct pith_error *error);
void pith_punkt_free(struct pith_punkt *punkt);

struct pith_sentence {
    size_t offset, size; /* bytes of the text */
};

/* Sentences in order, without the white space between them; what is in
 * front of the first one belongs to it.  Linear in the text.
 *   sentences  handed over (n elements); free with pith_free() */
enum pith_status pith_punkt_split(const struct pith_punkt *punkt,
                                  struct pith_text text,
                                  struct pith_sentence **sentences, size_t *n,
                                  struct pith_error *error);

/* Lets every sentence continue to where the next one starts, and the last one
 * to the end of the text. */
void pith_sentences_tile(struct pith_sentence *sentences, size_t n,
                         size_t text_size);

#endif
