/*
 * test_regex.c - src/text/regex*.c: patterns are read, refused and matched.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/buffer.h"
#include "../src/text/regex_program.h"
#include "support.h"

/* --- what is found ---------------------------------------------------------- */

struct marked {
    struct pith_text text;
    struct pith_buffer out;
    size_t at;
};

static void mark(void *context, size_t start, size_t end)
{
    struct marked *m = context;
    ck_assert_uint_le(m->at, start);
    ck_assert_uint_lt(start, end);
    ck_assert_uint_le(end, m->text.size);
    pith_buffer_append(&m->out, m->text.bytes + m->at, start - m->at);
    pith_buffer_byte(&m->out, '<');
    pith_buffer_append(&m->out, m->text.bytes + start, end - start);
    pith_buffer_byte(&m->out, '>');
    m->at = end;
}

/* The text with < and > around each match; free with free(). */
static char *mark_matches(const char *pattern, struct pith_text text)
{
    struct marked m = {.text = text};
    struct pith_regex *regex;
    struct pith_error error;
    char *out;
    assert_ok(pith_regex_make(&regex, "keep_regex", view(pattern), &error),
              error);
    assert_ok(pith_regex_find(regex, text, mark, &m, &error), error);
    pith_regex_free(regex);
    pith_buffer_append(&m.out, text.bytes + m.at, text.size - m.at);
    assert_ok(pith_buffer_take(&m.out, &out, NULL, &error), error);
    return out;
}

/* `want` has < and > around each match. */
static void assert_matches(const char *pattern, const char *want)
{
    char text[256];
    size_t n = 0;
    for (const char *p = want; *p != '\0'; p++)
        if (*p != '<' && *p != '>')
            text[n++] = *p;
    char *got = mark_matches(pattern, (struct pith_text){text, n});
    ck_assert_msg(strcmp(got, want) == 0, "%s: got \"%s\", want \"%s\"",
                  pattern, got, want);
    free(got);
}

struct example {
    const char *pattern, *matches;
};

static void assert_examples(const struct example *examples, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_matches(examples[i].pattern, examples[i].matches);
}

#define ASSERT_EXAMPLES(list)                                                  \
    assert_examples(list, sizeof(list) / sizeof *(list))

START_TEST(operators_do_what_posix_says)
{
    static const struct example examples[] = {
        {"cat", "a <cat>, <cat><cat> ca t"},
        {"c.t", "<cat> <c t> <c.t> ct\nc\nt"},
        {"ab*", "<abb><a>c<ab>\nb"},
        {"ab+", "<abbb>a"},
        {"ab?", "<ab>b<a>"},
        {"a{3}", "aa\n<aaa>\n<aaa><aaa>a"},
        {"a{2,}", "a <aa> <aaaaa>"},
        {"a{1,2}b{0}", "<aa><a>b"},
        {"a{,2}b", "<aab> <ab> <b> a<aab>"},
        {"(ab){2}", "<abab>ab"},
        {"(a{2}){2}", "<aaaa>aa"},
        {"a|bc", "<a><bc>b"},
        {"a|ab|abc", "<abc> <ab> <a>"}, /* the longest one */
        {"(a|ab)(c|bcd)", "<abcd>"},
        {"(a*)(b|abc)", "<abc>"},
        {"x*y", "<y><xy><xxy>x"},
        {"(x|)y", "<xy> <y>"},
        {"(|x)y()", "<xy> <y>"},
        {"((a*)*b)", "<aab><b>aa"},
        {"(a|b)*c", "<abac><c>ab"},
        {"a(b(c(d)?)?)?", "<abcd> <abc> <ab>d <a>d"},
        {"^a", "<a>aa\n<a>"},
        {"a$", "aa<a>\n<a>"},
        {"^a$", "<a>\naa\n<a>\na "},
        {"(^a|b)c$", "<ac>\nab<bc>\nac <bc>\ncac"},
        {"a^b", "ab a^b"},
        {"(^|,)[^,]+", "<a><,b><,c>\n<d>"},
        {"a}]", "<a}]>"},
        {"moon [a-z]+|dog", "<moon dogs> <dog>s moon"},
        {"[0-9]+(\\.[0-9]+)*", "v<1.2.3>. <4>.x <5>"},
        {"\\.\\*\\[\\(\\)\\{\\}\\^\\$\\|\\\\\\+\\?\\/\\-", "<.*[(){}^$|\\+?/->"},
        {"\\\xC3\xA4", "<ä>a"},
        {"a", ""},
        {"a", "\n\n"},
    };
    ASSERT_EXAMPLES(examples);
}
END_TEST

START_TEST(brackets_hold_what_posix_says)
{
    static const struct example examples[] = {
        {"[abc]+", "<abcba>d"},
        {"[a-c]+", "<abc>d-"},
        {"[^a-c]+", "abc<d-e>b\n< >"},
        {"[]]", "a<]>"},
        {"[]a]+", "<a]>b"},
        {"[^]a]+", "]a<b>"},
        {"[a-]+", "<a-a>b"},
        {"[-a]+", "<a-a>b"},
        {"[a^]+", "<^a>b"},
        {"[+--]+", "<+,->."},
        {"[a-c-e]+", "<a-ce>d"},
        {"[z-]+", "<z->a"},
        {"[\\d]+", "<\\d\\>0w"}, /* in brackets \ is itself */
        {"[[]", "a<[>"},
        {"[[a]", "<[><a>]"},
        {"[[.-.]x]+", "<x->y"},
        {"[[.a.]-c]+", "<abc>d"},
        {"[[=e=]]", "<e>é"},
        {"[[:digit:]x]+", "<1x2>y"},
        {"[^[:space:]]+", "<ab> <c>\t<d>"},
        {"[[:digit:]-]+", "<1-2>x"},
        {"[.]", "a<.>"},
        {"[$^|(*]+", "a<$^|(*>"},
        {"[a-cb-dA]+", "<dAbc>e"},
        {"[b-ca-zd-e]+", "<abcdez>A"},
    };
    ASSERT_EXAMPLES(examples);
}
END_TEST

START_TEST(characters_are_code_points)
{
    static const struct example examples[] = {
        {"M.nchen", "<München> Muenchen <Minchen> Mnchen"},
        {"M..nchen", "<Mu\u0308nchen>"},
        {"[äöü]", "B<ä>r, <ö>ft<ü>r Ae"},
        {"[^a-z]", "a<ä>b<ö>"},
        {"ä{2}", "ä <ää>"},
        {"ä?b", "<äb> <b>"},
        {"[α-ω]+", "<αβγω>Ω a"},
        {"^.$", "<漢>\nab\n<😀>"},
        {".", "<é><e><\u0301><漢><😀>"},
        {"[😀-😂]+", "<😀😁😂>😃"},
        {"[[:alpha:]]+", "<Größe> 12 <Straße>_<Ärger>-<Ελλάς> <Москва> 3"},
        {"[[:alpha:]]+", "<Mu\u0308nchen> <हिन्दी> <ภาษาไทย> <漢字> <한글> <العَرَبِيَّة>"},
        {"[[:upper:]]+", "<Ä>rger <ΩÉЖ>x 漢"},
        {"[[:lower:]]+", "Ä<rger> <ωéж>X ǅ"},
        {"[[:digit:]]+", "<12> <٣٤> ½ <५>x Ⅻ"},
        {"[[:alnum:]]+", "<x2>_<½>-<m²> <漢3>"},
        {"[[:word:]]+|[[:blank:]]", "<x_2>< ><ä>,< ><\u00A0><é>!"},
        {"[[:blank:]]+", "a< \t\u00A0>b\x0B\u2028c"},
        {"[[:space:]]+", "a<\u00A0\u3000>b< \t>c\u200B"},
        {"[[:punct:]]+", "a<.,>b<„—“>ä<。>漢<€>1<_> <😀>"},
        {"[[:cntrl:]]", "a<\x01>b<\x7F>c<\xC2\x85>"},
        {"[[:xdigit:]]+", "<09afAF>gé٣"},
        {"[[:graph:]]+", "<aä😀!> <漢>\u3000\x02"},
        {"[[:print:]]+", "<aä 漢!>\x01"},
        {"👩[[:alpha:]]?", "<👩>🏽"},
    };
    ASSERT_EXAMPLES(examples);
}
END_TEST

START_TEST(escapes_are_those_of_gnu_and_perl)
{
    static const struct example examples[] = {
        {"\\d+", "a<12>,<٣>"},
        {"\\D+", "<a>12<,>3"},
        {"\\w+", "<a_1> <über>-<x>"},
        {"\\W+", "a<, >b<->"},
        {"\\s", "a< >b<\t>c<\u00A0>"},
        {"\\S+", "<a,> <b>"},
        {"a\\tb", "<a\tb> atb"},
        {"\\bcat\\b", "<cat> cats bobcat (<cat>)\n<cat>"},
        {"\\bü\\w*", "<über> <übt> müde"},
        {"\\Bcat\\B", "cat bob<cat>s cat"},
        {"\\Bat", "c<at> at"},
        {"\\<[a-z]", "<a>b <c>d (<e>f"},
        {"[a-z]\\>", "a<b> c<d>, e<f>"},
        {"\\b[0-9]", "<1>2 x3 -<4>"},
        {"x\\b.", "<x >xy <x->"},
        {"(\\b|x)y", "<y> <xy> z\n<y>"},
    };
    ASSERT_EXAMPLES(examples);
}
END_TEST

START_TEST(lines_end_before_lf_and_crlf)
{
    static const struct example examples[] = {
        {"b$", "a<b>\r\na<b>\n\rab\ra<b>\n\r\nab\r"},
        {"^a", "<a>b\r\n<a>b\n\rab\rab\n\r\n<a>b\r"},
        {"[^a]+", "a<b>\r\na<b>\n<\r>a<b\r>a<b>\n\r\na<b\r>"},
        {"b.a|b\na", "ab\r\nab\n\ra<b\ra>b\n\r\nab\r"},
    };
    ASSERT_EXAMPLES(examples);
    char *got = mark_matches("[^b]+", (struct pith_text){"a\0b\0\0", 5});
    ck_assert_mem_eq(got, "<a\0>b<\0\0>", 9);
    free(got);
    got = mark_matches(".b|\uFFFD.", (struct pith_text){"\xFF" "b\xC3 \xFF", 5});
    ck_assert_str_eq(got, "<\xFF" "b><\xC3 >\xFF");
    free(got);
}
END_TEST

START_TEST(german_words_are_words)
{
    const char *path = shared_path("cases/de.txt");
    if (path == NULL)
        return;
    size_t size;
    char *bytes = read_whole_file(path, &size);
    char *got = mark_matches("[[:alpha:]]+", (struct pith_text){bytes, size});
    ck_assert_ptr_nonnull(strstr(
        got, "<Der> <Bär> <übt> <öfter> <als> <München>; <Größe> 12. <Straße> "
             "<Ärger>"));
    free(got);
    got = mark_matches("M.nchen|[äöü]", (struct pith_text){bytes, size});
    ck_assert_ptr_nonnull(strstr(
        got, "Der B<ä>r <ü>bt <ö>fter als <München>; Gr<ö>ße 12. Straße"));
    free(got);
    free(bytes);
}
END_TEST

/* --- what is refused -------------------------------------------------------- */

static void assert_refused(const char *pattern, const char *want)
{
    struct pith_regex *regex;
    struct pith_error error;
    ck_assert_msg(pith_regex_make(&regex, "keep_regex", view(pattern),
                                  &error) == PITH_ERR_ARGUMENT, "%s", pattern);
    ck_assert_ptr_null(regex);
    ck_assert_msg(strstr(error.detail, want) != NULL, "%s: %s", pattern,
                  error.detail);
    ck_assert_ptr_nonnull(strstr(error.detail, "keep_regex"));
    ck_assert_ptr_nonnull(strstr(error.detail, "expected"));
}

START_TEST(errors_say_where_and_what)
{
    static const struct example examples[] = {
        {"ab(cd", "byte 2: found \"(\", expected \")\" after it"},
        {"ab)", "byte 2: found \")\", expected \"(\" before it"},
        {"a[bc", "byte 1: found \"[\", expected \"]\" after it"},
        {"[]", "byte 0: found \"[\""},
        {"[^]", "byte 0: found \"[\""},
        {"ä*+", "byte 3: found \"+\", expected one repeat"},
        {"a.*?", "byte 3: found \"?\""},
        {"a{2}{3}", "byte 4: found \"{\""},
        {"*a", "byte 0: found \"*\", expected something before it"},
        {"a|+", "byte 2: found \"+\""},
        {"(?:a)", "byte 1: found \"?\""},
        {"{a}", "byte 0: found \"{\""},
        {"a{", "byte 2: found the end, expected {m}"},
        {"a{x}", "byte 2: found \"x\""},
        {"a{}", "byte 2: found \"}\""},
        {"a{1", "byte 3: found the end"},
        {"a{1,x", "byte 4: found \"x\""},
        {"a{3,2}", "byte 1: found \"{3,2}\", expected m not above n"},
        {"a{256}", "byte 2: found \"256\", expected at most 255"},
        {"a{1,99999999999999999999}", "byte 4: found \"999\""},
        {"[z-a]", "byte 1: found \"z-a\""},
        {"[a-[:digit:]]", "byte 3: found \"[:\""},
        {"[[:letter:]]", "byte 1: found \"[:letter\", expected [:alpha:]"},
        {"[[:alpha:]", "byte 0: found \"[\""},
        {"[[:alpha]", "byte 1: found \"[:\", expected \":]\""},
        {"[[.ab.]]", "byte 1: found \"[.\", expected one character"},
        {"[[==]]", "byte 1: found \"[=\""},
        {"[[=a]", "byte 1: found \"[=\", expected \"=]\""},
        {"a\\", "byte 1: found \"\\\", expected a special character"},
        {"\\q", "byte 0: found \"\\q\", expected a special character"},
        {"(a)\\1", "byte 3: found \"\\1\", expected no back reference"},
        {"", "empty text"},
        {"x*", "empty text"},
        {"a|b?", "empty text"},
        {"^", "empty text"},
        {"^$", "empty text"},
        {"\\b", "empty text"},
        {"(a|)(b*)", "empty text"},
        {"a{0}", "empty text"},
        {"(a|)+", "empty text"},
        {"()", "empty text"},
        {"a\xFF", "byte 1: found a byte that is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
        assert_refused(examples[i].pattern, examples[i].matches);
}
END_TEST

static char *repeat(const char *string, size_t n, const char *tail)
{
    size_t length = strlen(string);
    char *all = calloc(n * length + strlen(tail) + 1, 1);
    ck_assert_ptr_nonnull(all);
    for (size_t i = 0; i < n; i++)
        memcpy(all + i * length, string, length);
    strcpy(all + n * length, tail);
    return all;
}

static void assert_repeat_refused(const char *string, size_t n,
                                  const char *tail, const char *want)
{
    char *pattern = repeat(string, n, tail);
    assert_refused(pattern, want);
    free(pattern);
}

START_TEST(large_patterns_are_refused)
{
    assert_repeat_refused("(", 15000, "a", "has 15001 bytes, expected at most");
    assert_repeat_refused("a|", 10000, "a", "has 20001 bytes");
    assert_repeat_refused("a|", 100000, "a", "has 200001 bytes");
    assert_repeat_refused("(", 51, "a", "byte 50: found \"(\", expected at most");
    assert_repeat_refused("a", 1001, "", "has 1001 bytes");
    assert_refused("a{255}b{255}c{255}d{255}e{255}f{255}g{255}h{255}",
                   "more than 2000 states");
    assert_refused("((((a{255}){255}){255}){255}){255}", "2000 states");
    assert_refused("(((((){255}){255}){255}){255}){255}a", "2000 states");
    assert_refused("((((a{0}){255}){255}){255}){255}b", "2000 states");
    assert_refused("(((((a|b)*){9}){9}){9}){9}c", "2000 states");
}
END_TEST

/* --- against the meaning of a tree ------------------------------------------ */

enum { MAX_NODES = 12, MAX_TEXT = 20 };

/* A random pattern, as a tree. */
struct node {
    char kind; /* a letter, or . ^ $ < for itself, & | * + ? for children */
    struct node *left, *right;
};

struct pattern {
    struct node nodes[MAX_NODES];
    size_t n;
    char text[8 * MAX_NODES];
};

static struct node *draw(struct pattern *p, uint64_t *random, int depth)
{
    struct node *node = &p->nodes[p->n++];
    bool leaf = depth == 0 || p->n + 2 > MAX_NODES;
    node->kind = leaf ? "aabbab.c^$<"[random_below(random, 11)]
                      : "&&&|*+?abc"[random_below(random, 10)];
    if (strchr("&|*+?", node->kind) != NULL)
        node->left = draw(p, random, depth - 1);
    if (strchr("&|", node->kind) != NULL && p->n < MAX_NODES)
        node->right = draw(p, random, depth - 1);
    return node;
}

static void print(const struct node *node, char *out)
{
    static const char letters[] = "abc.^$";
    if (node == NULL)
        return;
    if (strchr(letters, node->kind) != NULL) {
        sprintf(out + strlen(out), "%c", node->kind);
    } else if (node->kind == '<') {
        strcat(out, "\\<");
    } else {
        strcat(out, "(");
        print(node->left, out);
        strcat(out, node->kind == '|' ? "|" : "");
        print(node->right, out);
        strcat(out, ")");
        if (strchr("*+?", node->kind) != NULL)
            sprintf(out + strlen(out), "%c", node->kind);
    }
}

/* The places where a node ends that starts at one of `places`; bits. */
static uint32_t ends(const struct node *node, const char *text, size_t n,
                     uint32_t places)
{
    uint32_t result = 0, more;
    if (node == NULL)
        return places;
    switch (node->kind) {
    case '&':
        return ends(node->right, text, n, ends(node->left, text, n, places));
    case '|':
        return ends(node->left, text, n, places) |
               ends(node->right, text, n, places);
    case '?':
        return places | ends(node->left, text, n, places);
    case '*':
    case '+':
        result = node->kind == '*' ? places
                                   : ends(node->left, text, n, places);
        while ((more = result | ends(node->left, text, n, result)) != result)
            result = more;
        return result;
    case '^':
        return places & 1;
    case '$':
        return places & (uint32_t)1 << n;
    case '<':
        for (size_t i = 0; i < n; i++)
            if (text[i] != ' ' && (i == 0 || text[i - 1] == ' '))
                result |= places & (uint32_t)1 << i;
        return result;
    default:
        for (size_t i = 0; i < n; i++)
            if (text[i] == node->kind || node->kind == '.')
                result |= (places & (uint32_t)1 << i) << 1;
        return result;
    }
}

/* Leftmost, longest, one after the other. */
static void mark_slowly(const struct node *root, const char *text, size_t n,
                        char *out)
{
    for (size_t at = 0; at < n;) {
        uint32_t found = ends(root, text, n, (uint32_t)1 << at);
        size_t end = n;
        while (end > at && (found >> end & 1) == 0)
            end--;
        if (end == at)
            out += sprintf(out, "%c", text[at]);
        else
            out += sprintf(out, "<%.*s>", (int)(end - at), text + at);
        at = end == at ? at + 1 : end;
    }
    *out = '\0';
}

START_TEST(random_patterns_match_what_their_trees_mean)
{
    uint64_t random = 7;
    size_t n_tried = 0;
    for (int round = 0; round < 30000; round++) {
        struct pattern p = {.n = 0};
        struct node *root = draw(&p, &random, 4);
        struct pith_regex *regex;
        print(root, p.text);
        if (pith_regex_make(&regex, "keep_regex", view(p.text), NULL) !=
            PITH_OK)
            continue;
        pith_regex_free(regex);
        for (int i = 0; i < 3; i++, n_tried++) {
            char text[MAX_TEXT + 1], want[3 * MAX_TEXT + 1] = "";
            size_t n = random_below(&random, MAX_TEXT) + 1;
            for (size_t j = 0; j < n; j++)
                text[j] = "aaabbbc "[random_below(&random, 8)];
            mark_slowly(root, text, n, want);
            char *got = mark_matches(p.text, (struct pith_text){text, n});
            ck_assert_msg(strcmp(got, want) == 0, "%s: got \"%s\", want \"%s\"",
                          p.text, got, want);
            free(got);
        }
    }
    ck_assert_uint_gt(n_tried, 20000);
}
END_TEST

/* --- time ------------------------------------------------------------------- */

static void ignore(void *context, size_t start, size_t end)
{
    (void)context;
    (void)start;
    (void)end;
}

/* Steps a character, at most two for each state. */
static void assert_linear(const char *pattern, const char *text)
{
    struct pith_error error;
    struct pith_regex *regex;
    assert_ok(pith_regex_make(&regex, "keep_regex", view(pattern), &error),
              error);
    assert_ok(pith_regex_find(regex, view(text), ignore, NULL, &error), error);
    ck_assert_uint_le(regex->program.n_states, PITH_REGEX_MAX_STATES);
    size_t most = 2 * regex->program.n_states * (strlen(text) + 1);
    ck_assert_msg(regex->n_steps <= most, "%s: %zu steps, %zu expected",
                  pattern, regex->n_steps, most);
    pith_regex_free(regex);
}

START_TEST(steps_are_at_most_text_times_states)
{
    static const char *const patterns[] = {
        "(a*)*b", "(a|a)*b", "(a|aa)+$b", "a*a*a*a*a*a*a*a*b", "a|a.*b",
        "(x+x+)+y", "(a?){60}a{60}", "(.*)(.*)(.*)(.*)(.*)[^a]",
        "((a{0,9}){0,9}){0,9}b", "(.{0,40}x){0,20}y", "(\\b|a)+b", "^(a|b)*c$",
        "[^b]*b|[^c]*c|.",
    };
    char *pattern = repeat("a|", 499, "a");
    char *text = repeat("a", 5000, "\nxx"), *lines = repeat("a\n", 2000, "");
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        assert_linear(patterns[i], text);
        assert_linear(patterns[i], lines);
    }
    assert_linear(pattern, text);
    free(pattern);
    free(text);
    free(lines);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("regex");
    TCase *tcase = tcase_create("regex");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, operators_do_what_posix_says);
    tcase_add_test(tcase, brackets_hold_what_posix_says);
    tcase_add_test(tcase, characters_are_code_points);
    tcase_add_test(tcase, escapes_are_those_of_gnu_and_perl);
    tcase_add_test(tcase, lines_end_before_lf_and_crlf);
    tcase_add_test(tcase, german_words_are_words);
    tcase_add_test(tcase, errors_say_where_and_what);
    tcase_add_test(tcase, large_patterns_are_refused);
    tcase_add_test(tcase, random_patterns_match_what_their_trees_mean);
    tcase_add_test(tcase, steps_are_at_most_text_times_states);
    suite_add_tcase(suite, tcase);
    return suite;
}
