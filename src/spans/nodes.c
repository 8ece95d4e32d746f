/*
 * nodes.c - the contexts' units as nodes of a path: what each is worth, and
 * what it costs to start or to stop before it.
 */
#include <math.h>
#include <string.h>

#include "../base/memory.h"
#include "../prompt/clusters.h"
#include "../prompt/units.h"
#include "../prompt/words.h"
#include "run.h"

/* mu by the ratio in which the contexts are to shrink: docs/SPANS.md. */
static const struct {
    double ratio; /* up to here */
    double mu;    /* nats */
} table[] = {{2.5, 1}, {4, 2}, {(double)INFINITY, 6}};

static double choose_mu(const struct pith_spans *spans)
{
    double tau = spans->budget.tau_dems;
    size_t i = 0;
    if (spans->options->threshold > 0)
        return table[0].mu;
    while (tau * table[i].ratio < 1 && !isinf(table[i].ratio))
        i++;
    return table[i].mu;
}

bool pith_spans_is_free_text(const struct pith_spans *spans, size_t unit)
{
    const struct pith_unit *u = &spans->parts->units[unit];
    return !u->is_separator &&
           spans->parts->parts[u->part].kind == PITH_PART_CONTEXT;
}

/* Whether a clause or a line ends before a unit. */
static bool ends_clause(const struct pith_parts *parts,
                        const struct pith_unit *before,
                        const struct pith_unit *unit)
{
    struct pith_text left = pith_unit_text(parts, before);
    struct pith_text right = pith_unit_text(parts, unit);
    uint32_t code = pith_cluster_before(left, left.size).code;
    if (code == '\n' || code == '\r' ||
        pith_is_one_of(code, ".?!;:,)\u3002\uFF1F\uFF01\uFF1B\uFF1A\uFF0C"
                             "\u3001\uFF09\u2026"))
        return true;
    for (size_t at = 0; at < right.size;) {
        struct pith_cluster c = pith_cluster_at(right, at);
        if (pith_role_of(c.code) != PITH_ROLE_SPACE)
            return false;
        if (c.code == '\n' || c.code == '\r')
            return true;
        at = c.end;
    }
    return false;
}

static double sum(const float *gains, size_t n)
{
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += (double)gains[i];
    return total;
}

static bool is_number(const struct pith_parts *parts,
                      const struct pith_unit *unit)
{
    struct pith_text text = pith_unit_text(parts, unit);
    for (size_t at = 0; at < text.size;) {
        struct pith_cluster c = pith_cluster_at(text, at);
        if (pith_role_of(c.code) == PITH_ROLE_DIGIT)
            return true;
        at = c.end;
    }
    return false;
}

/* What it costs that keeping starts or stops before a unit, as multiples
 * of mu.  A sign that closes something belongs to what it closes, and a
 * character of a script without spaces may be the middle of a word. */
struct edge {
    double start, stop;
};

static struct edge edge_before(const struct pith_parts *parts,
                               const struct pith_unit *unit, bool first)
{
    struct pith_text text = pith_unit_text(parts, unit);
    uint32_t next = pith_cluster_at(text, 0).code;
    if (pith_is_one_of(next, ".?!;:,)]}'\"%\u2019\u201D\u00BB\u3002\uFF1F"
                             "\uFF01\uFF1B\uFF1A\uFF0C\u3001\uFF09"))
        return (struct edge){4, 2};
    if (first || ends_clause(parts, unit - 1, unit))
        return (struct edge){0.5, 0.5};
    text = pith_unit_text(parts, unit - 1);
    uint32_t last = pith_cluster_before(text, text.size).code;
    bool inside = pith_role_of(last) == PITH_ROLE_LONE &&
                  pith_role_of(next) == PITH_ROLE_LONE;
    return inside ? (struct edge){3, 3} : (struct edge){1, 1};
}

/* Nats that a number or a negation is worth besides its losses: easy to
 * predict, hard to do without. */
static const double bonus = 4;

/* A number says one thing, however many tokens its digits are, and is charged
 * as one where the numbers are few. */
static void prefer(const struct pith_spans *spans,
                   const struct pith_unit *unit, struct pith_path_node *node)
{
    double w = spans->number_weight;
    if (unit->denies) {
        node->gain += bonus;
    } else if (is_number(spans->parts, unit)) {
        node->gain += w * bonus;
        node->price -= w * (node->price - 1);
    }
}

/* 1 where the numbers would take up to a third of the budget, 0 where they
 * would take all of it. */
static double weigh_numbers(const struct pith_spans *spans)
{
    const struct pith_parts *parts = spans->parts;
    const struct pith_budget *b = &spans->budget;
    size_t n = 0, n_all = 0;
    for (size_t i = 0; i < parts->n_units; i++) {
        if (!pith_spans_is_free_text(spans, i))
            continue;
        n_all += parts->units[i].n_tokens;
        if (is_number(parts, &parts->units[i]))
            n += parts->units[i].n_tokens;
    }
    double room = spans->options->threshold > 0
                      ? (double)n_all / 2
                      : b->tau_dems * (double)b->n_dems;
    return room > (double)n ? fmin(1, 1.5 * (1 - (double)n / room)) : 0;
}

static struct pith_path_node make_node(const struct pith_spans *spans,
                                       size_t index)
{
    const struct pith_parts *parts = spans->parts;
    const struct pith_unit *unit = &parts->units[index];
    const struct pith_part *part = &parts->parts[unit->part];
    bool first = unit->token == part->token;
    struct edge edge = edge_before(parts, unit, first);
    struct pith_path_node node = {
        .gain = sum(spans->gains + unit->token, unit->n_tokens),
        .start = spans->mu * edge.start,
        .stop = spans->mu * edge.stop,
        .price = (double)unit->n_tokens,
        .cost = unit->n_tokens,
        .part_cost = pith_part_length(parts, unit->part) - part->n_tokens,
        .first = first,
        .fate = unit->forced            ? PITH_FATE_STAYS
                : spans->left_out[index] ? PITH_FATE_GOES
                                         : PITH_FATE_FREE};
    prefer(spans, unit, &node);
    return node;
}

enum pith_status pith_spans_make_nodes(struct pith_spans *spans,
                                       struct pith_error *error)
{
    size_t n = spans->parts->n_units;
    spans->nodes = pith_array(n, sizeof *spans->nodes);
    spans->units = pith_array(n, sizeof *spans->units);
    if (spans->nodes == NULL || spans->units == NULL)
        return pith_no_memory(error, n, sizeof *spans->nodes);
    spans->mu = choose_mu(spans);
    spans->number_weight = weigh_numbers(spans);
    for (size_t i = 0; i < n; i++) {
        if (!pith_spans_is_free_text(spans, i))
            continue;
        spans->nodes[spans->n_nodes] = make_node(spans, i);
        spans->units[spans->n_nodes++] = i;
    }
    return pith_path_open(&spans->path, spans->nodes, spans->n_nodes, error);
}
