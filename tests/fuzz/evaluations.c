/*
 * evaluations.c - what `pith eval` reads: data sets, archives of them, answers
 * of target models, requests and keys, pairs of texts.
 */
#include <math.h>
#include <string.h>

#include "../../src/base/utf8.h"
#include "../../src/eval/gunzip.h"
#include "fuzz.h"
#include "pith_eval.h"

/* --- archives ------------------------------------------------------------------- */

static void run_gunzip(const struct fuzz_target *target,
                       struct pith_text input)
{
    struct pith_buffer out = {0};
    const uint8_t *bytes = (const uint8_t *)input.bytes;
    (void)target;
    enum pith_status status = pith_gunzip(bytes, input.size, "fuzz", &out, NULL);
    fuzz_check(status == PITH_OK || status == PITH_ERR_FORMAT);
    fuzz_check(status != PITH_OK || pith_is_gzip(bytes, input.size));
    pith_buffer_free(&out);
}

static bool seed_gunzip(const struct fuzz_target *target, size_t index,
                        struct pith_buffer *out)
{
    /* Fixed codes, codes of its own; gzip -9. */
    static const char fixed[] =
        "\037\213\010\000\000\000\000\000\002\003\113\114\112\116\104\105"
        "\012\045\031\251\012\105\211\231\171\000\160\051\216\025\033\000"
        "\000\000";
    static const char dynamic[] =
        "\037\213\010\000\000\000\000\000\002\003\053\112\314\314\123\050"
        "\056\111\254\054\126\310\005\062\163\052\321\250\222\214\124\005"
        "\240\012\020\025\134\000\122\013\025\207\160\040\244\241\221\236"
        "\051\252\154\121\042\212\036\020\013\213\076\154\326\202\224\042"
        "\231\007\063\035\331\134\210\066\044\207\301\060\130\045\102\026"
        "\311\161\105\150\216\005\111\103\024\026\341\360\023\222\054\020"
        "\025\241\232\204\242\036\133\350\100\164\303\255\102\150\107\366"
        "\014\124\043\130\010\105\036\242\033\113\030\041\134\000\101\310"
        "\012\121\154\006\013\001\000\323\070\036\324\333\001\000\000";
    (void)target;
    if (index == 0)
        pith_buffer_append(out, fixed, sizeof fixed - 1);
    if (index == 1)
        pith_buffer_append(out, dynamic, sizeof dynamic - 1);
    return index < 2;
}

/* --- data sets: a file and its prompts --------------------------------------------- */

static void run_cases(const struct fuzz_target *target, struct pith_text input)
{
    struct pith_cases *cases = NULL;
    struct pith_error error;
    enum pith_task task = (enum pith_task)(fuzz_byte(&input) % 6);
    struct pith_text data = fuzz_part(&input);
    (void)target;
    const char *prompts = fuzz_write("prompts", input);
    if (pith_cases_load(&cases, task, fuzz_write("cases", data),
                        input.bytes != NULL ? prompts : NULL,
                        &error) != PITH_OK)
        fuzz_check(pith_utf8_is_valid(error.detail, strlen(error.detail)));
    for (size_t i = 0; i < pith_cases_count(cases); i++) {
        const struct pith_case *one = pith_cases_get(cases, i);
        fuzz_check(one->id[0] != '\0' && one->task == task);
    }
    pith_cases_free(cases);
}

static const char *const cases_seeds[] = {
    "0{\"question\": \"2 + 3?\", \"answer\": \"It is 2+3=<<2+3=5>>5.\\n#### 5\"}\n\n"
    "{\"question\": \"1?\", \"answer\": \"<<1\\n#### 1\"}\n%%\n\nQuestion: a\nb\n\n\n"
    "  Question: c\n",
    "1{\"examples\": [{\"input\": \"a?\", \"target\": \"(A)\"}]}\n%%\nA canary.\n-----\n"
    "Say yes.\n\nQ: one\nA: yes.\n\nQ: two\nA: no.",
    "2{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": "
    "\"assistant\", \"content\": \"b\"}]}\n{\"conversations\": [{\"from\": \"human\", "
    "\"value\": \"c\"}, {\"from\": \"gpt\", \"value\": \"d\"}]}\n{\"question_id\": 1, "
    "\"turns\": [\"e\", \"f\"]}",
    "3{\"document\": \"a\\n\\nb\", \"summary\": \"c\"}\n{\"0\": {\"origin_prompt\": "
    "\"x\", \"gold\": \"y\"}}",
    "4{\"question\": \"a\", \"answers\": [\"b\", \"c\"], \"passages\": [\"d b\"]}\n"
    "{\"question\": \"a\", \"answers\": [\"b\"], \"ctxs\": [{\"title\": \"t\", \"text\": "
    "\"x\"}]}",
    "5{\"text\": \"the rain in Spain\"}\n{\"document\": \"x y\"}", NULL};

/* --- answers: a response and its reference ------------------------------------------- */

static void run_answers(const struct fuzz_target *target,
                        struct pith_text input)
{
    struct pith_text response = fuzz_part(&input);
    struct pith_recall recall;
    struct pith_rouge_scores rouge;
    struct pith_bleu bleu = {{0}, {0}, 0, 0};
    (void)target;
    for (int rule = 0; rule <= PITH_ANSWER_QA; rule++) {
        struct pith_text answer =
            pith_answer_extract(response, (enum pith_answer_rule)rule);
        fuzz_check(answer.size == 0 ||
                   (answer.bytes >= response.bytes &&
                    answer.bytes + answer.size <=
                        response.bytes + response.size));
        pith_answer_matches(response, input, (enum pith_answer_rule)rule);
    }
    for (int kind = 0; kind < 2; kind++) {
        fuzz_check(pith_recall_count(&recall, (enum pith_recall_kind)kind,
                                     response, input, NULL) == PITH_OK);
        fuzz_check(recall.found <= recall.all);
    }
    fuzz_check(pith_steps_count(&recall, response, input, NULL) == PITH_OK);
    fuzz_check(recall.found <= recall.all);
    fuzz_check(pith_rouge_score(&rouge, response, input, NULL) == PITH_OK);
    fuzz_check(rouge.rougeL.f1 >= 0 && rouge.rougeL.f1 <= 1);
    fuzz_check(pith_bleu_add(&bleu, response, input, NULL) == PITH_OK);
    double score = pith_bleu_score(&bleu, true);
    fuzz_check(score >= 0 && score <= 100.000001);
}

static const char *const answers_seeds[] = {
    "So 3 * 4 = 12.\nThe answer is $1,234.50.\n#### -7\n%%\nLet's think step by step\n"
    "Each of the 3 apples costs 4.\nThe answer is 1,234.50\n\nSome 12 Names",
    "So the answer is (B).\n%%\n(B)", "The capital is Paris, France\n%%\nparis\nLyon",
    NULL};

/* --- a pair of texts as JSON ------------------------------------------------------------- */

static void run_metrics(const struct fuzz_target *target,
                        struct pith_text input)
{
    struct pith_bleu bleu = {{0}, {0}, 0, 0};
    char *json;
    (void)target;
    if (pith_metrics_json(input, "fuzz", &bleu, &json, NULL) == PITH_OK)
        fuzz_check_line(json);
}

static const char *const metrics_seeds[] = {
    "{\"hypothesis\": \"the rain in Spain's 12.5% stays\", \"reference\": \"rain in "
    "\\u6f22 Spain\"}", NULL};

/* --- requests, their answers, a body from the server ----------------------------------------- */

static void run_requests(const struct fuzz_target *target,
                         struct pith_text input)
{
    struct pith_text batch = fuzz_part(&input), answers = fuzz_part(&input);
    struct pith_requests *requests;
    struct pith_reply reply;
    int statuses[] = {200, 400, 403, 500, 0};
    (void)target;
    if (pith_requests_load(&requests, batch, "batch", NULL) == PITH_OK) {
        pith_requests_read_answers(requests, answers, "answers", NULL);
        for (size_t i = 0; i < pith_requests_count(requests); i++) {
            fuzz_check(pith_requests_find(requests,
                                          pith_requests_id(requests, i)) == i);
            int status = statuses[i % 5];
            fuzz_check(pith_requests_take_reply(requests, i, status, input,
                                                &reply, NULL) == PITH_OK);
            fuzz_check_line(reply.line);
        }
    }
    pith_requests_free(requests);
}

static const char *const requests_seeds[] = {
    "{\"custom_id\": \"a\", \"body\": {\"model\": \"m\"}}\n{\"custom_id\": \"b\", "
    "\"body\": {}}\n%%\n{\"custom_id\": \"a\", \"response\": {\"status_code\": 200, "
    "\"body\": {\"choices\": [{\"message\": {\"content\": \"x\"}, \"finish_reason\": "
    "\"stop\"}], \"usage\": {\"prompt_tokens\": 3, \"completion_tokens\": 1}}}, "
    "\"error\": null}\n%%\n{\"choices\": [{\"message\": {\"content\": [{\"type\": "
    "\"text\", \"text\": \"<think>y</think> z\"}], \"refusal\": null}, "
    "\"finish_reason\": \"length\"}]}",
    "{\"custom_id\": \"a\", \"body\": {}}\n%%\n\n%%\n<html>busy</html>", NULL};

/* --- keys and answers ---------------------------------------------------------------------------- */

static void complain(void *user, const char *detail)
{
    (void)user;
    fuzz_check(pith_utf8_is_valid(detail, strlen(detail)));
}

static void run_scores(const struct fuzz_target *target,
                       struct pith_text input)
{
    struct pith_text keys = fuzz_part(&input);
    const struct pith_score_options options = {
        .sizeof_options = sizeof options, .rule = PITH_ANSWER_HUB,
        .price_in = 1, .price_out = 2, .complain = complain};
    struct pith_scores scores;
    (void)target;
    if (pith_scores_create(&scores, keys, "keys", input, "answers", &options,
                           NULL) == PITH_OK)
        for (size_t i = 0; i < scores.n_rows; i++) {
            const struct pith_score_row *row = &scores.rows[i];
            fuzz_check(row->n_answered <= row->n);
            fuzz_check(isnan(row->exact) || (row->exact >= 0 && row->exact <= 1));
        }
    pith_scores_free(&scores);
}

#define KEY(id, task, reference)                                               \
    "{\"custom_id\": \"" id "\", \"task\": \"" task "\", \"case\": \"c-1\", \"ask\": " \
    "\"answers\", \"method\": \"paper\", \"ratio\": 2, \"shots\": null, "        \
    "\"origin_tokens\": 10, \"compressed_tokens\": 5, \"prompt_tokens\": null, " \
    "\"full_prompt_tokens\": null, \"reference\": \"" reference "\"}\n"
#define ANSWER(id, text)                                                       \
    "{\"custom_id\": \"" id "\", \"response\": {\"status_code\": 200, \"body\": " \
    "{\"choices\": [{\"message\": {\"content\": \"" text "\"}}], \"usage\": "    \
    "{\"prompt_tokens\": 9, \"completion_tokens\": 2}}}}\n"

static const char *const scores_seeds[] = {
    KEY("a", "gsm8k", "#### 5") KEY("b", "documents", "the rain") "%%\n"
    ANSWER("a", "The answer is 5") ANSWER("b", "rain"),
    KEY("a", "bbh", "(A)") KEY("b", "qa", "x\\ny") "%%\n" ANSWER("b", "y")
    "{\"custom_id\": \"a\", \"response\": null, \"error\": {\"message\": \"no\"}}", NULL};

const struct fuzz_target fuzz_evaluations[] = {
    {.name = "gunzip", .run = run_gunzip, .most = 2000, .seed = seed_gunzip},
    {.name = "cases", .run = run_cases, .most = 2000, .texts = cases_seeds},
    {.name = "answers", .run = run_answers, .most = 1000,
     .texts = answers_seeds},
    {.name = "metrics", .run = run_metrics, .most = 1000,
     .texts = metrics_seeds},
    {.name = "requests", .run = run_requests, .most = 2500,
     .texts = requests_seeds},
    {.name = "scores", .run = run_scores, .most = 2500, .texts = scores_seeds},
    {0}};
