/*
 * keep_note.c - tells the user which strings and expressions were of no use.
 */
#include <string.h>

#include "../base/utf8.h"
#include "../text/grapheme.h"
#include "keep.h"

enum { EXCERPT_SIZE = 60 };

static void append_cluster(struct pith_buffer *out, struct pith_text cluster)
{
    for (size_t i = 0; i < cluster.size; i++) {
        unsigned char byte = (unsigned char)cluster.bytes[i];
        const char *letter = byte == 0 ? NULL : strchr("\nn\rr\tt", byte);
        if (byte < 0x20 && letter != NULL)
            pith_buffer_printf(out, "\\%c", letter[1]);
        else if (byte < 0x20 || byte == 0x7F)
            pith_buffer_printf(out, "\\x%02X", byte);
        else
            pith_buffer_byte(out, (char)byte);
    }
}

/* Appends a string as one line of valid UTF-8, its control characters as in
 * C, shortened between clusters. */
static void append_excerpt(struct pith_buffer *out, struct pith_text string)
{
    size_t at = 0;
    while (at < string.size) {
        size_t end = pith_grapheme_end(string, at);
        if (end > EXCERPT_SIZE)
            break;
        if (pith_utf8_is_valid(string.bytes + at, end - at))
            append_cluster(out, (struct pith_text){string.bytes + at, end - at});
        else
            pith_buffer_byte(out, '?');
        at = end;
    }
    if (at < string.size)
        pith_buffer_string(out, "...");
}

static enum pith_status note_strings(const struct pith_parts *parts,
                                     const struct pith_compress_options *options,
                                     struct pith_result *result,
                                     struct pith_error *error)
{
    struct pith_buffer excerpt = {0};
    char *first;
    append_excerpt(&excerpt, options->keep[parts->first_unused]);
    PITH_TRY(pith_buffer_take(&excerpt, &first, NULL, error));
    enum pith_status status =
        options->n_keep == 1
            ? pith_result_note(result, error,
                               "keep: \"%s\" does not occur in the prompt.",
                               first)
            : pith_result_note(result, error,
                               "keep: %zu of %zu strings %s not occur in the "
                               "prompt, the first is \"%s\".",
                               parts->n_unused, options->n_keep,
                               parts->n_unused == 1 ? "does" : "do", first);
    pith_free(first);
    return status;
}

enum pith_status pith_keep_note(const struct pith_parts *parts,
                                const struct pith_compress_options *options,
                                struct pith_result *result,
                                struct pith_error *error)
{
    if (parts->n_unused > 0)
        PITH_TRY(note_strings(parts, options, result, error));
    return !parts->regex_unused
               ? PITH_OK
               : pith_result_note(result, error,
                                  "keep_regex matches nothing in the prompt.");
}
