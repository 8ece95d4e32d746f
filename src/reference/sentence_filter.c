/*
 * sentence_filter.c - the sentence filter of `reference`.  See reference.h;
 * docs/ALGORITHM.md, "sentence filter".
 *
 * It answers to control_sentence_budget() of the Python package.
 */
#include <string.h>

#include "../base/memory.h"
#include "../prompt/trace.h"
#include "python/punkt.h"
#include "reference.h"

/* A sentence with the white space after it. */
struct sentence {
    struct pith_text text;
    size_t context; /* which of the filter's contexts it is in */
    bool keep;
};

struct filter {
    struct pith_session *session;
    struct pith_reference_contexts *contexts;
    const struct pith_reference_query *query;
    const struct pith_compress_options *options;
    struct sentence *sentences;
    size_t n, capacity;
};

static enum pith_status add_sentence(struct filter *filter,
                                     struct sentence sentence,
                                     struct pith_error *error)
{
    PITH_TRY(pith_grow(&filter->sentences, filter->n + 1, &filter->capacity,
                       sizeof *filter->sentences, error));
    filter->sentences[filter->n++] = sentence;
    return PITH_OK;
}

/* White space alone has no sentence (the Python fails) and counts as one. */
static enum pith_status split_context(struct filter *filter,
                                      const struct pith_punkt *punkt,
                                      size_t context, struct pith_error *error)
{
    struct pith_text text = filter->contexts->items[context].text;
    struct pith_sentence *found, whole = {0, text.size};
    size_t n;
    PITH_TRY(pith_punkt_split(punkt, text, &found, &n, error));
    const struct pith_sentence *sentences = found;
    if (n == 0 && text.size > 0) {
        sentences = &whole;
        n = 1;
    } else {
        pith_sentences_tile(found, n, text.size);
    }
    enum pith_status status = PITH_OK;
    for (size_t i = 0; i < n && status == PITH_OK; i++) {
        struct sentence sentence = {
            {text.bytes + sentences[i].offset, sentences[i].size},
            context,
            false};
        status = add_sentence(filter, sentence, error);
    }
    pith_free(found);
    return status;
}

static enum pith_status split_contexts(struct filter *filter,
                                       struct pith_error *error)
{
    struct pith_punkt *punkt;
    PITH_TRY(pith_punkt_load(filter->options->punkt, &punkt, error));
    enum pith_status status = PITH_OK;
    for (size_t i = 0; i < filter->contexts->n && status == PITH_OK; i++)
        status = split_context(filter, punkt, i, error);
    pith_punkt_free(punkt);
    return status;
}

/* --- Ranking --------------------------------------------------------------- */

/* keep_sentence_number: the bonus for the sentences of one context, first to
 * end, that have the lowest losses. */
static void add_bonus_to_lowest(struct pith_rank *ranks, size_t first,
                                size_t end, size_t n_bonus, double bonus,
                                bool *has_bonus)
{
    memset(has_bonus + first, 0, (end - first) * sizeof *has_bonus);
    for (; n_bonus > 0; n_bonus--) {
        size_t lowest = end;
        for (size_t i = first; i < end; i++)
            if (!has_bonus[i] &&
                (lowest == end || ranks[i].score < ranks[lowest].score))
                lowest = i;
        if (lowest == end)
            break;
        has_bonus[lowest] = true;
    }
    for (size_t i = first; i < end; i++)
        if (has_bonus[i])
            ranks[i].score += bonus;
}

/* The sentences to keep get a bonus on their mean loss.  Where low losses
 * come first, because of a question, that works against them. */
static enum pith_status add_bonuses(const struct filter *filter,
                                    struct pith_rank *ranks,
                                    struct pith_error *error)
{
    const struct pith_compress_options *o = filter->options;
    size_t n = filter->n;
    double bonus = o->high_priority_bonus;
    for (size_t i = 0; i < n && i < o->keep_first_sentence; i++)
        ranks[i].score += bonus;
    for (size_t i = 0; i < n && i < o->keep_last_sentence; i++)
        ranks[n - 1 - i].score += bonus;
    if (o->keep_sentence_number == 0)
        return PITH_OK;
    bool *has_bonus = pith_array(n, sizeof *has_bonus);
    if (has_bonus == NULL)
        return pith_no_memory(error, n, sizeof *has_bonus);
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && filter->sentences[end].context ==
                                             filter->sentences[first].context;)
            end++;
        add_bonus_to_lowest(ranks, first, end, o->keep_sentence_number, bonus,
                            has_bonus);
    }
    pith_free(has_bonus);
    return PITH_OK;
}

/* rank_method longllmlingua: as contexts are ranked, but with the bare
 * question and the bonus. */
static enum pith_status rank_with_bonus(const struct filter *filter,
                                        const struct pith_text *texts,
                                        struct pith_rank *ranks,
                                        struct pith_error *error)
{
    const struct pith_reference_query *query = filter->query;
    enum pith_status status = PITH_OK;
    double sign = query->condition == PITH_CONDITION_NONE ? -1 : 1;
    double *keys = pith_array(filter->n, sizeof *keys);
    if (keys == NULL)
        return pith_no_memory(error, filter->n, sizeof *keys);
    PITH_TRY_DONE(pith_reference_scores(filter->session, texts, filter->n,
                                        query->question, query->condition,
                                        ranks, error));
    PITH_TRY_DONE(add_bonuses(filter, ranks, error));
    for (size_t i = 0; i < filter->n; i++)
        keys[i] = sign * ranks[i].score;
    pith_reference_sort(ranks, keys, filter->n);
done:
    pith_free(keys);
    return status;
}

static enum pith_status rank_as_contexts(const struct filter *filter,
                                         const struct pith_text *texts,
                                         struct pith_rank *ranks,
                                         struct pith_result *trace,
                                         struct pith_error *error)
{
    size_t n = filter->n;
    PITH_TRY(pith_reference_rank(filter->session, texts, n, filter->query,
                                 ranks, error));
    return trace != NULL ? pith_result_add_ranking(trace, ranks, n, error)
                         : PITH_OK;
}

static enum pith_status rank(const struct filter *filter,
                             struct pith_rank *ranks, struct pith_result *trace,
                             struct pith_error *error)
{
    size_t n = filter->n;
    struct pith_text *texts = pith_array(n, sizeof *texts);
    if (texts == NULL)
        return pith_no_memory(error, n, sizeof *texts);
    for (size_t i = 0; i < n; i++)
        texts[i] = filter->sentences[i].text;
    enum pith_status status =
        filter->query->method == PITH_RANK_LONGLLMLINGUA
            ? rank_with_bonus(filter, texts, ranks, error)
            : rank_as_contexts(filter, texts, ranks, trace, error);
    pith_free(texts);
    return status;
}

/* --- Choice ---------------------------------------------------------------- */

/* By rank until the budget is overdrawn, with the one that overdraws it. */
static enum pith_status choose(struct filter *filter,
                               const struct pith_rank *ranks, double target,
                               struct pith_error *error)
{
    const struct pith_tokenizer *tokenizer =
        pith_session_tokenizer(filter->session);
    double budget = target < 0 ? 100 : target;
    budget *= filter->options->token_budget_ratio;
    for (size_t i = 0; i < filter->n; i++) {
        struct sentence *sentence = &filter->sentences[ranks[i].index];
        size_t n_tokens;
        PITH_TRY(pith_reference_count(tokenizer, sentence->text,
                                      PITH_TOKENIZE_DEFAULT_BOS, &n_tokens,
                                      error));
        sentence->keep = true;
        budget -= (double)n_tokens;
        if (budget < 0)
            break;
    }
    return PITH_OK;
}

/* Goes through the segments of a context sentence by sentence. */
struct segment_cutter {
    const struct pith_segment *segments;
    size_t n, current, used; /* bytes used of segments[current] */
};

/* The next piece of a sentence that has `left` bytes to go. */
static bool next_piece(struct segment_cutter *cutter, const char *bytes,
                       size_t left, struct pith_segment *piece)
{
    if (left == 0 || cutter->current == cutter->n)
        return false;
    const struct pith_segment *segment = &cutter->segments[cutter->current];
    size_t rest = segment->n_bytes - cutter->used;
    *piece = *segment;
    piece->n_bytes = rest <= left ? rest : left;
    piece->n_chars =
        pith_reference_length((struct pith_text){bytes, piece->n_bytes});
    cutter->used += piece->n_bytes;
    if (rest <= left) {
        cutter->current++;
        cutter->used = 0;
    }
    return true;
}

/* Cuts the segments of one context at its sentences [first, end).  A sentence
 * with a piece that must stay stays; *n_cut pieces of kept sentences are
 * written. */
static void cut_segments(struct sentence *sentences, size_t first, size_t end,
                         const struct pith_reference_context *context,
                         struct pith_segment *cut, size_t *n_cut)
{
    struct segment_cutter cutter = {context->segments, context->n_segments, 0,
                                    0};
    *n_cut = 0;
    for (size_t i = first; i < end; i++) {
        struct pith_text text = sentences[i].text;
        size_t at = 0, n_before = *n_cut;
        while (next_piece(&cutter, text.bytes + at, text.size - at,
                          &cut[*n_cut])) {
            sentences[i].keep |= !cut[*n_cut].compress;
            at += cut[(*n_cut)++].n_bytes;
        }
        if (!sentences[i].keep)
            *n_cut = n_before;
    }
}

/* Where the bytes of the kept sentences are in the prompt's context. */
static enum pith_status
rewrite_origins(struct pith_reference_context *item,
                const struct sentence *sentences, size_t n, size_t n_bytes,
                struct pith_error *error)
{
    size_t *origins = pith_array(n_bytes, sizeof *origins), n_done = 0;
    if (origins == NULL)
        return pith_no_memory(error, n_bytes, sizeof *origins);
    for (size_t i = 0; i < n; i++) {
        size_t at = (size_t)(sentences[i].text.bytes - item->text.bytes);
        for (size_t j = 0; sentences[i].keep && j < sentences[i].text.size; j++)
            origins[n_done++] =
                item->origins != NULL ? item->origins[at + j] : at + j;
    }
    pith_free(item->owned_origins);
    item->owned_origins = origins;
    item->origins = origins;
    return PITH_OK;
}

/* Replaces a context by those of its sentences [first, end) that are kept. */
static enum pith_status rewrite(const struct filter *filter, size_t context,
                                size_t first, size_t end,
                                struct pith_error *error)
{
    struct pith_reference_context *item = &filter->contexts->items[context];
    struct pith_buffer text = {0};
    size_t n_max = item->n_segments + (end - first), n_cut;
    char *bytes;
    enum pith_status status;
    if (item->segments != NULL) {
        struct pith_segment *cut = pith_array(n_max + 1, sizeof *cut);
        if (cut == NULL)
            return pith_no_memory(error, n_max + 1, sizeof *cut);
        cut_segments(filter->sentences, first, end, item, cut, &n_cut);
        pith_free(item->segments);
        item->segments = cut;
        item->n_segments = n_cut;
    }
    for (size_t i = first; i < end; i++)
        if (filter->sentences[i].keep)
            pith_buffer_append(&text, filter->sentences[i].text.bytes,
                               filter->sentences[i].text.size);
    /* Of a text that is not whole the size says too little. */
    status = text.failed
                 ? pith_no_memory(error, text.size, 1)
                 : rewrite_origins(item, filter->sentences + first, end - first,
                                   text.size, error);
    if (status != PITH_OK) {
        pith_buffer_free(&text);
        return status;
    }
    PITH_TRY(pith_buffer_take(&text, &bytes, &item->text.size, error));
    pith_free(item->owned);
    item->owned = bytes;
    item->text.bytes = bytes;
    return PITH_OK;
}

static enum pith_status rewrite_contexts(const struct filter *filter,
                                         struct pith_error *error)
{
    size_t first = 0;
    for (size_t c = 0; c < filter->contexts->n; c++) {
        size_t end = first;
        while (end < filter->n && filter->sentences[end].context == c)
            end++;
        PITH_TRY(rewrite(filter, c, first, end, error));
        first = end;
    }
    return PITH_OK;
}

enum pith_status
pith_reference_sentences(struct pith_session *session,
                         struct pith_reference_contexts *contexts,
                         const struct pith_reference_query *query,
                         const struct pith_compress_options *options,
                         double target, struct pith_result *trace,
                         struct pith_error *error)
{
    struct filter filter = {.session = session,
                            .contexts = contexts,
                            .query = query,
                            .options = options};
    struct pith_rank *ranks = NULL;
    enum pith_status status = split_contexts(&filter, error);
    /* A single sentence stays, whatever the target. */
    if (status != PITH_OK || filter.n <= 1)
        goto done;
    ranks = pith_array(filter.n, sizeof *ranks);
    if (ranks == NULL)
        PITH_TRY_DONE(pith_no_memory(error, filter.n, sizeof *ranks));
    PITH_TRY_DONE(rank(&filter, ranks, trace, error));
    PITH_TRY_DONE(choose(&filter, ranks, target, error));
    status = rewrite_contexts(&filter, error);
done:
    pith_free(ranks);
    pith_free(filter.sentences);
    return status;
}
