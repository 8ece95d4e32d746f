/*
 * test_wraps.c - src/prompt/wraps.h: which line ends are spaces, and which are
 * ends.
 */
#include <stdlib.h>
#include <string.h>

#include "../src/base/buffer.h"
#include "../src/prompt/wraps.h"
#include "support.h"

static bool is_white(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Words with the white space before them, as one context. */
static void make_parts(struct pith_parts *parts, struct pith_part *part,
                       const char *text)
{
    size_t n = strlen(text);
    *parts = (struct pith_parts){.parts = part, .n_parts = 1};
    parts->units = calloc(n + 1, sizeof *parts->units);
    pith_buffer_append(&parts->text, text, n);
    for (size_t at = 0; at < n;) {
        struct pith_unit *unit = &parts->units[parts->n_units++];
        unit->byte = at;
        while (at < n && is_white(text[at]))
            at++;
        while (at < n && !is_white(text[at]))
            at++;
        unit->n_bytes = at - unit->byte;
    }
    *part = (struct pith_part){.kind = PITH_PART_CONTEXT,
                               .n_units = parts->n_units};
}

/* How many line ends are said to be spaces; each must be one. */
static size_t count_wraps(const char *text)
{
    struct pith_parts parts;
    struct pith_part part;
    struct pith_error error;
    size_t n = 0;
    make_parts(&parts, &part, text);
    assert_ok(pith_wraps_find(&parts, &error), error);
    for (size_t i = 0; i < parts.n_units; i++) {
        const char *lead = parts.text.data + parts.units[i].byte;
        size_t size = strspn(lead, " \r\n");
        ck_assert(!parts.units[i].wraps || memchr(lead, '\n', size) != NULL);
        n += parts.units[i].wraps;
    }
    free(parts.units);
    pith_buffer_free(&parts.text);
    return n;
}

static const struct {
    size_t n; /* line ends that are spaces */
    const char *text;
} wrapped[] = {
    {3, "The board met on Monday in the town hall. Maria Okafor chaired the\n"
        "meeting, and eleven of the fourteen members were present. Mr\n"
        "Lindqvist reported that the roof repair would cost more than was\n"
        "estimated in May."},
    /* two lines at a width that others have shown; a heading; an indent */
    {5, "# Minutes\n"
        "The board met on Monday in the town hall. Maria Okafor chaired the\r\n"
        "meeting, and eleven of the fourteen members were present. Mr\r\n"
        "Lindqvist reported that the roof repair would cost more than was\r\n"
        "estimated in May.\r\n\r\n"
        "The board did not approve the new parking fees, and agreed to\r\n"
        "raise the rent.\r\n\r\n"
        "   The next meeting is on a day in January that the members were\r\n"
        "   told of."},
    /* items of a list, each from its mark on */
    {4, "- Stop the scheduler first, since a scheduler that runs may still\n"
        "  write to the archive while it is copied, so that the copy can\n"
        "  not be used.\n"
        "- Check that there is enough room left on the disk for at least\n"
        "  one archive, and for the next one as well when both are to be\n"
        "  kept.\n"
        "- Start it."},
    /* German, with capitals inside sentences; Arabic, without any */
    {3, "Der Vorstand traf sich am Montag im Rathaus, um \u00FCber die Reparatur\n"
        "des Daches zu beraten. Die Kosten sind h\u00F6her, als im Mai von dem\n"
        "Architekten gesch\u00E4tzt worden war, weil die Balken auf der Seite\n"
        "nach Norden morsch sind."},
    {3, "\u0639\u0642\u062F \u0627\u0644\u0645\u062C\u0644\u0633 "
        "\u0627\u062C\u062A\u0645\u0627\u0639\u0647 \u064A\u0648\u0645 "
        "\u0627\u0644\u0627\u062B\u0646\u064A\u0646 30 "
        "\u0646\u0648\u0641\u0645\u0628\u0631 2026 \u0641\u064A "
        "\u0627\u0644\u0642\u0627\u0647\u0631\u0629 "
        "\u0628\u0631\u0626\u0627\u0633\u0629 "
        "\u0627\u0644\u0633\u064A\u062F\u0629 \u0644\u064A\u0644\u0649 "
        "\u062D\u0633\u0646\u060C \u0648\u062D\u0636\u0631\u0647 14\n"
        "\u0639\u0636\u0648\u0627. \u0646\u0627\u0642\u0634 "
        "\u0627\u0644\u0645\u062C\u0644\u0633 "
        "\u0645\u064A\u0632\u0627\u0646\u064A\u0629 \u0639\u0627\u0645 "
        "2027 \u0627\u0644\u0628\u0627\u0644\u063A\u0629 4.5 "
        "\u0645\u0644\u064A\u0648\u0646 \u062C\u0646\u064A\u0647\u060C "
        "\u0648\u0644\u0645 \u064A\u0648\u0627\u0641\u0642 "
        "\u0639\u0644\u0649 \u0632\u064A\u0627\u062F\u0629 "
        "\u0627\u0644\u0631\u0633\u0648\u0645 \u0647\u0630\u0627\n"
        "\u0627\u0644\u0639\u0627\u0645. \u0648\u0637\u0644\u0628\u062A "
        "\u0627\u0644\u062F\u0643\u062A\u0648\u0631\u0629 "
        "\u0645\u0646\u0649 \u0623\u0644\u0627 \u062A\u063A\u0644\u0642 "
        "\u0627\u0644\u0645\u0643\u062A\u0628\u0629 \u0642\u0628\u0644 "
        "\u0646\u0647\u0627\u064A\u0629 \u0645\u0627\u0631\u0633\u060C "
        "\u0644\u0623\u0646 \u0639\u062F\u062F "
        "\u0627\u0644\u0632\u0648\u0627\u0631 "
        "\u0627\u0631\u062A\u0641\u0639 \u0628\u0646\u0633\u0628\u0629 18%\n"
        "\u0645\u0642\u0627\u0631\u0646\u0629 "
        "\u0628\u0627\u0644\u0639\u0627\u0645 "
        "\u0627\u0644\u0645\u0627\u0636\u064A. \u0648\u0642\u0631\u0631 "
        "\u0627\u0644\u0645\u062C\u0644\u0633 "
        "\u062A\u0623\u062C\u064A\u0644 \u0628\u064A\u0639 "
        "\u0627\u0644\u0645\u0628\u0646\u0649 "
        "\u0627\u0644\u0642\u062F\u064A\u0645 \u062D\u062A\u0649 "
        "\u0627\u062C\u062A\u0645\u0627\u0639 15 "
        "\u064A\u0646\u0627\u064A\u0631."},
    /* one context of prose, one paragraph of code among it */
    {3, "The board met on Monday in the town hall. Maria Okafor chaired the\n"
        "meeting, and eleven of the fourteen members were present. Mr\n"
        "Lindqvist reported that the roof repair would cost more than was\n"
        "estimated in May.\n\n```\n"
        "the first line of an example that nobody should take for prose,\n"
        "since it is\n```"},
};
enum { N_WRAPPED = sizeof wrapped / sizeof *wrapped };

START_TEST(line_ends_of_a_paragraph_are_spaces)
{
    size_t n = count_wraps(wrapped[_i].text);
    ck_assert_msg(n == wrapped[_i].n, "%zu: %s", n, wrapped[_i].text);
}
END_TEST

static const char *const ended[] = {
    "",
    "\n\n \n",
    /* verse, with capitals and without */
    "I met a traveller who came from an old and distant land and who said\n"
    "Two vast and trunkless legs of stone stand in the desert. Near them\n"
    "On the sand, half sunk, a shattered visage lies, whose frown, whose lip\n"
    "And sneer of cold command tell that its sculptor read those passions",
    "the rain had been falling since early morning on the roofs of the town\n"
    "and nobody spoke of leaving\n"
    "the lamps in the windows stayed dark while the river went on rising and\n"
    "the bells rang",
    /* a chat, whose lines are as long as chance has it */
    "ben: yes but not before seven since i have the dentist at half past five\n"
    "ana: can you bring the folder with the lease in it\n"
    "ben: the one for the flat in elm street or the other one that we signed\n"
    "ana: the other",
    /* sentences, one on each line and of one length */
    "the first of the sensors reported a value outside of its own range.\n"
    "the second one reported a value that was outside of the same range.\n"
    "the third sensor was silent and did not report any value at all now.\n"
    "the fourth was not there.",
    "Alpha reported a value that lies outside of the range that it has\n"
    "Bravo reported a value that lies outside of the range that it has\n"
    "Delta reported a value that lies outside of the range that it has\n"
    "Hotel reported a value that lies outside of the range that it has",
    /* a log; a table of columns; rows of cells */
    "2026-11-30 08:14:09 worker three is retrying its connection to the base\n"
    "2026-11-30 08:14:14 worker three is retrying its connection to the base\n"
    "2026-11-30 08:14:19 worker three cannot be connected to the base at all\n"
    "2026-11-30 08:14:20 the other base was promoted and answers requests now",
    "haemoglobin in the blood      low today and on the day before   again\n"
    "leukocytes in the blood       normal today and before           again\n"
    "creatinine in the serum       high today and on the day before  again\n"
    "glucose, of one who fasted    normal today and before           again",
    "| the step of the procedure | the command that is to be called now |\n"
    "| the dump of all the bases | the tool with the option for all    |\n"
    "| the check of all the data | the tool with the path of the copy  |\n"
    "| the copy of it            | the tool |",
    /* a list of short items; one with marks, each as long as the others */
    "red lentils\none onion, chopped\ntwo cloves of garlic\nvegetable stock",
    "- stop the scheduler that runs on the first of the two machines now\n"
    "- check that there is enough room on the disk for one more archive\n"
    "- start the scheduler again when the archive was copied and checked\n"
    "- write down when",
    /* code */
    "    self.author.extension_elements.append(element.of(the.name) or none\n"
    "    self.author.extension_elements.append(element.of(the.text) or none\n"
    "    self.author.extension_elements.append(element.of(the.kind) or none\n"
    "    return self.author",
    "value of the first = the sum of all that was read before it was asked\n"
    "value of the second = the sum of all that was read until it was asked\n"
    "value of the third = the sum of all that will be read when it is asked\n"
    "value of the last = zero",
    "```\n"
    "the board met on monday in the town hall and maria chaired the whole\n"
    "meeting, and eleven of the fourteen members were present but not the\n"
    "architect who had reported that the roof repair would cost much more\n"
    "than in may\n```",
    /* too few lines to tell; too narrow */
    "The board met on Monday in the town hall. Maria Okafor chaired the\n"
    "meeting, and eleven of the fourteen members were present. Mr\n"
    "Lindqvist reported.",
    "the board met on monday in the town\nhall and maria chaired the whole\n"
    "meeting while eleven of all of the\nmembers were present",
    /* paragraphs of one line each */
    "The board met on Monday in the town hall, and Maria Okafor chaired it.\n\n"
    "Mr Lindqvist reported that the roof repair would cost more than in May.\n\n"
    "The board did not approve the new parking fees that he had proposed.",
    /* Chinese, where a line may be as long as it likes */
    "\u4F1A\u8BAE\u4E8E\u4E09\u6708\u4E3E\u884C\u7531\u738B\u82B3\u4E3B\u6301\n"
    "\u59D4\u5458\u4F1A\u6CA1\u6709\u6279\u51C6\u9884\u7B97\u56E0\u4E3A\u4E24\n"
    "\u4F4D\u6210\u5458\u6CA1\u6709\u5230\u573A\u4E0B\u6B21\u4F1A\u8BAE\u5728\n"
    "\u4E94\u6708\u4E3E\u884C",
};
enum { N_ENDED = sizeof ended / sizeof *ended };

START_TEST(other_line_ends_are_ends)
{
    size_t n = count_wraps(ended[_i]);
    ck_assert_msg(n == 0, "%zu: %s", n, ended[_i]);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("wraps");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, line_ends_of_a_paragraph_are_spaces, 0, N_WRAPPED);
    tcase_add_loop_test(all, other_line_ends_are_ends, 0, N_ENDED);
    suite_add_tcase(suite, all);
    return suite;
}
