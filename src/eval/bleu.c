/*
 * bleu.c - BLEU (Papineni et al., 2002) over a corpus, with exponential
 * smoothing: the figure that sacrebleu gives with its defaults.
 */
#include <math.h>

#include "pith_eval.h"
#include "split.h"

enum pith_status pith_bleu_add(struct pith_bleu *bleu,
                               struct pith_text hypothesis,
                               struct pith_text reference,
                               struct pith_error *error)
{
    enum pith_status status = PITH_OK;
    struct pith_words ours = {0}, theirs = {0};
    struct pith_word_pair pair = {0};
    struct pith_bleu sum = *bleu;
    PITH_TRY_DONE(pith_split_13a(&ours, hypothesis, error));
    PITH_TRY_DONE(pith_split_13a(&theirs, reference, error));
    PITH_TRY_DONE(pith_word_pair_create(&pair, &ours, &theirs, error));
    for (size_t order = 1; order <= PITH_BLEU_ORDER; order++) {
        struct pith_ngram_counts counts;
        PITH_TRY_DONE(pith_count_ngrams(&pair, order, &counts, error));
        sum.matches[order - 1] += counts.matches;
        sum.ngrams[order - 1] += counts.hypothesis;
    }
    sum.n_hypothesis += ours.n;
    sum.n_reference += theirs.n;
    *bleu = sum;
done:
    pith_word_pair_free(&pair);
    pith_words_free(&ours);
    pith_words_free(&theirs);
    return status;
}

double pith_bleu_score(const struct pith_bleu *bleu, bool is_sentence)
{
    double ours = (double)bleu->n_hypothesis;
    double theirs = (double)bleu->n_reference;
    double logs = 0, halving = 1;
    size_t orders = 0;
    if (bleu->matches[0] == 0) /* then no longer n-gram matches either */
        return 0;
    for (; orders < PITH_BLEU_ORDER && bleu->ngrams[orders] > 0; orders++) {
        double matches = (double)bleu->matches[orders];
        /* The first order without a match counts 1/2 of one, the next 1/4. */
        if (bleu->matches[orders] == 0)
            matches = 1 / (halving *= 2);
        logs += log(100 * matches / (double)bleu->ngrams[orders]);
    }
    if (orders < PITH_BLEU_ORDER && !is_sentence)
        return 0;
    double brevity = ours < theirs ? exp(1 - theirs / ours) : 1;
    return brevity * exp(logs / (double)orders);
}
