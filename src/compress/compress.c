/*
 * compress.c - the door of compression: hands over to the method that the
 * options name.
 */
#include "../base/error.h"
#include "../prompt/method.h"

enum pith_status pith_compress(struct pith_session *session,
                               const struct pith_prompt *prompt,
                               const struct pith_compress_options *options,
                               struct pith_result **result,
                               struct pith_error *error)
{
    struct pith_compress_options known;
    PITH_REQUIRE(result, error);
    *result = NULL;
    PITH_TRY(pith_compress_options_take(&known, options, error));
    switch (known.method) {
    case PITH_METHOD_PAPER:
        return pith_compress_paper(session, prompt, &known, result, error);
    case PITH_METHOD_REFERENCE:
        return pith_compress_reference(session, prompt, &known, result, error);
    case PITH_METHOD_SPANS:
        return pith_compress_spans(session, prompt, &known, result, error);
    }
    return pith_fail(error, PITH_ERR_ARGUMENT,
                     "method %d is unknown; there are PITH_METHOD_PAPER, "
                     "PITH_METHOD_REFERENCE and PITH_METHOD_SPANS",
                     (int)known.method);
}
