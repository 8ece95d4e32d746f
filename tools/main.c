/*
 * main.c - the `pith` program: picks the subcommand.
 *
 * Exit status: 0 when done, 1 when something failed, 2 when the command line
 * was wrong.
 */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

static const struct command *const commands[] = {
    &tool_compress, &tool_score,   &tool_tokenize, &tool_serve,
    &tool_info,     &tool_convert, &tool_bench};

enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static void print_overview(FILE *out)
{
    fputs("pith " PITH_VERSION
          ": shorter prompts, chosen by a small language model\n\n"
          "usage: pith COMMAND [OPTION]... [FILE]\n\n", out);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-10s%s\n", commands[i]->name, commands[i]->summary);
    fputs("  help      explain a command: pith help compress\n\n"
          "  -h, --help     this text\n"
          "  -V, --version  the version\n\n"
          "example: pith compress --rate 0.4 --question \"Who won?\" "
          "report.txt\n", out);
}

static int unknown_command(const char *name)
{
    fprintf(stderr, "pith: unknown command \"%.200s\"; see pith help\n", name);
    return TOOL_USAGE;
}

static int help(int argc, char **argv)
{
    if (argc == 0 || strcmp(argv[0], "help") == 0) {
        print_overview(stdout);
        return TOOL_OK;
    }
    const struct command *command = find_command(argv[0]);
    if (command == NULL)
        return unknown_command(argv[0]);
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
    const struct command *command = find_command(name);
    if (command == NULL)
        return unknown_command(name);
    return command->run(command, argc - 2, argv + 2);
}

int main(int argc, char **argv)
{
    struct output output;
    /* A reader that goes away is a write error like any other. */
    signal(SIGPIPE, SIG_IGN);
    int code = dispatch(argc, argv);
    if (code != TOOL_OK)
        return code;
    tool_output_open(&output, NULL);
    return tool_output_close(&output);
}
