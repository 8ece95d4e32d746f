/*
 * budget.c - all texts of a chat in one budget: pith_messages_compress().
 *
 * The texts are the contexts of one structured prompt, so that later ones are
 * scored given those before them, and tags say what becomes of each.  With a
 * preset those that are to be shorter are without what their form can do
 * without (layout.h) to begin with.
 */
#include <math.h>

#include "../base/exact.h"
#include "../base/memory.h"
#include "../layout/layout.h"
#include "../prompt/words.h"
#include "compress.h"
#include "tags.h"

enum { SHORT_TOKENS = 8 }; /* what has fewer stays whole */

/* What takes the place of a text of which nothing stays: empty texts are
 * refused by some servers. */
static const struct pith_text nothing_left = {"...", 3};

struct budget {
    struct pith_session *session;
    const struct pith_messages *messages;
    struct pith_messages_options options;
    struct pith_compress_options compress;
    struct pith_messages_result *result;
    struct pith_text *plain;    /* (n) the texts, or views of: */
    struct pith_buffer *compact; /* (n) without what their form can spare */
    size_t n_compact;            /* texts that are */
    struct pith_buffer *tagged; /* (n) with their tags */
    struct pith_text *contexts; /* (n) views of these */
    double *rates; /* (n) 1: stays whole; < 0: what the others leave */
    double target; /* tokens of all texts, with the lines between them */
    double rate;   /* of texts that name none */
};

static enum pith_status check(const struct pith_compress_options *compress,
                              struct pith_error *error)
{
    if (compress->method == PITH_METHOD_REFERENCE)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "messages: method reference loses text beside \"<\"; "
                         "use method spans or paper");
    if (compress->threshold > 0)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "messages: a chat has a rate or a target, and no "
                         "threshold");
    return PITH_OK;
}

static enum pith_status run(struct budget *b, const struct pith_text *contexts,
                            const struct pith_compress_options *options,
                            struct pith_result **compressed,
                            struct pith_error *error)
{
    struct pith_prompt prompt = {.contexts = contexts,
                                 .n_contexts = b->messages->n};
    return pith_compress(b->session, &prompt, options, compressed, error);
}

static double rate_of(const struct budget *b,
                      const struct pith_message_text *text, size_t n_tokens)
{
    double rate = b->options.role_rates[text->role];
    if (text->last_turn || text->broken || n_tokens < SHORT_TOKENS)
        return 1;
    if (rate <= 0 && (text->role == PITH_MESSAGE_SYSTEM ||
                      text->role == PITH_MESSAGE_OTHER))
        return 1;
    return rate > 0 ? rate : -1;
}

/* The texts as a result that keeps all of them: counts. */
static enum pith_status count(struct budget *b, const struct pith_text *texts,
                              struct pith_result **counted,
                              struct pith_error *error)
{
    struct pith_compress_options whole = b->compress;
    whole.rate = 1;
    whole.target = -1;
    whole.structured = whole.detail = whole.trace = false;
    return run(b, texts, &whole, counted, error);
}

/* A view of the text without what its form can spare. */
static enum pith_status make_compact(struct budget *b, size_t index,
                                     struct pith_text *compact,
                                     struct pith_error *error)
{
    PITH_TRY(pith_layout_compact(&b->compact[index], b->plain[index],
                                 (enum pith_preset)b->compress.preset, error));
    *compact = pith_buffer_text(&b->compact[index]);
    return PITH_OK;
}

/* Takes texts without what they can spare where that is fewer tokens.
 *   lengths  (n) tokens of each text; those of what takes its place */
static enum pith_status spare(struct budget *b, size_t *lengths,
                              struct pith_error *error)
{
    size_t n = b->messages->n;
    const struct pith_compress_options *o = &b->compress;
    struct pith_result *counted = NULL;
    if (o->preset == PITH_PRESET_NONE || o->n_keep > 0 || o->keep_regex != NULL)
        return PITH_OK;
    struct pith_text *texts = pith_array(n, sizeof *texts);
    enum pith_status status =
        texts != NULL ? PITH_OK : pith_no_memory(error, n, sizeof *texts);
    bool any = false;
    for (size_t i = 0; i < n && status == PITH_OK; i++) {
        texts[i] = b->plain[i];
        if (b->rates[i] < 1)
            status = make_compact(b, i, &texts[i], error);
        any |= texts[i].size < b->plain[i].size;
    }
    if (status == PITH_OK && any)
        status = count(b, texts, &counted, error);
    for (size_t i = 0; i < n && counted != NULL; i++) {
        size_t length = counted->parts[i + 1].n_tokens;
        if (texts[i].size == b->plain[i].size || length >= lengths[i])
            continue;
        b->plain[i] = texts[i];
        lengths[i] = length;
        b->n_compact++;
    }
    pith_result_free(counted);
    pith_free(texts);
    return status;
}

/* What of the texts with rates of their own and of those that stay is left.
 *   n_model  tokens of all texts and the lines between them
 *   others   filled: tokens of the texts that share the rest */
static double fix_rates(struct budget *b, const size_t *lengths, double n_model,
                        double *others)
{
    double fixed = n_model;
    *others = 0;
    for (size_t i = 0; i < b->messages->n; i++) {
        double n = (double)b->result->origin_tokens[i];
        double length = (double)lengths[i], *rate = &b->rates[i];
        if (*rate < 0) {
            *others += length;
            fixed -= n;
        } else if (*rate < 1) {
            double kept = fmin(*rate * n, length);
            fixed -= n - kept;
            *rate = length > 0 ? kept / length : 1;
        }
    }
    return fixed;
}

/* Counts the texts, gives each its rate, and the others what is left.
 *   lengths  (n) */
static enum pith_status plan(struct budget *b, size_t *lengths,
                             struct pith_error *error)
{
    struct pith_messages_result *result = b->result;
    struct pith_result *counted;
    double others;
    PITH_TRY(count(b, b->plain, &counted, error));
    double n_model = (double)counted->model_origin_tokens;
    double n_all = (double)counted->origin_tokens;
    result->n_origin = result->n_kept = counted->origin_tokens;
    for (size_t i = 0; i < b->messages->n; i++) {
        size_t n = counted->parts[i + 1].n_tokens;
        result->origin_tokens[i] = result->compressed_tokens[i] = n;
        lengths[i] = n;
        b->rates[i] = rate_of(b, &b->messages->texts[i], n);
    }
    pith_result_free(counted);
    b->target = b->compress.rate > 0 ? b->compress.rate * n_all
                                     : fmin(b->compress.target, n_all);
    b->target = floor(b->target + 0.5);
    if (b->target < n_all)
        PITH_TRY(spare(b, lengths, error));
    double fixed = fix_rates(b, lengths, n_model, &others);
    double room = n_all > 0 ? b->target * n_model / n_all - fixed : 0;
    b->rate = others > 0 ? fmin(fmax(room / others, 1e-6), 1) : 1;
    return PITH_OK;
}

static enum pith_status write_tags(struct budget *b, struct pith_error *error)
{
    for (size_t i = 0; i < b->messages->n; i++) {
        pith_tags_write(&b->tagged[i], b->plain[i], b->rates[i]);
        if (b->tagged[i].failed)
            return pith_no_memory(error, b->plain[i].size, 1);
        b->contexts[i] = pith_buffer_text(&b->tagged[i]);
    }
    return PITH_OK;
}

/* Takes over what stays of a text. */
static enum pith_status take(struct budget *b, const struct pith_result *from,
                             size_t index, size_t *unit, size_t *n_blank,
                             struct pith_error *error)
{
    struct pith_messages_result *result = b->result;
    struct pith_buffer text = {0};
    char *bytes;
    if (b->rates[index] >= 1 &&
        b->plain[index].bytes == b->messages->texts[index].text.bytes)
        return PITH_OK;
    pith_tags_read(&text, from, index + 1, b->contexts[index], unit);
    if (pith_is_blank(pith_buffer_text(&text)) &&
        !pith_is_blank(b->plain[index])) {
        text.size = 0;
        pith_buffer_append(&text, nothing_left.bytes, nothing_left.size);
        ++*n_blank;
    }
    PITH_TRY(pith_buffer_take(&text, &bytes, &result->texts[index].size,
                              error));
    result->texts[index].bytes = bytes;
    result->compressed_tokens[index] = from->parts[index + 1].n_kept;
    result->n_compressed += result->compressed_tokens[index] <
                            result->origin_tokens[index];
    return PITH_OK;
}

static enum pith_status note(struct budget *b, const char *of_prompt,
                             size_t n_blank, struct pith_error *error)
{
    struct pith_buffer text = {0};
    double n = (double)b->result->n_kept;
    size_t size;
    if (b->n_compact > 0)
        pith_buffer_printf(&text, "White space that says nothing went first, "
                           "from %zu text%s. ", b->n_compact,
                           b->n_compact == 1 ? "" : "s");
    if (n > b->target)
        pith_buffer_printf(&text, "What stays whole and the rates of roles "
                           "leave %.0f tokens, the target is %.0f. ", n,
                           b->target);
    else if (n < b->target && of_prompt == NULL)
        pith_buffer_printf(&text, "%s %.0f tokens, the target is %.0f. ",
                           b->n_compact > 0 ? "That leaves"
                                            : "The rates of roles leave", n,
                           b->target);
    if (n_blank > 0)
        pith_buffer_printf(&text, "%zu text%s had no room and became \"%s\". ",
                           n_blank, n_blank == 1 ? "" : "s",
                           nothing_left.bytes);
    if (of_prompt != NULL)
        pith_buffer_string(&text, of_prompt);
    else if (text.size > 0)
        text.size--;
    return text.size > 0 || text.failed
               ? pith_buffer_take(&text, &b->result->note, &size, error)
               : PITH_OK;
}

static enum pith_status compress(struct budget *b, struct pith_error *error)
{
    struct pith_compress_options options = b->compress;
    struct pith_result *compressed;
    size_t unit = 0, n_blank = 0;
    PITH_TRY(write_tags(b, error));
    options.structured = options.detail = true;
    options.rate = b->rate;
    options.target = -1;
    PITH_TRY(run(b, b->contexts, &options, &compressed, error));
    enum pith_status status = PITH_OK;
    for (size_t i = 0; i < b->messages->n && status == PITH_OK; i++)
        status = take(b, compressed, i, &unit, &n_blank, error);
    b->result->n_kept = compressed->compressed_tokens + n_blank;
    if (status == PITH_OK)
        status = note(b, compressed->note, n_blank, error);
    pith_result_free(compressed);
    return status;
}

static enum pith_status open_budget(struct budget *b, struct pith_error *error)
{
    size_t n = b->messages->n;
    PITH_TRY(pith_messages_result_create(n, &b->result, error));
    b->plain = pith_array(n, sizeof *b->plain);
    b->compact = pith_array_zero(n, sizeof *b->compact);
    b->tagged = pith_array_zero(n, sizeof *b->tagged);
    b->contexts = pith_array(n, sizeof *b->contexts);
    b->rates = pith_array(n, sizeof *b->rates);
    if (b->plain == NULL || b->compact == NULL || b->tagged == NULL ||
        b->contexts == NULL || b->rates == NULL)
        return pith_no_memory(error, n, sizeof *b->tagged);
    for (size_t i = 0; i < n; i++)
        b->plain[i] = b->messages->texts[i].text;
    return PITH_OK;
}

static void close_budget(struct budget *b)
{
    for (size_t i = 0; b->tagged != NULL && i < b->messages->n; i++)
        pith_buffer_free(&b->tagged[i]);
    for (size_t i = 0; b->compact != NULL && i < b->messages->n; i++)
        pith_buffer_free(&b->compact[i]);
    pith_free(b->plain);
    pith_free(b->compact);
    pith_free(b->tagged);
    pith_free(b->contexts);
    pith_free(b->rates);
}

enum pith_status pith_messages_compress(
    struct pith_session *session, const struct pith_messages *messages,
    const struct pith_messages_options *options,
    struct pith_messages_result **result, struct pith_error *error)
{
    struct budget b = {.session = session, .messages = messages};
    PITH_REQUIRE(result, error);
    *result = NULL;
    PITH_REQUIRE(session, error);
    PITH_REQUIRE(messages, error);
    PITH_TRY(pith_messages_options_take(&b.options, options, &b.compress,
                                        error));
    PITH_TRY(check(&b.compress, error));
    enum pith_status status = open_budget(&b, error);
    size_t *lengths = pith_array(messages->n, sizeof *lengths);
    if (status == PITH_OK && lengths == NULL)
        status = pith_no_memory(error, messages->n, sizeof *lengths);
    if (status == PITH_OK)
        status = plan(&b, lengths, error);
    if (status == PITH_OK)
        status = compress(&b, error);
    pith_free(lengths);
    close_budget(&b);
    if (status != PITH_OK)
        pith_messages_result_free(b.result);
    else
        *result = b.result;
    return status;
}
