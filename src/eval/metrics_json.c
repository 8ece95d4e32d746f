/*
 * metrics_json.c - the metrics of one pair of texts as JSON.
 */
#include "../json/json.h"
#include "cases.h"

static void write_rouge(struct pith_buffer *out, const char *name,
                        const struct pith_rouge *rouge)
{
    pith_buffer_printf(out, ", \"%s\": [", name);
    pith_json_write_number(out, rouge->precision);
    pith_buffer_string(out, ", ");
    pith_json_write_number(out, rouge->recall);
    pith_buffer_string(out, ", ");
    pith_json_write_number(out, rouge->f1);
    pith_buffer_string(out, "]");
}

static enum pith_status write_metrics(struct pith_buffer *out,
                                      const struct pith_json *line,
                                      const char *name, struct pith_bleu *bleu,
                                      struct pith_error *error)
{
    struct pith_text hypothesis, reference;
    struct pith_bleu alone = {{0}, {0}, 0, 0};
    struct pith_rouge_scores rouge;
    PITH_TRY(pith_case_string(line, "hypothesis", &hypothesis, name, 0,
                              error));
    PITH_TRY(pith_case_string(line, "reference", &reference, name, 0, error));
    PITH_TRY(pith_rouge_score(&rouge, hypothesis, reference, error));
    PITH_TRY(pith_bleu_add(&alone, hypothesis, reference, error));
    PITH_TRY(pith_bleu_add(bleu, hypothesis, reference, error));
    pith_buffer_string(out, "{\"bleu\": ");
    pith_json_write_number(out, pith_bleu_score(&alone, true));
    write_rouge(out, "rouge1", &rouge.rouge1);
    write_rouge(out, "rouge2", &rouge.rouge2);
    write_rouge(out, "rougeL", &rouge.rougeL);
    pith_buffer_string(out, "}");
    return PITH_OK;
}

enum pith_status pith_metrics_json(struct pith_text line, const char *name,
                                   struct pith_bleu *bleu, char **json,
                                   struct pith_error *error)
{
    struct pith_json_document *document;
    struct pith_buffer out = {0};
    *json = NULL;
    PITH_TRY(pith_json_parse(line, name, &document, error));
    enum pith_status status =
        write_metrics(&out, pith_json_root(document), name, bleu, error);
    pith_json_free(document);
    if (status == PITH_OK)
        return pith_buffer_take(&out, json, NULL, error);
    pith_buffer_free(&out);
    return status;
}
