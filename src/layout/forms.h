/*
 * forms.h - what the files of this room share: one function for each form, and
 * lines.
 */
#ifndef PITH_LAYOUT_FORMS_H
#define PITH_LAYOUT_FORMS_H

#include "../json/json.h"
#include "../prompt/scan.h"
#include "layout.h"

/* A byte of a word: of ASCII, or of any character beyond it. */
static inline bool pith_form_is_letter(char c)
{
    return pith_is_ascii_word(c) || (unsigned char)c >= 0x80;
}

/* Each appends the marks and blocks of a text of its form. */
typedef enum pith_status pith_form(struct pith_layout *layout,
                                   struct pith_text text,
                                   struct pith_error *error);
pith_form pith_layout_code, pith_layout_markdown, pith_layout_json,
    pith_layout_log, pith_layout_chat, pith_layout_table;

/* Places are in the text.  An empty mark is none, and one that continues
 * another of its kind makes it longer, but those of WHOLE. */
enum pith_status pith_mark_add(struct pith_layout *layout, size_t start,
                               size_t end, enum pith_mark_kind kind,
                               struct pith_error *error);
/* Bytes that the form can do without; for layout->spare, if it is there. */
enum pith_status pith_spare_add(struct pith_layout *layout, size_t start,
                                size_t end, struct pith_error *error);
enum pith_status pith_block_add(struct pith_layout *layout,
                                struct pith_block block,
                                struct pith_error *error);

/* Whether a block may begin or end at a byte of the text. */
bool pith_layout_may_cut(const struct pith_layout *layout, size_t at);

/* A line of a text. */
struct pith_form_line {
    size_t start, text; /* `text`: where its white space ends */
    size_t end, next;   /* without and with its line end */
};

/* The line that starts at byte `at`, which is in the text. */
struct pith_form_line pith_form_line_at(struct pith_text text, size_t at);
bool pith_form_is_blank(struct pith_form_line line);

/* Appends the elements of lists in a value of the text as blocks. */
enum pith_status pith_layout_elements(struct pith_layout *layout,
                                      struct pith_text text,
                                      const struct pith_json *value,
                                      struct pith_error *error);
/* Whether each line that is not blank is an object or an array. */
bool pith_layout_is_json_lines(struct pith_text text);

/* Where the prefix of a log's line ends, with its time or level; line.start
 * where it has none.
 *   severe  set where the level is a warning or worse */
size_t pith_log_prefix_end(struct pith_text text, struct pith_form_line line,
                           bool *severe);

/* Whether one of the words of a text is a level. */
bool pith_log_is_level(struct pith_text text);

/* Where the name and the colon that begin a turn end; line.start where none
 * does.
 *   name  filled by the call */
size_t pith_chat_label_end(struct pith_text text, struct pith_form_line line,
                           struct pith_text *name);

/* How a table parts its cells: , ; tab or |; 0 where it is not one.  Certain:
 * every row has as many. */
char pith_table_separator(struct pith_text text, bool certain);
/* Where the record ends that starts at `at`, without its line end, counting
 * its separators: those in quotes are text. */
size_t pith_table_record_end(struct pith_text text, size_t at, char separator,
                             size_t *n);
/* Appends the marks of a paragraph or a message, bytes [at, end).
 *   markdown  with links and **marks**; otherwise brackets and quotes alone */
enum pith_status pith_layout_inline(struct pith_layout *layout,
                                    struct pith_text text, size_t at,
                                    size_t end, bool markdown,
                                    struct pith_error *error);
/* Where a link ends that starts at byte `at`, such as [text](address),
 * ![alt][label] and <https://x.org>; `at` where none does. */
size_t pith_link_end(struct pith_text text, size_t at);
/* Whether bytes [at, end) look as if they hold one. */
bool pith_has_link(struct pith_text text, size_t at, size_t end);

/* Whether a cell [at, end) has so few words that it stays with its row. */
bool pith_table_is_short(struct pith_text text, size_t at, size_t end);
/* Where the cell ends that starts at byte `at` of a row with bars. */
size_t pith_table_cell_end(struct pith_text text, size_t at, size_t end);
/* Whether a line parts the head of a table from its rows: |---|:--:| */
bool pith_table_is_rule(struct pith_text text, struct pith_form_line line);
/* Of a line with bars: spaces that only pad its cells, and hyphens of a rule
 * beyond three. */
enum pith_status pith_table_spare(struct pith_layout *layout,
                                  struct pith_text text,
                                  struct pith_form_line line,
                                  struct pith_error *error);

#endif
