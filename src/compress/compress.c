/*
 * compress.c - the door of compression: hands over to the method that the
 * options name.
 */
#include <string.h>

#include "../base/error.h"
#include "../prompt/method.h"
#include "../prompt/option_size.h"

/* Whether an option has another value than its default. */
static bool is_set(const struct pith_option *row,
                   const struct pith_compress_options *options,
                   const struct pith_compress_options *defaults)
{
    const char *member = (const char *)options + row->offset;
    if (row->use & PITH_OPTION_ABOVE_LOW) /* at its low end it is unset */
        return *(const double *)(const void *)member > row->low;
    if (row->type == PITH_OPTION_TEXTS || row->type == PITH_OPTION_COUNTS)
        return *(const size_t *)(const void *)(member + sizeof(void *)) > 0;
    return memcmp(member, (const char *)defaults + row->offset,
                  pith_option_size(row)) != 0;
}

/* `paper` and `spans` refuse each other's options, which would do nothing.
 * Those of `reference` may be in any call of the Python package. */
static enum pith_status
refuse_foreign(const struct pith_compress_options *options,
               struct pith_error *error)
{
    struct pith_compress_options defaults;
    const struct pith_option *row;
    unsigned pass = pith_method_use(options->method) | PITH_OPTION_FOR_REFERENCE;
    pith_compress_options_init(&defaults);
    if (options->method == PITH_METHOD_REFERENCE)
        return PITH_OK;
    for (size_t i = 0; (row = pith_compress_option(i)) != NULL; i++)
        if (row->key != NULL && !(row->use & pass) &&
            is_set(row, options, &defaults))
            return pith_fail(error, PITH_ERR_UNSUPPORTED,
                             "%s is not an option of method %s; use method %s",
                             row->key, pith_method_name(options->method),
                             row->use & PITH_OPTION_FOR_PAPER ? "paper"
                                                              : "spans");
    return PITH_OK;
}

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
    if (pith_method_name(known.method) != NULL)
        PITH_TRY(refuse_foreign(&known, error));
    switch (known.method) {
    case PITH_METHOD_PAPER:
        return pith_compress_paper(session, prompt, &known, result, error);
    case PITH_METHOD_REFERENCE:
        return pith_compress_reference(session, prompt, &known, result, error);
    case PITH_METHOD_SPANS:
        return pith_compress_spans(session, prompt, &known, result, error);
    }
    return pith_fail(error, PITH_ERR_ARGUMENT,
                     "method %d is unknown; expected PITH_METHOD_PAPER, "
                     "PITH_METHOD_REFERENCE or PITH_METHOD_SPANS",
                     (int)known.method);
}
