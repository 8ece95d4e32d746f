/*
 * outcome_text.c - replies that are not JSON.
 */
#include <string.h>

#include "../base/text.h"
#include "outcome_parts.h"

/* The end of the first "<name" or "</name" in lower or upper case, from `at`
 * on; text.size: there is none. */
static size_t find_tag(struct pith_text text, size_t at, const char *tag)
{
    size_t n = strlen(tag), same = 0;
    for (; at < text.size && same < n; at++)
        same = pith_ascii_lower(text.bytes[at]) == tag[same] ? same + 1
               : text.bytes[at] == '<'            ? 1
                                                  : 0;
    return at;
}

/* The title of a page of HTML; of size 0 without one. */
static struct pith_text find_title(struct pith_text page)
{
    size_t start = find_tag(page, 0, "<title");
    while (start < page.size && page.bytes[start] != '>')
        start++;
    start += start < page.size;
    size_t end = find_tag(page, start, "</title");
    return end < page.size
               ? (struct pith_text){page.bytes + start,
                                    end - strlen("</title") - start}
               : (struct pith_text){"", 0};
}

void pith_outcome_read_text(struct pith_outcome *outcome,
                            struct pith_text body, int status)
{
    enum pith_outcome_kind kind = pith_outcome_of_status(status);
    struct pith_text title = find_title(body);
    *outcome = (struct pith_outcome){.kind = kind};
    if (pith_outcome_is_blank(body))
        pith_outcome_set(outcome, kind, status, "an empty reply", body);
    else if (title.size > 0)
        pith_outcome_set(outcome, kind, status, "a page of HTML", title);
    else
        pith_outcome_set(outcome, kind, status, "no JSON", body);
}
