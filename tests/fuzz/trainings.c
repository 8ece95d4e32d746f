/*
 * trainings.c - what alignment reads: records with each template, and the
 * answers of a target model to them.
 */
#include <string.h>

#include "../../src/base/utf8.h"
#include "fuzz.h"
#include "pith_align.h"

static void complain(void *user, const char *detail)
{
    (void)user;
    fuzz_check(pith_utf8_is_valid(detail, strlen(detail)));
}

/* Templates see the same records. */
static void run_records(const struct fuzz_target *target,
                        struct pith_text input)
{
    static const char *const templates[] = {"alpaca", "plain", "chatml"};
    struct pith_dataset_options options = {
        .sizeof_options = sizeof options, .max_tokens = 64, .skip_bad = true,
        .complain = complain, .note = complain};
    struct pith_dataset_info infos[3];
    struct pith_dataset *dataset;
    struct pith_error error;
    (void)target;
    for (size_t i = 0; i < 3; i++) {
        options.template_name = templates[i];
        /* The tiny model lacks ChatML's tokens. */
        if (pith_dataset_create(fuzz_model(), &options, &dataset, &error) !=
            PITH_OK) {
            infos[i] = infos[0];
            continue;
        }
        if (pith_dataset_add(dataset, input, "fuzz", &error) != PITH_OK)
            fuzz_check(error.status == PITH_ERR_FORMAT);
        pith_dataset_describe(dataset, &infos[i]);
        pith_dataset_free(dataset);
        fuzz_check(infos[i].n_targets <= infos[i].n_tokens);
        fuzz_check(infos[i].n_bad == infos[0].n_bad);
    }
}

static const char *const record_seeds[] = {
    "{\"instruction\": \"Add.\", \"input\": \"2, 3\", \"output\": \"5\", \"x\": 1}\n"
    "{\"instruction\": \"Say\", \"context\": \"\", \"response\": \"hi\"}\n\n"
    "{\"question\": \"1?\", \"answer\": \"one\", \"system\": \"S\"}\n"
    "{\"prompt\": \"a \", \"completion\": \"b\"}\n",
    "[{\"messages\": [{\"role\": \"system\", \"content\": \"S\"}, {\"role\": \"user\", "
    "\"content\": \"a\"}, {\"role\": \"assistant\", \"content\": \"b\", \"weight\": 0}, "
    "{\"role\": \"user\", \"content\": \"c\"}, {\"role\": \"assistant\", \"content\": "
    "\"d\"}]},\n{\"conversations\": [{\"from\": \"human\", \"value\": \"x\"}, {\"from\": "
    "\"gpt\", \"value\": \"<|endoftext|>\"}]}]",
    "[[{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\": "
    "\"b\"}]]", NULL};

/* Records and answers: what is joined is records again. */
static void run_collect(const struct fuzz_target *target,
                        struct pith_text input)
{
    struct pith_text records = fuzz_part(&input);
    const struct pith_align_requests_options options = {
        .sizeof_options = sizeof options, .model = "m", .skip_bad = true,
        .complain = complain, .note = complain};
    struct pith_align_requests_info asked;
    struct pith_align_collect_info info, again;
    struct pith_text none = {NULL, 0};
    char *text;
    size_t size;
    (void)target;
    if (pith_align_requests(records, "records", input, &options, &text, &size,
                            &asked, NULL) == PITH_OK) {
        fuzz_check(pith_utf8_is_valid(text, size));
        pith_free(text);
    }
    if (pith_align_collect(records, "records", input, "answers", &options, &text,
                           &size, &info, NULL) != PITH_OK)
        return;
    struct pith_text joined = {text, size};
    char *ignored;
    size_t n;
    fuzz_check(pith_align_collect(joined, "joined", none, "none", &options,
                                  &ignored, &n, &again, NULL) == PITH_OK);
    fuzz_check(again.n_missing == info.n_records);
    pith_free(ignored);
    pith_free(text);
}

static const char *const collect_seeds[] = {
    "{\"instruction\": \"Add.\", \"input\": \"2, 3\", \"output\": \"5\"}\n{\"question\": "
    "\"1?\"}\n%%\n{\"custom_id\": \"record-1-00000000\", \"response\": {\"status_code\": "
    "200, \"body\": {\"choices\": [{\"message\": {\"content\": \"<think>x</think>6\"}, "
    "\"finish_reason\": \"length\"}]}}}\n{\"custom_id\": \"record-2-0\", \"error\": {}}",
    NULL};

const struct fuzz_target fuzz_trainings[] = {
    {.name = "records", .run = run_records, .most = 1500,
     .texts = record_seeds},
    {.name = "collect", .run = run_collect, .most = 1500,
     .texts = collect_seeds},
    {0}};
