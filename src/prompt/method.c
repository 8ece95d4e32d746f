/*
 * method.c - see method.h.
 */
#include "method.h"

#include <math.h>
#include <stdlib.h>

#include "../base/clock.h"
#include "../base/exact.h"
#include "../base/memory.h"
#include "../model/session.h"

/* Exactly one of rate, target and threshold says how much stays. */
static enum pith_status check_amount(const struct pith_compress_options *options,
                                     struct pith_error *error)
{
    double rate = options->rate, target = options->target;
    if (isnan(rate) || rate > 1 || rate == 0)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "rate is %g; it is the share of tokens that stays, "
                         "above 0 and at most 1", rate);
    if (isnan(target) || isinf(target) || target == 0)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "target is %g; it is the number of tokens that "
                         "stay, above 0", target);
    if (isnan(options->threshold) || isinf(options->threshold))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "threshold is %g; it is in nats a token, above 0",
                         options->threshold);
    if (options->threshold > 0 && options->method != PITH_METHOD_SPANS)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "threshold is %g; only method spans has one",
                         options->threshold);
    if (options->threshold > 0 && (rate > 0 || target > 0))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "both threshold (%g) and %s are given; set the one "
                         "that is not meant to -1", options->threshold,
                         rate > 0 ? "rate" : "target");
    if (options->threshold > 0)
        return PITH_OK;
    if (rate > 0 && target > 0)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "both rate (%g) and target (%g) are given; set the "
                         "one that is not meant to -1", rate, target);
    if (rate < 0 && target < 0)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "neither rate nor target is given; set one of them");
    return PITH_OK;
}

static bool text_is_missing(struct pith_text text)
{
    return text.bytes == NULL && text.size > 0;
}

static enum pith_status check_prompt(const struct pith_prompt *prompt,
                                     struct pith_error *error)
{
    bool missing = text_is_missing(prompt->instruction) ||
                   text_is_missing(prompt->question) ||
                   (prompt->contexts == NULL && prompt->n_contexts > 0);
    for (size_t i = 0; !missing && i < prompt->n_contexts; i++)
        missing = text_is_missing(prompt->contexts[i]);
    if (missing)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "the prompt has a text of non-zero size whose bytes "
                         "are NULL");
    return PITH_OK;
}

enum pith_status pith_call_begin(struct pith_call *call,
                                 struct pith_session *session,
                                 const struct pith_prompt *prompt,
                                 const struct pith_compress_options *options,
                                 struct pith_result **result,
                                 struct pith_error *error)
{
    call->start = pith_seconds();
    PITH_REQUIRE(result, error);
    *result = NULL;
    PITH_REQUIRE(session, error);
    PITH_REQUIRE(prompt, error);
    PITH_TRY(pith_compress_options_take(&call->options, options, error));
    PITH_TRY(check_amount(&call->options, error));
    PITH_TRY(check_prompt(prompt, error));
    call->result = pith_array_zero(1, sizeof *call->result);
    if (call->result == NULL)
        return pith_no_memory(error, 1, sizeof *call->result);
    call->result->precision = pith_session_precision(session);
    return PITH_OK;
}

enum pith_status pith_call_end(struct pith_call *call, enum pith_status status,
                               struct pith_result **result)
{
    call->result->timings.total = pith_seconds() - call->start;
    if (status == PITH_OK)
        *result = call->result;
    else
        pith_result_free(call->result);
    return status;
}
