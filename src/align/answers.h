/*
 * answers.h - what a server answered to a batch file, by record.
 */
#ifndef PITH_ALIGN_ANSWERS_H
#define PITH_ALIGN_ANSWERS_H

#include "pith_align.h"
#include "records.h"

struct pith_answer_slot {
    uint32_t crc32;  /* of the record's messages */
    size_t line;     /* of the record */
    bool is_answered;
    bool is_settled; /* answered, or never will be: a refusal and the like */
    size_t at, size; /* the answer's place in `texts` */
};

struct pith_answers {
    struct pith_answer_slot *slots; /* (n) of the well-formed records */
    size_t n, n_room;
    struct pith_buffer texts;
    struct pith_align_collect_info info;
};

/* The messages to send as JSON objects with commas between them. */
void pith_record_write_asked(const struct pith_record *record,
                             struct pith_buffer *out);

/* A slot for each well-formed record.  Release with pith_answers_free
 * whatever is returned. */
enum pith_status
pith_answers_open(struct pith_answers *answers, struct pith_text records,
                  const char *name,
                  const struct pith_align_requests_options *options,
                  struct pith_error *error);

/* Reads a server's answers, JSONL. */
enum pith_status
pith_answers_read(struct pith_answers *answers, struct pith_text lines,
                  const char *name,
                  const struct pith_align_requests_options *options,
                  struct pith_error *error);
void pith_answers_free(struct pith_answers *answers);

void pith_answers_write_id(const struct pith_answers *answers, size_t index,
                           struct pith_buffer *out);

#endif
