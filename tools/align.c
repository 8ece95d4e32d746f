/*
 * align.c - `pith align`: tunes a model on answers of the target model.
 */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "align.h"
#include "files.h"
#include "signals.h"

enum { PRESET_NONE, PRESET_PAPER };

struct arguments {
    struct model_options model;
    struct pith_dataset_options data;
    struct pith_align_options options;
    struct words validation;
    size_t preset, seed;
    size_t template_id;
    size_t schedule;
};

#define AT(member) offsetof(struct arguments, member)

static const struct option options[] = {
    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "Data:"},
    {0, "template", "alpaca|plain|chatml", OPTION_CHOICE, AT(template_id), 0, 0,
     "the words around prompt and answer (alpaca)"},
    {0, "max-tokens", "N", OPTION_COUNT, AT(data.max_tokens), 2, 1e7,
     "cut records to N tokens (512)"},
    {0, "skip-bad", NULL, OPTION_FLAG, AT(data.skip_bad), 0, 0,
     "leave malformed records out"},
    {0, "validation", "FILE", OPTION_INPUTS, AT(validation), 0, 0,
     "records to validate on; may be repeated"},
    {0, "validation-share", "R", OPTION_REAL, AT(options.validation_share), 0,
     0.5, "else this share of the data (0.02)"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "What is trained:"},
    {0, "lora", "RANK", OPTION_COUNT, AT(options.lora_rank), 1, 65536,
     "an adapter of this rank instead of all weights"},
    {0, "lora-alpha", "A", OPTION_REAL, AT(options.lora_alpha), 1e-6, 1e6,
     "its scale is A / RANK (twice the rank)"},
    {0, "lora-layers", "LIST", OPTION_WORD, AT(options.lora_layers), 0, 0,
     "of q,k,v,out,gate,up,down (all)"},
    {0, "checkpoint-activations", NULL, OPTION_FLAG,
     AT(options.checkpoint_activations), 0, 0,
     "less memory, a third more work, the same result"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "How:"},
    {0, "preset", "none|paper", OPTION_CHOICE, AT(preset), 0, 0,
     "paper: 8 epochs, lr 1e-4, template alpaca"},
    {'e', "epochs", "E", OPTION_REAL, AT(options.epochs), 1e-6, 1e6,
     "passes over the data (3)"},
    {0, "steps", "N", OPTION_COUNT, AT(options.steps), 1, 1e9,
     "this many steps instead"},
    {'b', "batch", "N", OPTION_COUNT, AT(options.batch_records), 1, 1e9,
     "records of a step (32)"},
    {0, "batch-tokens", "N", OPTION_COUNT, AT(options.batch_tokens), 1, 1e9,
     "tokens in memory at once; gradients of a step\n"
     "add up over as many rounds as it takes (2048)"},
    {0, "lr", "LR", OPTION_REAL, AT(options.lr), 0, 10,
     "learning rate at its highest (1e-4)"},
    {0, "lr-end", "LR", OPTION_REAL, AT(options.lr_end), 0, 10,
     "and at the end of a cosine (0)"},
    {0, "schedule", "cosine|constant", OPTION_CHOICE, AT(schedule), 0, 0,
     "of the learning rate after the warm-up (cosine)"},
    {0, "warmup", "N", OPTION_COUNT, AT(options.warmup_steps), 0, 1e9,
     "steps in which it rises from 0 (3 % of all)"},
    {0, "weight-decay", "W", OPTION_REAL, AT(options.weight_decay), 0, 10,
     "of matrices; never of norms and biases (0)"},
    {0, "clip", "X", OPTION_REAL, AT(options.clip), 0, 1e30,
     "greatest norm of the gradient; 0: none (1)"},
    {0, "seed", "N", OPTION_COUNT, AT(seed), 0, 1e15,
     "of orders, of the validation split, of LoRA (1)"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "Files:"},
    {'o', "output", "FILE", OPTION_OUTPUT, AT(options.output), 0, 0,
     "the tuned model, or the adapter: the weights with\n"
     "the least validation loss"},
    {0, "dtype", "TYPE", OPTION_WORD, AT(options.dtype), 0, 0,
     "store the model as f32, f16, bf16, q8 or q4;\n"
     "without it as it was"},
    {0, "state", "FILE", OPTION_OUTPUT, AT(options.state), 0, 0,
     "the run as it is (output + .state)"},
    {0, "log", "FILE", OPTION_OUTPUT, AT(options.log), 0, 0,
     "a JSON line for each step (output + .jsonl)"},
    {0, "validate-every", "N", OPTION_COUNT, AT(options.validate_every), 1, 1e9,
     "steps between validations (a tenth of all)"},
    {0, "save-every", "N", OPTION_COUNT, AT(options.save_every), 1, 1e9,
     "steps between states (as validations)"},
    {0, "resume", NULL, OPTION_FLAG, AT(options.resume), 0, 0,
     "continue from the state, if there is one"},
    {0, "overwrite", NULL, OPTION_FLAG, AT(options.overwrite), 0, 0,
     "start over, ignoring any state"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "Model and machine:"},
    MODEL_OPTION(struct arguments),
    {0, "kernels", "NAME", OPTION_WORD, AT(model.kernels), 0, 0,
     "numeric routines, or $PITH_KERNELS; see pith info"},
    {0, "precision", "f32|bf16x3|int16|auto", OPTION_WORD,
     AT(options.precision), 0, 0,
     "of products; int16 is faster without AMX and rounds\n"
     "gradients by some thousandths; auto: bf16x3 where\n"
     "AMX makes it the faster one, else f32 (auto)"},
    THREADS_OPTION(AT(model.n_threads)),
    {'q', "quiet", NULL, OPTION_FLAG, AT(model.quiet), 0, 0,
     "no report and no progress on stderr"},
};

/* --- complaints ---------------------------------------------------------- */

enum { MAX_COMPLAINTS = 10 };

void align_complain(void *user, const char *detail)
{
    struct complaints *complaints = user;
    if (complaints->n++ < MAX_COMPLAINTS)
        tool_fail("%s", detail);
}

void align_complain_end(const struct complaints *complaints)
{
    if (complaints->n > MAX_COMPLAINTS)
        tool_fail("... and %zu more", complaints->n - MAX_COMPLAINTS);
}

void align_note(void *unused, const char *text)
{
    (void)unused;
    fprintf(stderr, "pith: note: %s\n", text);
}

/* --- data ---------------------------------------------------------------- */

static int add_file(struct pith_dataset *dataset, const char *path)
{
    struct pith_error error;
    struct text text;
    int code = tool_read(path, &text);
    if (code != TOOL_OK)
        return code;
    if (pith_dataset_add(dataset, tool_view(&text),
                         strcmp(path, "-") == 0 ? "standard input" : path,
                         &error) != PITH_OK)
        code = tool_library(&error);
    free(text.bytes);
    return code;
}

static void describe_data(const struct pith_dataset *dataset, const char *what)
{
    struct pith_dataset_info info;
    char records[32], tokens[32], targets[32];
    pith_dataset_describe(dataset, &info);
    fprintf(stderr, "pith: %s: %s records, %s tokens, %s of them in answers",
            what, tool_grouped(info.n_records, records),
            tool_grouped(info.n_tokens, tokens),
            tool_grouped(info.n_targets, targets));
    if (info.n_cut > 0)
        fprintf(stderr, "; %zu too long and cut", info.n_cut);
    if (info.n_without_answer > 0)
        fprintf(stderr, ", %zu of them left out as nothing of the answer was "
                "left", info.n_without_answer);
    if (info.n_bad > 0)
        fprintf(stderr, "; %zu malformed and left out", info.n_bad);
    fputc('\n', stderr);
}

static int load_data(const struct arguments *arguments,
                     const struct pith_model *model, const char *const *paths,
                     size_t n, const char *what, bool says,
                     struct pith_dataset **dataset)
{
    struct complaints complaints = {0};
    struct pith_dataset_options own = arguments->data;
    struct pith_error error;
    int code = TOOL_OK;
    own.complain = align_complain;
    own.note = says ? align_note : NULL;
    own.user = &complaints;
    if (pith_dataset_create(model, &own, dataset, &error) != PITH_OK)
        return tool_library(&error);
    for (size_t i = 0; i < n && code == TOOL_OK; i++)
        code = add_file(*dataset, paths[i]);
    align_complain_end(&complaints);
    if (code == TOOL_OK && says)
        describe_data(*dataset, what);
    return code;
}

/* --- progress ------------------------------------------------------------ */

/* The first interrupt asks for the end, the third one ends the program: some
 * that mean one send two, as timeout(1) does. */
static volatile sig_atomic_t n_interrupts;

static void interrupt(int signal_number)
{
    (void)signal_number;
    n_interrupts++;
    if (n_interrupts == 2)
        tool_signals_end_program();
}

struct watch {
    const struct arguments *arguments;
    const char *log;  /* its path */
    size_t first;     /* step that this process began after */
    bool has_begun, is_drawn, is_quiet;
    double shown_at;  /* seconds of the line drawn last */
};

static const char *clock_time(double seconds, char buffer[32])
{
    unsigned long whole = seconds < 1e9 ? (unsigned long)seconds : 0;
    if (whole >= 3600)
        snprintf(buffer, 32, "%lu h %02lu min", whole / 3600,
                 whole / 60 % 60);
    else if (whole >= 60)
        snprintf(buffer, 32, "%lu min %02lu s", whole / 60, whole % 60);
    else
        snprintf(buffer, 32, "%lu s", whole);
    return buffer;
}

static void draw_step(const struct watch *watch,
                      const struct pith_align_event *event, bool is_line)
{
    char speed[32], left[32];
    size_t done = event->step - watch->first;
    double per_step = done > 0 ? event->seconds / (double)done : 0;
    double rate = event->seconds > 0
                      ? (double)event->n_tokens / event->seconds : 0;
    fprintf(stderr, "%spith: step %zu of %zu, epoch %.2f, loss %.4f, lr %.2e, "
            "%s tokens/s, %s left%s", is_line ? "" : "\r\033[K", event->step,
            event->n_steps, event->epoch, event->loss, event->lr,
            tool_grouped((unsigned long long)rate, speed),
            clock_time(per_step * (double)(event->n_steps - event->step),
                       left), is_line ? "\n" : "");
    fflush(stderr);
}

static void erase(struct watch *watch)
{
    if (watch->is_drawn)
        fputs("\r\033[K", stderr);
    watch->is_drawn = false;
}

/* On a terminal a line that is drawn over; elsewhere one every 30 seconds;
 * a line for each validation on both. */
static void print_event(struct watch *watch,
                        const struct pith_align_event *event)
{
    bool is_terminal = isatty(STDERR_FILENO);
    double pause = is_terminal ? 0.2 : 30;
    if (!isnan(event->loss) && event->seconds - watch->shown_at >= pause) {
        draw_step(watch, event, !is_terminal);
        watch->is_drawn = is_terminal;
        watch->shown_at = event->seconds;
    }
    if (isnan(event->validation_loss))
        return;
    erase(watch);
    fprintf(stderr, "pith: step %zu: validation loss %.4f, perplexity %.3f%s\n",
            event->step, event->validation_loss, exp(event->validation_loss),
            event->is_best ? ", the best so far" : "");
}

static void announce(void *user, const struct pith_align_size *size)
{
    const struct watch *watch = user;
    char weights[32];
    if (watch->is_quiet)
        return;
    fprintf(stderr, "pith: %s weights are trained: up to %.1f MiB of memory "
            "beside the model, and %.1f MiB on disk for the state, twice that "
            "while it is written\n", tool_grouped(size->n_weights, weights),
            (double)size->memory_bytes / 1048576,
            (double)size->state_bytes / 1048576);
}

static int report(void *user, const struct pith_align_event *event)
{
    struct watch *watch = user;
    if (!watch->has_begun)
        watch->first = event->step > 0 ? event->step - 1 : 0;
    watch->has_begun = true;
    if (!watch->is_quiet)
        print_event(watch, event);
    return n_interrupts > 0;
}

static void summarize(const struct arguments *arguments,
                      const struct pith_align_result *result, double seconds)
{
    char time[32];
    fprintf(stderr, "pith: %zu steps, %s", result->n_steps,
            clock_time(seconds, time));
    if (!isnan(result->best_validation_loss))
        fprintf(stderr, "; validation perplexity %.3f before, %.3f at step "
                "%zu, the best", exp(result->first_validation_loss),
                exp(result->best_validation_loss), result->best_step);
    else
        fprintf(stderr, "; loss of the last step %.4f", result->loss);
    fprintf(stderr, "; wrote %s\n", arguments->options.output);
    if (result->best_validation_loss >= result->first_validation_loss)
        tool_fail("the model as it was had the lower validation loss: try a "
                  "lower --lr or fewer epochs");
}

/* --- the run ------------------------------------------------------------- */

static int train(const struct arguments *arguments,
                 const struct pith_model *model,
                 const struct pith_dataset *data,
                 const struct pith_dataset *validation,
                 const struct align_group *group)
{
    bool is_first = group->group.rank == 0;
    struct pith_align_options own = arguments->options;
    struct watch watch = {.arguments = arguments,
                          .is_quiet = arguments->model.quiet || !is_first};
    struct pith_align_result result;
    struct pith_error error;
    double start = tool_seconds();
    int code = TOOL_OK;

    own.report = report;
    own.announce = announce;
    own.user = &watch;
    own.n_threads = (int)arguments->model.n_threads;
    own.group = group->group.n_ranks > 1 ? &group->group : NULL;
    tool_signals_call(interrupt);
    enum pith_status status =
        pith_align(model, data, validation, &own, &result, &error);
    erase(&watch);
    if (status != PITH_OK)
        code = tool_library(&error);
    else if (!watch.is_quiet)
        summarize(arguments, &result, tool_seconds() - start);
    return code;
}

static int align(const struct arguments *arguments,
                 const struct operands *operands,
                 const struct align_group *group)
{
    struct opened opened = {0};
    struct pith_dataset *data = NULL, *validation = NULL;
    bool says = !arguments->model.quiet && group->group.rank == 0;
    int code = tool_load(&opened, &arguments->model);
    if (code == TOOL_OK)
        code = load_data(arguments, opened.model, operands->items, operands->n,
                         "data", says, &data);
    if (code == TOOL_OK && arguments->validation.n > 0)
        code = load_data(arguments, opened.model, arguments->validation.items,
                         arguments->validation.n, "validation", says,
                         &validation);
    if (code == TOOL_OK)
        code = train(arguments, opened.model, data, validation, group);
    pith_dataset_free(data);
    pith_dataset_free(validation);
    tool_close(&opened);
    return code;
}

/* Words to what the library needs; the preset under what was given. */
static int settle(const struct command *command, struct arguments *arguments,
                  const struct operands *operands)
{
    static const char *const templates[] = {"alpaca", "plain", "chatml"};
    struct pith_align_options given = arguments->options;
    if (arguments->preset == PRESET_PAPER) {
        pith_align_options_paper(&arguments->options);
        arguments->options.steps = given.steps;
        if (tool_option_given(operands, "epochs"))
            arguments->options.epochs = given.epochs;
        if (tool_option_given(operands, "lr"))
            arguments->options.lr = given.lr;
    }
    arguments->data.template_name = templates[arguments->template_id];
    arguments->options.schedule =
        arguments->schedule == 0 ? "cosine" : "constant";
    arguments->options.seed = arguments->seed;
    if (arguments->options.output == NULL)
        return tool_usage(command, "give the name of the tuned model: -o FILE");
    arguments->options.output = tool_output_name(arguments->options.output);
    arguments->options.state = tool_output_name(arguments->options.state);
    arguments->options.log = tool_output_name(arguments->options.log);
    if (arguments->options.resume && arguments->options.overwrite)
        return tool_usage(command, "--resume and --overwrite: one of the two");
    return TOOL_OK;
}

/* The names that state and log have unless they are given others. */
static void list_files(const struct operands *operands, const void *given,
                       struct file_list *list)
{
    const struct pith_align_options *own =
        &((const struct arguments *)given)->options;
    (void)operands;
    if (own->state == NULL)
        tool_files_output_with(list, "state", own->output, ".state");
    if (own->log == NULL)
        tool_files_output_with(list, "log", own->output, ".jsonl");
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {
        .data.sizeof_options = sizeof arguments.data, .seed = 1};
    struct operands operands;
    struct align_group group = {0};
    pith_align_options_default(&arguments.options);
    int code = tool_options_parse(command, argc, argv, &arguments, &operands);
    if (code == TOOL_OK && operands.help) {
        tool_options_help(command, stdout);
    } else if (code == TOOL_OK) {
        code = settle(command, &arguments, &operands);
        if (code == TOOL_OK)
            code = align_group_open(&group);
        if (code == TOOL_OK)
            code = align_group_close(&group,
                                     align(&arguments, &operands, &group));
    }
    tool_options_free(&arguments, &operands);
    return code;
}

const struct command tool_align = {
    .name = "align",
    .operands = "DATA...",
    .min_operands = 1,
    .max_operands = TOOL_MAX_OPERANDS,
    .summary = "tune a model on answers of the target (eq. 8)",
    .about =
        "Tunes the small model on instructions and the answers that the large\n"
        "one gave to them, so that its perplexities follow the large one's.\n"
        "DATA is JSONL or a JSON array of records {instruction, input, output},\n"
        "{question, answer}, {prompt, completion} or {messages}.  An interrupt\n"
        "(Ctrl-C) ends the run after its state is written.  See also pith help\n"
        "align requests and pith help align collect.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .list_files = list_files,
    .run = run,
};
