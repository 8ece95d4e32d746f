/*
 * rounding.c - see rounding.h.
 */
#include "rounding.h"

#include <string.h>

/* The kind of the tensor; NULL when there is no room for one more. */
static struct rounding *kind_of(struct roundings *all,
                                const struct pith_converted *tensor)
{
    size_t i = 0;
    while (i < all->n && (all->kinds[i].to != tensor->type ||
                          strcmp(all->kinds[i].from, tensor->source_type) != 0))
        i++;
    if (i == sizeof all->kinds / sizeof *all->kinds)
        return NULL;
    struct rounding *kind = &all->kinds[i];
    if (i == all->n) {
        *kind = (struct rounding){.to = tensor->type};
        snprintf(kind->from, sizeof kind->from, "%s", tensor->source_type);
        all->n++;
    }
    return kind;
}

void rounding_add(struct roundings *all, const struct pith_converted *tensor)
{
    struct rounding *kind;
    double n = (double)tensor->n_weights;
    if (tensor->largest_error <= 0 || (kind = kind_of(all, tensor)) == NULL)
        return;
    kind->n_tensors++;
    kind->n_weights += n;
    kind->errors += n * tensor->mean_error;
    kind->weights += n * tensor->mean_weight;
    if (tensor->largest_error > kind->largest) {
        kind->largest = tensor->largest_error;
        snprintf(kind->worst, sizeof kind->worst, "%s", tensor->name);
    }
}

static void print_mean(double mean, double weight)
{
    fprintf(stderr, "mean %.3g (%.2g%% of the mean weight)\n", mean,
            100 * mean / weight);
}

void rounding_print_tensor(const struct pith_converted *tensor)
{
    fprintf(stderr, "pith: %s: %s as %s: ", tensor->name, tensor->source_type,
            pith_type_name(tensor->type));
    if (tensor->largest_error <= 0) {
        fputs("exact\n", stderr);
        return;
    }
    fprintf(stderr, "largest error %.3g, ", tensor->largest_error);
    print_mean(tensor->mean_error, tensor->mean_weight);
}

void rounding_print(const struct roundings *all)
{
    for (size_t i = 0; i < all->n; i++) {
        const struct rounding *kind = &all->kinds[i];
        fprintf(stderr, "pith: %s as %s in %zu tensor%s: largest error %.3g "
                "(%s), ", kind->from, pith_type_name(kind->to),
                kind->n_tensors, kind->n_tensors == 1 ? "" : "s",
                kind->largest, kind->worst);
        print_mean(kind->errors / kind->n_weights,
                   kind->weights / kind->n_weights);
    }
}
