/*
 * tokens.c - tokens and their losses as JSON.
 */
#include "service.h"

#include <math.h>

#include "../base/memory.h"

static enum pith_status read_text(const struct pith_json *object,
                                  struct pith_text *text,
                                  struct pith_error *error)
{
    const struct pith_json *value = pith_json_get(object, "text");
    if (!pith_json_is(value, PITH_JSON_STRING))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "request: expected an object with a string \"text\"");
    *text = value->string;
    return PITH_OK;
}

static void write_tokens(struct pith_buffer *out,
                         const struct pith_model *model, const int32_t *ids,
                         size_t n)
{
    pith_buffer_string(out, "{\"ids\":[");
    for (size_t i = 0; i < n; i++)
        pith_buffer_printf(out, "%s%ld", i > 0 ? "," : "", (long)ids[i]);
    pith_buffer_string(out, "],\"pieces\":[");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            pith_buffer_byte(out, ',');
        pith_json_write_string(out, pith_token_piece(model, ids[i]));
    }
    pith_buffer_string(out, "]}");
}

enum pith_status pith_tokenize_json(const struct pith_model *model,
                                    struct pith_text request, int flags,
                                    char **reply, struct pith_error *error)
{
    struct pith_json_document *document = NULL;
    struct pith_buffer out = {0};
    struct pith_text text;
    int32_t *ids = NULL;
    size_t n = 0;

    PITH_REQUIRE(reply, error);
    *reply = NULL;
    PITH_REQUIRE(model, error);
    PITH_REQUIRE_ALL(request.bytes, request.size, error);
    enum pith_status status;
    PITH_TRY(pith_json_parse_utf8(request, "request", &document, error));
    PITH_TRY_DONE(read_text(pith_json_root(document), &text, error));
    PITH_TRY_DONE(pith_tokenize(model, text, flags, &ids, &n, error));
    write_tokens(&out, model, ids, n);
    status = pith_buffer_take(&out, reply, NULL, error);
done:
    pith_free(ids);
    pith_json_free(document);
    return status;
}

/* The object without its last brace.  The mean is over the tokens that have a
 * loss, null when none has. */
static void write_losses(struct pith_buffer *out,
                         const struct pith_model *model, const int32_t *ids,
                         const float *losses, size_t n)
{
    double sum = 0;
    size_t n_scored = 0;
    pith_buffer_string(out, "{\"tokens\":[");
    for (size_t i = 0; i < n; i++) {
        pith_buffer_printf(out, "%s{\"id\":%ld,\"piece\":", i > 0 ? "," : "",
                           (long)ids[i]);
        pith_json_write_string(out, pith_token_piece(model, ids[i]));
        pith_buffer_string(out, ",\"loss\":");
        pith_json_write_float(out, losses[i]);
        pith_buffer_byte(out, '}');
        if (!isnan(losses[i])) {
            sum += (double)losses[i];
            n_scored++;
        }
    }
    double mean = n_scored > 0 ? sum / (double)n_scored : (double)NAN;
    pith_buffer_string(out, "],\"mean_loss\":");
    pith_json_write_number(out, mean);
    pith_buffer_string(out, ",\"perplexity\":");
    pith_json_write_number(out, exp(mean));
}

static enum pith_status score_text(struct pith_session *session,
                                   struct pith_text text, bool bos,
                                   struct pith_buffer *out,
                                   struct pith_error *error)
{
    float *losses = NULL;
    int32_t *ids = NULL;
    size_t n = 0;
    enum pith_status status;

    PITH_TRY(pith_tokenize(pith_session_model(session), text, 0, &ids, &n,
                           error));
    losses = pith_array(n, sizeof *losses);
    if (losses == NULL)
        PITH_TRY_DONE(pith_no_memory(error, n, sizeof *losses));
    PITH_TRY_DONE(bos ? pith_score(session, ids, n, losses, error)
                      : pith_score_without_bos(session, ids, n, losses, error));
    write_losses(out, pith_session_model(session), ids, losses, n);
done:
    pith_free(losses);
    pith_free(ids);
    return status;
}

enum pith_status pith_score_text_json(struct pith_session *session,
                                      struct pith_text text, bool bos,
                                      char **reply, struct pith_error *error)
{
    struct pith_buffer out = {0};
    PITH_REQUIRE(reply, error);
    *reply = NULL;
    PITH_REQUIRE(session, error);
    PITH_REQUIRE_ALL(text.bytes, text.size, error);
    PITH_TRY(score_text(session, text, bos, &out, error));
    pith_buffer_byte(&out, '}');
    return pith_buffer_take(&out, reply, NULL, error);
}

static enum pith_status read_bos(const struct pith_json *object, bool *bos,
                                 struct pith_error *error)
{
    const struct pith_json *value = pith_json_get(object, "bos");
    *bos = value == NULL || pith_json_is(value, PITH_JSON_TRUE);
    if (!*bos && !pith_json_is(value, PITH_JSON_FALSE))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "request: \"bos\" is not true or false");
    return PITH_OK;
}

enum pith_status
pith_answer_score(struct pith_session *session,
                  const struct pith_json *arguments,
                  const struct pith_compress_options *defaults,
                  struct pith_answer *answer, struct pith_error *error)
{
    static const char *const known[] = {"text", "bos", NULL};
    struct pith_text text;
    bool bos;
    (void)defaults;
    PITH_TRY(read_text(arguments, &text, error));
    PITH_TRY(read_bos(arguments, &bos, error));
    PITH_TRY(score_text(session, text, bos, &answer->result, error));
    pith_answer_close(&answer->result, arguments, known);
    return PITH_OK;
}

enum pith_status pith_score_json(struct pith_session *session,
                                 struct pith_text request, char **reply,
                                 struct pith_error *error)
{
    struct pith_json_document *document = NULL;
    struct pith_answer answer = {0};
    enum pith_status status;

    PITH_REQUIRE(reply, error);
    *reply = NULL;
    PITH_REQUIRE(session, error);
    PITH_REQUIRE_ALL(request.bytes, request.size, error);
    PITH_TRY(pith_json_parse_utf8(request, "request", &document, error));
    PITH_TRY_DONE(pith_answer_score(session, pith_json_root(document), NULL,
                                    &answer, error));
    status = pith_buffer_take(&answer.result, reply, NULL, error);
done:
    pith_answer_free(&answer);
    pith_json_free(document);
    return status;
}
