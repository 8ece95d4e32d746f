/*
 * test_files.c - tools/files.c: no output of any command is one of its
 * inputs, or another output.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pith_files.h"
#include "program.h"
#include "support.h"

/* --- the table ----------------------------------------------------------------- */

/* How a command line names a file.  In words, @ is its name; path is the name
 * when the words do not say it, as of a file inside a folder. */
struct mention {
    const char *words, *path;
};

/* Everything that a command reads and writes.  A line is the command, what it
 * needs besides, an input and an output. */
struct subject {
    const char *command, *before;
    struct mention inputs[20], outputs[8];
};

#define PUNKT                                                                  \
    {"--punkt dir", "dir/abbrev_types.txt"},                                   \
    {"--punkt dir", "dir/collocations.tab"},                                   \
    {"--punkt dir", "dir/sent_starters.txt"},                                  \
    {"--punkt dir", "dir/ortho_context.tab"}
#define MODELS                                                                 \
    {"-m @", NULL}, {"", "tiny.pith"}, {"--adapter @", NULL}
#define STDIN {"<@", NULL}
#define STDOUT {">>@", NULL}

static const struct subject subjects[] = {
    {"compress", "",
     {{"@", NULL}, {"-c @", NULL}, {"-c other -c @", NULL},
      {"--instruction-file @", NULL}, {"--question-file @", NULL},
      {"--request @", NULL}, {"--messages @", NULL},
      {"--count-with @", NULL}, PUNKT, MODELS, STDIN},
     {{"-o @", NULL}, {"-o other --report @", NULL}, STDOUT}},
    {"score", "", {{"@", NULL}, MODELS, STDIN}, {{"-o @", NULL}, STDOUT}},
    {"tokenize", "", {{"@", NULL}, {"-m @", NULL}, {"", "tiny.pith"}, STDIN},
     {STDOUT}},
    {"serve", "--stdio", {{"--count-with @", NULL}, PUNKT, MODELS, STDIN},
     {STDOUT}},
    {"serve", "--mcp", {{"-m @", NULL}, STDIN}, {STDOUT}},
    {"serve", "--http 0", {{"--token-file @", NULL}}, {STDOUT}},
    {"info", "", {{"@", NULL}, {"", "tiny.pith"}}, {STDOUT}},
    {"convert", "", {{"@", NULL}, {"--tokenizer @ other", NULL}},
     {{"@", NULL}}},
    {"merge", "", {{"@ other", NULL}, {"other @", NULL}}, {{"@", NULL}}},
    {"align", "",
     {{"@", NULL}, {"other @", NULL}, {"other --validation @", NULL},
      {"other -m @", NULL}, {"other", "tiny.pith"}, {"- <@", NULL}},
     {{"-o @", NULL}, {"-o o --state @", NULL}, {"-o o --log @", NULL},
      {"-o o", "o.state"}, {"-o o", "o.jsonl"}}},
    {"align requests", "--target-model x",
     {{"@", NULL}, {"other --answered @", NULL},
      {"other --answered other --answered @", NULL}, {"- <@", NULL}},
     {{"-o @", NULL}, STDOUT}},
    {"align collect", "",
     {{"@ other", NULL}, {"other @", NULL}, {"other other @", NULL},
      {"other - <@", NULL}},
     {{"-o @", NULL}, STDOUT}},
    {"bench", "", {{"@", NULL}, {"-m @", NULL}, {"", "tiny.pith"},
                   {"--agreement @", NULL}},
     {{"-o @", NULL}, STDOUT}},
    {"eval measure", "",
     {{"@", NULL}, {"other @", NULL}, {"other --prompts @", NULL},
      {"--task bbh --prompts dir other.json", "dir/other.txt"},
      {"other --judge @", NULL}, {"other -m @", NULL},
      {"other", "tiny.pith"}, {"other --adapter @", NULL}},
     {{"-o @", NULL}, STDOUT}},
    {"eval metrics", "", {{"@", NULL}, STDIN}, {{"-o @", NULL}, STDOUT}},
    {"eval prepare", "--target-model x",
     {{"@", NULL}, {"other @", NULL}, {"other --prompts @", NULL},
      {"--task bbh --prompts dir other.json", "dir/other.txt"},
      {"other --count-with @", NULL}, {"other -m @", NULL},
      {"other", "tiny.pith"}, {"other --adapter @", NULL}},
     {{"-o @ --keys o", NULL}, {"-o o --keys @", NULL}}},
    {"eval run", "--endpoint http://127.0.0.1:1 --retries 0",
     {{"@", NULL}, {"requests --key-file @", NULL}},
     {{"-o @", NULL}, {"-o o", "o.asking-0"}, {"-o o", "o.asking-63"},
      {"-o o", "o.sending-0"}}},
    {"eval score", "", {{"@ other", NULL}, {"other @", NULL},
                        {"- other <@", NULL}},
     {{"-o @", NULL}, {"-o o --pairs @", NULL}, {"--pairs @", NULL},
      STDOUT}},
};

enum { N_SUBJECTS = sizeof subjects / sizeof *subjects };

/* Two outputs, @ and %, of one command. */
static const char *const two_outputs[] = {
    "compress other -o @ --report %", "compress other --report @ >>%",
    "align other -o @ --state %", "align other -o @ --log %",
    "align other -o o --state @ --log %",
    "eval prepare --target-model x other -o @ --keys %",
    "eval score other other -o @ --pairs %",
    "eval score other other --pairs @ >>%"};

enum { N_TWO_OUTPUTS = sizeof two_outputs / sizeof *two_outputs };

/* Ways in which one file has two names. */
enum spelling { SAME_WORD, OTHER_WORD, HARD_LINK, SOFT_LINK, N_SPELLINGS };

/* --- the folder ------------------------------------------------------------------ */

#define CONTENT "what the user has\n"

static void set_up(void)
{
    program_set_up();
    ck_assert_int_eq(chdir(getenv("DIR")), 0);
}

static void tear_down(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    program_tear_down();
}

static void make_files(void)
{
    static const char *const names[] = {
        "other", "other.json", "dir/abbrev_types.txt", "dir/collocations.tab",
        "dir/sent_starters.txt", "dir/ortho_context.tab", "dir/other.txt"};
    mkdir("dir", 0700);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        program_write(names[i], CONTENT);
}

/* Adds the words to the line with names in place of @ and %. */
static void add_words(char *line, const char *words, const char *name,
                      const char *other)
{
    char *end = line + strlen(line);
    *end++ = ' ';
    for (; *words != '\0'; words++)
        if (*words == '@' || *words == '%')
            end += sprintf(end, "%s", *words == '@' ? name : other);
        else
            *end++ = *words;
    *end = '\0';
}

/* --- pairs ------------------------------------------------------------------------ */

static void make_other_name(const char *from, const char *to,
                            enum spelling spelling)
{
    if (spelling == HARD_LINK)
        ck_assert_int_eq(link(from, to), 0);
    if (spelling == SOFT_LINK)
        ck_assert_int_eq(symlink(from, to), 0);
}

/* One command line whose input and output are one file; false when it cannot
 * be spelled so. */
static bool refuse_pair(const struct subject *subject,
                        const struct mention *input,
                        const struct mention *output, enum spelling spelling)
{
    char line[2048], long_way[256];
    const char *in = input->path != NULL ? input->path : "in";
    const char *out = output->path != NULL ? output->path : "written";
    if (spelling == SAME_WORD && output->path == NULL)
        out = in;
    else if (spelling == SAME_WORD && input->path == NULL)
        in = out;
    else if (spelling == SAME_WORD ||
             (spelling == OTHER_WORD && output->path != NULL))
        return false;
    if (spelling == OTHER_WORD) {
        snprintf(long_way, sizeof long_way, "./dir/..//%s", in);
        out = long_way;
    }
    if (input->path == NULL)
        program_write(in, CONTENT);
    make_other_name(in, out, spelling);
    snprintf(line, sizeof line, "%s %s", subject->command, subject->before);
    add_words(line, input->words, in, NULL);
    add_words(line, output->words, out, NULL);
    expect_refusal(line, "same file");
    if (spelling == HARD_LINK || spelling == SOFT_LINK)
        remove(out);
    if (input->path == NULL)
        remove(in);
    return true;
}

static size_t count(const struct mention *mentions)
{
    size_t n = 0;
    while (mentions[n].words != NULL)
        n++;
    return n;
}

START_TEST(no_output_is_an_input)
{
    const struct subject *subject = &subjects[_i];
    make_files();
    for (size_t i = 0; i < count(subject->inputs); i++)
        for (size_t o = 0; o < count(subject->outputs); o++) {
            bool tried = false;
            for (int spelling = 0; spelling < N_SPELLINGS; spelling++)
                tried |= refuse_pair(subject, &subject->inputs[i],
                                     &subject->outputs[o],
                                     (enum spelling)spelling);
            ck_assert(tried);
        }
}
END_TEST

static bool is_named(const struct mention *mentions, const char *option)
{
    bool found = false;
    for (size_t i = 0; i < count(mentions); i++) {
        const char *at = strstr(mentions[i].words, option);
        found |= at != NULL && at[strlen(option)] == ' ';
    }
    return found;
}

/* Whether the table has the option of any of the command's subjects. */
static bool has_option(const char *command, const char *letter,
                       const char *name)
{
    bool found = false;
    for (size_t i = 0; i < N_SUBJECTS; i++)
        if (strcmp(subjects[i].command, command) == 0)
            found |= is_named(subjects[i].inputs, letter) ||
                     is_named(subjects[i].inputs, name) ||
                     is_named(subjects[i].outputs, letter) ||
                     is_named(subjects[i].outputs, name);
    return found;
}

/* Every option that takes a file or a folder, as the help has it: "  -o,
 * --output FILE ...". */
START_TEST(the_table_has_every_option)
{
    char script[128];
    size_t n = 0;
    const char *command = subjects[_i].command;
    snprintf(script, sizeof script, "\"$PITH\" help %s", command);
    struct run help = run_script(script);
    for (char *line = strtok(help.out, "\n"); line != NULL;
         line = strtok(NULL, "\n")) {
        char letter[3] = "-?", name[64], value[64];
        if (sscanf(line, "  -%c, %63s %63s", &letter[1], name, value) != 3 &&
            sscanf(line, "      %63s %63s", name, value) != 2)
            continue;
        if (strncmp(name, "--", 2) != 0 ||
            (strcmp(value, "FILE") != 0 && strcmp(value, "DIR") != 0))
            continue;
        ck_assert_msg(has_option(command, letter, name),
                      "pith %s %s is not in the table", command, name);
        n++;
    }
    finish_run(&help);
    ck_assert(n > 0 || strcmp(command, "info") == 0 ||
              strcmp(command, "merge") == 0);
}
END_TEST

/* Every command, as the list of them has it: two spaces before and after. */
START_TEST(the_table_has_every_command)
{
    size_t n = 0;
    struct run help = run_script("\"$PITH\" help");
    for (char *line = strtok(help.out, "\n"); line != NULL;
         line = strtok(NULL, "\n")) {
        char *end = strstr(line + 2, "  ");
        bool found = false;
        if (strncmp(line, "  ", 2) != 0 || line[2] == '-' || end == NULL)
            continue;
        *end = '\0';
        for (size_t i = 0; i < N_SUBJECTS; i++)
            found |= strcmp(subjects[i].command, line + 2) == 0;
        ck_assert_msg(found || strcmp(line + 2, "help") == 0,
                      "pith %s is not in the table", line + 2);
        n++;
    }
    finish_run(&help);
    ck_assert_uint_ge(n, 17);
}
END_TEST

/* docs/TESTING.md has the number. */
START_TEST(the_table_is_as_large_as_the_docs_say)
{
    size_t n = 0;
    for (size_t i = 0; i < N_SUBJECTS; i++)
        n += count(subjects[i].inputs) * count(subjects[i].outputs);
    ck_assert_uint_eq(n, 190);
}
END_TEST

START_TEST(no_two_outputs_are_one)
{
    static const char *const others[] = {"twice", ".//dir/../twice", "link",
                                         "link"};
    const char *words = two_outputs[_i];
    make_files();
    for (int spelling = 0; spelling < N_SPELLINGS; spelling++) {
        char line[1024] = "";
        bool exists = spelling >= HARD_LINK;
        /* What stdout goes to, the shell makes. */
        if (exists || strstr(words, ">>") != NULL)
            program_write("twice", CONTENT);
        make_other_name("twice", others[spelling], (enum spelling)spelling);
        add_words(line, words, "twice", others[spelling]);
        expect_refusal(line, "each output needs its own");
        remove("twice");
        remove("link");
    }
}
END_TEST

/* Of a file that nothing has yet, the input's absence is the error. */
START_TEST(an_output_does_not_make_up_for_an_input)
{
    const struct subject *subject = &subjects[_i];
    make_files();
    for (size_t i = 0; i < count(subject->inputs); i++)
        for (size_t o = 0; o < count(subject->outputs); o++) {
            const struct mention *input = &subject->inputs[i];
            const struct mention *output = &subject->outputs[o];
            char line[2048];
            /* The shell itself opens what it redirects. */
            if (input->path != NULL || output->path != NULL ||
                strchr(input->words, '<') != NULL ||
                strchr(output->words, '>') != NULL)
                continue;
            snprintf(line, sizeof line, "%s %s", subject->command,
                     subject->before);
            add_words(line, input->words, "absent", NULL);
            add_words(line, output->words, "absent", NULL);
            expect_refusal(line, "pith");
        }
}
END_TEST


START_TEST(the_last_part_of_a_path_is_its_name)
{
    static const char *const names[][2] = {
        {"model", "model"}, {"a/b/model.pith", "model.pith"}, {"/m", "m"},
        {"folder/", "folder"}, {"a/folder//", "folder"}, {"/", ""}, {"", ""},
        {"a\\b", "a\\b"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct pith_text name = pith_path_name(names[i][0]);
        ck_assert_uint_eq(name.size, strlen(names[i][1]));
        ck_assert_mem_eq(name.bytes, names[i][1], name.size);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("files");
    TCase *tcase = tcase_create("files");
    tcase_set_timeout(tcase, 120);
    tcase_add_unchecked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, no_output_is_an_input, 0, N_SUBJECTS);
    tcase_add_loop_test(tcase, the_table_has_every_option, 0, N_SUBJECTS);
    tcase_add_test(tcase, the_table_has_every_command);
    tcase_add_test(tcase, the_last_part_of_a_path_is_its_name);
    tcase_add_test(tcase, the_table_is_as_large_as_the_docs_say);
    tcase_add_loop_test(tcase, an_output_does_not_make_up_for_an_input, 0,
                        N_SUBJECTS);
    tcase_add_loop_test(tcase, no_two_outputs_are_one, 0, N_TWO_OUTPUTS);
    suite_add_tcase(suite, tcase);
    return suite;
}
