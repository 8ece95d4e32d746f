/*
 * json_members.h - the members of a JSON object as a Python dict holds them:
 * a key that is given again keeps its first place and takes the last value;
 * look-up takes constant time.
 */
#ifndef PITH_JSON_JSON_MEMBERS_H
#define PITH_JSON_JSON_MEMBERS_H

#include "json.h"
#include "../text/piece_index.h"

struct pith_json_members {
    struct pith_text *keys;         /* (n), borrowed from the document */
    const struct pith_json **values; /* (n), borrowed */
    size_t n;
    struct pith_piece_index index;
    size_t empty_key; /* which key is "", which the index does not hold; n */
};

/* object: PITH_JSON_OBJECT, borrowed. */
enum pith_status pith_json_members_create(struct pith_json_members *members,
                                          const struct pith_json *object,
                                          struct pith_error *error);
void pith_json_members_free(struct pith_json_members *members);

/* NULL when there is none. */
const struct pith_json *
pith_json_members_find(const struct pith_json_members *members,
                       struct pith_text key);

#endif
