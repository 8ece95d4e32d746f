/*
 * json_members.c - see json_members.h.
 */
#include "json_members.h"

#include "../base/memory.h"

/* Index of a key, n when there is none. */
static size_t find(const struct pith_json_members *members,
                   struct pith_text key)
{
    if (key.size == 0)
        return members->empty_key;
    int32_t id = pith_piece_index_find(&members->index, members->keys, key);
    return id < 0 ? members->n : (size_t)id;
}

static void set(struct pith_json_members *members,
                const struct pith_json *member)
{
    size_t at = find(members, member->key);
    if (at == members->n) {
        members->keys[at] = member->key;
        if (member->key.size > 0)
            pith_piece_index_add(&members->index, members->keys, (int32_t)at);
        if (members->empty_key == members->n++ && member->key.size > 0)
            members->empty_key = members->n;
    }
    members->values[at] = member;
}

enum pith_status pith_json_members_create(struct pith_json_members *members,
                                          const struct pith_json *object,
                                          struct pith_error *error)
{
    size_t n = object->n_children;
    *members = (struct pith_json_members){0};
    if (n > INT32_MAX)
        return pith_no_memory(error, n, sizeof *members->keys);
    members->keys = pith_array(n, sizeof *members->keys);
    members->values = pith_array(n, sizeof *members->values);
    enum pith_status status =
        members->keys != NULL && members->values != NULL
            ? pith_piece_index_create(&members->index, n, error)
            : pith_no_memory(error, n, sizeof *members->keys);
    if (status != PITH_OK) {
        pith_json_members_free(members);
        return status;
    }
    for (const struct pith_json *at = object->first; at; at = at->next)
        set(members, at);
    return PITH_OK;
}

void pith_json_members_free(struct pith_json_members *members)
{
    pith_piece_index_free(&members->index);
    pith_free(members->keys);
    pith_free(members->values);
    *members = (struct pith_json_members){0};
}

const struct pith_json *
pith_json_members_find(const struct pith_json_members *members,
                       struct pith_text key)
{
    size_t at = find(members, key);
    return at < members->n ? members->values[at] : NULL;
}
