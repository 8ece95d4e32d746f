/*
 * service.h - requests and replies as JSON: what the files of this folder
 * share.
 *
 * The same code answers `pith compress --format json`, `--request` and
 * whoever else speaks JSON; docs/REQUESTS.md describes it for users.
 */
#ifndef PITH_SERVICE_SERVICE_H
#define PITH_SERVICE_SERVICE_H

#include "../base/buffer.h"
#include "../base/error.h"
#include "../model/session.h"
#include "../json/json.h"

/* What a function of a request has answered; release with
 * pith_answer_free. */
struct pith_answer {
    struct pith_buffer result; /* a JSON object */
    struct pith_buffer text;   /* its text alone, where it is about one */
    struct pith_buffer trace;  /* a JSON object, of a compression on demand */
};

void pith_answer_free(struct pith_answer *answer);

/* The functions.  They fill *answer, which is {0}; a buffer that has failed
 * is for the caller to see.
 *   defaults  what `options` leaves out */
enum pith_status pith_answer_compress(
    struct pith_session *session, const struct pith_json *context,
    const struct pith_json *options,
    const struct pith_compress_options *defaults, struct pith_answer *answer,
    struct pith_error *error);
/* arguments: "json_data", "json_config" and perhaps "options". */
enum pith_status
pith_answer_compress_json(struct pith_session *session,
                          const struct pith_json *arguments,
                          const struct pith_compress_options *defaults,
                          struct pith_answer *answer,
                          struct pith_error *error);
/* arguments: "original_prompt", "compressed_prompt", "response". */
enum pith_status pith_answer_recover(struct pith_session *session,
                                     const struct pith_json *arguments,
                                     enum pith_method method,
                                     struct pith_answer *answer,
                                     struct pith_error *error);
/* arguments: "text" and perhaps "bos". */
enum pith_status pith_answer_score(struct pith_session *session,
                                   const struct pith_json *arguments,
                                   struct pith_answer *answer,
                                   struct pith_error *error);

/* A prompt and options as a request gives them; texts are borrowed from its
 * document. */
struct pith_request {
    struct pith_prompt prompt;
    struct pith_compress_options options;
    bool is_record;              /* compress_json's: a few other names */
    struct pith_buffer ignored;  /* names of options that the method lacks */
    void **owned;                /* what prompt and options point to */
    size_t n_owned;
};

/* n elements of size bytes that live as long as the request. */
enum pith_status pith_request_own(struct pith_request *request, size_t n,
                                  size_t size, void **memory,
                                  struct pith_error *error);

/* Reads the object "options" (NULL: none) over request->options. */
enum pith_status pith_request_read_options(struct pith_request *request,
                                           const struct pith_json *object,
                                           struct pith_error *error);

void pith_request_free(struct pith_request *request);

/* Appends the result of a compression.
 *   prompt  what it shows as the compressed prompt, as JSON */
void pith_answer_write(struct pith_answer *answer,
                       const struct pith_session *session,
                       const struct pith_request *request,
                       const struct pith_result *result,
                       const struct pith_buffer *prompt);

/* The word of "method". */
enum pith_status pith_request_read_method(const struct pith_json *value,
                                          enum pith_method *method,
                                          struct pith_error *error);

/* Size before by size after; 1, as in the Python package, for empty results
 * and prompts. */
double pith_result_ratio(const struct pith_result *result);

/* Appends the result object; extra_note (may be empty) joins its note.
 *   prompt  its compressed prompt as JSON */
void pith_write_result(struct pith_buffer *out,
                       const struct pith_session *session,
                       const struct pith_compress_options *options,
                       const struct pith_result *result,
                       const struct pith_buffer *prompt,
                       struct pith_text extra_note);
/* "instruction", "context" or "question". */
const char *pith_part_name(enum pith_part_kind kind);
/* Appends ,"parts":[...] */
void pith_write_parts(struct pith_buffer *out,
                      const struct pith_result *result);
/* Appends {"kept_ids", "thresholds", "ranking"}. */
void pith_write_trace(struct pith_buffer *out, const struct pith_trace *trace);

#endif
