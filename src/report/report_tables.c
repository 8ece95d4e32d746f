/*
 * report_tables.c - the head of the report: the result in one line, facts,
 * the compressed text, the budget of every part, the threshold of every
 * segment.
 */
#include "report.h"

#include <math.h>
#include <string.h>

/* Longer tables come closed. */
enum { MAX_ROWS_OPEN = 12 };

static void open_details(struct pith_buffer *out, const char *id, bool open)
{
    pith_buffer_printf(out, "<details id=\"%s\"%s>\n<summary>", id,
                       open ? " open" : "");
}

static void write_change(struct pith_buffer *out, size_t from, size_t to)
{
    pith_html_count(out, from);
    pith_buffer_string(out, " \xE2\x86\x92 ");
    pith_html_count(out, to);
}

/* --- header ------------------------------------------------------------------- */

static void open_fact(struct pith_buffer *out, const char *name)
{
    pith_buffer_printf(out, "<div><dt>%s</dt><dd>", name);
}

static void close_fact(struct pith_buffer *out)
{
    pith_buffer_string(out, "</dd></div>\n");
}

static void write_fact(struct pith_buffer *out, const char *name,
                       const char *value)
{
    open_fact(out, name);
    pith_html_text(out, (struct pith_text){value, strlen(value)}, false);
    close_fact(out);
}

static void write_facts(struct pith_report *report)
{
    struct pith_buffer *out = &report->out;
    const struct pith_result *result = report->result;
    struct pith_model_info info;
    pith_model_describe(pith_session_model(report->session), &info);
    pith_buffer_string(out, "<dl class=\"facts\">\n");
    write_fact(out, "Method", pith_method_name(report->options->method));
    write_fact(out, "Model", info.name);
    write_fact(out, "Precision", result->precision);
    if (report->options->count_with != NULL) {
        open_fact(out, "Tokens of the scoring model");
        write_change(out, result->model_origin_tokens,
                     result->model_compressed_tokens);
        close_fact(out);
    }
    if (result->note != NULL)
        write_fact(out, "Note", result->note);
    pith_buffer_string(out, "</dl>\n");
}

void pith_report_header(struct pith_report *report)
{
    struct pith_buffer *out = &report->out;
    const struct pith_result *result = report->result;
    double ratio = pith_result_ratio(result);
    pith_buffer_string(out, "<header>\n<h1>");
    write_change(out, result->origin_tokens, result->compressed_tokens);
    pith_buffer_string(out, " tokens <small>");
    pith_html_number(out, ratio, 1);
    pith_buffer_string(out, "x shorter, ");
    pith_html_number(out, 1 / ratio * 100, 1);
    pith_buffer_string(out, "% stays</small></h1>\n");
    write_facts(report);
    pith_buffer_string(out, "</header>\n");
}

/* --- tables ------------------------------------------------------------------- */

static void write_heads(struct pith_buffer *out, const char *const *names)
{
    pith_buffer_string(out, "<table>\n<thead><tr>");
    for (; *names != NULL; names++)
        pith_buffer_printf(out, "<th scope=\"col\">%s</th>", *names);
    pith_buffer_string(out, "</tr></thead>\n<tbody>\n");
}

static void write_count_cell(struct pith_buffer *out, size_t count)
{
    pith_buffer_string(out, "<td>");
    pith_html_count(out, count);
    pith_buffer_string(out, "</td>");
}

static void write_cell(struct pith_buffer *out, double number, int decimals)
{
    pith_buffer_string(out, "<td>");
    pith_html_number(out, number, decimals);
    pith_buffer_string(out, "</td>");
}

static double share(size_t n, size_t all)
{
    return all > 0 ? (double)n / (double)all : (double)NAN;
}

/* tokens, kept, rate and a bar that shows it */
static void write_budget_cells(struct pith_buffer *out, size_t n_tokens,
                               size_t n_kept)
{
    double rate = share(n_kept, n_tokens);
    write_count_cell(out, n_tokens);
    write_count_cell(out, n_kept);
    pith_buffer_string(out, "<td><svg width=\"48\" height=\"10\" "
                            "aria-hidden=\"true\"><rect width=\"48\" "
                            "height=\"10\"/><rect height=\"10\" width=\"");
    pith_html_number(out, n_tokens > 0 ? 48 * rate : 0, 1);
    pith_buffer_string(out, "\"/></svg> ");
    pith_html_number(out, rate, 3);
    pith_buffer_string(out, "</td>");
}

void pith_report_part_name(struct pith_report *report, size_t part)
{
    const struct pith_part_result *it = &report->result->parts[part];
    pith_buffer_string(&report->out, pith_part_name(it->kind));
    if (it->kind == PITH_PART_CONTEXT)
        pith_buffer_printf(&report->out, " %zu", it->index);
}

static void write_part(struct pith_report *report, size_t index)
{
    struct pith_buffer *out = &report->out;
    const struct pith_part_result *part = &report->result->parts[index];
    double perplexity = part->perplexity > 0 ? part->perplexity : (double)NAN;
    pith_buffer_string(out, "<tr><th scope=\"row\">");
    pith_report_part_name(report, index);
    pith_buffer_string(out, "</th>");
    write_budget_cells(out, part->n_tokens, part->n_kept);
    write_cell(out, perplexity, 2);
    pith_buffer_string(out, "</tr>\n");
}

static void write_budget(struct pith_report *report)
{
    static const char *const heads[] = {"Part", "Tokens", "Kept", "Rate",
                                        "Perplexity", NULL};
    struct pith_buffer *out = &report->out;
    const struct pith_result *result = report->result;
    size_t n_tokens = 0;
    open_details(out, "budget", result->n_parts <= MAX_ROWS_OPEN);
    pith_buffer_string(out, "Budget of the parts</summary>\n");
    write_heads(out, heads);
    for (size_t i = 0; i < result->n_parts; i++) {
        n_tokens += result->parts[i].n_tokens;
        if (result->parts[i].n_tokens > 0)
            write_part(report, i);
    }
    pith_buffer_printf(out, "</tbody>\n<tfoot><tr><th scope=\"row\">%s</th>",
                       n_tokens < result->model_origin_tokens
                           ? "all, and blank lines" : "all");
    write_budget_cells(out, result->model_origin_tokens,
                       result->model_compressed_tokens);
    pith_buffer_string(out, "<td></td></tr></tfoot>\n</table>\n</details>\n");
}

static void write_segment(struct pith_report *report, size_t index)
{
    struct pith_buffer *out = &report->out;
    const struct pith_threshold *threshold =
        &report->result->trace.thresholds[index];
    const struct pith_report_sum *sum = &report->segments[index];
    pith_buffer_printf(out, "<tr><th scope=\"row\">%zu</th>", index + 1);
    write_count_cell(out, threshold->n_losses);
    write_cell(out, threshold->rate, 3);
    write_cell(out, threshold->gamma, 3);
    write_cell(out, sum->lowest, 3);
    write_cell(out, sum->highest, 3);
    write_count_cell(out, sum->n_kept);
    pith_buffer_string(out, "</tr>\n");
}

static void write_segments(struct pith_report *report)
{
    static const char *const heads[] = {
        "No.", "Losses", "Rate", "<abbr title=\"threshold: what has a higher "
        "loss is kept\">\xCE\xB3</abbr>", "Lowest", "Highest", "Kept", NULL};
    struct pith_buffer *out = &report->out;
    size_t n = report->result->trace.n_thresholds;
    open_details(out, "segments", n <= MAX_ROWS_OPEN);
    pith_buffer_string(out, "Thresholds of the segments</summary>\n");
    if (n > 0) {
        write_heads(out, heads);
        for (size_t i = 0; i < n; i++)
            write_segment(report, i);
        pith_buffer_string(out, "</tbody>\n</table>\n");
    } else {
        pith_buffer_string(out, "<p>No token was decided upon by itself.</p>"
                                "\n");
    }
    pith_buffer_string(out, "</details>\n");
}

/* A parser drops one line feed behind <pre>. */
static void write_text(struct pith_report *report)
{
    struct pith_buffer *out = &report->out;
    open_details(out, "text", false);
    pith_buffer_string(out, "The compressed text</summary>\n<pre dir=\"auto\">"
                            "\n");
    pith_html_text(out, report->result->text, false);
    pith_buffer_string(out, "</pre>\n</details>\n");
}

void pith_report_tables(struct pith_report *report)
{
    pith_buffer_string(&report->out, "<div class=\"tables\">\n");
    write_budget(report);
    write_segments(report);
    pith_buffer_string(&report->out, "</div>\n");
    write_text(report);
}
