/*
 * pith_service.h - pith for programs that speak JSON: requests and replies,
 * results as JSON and as a page of HTML, and the Model Context Protocol.
 *
 * The rules of pith.h hold here too.
 */
#ifndef PITH_SERVICE_H
#define PITH_SERVICE_H

#include "pith.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --------------------------------------------------------------------------
 * Requests and replies as JSON
 * ------------------------------------------------------------------------ */

/* The result as one JSON object on one line, with the keys of the Python
 * package (compressed_prompt, origin_tokens, compressed_tokens, ratio, rate)
 * and model, method, timings.
 *   json  handed over, NUL-terminated; free with pith_free */
PITH_API
enum pith_status pith_result_json(const struct pith_session *session,
                                  const struct pith_compress_options *options,
                                  const struct pith_result *result,
                                  char **json, struct pith_error *error);

/* The result as a page of HTML that stands alone: the prompt as a map of
 * token losses with what was dropped struck out, the budget of every part,
 * the threshold of every segment.
 *   prompt, options  those of the compression, with options.detail
 *   html  handed over, size bytes and a NUL; free with pith_free
 *   size  may be NULL
 * Errors: ARGUMENT (without detail, or not that prompt), MEMORY. */
PITH_API
enum pith_status pith_result_report_html(
    const struct pith_session *session, const struct pith_prompt *prompt,
    const struct pith_compress_options *options,
    const struct pith_result *result, char **html, size_t *size,
    struct pith_error *error);

/* Runs one request {"name", "function", ...}, the function being
 * compress_prompt, structured_compress_prompt, compress_json, recover or score
 * (option names of the Python package; docs/REQUESTS.md), and answers {"name",
 * "result", "error"} and, when defaults->trace, a compression's "trace".  A
 * request that fails is answered with "error"; the status then still is
 * PITH_OK.
 *   defaults  borrowed: options for what the request leaves out
 *   reply     handed over, one line, NUL-terminated; free with pith_free
 *   outcome   PITH_OK, or why the reply is an error; may be NULL */
PITH_API
enum pith_status pith_request_run(struct pith_session *session,
                                  struct pith_text request,
                                  const struct pith_compress_options *defaults,
                                  char **reply, enum pith_status *outcome,
                                  struct pith_error *error);

/* {"text"} -> {"ids", "pieces"}; pieces that are not valid UTF-8 are shown
 * with U+FFFD.  flags as for pith_tokenize. */
PITH_API
enum pith_status pith_tokenize_json(const struct pith_model *model,
                                    struct pith_text request, int flags,
                                    char **reply, struct pith_error *error);

/* {"text", "bos"} -> {"tokens": [{"id", "piece", "loss"}], "mean_loss",
 * "perplexity"}; "bos" is true when left out, false asks for
 * pith_score_without_bos, and a token without a loss shows null. */
PITH_API
enum pith_status pith_score_json(struct pith_session *session,
                                 struct pith_text request, char **reply,
                                 struct pith_error *error);

/* The same reply for a text itself, which need not be valid UTF-8. */
PITH_API
enum pith_status pith_score_text_json(struct pith_session *session,
                                      struct pith_text text, bool bos,
                                      char **reply, struct pith_error *error);

/* --------------------------------------------------------------------------
 * The Model Context Protocol
 * ------------------------------------------------------------------------ */

/* The server's side of one connection, with the tools compress, recover and
 * score (docs/SERVE.md).  Speaks revisions 2024-11-05 to 2026-07-28. */
struct pith_mcp;

/*   session   borrowed, must outlive the connection
 *   defaults  copied, what it points to borrowed; NULL: the defaults
 *   mcp       handed over; free with pith_mcp_free */
PITH_API
enum pith_status pith_mcp_create(struct pith_session *session,
                                 const struct pith_compress_options *defaults,
                                 struct pith_mcp **mcp,
                                 struct pith_error *error);

PITH_API
void pith_mcp_free(struct pith_mcp *mcp);

/* Answers one message, a line of the stdio transport.  Whatever is wrong with
 * it is a reply too, so that only MEMORY can fail.
 *   reply  handed over, one line, NUL-terminated; free with pith_free; NULL
 *          when the message asks for none */
PITH_API
enum pith_status pith_mcp_answer(struct pith_mcp *mcp,
                                 struct pith_text message, char **reply,
                                 struct pith_error *error);

#ifdef __cplusplus
}
#endif
#endif
