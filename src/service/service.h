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
#include "../prompt/method.h"
#include "../json/json.h"
#include "pith_messages.h"
#include "pith_service.h"

/* What a function of a request has answered; release with
 * pith_answer_free. */
struct pith_answer {
    struct pith_buffer result; /* a JSON object */
    struct pith_buffer text;   /* its text alone, where it is about one */
    struct pith_buffer trace;  /* a JSON object, of a compression on demand */
    struct pith_buffer page;   /* HTML, of a compression on demand */
    size_t page_limit; /* in: bytes of the longest prompt that gets a page */
};

void pith_answer_free(struct pith_answer *answer);

/* The functions: compress_prompt, compress_json, recover and score.  They fill
 * *answer, which is {0} but for page_limit; a buffer that has failed is for the caller to see.
 *   arguments  an object with what docs/REQUESTS.md lists for each; options
 *              are in it or in its member "options"
 *   defaults   what it leaves out */
typedef enum pith_status pith_function(
    struct pith_session *session, const struct pith_json *arguments,
    const struct pith_compress_options *defaults, struct pith_answer *answer,
    struct pith_error *error);
pith_function pith_answer_compress, pith_answer_messages, pith_answer_compress_json,
    pith_answer_recover, pith_answer_score;

bool pith_name_is(struct pith_text text, const char *name);

/* Names that a note lists: the first few of them, and how many there are. */
struct pith_note_names {
    struct pith_buffer text; /* "a, b" */
    size_t n;
};

void pith_note_add(struct pith_note_names *names, struct pith_text name);
/* Appends a sentence of words, names and a full stop; nothing without names. */
void pith_note_write(struct pith_note_names *names, const char *words,
                     struct pith_buffer *note);

/* Adds what is neither in the list, which ends in NULL, nor part of every
 * request and reply. */
void pith_note_unknown(struct pith_note_names *names, struct pith_text name,
                            const char *const *known);

/* Ends the object of a function that has no note of its own: with one when
 * arguments has members that are not known (a list that ends in NULL). */
void pith_answer_close(struct pith_buffer *result,
                       const struct pith_json *arguments,
                       const char *const *known);

/* A prompt and options as a request gives them; texts are borrowed from its
 * document. */
struct pith_request {
    struct pith_prompt prompt;
    struct pith_compress_options options;
    bool is_record;              /* compress_json's: a few other names */
    struct pith_note_names foreign;   /* options that the method lacks */
    struct pith_note_names unknown;   /* keys that are not option */
    struct pith_note_names taken;     /* the package's, "force_tokens as keep" */
    void **owned;                /* what prompt and options point to */
    size_t n_owned;
};

/* n elements of size bytes that live as long as the request. */
enum pith_status pith_request_own(struct pith_request *request, size_t n,
                                  size_t size, void **memory,
                                  struct pith_error *error);

/* Reads what the arguments and their member "options" say, over
 * request->options. */
enum pith_status pith_request_read_options(struct pith_request *request,
                                           const struct pith_json *arguments,
                                           struct pith_error *error);

void pith_request_free(struct pith_request *request);

/* Appends the result of a compression.
 *   prompt  what it shows as the compressed prompt, as JSON */
void pith_answer_write(struct pith_answer *answer,
                       const struct pith_session *session,
                       struct pith_request *request,
                       const struct pith_result *result,
                       const struct pith_buffer *prompt);

/* The word of "method". */
enum pith_status pith_request_read_method(const struct pith_json *value,
                                          enum pith_method *method,
                                          struct pith_error *error);

/* Size before by size after: infinite when nothing is left, 1 when there was
 * nothing. */
double pith_result_ratio(const struct pith_result *result);

/* Appends ,"origin_tokens":...,"rate":"47.6%" */
void pith_write_counts(struct pith_buffer *out, size_t n, size_t kept);
/* Appends ,"note": both of them, each NULL or empty where there is none. */
void pith_write_note(struct pith_buffer *out, const char *note,
                     struct pith_text extra);
/* Names in its options that a request's method or function does not have. */
void pith_request_note(struct pith_request *request, struct pith_buffer *note);

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
