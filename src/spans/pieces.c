/*
 * pieces.c - structured prompts: what is between tags has its own rate.
 *
 * All pieces of one rate are one text with one threshold, so that the rate is
 * met by them together: the more a piece says, the more of it stays.
 */
#include <math.h>

#include "../base/memory.h"
#include "../prompt/retarget.h"
#include "run.h"

enum { MOST_RATES = 64 };

/* The pieces of one rate. */
struct rate_class {
    double named;     /* by their tags; < 0: they name none */
    double rate;      /* what they get */
    size_t n_tokens;
    size_t n_lines;   /* tokens of the blank lines before the contexts that
                         begin with one of them */
};

struct classes {
    struct rate_class items[MOST_RATES];
    size_t n;
    double fixed; /* tokens of what is in none: instruction, question, pieces
                     that stay whole, the other blank lines */
};

/* The class of a piece that does not stay whole; MOST_RATES: there is no room
 * for another. */
static size_t class_of(struct classes *classes,
                       const struct pith_tagged_piece *piece)
{
    double rate = piece->rate < 0 ? -1 : piece->rate;
    size_t i = 0;
    while (i < classes->n && !(classes->items[i].named >= rate &&
                               classes->items[i].named <= rate))
        i++;
    if (i == classes->n && i < MOST_RATES)
        classes->items[classes->n++] =
            (struct rate_class){.named = rate, .rate = rate};
    return i;
}

static enum pith_status list_classes(const struct pith_parts *parts,
                                     struct classes *classes,
                                     struct pith_error *error)
{
    size_t n_free = 0;
    *classes = (struct classes){.n = 0};
    for (size_t i = 0; i < parts->n_pieces; i++) {
        const struct pith_tagged_piece *piece = &parts->pieces[i];
        const struct pith_part *part = &parts->parts[piece->part];
        if (piece->whole)
            continue;
        size_t at = class_of(classes, piece);
        if (at == MOST_RATES)
            return pith_fail(error, PITH_ERR_UNSUPPORTED,
                             "structured: the tags have more than %d different "
                             "rates; method paper takes any number",
                             MOST_RATES);
        struct rate_class *found = &classes->items[at];
        found->n_tokens += piece->n_tokens;
        n_free += piece->n_tokens;
        if (piece->token == part->token) {
            size_t n_line = pith_part_length(parts, piece->part) -
                            part->n_tokens;
            found->n_lines += n_line;
            n_free += n_line;
        }
    }
    classes->fixed = (double)(parts->ids.n - n_free);
    return PITH_OK;
}

/* Gives the pieces without a rate that of the prompt or, where a target is
 * given, what it leaves them.  Returns what stays of the prompt. */
static double share(const struct pith_compress_options *options,
                    struct classes *classes)
{
    double total = classes->fixed;
    struct rate_class *others = NULL;
    for (size_t i = 0; i < classes->n; i++) {
        struct rate_class *at = &classes->items[i];
        total += (double)at->n_lines;
        if (at->named >= 0)
            total += at->rate * (double)at->n_tokens;
        else
            others = at;
    }
    if (others == NULL)
        return total;
    double left = (options->target - total) / (double)others->n_tokens;
    others->rate = options->rate > 0 ? options->rate : fmin(fmax(left, 0), 1);
    return total + others->rate * (double)others->n_tokens;
}

enum pith_status pith_spans_open_pieces(struct pith_spans *spans,
                                        struct pith_error *error)
{
    struct pith_parts *parts = spans->parts;
    struct classes classes;
    PITH_TRY(list_classes(parts, &classes, error));
    pith_prune_retarget(&spans->prune, share(spans->options, &classes));
    pith_force_whole_pieces(parts);
    return PITH_OK;
}

static enum pith_status choose_class(struct pith_spans *spans,
                                     struct classes *classes, size_t index,
                                     bool *in, struct pith_error *error)
{
    const struct pith_parts *parts = spans->parts;
    const struct rate_class *chosen = &classes->items[index];
    double n_kept = chosen->rate * (double)chosen->n_tokens;
    size_t at = 0;
    for (size_t i = 0; i < parts->n_units; i++) {
        const struct pith_tagged_piece *piece =
            pith_piece_of(parts, &parts->units[i], &at);
        in[i] = piece != NULL && !piece->whole &&
                class_of(classes, piece) == index;
    }
    spans->budget = (struct pith_budget){.tau_dems = chosen->rate,
                                         .n_dems = chosen->n_tokens};
    return pith_spans_choose(spans, (size_t)(n_kept + 0.5) + chosen->n_lines,
                             error);
}

enum pith_status pith_spans_choose_pieces(struct pith_spans *spans,
                                          struct pith_error *error)
{
    size_t n = spans->parts->n_units;
    struct classes classes;
    PITH_TRY(list_classes(spans->parts, &classes, error));
    (void)share(spans->options, &classes);
    spans->left_out = pith_array_zero(n, sizeof *spans->left_out);
    bool *in = pith_array(n, sizeof *in);
    if (spans->left_out == NULL || in == NULL) {
        pith_free(in);
        return pith_no_memory(error, n, sizeof *in);
    }
    enum pith_status status = PITH_OK;
    spans->in = in;
    for (size_t i = 0; i < classes.n && status == PITH_OK; i++)
        status = choose_class(spans, &classes, i, in, error);
    spans->in = NULL;
    pith_free(in);
    return status;
}
