/*
 * test_outcome.c - src/json/outcome*.c and thought.c: what replies of servers
 * come to.
 */
#include <stdio.h>
#include <string.h>

#include "../src/base/utf8.h"
#include "../src/json/outcome.h"
#include "../src/json/thought.h"
#include "support.h"

static struct pith_error error;

/* Reads a body that is JSON; single quotes stand for double ones. */
static struct pith_json_document *parse(const char *body)
{
    struct pith_json_document *document;
    char json[1000];
    snprintf(json, sizeof json, "%s", body);
    for (char *c = json; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    assert_ok(pith_json_parse(view(json), "body", &document, &error), error);
    return document;
}

/* said: the content of an answer, else the start of why. */
static void expect(int status, const char *body, enum pith_outcome_kind kind,
                   const char *said)
{
    struct pith_json_document *document = parse(body);
    struct pith_outcome outcome;
    assert_ok(pith_outcome_read(&outcome, pith_json_root(document), status,
                                &error), error);
    ck_assert_msg(outcome.kind == kind, "%s: %s (%s), not %s", body,
                  pith_outcome_name(outcome.kind), outcome.why.detail,
                  pith_outcome_name(kind));
    if (kind == PITH_OUTCOME_ANSWER)
        ck_assert_msg(outcome.content.size == strlen(said) &&
                          memcmp(outcome.content.bytes, said, strlen(said)) == 0,
                      "%s: \"%.*s\"", body, (int)outcome.content.size,
                      outcome.content.bytes);
    else
        ck_assert_msg(strncmp(outcome.why.detail, said, strlen(said)) == 0,
                      "%s: \"%s\"", body, outcome.why.detail);
    pith_outcome_free(&outcome);
    pith_json_free(document);
}

#define CHOICE(message, reason)                                                \
    "{'choices': [{'message': {'role': 'assistant', " message                  \
    "}, 'finish_reason': " reason "}]}"

START_TEST(answers_are_found_wherever_they_are)
{
    const enum pith_outcome_kind answer = PITH_OUTCOME_ANSWER;
    expect(200, CHOICE("'content': ' 5\\n'", "'stop'"), answer, " 5\n");
    expect(200, CHOICE("'content': '5'", "null"), answer, "5");
    expect(200, "{'choices': [{'text': '5', 'finish_reason': 'stop'}]}", answer,
           "5");
    expect(200, CHOICE("'content': '5', 'refusal': null, 'tool_calls': [], "
                       "'reasoning_content': 'So.'", "'length'"), answer, "5");
    expect(201, CHOICE("'content': [{'type': 'text', 'text': '5'}]", "'stop'"),
           answer, "5");
    expect(200, CHOICE("'content': [{'type': 'thinking', 'thinking': [{'type': "
                       "'text', 'text': 'Hm'}]}, {'type': 'text', 'text': 'It "
                       "is '}, {'type': 'summary', 'text': 'x'}, {'type': "
                       "'output_text', 'text': '5'}, 7, null]", "'stop'"), answer, "It is 5");
    expect(200, CHOICE("'content': '5', 'tool_calls': [{'function': {}}]",
                       "'tool_calls'"), answer, "5");
    expect(200, "{'error': null, 'choices': [{'message': {'content': ''}}, "
                "{'message': {'content': [{'text': '6'}]}}, {'message': "
                "{'content': '7'}}]}", answer, "6");
    expect(200, "{'error': {}, 'choices': [{'message': {'content': '5'}}]}",
           answer, "5");
}
END_TEST

START_TEST(what_no_model_answers_is_final)
{
    expect(200, CHOICE("'content': null, 'refusal': 'I can\\u2019t.'", "'stop'"),
           PITH_OUTCOME_REFUSAL, "HTTP 200: the model refuses: I can");
    expect(200, CHOICE("'content': [{'type': 'refusal', 'refusal': 'No.'}]",
                       "'stop'"), PITH_OUTCOME_REFUSAL,
           "HTTP 200: the model refuses: No.");
    expect(200, CHOICE("'content': 'No way.'", "'refusal'"),
           PITH_OUTCOME_REFUSAL, "HTTP 200: the model refuses: No way.");
    expect(200, CHOICE("'content': 'Half of i'", "'content_filter'"),
           PITH_OUTCOME_CONTENT_FILTER,
           "HTTP 200: a content filter ended the text: Half of i");
    expect(200, CHOICE("'content': ''", "'content_filter: PROHIBITED'"),
           PITH_OUTCOME_CONTENT_FILTER, "HTTP 200: a content filter");
    expect(400, "{'error': {'code': 'content_filter', 'message': 'Policy.'}}",
           PITH_OUTCOME_CONTENT_FILTER, "HTTP 400: Policy.");
    expect(200, CHOICE("'content': null, 'tool_calls': [{'function': {'name': "
                       "'add'}}]", "'tool_calls'"), PITH_OUTCOME_TOOL_CALLS,
           "HTTP 200: a tool is called without any text: add");
    expect(200, CHOICE("'content': '', 'function_call': {'name': 'add'}",
                       "'function_call'"), PITH_OUTCOME_TOOL_CALLS, "HTTP 200");
    expect(200, CHOICE("'content': '', 'reasoning_content': 'Hm'", "'length'"),
           PITH_OUTCOME_REASONING_ONLY,
           "HTTP 200: reasoning up to max_tokens, and no answer");
    expect(200, CHOICE("'content': null, 'reasoning': 'Hm'", "'stop'"),
           PITH_OUTCOME_REASONING_ONLY, "HTTP 200: reasoning, and no answer");
    expect(200, CHOICE("'content': [{'type': 'thinking', 'thinking': []}]",
                       "'stop'"), PITH_OUTCOME_REASONING_ONLY, "HTTP 200");
    expect(200, CHOICE("'content': '<think>Hm'", "'length'"),
           PITH_OUTCOME_REASONING_ONLY, "HTTP 200: reasoning up to");
    expect(200, CHOICE("'content': ' \\n'", "'stop'"), PITH_OUTCOME_EMPTY,
           "HTTP 200: an empty text");
    expect(200, CHOICE("'content': null", "'length'"), PITH_OUTCOME_EMPTY,
           "HTTP 200: max_tokens were used without any text");
    expect(200, "{'choices': []}", PITH_OUTCOME_EMPTY, "HTTP 200: no choice");
    expect(200, "{'choices': [null, {'message': 'x'}, {'message': {'content': "
                "{}}}]}", PITH_OUTCOME_EMPTY, "HTTP 200: an empty text");
    expect(400, "{'error': 'too long'}", PITH_OUTCOME_BAD_REQUEST,
           "HTTP 400: too long");
    expect(422, "{'detail': [{'loc': ['body'], 'msg': 'field required'}]}",
           PITH_OUTCOME_BAD_REQUEST, "HTTP 422: field required");
    expect(400, "[{'error': {'code': 400, 'message': 'bad key'}}]",
           PITH_OUTCOME_BAD_REQUEST, "HTTP 400: bad key");
    expect(413, "{}", PITH_OUTCOME_BAD_REQUEST, "HTTP 413: {}");
    expect(200, "{'object': 'error', 'message': 'too long', 'code': 400}",
           PITH_OUTCOME_BAD_REQUEST, "HTTP 200: error 400: too long");
    expect(200, "{'error': {'type': 'invalid_request_error', 'message': 'n'}}",
           PITH_OUTCOME_BAD_REQUEST, "HTTP 200: an error: n");
    for (int kind = 0; kind < PITH_OUTCOME_SERVER_ERROR; kind++)
        ck_assert(pith_outcome_is_final((enum pith_outcome_kind)kind));
}
END_TEST

START_TEST(what_may_pass_is_not_final)
{
    const int passing[] = {408, 409, 425, 429, 500, 502, 503, 529, 599};
    const int useless[] = {301, 302, 307, 308, 401, 402, 404, 405, 407};
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        expect(passing[i], "{'error': {'message': 'x'}}",
               PITH_OUTCOME_SERVER_ERROR, "HTTP ");
    for (size_t i = 0; i < sizeof useless / sizeof *useless; i++)
        expect(useless[i], "{'message': 'x'}", PITH_OUTCOME_UNUSABLE_ENDPOINT,
               "HTTP ");
    expect(403, "{'error': 'flagged'}", PITH_OUTCOME_FORBIDDEN, "HTTP 403");
    expect(429, "{'error': {'code': 'insufficient_quota', 'message': 'pay'}}",
           PITH_OUTCOME_UNUSABLE_ENDPOINT, "HTTP 429: pay");
    expect(200, "{'error': {'message': 'gone', 'code': 502}}",
           PITH_OUTCOME_SERVER_ERROR, "HTTP 200: error 502: gone");
    expect(200, "{'error': {'message': 'gone', 'code': 401}}",
           PITH_OUTCOME_UNUSABLE_ENDPOINT, "HTTP 200: error 401: gone");
    expect(200, "{'error': {'why': [1]}, 'choices': [{'message': {'content': "
                "'5'}}]}", PITH_OUTCOME_SERVER_ERROR,
           "HTTP 200: an error: {\"error\":");
    expect(200, "{'choices': [{'message': {'content': 'Half of'}, "
                "'finish_reason': 'error', 'error': {'message': 'gone'}}]}",
           PITH_OUTCOME_SERVER_ERROR, "HTTP 200: the text was broken off: gone");
    expect(200, CHOICE("'content': 'Half of'", "'abort'"),
           PITH_OUTCOME_SERVER_ERROR, "HTTP 200: the text was broken off");
    expect(200, "{'message': {'role': 'assistant', 'content': '5'}}",
           PITH_OUTCOME_NOT_A_COMPLETION, "HTTP 200: JSON without");
    expect(200, "'5'", PITH_OUTCOME_NOT_A_COMPLETION, "HTTP 200: JSON");
    expect(200, "[]", PITH_OUTCOME_NOT_A_COMPLETION, "HTTP 200: an empty");
    expect(200, "null", PITH_OUTCOME_NOT_A_COMPLETION, "HTTP 200: an empty");
}
END_TEST

static void expect_text(int status, struct pith_text body,
                        enum pith_outcome_kind kind, const char *why)
{
    struct pith_outcome outcome;
    pith_outcome_read_text(&outcome, body, status);
    ck_assert_int_eq(outcome.kind, kind);
    ck_assert_str_eq(outcome.why.detail, why);
    pith_outcome_free(&outcome);
}

START_TEST(replies_without_json_are_shown)
{
    char body[2000];
    expect_text(200, view(""), PITH_OUTCOME_NOT_A_COMPLETION,
                "HTTP 200: an empty reply");
    expect_text(502, view("<html><Title lang=en>\n 502  Bad\tGateway </title>"),
                PITH_OUTCOME_SERVER_ERROR,
                "HTTP 502: a page of HTML: 502 Bad Gateway");
    expect_text(400, view("<html><title>no end"), PITH_OUTCOME_BAD_REQUEST,
                "HTTP 400: no JSON: <html><title>no end");
    expect_text(429, view("slow\r\n down"), PITH_OUTCOME_SERVER_ERROR,
                "HTTP 429: no JSON: slow down");
    expect_text(200, (struct pith_text){"a\0b\xFF\x1B[2J", 8},
                PITH_OUTCOME_NOT_A_COMPLETION,
                "HTTP 200: no JSON: a?b??[2J");
    /* Cut between characters. */
    for (size_t n = 290; n < 320; n++) {
        memset(body, 'a', n);
        memcpy(body + n, "\xF0\x9F\x98\x80\xF0\x9F\x98\x80", 9);
        struct pith_outcome outcome;
        pith_outcome_read_text(&outcome, view(body), 500);
        size_t size = strlen(outcome.why.detail);
        ck_assert(pith_utf8_is_valid(outcome.why.detail, size));
        ck_assert_uint_le(size, 330);
        ck_assert_ptr_null(strchr(outcome.why.detail, '?'));
    }
}
END_TEST

static void expect_thought(const char *text, const char *answer)
{
    size_t n = pith_thought_size(view(text));
    ck_assert_msg(strcmp(text + n, answer) == 0, "\"%s\": \"%s\"", text,
                  text + n);
}

START_TEST(thoughts_are_cut_off_the_front)
{
    expect_thought("<think>Hm.</think>\n\n5", "5");
    expect_thought("\n<think>\n</think>5 <think>6</think>",
                   "5 <think>6</think>");
    expect_thought("<think>a</think> <thinking>b</thinking>\n5", "5");
    expect_thought("[THINK]a[/THINK]5", "5");
    expect_thought("<|channel|>analysis<|message|>a<|end|><|start|>assistant"
                   "<|channel|>final<|message|>5", "5");
    expect_thought("<think>no end", "");
    expect_thought("<think>", "");
    expect_thought("Hm.\n</think>\n\n5", "5"); /* the template had the start */
    expect_thought("Hm.\n</think>", "");
    /* The marks as words of an answer. */
    expect_thought("The tag </think> ends it.", "The tag </think> ends it.");
    expect_thought("Write <think>\n</think>\n there.",
                   "Write <think>\n</think>\n there.");
    expect_thought("<thinker>5", "<thinker>5");
    expect_thought(" 5", " 5");
    expect_thought("", "");
}
END_TEST

/* Random lines, made of what replies are made of: nothing but the rules. */
START_TEST(any_json_is_survived)
{
    static const char *const pieces[] = {
        "{", "}", "[", "]", "'choices':", "'message':", "'content':", "'error':",
        "'finish_reason':", "'length'", "null", "7", "'x'", ",", "{'text':'y'}",
        "'refusal':", "'code':", "400", "'tool_calls':", "'response':"};
    uint64_t state = 3;
    size_t n_read = 0;
    for (int round = 0; round < 200000; round++) {
        char text[200] = "{";
        struct pith_json_document *document;
        struct pith_outcome outcome;
        for (size_t n = random_below(&state, 9); n > 0; n--)
            strcat(text, pieces[random_below(
                             &state, sizeof pieces / sizeof *pieces)]);
        strcat(text, "}");
        for (char *c = text; *c != '\0'; c++)
            if (*c == '\'')
                *c = '"';
        if (pith_json_parse(view(text), "line", &document, &error) != PITH_OK)
            continue;
        n_read++;
        assert_ok(pith_outcome_of_line(&outcome, pith_json_root(document),
                                       &error), error);
        ck_assert(outcome.kind == PITH_OUTCOME_ANSWER ||
                  outcome.why.detail[0] != '\0');
        pith_outcome_free(&outcome);
        assert_ok(pith_outcome_read(&outcome, pith_json_root(document), 200,
                                    &error), error);
        pith_outcome_free(&outcome);
        pith_json_free(document);
    }
    ck_assert_uint_gt(n_read, 100);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("outcome");
    TCase *tcase = tcase_create("outcome");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, answers_are_found_wherever_they_are);
    tcase_add_test(tcase, what_no_model_answers_is_final);
    tcase_add_test(tcase, what_may_pass_is_not_final);
    tcase_add_test(tcase, replies_without_json_are_shown);
    tcase_add_test(tcase, thoughts_are_cut_off_the_front);
    tcase_add_test(tcase, any_json_is_survived);
    suite_add_tcase(suite, tcase);
    return suite;
}
