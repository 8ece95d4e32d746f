/*
 * nodes.c - the contexts' units as nodes of a path: what each is worth, and
 * what it costs to start or to stop before it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../model/score.h"
#include "../prompt/bind.h"
#include "../prompt/breaks.h"
#include "../prompt/clusters.h"
#include "../prompt/units.h"
#include "../prompt/words.h"
#include "../text/casing.h"
#include "mentions.h"
#include "run.h"
#include "sentences.h"

/* docs/SPANS.md says how these were chosen. */
static const struct pith_spans_setting table[] = {
    {.ratio = 2.5, .mu = 0.25, .first_word = 2, .name = 4, .sentence = 0.5},
    {.ratio = 3.5, .mu = 0.5, .first_word = 2, .name = 4, .sentence = 0.8},
    {.ratio = (double)INFINITY, .mu = 6, .first_word = 0, .name = 2}};

static struct pith_spans_setting choose_setting(const struct pith_spans *spans)
{
    double tau = spans->budget.tau_dems;
    size_t i = 0;
    if (spans->options->threshold > 0)
        return table[1];
    while (tau * table[i].ratio < 1 && !isinf(table[i].ratio))
        i++;
    return table[i];
}

bool pith_spans_is_free_text(const struct pith_spans *spans, size_t unit)
{
    const struct pith_unit *u = &spans->parts->units[unit];
    return !u->is_separator &&
           !(spans->frames.is_frame != NULL && spans->frames.is_frame[unit]) &&
           (spans->in == NULL || spans->in[unit]) &&
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
    if (((code == '\n' || code == '\r') && !before->wraps) ||
        pith_is_one_of(code, ".?!;:,)。？！；：，"
                             "、）…"))
        return true;
    for (size_t at = 0; at < right.size;) {
        struct pith_cluster c = pith_cluster_at(right, at);
        if (pith_role_of(c.code) != PITH_ROLE_SPACE)
            return false;
        if ((c.code == '\n' || c.code == '\r') && !unit->wraps)
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
 * of mu.  A sign that closes something belongs to what it closes, one that
 * opens something to what it opens, and a character of a script without spaces
 * may be the middle of a word. */
struct edge {
    double start, stop;
};

static struct edge edge_before(const struct pith_parts *parts,
                               const struct pith_unit *unit, bool first)
{
    struct pith_text text = pith_unit_text(parts, unit);
    uint32_t next = pith_cluster_at(text, 0).code;
    if (pith_is_one_of(next, ".?!;:,)]}'\"%’”»。？"
                             "！；：，、）"))
        return (struct edge){4, 2};
    if (first || ends_clause(parts, unit - 1, unit))
        return (struct edge){0.5, 0.5};
    text = pith_unit_text(parts, unit - 1);
    uint32_t last = pith_cluster_before(text, text.size).code;
    if (pith_is_one_of(last, "([{=#@$€£«“„‘"
                             "「『【（"))
        return (struct edge){2, 4};
    bool inside = pith_role_of(last) == PITH_ROLE_LONE &&
                  pith_role_of(next) == PITH_ROLE_LONE;
    return inside ? (struct edge){3, 3} : (struct edge){1, 1};
}

/* Nats that these are worth besides their losses.  Numbers and negations are
 * easy to predict, and hard to do without. */
static const double for_negation = 4, for_number = 4;

enum { LONG_WORD = 4 }; /* characters */

static size_t count_clusters(struct pith_text text)
{
    size_t n = 0;
    for (size_t at = 0; at < text.size; n++)
        at = pith_cluster_at(text, at).end;
    return n;
}

/* A capital letter where a small one would do. */
static bool is_name(const struct pith_parts *parts,
                    const struct pith_unit *unit, struct pith_text word,
                    bool first)
{
    return !first && count_clusters(word) > 1 &&
           pith_casing_kind(pith_cluster_at(word, 0).code) ==
               PITH_CASING_UPPER &&
           !ends_clause(parts, unit - 1, unit);
}

/* Nats for what is said for the first time. */
static double prefer_first(const struct pith_spans *spans, size_t index,
                           bool first)
{
    const struct pith_unit *unit = &spans->parts->units[index];
    struct pith_text word = pith_unit_word(spans->parts, unit);
    double nats = 0;
    if (!spans->first_mention[index])
        return 0;
    if (count_clusters(word) >= LONG_WORD)
        nats += spans->setting.first_word;
    if (is_name(spans->parts, unit, word, first))
        nats += spans->setting.name;
    return nats;
}

static double prefer(const struct pith_spans *spans,
                     const struct pith_unit *unit)
{
    if (unit->denies)
        return for_negation;
    return is_number(spans->parts, unit) ? spans->number_weight * for_number
                                         : 0;
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
    bool opens = unit->token == part->token;
    bool first = opens || !pith_spans_is_free_text(spans, index - 1);
    struct pith_text text = pith_unit_text(parts, unit);
    struct edge edge = edge_before(parts, unit, first);
    return (struct pith_path_node){
        .gain = sum(spans->gains + unit->token, unit->n_tokens) +
                prefer(spans, unit) + prefer_first(spans, index, first),
        .start = spans->setting.mu * edge.start,
        .stop = spans->setting.mu * edge.stop,
        .cost = unit->n_tokens,
        .part_cost = opens ? pith_part_length(parts, unit->part) -
                                 part->n_tokens : 0,
        .first = first,
        .new_line = !unit->wraps && pith_count_breaks(text, pith_lead(text)) > 0,
        .fate = unit->forced            ? PITH_FATE_STAYS
                : spans->left_out[index] ||
                        (spans->frames.goes != NULL && spans->frames.goes[index])
                    ? PITH_FATE_GOES
                                         : PITH_FATE_FREE};
}

/* A word of a sentence that says much is worth more than the same elsewhere:
 * adds a part of the mean gain of its sentence for each token of a node. */
static enum pith_status prefer_sentences(struct pith_spans *spans,
                                         struct pith_error *error)
{
    struct pith_sentences sentences = {0};
    enum pith_status status =
        pith_sentences_find(&sentences, spans->parts, NULL, error);
    size_t node = 0;
    for (size_t i = 0; i < sentences.n && status == PITH_OK; i++) {
        const struct pith_stretch *s = &sentences.items[i];
        double mean = pith_mean(spans->gains + s->token, s->n_tokens);
        while (node < spans->n_nodes && spans->units[node] < s->unit)
            node++;
        for (; node < spans->n_nodes && spans->units[node] < s->end; node++)
            spans->nodes[node].gain += spans->setting.sentence * mean *
                                       (double)spans->nodes[node].cost;
    }
    pith_sentences_free(&sentences);
    return status;
}

/* The first text of a block costs its frame, too.
 *   block  that of the node before; moved on */
static void open_block(const struct pith_spans *spans, size_t unit,
                       struct pith_path_node *node, size_t *block)
{
    if (spans->frames.block_of == NULL)
        return;
    size_t next = spans->frames.block_of[unit];
    node->continues = next == *block && next != PITH_NO_BLOCK;
    if (next == *block)
        return;
    node->first = true;
    *block = next;
    if (next == PITH_NO_BLOCK)
        return;
    node->part_cost += spans->frames.blocks[next].n_frame;
    if (spans->frames.blocks[next].first == PITH_NO_BLOCK) /* a unit */
        node->gain += spans->frames.blocks[next].weight * (double)node->cost;
}

/* A number or a negation. */
struct favourite {
    double worth; /* nats a token */
    size_t node;
};

static int most_worth_first(const void *a, const void *b)
{
    const struct favourite *x = a, *y = b;
    if (x->worth != y->worth)
        return x->worth > y->worth ? -1 : 1;
    return x->node < y->node ? -1 : x->node > y->node;
}

/* The shares of the contexts' budget that numbers and negations may take
 * whatever they are worth beside words. */
static const double number_share = 1.0 / 3, negation_share = 0.25;

/* Numbers, or negations, that stay: those of the highest mean gain, as many as
 * their share of the budget holds. */
static enum pith_status keep_favourites(struct pith_spans *spans,
                                        bool negations,
                                        struct pith_error *error)
{
    size_t n = 0;
    double room = (negations ? negation_share : number_share) *
                  spans->budget.tau_dems * (double)spans->budget.n_dems;
    struct favourite *list = pith_array(spans->n_nodes, sizeof *list);
    if (list == NULL)
        return pith_no_memory(error, spans->n_nodes, sizeof *list);
    for (size_t i = 0; i < spans->n_nodes; i++) {
        const struct pith_path_node *node = &spans->nodes[i];
        const struct pith_unit *unit = &spans->parts->units[spans->units[i]];
        if (node->fate == PITH_FATE_FREE && node->cost > 0 &&
            (negations ? unit->denies : is_number(spans->parts, unit)))
            list[n++] = (struct favourite){node->gain / (double)node->cost, i};
    }
    if (n > 0)
        qsort(list, n, sizeof *list, most_worth_first);
    for (size_t i = 0; i < n; i++) {
        struct pith_path_node *node = &spans->nodes[list[i].node];
        if ((double)node->cost > room)
            continue;
        room -= (double)node->cost;
        node->fate = PITH_FATE_STAYS;
    }
    pith_free(list);
    return PITH_OK;
}

/* Tokens of a line break before a word that came without one. */
enum { LINE_BREAK = 1 };

void pith_spans_free_nodes(struct pith_spans *spans)
{
    pith_path_free(&spans->path);
    pith_free(spans->nodes);
    pith_free(spans->units);
    pith_free(spans->first_mention);
    spans->nodes = NULL;
    spans->units = NULL;
    spans->first_mention = NULL;
    spans->n_nodes = 0;
}

enum pith_status pith_spans_make_nodes(struct pith_spans *spans,
                                       struct pith_error *error)
{
    size_t n = spans->parts->n_units;
    spans->nodes = pith_array(n, sizeof *spans->nodes);
    spans->units = pith_array(n, sizeof *spans->units);
    spans->first_mention = pith_array(n, sizeof *spans->first_mention);
    if (spans->nodes == NULL || spans->units == NULL ||
        spans->first_mention == NULL)
        return pith_no_memory(error, n, sizeof *spans->nodes);
    PITH_TRY(pith_mentions_find(spans->parts, spans->first_mention, error));
    spans->setting = choose_setting(spans);
    spans->number_weight = weigh_numbers(spans);
    size_t block = PITH_NO_BLOCK;
    for (size_t i = 0; i < n; i++) {
        if (!pith_spans_is_free_text(spans, i))
            continue;
        struct pith_path_node node = make_node(spans, i);
        node.break_cost = node.first      ? 0
                          : node.new_line ? LINE_BREAK
                              : spans->nodes[spans->n_nodes - 1].break_cost;
        open_block(spans, i, &node, &block);
        spans->nodes[spans->n_nodes] = node;
        spans->units[spans->n_nodes++] = i;
    }
    if (spans->setting.sentence > 0 && !spans->steered)
        PITH_TRY(prefer_sentences(spans, error));
    /* A threshold has no budget to share; a question chooses by itself. */
    if (spans->options->threshold <= 0 && !spans->steered &&
        pith_spans_shares(spans)) {
        PITH_TRY(keep_favourites(spans, true, error));
        PITH_TRY(keep_favourites(spans, false, error));
    }
    return pith_path_open(&spans->path, spans->nodes, spans->n_nodes, error);
}
