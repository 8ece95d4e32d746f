/*
 * tokenize.c - `pith tokenize`: ids and pieces of a text.
 */
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "pith_service.h"

struct arguments {
    struct model_options model;
    size_t format; /* enum tool_format */
    bool bos, no_special;
};

#define AT(member) offsetof(struct arguments, member)

static const struct option options[] = {
    {0, "format", "text|json", OPTION_CHOICE, AT(format), 0, 0,
     "text: a line \"id TAB piece\" for each token;\n"
     "json: lines {\"text\"} in, {\"ids\", \"pieces\"} out"},
    {0, "bos", NULL, OPTION_FLAG, AT(bos), 0, 0,
     "prepend BOS if that is the tokenizer's default"},
    {0, "no-special", NULL, OPTION_FLAG, AT(no_special), 0, 0,
     "read special tokens as ordinary text"},
    MODEL_OPTION(struct arguments),
};

static int print_tokens(const struct pith_model *model, const char *path,
                        int flags)
{
    struct pith_error error;
    struct text text;
    int32_t *ids;
    size_t n;
    int code = tool_read(path, &text);
    if (code != TOOL_OK)
        return code;
    if (pith_tokenize(model, tool_view(&text), flags, &ids, &n, &error) !=
        PITH_OK)
        code = tool_library(&error);
    for (size_t i = 0; code == TOOL_OK && i < n; i++) {
        printf("%ld\t", (long)ids[i]);
        tool_print_piece(stdout, pith_token_piece(model, ids[i]));
        putchar('\n');
    }
    if (code == TOOL_OK)
        pith_free(ids);
    free(text.bytes);
    return code;
}

static int answer(const struct pith_model *model, const struct text *line,
                  size_t number, int flags)
{
    struct pith_error error;
    char *reply;
    if (pith_tokenize_json(model, tool_view(line), flags, &reply, &error) !=
        PITH_OK)
        return tool_fail("line %zu: %s", number, error.detail);
    puts(reply);
    pith_free(reply);
    return TOOL_OK;
}

static int answer_lines(const struct pith_model *model, const char *path,
                        int flags)
{
    int code = TOOL_OK;
    bool more = true;
    size_t number = 0;
    FILE *in = tool_open_input(path);
    if (in == NULL)
        return TOOL_FAILED;
    while (code == TOOL_OK && more && !ferror(stdout)) {
        struct text line;
        code = tool_read_line(in, path, &line, &more);
        number++;
        if (code == TOOL_OK && more && line.size > 0)
            code = answer(model, &line, number, flags);
        free(line.bytes);
    }
    if (in != stdin)
        fclose(in);
    return code;
}

static int tokenize(const struct command *command,
                    const struct operands *operands, void *given)
{
    (void)command;
    const struct arguments *arguments = given;
    const char *path = operands->items[0];
    struct opened opened;
    int flags = (arguments->bos ? PITH_TOKENIZE_DEFAULT_BOS : 0) |
                (arguments->no_special ? PITH_TOKENIZE_NO_SPECIAL : 0);
    int code = tool_load(&opened, &arguments->model);
    if (code == TOOL_OK)
        code = arguments->format == TOOL_JSON
                   ? answer_lines(opened.model, path, flags)
                   : print_tokens(opened.model, path, flags);
    tool_close(&opened);
    return code;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {.format = TOOL_TEXT};
    return tool_options_run(command, argc, argv, &arguments, tokenize);
}

const struct command tool_tokenize = {
    .name = "tokenize",
    .operands = "[FILE]",
    .max_operands = 1,
    .summary = "show the token ids and pieces of a text",
    .about =
        "Reads a text from FILE or standard input and writes its tokens.  In\n"
        "pieces, \\n \\r \\t \\\\ and \\xNN stand for control characters and for\n"
        "bytes that are not UTF-8 on their own.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
