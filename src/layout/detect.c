/*
 * detect.c - what a text is, for preset auto.  Where it is not certain it is
 * prose, of which nothing is assumed.
 */
#include <string.h>

#include "../json/json.h"
#include "../prompt/scan.h"
#include "forms.h"

/* Lines of a text by what they look like. */
struct census {
    size_t n; /* that are not blank */
    size_t log, label, again, code, key, opens, heading, item, fence, link,
        sign, rule;
};

/* One value that is an object or an array, or one on each line. */
static bool is_json_value(struct pith_text text)
{
    struct pith_json_document *document;
    bool found = pith_json_parse(text, "", &document, NULL) == PITH_OK;
    if (found) {
        const struct pith_json *root = pith_json_root(document);
        found = pith_json_is(root, PITH_JSON_OBJECT) ||
                pith_json_is(root, PITH_JSON_ARRAY);
        pith_json_free(document);
    }
    return found;
}

bool pith_layout_is_json_lines(struct pith_text text)
{
    struct pith_form_line line;
    size_t n = 0;
    for (size_t at = 0; at < text.size; at = line.next) {
        line = pith_form_line_at(text, at);
        struct pith_text value = {text.bytes + line.start,
                                  line.end - line.start};
        if (pith_form_is_blank(line))
            continue;
        if (!is_json_value(value))
            return false;
        n++;
    }
    return n > 0;
}

static bool is_json(struct pith_text text)
{
    struct pith_form_line line = {.next = 0};
    size_t at = 0;
    do {
        line = pith_form_line_at(text, at);
        at = line.next;
    } while (at < text.size && pith_form_is_blank(line));
    return line.text < line.end &&
           strchr("{[", text.bytes[line.text]) != NULL &&
           (is_json_value(text) || pith_layout_is_json_lines(text));
}

/* Ends or begins as lines of programs do, and lines of prose do not. */
static bool is_code(struct pith_text text, struct pith_form_line line)
{
    static const char *const starts[] = {
        "#include", "import ", "from ", "def ", "class ", "return", "if (",
        "for (", "while (", "else", "elif ", "static ", "const ", "let ",
        "var ", "function ", "func ", "fn ", "pub ", "public ", "private ",
        "package ", "using ", "struct ", "//", "/*", "}", "{", "@", "try:",
        "except", "#!", "\t", "SELECT ", "CREATE ", "INSERT ", "UPDATE ",
        "FROM ", "WHERE ", "GROUP BY ", "ORDER BY ", "HAVING ", NULL};
    char last = text.bytes[line.end - 1];
    if (strchr(";{}", last) != NULL && last != '\0')
        return true;
    bool indented = line.text > line.start;
    if (indented && strchr("([,:=)", last) != NULL)
        return true;
    for (size_t i = 0; starts[i] != NULL; i++)
        if (pith_starts_with(text, starts[i][0] == '\t' ? line.start
                                                       : line.text,
                             starts[i]) &&
            strchr(".?!", last) == NULL)
            return true;
    struct pith_text rest = {text.bytes + line.text, line.end - line.text};
    for (size_t i = 1; i + 2 < rest.size; i++)
        if (rest.bytes[i] == '=' && strchr(" :?+", rest.bytes[i - 1]) != NULL &&
            (rest.bytes[i + 1] == ' ' || rest.bytes[i + 1] == '='))
            return true;
    return false;
}

/* "key: value", "- key:", "key:", as YAML has it. */
static void take_key(struct census *c, struct pith_text text,
                     struct pith_form_line line)
{
    size_t at = line.text;
    bool item = pith_starts_with(text, at, "- ");
    bool comment = text.bytes[at] == '#';
    at += item ? 2 : 0;
    while (at < line.end && (pith_is_ascii_word(text.bytes[at]) ||
                             strchr(".-/\"", text.bytes[at]) != NULL))
        at++;
    bool key = at > line.text && at < line.end && text.bytes[at] == ':';
    c->opens += key && at + 1 == line.end;
    c->key += item || comment ||
              (key && (at + 1 == line.end || text.bytes[at + 1] == ' '));
}

enum { NEAR = 60, MOST_NAMES = 32 };

/* Has its time or level in front, or hh:mm:ss or level= near it, or is of a
 * trace of calls. */
static bool is_log(struct pith_text text, struct pith_form_line line)
{
    bool severe;
    if (pith_log_prefix_end(text, line, &severe) > line.start ||
        (line.text > line.start && pith_starts_with(text, line.text, "at ")))
        return true;
    for (size_t at = line.start; at + 8 <= line.end && at - line.start < NEAR;
         at++) {
        const char *b = text.bytes + at;
        if (pith_starts_with(text, at, "level=") ||
            (b[2] == ':' && b[5] == ':' && b[0] >= '0' && b[0] <= '2' &&
             b[3] >= '0' && b[3] <= '5' && b[6] >= '0' && b[6] <= '5'))
            return true;
    }
    return false;
}

static void take_label(struct census *c, struct pith_text text,
                       struct pith_form_line line, struct pith_text *names,
                       size_t *n_names)
{
    struct pith_text name;
    if (pith_chat_label_end(text, line, &name) == line.start ||
        pith_log_is_level(name))
        return;
    c->label++;
    for (size_t i = 0; i < *n_names; i++)
        if (names[i].size == name.size &&
            memcmp(names[i].bytes, name.bytes, name.size) == 0) {
            c->again++;
            return;
        }
    if (*n_names < MOST_NAMES)
        names[(*n_names)++] = name;
}

static void take_markdown(struct census *c, struct pith_text text,
                          struct pith_form_line line)
{
    size_t at = line.text;
    const char *bytes = text.bytes + at;
    size_t n = line.end - at;
    while (at < line.end && text.bytes[at] == '#')
        at++;
    c->heading += at > line.text && at - line.text <= 6 && at < line.end &&
                  text.bytes[at] == ' ';
    c->fence += n >= 3 && (memcmp(bytes, "```", 3) == 0 ||
                           memcmp(bytes, "~~~", 3) == 0);
    c->rule += pith_table_is_rule(text, line);
    c->item += n > 2 && bytes[1] == ' ' && strchr("-*+", bytes[0]) != NULL;
    for (size_t i = 0; i + 1 < n; i++) {
        c->link += bytes[i] == ']' && bytes[i + 1] == '(';
        c->sign += (bytes[i] == '*' && bytes[i + 1] == '*') ||
                   (bytes[i] == '<' && bytes[i + 1] == '/') || bytes[i] == '`';
    }
}

static struct census take_census(struct pith_text text)
{
    struct census c = {0};
    struct pith_text names[MOST_NAMES];
    size_t n_names = 0;
    for (size_t at = 0; at < text.size;) {
        struct pith_form_line line = pith_form_line_at(text, at);
        at = line.next;
        if (pith_form_is_blank(line))
            continue;
        c.n++;
        c.log += is_log(text, line);
        take_key(&c, text, line);
        c.code += is_code(text, line);
        take_label(&c, text, line, names, &n_names);
        take_markdown(&c, text, line);
    }
    return c;
}

/* YAML */
static bool is_settings(const struct census *c)
{
    return 10 * c->key >= 8 * c->n && c->opens >= 2;
}

static bool is_markdown(const struct census *c, struct pith_text text)
{
    /* --- in the first line: what is said of the page, and a line below it */
    size_t front = pith_starts_with(text, 0, "---") ? 2 : 0;
    size_t n = c->heading + c->item + c->link + c->sign / 2 + 2 * c->rule +
               front;
    return c->fence >= 2 ||
           (2 * c->code < c->n && !is_settings(c) &&
            ((c->heading >= 1 && n >= 3) || c->link >= 3 ||
             2 * c->sign > c->n + 6));
}

static bool is_program(const struct census *c, struct pith_text text)
{
    return (c->n >= 3 && (pith_starts_with(text, 0, "#!") ||
                          pith_starts_with(text, 0, "diff --git ") ||
                          pith_starts_with(text, 0, "--- a/"))) ||
           (c->n >= 5 && (10 * c->code >= 6 * c->n || is_settings(c) ||
                          (2 * c->code >= c->n &&
                           10 * (c->code + c->key) >= 9 * c->n)));
}

enum pith_preset pith_layout_detect(struct pith_text text)
{
    struct census c;
    if (text.size == 0)
        return PITH_PRESET_NONE;
    if (is_json(text))
        return PITH_PRESET_JSON;
    c = take_census(text);
    if (c.label >= 3 && 2 * c.again >= c.label && 10 * c.label >= 9 * c.n)
        return PITH_PRESET_CHAT; /* with times, perhaps */
    if (c.n >= 3 && 5 * c.log >= 3 * c.n)
        return PITH_PRESET_LOG;
    if (pith_table_separator(text, true) != 0)
        return PITH_PRESET_TABLE;
    if (is_markdown(&c, text))
        return PITH_PRESET_MARKDOWN;
    if (is_program(&c, text))
        return PITH_PRESET_CODE;
    if (c.label >= 3 && c.again >= 1 && 2 * c.label >= c.n)
        return PITH_PRESET_CHAT;
    return PITH_PRESET_NONE;
}
