/*
 * templates.c - see templates.h.
 */
#include "templates.h"

#include <string.h>

#include "../base/memory.h"

static const char *const names[] = {"alpaca", "plain", "chatml"};

enum { N_TEMPLATES = sizeof names / sizeof names[0] };

enum pith_status pith_template_find(const char *name,
                                    enum pith_template *template_id,
                                    struct pith_error *error)
{
    *template_id = PITH_TEMPLATE_ALPACA;
    if (name == NULL)
        return PITH_OK;
    for (size_t i = 0; i < N_TEMPLATES; i++)
        if (strcmp(name, names[i]) == 0) {
            *template_id = (enum pith_template)i;
            return PITH_OK;
        }
    return pith_fail(error, PITH_ERR_ARGUMENT,
                     "template \"%.40s\": expected alpaca, plain or chatml",
                     name);
}

/* --- spans ---------------------------------------------------------------- */

/* A run with the flags ends where the text ends now. */
static void end_span(struct pith_rendering *out, int flags)
{
    size_t before = out->n_spans > 0 ? out->spans[out->n_spans - 1].end : 0;
    if (out->text.size == before && !(flags & PITH_SPAN_END))
        return;
    if (pith_grow(&out->spans, out->n_spans + 1, &out->n_room,
                  sizeof *out->spans, NULL) != PITH_OK) {
        out->text.failed = true;
        return;
    }
    out->spans[out->n_spans++] =
        (struct pith_template_span){out->text.size, flags};
}

static void add(struct pith_rendering *out, const char *string, int flags)
{
    pith_buffer_string(&out->text, string);
    end_span(out, flags);
}

static void add_text(struct pith_rendering *out, struct pith_text text,
                     int flags)
{
    pith_buffer_append(&out->text, text.bytes, text.size);
    end_span(out, flags);
}

/* What of a message the model is to say. */
static int answer_flag(const struct pith_message *message)
{
    return message->role == PITH_ROLE_ASSISTANT && !message->is_given
               ? PITH_SPAN_ANSWER : 0;
}

static void add_answer(struct pith_rendering *out,
                       const struct pith_message *message)
{
    add_text(out, message->content, answer_flag(message));
    end_span(out, answer_flag(message) | PITH_SPAN_END);
}

/* --- Alpaca --------------------------------------------------------------- */

static const char WITH_INPUT[] =
    "Below is an instruction that describes a task, paired with an input that "
    "provides further context. Write a response that appropriately completes "
    "the request.";
static const char WITHOUT_INPUT[] =
    "Below is an instruction that describes a task. Write a response that "
    "appropriately completes the request.";

static void render_alpaca(const struct pith_record *record,
                          struct pith_rendering *out)
{
    const struct pith_message *message = record->messages;
    const struct pith_message *end = message + record->n_messages;
    if (message->role == PITH_ROLE_SYSTEM)
        add_text(out, (message++)->content, 0);
    else
        add(out, record->input.size > 0 ? WITH_INPUT : WITHOUT_INPUT, 0);
    for (; message < end; message++) {
        if (message->role == PITH_ROLE_ASSISTANT) {
            add(out, "\n\n### Response:", 0);
            add_answer(out, message);
            continue;
        }
        add(out, "\n\n### Instruction:\n", 0);
        add_text(out, message->content, 0);
        if (record->input.size > 0) {
            add(out, "\n\n### Input:\n", 0);
            add_text(out, record->input, 0);
        }
    }
}

/* --- plain ---------------------------------------------------------------- */

static void render_plain(const struct pith_record *record,
                         struct pith_rendering *out)
{
    bool completes = record->kind == PITH_RECORD_COMPLETION;
    for (size_t i = 0; i < record->n_messages; i++) {
        const struct pith_message *message = &record->messages[i];
        bool answers = message->role == PITH_ROLE_ASSISTANT;
        if (i > 0 && !(completes && answers))
            add(out, "\n", 0);
        if (answers) {
            add_answer(out, message);
            continue;
        }
        add_text(out, message->content, 0);
        if (message->role == PITH_ROLE_USER && record->input.size > 0) {
            add(out, "\n", 0);
            add_text(out, record->input, 0);
        }
    }
}

/* --- ChatML --------------------------------------------------------------- */

static void render_chatml(const struct pith_record *record,
                          struct pith_rendering *out)
{
    for (size_t i = 0; i < record->n_messages; i++) {
        const struct pith_message *message = &record->messages[i];
        int answer = answer_flag(message);
        add(out, "<|im_start|>", PITH_SPAN_SPECIAL);
        add(out, pith_role_name(message->role), 0);
        add(out, "\n", 0);
        pith_record_write_content(record, message, &out->text);
        end_span(out, answer);
        add(out, "<|im_end|>", PITH_SPAN_SPECIAL | answer);
        add(out, "\n", 0);
    }
}

enum pith_status pith_template_render(enum pith_template template_id,
                                      const struct pith_record *record,
                                      struct pith_rendering *out,
                                      struct pith_error *error)
{
    out->text.size = 0;
    out->n_spans = 0;
    switch (template_id) {
    case PITH_TEMPLATE_ALPACA: render_alpaca(record, out); break;
    case PITH_TEMPLATE_PLAIN: render_plain(record, out); break;
    case PITH_TEMPLATE_CHATML: render_chatml(record, out); break;
    }
    if (out->text.failed)
        return pith_no_memory(error, out->text.size, 1);
    return PITH_OK;
}

void pith_rendering_free(struct pith_rendering *rendering)
{
    pith_buffer_free(&rendering->text);
    pith_free(rendering->spans);
    *rendering = (struct pith_rendering){0};
}
