/*
 * score.c - what the answers of a target model are worth, row by row.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/options.h"
#include "../json/outcome.h"
#include "../text/lines.h"
#include "score.h"

/* --- answers -------------------------------------------------------------- */

static bool is_right(const struct pith_scoring *s,
                     const struct pith_score_key *key,
                     struct pith_text answer)
{
    enum pith_answer_rule rule =
        pith_score_is(key->task, "bbh")  ? PITH_ANSWER_BBH
        : pith_score_is(key->task, "qa") ? PITH_ANSWER_QA
                                         : s->options.rule;
    return pith_answer_matches(answer, key->reference, rule);
}

static enum pith_status compare_texts(struct pith_score_sums *sums,
                                      const struct pith_score_key *key,
                                      struct pith_text answer,
                                      struct pith_error *error)
{
    struct pith_bleu bleu = {{0}, {0}, 0, 0};
    struct pith_rouge_scores rouge;
    PITH_TRY(pith_bleu_add(&bleu, answer, key->reference, error));
    PITH_TRY(pith_rouge_score(&rouge, answer, key->reference, error));
    sums->bleu += pith_bleu_score(&bleu, true);
    sums->rouge1 += rouge.rouge1.f1;
    sums->rouge2 += rouge.rouge2.f1;
    sums->rougeL += rouge.rougeL.f1;
    sums->n_texts++;
    return PITH_OK;
}

static void count_tokens(struct pith_score_sums *sums,
                         const struct pith_score_key *key,
                         const struct pith_outcome *reply)
{
    double prompt = reply->prompt_tokens > 0 ? (double)reply->prompt_tokens
                                             : key->prompt;
    if (isnan(prompt))
        return;
    sums->n_counted++;
    sums->prompt += prompt;
    sums->completion += (double)reply->completion_tokens;
}

static void write_pair(struct pith_buffer *pairs, struct pith_text id,
                       struct pith_text answer, struct pith_text reference)
{
    pith_buffer_string(pairs, "{\"custom_id\": ");
    pith_json_write_string(pairs, id);
    pith_buffer_string(pairs, ", \"hypothesis\": ");
    pith_json_write_string(pairs, answer);
    pith_buffer_string(pairs, ", \"reference\": ");
    pith_json_write_string(pairs, reference);
    pith_buffer_string(pairs, "}\n");
}

/* Tasks that have one right answer. */
static bool has_answer(struct pith_text task)
{
    return pith_score_is(task, "gsm8k") || pith_score_is(task, "bbh") ||
           pith_score_is(task, "qa");
}

static enum pith_status take_answer(struct pith_scoring *s, size_t index,
                                    const struct pith_outcome *reply,
                                    struct pith_error *error)
{
    struct pith_score_key *key = &s->data->keys[index];
    struct pith_score_row *row = &s->scores->rows[key->row];
    struct pith_score_sums *sums = &s->data->sums[key->row];
    key->is_answered = true;
    row->n_answered++;
    row->n_cut += reply->is_cut;
    row->n_thoughts += reply->had_thought;
    s->data->parts[key->part].n_answered++;
    count_tokens(sums, key, reply);
    if (pith_score_is(key->ask, "restore")) {
        struct pith_recall steps;
        PITH_TRY(pith_steps_count(&steps, reply->content, key->reference,
                                  error));
        row->steps.found += steps.found;
        row->steps.all += steps.all;
    } else if (has_answer(key->task)) {
        s->data->parts[key->part].n_right +=
            is_right(s, key, reply->content);
        return PITH_OK;
    }
    if (key->reference.size == 0)
        return PITH_OK;
    write_pair(&s->data->pairs, s->data->ids[index], reply->content,
               key->reference);
    return compare_texts(sums, key, reply->content, error);
}

static void complain(const struct pith_scoring *s, const char *place,
                     struct pith_text id, const char *what, const char *why)
{
    struct pith_error error;
    if (s->options.complain == NULL)
        return;
    pith_fail(&error, PITH_ERR_FORMAT, "%s: %.*s %s%s", place,
              id.size < 80 ? (int)id.size : 80, id.bytes, what, why);
    s->options.complain(s->options.user, error.detail);
}

static enum pith_status read_reply(struct pith_scoring *s, size_t index,
                                   const struct pith_outcome *reply,
                                   const char *place,
                                   struct pith_error *error)
{
    struct pith_score_key *key = &s->data->keys[index];
    struct pith_text id = s->data->ids[index];
    if (key->is_answered && reply->kind == PITH_OUTCOME_ANSWER) {
        s->scores->n_duplicate++;
        complain(s, place, id, "was answered before; the first answer stays",
                 "");
    } else if (!key->is_answered) {
        key->outcome = pith_outcome_name(reply->kind);
        if (reply->kind == PITH_OUTCOME_ANSWER)
            return take_answer(s, index, reply, error);
        complain(s, place, id, "has no answer: ", reply->why.detail);
    }
    return PITH_OK;
}

static enum pith_status read_answer(struct pith_scoring *s,
                                    const struct pith_json *line,
                                    const char *place,
                                    struct pith_error *error)
{
    struct pith_outcome reply;
    struct pith_text id;
    PITH_TRY(pith_case_string(line, "custom_id", &id, place, 0, error));
    int32_t index = pith_piece_index_find(&s->data->index, s->data->ids, id);
    if (index < 0) {
        s->scores->n_unknown++;
        complain(s, place, id, "is in none of the keys", "");
        return PITH_OK;
    }
    enum pith_status status = pith_outcome_of_line(&reply, line, error);
    if (status == PITH_OK)
        status = read_reply(s, (size_t)index, &reply, place, error);
    pith_outcome_free(&reply);
    return status;
}

static enum pith_status read_answers(struct pith_scoring *s,
                                     struct pith_text answers,
                                     const char *name,
                                     struct pith_error *error)
{
    struct pith_json_document *document;
    struct pith_text line;
    char place[300];
    for (size_t number = 1; pith_next_line(&answers, &line); number++) {
        if (line.size == 0)
            continue;
        snprintf(place, sizeof place, "%.250s:%zu", name, number);
        PITH_TRY(pith_json_parse(line, place, &document, error));
        enum pith_status status =
            read_answer(s, pith_json_root(document), place, error);
        pith_json_free(document);
        PITH_TRY(status);
    }
    return PITH_OK;
}

/* Counts the requests that are left without an answer. */
static void count_unanswered(struct pith_scoring *s)
{
    for (size_t i = 0; i < s->data->n; i++) {
        const struct pith_score_key *key = &s->data->keys[i];
        struct pith_score_row *row = &s->scores->rows[key->row];
        struct pith_unanswered *kind = row->unanswered;
        if (key->is_answered)
            continue;
        while (kind->n > 0 && strcmp(kind->name, key->outcome) != 0)
            kind++;
        row->n_unanswered_kinds += kind->n == 0;
        kind->name = key->outcome;
        kind->n++;
    }
}

/* --- the figures ---------------------------------------------------------- */

static const double Z = 1.959963984540054; /* of a 95% interval */

/* Wilson's interval of one share; of a mean of several, the normal one with
 * each share's variance drawn away from 0. */
static void set_exact(const struct pith_score_data *data,
                      struct pith_score_row *row, size_t index)
{
    double sum = 0, variance = 0, n = 0, n_parts = 0;
    for (size_t i = 0; i < data->n_parts; i++) {
        const struct pith_score_part *part = &data->parts[i];
        if (part->row != index || part->n_answered == 0)
            continue;
        double right = (double)part->n_right, all = (double)part->n_answered;
        double drawn = (right + 1) / (all + 2);
        sum += right / all;
        variance += drawn * (1 - drawn) / all;
        n += all;
        n_parts++;
    }
    if (n_parts <= 0)
        return;
    double p = row->exact = sum / n_parts, center = p;
    double half = Z * sqrt(variance) / n_parts;
    if (n_parts < 2) {
        center = (p + Z * Z / (2 * n)) / (1 + Z * Z / n);
        half = Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) /
               (1 + Z * Z / n);
    }
    row->low = fmax(0, center - half);
    row->high = fmin(1, center + half);
}

static void set_figures(struct pith_scoring *s, size_t index)
{
    struct pith_score_row *row = &s->scores->rows[index];
    const struct pith_score_sums *sums = &s->data->sums[index];
    double n = (double)row->n, n_texts = (double)sums->n_texts;
    double n_counted = (double)sums->n_counted;
    row->exact = row->low = row->high = (double)NAN;
    if (strcmp(row->ask, "answers") == 0 &&
        has_answer((struct pith_text){row->task, strlen(row->task)}))
        set_exact(s->data, row, index);
    row->bleu = sums->bleu / n_texts; /* NAN when there are none */
    row->rouge1 = sums->rouge1 / n_texts;
    row->rouge2 = sums->rouge2 / n_texts;
    row->rougeL = sums->rougeL / n_texts;
    row->origin_tokens = sums->origin / n;
    row->compressed_tokens = sums->compressed / n;
    row->full_prompt_tokens = sums->full_prompt / n;
    row->prompt_tokens = sums->prompt / n_counted;
    row->completion_tokens = sums->completion / n_counted;
    row->cost = n_counted > 0 ? (sums->prompt * s->options.price_in +
                                 sums->completion * s->options.price_out) / 1e6
                              : (double)NAN;
}

static enum pith_status fill(struct pith_scoring *s, struct pith_text keys,
                             const char *keys_name, struct pith_text answers,
                             const char *answers_name,
                             struct pith_error *error)
{
    PITH_TRY(pith_score_read_keys(s, keys, keys_name, error));
    PITH_TRY(read_answers(s, answers, answers_name, error));
    count_unanswered(s);
    for (size_t i = 0; i < s->scores->n_rows; i++)
        set_figures(s, i);
    return pith_buffer_take(&s->data->pairs, &s->scores->pairs,
                            &s->scores->n_pairs_bytes, error);
}

enum pith_status pith_scores_create(struct pith_scores *scores,
                                    struct pith_text keys,
                                    const char *keys_name,
                                    struct pith_text answers,
                                    const char *answers_name,
                                    const struct pith_score_options *options,
                                    struct pith_error *error)
{
    struct pith_scoring s = {
        .scores = scores,
        .options = {.sizeof_options = sizeof s.options,
                    .rule = PITH_ANSWER_HUB}};
    *scores = (struct pith_scores){0};
    PITH_TRY(pith_options_copy(&s.options, sizeof s.options, options, error));
    s.data = scores->data = pith_array_zero(1, sizeof *s.data);
    if (s.data == NULL)
        return pith_no_memory(error, 1, sizeof *s.data);
    enum pith_status status =
        fill(&s, keys, keys_name, answers, answers_name, error);
    if (status != PITH_OK)
        pith_scores_free(scores);
    return status;
}

void pith_scores_free(struct pith_scores *scores)
{
    if (scores == NULL)
        return;
    struct pith_score_data *data = scores->data;
    pith_free(scores->rows);
    pith_free(scores->pairs);
    if (data != NULL) {
        for (size_t i = 0; i < data->n; i++)
            pith_json_free(data->keys[i].document);
        for (size_t i = 0; i < data->n_names; i++)
            pith_free(data->names[i]);
        pith_piece_index_free(&data->index);
        pith_buffer_free(&data->pairs);
        pith_free(data->names);
        pith_free(data->keys);
        pith_free(data->ids);
        pith_free(data->parts);
        pith_free(data->sums);
        pith_free(data);
    }
    *scores = (struct pith_scores){0};
}
