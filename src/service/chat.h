/*
 * chat.h - a chat on its way through a proxy: what the files about it share.
 */
#ifndef PITH_SERVICE_CHAT_H
#define PITH_SERVICE_CHAT_H

#include "pith_messages.h"
#include "service.h"

enum { PITH_CHAT_HASH_SIZE = 24 }; /* hexadecimal digits of SHA-256 */

/* The texts, by index, that a tool has fetched with GET /v1/retrieve: output of
 * calls to headroom_retrieve.  To compress them would put back the mark that
 * the model has just followed.
 *   messages  the array of messages, from whose JSON the texts were read
 *   fetched   (n) set to true where a text is one of them */
void pith_chat_find_fetched(const struct pith_json *messages,
                            const struct pith_message_text *texts, size_t n,
                            bool *fetched);

/* The hash of a text under these options and this model: what the mark of its
 * compressed form says. */
void pith_chat_hash(const struct pith_session *session,
                    const struct pith_compress_options *options,
                    struct pith_text text, char hash[PITH_CHAT_HASH_SIZE + 1]);

#endif
