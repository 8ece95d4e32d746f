/*
 * regex.c - see regex.h.
 *
 * A line is read from right to left.  The automaton, which is that of the
 * reversed pattern, starts at every place, so that where it arrives a match
 * starts; each of its states knows the place furthest to the right that it
 * can have come from, which is where the longest such match ends.  One pass
 * thus tells of every place the longest match that starts there, and the
 * matches that do not overlap are picked from left to right.  (From left to
 * right alone, each match could look as far as the end of the line.)
 */
#include "regex_program.h"

#include <string.h>

#include "../base/memory.h"
#include "../base/utf8.h"

enum pith_status pith_regex_make(struct pith_regex **regex, const char *option,
                                 struct pith_text pattern,
                                 struct pith_error *error)
{
    struct pith_regex *made = pith_array(1, sizeof *made);
    *regex = NULL;
    if (made == NULL)
        return pith_no_memory(error, 1, sizeof *made);
    made->n_steps = 0;
    enum pith_status status =
        pith_regex_parse(&made->tree, option, pattern, error);
    if (status == PITH_OK)
        status = pith_regex_compile(&made->program, &made->tree, option, error);
    if (status == PITH_OK)
        *regex = made;
    else
        pith_free(made);
    return status;
}

void pith_regex_free(struct pith_regex *regex)
{
    pith_free(regex);
}

/* --- one place -------------------------------------------------------------- */

/* A character, or none: what is beyond the ends of a line. */
struct character {
    size_t start;
    uint32_t code;
    unsigned classes;
    bool none;
};

/* A place in a line. */
struct place {
    size_t at;
    struct character before, after;
};

static bool holds(uint32_t assertion, const struct place *place)
{
    bool before = (place->before.classes & PITH_REGEX_WORD) != 0;
    bool after = (place->after.classes & PITH_REGEX_WORD) != 0;
    switch ((enum pith_regex_assertion)assertion) {
    case PITH_REGEX_LINE_START:
        return place->before.none;
    case PITH_REGEX_LINE_END:
        return place->after.none;
    case PITH_REGEX_WORD_START:
        return after && !before;
    case PITH_REGEX_WORD_END:
        return before && !after;
    case PITH_REGEX_WORD_EDGE:
        return before != after;
    case PITH_REGEX_NO_WORD_EDGE:
        break;
    }
    return before == after;
}

/* Adds to the threads what a state leads to without a character, except what
 * was there: threads of matches that end further right are added first. */
static void add_threads(struct pith_regex *regex, struct pith_regex_threads *to,
                        uint16_t state, size_t end, const struct place *place)
{
    size_t n = 0;
    regex->stack[n++] = state;
    while (n > 0) {
        uint16_t here = regex->stack[--n];
        const struct pith_regex_state *s = &regex->program.states[here];
        if (regex->seen_at[here] == place->at + 1)
            continue;
        regex->seen_at[here] = place->at + 1;
        regex->n_steps++;
        switch (s->step) {
        case PITH_REGEX_FOUND:
            to->longest = end;
            break;
        case PITH_REGEX_FORK:
            regex->stack[n++] = s->next;
            regex->stack[n++] = s->other;
            break;
        case PITH_REGEX_ASSERT:
            if (holds(s->value, place))
                regex->stack[n++] = s->next;
            break;
        default:
            to->threads[to->n++] = (struct pith_regex_thread){end, here};
        }
    }
}

static bool reads(const struct pith_regex *regex,
                  const struct pith_regex_state *state,
                  const struct character *character)
{
    switch (state->step) {
    case PITH_REGEX_READ:
        return state->value == character->code;
    case PITH_REGEX_READ_SET:
        return pith_regex_set_has(&regex->tree.sets[state->value],
                                  regex->tree.ranges, character->code,
                                  character->classes);
    default:
        return true;
    }
}

/* Continues with the threads of the place to the right, and starts new ones. */
static void add_all_threads(struct pith_regex *regex,
                            struct pith_regex_threads *to,
                            const struct pith_regex_threads *from,
                            const struct place *place)
{
    to->n = to->longest = 0;
    regex->n_steps += from->n;
    for (size_t i = 0; i < from->n; i++) {
        const struct pith_regex_thread *thread = &from->threads[i];
        const struct pith_regex_state *state =
            &regex->program.states[thread->state];
        if (reads(regex, state, &place->after))
            add_threads(regex, to, state->next, thread->end, place);
    }
    add_threads(regex, to, regex->program.start, place->at, place);
}

/* --- lines ------------------------------------------------------------------ */

static struct character read_before(struct pith_text text, size_t start,
                                    size_t at)
{
    struct character c = {.none = at == start};
    if (c.none)
        return c;
    c.start = pith_utf8_start(text.bytes, text.size, at - 1);
    pith_utf8_decode(text.bytes + c.start, text.size - c.start, &c.code);
    c.classes = pith_regex_classes(c.code);
    return c;
}

/* Where the longest match from each byte of the line text[start, end) on ends,
 * 0 where there is none.
 *   longest  (end - start + 1) filled by the call */
static void find_longest(struct pith_regex *regex, struct pith_text text,
                         size_t start, size_t end, size_t *longest)
{
    struct place place = {end, read_before(text, start, end), {.none = true}};
    struct pith_regex_threads *from = &regex->threads[0];
    struct pith_regex_threads *to = &regex->threads[1];
    from->n = 0;
    for (;;) {
        add_all_threads(regex, to, from, &place);
        longest[place.at - start] = to->longest;
        if (place.before.none)
            return;
        while (--place.at > place.before.start)
            longest[place.at - start] = 0; /* inside the character */
        place.after = place.before;
        place.before = read_before(text, start, place.at);
        struct pith_regex_threads *other = from;
        from = to;
        to = other;
    }
}

/* Where the line that starts at `start` ends, and where the next one starts,
 * which is beyond the text after the last. */
static size_t line_end(struct pith_text text, size_t start, size_t *next)
{
    const char *feed = start < text.size ? memchr(text.bytes + start, '\n',
                                                  text.size - start)
                                         : NULL;
    size_t end = feed == NULL ? text.size : (size_t)(feed - text.bytes);
    *next = end + 1;
    bool carriage = feed != NULL && end > start && feed[-1] == '\r';
    return carriage ? end - 1 : end;
}

static size_t longest_line(struct pith_text text)
{
    size_t max = 0;
    for (size_t start = 0, next; start < text.size; start = next) {
        size_t size = line_end(text, start, &next) - start;
        max = size > max ? size : max;
    }
    return max;
}

enum pith_status pith_regex_find(struct pith_regex *regex,
                                 struct pith_text text,
                                 void (*found)(void *context, size_t start,
                                               size_t end),
                                 void *context, struct pith_error *error)
{
    size_t max = longest_line(text) + 1;
    size_t *longest = pith_array(max, sizeof *longest);
    if (longest == NULL)
        return pith_no_memory(error, max, sizeof *longest);
    memset(regex->seen_at, 0, regex->program.n_states * sizeof *regex->seen_at);
    for (size_t start = 0, next; start < text.size; start = next) {
        size_t end = line_end(text, start, &next);
        find_longest(regex, text, start, end, longest);
        for (size_t at = start; at < end;) {
            size_t match_end = longest[at - start];
            if (match_end > 0)
                found(context, at, match_end);
            at = match_end > 0 ? match_end : at + 1;
        }
    }
    pith_free(longest);
    return PITH_OK;
}
