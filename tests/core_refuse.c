/*
 * core_refuse.c - the core refuses what it does not have: by name, with
 * PITH_ERR_UNSUPPORTED, and compresses all the same when it is left out.
 * Built and run by core.sh.
 *
 * usage: core_refuse MODEL
 */
#include <string.h>

#include "core_model.h"

static int failures;

static void complain(const char *what, const struct pith_error *error)
{
    fprintf(stderr, "core_refuse: %s: %s: %s\n", what,
            pith_status_name(error->status), error->detail);
    failures++;
}

static enum pith_status compress(struct pith_session *session,
                                 const struct pith_compress_options *options,
                                 struct pith_error *error)
{
    static const char text[] =
        "The committee met on 3 May. It did not approve the budget of 4,200 "
        "euros, and asked the treasurer for another draft by the summer.";
    const struct pith_text contexts[] = {{text, sizeof text - 1},
                                         {text, sizeof text - 1},
                                         {text, 27}};
    const struct pith_prompt prompt = {.contexts = contexts, .n_contexts = 3,
                                       .question = {"Was it approved?", 16}};
    struct pith_result *result;
    enum pith_status status =
        pith_compress_paper(session, &prompt, options, &result, error);
    pith_result_free(result);
    return status;
}

/* The detail has to begin with the option's name. */
static void expect_refusal(struct pith_session *session, const char *option,
                           const struct pith_compress_options *options)
{
    struct pith_error error = {0};
    enum pith_status status = compress(session, options, &error);
    size_t n = strlen(option);
    if (status != PITH_ERR_UNSUPPORTED ||
        strncmp(error.detail, option, n) != 0 || error.detail[n] != ':')
        complain(option, &error);
}

#define REFUSED(member, ...)                                                   \
    do {                                                                       \
        struct pith_compress_options options = defaults;                       \
        options.member = __VA_ARGS__;                                          \
        expect_refusal(session, #member, &options);                            \
    } while (0)

static void try_options(struct pith_session *session)
{
    static const struct pith_text string = {"budget", 6};
    struct pith_compress_options defaults;
    struct pith_error error = {0};
    pith_compress_options_init(&defaults);
    defaults.rate = 0.4; /* contexts are ranked, and one is left out */
    REFUSED(protect, PITH_PROTECT_NEGATIONS);
    REFUSED(keep_regex, "[0-9]+");
    REFUSED(keep, &string, options.n_keep = 1);
    REFUSED(structured, true);
    REFUSED(detail, true);
    REFUSED(trace, true);
    REFUSED(selection_seed, 7);
    REFUSED(question_aware, true);
    if (compress(session, &defaults, &error) != PITH_OK)
        complain("the defaults", &error);
}

/* The same of what a model is opened with. */
static void expect_model_refusal(struct pith_text file, const char *option,
                                 enum pith_status expected,
                                 const struct pith_load_options *options)
{
    struct pith_error error = {0};
    struct pith_model *model;
    size_t n = strlen(option);
    if (pith_model_load_memory(file.bytes, file.size, NULL, options, &model,
                               &error) != expected ||
        strncmp(error.detail, option, n) != 0 || error.detail[n] != ':')
        complain(option, &error);
}

static void try_models(struct pith_text file)
{
    const struct pith_load_options adapted = {
        .sizeof_options = sizeof adapted, .adapter = "any"};
    const struct pith_load_options verified = {
        .sizeof_options = sizeof verified, .verify = true};
    const struct pith_load_options vector = {
        .sizeof_options = sizeof vector, .kernels = "avx2"};
    expect_model_refusal(file, "adapter", PITH_ERR_UNSUPPORTED, &adapted);
    expect_model_refusal(file, "verify", PITH_ERR_UNSUPPORTED, &verified);
    expect_model_refusal(file, "kernels", PITH_ERR_ARGUMENT, &vector);
}

static void try_precision(const struct pith_model *model)
{
    const struct pith_session_options narrow = {
        .sizeof_options = sizeof narrow, .precision = "int8"};
    struct pith_session *session;
    struct pith_error error;
    if (pith_session_create(model, &narrow, &session, &error) !=
            PITH_ERR_ARGUMENT ||
        strncmp(error.detail, "precision:", 10) != 0)
        complain("precision", &error);
}

int main(int argc, char **argv)
{
    struct pith_model *model = NULL;
    struct pith_session *session = NULL;
    struct pith_error error = {0};
    if (argc != 2)
        return 2;
    struct pith_text file = read_model(argv[1]);
    if (pith_model_load_memory(file.bytes, file.size, argv[1], NULL, &model,
                               &error) ||
        pith_session_create(model, NULL, &session, &error))
        complain(argv[1], &error);
    else
        try_options(session);
    if (model != NULL) {
        try_models(file);
        try_precision(model);
    }
    pith_session_free(session);
    pith_model_free(model);
    free((void *)file.bytes);
    return failures > 0;
}
