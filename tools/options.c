/*
 * options.c - see options.h.
 */
#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

/* Strict numbers: digits only, everything read, in range. */
static bool read_count(const char *text, size_t *value)
{
    size_t number = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        size_t digit = (size_t)(*text - '0');
        if (number > (SIZE_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *value = number;
    return true;
}

/* strtod also takes blanks, "inf", "nan" and hexadecimal; a command line has
 * no use for them.  The program keeps the C locale, so the point is a dot. */
static bool read_real(const char *text, double *value)
{
    char *end;
    if (*text == '\0' || text[strspn(text, "0123456789.eE+-")] != '\0')
        return false;
    *value = strtod(text, &end);
    return *end == '\0' && isfinite(*value);
}

static const struct option *find_option(const struct command *command,
                                        const char *name, size_t length,
                                        char letter)
{
    for (size_t i = 0; i < command->n_options; i++) {
        const struct option *option = &command->options[i];
        if (option->name == NULL)
            continue;
        if (letter != 0 ? option->letter == letter
                        : strlen(option->name) == length &&
                              memcmp(option->name, name, length) == 0)
            return option;
    }
    return NULL;
}

bool tool_option_given(const struct command *command,
                       const struct operands *operands, const char *name)
{
    const struct option *option = find_option(command, name, strlen(name), 0);
    return option != NULL && operands->given[option - command->options];
}

static int add_word(struct words *words, const char *word)
{
    const char **grown =
        realloc(words->items, (words->n + 1) * sizeof *grown);
    if (grown == NULL)
        return tool_no_memory();
    words->items = grown;
    words->items[words->n++] = word;
    return TOOL_OK;
}

static int bad_value(const struct command *command, const struct option *option,
                     const char *value, const char *expected)
{
    return tool_usage(command, "--%s \"%s\": expected %s", option->name, value,
                      expected);
}

/* "0,3,5" */
static int read_counts(const struct command *command,
                       const struct option *option, const char *value,
                       struct counts *counts)
{
    size_t n = 1;
    int code = TOOL_OK;
    for (const char *p = value; *p != '\0'; p++)
        n += *p == ',';
    char *copy = malloc(strlen(value) + 1);
    free(counts->items);
    counts->items = malloc(n * sizeof *counts->items);
    if (copy == NULL || counts->items == NULL) {
        free(copy);
        return tool_no_memory();
    }
    strcpy(copy, value);
    char *item = copy;
    for (counts->n = 0; counts->n < n && code == TOOL_OK; counts->n++) {
        char *comma = strchr(item, ',');
        if (comma != NULL)
            *comma = '\0';
        if (!read_count(item, &counts->items[counts->n]))
            code = bad_value(command, option, value,
                             "whole numbers with commas between them");
        item += strlen(item) + 1;
    }
    free(copy);
    return code;
}

/* Which of the words between bars it is. */
static int read_choice(const struct command *command,
                       const struct option *option, const char *value,
                       size_t *choice)
{
    char expected[128];
    size_t index = 0, length = strlen(value);
    for (const char *word = option->value; word != NULL; index++) {
        size_t n = strcspn(word, "|");
        if (n == length && memcmp(word, value, n) == 0) {
            *choice = index;
            return TOOL_OK;
        }
        word = word[n] == '|' ? word + n + 1 : NULL;
    }
    snprintf(expected, sizeof expected, "one of %s", option->value);
    return bad_value(command, option, value, expected);
}

static int range_error(const struct command *command,
                       const struct option *option, const char *value)
{
    char expected[96];
    const char *what = option->kind == OPTION_REAL ? "a" : "a whole";
    if (option->high < 1e9)
        snprintf(expected, sizeof expected, "%s number from %g to %g", what,
                 option->low, option->high);
    else
        snprintf(expected, sizeof expected, "%s number not below %g", what,
                 option->low);
    return bad_value(command, option, value, expected);
}

static bool in_range(const struct option *option, double number)
{
    return number >= option->low && number <= option->high;
}

static int set_option(const struct command *command,
                      const struct option *option, const char *value,
                      void *arguments)
{
    void *member = (char *)arguments + option->offset;
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)member = true;
        return TOOL_OK;
    case OPTION_WORD:
        *(const char **)member = value;
        return TOOL_OK;
    case OPTION_CHOICE:
        return read_choice(command, option, value, member);
    case OPTION_WORDS:
        return add_word(member, value);
    case OPTION_COUNTS:
        return read_counts(command, option, value, member);
    case OPTION_COUNT: {
        size_t number;
        if (!read_count(value, &number) || !in_range(option, (double)number))
            return range_error(command, option, value);
        *(size_t *)member = number;
        return TOOL_OK;
    }
    case OPTION_REAL: {
        double number;
        if (!read_real(value, &number) || !in_range(option, number))
            return range_error(command, option, value);
        *(double *)member = number;
        return TOOL_OK;
    }
    case OPTION_SWITCH:
        if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
            return bad_value(command, option, value, "on or off");
        *(bool *)member = strcmp(value, "on") == 0;
        return TOOL_OK;
    }
    return TOOL_FAILED;
}

/* One option, its value either behind it or in the next word. */
static int take_option(const struct command *command,
                       const struct option *option, const char *value,
                       char **next, int *used, void *arguments,
                       struct operands *operands)
{
    if (option->value == NULL && value != NULL)
        return tool_usage(command, "--%s takes no value", option->name);
    if (option->value != NULL && value == NULL) {
        if (*next == NULL)
            return tool_usage(command, "--%s needs a value (%s)", option->name,
                              option->value);
        value = *next;
        *used = 1;
    }
    operands->given[option - command->options] = true;
    return set_option(command, option, value, arguments);
}

static int take_long(const struct command *command, char **argv, int *used,
                     void *arguments, struct operands *operands)
{
    const char *name = argv[0] + 2;
    const char *equals = strchr(name, '=');
    size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const struct option *option = find_option(command, name, length, 0);
    if (strcmp(name, "help") == 0) {
        operands->help = true;
        return TOOL_OK;
    }
    if (option == NULL)
        return tool_usage(command, "unknown option --%.*s",
                          length < 80 ? (int)length : 80, name);
    return take_option(command, option, equals != NULL ? equals + 1 : NULL,
                       argv + 1, used, arguments, operands);
}

/* -q, -qt4, -t 4 */
static int take_short(const struct command *command, char **argv, int *used,
                      void *arguments, struct operands *operands)
{
    for (const char *letter = argv[0] + 1; *letter != '\0'; letter++) {
        const struct option *option = find_option(command, NULL, 0, *letter);
        if (*letter == 'h') {
            operands->help = true;
            continue;
        }
        if (option == NULL)
            return tool_usage(command, "unknown option -%.20s", letter);
        bool has_value = option->value != NULL;
        const char *value = has_value && letter[1] != '\0' ? letter + 1 : NULL;
        int code = take_option(command, option, value, argv + 1, used,
                               arguments, operands);
        if (code != TOOL_OK || has_value)
            return code;
    }
    return TOOL_OK;
}

int tool_options_parse(const struct command *command, int argc, char **argv,
                       void *arguments, struct operands *operands)
{
    int code = TOOL_OK;
    bool options_end = false;

    *operands = (struct operands){0};
    operands->given = calloc(command->n_options + 1, sizeof(bool));
    if (operands->given == NULL)
        return tool_no_memory();
    for (int i = 0; i < argc && code == TOOL_OK && !operands->help; i++) {
        const char *word = argv[i];
        int used = 0;
        if (options_end || word[0] != '-' || word[1] == '\0') {
            if (operands->n == command->max_operands)
                code = tool_usage(command, "unexpected argument \"%.200s\"",
                                  word);
            else
                operands->items[operands->n++] = word;
        } else if (strcmp(word, "--") == 0) {
            options_end = true;
        } else if (word[1] == '-') {
            code = take_long(command, argv + i, &used, arguments, operands);
        } else {
            code = take_short(command, argv + i, &used, arguments, operands);
        }
        i += used;
    }
    if (code == TOOL_OK && !operands->help &&
        operands->n < command->min_operands)
        code = tool_usage(command, "expected: pith %s %s", command->name,
                          command->operands);
    return code;
}

void tool_options_free(const struct command *command, void *arguments,
                       struct operands *operands)
{
    for (size_t i = 0; i < command->n_options; i++) {
        void *member = (char *)arguments + command->options[i].offset;
        if (command->options[i].name == NULL)
            continue;
        if (command->options[i].kind == OPTION_WORDS)
            free(((struct words *)member)->items);
        if (command->options[i].kind == OPTION_COUNTS)
            free(((struct counts *)member)->items);
    }
    free(operands->given);
    operands->given = NULL;
}

enum { HELP_COLUMN = 27 };

static void print_option(const struct option *option, FILE *out)
{
    int width = option->letter != 0 ? fprintf(out, "  -%c, ", option->letter)
                                    : fprintf(out, "      ");
    width += fprintf(out, "--%s%s%s", option->name,
                     option->value != NULL ? " " : "",
                     option->value != NULL ? option->value : "");
    for (const char *line = option->help; *line != '\0';) {
        int length = (int)strcspn(line, "\n");
        if (width > HELP_COLUMN - 1) {
            fputc('\n', out);
            width = 0;
        }
        fprintf(out, "%*s%.*s\n", HELP_COLUMN - width, "", length, line);
        width = 0;
        line += length + (line[length] == '\n');
    }
}

void tool_options_help(const struct command *command, FILE *out)
{
    fprintf(out, "usage: pith %s%s%s%s\n\n%s\n", command->name,
            command->n_options > 0 ? " [OPTION]..." : "",
            command->operands[0] != '\0' ? " " : "", command->operands,
            command->about);
    if (command->n_options > 0 && command->options[0].name != NULL)
        fputs("\nOptions:\n", out);
    for (size_t i = 0; i < command->n_options; i++) {
        if (command->options[i].name == NULL)
            fprintf(out, "\n%s\n", command->options[i].help);
        else
            print_option(&command->options[i], out);
    }
    fprintf(out, "  -h, --help%*sthis text\n", HELP_COLUMN - 12, "");
}

int tool_options_run(const struct command *command, int argc, char **argv,
                     void *arguments,
                     int (*work)(const struct command *command,
                                 const struct operands *operands,
                                 void *arguments))
{
    struct operands operands;
    int code = tool_options_parse(command, argc, argv, arguments, &operands);
    if (code == TOOL_OK && operands.help)
        tool_options_help(command, stdout);
    else if (code == TOOL_OK)
        code = work(command, &operands, arguments);
    tool_options_free(command, arguments, &operands);
    return code;
}
