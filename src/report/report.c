/*
 * report.c - the page as a whole; see report.h.
 */
#include "report.h"

#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "../prompt/detail.h"
#include "../prompt/detail_units.h"
#include "../prompt/method.h"

/* --- what it counts ----------------------------------------------------------- */

/* exp(-0.1) = 0.9: the model was nearly sure; exp(-8) = 0.0003. */
static const double loss_bounds[PITH_REPORT_BINS - 1] = {0.1, 0.5, 1, 2,
                                                         4,   6,   8};
/* What a question takes from a loss can also be less than nothing. */
static const double difference_bounds[PITH_REPORT_BINS - 1] = {
    -1, -0.25, 0, 0.25, 1, 2, 4};

static bool has_differences(const struct pith_compress_options *options)
{
    return options->method == PITH_METHOD_PAPER
               ? options->question_aware
               : options->condition_compare;
}

size_t pith_report_bin(const struct pith_report *report, float loss)
{
    size_t bin = 0;
    if (isnan(loss))
        return PITH_REPORT_BINS;
    while (bin + 1 < PITH_REPORT_BINS && (double)loss >= report->bounds[bin])
        bin++;
    return bin;
}

static void add_unit(struct pith_report_sum *sum,
                     const struct pith_unit_result *unit)
{
    sum->n_tokens += unit->n_ids;
    sum->n_kept += unit->n_kept;
    sum->lowest = fmin(sum->lowest, (double)unit->loss);
    sum->highest = fmax(sum->highest, (double)unit->loss);
}

static enum pith_status sum_up(struct pith_report *report,
                               struct pith_error *error)
{
    static const struct pith_report_sum nothing = {0, 0, (double)NAN,
                                                   (double)NAN};
    const struct pith_detail *detail = &report->result->detail;
    size_t n_segments = report->result->trace.n_thresholds;
    report->segments = pith_array(n_segments, sizeof *report->segments);
    if (report->segments == NULL)
        return pith_no_memory(error, n_segments, sizeof *report->segments);
    for (size_t i = 0; i < n_segments; i++)
        report->segments[i] = nothing;
    for (size_t i = 0; i <= PITH_REPORT_BINS; i++)
        report->bins[i] = nothing;
    for (size_t i = 0; i < detail->n_units; i++) {
        const struct pith_unit_result *unit = &detail->units[i];
        add_unit(&report->bins[pith_report_bin(report, unit->loss)], unit);
        if (unit->segment != PITH_NO_SEGMENT)
            add_unit(&report->segments[unit->segment], unit);
    }
    return PITH_OK;
}

/* --- what it refuses ---------------------------------------------------------- */

static struct pith_text given(const struct pith_prompt *prompt,
                              const struct pith_part_result *part)
{
    return pith_given_text(prompt, part->kind, part->index);
}

static bool fits(const struct pith_prompt *prompt,
                 const struct pith_result *result,
                 const struct pith_unit_result *unit)
{
    if (unit->part >= result->n_parts ||
        (unit->segment != PITH_NO_SEGMENT &&
         unit->segment >= result->trace.n_thresholds) ||
        unit->n_ids > result->detail.n_ids ||
        unit->id > result->detail.n_ids - unit->n_ids)
        return false;
    size_t size = given(prompt, &result->parts[unit->part]).size;
    return unit->offset <= size && unit->size <= size - unit->offset;
}

/* Units cover the texts of all parts, so that there are some where there is
 * text. */
static bool has_detail(const struct pith_prompt *prompt,
                       const struct pith_compress_options *options,
                       const struct pith_result *result)
{
    size_t size = 0;
    for (size_t i = 0; i < result->n_parts; i++)
        size |= given(prompt, &result->parts[i]).size;
    return options->detail && (result->detail.n_units > 0 || size == 0);
}

static enum pith_status check(const struct pith_prompt *prompt,
                              const struct pith_compress_options *options,
                              const struct pith_result *result,
                              struct pith_error *error)
{
    if (!has_detail(prompt, options, result))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "a report needs a result with its detail; compress "
                         "with options.detail");
    for (size_t i = 0; i < result->detail.n_units; i++)
        if (!fits(prompt, result, &result->detail.units[i]))
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "unit %zu of the result is outside the prompt; "
                             "give the report the prompt that was compressed",
                             i);
    return PITH_OK;
}

/* --- the page ----------------------------------------------------------------- */

static void append_source(struct pith_buffer *out,
                          const struct pith_report_source *source)
{
    for (const char *const *line = source->lines; *line != NULL; line++)
        pith_buffer_string(out, *line);
}

/* Nothing may be fetched, and nothing runs but the script below, even if
 * markup of a prompt found a way past the escapes. */
static void write_head(struct pith_report *report)
{
    struct pith_buffer *out = &report->out;
    pith_buffer_string(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n"
                            "<meta charset=\"utf-8\">\n");
    pith_buffer_printf(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\""
        "default-src 'none'; img-src data:; base-uri 'none'; "
        "form-action 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'\">\n",
        pith_report_style.sha256, pith_report_script.sha256);
    pith_buffer_string(
        out, "<meta name=\"viewport\" content=\"width=device-width, "
             "initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light "
             "dark\">\n<link rel=\"icon\" href=\"data:,\">\n<title>");
    pith_html_count(out, report->result->origin_tokens);
    pith_buffer_string(out, " \xE2\x86\x92 ");
    pith_html_count(out, report->result->compressed_tokens);
    pith_buffer_string(out, " tokens \xE2\x80\x93 pith</title>\n<style>");
    append_source(out, &pith_report_style);
    pith_buffer_string(out, "</style>\n</head>\n");
}

static void write_inspector(struct pith_buffer *out)
{
    static const char *const facts[][2] = {
        {"token", "Token"},  {"fate", "Fate"},       {"loss", "Loss"},
        {"rank", "Rank"},    {"segment", "Segment"}, {"gamma", "Threshold "
                                                               "\xCE\xB3"},
        {"part", "Part"},    {"ids", "Token ids"}};
    pith_buffer_string(out, "<aside id=\"inspector\" aria-label=\"The token "
                            "pointed at\" hidden>\n<dl>\n");
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        pith_buffer_printf(out, "<div><dt>%s</dt><dd data-of=\"%s\"></dd>"
                           "</div>\n", facts[i][1], facts[i][0]);
    pith_buffer_string(out, "</dl>\n<button type=\"button\">Close "
                            "<kbd>Esc</kbd></button>\n</aside>\n");
}

static void write_body(struct pith_report *report)
{
    struct pith_buffer *out = &report->out;
    pith_buffer_string(out, "<body>\n<a class=\"skip\" href=\"#map\">Skip to "
                            "the prompt</a>\n");
    pith_report_header(report);
    pith_buffer_string(out, "<main>\n");
    pith_report_tables(report);
    pith_report_map(report);
    pith_buffer_string(out, "</main>\n");
    write_inspector(out);
    pith_buffer_string(out, "<footer>Made by pith " PITH_VERSION "; the page "
                            "needs no network.</footer>\n");
    pith_report_numbers(report);
    pith_buffer_string(out, "<script>");
    append_source(out, &pith_report_script);
    pith_buffer_string(out, "</script>\n</body>\n</html>\n");
}

enum pith_status
pith_result_report_html(const struct pith_session *session,
                        const struct pith_prompt *prompt,
                        const struct pith_compress_options *options,
                        const struct pith_result *result, char **html,
                        size_t *size, struct pith_error *error)
{
    PITH_REQUIRE(html, error);
    *html = NULL;
    PITH_REQUIRE(session, error);
    PITH_REQUIRE(prompt, error);
    PITH_REQUIRE(result, error);
    struct pith_compress_options known;
    PITH_TRY(pith_compress_options_take(&known, options, error));
    struct pith_report report = {
        .session = session, .prompt = prompt, .options = &known,
        .result = result,
        .bounds = has_differences(&known) ? difference_bounds : loss_bounds};
    enum pith_status status = PITH_OK;
    PITH_TRY(check(prompt, &known, result, error));
    PITH_TRY_DONE(sum_up(&report, error));
    write_head(&report);
    write_body(&report);
    PITH_TRY_DONE(pith_buffer_take(&report.out, html, size, error));
done:
    pith_buffer_free(&report.out);
    pith_free(report.segments);
    return status;
}
