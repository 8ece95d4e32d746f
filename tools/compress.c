/*
 * compress.c - `pith compress`: one prompt from files and options, or many
 * requests from a file of JSON lines.
 */
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "highlight.h"
#include "report.h"

struct arguments {
    struct model_options model;
    struct pith_compress_options options;
    size_t paper_reorder;
    size_t method, reorder, rank_method, condition; /* enums of pith.h */
    size_t format; /* enum tool_format */
    const char *instruction, *instruction_file, *question, *question_file;
    struct words contexts, keep;
    struct pith_text *kept; /* views on keep */
    struct counts force_ids;
    const char *output, *request, *count_with, *report;
    struct pith_counter *counter;
    size_t color; /* enum tool_color */
    bool trace, spans, highlight;
};

#define AT(member) offsetof(struct arguments, member)

static const struct option options[] = {
    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "The prompt:"},
    {'c', "context", "FILE", OPTION_WORDS, AT(contexts), 0, 0,
     "a context of its own (may be repeated); without it\n"
     "the input is split into contexts at blank lines"},
    {'i', "instruction", "TEXT", OPTION_WORD, AT(instruction), 0, 0,
     "stands before the contexts"},
    {0, "instruction-file", "FILE", OPTION_WORD, AT(instruction_file), 0, 0,
     "the same, from a file"},
    {'Q', "question", "TEXT", OPTION_WORD, AT(question), 0, 0,
     "stands behind the contexts"},
    {0, "question-file", "FILE", OPTION_WORD, AT(question_file), 0, 0,
     "the same, from a file"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "How much stays:"},
    {'r', "rate", "R", OPTION_REAL, AT(options.rate), 0, 1,
     "share of the tokens, above 0 and up to 1 (0.5)"},
    {'n', "target", "N", OPTION_REAL, AT(options.target), 0, 1e12,
     "number of tokens, instead of --rate"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "How it is chosen:"},
    {0, "method", "paper|reference", OPTION_CHOICE, AT(method), 0, 0,
     "as published (the default), or the decisions of\n"
     "microsoft/LLMLingua"},
    {0, "tau-ins", "R", OPTION_REAL, AT(options.tau_ins), 0, 1,
     "paper: rate of the instruction (0.85)"},
    {0, "tau-que", "R", OPTION_REAL, AT(options.tau_que), 0, 1,
     "paper: rate of the question (0.9)"},
    {'k', "k", "K", OPTION_REAL, AT(options.k), 0, 1e12,
     "paper: granularity coefficient (2; 1.3 with\n"
     "--question-aware)"},
    {0, "segment-size", "N", OPTION_COUNT, AT(options.segment_size), 1, 1e12,
     "paper: tokens of a segment (100)"},
    {0, "question-aware", NULL, OPTION_FLAG, AT(options.question_aware), 0, 0,
     "paper: rank documents and tokens by the question\n"
     "(LongLLMLingua)"},
    {0, "delta-tau", "R", OPTION_REAL, AT(options.delta_tau), 0, 1,
     "paper: spread of the documents' rates (0.3)"},
    {0, "document-words", "on|off", OPTION_SWITCH,
     AT(options.document_words), 0, 0,
     "paper: with --question-aware, drop whole words of\n"
     "contexts only (on)"},
    {0, "reorder", "original|sort", OPTION_CHOICE, AT(paper_reorder), 0, 0,
     "paper: sort puts the most relevant document first"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0,
     "What a step is worth (paper; Table 3):"},
    {0, "itpc", "on|off", OPTION_SWITCH, AT(options.use_itpc), 0, 0,
     "score behind what stays; off: behind all text (on)"},
    {0, "budget-controller", "on|off", OPTION_SWITCH,
     AT(options.use_budget_controller), 0, 0,
     "drop whole contexts first; a rate for each part (on)"},
    {0, "dynamic-rates", "on|off", OPTION_SWITCH,
     AT(options.use_dynamic_rates), 0, 0,
     "a rate for each part (on)"},
    {0, "selection-seed", "N", OPTION_COUNT, AT(options.selection_seed), 0,
     1e12, "not 0: select contexts in a random order (0)"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "What must stay (paper):"},
    {0, "keep", "STRING", OPTION_WORDS, AT(keep), 0, 0,
     "this text, wherever it occurs (may be repeated)"},
    {0, "keep-regex", "REGEX", OPTION_WORD, AT(options.keep_regex), 0, 0,
     "what this matches within a line; POSIX extended"},
    {0, "keep-digits", NULL, OPTION_FLAG, AT(options.keep_digits), 0, 0,
     "every token with a digit in it"},
    {0, "keep-words", NULL, OPTION_FLAG, AT(options.keep_words), 0, 0,
     "words as a whole, or nothing of them"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "Only with --method reference:"},
    {0, "iterative-size", "N", OPTION_COUNT,
     AT(options.reference.iterative_size), 1, 1e12,
     "tokens of a window (200)"},
    {0, "context-budget", "EXPR", OPTION_WORD,
     AT(options.reference.context_budget), 0, 0,
     "arithmetic on the target of the context filter\n"
     "(+100)"},
    {0, "context-filter", "on|off", OPTION_SWITCH,
     AT(options.reference.use_context_level_filter), 0, 0,
     "drop whole contexts first (on)"},
    {0, "token-filter", "on|off", OPTION_SWITCH,
     AT(options.reference.use_token_level_filter), 0, 0,
     "drop tokens (on)"},
    {0, "keep-split", NULL, OPTION_FLAG, AT(options.reference.keep_split), 0,
     0, "keep the blank lines between contexts"},
    {0, "force-context-ids", "I,J", OPTION_COUNTS, AT(force_ids), 0, 0,
     "contexts that stay, counted from 0"},
    {0, "force-context-number", "N", OPTION_COUNT,
     AT(options.reference.force_context_number), 0, 1e12,
     "how many contexts stay"},
    {0, "reorder-context", "original|sort|two_stage", OPTION_CHOICE,
     AT(reorder), 0, 0, "order of the contexts that stay (original)"},
    {0, "concate-question", "on|off", OPTION_SWITCH,
     AT(options.reference.concate_question), 0, 0,
     "put the question into the result (on)"},
    {0, "rank-method", "llmlingua|longllmlingua|bm25", OPTION_CHOICE,
     AT(rank_method), 0, 0, "what the context filter goes by (llmlingua)"},
    {0, "condition-in-question", "none|before|after", OPTION_CHOICE,
     AT(condition), 0, 0, "where the question stands when contexts are ranked"},
    {0, "condition-prefix", NULL, OPTION_FLAG,
     AT(options.reference.condition_prefix), 0, 0,
     "choose tokens with the question in front"},
    {0, "condition-compare", NULL, OPTION_FLAG,
     AT(options.reference.condition_compare), 0, 0,
     "choose tokens by what the question changes"},
    {0, "add-instruction", NULL, OPTION_FLAG,
     AT(options.reference.add_instruction), 0, 0,
     "put the instruction behind that question"},
    {0, "dynamic-ratio", "R", OPTION_REAL,
     AT(options.reference.dynamic_context_compression_ratio), 0, 1,
     "spread the rates of the contexts by rank (0)"},
    {0, "sentence-filter", NULL, OPTION_FLAG,
     AT(options.reference.use_sentence_level_filter), 0, 0,
     "drop whole sentences before tokens"},
    {0, "punkt", "DIR", OPTION_WORD, AT(options.reference.punkt), 0, 0,
     "parameters that find sentences, NLTK's\n"
     "punkt_tab/english (a short list of our own)"},
    {0, "keep-first-sentence", "N", OPTION_COUNT,
     AT(options.reference.keep_first_sentence), 0, 1e12,
     "bonus for the first N sentences (0)"},
    {0, "keep-last-sentence", "N", OPTION_COUNT,
     AT(options.reference.keep_last_sentence), 0, 1e12,
     "bonus for the last N sentences (0)"},
    {0, "keep-sentence-number", "N", OPTION_COUNT,
     AT(options.reference.keep_sentence_number), 0, 1e12,
     "bonus for N sentences of each context (0)"},
    {0, "high-priority-bonus", "X", OPTION_REAL,
     AT(options.reference.high_priority_bonus), -1e9, 1e9,
     "that bonus, on the mean loss (100)"},
    {0, "token-budget-ratio", "X", OPTION_REAL,
     AT(options.reference.token_budget_ratio), 0, 1e9,
     "the sentence filter's share of the target (1.4)"},
    {0, "structured", NULL, OPTION_FLAG, AT(options.reference.structured), 0,
     0, "contexts carry <llmlingua, rate=R> tags"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "Input and output:"},
    {0, "request", "FILE", OPTION_WORD, AT(request), 0, 0,
     "run JSON lines {\"name\", \"function\", \"context\",\n"
     "\"options\"}, one reply line each (docs/REQUESTS.md)"},
    {0, "format", "text|json", OPTION_CHOICE, AT(format), 0, 0,
     "json: one object with the counts beside the text"},
    {0, "count-with", "FILE", OPTION_WORD, AT(count_with), 0, 0,
     "count tokens of the target model:\n"
     "cl100k_base.tiktoken"},
    {0, "trace", NULL, OPTION_FLAG, AT(trace), 0, 0,
     "add thresholds, ranking and kept ids to the JSON"},
    {0, "spans", NULL, OPTION_FLAG, AT(spans), 0, 0,
     "add the byte offsets of what stays to the JSON"},
    {'o', "output", "FILE", OPTION_WORD, AT(output), 0, 0,
     "write there, complete or not at all"},
    {0, "highlight", NULL, OPTION_FLAG, AT(highlight), 0, 0,
     "write the whole prompt instead of the result: kept\n"
     "text bright, dropped text dim or in [- -]"},
    {0, "color", "auto|always|never", OPTION_CHOICE, AT(color), 0, 0,
     "of --highlight: on terminals, unless NO_COLOR is\n"
     "set or TERM is dumb (auto)"},
    {0, "report", "FILE", OPTION_WORD, AT(report), 0, 0,
     "write a page of HTML too: the prompt as a map of\n"
     "losses, the budget of each part, thresholds"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "Model and machine:"},
    MODEL_OPTION(struct arguments),
    RUN_OPTIONS(struct arguments),
};

/* --- the command line ------------------------------------------------------ */

static const char *const prompt_options[] = {
    "context", "instruction", "instruction-file", "question",
    "question-file", NULL};
static const char *const paper_options[] = {"tau-ins", "tau-que", "k",
                                            "segment-size",
                                            "question-aware", "delta-tau",
                                            "document-words",
                                            "reorder", "itpc",
                                            "budget-controller",
                                            "dynamic-rates",
                                            "selection-seed", "keep",
                                            "keep-regex", "keep-digits",
                                            "keep-words", NULL};
static const char *const reference_options[] = {
    "iterative-size", "context-budget", "context-filter", "token-filter",
    "keep-split", "force-context-ids", "force-context-number",
    "reorder-context", "concate-question", "rank-method",
    "condition-in-question", "condition-prefix", "condition-compare",
    "add-instruction", "dynamic-ratio", "sentence-filter", "punkt",
    "keep-first-sentence", "keep-last-sentence", "keep-sentence-number",
    "high-priority-bonus", "token-budget-ratio", "structured", NULL};

/* The first of the names that was given, NULL when none was. */
static const char *first_given(const struct command *command,
                               const struct operands *operands,
                               const char *const *names)
{
    for (; *names != NULL; names++)
        if (tool_option_given(command, operands, *names))
            return *names;
    return NULL;
}

static int exclude(const struct command *command,
                   const struct operands *operands, const char *a,
                   const char *b)
{
    if (tool_option_given(command, operands, a) &&
        tool_option_given(command, operands, b))
        return tool_usage(command, "--%s and --%s exclude each other", a, b);
    return TOOL_OK;
}

static int check_method(const struct command *command,
                        const struct operands *operands,
                        const struct arguments *arguments)
{
    /* A request may name its own method. */
    if (arguments->request != NULL)
        return TOOL_OK;
    bool paper = arguments->options.method == PITH_METHOD_PAPER;
    const char *foreign = first_given(
        command, operands, paper ? reference_options : paper_options);
    if (foreign != NULL)
        return tool_usage(command, "--%s belongs to --method %s", foreign,
                          paper ? "reference" : "paper");
    return TOOL_OK;
}

static int check_trace(const struct command *command,
                       const struct operands *operands,
                       const struct arguments *arguments)
{
    static const char *const names[] = {"trace", "spans", NULL};
    const char *given = first_given(command, operands, names);
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
        return tool_option_given(command, operands, "color")
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

/* Strings to keep as the library reads them. */
static int fill_keep(struct arguments *arguments)
{
    size_t n = arguments->keep.n;
    if (n == 0)
        return TOOL_OK;
    arguments->kept = calloc(n, sizeof *arguments->kept);
    if (arguments->kept == NULL)
        return tool_no_memory();
    for (size_t i = 0; i < n; i++)
        arguments->kept[i] = tool_string(arguments->keep.items[i]);
    arguments->options.keep = arguments->kept;
    arguments->options.n_keep = n;
    return TOOL_OK;
}

/* Hands over what the table could not put into the options themselves. */
static void fill_options(const struct command *command,
                         const struct operands *operands,
                         struct arguments *arguments)
{
    struct pith_compress_options *settings = &arguments->options;
    struct pith_reference_options *reference = &settings->reference;
    if (tool_option_given(command, operands, "target"))
        settings->rate = -1;
    settings->method = (enum pith_method)arguments->method;
    settings->reorder = (enum pith_reorder)arguments->paper_reorder;
    settings->trace = arguments->trace;
    settings->detail = arguments->spans || arguments->highlight ||
                       arguments->report != NULL;
    reference->force_context_ids = arguments->force_ids.items;
    reference->n_force_context_ids = arguments->force_ids.n;
    reference->reorder_context = (enum pith_reorder)arguments->reorder;
    reference->rank_method = (enum pith_rank_method)arguments->rank_method;
    reference->condition_in_question =
        (enum pith_condition)arguments->condition;
}

/* What the table cannot say: which options go together. */
static int settle(const struct command *command,
                  const struct operands *operands, struct arguments *arguments)
{
    static const char *const pairs[][2] = {
        {"rate", "target"},
        {"instruction", "instruction-file"},
        {"question", "question-file"}};
    int code = TOOL_OK;
    for (size_t i = 0; i < 3 && code == TOOL_OK; i++)
        code = exclude(command, operands, pairs[i][0], pairs[i][1]);
    if (code != TOOL_OK)
        return code;
    if (operands->n > 0 && arguments->contexts.n > 0)
        return tool_usage(command, "\"%.200s\" and --context exclude each "
                          "other", operands->items[0]);
    const char *part = first_given(command, operands, prompt_options);
    if (arguments->request != NULL && (part != NULL || operands->n > 0))
        return tool_usage(command, "--request brings its own prompts; leave "
                          "out %s%.200s", part != NULL ? "--" : "",
                          part != NULL ? part : operands->items[0]);
    if (arguments->request != NULL && arguments->report != NULL)
        return tool_usage(command, "--report shows one prompt; leave out "
                          "--request");
    code = tool_report_check(command, arguments->report, arguments->output);
    if (code == TOOL_OK)
        code = check_highlight(command, operands, arguments);
    if (code != TOOL_OK)
        return code;
    fill_options(command, operands, arguments);
    if (arguments->model.precision == NULL)
        arguments->model.precision = "auto";
    code = check_method(command, operands, arguments);
    if (code == TOOL_OK)
        code = fill_keep(arguments);
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

static size_t line_length(struct pith_text text, size_t at)
{
    const char *end = memchr(text.bytes + at, '\n', text.size - at);
    return end != NULL ? (size_t)(end - text.bytes) + 1 - at : text.size - at;
}

static bool is_blank(const char *line, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (line[i] == '\0' || strchr(" \t\r\n", line[i]) == NULL)
            return false;
    return true;
}

/* Cuts text into paragraphs: runs of lines that are not blank, each without
 * its last line end.  Counts them, and writes them when parts is not NULL. */
static size_t split_paragraphs(struct pith_text text, struct pith_text *parts)
{
    size_t n = 0, start = 0;
    bool inside = false;
    for (size_t at = 0; at < text.size;) {
        size_t length = line_length(text, at);
        bool blank = is_blank(text.bytes + at, length);
        if (!blank && !inside) {
            start = at;
            n++;
        }
        inside = !blank;
        at += length;
        if (inside && parts != NULL)
            parts[n - 1] = chomped(
                (struct pith_text){text.bytes + start, at - start});
    }
    return n;
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

static int read_paragraphs(struct prompt *prompt, const char *path)
{
    prompt->files = calloc(1, sizeof *prompt->files);
    if (prompt->files == NULL)
        return tool_no_memory();
    int code = tool_read(path, prompt->files);
    if (code != TOOL_OK)
        return code;
    prompt->n_files = 1;
    struct pith_text text = tool_view(prompt->files);
    prompt->n_contexts = split_paragraphs(text, NULL);
    prompt->contexts =
        calloc(prompt->n_contexts + 1, sizeof *prompt->contexts);
    if (prompt->contexts == NULL)
        return tool_no_memory();
    split_paragraphs(text, prompt->contexts);
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
               : read_paragraphs(prompt, path);
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

/* pith: 2,366 -> 214 tokens (11.1x) in 1.9 s, paper, default */
static void report(const struct arguments *arguments,
                   const struct opened *opened,
                   const struct pith_result *result)
{
    char before[32], after[32], time[32];
    struct pith_text name = tool_model_name(opened->path);
    size_t n = result->origin_tokens, kept = result->compressed_tokens;
    double ratio = kept > 0 ? (double)n / (double)kept : 1;
    bool paper = arguments->options.method == PITH_METHOD_PAPER;
    if (arguments->model.quiet)
        return;
    fprintf(stderr, "pith: %s -> %s tokens%s (%.1fx) in %s, %s, %.*s\n",
            tool_grouped(n, before), tool_grouped(kept, after),
            arguments->counter != NULL ? " of the target model" : "", ratio,
            tool_duration(result->timings.total, time),
            paper ? "paper" : "reference", (int)name.size, name.bytes);
    if (result->note != NULL)
        fprintf(stderr, "pith: note: %s\n", result->note);
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
    struct pith_compress_options shown = arguments->options;
    shown.detail = arguments->spans;
    if (pith_result_json(opened->session, &shown, result, &json, &error) !=
        PITH_OK)
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
    struct pith_result *result = NULL;
    struct pith_error error;
    int code = read_prompt(&texts, arguments, path);
    struct pith_prompt prompt = {
        part_text(arguments->instruction, &texts.instruction), texts.contexts,
        texts.n_contexts, part_text(arguments->question, &texts.question)};

    if (code == TOOL_OK)
        code = tool_open(opened, &arguments->model);
    if (code == TOOL_OK && pith_compress(opened->session, &prompt,
                                         &arguments->options, &result,
                                         &error) != PITH_OK)
        code = tool_library(&error);
    tool_progress_erase(&opened->line);
    if (code == TOOL_OK)
        code = write_result(arguments, opened, &prompt, result,
                            texts.ends_in_newline, output->stream);
    if (code == TOOL_OK && page->stream != NULL)
        code = tool_report_write(page, opened->session, &prompt,
                                 &arguments->options, result);
    if (code == TOOL_OK && page->stream != NULL)
        code = tool_output_close(page);
    if (code == TOOL_OK)
        code = tool_output_close(output);
    if (code == TOOL_OK)
        report(arguments, opened, result);
    pith_result_free(result);
    free_prompt(&texts);
    return code;
}

/* --- requests -------------------------------------------------------------- */

/* Replies start {"name":...,"result":...; quotes inside strings are escaped,
 * so this cannot be part of one. */
static bool is_refusal(const char *reply)
{
    return strstr(reply, ",\"result\":null,") != NULL;
}

static int answer(const struct arguments *arguments, struct opened *opened,
                  const struct text *line, FILE *out, size_t *n_failed)
{
    struct pith_error error;
    char *reply;
    if (pith_request_run(opened->session, tool_view(line), &arguments->options,
                         &reply, &error) != PITH_OK)
        return tool_library(&error);
    tool_progress_erase(&opened->line);
    *n_failed += is_refusal(reply);
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
        if (code == TOOL_OK)
            code = arguments.request != NULL
                       ? run_requests(&arguments, &opened, &output)
                       : compress_prompt(&arguments, &opened,
                                         operands.items[0], &output, &page);
        tool_output_abort(&output);
        tool_output_abort(&page);
        tool_close(&opened);
    }
    free(arguments.kept);
    pith_counter_free(arguments.counter);
    tool_options_free(command, &arguments, &operands);
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
    .run = run,
};
