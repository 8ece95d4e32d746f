/*
 * result.c - making a result, piece by piece, and freeing it.
 */
#include "result.h"

#include <stdarg.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/print.h"

enum pith_status pith_result_note(struct pith_result *result,
                                  struct pith_error *error, const char *format,
                                  ...)
{
    char sentence[512];
    struct pith_buffer note = {0};
    va_list arguments;
    va_start(arguments, format);
    pith_format(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    if (result->note != NULL) {
        pith_buffer_string(&note, result->note);
        pith_buffer_byte(&note, ' ');
    }
    pith_buffer_string(&note, sentence);
    char *joined;
    PITH_TRY(pith_buffer_take(&note, &joined, NULL, error));
    pith_free(result->note);
    result->note = joined;
    return PITH_OK;
}

/* text.bytes is const for the reader; the result owns it all the same. */
static void free_text(struct pith_text *text)
{
    void *bytes;
    memcpy(&bytes, &text->bytes, sizeof bytes);
    pith_free(bytes);
}

void pith_result_free(struct pith_result *result)
{
    if (result == NULL)
        return;
    for (size_t i = 0; i < result->trace.n_rankings; i++)
        pith_free(result->trace.rankings[i]);
    pith_free(result->trace.rankings);
    pith_free(result->trace.n_ranks);
    pith_free(result->trace.thresholds);
    pith_free(result->trace.kept_ids);
    pith_free(result->detail.units);
    pith_free(result->detail.ids);
    pith_free(result->detail.spans);
    pith_free(result->parts);
    pith_free(result->note);
    free_text(&result->text);
    pith_free(result);
}
