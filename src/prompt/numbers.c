/*
 * numbers.c - numbers, each with the signs and units inside and on it.
 *
 * A number is a chain of parts.  A part is a run of letters and digits with at
 * most signs of units after its digits ("12°C"); a sign between two parts
 * joins them or not by what the two are (joins()).  Chains without a digit are
 * words, not numbers.  No digit is ever left out, and no two digits side by
 * side are taken apart.
 */
#include <string.h>

#include "clusters.h"
#include "ranges.h"

/* --- characters ------------------------------------------------------------- */

static bool is_currency(uint32_t code)
{
    return code == '$' || (code >= 0xA2 && code <= 0xA5) ||
           (code >= 0x20A0 && code <= 0x20CF) ||
           pith_is_one_of(code, "֏؋৲৳૱௹฿៛꠸﷼﹩＄￠￡￥￦");
}

bool pith_is_unit_sign(uint32_t code)
{
    return is_currency(code) ||
           (code >= 0x3371 && code <= 0x33DF) || /* ㎏ and the like */
           pith_is_one_of(code, "%‰‱٪％°′″℃℉⁺⁻");
}

/* The words that Chinese and Japanese count in. */
static bool is_counter(uint32_t code)
{
    return pith_is_one_of(code, "年月日号號时時分秒点點度元圆圓円块塊岁歳歲"
                                "个個人名次回倍万萬亿億千百十兆页頁章节節期"
                                "周週天级級楼樓层層");
}

bool pith_is_number_sign(uint32_t code)
{
    return pith_is_unit_sign(code) ||
           pith_is_one_of(code, "+-−±≈≤≥√<>–.,~:/#№§＃×…");
}

/* Spaces that do not break a line: "3 000" and "50 %" are one in print. */
static bool is_number_space(uint32_t code)
{
    return code == 0xA0 || code == 0x2007 || code == 0x2009 || code == 0x202F;
}

/* --- parts ------------------------------------------------------------------ */

struct part {
    size_t start, end;
    size_t n_letters, n_digits;
    bool first_is_digit, last_is_digit;
    bool is_hex; /* letters a to f and digits only */
    bool is_power; /* ends in a digit and an e: 1e+5 */
};

/* Whether a sign after a digit is its unit: 10%, 5€, 50+, 5×, but not 10%3,
 * 5$9, 5+3, 5++ and 5×3. */
static bool is_unit(uint32_t sign, uint32_t next)
{
    if (is_currency(sign) || pith_is_one_of(sign, "%％"))
        return !pith_is_number(next);
    if (sign == '+' || sign == 0xD7)
        return next == 0 || pith_role_of(next) == PITH_ROLE_SPACE ||
               pith_is_one_of(next, ",.;:!?)]}|/");
    return pith_is_unit_sign(sign);
}

static void add_to_part(struct part *part, struct pith_cluster c)
{
    bool digit = pith_is_number(c.code);
    uint32_t lower = c.code | 0x20;
    if (part->end == part->start)
        part->first_is_digit = digit;
    part->is_power = part->last_is_digit && lower == 'e';
    part->is_hex &= digit || (lower >= 'a' && lower <= 'f' && c.code < 0x80);
    part->n_digits += digit;
    part->n_letters += digit ? 0 : 1;
    part->last_is_digit = digit;
    part->end = c.end;
}

static struct part read_part(struct pith_text text, size_t at)
{
    struct part part = {.start = at, .end = at, .is_hex = true};
    bool counted = false; /* a digit, or what belongs to one, is the last */
    for (;;) {
        struct pith_cluster c = pith_cluster_at(text, part.end);
        if (c.start == c.end)
            return part;
        if (pith_is_word_character(c.code)) {
            add_to_part(&part, c);
            counted = part.last_is_digit;
        } else if (counted &&
                   (is_counter(c.code) ||
                    is_unit(c.code, pith_cluster_at(text, c.end).code))) {
            part.end = c.end;
            part.last_is_digit = false;
        } else {
            return part;
        }
    }
}

/* --- what joins parts ------------------------------------------------------- */

struct joint {
    uint32_t sign;
    size_t n;   /* how often it is there */
    size_t end;
};

/* The sign after a part, taken together with itself ("--", "..", "::"). */
static struct joint read_joint(struct pith_text text, size_t at)
{
    struct pith_cluster c = pith_cluster_at(text, at);
    struct joint joint = {c.code, 1, c.end};
    while (joint.n < 3 && pith_is_one_of(c.code, "-.:+")) {
        c = pith_cluster_at(text, joint.end);
        if (c.code != joint.sign)
            break;
        joint.n++;
        joint.end = c.end;
    }
    return joint;
}

/* Whether a part may stand for a value beside one: p.5, 192.168.x.1. */
static bool is_value(const struct part *part)
{
    return part->n_digits > 0 || part->n_letters == 1;
}

/* Parts of addresses: fe80::1, 0a:1b:ff:3c. */
static bool is_hex_group(const struct part *part)
{
    return part->is_hex && part->end - part->start <= 4;
}

static bool is_digits(const struct part *part, size_t least, size_t most)
{
    size_t n = part->end - part->start;
    return part->n_digits == n && n >= least && n <= most;
}

enum { LONGEST_GROUPED = 34 /* bytes, of a number in groups */ };

/* Whether a space between two parts is one between groups of a number: 1 500,
 * 0161 555 0199, +44 20 7946 0958, 4111 1111 1111 1111, DE89 3704 0044 0532. */
static bool joins_groups(struct pith_text text, const struct pith_chain *chain,
                         const struct part *left, const struct part *right)
{
    const char *start = text.bytes + chain->start;
    size_t n = right->end - chain->start;
    bool first = left->start == chain->start;
    bool international = chain->start > 0 && start[-1] == '+';
    if (n <= 4 || n > LONGEST_GROUPED || chain->n_points > 0)
        return false;
    if (right->first_is_digit && right->n_digits == 3 && *start != '0' &&
        is_digits(left, first ? 1 : 3, 3))
        return true; /* 40 000kg */
    if (international || *start == '0')
        return is_digits(left, first && international ? 1 : 2, 5) &&
               is_digits(right, 2, 5);
    if (pith_is_capital(start[0]) && pith_is_capital(start[1]) &&
        pith_is_number((unsigned char)start[2]) && left->end - left->start == 4)
        return right->n_digits > 0
                   ? right->end - right->start <= 4
                   : first && right->n_letters == 4 &&
                         pith_is_capital(text.bytes[right->start]);
    return is_digits(left, 4, 4) && is_digits(right, 4, 4) && *start != '1' &&
           *start != '2'; /* not years */
}

/* Whether a sign between two parts makes one thing of them. */
static bool joins(struct pith_text text, const struct pith_chain *chain,
                  const struct part *left, struct joint joint,
                  const struct part *right)
{
    bool digits = left->last_is_digit && right->first_is_digit;
    bool values = is_value(left) && is_value(right);
    uint32_t sign = joint.sign;
    if (sign == ' ')
        return joins_groups(text, chain, left, right);
    if (sign == ':' && is_hex_group(left) && is_hex_group(right))
        return joint.n <= 2;
    if (sign == '+' && joint.n > 1) /* C++17 */
        return joint.n == 2 && left->n_digits == 0 && right->first_is_digit;
    if (joint.n > 1) /* 1..10, 3--5 */
        return digits;
    if (pith_is_one_of(sign, "-‐‑"))
        return true;
    if (pith_is_one_of(sign, ",，٫٬’'·⋅×…．：／") || is_number_space(sign))
        return digits || (pith_is_one_of(sign, "'’") && left->last_is_digit);
    if (pith_is_one_of(sign, "/⁄") && left->first_is_digit &&
        right->n_letters <= 5) /* 5km/h, $9/month */
        return true;
    if (sign == '.' && chain->n_points >= 2 && chain->has_digit &&
        right->first_is_digit) /* 1.2.3-alpha.1 */
        return true;
    if (pith_is_one_of(sign, ".:/⁄"))
        return values;
    if (pith_is_one_of(sign, "–—‒−~〜～－"))
        return left->n_digits > 0 && right->n_digits > 0;
    if (sign == '^')
        return right->n_digits > 0;
    if (sign != '+')
        return false;
    if (chain->has_digit && chain->n_points >= 2) /* 1.2.3+build */
        return true;
    return right->first_is_digit &&
           (left->is_power || chain->has_colon); /* 1e+5, 10:15+02:00 */
}

/* What may be between a joint and the part after it: €3-€5, 10^-3, −5–+5. */
static size_t skip_sign(struct pith_text text, struct joint joint)
{
    struct pith_cluster c = pith_cluster_at(text, joint.end);
    bool skipped =
        (pith_is_one_of(joint.sign, "^–…") && pith_is_one_of(c.code, "+-−")) ||
        (pith_is_one_of(joint.sign, "-–/") && is_currency(c.code));
    return skipped ? c.end : joint.end;
}

/* Where an address ends that has no group after its "::": 2001:db8::,
 * fe80::/10; the end of the chain when it is none. */
static size_t address_end(struct pith_text text, struct pith_chain chain,
                          const struct part *left, struct joint joint)
{
    if (joint.sign != ':' || joint.n != 2 || !is_hex_group(left))
        return chain.end;
    struct part length = read_part(text, joint.end + 1);
    if (pith_starts_with(text, joint.end, "/") && length.first_is_digit)
        return length.end;
    return chain.has_colon ? joint.end : chain.end;
}

struct pith_chain pith_chain_at(struct pith_text text, size_t at)
{
    struct part left = read_part(text, at);
    struct pith_chain chain = {.start = at, .end = left.end,
                               .has_digit = left.n_digits > 0};
    while (left.end > left.start) {
        struct joint joint = read_joint(text, left.end);
        struct part right = read_part(text, skip_sign(text, joint));
        if (right.end == right.start ||
            !joins(text, &chain, &left, joint, &right)) {
            chain.end = address_end(text, chain, &left, joint);
            break;
        }
        chain.has_colon |= joint.sign == ':';
        chain.n_points += joint.sign == '.' ? 1 : 0;
        chain.end = right.end;
        chain.has_digit |= right.n_digits > 0;
        left = right;
    }
    return chain;
}

/* --- signs on either side of a chain ---------------------------------------- */

static bool is_open(uint32_t before)
{
    return before == 0 || pith_role_of(before) == PITH_ROLE_SPACE ||
           pith_is_one_of(before, "([{\"'“‘«|");
}

/* Whether a sign before a digit is its own, given what precedes the
 * sign: (-3), x = +5, p <0.05.  So are plus and minus of f(x)-3: "-3" can be
 * read in two ways, "3" alone would be another number. */
static bool is_own_sign(uint32_t sign, uint32_t before)
{
    if (pith_is_one_of(sign, "±≈≤≥√"))
        return true;
    if (pith_is_one_of(sign, "<>–%"))
        return is_open(before);
    if (pith_is_one_of(sign, "+-−"))
        return before != sign;
    return pith_is_one_of(sign, ".~") && before != sign &&
           (is_open(before) || (pith_role_of(before) == PITH_ROLE_SIGN &&
                                !pith_is_one_of(before, ")]}")));
}

/* The same of signs of several characters, which end at `at`: where they
 * start. */
static size_t long_sign_before(struct pith_text text, size_t at, size_t floor)
{
    static const char *const signs[] = {"+/-", "<=", ">="};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t n = strlen(signs[i]);
        if (at - floor < n || !pith_starts_with(text, at - n, signs[i]))
            continue;
        struct pith_cluster first = pith_cluster_before(text, at - n + 1);
        uint32_t before = pith_cluster_before(text, first.start).code;
        if (first.start == at - n && (*signs[i] == '+' || is_open(before)))
            return first.start;
    }
    return at;
}

/* Letters of a currency, "US" of US$5, before byte `at`. */
static size_t before_currency(struct pith_text text, size_t at, size_t floor)
{
    size_t start = at;
    for (size_t n = 0; n < 4 && start > floor; n++) {
        struct pith_cluster c = pith_cluster_before(text, start);
        if (c.code < 'A' || c.code > 'Z')
            return pith_is_word_character(c.code) ? at : start;
        start = c.start;
    }
    return start > floor ? at : start;
}

/* Where the "::" of ::1 and ::ffff:10.0.0.1 starts. */
static size_t address_start(struct pith_text text, size_t at, size_t floor)
{
    struct part first = read_part(text, at);
    bool found = at - floor >= 2 && is_hex_group(&first) &&
                 pith_starts_with(text, at - 2, "::") &&
                 is_open(pith_cluster_before(text, at - 2).code);
    return found ? at - 2 : at;
}

/* Where the signs before a chain start. */
static size_t signs_before(struct pith_text text, struct pith_chain chain,
                           size_t floor)
{
    bool is_amount = pith_is_number(pith_cluster_at(text, chain.start).code);
    size_t start = is_amount ? long_sign_before(text, chain.start, floor)
                             : chain.start;
    if (start == chain.start)
        start = address_start(text, start, floor);
    if (start < chain.start)
        return start;
    for (size_t n = 0; n < 4 && start > floor; n++) {
        struct pith_cluster c = pith_cluster_before(text, start);
        uint32_t before = pith_cluster_before(text, c.start).code;
        if (is_currency(c.code))
            start = before_currency(text, c.start, floor);
        else if (pith_is_one_of(c.code, "#№§＃") ||
                 (is_amount && is_own_sign(c.code, before)))
            start = c.start;
        else
            break;
    }
    return start;
}

static size_t skip_blank(struct pith_text text, size_t at)
{
    struct pith_cluster c = pith_cluster_at(text, at);
    return c.code == ' ' || is_number_space(c.code) ? c.end : at;
}

/* Where the power of ten after a number ends: "3 × 10⁻⁴", "6.02 x 10^23";
 * `at` when there is none. */
static size_t power_end(struct pith_text text, size_t at)
{
    struct pith_cluster sign = pith_cluster_at(text, skip_blank(text, at));
    size_t ten = skip_blank(text, sign.end);
    if (!pith_is_one_of(sign.code, "×x·⋅*") ||
        !pith_starts_with(text, ten, "10"))
        return at;
    return pith_is_one_of(pith_cluster_at(text, ten + 2).code,
                          "^⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
               ? pith_chain_at(text, ten).end : at;
}

/* Where what belongs to a chain after its end does: "50 %" with a space that
 * does not break, and the dash of whole amounts, "5.-". */
static size_t signs_after(struct pith_text text, struct pith_chain chain)
{
    struct pith_cluster first = pith_cluster_at(text, chain.end);
    struct pith_cluster second = pith_cluster_at(text, first.end);
    struct pith_cluster third = pith_cluster_at(text, second.end);
    if (!pith_is_number(pith_cluster_before(text, chain.end).code))
        return chain.end;
    size_t power = power_end(text, chain.end);
    if (power > chain.end)
        return power;
    bool spaced_unit =
        is_number_space(first.code) && pith_is_unit_sign(second.code) &&
        !pith_is_number(third.code);
    bool whole_amount = pith_is_one_of(first.code, ".,") &&
                        pith_is_one_of(second.code, "-–—") &&
                        pith_role_of(third.code) != PITH_ROLE_LETTER &&
                        !pith_is_number(third.code);
    return spaced_unit || whole_amount ? second.end : chain.end;
}

/* --- ideographs ------------------------------------------------------------- */

static bool is_numeral(uint32_t code)
{
    return pith_is_one_of(code, "〇零一二三四五六七八九十百千万萬亿億兆两兩廿卅"
                                "壹贰貳叁參肆伍陆陸柒捌玖拾佰仟");
}

/* Whether one ideograph and a counter are a number: 三天, but not 一次, which
 * says "once", and 十分, "very". */
static bool is_counted(uint32_t numeral, uint32_t counter)
{
    return is_counter(counter) && !pith_is_one_of(numeral, "一百千万萬") &&
           !(pith_is_one_of(numeral, "十") && pith_is_one_of(counter, "分"));
}

/* Where a number in ideographs ends that starts at byte `at`; `at` where none
 * does: 三千五百元, 六十八点五, 三分之二, 第五章. */
static size_t ideographs_end(struct pith_text text, size_t at)
{
    struct pith_cluster c = pith_cluster_at(text, at);
    bool ordinal = pith_is_one_of(c.code, "第");
    size_t n = 0, end = ordinal ? c.end : at;
    uint32_t last = 0;
    for (;; n++) {
        c = pith_cluster_at(text, end);
        size_t joint = pith_is_one_of(c.code, "点點") ? c.end
                       : pith_starts_with(text, end, "分之")
                           ? end + strlen("分之") : end;
        if (n > 0 && joint > end)
            c = pith_cluster_at(text, joint);
        if (!is_numeral(c.code))
            break;
        last = c.code;
        end = c.end;
    }
    c = pith_cluster_at(text, end);
    bool counted = n > 0 && is_counter(c.code);
    if (n > 1 || (n == 1 && (ordinal || is_counted(last, c.code))))
        return counted ? c.end : end;
    return at;
}

enum pith_status pith_number_ranges(struct pith_text text,
                                    struct pith_ranges *ranges,
                                    struct pith_error *error)
{
    size_t floor = 0; /* where the last number ended */
    for (size_t at = 0; at < text.size;) {
        struct pith_chain chain = pith_chain_at(text, at);
        if (chain.end == chain.start) {
            size_t start = at;
            at = ideographs_end(text, start);
            if (at > start)
                PITH_TRY(pith_ranges_add(ranges, text, start, &at,
                                         PITH_PROTECT_NUMBERS, error));
            else
                at = pith_cluster_at(text, at).end;
            continue;
        }
        at = chain.end;
        if (!chain.has_digit)
            continue;
        size_t start = signs_before(text, chain, floor);
        floor = signs_after(text, chain);
        PITH_TRY(pith_ranges_add(ranges, text, start, &floor,
                                 PITH_PROTECT_NUMBERS, error));
        at = floor;
    }
    return PITH_OK;
}
