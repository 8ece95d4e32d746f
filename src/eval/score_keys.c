/*
 * score_keys.c - the keys that prepare.c wrote, one for each request.
 */
#include <math.h>
#include <stdio.h>

#include "../base/memory.h"
#include "../text/lines.h"
#include "score.h"

/* NAN where it is null or missing. */
static double number_of(const struct pith_json *line, const char *key)
{
    const struct pith_json *value = pith_json_get(line, key);
    return pith_json_is(value, PITH_JSON_NUMBER) ? value->number : (double)NAN;
}

static enum pith_status read_members(struct pith_score_key *key,
                                     struct pith_text *id, const char *place,
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

static enum pith_status add_key(struct pith_scoring *s, struct pith_text line,
                                const char *place, struct pith_error *error)
{
    struct pith_score_data *data = s->data;
    struct pith_score_key *key = &data->keys[data->n];
    PITH_TRY(pith_json_parse(line, place, &key->document, error));
    struct pith_text *id = &data->ids[data->n++];
    PITH_TRY(read_members(key, id, place, error));
    if (pith_piece_index_find(&data->index, data->ids, *id) >= 0)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: the custom_id was there before", place);
    pith_piece_index_add(&data->index, data->ids, (int32_t)(data->n - 1));
    key->outcome = "no_reply";
    PITH_TRY(pith_score_place(s, key, error));
    struct pith_score_sums *sums = &data->sums[key->row];
    s->scores->rows[key->row].n++;
    sums->origin += key->origin;
    sums->compressed += key->compressed;
    sums->full_prompt += key->full_prompt;
    return PITH_OK;
}

enum pith_status pith_score_read_keys(struct pith_scoring *s,
                                      struct pith_text keys, const char *name,
                                      struct pith_error *error)
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
