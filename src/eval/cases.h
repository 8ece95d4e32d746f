/*
 * cases.h - a set of cases while its files are read.
 */
#ifndef PITH_EVAL_CASES_H
#define PITH_EVAL_CASES_H

#include "../base/file.h"
#include "../json/json.h"
#include "pith_eval.h"

struct pith_cases {
    struct pith_case *cases;
    size_t n, capacity;
    void **owned; /* what the cases borrow; pith_free() each */
    size_t n_owned, owned_capacity;
    size_t n_groups;
};

/* A file of a data set that is being read. */
struct pith_case_source {
    struct pith_cases *cases;
    const char *path;
    char name[64];            /* of its cases, from that of a file */
    struct pith_text text;    /* of the file */
    const char *prompts_path; /* may be NULL */
    struct pith_text prompts; /* of that file; empty without one */
    struct pith_prompt prompt; /* what its cases have in common */
};

/* Readers of one file each: they append its cases, all or some on failure. */
enum pith_status pith_cases_gsm8k(struct pith_case_source *source,
                                  struct pith_error *error);
enum pith_status pith_cases_bbh(struct pith_case_source *source,
                                struct pith_error *error);
enum pith_status pith_cases_chat(struct pith_case_source *source,
                                 struct pith_error *error);
enum pith_status pith_cases_documents(struct pith_case_source *source,
                                      struct pith_error *error);
enum pith_status pith_cases_qa(struct pith_case_source *source,
                               struct pith_error *error);
enum pith_status pith_cases_texts(struct pith_case_source *source,
                                  struct pith_error *error);

/* --- what they share ------------------------------------------------------ */

/* Appends a case in the current group; id (owned by the set) is NAME-NUMBER.
 * The prompt's texts and contexts belong to the set already. */
enum pith_status pith_cases_add(struct pith_cases *cases, const char *name,
                                size_t number, const struct pith_case *made,
                                struct pith_error *error);

/* ARGUMENT for an index that is out of range. */
enum pith_status pith_cases_check(const struct pith_cases *cases, size_t index,
                                  struct pith_error *error);

/* Memory of n elements that lives as long as the set; NULL, with the error
 * set, when there is none. */
void *pith_cases_array(struct pith_cases *cases, size_t n, size_t size,
                       struct pith_error *error);

/* The bytes of a buffer, which is emptied, as a text of the set. */
enum pith_status pith_cases_take(struct pith_cases *cases,
                                 struct pith_buffer *buffer,
                                 struct pith_text *text,
                                 struct pith_error *error);

/* Parts of a text between blank lines, copied into the set; white space
 * around each is left out, and so are empty ones. */
enum pith_status pith_cases_paragraphs(struct pith_cases *cases,
                                       struct pith_text text,
                                       struct pith_prompt *prompt,
                                       struct pith_error *error);

/* Makes cases of a line or an item, which is number `number`. */
typedef enum pith_status pith_case_reader(struct pith_case_source *source,
                                          const struct pith_json *value,
                                          size_t number,
                                          struct pith_error *error);

/* Calls read for each line of the source that is not blank, parsed; number
 * counts lines from 1. */
enum pith_status pith_cases_each_line(struct pith_case_source *source,
                                      pith_case_reader *read,
                                      struct pith_error *error);

/* The same for each item of a source that is a task of MiniLongBench, one object
 * whose members are items {"origin_prompt", "gold"}.
 *   found  filled by the call: false when the source is something else */
enum pith_status pith_cases_each_item(struct pith_case_source *source,
                                      pith_case_reader *read, bool *found,
                                      struct pith_error *error);

/* A string member of an object that must have it.  where: the file, for
 * errors; number: its line, 0 when it is not a file of lines. */
enum pith_status pith_case_string(const struct pith_json *object,
                                  const char *key, struct pith_text *string,
                                  const char *where, size_t number,
                                  struct pith_error *error);

#endif
