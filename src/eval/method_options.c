/*
 * method_options.c - see method_options.h.
 */
#include "method_options.h"

#include <math.h>
#include <string.h>

#include "../base/decimal.h"
#include "../base/exact.h"

/* One option of a name: "units=token". */
struct item {
    const struct pith_option *option;
    const char *name, *value; /* value NULL: none */
    const char *shown;
};

static enum pith_status refuse(const struct item *item, const char *expected,
                               struct pith_error *error)
{
    return pith_fail(error, PITH_ERR_ARGUMENT,
                     "method \"%.100s\": %.40s: found %s%.60s%s, expected %s",
                     item->shown, item->name, item->value != NULL ? "\"" : "",
                     item->value != NULL ? item->value : "no value",
                     item->value != NULL ? "\"" : "", expected);
}

/* --- values ----------------------------------------------------------------- */

static size_t n_digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* Digits, and of reals a point and digits. */
static bool read_number(const struct item *item, bool whole, double *number)
{
    const struct pith_option *option = item->option;
    const char *text = item->value != NULL ? item->value : "";
    size_t n = n_digits(text);
    if (!whole && n > 0 && text[n] == '.' && n_digits(text + n + 1) > 0)
        n += 1 + n_digits(text + n + 1);
    if (n == 0 || n > 20 || text[n] != '\0')
        return false;
    *number = pith_decimal_read(text, n);
    return *number <= option->high &&
           ((option->use & PITH_OPTION_ABOVE_LOW) != 0
                ? *number > option->low : *number >= option->low);
}

static enum pith_status read_count(const struct item *item, size_t *count,
                                   struct pith_error *error)
{
    double number;
    if (!read_number(item, true, &number) || number > (double)(SIZE_MAX / 2))
        return refuse(item, "a whole number in its range", error);
    *count = (size_t)number;
    return PITH_OK;
}

static enum pith_status read_choice(const struct item *item, int *choice,
                                    struct pith_error *error)
{
    const char *words = item->option->value;
    size_t size = item->value != NULL ? strlen(item->value) : 0;
    for (*choice = 0; size > 0; ++*choice) {
        size_t n = strcspn(words, "|");
        if (n == size && memcmp(words, item->value, n) == 0)
            return PITH_OK;
        if (words[n] == '\0')
            break;
        words += n + 1;
    }
    return refuse(item, item->option->value, error);
}

static enum pith_status read_switch(const struct item *item, bool *on,
                                    struct pith_error *error)
{
    bool off = item->value != NULL && strcmp(item->value, "off") == 0;
    if (item->value != NULL && !off && strcmp(item->value, "on") != 0)
        return refuse(item, "on or off", error);
    *on = !off;
    return PITH_OK;
}

static enum pith_status read_kinds(const struct item *item, unsigned *kinds,
                                   struct pith_error *error)
{
    unsigned more;
    if (item->value == NULL)
        return refuse(item, "a kind of text", error);
    PITH_TRY(pith_protect_parse(
        (struct pith_text){item->value, strlen(item->value)}, &more, error));
    *kinds |= more;
    return PITH_OK;
}

static enum pith_status take_value(struct pith_method_options *read,
                                   const struct item *item,
                                   struct pith_error *error)
{
    const struct pith_option *option = item->option;
    void *member = (char *)&read->options + option->offset;
    size_t *n = (size_t *)((char *)member + sizeof(void *)); /* of a list */
    bool is_list = option->type == PITH_OPTION_TEXTS ||
                   option->type == PITH_OPTION_COUNTS;
    bool on = true;
    if (is_list && *n == PITH_METHOD_ITEMS)
        return refuse(item, "at most 16 of them", error);
    switch (option->type) {
    case PITH_OPTION_BOOL:
        return read_switch(item, member, error);
    case PITH_OPTION_BITS:
        PITH_TRY(read_switch(item, &on, error));
        *(unsigned *)member |= on ? (unsigned)option->low : 0;
        return PITH_OK;
    case PITH_OPTION_KINDS:
        return read_kinds(item, member, error);
    case PITH_OPTION_CHOICE:
        return read_choice(item, member, error);
    case PITH_OPTION_COUNT:
        return read_count(item, member, error);
    case PITH_OPTION_REAL:
        return read_number(item, false, member)
                   ? PITH_OK : refuse(item, "a number in its range", error);
    case PITH_OPTION_COUNTS:
        PITH_TRY(read_count(item, &read->counts[*n], error));
        *(const size_t **)member = read->counts;
        ++*n;
        return PITH_OK;
    case PITH_OPTION_TEXT:
    case PITH_OPTION_TEXTS:
        break;
    }
    if (item->value == NULL || *item->value == '\0')
        return refuse(item, "a text", error);
    if (option->type == PITH_OPTION_TEXT) {
        *(const char **)member = item->value;
        return PITH_OK;
    }
    read->texts[*n] = (struct pith_text){item->value, strlen(item->value)};
    *(const struct pith_text **)member = read->texts;
    ++*n;
    return PITH_OK;
}

/* --- names ------------------------------------------------------------------ */

static bool is_of_the_table(const struct pith_option *option)
{
    static const size_t members[] = {
        offsetof(struct pith_compress_options, method),
        offsetof(struct pith_compress_options, rate),
        offsetof(struct pith_compress_options, target),
        offsetof(struct pith_compress_options, threshold)};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (option->offset == members[i])
            return true;
    return false;
}

static enum pith_status look_up(struct item *item, enum pith_method method,
                                    struct pith_error *error)
{
    const struct pith_option *option;
    size_t i = 0;
    while ((option = pith_compress_option(i)) != NULL &&
           (option->name == NULL || strcmp(option->name, item->name) != 0))
        i++;
    item->option = option;
    if (option == NULL)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "method \"%.100s\": there is no option \"%.60s\"; "
                         "pith help compress lists them", item->shown,
                         item->name);
    if (is_of_the_table(option))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "method \"%.100s\": %s cannot be part of a method; "
                         "its name and the ratio set it", item->shown,
                         item->name);
    if ((option->use & pith_method_use(method)) == 0)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "method \"%.100s\": %s is not an option of %s",
                         item->shown, item->name, pith_method_name(method));
    return PITH_OK;
}

/* The end of an item: the next plus, save one that begins a value. */
static char *item_end(char *item)
{
    char *end = item;
    while (*end != '\0' && !(*end == '+' && end > item && end[-1] != '='))
        end++;
    return end;
}

static enum pith_status take_item(struct pith_method_options *read,
                                  enum pith_method method, char *word,
                                  const char *shown, struct pith_error *error)
{
    struct item item = {.name = word, .shown = shown};
    char *sign = strchr(word, '=');
    if (sign != NULL) {
        *sign = '\0';
        item.value = sign + 1;
    }
    if (strcmp(word, "question") == 0 && sign == NULL) {
        read->sees_question = true;
        return PITH_OK;
    }
    PITH_TRY(look_up(&item, method, error));
    return take_value(read, &item, error);
}

enum pith_status pith_method_options_read(struct pith_method_options *read,
                                          enum pith_method method,
                                          const char *words, const char *shown,
                                          struct pith_error *error)
{
    *read = (struct pith_method_options){.sees_question = false};
    pith_compress_options_init(&read->options);
    read->options.method = method;
    if (strlen(words) >= sizeof read->bytes)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "method \"%.100s...\": its options take more than %d "
                         "bytes", shown, PITH_METHOD_BYTES - 1);
    memcpy(read->bytes, words, strlen(words) + 1);
    for (char *word = read->bytes, *end; *word != '\0'; word = end) {
        end = item_end(word);
        if (*end == '+')
            *end++ = '\0';
        PITH_TRY(take_item(read, method, word, shown, error));
    }
    read->sees_question |= read->options.question_aware;
    return PITH_OK;
}
