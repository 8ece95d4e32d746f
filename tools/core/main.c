/*
 * main.c - pith-core: the method `paper` and nothing else, for those who
 * audit or port it.
 *
 *     pith-core -m MODEL [-r RATE | -n TARGET] [--context]
 *               [--instruction FILE] [--question FILE] FILE
 *
 * FILE is split into contexts as `pith compress` splits it; with --context it
 * is one.  What is written is what `pith compress` writes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pith.h"

enum { DONE = 0, FAILED = 1, USAGE = 2 };

enum { MODEL, PROMPT, INSTRUCTION, QUESTION, N_FILES };

struct arguments {
    const char *files[N_FILES]; /* NULL: not given */
    const char *rate, *target;
    bool whole;
};

static int fails(const char *what, const char *why)
{
    fprintf(stderr, "pith-core: %s: %s\n", what, why);
    return FAILED;
}

/* Reads a file to its end; path NULL: nothing.  Free text->bytes. */
static int read_file(const char *path, struct pith_text *text)
{
    char *bytes = NULL;
    size_t size = 0, capacity = 0;
    FILE *file = path != NULL ? fopen(path, "rb") : NULL;
    if (file == NULL)
        return path != NULL ? fails(path, strerror(errno)) : DONE;
    for (size_t n = 1; n > 0; size += n) {
        if (size == capacity) {
            capacity = 2 * capacity + 4096;
            char *more = capacity > size ? realloc(bytes, capacity) : NULL;
            if (more == NULL)
                break;
            bytes = more;
        }
        n = fread(bytes + size, 1, capacity - size, file);
    }
    bool whole = feof(file) != 0;
    fclose(file);
    *text = (struct pith_text){bytes, size};
    return whole ? DONE : fails(path, "cannot be read to its end");
}

/* Without the line ends at its end. */
static struct pith_text chomped(struct pith_text text)
{
    while (text.size > 0 && (text.bytes[text.size - 1] == '\n' ||
                             text.bytes[text.size - 1] == '\r'))
        text.size--;
    return text;
}

static int usage(void)
{
    fputs("usage: pith-core -m MODEL [-r RATE | -n TARGET] [--context]\n"
          "                 [--instruction FILE] [--question FILE] FILE\n",
          stderr);
    return USAGE;
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
    const char **files = arguments->files;
    const struct { const char *name, **value; } options[] = {
        {"-m", &files[MODEL]}, {"-r", &arguments->rate},
        {"-n", &arguments->target}, {"--instruction", &files[INSTRUCTION]},
        {"--question", &files[QUESTION]}};
    enum { N = sizeof options / sizeof options[0] };
    for (int i = 1; i < argc; i++) {
        size_t k = 0;
        while (k < N && strcmp(argv[i], options[k].name) != 0)
            k++;
        if (k < N && i + 1 < argc)
            *options[k].value = argv[++i];
        else if (k == N && strcmp(argv[i], "--context") == 0)
            arguments->whole = true;
        else if (k == N && argv[i][0] != '-' && files[PROMPT] == NULL)
            files[PROMPT] = argv[i];
        else
            return usage();
    }
    return files[MODEL] != NULL && files[PROMPT] != NULL ? DONE : usage();
}

/* A number above 0. */
static int read_number(const char *option, const char *word, double *value)
{
    char *end;
    if (word == NULL)
        return DONE;
    *value = strtod(word, &end);
    if (end == word || *end != '\0' || !(*value > 0))
        return fails(option, "expected a number above 0");
    return DONE;
}

static int compress(const char *name, struct pith_text file,
                    const struct pith_prompt *prompt,
                    const struct pith_compress_options *options, bool line_end)
{
    struct pith_model *model = NULL;
    struct pith_session *session = NULL;
    struct pith_result *result = NULL;
    struct pith_error error;
    bool failed =
        pith_model_load_memory(file.bytes, file.size, name, NULL, &model,
                               &error) ||
        pith_session_create(model, NULL, &session, &error) ||
        pith_compress_paper(session, prompt, options, &result, &error);
    int code = failed ? fails("cannot compress", error.detail) : DONE;
    if (!failed) {
        fwrite(result->text.bytes, 1, result->text.size, stdout);
        if (line_end)
            putchar('\n');
        if (result->note != NULL)
            fprintf(stderr, "pith-core: %s\n", result->note);
        if (fflush(stdout) != 0)
            code = fails("standard output", strerror(errno));
    }
    pith_result_free(result);
    pith_session_free(session);
    pith_model_free(model);
    return code;
}

/* files: what is in those of the arguments. */
static int run(const struct arguments *arguments, const struct pith_text *files,
               const struct pith_compress_options *options)
{
    struct pith_text text = chomped(files[PROMPT]);
    size_t n = arguments->whole ? 1 : pith_split_text(text, options, NULL);
    struct pith_text *contexts = calloc(n + 1, sizeof *contexts);
    if (contexts == NULL)
        return fails(arguments->files[PROMPT], "out of memory");
    contexts[0] = text;
    if (!arguments->whole)
        pith_split_text(text, options, contexts);
    struct pith_prompt prompt = {chomped(files[INSTRUCTION]), contexts, n,
                                 chomped(files[QUESTION])};
    int code = compress(arguments->files[MODEL], files[MODEL], &prompt, options,
                        text.size < files[PROMPT].size);
    free(contexts);
    return code;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.whole = false};
    struct pith_text files[N_FILES] = {{NULL, 0}};
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    int code = parse(argc, argv, &arguments);
    if (arguments.target != NULL && arguments.rate == NULL)
        options.rate = -1;
    if (code == DONE)
        code = read_number("-r", arguments.rate, &options.rate);
    if (code == DONE)
        code = read_number("-n", arguments.target, &options.target);
    for (size_t i = 0; i < N_FILES && code == DONE; i++)
        code = read_file(arguments.files[i], &files[i]);
    if (code == DONE)
        code = run(&arguments, files, &options);
    for (size_t i = 0; i < N_FILES; i++)
        free((void *)files[i].bytes);
    return code;
}
