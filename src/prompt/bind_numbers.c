/*
 * bind_numbers.c - numbers and what they measure: the 5 of "5 mg", "30 days",
 * "Section 4", "more than 3" and "2 of the 7" says something else alone.
 * Tying too much costs a few tokens, so these are rules of thumb.
 */
#include <string.h>

#include "../base/text.h"
#include "../text/casing.h"
#include "bind.h"
#include "clusters.h"
#include "ranges.h"
#include "units.h"

enum { SHORT = 3 }; /* bytes: "mg", "USD", "May" */

/* Words that belong to no number, and occur between two. */
static const char loose_words[] =
    " a an the this that of to in on at by as is it its if or and but for out "
    "was are be he she we us you i my his her our has had did do can so per "
    "with from have were which when where will would must may should x × - "
    "– — "
    "der die das den dem des ein und oder mit von vom zu zum zur bis im auf aus "
    "bei für ist war hat es er sie wir ihr wie ob "
    "le la les de du un une et en au aux à ou où par sur est il on se ne "
    "el los las al del y e o u con que su no na um uma da do dos lo gli di "
    "het een van op te met tot och på med från till av og fra til "
    "i w z na od za po oraz lub v až ve ile "
    "и в на с со из от до за по о об у к или і й та з із зі від про "
    "من إلى في على و عن حتى से तक में का की के पर और ";

/* Words between a number and another word that it needs: "more than 3". */
static const char comparing_words[] =
    " than least most up als bis plus moins menos más dan än enn "
    "niż než nego decât mint kuin чем ніж нежели отколкото من ";

/* Loose ones without which a change reads as another: "fell to 18 from 27". */
static const char changing_words[] =
    " to from by von um auf à naar tot från till fra til na do до на с від "
    "από hasta ";

/* Words that with a loose one after them set something aside: "instead of 45". */
static const char replacing_words[] =
    " instead lieu lugar vez invece posto place plaats ";

/* 30, 1,500, -0.5, $7; not Q3, which names something. */
static bool is_number(const struct pith_parts *parts, size_t unit)
{
    struct pith_text word = pith_unit_word(parts, &parts->units[unit]);
    struct pith_cluster c = pith_cluster_at(word, 0);
    if (pith_role_of(c.code) == PITH_ROLE_SIGN)
        c = pith_cluster_at(word, c.end);
    return pith_is_number(c.code);
}

/* two, Hundred, forty-five */
static enum pith_number_word word_of(const struct pith_parts *parts,
                                     size_t unit)
{
    return pith_number_word_of(pith_unit_word(parts, &parts->units[unit]));
}

static bool is_value(const struct pith_parts *parts, size_t unit)
{
    return is_number(parts, unit) ||
           word_of(parts, unit) != PITH_NO_NUMBER;
}

/* Whether unit i, this word, belongs to the number before it: "two hundred",
 * "4 million", "twenty one", but not "one two three". */
static bool is_one_number(const struct pith_parts *parts, size_t i,
                          enum pith_number_word word)
{
    return word == PITH_LARGE_NUMBER
               ? is_value(parts, i - 1)
               : word == PITH_SMALL_NUMBER &&
                     word_of(parts, i - 1) == PITH_LARGE_NUMBER;
}

static size_t count_digits(struct pith_text word)
{
    size_t n = 0;
    while (n < word.size && pith_is_ascii_digit(word.bytes[n]))
        n++;
    return n;
}

/* 1976, 2030: a number that seldom counts anything. */
static bool is_year(const struct pith_parts *parts, size_t unit)
{
    struct pith_text word = pith_unit_word(parts, &parts->units[unit]);
    return word.size == 4 && count_digits(word) == 4 &&
           (word.bytes[0] == '1' ||
            (word.bytes[0] == '2' && word.bytes[1] == '0'));
}

/* A word that a number may belong to, or that may be its unit. */
static bool is_partner(const struct pith_parts *parts, size_t unit)
{
    return pith_unit_is_word(parts, unit) && !is_value(parts, unit) &&
           !pith_unit_is_listed(parts, unit, loose_words);
}

/* mg, h, USD, May: the unit or the month even of a year's digits. */
static bool is_short(const struct pith_parts *parts, size_t unit)
{
    return pith_unit_word(parts, &parts->units[unit]).size <= SHORT;
}

static bool is_unit_sign(const struct pith_parts *parts, size_t unit)
{
    struct pith_text word = pith_unit_word(parts, &parts->units[unit]);
    return pith_is_unit_sign(pith_cluster_at(word, 0).code);
}

/* Whether number i has what it counts in already: of "9 o'clock in" in Chinese
 * not "in" as well. */
static bool has_counter(const struct pith_parts *parts, size_t i, size_t next)
{
    struct pith_text text = pith_unit_text(parts, &parts->units[i]);
    return pith_unit_is_han(parts, next) &&
           !pith_is_number(pith_cluster_before(text, text.size).code);
}

/* Whether number i, not the end of a sentence, belongs to the word that comes
 * next: "14. mai", "am 14. Mai", "der 3. Platz". */
static bool is_ordinal(const struct pith_parts *parts, size_t start, size_t i,
                       size_t end)
{
    if (i + 2 >= end || pith_unit_word(parts, &parts->units[i]).size > 2 ||
        !pith_text_is(pith_unit_text(parts, &parts->units[i + 1]), ".") ||
        !is_partner(parts, i + 2) || pith_unit_starts_line(parts, i + 2))
        return false;
    struct pith_text next = pith_unit_word(parts, &parts->units[i + 2]);
    return pith_casing_kind(pith_cluster_at(next, 0).code) !=
               PITH_CASING_UPPER ||
           pith_unit_is_listed(parts, i + 2, " Januar Februar März Mai Juni Juli Oktober "
                                   "Dezember ") ||
           (i > start &&
            pith_unit_is_listed(parts, i - 1, " am den der dem des die das im zum vom bis "
                                    "ab Am Der Die Das Im Den "));
}

/* The unit of number i, or what it counts; returns the unit after it. */
static size_t bind_measure(const struct pith_parts *parts, size_t start,
                           size_t i, size_t end, bool *joined)
{
    size_t next = i + 1;
    if (next == end || pith_unit_starts_line(parts, next))
        return next;
    struct pith_text text = pith_unit_text(parts, &parts->units[next]);
    bool opens = i == start || parts->units[i - 1].is_separator ||
                 pith_unit_starts_line(parts, i);
    if (opens && (pith_text_is(text, ".") || pith_text_is(text, ")"))) {
        joined[next++] = true; /* an item of a list */
    } else if (is_unit_sign(parts, next)) {
        joined[next++] = true;
        bool letter = next < end && pith_unit_is_word(parts, next) &&
                      pith_unit_word(parts, &parts->units[next]).size ==
                          parts->units[next].n_bytes;
        if (letter) /* the C of a degree */
            joined[next++] = true;
    } else if (is_ordinal(parts, start, i, end)) {
        joined[next] = joined[next + 1] = true;
        next += 2;
    } else if (is_partner(parts, next) && !has_counter(parts, i, next) &&
               (!is_year(parts, i) || is_short(parts, next))) {
        joined[next++] = true;
    }
    return next;
}

enum { MAX_BETWEEN = 2 }; /* loose words: "2 of the 7" */

/* Another number that this one is said with: "3 to 5", "1 in 10". */
static void bind_range(const struct pith_parts *parts, size_t next, size_t end,
                       bool *joined)
{
    size_t to = next;
    while (to < end && to - next < MAX_BETWEEN &&
           !pith_unit_starts_line(parts, to) &&
           pith_unit_is_listed(parts, to, loose_words))
        to++;
    if (to == next || to == end || pith_unit_starts_line(parts, to) ||
        !is_value(parts, to))
        return;
    for (size_t i = next; i <= to; i++)
        joined[i] = true;
}

/* What comes before number i: what it belongs to, what it is compared by or
 * with. */
static void bind_before(const struct pith_parts *parts, size_t start, size_t i,
                        bool *joined)
{
    size_t before = i - 1;
    if (joined[before] || joined[i])
        return;
    bool led = before > start && !pith_unit_starts_line(parts, before) &&
               pith_unit_is_word(parts, before - 1);
    if (led && (pith_unit_is_listed(parts, before, comparing_words) ||
                (pith_unit_is_listed(parts, before, " to zu ") &&
                 pith_unit_is_listed(parts, before - 1, comparing_words)) ||
                (pith_unit_is_listed(parts, before, loose_words) &&
                 pith_unit_is_listed(parts, before - 1, replacing_words))))
        joined[before] = joined[i] = true;
    else if (pith_unit_is_listed(parts, before, changing_words))
        joined[i] = true;
    else if (is_partner(parts, before)) {
        joined[i] = true;
        if (before > start && pith_unit_is_han(parts, before) &&
            pith_unit_is_han(parts, before - 1))
            joined[before] = true; /* most words have two characters */
    }
}

void pith_bind_numbers(const struct pith_parts *parts,
                       const struct pith_part *part, bool *joined)
{
    size_t start = part->unit, end = start + part->n_units;
    for (size_t i = start; i < end; i++) {
        enum pith_number_word word = word_of(parts, i);
        if (word == PITH_NO_NUMBER && !is_number(parts, i))
            continue;
        bool lone = pith_unit_is_listed(parts, i, " one One "); /* "no one", "one of us" */
        bool paired = joined[i];
        if (i > start && !pith_unit_starts_line(parts, i)) {
            if (is_one_number(parts, i, word))
                joined[i] = true;
            else if (!lone)
                bind_before(parts, start, i, joined);
        }
        size_t next = lone ? i + 1 : bind_measure(parts, start, i, end, joined);
        if (!paired)
            bind_range(parts, next, end, joined);
    }
}
