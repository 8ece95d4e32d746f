/*
 * result.c - options and results of compressed messages.
 */
#include "../base/exact.h"
#include "../base/memory.h"
#include "../base/options.h"
#include "../prompt/method.h"
#include "compress.h"

void pith_messages_options_init_sized(struct pith_messages_options *given,
                                      size_t sizeof_options)
{
    const struct pith_messages_options defaults = {
        .sizeof_options = sizeof_options,
        .short_tokens = 40,
        .long_tokens = 200};
    if (given != NULL)
        pith_struct_give(given, sizeof_options, &defaults, sizeof defaults);
}

enum pith_status
pith_messages_options_take(struct pith_messages_options *known,
                           const struct pith_messages_options *given,
                           struct pith_compress_options *compress,
                           struct pith_error *error)
{
    pith_messages_options_init(known);
    PITH_TRY(pith_options_copy(known, sizeof *known, given, error));
    PITH_TRY(pith_compress_options_take(compress, known->compress, error));
    if (compress->role_rates != NULL)
        PITH_TRY(pith_role_rates_parse(compress->role_rates, known->role_rates,
                                       error));
    for (int i = 0; i < PITH_N_MESSAGE_ROLES; i++)
        if (!(known->role_rates[i] >= 0 && known->role_rates[i] <= 1))
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "the rate of %s is %g; expected a number above 0 "
                             "and at most 1",
                             pith_message_role_name((enum pith_message_role)i),
                             known->role_rates[i]);
    return PITH_OK;
}

enum pith_status
pith_messages_result_create(size_t n, struct pith_messages_result **result,
                            struct pith_error *error)
{
    struct pith_messages_result *made = pith_array_zero(1, sizeof *made);
    *result = made;
    if (made == NULL)
        return pith_no_memory(error, 1, sizeof *made);
    made->n = n;
    made->texts = pith_array_zero(n, sizeof *made->texts);
    made->origin_tokens = pith_array_zero(n, sizeof *made->origin_tokens);
    made->compressed_tokens =
        pith_array_zero(n, sizeof *made->compressed_tokens);
    return made->texts != NULL && made->origin_tokens != NULL &&
                   made->compressed_tokens != NULL
               ? PITH_OK
               : pith_no_memory(error, n, sizeof *made->texts);
}

void pith_messages_result_free(struct pith_messages_result *result)
{
    if (result == NULL)
        return;
    for (size_t i = 0; result->texts != NULL && i < result->n; i++)
        pith_free((char *)result->texts[i].bytes);
    pith_free(result->texts);
    pith_free(result->origin_tokens);
    pith_free(result->compressed_tokens);
    pith_free(result->note);
    pith_free(result);
}
