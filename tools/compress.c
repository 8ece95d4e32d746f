/*
 * compress.c - `pith compress`: one prompt from files and options, or many
 * requests from a file of JSON lines.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "files.h"
#include "highlight.h"
#include "pith_service.h"
#include "report.h"

struct arguments {
    struct model_options model;
    struct pith_compress_options options;
    size_t format; /* enum tool_format */
    const char *instruction, *instruction_file, *question, *question_file;
    struct words contexts;
    const char *output, *request, *count_with, *report, *messages;
    struct pith_counter *counter;
    size_t color; /* enum tool_color */
    bool highlight;
};

#define AT(member) offsetof(struct arguments, member)

static const struct option options[] = {
    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "The prompt:"},
    {'c', "context", "FILE", OPTION_INPUTS, AT(contexts), 0, 0,
     "its own context (may be repeated); without it\n"
     "the paragraphs of the input, or all of it (reference)"},
    {'i', "instruction", "TEXT", OPTION_WORD, AT(instruction), 0, 0,
     "comes before the contexts"},
    {0, "instruction-file", "FILE", OPTION_INPUT, AT(instruction_file), 0, 0,
     "the same, from a file"},
    {'Q', "question", "TEXT", OPTION_WORD, AT(question), 0, 0,
     "comes after the contexts"},
    {0, "question-file", "FILE", OPTION_INPUT, AT(question_file), 0, 0,
     "the same, from a file"},
    {0, "messages", "FILE", OPTION_INPUT, AT(messages), 0, 0,
     "a chat as JSON (OpenAI's or Anthropic's form) instead;\n"
     "writes it with shorter texts (docs/MESSAGES.md)"},

    COMPRESSION_OPTIONS(struct arguments, options),

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "Input and output:"},
    {0, "request", "FILE", OPTION_INPUT, AT(request), 0, 0,
     "run JSON lines {\"name\", \"function\", \"context\",\n"
     "\"options\"}, one reply line each (docs/REQUESTS.md)"},
    {0, "format", "text|json", OPTION_CHOICE, AT(format), 0, 0,
     "json: one object with the counts beside the text"},
    {0, "count-with", "FILE", OPTION_INPUT, AT(count_with), 0, 0,
     "count in tokens of the target model, rate\n"
     "and target too (not of reference):\n"
     "cl100k_base.tiktoken"},
    {'o', "output", "FILE", OPTION_OUTPUT, AT(output), 0, 0,
     "write there, complete or not at all"},
    {0, "highlight", NULL, OPTION_FLAG, AT(highlight), 0, 0,
     "write the whole prompt instead of the result: kept\n"
     "text bright, dropped text dim or in [- -]"},
    {0, "color", "auto|always|never", OPTION_CHOICE, AT(color), 0, 0,
     "of --highlight: on terminals, unless NO_COLOR is\n"
     "set or TERM is dumb (auto)"},
    {0, "report", "FILE", OPTION_OUTPUT, AT(report), 0, 0,
     "write a page of HTML too: the prompt as a map of\n"
     "losses, the budget of each part, thresholds"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "Model and machine:"},
    MODEL_OPTION(struct arguments),
    CACHE_OPTION(struct arguments),
    RUN_OPTIONS(struct arguments),
};

/* --- the command line ------------------------------------------------------ */

static const char *const prompt_options[] = {
    "context", "instruction", "instruction-file", "question",
    "question-file", NULL};

/* The first of the names that was given, NULL when none was. */
static const char *first_given(const struct operands *operands,
                               const char *const *names)
{
    for (; *names != NULL; names++)
        if (tool_option_given(operands, *names))
            return *names;
    return NULL;
}

static int exclude(const struct command *command,
                   const struct operands *operands, const char *a,
                   const char *b)
{
    if (tool_option_given(operands, a) &&
        tool_option_given(operands, b))
        return tool_usage(command, "--%s and --%s cannot be combined", a, b);
    return TOOL_OK;
}

static int check_trace(const struct command *command,
                       const struct operands *operands,
                       const struct arguments *arguments)
{
    static const char *const names[] = {"trace", "spans", NULL};
    const char *given = first_given(operands, names);
    if (given != NULL && arguments->request == NULL &&
        arguments->format != TOOL_JSON)
        return tool_usage(command, "--%s needs --format json or --request",
                          given);
    return TOOL_OK;
}

static int check_highlight(const struct command *command,
                           const struct operands *operands,
                           const struct arguments *arguments)
{
    if (!arguments->highlight)
        return tool_option_given(operands, "color")
                   ? tool_usage(command, "--color belongs to --highlight")
                   : TOOL_OK;
    if (arguments->format == TOOL_JSON)
        return tool_usage(command, "--highlight shows text; leave out "
                          "--format json");
    if (arguments->request != NULL)
        return tool_usage(command, "--highlight shows one prompt; leave out "
                          "--request");
    return TOOL_OK;
}

static int check_messages(const struct command *command,
                          const struct operands *operands,
                          const struct arguments *arguments)
{
    static const char *const others[] = {
        "context", "instruction", "instruction-file", "question",
        "question-file", "request", "highlight", "report", "trace", "spans",
        "structured", NULL};
    const char *other = first_given(operands, others);
    if (arguments->messages == NULL)
        return tool_option_given(operands, "role-rate") &&
                       arguments->request == NULL
                   ? tool_usage(command, "--role-rate belongs to --messages")
                   : TOOL_OK;
    if (other != NULL || operands->n > 0)
        return tool_usage(command, "--messages is the whole prompt; leave out "
                          "%s%.200s", other != NULL ? "--" : "",
                          other != NULL ? other : operands->items[0]);
    return TOOL_OK;
}

/* What the table cannot say: which options go together. */
static int settle(const struct command *command,
                  const struct operands *operands, struct arguments *arguments)
{
    static const char *const pairs[][2] = {
        {"rate", "target"},
        {"rate", "threshold"},
        {"target", "threshold"},
        {"instruction", "instruction-file"},
        {"question", "question-file"}};
    int code = TOOL_OK;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs && code == TOOL_OK;
         i++)
        code = exclude(command, operands, pairs[i][0], pairs[i][1]);
    if (code != TOOL_OK)
        return code;
    if (operands->n > 0 && arguments->contexts.n > 0)
        return tool_usage(command, "\"%.200s\" and --context cannot be "
                          "combined", operands->items[0]);
    const char *part = first_given(operands, prompt_options);
    if (arguments->request != NULL && (part != NULL || operands->n > 0))
        return tool_usage(command, "--request has its own prompts; leave "
                          "out %s%.200s", part != NULL ? "--" : "",
                          part != NULL ? part : operands->items[0]);
    if (arguments->request != NULL && arguments->report != NULL)
        return tool_usage(command, "--report shows one prompt; leave out "
                          "--request");
    code = check_messages(command, operands, arguments);
    if (code == TOOL_OK)
        code = check_highlight(command, operands, arguments);
    if (code != TOOL_OK)
        return code;
    if (tool_option_given(operands, "target") ||
        tool_option_given(operands, "threshold"))
        arguments->options.rate = -1;
    if (arguments->model.precision == NULL)
        arguments->model.precision = "auto";
    code = tool_check_method(command, operands, arguments->options.method);
    return code == TOOL_OK ? check_trace(command, operands, arguments) : code;
}

/* --- the prompt ------------------------------------------------------------ */

/* The texts of a prompt and the views on them that the library reads. */
struct prompt {
    struct text instruction, question;
    struct text *files; /* the input, or one for each --context */
    size_t n_files;
    struct pith_text *contexts;
    size_t n_contexts;
    bool ends_in_newline; /* the last file does; so will the result */
};

static void free_prompt(struct prompt *prompt)
{
    free(prompt->instruction.bytes);
    free(prompt->question.bytes);
    for (size_t i = 0; i < prompt->n_files; i++)
        free(prompt->files[i].bytes);
    free(prompt->files);
    free(prompt->contexts);
}

/* Without the line ends at its end. */
static struct pith_text chomped(struct pith_text text)
{
    while (text.size > 0 && (text.bytes[text.size - 1] == '\n' ||
                             text.bytes[text.size - 1] == '\r'))
        text.size--;
    return text;
}

static bool is_blank(const char *line, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (line[i] == '\0' || strchr(" \t\r\n", line[i]) == NULL)
            return false;
    return true;
}

static int read_contexts(struct prompt *prompt, const struct words *paths)
{
    prompt->files = calloc(paths->n, sizeof *prompt->files);
    prompt->contexts = calloc(paths->n, sizeof *prompt->contexts);
    if (prompt->files == NULL || prompt->contexts == NULL)
        return tool_no_memory();
    for (size_t i = 0; i < paths->n; i++) {
        int code = tool_read(paths->items[i], &prompt->files[i]);
        if (code != TOOL_OK)
            return code;
        prompt->n_files++;
        prompt->contexts[i] = chomped(tool_view(&prompt->files[i]));
        prompt->n_contexts++;
    }
    return TOOL_OK;
}

static int read_text(struct prompt *prompt,
                     const struct pith_compress_options *chosen,
                     const char *path)
{
    prompt->files = calloc(1, sizeof *prompt->files);
    if (prompt->files == NULL)
        return tool_no_memory();
    int code = tool_read(path, prompt->files);
    if (code != TOOL_OK)
        return code;
    prompt->n_files = 1;
    struct pith_text text = chomped(tool_view(prompt->files));
    prompt->n_contexts = pith_split_text(text, chosen, NULL);
    prompt->contexts =
        calloc(prompt->n_contexts + 1, sizeof *prompt->contexts);
    if (prompt->contexts == NULL)
        return tool_no_memory();
    pith_split_text(text, chosen, prompt->contexts);
    return TOOL_OK;
}

static int read_prompt(struct prompt *prompt, const struct arguments *arguments,
                       const char *path)
{
    int code = TOOL_OK;
    if (arguments->instruction_file != NULL)
        code = tool_read(arguments->instruction_file, &prompt->instruction);
    if (code == TOOL_OK && arguments->question_file != NULL)
        code = tool_read(arguments->question_file, &prompt->question);
    if (code != TOOL_OK)
        return code;
    code = arguments->contexts.n > 0
               ? read_contexts(prompt, &arguments->contexts)
               : read_text(prompt, &arguments->options, path);
    if (code == TOOL_OK) {
        const struct text *last = &prompt->files[prompt->n_files - 1];
        prompt->ends_in_newline =
            last->size > 0 && last->bytes[last->size - 1] == '\n';
    }
    return code;
}

static struct pith_text part_text(const char *string, const struct text *file)
{
    return string != NULL ? tool_string(string) : chomped(tool_view(file));
}

/* --- one prompt ------------------------------------------------------------ */

/* What came of a compression. */
struct outcome {
    size_t n, n_kept; /* tokens */
    double seconds;
    const char *note;
};

/* pith: 2,366 -> 214 tokens (11.1x) in 1.9 s, paper, default */
static void report(const struct arguments *arguments,
                   const struct opened *opened, struct outcome outcome)
{
    char before[32], after[32], time[32];
    struct pith_text name = tool_model_name(opened->path);
    size_t n = outcome.n, kept = outcome.n_kept;
    double ratio = kept > 0 ? (double)n / (double)kept
                            : n > 0 ? (double)INFINITY : 1;
    if (arguments->model.quiet)
        return;
    fprintf(stderr, "pith: %s -> %s tokens%s (%.1fx) in %s, %s, %.*s\n",
            tool_grouped(n, before), tool_grouped(kept, after),
            arguments->counter != NULL ? " of the target model" : "", ratio,
            tool_duration(outcome.seconds, time),
            pith_method_name(arguments->options.method), (int)name.size, name.bytes);
    if (outcome.note != NULL)
        fprintf(stderr, "pith: note: %s\n", outcome.note);
}

static int write_result(const struct arguments *arguments,
                        const struct opened *opened,
                        const struct pith_prompt *prompt,
                        const struct pith_result *result, bool newline,
                        FILE *out)
{
    struct pith_error error;
    char *json;
    if (arguments->highlight) {
        tool_highlight(prompt, result, arguments->color, out);
        return TOOL_OK;
    }
    if (arguments->format == TOOL_TEXT) {
        fwrite(result->text.bytes, 1, result->text.size, out);
        if (newline)
            fputc('\n', out);
        return TOOL_OK;
    }
    if (pith_result_json(opened->session, &arguments->options, result, &json,
                         &error) != PITH_OK)
        return tool_library(&error);
    fprintf(out, "%s\n", json);
    pith_free(json);
    return TOOL_OK;
}

static int compress_prompt(const struct arguments *arguments,
                           struct opened *opened, const char *path,
                           struct output *output, struct output *page)
{
    struct prompt texts = {0};
    struct pith_compress_options asked = arguments->options;
    struct pith_result *result = NULL;
    struct pith_error error;
    int code = read_prompt(&texts, arguments, path);
    struct pith_prompt prompt = {
        part_text(arguments->instruction, &texts.instruction), texts.contexts,
        texts.n_contexts, part_text(arguments->question, &texts.question)};

    asked.detail |= arguments->highlight || page->stream != NULL;
    if (code == TOOL_OK)
        code = tool_open(opened, &arguments->model);
    if (code == TOOL_OK && pith_compress(opened->session, &prompt, &asked,
                                         &result, &error) != PITH_OK)
        code = tool_library(&error);
    tool_progress_erase(&opened->line);
    if (code == TOOL_OK)
        code = write_result(arguments, opened, &prompt, result,
                            texts.ends_in_newline, output->stream);
    if (code == TOOL_OK && page->stream != NULL)
        code = tool_report_write(page, opened->session, &prompt, &asked,
                                 result);
    if (code == TOOL_OK && page->stream != NULL)
        code = tool_output_close(page);
    if (code == TOOL_OK)
        code = tool_output_close(output);
    if (code == TOOL_OK)
        report(arguments, opened,
               (struct outcome){result->origin_tokens,
                                result->compressed_tokens,
                                result->timings.total, result->note});
    pith_result_free(result);
    free_prompt(&texts);
    return code;
}

/* --- a chat ---------------------------------------------------------------- */

static enum pith_status write_messages(const struct arguments *arguments,
                                       const struct opened *opened,
                                       const struct pith_messages *messages,
                                       const struct pith_messages_result *result,
                                       FILE *out, struct pith_error *error)
{
    bool json = arguments->format == TOOL_JSON;
    char *document;
    size_t size;
    enum pith_status status =
        json ? pith_messages_json(opened->session, &arguments->options,
                                  messages, result, &document, error)
             : pith_messages_write(messages, result->texts, &document, &size,
                                   error);
    if (status == PITH_OK && json)
        fprintf(out, "%s\n", document);
    else if (status == PITH_OK)
        fwrite(document, 1, size, out);
    pith_free(document);
    return status;
}

static int compress_messages(const struct arguments *arguments,
                             struct opened *opened, struct output *output)
{
    struct text file = {0};
    struct pith_messages *messages = NULL;
    struct pith_messages_result *result = NULL;
    struct pith_messages_options asked;
    struct pith_error error;
    enum pith_status status = PITH_OK;
    double start = tool_seconds();
    pith_messages_options_init(&asked);
    asked.compress = &arguments->options;
    int code = tool_read(arguments->messages, &file);
    if (code == TOOL_OK)
        status = pith_messages_read(tool_view(&file), arguments->messages,
                                    &messages, &error);
    if (code == TOOL_OK && status == PITH_OK)
        code = tool_open(opened, &arguments->model);
    if (code == TOOL_OK && status == PITH_OK)
        status = pith_messages_compress(opened->session, messages, &asked,
                                        &result, &error);
    tool_progress_erase(&opened->line);
    if (code == TOOL_OK && status == PITH_OK)
        status = write_messages(arguments, opened, messages, result,
                                output->stream, &error);
    if (code == TOOL_OK)
        code = status == PITH_OK ? tool_output_close(output)
                                 : tool_library(&error);
    if (code == TOOL_OK)
        report(arguments, opened,
               (struct outcome){result->n_origin, result->n_kept,
                                tool_seconds() - start, result->note});
    pith_messages_result_free(result);
    pith_messages_free(messages);
    free(file.bytes);
    return code;
}

/* --- requests -------------------------------------------------------------- */

static int answer(const struct arguments *arguments, struct opened *opened,
                  const struct text *line, FILE *out, size_t *n_failed)
{
    struct pith_error error;
    enum pith_status outcome;
    char *reply;
    if (pith_request_run(opened->session, tool_view(line), &arguments->options,
                         &reply, &outcome, &error) != PITH_OK)
        return tool_library(&error);
    tool_progress_erase(&opened->line);
    *n_failed += outcome != PITH_OK;
    fprintf(out, "%s\n", reply);
    pith_free(reply);
    /* A reader at the other end of a pipe sees each reply at once. */
    return fflush(out) == 0 ? TOOL_OK : TOOL_FAILED;
}

static int run_requests(const struct arguments *arguments,
                        struct opened *opened, struct output *output)
{
    char time[32];
    size_t n = 0, n_failed = 0;
    bool more = true;
    double start = tool_seconds();
    int code = tool_open(opened, &arguments->model);
    if (code != TOOL_OK)
        return code;
    FILE *in = tool_open_input(arguments->request);
    if (in == NULL)
        return TOOL_FAILED;
    while (code == TOOL_OK && more) {
        struct text line;
        code = tool_read_line(in, arguments->request, &line, &more);
        if (code == TOOL_OK && more && !is_blank(line.bytes, line.size)) {
            code = answer(arguments, opened, &line, output->stream, &n_failed);
            n++;
        }
        free(line.bytes);
    }
    if (in != stdin)
        fclose(in);
    int closed = tool_output_close(output);
    code = closed != TOOL_OK ? closed : code;
    if (code == TOOL_OK && !arguments->model.quiet)
        fprintf(stderr, "pith: %zu request%s in %s, %zu failed\n", n,
                n == 1 ? "" : "s",
                tool_duration(tool_seconds() - start, time), n_failed);
    return code;
}

static void list_files(const struct operands *operands, const void *given,
                       struct file_list *list)
{
    const struct arguments *arguments = given;
    (void)operands;
    tool_files_punkt(list, arguments->options.punkt);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {.format = TOOL_TEXT};
    struct operands operands;
    struct opened opened = {0};
    struct output output = {0}, page = {0};

    pith_compress_options_init(&arguments.options);
    int code = tool_options_parse(command, argc, argv, &arguments, &operands);
    if (code == TOOL_OK && operands.help) {
        tool_options_help(command, stdout);
    } else if (code == TOOL_OK) {
        code = settle(command, &operands, &arguments);
        if (code == TOOL_OK)
            code = tool_load_counter(arguments.count_with,
                                     &arguments.counter);
        arguments.options.count_with = arguments.counter;
        if (code == TOOL_OK)
            code = tool_output_open(&output, arguments.output);
        if (code == TOOL_OK && arguments.report != NULL)
            code = tool_output_open(&page, arguments.report);
        if (code == TOOL_OK && arguments.messages != NULL)
            code = compress_messages(&arguments, &opened, &output);
        else if (code == TOOL_OK)
            code = arguments.request != NULL
                       ? run_requests(&arguments, &opened, &output)
                       : compress_prompt(&arguments, &opened,
                                         operands.items[0], &output, &page);
        tool_output_abort(&output);
        tool_output_abort(&page);
        tool_close(&opened);
    }
    pith_counter_free(arguments.counter);
    tool_options_free(&arguments, &operands);
    return code;
}

const struct command tool_compress = {
    .name = "compress",
    .operands = "[FILE]",
    .max_operands = 1,
    .summary = "make a prompt shorter",
    .about =
        "Reads a prompt from FILE or standard input and writes the compressed\n"
        "text, nothing else, to standard output; a line feed follows when the\n"
        "input ended in one.  Counts go to standard error.  With --highlight\n"
        "the prompt itself takes the place of the compressed text.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .list_files = list_files,
    .run = run,
};
