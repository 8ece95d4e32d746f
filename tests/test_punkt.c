/*
 * test_punkt.c - src/reference/python/punkt*.c: sentences with parameters of our own in
 * a temporary folder, with the built-in list, and with NLTK's English ones,
 * for which the expectations are those of nltk.sent_tokenize() 3.10.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../src/prompt/tagged.h"
#include "../src/json/json.h"
#include "../src/reference/python/punkt.h"
#include "../src/reference/python/punkt_token.h"
#include "support.h"

/* Sentences in a row, '|' between them. */
static char *split(const struct pith_punkt *punkt, const char *string)
{
    static char out[4000];
    struct pith_sentence *sentences;
    struct pith_error error;
    size_t n, at = 0;
    assert_ok(pith_punkt_split(punkt, view(string), &sentences, &n, &error),
              error);
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(out + at, sizeof out - at, "%s%.*s",
                               i > 0 ? "|" : "", (int)sentences[i].size,
                               string + sentences[i].offset);
    out[at] = '\0';
    free(sentences);
    return out;
}

static void write_text(const char *folder, const char *name, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *stream = fopen(path, "wb");
    ck_assert_ptr_nonnull(stream);
    fputs(text, stream);
    fclose(stream);
}

static void remove_folder(const char *folder)
{
    static const char *const names[] = {"abbrev_types.txt", "collocations.tab",
                                        "ortho_context.tab",
                                        "sent_starters.txt"};
    char path[600];
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    rmdir(folder);
}

static const char *make_folder(const char *abbreviations,
                               const char *collocations, const char *contexts,
                               const char *starters)
{
    static char folder[500];
    snprintf(folder, sizeof folder, "%s", temporary_path("punkt"));
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    write_text(folder, "abbrev_types.txt", abbreviations);
    write_text(folder, "collocations.tab", collocations);
    write_text(folder, "ortho_context.tab", contexts);
    write_text(folder, "sent_starters.txt", starters);
    return folder;
}

/* Each heuristic decides a case that goes the other way without it. */
START_TEST(each_heuristic_decides)
{
    static const char *const cases[][2] = {
        /* no abbreviation, abbreviation, in parts, by its last part */
        {"An exam. Next.", "An exam.|Next."},
        {"An abb. Next.", "An abb. Next."},
        {"An ABB. Next.", "An ABB. Next."},
        {"An x-abb. Next.", "An x-abb. Next."},
        {"An abbx. Next.", "An abbx.|Next."},
        /* 4.1.1: upper here, lower elsewhere, never upper inside */
        {"An abb. Lower.", "An abb.|Lower."},
        {"An abb. Inside.", "An abb. Inside."},
        {"So... Lower.", "So...|Lower."},
        {"So... Next.", "So... Next."},
        {"So... lower.", "So... lower."},
        /* 4.1.2 */
        {"In pair. Word.", "In pair. Word."},
        {"In pair. Other.", "In pair.|Other."},
        {"On 5. Word.", "On 5. Word."},
        /* 4.1.3: the first letter counts */
        {"An abb. Starter.", "An abb.|Starter."},
        {"An abb. starter.", "An abb. starter."},
        /* 4.3: initials, numbers */
        {"By J. Unseen.", "By J. Unseen."},
        {"By J. Lower.", "By J.|Lower."},
        {"By J. Inside.", "By J.|Inside."},
        {"By J. upper.", "By J. upper."},
        {"By J. , upper.", "By J. , upper."},
        {"On 10. Unseen.", "On 10.|Unseen."},
        {"On 10. upper.", "On 10. upper."},
        {"On 1,000.5. begin.", "On 1,000.5.|begin."},
    };
    struct pith_punkt *punkt;
    struct pith_error error;
    /* begin was seen in lower case at the beginning (16), lower inside (32),
     * inside also upper inside (4), upper in upper case (2) */
    const char *folder =
        make_folder("abb\r\n", "pair\tword\n##number##\tword\n",
                    "begin\t16\nlower\t32\ninside\t36\nupper\t2", "starter\n");
    assert_ok(pith_punkt_load(folder, &punkt, &error), error);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_str_eq(split(punkt, cases[i][0]), cases[i][1]);
    pith_punkt_free(punkt);
    remove_folder(folder);
}
END_TEST

START_TEST(broken_parameters_are_refused)
{
    static const struct {
        const char *abbreviations, *contexts, *detail;
    } cases[] = {
        {"a\n", "word\n", "line 1"},
        {"a\n", "word\t2\nword\tx\n", "line 2"},
        {"a\n", "word\t256\n", "0 to 255"},
        {"a\n", "word\t\n", "ortho_context.tab"},
    };
    struct pith_punkt *punkt;
    struct pith_error error;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *folder = make_folder(cases[i].abbreviations, "",
                                         cases[i].contexts, "");
        ck_assert_int_eq(pith_punkt_load(folder, &punkt, &error),
                         PITH_ERR_FORMAT);
        ck_assert_ptr_null(punkt);
        ck_assert_msg(strstr(error.detail, cases[i].detail) != NULL, "%s",
                      error.detail);
        remove_folder(folder);
    }
    char longest[PITH_PUNKT_MAX_TYPE + 2];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *folder = make_folder(longest, "", "", "");
    ck_assert_int_eq(pith_punkt_load(folder, &punkt, &error), PITH_ERR_FORMAT);
    remove_folder(folder);
    ck_assert_int_eq(pith_punkt_load("/no/such", &punkt, &error), PITH_ERR_IO);
}
END_TEST

START_TEST(tokens_are_cut_as_punkt_does)
{
    static const char *const cases[][2] = {
        {"one two", "one/two"},
        {"1,000, he said", "1,000/,/he/said"},
        {"(Mr. X):", "(/Mr./X/)/:"},
        {"wait -- no--yes - x", "wait/--/no/--/yes/-/x"},
        {"so... . . .. so. . x", "so/.../. . ././so././x"},
        {"a,--b ,c -d \"e\" #f", "a/,/--/b/,/c/-/d/\"/e/\"/#/f"},
        {"it's \xC2\xA0 \xE2\x80\x9C" "a\xE2\x80\x9D",
         "it/'s/\xE2\x80\x9C" "a/\xE2\x80\x9D"},
        {"!?!", "!/?/!"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pith_text line = view(cases[i][0]);
        struct pith_punkt_token token;
        char out[200] = "";
        while (pith_punkt_next_token(&line, &token)) {
            strcat(out, out[0] != '\0' ? "/" : "");
            strncat(out, token.text.bytes, token.text.size);
        }
        ck_assert_str_eq(out, cases[i][1]);
    }
}
END_TEST

START_TEST(builtin_list_knows_common_cases)
{
    static const char *const cases[][2] = {
        {"", ""},
        {" \n ", ""},
        {"No end", "No end"},
        {"Dr. Smith met Mr. Jones at 5 p.m. on Jan. 3. They left.",
         "Dr. Smith met Mr. Jones at 5 p.m. on Jan. 3.|They left."},
        {"J. S. Bach wrote it. It is in D.C. The end.",
         "J. S. Bach wrote it.|It is in D.C.|The end."},
        {"He said \"Stop.\" Then he left. (Really?) Yes!",
         "He said \"Stop.\"|Then he left.|(Really?)|Yes!"},
        {"He said (\"Stop.\")", "He said (\"Stop.\")"},
        {"  Lead.  Trail.  ", "  Lead.|Trail."},
        {"See e.g. Fig. 3 etc. Nothing else.",
         "See e.g. Fig. 3 etc. Nothing else."},
    };
    struct pith_punkt *punkt;
    struct pith_error error;
    assert_ok(pith_punkt_load(NULL, &punkt, &error), error);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_str_eq(split(punkt, cases[i][0]), cases[i][1]);
    pith_punkt_free(punkt);
}
END_TEST

START_TEST(pieces_add_up_to_the_text)
{
    const char *text = " One.  Two?\n\n\"Three.\" Four \n";
    struct pith_sentence *sentences;
    struct pith_punkt *punkt;
    struct pith_error error;
    size_t n, at = 0;
    assert_ok(pith_punkt_load(NULL, &punkt, &error), error);
    assert_ok(pith_punkt_split(punkt, view(text), &sentences, &n, &error),
              error);
    ck_assert_uint_eq(n, 4);
    pith_sentences_tile(sentences, n, strlen(text));
    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_eq(sentences[i].offset, at);
        at += sentences[i].size;
    }
    ck_assert_uint_eq(at, strlen(text));
    pith_sentences_tile(NULL, 0, 0);
    free(sentences);
    pith_punkt_free(punkt);
}
END_TEST

/* Bytes of any kind, cut at random: sentences are in order and inside. */
START_TEST(random_bytes_are_harmless)
{
    static const char alphabet[] = ".. ?!\"')(-,;\nabTJ1\xC2\xA0\xE2\x80\x9D\xFF\x1C";
    struct pith_punkt *punkt;
    struct pith_error error;
    uint64_t state = 1;
    assert_ok(pith_punkt_load(NULL, &punkt, &error), error);
    for (int run = 0; run < 20000; run++) {
        char text[40];
        size_t size = random_below(&state, sizeof text), n, at = 0;
        struct pith_sentence *sentences;
        for (size_t i = 0; i < size; i++)
            text[i] = alphabet[random_below(&state, sizeof alphabet)];
        assert_ok(pith_punkt_split(punkt, (struct pith_text){text, size},
                                   &sentences, &n, &error), error);
        for (size_t i = 0; i < n; i++) {
            ck_assert_uint_ge(sentences[i].offset, at);
            ck_assert_uint_gt(sentences[i].size, 0);
            at = sentences[i].offset + sentences[i].size;
        }
        ck_assert_uint_le(at, size);
        free(sentences);
    }
    pith_punkt_free(punkt);
}
END_TEST

/* --- with NLTK's parameters -------------------------------------------------- */

static const char english_path[] =
    "tokenizers/nltk_data/tokenizers/punkt_tab/english";

static struct pith_punkt *load_english(void)
{
    struct pith_punkt *punkt;
    struct pith_error error;
    const char *path = shared_path(english_path);
    if (path == NULL)
        return NULL;
    assert_ok(pith_punkt_load(path, &punkt, &error), error);
    return punkt;
}

START_TEST(english_sentences_are_those_of_nltk)
{
    static const char *const cases[][2] = {
        {"Mr. Smith works at Acme Inc. in the U.S. He sells things. They cos"
         "t $3.50 each.",
         "Mr. Smith works at Acme Inc. in the U.S.|He sells things.|They cos"
         "t $3.50 each."},
        {"J. R. R. Tolkien wrote it. A. Miller did not. Plan B. The next one"
         ".",
         "J. R. R. Tolkien wrote it.|A. Miller did not.|Plan B.|The next one"
         "."},
        {"He said: \"Go away.\" Then he left. (He was angry.) What?! Yes... "
         "Maybe. ... no.",
         "He said: \"Go away.\"|Then he left.|(He was angry.)|What?!|Yes... "
         "Maybe.|... no."},
        {"It rose 5.2% in Jan. 1990. Sales vs. last year etc. were up. See p"
         ". 5. Also pp. 6-7.",
         "It rose 5.2% in Jan. 1990.|Sales vs. last year etc.|were up.|See p"
         ". 5.|Also pp.|6-7."},
        {"On the 3. of May it began. At 10. they stopped. No. 5. Lives.",
         "On the 3. of May it began.|At 10. they stopped.|No.|5.|Lives."},
        {"He asked, \xE2\x80\x9CWhy?\xE2\x80\x9D She said \xE2\x80\x98no."
         "\xE2\x80\x99 \xC2\xAB" "Fin.\xC2\xBB End.",
         "He asked, \xE2\x80\x9CWhy?\xE2\x80\x9D|She said \xE2\x80\x98no."
         "\xE2\x80\x99|\xC2\xAB" "Fin.\xC2\xBB|End."},
        {"Dr.\nWho came. i.e. nobody. Ph.D. students. At 5 p.m. it ended. At"
         " 6 a.m. The sun rose.",
         "Dr.\nWho came.|i.e.|nobody.|Ph.D. students.|At 5 p.m. it ended.|At"
         " 6 a.m.|The sun rose."},
        {"Wait . . . what . . . The end. -- Yes. So.--No. It works.). Next.",
         "Wait .|.|.|what .|.|.|The end.|-- Yes.|So.--No.|It works.).|Next."},
        {"Das M\xC3\xA4" "dchen l\xC3\xA4uft. \xC3\x89l llega. Za\xC5\xBE"
         "\xC3\xB3\xC5\x82\xC4\x87.\xC2\xA0G\xC4\x99\xC5\x9Bl\xC4\x85.",
         "Das M\xC3\xA4" "dchen l\xC3\xA4uft.|\xC3\x89l llega.|Za\xC5\xBE"
         "\xC3\xB3\xC5\x82\xC4\x87.|G\xC4\x99\xC5\x9Bl\xC4\x85."},
    };
    struct pith_punkt *punkt = load_english();
    if (punkt == NULL)
        return;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_str_eq(split(punkt, cases[i][0]), cases[i][1]);
    pith_punkt_free(punkt);
}
END_TEST

/* How many sentences the contexts of a request have. */
static size_t count_sentences(const struct pith_punkt *punkt,
                              const struct pith_json *contexts)
{
    size_t n_all = 0;
    for (const struct pith_json *c = contexts->first; c; c = c->next) {
        struct pith_tagged_text parsed;
        struct pith_sentence *sentences;
        struct pith_error error;
        size_t n;
        assert_ok(pith_tagged_parse(c->string, 0.5, PITH_TAGS_REFERENCE,
                                    &parsed, &error),
                  error);
        assert_ok(pith_punkt_split(punkt,
                                   (struct pith_text){parsed.text,
                                                      parsed.size},
                                   &sentences, &n, &error), error);
        free(sentences);
        pith_tagged_free(&parsed);
        n_all += n;
    }
    return n_all;
}

/* The last ranking of a structured request with the sentence filter has one
 * entry for each sentence. */
START_TEST(golden_sentences)
{
    const char *path = shared_path("goldens/compress_smollm2.jsonl");
    struct pith_punkt *punkt;
    if (path == NULL)
        return;
    size_t n_checked = 0;
    char *lines = read_whole_file(path, NULL);
    punkt = load_english();
    for (char *line = strtok(lines, "\n"); punkt && line;
         line = strtok(NULL, "\n")) {
        struct pith_json_document *document;
        struct pith_error error;
        if (strstr(line, "_structured\"") == NULL ||
            strstr(line, "use_sentence_level_filter") == NULL)
            continue;
        assert_ok(pith_json_parse(view(line), "golden", &document, &error),
                  error);
        const struct pith_json *golden = pith_json_root(document);
        const struct pith_json *ranking =
            pith_json_get(pith_json_get(golden, "trace"), "ranking")->first;
        while (ranking->next != NULL)
            ranking = ranking->next;
        ck_assert_uint_eq(count_sentences(punkt,
                                          pith_json_get(golden, "context")),
                          ranking->n_children);
        pith_json_free(document);
        n_checked++;
    }
    ck_assert(punkt == NULL || n_checked == 2);
    pith_punkt_free(punkt);
    free(lines);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("punkt");
    TCase *tcase = tcase_create("punkt");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, each_heuristic_decides);
    tcase_add_test(tcase, broken_parameters_are_refused);
    tcase_add_test(tcase, tokens_are_cut_as_punkt_does);
    tcase_add_test(tcase, builtin_list_knows_common_cases);
    tcase_add_test(tcase, pieces_add_up_to_the_text);
    tcase_add_test(tcase, random_bytes_are_harmless);
    tcase_add_test(tcase, english_sentences_are_those_of_nltk);
    tcase_add_test(tcase, golden_sentences);
    suite_add_tcase(suite, tcase);
    return suite;
}
