/*
 * ranges.h - stretches of a text, and those that no prompt is cut inside.
 *
 * Texts are valid UTF-8; time and memory are linear in their size, whatever
 * they are.
 */
#ifndef PITH_PROMPT_RANGES_H
#define PITH_PROMPT_RANGES_H

#include "../base/error.h"

/* Bytes of a text; both ends are between grapheme clusters. */
struct pith_range {
    size_t start, end;
    unsigned kind; /* enum pith_protect, one of them */
};

/* {0} is empty. */
struct pith_ranges {
    struct pith_range *items;
    size_t n, capacity;
};

void pith_ranges_free(struct pith_ranges *ranges);

/* Appends bytes [start, *end) of a text, with *end moved to the end of the
 * cluster that it is in; start is between clusters. */
enum pith_status pith_ranges_add(struct pith_ranges *ranges,
                                 struct pith_text text, size_t start,
                                 size_t *end, unsigned kind,
                                 struct pith_error *error);

/* Append what no prompt is cut inside, whatever it protects: numbers with
 * their signs and units; the markers of chat templates.  Every digit of the
 * text is in a range of the first.
 * Errors: MEMORY. */
enum pith_status pith_number_ranges(struct pith_text text,
                                    struct pith_ranges *ranges,
                                    struct pith_error *error);
enum pith_status pith_chat_marker_ranges(struct pith_text text,
                                         struct pith_ranges *ranges,
                                         struct pith_error *error);

/* A run of letters and digits with the signs that hold it together: "8.25",
 * "INV-00842", "well-known". */
struct pith_chain {
    size_t start, end;
    size_t n_points; /* that join its parts */
    bool has_digit, has_colon;
};

/* The chain that starts at byte `at`, where no letter or digit is right
 * before; empty where none starts. */
struct pith_chain pith_chain_at(struct pith_text text, size_t at);

/* Of ASCII. */
static inline bool pith_is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Whether a number may take a sign for its own; as its unit: %, a currency. */
bool pith_is_number_sign(uint32_t code);
bool pith_is_unit_sign(uint32_t code);

/* Where the chat marker at byte `at` ends; `at` when there is none. */
size_t pith_chat_marker_end(struct pith_text text, size_t at);

#endif
