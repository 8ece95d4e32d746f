/*
 * replies.c - see replies.h.
 */
#include "replies.h"

#include <string.h>

struct reply parse(char *text)
{
    struct reply reply = {.text = text};
    struct pith_error error;
    ck_assert_ptr_nonnull(text);
    ck_assert_msg(strchr(text, '\n') == NULL, "more than a line: %s", text);
    assert_ok(pith_json_parse(view(text), "reply", &reply.document, &error),
              error);
    reply.root = pith_json_root(reply.document);
    return reply;
}

void release(struct reply *reply)
{
    pith_json_free(reply->document);
    pith_free(reply->text);
}

const struct pith_json *at(const struct reply *reply, const char *path)
{
    const struct pith_json *value = reply->root;
    char key[64];
    while (*path != '\0') {
        size_t length = strcspn(path, ".");
        ck_assert_uint_lt(length, sizeof key);
        memcpy(key, path, length);
        key[length] = '\0';
        value = pith_json_get(value, key);
        ck_assert_msg(value != NULL, "no \"%s\" in %s", key, reply->text);
        path += length + (path[length] == '.');
    }
    return value;
}

double number_at(const struct reply *reply, const char *path)
{
    const struct pith_json *value = at(reply, path);
    ck_assert_msg(pith_json_is(value, PITH_JSON_NUMBER), "%s in %s", path,
                  reply->text);
    return value->number;
}

const struct pith_json *item(const struct pith_json *list, size_t index)
{
    const struct pith_json *value = list->first;
    ck_assert_uint_lt(index, list->n_children);
    for (; index > 0; index--)
        value = value->next;
    return value;
}

bool contains(struct pith_text text, const char *words)
{
    size_t n = strlen(words);
    for (size_t i = 0; i + n <= text.size; i++)
        if (memcmp(text.bytes + i, words, n) == 0)
            return true;
    return false;
}
