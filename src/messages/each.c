/*
 * each.c - texts compressed one by one: pith_messages_compress_each().
 */
#include "../base/exact.h"
#include "../model/session.h"
#include "../prompt/words.h"
#include "compress.h"

struct each {
    struct pith_session *session;
    const struct pith_message_text *texts;
    struct pith_messages_options options;
    struct pith_compress_options compress;
    struct pith_messages_result *result;
    pith_shorten *shorten; /* NULL: pith_compress() */
    void *user;
};

static enum pith_status check(const struct pith_compress_options *compress,
                              struct pith_error *error)
{
    if (compress->target > 0 || compress->threshold > 0)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "texts that are compressed one by one have no %s in "
                         "common; set a rate",
                         compress->target > 0 ? "target" : "threshold");
    return PITH_OK;
}

/* What the text's role and place leave of it; 1: all. */
static double rate_of(const struct each *each,
                      const struct pith_message_text *text)
{
    double rate = each->options.role_rates[text->role];
    if (text->role == PITH_MESSAGE_SYSTEM || text->last_turn || text->broken ||
        (text->role == PITH_MESSAGE_OTHER && rate <= 0))
        return 1;
    return rate > 0 ? rate : each->compress.rate;
}

static enum pith_status count(const struct each *each, struct pith_text text,
                              size_t *n, struct pith_error *error)
{
    int32_t *ids;
    PITH_TRY(pith_tokenize(pith_session_model(each->session), text,
                           PITH_TOKENIZE_NO_SPECIAL, &ids, n, error));
    pith_free(ids);
    return PITH_OK;
}

/* Whether a text that may be compressed is worth it. */
static enum pith_status is_worth_it(const struct each *each, size_t index,
                                    bool *worth, struct pith_error *error)
{
    const struct pith_message_text *text = &each->texts[index];
    size_t n, least = each->options.short_tokens;
    if (!text->old && each->options.long_tokens > least)
        least = each->options.long_tokens;
    PITH_TRY(count(each, text->text, &n, error));
    *worth = n >= least;
    return PITH_OK;
}

/* Takes over the text of a compression that is shorter and not blank. */
static void take(struct pith_messages_result *result, size_t index,
                 struct pith_result *compressed)
{
    if (compressed->compressed_tokens >= compressed->origin_tokens ||
        pith_is_blank(compressed->text))
        return;
    result->texts[index] = compressed->text;
    compressed->text = (struct pith_text){0};
    result->compressed_tokens[index] = compressed->model_compressed_tokens;
    result->n_kept -= compressed->origin_tokens - compressed->compressed_tokens;
    result->n_compressed++;
}

/* A compression at rate 1, whose counts are those of the text. */
static enum pith_status measure(const struct each *each, struct pith_text text,
                                struct pith_result **measured,
                                struct pith_error *error)
{
    struct pith_prompt prompt = {.contexts = &text, .n_contexts = 1};
    struct pith_compress_options options = each->compress;
    options.rate = 1;
    return pith_compress(each->session, &prompt, &options, measured, error);
}

/* The same as compress_text(), by the caller's function. */
static enum pith_status shorten_text(struct each *each, size_t index,
                                     const struct pith_compress_options *options,
                                     struct pith_error *error)
{
    struct pith_messages_result *result = each->result;
    struct pith_text shorter = {0};
    struct pith_result *whole, *rest = NULL;
    PITH_TRY(measure(each, each->texts[index].text, &whole, error));
    enum pith_status status =
        each->shorten(each->user, index, options, &shorter, error);
    if (status == PITH_OK && shorter.bytes != NULL)
        status = measure(each, shorter, &rest, error);
    if (status == PITH_OK) {
        const struct pith_result *kept = rest != NULL ? rest : whole;
        result->origin_tokens[index] = whole->model_origin_tokens;
        result->compressed_tokens[index] = kept->model_origin_tokens;
        result->texts[index] = shorter;
        result->n_compressed += rest != NULL;
        result->n_origin += whole->origin_tokens;
        result->n_kept += kept->origin_tokens;
    } else {
        pith_free((char *)shorter.bytes);
    }
    pith_result_free(whole);
    pith_result_free(rest);
    return status;
}

static enum pith_status compress_text(struct each *each, size_t index,
                                      struct pith_error *error)
{
    struct pith_messages_result *result = each->result;
    const struct pith_message_text *text = &each->texts[index];
    struct pith_prompt prompt = {.contexts = &text->text, .n_contexts = 1};
    struct pith_compress_options options = each->compress;
    struct pith_result *compressed;
    bool worth = false;
    options.rate = rate_of(each, text);
    if (options.rate < 1)
        PITH_TRY(is_worth_it(each, index, &worth, error));
    if (worth && each->shorten != NULL)
        return shorten_text(each, index, &options, error);
    if (!worth)
        options.rate = 1;
    PITH_TRY(pith_compress(each->session, &prompt, &options, &compressed,
                           error));
    result->origin_tokens[index] = compressed->model_origin_tokens;
    result->compressed_tokens[index] = compressed->model_origin_tokens;
    result->n_origin += compressed->origin_tokens;
    result->n_kept += compressed->origin_tokens;
    if (worth)
        take(result, index, compressed);
    pith_result_free(compressed);
    return PITH_OK;
}

enum pith_status pith_messages_each(struct pith_session *session,
                                    const struct pith_messages *messages,
                                    const struct pith_messages_options *options,
                                    pith_shorten *shorten, void *user,
                                    struct pith_messages_result **result,
                                    struct pith_error *error)
{
    struct each each = {.session = session, .shorten = shorten, .user = user};
    PITH_REQUIRE(result, error);
    *result = NULL;
    PITH_REQUIRE(session, error);
    PITH_REQUIRE(messages, error);
    PITH_TRY(pith_messages_options_take(&each.options, options, &each.compress,
                                        error));
    PITH_TRY(check(&each.compress, error));
    each.texts = messages->texts;
    enum pith_status status =
        pith_messages_result_create(messages->n, &each.result, error);
    for (size_t i = 0; status == PITH_OK && i < messages->n; i++)
        status = compress_text(&each, i, error);
    if (status != PITH_OK)
        pith_messages_result_free(each.result);
    else
        *result = each.result;
    return status;
}

enum pith_status pith_messages_compress_each(
    struct pith_session *session, const struct pith_messages *messages,
    const struct pith_messages_options *options,
    struct pith_messages_result **result, struct pith_error *error)
{
    return pith_messages_each(session, messages, options, NULL, NULL, result,
                              error);
}
