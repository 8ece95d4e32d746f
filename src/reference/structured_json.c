/*
 * structured_json.c - see structured_json.h.
 *
 * A member {"name": "Ann"} with rate 0.5 becomes
 *
 *   <llmlingua, compress=False>"name": "</llmlingua><llmlingua, rate=0.5>Ann
 *   </llmlingua><llmlingua, compress=False>", </llmlingua>
 *
 * on one line: the value may shrink, what JSON needs around it stays.
 */
#include "structured_json.h"

#include <string.h>

#include "../base/memory.h"
#include "../base/text.h"
#include "../base/utf8.h"
#include "../text/casing.h"
#include "../json/json_members.h"
#include "python/number.h"
#include "python/str.h"

static const char open_fixed[] = "<llmlingua, compress=False>";
static const char close_tag[] = "</llmlingua>";

/* One member and what its configuration says. */
struct member {
    struct pith_text key;
    const struct pith_json *value;
    struct pith_buffer rate; /* as Python spells it */
    bool is_fixed;           /* not to be compressed */
    bool may_go;
    struct pith_text value_type;
};

static enum pith_status refuse(const struct member *member, const char *reason,
                               struct pith_error *error)
{
    struct pith_text key = member->key;
    return pith_fail(error, PITH_ERR_ARGUMENT, "JSON member \"%.*s\": %s",
                     (int)(key.size < 100 ? key.size : 100), key.bytes, reason);
}

/* --- configuration -------------------------------------------------------------- */

/* What Python takes for true. */
static bool is_true(const struct pith_json *value)
{
    switch (value->kind) {
    case PITH_JSON_NULL:
    case PITH_JSON_FALSE: return false;
    case PITH_JSON_TRUE: return true;
    case PITH_JSON_NUMBER: return value->number < 0 || value->number > 0;
    case PITH_JSON_STRING: return value->string.size > 0;
    case PITH_JSON_ARRAY:
    case PITH_JSON_OBJECT: return value->n_children > 0;
    }
    return false;
}

/* True and 1.0 equal 1. */
static bool is_one(const struct pith_json *value)
{
    return value->kind == PITH_JSON_TRUE ||
           (value->kind == PITH_JSON_NUMBER && value->number >= 1 &&
            value->number <= 1);
}

static enum pith_status read_config(struct member *member,
                                    const struct pith_json *config,
                                    struct pith_error *error)
{
    const struct pith_json *rate = pith_json_get(config, "rate");
    const struct pith_json *compress = pith_json_get(config, "compress");
    const struct pith_json *type = pith_json_get(config, "value_type");
    const struct pith_json *remove = pith_json_get(config, "pair_remove");
    if (!rate || !compress || !type || !remove)
        return refuse(member, "its configuration needs \"rate\", "
                              "\"compress\", \"value_type\" and "
                              "\"pair_remove\"", error);
    member->is_fixed = !is_true(compress) || is_one(rate);
    member->may_go = is_true(remove);
    if (type->kind == PITH_JSON_STRING)
        member->value_type = type->string;
    return pith_python_str(&member->rate, rate, error);
}

/* --- values ---------------------------------------------------------------------- */

/* </llmlingua><llmlingua, rate=R> text </llmlingua><llmlingua, compress=False> */
static void append_shrinking(struct pith_buffer *out,
                             const struct member *member, struct pith_text text)
{
    pith_buffer_string(out, "</llmlingua><llmlingua, rate=");
    pith_buffer_append(out, member->rate.data, member->rate.size);
    pith_buffer_byte(out, '>');
    pith_buffer_append(out, text.bytes, text.size);
    pith_buffer_string(out, close_tag);
    pith_buffer_string(out, open_fixed);
}

/* "key": with the key as it is, which the reference does not quote here. */
static void append_key(struct pith_buffer *out, struct pith_text key)
{
    pith_buffer_byte(out, '"');
    pith_buffer_append(out, key.bytes, key.size);
    pith_buffer_string(out, "\": ");
}

/* "key": "text" with both quoted as JSON; the tags are inside the quotes. */
static void append_quoted(struct pith_buffer *out, const struct member *member,
                          struct pith_text text)
{
    struct pith_buffer tagged = {0};
    append_shrinking(&tagged, member, text);
    pith_python_dumps_string(out, member->key);
    pith_buffer_string(out, ": ");
    pith_python_dumps_string(out, pith_buffer_text(&tagged));
    out->failed |= tagged.failed;
    pith_buffer_free(&tagged);
}

/* value_type str */
static enum pith_status append_string(struct pith_buffer *out,
                                      const struct member *member,
                                      struct pith_error *error)
{
    struct pith_buffer text = {0};
    enum pith_status status = pith_python_str(&text, member->value, error);
    append_quoted(out, member, pith_buffer_text(&text));
    out->failed |= text.failed;
    pith_buffer_free(&text);
    return status;
}

/* value_type bool */
static enum pith_status append_bool(struct pith_buffer *out,
                                    const struct member *member,
                                    struct pith_error *error)
{
    static const char *const spelled[2][3] = {{"False", "false", "FALSE"},
                                              {"True", "true", "TRUE"}};
    const struct pith_json *value = member->value;
    int truth = -1;
    if (is_one(value))
        truth = 1;
    else if (value->kind == PITH_JSON_FALSE ||
             (value->kind == PITH_JSON_NUMBER && !is_true(value)))
        truth = 0;
    for (int i = 0; i < 2 && value->kind == PITH_JSON_STRING; i++)
        for (int j = 0; j < 3; j++)
            if (pith_text_is(value->string, spelled[i][j]))
                truth = i;
    if (truth < 0)
        return refuse(member, "expected true or false", error);
    append_quoted(out, member, pith_text_of(truth ? "true" : "false"));
    return PITH_OK;
}

/* value_type int or float */
static enum pith_status append_number(struct pith_buffer *out,
                                      const struct member *member,
                                      bool integer, struct pith_error *error)
{
    struct pith_buffer text = {0};
    bool is_number = integer ? pith_python_int(&text, member->value)
                             : pith_python_float(&text, member->value);
    append_key(out, member->key);
    append_shrinking(out, member, pith_buffer_text(&text));
    out->failed |= text.failed;
    pith_buffer_free(&text);
    if (out->failed)
        return PITH_OK; /* taking the buffer will say so */
    if (!is_number)
        return refuse(member, integer ? "expected an integer"
                                      : "expected a number", error);
    return PITH_OK;
}

/* --- sequences -------------------------------------------------------------------- */

/* Items between open and close; the quotes around them are the reference's,
 * which does not quote what is in them. */
struct sequence {
    struct pith_buffer *out;
    const struct member *member;
    size_t n;
};

static void append_item(struct sequence *sequence, struct pith_text item)
{
    if (sequence->n++ > 0)
        pith_buffer_string(sequence->out, "\", \"");
    append_shrinking(sequence->out, sequence->member, item);
}

static enum pith_status append_elements(struct sequence *sequence,
                                        const struct pith_json *array,
                                        struct pith_error *error)
{
    for (const struct pith_json *at = array->first; at; at = at->next) {
        struct pith_buffer item = {0};
        enum pith_status status = pith_python_str(&item, at, error);
        append_item(sequence, pith_buffer_text(&item));
        sequence->out->failed |= item.failed;
        pith_buffer_free(&item);
        PITH_TRY(status);
    }
    return PITH_OK;
}

/* A string is a sequence of characters to Python. */
static void append_characters(struct sequence *sequence,
                              struct pith_text string)
{
    for (size_t at = 0, n; at < string.size; at += n) {
        uint32_t code;
        n = pith_utf8_decode(string.bytes + at, string.size - at, &code);
        append_item(sequence, (struct pith_text){string.bytes + at, n});
    }
}

/* The keys, or with their values: "key: value". */
static enum pith_status append_pairs(struct sequence *sequence,
                                     const struct pith_json *object,
                                     bool with_values,
                                     struct pith_error *error)
{
    struct pith_json_members members;
    enum pith_status status = PITH_OK;
    PITH_TRY(pith_json_members_create(&members, object, error));
    for (size_t i = 0; status == PITH_OK && i < members.n; i++) {
        struct pith_buffer item = {0};
        pith_buffer_append(&item, members.keys[i].bytes, members.keys[i].size);
        if (with_values) {
            pith_buffer_string(&item, ": ");
            status = pith_python_str(&item, members.values[i], error);
        }
        append_item(sequence, pith_buffer_text(&item));
        sequence->out->failed |= item.failed;
        pith_buffer_free(&item);
    }
    pith_json_members_free(&members);
    return status;
}

/* value_type list, tuple or dict */
static enum pith_status append_sequence(struct pith_buffer *out,
                                        const struct member *member,
                                        const char *brackets, bool is_dict,
                                        struct pith_error *error)
{
    struct sequence sequence = {out, member, 0};
    const struct pith_json *value = member->value;
    append_key(out, member->key);
    pith_buffer_byte(out, brackets[0]);
    pith_buffer_byte(out, '"');
    if (value->kind == PITH_JSON_OBJECT)
        PITH_TRY(append_pairs(&sequence, value, is_dict, error));
    else if (value->kind == PITH_JSON_ARRAY && !is_dict)
        PITH_TRY(append_elements(&sequence, value, error));
    else if (value->kind == PITH_JSON_STRING && !is_dict)
        append_characters(&sequence, value->string);
    else
        return refuse(member, is_dict ? "expected an object"
                                      : "expected an array", error);
    pith_buffer_byte(out, '"');
    pith_buffer_byte(out, brackets[1]);
    return PITH_OK;
}

/* --- contexts --------------------------------------------------------------------- */

static enum pith_status append_shrinking_value(struct pith_buffer *out,
                                               const struct member *member,
                                               struct pith_error *error)
{
    static const struct {
        const char *name;
        char kind;
    } types[] = {
        {"str", 's'},   {"string", 's'},  {"int", 'i'},  {"integer", 'i'},
        {"float", 'f'}, {"number", 'f'},  {"bool", 'b'}, {"boolean", 'b'},
        {"list", 'l'},  {"List", 'l'},    {"dict", 'd'}, {"dictionary", 'd'},
        {"tuple", 't'},
    };
    char kind = 0;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (pith_text_is(member->value_type, types[i].name))
            kind = types[i].kind;
    switch (kind) {
    case 's': return append_string(out, member, error);
    case 'i': return append_number(out, member, true, error);
    case 'f': return append_number(out, member, false, error);
    case 'b': return append_bool(out, member, error);
    case 'l': return append_sequence(out, member, "[]", false, error);
    case 't': return append_sequence(out, member, "()", false, error);
    case 'd': return append_sequence(out, member, "[]", true, error);
    default: break;
    }
    return refuse(member, "its value_type is none of str, int, float, bool, "
                          "list, tuple, dict", error);
}

static enum pith_status append_member(struct pith_buffer *out,
                                      const struct member *member,
                                      struct pith_error *error)
{
    pith_buffer_string(out, open_fixed);
    if (member->is_fixed) {
        pith_python_dumps_string(out, member->key);
        pith_buffer_string(out, ": ");
        PITH_TRY(pith_python_dumps(out, member->value, error));
    } else {
        PITH_TRY(append_shrinking_value(out, member, error));
    }
    pith_buffer_string(out, ", ");
    pith_buffer_string(out, close_tag);
    return PITH_OK;
}

static enum pith_status add_context(struct pith_json_contexts *contexts,
                                    struct pith_buffer *text, bool forced,
                                    struct pith_error *error)
{
    PITH_TRY(pith_buffer_take(text, &contexts->contexts[contexts->n],
                              &contexts->sizes[contexts->n], error));
    if (forced)
        contexts->forced_ids[contexts->n_forced_ids++] = contexts->n;
    contexts->n++;
    return PITH_OK;
}

static enum pith_status add_bracket(struct pith_json_contexts *contexts,
                                    char bracket, struct pith_error *error)
{
    struct pith_buffer text = {0};
    pith_buffer_printf(&text, "%s%c%s", open_fixed, bracket, close_tag);
    return add_context(contexts, &text, true, error);
}

static enum pith_status add_member(struct pith_json_contexts *contexts,
                                   struct pith_text key,
                                   const struct pith_json *value,
                                   const struct pith_json *config,
                                   struct pith_error *error)
{
    struct member member = {.key = key, .value = value};
    struct pith_buffer text = {0};
    enum pith_status status = read_config(&member, config, error);
    if (status == PITH_OK)
        status = append_member(&text, &member, error);
    text.failed |= member.rate.failed;
    if (status == PITH_OK)
        status = add_context(contexts, &text, !member.may_go, error);
    pith_buffer_free(&text);
    pith_buffer_free(&member.rate);
    return status;
}

/* The last member has no ", " after it.  (In an empty record this cuts the
 * '{' and a '>', as in the reference.) */
static void cut_last_comma(struct pith_json_contexts *contexts)
{
    char *text = contexts->contexts[contexts->n - 1];
    size_t *size = &contexts->sizes[contexts->n - 1];
    size_t n_close = strlen(close_tag);
    memmove(text + *size - n_close - 2, text + *size - n_close, n_close + 1);
    *size -= 2;
}

static enum pith_status build_contexts(struct pith_json_contexts *contexts,
                                       const struct pith_json_members *data,
                                       const struct pith_json_members *config,
                                       struct pith_error *error)
{
    if (data->n != config->n)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "the JSON record has %zu keys and its configuration "
                         "%zu; they must have the same ones", data->n,
                         config->n);
    PITH_TRY(add_bracket(contexts, '{', error));
    for (size_t i = 0; i < data->n; i++) {
        const struct pith_json *settings =
            pith_json_members_find(config, data->keys[i]);
        if (settings == NULL)
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "JSON member \"%.*s\": it is not in the "
                             "configuration",
                             (int)(data->keys[i].size < 100
                                       ? data->keys[i].size : 100),
                             data->keys[i].bytes);
        PITH_TRY(add_member(contexts, data->keys[i], data->values[i], settings,
                            error));
    }
    cut_last_comma(contexts);
    return add_bracket(contexts, '}', error);
}

static enum pith_status allocate(struct pith_json_contexts *contexts, size_t n,
                                 struct pith_error *error)
{
    *contexts = (struct pith_json_contexts){0};
    contexts->contexts = pith_array_zero(n, sizeof *contexts->contexts);
    contexts->sizes = pith_array_zero(n, sizeof *contexts->sizes);
    contexts->forced_ids = pith_array_zero(n, sizeof *contexts->forced_ids);
    if (!contexts->contexts || !contexts->sizes || !contexts->forced_ids)
        return pith_no_memory(error, n, sizeof *contexts->contexts);
    return PITH_OK;
}

enum pith_status pith_structured_json_open(const struct pith_json *data,
                                           const struct pith_json *config,
                                           struct pith_json_contexts *contexts,
                                           struct pith_error *error)
{
    struct pith_json_members members = {0}, settings = {0};
    *contexts = (struct pith_json_contexts){0};
    if (!pith_json_is(data, PITH_JSON_OBJECT) ||
        !pith_json_is(config, PITH_JSON_OBJECT))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "the JSON record and its configuration must be "
                         "objects");
    enum pith_status status = pith_json_members_create(&members, data, error);
    if (status == PITH_OK)
        status = pith_json_members_create(&settings, config, error);
    if (status == PITH_OK)
        status = allocate(contexts, members.n + 2, error);
    if (status == PITH_OK)
        status = build_contexts(contexts, &members, &settings, error);
    pith_json_members_free(&members);
    pith_json_members_free(&settings);
    if (status != PITH_OK)
        pith_json_contexts_free(contexts);
    return status;
}

void pith_json_contexts_free(struct pith_json_contexts *contexts)
{
    for (size_t i = 0; i < contexts->n; i++)
        pith_free(contexts->contexts[i]);
    pith_free(contexts->contexts);
    pith_free(contexts->sizes);
    pith_free(contexts->forced_ids);
    *contexts = (struct pith_json_contexts){0};
}

void pith_structured_json_close(struct pith_text compressed,
                                struct pith_buffer *out)
{
    bool behind_comma = false;
    for (size_t at = 0, n; at < compressed.size; at += n) {
        uint32_t code;
        n = pith_utf8_decode(compressed.bytes + at, compressed.size - at,
                             &code);
        if (behind_comma && (code == ',' || pith_is_space(code)))
            continue;
        behind_comma = code == ',';
        pith_buffer_append(out, compressed.bytes + at, n);
    }
}
