/*
 * models.c - files of ours: models in memory, adapters, states of training.
 *
 * Checksums are made to fit, so that what they protect is read.
 */
#include <stdlib.h>
#include <string.h>

#include "../../src/align/state.h"
#include "../../src/base/crc32.h"
#include "../../src/base/store.h"
#include "../../src/model/adapter_layout.h"
#include "../../src/model/format.h"
#include "../../src/model/layout.h"
#include "../tiny_model.h"
#include "fuzz.h"

/* A copy of the input that may be written to. */
static uint8_t *copy_of(struct pith_text input)
{
    uint8_t *copy = malloc(input.size + 1);
    fuzz_check(copy != NULL);
    memcpy(copy, input.size > 0 ? input.bytes : "", input.size);
    return copy;
}

/* --- .pith in memory -------------------------------------------------------------- */

void fuzz_use_model(const struct pith_model *model)
{
    const struct pith_session_options options = {
        .sizeof_options = sizeof options, .n_threads = 1, .n_ctx = 8};
    const struct pith_text text = {"A test, 12.", 11};
    struct pith_session *session = NULL;
    struct pith_model_info info;
    int32_t *ids = NULL;
    size_t n = 0;
    float losses[64];

    pith_model_describe(model, &info);
    pith_model_verify(model, NULL);
    if (pith_tokenize(model, text, 0, &ids, &n, NULL) == PITH_OK && n <= 64 &&
        pith_session_create(model, &options, &session, NULL) == PITH_OK)
        pith_score(session, ids, n, losses, NULL);
    pith_session_free(session);
    pith_free(ids);
}

static void run_pith(const struct fuzz_target *target, struct pith_text input)
{
    struct pith_model *model;
    uint8_t *copy = copy_of(input);
    (void)target;
    if (input.size >= PITH_HEADER_SIZE) {
        uint64_t weights = pith_load_u64(copy + PITH_OFFSET_WEIGHTS);
        if (weights >= PITH_HEADER_SIZE && weights <= input.size)
            pith_store_u32(copy + PITH_OFFSET_METADATA_CRC,
                           pith_format_metadata_crc(copy, (size_t)weights));
    }
    if (pith_model_load_memory(copy, input.size, "fuzz", NULL, &model, NULL) ==
        PITH_OK)
        fuzz_use_model(model);
    pith_model_free(model);
    free(copy);
}

static bool seed_pith(const struct fuzz_target *target, size_t index,
                      struct pith_buffer *out)
{
    (void)target;
    if (index >= TINY_ALL_KINDS)
        return false;
    const char *path = fuzz_path("tiny.pith");
    tiny_model_write(path, (enum tiny_kind)index, PITH_Q4);
    fuzz_read(path, out);
    return true;
}

/* --- adapters of the tiny model, states of a training of it ----------------------- */

static struct pith_trainer *open_trainer(void)
{
    const struct pith_trainer_options options = {
        .mode = PITH_TRAIN_LORA, .lora_rank = 2, .lora_alpha = 4,
        .lora_layers = PITH_ATTN_Q, .lora_seed = 3, .n_threads = 1,
        .max_tokens = 8};
    struct pith_trainer *trainer;
    fuzz_check(pith_trainer_create(&trainer, fuzz_model(), &options, NULL) ==
               PITH_OK);
    return trainer;
}

static void run_adapter(const struct fuzz_target *target,
                        struct pith_text input)
{
    struct pith_load_options options = {.sizeof_options = sizeof options};
    struct pith_model *model;
    static bool written;
    uint8_t *copy = copy_of(input);
    (void)target;
    if (input.size >= PITH_LORA_HEADER_SIZE) {
        pith_store_u32(copy + PITH_LORA_AT_CRC, 0);
        pith_store_u32(copy + PITH_LORA_AT_CRC,
                       pith_crc32(0, copy, input.size));
    }
    if (!written)
        tiny_model_write(fuzz_path("tiny.pith"), TINY_GPT2, PITH_F32);
    written = true;
    options.adapter =
        fuzz_write("adapter", (struct pith_text){(char *)copy, input.size});
    if (pith_model_load(fuzz_path("tiny.pith"), &options, &model, NULL) ==
        PITH_OK)
        fuzz_use_model(model);
    pith_model_free(model);
    free(copy);
}

static bool seed_adapter(const struct fuzz_target *target, size_t index,
                         struct pith_buffer *out)
{
    const char *path = fuzz_path("adapter");
    (void)target;
    if (index > 0)
        return false;
    struct pith_trainer *trainer = open_trainer();
    fuzz_check(pith_trainer_write_adapter(trainer, path, NULL) == PITH_OK);
    pith_trainer_free(trainer);
    fuzz_read(path, out);
    return true;
}

static const struct pith_text settings = {"{\"lr\":1}", 8};

static void run_state(const struct fuzz_target *target, struct pith_text input)
{
    static struct pith_trainer *trainer;
    struct pith_run_progress progress;
    uint8_t *copy = copy_of(input);
    bool exists;
    (void)target;
    if (trainer == NULL)
        trainer = open_trainer();
    if (input.size > 16)
        pith_store_u32(copy + 12, pith_crc32(0, copy + 16, input.size - 16));
    const char *path =
        fuzz_write("state", (struct pith_text){(char *)copy, input.size});
    free(copy);
    if (pith_state_check(path, &exists, NULL) == PITH_OK && exists &&
        pith_state_read(path, settings, &progress, trainer, NULL) == PITH_OK) {
        /* What was read is written and read again. */
        fuzz_check(pith_state_write(path, settings, &progress, trainer, NULL) ==
                   PITH_OK);
        fuzz_check(pith_state_read(path, settings, &progress, trainer, NULL) ==
                   PITH_OK);
    }
}

static bool seed_state(const struct fuzz_target *target, size_t index,
                       struct pith_buffer *out)
{
    const struct pith_run_progress progress = {
        .step = 3, .place = {1, 2, 77}, .first_loss = 3.5, .best_loss = 2.5,
        .best_step = 2, .loss = 2.75, .log_bytes = 400};
    const char *path = fuzz_path("state");
    (void)target;
    if (index > 0)
        return false;
    struct pith_trainer *trainer = open_trainer();
    fuzz_check(pith_state_write(path, settings, &progress, trainer, NULL) ==
               PITH_OK);
    pith_trainer_free(trainer);
    fuzz_read(path, out);
    return true;
}

const struct fuzz_target fuzz_models[] = {
    {.name = "pith", .run = run_pith, .most = 120000, .seed = seed_pith},
    {.name = "adapter", .run = run_adapter, .most = 8000,
     .seed = seed_adapter},
    {.name = "state", .run = run_state, .most = 16000, .seed = seed_state},
    {0}};
