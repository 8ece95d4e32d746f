/*
 * keep.c - see keep.h.
 */
#include "keep.h"

#include <string.h>

#include "../base/memory.h"
#include "../text/canonical.h"
#include "../text/regex.h"
#include "protect.h"
#include "units.h"

/* --- what must stay --------------------------------------------------------- */

/* The first unit of a part that ends after byte `at`. */
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
    pith_free(strings);
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

/* Where a search is that forces what it finds. */
struct regex_search {
    struct pith_parts *parts;
    const struct pith_part *part;
    size_t origin; /* of the part's text in parts->text */
};

static void force_match(void *context, size_t start, size_t end)
{
    const struct regex_search *search = context;
    force(search->parts, search->part, search->origin + start,
          search->origin + end);
    search->parts->regex_unused = false;
}

static enum pith_status apply_regex(struct pith_parts *parts,
                                    const char *pattern,
                                    struct pith_error *error)
{
    struct pith_regex *regex;
    PITH_TRY(pith_regex_make(&regex, "keep_regex",
                             (struct pith_text){pattern, strlen(pattern)},
                             error));
    enum pith_status status = PITH_OK;
    parts->regex_unused = true;
    for (size_t i = 0; i < parts->n_parts && status == PITH_OK; i++) {
        struct pith_text text = pith_part_text(parts, &parts->parts[i]);
        struct regex_search search = {parts, &parts->parts[i], 0};
        if (text.size == 0)
            continue;
        search.origin = (size_t)(text.bytes - parts->text.data);
        status = pith_regex_find(regex, text, force_match, &search, error);
    }
    pith_regex_free(regex);
    return status;
}

/* --- all of it -------------------------------------------------------------- */

/* A blank line is forced when something after it, in its part, is. */
static void force_separators(struct pith_parts *parts)
{
    for (size_t i = 0; i < parts->n_parts; i++) {
        const struct pith_part *part = &parts->parts[i];
        size_t at = part->unit, end = at + part->n_units;
        for (size_t j = at + 1; j < end && parts->units[at].is_separator; j++)
            parts->units[at].forced |= parts->units[j].forced;
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
    force_separators(parts);
    return PITH_OK;
}
