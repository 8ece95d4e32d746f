/*
 * wraps.c - see wraps.h.
 */
#include "wraps.h"

#include "../base/memory.h"
#include "../text/casing.h"
#include "clusters.h"
#include "markup.h"
#include "scan.h"
#include "units.h"

enum {
    NARROWEST = 50, WIDEST = 140, /* characters of a line that is full */
    SHORT = 24,                   /* characters of a line that may be one word */
    LEAST_ENDS = 3                /* line ends that agree on a width */
};

struct line {
    size_t start;   /* byte of the first character that is not white space */
    size_t indent, width; /* characters before it; of the whole line */
    size_t word;    /* characters of its first word */
    bool prose;     /* may be a part of a paragraph */
    bool opens;     /* another paragraph, if it is prose */
    bool goes_on;   /* a sentence of the line before, by its first letter */
    bool ends;      /* a sentence, or what comes before a list */
};

/* Lines [first, end) are a paragraph that may have been wrapped at the widths
 * from low to high. */
struct paragraph {
    size_t first, end, low, high;
};

/* --- lines ------------------------------------------------------------------- */

struct counts {
    size_t letters, others, spaces;
    size_t gaps;   /* columns, cells */
    size_t joints; /* of code: a.b, f(x */
};

static bool is_letter(uint32_t code)
{
    return pith_role_of(code) == PITH_ROLE_LETTER;
}

/* Words of a usual length, and the signs of prose. */
static bool is_prose(const struct counts *n, size_t width)
{
    return n->gaps == 0 && n->joints <= 1 && n->letters > 0 &&
           4 * n->others <= n->letters + 24 &&
           (12 * n->spaces >= width || width <= SHORT) && width <= WIDEST;
}

/* Counts a line from its first character on; returns where it ends. */
static size_t count(struct pith_text text, size_t at, struct line *line,
                    struct counts *counts)
{
    uint32_t last = 0; /* that is not a space */
    size_t white = 0;  /* spaces after it */
    size_t run = 0;    /* letters up to here */
    bool glued = false; /* a sign of code comes after letters */
    for (;;) {
        struct pith_cluster c = pith_cluster_at(text, at);
        bool space = c.code == ' ';
        if (c.start == c.end || c.code == '\n' || c.code == '\r')
            break;
        white = space ? white + 1 : 0;
        counts->spaces += space;
        counts->letters += is_letter(c.code);
        counts->others += !space && !is_letter(c.code);
        counts->gaps += pith_is_one_of(c.code, "\t|{}=") || c.code == 0 ||
                        (white == 2 && !pith_is_one_of(last, ".?!:"));
        counts->joints += is_letter(c.code) && glued;
        glued = run > 1 && pith_is_one_of(c.code, ".(");
        run = is_letter(c.code) ? run + 1 : 0;
        line->word += counts->spaces == 0;
        line->width++;
        last = space ? last : c.code;
        at = c.end;
    }
    line->width -= white;
    line->ends = pith_is_one_of(last, ".?!:;؟۔।");
    return at;
}

/* The line at byte `at`; returns where it ends. */
static size_t read_line(struct pith_text text, size_t at, bool *fenced,
                        struct line *line)
{
    struct counts counts = {0};
    size_t start = at;
    while (pith_byte_at(text, at) == ' ')
        at++;
    *line = (struct line){.start = at, .indent = at - start,
                          .width = at - start};
    uint32_t code = pith_cluster_at(text, at).code;
    bool fence = pith_fence_end(text, at) > at;
    bool rule = pith_rule_end(text, at) > at, heading = code == '#';
    size_t end = count(text, at, line, &counts);
    line->opens = pith_line_mark_end(text, at) > at;
    line->goes_on = is_letter(code) &&
                    pith_casing_kind(code) != PITH_CASING_UPPER;
    line->prose = !*fenced && !fence && !rule && !heading &&
                  is_prose(&counts, line->width);
    *fenced ^= fence;
    return end;
}

/* --- paragraphs ----------------------------------------------------------------- */

/* Whether a line is in the paragraph of the one before it. */
static bool continues(const struct line *line, bool is_second)
{
    const struct line *before = line - 1;
    return before->prose && line->prose && !line->opens &&
           (is_second || line->indent == before->indent);
}

/* The paragraph that starts with a line, and the widths that it allows; none,
 * where more of its lines begin a sentence than go on with one. */
static struct paragraph read_paragraph(const struct line *lines, size_t first,
                                       size_t n)
{
    struct paragraph p = {first, first + 1, lines[first].width, WIDEST};
    size_t n_on = 0;
    for (; p.end < n && continues(&lines[p.end], p.end == first + 1); p.end++) {
        const struct line *before = &lines[p.end - 1], *line = &lines[p.end];
        size_t most = before->width + line->word;
        n_on += line->goes_on && !before->ends;
        p.high = p.high < most ? p.high : most;
        p.low = p.low > line->width ? p.low : line->width;
    }
    p.low = p.low > NARROWEST ? p.low : NARROWEST;
    if (2 * n_on < p.end - first - 1)
        p.high = 0;
    return p;
}

static size_t n_ends(const struct paragraph *p)
{
    return p->low <= p->high ? p->end - p->first - 1 : 0;
}

/* The width that the most line ends agree on; 0: too few. */
static size_t find_width(const struct line *lines, size_t n)
{
    size_t ends[WIDEST + 2] = {0}, longest[WIDEST + 2] = {0}, best = 0;
    for (size_t i = 0; i < n;) {
        struct paragraph p = read_paragraph(lines, i, n);
        for (size_t w = p.low; w <= p.high; w++) {
            ends[w] += n_ends(&p);
            longest[w] = longest[w] > n_ends(&p) ? longest[w] : n_ends(&p);
        }
        i = p.end;
    }
    for (size_t w = NARROWEST; w <= WIDEST; w++)
        if (ends[w] > ends[best] && ends[w] >= LEAST_ENDS && longest[w] > 1)
            best = w;
    return best;
}

/* --- units ------------------------------------------------------------------- */

/* The unit of a part that has the white space before a byte.
 *   unit  one before it; moved on */
static void mark(struct pith_parts *parts, size_t byte, size_t *unit)
{
    while (parts->units[*unit].byte + parts->units[*unit].n_bytes < byte)
        ++*unit;
    parts->units[*unit].wraps = true;
}

static void mark_wrapped(struct pith_parts *parts, const struct pith_part *part,
                         const struct line *lines, size_t n)
{
    size_t width = find_width(lines, n), unit = part->unit;
    size_t origin =
        (size_t)(pith_part_text(parts, part).bytes - parts->text.data);
    for (size_t i = 0; i < n && width > 0;) {
        struct paragraph p = read_paragraph(lines, i, n);
        for (i++; i < p.end; i++)
            if (p.low <= width && width <= p.high)
                mark(parts, origin + lines[i].start, &unit);
    }
}

static enum pith_status find_in(struct pith_parts *parts,
                                const struct pith_part *part,
                                struct pith_error *error)
{
    struct pith_text text = pith_part_text(parts, part);
    struct line *lines = NULL;
    size_t n = 0, capacity = 0;
    bool fenced = false;
    enum pith_status status = PITH_OK;
    for (size_t at = 0; at < text.size && status == PITH_OK; n++) {
        status = pith_grow(&lines, n + 1, &capacity, sizeof *lines, error);
        if (status != PITH_OK)
            break;
        at = read_line(text, at, &fenced, &lines[n]);
        at += pith_byte_at(text, at) == '\r';
        at += pith_byte_at(text, at) == '\n';
    }
    if (status == PITH_OK)
        mark_wrapped(parts, part, lines, n);
    pith_free(lines);
    return status;
}

enum pith_status pith_wraps_find(struct pith_parts *parts,
                                 struct pith_error *error)
{
    for (size_t i = 0; i < parts->n_parts; i++)
        if (parts->parts[i].kind == PITH_PART_CONTEXT)
            PITH_TRY(find_in(parts, &parts->parts[i], error));
    return PITH_OK;
}
