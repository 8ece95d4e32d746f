/*
 * words.c - see words.h.
 */
#include "words.h"

#include <string.h>

#include "../text/grapheme.h"
#include "clusters.h"
#include "ranges.h"

static bool is_alphanumeric(uint32_t code)
{
    return pith_is_word_character(code) || pith_role_of(code) == PITH_ROLE_LONE;
}

/* Signs that hold letters and digits on both sides together: don't,
 * well-known, and/or, R&D, ada@example.org. */
static bool joins_words(uint32_t code)
{
    return pith_is_one_of(code, "'-./@&\xC2\xAD\xC2\xB7\xE2\x80\x90"
                                "\xE2\x80\x91\xE2\x80\x99");
}

/* Signs that belong to the word after them: /srv, -v, @ada, #tag, $HOME. */
static bool opens_words(uint32_t code)
{
    return pith_is_one_of(code, "/-@#$~\\");
}

/* Signs that hold numbers together, 1,782 and 14:05 among them. */
static bool joins_numbers(uint32_t code)
{
    return joins_words(code) || pith_is_one_of(code, ",:");
}

static bool is_operator(uint32_t code)
{
    return pith_is_one_of(code, "=<>!&|+-*/%^~:.#`");
}

/* Signs that say something about what is on both sides: n=3, a|b, x*y. */
static bool relates(uint32_t code)
{
    return pith_is_one_of(code, "=<>|+*^&");
}

/* What two clusters on each side of a place are read by. */
struct neighbours {
    uint32_t left[2], right[2]; /* the nearest first; 0: none */
};

static struct neighbours look_around(struct pith_text text, size_t at)
{
    struct pith_cluster last = pith_cluster_before(text, at);
    struct pith_cluster next = pith_cluster_at(text, at);
    return (struct neighbours){
        {last.code, pith_cluster_before(text, last.start).code},
        {next.code, pith_cluster_at(text, next.end).code}};
}

/* Whether two signs are of one operator: !=, &&, ->; of a ruler the first two. */
static bool is_one_operator(struct neighbours n)
{
    uint32_t left = n.left[0], right = n.right[0];
    if (left == right)
        return n.left[1] != left && pith_is_one_of(left, "=&|<>+:");
    return right == '=' ? pith_is_one_of(left, "!<>+-*/%^|&~:")
                        : right == '>' && pith_is_one_of(left, "-=");
}

bool pith_is_word_boundary(struct pith_text text, size_t at)
{
    if (at == 0 || at >= text.size)
        return true;
    if (!pith_grapheme_boundary(text, at))
        return false;
    struct neighbours n = look_around(text, at);
    enum pith_role left = pith_role_of(n.left[0]);
    enum pith_role right = pith_role_of(n.right[0]);
    if (left == PITH_ROLE_SPACE) /* goes with what comes after it */
        return false;
    if (left == PITH_ROLE_LONE || right == PITH_ROLE_LONE)
        return true;
    if (is_alphanumeric(n.left[0]) && is_alphanumeric(n.right[0]))
        return false;
    if (is_alphanumeric(n.left[0]))
        return !(joins_words(n.right[0]) && is_alphanumeric(n.right[1]));
    if (is_alphanumeric(n.right[0]))
        return !opens_words(n.left[0]) &&
               !(joins_words(n.left[0]) && is_alphanumeric(n.left[1]));
    return !is_one_operator(n);
}

/* The seam between two texts, as its own text. */
struct seam {
    char bytes[128];
    size_t size, at;
};

static bool is_inside_character(struct pith_text text, size_t at)
{
    return at > 0 && at < text.size &&
           ((unsigned char)text.bytes[at] & 0xC0) == 0x80;
}

static void make_seam(struct seam *seam, struct pith_text left,
                      struct pith_text right)
{
    size_t limit = sizeof seam->bytes / 2;
    size_t from = left.size > limit ? left.size - limit : 0;
    size_t n_right = right.size < limit ? right.size : limit;
    while (is_inside_character(left, from))
        from++;
    while (is_inside_character(right, n_right))
        n_right--;
    seam->at = left.size - from;
    seam->size = seam->at + n_right;
    if (seam->at > 0)
        memcpy(seam->bytes, left.bytes + from, seam->at);
    if (n_right > 0)
        memcpy(seam->bytes + seam->at, right.bytes, n_right);
}

bool pith_reads_as_one(struct pith_text left, struct pith_text right)
{
    struct seam seam;
    make_seam(&seam, left, right);
    if (seam.at == 0 || seam.at == seam.size)
        return false;
    struct pith_text text = {seam.bytes, seam.size};
    struct neighbours n = look_around(text, seam.at);
    uint32_t last = n.left[0], next = n.right[0];
    if (pith_role_of(last) == PITH_ROLE_SPACE ||
        pith_role_of(next) == PITH_ROLE_SPACE)
        return false;
    if (!pith_grapheme_boundary(text, seam.at))
        return true;
    if (is_alphanumeric(last) && is_alphanumeric(next))
        return true;
    if (joins_numbers(last) && is_alphanumeric(n.left[1]) &&
        is_alphanumeric(next))
        return true;
    if (joins_numbers(next) && is_alphanumeric(n.right[1]) &&
        is_alphanumeric(last))
        return true;
    if (pith_is_number_sign(last) && /* -3; 5% more, 5 % more, not %more */
        (pith_is_number(next) || ((pith_is_number(n.left[1]) ||
                                   pith_is_unit_sign(last)) &&
                                  is_alphanumeric(next))))
        return true;
    if (pith_is_number_sign(next) && !pith_is_one_of(next, ".,:") &&
        (pith_is_number(last) || (is_alphanumeric(last) && pith_is_number(n.right[1]))))
        return true; /* 5%; costs $5, not costs$5 */
    if (((opens_words(last) || relates(last)) && is_alphanumeric(next)) ||
        (is_alphanumeric(last) &&
         (opens_words(next) || relates(next) || pith_is_one_of(next, "`([{"))))
        return true; /* in $HOME, not in$HOME; def =3, not def=3 or def(3 */
    return is_operator(last) && is_operator(next);
}

bool pith_is_blank(struct pith_text text)
{
    struct pith_cluster cluster = pith_cluster_at(text, 0);
    while (pith_role_of(cluster.code) == PITH_ROLE_SPACE)
        cluster = pith_cluster_at(text, cluster.end);
    return cluster.start == cluster.end;
}
