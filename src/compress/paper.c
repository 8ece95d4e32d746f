/*
 * paper.c - the method `paper`, from the prompt to the result.
 */
#include "compress.h"

enum pith_status pith_compress_paper(struct pith_session *session,
                                     const struct pith_prompt *prompt,
                                     const struct pith_compress_options *options,
                                     struct pith_result *result,
                                     struct pith_error *error)
{
    (void)session, (void)prompt, (void)options, (void)result;
    return pith_fail(error, PITH_ERR_UNSUPPORTED, "paper is not there yet");
}
