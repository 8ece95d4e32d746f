/*
 * prompts.c - texts to compress: plain ones with each method, contexts with
 * tags, the forms of --preset, pages of HTML.
 */
#include <math.h>
#include <string.h>

#include "../../src/base/utf8.h"
#include "../../src/json/json.h"
#include "../../src/model/session.h"
#include "../random_prompt.h"
#include "fuzz.h"
#include "pith_service.h"

/* All of part but its blanks occurs in whole, in that order. */
static bool is_subsequence(struct pith_text part, struct pith_text whole)
{
    size_t at = 0;
    for (size_t i = 0; i < part.size; i++) {
        if (part.bytes[i] == ' ' || part.bytes[i] == '\n')
            continue;
        while (at < whole.size && whole.bytes[at] != part.bytes[i])
            at++;
        if (at++ >= whole.size)
            return false;
    }
    return true;
}

/* Bytes that are not UTF-8 become U+FFFD in a result. */
static void join(const struct pith_prompt *prompt, struct pith_buffer *out)
{
    for (size_t i = 0; i < prompt->n_contexts + 2; i++) {
        struct pith_text part = prompt_part(prompt, i);
        while (part.size > 0) {
            size_t n = pith_utf8_valid_length(part.bytes, part.size);
            pith_buffer_append(out, n > 0 ? part.bytes : "\xEF\xBF\xBD",
                               n > 0 ? n : 3);
            n = n > 0 ? n : 1;
            part.bytes += n;
            part.size -= n;
        }
    }
}

static void check_spans(const struct pith_prompt *prompt,
                        const struct pith_result *result)
{
    const struct pith_detail *detail = &result->detail;
    for (size_t i = 0; i < detail->n_spans; i++) {
        const struct pith_span *span = &detail->spans[i], *before = span - 1;
        fuzz_check(span->part < result->n_parts && span->start < span->end);
        const struct pith_part_result *part = &result->parts[span->part];
        struct pith_text text =
            part->kind == PITH_PART_INSTRUCTION ? prompt->instruction
            : part->kind == PITH_PART_QUESTION  ? prompt->question
                                       : prompt->contexts[part->index];
        fuzz_check(span->end <= text.size);
        fuzz_check(i == 0 || before->part < span->part ||
                   (before->part == span->part && before->end < span->start));
    }
}

static void check_result(const struct pith_prompt *prompt,
                         const struct pith_compress_options *options,
                         const struct pith_result *result)
{
    struct pith_buffer whole = {0};
    fuzz_check(pith_utf8_is_valid(result->text.bytes, result->text.size));
    fuzz_check(result->note == NULL ||
               pith_utf8_is_valid(result->note, strlen(result->note)));
    if (options->method == PITH_METHOD_REFERENCE)
        return;
    if (!options->structured) {
        join(prompt, &whole);
        fuzz_check(is_subsequence(result->text, pith_buffer_text(&whole)) ||
                   options->question_aware);
        check_spans(prompt, result);
    }
    fuzz_check(result->compressed_tokens <= result->origin_tokens);
    double most = options->target >= 0
                      ? options->target
                      : options->rate * (double)result->origin_tokens;
    /* Of a structured prompt the rate is that of its pieces: blank lines come
     * on top. */
    fuzz_check((double)result->compressed_tokens <= ceil(most) ||
               options->structured || result->note != NULL);
    pith_buffer_free(&whole);
}

/* Instruction, contexts with a line "%%" between two, question. */
enum { CONTEXTS = 6 };

static void compress(struct pith_session *session, struct pith_text input,
                     struct pith_compress_options *options, bool as_page)
{
    struct pith_text parts[CONTEXTS + 2];
    struct pith_result *result;
    struct pith_error error;
    char *page = NULL;
    size_t n = 0, size;
    while (input.size > 0 && n < CONTEXTS + 2)
        parts[n++] = fuzz_part(&input);
    struct pith_prompt prompt = {.contexts = parts, .n_contexts = n};
    if (n > 2) {
        prompt = (struct pith_prompt){parts[0], parts + 1, n - 2, parts[n - 1]};
    }
    options->detail = true;
    enum pith_status status =
        pith_compress(session, &prompt, options, &result, &error);
    if (status != PITH_OK) {
        fuzz_check(status == PITH_ERR_ARGUMENT ||
                   status == PITH_ERR_UNSUPPORTED || status == PITH_ERR_FORMAT);
        fuzz_check(pith_utf8_is_valid(error.detail, strlen(error.detail)));
        return;
    }
    check_result(&prompt, options, result);
    if (as_page) {
        fuzz_check(pith_result_report_html(session, &prompt, options, result,
                                           &page, &size, &error) == PITH_OK);
        fuzz_check(pith_utf8_is_valid(page, size) && strlen(page) == size);
        pith_free(page);
    }
    pith_result_free(result);
}

/* The first two bytes say how: method and rate, and what stays. */
static void choose(struct pith_text *input,
                   struct pith_compress_options *options)
{
    unsigned how = fuzz_byte(input), keep = fuzz_byte(input);
    pith_compress_options_init(options);
    options->method = (enum pith_method)(how % 3);
    options->rate = (1 + how / 3 % 10) / 10.0;
    if (options->method == PITH_METHOD_REFERENCE) {
        options->use_sentence_level_filter = keep & 1;
        options->keep_split = keep & 2;
        options->rank_method = (enum pith_rank_method)(keep / 4 % 3);
        options->dynamic_context_compression_ratio = keep & 16 ? 0.4 : 0;
    } else {
        options->protect = keep & PITH_PROTECT_ALL;
        options->units = (enum pith_units)(keep / 64 % 2);
        options->question_aware =
            options->method == PITH_METHOD_PAPER && keep & 128;
    }
}

static void run_prompt(const struct fuzz_target *target,
                       struct pith_text input)
{
    struct pith_compress_options options;
    choose(&input, &options);
    options.structured = target->choice == 1;
    compress(fuzz_session(), input, &options, target->choice == 2);
}

/* In a context of 1 to 16 positions, which few prompts fit into. */
static void run_short(const struct fuzz_target *target, struct pith_text input)
{
    const struct pith_session_options open = {
        .sizeof_options = sizeof open, .n_threads = 1,
        .n_ctx = 1 + fuzz_byte(&input) % 16};
    struct pith_compress_options options;
    struct pith_session *session;
    (void)target;
    fuzz_check(pith_session_create(pith_session_model(fuzz_session()), &open,
                                   &session, NULL) == PITH_OK);
    choose(&input, &options);
    compress(session, input, &options, false);
    pith_session_free(session);
}

static const char *const plain_seeds[] = {
    "\x0C\x01" "Read this.\n%%\nIn 1999, Ann had 12.5 apples; she gave none to "
    "Bob. See https://a.example/b?c=1 or `x = y + 1`.\n%%\nThe rain in Spain "
    "stays mainly in the plain. \xE6\xBC\xA2\xE5\xAD\x97\n%%\nHow many apples?",
    "\x0D\x05" "The rain.\n%%\nOne. Two! \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB "
    "na\xC3\xAFve.\n%%\nThree\n%%\nFour?",
    "\x0E\x82" "a b c d e f g \xFF\xC3 i j k l m n o p\n\nq r s\tt\r\nu",
    NULL};

static const char *const short_seeds[] = {
    "\x10\x0C\x80" "Answer.\n%%\nThe ferry leaves at 9:30.\n%%\nA red house\n%%\n"
    "When does it leave?",
    "\x05\x0D\x05" "The rain.\n%%\nOne. Two!\n%%\nThree\n%%\nFour?",
    "\x0C\x0E\x01" "the rain in Spain stays in 3 plains", NULL};

static const char *const tag_seeds[] = {
    "\x0D\x01" "<llmlingua, compress=False>Speaker 4:</llmlingua>"
    "<llmlingua, rate=0.4> Thank you. And can we do the functions?</llmlingua>"
    "\n%%\n<llmlingua>the rain in Spain</llmlingua> outside",
    "\x0E\x00" "<llmlingua, rate=0.5, compress=True>a b c</llmlingua><llmlingua,"
    "rate=2>x</llmlingua>\n<llmlingua, rate=>y</llmlingua>",
    NULL};

/* --- presets ---------------------------------------------------------------------- */

static void run_preset(const struct fuzz_target *target,
                       struct pith_text input)
{
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    options.rate = (1 + fuzz_byte(&input) % 10) / 10.0;
    options.preset = target->choice;
    compress(fuzz_session(), input, &options, false);
}

static bool is_json(struct pith_text text)
{
    struct pith_json_document *document;
    bool is = pith_json_parse_utf8(text, "json", &document, NULL) == PITH_OK;
    pith_json_free(document);
    return is;
}

/* JSON stays JSON. */
static void run_preset_json(const struct fuzz_target *target,
                            struct pith_text input)
{
    struct pith_compress_options options;
    struct pith_result *result;
    (void)target;
    pith_compress_options_init(&options);
    options.rate = (1 + fuzz_byte(&input) % 10) / 10.0;
    options.preset = PITH_PRESET_JSON;
    const struct pith_prompt prompt = {.contexts = &input, .n_contexts = 1};
    if (pith_compress(fuzz_session(), &prompt, &options, &result, NULL) ==
        PITH_OK)
        fuzz_check(!is_json(input) || is_json(result->text));
    pith_result_free(result);
}

static const char *const code_seeds[] = {
    "\x04#include <stdio.h>\n\nint main(void)\n{\n    int i = 0; /* n */\n    "
    "puts(\"a b\");\n    return i;\n}\n", "\x02" "def f(x):\n\tif x:\n\t\treturn "
    "'y'\n    # c\n    return None", NULL};
static const char *const markdown_seeds[] = {
    "\x04# A title\n\nSome **bold words** and `code`, a [link](http://a.b/c) and "
    "![x](y.png).\n\n- one item\n- [ ] two\n\n> quoted text here\n\n```c\nint x;\n"
    "```\n\n| a | b |\n|---|---|\n| 1 | two words |\n\n[1]: http://d.e",
    "\x03---\ntitle: x\n---\n1. a\n   b\n~~~\nc\n~~~\n***", NULL};
static const char *const json_seeds[] = {
    "\x04{\"name\": \"A long text of many words, more than six of them \\n\\u00e9\","
    " \"n\": [1, 2.5, true, null], \"o\": {\"k\": \"short\"}}",
    "\x02{\"a\":\"the rain in Spain stays mainly in the plain\"}\n{\"a\":\"one two "
    "three four five six seven \\ud83d\\ude00\"}\n", NULL};
static const char *const log_seeds[] = {
    "\x04" "2024-01-02 10:11:12,345 INFO server started on port 80\n2024-01-02 "
    "10:11:13 [ERROR] db: connection refused (x=1)\n\tat a.b(C.java:1)\n10:11 WARN "
    "slow\n", "\x05[INFO] a\n[DEBUG] b c d\n", NULL};
static const char *const chat_seeds[] = {
    "\x04" "Ann: hello there, how are you today?\nBob: fine, thanks a lot\nAnn: and "
    "now?\n<bob> what\n[10:32] Ann: yes", "\x01User:\nx\nUser: y\n", NULL};
static const char *const table_seeds[] = {
    "\x04name,age,about\nAnn,12,\"likes cakes, and rain\"\nBob,13,\"says \"\"no\"\" "
    "often\"\n", "\x05| a | b |\n|---|:-:|\n| one two three | 4 |\n| 5 | 6 |\n",
    "\x03x\ty\n1\t2\nthe rain in Spain\t3\n", NULL};

#define PRESET(name_, choice_, texts_)                                         \
    {.name = name_, .run = run_preset, .most = 600, .texts = texts_,           \
     .choice = choice_}

const struct fuzz_target fuzz_prompts[] = {
    {.name = "prompt", .run = run_prompt, .most = 500, .texts = plain_seeds},
    {.name = "short", .run = run_short, .most = 300, .texts = short_seeds},
    {.name = "tags", .run = run_prompt, .most = 500, .texts = tag_seeds,
     .choice = 1},
    {.name = "report", .run = run_prompt, .most = 400, .texts = plain_seeds,
     .choice = 2},
    PRESET("code", PITH_PRESET_CODE, code_seeds),
    PRESET("markdown", PITH_PRESET_MARKDOWN, markdown_seeds),
    {.name = "json_preset", .run = run_preset_json, .most = 600,
     .texts = json_seeds},
    PRESET("log", PITH_PRESET_LOG, log_seeds),
    PRESET("chat", PITH_PRESET_CHAT, chat_seeds),
    PRESET("table", PITH_PRESET_TABLE, table_seeds),
    PRESET("auto", PITH_PRESET_AUTO, markdown_seeds),
    {0}};
