/*
 * baselines.c - simpler methods of prompt compression, to compare with.
 *
 * Each gives the units of the prompt a priority; the units of the highest
 * ones stay, as many as the target has room for.
 */
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/random.h"
#include "../prompt/parts.h"
#include "../model/score.h"
#include "../reference/python/punkt.h"
#include "pith_eval.h"
#include "stop_words.h"

/* A unit and what decides about it. */
struct choice {
    size_t unit;
    double priority;
};

struct baseline {
    struct pith_session *session;
    struct pith_parts parts;
    float *losses;          /* (ids.n) of each token in the whole prompt */
    struct choice *choices; /* (n_units) */
    bool *keep;             /* (n_units) */
};

static struct pith_text whole_text(const struct baseline *b)
{
    return (struct pith_text){b->parts.text.data, b->parts.text.size};
}

/* --- priorities ----------------------------------------------------------- */

static void prefer_first(struct baseline *b)
{
    for (size_t i = 0; i < b->parts.n_units; i++)
        b->choices[i].priority = -(double)i;
}

static void prefer_any(struct baseline *b, uint64_t seed)
{
    for (size_t i = 0; i < b->parts.n_units; i++)
        b->choices[i].priority = pith_random_uniform(&seed);
}

/* Self-information of each unit in its place. */
static enum pith_status prefer_informative(struct baseline *b,
                                           struct pith_error *error)
{
    PITH_TRY(pith_score_text(b->session, b->parts.ids.data, b->parts.ids.n,
                             b->losses, error));
    for (size_t i = 0; i < b->parts.n_units; i++) {
        const struct pith_unit *unit = &b->parts.units[i];
        b->choices[i].priority = pith_mean(b->losses + unit->token, unit->n_tokens);
    }
    return PITH_OK;
}

/* --- sentences ------------------------------------------------------------ */

/* Units [first, end) of a sentence. */
struct stretch {
    size_t first, end;
};

/* The units that start in a sentence. */
static struct stretch stretch_of(const struct baseline *b, size_t first,
                                 const struct pith_sentence *sentence)
{
    struct stretch stretch = {first, first};
    while (stretch.end < b->parts.n_units &&
           b->parts.units[stretch.end].byte < sentence->offset + sentence->size)
        stretch.end++;
    return stretch;
}

/* The mean loss of a sentence: alone, or of its tokens in the prompt. */
static enum pith_status judge(struct baseline *b, struct stretch stretch,
                              bool alone, double *score,
                              struct pith_error *error)
{
    const struct pith_unit *first = &b->parts.units[stretch.first];
    const struct pith_unit *last = &b->parts.units[stretch.end - 1];
    size_t n = last->token + last->n_tokens - first->token;
    float *losses = b->losses + first->token;
    if (alone)
        PITH_TRY(pith_score_text(b->session, b->parts.ids.data + first->token,
                                 n, losses, error));
    *score = pith_mean(losses, n);
    return PITH_OK;
}

static enum pith_status judge_sentences(struct baseline *b,
                                        const struct pith_sentence *sentences,
                                        size_t n, bool alone,
                                        struct pith_error *error)
{
    size_t first = 0;
    for (size_t i = 0; i < n; i++) {
        struct stretch stretch = stretch_of(b, first, &sentences[i]);
        double score = 0;
        if (stretch.end > stretch.first)
            PITH_TRY(judge(b, stretch, alone, &score, error));
        for (size_t j = stretch.first; j < stretch.end; j++)
            b->choices[j].priority = score;
        first = stretch.end;
        PITH_TRY(pith_session_report(b->session, "sentences", i + 1, n,
                                     error));
    }
    return PITH_OK;
}

static enum pith_status prefer_sentences(struct baseline *b, bool alone,
                                         struct pith_error *error)
{
    struct pith_punkt *punkt;
    struct pith_sentence *sentences;
    size_t n;
    if (!alone)
        PITH_TRY(prefer_informative(b, error));
    PITH_TRY(pith_punkt_load(NULL, &punkt, error));
    enum pith_status status =
        pith_punkt_split(punkt, whole_text(b), &sentences, &n, error);
    pith_punkt_free(punkt);
    PITH_TRY(status);
    pith_sentences_tile(sentences, n, b->parts.text.size);
    status = judge_sentences(b, sentences, n, alone, error);
    pith_free(sentences);
    return status;
}

/* --- choosing ------------------------------------------------------------- */

static int higher_first(const void *left, const void *right)
{
    const struct choice *a = left, *b = right;
    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    return a->unit < b->unit ? -1 : a->unit > b->unit;
}

/* Takes units in their order until one has no room. */
static void choose(struct baseline *b, size_t n_tokens)
{
    size_t n_kept = 0;
    qsort(b->choices, b->parts.n_units, sizeof *b->choices, higher_first);
    for (size_t i = 0; i < b->parts.n_units; i++) {
        size_t unit = b->choices[i].unit;
        n_kept += b->parts.units[unit].n_tokens;
        if (n_kept > n_tokens)
            return;
        b->keep[unit] = true;
    }
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '\'' ||
           (unsigned char)c >= 0x80;
}

/* Keeps what has no letter, and words that are not stop words.  A unit that
 * ends inside a word goes by the whole of it. */
static void choose_all_but_stop_words(struct baseline *b)
{
    struct pith_text text = whole_text(b);
    for (size_t i = 0; i < b->parts.n_units; i++) {
        size_t start = b->parts.units[i].byte;
        size_t end = start + b->parts.units[i].n_bytes;
        while (start < end && !is_letter(text.bytes[start]))
            start++;
        if (start < end && end < text.size)
            while (end < text.size && is_letter(text.bytes[end]))
                end++;
        while (start > 0 && start < end && is_letter(text.bytes[start - 1]))
            start--;
        b->keep[i] = start == end ||
                     !pith_is_stop_word((struct pith_text){
                         text.bytes + start, end - start});
    }
}

/* --- the result ----------------------------------------------------------- */

static enum pith_status decide(struct baseline *b, enum pith_baseline baseline,
                               size_t n_tokens, uint64_t seed,
                               struct pith_error *error)
{
    switch (baseline) {
    case PITH_BASELINE_TRUNCATION:
        prefer_first(b);
        break;
    case PITH_BASELINE_RANDOM:
        prefer_any(b, seed);
        break;
    case PITH_BASELINE_SENTENCES:
        PITH_TRY(prefer_sentences(b, true, error));
        break;
    case PITH_BASELINE_SELECTIVE_TOKENS:
        PITH_TRY(prefer_informative(b, error));
        break;
    case PITH_BASELINE_SELECTIVE_SENTENCES:
        PITH_TRY(prefer_sentences(b, false, error));
        break;
    case PITH_BASELINE_STOP_WORDS:
        choose_all_but_stop_words(b);
        return PITH_OK;
    }
    choose(b, n_tokens);
    return PITH_OK;
}

static enum pith_status write_text(const struct baseline *b,
                                   struct pith_baseline_result *result,
                                   struct pith_error *error)
{
    struct pith_buffer text = {0};
    char *bytes;
    result->origin_tokens = b->parts.ids.n;
    for (size_t i = 0; i < b->parts.n_units; i++) {
        const struct pith_unit *unit = &b->parts.units[i];
        if (!b->keep[i])
            continue;
        pith_buffer_append(&text, b->parts.text.data + unit->byte,
                           unit->n_bytes);
        result->compressed_tokens += unit->n_tokens;
    }
    PITH_TRY(pith_buffer_take(&text, &bytes, &result->text.size, error));
    result->text.bytes = bytes;
    return PITH_OK;
}

static enum pith_status run(struct baseline *b, enum pith_baseline baseline,
                            size_t n_tokens, uint64_t seed,
                            struct pith_baseline_result *result,
                            struct pith_error *error)
{
    size_t n = b->parts.n_units, n_ids = b->parts.ids.n;
    b->losses = pith_array_zero(n_ids, sizeof *b->losses);
    b->choices = pith_array_zero(n, sizeof *b->choices);
    b->keep = pith_array_zero(n, sizeof *b->keep);
    if (b->losses == NULL || b->choices == NULL || b->keep == NULL)
        return pith_no_memory(error, n, sizeof *b->choices);
    for (size_t i = 0; i < n; i++)
        b->choices[i].unit = i;
    PITH_TRY(decide(b, baseline, n_tokens, seed, error));
    return write_text(b, result, error);
}

enum pith_status pith_baseline_compress(struct pith_session *session,
                                        const struct pith_prompt *prompt,
                                        enum pith_baseline baseline,
                                        size_t n_tokens, uint64_t seed,
                                        struct pith_baseline_result *result,
                                        struct pith_error *error)
{
    struct baseline b = {.session = session};
    *result = (struct pith_baseline_result){0};
    enum pith_status status =
        pith_parts_make(&b.parts, pith_session_tokenizer(session), prompt,
                        NULL, error);
    if (status == PITH_OK)
        status = run(&b, baseline, n_tokens, seed, result, error);
    pith_parts_free(&b.parts);
    pith_free(b.losses);
    pith_free(b.choices);
    pith_free(b.keep);
    return status;
}
