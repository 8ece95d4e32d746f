/*
 * note.c - what a reply's note says about names that a request has used.
 */
#include "service.h"

#include <string.h>

#include "../base/utf8.h"

enum { LISTED_NAMES = 8, LISTED_BYTES = 40 };

bool pith_name_is(struct pith_text text, const char *name)
{
    return name != NULL && strlen(name) == text.size &&
           memcmp(name, text.bytes, text.size) == 0;
}

void pith_note_add(struct pith_note_names *names, struct pith_text name)
{
    if (names->n++ >= LISTED_NAMES)
        return;
    if (names->text.size > 0)
        pith_buffer_string(&names->text, ", ");
    if (name.size <= LISTED_BYTES) {
        pith_buffer_append(&names->text, name.bytes, name.size);
    } else {
        pith_buffer_append(
            &names->text, name.bytes,
            pith_utf8_start(name.bytes, name.size, LISTED_BYTES));
        pith_buffer_string(&names->text, "...");
    }
}

void pith_note_write(struct pith_note_names *names, const char *words,
                     struct pith_buffer *note)
{
    if (names->n == 0)
        return;
    pith_buffer_string(note, note->size > 0 ? " " : "");
    pith_buffer_string(note, words);
    pith_buffer_append(note, names->text.data, names->text.size);
    if (names->n > LISTED_NAMES)
        pith_buffer_printf(note, " and %zu more", names->n - LISTED_NAMES);
    pith_buffer_byte(note, '.');
    note->failed |= names->text.failed;
}

static bool is_listed(struct pith_text name, const char *const *list)
{
    while (*list != NULL && !pith_name_is(name, *list))
        list++;
    return *list != NULL;
}

void pith_note_unknown(struct pith_note_names *names, struct pith_text name,
                            const char *const *known)
{
    /* A file of replies can carry its requests along. */
    static const char *const common[] = {"name", "function", "result", "error",
                                         "trace", NULL};
    if (!is_listed(name, common) && !is_listed(name, known))
        pith_note_add(names, name);
}

void pith_answer_close(struct pith_buffer *result,
                       const struct pith_json *arguments,
                       const char *const *known)
{
    struct pith_note_names unknown = {0};
    struct pith_buffer note = {0};
    for (const struct pith_json *member = arguments->first; member != NULL;
         member = member->next)
        pith_note_unknown(&unknown, member->key, known);
    pith_note_write(&unknown, "Unknown and ignored: ", &note);
    if (note.size > 0) {
        pith_buffer_string(result, ",\"note\":");
        pith_json_write_string(result, pith_buffer_text(&note));
    }
    pith_buffer_byte(result, '}');
    result->failed |= note.failed;
    pith_buffer_free(&note);
    pith_buffer_free(&unknown.text);
}
