/*
 * fixtures.c - the models that tests/faults.py works with: a tiny one, and
 * others in the formats that are converted.
 *
 * usage: fixtures FOLDER
 */
#include <stdio.h>
#include <stdlib.h>

#include "../foreign.h"
#include "../support.h"
#include "../tiny_model.h"

static const char *folder;

static const char *path_of(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_foreign(void)
{
    static const struct foreign_folder how = {.type = "F32", .sharded = true};
    struct foreign model;
    char tokenizer[4096];
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_folder_write(&model, &how, path_of("folder"));
    foreign_gguf_write(&model, FOREIGN_Q8_0, 3, path_of("model.gguf"));
    snprintf(tokenizer, sizeof tokenizer, "%s", path_of("tokenizer.bin"));
    foreign_llama2c_write(&model, path_of("model.bin"), tokenizer);
    foreign_free(&model);
}

/* Check's assertions need a test to be in. */
START_TEST(are_written)
{
    tiny_model_write(path_of("tiny.pith"), TINY_GPT2, PITH_Q8);
    write_foreign();
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("fixtures");
    TCase *tcase = tcase_create("fixtures");
    folder = getenv("DIR");
    tcase_add_test(tcase, are_written);
    suite_add_tcase(suite, tcase);
    return suite;
}
