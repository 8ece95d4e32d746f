/*
 * score_rows.c - the rows of the table of scores, and the parts of a row that
 * its mean is taken over.
 */
#include "../base/memory.h"
#include "score.h"

static enum pith_status keep_name(struct pith_score_data *data,
                                  struct pith_text text, const char **name,
                                  struct pith_error *error)
{
    for (size_t i = 0; i < data->n_names; i++)
        if (pith_score_is(text, data->names[i])) {
            *name = data->names[i];
            return PITH_OK;
        }
    PITH_TRY(pith_grow(&data->names, data->n_names + 1, &data->names_capacity,
                       sizeof *data->names, error));
    struct pith_buffer copy = {0};
    pith_buffer_append(&copy, text.bytes, text.size);
    PITH_TRY(pith_buffer_take(&copy, &data->names[data->n_names], NULL, error));
    *name = data->names[data->n_names++];
    return PITH_OK;
}

static bool belongs(const struct pith_score_key *key,
                    const struct pith_score_row *row)
{
    return pith_score_is(key->task, row->task) &&
           pith_score_is(key->ask, row->ask) &&
           pith_score_is(key->method, row->method) &&
           !(key->ratio < row->ratio_asked) &&
           !(key->ratio > row->ratio_asked) &&
           !(key->shots < row->shots) && !(key->shots > row->shots);
}

static enum pith_status add_row(struct pith_scoring *s,
                                const struct pith_score_key *key,
                                struct pith_error *error)
{
    struct pith_scores *scores = s->scores;
    size_t n = scores->n_rows, capacity = s->data->rows_capacity;
    PITH_TRY(pith_grow(&scores->rows, n + 1, &capacity, sizeof *scores->rows,
                       error));
    PITH_TRY(pith_grow(&s->data->sums, n + 1, &s->data->rows_capacity,
                       sizeof *s->data->sums, error));
    struct pith_score_row row = {.ratio_asked = key->ratio,
                                 .shots = key->shots};
    PITH_TRY(keep_name(s->data, key->task, &row.task, error));
    PITH_TRY(keep_name(s->data, key->ask, &row.ask, error));
    PITH_TRY(keep_name(s->data, key->method, &row.method, error));
    s->data->sums[n] = (struct pith_score_sums){0};
    scores->rows[scores->n_rows++] = row;
    return PITH_OK;
}

static enum pith_status find_row(struct pith_scoring *s,
                                 struct pith_score_key *key,
                                 struct pith_error *error)
{
    key->row = 0;
    while (key->row < s->scores->n_rows &&
           !belongs(key, &s->scores->rows[key->row]))
        key->row++;
    return key->row < s->scores->n_rows ? PITH_OK : add_row(s, key, error);
}

/* "word_sorting" of "word_sorting-17" for BBH; "" for the others. */
static struct pith_text part_name(const struct pith_score_key *key)
{
    size_t n = key->name.size;
    if (!pith_score_is(key->task, "bbh"))
        return (struct pith_text){"", 0};
    while (n > 0 && key->name.bytes[n - 1] != '-')
        n--;
    return (struct pith_text){key->name.bytes, n > 0 ? n - 1 : 0};
}

static enum pith_status find_part(struct pith_score_data *data,
                                  struct pith_score_key *key,
                                  struct pith_error *error)
{
    struct pith_text name = part_name(key);
    key->part = 0;
    while (key->part < data->n_parts &&
           (data->parts[key->part].row != key->row ||
            !pith_score_same(data->parts[key->part].name, name)))
        key->part++;
    if (key->part < data->n_parts)
        return PITH_OK;
    PITH_TRY(pith_grow(&data->parts, data->n_parts + 1, &data->parts_capacity,
                       sizeof *data->parts, error));
    data->parts[data->n_parts++] =
        (struct pith_score_part){.row = key->row, .name = name};
    return PITH_OK;
}

enum pith_status pith_score_place(struct pith_scoring *s,
                                  struct pith_score_key *key,
                                  struct pith_error *error)
{
    PITH_TRY(find_row(s, key, error));
    return find_part(s->data, key, error);
}
