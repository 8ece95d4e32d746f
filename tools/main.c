/*
 * main.c - the `pith` program: picks the subcommand.
 *
 * Exit status: 0 when done, 1 when something failed, 2 when the command line
 * was wrong.
 */
#include <stdlib.h>
#include <string.h>

#include "common.h"

static const struct command *const commands[] = {
    &tool_compress, &tool_score,   &tool_tokenize,
#if TOOL_POSIX
    &tool_serve,
#endif
    &tool_info,     &tool_convert,
#if TOOL_POSIX
    &tool_bench,
    &tool_align,    &tool_align_requests, &tool_align_collect,
#endif
    &tool_merge,
#if TOOL_POSIX
    &tool_eval_measure, &tool_eval_metrics, &tool_eval_prepare,
    &tool_eval_run,     &tool_eval_score,
#endif
};

enum { N_COMMANDS = sizeof commands / sizeof commands[0], NAME_COLUMN = 16 };

/* The words of a command's name at the start of argv, 0 when it is not
 * there. */
static int match(const char *name, int argc, char **argv)
{
    int n = 0;
    while (n < argc) {
        size_t length = strcspn(name, " ");
        if (strlen(argv[n]) != length || memcmp(argv[n], name, length) != 0)
            return 0;
        n++;
        if (name[length] == '\0')
            return n;
        name += length + 1;
    }
    return 0;
}

/* The command that the first words of argv name, with as many words as
 * possible: "pith align requests" is not "pith align". */
static const struct command *find_command(int argc, char **argv, int *n_words)
{
    const struct command *found = NULL;
    *n_words = 0;
    for (size_t i = 0; i < N_COMMANDS; i++) {
        int n = match(commands[i]->name, argc, argv);
        if (n > *n_words) {
            found = commands[i];
            *n_words = n;
        }
    }
    return found;
}

static void print_overview(FILE *out)
{
    fputs("pith " PITH_VERSION
          ": shorter prompts, chosen by a small language model\n\n"
          "usage: pith COMMAND [OPTION]... [FILE]\n\n", out);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-*s%s\n", NAME_COLUMN, commands[i]->name,
                commands[i]->summary);
    fprintf(out, "  %-*s%s\n\n", NAME_COLUMN, "help",
            "explain a command (pith help compress), or all");
    fputs("  -h, --help     this text\n"
          "  -V, --version  the version\n\n"
          "example: pith compress --rate 0.4 --question \"Who won?\" "
          "report.txt\n", out);
}

static bool is_in_group(const struct command *command, const char *word)
{
    size_t n = strlen(word);
    return strncmp(command->name, word, n) == 0 && command->name[n] == ' ';
}

/* Whether commands begin with this word and another: "eval". */
static bool is_group(const char *word)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (is_in_group(commands[i], word))
            return true;
    return false;
}

static void print_group(FILE *out, const char *word)
{
    fprintf(out, "usage: pith %s COMMAND [OPTION]... FILE...\n\n", word);
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (is_in_group(commands[i], word))
            fprintf(out, "  %-*s%s\n", NAME_COLUMN, commands[i]->name,
                    commands[i]->summary);
    fprintf(out, "\nexplain one: pith help %s COMMAND\n", word);
}

/* An unknown command; words: one, or that of a group and another. */
static int unknown_command(int n_words, char **words)
{
    char name[160];
    struct pith_place place;
    snprintf(name, sizeof name, "%.100s%s%.50s", words[0],
             n_words > 1 ? " " : "", n_words > 1 ? words[1] : "");
    if (n_words == 1 && pith_place_find(name, &place, NULL) == PITH_OK &&
        place.kind == PITH_FILE_REGULAR) {
        fprintf(stderr, "pith: \"%s\" is a file, not a command (did you mean "
                        "pith compress %s?); see pith help\n", name, name);
        return TOOL_USAGE;
    }
    struct nearest nearest = tool_nearest_to(name, strlen(name));
    for (size_t i = 0; i < N_COMMANDS; i++) {
        const char *known = commands[i]->name;
        tool_nearest_offer(&nearest, known, strlen(known), "pith ", known);
        size_t n = strcspn(known, " ");
        char group[32];
        snprintf(group, sizeof group, "%.*s", (int)n, known);
        if (n_words == 1)
            tool_nearest_offer(&nearest, known, n, "pith ", group);
    }
    tool_nearest_offer(&nearest, "help", 4, "pith ", "help");
    fprintf(stderr, "pith: unknown command \"%s\"%s; see pith help%s%.100s\n",
            name, nearest.question, n_words > 1 ? " " : "",
            n_words > 1 ? words[0] : "");
    return TOOL_USAGE;
}

/* What was asked of a group, with the words after its name. */
static int answer_group(const char *word, int argc, char **argv, bool asked)
{
    asked = asked || (argc > 0 && (strcmp(argv[0], "--help") == 0 ||
                                   strcmp(argv[0], "-h") == 0));
    if (argc > 0 && argv[0][0] != '-')
        return unknown_command(2, argv - 1);
    print_group(asked ? stdout : stderr, word);
    return asked ? TOOL_OK : TOOL_USAGE;
}

/* Whether an earlier command begins with the same word as this one. */
static bool is_listed(size_t command)
{
    size_t n = strcspn(commands[command]->name, " ");
    for (size_t i = 0; i < command; i++)
        if (strcspn(commands[i]->name, " ") == n &&
            memcmp(commands[i]->name, commands[command]->name, n) == 0)
            return true;
    return false;
}

/* The words that may come first, in rows as tool_options_complete has them. */
static void list_first_words(bool after_help, FILE *out)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        const char *name = commands[i]->name;
        size_t n = strcspn(name, " ");
        if (!is_listed(i))
            fprintf(out, "%.*s\t-\t-\t%s\n", (int)n, name,
                    name[n] == '\0' ? commands[i]->summary
                                    : "a group of commands");
    }
    fputs(after_help ? "all\t-\t-\tthe help of every command\n"
                     : "help\t-\t-\texplain a command\n"
                       "--help\t-h\t-\tthe list of commands\n"
                       "--version\t-V\t-\tthe version\n", out);
}

/* What shells may offer after these words of a command line. */
static void list_next_words(int argc, char **argv, FILE *out)
{
    int n_words;
    bool after_help = argc > 0 && strcmp(argv[0], "help") == 0;
    argc -= after_help;
    argv += after_help;
    if (argc == 0) {
        list_first_words(after_help, out);
        return;
    }
    for (size_t i = 0; i < N_COMMANDS && argc == 1; i++)
        if (is_in_group(commands[i], argv[0]))
            fprintf(out, "%s\t-\t-\t%s\n",
                    commands[i]->name + strlen(argv[0]) + 1,
                    commands[i]->summary);
    const struct command *command = find_command(argc, argv, &n_words);
    if (command != NULL && !after_help)
        tool_options_complete(command, out);
}

static int help(int argc, char **argv)
{
    if (argc == 0 || strcmp(argv[0], "help") == 0) {
        print_overview(stdout);
        return TOOL_OK;
    }
    if (strcmp(argv[0], "--options") == 0) { /* for tools/gen-options */
        tool_options_list(stdout);
        return TOOL_OK;
    }
    if (strcmp(argv[0], "--completion") == 0) { /* for tools/completion */
        list_next_words(argc - 1, argv + 1, stdout);
        return TOOL_OK;
    }
    if (strcmp(argv[0], "all") == 0) {
        for (size_t i = 0; i < N_COMMANDS; i++) {
            fputs(i > 0 ? "\n" : "", stdout);
            tool_options_help(commands[i], stdout);
        }
        return TOOL_OK;
    }
    int n_words;
    const struct command *command = find_command(argc, argv, &n_words);
    if (command == NULL && is_group(argv[0]))
        return answer_group(argv[0], argc - 1, argv + 1, true);
    if (command == NULL)
        return unknown_command(1, argv);
    tool_options_help(command, stdout);
    return TOOL_OK;
}

static int dispatch(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;
    if (name == NULL) {
        print_overview(stderr);
        return TOOL_USAGE;
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 ||
        strcmp(name, "-h") == 0)
        return help(argc - 2, argv + 2);
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        puts("pith " PITH_VERSION);
        return TOOL_OK;
    }
    int n_words;
    const struct command *command =
        find_command(argc - 1, argv + 1, &n_words);
    if (command == NULL && is_group(name))
        return answer_group(name, argc - 2, argv + 2, false);
    if (command == NULL)
        return unknown_command(1, argv + 1);
    return command->run(command, argc - 1 - n_words, argv + 1 + n_words);
}

int main(int argc, char **argv)
{
    struct output output;
    tool_start();
    int code = dispatch(argc, argv);
    if (code != TOOL_OK)
        return code;
    tool_output_open(&output, NULL);
    return tool_output_close(&output);
}
