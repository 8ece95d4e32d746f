/*
 * tokens.c - tokens and their losses as JSON.
 */
#include "service.h"

#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"

/* {"text": "..."}; the text is borrowed from the document. */
static enum pith_status read_text(struct pith_text request,
                                  struct pith_json_document **document,
                                  struct pith_text *text,
                                  struct pith_error *error)
{
    PITH_TRY(pith_json_parse(request, "request", document, error));
    const struct pith_json *value =
        pith_json_get(pith_json_root(*document), "text");
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

    *reply = NULL;
    enum pith_status status;
    PITH_TRY_DONE(read_text(request, &document, &text, error));
    PITH_TRY_DONE(pith_tokenize(model, text, flags, &ids, &n, error));
    write_tokens(&out, model, ids, n);
    status = pith_buffer_take(&out, reply, NULL, error);
done:
    pith_free(ids);
    pith_json_free(document);
    return status;
}

static void write_losses(struct pith_buffer *out,
                         const struct pith_model *model, const int32_t *ids,
                         const float *losses, size_t n)
{
    double sum = 0;
    pith_buffer_string(out, "{\"tokens\":[");
    for (size_t i = 0; i < n; i++) {
        pith_buffer_printf(out, "%s{\"id\":%ld,\"piece\":", i > 0 ? "," : "",
                           (long)ids[i]);
        pith_json_write_string(out, pith_token_piece(model, ids[i]));
        pith_buffer_string(out, ",\"loss\":");
        pith_json_write_float(out, losses[i]);
        pith_buffer_byte(out, '}');
        sum += (double)losses[i];
    }
    double mean = n > 0 ? sum / (double)n : 0;
    pith_buffer_string(out, "],\"mean_loss\":");
    pith_json_write_number(out, mean);
    pith_buffer_string(out, ",\"perplexity\":");
    pith_json_write_number(out, exp(mean));
    pith_buffer_byte(out, '}');
}

enum pith_status pith_score_text_json(struct pith_session *session,
                                      struct pith_text text, char **reply,
                                      struct pith_error *error)
{
    struct pith_buffer out = {0};
    int32_t *ids = NULL;
    float *losses = NULL;
    size_t n = 0;

    *reply = NULL;
    PITH_TRY(pith_tokenize(session->model, text, 0, &ids, &n, error));
    losses = pith_array(n, sizeof *losses);
    enum pith_status status = losses == NULL
                                  ? pith_no_memory(error, n, sizeof *losses)
                                  : pith_score(session, ids, n, losses, error);
    if (status == PITH_OK) {
        write_losses(&out, session->model, ids, losses, n);
        status = pith_buffer_take(&out, reply, NULL, error);
    }
    free(losses);
    pith_free(ids);
    return status;
}

enum pith_status pith_score_json(struct pith_session *session,
                                 struct pith_text request, char **reply,
                                 struct pith_error *error)
{
    struct pith_json_document *document = NULL;
    struct pith_text text;
    *reply = NULL;
    enum pith_status status = read_text(request, &document, &text, error);
    if (status == PITH_OK)
        status = pith_score_text_json(session, text, reply, error);
    pith_json_free(document);
    return status;
}
