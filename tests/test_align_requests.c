/*
 * test_align_requests.c - src/align: batch files for the target model and its
 * answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/buffer.h"
#include "../src/json/json.h"
#include "pith_align.h"
#include "support.h"

static struct pith_error error;
static struct pith_buffer complaints;

static void note(void *user, const char *detail)
{
    (void)user;
    pith_buffer_printf(&complaints, "%s\n", detail);
}

static struct pith_text text_of(const char *string)
{
    return (struct pith_text){string, strlen(string)};
}

static const char records[] =
    "{\"instruction\": \"Name it.\", \"input\": \"a \\\"cat\\\"\", "
    "\"output\": \"old\"}\n"
    "{\"question\": \"1+1?\"}\n"
    "[{\"role\": \"system\", \"content\": \"S\"}, {\"role\": \"user\", "
    "\"content\": \"U\"}, {\"role\": \"assistant\", \"content\": \"old\"}]\n"
    "{\"prompt\": \"1+1?\", \"completion\": \"\"}\n";

static struct pith_align_requests_options options_of(bool skip_bad)
{
    return (struct pith_align_requests_options){
        .sizeof_options = sizeof(struct pith_align_requests_options),
        .model = "gpt \"4\"",
        .skip_bad = skip_bad,
        .complain = note};
}

static char *request(const char *json, const char *answers, bool skip_bad,
                     struct pith_align_requests_info *info)
{
    struct pith_align_requests_options options = options_of(skip_bad);
    char *batch;
    size_t n;
    assert_ok(pith_align_requests(text_of(json), "r", text_of(answers),
                                  &options, &batch, &n, info, &error), error);
    ck_assert_uint_eq(n, strlen(batch));
    return batch;
}

/* The index-th line of a text, in a static buffer. */
static const char *line_of(const char *text, int index)
{
    static char line[1024];
    for (; index > 0; index--)
        text = strchr(text, '\n') + 1;
    snprintf(line, sizeof line, "%.*s", (int)strcspn(text, "\n"), text);
    return line;
}

/* The custom_id of the index-th request, in a buffer that stays. */
static const char *id_of(int index)
{
    static char ids[4][64];
    struct pith_align_requests_info info;
    char *batch = request(records, "", false, &info);
    sscanf(line_of(batch, index), "{\"custom_id\":\"%63[^\"]", ids[index]);
    pith_free(batch);
    return ids[index];
}

/* A line that a server writes; content NULL: an error. */
static void answer(struct pith_buffer *out, const char *id,
                   const char *content, const char *reason)
{
    if (content == NULL)
        pith_buffer_printf(out,
                           "{\"id\":\"x\",\"custom_id\":\"%s\",\"response\":"
                           "{\"status_code\":429,\"body\":{\"error\":"
                           "{\"message\":\"slow down\"}}},\"error\":null}\n",
                           id);
    else
        pith_buffer_printf(out,
                           "{\"id\":\"x\",\"custom_id\":\"%s\",\"response\":"
                           "{\"status_code\":200,\"body\":{\"choices\":[{"
                           "\"message\":{\"role\":\"assistant\",\"content\":"
                           "\"%s\"},\"finish_reason\":\"%s\"}]}},"
                           "\"error\":null}\n", id, content, reason);
}

static char *taken(struct pith_buffer *buffer)
{
    char *bytes;
    assert_ok(pith_buffer_take(buffer, &bytes, NULL, &error), error);
    return bytes;
}

START_TEST(a_request_is_what_servers_expect)
{
    struct pith_align_requests_info info;
    char *batch = request(records, "", false, &info);
    ck_assert_uint_eq(info.n_records, 4);
    ck_assert_uint_eq(info.n_answered, 0);
    const char *line = line_of(batch, 0);
    ck_assert(strncmp(line, "{\"custom_id\":\"record-1-", 23) == 0);
    ck_assert_str_eq(line + 31,
                     "\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\","
                     "\"body\":{\"model\":\"gpt \\\"4\\\"\",\"messages\":"
                     "[{\"role\":\"user\",\"content\":\"Name it.\\n\\na "
                     "\\\"cat\\\"\"}],\"temperature\":0,\"max_tokens\":512}}");
    ck_assert_ptr_nonnull(strstr(line_of(batch, 2),
                                 "\"messages\":[{\"role\":\"system\","
                                 "\"content\":\"S\"},{\"role\":\"user\","
                                 "\"content\":\"U\"}],"));
    ck_assert_ptr_null(strstr(batch, "old"));
    pith_free(batch);

    struct pith_align_requests_options options = options_of(false);
    size_t n;
    options.system = "Be brief.";
    options.max_tokens = 9;
    options.temperature = 0.75;
    assert_ok(pith_align_requests(text_of("{\"prompt\": \"P\"}"), "r",
                                  text_of(""), &options, &batch, &n, &info,
                                  &error), error);
    ck_assert_ptr_nonnull(strstr(batch,
                                 "[{\"role\":\"system\",\"content\":\"Be "
                                 "brief.\"},{\"role\":\"user\",\"content\":"
                                 "\"P\"}],\"temperature\":0.75,"
                                 "\"max_tokens\":9}}"));
    pith_free(batch);
    options.temperature = -1;
    ck_assert_int_eq(pith_align_requests(text_of(records), "r", text_of(""),
                                         &options, &batch, &n, &info, &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.detail, "temperature: -1 is not"));
    options.temperature = 1;
    options.model = NULL;
    ck_assert_int_eq(pith_align_requests(text_of(records), "r", text_of(""),
                                         &options, &batch, &n, &info, &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_ptr_null(batch);
}
END_TEST

static char *collect(const char *answers, struct pith_align_collect_info *info)
{
    struct pith_align_requests_options options = options_of(false);
    char *joined;
    size_t n;
    assert_ok(pith_align_collect(text_of(records), "r", text_of(answers), "a",
                                 &options, &joined, &n, info, &error), error);
    return joined;
}

START_TEST(answers_join_their_records)
{
    struct pith_align_collect_info info;
    struct pith_buffer lines = {0};
    answer(&lines, id_of(3), "two\\n", "stop");
    answer(&lines, id_of(0), "cat \\u00e9", "length");
    answer(&lines, id_of(2), "B", "stop");
    answer(&lines, id_of(1), "2", "stop");
    char *answers = taken(&lines), *joined = collect(answers, &info);
    ck_assert_str_eq(joined,
                     "{\"instruction\":\"Name it.\",\"input\":\"a \\\"cat\\\"\""
                     ",\"output\":\"cat \xC3\xA9\"}\n"
                     "{\"question\":\"1+1?\",\"answer\":\"2\"}\n"
                     "{\"messages\":[{\"role\":\"system\",\"content\":\"S\"},"
                     "{\"role\":\"user\",\"content\":\"U\"},{\"role\":"
                     "\"assistant\",\"content\":\"B\"}]}\n"
                     "{\"prompt\":\"1+1?\",\"completion\":\"two\\n\"}\n");
    ck_assert_uint_eq(info.n_records, 4);
    ck_assert_uint_eq(info.n_cut, 1);
    ck_assert_uint_eq(info.n_missing + info.n_failed + info.n_duplicate +
                          info.n_unknown + info.n_bad, 0);
    pith_free(joined);
    free(answers);
    pith_buffer_free(&complaints);
}
END_TEST

/* Dolly's context is asked with; what a record holds besides is passed on. */
START_TEST(other_members_are_asked_or_passed_on)
{
    static const char dolly[] =
        "{\"instruction\": \"Who?\", \"context\": \"Ada came.\", "
        "\"response\": \"old\", \"category\": {\"x\": [1, 2.50]}}\n"
        "{\"id\": 7, \"system\": \"S\", \"conversations\": [{\"from\": "
        "\"human\", \"value\": \"U\"}, {\"from\": \"gpt\", \"value\": "
        "\"old\"}]}\n";
    struct pith_align_requests_options options = options_of(false);
    struct pith_align_requests_info info;
    struct pith_align_collect_info collected;
    struct pith_buffer lines = {0};
    char *batch, *joined, id[2][64];
    size_t n;
    options.note = note;
    assert_ok(pith_align_requests(text_of(dolly), "r", text_of(""), &options,
                                  &batch, &n, &info, &error), error);
    ck_assert_ptr_nonnull(strstr(line_of(batch, 0),
                                 "\"content\":\"Who?\\n\\nAda came.\"}]"));
    ck_assert_ptr_nonnull(strstr(line_of(batch, 1),
                                 "[{\"role\":\"system\",\"content\":\"S\"},"
                                 "{\"role\":\"user\",\"content\":\"U\"}]"));
    for (int i = 0; i < 2; i++) {
        sscanf(line_of(batch, i), "{\"custom_id\":\"%63[^\"]", id[i]);
        answer(&lines, id[i], "new", "stop");
    }
    pith_free(batch);
    char *said = taken(&complaints), *answers = taken(&lines);
    ck_assert_ptr_nonnull(strstr(said, "r: members of records that are not "
                                       "used: \"category\" (1), \"id\" (1)"));
    free(said);
    assert_ok(pith_align_collect(text_of(dolly), "r", text_of(answers), "a",
                                 &options, &joined, &n, &collected, &error),
              error);
    ck_assert_str_eq(joined,
                     "{\"instruction\":\"Who?\",\"context\":\"Ada came.\","
                     "\"category\":{\"x\":[1,2.50]},\"response\":\"new\"}\n"
                     "{\"id\":7,\"messages\":[{\"role\":\"system\","
                     "\"content\":\"S\"},{\"role\":\"user\",\"content\":"
                     "\"U\"},{\"role\":\"assistant\",\"content\":\"new\"}]}"
                     "\n");
    ck_assert_uint_eq(complaints.size, 0);
    pith_free(joined);
    free(answers);
}
END_TEST

START_TEST(reasoning_is_not_learned_from)
{
    struct pith_align_collect_info info;
    struct pith_buffer lines = {0};
    answer(&lines, id_of(1), "<think>\\nOne and one ...</think>\\n\\n2", "stop");
    answer(&lines, id_of(2), "<think>Hm", "length");
    char *answers = taken(&lines), *joined = collect(answers, &info);
    ck_assert_str_eq(joined, "{\"question\":\"1+1?\",\"answer\":\"2\"}\n");
    ck_assert_uint_eq(info.n_thoughts, 1);
    ck_assert_uint_eq(info.n_failed, 1);
    char *said = taken(&complaints);
    ck_assert_ptr_nonnull(strstr(said, "failed: reasoning_only: HTTP 200: "
                                       "reasoning up to max_tokens"));
    pith_free(joined);
    free(answers);
    free(said);
}
END_TEST

START_TEST(what_is_irregular_is_reported)
{
    struct pith_align_collect_info info;
    struct pith_align_requests_info asked;
    struct pith_buffer lines = {0};
    answer(&lines, id_of(0), NULL, "");
    answer(&lines, id_of(0), "cat", "stop");
    answer(&lines, id_of(0), "dog", "stop");
    answer(&lines, id_of(1), NULL, "");
    answer(&lines, id_of(2), " \\n", "stop");
    pith_buffer_string(&lines, "\n");
    answer(&lines, "record-3-00000000", "B", "stop");
    answer(&lines, "record-99999999999999999999-00000000", "B", "stop");
    char *answers = taken(&lines), *joined = collect(answers, &info);
    ck_assert_str_eq(joined, "{\"instruction\":\"Name it.\",\"input\":\"a "
                             "\\\"cat\\\"\",\"output\":\"cat\"}\n");
    ck_assert_uint_eq(info.n_records, 1);
    ck_assert_uint_eq(info.n_missing, 3);
    ck_assert_uint_eq(info.n_failed, 3);
    ck_assert_uint_eq(info.n_duplicate, 1);
    ck_assert_uint_eq(info.n_unknown, 2);
    char *said = taken(&complaints);
    ck_assert(strncmp(line_of(said, 0), "a:1: record-1-", 14) == 0);
    ck_assert_ptr_nonnull(strstr(line_of(said, 0), " failed: server_error: HTTP "
                                                   "429: slow down"));
    ck_assert_ptr_nonnull(strstr(line_of(said, 1), "a:3: record-1-"));
    ck_assert_ptr_nonnull(strstr(line_of(said, 1), "answered before"));
    ck_assert_ptr_nonnull(strstr(line_of(said, 3), "failed: empty: HTTP 200: an "
                                                   "empty text"));
    ck_assert_ptr_nonnull(strstr(line_of(said, 4), "a:7: record-3-00000000: no "
                                                   "such record"));
    ck_assert_str_eq(line_of(said, 6), "r:2: record 2 has no answer");
    pith_free(joined);
    free(said);

    /* Only what is not answered is asked again. */
    char *batch = request(records, answers, false, &asked);
    ck_assert_uint_eq(asked.n_answered, 1);
    ck_assert_uint_eq(asked.n_refused, 1); /* the empty one stays empty */
    ck_assert(strncmp(batch, "{\"custom_id\":\"record-2-", 23) == 0);
    ck_assert(strncmp(line_of(batch, 1), "{\"custom_id\":\"record-4-", 23) == 0);
    pith_free(batch);
    free(answers);
    pith_buffer_free(&complaints);
}
END_TEST

START_TEST(bad_lines_stop_unless_they_are_skipped)
{
    static const char bad[] = "{\"prompt\": \"P\"}\n{\n{\"prompt\": \"R\"}\n";
    struct pith_align_requests_options options = options_of(false);
    struct pith_align_requests_info info;
    struct pith_align_collect_info joined_info;
    char *out;
    size_t n;
    ck_assert_int_eq(pith_align_requests(text_of(bad), "r", text_of(""),
                                         &options, &out, &n, &info, &error),
                     PITH_ERR_FORMAT);
    ck_assert(strncmp(error.detail, "r:2: ", 5) == 0);
    ck_assert_ptr_null(out);
    out = request(bad, "", true, &info);
    ck_assert_uint_eq(info.n_records, 2);
    ck_assert_uint_eq(info.n_bad, 1);
    ck_assert_ptr_nonnull(strstr(line_of(out, 1), "\"R\""));
    pith_free(out);
    static const char *const answers[] = {"{\"x\": 1}", "nonsense"};
    for (int i = 0; i < 2; i++) {
        options.skip_bad = false;
        ck_assert_int_eq(pith_align_collect(text_of(records), "r",
                                            text_of(answers[i]), "a", &options,
                                            &out, &n, &joined_info, &error),
                         PITH_ERR_FORMAT);
        ck_assert(strncmp(error.detail, "a:1: ", 5) == 0);
        options.skip_bad = true;
        assert_ok(pith_align_collect(text_of(records), "r",
                                     text_of(answers[i]), "a", &options, &out,
                                     &n, &joined_info, &error), error);
        ck_assert_uint_eq(joined_info.n_bad, 1);
        ck_assert_str_eq(out, "");
        pith_free(out);
    }
    pith_buffer_free(&complaints);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("align_requests");
    TCase *tcase = tcase_create("align_requests");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_request_is_what_servers_expect);
    tcase_add_test(tcase, answers_join_their_records);
    tcase_add_test(tcase, other_members_are_asked_or_passed_on);
    tcase_add_test(tcase, reasoning_is_not_learned_from);
    tcase_add_test(tcase, what_is_irregular_is_reported);
    tcase_add_test(tcase, bad_lines_stop_unless_they_are_skipped);
    suite_add_tcase(suite, tcase);
    return suite;
}
