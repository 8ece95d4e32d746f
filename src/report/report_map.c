/*
 * report_map.c - the prompt of the report, unit by unit, with its legend, and
 * its numbers.
 *
 * A unit is <span> when it is kept and <del> when it is not, of class b0 to
 * b7 by its loss or bn without one.  Everything else about units is in
 * arrays, in the order of the page, which the script reads.
 */
#include "report.h"

#include <math.h>

#include "../prompt/detail.h"
#include "../prompt/detail_units.h"

/* --- legend ------------------------------------------------------------------- */

static void write_bounds(struct pith_report *report, size_t bin)
{
    struct pith_buffer *out = &report->out;
    if (bin == PITH_REPORT_BINS) {
        pith_buffer_string(out, "not scored");
        return;
    }
    pith_buffer_string(out, bin == 0                      ? "below "
                            : bin == PITH_REPORT_BINS - 1 ? "from " : "");
    if (bin > 0)
        pith_json_write_number(out, report->bounds[bin - 1]);
    if (bin > 0 && bin < PITH_REPORT_BINS - 1)
        pith_buffer_string(out, " to ");
    if (bin < PITH_REPORT_BINS - 1)
        pith_json_write_number(out, report->bounds[bin]);
}

static void write_class(struct pith_buffer *out, size_t bin)
{
    pith_buffer_byte(out, 'b');
    pith_buffer_byte(out, bin < PITH_REPORT_BINS ? (char)('0' + bin) : 'n');
}

static void write_key(struct pith_report *report, size_t bin)
{
    struct pith_buffer *out = &report->out;
    const struct pith_report_sum *sum = &report->bins[bin];
    pith_buffer_string(out, "<li><span class=");
    write_class(out, bin);
    pith_buffer_byte(out, '>');
    write_bounds(report, bin);
    pith_buffer_string(out, "</span> ");
    pith_html_count(out, sum->n_kept);
    pith_buffer_string(out, " of ");
    pith_html_count(out, sum->n_tokens);
    pith_buffer_string(out, "</li>\n");
}

static bool has_ranking_losses(const struct pith_detail *detail)
{
    for (size_t i = 0; i < detail->n_units; i++)
        if (detail->units[i].segment == PITH_NO_SEGMENT &&
            !isnan(detail->units[i].loss))
            return true;
    return false;
}

static void write_legend(struct pith_report *report)
{
    struct pith_buffer *out = &report->out;
    bool reference = report->options->method == PITH_METHOD_REFERENCE;
    pith_buffer_printf(
        out, "<p>Tint and bar of a token are %s; <span class=\"kept\">bold"
        "</span> is kept, <del>struck</del> is dropped. In nats, and how many "
        "tokens of each are kept:</p>\n<ul class=\"legend\">\n",
        report->bounds[0] < 0 ? "how much the question lowers its loss"
        : reference ? "the loss of the token after it, by which the Python "
                      "package decides"
                    : "its loss, how little the model expected it");
    for (size_t bin = 0; bin <= PITH_REPORT_BINS; bin++)
        if (bin < PITH_REPORT_BINS || report->bins[bin].n_tokens > 0)
            write_key(report, bin);
    pith_buffer_string(out, "</ul>\n");
    if (has_ranking_losses(&report->result->detail))
        pith_buffer_string(out, "<p>A context that is left out shows the "
                                "losses by which it was ranked.</p>\n");
}

/* --- the prompt --------------------------------------------------------------- */

static void write_unit(struct pith_report *report,
                       const struct pith_unit_result *unit,
                       struct pith_text text)
{
    struct pith_buffer *out = &report->out;
    const char *tag = unit->kept ? "span" : "del";
    pith_buffer_printf(out, "<%s class=", tag);
    write_class(out, pith_report_bin(report, unit->loss));
    pith_buffer_byte(out, '>');
    if (unit->join)
        pith_buffer_string(out, "<b>\xE2\x86\xB5\xE2\x86\xB5</b>");
    else if (unit->size == 0)
        pith_buffer_string(out, "<b>\xE2\x88\x85</b>");
    else
        pith_html_text(out, (struct pith_text){text.bytes + unit->offset,
                                               unit->size}, true);
    pith_buffer_printf(out, "</%s>", tag);
}

static void write_part_head(struct pith_report *report, size_t index)
{
    struct pith_buffer *out = &report->out;
    const struct pith_part_result *part = &report->result->parts[index];
    pith_buffer_string(out, part->n_kept > 0 ? "<section>\n<h3>"
                                             : "<section class=\"out\">\n<h3>");
    pith_report_part_name(report, index);
    pith_buffer_string(out, " <small>");
    pith_html_count(out, part->n_kept);
    pith_buffer_string(out, " of ");
    pith_html_count(out, part->n_tokens);
    pith_buffer_string(out, " kept");
    if (part->perplexity > 0) {
        pith_buffer_string(out, ", perplexity ");
        pith_html_number(out, part->perplexity, 2);
    }
    if (part->n_kept == 0 && part->kind == PITH_PART_CONTEXT)
        pith_buffer_string(out, " \xE2\x80\x93 left out");
    pith_buffer_string(out, "</small></h3>\n<p>");
}

/* Units [*unit, ...) of a part; nothing for a part without any. */
static void write_part(struct pith_report *report, size_t index, size_t *unit)
{
    const struct pith_result *result = report->result;
    const struct pith_part_result *part = &result->parts[index];
    struct pith_text text =
        pith_given_text(report->prompt, part->kind, part->index);
    size_t first = *unit;
    for (; *unit < result->detail.n_units; ++*unit) {
        const struct pith_unit_result *it = &result->detail.units[*unit];
        if (it->part != index)
            break;
        if (*unit == first)
            write_part_head(report, index);
        write_unit(report, it, text);
    }
    if (*unit > first)
        pith_buffer_string(&report->out, "</p>\n</section>\n");
}

void pith_report_map(struct pith_report *report)
{
    struct pith_buffer *out = &report->out;
    pith_buffer_string(out, "<h2>The prompt</h2>\n");
    write_legend(report);
    pith_buffer_string(
        out, "<p class=\"help\" hidden>Point at a token, or reach the prompt "
             "with <kbd>Tab</kbd>: arrow keys go from token to token and from "
             "line to line, <kbd>Home</kbd> and <kbd>End</kbd> to the ends of "
             "a part, with <kbd>Ctrl</kbd> to those of the prompt, "
             "<kbd>Esc</kbd> closes the bar.</p>\n<noscript><p>The numbers of "
             "single tokens need JavaScript.</p></noscript>\n"
             "<div id=\"map\" tabindex=\"-1\">\n");
    if (report->result->detail.n_units == 0)
        pith_buffer_string(out, "<p class=\"empty\">The prompt is empty.</p>"
                                "\n");
    for (size_t i = 0, unit = 0; i < report->result->n_parts; i++)
        write_part(report, i, &unit);
    pith_buffer_string(out, "</div>\n");
}

/* --- its numbers -------------------------------------------------------------- */

static void write_n_ids(struct pith_buffer *out,
                        const struct pith_unit_result *unit)
{
    pith_buffer_printf(out, "%zu", unit->n_ids);
}

static void write_n_kept(struct pith_buffer *out,
                         const struct pith_unit_result *unit)
{
    pith_buffer_printf(out, "%zu", unit->n_kept);
}

static void write_loss(struct pith_buffer *out,
                       const struct pith_unit_result *unit)
{
    pith_json_write_fixed(out, (double)unit->loss, 4);
}

static void write_rank(struct pith_buffer *out,
                       const struct pith_unit_result *unit)
{
    pith_buffer_printf(out, "%zu", unit->rank);
}

/* As the table counts them, from 1; 0 for none. */
static void write_segment(struct pith_buffer *out,
                          const struct pith_unit_result *unit)
{
    bool none = unit->segment == PITH_NO_SEGMENT;
    pith_buffer_printf(out, "%zu", none ? 0 : unit->segment + 1);
}

/* ,"name":[...] with a number for each unit */
static void write_column(struct pith_report *report, const char *name,
                         void (*write)(struct pith_buffer *out,
                                       const struct pith_unit_result *unit))
{
    const struct pith_detail *detail = &report->result->detail;
    pith_buffer_printf(&report->out, ",\n\"%s\":[", name);
    for (size_t i = 0; i < detail->n_units; i++) {
        if (i > 0)
            pith_buffer_byte(&report->out, ',');
        write(&report->out, &detail->units[i]);
    }
    pith_buffer_byte(&report->out, ']');
}

/* The tokens of all units, unit by unit. */
static void write_ids(struct pith_report *report)
{
    struct pith_buffer *out = &report->out;
    const struct pith_detail *detail = &report->result->detail;
    const char *comma = "";
    pith_buffer_string(out, ",\n\"ids\":[");
    for (size_t i = 0; i < detail->n_units; i++) {
        const struct pith_unit_result *unit = &detail->units[i];
        for (size_t j = 0; j < unit->n_ids; j++) {
            pith_buffer_printf(out, "%s%ld", comma,
                               (long)detail->ids[unit->id + j]);
            comma = ",";
        }
    }
    pith_buffer_byte(out, ']');
}

/* Numbers and names of ours only: no text of the prompt is in here. */
void pith_report_numbers(struct pith_report *report)
{
    struct pith_buffer *out = &report->out;
    const struct pith_result *result = report->result;
    pith_buffer_printf(out, "<script type=\"application/json\" id=\"numbers\">"
                       "{\"origin_tokens\":%zu,\"compressed_tokens\":%zu",
                       result->origin_tokens, result->compressed_tokens);
    pith_write_parts(out, result);
    write_column(report, "n_ids", write_n_ids);
    write_ids(report);
    write_column(report, "n_kept", write_n_kept);
    write_column(report, "loss", write_loss);
    write_column(report, "rank", write_rank);
    write_column(report, "segment", write_segment);
    pith_buffer_string(out, "}</script>\n");
}
