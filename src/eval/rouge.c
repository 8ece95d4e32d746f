/*
 * rouge.c - ROUGE-1, ROUGE-2 and ROUGE-L (Lin, 2004) of one text against one
 * reference, without stemming: the figures of the package rouge-score.
 */
#include "pith_eval.h"
#include "split.h"

static struct pith_rouge share(size_t matches, size_t hypothesis,
                               size_t reference)
{
    struct pith_rouge rouge = {0};
    if (matches == 0)
        return rouge;
    rouge.precision = (double)matches / (double)hypothesis;
    rouge.recall = (double)matches / (double)reference;
    rouge.f1 = 2 * rouge.precision * rouge.recall /
               (rouge.precision + rouge.recall);
    return rouge;
}

enum pith_status pith_rouge_score(struct pith_rouge_scores *scores,
                                  struct pith_text hypothesis,
                                  struct pith_text reference,
                                  struct pith_error *error)
{
    enum pith_status status = PITH_OK;
    struct pith_words ours = {0}, theirs = {0};
    struct pith_word_pair pair = {0};
    struct pith_ngram_counts one, two;
    size_t longest;
    *scores = (struct pith_rouge_scores){0};
    PITH_TRY_DONE(pith_split_rouge(&ours, hypothesis, error));
    PITH_TRY_DONE(pith_split_rouge(&theirs, reference, error));
    PITH_TRY_DONE(pith_word_pair_create(&pair, &ours, &theirs, error));
    PITH_TRY_DONE(pith_count_ngrams(&pair, 1, &one, error));
    PITH_TRY_DONE(pith_count_ngrams(&pair, 2, &two, error));
    PITH_TRY_DONE(pith_common_subsequence(&pair, &longest, error));
    scores->rouge1 = share(one.matches, one.hypothesis, one.reference);
    scores->rouge2 = share(two.matches, two.hypothesis, two.reference);
    scores->rougeL = share(longest, ours.n, theirs.n);
done:
    pith_word_pair_free(&pair);
    pith_words_free(&ours);
    pith_words_free(&theirs);
    return status;
}
