/*
 * options.c - the options of a request, under the Python package's names.
 *
 * One table says what each name means here; another lists the names that the
 * Python package has and pith does not, each with the default at which it
 * changes nothing and is therefore accepted.
 */
#include "service.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"

enum value_kind {
    KIND_RATE,
    KIND_TARGET,
    KIND_METHOD,
    KIND_INSTRUCTION,
    KIND_QUESTION,
    KIND_BUDGET,
    KIND_FORCE_IDS,
    KIND_KEEP,
    KIND_PAPER_REORDER,
    KIND_REGEX,
    KIND_REORDER,
    KIND_RANK_METHOD,
    KIND_CONDITION,
    KIND_REAL,
    KIND_COUNT,
    KIND_BOOL
};

/* Which method and, of `reference`, which function an option belongs to. */
enum owner {
    OF_BOTH,
    OF_PAPER,
    OF_REFERENCE,
    OF_PROMPTS, /* not of compress_json, which settles it */
    OF_RECORDS  /* of compress_json alone */
};

struct option_entry {
    const char *name;
    enum value_kind kind;
    enum owner owner;
    size_t offset; /* KIND_REAL, _COUNT, _BOOL: in pith_compress_options */
};

#define AT(member) offsetof(struct pith_compress_options, member)

static const struct option_entry entries[] = {
    {"rate", KIND_RATE, OF_BOTH, 0},
    {"target_token", KIND_TARGET, OF_BOTH, 0},
    {"method", KIND_METHOD, OF_BOTH, 0},
    {"spans", KIND_BOOL, OF_BOTH, AT(detail)},
    {"instruction", KIND_INSTRUCTION, OF_BOTH, 0},
    {"question", KIND_QUESTION, OF_BOTH, 0},
    {"tau_ins", KIND_REAL, OF_PAPER, AT(tau_ins)},
    {"tau_que", KIND_REAL, OF_PAPER, AT(tau_que)},
    {"k", KIND_REAL, OF_PAPER, AT(k)},
    {"segment_size", KIND_COUNT, OF_PAPER, AT(segment_size)},
    {"question_aware", KIND_BOOL, OF_PAPER, AT(question_aware)},
    {"delta_tau", KIND_REAL, OF_PAPER, AT(delta_tau)},
    {"document_words", KIND_BOOL, OF_PAPER, AT(document_words)},
    {"reorder", KIND_PAPER_REORDER, OF_PAPER, 0},
    {"use_itpc", KIND_BOOL, OF_PAPER, AT(use_itpc)},
    {"use_budget_controller", KIND_BOOL, OF_PAPER, AT(use_budget_controller)},
    {"use_dynamic_rates", KIND_BOOL, OF_PAPER, AT(use_dynamic_rates)},
    {"selection_seed", KIND_COUNT, OF_PAPER, AT(selection_seed)},
    {"keep_words", KIND_BOOL, OF_PAPER, AT(keep_words)},
    {"keep_digits", KIND_BOOL, OF_PAPER, AT(keep_digits)},
    {"keep", KIND_KEEP, OF_PAPER, 0},
    {"keep_regex", KIND_REGEX, OF_PAPER, 0},
    {"iterative_size", KIND_COUNT, OF_REFERENCE, AT(reference.iterative_size)},
    {"context_budget", KIND_BUDGET, OF_REFERENCE, 0},
    {"use_context_level_filter", KIND_BOOL, OF_PROMPTS,
     AT(reference.use_context_level_filter)},
    {"use_token_level_filter", KIND_BOOL, OF_REFERENCE,
     AT(reference.use_token_level_filter)},
    {"keep_split", KIND_BOOL, OF_REFERENCE, AT(reference.keep_split)},
    {"force_context_ids", KIND_FORCE_IDS, OF_PROMPTS, 0},
    {"force_context_number", KIND_COUNT, OF_PROMPTS,
     AT(reference.force_context_number)},
    {"reorder_context", KIND_REORDER, OF_PROMPTS, 0},
    {"concate_question", KIND_BOOL, OF_PROMPTS,
     AT(reference.concate_question)},
    {"rank_method", KIND_RANK_METHOD, OF_REFERENCE, 0},
    {"condition_in_question", KIND_CONDITION, OF_REFERENCE, 0},
    {"condition_compare", KIND_BOOL, OF_REFERENCE,
     AT(reference.condition_compare)},
    {"add_instruction", KIND_BOOL, OF_PROMPTS,
     AT(reference.add_instruction)},
    {"dynamic_context_compression_ratio", KIND_REAL, OF_PROMPTS,
     AT(reference.dynamic_context_compression_ratio)},
    {"use_sentence_level_filter", KIND_BOOL, OF_REFERENCE,
     AT(reference.use_sentence_level_filter)},
    {"keep_first_sentence", KIND_COUNT, OF_REFERENCE,
     AT(reference.keep_first_sentence)},
    {"keep_last_sentence", KIND_COUNT, OF_REFERENCE,
     AT(reference.keep_last_sentence)},
    {"keep_sentence_number", KIND_COUNT, OF_REFERENCE,
     AT(reference.keep_sentence_number)},
    {"high_priority_bonus", KIND_REAL, OF_REFERENCE,
     AT(reference.high_priority_bonus)},
    {"token_budget_ratio", KIND_REAL, OF_REFERENCE,
     AT(reference.token_budget_ratio)},
    {"strict_preserve_uncompressed", KIND_BOOL, OF_PROMPTS,
     AT(reference.strict_preserve_uncompressed)},
    {"use_keyvalue_level_filter", KIND_BOOL, OF_RECORDS,
     AT(reference.use_context_level_filter)},
    {"reorder_keyvalue", KIND_REORDER, OF_RECORDS, 0},
};

/* The rest of compress_prompt's parameters.  `neutral` is the default as
 * JSON; NULL: LLMLingua-2 only, which causal models do not have. */
static const struct {
    const char *name, *neutral;
} unsupported[] = {
    {"context_segs", NULL},
    {"context_segs_rate", NULL},
    {"context_segs_compress", NULL},
    {"target_context", "-1"},
    {"context_level_rate", "1"},
    {"context_level_target_token", "-1"},
    {"return_word_label", "false"},
    {"force_tokens", NULL},
    {"force_reserve_digit", "false"},
    {"drop_consecutive", "false"},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static enum pith_status expected(const struct pith_json *value,
                                 const char *what, struct pith_error *error)
{
    return pith_fail(error, PITH_ERR_ARGUMENT, "option \"%.*s\": expected %s",
                     (int)value->key.size, value->key.bytes, what);
}

static enum pith_status read_real(const struct pith_json *value, double *real,
                                  struct pith_error *error)
{
    if (!pith_json_is(value, PITH_JSON_NUMBER) || !isfinite(value->number))
        return expected(value, "a number", error);
    *real = value->number;
    return PITH_OK;
}

/* A whole number that fits; 2^53 is where doubles stop counting. */
static bool is_count(const struct pith_json *value)
{
    double number = value->number;
    return pith_json_is(value, PITH_JSON_NUMBER) && number >= 0 &&
           number <= 0x1p53 && number <= (double)(SIZE_MAX / 2) &&
           floor(number) == number;
}

static enum pith_status read_count(const struct pith_json *value,
                                   size_t *count, struct pith_error *error)
{
    if (!is_count(value))
        return expected(value, "a whole number not below 0", error);
    *count = (size_t)value->number;
    return PITH_OK;
}

static enum pith_status read_bool(const struct pith_json *value, bool *flag,
                                  struct pith_error *error)
{
    if (!pith_json_is(value, PITH_JSON_TRUE) &&
        !pith_json_is(value, PITH_JSON_FALSE))
        return expected(value, "true or false", error);
    *flag = pith_json_is(value, PITH_JSON_TRUE);
    return PITH_OK;
}

static enum pith_status read_text(const struct pith_json *value,
                                  struct pith_text *text,
                                  struct pith_error *error)
{
    if (!pith_json_is(value, PITH_JSON_STRING))
        return expected(value, "a string", error);
    *text = value->string;
    return PITH_OK;
}

/* "+100", or a bare number as Python users write it too. */
static enum pith_status read_budget(struct pith_request *request,
                                    const struct pith_json *value,
                                    struct pith_error *error)
{
    if (!pith_json_is(value, PITH_JSON_STRING))
        return expected(value, "a string such as \"+100\"", error);
    struct pith_buffer copy = {0};
    pith_buffer_append(&copy, value->string.bytes, value->string.size);
    free(request->context_budget);
    PITH_TRY(pith_buffer_take(&copy, &request->context_budget, NULL, error));
    request->options.reference.context_budget = request->context_budget;
    return PITH_OK;
}

static enum pith_status read_force_ids(struct pith_request *request,
                                       const struct pith_json *value,
                                       struct pith_error *error)
{
    static const char what[] = "a list of context numbers, counted from 0";
    size_t n = 0;
    if (!pith_json_is(value, PITH_JSON_ARRAY))
        return expected(value, what, error);
    size_t *ids = pith_array(value->n_children, sizeof *ids);
    if (ids == NULL)
        return pith_no_memory(error, value->n_children, sizeof *ids);
    free(request->force_context_ids);
    request->force_context_ids = ids;
    for (const struct pith_json *id = value->first; id != NULL; id = id->next) {
        if (!is_count(id))
            return expected(value, what, error);
        ids[n++] = (size_t)id->number;
    }
    request->options.reference.force_context_ids = ids;
    request->options.reference.n_force_context_ids = n;
    return PITH_OK;
}

/* Strings that stay. */
static enum pith_status read_keep(struct pith_request *request,
                                  const struct pith_json *value,
                                  struct pith_error *error)
{
    static const char what[] = "a list of strings, none of them empty";
    size_t n = 0;
    if (!pith_json_is(value, PITH_JSON_ARRAY))
        return expected(value, what, error);
    struct pith_text *keep = pith_array(value->n_children, sizeof *keep);
    if (keep == NULL)
        return pith_no_memory(error, value->n_children, sizeof *keep);
    free(request->keep);
    request->keep = keep;
    for (const struct pith_json *item = value->first; item != NULL;
         item = item->next) {
        if (!pith_json_is(item, PITH_JSON_STRING) || item->string.size == 0)
            return expected(value, what, error);
        keep[n++] = item->string;
    }
    request->options.keep = keep;
    request->options.n_keep = n;
    return PITH_OK;
}

static enum pith_status read_regex(struct pith_request *request,
                                   const struct pith_json *value,
                                   struct pith_error *error)
{
    struct pith_text text = value->string;
    if (!pith_json_is(value, PITH_JSON_STRING) ||
        (text.size > 0 && memchr(text.bytes, '\0', text.size) != NULL))
        return expected(value, "a string without NUL", error);
    struct pith_buffer copy = {0};
    pith_buffer_append(&copy, text.bytes, text.size);
    free(request->keep_regex);
    request->keep_regex = NULL;
    PITH_TRY(pith_buffer_take(&copy, &request->keep_regex, NULL, error));
    request->options.keep_regex = request->keep_regex;
    return PITH_OK;
}

static enum pith_status read_reorder(const struct pith_json *value,
                                     enum pith_reorder *reorder,
                                     struct pith_error *error)
{
    if (pith_json_string_is(value, "original"))
        *reorder = PITH_REORDER_ORIGINAL;
    else if (pith_json_string_is(value, "sort"))
        *reorder = PITH_REORDER_SORT;
    else if (pith_json_string_is(value, "two_stage"))
        *reorder = PITH_REORDER_TWO_STAGE;
    else
        return expected(value, "\"original\", \"sort\" or \"two_stage\"",
                        error);
    return PITH_OK;
}

static enum pith_status read_rank_method(const struct pith_json *value,
                                         enum pith_rank_method *method,
                                         struct pith_error *error)
{
    static const char *const elsewhere[] = {
        "gzip", "sentbert", "openai", "bge", "bge_reranker", "bge_llmembedder",
        "jinza", "voyageai", "cohere"};
    if (pith_json_string_is(value, "llmlingua"))
        *method = PITH_RANK_LLMLINGUA;
    else if (pith_json_string_is(value, "longllmlingua"))
        *method = PITH_RANK_LONGLLMLINGUA;
    else if (pith_json_string_is(value, "bm25"))
        *method = PITH_RANK_BM25;
    else {
        for (size_t i = 0; i < COUNT_OF(elsewhere); i++)
            if (pith_json_string_is(value, elsewhere[i]))
                return pith_fail(error, PITH_ERR_UNSUPPORTED,
                                 "option \"rank_method\": \"%s\" is not "
                                 "supported; use \"llmlingua\", "
                                 "\"longllmlingua\" or \"bm25\"",
                                 elsewhere[i]);
        return expected(value, "\"llmlingua\", \"longllmlingua\" or \"bm25\"",
                        error);
    }
    return PITH_OK;
}

/* "none", "before" or "after", each with "_condition" behind it or not. */
static enum pith_status read_condition(const struct pith_json *value,
                                       struct pith_reference_options *options,
                                       struct pith_error *error)
{
    static const struct {
        const char *name;
        enum pith_condition condition;
        bool prefix;
    } words[] = {
        {"none", PITH_CONDITION_NONE, false},
        {"before", PITH_CONDITION_BEFORE, false},
        {"after", PITH_CONDITION_AFTER, false},
        {"none_condition", PITH_CONDITION_NONE, true},
        {"before_condition", PITH_CONDITION_BEFORE, true},
        {"after_condition", PITH_CONDITION_AFTER, true},
    };
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (!pith_json_string_is(value, words[i].name))
            continue;
        options->condition_in_question = words[i].condition;
        options->condition_prefix = words[i].prefix;
        return PITH_OK;
    }
    return expected(value, "\"none\", \"before\" or \"after\", or one of them "
                           "with \"_condition\" behind it", error);
}

enum pith_status pith_request_read_method(const struct pith_json *value,
                                          enum pith_method *method,
                                          struct pith_error *error)
{
    if (pith_json_string_is(value, "paper"))
        *method = PITH_METHOD_PAPER;
    else if (pith_json_string_is(value, "reference"))
        *method = PITH_METHOD_REFERENCE;
    else
        return expected(value, "\"paper\" or \"reference\"", error);
    return PITH_OK;
}

static enum pith_status read_entry(struct pith_request *request,
                                   const struct option_entry *entry,
                                   const struct pith_json *value,
                                   struct pith_error *error)
{
    struct pith_compress_options *options = &request->options;
    void *member = (char *)options + entry->offset;
    switch (entry->kind) {
    case KIND_RATE:
    case KIND_TARGET:
        return PITH_OK; /* read_amount takes the two together */
    case KIND_METHOD:
        return pith_request_read_method(value, &options->method, error);
    case KIND_INSTRUCTION:
        return read_text(value, &request->prompt.instruction, error);
    case KIND_QUESTION:
        return read_text(value, &request->prompt.question, error);
    case KIND_BUDGET:
        return read_budget(request, value, error);
    case KIND_FORCE_IDS:
        return read_force_ids(request, value, error);
    case KIND_KEEP:
        return read_keep(request, value, error);
    case KIND_REGEX:
        return read_regex(request, value, error);
    case KIND_PAPER_REORDER:
        return read_reorder(value, &options->reorder, error);
    case KIND_REORDER:
        return read_reorder(value, &options->reference.reorder_context, error);
    case KIND_RANK_METHOD:
        return read_rank_method(value, &options->reference.rank_method, error);
    case KIND_CONDITION:
        return read_condition(value, &options->reference, error);
    case KIND_REAL:
        return read_real(value, member, error);
    case KIND_COUNT:
        return read_count(value, member, error);
    case KIND_BOOL:
        return read_bool(value, member, error);
    }
    return PITH_OK;
}

/* target_token wins over rate, as in Python; -1 there means "not given". */
static enum pith_status read_amount(struct pith_compress_options *options,
                                    const struct pith_json *object,
                                    struct pith_error *error)
{
    const struct pith_json *rate = pith_json_get(object, "rate");
    const struct pith_json *target = pith_json_get(object, "target_token");
    double tokens = -1;
    if (target != NULL && !pith_json_is(target, PITH_JSON_NULL))
        PITH_TRY(read_real(target, &tokens, error));
    if (tokens != -1) {
        if (tokens <= 0)
            return expected(target, "a number above 0, or -1", error);
        options->target = tokens;
        options->rate = -1;
    } else if (rate != NULL && !pith_json_is(rate, PITH_JSON_NULL)) {
        PITH_TRY(read_real(rate, &options->rate, error));
        if (!(options->rate > 0 && options->rate <= 1))
            return expected(rate, "a number above 0 and at most 1", error);
        options->target = -1;
    }
    return PITH_OK;
}

static const struct option_entry *find_entry(const struct pith_request *request,
                                             struct pith_text name)
{
    enum owner hidden = request->is_record ? OF_PROMPTS : OF_RECORDS;
    for (size_t i = 0; i < COUNT_OF(entries); i++)
        if (entries[i].owner != hidden &&
            strlen(entries[i].name) == name.size &&
            memcmp(entries[i].name, name.bytes, name.size) == 0)
            return &entries[i];
    return NULL;
}

static bool is_neutral(const struct pith_json *value, const char *neutral)
{
    switch (value->kind) {
    case PITH_JSON_NULL: return true;
    case PITH_JSON_FALSE: return neutral != NULL && !strcmp(neutral, "false");
    case PITH_JSON_TRUE: return false;
    case PITH_JSON_STRING:
        return neutral != NULL && pith_json_string_is(value, neutral);
    case PITH_JSON_NUMBER:
        return neutral != NULL && value->number == strtod(neutral, NULL);
    case PITH_JSON_ARRAY: return neutral == NULL && value->n_children == 0;
    case PITH_JSON_OBJECT: return false;
    }
    return false;
}

/* A name outside the table: accepted where it says nothing, else refused. */
static enum pith_status refuse(const struct pith_json *value,
                               struct pith_error *error)
{
    int length = value->key.size < 100 ? (int)value->key.size : 100;
    for (size_t i = 0; i < COUNT_OF(unsupported); i++) {
        if (strlen(unsupported[i].name) != value->key.size ||
            memcmp(unsupported[i].name, value->key.bytes, value->key.size))
            continue;
        if (is_neutral(value, unsupported[i].neutral))
            return PITH_OK;
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "option \"%s\" is not supported yet; leave it at its "
                         "default", unsupported[i].name);
    }
    return pith_fail(error, PITH_ERR_ARGUMENT,
                     "option \"%.*s\" is unknown; docs/REQUESTS.md lists the "
                     "options", length, value->key.bytes);
}

static bool is_foreign(const struct option_entry *entry,
                       enum pith_method method)
{
    return method == PITH_METHOD_PAPER ? entry->owner >= OF_REFERENCE
                                       : entry->owner == OF_PAPER;
}

enum pith_status pith_request_read_options(struct pith_request *request,
                                           const struct pith_json *object,
                                           struct pith_error *error)
{
    if (object == NULL || pith_json_is(object, PITH_JSON_NULL))
        return PITH_OK;
    if (!pith_json_is(object, PITH_JSON_OBJECT))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "\"options\": expected an object");
    PITH_TRY(read_amount(&request->options, object, error));
    for (const struct pith_json *value = object->first; value != NULL;
         value = value->next) {
        const struct option_entry *entry = find_entry(request, value->key);
        if (entry == NULL)
            PITH_TRY(refuse(value, error));
        else if (!pith_json_is(value, PITH_JSON_NULL))
            PITH_TRY(read_entry(request, entry, value, error));
    }
    /* Only now is the method known. */
    for (const struct pith_json *value = object->first; value != NULL;
         value = value->next) {
        const struct option_entry *entry = find_entry(request, value->key);
        if (entry == NULL || !is_foreign(entry, request->options.method))
            continue;
        pith_buffer_string(&request->ignored,
                           request->ignored.size > 0 ? ", " : "");
        pith_buffer_string(&request->ignored, entry->name);
    }
    return PITH_OK;
}
