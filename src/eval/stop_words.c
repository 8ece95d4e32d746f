/*
 * stop_words.c - our list of English function words: articles, pronouns,
 * prepositions, conjunctions, auxiliaries and the adverbs among them.
 */
#include "stop_words.h"

#include <string.h>

#include "../base/text.h"

/* Sorted by strcmp(). */
static const char *const words[] = {
    "a", "about", "above", "after", "again", "against", "ago", "all",
    "almost", "already", "also", "although", "always", "am", "among", "an",
    "and", "another", "any", "anybody", "anyone", "anything", "are",
    "aren't", "around", "as", "at", "away", "back", "be", "became",
    "because", "become", "been", "before", "behind", "being", "below",
    "beside", "between", "beyond", "both", "but", "by", "can", "can't",
    "cannot", "could", "couldn't", "did", "didn't", "do", "does", "doesn't",
    "doing", "don't", "done", "down", "during", "each", "either", "else",
    "enough", "even", "ever", "every", "everybody", "everyone", "everything",
    "few", "for", "from", "further", "get", "gets", "got", "had", "hadn't",
    "has", "hasn't", "have", "haven't", "having", "he", "he'd", "he'll",
    "he's", "her", "here", "here's", "hers", "herself", "him", "himself",
    "his", "how", "however", "i", "i'd", "i'll", "i'm", "i've", "if", "in",
    "indeed", "instead", "into", "is", "isn't", "it", "it'd", "it'll",
    "it's", "its", "itself", "just", "least", "less", "let", "let's", "like",
    "may", "maybe", "me", "might", "mine", "more", "most", "much", "must",
    "mustn't", "my", "myself", "near", "neither", "never", "no", "nobody",
    "none", "nor", "not", "nothing", "now", "of", "off", "often", "on",
    "once", "one", "only", "onto", "or", "other", "others", "our", "ours",
    "ourselves", "out", "over", "own", "per", "perhaps", "quite", "rather",
    "really", "same", "shall", "she", "she'd", "she'll", "she's", "should",
    "shouldn't", "since", "so", "some", "somebody", "someone", "something",
    "sometimes", "still", "such", "than", "that", "that's", "the", "their",
    "theirs", "them", "themselves", "then", "there", "there's", "therefore",
    "these", "they", "they'd", "they'll", "they're", "they've", "this",
    "those", "though", "through", "thus", "to", "together", "too", "toward",
    "towards", "under", "until", "up", "upon", "us", "very", "was", "wasn't",
    "we", "we'd", "we'll", "we're", "we've", "were", "weren't", "what",
    "what's", "whatever", "when", "where", "where's", "whether", "which",
    "while", "who", "who'd", "who's", "whole", "whom", "whose", "why",
    "will", "with", "within", "without", "won't", "would", "wouldn't", "yes",
    "yet", "you", "you'd", "you'll", "you're", "you've", "your", "yours",
    "yourself", "yourselves"};

/* < 0, 0, > 0 as the text in lower case stands to an entry. */
static int compare(struct pith_text text, const char *entry)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char ours = (unsigned char)pith_ascii_lower(text.bytes[i]);
        unsigned char theirs = (unsigned char)entry[i];
        if (ours != theirs)
            return ours < theirs ? -1 : 1;
    }
    return entry[text.size] == '\0' ? 0 : -1;
}

bool pith_is_stop_word(struct pith_text word)
{
    size_t low = 0, high = sizeof words / sizeof *words;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(word, words[middle]);
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}
