/*
 * main.c - the core of pith without an operating system: model and prompt are
 * part of the program, and what it needs is in libc.c, math.c and one file for
 * the machine (port.h).  build.sh builds it; docs/PORTING.md.
 */
#include "pith.h"

#include "port.h"

/* model.S has both; the prompt with a line end, which is not part of it. */
extern const char model_start[], model_end[], prompt_start[], prompt_end[];

static struct pith_text between(const char *start, const char *end)
{
    return (struct pith_text){start, (size_t)(end - start)};
}

static void say(struct pith_text text)
{
    port_write(text.bytes, text.size);
    port_write("\n", 1);
}

static int fail(const struct pith_error *error)
{
    size_t n = 0;
    while (error->detail[n] != '\0')
        n++;
    say((struct pith_text){error->detail, n});
    return 1;
}

static int compress(struct pith_session *session, struct pith_text context)
{
    struct pith_prompt prompt = {.contexts = &context, .n_contexts = 1};
    struct pith_compress_options options;
    struct pith_result *result;
    struct pith_error error;
    pith_compress_options_init(&options);
    options.rate = 0.5;
    if (pith_compress_paper(session, &prompt, &options, &result, &error))
        return fail(&error);
    say(result->text);
    pith_result_free(result);
    return 0;
}

int main(void)
{
    struct pith_text bytes = between(model_start, model_end);
    struct pith_model *model;
    struct pith_session *session = NULL;
    struct pith_error error;
    int code;
    if (pith_model_load_memory(bytes.bytes, bytes.size, NULL, NULL, &model,
                               &error) ||
        pith_session_create(model, NULL, &session, &error))
        code = fail(&error);
    else
        code = compress(session, between(prompt_start, prompt_end - 1));
    pith_session_free(session);
    pith_model_free(model);
    return code;
}
