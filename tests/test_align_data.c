/*
 * test_align_data.c - src/align: templates, data sets, samplers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/align/dataset.h"
#include "../src/base/random.h"
#include "../src/align/sampler.h"
#include "../src/base/memory.h"
#include "../src/model/session.h"
#include "foreign.h"
#include "support.h"
#include "tiny_model.h"

static struct pith_error error;

/* --- templates --------------------------------------------------------------- */

static struct pith_rendering rendering;

/* The rendered text with [ ] around answers, < > around special tokens and
 * $ for the end token. */
static char *render(const char *template_name, const char *json)
{
    struct pith_record_reader reader;
    struct pith_record record;
    struct pith_buffer out = {0};
    enum pith_template template_id;
    size_t start = 0;
    bool more;
    char *bytes;
    assert_ok(pith_template_find(template_name, &template_id, &error), error);
    pith_record_reader_open(&reader, view(json), "f");
    assert_ok(pith_record_read(&reader, &record, &more, &error), error);
    assert_ok(pith_template_render(template_id, &record, &rendering, &error),
              error);
    for (size_t s = 0; s < rendering.n_spans; s++) {
        struct pith_template_span span = rendering.spans[s];
        pith_buffer_string(&out, span.flags & PITH_SPAN_ANSWER ? "[" : "");
        pith_buffer_string(&out, span.flags & PITH_SPAN_SPECIAL ? "<" : "");
        pith_buffer_append(&out, rendering.text.data + start,
                           span.end - start);
        pith_buffer_string(&out, span.flags & PITH_SPAN_SPECIAL ? ">" : "");
        pith_buffer_string(&out, span.flags & PITH_SPAN_END ? "$" : "");
        pith_buffer_string(&out, span.flags & PITH_SPAN_ANSWER ? "]" : "");
        start = span.end;
    }
    pith_record_reader_close(&reader);
    assert_ok(pith_buffer_take(&out, &bytes, NULL, &error), error);
    return bytes;
}

static void expect_render(const char *template_name, const char *json,
                          const char *want)
{
    char *got = render(template_name, json);
    ck_assert_str_eq(got, want);
    free(got);
    pith_rendering_free(&rendering);
}

#define WITH_INPUT "{\"instruction\": \"I\", \"input\": \"x\", \"output\": \"O\"}"
#define WITHOUT_INPUT "{\"instruction\": \"I\", \"output\": \"O\"}"
#define COMPLETION "{\"prompt\": \"P \", \"completion\": \"C\"}"
#define CHAT                                                                   \
    "[{\"role\": \"system\", \"content\": \"S\"},"                             \
    "{\"role\": \"user\", \"content\": \"U\"},"                                \
    "{\"role\": \"assistant\", \"content\": \"A\"},"                           \
    "{\"role\": \"user\", \"content\": \"V\"},"                                \
    "{\"role\": \"assistant\", \"content\": \"B\"}]"

/* The first answer is not to be learned. */
#define GIVEN                                                                  \
    "[{\"role\": \"user\", \"content\": \"U\"},"                                \
    "{\"role\": \"assistant\", \"content\": \"A\", \"weight\": 0},"             \
    "{\"role\": \"user\", \"content\": \"V\"},"                                \
    "{\"role\": \"assistant\", \"content\": \"B\", \"weight\": 1}]"

START_TEST(alpaca_has_two_texts)
{
    expect_render(NULL, WITH_INPUT,
                  "Below is an instruction that describes a task, paired with "
                  "an input that provides further context. Write a response "
                  "that appropriately completes the request.\n\n"
                  "### Instruction:\nI\n\n### Input:\nx\n\n### Response:[O][$]");
    expect_render("alpaca", WITHOUT_INPUT,
                  "Below is an instruction that describes a task. Write a "
                  "response that appropriately completes the request.\n\n"
                  "### Instruction:\nI\n\n### Response:[O][$]");
    expect_render("alpaca", CHAT,
                  "S\n\n### Instruction:\nU\n\n### Response:[A][$]"
                  "\n\n### Instruction:\nV\n\n### Response:[B][$]");
    expect_render("alpaca", "{\"instruction\": \"I\", \"context\": \"x\", "
                  "\"response\": \"O\", \"system\": \"S\"}",
                  "S\n\n### Instruction:\nI\n\n### Input:\nx\n\n### "
                  "Response:[O][$]");
}
END_TEST

START_TEST(plain_puts_texts_one_below_the_other)
{
    expect_render("plain", WITH_INPUT, "I\nx\n[O][$]");
    expect_render("plain", COMPLETION, "P [C][$]");
    expect_render("plain", CHAT, "S\nU\n[A][$]\nV\n[B][$]");
    expect_render("plain", "{\"prompt\": \"P \", \"context\": \"x\", "
                  "\"system\": \"S\", \"completion\": \"C\"}",
                  "S\nP \nx[C][$]");
    expect_render("plain", GIVEN, "U\nA$\nV\n[B][$]");
}
END_TEST

START_TEST(chatml_marks_every_message)
{
    expect_render("chatml", WITH_INPUT,
                  "<<|im_start|>>user\nI\n\nx<<|im_end|>>\n"
                  "<<|im_start|>>assistant\n[O][<<|im_end|>>]\n");
    expect_render("chatml", "[{\"role\": \"user\", \"content\": \"\"}]",
                  "<<|im_start|>>user\n<<|im_end|>>\n");
    expect_render("chatml", GIVEN,
                  "<<|im_start|>>user\nU<<|im_end|>>\n"
                  "<<|im_start|>>assistant\nA<<|im_end|>>\n"
                  "<<|im_start|>>user\nV<<|im_end|>>\n"
                  "<<|im_start|>>assistant\n[B][<<|im_end|>>]\n");
    enum pith_template found;
    ck_assert_int_eq(pith_template_find("llama", &found, &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_str_eq(error.detail, "template \"llama\": expected alpaca, plain "
                                   "or chatml");
}
END_TEST

/* --- data sets ----------------------------------------------------------------- */

static struct pith_model *models[TINY_KINDS];

static void load_models(void)
{
    for (int kind = 0; kind < TINY_KINDS; kind++)
        models[kind] = tiny_model_load((enum tiny_kind)kind, PITH_F32, NULL);
}

static void free_models(void)
{
    for (int kind = 0; kind < TINY_KINDS; kind++)
        pith_model_free(models[kind]);
}

static struct pith_dataset *load(enum tiny_kind kind, const char *template_name,
                                 size_t max_tokens, const char *json)
{
    struct pith_dataset_options options = {.sizeof_options = sizeof options,
                                           .template_name = template_name,
                                           .max_tokens = max_tokens};
    struct pith_dataset *dataset;
    assert_ok(pith_dataset_create(models[kind], &options, &dataset, &error),
              error);
    assert_ok(pith_dataset_add(dataset, view(json), "f", &error), error);
    return dataset;
}

/* The bytes that the targets of a record stand for. */
static char *answer_of(const struct pith_dataset *dataset, size_t record)
{
    int32_t answer[512];
    size_t n = 0, n_bytes;
    char *bytes;
    for (size_t i = dataset->starts[record]; i < dataset->starts[record + 1];
         i++)
        if (dataset->targets.data[i] != PITH_NO_TARGET)
            answer[n++] = dataset->targets.data[i];
    assert_ok(pith_detokenize(dataset->model, answer, n, &bytes, &n_bytes,
                              &error), error);
    return bytes;
}

START_TEST(targets_are_the_answer_and_its_end)
{
    static const char *const ends[TINY_KINDS] = {"<|endoftext|>", "</s>",
                                                 "<|endoftext|>"};
    struct pith_dataset *dataset = load(
        (enum tiny_kind)_i, "plain", 0,
        "{\"prompt\": \"What is the\\n\", \"completion\": \"other one\"}\n"
        "{\"instruction\": \"In\\u00e9s\", \"output\": \"na\\u00efve <|endoftext|> "
        "</s> 123\"}");
    char want[64];
    ck_assert_uint_eq(dataset->info.n_records, 2);
    char *got = answer_of(dataset, 0);
    snprintf(want, sizeof want, "other one%s", ends[_i]);
    ck_assert_str_eq(got, want);
    free(got);
    got = answer_of(dataset, 1);
    snprintf(want, sizeof want, "na\xC3\xAFve <|endoftext|> </s> 123%s",
             ends[_i]);
    ck_assert_str_eq(got, want);
    free(got);
    pith_dataset_free(dataset);
}
END_TEST

START_TEST(a_token_across_the_border_is_the_answers)
{
    struct pith_dataset *dataset =
        load(TINY_GPT2, "plain", 0,
             "{\"prompt\": \"see \", \"completion\": \"the cat\"}");
    char *got = answer_of(dataset, 0);
    ck_assert_str_eq(got, " the cat<|endoftext|>");
    free(got);
    pith_dataset_free(dataset);
}
END_TEST

/* Every id follows from the whole text, and a target is the next id. */
START_TEST(ids_are_those_of_the_whole_text)
{
    const struct pith_model *model = models[_i];
    struct pith_dataset *dataset =
        load((enum tiny_kind)_i, "plain", 0,
             "{\"prompt\": \"the cat and \", \"completion\": \"the dog\"}");
    int32_t *ids;
    size_t n;
    assert_ok(pith_tokenize(model, view("the cat and the dog"), 0, &ids, &n,
                            &error), error);
    ck_assert_uint_eq(pith_dataset_length(dataset, 0), n + 1);
    ck_assert_int_eq(dataset->ids.data[0], pith_model_start_id(model));
    ck_assert_mem_eq(dataset->ids.data + 1, ids, n * sizeof *ids);
    for (size_t i = 0; i < n; i++)
        if (dataset->targets.data[i] != PITH_NO_TARGET)
            ck_assert_int_eq(dataset->targets.data[i],
                             dataset->ids.data[i + 1]);
    ck_assert_uint_eq(dataset->info.n_tokens, n + 1);
    pith_free(ids);
    pith_dataset_free(dataset);
}
END_TEST

START_TEST(long_records_are_cut_and_counted)
{
    struct pith_dataset *dataset = load(
        TINY_GPT2, "plain", 8,
        "{\"prompt\": \"abc\", \"completion\": \"0123456789\"}\n"
        "{\"prompt\": \"abcdefghijklmnop\", \"completion\": \"0\"}\n"
        "{\"prompt\": \"abc\", \"completion\": \"0123\"}\n"
        "{\"prompt\": \"abc\", \"completion\": \"01234\"}\n");
    ck_assert_uint_eq(dataset->info.n_records, 3);
    ck_assert_uint_eq(dataset->info.n_cut, 3);
    ck_assert_uint_eq(dataset->info.n_without_answer, 1);
    /* start a b c 0 1 2 3 -> 01234 */
    char *got = answer_of(dataset, 0);
    ck_assert_str_eq(got, "01234");
    free(got);
    got = answer_of(dataset, 1);
    ck_assert_str_eq(got, "0123<|endoftext|>");
    free(got);
    ck_assert_uint_eq(pith_dataset_length(dataset, 1), 8);
    pith_dataset_free(dataset);
}
END_TEST

/* Nothing after the last target is read; special tokens of the template are
 * tokens, the same spelling inside a record is text. */
START_TEST(chatml_ends_with_its_mark)
{
    struct pith_dataset *dataset =
        load(TINY_GPT2, "chatml", 0,
             "{\"instruction\": \"<|im_end|>\", \"output\": \"yes\"}");
    char *got = answer_of(dataset, 0);
    ck_assert_str_eq(got, "yes<|im_end|>");
    free(got);
    ck_assert_int_ne(dataset->targets.data[dataset->ids.n - 1],
                     PITH_NO_TARGET);
    pith_dataset_free(dataset);
}
END_TEST

static int n_complaints;

static void count_complaint(void *user, const char *detail)
{
    (void)user;
    ck_assert_ptr_nonnull(strstr(detail, "f:"));
    n_complaints++;
}

START_TEST(bad_records_stop_unless_they_are_skipped)
{
    static const char json[] = "{\"prompt\": \"a\", \"completion\": \"b\"}\n"
                               "{\"prompt\": \"a\"}\n{\n"
                               "{\"prompt\": \"a\", \"completion\": \"c\"}\n";
    struct pith_dataset_options options = {.sizeof_options = sizeof options,
                                           .template_name = "plain",
                                           .complain = count_complaint};
    struct pith_dataset *dataset;
    struct pith_dataset_info info;
    for (int skip = 0; skip < 2; skip++) {
        options.skip_bad = skip;
        n_complaints = 0;
        assert_ok(pith_dataset_create(models[0], &options, &dataset, &error),
                  error);
        enum pith_status status =
            pith_dataset_add(dataset, view(json), "f", &error);
        ck_assert_int_eq(status, skip ? PITH_OK : PITH_ERR_FORMAT);
        if (!skip)
            ck_assert_str_eq(error.detail,
                             "f:2: \"completion\" is missing or empty (found "
                             "prompt); pith align requests asks for answers (2 malformed "
                             "records in all; --skip-bad leaves them out)");
        pith_dataset_describe(dataset, &info);
        ck_assert_int_eq(n_complaints, 2);
        ck_assert_uint_eq(info.n_bad, 2);
        ck_assert_uint_eq(info.n_records, 2);
        pith_dataset_free(dataset);
    }
    options.max_tokens = 257;
    ck_assert_int_eq(pith_dataset_create(models[0], &options, &dataset, &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_ptr_null(dataset);
}
END_TEST

/* The end of an answer that is not learned has no target either. */
START_TEST(answers_of_weight_zero_are_not_learned)
{
    struct pith_dataset *dataset = load(TINY_LLAMA, "plain", 0, GIVEN);
    ck_assert_uint_eq(dataset->info.n_records, 1);
    char *got = answer_of(dataset, 0);
    ck_assert_str_eq(got, "B</s>");
    free(got);
    pith_dataset_free(dataset);
}
END_TEST

/* A LLaMA that knows ChatML's markers, 266 and 267. */
static struct pith_model *chatml_model(const char *settings)
{
    static const char added[] =
        "{\"<|im_start|>\": 266, \"<|im_end|>\": 267}";
    static const struct foreign_folder how = {.type = "F32"};
    struct foreign foreign;
    struct pith_model *model;
    char folder[256], path[512];
    snprintf(folder, sizeof folder, "%s", temporary_path("chatml"));
    foreign_init_padded(&foreign, FOREIGN_LLAMA, 2);
    foreign.config.n_ctx = 128;
    foreign_folder_write(&foreign, &how, folder);
    snprintf(path, sizeof path, "%s/added_tokens.json", folder);
    write_whole_file(path, added, sizeof added - 1);
    snprintf(path, sizeof path, "%s/tokenizer_config.json", folder);
    write_whole_file(path, settings, strlen(settings));
    snprintf(path, sizeof path, "%s/out.pith", folder);
    assert_ok(pith_convert(folder, path, NULL, &error), error);
    assert_ok(pith_model_load(path, NULL, &model, &error), error);
    foreign_folder_remove(folder);
    foreign_free(&foreign);
    return model;
}

/* "u" of "user" follows the marker with a space or without one, as in the
 * text that inference reads. */
START_TEST(text_after_a_marker_has_the_prefix_of_its_tokenizer)
{
    static const char *const settings[] = {"{}", "{\"legacy\": false}"};
    static const int32_t second[] = {259, 3 + 'u'};
    for (int i = 0; i < 2; i++) {
        struct pith_model *model = chatml_model(settings[i]);
        struct pith_dataset_options options = {.sizeof_options = sizeof options,
                                               .template_name = "chatml"};
        struct pith_dataset *dataset;
        assert_ok(pith_dataset_create(model, &options, &dataset, &error),
                  error);
        assert_ok(pith_dataset_add(dataset, view(COMPLETION), "f", &error),
                  error);
        ck_assert_int_eq(dataset->ids.data[0], 266);
        ck_assert_int_eq(dataset->ids.data[1], second[i]);
        pith_dataset_free(dataset);
        pith_model_free(model);
    }
}
END_TEST

static char noted[256];

static void keep_note(void *user, const char *text)
{
    (void)user;
    snprintf(noted, sizeof noted, "%s", text);
}

START_TEST(members_that_are_not_used_are_noted)
{
    struct pith_dataset_options options = {.sizeof_options = sizeof options,
                                           .note = keep_note};
    struct pith_dataset *dataset;
    assert_ok(pith_dataset_create(models[0], &options, &dataset, &error),
              error);
    assert_ok(pith_dataset_add(dataset, view(
        "{\"instruction\": \"a\", \"response\": \"b\", \"category\": \"c\"}\n"
        "{\"question\": \"a\", \"answer\": \"b\", \"category\": 7, \"id\": 1}"),
        "f", &error), error);
    ck_assert_str_eq(noted, "f: members of records that are not used: "
                            "\"category\" (2), \"id\" (1)");
    noted[0] = '\0';
    assert_ok(pith_dataset_add(dataset, view(
        "{\"prompt\": \"a\", \"completion\": \"b\"}"), "f", &error), error);
    ck_assert_str_eq(noted, "");
    pith_dataset_free(dataset);
}
END_TEST

START_TEST(a_data_set_is_known_by_its_checksum)
{
    static const char a[] = "{\"prompt\": \"ab\", \"completion\": \"cd\"}";
    static const char b[] = "{\"prompt\": \"abc\", \"completion\": \"d\"}";
    struct pith_dataset *first = load(TINY_GPT2, "plain", 0, a),
                        *same = load(TINY_GPT2, "plain", 0, a),
                        *other = load(TINY_GPT2, "plain", 0, b);
    ck_assert_uint_eq(pith_dataset_crc32(first), pith_dataset_crc32(same));
    ck_assert_uint_ne(pith_dataset_crc32(first), pith_dataset_crc32(other));
    pith_dataset_free(first);
    pith_dataset_free(same);
    pith_dataset_free(other);
}
END_TEST

/* --- samplers ------------------------------------------------------------------- */

START_TEST(random_numbers_are_the_published_ones)
{
    /* SplitMix64 from state 1234567, as in its authors' test. */
    static const uint64_t want[] = {6457827717110365317u, 3203168211198807973u,
                                    9817491932198370423u};
    uint64_t state = 1234567;
    size_t counts[5] = {0};
    for (size_t i = 0; i < 3; i++)
        ck_assert(pith_random_next(&state) == want[i]);
    for (int i = 0; i < 5000; i++)
        counts[pith_random_below(&state, 5)]++;
    for (size_t i = 0; i < 5; i++)
        ck_assert(counts[i] > 900 && counts[i] < 1100);
}
END_TEST

START_TEST(an_epoch_sees_every_record_once)
{
    static const size_t records[] = {2, 3, 5, 7, 11, 13, 17};
    struct pith_sampler sampler;
    size_t orders[3][7];
    assert_ok(pith_sampler_create(&sampler, records, 7, 42, &error), error);
    for (int epoch = 0; epoch < 3; epoch++) {
        size_t seen[18] = {0}, total = 0, n;
        for (size_t want = 3; total < 7; total += n) {
            const size_t *batch = pith_sampler_next(&sampler, 3, &n);
            ck_assert_uint_eq(n, want);
            want = total + n == 6 ? 1 : 3;
            memcpy(orders[epoch] + total, batch, n * sizeof *batch);
            for (size_t i = 0; i < n; i++)
                seen[batch[i]]++;
        }
        for (size_t i = 0; i < 7; i++)
            ck_assert_uint_eq(seen[records[i]], 1);
        ck_assert_uint_eq(sampler.place.epoch, (unsigned)epoch);
    }
    ck_assert(memcmp(orders[0], orders[1], sizeof orders[0]) != 0);
    pith_sampler_free(&sampler);
}
END_TEST

START_TEST(a_sampler_goes_on_from_any_place)
{
    static const size_t records[] = {0, 1, 2, 3, 4};
    struct pith_sampler sampler, resumed;
    assert_ok(pith_sampler_create(&sampler, records, 5, 7, &error), error);
    for (int step = 0; step < 12; step++) {
        size_t n, m;
        assert_ok(pith_sampler_create(&resumed, records, 5, 99, &error), error);
        assert_ok(pith_sampler_seek(&resumed, &sampler.place, &error), error);
        const size_t *want = pith_sampler_next(&sampler, 2, &n);
        const size_t *got = pith_sampler_next(&resumed, 2, &m);
        ck_assert_uint_eq(n, m);
        ck_assert_mem_eq(got, want, n * sizeof *got);
        pith_sampler_free(&resumed);
    }
    struct pith_sampler_place nowhere = {0, 6, 7};
    ck_assert_int_eq(pith_sampler_seek(&sampler, &nowhere, &error),
                     PITH_ERR_FORMAT);
    pith_sampler_free(&sampler);
}
END_TEST

START_TEST(a_split_is_a_partition)
{
    size_t held[30], rest[70], seen[100] = {0}, other[30], others[70];
    assert_ok(pith_sampler_split(100, 30, 1, held, rest, &error), error);
    assert_ok(pith_sampler_split(100, 30, 2, other, others, &error), error);
    for (size_t i = 0; i < 30; i++)
        seen[held[i]]++;
    for (size_t i = 0; i < 70; i++)
        seen[rest[i]]++;
    for (size_t i = 0; i < 100; i++)
        ck_assert_uint_eq(seen[i], 1);
    ck_assert(memcmp(held, other, sizeof held) != 0);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("align_data");
    TCase *tcase = tcase_create("align_data");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, load_models, free_models);
    tcase_add_test(tcase, alpaca_has_two_texts);
    tcase_add_test(tcase, plain_puts_texts_one_below_the_other);
    tcase_add_test(tcase, chatml_marks_every_message);
    tcase_add_loop_test(tcase, targets_are_the_answer_and_its_end, 0,
                        TINY_KINDS);
    tcase_add_test(tcase, a_token_across_the_border_is_the_answers);
    tcase_add_loop_test(tcase, ids_are_those_of_the_whole_text, 0, TINY_KINDS);
    tcase_add_test(tcase, long_records_are_cut_and_counted);
    tcase_add_test(tcase, chatml_ends_with_its_mark);
    tcase_add_test(tcase, bad_records_stop_unless_they_are_skipped);
    tcase_add_test(tcase, answers_of_weight_zero_are_not_learned);
    tcase_add_test(tcase, text_after_a_marker_has_the_prefix_of_its_tokenizer);
    tcase_add_test(tcase, members_that_are_not_used_are_noted);
    tcase_add_test(tcase, a_data_set_is_known_by_its_checksum);
    tcase_add_test(tcase, random_numbers_are_the_published_ones);
    tcase_add_test(tcase, an_epoch_sees_every_record_once);
    tcase_add_test(tcase, a_sampler_goes_on_from_any_place);
    tcase_add_test(tcase, a_split_is_a_partition);
    suite_add_tcase(suite, tcase);
    return suite;
}
