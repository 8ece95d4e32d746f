/*
 * records.h - instruction data: pairs (x, y) of eq. 8 read from JSON.
 *
 * A text is either JSONL, one record on a line, or one JSON array of records.
 * A record is one of
 *
 *     {"instruction": ..., "input": ..., "output": ...}      Alpaca
 *     {"instruction": ..., "context": ..., "response": ...}  Dolly
 *     {"question": ..., "answer": ...}                       GSM8K
 *     {"prompt": ..., "completion": ...}
 *     {"messages": [{"role": ..., "content": ...}, ...]}, or the array alone
 *     {"conversations": [{"from": ..., "value": ...}, ...]}  ShareGPT
 *
 * The names of prompt, input and answer go together in any way; each may come
 * with a "system".  Members with other names are counted, and those that are
 * known to change what the answer answers are refused.
 *
 * Records are read one at a time, so that a malformed one costs no more than
 * itself and is known by its line.
 */
#ifndef PITH_ALIGN_RECORDS_H
#define PITH_ALIGN_RECORDS_H

#include "../json/json.h"
#include "unused.h"

enum pith_role { PITH_ROLE_SYSTEM, PITH_ROLE_USER, PITH_ROLE_ASSISTANT };

const char *pith_role_name(enum pith_role role);

struct pith_message {
    enum pith_role role;
    bool is_given; /* an answer that is not to be learned: "weight": 0 */
    struct pith_text content;
};

enum pith_record_kind {
    PITH_RECORD_ALPACA,
    PITH_RECORD_QUESTION,
    PITH_RECORD_COMPLETION,
    PITH_RECORD_CHAT
};

/* All but chats have a message of the user and one of the assistant, after one
 * of the system, if any; without an answer there is no last one.
 * A chat without an answer ends with the user. */
struct pith_record {
    enum pith_record_kind kind;
    const struct pith_json *root; /* as it was read */
    const char *answer_key;       /* its name there; of a chat, of the list */
    const struct pith_message *messages;
    size_t n_messages;
    struct pith_text input; /* after the instruction; often empty */
};

struct pith_record_reader {
    const char *name;      /* of the file, for errors; borrowed */
    struct pith_text text; /* borrowed */
    size_t at;             /* where the next record is searched for */
    size_t line;           /* of `at`, from 1 */
    size_t record_line;    /* of the record read last */
    bool is_array, is_entered, is_chat, ended;
    struct pith_json_document *document; /* of the record read last */
    struct pith_message *messages;
    size_t n_room; /* messages allocated */
    struct pith_unused *unused; /* counts members that are not used; NULL */
};

/* Nothing can fail; every reader is closed in the end. */
void pith_record_reader_open(struct pith_record_reader *reader,
                             struct pith_text text, const char *name);
void pith_record_reader_close(struct pith_record_reader *reader);

/* Reads the next record; *more is false, and the record empty, at the end.
 *   record  borrows from the reader, valid until the next call
 * Errors: FORMAT for a malformed record, "NAME:LINE: ..." - reading may continue
 * after it; MEMORY. */
enum pith_status pith_record_read(struct pith_record_reader *reader,
                                  struct pith_record *record, bool *more,
                                  struct pith_error *error);

/* record.c: what a parsed record holds.  place: for errors. */
enum pith_status pith_record_take(struct pith_record_reader *reader,
                                  const struct pith_json *value,
                                  const char *place,
                                  struct pith_record *record,
                                  struct pith_error *error);

/* Whether its last message is an answer.  Fails, FORMAT, with the names that
 * are there when it is not. */
enum pith_status pith_record_check_answer(const struct pith_record *record,
                                          const char *name, size_t line,
                                          struct pith_error *error);

/* The message of the user as a chat model is given it: an instruction with
 * its input after a blank line. */
void pith_record_write_content(const struct pith_record *record,
                               const struct pith_message *message,
                               struct pith_buffer *out);

#endif
