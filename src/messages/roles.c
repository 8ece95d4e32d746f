/*
 * roles.c - rates by role as users write them: "user=0.5,tool=0.2".
 */
#include <string.h>

#include "../base/decimal.h"
#include "../base/exact.h"
#include "compress.h"

/* The role of a name; PITH_N_MESSAGE_ROLES for another word, with what may
 * have been meant. */
static size_t find_role(struct pith_text name, const char **near)
{
    size_t role = 0, least = SIZE_MAX;
    *near = NULL;
    for (; role < PITH_N_MESSAGE_ROLES; role++) {
        const char *known =
            pith_message_role_name((enum pith_message_role)role);
        struct pith_text word = {known, strlen(known)};
        size_t distance = pith_spelling_distance(name, word);
        if (distance == 0)
            return role;
        if (distance < least)
            *near = known;
        least = distance < least ? distance : least;
    }
    return role;
}

/* 0.25, .25, 1 */
static bool read_rate(struct pith_text text, double *rate)
{
    size_t n_points = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.bytes[i] != '.' &&
            !(text.bytes[i] >= '0' && text.bytes[i] <= '9'))
            return false;
        n_points += text.bytes[i] == '.';
    }
    if (text.size == n_points || n_points > 1)
        return false;
    *rate = pith_decimal_read(text.bytes, text.size);
    return *rate > 0 && *rate <= 1;
}

static enum pith_status read_item(struct pith_text item, double *rates,
                                  struct pith_error *error)
{
    const char *equals = memchr(item.bytes, '=', item.size), *near;
    int shown = item.size < 60 ? (int)item.size : 60;
    if (equals == NULL)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "role_rate \"%.*s\": expected a role and its rate, "
                         "such as tool=0.2", shown, item.bytes);
    struct pith_text name = {item.bytes, (size_t)(equals - item.bytes)};
    struct pith_text rate = {equals + 1, item.size - name.size - 1};
    size_t role = find_role(name, &near);
    if (role == PITH_N_MESSAGE_ROLES)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "role_rate \"%.*s\": expected one of system, user, "
                         "assistant, tool, document, other%s%s%s", shown,
                         item.bytes, near != NULL ? " (did you mean " : "",
                         near != NULL ? near : "", near != NULL ? "?)" : "");
    if (!read_rate(rate, &rates[role]))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "role_rate \"%.*s\": expected a number above 0 and "
                         "at most 1 after the =", shown, item.bytes);
    return PITH_OK;
}

enum pith_status pith_role_rates_parse(const char *list, double *rates,
                                       struct pith_error *error)
{
    for (;;) {
        size_t n = strcspn(list, ",");
        PITH_TRY(read_item((struct pith_text){list, n}, rates, error));
        if (list[n] == '\0')
            return PITH_OK;
        list += n + 1;
    }
}
