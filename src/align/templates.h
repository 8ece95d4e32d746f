/*
 * templates.h - what a model is given for a record: the texts of prompt and
 * answer, in the words of the template that it is tuned with.
 *
 *   alpaca  Stanford Alpaca's two texts, with and without an input; later
 *           exchanges of a chat repeat the headings
 *   plain   the texts with a line feed between them; a prompt and its
 *           completion with nothing between them
 *   chatml  <|im_start|>ROLE LF text <|im_end|> LF
 */
#ifndef PITH_ALIGN_TEMPLATES_H
#define PITH_ALIGN_TEMPLATES_H

#include "records.h"

enum pith_template {
    PITH_TEMPLATE_ALPACA,
    PITH_TEMPLATE_PLAIN,
    PITH_TEMPLATE_CHATML
};

/* NULL is Alpaca's.  Errors: ARGUMENT for an unknown name. */
enum pith_status pith_template_find(const char *name,
                                    enum pith_template *template_id,
                                    struct pith_error *error);

enum pith_template_flags {
    PITH_SPAN_ANSWER = 1,  /* what the model is to say: the loss is on it */
    PITH_SPAN_SPECIAL = 2, /* the spelling of a special token */
    PITH_SPAN_END = 4      /* no text: the model's end-of-text token, the end
                              of an answer that is to be learned or not */
};

/* A run of the rendered text that ends before byte `end`. */
struct pith_template_span {
    size_t end;
    int flags; /* enum pith_template_flags, or-ed */
};

struct pith_rendering {
    struct pith_buffer text;
    struct pith_template_span *spans;
    size_t n_spans, n_room;
};

/* Renders a record, in place of what the rendering held ({0} at first).
 * Errors: MEMORY. */
enum pith_status pith_template_render(enum pith_template template_id,
                                      const struct pith_record *record,
                                      struct pith_rendering *out,
                                      struct pith_error *error);
void pith_rendering_free(struct pith_rendering *rendering);

#endif
