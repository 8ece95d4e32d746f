/*
 * sources.c - what `pith convert` reads: GGUF, llama2.c's pairs, every file of
 * a Hugging Face folder.  What converts must load.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../foreign.h"
#include "fuzz.h"

static void convert(const char *source, const char *tokenizer)
{
    struct pith_convert_options options = {.sizeof_options = sizeof options,
                                           .tokenizer = tokenizer};
    struct pith_source_info *info;
    struct pith_model *model;
    struct pith_error error;
    const char *destination = fuzz_path("converted.pith");
    if (pith_source_describe(source, tokenizer, &info, NULL) == PITH_OK)
        pith_source_info_free(info);
    if (pith_convert(source, destination, &options, &error) == PITH_OK) {
        if (pith_model_load(destination, NULL, &model, &error) != PITH_OK)
            fuzz_failed(__FILE__, __LINE__, error.detail);
        pith_model_free(model);
        remove(destination);
    }
}

static void run_gguf(const struct fuzz_target *target, struct pith_text input)
{
    (void)target;
    convert(fuzz_write("source", input), NULL);
}

static bool seed_gguf(const struct fuzz_target *target, size_t index,
                      struct pith_buffer *out)
{
    struct foreign model;
    const char *path = fuzz_path("source");
    (void)target;
    if (index >= FOREIGN_KINDS)
        return false;
    foreign_init(&model, (enum foreign_kind)index);
    foreign_gguf_write(&model, FOREIGN_Q4_0, 3, path);
    foreign_free(&model);
    fuzz_read(path, out);
    return true;
}

/* Tokenizer and checkpoint. */
static void run_llama2c(const struct fuzz_target *target,
                        struct pith_text input)
{
    const char *tokenizer = fuzz_write("tokenizer.bin", fuzz_part(&input));
    (void)target;
    convert(fuzz_write("source", input), tokenizer);
}

static bool seed_llama2c(const struct fuzz_target *target, size_t index,
                         struct pith_buffer *out)
{
    struct foreign model;
    const char *path = fuzz_path("source"), *tokenizer = fuzz_path("bin");
    (void)target;
    if (index > 0)
        return false;
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_llama2c_write(&model, path, tokenizer);
    foreign_free(&model);
    fuzz_read(tokenizer, out);
    pith_buffer_string(out, "\n%%\n");
    fuzz_read(path, out);
    return true;
}

/* --- one file of a folder, target->choice being its model ----------------------- */

static const char *in_folder(const struct fuzz_target *target)
{
    static char path[4600];
    snprintf(path, sizeof path, "%s/%s", fuzz_path("folder"), target->file);
    return path;
}

static void make_folder(const struct fuzz_target *target)
{
    struct foreign_folder how = {.type = "F16"};
    struct foreign model;
    how.vocab_and_merges = strcmp(target->file, "vocab.json") == 0 ||
                           strcmp(target->file, "merges.txt") == 0;
    how.sharded = strcmp(target->file, "model.safetensors.index.json") == 0;
    foreign_init(&model, (enum foreign_kind)target->choice);
    foreign_folder_write(&model, &how, fuzz_path("folder"));
    foreign_free(&model);
}

static void remove_folder(void)
{
    foreign_folder_remove(fuzz_path("folder"));
}

static void run_file(const struct fuzz_target *target, struct pith_text input)
{
    static const struct fuzz_target *made;
    if (made != target) {
        if (made != NULL)
            remove_folder();
        else
            atexit(remove_folder);
        make_folder(target);
        made = target;
    }
    write_whole_file(in_folder(target), input.bytes, input.size);
    convert(fuzz_path("folder"), NULL);
}

static bool seed_file(const struct fuzz_target *target, size_t index,
                      struct pith_buffer *out)
{
    if (index > 0)
        return false;
    remove_folder();
    make_folder(target);
    fuzz_read(in_folder(target), out);
    return true;
}

#define FILE_TARGET(name_, kind_, file_, most_)                                \
    {.name = name_, .run = run_file, .most = most_, .seed = seed_file,         \
     .choice = kind_, .file = file_}

const struct fuzz_target fuzz_sources[] = {
    {.name = "gguf", .run = run_gguf, .most = 100000, .seed = seed_gguf},
    {.name = "llama2c", .run = run_llama2c, .most = 400000,
     .seed = seed_llama2c},
    FILE_TARGET("safetensors", FOREIGN_GPT2, "model.safetensors", 260000),
    FILE_TARGET("safetensors_llama", FOREIGN_LLAMA, "model.safetensors", 260000),
    FILE_TARGET("config_json", FOREIGN_LLAMA_TIED, "config.json", 2000),
    FILE_TARGET("tokenizer_json", FOREIGN_LLAMA_BYTES, "tokenizer.json", 20000),
    FILE_TARGET("sentencepiece", FOREIGN_LLAMA, "tokenizer.model", 10000),
    FILE_TARGET("merges", FOREIGN_GPT2, "merges.txt", 2000),
    FILE_TARGET("shards", FOREIGN_GPT2, "model.safetensors.index.json", 8000),
    {0}};
