/*
 * score.c - the answers of a target model against the keys of prepare.c.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/options.h"
#include "../text/completions.h"
#include "../text/lines.h"
#include "../text/piece_index.h"
#include "cases.h"

/* One key; its texts are borrowed from its document. */
struct key {
    struct pith_json_document *document;
    struct pith_text task, name, ask, method, reference;
    double ratio, shots, origin, compressed, prompt, full_prompt;
    size_t row, part;
    bool is_answered;
};

/* The requests of a row whose shares of right answers are averaged: a task of
 * BBH, or all of them. */
struct part {
    size_t row, n, n_right;
    struct pith_text name;
};

/* Sums over the answers of a row. */
struct sums {
    double origin, compressed, prompt, full_prompt, completion;
    double bleu, rouge1, rouge2, rougeL;
    size_t n_counted; /* answers whose tokens are known */
    size_t n_texts;   /* answers with a reference to compare with */
};

struct pith_score_data {
    struct key *keys;
    size_t n, capacity;
    struct pith_text *ids; /* (n) */
    struct pith_piece_index index;
    struct part *parts;
    size_t n_parts, parts_capacity;
    struct sums *sums; /* (n_rows) */
    size_t rows_capacity;
    char **names; /* of tasks and the like, NUL-terminated */
    size_t n_names, names_capacity;
    struct pith_buffer pairs;
};

/* What is being filled. */
struct scoring {
    struct pith_scores *scores;
    struct pith_score_data *data;
    struct pith_score_options options;
};

/* An array with room for one more. */
static void *grow(void *array, size_t n, size_t *capacity, size_t size,
                  struct pith_error *error)
{
    if (n < *capacity)
        return array;
    size_t more = 2 * *capacity + 16;
    void *grown = pith_array_resize(array, more, size);
    if (grown == NULL)
        pith_no_memory(error, more, size);
    else
        *capacity = more;
    return grown;
}

static bool same(struct pith_text a, struct pith_text b)
{
    return a.size == b.size &&
           (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static bool is(struct pith_text text, const char *string)
{
    return same(text, (struct pith_text){string, strlen(string)});
}

/* --- rows ----------------------------------------------------------------- */

static enum pith_status keep_name(struct pith_score_data *data,
                                  struct pith_text text, const char **name,
                                  struct pith_error *error)
{
    for (size_t i = 0; i < data->n_names; i++)
        if (is(text, data->names[i])) {
            *name = data->names[i];
            return PITH_OK;
        }
    char **names = grow(data->names, data->n_names, &data->names_capacity,
                        sizeof *names, error);
    if (names == NULL)
        return PITH_ERR_MEMORY;
    data->names = names;
    struct pith_buffer copy = {0};
    pith_buffer_append(&copy, text.bytes, text.size);
    PITH_TRY(pith_buffer_take(&copy, &names[data->n_names], NULL, error));
    *name = names[data->n_names++];
    return PITH_OK;
}

static bool belongs(const struct key *key, const struct pith_score_row *row)
{
    return is(key->task, row->task) && is(key->ask, row->ask) &&
           is(key->method, row->method) && !(key->ratio < row->ratio_asked) &&
           !(key->ratio > row->ratio_asked) && !(key->shots < row->shots) &&
           !(key->shots > row->shots);
}

static enum pith_status add_row(struct scoring *s, const struct key *key,
                                struct pith_error *error)
{
    struct pith_scores *scores = s->scores;
    size_t capacity = s->data->rows_capacity, same_capacity = capacity;
    struct pith_score_row *rows =
        grow(scores->rows, scores->n_rows, &capacity, sizeof *rows, error);
    if (rows == NULL)
        return PITH_ERR_MEMORY;
    scores->rows = rows;
    struct sums *sums = grow(s->data->sums, scores->n_rows, &same_capacity,
                             sizeof *sums, error);
    if (sums == NULL)
        return PITH_ERR_MEMORY;
    s->data->sums = sums;
    s->data->rows_capacity = capacity;
    struct pith_score_row row = {.ratio_asked = key->ratio,
                                 .shots = key->shots};
    PITH_TRY(keep_name(s->data, key->task, &row.task, error));
    PITH_TRY(keep_name(s->data, key->ask, &row.ask, error));
    PITH_TRY(keep_name(s->data, key->method, &row.method, error));
    sums[scores->n_rows] = (struct sums){0};
    rows[scores->n_rows++] = row;
    return PITH_OK;
}

static enum pith_status find_row(struct scoring *s, struct key *key,
                                 struct pith_error *error)
{
    key->row = 0;
    while (key->row < s->scores->n_rows &&
           !belongs(key, &s->scores->rows[key->row]))
        key->row++;
    return key->row < s->scores->n_rows ? PITH_OK : add_row(s, key, error);
}

/* "word_sorting" of "word_sorting-17" for BBH; "" for the others. */
static struct pith_text part_name(const struct key *key)
{
    size_t n = key->name.size;
    if (!is(key->task, "bbh"))
        return (struct pith_text){"", 0};
    while (n > 0 && key->name.bytes[n - 1] != '-')
        n--;
    return (struct pith_text){key->name.bytes, n > 0 ? n - 1 : 0};
}

static enum pith_status find_part(struct pith_score_data *data,
                                  struct key *key, struct pith_error *error)
{
    struct pith_text name = part_name(key);
    key->part = 0;
    while (key->part < data->n_parts &&
           (data->parts[key->part].row != key->row ||
            !same(data->parts[key->part].name, name)))
        key->part++;
    if (key->part < data->n_parts)
        return PITH_OK;
    struct part *parts = grow(data->parts, data->n_parts,
                              &data->parts_capacity, sizeof *parts, error);
    if (parts == NULL)
        return PITH_ERR_MEMORY;
    data->parts = parts;
    parts[data->n_parts++] = (struct part){.row = key->row, .name = name};
    return PITH_OK;
}

/* --- keys ----------------------------------------------------------------- */

/* NAN where it is null or missing. */
static double number_of(const struct pith_json *line, const char *key)
{
    const struct pith_json *value = pith_json_get(line, key);
    return pith_json_is(value, PITH_JSON_NUMBER) ? value->number : (double)NAN;
}

static enum pith_status read_members(struct key *key, struct pith_text *id,
                                     const char *place,
                                     struct pith_error *error)
{
    const struct pith_json *line = pith_json_root(key->document);
    struct { const char *key; struct pith_text *text; } texts[] = {
        {"custom_id", id}, {"task", &key->task}, {"case", &key->name},
        {"ask", &key->ask}, {"method", &key->method},
        {"reference", &key->reference}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!pith_json_is(pith_json_get(line, texts[i].key), PITH_JSON_STRING))
            return pith_fail(error, PITH_ERR_FORMAT,
                             "%s: expected a string \"%s\", as in the keys "
                             "that pith eval prepare writes", place,
                             texts[i].key);
        else
            *texts[i].text = pith_json_get(line, texts[i].key)->string;
    key->ratio = number_of(line, "ratio");
    key->shots = number_of(line, "shots");
    key->origin = number_of(line, "origin_tokens");
    key->compressed = number_of(line, "compressed_tokens");
    key->prompt = number_of(line, "prompt_tokens");
    key->full_prompt = number_of(line, "full_prompt_tokens");
    if (!(key->ratio >= 0 && key->shots >= 0 && key->origin >= 0 &&
          key->compressed >= 0))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: expected numbers \"ratio\", \"shots\", "
                         "\"origin_tokens\" and \"compressed_tokens\"", place);
    return PITH_OK;
}

static enum pith_status add_key(struct scoring *s, struct pith_text line,
                                const char *place, struct pith_error *error)
{
    struct pith_score_data *data = s->data;
    struct key *key = &data->keys[data->n];
    PITH_TRY(pith_json_parse(line, place, &key->document, error));
    struct pith_text *id = &data->ids[data->n++];
    PITH_TRY(read_members(key, id, place, error));
    if (pith_piece_index_find(&data->index, data->ids, *id) >= 0)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: the custom_id was there before", place);
    pith_piece_index_add(&data->index, data->ids, (int32_t)(data->n - 1));
    PITH_TRY(find_row(s, key, error));
    PITH_TRY(find_part(data, key, error));
    struct sums *sums = &data->sums[key->row];
    s->scores->rows[key->row].n++;
    data->parts[key->part].n++;
    sums->origin += key->origin;
    sums->compressed += key->compressed;
    sums->full_prompt += key->full_prompt;
    return PITH_OK;
}

static enum pith_status read_keys(struct scoring *s, struct pith_text keys,
                                  const char *name, struct pith_error *error)
{
    struct pith_score_data *data = s->data;
    struct pith_text line, rest = keys;
    char place[300];
    size_t n = 0;
    while (pith_next_line(&rest, &line))
        n++;
    if (n > INT32_MAX)
        return pith_no_memory(error, n, sizeof *data->keys);
    data->keys = pith_array_zero(n + 1, sizeof *data->keys);
    data->ids = pith_array_zero(n + 1, sizeof *data->ids);
    if (data->keys == NULL || data->ids == NULL)
        return pith_no_memory(error, n, sizeof *data->keys);
    PITH_TRY(pith_piece_index_create(&data->index, n + 1, error));
    for (size_t number = 1; pith_next_line(&keys, &line); number++) {
        snprintf(place, sizeof place, "%.250s:%zu", name, number);
        if (line.size > 0)
            PITH_TRY(add_key(s, line, place, error));
    }
    return PITH_OK;
}

/* --- answers -------------------------------------------------------------- */

static bool is_right(const struct scoring *s, const struct key *key,
                     struct pith_text answer)
{
    return pith_answer_matches(answer, key->reference,
                               is(key->task, "bbh") ? PITH_ANSWER_BBH
                                                    : s->options.rule);
}

static enum pith_status compare_texts(struct sums *sums,
                                      const struct key *key,
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

static void count_tokens(struct sums *sums, const struct key *key,
                         const struct pith_completion *reply)
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
    return is(task, "gsm8k") || is(task, "bbh");
}

static enum pith_status take_answer(struct scoring *s, size_t index,
                                    const struct pith_completion *reply,
                                    struct pith_error *error)
{
    struct key *key = &s->data->keys[index];
    struct pith_score_row *row = &s->scores->rows[key->row];
    struct sums *sums = &s->data->sums[key->row];
    key->is_answered = true;
    row->n_answered++;
    row->n_cut += reply->is_cut;
    count_tokens(sums, key, reply);
    if (is(key->ask, "restore")) {
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

static void complain(const struct scoring *s, const char *place,
                     struct pith_text id, const char *what,
                     struct pith_text why)
{
    struct pith_error error;
    if (s->options.complain == NULL)
        return;
    pith_fail(&error, PITH_ERR_FORMAT, "%s: %.*s %s%.*s", place,
              id.size < 80 ? (int)id.size : 80, id.bytes, what,
              why.size < 200 ? (int)why.size : 200, why.bytes);
    s->options.complain(s->options.user, error.detail);
}

static enum pith_status read_answer(struct scoring *s,
                                    const struct pith_json *line,
                                    const char *place,
                                    struct pith_error *error)
{
    struct pith_text id, none = {"", 0};
    PITH_TRY(pith_case_string(line, "custom_id", &id, place, 0, error));
    int32_t index = pith_piece_index_find(&s->data->index, s->data->ids, id);
    if (index < 0) {
        s->scores->n_unknown++;
        complain(s, place, id, "is in none of the keys", none);
        return PITH_OK;
    }
    struct pith_completion reply = pith_completion_of_answer(line);
    if (!reply.is_answer) {
        s->scores->n_failed++;
        complain(s, place, id, "failed: ", reply.failure);
        return PITH_OK;
    }
    if (s->data->keys[index].is_answered) {
        s->scores->n_duplicate++;
        complain(s, place, id, "was answered before; the first answer stays",
                 none);
        return PITH_OK;
    }
    return take_answer(s, (size_t)index, &reply, error);
}

static enum pith_status read_answers(struct scoring *s,
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

/* --- the figures ---------------------------------------------------------- */

static const double Z = 1.959963984540054; /* of a 95% interval */

/* Wilson's interval of one share; of a mean of several, the normal one with
 * each share's variance drawn away from 0. */
static void set_exact(const struct pith_score_data *data,
                      struct pith_score_row *row, size_t index)
{
    double sum = 0, variance = 0, n = 0, n_parts = 0;
    for (size_t i = 0; i < data->n_parts; i++) {
        const struct part *part = &data->parts[i];
        if (part->row != index)
            continue;
        double share = (double)part->n_right / (double)part->n;
        double drawn = ((double)part->n_right + 1) / ((double)part->n + 2);
        sum += share;
        variance += drawn * (1 - drawn) / (double)part->n;
        n += (double)part->n;
        n_parts++;
    }
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

static void set_figures(struct scoring *s, size_t index)
{
    struct pith_score_row *row = &s->scores->rows[index];
    const struct sums *sums = &s->data->sums[index];
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

static enum pith_status fill(struct scoring *s, struct pith_text keys,
                             const char *keys_name, struct pith_text answers,
                             const char *answers_name,
                             struct pith_error *error)
{
    PITH_TRY(read_keys(s, keys, keys_name, error));
    PITH_TRY(read_answers(s, answers, answers_name, error));
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
    struct scoring s = {
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
    struct pith_score_data *data = scores->data;
    free(scores->rows);
    pith_free(scores->pairs);
    if (data != NULL) {
        for (size_t i = 0; i < data->n; i++)
            pith_json_free(data->keys[i].document);
        for (size_t i = 0; i < data->n_names; i++)
            free(data->names[i]);
        pith_piece_index_free(&data->index);
        pith_buffer_free(&data->pairs);
        free(data->names);
        free(data->keys);
        free(data->ids);
        free(data->parts);
        free(data->sums);
        free(data);
    }
    *scores = (struct pith_scores){0};
}
