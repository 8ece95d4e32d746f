/*
 * dataset.c - see dataset.h.
 */
#include "dataset.h"

#include "../base/crc32.h"
#include "../base/memory.h"
#include "../base/options.h"
#include "../base/store.h"
#include "../model/access.h"
#include "../model/session.h" /* PITH_NO_TARGET */

enum { DEFAULT_MAX_TOKENS = 512 };

enum pith_status pith_dataset_create(const struct pith_model *model,
                                     const struct pith_dataset_options *options,
                                     struct pith_dataset **dataset,
                                     struct pith_error *error)
{
    struct pith_dataset_options own = {.sizeof_options = sizeof own};
    enum pith_template template_id;

    PITH_REQUIRE(dataset, error);
    *dataset = NULL;
    PITH_REQUIRE(model, error);
    size_t n_ctx = pith_model_config(model)->n_ctx;
    PITH_TRY(pith_options_copy(&own, sizeof own, options, error));
    PITH_TRY(pith_template_find(own.template_name, &template_id, error));
    if (own.max_tokens == 0)
        own.max_tokens =
            n_ctx < DEFAULT_MAX_TOKENS ? n_ctx : DEFAULT_MAX_TOKENS;
    if (own.max_tokens < 2 || own.max_tokens > n_ctx)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "records of %zu tokens: the model has positions for "
                         "2 to %zu", own.max_tokens, n_ctx);
    struct pith_dataset *made = pith_array_zero(1, sizeof *made);
    if (made == NULL)
        return pith_no_memory(error, 1, sizeof *made);
    *made = (struct pith_dataset){
        .model = model, .template_id = template_id, .options = own};
    *dataset = made;
    return PITH_OK;
}

void pith_dataset_free(struct pith_dataset *dataset)
{
    if (dataset == NULL)
        return;
    pith_ids_free(&dataset->ids);
    pith_ids_free(&dataset->targets);
    pith_rendering_free(&dataset->rendering);
    pith_free(dataset->starts);
    pith_free(dataset);
}

void pith_dataset_describe(const struct pith_dataset *dataset,
                           struct pith_dataset_info *info)
{
    if (dataset != NULL && info != NULL)
        *info = dataset->info;
}

/* --- tokens --------------------------------------------------------------- */

/* A token at the end of the record under construction.  targets runs beside
 * ids and says for now whether the token itself is part of an answer. */
static void append(struct pith_dataset *dataset, int32_t id, bool is_answer)
{
    pith_ids_append(&dataset->ids, id);
    pith_ids_append(&dataset->targets, is_answer);
}

/* The start token, unless the text begins with it. */
static void append_start(struct pith_dataset *dataset, size_t start)
{
    int32_t id = pith_model_start_id(dataset->model);
    if (id >= 0 && dataset->ids.n == start)
        append(dataset, id, false);
}

static void append_end(struct pith_dataset *dataset, bool is_answer)
{
    struct pith_vocab facts;
    pith_tokenizer_describe(pith_model_tokenizer(dataset->model), &facts);
    int32_t id = facts.eos_id >= 0 ? facts.eos_id : facts.bos_id;
    if (id >= 0)
        append(dataset, id, is_answer);
}

/* Whether any byte of [from, to) is in an answer of spans [first, last). */
static bool is_in_answer(const struct pith_template_span *spans, size_t *at,
                         size_t last, size_t from, size_t to)
{
    while (*at + 1 < last && spans[*at].end <= from)
        (*at)++;
    for (size_t s = *at; s < last; s++) {
        if (spans[s].flags & PITH_SPAN_ANSWER && spans[s].end > from)
            return true;
        if (spans[s].end >= to)
            return false;
    }
    return false;
}

/* Spans [first, last) of ordinary text, tokenized as one text so that pieces
 * are those that inference will see: a token across the border of prompt and
 * answer counts as the answer's. */
static enum pith_status append_text(struct pith_dataset *dataset, size_t first,
                                    size_t last, struct pith_error *error)
{
    const struct pith_tokenizer *tokenizer =
        pith_model_tokenizer(dataset->model);
    const struct pith_rendering *rendering = &dataset->rendering;
    const struct pith_template_span *spans = rendering->spans;
    size_t start = first > 0 ? spans[first - 1].end : 0;
    struct pith_text text = {rendering->text.data + start,
                             spans[last - 1].end - start};
    size_t before = dataset->ids.n, n_bytes = 0, at = first;
    int flags = PITH_TOKENIZE_NO_SPECIAL;
    if (first > 0)
        flags |= PITH_TOKENIZE_AFTER_SPECIAL;
    PITH_TRY(pith_tokenizer_encode(tokenizer, text, flags, &dataset->ids,
                                   error));
    for (size_t i = before; i < dataset->ids.n; i++)
        n_bytes += pith_tokenizer_piece(tokenizer, dataset->ids.data[i]).size;
    /* SentencePiece's dummy prefix is a byte that the text does not have. */
    size_t prefix = n_bytes > text.size ? n_bytes - text.size : 0;
    size_t offset = start;
    for (size_t i = before; i < dataset->ids.n; i++) {
        size_t size =
            pith_tokenizer_piece(tokenizer, dataset->ids.data[i]).size;
        size -= prefix < size ? prefix : size;
        prefix = 0;
        pith_ids_append(&dataset->targets,
                        is_in_answer(spans, &at, last, offset, offset + size));
        offset += size;
    }
    return PITH_OK;
}

static enum pith_status append_special(struct pith_dataset *dataset, size_t s,
                                       struct pith_error *error)
{
    const struct pith_rendering *rendering = &dataset->rendering;
    size_t start = s > 0 ? rendering->spans[s - 1].end : 0;
    struct pith_text text = {rendering->text.data + start,
                             rendering->spans[s].end - start};
    PITH_TRY(pith_tokenizer_encode(pith_model_tokenizer(dataset->model), text,
                                   0, &dataset->ids, error));
    while (dataset->targets.n < dataset->ids.n && !dataset->targets.failed)
        pith_ids_append(&dataset->targets,
                        rendering->spans[s].flags & PITH_SPAN_ANSWER);
    return PITH_OK;
}

/* Appends the tokens of the rendered record from ids.n on. */
static enum pith_status tokenize(struct pith_dataset *dataset,
                                 struct pith_error *error)
{
    const struct pith_rendering *rendering = &dataset->rendering;
    size_t start = dataset->ids.n;
    for (size_t s = 0, last; s < rendering->n_spans; s = last) {
        int flags = rendering->spans[s].flags;
        for (last = s + 1; last < rendering->n_spans; last++)
            if ((flags | rendering->spans[last].flags) &
                (PITH_SPAN_SPECIAL | PITH_SPAN_END))
                break;
        if (!(flags & PITH_SPAN_SPECIAL))
            append_start(dataset, start);
        if (flags & PITH_SPAN_END)
            append_end(dataset, (flags & PITH_SPAN_ANSWER) != 0);
        else if (flags & PITH_SPAN_SPECIAL)
            PITH_TRY(append_special(dataset, s, error));
        else
            PITH_TRY(append_text(dataset, s, last, error));
    }
    if (dataset->ids.failed || dataset->targets.failed)
        return pith_no_memory(error, dataset->ids.n, sizeof(int32_t));
    return PITH_OK;
}

/* --- records -------------------------------------------------------------- */

/* Turns "is part of an answer" into targets: that of each position is the
 * token after it.  Returns how many targets the first n positions have. */
static size_t set_targets(struct pith_dataset *dataset, size_t start, size_t n)
{
    const int32_t *ids = dataset->ids.data + start;
    int32_t *targets = dataset->targets.data + start;
    size_t n_targets = 0;
    for (size_t i = 0; i < n; i++) {
        targets[i] = targets[i + 1] ? ids[i + 1] : PITH_NO_TARGET;
        n_targets += targets[i] != PITH_NO_TARGET;
    }
    return n_targets;
}

static enum pith_status close_record(struct pith_dataset *dataset, size_t n,
                                     struct pith_error *error)
{
    size_t n_records = dataset->info.n_records;
    PITH_TRY(pith_grow(&dataset->starts, n_records + 2, &dataset->n_room,
                       sizeof *dataset->starts, error));
    dataset->starts[0] = 0;
    dataset->starts[n_records + 1] = dataset->starts[n_records] + n;
    dataset->info.n_records = n_records + 1;
    return PITH_OK;
}

/* Adds the tokens from `start` on as a record, cut to max_tokens. */
static enum pith_status keep_record(struct pith_dataset *dataset, size_t start,
                                    struct pith_error *error)
{
    size_t n = dataset->ids.n - start, max = dataset->options.max_tokens;
    bool is_cut = n > max + 1;
    n = n > 0 ? n - 1 : 0;
    n = n < max ? n : max;
    size_t n_targets = set_targets(dataset, start, n);
    while (n > 0 && dataset->targets.data[start + n - 1] == PITH_NO_TARGET)
        n--;
    dataset->ids.n = dataset->targets.n = start + n;
    dataset->info.n_cut += is_cut;
    if (n_targets == 0) {
        dataset->info.n_without_answer++;
        return PITH_OK;
    }
    PITH_TRY(close_record(dataset, n, error));
    dataset->info.n_tokens += n;
    dataset->info.n_targets += n_targets;
    return PITH_OK;
}

static enum pith_status add_record(struct pith_dataset *dataset,
                                   struct pith_record_reader *reader,
                                   const struct pith_record *record,
                                   struct pith_error *error)
{
    size_t start = dataset->ids.n;
    PITH_TRY(pith_record_check_answer(record, reader->name,
                                      reader->record_line, error));
    PITH_TRY(pith_template_render(dataset->template_id, record,
                                  &dataset->rendering, error));
    enum pith_status status = tokenize(dataset, error);
    if (status != PITH_OK) {
        dataset->ids.n = dataset->targets.n = start;
        return status;
    }
    return keep_record(dataset, start, error);
}

/* Reads and adds the next record; a malformed one is FORMAT. */
static enum pith_status add_next(struct pith_dataset *dataset,
                                 struct pith_record_reader *reader, bool *more,
                                 struct pith_error *error)
{
    struct pith_record record;
    PITH_TRY(pith_record_read(reader, &record, more, error));
    return *more ? add_record(dataset, reader, &record, error) : PITH_OK;
}

enum pith_status pith_dataset_add(struct pith_dataset *dataset,
                                  struct pith_text text, const char *name,
                                  struct pith_error *error)
{
    struct pith_record_reader reader;
    struct pith_error first = {0}, own = {0}, note;
    struct pith_unused unused = {.n = 0};
    enum pith_status status = PITH_OK;
    size_t n_bad = 0;
    bool more = true;

    PITH_REQUIRE(dataset, error);
    PITH_REQUIRE(name, error);
    PITH_REQUIRE_ALL(text.bytes, text.size, error);
    pith_record_reader_open(&reader, text, name);
    reader.unused = &unused;
    while (more && status == PITH_OK) {
        status = add_next(dataset, &reader, &more, &own);
        if (status != PITH_ERR_FORMAT)
            continue;
        status = PITH_OK;
        if (n_bad++ == 0)
            first = own;
        if (dataset->options.complain != NULL)
            dataset->options.complain(dataset->options.user, own.detail);
    }
    pith_record_reader_close(&reader);
    dataset->info.n_bad += n_bad;
    if (pith_unused_describe(&unused, name, &note) &&
        dataset->options.note != NULL)
        dataset->options.note(dataset->options.user, note.detail);
    if (status != PITH_OK)
        return pith_fail(error, status, "%s", own.detail);
    if (n_bad > 0 && !dataset->options.skip_bad)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s (%zu malformed records in all; --skip-bad leaves "
                         "them out)", first.detail, n_bad);
    return PITH_OK;
}

uint32_t pith_dataset_crc32(const struct pith_dataset *dataset)
{
    uint32_t crc = 0;
    uint8_t bytes[8];
    for (size_t i = 0; i < dataset->ids.n; i++) {
        pith_store_u32(bytes, (uint32_t)dataset->ids.data[i]);
        pith_store_u32(bytes + 4, (uint32_t)dataset->targets.data[i]);
        crc = pith_crc32(crc, bytes, sizeof bytes);
    }
    for (size_t r = 0; r < dataset->info.n_records; r++) {
        pith_store_u64(bytes, pith_dataset_length(dataset, r));
        crc = pith_crc32(crc, bytes, sizeof bytes);
    }
    return crc;
}
