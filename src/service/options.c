/*
 * options.c - the options of a request, under the Python package's names.
 *
 * The list of pith_compress_option says what each name means; a list here has
 * the names that the Python package has and pith does not, each with the
 * value at which it changes nothing and is therefore accepted.
 */
#include "service.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../prompt/option_size.h"

/* The rest of compress_prompt's parameters. */
static const struct other {
    const char *name;
    const char *neutral; /* "false" or a whole number; NULL: an empty list */
    const char *as;      /* the option of ours that it means; NULL: none */
} others[] = {
    {"force_tokens", NULL, "keep"},
    {"force_reserve_digit", "false", "keep_digits"},
    {"context_segs", NULL, NULL},
    {"context_segs_rate", NULL, NULL},
    {"context_segs_compress", NULL, NULL},
    {"target_context", "-1", NULL},
    {"context_level_rate", "1", NULL},
    {"context_level_target_token", "-1", NULL},
    {"return_word_label", "false", NULL},
    {"drop_consecutive", "false", NULL},
};

enum { N_OTHERS = sizeof others / sizeof others[0], SHOWN_BYTES = 60 };

/* --- what was expected --------------------------------------------------------- */

static void write_found(struct pith_buffer *out, const struct pith_json *value)
{
    int n = value->string.size < SHOWN_BYTES ? (int)value->string.size
                                             : SHOWN_BYTES;
    switch (value->kind) {
    case PITH_JSON_NULL: pith_buffer_string(out, "null"); break;
    case PITH_JSON_FALSE: pith_buffer_string(out, "false"); break;
    case PITH_JSON_TRUE: pith_buffer_string(out, "true"); break;
    case PITH_JSON_NUMBER:
        pith_buffer_printf(out, "%.*s", n, value->string.bytes);
        break;
    case PITH_JSON_STRING:
        pith_buffer_printf(out, "\"%.*s\"", n, value->string.bytes);
        break;
    case PITH_JSON_ARRAY: pith_buffer_string(out, "a list"); break;
    case PITH_JSON_OBJECT: pith_buffer_string(out, "an object"); break;
    }
}

static enum pith_status expected(const struct pith_json *value,
                                 const char *what, struct pith_error *error)
{
    struct pith_buffer found = {0};
    int n = value->key.size < SHOWN_BYTES ? (int)value->key.size : SHOWN_BYTES;
    write_found(&found, value);
    enum pith_status status =
        pith_fail(error, PITH_ERR_ARGUMENT,
                  "option \"%.*s\": expected %s, found %.*s", n,
                  value->key.bytes, what, (int)found.size, found.data);
    pith_buffer_free(&found);
    return status;
}

/* "a number above 0 and at most 1" */
static enum pith_status out_of_range(const struct pith_option *option,
                                     const struct pith_json *value,
                                     struct pith_error *error)
{
    char what[96];
    const char *whole = option->type == PITH_OPTION_COUNT ? "whole " : "";
    const char *from = option->use & PITH_OPTION_ABOVE_LOW ? "above"
                                                           : "not below";
    if (option->high < 1e9)
        snprintf(what, sizeof what, "a %snumber %s %.0f and at most %.0f",
                 whole, from, option->low, option->high);
    else
        snprintf(what, sizeof what, "a %snumber %s %.0f", whole, from,
                 option->low);
    return expected(value, what, error);
}

/* --- values -------------------------------------------------------------------- */

enum pith_status pith_request_own(struct pith_request *request, size_t n,
                                  size_t size, void **memory,
                                  struct pith_error *error)
{
    void **owned = pith_array_resize(request->owned, request->n_owned + 1,
                                     sizeof *owned);
    if (owned == NULL)
        return pith_no_memory(error, request->n_owned + 1, sizeof *owned);
    request->owned = owned;
    *memory = pith_array(n, size);
    if (*memory == NULL)
        return pith_no_memory(error, n, size);
    owned[request->n_owned++] = *memory;
    return PITH_OK;
}

/* Within the range, or the default, which may be outside of it. */
static bool is_number(const struct pith_option *option,
                      const struct pith_json *value)
{
    double number = value->number;
    bool from_low = option->use & PITH_OPTION_ABOVE_LOW
                        ? number > option->low : number >= option->low;
    return pith_json_is(value, PITH_JSON_NUMBER) &&
           (number == option->start || (from_low && number <= option->high));
}

static bool is_count(const struct pith_option *option,
                     const struct pith_json *value)
{
    return is_number(option, value) && value->number <= (double)(SIZE_MAX / 2) &&
           floor(value->number) == value->number;
}

/* The index of the word among "paper|reference"; false: it is none of them. */
static bool find_word(const char *words, const struct pith_json *value,
                      int *index)
{
    *index = 0;
    while (pith_json_is(value, PITH_JSON_STRING)) {
        size_t n = strcspn(words, "|");
        if (n == value->string.size &&
            memcmp(words, value->string.bytes, n) == 0)
            return true;
        if (words[n] == '\0')
            return false;
        words += n + 1;
        ++*index;
    }
    return false;
}

static enum pith_status read_choice(const struct pith_json *value,
                                    const char *words, int *choice,
                                    struct pith_error *error)
{
    char what[160];
    if (find_word(words, value, choice))
        return PITH_OK;
    snprintf(what, sizeof what, "one of %s", words);
    return expected(value, what, error);
}

/* A copy that ends in NUL. */
static enum pith_status read_string(struct pith_request *request,
                                    const struct pith_json *value,
                                    const char **string,
                                    struct pith_error *error)
{
    struct pith_text text = value->string;
    void *copy;
    if (!pith_json_is(value, PITH_JSON_STRING) ||
        (text.size > 0 && memchr(text.bytes, '\0', text.size) != NULL))
        return expected(value, "a string without NUL", error);
    PITH_TRY(pith_request_own(request, text.size + 1, 1, &copy, error));
    if (text.size > 0)
        memcpy(copy, text.bytes, text.size);
    ((char *)copy)[text.size] = '\0';
    *string = copy;
    return PITH_OK;
}

static enum pith_status read_counts(struct pith_request *request,
                                    const struct pith_option *option,
                                    const struct pith_json *value,
                                    const size_t **counts, size_t *n,
                                    struct pith_error *error)
{
    static const char what[] = "a list of whole numbers not below 0";
    void *memory;
    if (!pith_json_is(value, PITH_JSON_ARRAY))
        return expected(value, what, error);
    PITH_TRY(pith_request_own(request, value->n_children, sizeof **counts,
                              &memory, error));
    *counts = memory;
    *n = 0;
    for (const struct pith_json *item = value->first; item != NULL;
         item = item->next) {
        if (!is_count(option, item))
            return expected(value, what, error);
        ((size_t *)memory)[(*n)++] = (size_t)item->number;
    }
    return PITH_OK;
}

enum { MAX_TEXTS = 1000 };

/* They come after the n that are there. */
static enum pith_status read_texts(struct pith_request *request,
                                   const struct pith_json *value,
                                   const struct pith_text **texts, size_t *n,
                                   struct pith_error *error)
{
    static const char what[] = "a list of strings, none of them empty";
    void *memory;
    if (!pith_json_is(value, PITH_JSON_ARRAY))
        return expected(value, what, error);
    /* Each is looked for in the whole prompt. */
    if (value->n_children > MAX_TEXTS)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "\"%.*s\": found %zu strings, expected at most %d; a "
                         "\"keep_regex\" may take the place of many",
                         (int)value->key.size, value->key.bytes,
                         value->n_children, MAX_TEXTS);
    PITH_TRY(pith_request_own(request, *n + value->n_children, sizeof **texts,
                              &memory, error));
    struct pith_text *items = memory;
    for (size_t i = 0; i < *n; i++)
        items[i] = (*texts)[i];
    *texts = items;
    for (const struct pith_json *item = value->first; item != NULL;
         item = item->next) {
        if (!pith_json_is(item, PITH_JSON_STRING) || item->string.size == 0)
            return expected(value, what, error);
        items[(*n)++] = item->string;
    }
    return PITH_OK;
}

/* "numbers,urls" or ["numbers", "urls"] */
static enum pith_status read_kinds(const struct pith_json *value,
                                   unsigned *kinds, struct pith_error *error)
{
    static const char what[] = "names of kinds, \"numbers,urls\" or a list";
    if (pith_json_is(value, PITH_JSON_STRING))
        return pith_protect_parse(value->string, kinds, error);
    if (!pith_json_is(value, PITH_JSON_ARRAY))
        return expected(value, what, error);
    *kinds = 0;
    for (const struct pith_json *item = value->first; item != NULL;
         item = item->next) {
        unsigned more;
        if (!pith_json_is(item, PITH_JSON_STRING))
            return expected(value, what, error);
        PITH_TRY(pith_protect_parse(item->string, &more, error));
        *kinds |= more;
    }
    return PITH_OK;
}

static bool is_boolean(const struct pith_json *value)
{
    return pith_json_is(value, PITH_JSON_TRUE) ||
           pith_json_is(value, PITH_JSON_FALSE);
}

/* more: a list is added to what is there. */
static enum pith_status read_value(struct pith_request *request,
                                   const struct pith_option *option,
                                   const struct pith_json *value, bool more,
                                   struct pith_error *error)
{
    void *member = (char *)&request->options + option->offset;
    size_t *n = (size_t *)((char *)member + sizeof(void *)); /* of a list */
    switch (option->type) {
    case PITH_OPTION_BOOL:
        if (!is_boolean(value))
            return expected(value, "true or false", error);
        *(bool *)member = pith_json_is(value, PITH_JSON_TRUE);
        return PITH_OK;
    case PITH_OPTION_BITS:
        if (!is_boolean(value))
            return expected(value, "true or false", error);
        if (pith_json_is(value, PITH_JSON_TRUE))
            *(unsigned *)member |= (unsigned)option->low;
        return PITH_OK;
    case PITH_OPTION_KINDS:
        return read_kinds(value, member, error);
    case PITH_OPTION_COUNT:
        if (!is_count(option, value))
            return out_of_range(option, value, error);
        *(size_t *)member = (size_t)value->number;
        return PITH_OK;
    case PITH_OPTION_REAL:
        if (!is_number(option, value))
            return out_of_range(option, value, error);
        *(double *)member = value->number;
        return PITH_OK;
    case PITH_OPTION_CHOICE:
        return read_choice(value, option->value, member, error);
    case PITH_OPTION_TEXT:
        return read_string(request, value, member, error);
    case PITH_OPTION_TEXTS:
        *n = more ? *n : 0;
        return read_texts(request, value, member, n, error);
    case PITH_OPTION_COUNTS:
        return read_counts(request, option, value, member, n, error);
    }
    return PITH_OK;
}

enum pith_status pith_request_read_method(const struct pith_json *value,
                                          enum pith_method *method,
                                          struct pith_error *error)
{
    int choice;
    PITH_TRY(read_choice(value, "paper|reference|spans", &choice, error));
    *method = (enum pith_method)choice;
    return PITH_OK;
}

/* --- names --------------------------------------------------------------------- */

static const struct pith_option *find_option(const struct pith_request *request,
                                             struct pith_text key)
{
    unsigned hidden = request->is_record ? PITH_OPTION_FOR_PROMPTS_ONLY
                                         : PITH_OPTION_FOR_RECORDS_ONLY;
    const struct pith_option *option;
    for (size_t i = 0; (option = pith_compress_option(i)) != NULL; i++)
        if (pith_name_is(key, option->key) && !(option->use & hidden))
            return option;
    return NULL;
}

static const struct other *find_other(struct pith_text key)
{
    for (size_t i = 0; i < N_OTHERS; i++)
        if (pith_name_is(key, others[i].name))
            return &others[i];
    return NULL;
}

static bool is_neutral(const struct pith_json *value, const char *neutral)
{
    switch (value->kind) {
    case PITH_JSON_NULL: return true;
    case PITH_JSON_FALSE: return neutral != NULL && !strcmp(neutral, "false");
    case PITH_JSON_NUMBER:
        return neutral != NULL && value->number == (double)atol(neutral);
    case PITH_JSON_ARRAY: return neutral == NULL && value->n_children == 0;
    case PITH_JSON_TRUE:
    case PITH_JSON_STRING:
    case PITH_JSON_OBJECT: return false;
    }
    return false;
}

/* Where an instruction or a question goes, which are options to the Python
 * package; NULL for other keys. */
static struct pith_text *find_text(struct pith_request *request,
                                   struct pith_text key)
{
    if (pith_name_is(key, "instruction"))
        return &request->prompt.instruction;
    if (pith_name_is(key, "question"))
        return &request->prompt.question;
    return NULL;
}

/* The option that a key may have meant; NULL: none is close. */
static const char *find_near(const struct pith_request *request,
                             struct pith_text key)
{
    const char *nearest = NULL;
    size_t least = SIZE_MAX;
    const struct pith_option *option;
    for (size_t i = 0; (option = pith_compress_option(i)) != NULL; i++) {
        struct pith_text known = {option->key, 0};
        known.size = option->key != NULL ? strlen(option->key) : 0;
        size_t distance = pith_spelling_distance(key, known);
        if (distance >= least || find_option(request, known) != option)
            continue;
        least = distance;
        nearest = option->key;
    }
    return nearest;
}

/* What nothing is known of: refused among "options", else noted. */
static enum pith_status read_unknown(struct pith_request *request,
                                     struct pith_text key, bool among_options,
                                     struct pith_error *error)
{
    static const char *const prompts_members[] = {"context", "messages",
                                                  "options", NULL},
                             *const records_members[] = {
                                 "json_data", "json_config", "options", NULL};
    if (among_options) {
        const char *near = find_near(request, key);
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "option \"%.*s\" is unknown%s%s%s; docs/REQUESTS.md "
                         "lists the options",
                         key.size < SHOWN_BYTES ? (int)key.size : SHOWN_BYTES,
                         key.bytes, near != NULL ? " (did you mean " : "",
                         near != NULL ? near : "", near != NULL ? "?)" : "");
    }
    pith_note_unknown(&request->unknown, key,
                      request->is_record ? records_members : prompts_members);
    return PITH_OK;
}

static enum pith_status read_member(struct pith_request *request,
                                    const struct pith_json *value,
                                    bool among_options,
                                    struct pith_error *error)
{
    const struct pith_option *option = find_option(request, value->key);
    struct pith_text *text = find_text(request, value->key);
    if (option == NULL && text == NULL)
        return find_other(value->key) != NULL
                   ? PITH_OK
                   : read_unknown(request, value->key, among_options, error);
    if (pith_json_is(value, PITH_JSON_NULL))
        return PITH_OK;
    if (option != NULL && option->type == PITH_OPTION_BITS)
        return PITH_OK;
    if (option != NULL)
        return read_value(request, option, value, false, error);
    if (!pith_json_is(value, PITH_JSON_STRING))
        return expected(value, "a string", error);
    *text = value->string;
    return PITH_OK;
}

/* Once all else is read, the method too: options that are not for it, those
 * that add to others, and those that only the Python package has. */
static enum pith_status read_later(struct pith_request *request,
                                     const struct pith_json *value,
                                     struct pith_error *error)
{
    const struct pith_option *option = find_option(request, value->key);
    const struct other *other = find_other(value->key);
    unsigned method = pith_method_use(request->options.method);
    char taken[80];
    if (other != NULL && is_neutral(value, other->neutral))
        return PITH_OK;
    if (other != NULL && other->as == NULL)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "option \"%s\" is not supported; leave it at its "
                         "default", other->name);
    if (other != NULL)
        option = find_option(request, (struct pith_text){other->as,
                                                         strlen(other->as)});
    if (option == NULL || pith_json_is(value, PITH_JSON_NULL))
        return PITH_OK;
    if (!(option->use & method))
        pith_note_add(&request->foreign, value->key);
    if (other == NULL && option->type != PITH_OPTION_BITS)
        return PITH_OK;
    if (other != NULL && (option->use & method)) {
        int n = snprintf(taken, sizeof taken, "%s as %s", other->name,
                         other->as);
        pith_note_add(&request->taken, (struct pith_text){taken, (size_t)n});
    }
    return read_value(request, option, value, true, error);
}

/* How often a member is there, null not counted. */
static size_t count_given(const struct pith_json *object, const char *key)
{
    size_t n = 0;
    for (const struct pith_json *member = object->first; member != NULL;
         member = member->next)
        n += pith_name_is(member->key, key) &&
             !pith_json_is(member, PITH_JSON_NULL);
    return n;
}

static enum pith_status check_once(const struct pith_json *object,
                                   const char *key, struct pith_error *error)
{
    return count_given(object, key) <= 1
               ? PITH_OK
               : pith_fail(error, PITH_ERR_ARGUMENT,
                           "\"%s\" is given twice; leave one out", key);
}

/* No option is in both objects, and none twice in one. */
static enum pith_status check_twice(const struct pith_json *arguments,
                                    const struct pith_json *options,
                                    struct pith_error *error)
{
    const struct pith_option *option;
    PITH_TRY(check_once(arguments, "context", error));
    PITH_TRY(check_once(arguments, "options", error));
    for (size_t i = 0; (option = pith_compress_option(i)) != NULL; i++) {
        if (option->key == NULL)
            continue;
        PITH_TRY(check_once(arguments, option->key, error));
        PITH_TRY(check_once(options, option->key, error));
        if (count_given(arguments, option->key) > 0 &&
            count_given(options, option->key) > 0)
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "option \"%s\" is given in \"options\" and "
                             "outside; leave one out", option->key);
    }
    return PITH_OK;
}

/* The method of the request, before its other options: what the caller has set
 * that it does not have is back at its default. */
static enum pith_status take_method(struct pith_request *request,
                                    const struct pith_json *value,
                                    struct pith_error *error)
{
    struct pith_compress_options defaults;
    const struct pith_option *row;
    enum pith_method method;
    if (value == NULL || pith_json_is(value, PITH_JSON_NULL))
        return PITH_OK;
    PITH_TRY(pith_request_read_method(value, &method, error));
    pith_compress_options_init(&defaults);
    for (size_t i = 0; (row = pith_compress_option(i)) != NULL; i++)
        if (row->key != NULL && !(row->use & pith_method_use(method)))
            memcpy((char *)&request->options + row->offset,
                   (const char *)&defaults + row->offset,
                   pith_option_size(row));
    return PITH_OK;
}

enum pith_status pith_request_read_options(struct pith_request *request,
                                           const struct pith_json *arguments,
                                           struct pith_error *error)
{
    static const struct pith_json none = {.kind = PITH_JSON_OBJECT};
    struct pith_compress_options *own = &request->options;
    double rate = own->rate, target = own->target, threshold = own->threshold;
    const struct pith_json *options = pith_json_get(arguments, "options");
    if (options == NULL || pith_json_is(options, PITH_JSON_NULL))
        options = &none;
    if (!pith_json_is(options, PITH_JSON_OBJECT))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "\"options\": expected an object");
    PITH_TRY(check_twice(arguments, options, error));
    for (int i = 0; i < 2; i++)
        PITH_TRY(take_method(request,
                             pith_json_get(i == 0 ? arguments : options,
                                           "method"), error));
    own->rate = own->target = own->threshold = -1;
    const struct pith_json *const objects[] = {arguments, options}, *value;
    for (int i = 0; i < 2; i++)
        for (value = objects[i]->first; value != NULL; value = value->next)
            PITH_TRY(read_member(request, value, i == 1, error));
    for (int i = 0; i < 2; i++)
        for (value = objects[i]->first; value != NULL; value = value->next)
            PITH_TRY(read_later(request, value, error));
    /* target_token wins over rate, as in Python; -1 there means "not
     * given". */
    if (own->target > 0) {
        own->rate = -1;
    } else if (own->rate < 0 && own->threshold <= 0) {
        own->rate = rate;
        own->target = target;
        own->threshold = threshold;
    }
    return PITH_OK;
}
