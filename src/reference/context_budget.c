/*
 * context_budget.c - the coarse filter of `reference`: how many contexts stay
 * and in which order.  See reference.h; docs/ALGORITHM.md, "coarse filter".
 *
 * It answers to control_context_budget() of the Python package.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/decimal.h"
#include "../base/memory.h"
#include "../base/text.h"
#include "reference.h"

static const char *skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t')
        at++;
    return at;
}

/* True when a decimal number starts at `at`; *end is after it. */
static bool number_ends(const char *at, const char **end)
{
    const char *p = at;
    size_t n_digits = 0;
    while (pith_is_ascii_digit(*p))
        p++, n_digits++;
    if (*p == '.') {
        p++;
        while (pith_is_ascii_digit(*p))
            p++, n_digits++;
    }
    if (n_digits == 0)
        return false;
    if (*p == 'e' || *p == 'E') {
        const char *exponent = p + 1;
        if (*exponent == '+' || *exponent == '-')
            exponent++;
        if (!pith_is_ascii_digit(*exponent))
            return false;
        while (pith_is_ascii_digit(*exponent))
            exponent++;
        p = exponent;
    }
    *end = p;
    return true;
}

/* One number with any signs in front. */
static bool read_operand(const char **at, double *value)
{
    const char *p = skip_blanks(*at), *end;
    double sign = 1;
    while (*p == '+' || *p == '-') {
        sign = *p == '-' ? -sign : sign;
        p = skip_blanks(p + 1);
    }
    if (!number_ends(p, &end))
        return false;
    *value = sign * pith_decimal_read(p, (size_t)(end - p));
    *at = skip_blanks(end);
    return true;
}

enum pith_status pith_reference_budget(const char *arithmetic, double target,
                                       double *changed,
                                       struct pith_error *error)
{
    double sum = 0, product = target;
    const char *at = skip_blanks(arithmetic);
    while (*at != '\0') {
        char operation = *at++;
        double operand;
        if (strchr("+-*/", operation) == NULL || !read_operand(&at, &operand))
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "context_budget \"%s\" is not understood at byte "
                             "%zu: expected + - * or / and a number, as in "
                             "\"+100\" or \"*1.5\"",
                             arithmetic, (size_t)(at - arithmetic));
        switch (operation) {
        case '*': product *= operand; break;
        case '/': product /= operand; break;
        default:
            sum += product;
            product = operation == '-' ? -operand : operand;
        }
    }
    *changed = sum + product;
    if (!isfinite(*changed))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "context_budget \"%s\" changes the target %g into a "
                         "number that is not finite", arithmetic, target);
    return PITH_OK;
}

/* Contexts by rank until the budget is below 0, with the one that takes it
 * there; forced ones are in front and cost nothing unless they come up.
 *
 * Differs from what the name says: force_context_number has no effect.  The
 * Python compares it with the length of a list that is still empty. */
static void take_by_rank(const struct pith_rank *ranks, const size_t *lengths,
                         size_t n, double budget,
                         const struct pith_compress_options *options,
                         bool *forced, struct pith_selection *selection)
{
    for (size_t i = 0; i < options->n_force_context_ids; i++) {
        size_t index = options->force_context_ids[i];
        selection->used[selection->n++] = index;
        if (index < n)
            forced[index] = true;
    }
    for (size_t i = 0; i < n; i++) {
        size_t index = ranks[i].index;
        budget -= (double)lengths[index];
        if (!forced[index])
            selection->used[selection->n++] = index;
        if (budget < 0)
            break;
    }
}

static int compare_indices(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

/* Ranks 0, 2, 4, ... and then the odd ones backwards, so that the best are
 * at both ends. */
static void interleave(const size_t *from, size_t n, size_t *to)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i += 2)
        to[at++] = from[i];
    for (size_t i = n; i-- > 0;)
        if (i % 2 == 1)
            to[at++] = from[i];
}

/* "Dynamic ratio": spreads +-spread evenly over the ranked contexts, the best
 * rank gets the most; each keeps it in whatever order it then is.
 *   ranked   (selection->n) contexts by rank
 *   rank_of  (n) room for the inverse; ids from n on name no context */
static void spread_offsets(const size_t *ranked, size_t *rank_of, size_t n,
                           double spread, struct pith_selection *selection)
{
    double limit = (double)selection->n - 1;
    for (size_t rank = 0; rank < selection->n; rank++)
        if (ranked[rank] < n)
            rank_of[ranked[rank]] = rank;
    for (size_t i = 0; i < selection->n && limit > 0; i++)
        if (selection->used[i] < n)
            selection->offsets[i] =
                (limit - 2 * (double)rank_of[selection->used[i]]) *
                (spread / limit);
}

/* A target that the fixed parts have used up counts as 100 here. */
static enum pith_status context_budget(
    double target, const struct pith_compress_options *options,
    double *budget, struct pith_error *error)
{
    const char *arithmetic = options->context_budget;
    return pith_reference_budget(arithmetic != NULL ? arithmetic : "+100",
                                 target < 0 ? 100 : target, budget, error);
}

/* It does not where all contexts stay, in their own order and at one rate.
 * All do when the budget is not below 0 before the last of them, whichever
 * that is; a token is left for rounding, which depends on the order. */
enum pith_status
pith_reference_needs_ranks(const size_t *lengths, size_t n, double target,
                           const struct pith_compress_options *options,
                           bool *needs, struct pith_error *error)
{
    double budget, total = 0, least = (double)INFINITY;
    PITH_TRY(context_budget(target, options, &budget, error));
    for (size_t i = 0; i < n; i++) {
        total += (double)lengths[i];
        least = fmin(least, (double)lengths[i]);
    }
    *needs = budget < total - least + 1 ||
             options->reorder_context != PITH_REORDER_ORIGINAL ||
             options->dynamic_context_compression_ratio > 0;
    return PITH_OK;
}

enum pith_status
pith_reference_select(const struct pith_rank *ranks, const size_t *lengths,
                      size_t n, double target,
                      const struct pith_compress_options *options,
                      struct pith_selection *selection,
                      struct pith_error *error)
{
    size_t limit = 0, *ranked = NULL, *rank_of = NULL;
    bool *forced = NULL;
    double budget;
    enum pith_status status = PITH_OK;
    *selection = (struct pith_selection){0};
    PITH_TRY(context_budget(target, options, &budget, error));
    if (pith_size_add(options->n_force_context_ids, n, &limit)) {
        selection->used = pith_array(limit, sizeof *selection->used);
        selection->offsets = pith_array_zero(limit, sizeof(double));
        ranked = pith_array(limit, sizeof *ranked);
        rank_of = pith_array(n, sizeof *rank_of);
        forced = pith_array_zero(n, sizeof *forced);
    }
    if (!selection->used || !selection->offsets || !ranked || !rank_of ||
        !forced)
        PITH_TRY_DONE(pith_no_memory(error, limit, sizeof(double)));
    take_by_rank(ranks, lengths, n, budget, options, forced, selection);
    memcpy(ranked, selection->used, selection->n * sizeof *ranked);
    if (options->reorder_context == PITH_REORDER_ORIGINAL)
        qsort(selection->used, selection->n, sizeof(size_t), compare_indices);
    else if (options->reorder_context == PITH_REORDER_TWO_STAGE)
        interleave(ranked, selection->n, selection->used);
    if (options->dynamic_context_compression_ratio > 0)
        spread_offsets(ranked, rank_of, n,
                       options->dynamic_context_compression_ratio, selection);
done:
    pith_free(ranked);
    pith_free(rank_of);
    pith_free(forced);
    if (status != PITH_OK)
        pith_selection_free(selection);
    return status;
}

void pith_selection_free(struct pith_selection *selection)
{
    pith_free(selection->used);
    pith_free(selection->offsets);
    *selection = (struct pith_selection){0};
}
