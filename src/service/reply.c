/*
 * reply.c - a compression result as JSON.
 */
#include "../base/text.h"
#include "service.h"

#include <math.h>
#include <string.h>

const char *pith_part_name(enum pith_part_kind kind)
{
    switch (kind) {
    case PITH_PART_INSTRUCTION: return "instruction";
    case PITH_PART_CONTEXT: return "context";
    case PITH_PART_QUESTION: return "question";
    }
    return "unknown";
}

void pith_write_parts(struct pith_buffer *out,
                      const struct pith_result *result)
{
    pith_buffer_string(out, ",\"parts\":[");
    for (size_t i = 0; i < result->n_parts; i++) {
        const struct pith_part_result *part = &result->parts[i];
        pith_buffer_printf(out, "%s{\"part\":\"%s\",\"index\":%zu,"
                           "\"tokens\":%zu,\"kept\":%zu,\"perplexity\":",
                           i > 0 ? "," : "", pith_part_name(part->kind),
                           part->index, part->n_tokens, part->n_kept);
        if (part->perplexity > 0)
            pith_json_write_number(out, part->perplexity);
        else
            pith_buffer_string(out, "null");
        pith_buffer_byte(out, '}');
    }
    pith_buffer_byte(out, ']');
}

/* What stays of each part, by bytes. */
static void write_spans(struct pith_buffer *out,
                        const struct pith_result *result)
{
    pith_buffer_string(out, ",\"spans\":[");
    for (size_t i = 0; i < result->detail.n_spans; i++) {
        const struct pith_span *span = &result->detail.spans[i];
        const struct pith_part_result *part = &result->parts[span->part];
        pith_buffer_printf(out, "%s{\"part\":\"%s\",\"index\":%zu,"
                           "\"start\":%zu,\"end\":%zu}",
                           i > 0 ? "," : "", pith_part_name(part->kind),
                           part->index, span->start, span->end);
    }
    pith_buffer_byte(out, ']');
}

static void write_timings(struct pith_buffer *out,
                          const struct pith_timings *timings)
{
    const struct { const char *name; double seconds; } all[] = {
        {"tokenize", timings->tokenize}, {"rank", timings->rank},
        {"compress", timings->compress}, {"total", timings->total}};
    pith_buffer_string(out, ",\"timings\":{");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        pith_buffer_printf(out, "%s\"%s\":", i > 0 ? "," : "", all[i].name);
        pith_json_write_fixed(out, all[i].seconds, 6);
    }
    pith_buffer_byte(out, '}');
}

void pith_write_note(struct pith_buffer *out, const char *note,
                     struct pith_text extra)
{
    struct pith_buffer both = {0};
    pith_buffer_string(out, ",\"note\":");
    if (note == NULL && extra.size == 0) {
        pith_buffer_string(out, "null");
        return;
    }
    pith_buffer_string(&both, note != NULL ? note : "");
    if (note != NULL && extra.size > 0)
        pith_buffer_byte(&both, ' ');
    pith_buffer_append(&both, extra.bytes, extra.size);
    out->failed |= both.failed;
    pith_json_write_string(out, pith_buffer_text(&both));
    pith_buffer_free(&both);
}

static double ratio_of(size_t n, size_t kept)
{
    if (n == 0)
        return 1;
    return kept > 0 ? (double)n / (double)kept : (double)INFINITY;
}

double pith_result_ratio(const struct pith_result *result)
{
    return ratio_of(result->origin_tokens, result->compressed_tokens);
}

void pith_write_counts(struct pith_buffer *out, size_t n, size_t kept)
{
    double ratio = ratio_of(n, kept);
    pith_buffer_printf(out, ",\"origin_tokens\":%zu,\"compressed_tokens\":%zu,"
                       "\"ratio\":\"", n, kept);
    if (isinf(ratio))
        pith_buffer_string(out, "inf");
    else
        pith_json_write_fixed(out, ratio, 1);
    pith_buffer_string(out, "x\",\"rate\":\"");
    pith_json_write_fixed(out, 1 / ratio * 100, 1);
    pith_buffer_string(out, "%\"");
}

void pith_write_result(struct pith_buffer *out,
                       const struct pith_session *session,
                       const struct pith_compress_options *options,
                       const struct pith_result *result,
                       const struct pith_buffer *prompt,
                       struct pith_text extra_note)
{
    struct pith_model_info info;

    pith_model_describe(pith_session_model(session), &info);
    pith_buffer_string(out, "{\"compressed_prompt\":");
    pith_buffer_append(out, prompt->data, prompt->size);
    out->failed |= prompt->failed;
    pith_write_counts(out, result->origin_tokens, result->compressed_tokens);
    pith_buffer_string(out, ",\"model\":");
    pith_json_write_string(out, pith_text_of(info.name));
    pith_buffer_printf(out, ",\"method\":\"%s\",\"precision\":\"%s\"",
                       pith_method_name(options->method), result->precision);
    if (options->count_with != NULL)
        pith_buffer_printf(out, ",\"model_origin_tokens\":%zu,"
                           "\"model_compressed_tokens\":%zu",
                           result->model_origin_tokens,
                           result->model_compressed_tokens);
    pith_buffer_string(out, ",\"bits_per_byte\":");
    if (result->bits_per_byte > 0)
        pith_json_write_fixed(out, result->bits_per_byte, 2);
    else
        pith_buffer_string(out, "null");
    write_timings(out, &result->timings);
    pith_write_parts(out, result);
    if (options->detail)
        write_spans(out, result);
    pith_write_note(out, result->note, extra_note);
    pith_buffer_byte(out, '}');
}

static void write_kept_ids(struct pith_buffer *out,
                           const struct pith_trace *trace)
{
    pith_buffer_string(out, "\"kept_ids\":");
    if (!trace->has_kept_ids) {
        pith_buffer_string(out, "null");
        return;
    }
    pith_buffer_byte(out, '[');
    for (size_t i = 0; i < trace->n_kept_ids; i++)
        pith_buffer_printf(out, "%s%ld", i > 0 ? "," : "",
                           (long)trace->kept_ids[i]);
    pith_buffer_byte(out, ']');
}

static void write_ranking(struct pith_buffer *out,
                          const struct pith_rank *ranks, size_t n)
{
    pith_buffer_byte(out, '[');
    for (size_t i = 0; i < n; i++) {
        pith_buffer_printf(out, "%s[%zu,", i > 0 ? "," : "", ranks[i].index);
        pith_json_write_number(out, ranks[i].score);
        pith_buffer_byte(out, ']');
    }
    pith_buffer_byte(out, ']');
}

void pith_write_trace(struct pith_buffer *out, const struct pith_trace *trace)
{
    pith_buffer_byte(out, '{');
    write_kept_ids(out, trace);
    pith_buffer_string(out, ",\"thresholds\":[");
    for (size_t i = 0; i < trace->n_thresholds; i++) {
        const struct pith_threshold *threshold = &trace->thresholds[i];
        pith_buffer_printf(out, "%s[%zu,", i > 0 ? "," : "",
                           threshold->n_losses);
        pith_json_write_number(out, threshold->rate);
        pith_buffer_byte(out, ',');
        pith_json_write_number(out, threshold->gamma);
        pith_buffer_byte(out, ']');
    }
    pith_buffer_string(out, "],\"ranking\":[");
    for (size_t i = 0; i < trace->n_rankings; i++) {
        if (i > 0)
            pith_buffer_byte(out, ',');
        write_ranking(out, trace->rankings[i], trace->n_ranks[i]);
    }
    pith_buffer_string(out, "]}");
}

enum pith_status pith_result_json(const struct pith_session *session,
                                  const struct pith_compress_options *options,
                                  const struct pith_result *result,
                                  char **json, struct pith_error *error)
{
    struct pith_buffer out = {0}, prompt = {0};
    struct pith_compress_options known;
    PITH_REQUIRE(json, error);
    *json = NULL;
    PITH_REQUIRE(session, error);
    PITH_REQUIRE(result, error);
    PITH_TRY(pith_compress_options_take(&known, options, error));
    pith_json_write_string(&prompt, result->text);
    pith_write_result(&out, session, &known, result, &prompt,
                      (struct pith_text){0});
    pith_buffer_free(&prompt);
    if (known.trace && !out.failed) {
        out.size--; /* the closing brace: "trace" becomes the last member */
        pith_buffer_string(&out, ",\"trace\":");
        pith_write_trace(&out, &result->trace);
        pith_buffer_byte(&out, '}');
    }
    return pith_buffer_take(&out, json, NULL, error);
}
