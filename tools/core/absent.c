/*
 * absent.c - what the core leaves out.
 *
 * Each function here takes the place of one of the library that the core calls
 * for what the papers do not need.  It refuses an option by name where it is
 * set, and does nothing, or the plain thing, where it is not; the files behind
 * it in the library are not linked.
 */
#include <stdio.h>

#include "../../src/base/print.h"
#include "../../src/model/forward.h"
#include "../../src/model/score.h"
#include "../../src/paper/paper.h"
#include "../../src/prompt/keep.h"
#include "../../src/text/tokenizer_state.h"

static enum pith_status refuse(struct pith_error *error, const char *option,
                               const char *unset)
{
    return pith_fail(error, PITH_ERR_UNSUPPORTED,
                     "%s: the core of pith does not have this option; leave "
                     "it %s, or link the whole library", option, unset);
}

/* --- base --------------------------------------------------------------------- */

/* With the decimal point of the program's locale. */
int pith_format(char *out, size_t size, const char *format, va_list arguments)
{
    return vsnprintf(out, size, format, arguments);
}

/* --- text --------------------------------------------------------------------- */

static enum pith_status refuse_tokenizer(struct pith_error *error,
                                         const char *kind)
{
    return pith_fail(error, PITH_ERR_UNSUPPORTED,
                     "tokenizer: the core of pith does not have that of %s; "
                     "link the whole library", kind);
}

enum pith_status
pith_tokenizer_open_sentencepiece(struct pith_tokenizer *tokenizer,
                                  const char *name, struct pith_error *error)
{
    (void)tokenizer, (void)name;
    return refuse_tokenizer(error, "SentencePiece");
}

enum pith_status pith_byte_bpe_open_llama3(struct pith_byte_bpe *bpe,
                                           const struct pith_section *section,
                                           struct pith_error *error)
{
    (void)bpe, (void)section;
    return refuse_tokenizer(error, "Llama 3 and Qwen2");
}

/* Texts are taken as they are written: no call of the core asks for more. */
enum pith_status pith_tokenizer_find_specials(struct pith_tokenizer *tokenizer,
                                              struct pith_error *error)
{
    (void)tokenizer, (void)error;
    return PITH_OK;
}

void pith_tokenizer_drop_specials(struct pith_tokenizer *tokenizer)
{
    (void)tokenizer;
}

/* --- model -------------------------------------------------------------------- */

enum pith_status pith_model_take_extras(struct pith_model *model,
                                        const struct pith_load_options *options,
                                        struct pith_error *error)
{
    (void)model;
    if (options->adapter != NULL)
        return refuse(error, "adapter", "NULL");
    return options->verify ? refuse(error, "verify", "false") : PITH_OK;
}

void pith_model_drop_extras(struct pith_model *model)
{
    (void)model;
}

void pith_adapt(const struct pith_pass *pass, float *out, const float *x,
                size_t layer, enum pith_linear_index linear)
{
    (void)pass, (void)out, (void)x, (void)layer, (void)linear;
}

bool pith_adapted_feed_forward(const struct pith_pass *pass,
                               const struct pith_feed_forward *parts,
                               size_t layer)
{
    (void)pass, (void)parts, (void)layer;
    return false;
}

/* One text after another. */
enum pith_status pith_score_texts(struct pith_session *session,
                                  const struct pith_scored_text *texts,
                                  size_t n, const char *stage,
                                  struct pith_error *error)
{
    (void)stage;
    for (size_t i = 0; i < n; i++)
        PITH_TRY(pith_score_text(session, texts[i].ids, texts[i].n,
                                 texts[i].losses, error));
    return PITH_OK;
}

/* Nothing is remembered. */
enum pith_status pith_session_forward_known(struct pith_session *session,
                                            const int32_t *ids, size_t n,
                                            const int32_t *targets,
                                            float *losses,
                                            struct pith_error *error)
{
    return pith_session_forward(session, NULL, ids, n, targets, losses, error);
}

void pith_session_forget(struct pith_session *session)
{
    (void)session;
}

/* --- prompt ------------------------------------------------------------------ */

enum pith_status pith_keep_apply(struct pith_parts *parts,
                                 const struct pith_compress_options *options,
                                 struct pith_error *error)
{
    (void)parts;
    if ((options->protect & PITH_PROTECT_ALL) != 0)
        return refuse(error, "protect", "0");
    if (options->n_keep > 0)
        return refuse(error, "keep", "empty");
    if (options->keep_regex != NULL)
        return refuse(error, "keep_regex", "NULL");
    return PITH_OK;
}

enum pith_status pith_keep_note(const struct pith_parts *parts,
                                const struct pith_compress_options *options,
                                struct pith_result *result,
                                struct pith_error *error)
{
    (void)parts, (void)options, (void)result, (void)error;
    return PITH_OK; /* nothing was looked for */
}

/* Of byte-level tokens.  Bytes that the tokenizer has no token for are passed
 * over. */
void pith_token_ends(const struct pith_tokenizer *tokenizer,
                     struct pith_text text, const int32_t *ids, size_t n,
                     size_t *ends)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        struct pith_text piece = pith_tokenizer_piece(tokenizer, ids[i]);
        for (size_t k = 0; k < piece.size && at < text.size; at++)
            k += text.bytes[at] == piece.bytes[k];
        ends[i] = i + 1 < n ? at : text.size;
    }
}

/* --- paper ------------------------------------------------------------------- */

enum pith_status pith_paper_extend(struct pith_paper *p,
                                   struct pith_error *error)
{
    const struct pith_compress_options *options = p->options;
    if (options->selection_seed != 0)
        return refuse(error, "selection_seed", "0");
    const char *option = options->question_aware ? "question_aware"
                         : options->structured   ? "structured"
                         : options->detail       ? "detail"
                         : options->trace        ? "trace"
                                                 : NULL;
    return option != NULL ? refuse(error, option, "false") : PITH_OK;
}
