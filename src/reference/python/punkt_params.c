/*
 * punkt_params.c - see punkt_params.h and punkt.h.
 */
#include "punkt_params.h"

#include <string.h>

#include "../../base/buffer.h"
#include "../../base/file.h"
#include "../../base/file_kind.h"
#include "../../base/memory.h"
#include "../../text/lines.h"
#include "punkt.h"

uint8_t pith_punkt_lookup(const struct pith_punkt_table *table,
                          struct pith_text word)
{
    if (word.size == 0 || table->n_words == 0)
        return 0;
    int32_t id = pith_piece_index_find(&table->index, table->words, word);
    return id < 0 ? 0 : table->values[id];
}

/* --- reading ----------------------------------------------------------------- */

static size_t count_lines(struct pith_text text)
{
    struct pith_text line;
    size_t n = 0;
    while (pith_next_line(&text, &line))
        n++;
    return n;
}

/* word TAB number: cuts the line down to the word. */
static bool cut_value(struct pith_text *line, uint8_t *value)
{
    const char *tab = memchr(line->bytes, '\t', line->size);
    if (tab == NULL)
        return false;
    unsigned number = 0;
    const char *end = line->bytes + line->size, *at = tab + 1;
    for (; at < end && *at >= '0' && *at <= '9' && number < 256; at++)
        number = number * 10 + (unsigned)(*at - '0');
    if (at != end || at == tab + 1 || number > 255)
        return false;
    *value = (uint8_t)number;
    line->size = (size_t)(tab - line->bytes);
    return true;
}

static void add_word(struct pith_punkt_table *table, struct pith_text word,
                     uint8_t value)
{
    int32_t id = pith_piece_index_find(&table->index, table->words, word);
    if (id < 0) {
        id = (int32_t)table->n_words++;
        table->words[id] = word;
        pith_piece_index_add(&table->index, table->words, id);
    }
    table->values[id] = value;
}

static enum pith_status read_lines(struct pith_punkt_table *table,
                                   struct pith_text text, bool has_values,
                                   const char *name, struct pith_error *error)
{
    struct pith_text line;
    for (size_t number = 1; pith_next_line(&text, &line); number++) {
        uint8_t value = 1;
        if (line.size == 0)
            continue;
        if (has_values && !cut_value(&line, &value))
            return pith_fail(error, PITH_ERR_FORMAT,
                             "%s, line %zu: expected a word, a tab and a "
                             "number from 0 to 255", name, number);
        if (line.size > PITH_PUNKT_MAX_TYPE)
            return pith_fail(error, PITH_ERR_FORMAT,
                             "%s, line %zu: a word of %zu bytes, expected at "
                             "most %d", name, number, line.size,
                             PITH_PUNKT_MAX_TYPE);
        if (line.size > 0)
            add_word(table, line, value);
    }
    return PITH_OK;
}

/* Reads lines of `text`: one word each (its value is 1), or with has_values
 * a word, a tab and a number.  name: the file, for errors. */
static enum pith_status read_table(struct pith_punkt_table *table,
                                   struct pith_text text, bool has_values,
                                   const char *name, struct pith_error *error)
{
    struct pith_buffer copy = {0};
    pith_buffer_append(&copy, text.bytes, text.size);
    PITH_TRY(pith_buffer_take(&copy, &table->bytes, NULL, error));
    size_t n = count_lines(text);
    if (n > INT32_MAX)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: %zu lines, expected less than 2^31", name, n);
    table->words = pith_array(n, sizeof *table->words);
    table->values = pith_array(n, sizeof *table->values);
    if (table->words == NULL || table->values == NULL)
        return pith_no_memory(error, n, sizeof *table->words);
    PITH_TRY(pith_piece_index_create(&table->index, n, error));
    return read_lines(table, (struct pith_text){table->bytes, text.size},
                      has_values, name, error);
}

/* --- loading ----------------------------------------------------------------- */

static enum pith_status load_table(struct pith_punkt_table *table,
                                   const char *folder, const char *name,
                                   bool has_values, struct pith_error *error)
{
    struct pith_buffer joined = {0};
    struct pith_file file;
    struct pith_text text;
    char *path;
    pith_buffer_printf(&joined, "%s/%s", folder, name);
    PITH_TRY(pith_buffer_take(&joined, &path, NULL, error));
    enum pith_status status = pith_file_open_text(&file, &text, path, error);
    if (status == PITH_OK) {
        status = read_table(table, text, has_values, path, error);
        pith_file_close(&file);
    }
    pith_free(path);
    return status;
}

static enum pith_status load_folder(struct pith_punkt *punkt,
                                    const char *folder,
                                    struct pith_error *error)
{
    PITH_TRY(load_table(&punkt->abbreviations, folder, "abbrev_types.txt",
                        false, error));
    PITH_TRY(load_table(&punkt->collocations, folder, "collocations.tab",
                        false, error));
    PITH_TRY(load_table(&punkt->starters, folder, "sent_starters.txt", false,
                        error));
    return load_table(&punkt->contexts, folder, "ortho_context.tab", true,
                      error);
}

/* Words that start sentences have also been seen in lower case inside them,
 * and in upper case nowhere else. */
static enum pith_status load_builtin(struct pith_punkt *punkt,
                                     struct pith_error *error)
{
    struct pith_text abbreviations = {pith_punkt_english_abbreviations,
                                      strlen(pith_punkt_english_abbreviations)};
    struct pith_text starters = {pith_punkt_english_starters,
                                 strlen(pith_punkt_english_starters)};
    PITH_TRY(read_table(&punkt->abbreviations, abbreviations, false,
                        "built-in abbreviations", error));
    PITH_TRY(read_table(&punkt->starters, starters, false,
                        "built-in sentence starters", error));
    PITH_TRY(read_table(&punkt->contexts, starters, false,
                        "built-in sentence starters", error));
    for (size_t i = 0; i < punkt->contexts.n_words; i++)
        punkt->contexts.values[i] = PITH_PUNKT_BEG_UC | PITH_PUNKT_MID_LC;
    return PITH_OK;
}

enum pith_status pith_punkt_load(const char *folder, struct pith_punkt **punkt,
                                 struct pith_error *error)
{
    *punkt = NULL;
    struct pith_punkt *made = pith_array_zero(1, sizeof *made);
    if (made == NULL)
        return pith_no_memory(error, 1, sizeof *made);
    enum pith_status status = folder != NULL ? load_folder(made, folder, error)
                                             : load_builtin(made, error);
    if (status != PITH_OK) {
        pith_punkt_free(made);
        return status;
    }
    *punkt = made;
    return PITH_OK;
}

static void free_table(struct pith_punkt_table *table)
{
    pith_piece_index_free(&table->index);
    pith_free(table->words);
    pith_free(table->values);
    pith_free(table->bytes);
}

void pith_punkt_free(struct pith_punkt *punkt)
{
    if (punkt == NULL)
        return;
    free_table(&punkt->abbreviations);
    free_table(&punkt->collocations);
    free_table(&punkt->starters);
    free_table(&punkt->contexts);
    pith_free(punkt);
}
