/*
 * tagged.c - see tagged.h.
 */
#include "tagged.h"

#include <string.h>

#include "../base/buffer.h"
#include "../base/decimal.h"
#include "../base/memory.h"
#include "../base/utf8.h"
#include "../text/casing.h"

static const char open_tag[] = "<llmlingua";
static const char close_tag[] = "</llmlingua>";

/* A place in the text; every take_*() moves past what it found or stays. */
struct cursor {
    const char *bytes;
    size_t size, at;
};

static bool looking_at(const struct cursor *cursor, const char *literal)
{
    size_t n = strlen(literal);
    return cursor->size - cursor->at >= n &&
           memcmp(cursor->bytes + cursor->at, literal, n) == 0;
}

static bool take(struct cursor *cursor, const char *literal)
{
    if (!looking_at(cursor, literal))
        return false;
    cursor->at += strlen(literal);
    return true;
}

/* The same in upper or lower case; literal is in lower case. */
static bool take_any_case(struct cursor *cursor, const char *literal)
{
    size_t n = strlen(literal);
    if (cursor->size - cursor->at < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (pith_lower_case((unsigned char)cursor->bytes[cursor->at + i]) !=
            (unsigned char)literal[i])
            return false;
    cursor->at += n;
    return true;
}

static void skip_space(struct cursor *cursor)
{
    while (cursor->at < cursor->size) {
        uint32_t code;
        size_t length = pith_utf8_decode(cursor->bytes + cursor->at,
                                         cursor->size - cursor->at, &code);
        if (!pith_is_space(code))
            return;
        cursor->at += length;
    }
}

/* Where `literal` comes next, the end of the text when it does not. */
static size_t find(const struct cursor *cursor, const char *literal)
{
    struct cursor probe = *cursor;
    while (probe.at < probe.size && !looking_at(&probe, literal)) {
        const char *next = memchr(probe.bytes + probe.at + 1, literal[0],
                                  probe.size - probe.at - 1);
        probe.at = next ? (size_t)(next - probe.bytes) : probe.size;
    }
    return probe.at;
}

/* The options of one tag, as spelled. */
struct tag {
    struct pith_text rate; /* size 0: not given */
    bool has_compress, compress;
};

/* name = */
static bool take_name(struct cursor *cursor, const char *name)
{
    if (!take(cursor, name))
        return false;
    skip_space(cursor);
    if (!take(cursor, "="))
        return false;
    skip_space(cursor);
    return true;
}

/* Digits and dots, as many as there are. */
static bool take_rate(struct cursor *cursor, struct pith_text *rate)
{
    const char *first = cursor->bytes + cursor->at;
    size_t n = 0;
    while (n < cursor->size - cursor->at &&
           (first[n] == '.' || (first[n] >= '0' && first[n] <= '9')))
        n++;
    cursor->at += n;
    *rate = (struct pith_text){first, n};
    return n > 0;
}

/* , rate = 0.3    The first one counts. */
static bool take_rate_option(struct cursor *cursor, struct tag *tag)
{
    struct cursor probe = *cursor;
    struct pith_text rate;
    if (!take(&probe, ","))
        return false;
    skip_space(&probe);
    if (!take_name(&probe, "rate") || !take_rate(&probe, &rate))
        return false;
    if (tag->rate.size == 0)
        tag->rate = rate;
    *cursor = probe;
    return true;
}

/* , compress = False    The first one counts. */
static bool take_compress_option(struct cursor *cursor, struct tag *tag,
                                 enum pith_tag_rules rules)
{
    bool strict = rules == PITH_TAGS_STRICT;
    struct cursor probe = *cursor;
    if (!take(&probe, ","))
        return false;
    skip_space(&probe);
    if (!take_name(&probe, "compress"))
        return false;
    bool compress = strict ? take_any_case(&probe, "true")
                           : take(&probe, "True");
    if (!compress && !(strict ? take_any_case(&probe, "false")
                              : take(&probe, "False")))
        return false;
    if (!tag->has_compress)
        tag->compress = compress;
    tag->has_compress = true;
    *cursor = probe;
    return true;
}

/* --- rates ----------------------------------------------------------------- */

static enum pith_status read_rate(struct pith_text spelled, double *rate,
                                  struct pith_error *error)
{
    const char *dot = memchr(spelled.bytes, '.', spelled.size);
    size_t n_integer = dot ? (size_t)(dot - spelled.bytes) : spelled.size;
    size_t n_fraction = dot ? spelled.size - n_integer - 1 : 0;
    if (n_integer + n_fraction == 0 ||
        (n_fraction > 0 && memchr(dot + 1, '.', n_fraction) != NULL))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "<llmlingua> tag: rate=%.*s is not a number; expected "
                         "one like rate=0.3",
                         (int)(spelled.size < 40 ? spelled.size : 40),
                         spelled.bytes);
    *rate = pith_decimal_read(spelled.bytes, spelled.size);
    return PITH_OK;
}

/* --- the list of segments --------------------------------------------------- */

/* Segments and text while they are read. */
struct reader {
    struct cursor cursor;
    enum pith_tag_rules rules;
    double rate; /* inherited */
    struct pith_buffer text;
    struct pith_segment *segments;
    size_t n, capacity;
};

/* What a segment inherits, and that its rate is one. */
static enum pith_status settle_segment(const struct reader *reader,
                                       const struct tag *tag,
                                       struct pith_segment *segment,
                                       struct pith_error *error)
{
    double rate = 0;
    if (tag->rate.size > 0) {
        PITH_TRY(read_rate(tag->rate, &rate, error));
        if (rate <= 0 && reader->rules == PITH_TAGS_STRICT)
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "<llmlingua> tag: rate=%.*s; expected a number "
                             "above 0 and at most 1",
                             (int)(tag->rate.size < 40 ? tag->rate.size : 40),
                             tag->rate.bytes);
    }
    segment->has_rate = rate > 0;
    segment->compress = !tag->has_compress || tag->compress;
    segment->rate = rate > 0 ? rate : segment->compress ? reader->rate : 1.0;
    if (segment->rate > 1)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "a segment has the rate %g%s; a rate is the share "
                         "of tokens that stays and at most 1", segment->rate,
                         rate > 0 ? "" : " (that of the whole prompt)");
    return PITH_OK;
}

static enum pith_status add_segment(struct reader *reader,
                                    const struct tag *tag, size_t first,
                                    size_t end, struct pith_error *error)
{
    PITH_TRY(pith_grow(&reader->segments, reader->n + 1, &reader->capacity,
                       sizeof *reader->segments, error));
    struct pith_segment *segment = &reader->segments[reader->n];
    *segment = (struct pith_segment){.n_bytes = end - first, .offset = first};
    PITH_TRY(settle_segment(reader, tag, segment, error));
    const char *bytes = reader->cursor.bytes;
    for (size_t at = first; at < end; segment->n_chars++) {
        uint32_t code;
        at += pith_utf8_decode(bytes + at, end - at, &code);
    }
    pith_buffer_append(&reader->text, bytes + first, end - first);
    reader->n++;
    return PITH_OK;
}

/* --- the reference's rules --------------------------------------------------- */

/* <llmlingua [, rate] [, compress] [, rate] [, compress]> text </llmlingua>
 * with text without '<'.  Moves past it, or to where one may start next. */
static enum pith_status read_reference_tag(struct reader *reader,
                                           struct pith_error *error)
{
    struct cursor *cursor = &reader->cursor;
    struct tag tag = {0};
    cursor->at += strlen(open_tag);
    struct cursor probe = *cursor;
    for (int i = 0; i < 2; i++) {
        skip_space(&probe);
        take_rate_option(&probe, &tag);
        skip_space(&probe);
        take_compress_option(&probe, &tag, PITH_TAGS_REFERENCE);
    }
    skip_space(&probe);
    if (!take(&probe, ">"))
        return PITH_OK;
    size_t first = probe.at;
    probe.at = find(&probe, "<");
    size_t end = probe.at;
    if (end == first || !take(&probe, close_tag))
        return PITH_OK;
    *cursor = probe;
    return add_segment(reader, &tag, first, end, error);
}

static enum pith_status read_by_reference_rules(struct reader *reader,
                                                struct pith_error *error)
{
    struct cursor *cursor = &reader->cursor;
    for (;;) {
        cursor->at = find(cursor, open_tag);
        if (cursor->at == cursor->size)
            return PITH_OK;
        PITH_TRY(read_reference_tag(reader, error));
    }
}

static bool ends_in(struct pith_text text, const char *literal)
{
    size_t n = strlen(literal);
    return text.size >= n &&
           memcmp(text.bytes + text.size - n, literal, n) == 0;
}

/* A context without tags at its ends gets them. */
static void append_with_tags(struct pith_buffer *out, struct pith_text tagged)
{
    struct cursor start = {tagged.bytes, tagged.size, 0};
    if (!looking_at(&start, open_tag))
        pith_buffer_string(out, "<llmlingua>");
    pith_buffer_append(out, tagged.bytes, tagged.size);
    if (!ends_in(pith_buffer_text(out), close_tag))
        pith_buffer_string(out, close_tag);
}

/* Bytes of text, not of tags, that no segment holds. */
static size_t count_lost(struct pith_text tagged, const struct reader *reader)
{
    struct cursor cursor = {tagged.bytes, tagged.size, 0};
    size_t n_outside_tags = 0;
    while (cursor.at < cursor.size) {
        if (looking_at(&cursor, open_tag) || looking_at(&cursor, close_tag)) {
            size_t end = find(&cursor, ">");
            cursor.at = end < cursor.size ? end + 1 : end;
        } else {
            cursor.at++;
            n_outside_tags++;
        }
    }
    return n_outside_tags > reader->text.size
               ? n_outside_tags - reader->text.size
               : 0;
}

static enum pith_status parse_reference(struct pith_text tagged,
                                        struct reader *reader, size_t *n_lost,
                                        struct pith_error *error)
{
    struct pith_buffer with_tags = {0};
    append_with_tags(&with_tags, tagged);
    if (with_tags.failed) {
        pith_buffer_free(&with_tags);
        return pith_no_memory(error, tagged.size, 1);
    }
    reader->cursor = (struct cursor){with_tags.data, with_tags.size, 0};
    enum pith_status status = read_by_reference_rules(reader, error);
    if (!looking_at(&(struct cursor){tagged.bytes, tagged.size, 0}, open_tag))
        for (size_t i = 0; i < reader->n; i++)
            reader->segments[i].offset -= strlen("<llmlingua>");
    *n_lost = count_lost(tagged, reader);
    pith_buffer_free(&with_tags);
    return status;
}

/* --- our own rules ----------------------------------------------------------- */

static enum pith_status malformed(const struct cursor *cursor,
                                  const char *expected,
                                  struct pith_error *error)
{
    size_t left = cursor->size - cursor->at;
    return pith_fail(error, PITH_ERR_ARGUMENT,
                     "<llmlingua> tag at byte %zu: found \"%.*s\", expected %s",
                     cursor->at, (int)(left < 20 ? left : 20),
                     cursor->bytes + cursor->at, expected);
}

/* The options up to and with '>', each at most once. */
static enum pith_status read_options(struct cursor *cursor, struct tag *tag,
                                     struct pith_error *error)
{
    for (;;) {
        skip_space(cursor);
        if (take(cursor, ">"))
            return PITH_OK;
        bool rate = tag->rate.size == 0 && take_rate_option(cursor, tag);
        if (!rate &&
            (tag->has_compress ||
             !take_compress_option(cursor, tag, PITH_TAGS_STRICT)))
            return malformed(cursor,
                             "\", rate=NUMBER\", \", compress=True\", "
                             "\", compress=False\" (each once) or \">\"",
                             error);
    }
}

static enum pith_status read_strict_tag(struct reader *reader,
                                        struct pith_error *error)
{
    struct cursor *cursor = &reader->cursor;
    struct tag tag = {0};
    cursor->at += strlen(open_tag);
    PITH_TRY(read_options(cursor, &tag, error));
    size_t first = cursor->at, end = find(cursor, close_tag);
    size_t nested = find(cursor, open_tag);
    if (nested < end) {
        cursor->at = nested;
        return malformed(cursor, "</llmlingua> first: tags do not nest", error);
    }
    if (end == cursor->size)
        return malformed(cursor, "</llmlingua> after it", error);
    cursor->at = end + strlen(close_tag);
    if (end == first)
        return PITH_OK;
    return add_segment(reader, &tag, first, end, error);
}

static enum pith_status parse_strict(struct pith_text tagged,
                                     struct reader *reader,
                                     struct pith_error *error)
{
    static const struct tag no_tag = {0};
    struct cursor *cursor = &reader->cursor;
    *cursor = (struct cursor){tagged.bytes, tagged.size, 0};
    while (cursor->at < cursor->size) {
        size_t end = find(cursor, open_tag), stray = find(cursor, close_tag);
        if (stray < end) {
            cursor->at = stray;
            return malformed(cursor, "<llmlingua> before it", error);
        }
        if (end > cursor->at)
            PITH_TRY(add_segment(reader, &no_tag, cursor->at, end, error));
        cursor->at = end;
        if (end < cursor->size)
            PITH_TRY(read_strict_tag(reader, error));
    }
    return PITH_OK;
}

/* --- entry points ------------------------------------------------------------ */

enum pith_status pith_tagged_parse(struct pith_text tagged, double rate,
                                   enum pith_tag_rules rules,
                                   struct pith_tagged_text *parsed,
                                   struct pith_error *error)
{
    *parsed = (struct pith_tagged_text){0};
    struct reader reader = {.rules = rules, .rate = rate};
    enum pith_status status =
        rules == PITH_TAGS_REFERENCE
            ? parse_reference(tagged, &reader, &parsed->n_lost, error)
            : parse_strict(tagged, &reader, error);
    parsed->segments = reader.segments;
    parsed->n_segments = reader.n;
    if (status == PITH_OK)
        status = pith_buffer_take(&reader.text, &parsed->text,
                                  &parsed->size, error);
    pith_buffer_free(&reader.text);
    if (status != PITH_OK)
        pith_tagged_free(parsed);
    return status;
}

void pith_tagged_free(struct pith_tagged_text *parsed)
{
    pith_free(parsed->text);
    pith_free(parsed->segments);
    *parsed = (struct pith_tagged_text){0};
}

enum pith_status pith_structured_budget(size_t n_instruction,
                                        size_t n_question, size_t n_contexts,
                                        bool concate_question, double *rate,
                                        double *target,
                                        struct pith_error *error)
{
    double ins = (double)n_instruction, que = (double)n_question;
    double all = ins + que + (double)n_contexts;
    if (*target < 0) {
        *target = all * *rate - ins - (concate_question ? que : 0);
        return PITH_OK;
    }
    if (n_contexts == 0)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "a target of %g tokens for contexts without a token",
                         *target);
    *rate = *target / (double)n_contexts;
    return PITH_OK;
}
