/*
 * ids.c - identifiers: letters mixed with digits, hashes, ticket keys, long
 * numbers that nobody counts with.
 *
 * They are sought among the chains of numbers.c.  Quantities ("5mg", "1st",
 * "9pm"), times ("02T10"), powers ("1e5") and sizes ("1920x1080") mix letters
 * and digits, too, but are numbers.
 */
#include "../text/casing.h"
#include "recognise.h"

enum {
    MAX_UNIT = 4,    /* letters of a unit */
    LEAST_HEX = 6,    /* digits of 123abc, which is a hash rather than a unit */
    LEAST_WORD = 8,   /* letters of deadbeef, which is not a word */
    LEAST_NUMBER = 8, /* digits of an account */
    LEAST_GROUPS = 10 /* the same with hyphens: more than a date has */
};

/* A run of letters or digits within a chain. */
struct segment {
    size_t n_letters, n_digits;
    size_t n_turns; /* from letters to digits and back */
    bool digit_first, last_is_digit;
    bool is_upper, is_hex;
    uint32_t letter; /* the first one */
    uint32_t joint;  /* the sign before it */
};

/* Letters without case count for neither: they write the units of "3개월". */
static void add_to_segment(struct segment *segment, uint32_t code)
{
    enum pith_casing_kind kind = pith_casing_kind(code);
    bool digit = pith_role_of(code) == PITH_ROLE_DIGIT;
    uint32_t lower = code | 0x20;
    if (!digit && kind != PITH_CASING_UPPER && kind != PITH_CASING_LOWER)
        return;
    if (segment->n_letters + segment->n_digits == 0)
        segment->digit_first = digit;
    else if (digit != segment->last_is_digit)
        segment->n_turns++;
    if (!digit && segment->n_letters++ == 0)
        segment->letter = code;
    segment->n_digits += digit ? 1 : 0;
    segment->is_upper &= digit || kind == PITH_CASING_UPPER;
    segment->is_hex &= digit || (code < 0x80 && lower >= 'a' && lower <= 'f');
    segment->last_is_digit = digit;
}

/* 5mg, 1st, 12AB, but not 123abc and 1234XYZ */
static bool is_quantity(const struct segment *segment)
{
    size_t n = segment->n_letters + segment->n_digits;
    return segment->digit_first && segment->n_turns == 1 &&
           segment->n_letters <= MAX_UNIT &&
           !(segment->is_hex && n >= LEAST_HEX) &&
           !(segment->is_upper && segment->n_letters > 2);
}

/* 02T10, 1e5, 1920x1080 */
static bool is_pair(const struct segment *segment)
{
    return segment->digit_first && segment->n_turns == 2 &&
           segment->n_letters == 1 && segment->n_digits <= 8 &&
           pith_is_one_of(segment->letter, "TeEx");
}

static bool is_identifier(const struct segment *segment)
{
    if (segment->n_digits == 0)
        return segment->is_hex && segment->n_letters >= LEAST_WORD;
    return segment->n_letters > 0 && !is_quantity(segment) &&
           !is_pair(segment);
}

/* INV-00842, GPT-4o, heron_page_05, 4711-XK, but not 10-year */
static bool are_identifier(const struct segment *left,
                           const struct segment *right)
{
    bool letters_first = left->n_digits == 0 && right->digit_first;
    bool digits_first = left->n_letters == 0 && right->n_digits == 0;
    if (left->n_letters + left->n_digits == 0)
        return false;
    return (letters_first && pith_is_one_of(right->joint, "-_‐‑")) ||
           (digits_first && (right->joint == '_' ||
                             (right->joint == '-' && right->is_upper)));
}

static struct segment read_segment(struct pith_text text, size_t *at,
                                   size_t end)
{
    struct segment segment = {.is_upper = true, .is_hex = true};
    struct pith_cluster c = pith_cluster_at(text, *at);
    for (; c.start < end && (!pith_is_word_character(c.code) || c.code == '_');
         c = pith_cluster_at(text, c.end))
        segment.joint = c.code;
    for (; c.start < end && pith_is_word_character(c.code) && c.code != '_';
         c = pith_cluster_at(text, c.end))
        add_to_segment(&segment, c.code);
    *at = c.start;
    return segment;
}

/* 00:1A:2B:3C:4D:5E, fe80::a:1, but not 10:15:31 */
static bool is_address(struct pith_text text, struct pith_chain chain)
{
    size_t n_groups = 0, n_letters = 0;
    for (size_t at = chain.start; at < chain.end; n_groups++) {
        struct segment segment = read_segment(text, &at, chain.end);
        n_letters += segment.n_letters;
        if (!segment.is_hex || pith_is_one_of(segment.joint, ",;/_"))
            return false;
    }
    return chain.has_colon && n_groups >= 3 && n_letters > 0;
}

static bool is_id(struct pith_text text, struct pith_chain chain)
{
    struct segment last = {0};
    size_t n_digits = 0;
    bool grouped = true; /* digits and hyphens only */
    if (is_address(text, chain))
        return true;
    for (size_t at = chain.start; at < chain.end;) {
        struct segment segment = read_segment(text, &at, chain.end);
        if (is_identifier(&segment) || are_identifier(&last, &segment))
            return true;
        n_digits += segment.n_digits;
        grouped &= segment.n_letters == 0 &&
                   (segment.joint == 0 || segment.joint == '-');
        last = segment;
    }
    if (!grouped)
        return false;
    return n_digits >= (last.joint == 0 ? LEAST_NUMBER : LEAST_GROUPS);
}

/* Where the "#" of #4711 starts; `at` when none precedes it. */
static size_t hash_sign_before(struct pith_text text, size_t at)
{
    struct pith_cluster before = pith_cluster_before(text, at);
    return before.code == '#' ? before.start : at;
}

enum pith_status pith_id_ranges(struct pith_text text,
                                struct pith_ranges *ranges,
                                struct pith_error *error)
{
    for (size_t at = 0; at < text.size;) {
        struct pith_chain chain = pith_chain_at(text, at);
        if (chain.end == chain.start) {
            at = pith_cluster_at(text, at).end;
            continue;
        }
        size_t start = chain.has_digit ? hash_sign_before(text, at) : at;
        if (start < at || is_id(text, chain))
            PITH_TRY(pith_ranges_add(ranges, text, start, &chain.end,
                                     PITH_PROTECT_IDS, error));
        at = chain.end;
    }
    return PITH_OK;
}
