/*
 * report.c - see report.h.
 */
#include "report.h"

#include "pith_service.h"

int tool_report_write(struct output *report,
                      const struct pith_session *session,
                      const struct pith_prompt *prompt,
                      const struct pith_compress_options *options,
                      const struct pith_result *result)
{
    struct pith_error error;
    char *html;
    size_t size;
    if (pith_result_report_html(session, prompt, options, result, &html, &size,
                                &error) != PITH_OK)
        return tool_library(&error);
    fwrite(html, 1, size, report->stream);
    pith_free(html);
    return TOOL_OK;
}
