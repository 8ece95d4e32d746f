/*
 * engine.c - pith as a WebAssembly module: what engine.js calls.
 *
 * Texts and files come in memory that the caller took with take() and gives
 * back; they are read before a function returns, save the model, which stays
 * until the next load().  A function returns a status of pith.h; message() says
 * what was wrong.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pith.h"
#include "pith_options.h"
#include "pith_service.h"

#define EXPORT(type, name, ...)                                                \
    __attribute__((export_name(#name))) type name(__VA_ARGS__);                \
    type name(__VA_ARGS__)

/* Told how far a pass of the model is. */
__attribute__((import_module("pith"), import_name("progress"))) void
told(double done, double total);

static struct {
    void *bytes; /* of the model, a block of take() */
    struct pith_model *model;
    struct pith_session *session;
    struct pith_result *result;
    char *reply;
    struct pith_error error;
} engine;

/* What became of a unit, for compressed(): bytes [start, end) of the text. */
struct unit {
    uint32_t start, end;
    float loss; /* NaN: it has none */
    uint32_t kept, space;
};

static struct {
    const char *text;
    uint32_t text_size;
    uint32_t origin_tokens, compressed_tokens;
    const char *note; /* NULL: nothing */
    struct unit *units;
    uint32_t n_units;
} compressed;

EXPORT(void *, take, size_t size)
{
    return malloc(size > 0 ? size : 1);
}

EXPORT(void, give, void *block)
{
    free(block);
}

EXPORT(const char *, message, void)
{
    return engine.error.detail;
}

EXPORT(const char *, precision, void)
{
    return engine.session != NULL ? pith_session_precision(engine.session) : "";
}

static int report(void *user, const char *stage, size_t done, size_t total)
{
    (void)user, (void)stage;
    told((double)done, (double)total);
    return 0;
}

EXPORT(void, unload, void)
{
    pith_result_free(engine.result);
    pith_session_free(engine.session);
    pith_model_free(engine.model);
    free(compressed.units);
    free(engine.bytes);
    engine.result = NULL;
    engine.session = NULL;
    engine.model = NULL;
    engine.bytes = NULL;
    compressed.units = NULL;
}

/* Takes over the bytes of a model. */
EXPORT(int, load, void *bytes, size_t size, const char *precision_name)
{
    static const struct pith_progress progress = {report, NULL};
    struct pith_load_options loading = {.sizeof_options = sizeof loading,
                                        .verify = true};
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .progress = &progress,
                                           .precision = precision_name};
    unload();
    engine.bytes = bytes;
    if (pith_model_load_memory(bytes, size, NULL, &loading, &engine.model,
                               &engine.error) ||
        pith_session_create(engine.model, &options, &engine.session,
                            &engine.error)) {
        int status = (int)engine.error.status;
        unload();
        return status;
    }
    return PITH_OK;
}

static int refuse(enum pith_status status, const char *why)
{
    engine.error.status = status;
    strcpy(engine.error.detail, why);
    return (int)status;
}

static int no_memory(void)
{
    return refuse(PITH_ERR_MEMORY, "out of memory");
}

/* The units of the contexts, views of one text. */
static int list_units(const char *text, const struct pith_text *contexts)
{
    const struct pith_result *result = engine.result;
    const struct pith_detail *detail = &result->detail;
    struct unit *units = malloc((detail->n_units + 1) * sizeof *units);
    if (units == NULL)
        return no_memory();
    compressed.units = units;
    compressed.n_units = 0;
    for (size_t i = 0; i < detail->n_units; i++) {
        const struct pith_unit_result *unit = &detail->units[i];
        const struct pith_part_result *part = &result->parts[unit->part];
        if (part->kind != PITH_PART_CONTEXT || unit->join || unit->size == 0)
            continue;
        size_t start = (size_t)(contexts[part->index].bytes - text) +
                       unit->offset;
        units[compressed.n_units++] = (struct unit){
            .start = (uint32_t)start, .end = (uint32_t)(start + unit->size),
            .loss = unit->loss, .kept = unit->kept,
            .space = unit->space != 0};
    }
    return PITH_OK;
}

static int run(const struct pith_compress_options *options, const char *text,
               const struct pith_prompt *prompt)
{
    if (pith_compress(engine.session, prompt, options, &engine.result,
                      &engine.error) != PITH_OK)
        return (int)engine.error.status;
    compressed.text = engine.result->text.bytes;
    compressed.text_size = (uint32_t)engine.result->text.size;
    compressed.origin_tokens = (uint32_t)engine.result->origin_tokens;
    compressed.compressed_tokens = (uint32_t)engine.result->compressed_tokens;
    compressed.note = engine.result->note;
    return list_units(text, prompt->contexts);
}

/* As `pith compress -r RATE --question QUESTION --protect KINDS FILE` does with
 * a text. */
EXPORT(int, compress, const char *text, size_t size, const char *question,
             size_t question_size, const char *kinds, size_t kinds_size,
             double rate, int method)
{
    struct pith_compress_options options;
    pith_result_free(engine.result);
    free(compressed.units);
    engine.result = NULL;
    memset(&compressed, 0, sizeof compressed);
    if (engine.session == NULL)
        return refuse(PITH_ERR_ARGUMENT, "no model is loaded");
    pith_compress_options_init(&options);
    options.method = (enum pith_method)method;
    options.rate = rate;
    options.detail = true;
    if (pith_protect_parse((struct pith_text){kinds, kinds_size},
                           &options.protect, &engine.error) != PITH_OK)
        return (int)engine.error.status;
    struct pith_text whole = {text, size};
    size_t n = pith_split_text(whole, &options, NULL);
    struct pith_text *contexts = malloc((n + 1) * sizeof *contexts);
    if (contexts == NULL)
        return no_memory();
    pith_split_text(whole, &options, contexts);
    struct pith_prompt prompt = {.contexts = contexts, .n_contexts = n,
                                 .question = {question, question_size}};
    int status = run(&options, text, &prompt);
    free(contexts);
    return status;
}

/* What compress() found, until it is called again. */
EXPORT(const void *, result, void)
{
    return &compressed;
}

/* Answers a request of docs/REQUESTS.md; reply() has the line. */
EXPORT(int, request, const char *line, size_t size)
{
    pith_free(engine.reply);
    engine.reply = NULL;
    if (engine.session == NULL)
        return refuse(PITH_ERR_ARGUMENT, "no model is loaded");
    return (int)pith_request_run(engine.session, (struct pith_text){line, size},
                                 NULL, &engine.reply, NULL, &engine.error);
}

EXPORT(const char *, reply, void)
{
    return engine.reply;
}
