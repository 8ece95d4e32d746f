/*
 * test_convert_damage.c - sources that are cut off or have flipped bits:
 * every outcome is a status, and what converts can be loaded.  The mutations
 * go through the fuzz targets, so that those are exercised too.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "foreign.h"
#include "fuzz/fuzz.h"
#include "support.h"

enum { FLIPS = 300, CUTS = 60 };

static char source[4096], extra[4096], destination[4096];

static void set_paths(void)
{
    snprintf(source, sizeof source, "%s", temporary_path("source"));
    snprintf(extra, sizeof extra, "%s", temporary_path("extra"));
    snprintf(destination, sizeof destination, "%s", temporary_path("pith"));
}

static void remove_files(void)
{
    foreign_folder_remove(source);
    unlink(source);
    unlink(extra);
    unlink(destination);
}

static const char *in_source(const char *name)
{
    static char path[4200];
    snprintf(path, sizeof path, "%s/%s", source, name);
    return path;
}

/* One to three bits among the first `within` bytes, of `size`. */
static void flip_bits(const char *name, const char *bytes, size_t within,
                      size_t size)
{
    const struct fuzz_target *target = fuzz_find(name);
    uint64_t seed = size;
    uint8_t *copy = malloc(size);
    ck_assert_ptr_nonnull(copy);
    for (int i = 0; i < FLIPS; i++) {
        memcpy(copy, bytes, size);
        for (size_t n = 1 + random_below(&seed, 3); n > 0; n--)
            copy[random_below(&seed, within)] ^=
                (uint8_t)(1u << random_below(&seed, 8));
        target->run(target, (struct pith_text){(char *)copy, size});
    }
    free(copy);
}

/* Cut anywhere, the file is refused: not a byte of it can be missing, save
 * padding at its end. */
static void cut_file(const char *path, const char *from, size_t padding,
                     const struct pith_convert_options *options)
{
    struct pith_error error;
    size_t size;
    uint64_t seed = 3;
    char *bytes = read_whole_file(path, &size);
    for (size_t i = 0; i < CUTS; i++) {
        size_t most = size - padding - 1;
        size_t at = i < 30 ? i * 4 : i == 30 ? most
                                             : random_below(&seed, size);
        at = at < most ? at : most;
        write_whole_file(path, bytes, at);
        ck_assert_msg(pith_convert(from, destination, options, &error) !=
                          PITH_OK,
                      "%s cut to %zu of %zu bytes was converted", path, at,
                      size);
        ck_assert(access(destination, F_OK) != 0);
    }
    write_whole_file(path, bytes, size);
    free(bytes);
}

START_TEST(damaged_gguf)
{
    struct foreign model;
    size_t size, table = 0;
    set_paths();
    foreign_init(&model, (enum foreign_kind)_i);
    foreign_gguf_write(&model, FOREIGN_Q4_0, 3, source);
    cut_file(source, source, 31, NULL);
    char *bytes = read_whole_file(source, &size);
    for (size_t i = 0; i + 12 < size; i++) /* the table's last entries */
        if (memcmp(bytes + i, "output_norm.", 12) == 0)
            table = i;
    ck_assert_uint_gt(table, 0);
    flip_bits("gguf", bytes, 400, size);        /* sizes and first keys */
    flip_bits("gguf", bytes, table + 40, size); /* all of the header */
    free(bytes);
    remove_files();
    foreign_free(&model);
}
END_TEST

START_TEST(damaged_llama2c)
{
    struct pith_convert_options options = {.sizeof_options = sizeof options,
                                           .tokenizer = extra};
    struct pith_buffer pair = {0};
    struct foreign model;
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_llama2c_write(&model, source, extra);
    cut_file(source, source, 0, &options);
    cut_file(extra, source, 0, &options);
    fuzz_seed(fuzz_find("llama2c"), 0, &pair);
    flip_bits("llama2c", pair.data, 28, pair.size); /* of the tokenizer */
    pith_buffer_free(&pair);
    remove_files();
    foreign_free(&model);
}
END_TEST

START_TEST(damaged_folder)
{
    static const struct {
        const char *target;
        size_t within; /* the bytes that matter */
    } files[] = {{"config_json", 1000},
                 {"safetensors", 3000},
                 {"tokenizer_json", 8000},
                 {"safetensors_llama", 3000},
                 {"sentencepiece", 8000}};
    static const struct foreign_folder how = {.type = "F16"};
    const struct fuzz_target *target = fuzz_find(files[_i].target);
    struct pith_buffer seed = {0};
    struct foreign model;
    set_paths();
    foreign_init(&model, (enum foreign_kind)target->choice);
    foreign_folder_write(&model, &how, source);
    cut_file(in_source(target->file), source, 0, NULL);
    fuzz_seed(target, 0, &seed);
    flip_bits(files[_i].target, seed.data,
              seed.size < files[_i].within ? seed.size : files[_i].within,
              seed.size);
    pith_buffer_free(&seed);
    remove_files();
    foreign_free(&model);
}
END_TEST

/* Merges can be missing from the end unnoticed; what is left is read. */
START_TEST(cut_merges)
{
    const struct fuzz_target *target = fuzz_find("merges");
    struct pith_buffer seed = {0};
    fuzz_seed(target, 0, &seed);
    for (size_t at = 0; at <= seed.size; at++)
        target->run(target, (struct pith_text){seed.data, at});
    pith_buffer_free(&seed);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("convert_damage");
    TCase *tcase = tcase_create("damage");
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, damaged_gguf, 0, FOREIGN_KINDS);
    tcase_add_test(tcase, damaged_llama2c);
    tcase_add_loop_test(tcase, damaged_folder, 0, 5);
    tcase_add_test(tcase, cut_merges);
    suite_add_tcase(suite, tcase);
    return suite;
}
