/*
 * prune.c - see prune.h.
 */
#include "prune.h"

#include <math.h>

#include "../base/clock.h"
#include "../base/memory.h"
#include "counter.h"
#include "keep.h"
#include "result.h"
#include "units.h"

size_t pith_prune_target(double target, size_t n)
{
    if (target >= (double)n)
        return n;
    return target < 1 ? 1 : (size_t)(target + 0.5);
}

/* The goal is met by what the target model reads; the plan has the same share
 * of the scoring model's tokens. */
static enum pith_status set_target(struct pith_prune *p,
                                   struct pith_error *error)
{
    const struct pith_compress_options *options = p->options;
    size_t n = p->parts.ids.n;
    p->n_all = n;
    if (options->count_with != NULL)
        PITH_TRY(options->count_with->count(options->count_with,
                                            pith_buffer_text(&p->parts.text),
                                            &p->n_all, error));
    p->goal = pith_prune_target(options->rate > 0
                                    ? options->rate * (double)p->n_all
                                    : options->target,
                                p->n_all);
    p->target = p->goal;
    if (options->count_with == NULL || p->n_all == 0)
        return PITH_OK;
    p->target = pith_prune_target(
        (double)p->goal / (double)p->n_all * (double)n, n);
    if (p->target == n && p->goal < p->n_all && n > 1)
        p->target--;
    return PITH_OK;
}

/* The longest unit is half of it, and no character has more tokens. */
enum { LEAST_WINDOW = 64 };

size_t pith_window(const struct pith_session *session, size_t asked)
{
    size_t all = pith_session_window(session), n = asked > 0 ? asked : 640;
    return n < all ? n : all;
}

size_t pith_prune_longest(const struct pith_session *session,
                          const struct pith_compress_options *options)
{
    size_t all = pith_session_window(session);
    return (options->window > 0 ? pith_window(session, options->window) : all) /
           2;
}

enum pith_status pith_prune_open(struct pith_prune *p,
                                 const struct pith_prompt *prompt,
                                 struct pith_error *error)
{
    double start = pith_seconds();
    const struct pith_compress_options *options = p->options;
    const struct pith_tokenizer *tokenizer = pith_session_tokenizer(p->session);
    if (options->target > 0 && options->target < 1)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "target is %g tokens; expected at least 1 (a share "
                         "of the prompt is given as rate)", options->target);
    if (options->window > 0 && options->window < LEAST_WINDOW)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "window is %zu positions; expected at least %d, or 0 "
                         "for 640", options->window, LEAST_WINDOW);
    PITH_TRY(pith_parts_make(&p->parts, tokenizer, prompt, p->append, error));
    PITH_TRY(pith_units_merge(&p->parts, options->units,
                              pith_prune_longest(p->session, options), error));
    PITH_TRY(pith_decisions_make(&p->decisions, p->parts.ids.n, error));
    size_t n = p->parts.n_parts;
    p->order = pith_array(n, sizeof *p->order);
    p->open = pith_array(n, sizeof *p->open);
    p->perplexities = pith_array_zero(n, sizeof *p->perplexities);
    if (p->order == NULL || p->open == NULL || p->perplexities == NULL)
        return pith_no_memory(error, n, sizeof *p->perplexities);
    for (size_t i = 0; i < n; i++) {
        p->order[i] = i;
        p->open[i] = true;
    }
    p->settled = (struct pith_settlement){.tokenizer = tokenizer,
                                          .parts = &p->parts,
                                          .counter = options->count_with,
                                          .decisions = &p->decisions};
    PITH_TRY(set_target(p, error));
    p->result->timings.tokenize = pith_seconds() - start;
    return PITH_OK;
}

void pith_prune_free(struct pith_prune *p)
{
    pith_buffer_free(&p->settled.text);
    pith_parts_free(&p->parts);
    pith_decisions_free(&p->decisions);
    pith_free(p->order);
    pith_free(p->open);
    pith_free(p->perplexities);
}

enum pith_status pith_prune_keep_all(struct pith_prune *p,
                                     struct pith_error *error)
{
    for (size_t i = 0; i < p->decisions.n; i++)
        p->decisions.by_token[i].kept = true;
    p->settled.text.size = 0;
    p->settled.n_tokens = p->n_all;
    return pith_compose(&p->parts, p->order, p->parts.n_parts, &p->decisions,
                        &p->settled.text, error);
}

enum pith_status pith_prune_settle(struct pith_prune *p,
                                   struct pith_error *error)
{
    p->settled.order = p->order;
    p->settled.n_order = p->parts.n_parts;
    p->settled.open = p->open;
    p->settled.target = p->goal;
    return pith_settle(&p->settled, error);
}

/* Counts prompt and result, and returns the prompt instead where the target
 * model would read no fewer tokens. */
static enum pith_status count_or_pass(struct pith_prune *p,
                                      struct pith_error *error)
{
    struct pith_result *r = p->result;
    const struct pith_counter *counter = p->options->count_with;
    r->origin_tokens = p->n_all;
    r->model_origin_tokens = p->parts.ids.n;
    r->compressed_tokens = r->model_compressed_tokens = p->settled.n_tokens;
    if (counter != NULL)
        PITH_TRY(pith_count_tokens(p->settled.tokenizer,
                                   pith_buffer_text(&p->settled.text),
                                   &r->model_compressed_tokens, error));
    if (r->compressed_tokens < r->origin_tokens || p->options->rate == 1 ||
        p->options->target >= (double)p->n_all || p->n_all == 0)
        return PITH_OK;
    PITH_TRY(pith_result_note(r, error,
                              "Nothing would be saved: the prompt has %zu "
                              "token%s%s, compressed %zu; it is unchanged.",
                              r->origin_tokens,
                              r->origin_tokens == 1 ? "" : "s",
                              counter != NULL ? " of the target model" : "",
                              r->compressed_tokens));
    r->compressed_tokens = r->origin_tokens;
    r->model_compressed_tokens = r->model_origin_tokens;
    p->passed = true;
    for (size_t i = 0; i < p->parts.n_parts; i++)
        p->order[i] = i;
    return pith_prune_keep_all(p, error);
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* How the target was missed, if it was. */
static enum pith_status note_target(struct pith_prune *p,
                                    struct pith_error *error)
{
    struct pith_result *r = p->result;
    size_t n = p->settled.n_tokens;
    if (p->settled.cut)
        PITH_TRY(pith_result_note(r, error,
                                  "No word or number fits into %zu token%s; "
                                  "one was cut.", p->goal,
                                  plural(p->goal)));
    if (n > p->goal && p->n_forced > 0)
        return pith_result_note(r, error,
                                "What must stay has %zu token%s, %zu more "
                                "than the target of %zu.", n, plural(n),
                                n - p->goal, p->goal);
    if (n != p->goal && p->options->target <= (double)p->n_all)
        return pith_result_note(r, error,
                                "The result has %zu token%s, the target is "
                                "%zu: no word or number fits exactly.", n,
                                plural(n), p->goal);
    return PITH_OK;
}

static enum pith_status note(struct pith_prune *p, struct pith_error *error)
{
    struct pith_result *r = p->result;
    size_t n_replaced = p->parts.n_replaced;
    if (n_replaced > 0)
        PITH_TRY(pith_result_note(r, error,
                                  "%zu byte%s of the prompt %s not UTF-8 and "
                                  "became U+FFFD.", n_replaced,
                                  plural(n_replaced),
                                  n_replaced == 1 ? "was" : "were"));
    PITH_TRY(pith_keep_note(&p->parts, p->options, p->result, error));
    if (p->passed)
        return PITH_OK;
    if (p->parts.n_cut > 0 && p->settled.n_tokens < p->n_all)
        PITH_TRY(pith_result_note(r, error,
                                  "%zu word%s or number%s had too many tokens "
                                  "to stay or go as a whole.", p->parts.n_cut,
                                  plural(p->parts.n_cut),
                                  plural(p->parts.n_cut)));
    PITH_TRY(note_target(p, error));
    if (p->options->target > (double)p->n_all)
        PITH_TRY(pith_result_note(r, error,
                                  "The prompt has %zu tokens, fewer than the "
                                  "target; it is unchanged.",
                                  p->n_all));
    return PITH_OK;
}

/* The tokens of a part's units that stay, or of all its blank lines too. */
static size_t count_kept(const struct pith_prune *p,
                         const struct pith_part *part)
{
    size_t n = 0;
    for (size_t i = part->unit; i < part->unit + part->n_units; i++) {
        const struct pith_unit *unit = &p->parts.units[i];
        if (!unit->is_separator && p->decisions.by_token[unit->token].kept)
            n += unit->n_tokens;
    }
    return n;
}

static enum pith_status fill_result(struct pith_prune *p,
                                    struct pith_error *error)
{
    struct pith_result *result = p->result;
    size_t n = p->parts.n_parts;
    char *text;
    result->parts = pith_array(n, sizeof *result->parts);
    if (result->parts == NULL)
        return pith_no_memory(error, n, sizeof *result->parts);
    for (size_t i = 0; i < n; i++) {
        const struct pith_part *part = &p->parts.parts[i];
        result->parts[i] =
            (struct pith_part_result){.kind = part->kind,
                                      .index = part->index,
                                      .n_tokens = part->n_tokens,
                                      .n_kept = count_kept(p, part),
                                      .perplexity = p->perplexities[i]};
    }
    result->n_parts = n;
    PITH_TRY(pith_buffer_take(&p->settled.text, &text, &result->text.size,
                              error));
    result->text.bytes = text;
    return note(p, error);
}

enum pith_status pith_prune_finish(struct pith_prune *p,
                                   const struct pith_prompt *prompt,
                                   struct pith_error *error)
{
    PITH_TRY(count_or_pass(p, error));
    PITH_TRY(fill_result(p, error));
    return p->record != NULL ? p->record(p, prompt, error) : PITH_OK;
}
