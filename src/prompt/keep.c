/*
 * keep.c - see keep.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "keep.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../text/canonical.h"
#include "protect.h"
#include "units.h"

#if defined __has_include
#if __has_include(<regex.h>)
#include <regex.h>
#define HAVE_REGEX 1
#endif
#endif

/* --- what must stay --------------------------------------------------------- */

/* The first unit of a part that ends behind byte `at`. */
static size_t unit_at(const struct pith_parts *parts,
                      const struct pith_part *part, size_t at)
{
    size_t low = part->unit, high = part->unit + part->n_units;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct pith_unit *unit = &parts->units[middle];
        if (unit->byte + unit->n_bytes <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Forces the units that hold bytes [start, end) of parts->text. */
static void force(struct pith_parts *parts, const struct pith_part *part,
                  size_t start, size_t end)
{
    size_t last = part->unit + part->n_units;
    for (size_t i = unit_at(parts, part, start);
         i < last && parts->units[i].byte < end; i++)
        parts->units[i].forced = true;
}

/* A string of options.keep. */
struct keep_string {
    struct pith_needle needle;
    bool found;
};

static enum pith_status force_strings(struct pith_parts *parts,
                                      const struct pith_part *part,
                                      struct keep_string *strings, size_t n,
                                      struct pith_error *error)
{
    struct pith_text text = pith_part_text(parts, part);
    struct pith_canonical form;
    if (text.size == 0)
        return PITH_OK;
    size_t origin = (size_t)(text.bytes - parts->text.data), start, end;
    PITH_TRY(pith_canonical_make(&form, text, error));
    for (size_t i = 0; i < n; i++) {
        struct pith_search search = {0};
        while (pith_canonical_next(&search, &form, &strings[i].needle, &start,
                                   &end)) {
            force(parts, part, origin + start, origin + end);
            strings[i].found = true;
        }
    }
    pith_canonical_free(&form);
    return PITH_OK;
}

static enum pith_status apply_strings(struct pith_parts *parts,
                                      const struct pith_text *keep, size_t n,
                                      struct pith_error *error)
{
    enum pith_status status = PITH_OK;
    struct keep_string *strings = pith_array_zero(n, sizeof *strings);
    if (strings == NULL)
        return pith_no_memory(error, n, sizeof *strings);
    for (size_t i = 0; i < n; i++)
        PITH_TRY_DONE(pith_needle_make(&strings[i].needle, keep[i], error));
    for (size_t i = 0; i < parts->n_parts; i++)
        PITH_TRY_DONE(force_strings(parts, &parts->parts[i], strings, n,
                                    error));
    for (size_t i = n; i-- > 0;)
        if (!strings[i].found) {
            parts->first_unused = i;
            parts->n_unused++;
        }
done:
    for (size_t i = 0; i < n; i++)
        pith_needle_free(&strings[i].needle);
    free(strings);
    return status;
}

static enum pith_status force_kinds(struct pith_parts *parts,
                                    const struct pith_part *part,
                                    unsigned kinds, struct pith_error *error)
{
    struct pith_text text = pith_part_text(parts, part);
    struct pith_ranges ranges = {0};
    if (text.size == 0)
        return PITH_OK;
    size_t origin = (size_t)(text.bytes - parts->text.data);
    enum pith_status status = pith_protect_find(text, kinds, &ranges, error);
    for (size_t i = 0; i < ranges.n && status == PITH_OK; i++)
        force(parts, part, origin + ranges.items[i].start,
              origin + ranges.items[i].end);
    pith_ranges_free(&ranges);
    return status;
}

/* --- regular expressions ---------------------------------------------------- */

#ifdef HAVE_REGEX

/* All matches in one line, which is NUL-terminated at `line`. */
static void force_matches(struct pith_parts *parts,
                          const struct pith_part *part, const regex_t *regex,
                          const char *line, size_t origin)
{
    regmatch_t match;
    size_t at = 0;
    for (int flags = 0; regexec(regex, line + at, 1, &match, flags) == 0;
         flags = REG_NOTBOL) {
        size_t start = at + (size_t)match.rm_so, end = at + (size_t)match.rm_eo;
        force(parts, part, origin + start, origin + end);
        at = end > start ? end : end + 1;
        if (start == end && line[end] == '\0')
            return;
    }
}

/* Line by line; a NUL byte ends a line too, for regexec() reads no further. */
static enum pith_status force_regex(struct pith_parts *parts,
                                    const struct pith_part *part,
                                    const regex_t *regex,
                                    struct pith_error *error)
{
    struct pith_text text = pith_part_text(parts, part);
    if (text.size == 0)
        return PITH_OK;
    char *line = malloc(text.size + 1);
    if (line == NULL)
        return pith_no_memory(error, text.size + 1, 1);
    size_t origin = (size_t)(text.bytes - parts->text.data);
    for (size_t at = 0; at < text.size;) {
        size_t n = 0;
        for (; at + n < text.size && text.bytes[at + n] != '\n' &&
               text.bytes[at + n] != '\0'; n++)
            line[n] = text.bytes[at + n];
        line[n] = '\0';
        force_matches(parts, part, regex, line, origin + at);
        at += n + 1;
    }
    free(line);
    return PITH_OK;
}

static enum pith_status apply_regex(struct pith_parts *parts,
                                    const char *pattern,
                                    struct pith_error *error)
{
    char why[128];
    regex_t regex;
    enum pith_status status = PITH_OK;
    int code = regcomp(&regex, pattern, REG_EXTENDED);
    if (code != 0) {
        regerror(code, &regex, why, sizeof why);
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "keep_regex \"%.100s\" is no POSIX extended regular "
                         "expression: %s", pattern, why);
    }
    if (regexec(&regex, "", 0, NULL, 0) == 0)
        status = pith_fail(error, PITH_ERR_ARGUMENT,
                           "keep_regex \"%.100s\" matches the empty text; "
                           "expected one that needs a character (+, not *)",
                           pattern);
    for (size_t i = 0; i < parts->n_parts && status == PITH_OK; i++)
        status = force_regex(parts, &parts->parts[i], &regex, error);
    regfree(&regex);
    return status;
}

#else

static enum pith_status apply_regex(struct pith_parts *parts,
                                    const char *pattern,
                                    struct pith_error *error)
{
    (void)parts;
    return pith_fail(error, PITH_ERR_UNSUPPORTED,
                     "keep_regex \"%.100s\": this system's C library has no "
                     "<regex.h>; use keep", pattern);
}

#endif

/* --- all of it -------------------------------------------------------------- */

/* A blank line is forced when something behind it, in its part, is. */
static void force_structure(struct pith_parts *parts)
{
    for (size_t i = 0; i < parts->n_parts; i++) {
        const struct pith_part *part = &parts->parts[i];
        struct pith_unit *units = parts->units + part->unit;
        for (size_t j = 1; j < part->n_units && units[0].structure; j++)
            units[0].forced |= units[j].forced;
    }
}

enum pith_status pith_keep_apply(struct pith_parts *parts,
                                 const struct pith_compress_options *options,
                                 struct pith_error *error)
{
    if (options->keep == NULL && options->n_keep > 0)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "keep is NULL and n_keep is %zu", options->n_keep);
    for (size_t i = 0; i < options->n_keep; i++)
        if (options->keep[i].bytes == NULL || options->keep[i].size == 0)
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "keep: string %zu is empty; expected one that "
                             "occurs in the prompt", i + 1);
    for (size_t i = 0; i < parts->n_parts; i++) {
        const struct pith_part *part = &parts->parts[i];
        if (options->protect != 0)
            PITH_TRY(force_kinds(parts, part, options->protect, error));
    }
    if (options->n_keep > 0)
        PITH_TRY(apply_strings(parts, options->keep, options->n_keep, error));
    if (options->keep_regex != NULL)
        PITH_TRY(apply_regex(parts, options->keep_regex, error));
    force_structure(parts);
    return PITH_OK;
}
