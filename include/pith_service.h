/*
 * pith_service.h - pith for programs that speak JSON: requests and replies,
 * results as JSON and as a page of HTML, and the Model Context Protocol.
 *
 * The rules of pith.h hold here too.
 */
#ifndef PITH_SERVICE_H
#define PITH_SERVICE_H

#include "pith.h"
#include "pith_messages.h"

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

/* Compressed messages as one JSON object on one line: {"messages": the whole
 * document, origin_tokens, compressed_tokens, ratio, rate, model, method,
 * "texts": [{"message", "role", "tokens", "kept"}], note}.
 *   options  those of the compression
 *   json     as above */
PITH_API
enum pith_status pith_messages_json(const struct pith_session *session,
                                    const struct pith_compress_options *options,
                                    const struct pith_messages *messages,
                                    const struct pith_messages_result *result,
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
 * Chats on their way through a proxy
 * ------------------------------------------------------------------------ */

/* Where a program keeps what became of texts, by a hash of 24 hexadecimal
 * digits.  An entry is one JSON object, {"hash", "original_content", ...}; one
 * that is lost is made again, the same.  No member may be NULL but user. */
struct pith_chat_store {
    /* The entry of a hash, handed over until release(); false: there is none.
     * An entry that is not the text's is passed over. */
    bool (*find)(void *user, const char *hash, struct pith_text *entry);
    void (*release)(void *user, struct pith_text entry);
    /* Keeps a copy; false: it cannot, and the text stays as it is. */
    bool (*keep)(void *user, const char *hash, struct pith_text entry);
    void *user;
};

/* What became of a request. */
struct pith_chat_summary {
    enum pith_status outcome; /* PITH_OK, or why the reply is an error */
    size_t tokens_before, tokens_after; /* of all texts */
    size_t n_compressed, n_known; /* texts: now, and found in the store */
    size_t n_passed; /* texts that went on as they came because of an error */
    char why[512]; /* that of the first of them; "" when there is none */
};

/* Runs a request {"messages", "config"} of a proxy, as LiteLLM's guardrail
 * "headroom" sends it, and answers {"messages", "tokens_before",
 * "tokens_after", "tokens_saved", "compression_ratio", "ccr_hashes"}, or
 * {"error"} when the request is not one.  Each text that is to be shorter
 * (pith_messages_compress_each) is so in the same bytes every time, and ends
 * with a mark that has the hash of its original, unless "config" has a "mode"
 * other than "ccr".  A text that cannot be compressed, also because the
 * session's progress was stopped, stays.
 *   options   borrowed; NULL: the defaults
 *   store     borrowed
 *   reply     handed over, size bytes and a NUL; free with pith_free
 *   size      may be NULL */
PITH_API
enum pith_status pith_chat_run(struct pith_session *session,
                               struct pith_text request,
                               const struct pith_messages_options *options,
                               const struct pith_chat_store *store,
                               char **reply, size_t *size,
                               struct pith_chat_summary *summary,
                               struct pith_error *error);

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
