/*
 * answers.c - the final answer in a model's response, by the public rules of
 * GSM8K and BBH, and whether it is right.
 */
#include <string.h>

#include "../base/text.h"
#include "../base/utf8.h"
#include "../text/casing.h"
#include "pith_eval.h"

static bool has_digit_at(struct pith_text text, size_t at)
{
    return at < text.size && pith_is_ascii_digit(text.bytes[at]);
}

static struct pith_text slice(struct pith_text text, size_t start, size_t end)
{
    return (struct pith_text){start > 0 ? text.bytes + start : text.bytes,
                              end - start};
}

/* Offset of a string at or after `from`, SIZE_MAX when there is none. */
static size_t find(struct pith_text text, const char *string, size_t from)
{
    for (size_t at = from; at < text.size; at++)
        if (pith_text_starts(slice(text, at, text.size), string))
            return at;
    return SIZE_MAX;
}

/* --- GSM8K: #### (-?[0-9.,]+) --------------------------------------------- */

static struct pith_text after_hashes(struct pith_text text)
{
    for (size_t at = find(text, "#### ", 0); at != SIZE_MAX;
         at = find(text, "#### ", at + 1)) {
        size_t start = at + strlen("#### "), end = start;
        if (end < text.size && text.bytes[end] == '-')
            end++;
        size_t first = end;
        while (end < text.size &&
               (pith_is_ascii_digit(text.bytes[end]) || text.bytes[end] == '.' ||
                text.bytes[end] == ','))
            end++;
        if (end > first)
            return slice(text, start, end);
    }
    return (struct pith_text){0};
}

/* --- numbers in running text ---------------------------------------------- */

/* The lines up to the first that says what the answer is. */
static struct pith_text up_to_answer(struct pith_text text)
{
    size_t at = find(text, "answer is", 0);
    size_t end = at == SIZE_MAX ? SIZE_MAX : find(text, "\n", at);
    return slice(text, 0, end == SIZE_MAX ? text.size : end);
}

static size_t skip_digits(struct pith_text text, size_t at)
{
    while (has_digit_at(text, at))
        at++;
    return at;
}

/* The end of what [0-9]*[.]?[0-9]+ matches at a place; the place itself when
 * it does not. */
static size_t plain_number_end(struct pith_text text, size_t at)
{
    size_t end = skip_digits(text, at);
    if (end < text.size && text.bytes[end] == '.' && has_digit_at(text, end + 1))
        end = skip_digits(text, end + 1);
    return end;
}

/* The same where commas may set off three digits: "1,234,567.8". */
static size_t grouped_number_end(struct pith_text text, size_t at)
{
    size_t end = skip_digits(text, at);
    if (end == at || end > at + 3)
        return plain_number_end(text, at);
    while (end < text.size && text.bytes[end] == ',' &&
           skip_digits(text, end + 1) == end + 4)
        end += 4;
    return plain_number_end(text, end);
}

static struct pith_text last_number(struct pith_text text,
                                    size_t (*number_end)(struct pith_text,
                                                         size_t))
{
    struct pith_text last = {0};
    for (size_t at = 0; at < text.size;) {
        size_t end = number_end(text, at);
        if (end > at)
            last = slice(text, at, end);
        at = end > at ? end : at + 1;
    }
    return last;
}

/* A dash before a number, or of its currency sign, is a sign unless it
 * is after a letter, digit or bracket, where it joins or subtracts. */
static bool is_negative(struct pith_text text, const char *number)
{
    size_t at = (size_t)(number - text.bytes);
    if (at > 0 && text.bytes[at - 1] == '$')
        at--;
    if (at == 0 || text.bytes[at - 1] != '-')
        return false;
    return at == 1 || strchr(" \t\n(=:*$", text.bytes[at - 2]) != NULL;
}

static struct pith_text last_signed_number(struct pith_text text)
{
    struct pith_text number = last_number(text, grouped_number_end);
    if (number.size > 0 && is_negative(text, number.bytes)) {
        const char *start = number.bytes - 1;
        while (*start != '-')
            start--;
        number.size += (size_t)(number.bytes - start);
        number.bytes = start;
    }
    return number;
}

/* --- BBH ------------------------------------------------------------------ */

static struct pith_text strip(struct pith_text text)
{
    size_t start = text.size, end = 0;
    for (size_t i = 0; i < text.size;) {
        uint32_t code;
        size_t size = pith_utf8_decode(text.bytes + i, text.size - i, &code);
        if (!pith_is_space(code)) {
            start = start < i ? start : i;
            end = i + size;
        }
        i += size;
    }
    return end > start ? slice(text, start, end) : slice(text, 0, 0);
}

static struct pith_text after_answer_is(struct pith_text text)
{
    size_t last = SIZE_MAX;
    for (size_t at = find(text, "answer is ", 0); at != SIZE_MAX;
         at = find(text, "answer is ", at + 1))
        last = at;
    if (last == SIZE_MAX)
        return text;
    text = strip(slice(text, last + strlen("answer is "), text.size));
    if (text.size > 0 && text.bytes[text.size - 1] == '.')
        text.size--;
    return text;
}

static bool is_choice(struct pith_text target)
{
    return target.size == 3 && target.bytes[0] == '(' &&
           target.bytes[1] >= 'A' && target.bytes[1] <= 'Z' &&
           target.bytes[2] == ')';
}

/* The first letter of the alphabet that is in brackets, 0 for none. */
static char choice_in(struct pith_text answer)
{
    char first = 0;
    for (size_t i = 0; i + 3 <= answer.size; i++)
        if (is_choice(slice(answer, i, i + 3)) &&
            (first == 0 || answer.bytes[i + 1] < first))
            first = answer.bytes[i + 1];
    return first;
}

/* --- comparing ------------------------------------------------------------ */

static bool equal(struct pith_text a, struct pith_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static bool equal_but_commas(struct pith_text a, struct pith_text b)
{
    size_t i = 0, j = 0;
    for (;;) {
        while (i < a.size && a.bytes[i] == ',')
            i++;
        while (j < b.size && b.bytes[j] == ',')
            j++;
        if (i == a.size || j == b.size)
            return i == a.size && j == b.size;
        if (a.bytes[i++] != b.bytes[j++])
            return false;
    }
}

/* A number without what does not change its value. */
struct number {
    bool negative;
    struct pith_text whole;    /* no zeros in front */
    struct pith_text fraction; /* no zeros after */
};

static struct number read_number(struct pith_text text)
{
    struct number number = {0};
    size_t at = 0, end = text.size;
    while (at < end && (text.bytes[at] == '-' || text.bytes[at] == '$'))
        number.negative |= text.bytes[at++] == '-';
    while (at < end && (text.bytes[at] == '0' || text.bytes[at] == ','))
        at++;
    size_t point = at;
    while (point < end && text.bytes[point] != '.')
        point++;
    if (point < end)
        while (text.bytes[end - 1] == '0')
            end--;
    number.whole = slice(text, at, point);
    if (point < end)
        number.fraction = slice(text, point + 1, end);
    number.negative &= number.whole.size + number.fraction.size > 0;
    return number;
}

static bool equal_numbers(struct pith_text a, struct pith_text b)
{
    struct number x = read_number(a), y = read_number(b);
    return x.negative == y.negative && equal_but_commas(x.whole, y.whole) &&
           equal(x.fraction, y.fraction);
}

/* --- public --------------------------------------------------------------- */

struct pith_text pith_answer_extract(struct pith_text text,
                                     enum pith_answer_rule rule)
{
    switch (rule) {
    case PITH_ANSWER_GSM8K:
        return after_hashes(text);
    case PITH_ANSWER_HUB:
        return last_number(up_to_answer(text), plain_number_end);
    case PITH_ANSWER_NUMBER:
        return last_signed_number(up_to_answer(text));
    case PITH_ANSWER_BBH:
        return after_answer_is(text);
    case PITH_ANSWER_QA:
        return text;
    }
    return (struct pith_text){0};
}

bool pith_answer_matches(struct pith_text response, struct pith_text reference,
                         enum pith_answer_rule rule)
{
    struct pith_text answer = pith_answer_extract(response, rule);
    if (rule == PITH_ANSWER_QA)
        return pith_answer_stands(response, reference);
    if (rule == PITH_ANSWER_BBH)
        return is_choice(reference) ? choice_in(answer) == reference.bytes[1]
                                    : equal(answer, reference);
    struct pith_text gold = pith_answer_extract(reference, rule);
    if (answer.size == 0 || gold.size == 0)
        return false;
    if (rule == PITH_ANSWER_GSM8K)
        return equal_but_commas(answer, gold);
    return rule == PITH_ANSWER_HUB ? equal(answer, gold)
                                   : equal_numbers(answer, gold);
}
