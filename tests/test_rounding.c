/*
 * test_rounding.c - what `pith convert` says on stderr about weights that its
 * type cannot store: by type, or with --verbose by tensor.
 */
#include <stdio.h>
#include <stdlib.h>

#include "foreign.h"
#include "program.h"
#include "support.h"

/* Weights are eighths between -1 and 7/8: f16 has them all, blocks of q8 whose
 * scale is not one of them do not. */
static void open_all(void)
{
    static const struct foreign_folder how = {.type = "F32"};
    struct foreign foreign;
    char path[4200];
    program_set_up();
    snprintf(path, sizeof path, "%s/source", getenv("DIR"));
    foreign_init(&foreign, FOREIGN_LLAMA);
    foreign_folder_write(&foreign, &how, path);
    foreign_free(&foreign);
}

START_TEST(exact_types_have_no_errors)
{
    expect_run("\"$PITH\" convert --dtype f16 source half.pith 2>said; grep -c "
               "error said; \"$PITH\" convert -v --dtype f16 source half.pith "
               "2>said; grep -v ' F32 as f[0-9]*: exact$' said",
               0, "0\npith: wrote half.pith; pith info shows what is in it\n",
               "");
}
END_TEST

/* Nothing in eight bits is off by more than half a step of 1/127. */
START_TEST(rounded_tensors_are_told_one_by_one)
{
    expect_run("\"$PITH\" convert -v --dtype q8 source q8.pith 2>said; "
               "grep -c 'norm.* as f32: exact$' said; "
               "sed -n 's/.* F32 as q8: largest error \\(.*\\), mean \\(.*\\) "
               "(\\(.*\\)% of the mean weight)$/\\1 \\2 \\3/p' said >errors; "
               "awk '$1 <= 0 || $1 > 0.5 / 127 + 1e-4 || $2 <= 0 || $2 > $1 || "
               "$3 <= 0 || $3 > 2 { print } END { print (NR) }' errors",
               0, "5\n16\n", "");
}
END_TEST

/* The sum over the tensors of a type is what --verbose says of each. */
START_TEST(a_type_is_told_in_one_line)
{
    expect_run("\"$PITH\" convert -v --dtype q8 source q8.pith 2>each; "
               "\"$PITH\" convert --dtype q8 source q8.pith 2>said; "
               "grep ' q8: ' each >rounded; wc -l <rounded; "
               "sed 's/.*largest error \\([^,]*\\),.*/\\1/' rounded | "
               "sort -g | tail -n 1 >largest; "
               "grep -c \"^pith: F32 as q8 in $(wc -l <rounded) tensors: largest "
               "error $(cat largest) ([a-z0-9_.]*), mean [0-9.e-]* "
               "([0-9.]*% of the mean weight)$\" said; "
               "name=$(sed -n 's/.*largest error [^ ]* (\\(.*\\)), mean.*/\\1/p' "
               "said); grep \"$name\" each | grep -c \"error $(cat largest),\"; "
               "wc -l <said",
               0, "16\n1\n1\n2\n", "");
    expect_run("\"$PITH\" convert -q --dtype q4 source q4.pith", 0, "", "");
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("rounding");
    TCase *tcase = tcase_create("rounding");
    tcase_add_unchecked_fixture(tcase, open_all, program_tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, exact_types_have_no_errors);
    tcase_add_test(tcase, rounded_tensors_are_told_one_by_one);
    tcase_add_test(tcase, a_type_is_told_in_one_line);
    suite_add_tcase(suite, tcase);
    return suite;
}
