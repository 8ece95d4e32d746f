/*
 * punkt.c - the decisions of Punkt: is this period (or '?', '!') the end of
 * a sentence?  See punkt.h.
 *
 * Answers to NLTK's PunktSentenceTokenizer.  Section numbers are those of
 * Kiss and Strunk (2006).  A candidate is looked at with the word before
 * it and the one after; the sentences are cut at those candidates whose
 * words decide for it, and closing quotes and brackets then move over to the
 * sentence that they close.
 */
#include "punkt.h"

#include <string.h>

#include "../../base/memory.h"
#include "../../base/text.h"
#include "../../base/utf8.h"
#include "punkt_token.h"

static uint32_t code_at(struct pith_text text, size_t at, size_t *length)
{
    uint32_t code;
    *length = pith_utf8_decode(text.bytes + at, text.size - at, &code);
    return code;
}

/* --- type-based stage (section 3) ----------------------------------------------- */

/* Known with all its parts, or by its last part: "vice-pres." */
static bool is_known_abbreviation(const struct pith_punkt *punkt,
                                  const struct pith_punkt_token *token)
{
    struct pith_text word = {token->type.bytes, token->type.size};
    if (word.size == 0 || word.bytes[word.size - 1] != '.')
        word = token->text; /* a number, or too long to be known as a whole */
    word.size--;
    if (pith_punkt_lookup(&punkt->abbreviations, word))
        return true;
    size_t n = word.size;
    while (n > 0 && word.bytes[n - 1] != '-')
        n--;
    word.bytes += n;
    word.size -= n;
    return pith_punkt_lookup(&punkt->abbreviations, word) != 0;
}

static bool is_all_periods(struct pith_text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.bytes[i] != '.')
            return false;
    return true;
}

/* What the word itself says. */
static void annotate_type(const struct pith_punkt *punkt,
                          struct pith_punkt_token *token)
{
    struct pith_text text = token->text;
    if (pith_text_is(text, ".") || pith_text_is(text, "?") || pith_text_is(text, "!"))
        token->is_break = true;
    else if (is_all_periods(text))
        token->is_ellipsis = true;
    else if (token->ends_in_period && text.bytes[text.size - 2] != '.') {
        token->is_abbreviation = is_known_abbreviation(punkt, token);
        token->is_break = !token->is_abbreviation;
    }
}

/* --- token-based stage (section 4) ---------------------------------------------- */

enum answer { NO, YES, UNKNOWN };

static uint8_t contexts_of(const struct pith_punkt *punkt,
                           const struct pith_punkt_token *token)
{
    return pith_punkt_lookup(&punkt->contexts, pith_punkt_type_no_break(token));
}

/* 4.1.1, the orthographic heuristic: does the token start a sentence, to
 * judge by its first letter and how the word was seen elsewhere? */
static enum answer starts_sentence(const struct pith_punkt *punkt,
                                   const struct pith_punkt_token *token)
{
    if (token->text.size == 1 && strchr(";:,.!?", token->text.bytes[0]))
        return NO;
    uint8_t contexts = contexts_of(punkt, token);
    enum pith_casing_kind first = pith_punkt_first_case(token->text);
    if (first == PITH_CASING_UPPER && (contexts & PITH_PUNKT_LC) &&
        !(contexts & PITH_PUNKT_MID_UC))
        return YES;
    if (first == PITH_CASING_LOWER &&
        ((contexts & PITH_PUNKT_UC) || !(contexts & PITH_PUNKT_BEG_LC)))
        return NO;
    return UNKNOWN;
}

/* 4.1.2, the collocation heuristic: do the two words belong together? */
static bool are_collocation(const struct pith_punkt *punkt,
                            struct pith_text first, struct pith_text second)
{
    char pair[PITH_PUNKT_MAX_TYPE];
    if (first.size == 0 || second.size == 0 ||
        first.size + 1 + second.size > sizeof pair)
        return false;
    memcpy(pair, first.bytes, first.size);
    pair[first.size] = '\t';
    memcpy(pair + first.size + 1, second.bytes, second.size);
    return pith_punkt_lookup(
        &punkt->collocations,
        (struct pith_text){pair, first.size + 1 + second.size});
}

static void set_abbreviation(struct pith_punkt_token *token)
{
    token->is_break = false;
    token->is_abbreviation = true;
}

/* 4.2: abbreviations and ellipses that also end a sentence. */
static bool also_ends_sentence(const struct pith_punkt *punkt,
                               const struct pith_punkt_token *next)
{
    /* 4.1.3, frequent sentence starters */
    return starts_sentence(punkt, next) == YES ||
           (pith_punkt_first_case(next->text) == PITH_CASING_UPPER &&
            pith_punkt_lookup(&punkt->starters,
                              pith_punkt_type_no_break(next)));
}

/* 4.3: initials and ordinal numbers that do not.  An unknown word that is
 * upper case whenever it was seen follows an initial as a name does. */
static bool is_initial_or_ordinal(const struct pith_punkt *punkt,
                                  const struct pith_punkt_token *next,
                                  bool is_initial)
{
    enum answer answer = starts_sentence(punkt, next);
    return answer == NO ||
           (answer == UNKNOWN && is_initial &&
            pith_punkt_first_case(next->text) == PITH_CASING_UPPER &&
            !(contexts_of(punkt, next) & PITH_PUNKT_LC));
}

/* What the next word says about a word with a period. */
static void annotate_pair(const struct pith_punkt *punkt,
                          struct pith_punkt_token *token,
                          const struct pith_punkt_token *next)
{
    if (!token->ends_in_period)
        return;
    struct pith_text type = pith_punkt_type_no_period(&token->type);
    bool is_initial = pith_punkt_is_initial(token);
    if (are_collocation(punkt, type, pith_punkt_type_no_break(next))) {
        set_abbreviation(token);
        return;
    }
    if ((token->is_abbreviation || token->is_ellipsis) && !is_initial &&
        also_ends_sentence(punkt, next)) {
        token->is_break = true;
        return;
    }
    if ((is_initial || pith_text_is(type, "##number##")) &&
        is_initial_or_ordinal(punkt, next, is_initial))
        set_abbreviation(token);
}

/* --- one candidate -------------------------------------------------------------- */

static bool is_blank(struct pith_text line)
{
    size_t at = 0, length;
    while (at < line.size && pith_is_space(code_at(line, at, &length)))
        at += length;
    return at == line.size;
}

/* Takes the next token of a text of several lines. */
static bool next_token(struct pith_text *line, struct pith_text *rest,
                       struct pith_punkt_token *token)
{
    while (!pith_punkt_next_token(line, token)) {
        if (rest->size == 0)
            return false;
        const char *end = memchr(rest->bytes, '\n', rest->size);
        size_t n = end ? (size_t)(end - rest->bytes) : rest->size;
        *line = (struct pith_text){rest->bytes, n};
        if (is_blank(*line))
            line->size = 0;
        rest->bytes += end ? n + 1 : n;
        rest->size -= end ? n + 1 : n;
    }
    return true;
}

/* Whether a token other than the last one of the text ends a sentence. */
static bool contains_break(const struct pith_punkt *punkt,
                           struct pith_text text)
{
    struct pith_punkt_token tokens[2];
    struct pith_text line = {text.bytes, 0};
    size_t n = 0;
    while (next_token(&line, &text, &tokens[n % 2])) {
        struct pith_punkt_token *token = &tokens[n % 2];
        struct pith_punkt_token *previous = &tokens[1 - n % 2];
        annotate_type(punkt, token);
        if (n++ == 0)
            continue;
        annotate_pair(punkt, previous, token);
        if (previous->is_break)
            return true;
    }
    return false;
}

/* A '.', '?' or '!' after which a sentence may start. */
struct candidate {
    size_t word;  /* where the word before it begins */
    size_t at;    /* the character */
    size_t next;  /* where the next sentence would start */
    size_t end;   /* of the token after it */
};

/* Moves on over white space, or over what is not. */
static size_t skip(struct pith_text text, size_t at, bool space)
{
    size_t length;
    while (at < text.size && pith_punkt_is_space(code_at(text, at, &length)) == space)
        at += length;
    return at;
}

/* Punctuation that splits words, or white space and a word, must follow. */
static bool is_candidate(struct pith_text text, size_t at,
                         struct candidate *candidate)
{
    char byte = text.bytes[at];
    size_t length, after = at + 1;
    if ((byte != '.' && byte != '?' && byte != '!') || after == text.size)
        return false;
    candidate->at = at;
    if (pith_punkt_splits_words(code_at(text, after, &length))) {
        candidate->next = after;
        candidate->end = after + length;
        return true;
    }
    candidate->next = skip(text, after, true);
    if (candidate->next == after || candidate->next == text.size)
        return false;
    candidate->end = skip(text, candidate->next, false);
    return true;
}

static bool is_ascii_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* The word in front begins after the last ASCII space since the candidate
 * before; without one it is the same word.  (A space right at the beginning
 * of the text does not count.) */
static size_t word_start(struct pith_text text,
                         const struct candidate *previous, size_t at)
{
    for (size_t i = at; i > previous->at + 1; i--)
        if (is_ascii_space(text.bytes[i - 1]))
            return i;
    return previous->word;
}

/* --- cutting the text ------------------------------------------------------------ */

struct cutter {
    const struct pith_punkt *punkt;
    struct pith_text text;
    struct pith_sentence *sentences;
    size_t n, capacity;
    size_t start; /* of the sentence that is open */
};

static enum pith_status close_sentence(struct cutter *cutter, size_t end,
                                       size_t next, struct pith_error *error)
{
    PITH_TRY(pith_grow(&cutter->sentences, cutter->n + 1, &cutter->capacity,
                       sizeof *cutter->sentences, error));
    cutter->sentences[cutter->n++] =
        (struct pith_sentence){cutter->start, end - cutter->start};
    cutter->start = next;
    return PITH_OK;
}

static enum pith_status decide(struct cutter *cutter,
                               const struct candidate *candidate,
                               struct pith_error *error)
{
    struct pith_text context = {cutter->text.bytes + candidate->word,
                                candidate->end - candidate->word};
    if (!contains_break(cutter->punkt, context))
        return PITH_OK;
    return close_sentence(cutter, candidate->at + 1, candidate->next, error);
}

/* Of several candidates in one word, as in "Really?!", the last one counts. */
static enum pith_status cut(struct cutter *cutter, struct pith_error *error)
{
    struct candidate last = {0}, candidate;
    bool waiting = false;
    for (size_t at = 0; at < cutter->text.size; at++) {
        if (!is_candidate(cutter->text, at, &candidate))
            continue;
        candidate.word = word_start(cutter->text, &last, at);
        if (waiting && last.at <= candidate.word)
            PITH_TRY(decide(cutter, &last, error));
        last = candidate;
        waiting = true;
    }
    if (waiting)
        PITH_TRY(decide(cutter, &last, error));
    size_t end = 0; /* of the last sentence: white space is left out */
    for (size_t at = 0, length; at < cutter->text.size; at += length)
        if (!pith_is_space(code_at(cutter->text, at, &length)))
            end = at + length;
    if (end < cutter->start)
        end = cutter->start;
    return close_sentence(cutter, end, end, error);
}

static bool is_closing(uint32_t code)
{
    return (code > 0 && code < 0x80 && strchr("\"')]}", (int)code) != NULL) ||
           code == 0x2018 || code == 0x2019 || code == 0x201C ||
           code == 0x201D || code == 0xAB || code == 0xBB;
}

/* Closing quotes and brackets at the start of a sentence, with white space,
 * "--" or the end after them, belong to the one before.  Their bytes, and
 * with the white space in *whole; 0 when there are none. */
static size_t closing_length(struct pith_text text,
                             const struct pith_sentence *sentence,
                             size_t *whole)
{
    struct pith_text here = {text.bytes + sentence->offset, sentence->size};
    size_t at = 0, length;
    while (at < here.size && is_closing(code_at(here, at, &length))) {
        at += length;
        *whole = skip(here, at, true);
        if (*whole > at || at == here.size ||
            (here.size - at >= 2 && memcmp(here.bytes + at, "--", 2) == 0))
            return at;
    }
    *whole = 0;
    return 0;
}

static void realign(struct cutter *cutter)
{
    size_t n_left = 0, moved = 0;
    for (size_t i = 0; i < cutter->n; i++) {
        struct pith_sentence sentence = cutter->sentences[i];
        sentence.offset += moved;
        sentence.size -= moved;
        size_t closing = 0;
        moved = 0;
        if (i + 1 < cutter->n)
            closing = closing_length(cutter->text, &cutter->sentences[i + 1],
                                     &moved);
        if (closing > 0)
            sentence.size = cutter->sentences[i + 1].offset + closing -
                            sentence.offset;
        if (sentence.size > 0)
            cutter->sentences[n_left++] = sentence;
    }
    cutter->n = n_left;
}

enum pith_status pith_punkt_split(const struct pith_punkt *punkt,
                                  struct pith_text text,
                                  struct pith_sentence **sentences, size_t *n,
                                  struct pith_error *error)
{
    struct cutter cutter = {.punkt = punkt, .text = text};
    *sentences = NULL;
    *n = 0;
    enum pith_status status = cut(&cutter, error);
    if (status != PITH_OK) {
        pith_free(cutter.sentences);
        return status;
    }
    realign(&cutter);
    *sentences = cutter.sentences;
    *n = cutter.n;
    return PITH_OK;
}

void pith_sentences_tile(struct pith_sentence *sentences, size_t n,
                         size_t text_size)
{
    for (size_t i = 0; i < n; i++) {
        size_t end = i + 1 < n ? sentences[i + 1].offset : text_size;
        sentences[i].size = end - sentences[i].offset;
    }
}
