/*
 * outcome_parts.c - see outcome_parts.h.
 */
#include "outcome_parts.h"

#include <stdio.h>
#include <string.h>

#include "../base/text.h"
#include "../base/utf8.h"

bool pith_outcome_is_blank(struct pith_text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!pith_is_json_space(text.bytes[i]))
            return false;
    return true;
}

bool pith_outcome_says(const struct pith_json *value)
{
    return pith_json_is(value, PITH_JSON_STRING) &&
           !pith_outcome_is_blank(value->string);
}

bool pith_outcome_has(const struct pith_json *value)
{
    return (pith_json_is(value, PITH_JSON_ARRAY) ||
            pith_json_is(value, PITH_JSON_OBJECT)) && value->n_children > 0;
}

bool pith_outcome_is_success(int status)
{
    return status >= 200 && status < 300;
}

enum pith_outcome_kind pith_outcome_of_status(int status)
{
    switch (status) {
    case 401: case 402: case 404: case 405: case 407: case 410:
        return PITH_OUTCOME_UNUSABLE_ENDPOINT;
    case 403:
        return PITH_OUTCOME_FORBIDDEN;
    case 408: case 409: case 425: case 429:
        return PITH_OUTCOME_SERVER_ERROR;
    }
    return pith_outcome_is_success(status)  ? PITH_OUTCOME_NOT_A_COMPLETION
           : status >= 300 && status < 400 ? PITH_OUTCOME_UNUSABLE_ENDPOINT
           : status >= 400 && status < 500 ? PITH_OUTCOME_BAD_REQUEST
                                           : PITH_OUTCOME_SERVER_ERROR;
}

const struct pith_json *pith_outcome_message(const struct pith_json *body)
{
    static const char *const keys[] = {"error", "message", "detail", "msg"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct pith_json *said = pith_json_get(body, keys[i]);
        if (pith_json_is(said, PITH_JSON_ARRAY))
            said = said->first;
        if (pith_json_is(said, PITH_JSON_OBJECT))
            said = pith_outcome_message(said);
        if (pith_outcome_says(said))
            return said;
    }
    return NULL;
}

enum { MAX_SHOWN = 300, ROOM = MAX_SHOWN + 8 }; /* a character more, "..." */

/* The start of a text on one line, each run of white space as one space. */
static void put_on_a_line(struct pith_text text, char out[ROOM])
{
    size_t n = 0, i = 0;
    while (i < text.size && n < MAX_SHOWN) {
        char c = text.bytes[i];
        size_t size = pith_utf8_valid_length(text.bytes + i, text.size - i);
        if (pith_is_json_space(c) && (n == 0 || out[n - 1] == ' ')) {
            i++;
        } else if (pith_is_json_space(c) || size == 0 || c == '\0') {
            out[n++] = pith_is_json_space(c) ? ' ' : '?';
            i++;
        } else {
            memcpy(out + n, text.bytes + i, size);
            n += size;
            i += size;
        }
    }
    n -= n > 0 && out[n - 1] == ' ';
    strcpy(out + n, i < text.size ? " ..." : "");
}

void pith_outcome_set(struct pith_outcome *outcome, enum pith_outcome_kind kind,
                      int status, const char *what, struct pith_text said)
{
    char line[ROOM], http[32] = "";
    put_on_a_line(said, line);
    if (status > 0)
        snprintf(http, sizeof http, "HTTP %d: ", status);
    outcome->kind = kind;
    pith_fail(&outcome->why, PITH_ERR_FORMAT, "%s%s%s%s", http, what,
              *what != '\0' && *line != '\0' ? ": " : "", line);
}
