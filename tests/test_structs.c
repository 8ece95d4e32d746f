/*
 * test_structs.c - how structs grow ("How structs grow" of pith.h): programs
 * of older and of newer headers call every function that takes options.
 *
 * An older program's struct ends before a page that cannot be touched.
 */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guarded.h"
#include "pith_align.h"
#include "pith_eval.h"
#include "pith_messages.h"
#include "pith_service.h"
#include "tiny_model.h"

static struct pith_model *model;
static struct pith_session *session;
static struct pith_error error;
static char model_path[256];

static const char text[] = "Question: how many hours are there in 3 days?\n"
                           "There are 24 hours in a day.";

static struct pith_prompt prompt_of(const struct pith_text *context)
{
    return (struct pith_prompt){.contexts = context, .n_contexts = 1};
}

/* --- functions that take options -------------------------------------------- */

static enum pith_status try_load(const void *options)
{
    struct pith_model *loaded;
    enum pith_status status =
        pith_model_load(model_path, options, &loaded, &error);
    pith_model_free(loaded);
    return status;
}

static enum pith_status try_load_memory(const void *options)
{
    struct pith_model *loaded;
    size_t size;
    char *bytes = read_whole_file(model_path, &size);
    enum pith_status status =
        pith_model_load_memory(bytes, size, NULL, options, &loaded, &error);
    pith_model_free(loaded);
    free(bytes);
    return status;
}

static enum pith_status try_session(const void *options)
{
    struct pith_session *created;
    enum pith_status status =
        pith_session_create(model, options, &created, &error);
    pith_session_free(created);
    return status;
}

static enum pith_status try_convert(const void *options)
{
    enum pith_status status = pith_convert("/nowhere", "/nowhere/at/all",
                                           options, &error);
    return status == PITH_ERR_IO ? PITH_OK : status; /* after the options */
}

static enum pith_status compress_with(
    enum pith_status (*compress)(struct pith_session *,
                                 const struct pith_prompt *,
                                 const struct pith_compress_options *,
                                 struct pith_result **, struct pith_error *),
    const void *options)
{
    struct pith_text context = view(text);
    struct pith_prompt prompt = prompt_of(&context);
    struct pith_result *result;
    enum pith_status status =
        compress(session, &prompt, options, &result, &error);
    pith_result_free(result);
    return status;
}

static enum pith_status try_compress(const void *options)
{
    return compress_with(pith_compress, options);
}

static enum pith_status try_paper(const void *options)
{
    return compress_with(pith_compress_paper, options);
}

static enum pith_status try_reference(const void *options)
{
    return compress_with(pith_compress_reference, options);
}

/* The result of the defaults, with its detail. */
static struct pith_result *compressed(const struct pith_prompt *prompt)
{
    struct pith_compress_options options;
    struct pith_result *result;
    pith_compress_options_init(&options);
    options.detail = true;
    assert_ok(pith_compress(session, prompt, &options, &result, &error), error);
    return result;
}

static enum pith_status try_json(const void *options)
{
    struct pith_text context = view(text);
    struct pith_prompt prompt = prompt_of(&context);
    struct pith_result *result = compressed(&prompt);
    char *json;
    enum pith_status status =
        pith_result_json(session, options, result, &json, &error);
    pith_free(json);
    pith_result_free(result);
    return status;
}

static enum pith_status try_html(const void *options)
{
    struct pith_text context = view(text);
    struct pith_prompt prompt = prompt_of(&context);
    struct pith_result *result = compressed(&prompt);
    char *html;
    error.detail[0] = '\0';
    enum pith_status status = pith_result_report_html(
        session, &prompt, options, result, &html, NULL, &error);
    pith_free(html);
    pith_result_free(result);
    /* Of programs that do not ask for detail; it comes after the options. */
    return strstr(error.detail, "needs a result") != NULL ? PITH_OK : status;
}

static enum pith_status try_request(const void *options)
{
    char *reply;
    enum pith_status outcome = PITH_OK;
    enum pith_status status =
        pith_request_run(session, view("{\"context\": [\"one two three\"]}"),
                         options, &reply, &outcome, &error);
    pith_free(reply);
    return status != PITH_OK ? status : outcome;
}

static enum pith_status try_mcp(const void *options)
{
    struct pith_mcp *mcp;
    enum pith_status status = pith_mcp_create(session, options, &mcp, &error);
    pith_mcp_free(mcp);
    return status;
}

static enum pith_status try_messages(const void *options)
{
    struct pith_messages *messages;
    struct pith_messages_result *result;
    assert_ok(pith_messages_read(
                  view("[{\"role\":\"user\",\"content\":\"one two\"}]"), NULL,
                  &messages, &error), error);
    enum pith_status status = pith_messages_compress_each(
        session, messages, options, &result, &error);
    pith_messages_result_free(result);
    pith_messages_free(messages);
    return status;
}

static enum pith_status try_dataset(const void *options)
{
    struct pith_dataset *dataset;
    enum pith_status status =
        pith_dataset_create(model, options, &dataset, &error);
    pith_dataset_free(dataset);
    return status;
}

static const char record[] =
    "{\"instruction\": \"a\", \"input\": \"\", \"output\": \"b c d\"}\n";

static enum pith_status try_align_requests(const void *options)
{
    struct pith_align_requests_info info;
    char *batch;
    size_t size;
    enum pith_status status =
        pith_align_requests(view(record), "r", view(""), options, &batch,
                            &size, &info, &error);
    pith_free(batch);
    return status;
}

static enum pith_status try_align_collect(const void *options)
{
    struct pith_align_collect_info info;
    char *joined;
    size_t size;
    enum pith_status status =
        pith_align_collect(view(record), "r", view(""), "a", options, &joined,
                           &size, &info, &error);
    pith_free(joined);
    return status;
}

/* Without an output: what is said comes after the options. */
static enum pith_status try_align(const void *options)
{
    struct pith_align_result result;
    struct pith_dataset *data;
    assert_ok(pith_dataset_create(model, NULL, &data, &error), error);
    error.detail[0] = '\0';
    enum pith_status status =
        pith_align(model, data, NULL, options, &result, &error);
    pith_dataset_free(data);
    return strstr(error.detail, "no name for the output") != NULL ? PITH_OK
                                                                  : status;
}

static enum pith_status try_merge(const void *options)
{
    enum pith_status status = pith_merge(
        "/nowhere", "/nowhere/adapter", "/nowhere/at/all", options, &error);
    return status == PITH_ERR_IO ? PITH_OK : status;
}

static enum pith_status try_scores(const void *options)
{
    struct pith_scores scores;
    enum pith_status status = pith_scores_create(&scores, view(""), "k",
                                                 view(""), "a", options,
                                                 &error);
    pith_scores_free(&scores);
    return status;
}

/* Without cases, or without a name of the target: that is seen after the
 * options. */
static enum pith_status after_options(enum pith_status status)
{
    return status == PITH_ERR_ARGUMENT &&
                   strstr(error.detail, "sizeof_options") == NULL
               ? PITH_OK : status;
}

static enum pith_status try_measure(const void *options)
{
    char *json;
    return after_options(
        pith_measure_group(session, NULL, 0, options, &json, &error));
}

static enum pith_status try_measure_key(const void *options)
{
    char *key;
    return after_options(pith_measure_key(NULL, 0, options, &key, &error));
}

static enum pith_status try_prepare(const void *options)
{
    char *requests, *keys;
    return after_options(pith_prepare_group(session, NULL, 0, options,
                                            &requests, &keys, &error));
}

static const struct takes_options {
    const char *name;
    enum pith_status (*call)(const void *options);
    size_t size; /* of the options now */
} TAKERS[] = {
    {"pith_model_load", try_load, sizeof(struct pith_load_options)},
    {"pith_model_load_memory", try_load_memory,
     sizeof(struct pith_load_options)},
    {"pith_session_create", try_session, sizeof(struct pith_session_options)},
    {"pith_convert", try_convert, sizeof(struct pith_convert_options)},
    {"pith_compress", try_compress, sizeof(struct pith_compress_options)},
    {"pith_compress_paper", try_paper, sizeof(struct pith_compress_options)},
    {"pith_compress_reference", try_reference,
     sizeof(struct pith_compress_options)},
    {"pith_result_json", try_json, sizeof(struct pith_compress_options)},
    {"pith_result_report_html", try_html,
     sizeof(struct pith_compress_options)},
    {"pith_request_run", try_request, sizeof(struct pith_compress_options)},
    {"pith_mcp_create", try_mcp, sizeof(struct pith_compress_options)},
    {"pith_messages_compress_each", try_messages,
     sizeof(struct pith_messages_options)},
    {"pith_dataset_create", try_dataset, sizeof(struct pith_dataset_options)},
    {"pith_align_requests", try_align_requests,
     sizeof(struct pith_align_requests_options)},
    {"pith_align_collect", try_align_collect,
     sizeof(struct pith_align_requests_options)},
    {"pith_align", try_align, sizeof(struct pith_align_options)},
    {"pith_merge", try_merge, sizeof(struct pith_merge_options)},
    {"pith_measure_group", try_measure, sizeof(struct pith_measure_options)},
    {"pith_measure_key", try_measure_key, sizeof(struct pith_measure_options)},
    {"pith_prepare_group", try_prepare, sizeof(struct pith_prepare_options)},
    {"pith_scores_create", try_scores, sizeof(struct pith_score_options)},
};

enum { N_TAKERS = sizeof TAKERS / sizeof TAKERS[0] };

/* The defaults as a program has them whose struct has this size. */
static void fill(const struct takes_options *taker, void *options, size_t size)
{
    memset(options, 0, size);
    memcpy(options, &size, sizeof size);
    if (taker->size == sizeof(struct pith_compress_options))
        pith_compress_options_init_sized(options, size);
    if (taker->call == try_align)
        pith_align_options_default_sized(options, size);
}

START_TEST(older_programs_are_served)
{
    const struct takes_options *taker = &TAKERS[_i];
    for (size_t size = sizeof(size_t); size <= taker->size;
         size += sizeof(void *)) {
        struct guarded options = guard(size);
        fill(taker, options.bytes, size);
        enum pith_status status = taker->call(options.bytes);
        /* A struct too old to name the target. */
        bool nameless = taker->call == try_align_requests &&
                        strstr(error.detail, "model") != NULL;
        ck_assert_msg(status == PITH_OK || nameless, "%s, %zu of %zu bytes: %s",
                      taker->name, size, taker->size, error.detail);
        release(&options);
    }
    ck_assert_msg(taker->call(NULL) == PITH_OK ||
                      taker->call == try_align_requests,
                  "%s, NULL: %s", taker->name, error.detail);
}
END_TEST

START_TEST(newer_programs_are_served_while_they_ask_for_nothing_new)
{
    const struct takes_options *taker = &TAKERS[_i];
    for (size_t more = sizeof(void *); more <= 64; more += sizeof(void *)) {
        struct guarded options = guard(taker->size + more);
        fill(taker, options.bytes, taker->size + more);
        enum pith_status status = taker->call(options.bytes);
        ck_assert_msg(status == PITH_OK ||
                          taker->call == try_align_requests,
                      "%s, %zu bytes more: %s", taker->name, more, error.detail);
        options.bytes[taker->size + more - 1] = 1;
        ck_assert_msg(taker->call(options.bytes) == PITH_ERR_UNSUPPORTED,
                      "%s takes what it does not know", taker->name);
        release(&options);
    }
}
END_TEST

START_TEST(sizes_that_nothing_has_are_refused)
{
    static const size_t SIZES[] = {0, 1, sizeof(size_t) - 1, SIZE_MAX,
                                   (1 << 16) + 1};
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++)
        ck_assert_msg(TAKERS[_i].call(&SIZES[i]) == PITH_ERR_ARGUMENT,
                      "%s takes size %zu", TAKERS[_i].name, SIZES[i]);
}
END_TEST

/* --- what an older program asks for ------------------------------------------ */

START_TEST(members_of_older_programs_count)
{
    size_t size = offsetof(struct pith_compress_options, tau_ins);
    struct pith_text context = view(text);
    struct pith_prompt prompt = prompt_of(&context);
    struct pith_compress_options now;
    struct pith_result *want, *got;
    pith_compress_options_init(&now);
    now.rate = 0.3;
    assert_ok(pith_compress(session, &prompt, &now, &want, &error), error);

    struct guarded old = guard(size);
    struct pith_compress_options *options = (void *)old.bytes;
    pith_compress_options_init_sized(options, size);
    ck_assert_uint_eq(options->sizeof_options, size);
    options->rate = 0.3;
    assert_ok(pith_compress(session, &prompt, options, &got, &error), error);
    ck_assert_uint_eq(got->text.size, want->text.size);
    ck_assert_mem_eq(got->text.bytes, want->text.bytes, want->text.size);
    ck_assert_uint_eq(pith_split_text(context, options, NULL), 1);
    pith_result_free(want);
    pith_result_free(got);
    release(&old);
}
END_TEST

START_TEST(texts_are_split_with_any_options)
{
    struct pith_text paragraphs = view("a\n\nb");
    ck_assert_uint_eq(pith_split_text(paragraphs, NULL, NULL), 2);
    struct guarded old = guard(sizeof(size_t));
    pith_compress_options_init_sized((void *)old.bytes, sizeof(size_t));
    ck_assert_uint_eq(pith_split_text(paragraphs, (void *)old.bytes, NULL), 2);
    memset(old.bytes, 0, sizeof(size_t));
    ck_assert_uint_eq(pith_split_text(paragraphs, (void *)old.bytes, NULL), 2);
    release(&old);
}
END_TEST

/* --- structs that the library fills ------------------------------------------ */

/* A struct of the program's size, filled by the library: what is from
 * `first` on, up to the end of ours, is as in ours, and then there are
 * zeros.  (What is in front has padding, which holds anything.) */
static void assert_filled(const unsigned char *given, size_t size,
                          const void *ours, size_t first, size_t end)
{
    for (size_t i = first; i < size; i++)
        ck_assert_uint_eq(given[i], i < end
                                        ? ((const unsigned char *)ours)[i] : 0);
}

START_TEST(infos_have_the_size_of_the_program)
{
    struct pith_model_info info;
    struct pith_tensor_info tensor;
    pith_model_describe(model, &info);
    ck_assert(pith_model_tensor(model, 0, &tensor));
    for (size_t size = 0; size <= sizeof info + 64; size++) {
        struct guarded given = guard(size);
        memset(given.bytes, 0xAA, size);
        pith_model_describe_sized(model, (void *)given.bytes, size);
        assert_filled(given.bytes, size, &info,
                      offsetof(struct pith_model_info, n_tensors), sizeof info);
        memset(given.bytes, 0xAA, size);
        ck_assert(pith_model_tensor_sized(model, 0, (void *)given.bytes, size));
        assert_filled(given.bytes, size, &tensor,
                      offsetof(struct pith_tensor_info, rows), sizeof tensor);
        release(&given);
    }
}
END_TEST

/* A member that is added later must not begin in what was padding, which holds
 * anything: none of these has padding at its end where pointers have 8 bytes. */
START_TEST(no_padding_at_the_end)
{
#define ENDS_WITH(type, member)                                                \
    ck_assert(sizeof(void *) != 8 ||                                           \
              sizeof(struct type) == offsetof(struct type, member) +           \
                                         sizeof(((struct type *)0)->member))
    ENDS_WITH(pith_load_options, adapter);
    ENDS_WITH(pith_session_options, precision);
    ENDS_WITH(pith_convert_options, converted);
    ENDS_WITH(pith_compress_options, reserved);
    ENDS_WITH(pith_messages_options, long_tokens);
    ENDS_WITH(pith_align_requests_options, note);
    ENDS_WITH(pith_dataset_options, note);
    ENDS_WITH(pith_align_options, announce);
    ENDS_WITH(pith_merge_options, name);
    ENDS_WITH(pith_measure_options, judge);
    ENDS_WITH(pith_prepare_options, count_with);
    ENDS_WITH(pith_score_options, user);
    ENDS_WITH(pith_model_info, window);
    ENDS_WITH(pith_tensor_info, bytes);
}
END_TEST

static void open_tiny(void)
{
    snprintf(model_path, sizeof model_path, "%s",
             temporary_path("structs.pith"));
    tiny_model_write(model_path, TINY_LLAMA, PITH_F32);
    tiny_open(TINY_LLAMA, &model, &session);
}

static void close_tiny(void)
{
    tiny_close(model, session);
    remove(model_path);
}

Suite *make_suite(void)
{
    Suite *suite = suite_create("structs");
    TCase *tcase = tcase_create("structs");
    tcase_set_timeout(tcase, 120);
    tcase_add_unchecked_fixture(tcase, open_tiny, close_tiny);
    tcase_add_loop_test(tcase, older_programs_are_served, 0, N_TAKERS);
    tcase_add_loop_test(
        tcase, newer_programs_are_served_while_they_ask_for_nothing_new, 0,
        N_TAKERS);
    tcase_add_loop_test(tcase, sizes_that_nothing_has_are_refused, 0, N_TAKERS);
    tcase_add_test(tcase, members_of_older_programs_count);
    tcase_add_test(tcase, texts_are_split_with_any_options);
    tcase_add_test(tcase, infos_have_the_size_of_the_program);
    tcase_add_test(tcase, no_padding_at_the_end);
    suite_add_tcase(suite, tcase);
    return suite;
}
