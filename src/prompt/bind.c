/*
 * bind.c - see bind.h.
 */
#include "bind.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/text.h"
#include "clusters.h"
#include "recognise.h"
#include "units.h"
#include "words.h"

enum {
    MAX_SMALL_WORDS = 3, /* between a negation and what it denies */
    MAX_SIGNS = 4,       /* between a value and its key: `": "` */
    MAX_KANA = 8,        /* of a Japanese verb: tsu-ke-te-i-nai */
    SHORT = 3             /* letters: "be", "the", "de", "zu" */
};

/* Longer words that say nothing alone, some of which carry the negation of the
 * verb after them: "no puede salir", "nie została zapłacona", "not before May". */
static const char small_words[] =
    " been being have having longer more less than ever even only just very "
    "quite with from that this were will would could should going able allowed "
    "before after until unless without within because when while since under "
    "over into avant après sans avec sous depuis jusqu'à nach ohne wegen über "
    "unter bevor seit antes después hasta desde sin prima dopo senza przed "
    "przez после через пока перед після "
    "mehr aber auch noch immer einen einem einer eine worden werden wurde wurden dans pour plus "
    "para peut peuvent doit doivent sera seront était étaient avait "
    "puede pueden debe deben sido está están fueron haya había "
    "pode podem deve devem estão foram seja sejam estiver tinha "
    "possono devono stato stata stati state hanno poate trebuie fost "
    "mogą musi został została zostało zostały jest była "
    "było były będzie byla bylo byly bude budou "
    "может могут можно должен должна должны была было были будет будут "
    "може можуть можна була було були буде будуть треба мора ";

/* Verbs that say with the next word what a negation before them is about: "neither
 * party is liable", "no claim may be made". */
static const char auxiliaries[] =
    " is are was were has have had do does did will would shall should can "
    "could may might must ist sind war waren hat haben wird werden kann können "
    "darf dürfen muss müssen soll sollen est sont sera seront peut peuvent doit "
    "doivent es son será serán puede pueden debe deben é são pode podem può "
    "possono jest są może mogą может могут был была были ";

struct pith_text pith_unit_word(const struct pith_parts *parts,
                                const struct pith_unit *unit)
{
    struct pith_text text = pith_unit_text(parts, unit);
    for (;;) {
        struct pith_cluster c = pith_cluster_at(text, 0);
        if (c.end == c.start || pith_role_of(c.code) != PITH_ROLE_SPACE)
            return text;
        text.bytes += c.end;
        text.size -= c.end;
    }
}

bool pith_unit_is_word(const struct pith_parts *parts, size_t unit)
{
    struct pith_text text = pith_unit_word(parts, &parts->units[unit]);
    return text.size > 0 &&
           pith_role_of(pith_cluster_at(text, 0).code) >= PITH_ROLE_LETTER;
}

/* Whether a word ends in one of a list's, each with a blank after it. */
static bool ends_in(struct pith_text word, const char *ends)
{
    for (size_t n; *ends != '\0'; ends += n + 1) {
        n = strcspn(ends, " ");
        if (word.size >= n &&
            memcmp(word.bytes + word.size - n, ends, n) == 0)
            return true;
    }
    return false;
}

/* Also adverbs of English and French: "not fully paid". */
static bool is_small(const struct pith_parts *parts, size_t unit)
{
    struct pith_text text = pith_unit_word(parts, &parts->units[unit]);
    size_t n = 0;
    if (pith_text_is_listed(text, small_words) || ends_in(text, "ly ment "))
        return true;
    for (size_t at = 0; at < text.size; n++) {
        struct pith_cluster c = pith_cluster_at(text, at);
        if (pith_role_of(c.code) != PITH_ROLE_LETTER)
            return false;
        at = c.end;
    }
    return n <= SHORT;
}

bool pith_unit_starts_line(const struct pith_parts *parts, size_t unit)
{
    struct pith_text text = pith_unit_text(parts, &parts->units[unit]);
    struct pith_text word = pith_unit_word(parts, &parts->units[unit]);
    return !parts->units[unit].wraps &&
           memchr(text.bytes, '\n', text.size - word.size) != NULL;
}

bool pith_unit_is_han(const struct pith_parts *parts, size_t unit)
{
    struct pith_text text = pith_unit_text(parts, &parts->units[unit]);
    uint32_t code = pith_cluster_at(text, 0).code;
    return (code >= 0x3400 && code <= 0x9FFF) ||
           (code >= 0xF900 && code <= 0xFAFF) ||
           (code >= 0x20000 && code <= 0x323AF);
}

/* A word of one Hangul syllable: the "su" of "hal su eopda", cannot do. */
static bool is_syllable(const struct pith_parts *parts, size_t unit)
{
    struct pith_text word = pith_unit_word(parts, &parts->units[unit]);
    struct pith_cluster c = pith_cluster_at(word, 0);
    return c.end == word.size && c.code >= 0xAC00 && c.code <= 0xD7A3;
}

static bool is_to(const struct pith_parts *parts, size_t unit)
{
    return pith_text_is(pith_unit_word(parts, &parts->units[unit]), "to");
}

/* Whether a unit is a word, and of the line of the unit before it. */
static bool goes_on(const struct pith_parts *parts, size_t unit)
{
    return pith_unit_is_word(parts, unit) && !pith_unit_starts_line(parts, unit);
}

/* The word that a unit is the value of: "tls: false", "Allergies: none"; the
 * unit itself where there is none. */
static size_t key_of(const struct pith_parts *parts,
                     const struct pith_part *part, size_t unit)
{
    bool sign = false;
    for (size_t at = unit; at > part->unit && unit - at < MAX_SIGNS &&
                           !pith_unit_starts_line(parts, at);) {
        struct pith_text text = pith_unit_text(parts, &parts->units[--at]);
        if (pith_unit_is_word(parts, at))
            return sign ? at : unit;
        sign |= memchr(text.bytes, ':', text.size) != NULL ||
                memchr(text.bytes, '=', text.size) != NULL;
    }
    return unit;
}

/* The word from unit `to` on, small words before it included, where the line has
 * one. */
static size_t reach(const struct pith_parts *parts, size_t to, size_t end)
{
    for (size_t n = 0; n < MAX_SMALL_WORDS && to + 1 < end &&
                       is_small(parts, to) &&
                       !pith_unit_starts_line(parts, to) &&
                       goes_on(parts, to + 1);
         n++)
        to++;
    return to;
}

static bool is_hiragana(const struct pith_parts *parts, size_t unit)
{
    struct pith_text text = pith_unit_text(parts, &parts->units[unit]);
    uint32_t code = pith_cluster_at(text, 0).code;
    return code >= 0x3041 && code <= 0x3096;
}

/* The verb or noun that a Chinese or Japanese negation ends: back over its kana to
 * one or two characters before them. */
static void bind_ending(const struct pith_parts *parts, size_t start,
                        size_t first, bool *joined)
{
    size_t i = first, least = first - start > MAX_KANA ? first - MAX_KANA : start;
    bool han = pith_unit_is_han(parts, first);
    while (i > least && (is_hiragana(parts, i) || (han && i == first)) &&
           pith_unit_is_word(parts, i - 1))
        joined[i--] = true;
    if (i > start && i < first && pith_unit_is_han(parts, i) &&
        pith_unit_is_han(parts, i - 1))
        joined[i] = true;
}

/* Whether a unit has nothing but some signs. */
static bool has_only(const struct pith_parts *parts, size_t unit,
                     const char *signs)
{
    struct pith_text text = pith_unit_text(parts, &parts->units[unit]);
    struct pith_cluster c = pith_cluster_at(text, 0);
    while (c.end > c.start && pith_is_one_of(c.code, signs))
        c = pith_cluster_at(text, c.end);
    return c.end == c.start;
}

bool pith_unit_is_listed(const struct pith_parts *parts, size_t unit,
                         const char *list)
{
    return pith_text_is_listed(pith_unit_word(parts, &parts->units[unit]),
                               list);
}

static const char or_words[] = " or nor oder ou o of eller lub czy или або ";
static const char and_words[] = " and und et y e en och og i и та ";

/* Negations of all that is listed after them: "without food and water". */
static const char listing_words[] =
    " no No without Without kein keine keinen keiner ohne sans sin sem senza bez "
    "без ";

enum { MAX_LISTED = 3 };

/* The last of what is denied together, its first word being `to`: "no food, drinks
 * or pets". */
static size_t listed_end(const struct pith_parts *parts, size_t first, size_t to,
                         size_t end)
{
    bool all = pith_unit_is_listed(parts, first, listing_words);
    for (size_t n = 0; n < MAX_LISTED; n++) {
        size_t at = to + 1;
        if (at + 2 < end && has_only(parts, at, ",") && goes_on(parts, at + 1))
            at += 2; /* the word before "or" */
        if (at + 1 >= end || !goes_on(parts, at) ||
            !(pith_unit_is_listed(parts, at, or_words) ||
              (all && pith_unit_is_listed(parts, at, and_words))))
            break;
        at = reach(parts, at + 1, end);
        if (at >= end || !goes_on(parts, at))
            break;
        to = at;
    }
    return to;
}

/* What a negation is bound to: units (first, last] each go with the unit in
 * front of them. */
static void bind_negation(const struct pith_parts *parts,
                          const struct pith_part *part, size_t first,
                          size_t last, bool *joined)
{
    size_t end = part->unit + part->n_units, to = last + 1;
    const struct pith_unit *until = &parts->units[last];
    struct pith_text word = pith_unit_word(parts, &parts->units[first]);
    word.size = (size_t)(parts->text.data + until->byte + until->n_bytes -
                         word.bytes);
    bool ends = pith_denies_before(word);
    bool han = pith_unit_is_han(parts, first);
    while (to + 1 < end && to - last <= MAX_SIGNS &&
           has_only(parts, to, "*_~`\"'”’»)]"))
        to++; /* Do **not** restart */
    to = reach(parts, to, end);
    bool after = to < end && goes_on(parts, to);
    if (after && to + 2 < end && is_to(parts, to + 1) &&
        goes_on(parts, to + 1) && goes_on(parts, to + 2))
        to += 2; /* not willing to pay */
    if (after && to + 2 < end && goes_on(parts, to + 1) &&
        pith_unit_is_listed(parts, to + 1, auxiliaries)) {
        size_t verb = reach(parts, to + 2, end);
        to = verb < end && goes_on(parts, verb) ? verb : to;
    }
    bool before = first > part->unit && pith_unit_is_word(parts, first - 1);
    if (before && joined[first - 1] &&
        pith_unit_is_listed(parts, first, " pas plus jamais rien personne "))
        joined[first] = true; /* ne rouvrira pas avant l'été */
    if (after)
        to = listed_end(parts, first, to, end);
    if (ends && before) {
        joined[first] = true;
        bind_ending(parts, part->unit, first, joined);
        if (first - 1 > part->unit && is_syllable(parts, first - 1))
            joined[first - 1] = true;
    } else if (after) {
        last = to;
        if (before && pith_unit_is_listed(parts, first - 1, " or oder ou o или або czy "))
            joined[first] |= !pith_unit_starts_line(parts, first);
    } else if (before && !pith_unit_starts_line(parts, first)) {
        joined[first] = true;
        if (last + 1 < end && has_only(parts, last + 1, ",;:"))
            last++; /* If you do not, we may */
    } else {
        for (size_t i = key_of(parts, part, first) + 1; i <= first; i++)
            joined[i] = true;
    }
    if (han && last == to && pith_unit_is_han(parts, to) && to + 1 < end &&
        pith_unit_is_han(parts, to + 1))
        last++; /* most words have two characters */
    for (size_t i = first + 1; i <= last; i++)
        joined[i] = true;
}

/* What something is compared with: "less of it than wheat". */
static void bind_comparisons(const struct pith_parts *parts,
                             const struct pith_part *part, bool *joined)
{
    size_t end = part->unit + part->n_units;
    for (size_t i = part->unit; i + 1 < end; i++) {
        size_t to = reach(parts, i + 1, end);
        if (!pith_unit_is_listed(parts, i, " than als dan än enn niż než nego decât mint "
                                 "kuin чем ніж нежели отколкото ") ||
            !goes_on(parts, to))
            continue;
        for (size_t j = i + 1; j <= to; j++)
            joined[j] = true;
        if (i > part->unit && !pith_unit_starts_line(parts, i))
            joined[i] |= pith_unit_is_listed(parts, i - 1, " more less fewer other rather ");
    }
}

/* Words for who did something, and how what comes before them ends. */
static const struct {
    const char *words, *ends;
} agents[] = {
    {" by ", "ed en wn de ld ght "},
    {" par ", "é ée és ées i it is u us ue t te ts tes "},
    {" por ", "ado ada ados adas ido ida idos idas to ta tos tas "},
    {" da dal dalla dai ", "ato ata ati ate ito ita iti uto uta uti "},
    {" von vom ", "wurde wurden wird werden "},
    {" door ", "d t en "},
};

/* Whether unit i says who did what the word before it names. */
static bool is_agent(const struct pith_parts *parts, size_t i)
{
    struct pith_text done = pith_unit_word(parts, &parts->units[i - 1]);
    for (size_t j = 0; j < sizeof agents / sizeof *agents; j++)
        if (pith_unit_is_listed(parts, i, agents[j].words) &&
            ends_in(done, agents[j].ends))
            return goes_on(parts, i);
    return false;
}

/* "She was paid by Ben" must not become "She paid Ben". */
static void bind_agents(const struct pith_parts *parts,
                        const struct pith_part *part, bool *joined)
{
    size_t end = part->unit + part->n_units;
    for (size_t i = part->unit + 1; i < end; i++) {
        if (!is_agent(parts, i))
            continue;
        size_t to = reach(parts, i + 1, end);
        if (to == end || !goes_on(parts, to))
            to = i;
        for (size_t j = i; j <= to; j++)
            joined[j] = true;
    }
}

/* "If it was not paid" must not become "it was not paid". */
static void bind_condition(const struct pith_parts *parts, size_t start,
                           size_t first, bool *joined)
{
    size_t at = first;
    for (size_t n = 0; n <= MAX_SMALL_WORDS && at > start && goes_on(parts, at);
         n++) {
        if (pith_unit_is_listed(parts, --at, " if If when When whether Whether wenn Wenn "
                                   "falls Falls si Si se Se als Als indien "
                                   "Indien jeśli Jeśli если Если якщо Якщо ")) {
            while (++at <= first)
                joined[at] = true;
            return;
        }
        if (!is_small(parts, at))
            return;
    }
}

/* Of one part; its negations are in ascending order. */
static enum pith_status bind_negations(struct pith_parts *parts,
                                  const struct pith_part *part, bool *joined,
                                  struct pith_error *error)
{
    struct pith_text text = pith_part_text(parts, part);
    struct pith_ranges ranges = {0};
    size_t unit = part->unit, end = part->unit + part->n_units;
    if (text.size == 0)
        return PITH_OK;
    size_t origin = (size_t)(text.bytes - parts->text.data);
    enum pith_status status =
        pith_protect_find(text, PITH_PROTECT_NEGATIONS, &ranges, error);
    for (size_t i = 0; i < ranges.n && status == PITH_OK; i++) {
        while (unit < end && parts->units[unit].byte +
                                     parts->units[unit].n_bytes <=
                                 origin + ranges.items[i].start)
            unit++;
        size_t last = unit;
        while (last + 1 < end &&
               parts->units[last + 1].byte < origin + ranges.items[i].end)
            last++;
        if (unit == end)
            break;
        parts->units[unit].denies = true;
        bind_negation(parts, part, unit, last, joined);
        bind_condition(parts, part->unit, unit, joined);
    }
    pith_ranges_free(&ranges);
    return status;
}

void pith_units_join(struct pith_parts *parts, const bool *joined, size_t limit)
{
    struct pith_unit *units = parts->units;
    size_t n = 0;
    for (size_t i = 0; i < parts->n_parts; i++) {
        struct pith_part *part = &parts->parts[i];
        size_t at = part->unit, end = at + part->n_units;
        part->unit = n;
        while (at < end) {
            size_t length = 1;
            while (at + length < end && joined[at + length] &&
                   pith_units_tokens(units + at, length + 1) <= limit)
                length++;
            pith_units_unite(parts, &units[n++], units + at, length);
            at += length;
        }
        part->n_units = n - part->unit;
    }
    parts->n_units = n;
}

enum pith_status pith_bind_words(struct pith_parts *parts, size_t limit,
                                  struct pith_error *error)
{
    bool *joined = pith_array_zero(parts->n_units, sizeof *joined);
    if (joined == NULL)
        return pith_no_memory(error, parts->n_units, sizeof *joined);
    enum pith_status status = PITH_OK;
    for (size_t i = 0; i < parts->n_parts && status == PITH_OK; i++)
        if (parts->parts[i].kind == PITH_PART_CONTEXT) {
            pith_bind_numbers(parts, &parts->parts[i], joined);
            bind_comparisons(parts, &parts->parts[i], joined);
            bind_agents(parts, &parts->parts[i], joined);
            status = bind_negations(parts, &parts->parts[i], joined, error);
        }
    for (size_t i = 0; i < parts->n_units; i++)
        joined[i] &= !parts->units[i].opens_piece;
    if (status == PITH_OK)
        pith_units_join(parts, joined, limit);
    pith_free(joined);
    return status;
}
