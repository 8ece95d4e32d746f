/*
 * test_null.c - NULL, as the top of pith.h has it: what may be NULL is nothing
 * or the default, anything else is refused by name, with and without an error.
 */
#include <stdlib.h>
#include <string.h>

#include "pith_align.h"
#include "pith_eval.h"
#include "pith_messages.h"
#include "pith_service.h"
#include "support.h"
#include "tiny_model.h"

static struct pith_model *model;
static struct pith_session *session;

/* Refused: by its name, and as well without an error to say so in. */
#define REFUSED(call_with, name)                                               \
    do {                                                                       \
        struct pith_error error = {0}, *at = &error;                           \
        ck_assert_int_eq(call_with, PITH_ERR_ARGUMENT);                        \
        ck_assert_msg(strstr(error.detail, name) != NULL, "%s: %s", #call_with, \
                      error.detail);                                           \
        at = NULL;                                                             \
        ck_assert_int_eq(call_with, PITH_ERR_ARGUMENT);                        \
    } while (0)

static const struct pith_text missing = {NULL, 3};

START_TEST(nothing_is_freed)
{
    pith_free(NULL);
    pith_model_free(NULL);
    pith_session_free(NULL);
    pith_counter_free(NULL);
    pith_result_free(NULL);
    pith_source_info_free(NULL);
    pith_mcp_free(NULL);
    pith_dataset_free(NULL);
    pith_cases_free(NULL);
    pith_premise_free(NULL);
    pith_requests_free(NULL);
    pith_scores_free(NULL);
}
END_TEST

START_TEST(models_and_tokens)
{
    struct pith_model *made = (void *)&model;
    struct pith_session *opened = (void *)&model;
    struct pith_counter *counter;
    int32_t *ids, id = 1;
    float loss;
    unsigned kinds;
    size_t n;
    char *bytes;
    struct pith_source_info *info;

    REFUSED(pith_model_load(NULL, NULL, &made, at), "path");
    ck_assert_ptr_null(made);
    REFUSED(pith_model_load("x", NULL, NULL, at), "model");
    REFUSED(pith_model_load_memory(NULL, 9, NULL, NULL, &made, at), "bytes");
    REFUSED(pith_model_load_memory("x", 1, NULL, NULL, NULL, at), "model");
    REFUSED(pith_model_verify(NULL, at), "model");
    REFUSED(pith_convert(NULL, "x", NULL, at), "source");
    REFUSED(pith_convert("x", NULL, NULL, at), "destination");
    REFUSED(pith_source_describe(NULL, NULL, &info, at), "path");
    ck_assert_ptr_null(info);
    REFUSED(pith_source_describe("x", NULL, NULL, at), "info");
    REFUSED(pith_session_create(NULL, NULL, &opened, at), "model");
    ck_assert_ptr_null(opened);
    REFUSED(pith_session_create(model, NULL, NULL, at), "session");
    REFUSED(pith_tokenize(NULL, view("a"), 0, &ids, &n, at), "model");
    REFUSED(pith_tokenize(model, missing, 0, &ids, &n, at), "text");
    REFUSED(pith_tokenize(model, view("a"), 0, NULL, &n, at), "ids");
    REFUSED(pith_tokenize(model, view("a"), 0, &ids, NULL, at), "n_ids");
    REFUSED(pith_detokenize(NULL, &id, 1, &bytes, &n, at), "model");
    REFUSED(pith_detokenize(model, NULL, 1, &bytes, &n, at), "ids");
    REFUSED(pith_detokenize(model, &id, 1, NULL, &n, at), "bytes");
    REFUSED(pith_detokenize(model, &id, 1, &bytes, NULL, at), "n_bytes");
    REFUSED(pith_score(NULL, &id, 1, &loss, at), "session");
    REFUSED(pith_score(session, NULL, 1, &loss, at), "ids");
    REFUSED(pith_score(session, &id, 1, NULL, at), "losses");
    REFUSED(pith_score_without_bos(NULL, &id, 1, &loss, at), "session");
    REFUSED(pith_score_without_bos(session, NULL, 1, &loss, at), "ids");
    REFUSED(pith_score_without_bos(session, &id, 1, NULL, at), "losses");
    REFUSED(pith_counter_load(NULL, &counter, at), "path");
    REFUSED(pith_counter_load("x", NULL, at), "counter");
    REFUSED(pith_counter_count(NULL, view("a"), &n, at), "counter");
    REFUSED(pith_protect_parse(missing, &kinds, at), "list");
    REFUSED(pith_protect_parse(view("all"), NULL, at), "kinds");
}
END_TEST

START_TEST(compressions)
{
    struct pith_text context = view("one two three"), absent = missing;
    struct pith_prompt prompt = {.contexts = &context, .n_contexts = 1};
    struct pith_prompt hollow = {.contexts = &absent, .n_contexts = 1};
    struct pith_prompt without = {.n_contexts = 1};
    struct pith_result *result = NULL, *none = (void *)&model;
    struct pith_mcp *mcp;
    size_t n;
    char *text = (char *)&model;
    enum pith_status (*const METHODS[])(
        struct pith_session *, const struct pith_prompt *,
        const struct pith_compress_options *, struct pith_result **,
        struct pith_error *) = {pith_compress, pith_compress_paper,
                                pith_compress_reference, pith_compress_spans};
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++) {
        none = (void *)&model;
        REFUSED(METHODS[i](NULL, &prompt, NULL, &none, at), "session");
        ck_assert_ptr_null(none);
        REFUSED(METHODS[i](session, NULL, NULL, &none, at), "prompt");
        REFUSED(METHODS[i](session, &prompt, NULL, NULL, at), "result");
        REFUSED(METHODS[i](session, &hollow, NULL, &none, at), "NULL");
        REFUSED(METHODS[i](session, &without, NULL, &none, at), "NULL");
    }
    ck_assert_int_eq(pith_compress(session, &prompt, NULL, &result, NULL),
                     PITH_OK);
    REFUSED(pith_result_json(NULL, NULL, result, &text, at), "session");
    ck_assert_ptr_null(text);
    REFUSED(pith_result_json(session, NULL, NULL, &text, at), "result");
    REFUSED(pith_result_json(session, NULL, result, NULL, at), "json");
    REFUSED(pith_result_report_html(NULL, &prompt, NULL, result, &text, NULL,
                                    at), "session");
    REFUSED(pith_result_report_html(session, NULL, NULL, result, &text, NULL,
                                    at), "prompt");
    REFUSED(pith_result_report_html(session, &prompt, NULL, NULL, &text, NULL,
                                    at), "result");
    REFUSED(pith_result_report_html(session, &prompt, NULL, result, NULL, NULL,
                                    at), "html");
    pith_result_free(result);
    REFUSED(pith_recover(NULL, context, context, context, PITH_METHOD_PAPER,
                         &text, &n, at), "model");
    REFUSED(pith_recover(model, missing, context, context, PITH_METHOD_PAPER,
                         &text, &n, at), "original");
    REFUSED(pith_recover(model, context, missing, context, PITH_METHOD_PAPER,
                         &text, &n, at), "compressed");
    REFUSED(pith_recover(model, context, context, missing, PITH_METHOD_PAPER,
                         &text, &n, at), "response");
    REFUSED(pith_recover(model, context, context, context, PITH_METHOD_PAPER,
                         NULL, &n, at), "recovered");
    REFUSED(pith_recover(model, context, context, context, PITH_METHOD_PAPER,
                         &text, NULL, at), "n_bytes");
    REFUSED(pith_request_run(NULL, view("{}"), NULL, &text, NULL, at),
            "session");
    REFUSED(pith_request_run(session, missing, NULL, &text, NULL, at), "text");
    REFUSED(pith_request_run(session, view("{}"), NULL, NULL, NULL, at),
            "reply");
    REFUSED(pith_tokenize_json(NULL, view("{}"), 0, &text, at), "model");
    REFUSED(pith_tokenize_json(model, missing, 0, &text, at), "request");
    REFUSED(pith_tokenize_json(model, view("{}"), 0, NULL, at), "reply");
    REFUSED(pith_score_json(NULL, view("{}"), &text, at), "session");
    REFUSED(pith_score_json(session, missing, &text, at), "request");
    REFUSED(pith_score_json(session, view("{}"), NULL, at), "reply");
    REFUSED(pith_score_text_json(NULL, view("a"), true, &text, at), "session");
    REFUSED(pith_score_text_json(session, missing, true, &text, at), "text");
    REFUSED(pith_score_text_json(session, view("a"), true, NULL, at), "reply");
    REFUSED(pith_mcp_create(NULL, NULL, &mcp, at), "session");
    REFUSED(pith_mcp_create(session, NULL, NULL, at), "mcp");
    REFUSED(pith_mcp_answer(NULL, view("{}"), &text, at), "mcp");
    ck_assert_int_eq(pith_mcp_create(session, NULL, &mcp, NULL), PITH_OK);
    REFUSED(pith_mcp_answer(mcp, missing, &text, at), "text");
    REFUSED(pith_mcp_answer(mcp, view("{}"), NULL, at), "reply");
    pith_mcp_free(mcp);
}
END_TEST

START_TEST(chats)
{
    static const struct pith_chat_store store = {0};
    struct pith_chat_summary summary;
    char *reply = (char *)&model;
    REFUSED(pith_chat_run(NULL, view("{}"), NULL, &store, &reply, NULL,
                          &summary, at), "session");
    ck_assert_ptr_null(reply);
    REFUSED(pith_chat_run(session, missing, NULL, &store, &reply, NULL,
                          &summary, at), "request");
    REFUSED(pith_chat_run(session, view("{}"), NULL, NULL, &reply, NULL,
                          &summary, at), "store");
    REFUSED(pith_chat_run(session, view("{}"), NULL, &store, NULL, NULL,
                          &summary, at), "reply");
    REFUSED(pith_chat_run(session, view("{}"), NULL, &store, &reply, NULL, NULL,
                          at), "summary");
}
END_TEST

START_TEST(messages)
{
    struct pith_messages *read = (void *)&model;
    struct pith_messages_result *result = (void *)&model;
    char *json = (char *)&model;
    REFUSED(pith_messages_read(missing, NULL, &read, at), "document");
    ck_assert_ptr_null(read);
    REFUSED(pith_messages_read(view("[]"), NULL, NULL, at), "messages");
    ck_assert_ptr_null(pith_messages_texts(NULL));
    ck_assert_uint_eq(pith_messages_count(NULL), 0);
    REFUSED(pith_messages_write(NULL, NULL, &json, NULL, at), "messages");
    ck_assert_ptr_null(json);
    REFUSED(pith_messages_compress_each(session, NULL, NULL, &result, at),
            "messages");
    ck_assert_ptr_null(result);
    ck_assert_int_eq(
        pith_messages_read(view("[{\"role\":\"user\",\"content\":\"a\"}]"),
                           NULL, &read, NULL), PITH_OK);
    REFUSED(pith_messages_write(read, NULL, &json, NULL, at), "texts");
    REFUSED(pith_messages_write(read, NULL, NULL, NULL, at), "json");
    REFUSED(pith_messages_compress_each(NULL, read, NULL, &result, at),
            "session");
    REFUSED(pith_messages_compress_each(session, read, NULL, NULL, at),
            "result");
    pith_messages_free(read);
    pith_messages_free(NULL);
    pith_messages_result_free(NULL);
    pith_messages_options_init_sized(NULL, 0);
}
END_TEST

START_TEST(alignment)
{
    struct pith_align_requests_info asked;
    struct pith_align_collect_info collected;
    struct pith_align_result result;
    struct pith_dataset *data = (void *)&model;
    struct pith_text none = {0};
    char *text = (char *)&model;
    size_t n;
    REFUSED(pith_align_requests(missing, "r", none, NULL, &text, &n, &asked,
                                at), "records");
    ck_assert_ptr_null(text);
    REFUSED(pith_align_requests(none, "r", missing, NULL, &text, &n, &asked,
                                at), "answers");
    REFUSED(pith_align_requests(none, NULL, none, NULL, &text, &n, &asked, at),
            "name");
    REFUSED(pith_align_requests(none, "r", none, NULL, NULL, &n, &asked, at),
            "batch");
    REFUSED(pith_align_requests(none, "r", none, NULL, &text, NULL, &asked, at),
            "n_bytes");
    REFUSED(pith_align_requests(none, "r", none, NULL, &text, &n, NULL, at),
            "info");
    REFUSED(pith_align_collect(missing, "r", none, "a", NULL, &text, &n,
                               &collected, at), "records");
    REFUSED(pith_align_collect(none, "r", missing, "a", NULL, &text, &n,
                               &collected, at), "answers");
    REFUSED(pith_align_collect(none, "r", none, NULL, NULL, &text, &n,
                               &collected, at), "answers_name");
    REFUSED(pith_align_collect(none, "r", none, "a", NULL, NULL, &n,
                               &collected, at), "joined");
    REFUSED(pith_align_collect(none, "r", none, "a", NULL, &text, &n, NULL, at),
            "info");
    REFUSED(pith_dataset_create(NULL, NULL, &data, at), "model");
    ck_assert_ptr_null(data);
    REFUSED(pith_dataset_create(model, NULL, NULL, at), "dataset");
    ck_assert_int_eq(pith_dataset_create(model, NULL, &data, NULL), PITH_OK);
    REFUSED(pith_dataset_add(NULL, none, "r", at), "dataset");
    REFUSED(pith_dataset_add(data, missing, "r", at), "text");
    REFUSED(pith_dataset_add(data, none, NULL, at), "name");
    REFUSED(pith_align(NULL, data, NULL, NULL, &result, at), "model");
    REFUSED(pith_align(model, NULL, NULL, NULL, &result, at), "data");
    REFUSED(pith_align(model, data, NULL, NULL, NULL, at), "result");
    pith_dataset_free(data);
    REFUSED(pith_merge(NULL, "a", "d", NULL, at), "model");
    REFUSED(pith_merge("m", NULL, "d", NULL, at), "adapter");
    REFUSED(pith_merge("m", "a", NULL, NULL, at), "destination");
    pith_dataset_describe(NULL, NULL);
    pith_align_options_default_sized(NULL, 64);
    pith_align_options_paper(NULL);
}
END_TEST

START_TEST(without_a_status)
{
    struct pith_model_info info;
    struct pith_tensor_info tensor;
    memset(&info, 7, sizeof info);
    pith_model_describe(NULL, &info);
    ck_assert_uint_eq(info.n_vocab, 0x07070707);
    pith_model_describe_sized(model, NULL, sizeof info);
    ck_assert(!pith_model_tensor(NULL, 0, &tensor));
    ck_assert(!pith_model_tensor_sized(model, 0, NULL, sizeof tensor));
    ck_assert_uint_eq(pith_token_piece(NULL, 1).size, 0);
    ck_assert_ptr_null(pith_session_precision(NULL));
    ck_assert_uint_eq(pith_split_text(missing, NULL, NULL), 0);
    ck_assert_uint_eq(pith_spelling_distance(missing, view("abc")), SIZE_MAX);
    ck_assert_uint_eq(pith_spelling_distance(view("abc"), missing), SIZE_MAX);
    pith_compress_options_init_sized(NULL, 64);
}
END_TEST

/* Nothing of nothing. */
START_TEST(what_has_no_elements_may_be_null)
{
    struct pith_prompt prompt = {.n_contexts = 0};
    struct pith_result *result;
    int32_t *ids;
    size_t n;
    char *bytes;
    ck_assert_int_eq(pith_score(session, NULL, 0, NULL, NULL), PITH_OK);
    ck_assert_int_eq(pith_score_without_bos(session, NULL, 0, NULL, NULL),
                     PITH_OK);
    ck_assert_int_eq(pith_tokenize(model, (struct pith_text){0}, 0, &ids, &n,
                                   NULL), PITH_OK);
    pith_free(ids);
    ck_assert_int_eq(pith_detokenize(model, NULL, 0, &bytes, &n, NULL),
                     PITH_OK);
    pith_free(bytes);
    ck_assert_int_eq(pith_compress(session, &prompt, NULL, &result, NULL),
                     PITH_OK);
    pith_result_free(result);
}
END_TEST

static void open_tiny(void)
{
    tiny_open(TINY_LLAMA, &model, &session);
}

static void close_tiny(void)
{
    tiny_close(model, session);
}

Suite *make_suite(void)
{
    Suite *suite = suite_create("null");
    TCase *tcase = tcase_create("null");
    tcase_add_unchecked_fixture(tcase, open_tiny, close_tiny);
    tcase_add_test(tcase, nothing_is_freed);
    tcase_add_test(tcase, models_and_tokens);
    tcase_add_test(tcase, compressions);
    tcase_add_test(tcase, messages);
    tcase_add_test(tcase, chats);
    tcase_add_test(tcase, alignment);
    tcase_add_test(tcase, without_a_status);
    tcase_add_test(tcase, what_has_no_elements_may_be_null);
    suite_add_tcase(suite, tcase);
    return suite;
}
