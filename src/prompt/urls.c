/*
 * urls.c - links, hosts, e-mail addresses, file names and paths.
 *
 * A text is read atom by atom: runs of letters, digits and ". - + %".  What
 * is after an atom ("://", "@", "/") or what it ends in (".com", ".py")
 * says what it is; paths may also begin with a sign ("/", "./", "~/", "\\").
 * What follows up to white space belongs to it, without the punctuation of
 * the sentence around it and without brackets that were opened before it.
 */
#include <string.h>

#include "../text/casing.h"
#include "recognise.h"

enum { LEAST_FILE = 4 }; /* bytes of a.md; "x.c" may be the end of a list */

/* --- lists ------------------------------------------------------------------ */

/* Top-level domains that make a host of a name without a path. */
static const char *const domains[] = {
    "com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "io",
    "ai", "app", "dev", "xyz", "online", "site", "tech", "shop", "store",
    "blog", "cloud", "wiki", "news", "page", "eu", "uk", "ie", "de", "at",
    "ch", "li", "lu", "nl", "be", "fr", "es", "pt", "it", "gr", "pl", "cz",
    "sk", "hu", "ro", "bg", "hr", "si", "rs", "se", "no", "dk", "fi", "is",
    "ee", "lv", "lt", "ru", "ua", "by", "tr", "il", "ir", "ae", "sa", "in",
    "pk", "bd", "cn", "hk", "tw", "jp", "kr", "vn", "th", "my", "sg", "id",
    "ph", "au", "nz", "us", "ca", "mx", "br", "ar", "cl", "pe", "za", "ng",
    "ke", "eg", "ma", "me", "tv", "cc", "co", "example", "test", "invalid",
    "local", "localhost",
};

/* Endings that make a file of a name. */
static const char *const extensions[] = {
    "txt", "md", "rst", "csv", "tsv", "json", "jsonl", "xml", "yaml", "yml",
    "toml", "ini", "cfg", "conf", "env", "log", "pdf", "doc", "docx", "xls",
    "xlsx", "ppt", "pptx", "odt", "ods", "rtf", "tex", "bib", "epub", "html",
    "htm", "css", "scss", "js", "mjs", "cjs", "ts", "jsx", "tsx", "vue",
    "svelte", "wasm", "py", "pyi", "ipynb", "c", "h", "cc", "cpp", "hpp",
    "cxx", "cu", "rs", "go", "java", "kt", "swift", "cs", "fs", "rb", "php",
    "pl", "pm", "sh", "bash", "zsh", "fish", "ps1", "bat", "cmd", "sql", "db",
    "sqlite", "lua", "jl", "scala", "clj", "ex", "exs", "erl", "hs", "ml",
    "el", "vim", "mk", "cmake", "gradle", "proto", "lock", "patch", "diff",
    "zip", "tar", "gz", "tgz", "bz2", "xz", "zst", "7z", "rar", "jar", "whl",
    "deb", "rpm", "apk", "dmg", "iso", "exe", "dll", "bin", "dat", "bak",
    "tmp", "png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "bmp", "tif",
    "tiff", "psd", "mp3", "mp4", "wav", "flac", "ogg", "mov", "avi", "mkv",
    "webm", "ttf", "otf", "woff", "woff2", "pem", "key", "crt", "cer",
    "parquet", "npy", "npz", "pt", "onnx", "gguf", "safetensors", "pith",
};

/* Schemes without "//" after them. */
static const char *const plain_schemes[] = {"mailto", "tel", "urn", "doi",
                                            "data"};

/* Whether ASCII bytes are a member of a list, in any case. */
static bool is_listed(struct pith_text text, size_t start, size_t end,
                      const char *const *list, size_t n)
{
    char lower[16];
    if (end - start >= sizeof lower)
        return false;
    for (size_t i = start; i < end; i++)
        lower[i - start] = (char)pith_lower_case((unsigned char)text.bytes[i]);
    lower[end - start] = '\0';
    for (size_t i = 0; i < n; i++)
        if (strcmp(lower, list[i]) == 0)
            return true;
    return false;
}

#define IS_LISTED(text, start, end, list)                                      \
    is_listed(text, start, end, list, sizeof(list) / sizeof *(list))

/* --- atoms ------------------------------------------------------------------ */

/* Letters, digits and ". - + %", beginning and ending with one of the first
 * two. */
struct atom {
    size_t start, end;
    size_t n_points;
    size_t last_point; /* where the last one is */
    bool has_letter;
    bool has_name; /* a letter before the last point */
};

static struct atom read_atom(struct pith_text text, size_t at)
{
    struct atom atom = {.start = at, .end = at, .last_point = at};
    size_t n_points = 0, point = at;
    bool has_name = false;
    struct pith_cluster c = pith_cluster_at(text, at);
    if (!pith_is_word_character(c.code))
        return atom;
    for (; c.start < c.end; c = pith_cluster_at(text, c.end)) {
        if (pith_is_word_character(c.code)) {
            atom.end = c.end;
            atom.n_points = n_points;
            atom.last_point = point;
            atom.has_name = has_name;
            atom.has_letter |= pith_role_of(c.code) == PITH_ROLE_LETTER;
        } else if (c.code == '.') {
            n_points++;
            point = c.start;
            has_name = atom.has_letter;
        } else if (!pith_is_one_of(c.code, "-+%")) {
            break;
        }
    }
    return atom;
}

/* Whether bytes are ASCII letters. */
static bool are_letters(struct pith_text text, size_t start, size_t end)
{
    for (size_t i = start; i < end; i++) {
        unsigned char lower = (unsigned char)text.bytes[i] | 0x20;
        if (lower < 'a' || lower > 'z')
            return false;
    }
    return end > start;
}

/* example.org, but neither end.Then nor 12.in */
static bool is_host(struct pith_text text, const struct atom *atom)
{
    size_t domain = atom->last_point + 1;
    return atom->n_points > 0 && atom->has_name &&
           text.bytes[domain] >= 'a' &&
           IS_LISTED(text, domain, atom->end, domains);
}

/* billing.py, 0001.jpg, but not 12.go */
static bool is_file(struct pith_text text, const struct atom *atom)
{
    size_t ending = atom->last_point + 1;
    return atom->n_points > 0 &&
           (atom->has_name || atom->end - ending >= 3) &&
           IS_LISTED(text, ending, atom->end, extensions);
}

/* 10.4.7.21, localhost */
static bool is_machine(struct pith_text text, const struct atom *atom)
{
    return (atom->n_points == 3 && !atom->has_letter) ||
           (atom->end - atom->start == 9 &&
            pith_starts_with(text, atom->start, "localhost"));
}

/* --- what follows ----------------------------------------------------------- */

/* How much of a link or path is at `at`. */
struct body {
    size_t end;     /* without trailing punctuation */
    size_t stop;    /* with it */
    size_t n_slashes, n_backslashes;
    bool has_letter;
};

/* Characters that are part of links but end none. */
static bool is_trailing(uint32_t code)
{
    return pith_is_one_of(code, ".,;:!?'*~([{");
}

/* Ideographs and the like begin only where a name begins: wiki/日本, but not
 * the sentence that continues after a link. */
static bool may_hold(uint32_t code, uint32_t before)
{
    enum pith_role role = pith_role_of(code);
    if (role == PITH_ROLE_LONE)
        return pith_role_of(before) == PITH_ROLE_LONE ||
               pith_is_one_of(before, "/\\=_-?&#+");
    if (role == PITH_ROLE_SIGN)
        return code > 0x20 && code < 0x7F && !pith_is_one_of(code, "\"<>`|^");
    return role != PITH_ROLE_SPACE;
}

/* Open brackets of each kind; a closing one that none opened ends a body. */
static bool balance(size_t open[3], uint32_t code)
{
    static const char opening[] = "([{", closing[] = ")]}";
    for (size_t i = 0; i < 3; i++) {
        if (code == (uint32_t)opening[i])
            open[i]++;
        if (code == (uint32_t)closing[i] && open[i]-- == 0)
            return false;
    }
    return true;
}

static struct body read_body(struct pith_text text, size_t at, bool windows)
{
    struct body body = {.end = at, .stop = at};
    size_t open[3] = {0};
    uint32_t before = '/';
    for (;;) {
        struct pith_cluster c = pith_cluster_at(text, body.stop);
        uint32_t next = pith_cluster_at(text, c.end).code;
        if (c.start == c.end || !may_hold(c.code, before) ||
            !balance(open, c.code))
            return body;
        if (c.code == '\'' && !pith_is_word_character(next))
            return body;
        if (c.code == '\\' && !windows && next != '/')
            return body;
        body.n_slashes += c.code == '/';
        body.n_backslashes += c.code == '\\';
        body.has_letter |= pith_role_of(c.code) == PITH_ROLE_LETTER ||
                           pith_role_of(c.code) == PITH_ROLE_LONE;
        body.stop = c.end;
        if (!is_trailing(c.code))
            body.end = c.end;
        before = c.code;
    }
}

/* Windows has names with spaces: C:\Program Files (x86)\x.  Of the words after
 * a path one with a backslash continues with it, if at most two are between. */
static size_t windows_end(struct pith_text text, size_t at)
{
    struct body body = read_body(text, at, true);
    size_t end = body.end;
    for (size_t n = 0; n < 3 && body.end == body.stop; n++) {
        if (pith_cluster_at(text, body.stop).code != ' ')
            return end;
        size_t start = body.stop + 1;
        body = read_body(text, start, true);
        if (pith_starts_with(text, start + 1, ":"))
            return end;
        if (body.n_backslashes > 0) {
            end = body.end;
            n = 0;
        }
    }
    return end;
}

/* --- recognisers ------------------------------------------------------------ */

/* Where the link at an atom with a scheme ends; atom->start: there is none. */
static size_t link_end(struct pith_text text, const struct atom *atom)
{
    static const char *const marks[] = {"://", ":\\/\\/"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t start = atom->end + strlen(marks[i]);
        if (!pith_starts_with(text, atom->end, marks[i]))
            continue;
        size_t end = read_body(text, start, false).end;
        return end > start ? end : atom->start;
    }
    if (IS_LISTED(text, atom->start, atom->end, plain_schemes) &&
        pith_starts_with(text, atom->end, ":")) {
        size_t end = read_body(text, atom->end + 1, false).end;
        return end > atom->end + 1 ? end : atom->start;
    }
    if (atom->n_points > 0 && pith_starts_with(text, atom->start, "www."))
        return read_body(text, atom->start, false).end;
    return atom->start;
}

/* ada@example.org, git@example.org:ada/poems.git */
static size_t mail_end(struct pith_text text, const struct atom *atom)
{
    if (!pith_starts_with(text, atom->end, "@"))
        return atom->start;
    struct atom host = read_atom(text, atom->end + 1);
    if (host.n_points == 0 ||
        !are_letters(text, host.last_point + 1, host.end))
        return atom->start;
    if (!pith_starts_with(text, host.end, ":"))
        return host.end;
    struct atom owner = read_atom(text, host.end + 1);
    return pith_starts_with(text, owner.end, "/")
               ? read_body(text, host.end, false).end
               : host.end;
}

/* example.org:80/path?query */
static size_t host_end(struct pith_text text, const struct atom *atom)
{
    struct pith_cluster c = pith_cluster_at(text, atom->end);
    bool has_port = c.code == ':' &&
                    pith_role_of(pith_cluster_at(text, c.end).code) ==
                        PITH_ROLE_DIGIT;
    bool goes_on = has_port || pith_is_one_of(c.code, "/?#");
    if (is_host(text, atom) || (is_machine(text, atom) && goes_on))
        return goes_on ? read_body(text, atom->end, false).end : atom->end;
    return atom->start;
}

/* src/prompt/keep.c, but neither and/or nor 1/2/2026 */
static bool is_relative_path(struct pith_text text, size_t start,
                             const struct body *body)
{
    struct atom name = {.start = start};
    for (size_t at = start; at < body->end; at++)
        if (text.bytes[at] == '/' || text.bytes[at] == '\\')
            name = read_atom(text, at + 1);
    if (name.end > name.start && is_file(text, &name))
        return true;
    return body->has_letter && body->n_slashes > 1;
}

/* C:\x or C:/x */
static bool is_drive(struct pith_text text, const struct atom *atom)
{
    return atom->end - atom->start == 1 &&
           are_letters(text, atom->start, atom->end) &&
           (pith_starts_with(text, atom->end, ":\\") ||
            (pith_starts_with(text, atom->end, ":/") &&
             !pith_starts_with(text, atom->end, "://")));
}

/* --- all of it -------------------------------------------------------------- */

struct search {
    struct pith_text text;
    size_t no_path; /* what starts before it was read and is not a path */
};

/* The length of what a rooted path begins with at `at`; 0 of others. */
static size_t root_length(struct pith_text text, size_t at)
{
    static const char *const roots[] = {"../", "./", "~/", "/", "\\\\"};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
        if (pith_starts_with(text, at, roots[i]))
            return strlen(roots[i]);
    return 0;
}

/* /srv/app, ./x, ~/x, \\server\share, but neither </p> nor " / ". */
static size_t rooted_path_end(struct search *search, size_t at)
{
    struct pith_text text = search->text;
    size_t root = root_length(text, at);
    bool is_server = pith_starts_with(text, at, "\\");
    if (root == 0 || at < search->no_path)
        return at;
    uint32_t before = pith_cluster_before(text, at).code;
    uint32_t next = pith_cluster_at(text, at + root).code;
    if (pith_is_word_character(before) || pith_is_one_of(before, "<[/*)].\\"))
        return at;
    if (!pith_is_word_character(next) && !pith_is_one_of(next, ".~{$@"))
        return at;
    struct body body = read_body(text, at, is_server);
    if (!body.has_letter || (is_server && body.n_backslashes < 3)) {
        search->no_path = body.stop;
        return at;
    }
    return is_server ? windows_end(text, at) : body.end;
}

static size_t relative_path_end(struct search *search, const struct atom *atom)
{
    uint32_t next = pith_cluster_at(search->text, atom->end).code;
    if (!pith_is_one_of(next, "/\\") || atom->start < search->no_path)
        return atom->start;
    struct body body = read_body(search->text, atom->start, next == '\\');
    if (is_relative_path(search->text, atom->start, &body))
        return body.end;
    search->no_path = body.stop;
    return atom->start;
}

/* Where what begins with an atom ends; atom->start: nothing does. */
static size_t end_from_atom(struct search *search, const struct atom *atom)
{
    struct pith_text text = search->text;
    if (is_drive(text, atom))
        return windows_end(text, atom->start);
    size_t end = link_end(text, atom);
    if (end == atom->start)
        end = mail_end(text, atom);
    if (end == atom->start)
        end = host_end(text, atom);
    if (end == atom->start)
        end = relative_path_end(search, atom);
    if (end == atom->start && is_file(text, atom) &&
        atom->end - atom->start >= LEAST_FILE)
        return atom->end;
    return end;
}

/* --- all of it ------------------------------------------------------------- */

enum pith_status pith_url_ranges(struct pith_text text,
                                 struct pith_ranges *ranges,
                                 struct pith_error *error)
{
    struct search search = {text, 0};
    for (size_t at = 0; at < text.size;) {
        struct atom atom = read_atom(text, at);
        bool is_atom = atom.end > at;
        size_t end = is_atom ? end_from_atom(&search, &atom)
                             : rooted_path_end(&search, at);
        if (end > at)
            PITH_TRY(pith_ranges_add(ranges, text, at, &end, PITH_PROTECT_URLS,
                                     error));
        else
            end = is_atom ? atom.end : pith_cluster_at(text, at).end;
        at = end;
    }
    return PITH_OK;
}
