/*
 * messages.h - what the files of this room share: a document that was read.
 */
#ifndef PITH_MESSAGES_MESSAGES_H
#define PITH_MESSAGES_MESSAGES_H

#include "../json/json.h"
#include "pith_messages.h"

struct pith_messages {
    struct pith_text document;       /* borrowed */
    struct pith_json_document *json; /* owns what the texts point to */
    struct pith_message_text *texts; /* (n) */
    size_t n, capacity;
};

#endif
