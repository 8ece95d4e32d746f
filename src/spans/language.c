/*
 * language.c - whether the model knows the language of the contexts.
 *
 *   bits a byte = (sum of NLL(x_i) over the contexts' tokens) / ln 2
 *                 / bytes of these tokens
 *
 * A model that knows nothing of a text takes 8 bits for each of its bytes, and
 * more where it expects another language.  docs/SPANS.md has what was measured:
 * English and code take 1 to 3, German and Vietnamese 4 to 5.3, random letters
 * of base64 6.3 to 6.6, Korean, Japanese and Chinese 7.1 to 13.
 */
#include <math.h>

#include "../prompt/result.h"
#include "run.h"

static const double limit = 7;
enum { FEWEST_TOKENS = 20 }; /* fewer may be a name */

void pith_spans_measure_language(struct pith_spans *spans)
{
    const struct pith_parts *parts = spans->parts;
    double nats = 0;
    size_t n_bytes = 0;
    spans->n_measured = 0;
    for (size_t i = 0; i < parts->n_units; i++) {
        const struct pith_unit *unit = &parts->units[i];
        if (!pith_spans_is_free_text(spans, i))
            continue;
        for (size_t j = unit->token; j < unit->token + unit->n_tokens; j++)
            nats += isnan(spans->losses[j]) ? 0 : (double)spans->losses[j];
        spans->n_measured += unit->n_tokens;
        n_bytes += unit->n_bytes;
    }
    if (n_bytes > 0)
        spans->result->bits_per_byte = nats / log(2) / (double)n_bytes;
}

enum pith_status pith_spans_note_language(struct pith_spans *spans,
                                          struct pith_error *error)
{
    double bits = spans->result->bits_per_byte;
    if (bits <= limit || spans->n_measured < FEWEST_TOKENS)
        return PITH_OK;
    return pith_result_note(spans->result, error,
                            "The model does not know the language of this "
                            "text: it takes %.1f bits a byte, where 8 is to "
                            "know nothing. SmolLM2 knows more languages "
                            "(tools/get-model smollm2).", bits);
}
