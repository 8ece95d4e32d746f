/*
 * test_alloc_data.c - out of memory (alloc_sweep.h) in evaluation, training,
 * adapters and further formats.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/buffer.h"
#include "../src/base/crc32.h"
#include "alloc_sweep.h"
#include "foreign.h"
#include "pith_align.h"
#include "pith_eval.h"

static struct pith_text text_of(const char *string)
{
    return (struct pith_text){string, strlen(string)};
}

static char beginning[256]; /* of every path; Check's forks share the files */

/* The path of a file of this program, which stays for some calls. */
static const char *path_of(const char *name)
{
    static char paths[8][300];
    static size_t n;
    char *path = paths[n++ % 8];
    snprintf(path, sizeof paths[0], "%s.%s", beginning, name);
    return path;
}

/* --- data sets ------------------------------------------------------------ */

static const char thoughts[] =
    "Question: How many are 12 and 30?\nLet's think step by step\n"
    "Then Ann says 42.\n\n"
    "Question: How many days has May?\nLet's think step by step\n"
    "Old Bob says 31.\n";

static const struct {
    const char *name, *text;
} files[] = {
    {"questions",
     "{\"question\": \"How many?\", \"answers\": [\"3\", \"three\"], "
     "\"passages\": [\"There are 3 days, not 4.\", {\"title\": \"Days\", "
     "\"text\": \"No day has 25 hours.\"}]}\n"},
    {"alone",
     "{\"question\": \"a?\", \"answers\": \"b\", \"ctxs\": [{\"text\": \"c\"}]}\n"
     "{\"question\": \"d?\", \"answers\": \"e\", \"ctxs\": [{\"text\": \"f\"}]}\n"},
    {"passages",
     "{\"0\": {\"origin_prompt\": \"Do.\\n\\nThe following are given passages."
     "\\nPassage 1:\\nA\\n\\na\\nPassage 2:\\nB\\n\\nDo.\\n\\nQuestion: why?\\n"
     "Answer:\", \"gold\": [\"so\"]}}"},
    {"maths", "{\"question\": \"2 + 3?\", \"answer\": \"It is 5.\\n#### 5\"}\n"
              "{\"question\": \"7 - 3?\", \"answer\": \"It is 4.\\n#### 4\"}\n"},
    {"shots", thoughts},
    {"choices", "{\"examples\": [{\"input\": \"is it?\", \"target\": \"No\"}]}"},
    {"chain", "A canary.\n-----\nSay yes or no.\n\nQ: one\nA: yes.\n\nQ: two\n"
              "A: no."},
    {"chats",
     "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": "
     "\"assistant\", \"content\": \"b\"}, {\"role\": \"user\", \"content\": "
     "\"c\"}]}\n{\"question_id\": 7, \"turns\": [\"f\", \"g\"]}\n"},
    {"replies", "{\"question_id\": 7, \"choices\": [{\"turns\": [\"j\", \"k\"]}]}\n"},
    {"documents", "{\"document\": \"a\\n\\nb\", \"summary\": \"s\"}\n"},
    {"golds", "{\"0\": {\"origin_prompt\": \"d\", \"gold\": [\"t\"]}}"},
};

enum { N_FILES = sizeof files / sizeof *files };

/* Two texts that fill the window; one stored by gzip. */
static void write_texts(void)
{
    char texts[4000] = "";
    for (int i = 0; i < 2; i++) {
        strcat(texts, "{\"text\": \"");
        for (int j = 0; j < 30; j++)
            strcat(texts, i == 0 ? "The river never was that cold before. "
                                 : "Nobody has seen 12 stones in the sea. ");
        strcat(texts, "\"}\n");
    }
    write_whole_file(path_of("texts"), texts, strlen(texts));

    static const char plain[] = "{\"text\": \"a\"}\n";
    enum { HEAD = 15, SIZE = sizeof plain - 1 };
    uint8_t packed[HEAD + SIZE + 8] = {0x1F, 0x8B, 8};
    packed[10] = 1; /* the last block, stored */
    packed[11] = SIZE;
    packed[13] = (uint8_t)~SIZE;
    packed[14] = 0xFF;
    memcpy(packed + HEAD, plain, SIZE);
    uint32_t crc = pith_crc32(0, plain, SIZE);
    for (int i = 0; i < 4; i++)
        packed[HEAD + SIZE + i] = (uint8_t)(crc >> 8 * i);
    packed[HEAD + SIZE + 4] = SIZE;
    write_whole_file(path_of("packed"), packed, sizeof packed);
}

static const struct {
    enum pith_task task;
    const char *file, *prompts;
} sets[] = {
    {PITH_TASK_QA, "questions", NULL},  {PITH_TASK_QA, "alone", NULL},
    {PITH_TASK_QA, "passages", NULL},   {PITH_TASK_GSM8K, "maths", "shots"},
    {PITH_TASK_BBH, "choices", "chain"}, {PITH_TASK_CHAT, "chats", "replies"},
    {PITH_TASK_DOCUMENTS, "documents", NULL},
    {PITH_TASK_DOCUMENTS, "golds", NULL},
    {PITH_TASK_CONTINUE, "packed", NULL},
};

/* All in one set. */
static enum pith_status load_cases(void)
{
    struct pith_cases *cases = NULL;
    enum pith_status status = PITH_OK;
    for (size_t i = 0; i < sizeof sets / sizeof *sets && status == PITH_OK; i++) {
        size_t n = pith_cases_count(cases);
        status = pith_cases_load(
            &cases, sets[i].task, path_of(sets[i].file),
            sets[i].prompts != NULL ? path_of(sets[i].prompts) : NULL, &error);
        expect(pith_cases_count(cases) > n || status != PITH_OK);
        expect(pith_cases_count(cases) == n || status == PITH_OK);
    }
    pith_cases_free(cases);
    return status;
}

/* --- measures ------------------------------------------------------------- */

static enum pith_status measure(enum pith_task task, const char *path,
                                const char *method)
{
    struct pith_measure_options options = {
        .sizeof_options = sizeof options, .method = method, .ratio = 2,
        .reconstruction = true};
    struct pith_cases *cases = NULL;
    char *json = NULL;
    enum pith_status status =
        pith_cases_load(&cases, task, path, NULL, &error);
    expect((cases == NULL) == (status != PITH_OK));
    if (status == PITH_OK)
        status = pith_measure_group(session, cases, 0, &options, &json,
                                    &error);
    expect((json == NULL) == (status != PITH_OK));
    if (status == PITH_OK)
        note_made(json, strlen(json));
    pith_free(json);
    pith_cases_free(cases);
    return status;
}

static enum pith_status measure_answer(void)
{
    return measure(PITH_TASK_QA, path_of("questions"),
                   "paper+question+protect=numbers");
}

static enum pith_status measure_continuation(void)
{
    return measure(PITH_TASK_CONTINUE, path_of("texts"), "truncation");
}

static enum pith_status compare_texts(void)
{
    struct pith_bleu bleu = {{0}, {0}, 0, 0};
    struct pith_recall steps;
    struct pith_facts facts;
    char *json;
    enum pith_status status = pith_metrics_json(
        text_of("{\"hypothesis\": \"a b c d e\", \"reference\": \"a b c\"}"),
        "f", &bleu, &json, &error);
    expect((json == NULL) == (status != PITH_OK));
    expect(status != PITH_OK || bleu.n_hypothesis == 5);
    if (status == PITH_OK)
        status = pith_steps_count(&steps, text_of("Ann says 42."),
                                  text_of(thoughts), &error);
    if (status == PITH_OK)
        status = pith_facts_count(&facts, text_of("Ann is not 42."),
                                  text_of(thoughts), &error);
    pith_free(json);
    return status;
}

/* --- simpler methods, requests, scores ------------------------------------ */

static enum pith_status compress_simply(void)
{
    static const enum pith_baseline baselines[] = {
        PITH_BASELINE_RANDOM, PITH_BASELINE_SENTENCES,
        PITH_BASELINE_SELECTIVE_SENTENCES, PITH_BASELINE_STOP_WORDS};
    struct pith_text context = {"Ann has 3 apples. Bob had none.", 31};
    struct pith_prompt prompt = {{"", 0}, &context, 1, {"", 0}};
    enum pith_status status = PITH_OK;
    for (size_t i = 0; i < 4 && status == PITH_OK; i++) {
        struct pith_baseline_result result;
        status = pith_baseline_compress(session, &prompt, baselines[i], 9, 7,
                                        &result, &error);
        expect((result.text.bytes == NULL) == (status != PITH_OK));
        if (status == PITH_OK)
            note_made(result.text.bytes, result.text.size);
        pith_free((void *)result.text.bytes);
    }
    return status;
}

static enum pith_status score(const char *keys, const char *answers)
{
    struct pith_score_options options = {.sizeof_options = sizeof options};
    struct pith_scores scores;
    enum pith_status status =
        pith_scores_create(&scores, text_of(keys), "keys", text_of(answers),
                           "answers", &options, &error);
    expect((scores.n_rows == 1) == (status == PITH_OK));
    if (status == PITH_OK)
        note_made(scores.pairs, scores.n_pairs_bytes);
    pith_scores_free(&scores);
    return status;
}

static enum pith_status ask_and_score(const char *batch, const char *keys)
{
    struct pith_requests *requests;
    struct pith_buffer answers = {0};
    char *lines = NULL;
    enum pith_status status =
        pith_requests_load(&requests, text_of(batch), "batch", &error);
    expect((requests == NULL) == (status != PITH_OK));
    for (size_t i = 0; status == PITH_OK && i < pith_requests_count(requests);
         i++) {
        struct pith_reply reply;
        status = pith_requests_take_reply(
            requests, i, 200,
            text_of("{\"choices\": [{\"message\": {\"content\": \"Ann says "
                    "42.\"}, \"finish_reason\": \"stop\"}]}"),
            &reply, &error);
        expect((reply.line == NULL) == (status != PITH_OK));
        if (status == PITH_OK)
            pith_buffer_printf(&answers, "%s\n", reply.line);
        pith_free(reply.line);
    }
    pith_requests_free(requests);
    if (status == PITH_OK)
        status = pith_buffer_take(&answers, &lines, NULL, &error);
    if (status == PITH_OK)
        status = score(keys, lines);
    pith_buffer_free(&answers);
    pith_free(lines);
    return status;
}

static enum pith_status ask_target(enum pith_asking ask, const char *method)
{
    struct pith_prepare_options options = {
        .sizeof_options = sizeof options, .ask = ask, .target_model = "m",
        .method = method, .ratio = 2, .system = "S"};
    struct pith_cases *cases = NULL;
    char *batch = NULL, *keys = NULL;
    enum pith_status status = pith_cases_load(
        &cases, PITH_TASK_GSM8K, path_of("maths"), path_of("shots"), &error);
    if (status == PITH_OK)
        status = pith_prepare_group(session, cases, 0, &options, &batch, &keys,
                                    &error);
    expect((batch == NULL) == (status != PITH_OK));
    expect((keys == NULL) == (status != PITH_OK));
    if (status == PITH_OK)
        status = ask_and_score(batch, keys);
    pith_free(batch);
    pith_free(keys);
    pith_cases_free(cases);
    return status;
}

static enum pith_status ask_questions(void)
{
    return ask_target(PITH_ASK_ANSWERS, "spans");
}

static enum pith_status ask_to_restore(void)
{
    return ask_target(PITH_ASK_RESTORE, "reference");
}

/* --- training ------------------------------------------------------------- */

static const char records[] =
    "{\"prompt\": \"1:\", \"completion\": \" the cat\"}\n"
    "{\"question\": \"2:\", \"answer\": \" of you\", \"id\": 1}\n"
    "{\"messages\": [{\"role\": \"system\", \"content\": \"s\"}, {\"role\": "
    "\"user\", \"content\": \"3:\"}, {\"role\": \"assistant\", \"content\": "
    "\" is what\"}]}\n";

static void remove_run(void)
{
    remove(path_of("tuned"));
    remove(path_of("tuned.state"));
    remove(path_of("tuned.jsonl"));
}

/* A step, and another after the state was read again. */
static enum pith_status train(size_t lora_rank)
{
    struct pith_dataset_options how = {.sizeof_options = sizeof how,
                                       .template_name = "chatml"};
    struct pith_align_options options;
    struct pith_align_result result;
    struct pith_dataset *data;
    pith_align_options_default(&options);
    options.lora_rank = lora_rank;
    options.steps = 2;
    options.batch_records = 2;
    options.batch_tokens = 64;
    options.validation_share = 0.4;
    options.validate_every = options.save_every = 1;
    options.output = path_of("tuned");
    options.precision = "f32";
    options.n_threads = 1;
    enum pith_status status =
        pith_dataset_create(model, &how, &data, &error);
    expect((data == NULL) == (status != PITH_OK));
    if (status == PITH_OK)
        status = pith_dataset_add(data, text_of(records), "f", &error);
    if (status == PITH_OK)
        status = pith_align(model, data, NULL, &options, &result, &error);
    options.resume = true;
    if (status == PITH_OK)
        status = pith_align(model, data, NULL, &options, &result, &error);
    pith_dataset_free(data);
    return status;
}

static enum pith_status train_all(void)
{
    enum pith_status status = train(0);
    remove_run();
    return status;
}

/* An adapter, with which the model is loaded, and which is merged. */
static enum pith_status train_adapter(void)
{
    const char *merged = path_of("merged");
    struct pith_load_options options = {.sizeof_options = sizeof options,
                                        .adapter = path_of("tuned")};
    struct pith_model *adapted = NULL;
    enum pith_status status = train(2);
    if (status == PITH_OK)
        status = pith_model_load(model_path, &options, &adapted, &error);
    expect((adapted == NULL) == (status != PITH_OK));
    pith_model_free(adapted);
    if (status == PITH_OK)
        status = pith_merge(model_path, options.adapter, merged, NULL, &error);
    int removed = remove(merged);
    expect((removed == 0) == (status == PITH_OK));
    remove_run();
    return status;
}

static enum pith_status collect(const char *answers)
{
    struct pith_align_requests_options options = {
        .sizeof_options = sizeof options, .model = "m"};
    struct pith_align_requests_info info;
    struct pith_align_collect_info collected;
    char *batch, *joined = NULL;
    size_t n;
    enum pith_status status =
        pith_align_requests(text_of(records), "records", text_of(answers),
                            &options, &batch, &n, &info, &error);
    expect((batch == NULL) == (status != PITH_OK));
    if (status == PITH_OK)
        note_made(batch, n);
    if (status == PITH_OK)
        status = pith_align_collect(text_of(records), "records",
                                    text_of(answers), "answers", &options,
                                    &joined, &n, &collected, &error);
    expect((joined == NULL) == (status != PITH_OK));
    if (status == PITH_OK)
        note_made(joined, n);
    pith_free(batch);
    pith_free(joined);
    return status;
}

static enum pith_status collect_answers(void)
{
    return collect("{\"custom_id\": \"record-9-00000000\", \"response\": "
                   "{\"status_code\": 200, \"body\": {\"choices\": [{"
                   "\"message\": {\"content\": \"a\"}}]}}}\n");
}

/* --- formats -------------------------------------------------------------- */

static enum pith_status convert(const char *from, const char *tokenizer)
{
    struct pith_convert_options options = {.sizeof_options = sizeof options,
                                           .tokenizer = tokenizer};
    const char *to = path_of("converted");
    enum pith_status status = pith_convert(from, to, &options, &error);
    int removed = remove(to);
    expect((removed == 0) == (status == PITH_OK));
    return status;
}

static enum pith_status convert_llama2c(void)
{
    return convert(path_of("pairs"), path_of("pieces"));
}

static enum pith_status convert_gguf(void)
{
    return convert(path_of("gguf"), NULL);
}

static enum pith_status convert_bytes(void)
{
    return convert(path_of("bytes"), NULL);
}

static enum pith_status count_with(void)
{
    struct pith_counter *counter;
    size_t n = 0;
    enum pith_status status =
        pith_counter_load(path_of("vocabulary"), &counter, &error);
    expect((counter == NULL) == (status != PITH_OK));
    if (status == PITH_OK)
        status = pith_counter_count(counter, text_of("ab ab"), &n, &error);
    expect(status != PITH_OK || n > 0);
    pith_counter_free(counter);
    return status;
}

static void write_models(void)
{
    static const struct foreign_folder how = {.type = "F16", .sharded = true};
    struct foreign foreign;
    foreign_init(&foreign, FOREIGN_LLAMA);
    foreign_llama2c_write(&foreign, path_of("pairs"), path_of("pieces"));
    foreign_gguf_write(&foreign, FOREIGN_Q8_0, 3, path_of("gguf"));
    foreign_free(&foreign);
    foreign_init(&foreign, FOREIGN_LLAMA_BYTES);
    foreign_folder_write(&foreign, &how, path_of("bytes"));
    foreign_free(&foreign);
}

/* The 256 bytes, and a pair of them. */
static void write_vocabulary(void)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstu"
                                 "vwxyz0123456789+/";
    char lines[256 * 12 + 20] = "", *end = lines;
    for (int i = 0; i < 256; i++)
        end += sprintf(end, "%c%c== %d\n", digits[i >> 2], digits[(i & 3) << 4], i);
    sprintf(end, "YWI= 256\n");
    write_whole_file(path_of("vocabulary"), lines, strlen(lines));
}

/* --- all ------------------------------------------------------------------ */

static const struct {
    const char *name;
    enum pith_status (*run)(void);
} attempts[] = {
    {"cases", load_cases},
    {"measure, an answer", measure_answer},
    {"measure, a continuation", measure_continuation},
    {"compare", compare_texts},
    {"simpler methods", compress_simply},
    {"ask, answers", ask_questions},
    {"ask, restore", ask_to_restore},
    {"train", train_all},
    {"train, an adapter", train_adapter},
    {"collect", collect_answers},
    {"convert, llama2.c", convert_llama2c},
    {"convert, GGUF", convert_gguf},
    {"convert, a folder of bytes", convert_bytes},
    {"count", count_with},
};

const char *attempt_name(int which)
{
    return attempts[which].name;
}

enum pith_status attempt_run(int which)
{
    return attempts[which].run();
}

static void open_all(void)
{
    snprintf(beginning, sizeof beginning, "%s", temporary_path("alloc"));
    for (int i = 0; i < N_FILES; i++)
        write_whole_file(path_of(files[i].name), files[i].text,
                         strlen(files[i].text));
    write_texts();
    write_models();
    write_vocabulary();
    sweep_open();
}

static void close_all(void)
{
    static const char *const others[] = {"texts", "packed", "pairs", "pieces",
                                         "gguf", "vocabulary"};
    sweep_close();
    for (int i = 0; i < N_FILES; i++)
        remove(path_of(files[i].name));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        remove(path_of(others[i]));
    foreign_folder_remove(path_of("bytes"));
}

Suite *make_suite(void)
{
    Suite *suite = suite_create("alloc, data");
    TCase *tcase = tcase_create("alloc, data");
    tcase_add_unchecked_fixture(tcase, open_all, close_all);
    sweep_add_tests(tcase, sizeof attempts / sizeof *attempts);
    suite_add_tcase(suite, tcase);
    return suite;
}
