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
#include "files.h"

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

/* A row of the library's list; its member is in the struct at `base`. */
static struct option from_library(const struct pith_option *row, size_t base)
{
    static const enum option_kind kinds[] = {
        [PITH_OPTION_COUNT] = OPTION_COUNT,   [PITH_OPTION_REAL] = OPTION_REAL,
        [PITH_OPTION_CHOICE] = OPTION_ENUM,   [PITH_OPTION_TEXT] = OPTION_WORD,
        [PITH_OPTION_TEXTS] = OPTION_TEXTS,
        [PITH_OPTION_COUNTS] = OPTION_COUNTS,
        [PITH_OPTION_KINDS] = OPTION_KINDS,   [PITH_OPTION_BITS] = OPTION_BITS};
    struct option option = {row->letter, row->name, row->value,
                            kinds[row->type], base + row->offset, row->low,
                            row->high, row->sentence};
    if (row->type == PITH_OPTION_BOOL) {
        option.kind = row->start != 0 ? OPTION_SWITCH : OPTION_FLAG;
        option.value = row->start != 0 ? "on|off" : NULL;
    }
    return option;
}

/* The command's options without headings, with those of compression. */
static int list_options(const struct command *command,
                        struct operands *operands)
{
    const struct pith_option *row;
    size_t capacity = command->n_options + 1, n = 0;
    while (pith_compress_option(capacity - command->n_options) != NULL)
        capacity++;
    operands->options = calloc(capacity, sizeof *operands->options);
    operands->given = calloc(capacity, sizeof *operands->given);
    if (operands->options == NULL || operands->given == NULL)
        return tool_no_memory();
    for (size_t i = 0; i < command->n_options; i++) {
        const struct option *own = &command->options[i];
        if (own->kind != OPTION_COMPRESSION) {
            if (own->name != NULL)
                operands->options[n++] = *own;
            continue;
        }
        for (size_t j = 0; (row = pith_compress_option(j)) != NULL; j++)
            if (row->name != NULL)
                operands->options[n++] = from_library(row, own->offset);
    }
    operands->n_options = n;
    return TOOL_OK;
}

static const struct option *find_option(const struct operands *operands,
                                        const char *name, size_t length,
                                        char letter)
{
    for (size_t i = 0; i < operands->n_options; i++) {
        const struct option *option = &operands->options[i];
        if (letter != 0 ? option->letter == letter
                        : strlen(option->name) == length &&
                              memcmp(option->name, name, length) == 0)
            return option;
    }
    return NULL;
}

bool tool_option_given(const struct operands *operands, const char *name)
{
    const struct option *option = find_option(operands, name, strlen(name), 0);
    return option != NULL && operands->given[option - operands->options];
}

struct nearest tool_nearest_to(const char *wanted, size_t length)
{
    return (struct nearest){{wanted, length}, SIZE_MAX, ""};
}

void tool_nearest_offer(struct nearest *nearest, const char *word,
                        size_t length, const char *before, const char *shown)
{
    size_t distance = pith_spelling_distance(nearest->wanted,
                                             (struct pith_text){word, length});
    if (distance >= nearest->distance)
        return;
    nearest->distance = distance;
    snprintf(nearest->question, sizeof nearest->question,
             " (did you mean %s%s?)", before, shown);
}

static int unknown_option(const struct command *command,
                          const struct operands *operands, const char *name,
                          size_t length)
{
    struct nearest nearest = tool_nearest_to(name, length);
    const struct pith_option *row;
    for (size_t i = 0; i < operands->n_options; i++) {
        const char *known = operands->options[i].name;
        tool_nearest_offer(&nearest, known, strlen(known), "--", known);
    }
    /* or by its name in requests */
    for (size_t i = 0; (row = pith_compress_option(i)) != NULL; i++)
        if (row->name != NULL && row->key != NULL &&
            find_option(operands, row->name, strlen(row->name), 0) != NULL)
            tool_nearest_offer(&nearest, row->key, strlen(row->key), "--",
                               row->name);
    tool_nearest_offer(&nearest, "help", 4, "--", "help");
    return tool_usage(command, "unknown option --%.*s%s",
                      length < 80 ? (int)length : 80, name, nearest.question);
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

static int add_text(const struct pith_text **texts, size_t *n,
                    const char *string)
{
    struct pith_text *grown =
        realloc((void *)*texts, (*n + 1) * sizeof *grown);
    if (grown == NULL)
        return tool_no_memory();
    grown[(*n)++] = tool_string(string);
    *texts = grown;
    return TOOL_OK;
}

/* "0,3,5" */
static int read_counts(const struct command *command,
                       const struct option *option, const char *value,
                       const size_t **counts, size_t *n_counts)
{
    size_t n = 1;
    int code = TOOL_OK;
    for (const char *p = value; *p != '\0'; p++)
        n += *p == ',';
    char *copy = malloc(strlen(value) + 1);
    size_t *numbers = malloc(n * sizeof *numbers);
    free((void *)*counts);
    *counts = numbers;
    if (copy == NULL || numbers == NULL) {
        free(copy);
        return tool_no_memory();
    }
    strcpy(copy, value);
    char *item = copy;
    for (size_t i = 0; i < n && code == TOOL_OK; i++) {
        char *comma = strchr(item, ',');
        if (comma != NULL)
            *comma = '\0';
        if (!read_count(item, &numbers[i]))
            code = bad_value(command, option, value,
                             "whole numbers with commas between them");
        item += strlen(item) + 1;
    }
    *n_counts = n;
    free(copy);
    return code;
}

/* Which of the words between bars it is. */
static int read_choice(const struct command *command,
                       const struct option *option, const char *value,
                       size_t *choice)
{
    char expected[256];
    size_t index = 0, length = strlen(value);
    struct nearest nearest = tool_nearest_to(value, length);
    for (const char *word = option->value; word != NULL; index++) {
        size_t n = strcspn(word, "|");
        if (n == length && memcmp(word, value, n) == 0) {
            *choice = index;
            return TOOL_OK;
        }
        char shown[64];
        snprintf(shown, sizeof shown, "%.*s", n < 60 ? (int)n : 60, word);
        tool_nearest_offer(&nearest, word, n, "", shown);
        word = word[n] == '|' ? word + n + 1 : NULL;
    }
    snprintf(expected, sizeof expected, "one of %s%s", option->value,
             nearest.question);
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

/* More than there are processors would only take turns. */
static size_t bounded_threads(size_t wanted)
{
    size_t limit = (size_t)pith_processors();
    if (wanted <= limit)
        return wanted;
    fprintf(stderr, "pith: note: --threads %zu: %zu used, as many as there are "
            "processors here\n", wanted, limit);
    return limit;
}

static int set_option(const struct command *command,
                      const struct option *option, const char *value,
                      void *arguments)
{
    void *member = (char *)arguments + option->offset;
    size_t *n = (size_t *)((char *)member + sizeof(void *)); /* of a list */
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)member = true;
        return TOOL_OK;
    case OPTION_WORD:
    case OPTION_INPUT:
    case OPTION_OUTPUT:
    case OPTION_MODEL:
        *(const char **)member = value;
        return TOOL_OK;
    case OPTION_CHOICE:
        return read_choice(command, option, value, member);
    case OPTION_ENUM: {
        size_t choice = 0;
        int code = read_choice(command, option, value, &choice);
        *(int *)member = (int)choice;
        return code;
    }
    case OPTION_WORDS:
    case OPTION_INPUTS:
        return add_word(member, value);
    case OPTION_TEXTS:
        return add_text(member, n, value);
    case OPTION_COUNTS:
        return read_counts(command, option, value, member, n);
    case OPTION_COUNT: {
        size_t number;
        if (!read_count(value, &number) || !in_range(option, (double)number))
            return range_error(command, option, value);
        *(size_t *)member = number;
        return TOOL_OK;
    }
    case OPTION_THREADS: {
        size_t number;
        if (!read_count(value, &number))
            return range_error(command, option, value);
        *(size_t *)member = bounded_threads(number);
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
    case OPTION_KINDS: {
        struct pith_error error;
        if (pith_protect_parse(tool_string(value), member, &error) != PITH_OK)
            return tool_usage(command, "--%s", error.detail);
        return TOOL_OK;
    }
    case OPTION_BITS:
        *(unsigned *)member |= (unsigned)option->low;
        return TOOL_OK;
    case OPTION_COMPRESSION:
        break;
    }
    return TOOL_FAILED;
}

/* One option, its value either after it or in the next word. */
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
    operands->given[option - operands->options] = true;
    return set_option(command, option, value, arguments);
}

static int take_long(const struct command *command, char **argv, int *used,
                     void *arguments, struct operands *operands)
{
    const char *name = argv[0] + 2;
    const char *equals = strchr(name, '=');
    size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const struct option *option = find_option(operands, name, length, 0);
    if (length == 4 && memcmp(name, "help", length) == 0) {
        operands->help = true;
        return equals == NULL ? TOOL_OK
                              : tool_usage(command, "--help takes no value");
    }
    if (option == NULL)
        return unknown_option(command, operands, name, length);
    return take_option(command, option, equals != NULL ? equals + 1 : NULL,
                       argv + 1, used, arguments, operands);
}

/* -q, -qt4, -t 4 */
static int take_short(const struct command *command, char **argv, int *used,
                      void *arguments, struct operands *operands)
{
    for (const char *letter = argv[0] + 1; *letter != '\0'; letter++) {
        const struct option *option = find_option(operands, NULL, 0, *letter);
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
    bool options_end = false;

    *operands = (struct operands){0};
    int code = list_options(command, operands);
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
    if (code == TOOL_OK && !operands->help)
        code = tool_files_check(command, operands, arguments);
    return code;
}

void tool_options_free(void *arguments, struct operands *operands)
{
    for (size_t i = 0; i < operands->n_options; i++) {
        const struct option *option = &operands->options[i];
        if (option->kind == OPTION_WORDS || option->kind == OPTION_INPUTS ||
            option->kind == OPTION_TEXTS || option->kind == OPTION_COUNTS)
            free(*(void **)((char *)arguments + option->offset));
    }
    free(operands->options);
    free(operands->given);
}

/* --- help ------------------------------------------------------------------ */

enum { HELP_COLUMN = 27, HELP_WIDTH = 79, VALUE_WIDTH = 40 };

/* In the column of the help, from a line that is `at` characters long. */
static void print_wrapped(const char *text, int at, FILE *out)
{
    bool first = true;
    while (*text != '\0') {
        size_t size = strcspn(text, " \n");
        int length = (int)size;
        if (first ? at >= HELP_COLUMN : at + 1 + length > HELP_WIDTH) {
            fputc('\n', out);
            at = 0;
        }
        if (at < HELP_COLUMN)
            at += fprintf(out, "%*s", HELP_COLUMN - at, "");
        else
            at += fprintf(out, " ");
        at += fprintf(out, "%.*s", length, text);
        text += size + strspn(text + size, " \n");
        first = false;
    }
    fputc('\n', out);
}

static void print_option(const struct option *option, const char *help,
                         FILE *out)
{
    int width = option->letter != 0 ? fprintf(out, "  -%c, ", option->letter)
                                    : fprintf(out, "      ");
    const char *value = option->value != NULL ? option->value : "";
    width += fprintf(out, "--%s%s%s", option->name, *value != '\0' ? " " : "",
                     strlen(value) <= VALUE_WIDTH ? value : "WORD");
    print_wrapped(help, width, out);
}

/* A text that grows in an array; what does not fit is left out. */
struct line {
    char text[1024];
    size_t n;
};

static void add(struct line *line, const char *text, size_t length)
{
    for (size_t i = 0; i < length && line->n + 1 < sizeof line->text; i++)
        line->text[line->n++] = text[i];
    line->text[line->n] = '\0';
}

/* Adds the sentence of a row.  The keys of other options in it, which are
 * words in backquotes, become their names on the command line. */
static void add_sentence(struct line *line, const char *sentence)
{
    while (*sentence != '\0') {
        size_t length = strcspn(sentence, "`");
        add(line, sentence, length);
        sentence += length;
        if (*sentence == '\0')
            return;
        const char *key = sentence + 1;
        length = strcspn(key, "`");
        const struct pith_option *row;
        for (size_t i = 0; (row = pith_compress_option(i)) != NULL; i++)
            if (row->key != NULL && row->name != NULL &&
                strlen(row->key) == length &&
                memcmp(row->key, key, length) == 0)
                break;
        add(line, "--", row != NULL ? 2 : 0);
        if (row != NULL)
            add(line, row->name, strlen(row->name));
        else
            add(line, key, length);
        sentence = key + length + (key[length] == '`');
    }
}

/* The methods that have an option. */
static const char *methods_of(const struct pith_option *row)
{
    bool paper = row->use & PITH_OPTION_FOR_PAPER;
    bool spans = row->use & PITH_OPTION_FOR_SPANS;
    if (row->use & PITH_OPTION_FOR_REFERENCE)
        return !paper ? "reference" : spans ? "all" : "paper, reference";
    return paper && spans ? "paper, spans" : paper ? "paper" : "spans";
}

/* "paper: with --question-aware, how far the rates ... spread (0.3)" */
static void compose(struct line *line, const struct pith_option *row)
{
    *line = (struct line){0};
    if (!(row->use & PITH_OPTION_FOR_REFERENCE)) {
        const char *methods = methods_of(row);
        add(line, methods, strlen(methods));
        add(line, ": ", 2);
    }
    add_sentence(line, row->sentence);
    if (row->value != NULL && strlen(row->value) > VALUE_WIDTH) {
        add(line, ": ", 2);
        for (const char *at = row->value; *at != '\0'; at++)
            add(line, *at == '|' ? ", " : at, *at == '|' ? 2 : 1);
    }
    if (row->type == PITH_OPTION_TEXTS)
        add(line, "; may be repeated", 17);
    if (row->type == PITH_OPTION_BOOL && row->start != 0)
        add(line, " (on)", 5);
    if (row->type != PITH_OPTION_BOOL && row->type != PITH_OPTION_BITS &&
        row->shown != NULL) {
        add(line, " (", 2);
        add_sentence(line, row->shown);
        add(line, ")", 1);
    }
}

static void print_compression(FILE *out)
{
    const struct pith_option *row;
    struct line help;
    for (size_t i = 0; (row = pith_compress_option(i)) != NULL; i++) {
        struct option option = from_library(row, 0);
        if (row->name == NULL && row->key == NULL)
            fprintf(out, "\n%s\n", row->sentence);
        if (row->name == NULL)
            continue;
        compose(&help, row);
        print_option(&option, help.text, out);
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
        const struct option *option = &command->options[i];
        if (option->kind == OPTION_COMPRESSION)
            print_compression(out);
        else if (option->name == NULL)
            fprintf(out, "\n%s\n", option->help);
        else
            print_option(option, option->help, out);
    }
    fprintf(out, "  -h, --help%*sthis text\n", HELP_COLUMN - 12, "");
}

/* The part of a help text that fits beside a word: the first of those with
 * semicolons between them. */
static void print_row(const struct option *option, const char *help, FILE *out)
{
    char letter[] = {'-', option->letter, '\0'};
    fprintf(out, "--%s\t%s\t%s\t", option->name, letter,
            option->value != NULL ? option->value : "-");
    for (; *help != '\0' && *help != ';'; help++)
        fputc(*help == '\n' ? ' ' : *help, out);
    fputc('\n', out);
}

void tool_options_complete(const struct command *command, FILE *out)
{
    static const struct option help_option = {.letter = 'h', .name = "help"};
    const struct pith_option *row;
    struct line help;
    for (size_t i = 0; i < command->n_options; i++) {
        const struct option *own = &command->options[i];
        if (own->kind != OPTION_COMPRESSION && own->name != NULL)
            print_row(own, own->help, out);
        for (size_t j = 0; own->kind == OPTION_COMPRESSION &&
                           (row = pith_compress_option(j)) != NULL; j++) {
            struct option option = from_library(row, 0);
            if (row->name == NULL)
                continue;
            compose(&help, row);
            print_row(&option, help.text, out);
        }
    }
    print_row(&help_option, "what the command does, and its options", out);
}

void tool_options_list(FILE *out)
{
    const struct pith_option *row;
    for (size_t i = 0; (row = pith_compress_option(i)) != NULL; i++) {
        struct option option = from_library(row, 0);
        const char *const fields[] = {
            row->name, row->key, option.value, row->shown,
            row->use & PITH_OPTION_FOR_RECORDS_ONLY ? "compress_json"
                                                    : methods_of(row),
            row->sentence};
        static const char *const types[] = {
            [PITH_OPTION_BOOL] = "bool",     [PITH_OPTION_COUNT] = "count",
            [PITH_OPTION_REAL] = "real",     [PITH_OPTION_CHOICE] = "choice",
            [PITH_OPTION_TEXT] = "text",     [PITH_OPTION_TEXTS] = "texts",
            [PITH_OPTION_COUNTS] = "counts", [PITH_OPTION_KINDS] = "kinds",
            [PITH_OPTION_BITS] = "bool"};
        fprintf(out, "%s\t%c", types[row->type],
                row->letter != 0 ? row->letter : '-');
        for (size_t j = 0; j < sizeof fields / sizeof *fields; j++)
            fprintf(out, "\t%s", fields[j] != NULL ? fields[j] : "-");
        fputc('\n', out);
    }
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
    tool_options_free(arguments, &operands);
    return code;
}
