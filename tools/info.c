/*
 * info.c - `pith info`: what a model file holds.
 */
#include <string.h>

#include "common.h"
#include "files.h"

struct arguments {
    struct model_options model;
    bool verify;
};

#define AT(member) offsetof(struct arguments, member)

static const struct option options[] = {
    {0, "verify", NULL, OPTION_FLAG, AT(verify), 0, 0,
     "read all weights and compare with their checksum"},
    {0, "kernels", "NAME", OPTION_WORD, AT(model.kernels), 0, 0,
     "numeric routines to load it with, or $PITH_KERNELS"},
};

static void row(const char *label)
{
    printf("  %-20s", label);
}

static void print_number(const char *label, unsigned long long number)
{
    char digits[32];
    row(label);
    puts(tool_grouped(number, digits));
}

static void print_word(const char *label, const char *word)
{
    row(label);
    puts(word != NULL && *word != '\0' ? word : "-");
}

/* A word of a foreign file, which may hold anything. */
static void print_foreign(const char *label, const char *word)
{
    row(label);
    if (*word == '\0')
        putchar('-');
    tool_print_piece(stdout, tool_string(word));
    putchar('\n');
}

/* 13,107,200 bytes (12.5 MiB) */
static void print_bytes(const char *label, uint64_t bytes)
{
    char digits[32];
    row(label);
    printf("%s bytes (%.1f MiB)\n", tool_grouped(bytes, digits),
           (double)bytes / 1048576);
}

/* model: for the piece; NULL: the id alone. */
static void print_special(const struct pith_model *model, const char *label,
                          int32_t id)
{
    row(label);
    if (id < 0) {
        puts("none");
        return;
    }
    printf("%ld", (long)id);
    if (model != NULL) {
        fputs("  ", stdout);
        tool_print_piece(stdout, pith_token_piece(model, id));
    }
    putchar('\n');
}

/* What plain LLaMA does not have. */
static void print_family(const struct pith_model_info *info)
{
    if (info->rope_factors)
        print_word("rotary frequencies", "divided by factors");
    if (info->rope_skip > 0)
        print_number("no positions, 1 in", info->rope_skip);
    if (info->window > 0)
        print_number("window", info->window);
    if (info->qkv_biases)
        print_word("biases", "q, k and v");
    if (info->qk_norms)
        print_word("norms of heads", "q and k");
}

static void print_shape(const struct pith_model_info *info)
{
    puts("\nmodel");
    print_foreign("name", info->name);
    print_word("architecture",
               info->arch == PITH_ARCH_GPT2 ? "GPT-2" : "LLaMA");
    print_number("parameters", info->n_parameters);
    print_bytes("file", info->file_bytes);
    print_number("positions", info->n_ctx);
    print_number("layers", info->n_layer);
    print_number("width", info->n_embd);
    print_number("query heads", info->n_head);
    print_number("key/value heads", info->n_kv_head);
    print_number("width of a head", info->head_dim);
    print_number("feed-forward width", info->n_ff);
    print_number("vocabulary", info->n_vocab);
    row("norm epsilon");
    printf("%g\n", (double)info->norm_eps);
    if (info->arch == PITH_ARCH_LLAMA) {
        row("rotary base");
        printf("%g\n", (double)info->rope_theta);
    }
    print_family(info);
    print_word("output projection",
               info->tied ? "the token embedding" : "its own");
}

static void print_tokenizer(const struct pith_model *model,
                            const struct pith_model_info *info)
{
    puts("\ntokenizer");
    print_word("kind", info->tokenizer);
    print_word("pre-tokenizer", info->pre_tokenizer);
    print_number("pieces", info->n_pieces);
    print_number("merges", info->n_merges);
    print_special(model, "BOS", info->bos_id);
    print_special(model, "EOS", info->eos_id);
    print_special(model, "unknown", info->unk_id);
    print_special(model, "padding", info->pad_id);
    print_word("BOS by default", info->add_bos ? "yes" : "no");
}

static void print_tensors(const struct pith_model *model)
{
    struct pith_tensor_info tensor;
    printf("\ntensors\n  %-36s%-5s%15s%16s\n", "name", "type",
           "rows x columns", "bytes");
    for (size_t i = 0; pith_model_tensor(model, i, &tensor); i++) {
        char shape[64], bytes[32];
        snprintf(shape, sizeof shape, "%llu x %llu",
                 (unsigned long long)tensor.rows,
                 (unsigned long long)tensor.cols);
        printf("  %-36s%-5s%15s%16s\n", tensor.name,
               pith_type_name(tensor.type), shape,
               tool_grouped(tensor.bytes, bytes));
    }
}

static void print_kernels(const struct pith_model_info *info)
{
    row("kernels");
    printf("%s (of", info->kernels);
    const char *name;
    for (size_t i = 0; (name = pith_kernels_name(i)) != NULL; i++)
        printf("%s %s", i > 0 ? "," : "", name);
    puts(")");
}

static void print_types(const struct pith_source_info *info)
{
    printf("\ntypes\n%10s%18s  %-18s%s\n", "tensors", "weights",
           "matrices become", "stored as");
    for (size_t i = 0; i < info->n_types; i++) {
        const struct pith_source_type *type = &info->types[i];
        char tensors[32], weights[32];
        printf("%10s%18s  %-18s", tool_grouped(type->n_tensors, tensors),
               tool_grouped(type->n_weights, weights),
               type->held_as != NULL ? type->held_as : "refused");
        tool_print_piece(stdout, tool_string(type->name));
        putchar('\n');
    }
}

/* What is not a .pith file, but known to `pith convert`. */
static void print_source(const char *path, const struct pith_source_info *info)
{
    puts(path);
    puts("\nsource");
    print_word("format", info->format);
    print_foreign("its architecture", info->architecture);
    print_word("pith convert", info->refusal != NULL ? "refuses it" : "takes it");
    if (info->refusal != NULL)
        print_word("because", info->refusal);
    if (info->model != NULL)
        print_shape(info->model);
    if (info->model != NULL && info->model->tokenizer != NULL)
        print_tokenizer(NULL, info->model);
    if (info->n_types > 0)
        print_types(info);
}

/* False when the path is of no format that pith convert knows. */
static bool describe_source(const char *path)
{
    struct pith_source_info *info;
    struct pith_error error;
    if (pith_source_describe(path, NULL, &info, &error) != PITH_OK)
        return false;
    print_source(path, info);
    pith_source_info_free(info);
    return true;
}

static int describe(const struct command *command,
                    const struct operands *operands, void *given)
{
    (void)command;
    struct arguments *arguments = given;
    arguments->model.path = operands->items[0];
    if (operands->n == 1 && !arguments->verify &&
        describe_source(operands->items[0]))
        return TOOL_OK;
    struct opened opened;
    struct pith_model_info info;
    struct pith_error error;
    int code = tool_load(&opened, &arguments->model);
    if (code == TOOL_OK && arguments->verify &&
        pith_model_verify(opened.model, &error) != PITH_OK)
        code = tool_library(&error);
    if (code == TOOL_OK) {
        pith_model_describe(opened.model, &info);
        puts(opened.path);
        print_shape(&info);
        print_kernels(&info);
        print_word("automatic precision", info.auto_precision);
        print_word("checksums", arguments->verify
                                    ? "metadata and weights are right"
                                    : "metadata right; weights: --verify");
        print_tokenizer(opened.model, &info);
        print_tensors(opened.model);
    }
    tool_close(&opened);
    return code;
}

static void list_files(const struct operands *operands, const void *arguments,
                       struct file_list *list)
{
    (void)arguments;
    if (operands->n == 0)
        tool_files_model(list, NULL, NULL);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {0};
    return tool_options_run(command, argc, argv, &arguments, describe);
}

const struct command tool_info = {
    .name = "info",
    .operands = "[MODEL]",
    .max_operands = 1,
    .summary = "describe a model file",
    .about =
        "Prints the hyper-parameters, the tokenizer and the tensor table of\n"
        "MODEL; without it, of the model that pith compress would use.  What\n"
        "pith convert reads is described too: architecture, types, tokenizer,\n"
        "and why it would be refused.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .list_files = list_files,
    .run = run,
};
