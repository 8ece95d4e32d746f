/*
 * defaults.c - what options are where a program does not set them.  The list
 * in ../compress/options.c shows the same.
 */
#include "../base/exact.h"
#include "../base/options.h"
#include "method.h"

void pith_compress_options_init_sized(struct pith_compress_options *given,
                                      size_t sizeof_options)
{
    const struct pith_compress_options defaults = {
        .sizeof_options = sizeof_options,
        .method = PITH_METHOD_SPANS,
        .rate = 0.5,
        .target = -1,
        .threshold = -1,
        /* `paper` */
        .tau_ins = 0.85,
        .tau_que = 0.9,
        .delta_tau = 0.3,
        .reorder = PITH_REORDER_SORT,
        .use_itpc = true,
        .use_budget_controller = true,
        .use_dynamic_rates = true,
        /* `spans` */
        .use_question = true,
        /* `reference` */
        .iterative_size = 200,
        .context_budget = "+100",
        .use_context_level_filter = true,
        .use_token_level_filter = true,
        .concate_question = true,
        .high_priority_bonus = 100,
        .token_budget_ratio = 1.4,
        .strict_preserve_uncompressed = true};
    if (given != NULL)
        pith_struct_give(given, sizeof_options, &defaults, sizeof defaults);
}

enum pith_status
pith_compress_options_take(struct pith_compress_options *known,
                           const struct pith_compress_options *given,
                           struct pith_error *error)
{
    pith_compress_options_init(known);
    return pith_options_copy(known, sizeof *known, given, error);
}
