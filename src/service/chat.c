/*
 * chat.c - a chat on its way through a proxy: pith_chat_run().
 *
 * Each text is compressed on its own and remembered under its hash, so that it
 * has the same bytes in every turn.  Whatever goes wrong with a text, it goes on
 * its way as it came.
 */
#include "chat.h"

#include <stdio.h>
#include <string.h>

#include "../base/exact.h"
#include "../base/memory.h"
#include "../messages/compress.h"
#include "../prompt/words.h"

/* A text is worth a mark when that many tokens go. */
enum { MARK_TOKENS = 32 };

/* Above it the model does not know the language of a text. */
static const double FOREIGN_BITS = 7;

struct chat {
    struct pith_session *session;
    const struct pith_chat_store *store;
    const struct pith_message_text *texts;
    bool *fetched;  /* (texts) stay, as the model has asked for them */
    bool with_mark;
    bool late;      /* its time is over: only what is known */
    struct pith_buffer hashes; /* "a","b" of the marks */
    struct pith_chat_summary *summary;
};

/* What a text became, as the store has it. */
struct outcome {
    struct pith_text shorter; /* bytes NULL: it stays */
    double before, after;     /* tokens */
};

/* --- marks and entries --------------------------------------------------------- */

static const char mark_start[] = "\n[", mark_middle[] = "; original: hash=";

static void write_mark(struct pith_buffer *out, const struct outcome *outcome,
                       const char *hash)
{
    pith_buffer_printf(out, "%s%.0f tokens compressed to %.0f%s%s]", mark_start,
                       outcome->before, outcome->after, mark_middle, hash);
}

/* A text that ends with a mark has been here before. */
static bool has_mark(struct pith_text text)
{
    size_t middle = sizeof mark_middle - 1;
    size_t tail = middle + PITH_CHAT_HASH_SIZE + 1;
    return text.size > tail && text.bytes[text.size - 1] == ']' &&
           memcmp(text.bytes + text.size - tail, mark_middle, middle) == 0;
}

static void write_entry(struct pith_buffer *out, const char *hash,
                        struct pith_text text, const struct outcome *outcome)
{
    pith_buffer_printf(out, "{\"hash\":\"%s\",\"original_content\":", hash);
    pith_json_write_string(out, text);
    pith_buffer_printf(out, ",\"original_tokens\":%.0f,\"compressed_tokens\":%.0f,"
                       "\"compressed_content\":",
                       outcome->before, outcome->after);
    if (outcome->shorter.bytes != NULL)
        pith_json_write_string(out, outcome->shorter);
    else
        pith_buffer_string(out, "null");
    pith_buffer_byte(out, '}');
}

/* What the entry says became of the text; *outcome borrows from *document.
 * An entry of another text, or a damaged one, is none. */
static bool read_entry(struct pith_text entry, struct pith_text text,
                       struct pith_json_document **document,
                       struct outcome *outcome)
{
    if (pith_json_parse_utf8(entry, "entry", document, NULL) != PITH_OK)
        return false;
    const struct pith_json *root = pith_json_root(*document);
    const struct pith_json *original = pith_json_get(root, "original_content");
    const struct pith_json *before = pith_json_get(root, "original_tokens");
    const struct pith_json *after = pith_json_get(root, "compressed_tokens");
    const struct pith_json *shorter = pith_json_get(root, "compressed_content");
    if (!pith_json_is(original, PITH_JSON_STRING) ||
        original->string.size != text.size ||
        memcmp(original->string.bytes, text.bytes, text.size) != 0 ||
        !pith_json_is(before, PITH_JSON_NUMBER) ||
        !pith_json_is(after, PITH_JSON_NUMBER) || shorter == NULL)
        return false;
    outcome->before = before->number;
    outcome->after = after->number;
    if (pith_json_is(shorter, PITH_JSON_STRING))
        outcome->shorter = shorter->string;
    return true;
}

/* --- one text --------------------------------------------------------------------- */

static void pass(struct chat *chat, const char *why)
{
    if (chat->summary->n_passed++ == 0)
        snprintf(chat->summary->why, sizeof chat->summary->why, "%s", why);
}

/* Hands over the text that takes the place of another. */
static enum pith_status hand_over(struct chat *chat, const char *hash,
                                  const struct outcome *outcome,
                                  struct pith_text *shorter,
                                  struct pith_error *error)
{
    struct pith_buffer out = {0};
    char *bytes;
    if (outcome->shorter.bytes == NULL)
        return PITH_OK;
    pith_buffer_append(&out, outcome->shorter.bytes, outcome->shorter.size);
    if (chat->with_mark) {
        write_mark(&out, outcome, hash);
        pith_buffer_printf(&chat->hashes, "%s\"%s\"",
                           chat->hashes.size > 0 ? "," : "", hash);
    }
    PITH_TRY(pith_buffer_take(&out, &bytes, &shorter->size, error));
    shorter->bytes = bytes;
    return PITH_OK;
}

/* Whether the store knows what became of the text. */
static bool recall(struct chat *chat, const char *hash, struct pith_text text,
                   struct pith_text *shorter, enum pith_status *status,
                   struct pith_error *error)
{
    const struct pith_chat_store *store = chat->store;
    struct pith_json_document *document = NULL;
    struct outcome outcome = {0};
    struct pith_text entry;
    if (!store->find(store->user, hash, &entry))
        return false;
    bool known = read_entry(entry, text, &document, &outcome);
    if (known) {
        *status = hand_over(chat, hash, &outcome, shorter, error);
        chat->summary->n_known++;
    }
    pith_json_free(document);
    store->release(store->user, entry);
    return known;
}

static bool remember(struct chat *chat, const char *hash, struct pith_text text,
                     const struct outcome *outcome)
{
    const struct pith_chat_store *store = chat->store;
    struct pith_buffer entry = {0};
    write_entry(&entry, hash, text, outcome);
    bool kept = !entry.failed &&
                store->keep(store->user, hash, pith_buffer_text(&entry));
    pith_buffer_free(&entry);
    return kept;
}

/* What is to be done with a text that the model has read. */
static enum pith_status settle(struct chat *chat, const char *hash,
                               struct pith_text text,
                               const struct pith_result *result,
                               struct pith_text *shorter,
                               struct pith_error *error)
{
    struct outcome outcome = {.before = (double)result->origin_tokens,
                              .after = (double)result->compressed_tokens};
    bool is_worth_it =
        result->compressed_tokens + MARK_TOKENS <= result->origin_tokens &&
        !pith_is_blank(result->text);
    if (result->bits_per_byte > FOREIGN_BITS)
        pass(chat, "the model does not know the language of a text");
    else if (is_worth_it)
        outcome.shorter = result->text;
    if (!remember(chat, hash, text, &outcome)) {
        if (outcome.shorter.bytes != NULL)
            pass(chat, "the store cannot keep the original of a text");
        return PITH_OK;
    }
    chat->summary->n_compressed += outcome.shorter.bytes != NULL;
    return hand_over(chat, hash, &outcome, shorter, error);
}

static enum pith_status compress(struct chat *chat, const char *hash,
                                 struct pith_text text,
                                 const struct pith_compress_options *options,
                                 struct pith_text *shorter,
                                 struct pith_error *error)
{
    struct pith_prompt prompt = {.contexts = &text, .n_contexts = 1};
    struct pith_result *result;
    struct pith_error why;
    enum pith_status status =
        pith_compress(chat->session, &prompt, options, &result, &why);
    if (status != PITH_OK) {
        chat->late = status == PITH_ERR_CANCELLED;
        pass(chat, chat->late ? "its time was over" : why.detail);
        return PITH_OK;
    }
    status = settle(chat, hash, text, result, shorter, error);
    pith_result_free(result);
    return status;
}

/* A pith_shorten function. */
static enum pith_status shorten(void *user, size_t index,
                                const struct pith_compress_options *options,
                                struct pith_text *shorter,
                                struct pith_error *error)
{
    struct chat *chat = user;
    struct pith_text text = chat->texts[index].text;
    char hash[PITH_CHAT_HASH_SIZE + 1];
    enum pith_status status = PITH_OK;
    if (chat->fetched[index] || has_mark(text))
        return PITH_OK;
    pith_chat_hash(chat->session, options, text, hash);
    if (recall(chat, hash, text, shorter, &status, error))
        return status;
    if (chat->late) {
        pass(chat, "its time was over");
        return PITH_OK;
    }
    return compress(chat, hash, text, options, shorter, error);
}

/* --- the chat --------------------------------------------------------------------- */

static void write_reply(struct pith_buffer *out, const struct chat *chat,
                        struct pith_text messages)
{
    const struct pith_chat_summary *summary = chat->summary;
    size_t before = summary->tokens_before, after = summary->tokens_after;
    double saved = (double)before - (double)after;
    pith_buffer_string(out, "{\"messages\":");
    pith_buffer_append(out, messages.bytes, messages.size);
    pith_buffer_printf(out, ",\"tokens_before\":%zu,\"tokens_after\":%zu,"
                       "\"tokens_saved\":%.0f,\"compression_ratio\":", before,
                       after, saved);
    pith_json_write_fixed(out, before > 0 ? saved / (double)before : 0, 4);
    pith_buffer_string(out, ",\"ccr_hashes\":[");
    pith_buffer_append(out, chat->hashes.data, chat->hashes.size);
    pith_buffer_string(out, "]}");
    out->failed |= chat->hashes.failed;
}

static enum pith_status compress_all(struct chat *chat,
                                     const struct pith_messages *messages,
                                     const struct pith_messages_options *options,
                                     struct pith_buffer *out,
                                     struct pith_error *error)
{
    struct pith_messages_result *result;
    char *json;
    size_t size;
    PITH_TRY(pith_messages_each(chat->session, messages, options, shorten, chat,
                                &result, error));
    chat->summary->tokens_before = result->n_origin;
    chat->summary->tokens_after = result->n_kept;
    enum pith_status status =
        pith_messages_write(messages, result->texts, &json, &size, error);
    pith_messages_result_free(result);
    PITH_TRY(status);
    write_reply(out, chat, (struct pith_text){json, size});
    pith_free(json);
    return PITH_OK;
}

/* "config": {"mode": "ccr"} asks for marks; without it they are there too. */
static bool wants_marks(const struct pith_json *root)
{
    const struct pith_json *mode =
        pith_json_get(pith_json_get(root, "config"), "mode");
    return mode == NULL || pith_json_string_is(mode, "ccr");
}

/* list: the array of messages, whose JSON is `bytes`. */
static enum pith_status run(struct chat *chat, struct pith_text bytes,
                            const struct pith_json *list,
                            const struct pith_messages_options *options,
                            struct pith_buffer *out, struct pith_error *error)
{
    struct pith_messages *messages;
    PITH_TRY(pith_messages_read(bytes, "messages", &messages, error));
    size_t n = pith_messages_count(messages);
    chat->texts = pith_messages_texts(messages);
    chat->fetched = pith_array_zero(n, sizeof *chat->fetched);
    enum pith_status status = PITH_OK;
    if (chat->fetched == NULL) {
        status = pith_no_memory(error, n, sizeof *chat->fetched);
    } else {
        pith_chat_find_fetched(list, chat->texts, n, chat->fetched);
        status = compress_all(chat, messages, options, out, error);
    }
    pith_free(chat->fetched);
    pith_messages_free(messages);
    return status;
}

/* Messages that cannot be read or compressed go on their way as they came. */
static void run_or_pass(struct chat *chat, const struct pith_json *root,
                        const struct pith_messages_options *options,
                        struct pith_buffer *out)
{
    const struct pith_json *list = pith_json_get(root, "messages");
    struct pith_error why;
    chat->with_mark = wants_marks(root);
    if (run(chat, list->source, list, options, out, &why) == PITH_OK)
        return;
    *chat->summary = (struct pith_chat_summary){.outcome = PITH_OK};
    pith_buffer_free(&chat->hashes);
    pith_buffer_free(out);
    pass(chat, why.detail);
    write_reply(out, chat, list->source);
}

static void write_error(struct pith_buffer *out, const struct pith_error *error)
{
    struct pith_text detail = {error->detail, strlen(error->detail)};
    pith_buffer_string(out, "{\"error\":");
    pith_json_write_string(out, detail);
    pith_buffer_byte(out, '}');
}

enum pith_status pith_chat_run(struct pith_session *session,
                               struct pith_text request,
                               const struct pith_messages_options *options,
                               const struct pith_chat_store *store,
                               char **reply, size_t *size,
                               struct pith_chat_summary *summary,
                               struct pith_error *error)
{
    struct pith_json_document *document = NULL;
    struct chat chat = {.session = session, .store = store, .summary = summary};
    struct pith_buffer out = {0};
    struct pith_error why;

    PITH_REQUIRE(reply, error);
    *reply = NULL;
    PITH_REQUIRE(session, error);
    PITH_REQUIRE(store, error);
    PITH_REQUIRE(summary, error);
    PITH_REQUIRE_ALL(request.bytes, request.size, error);
    *summary = (struct pith_chat_summary){0};
    enum pith_status status =
        pith_json_parse_utf8(request, "request", &document, &why);
    const struct pith_json *root =
        status == PITH_OK ? pith_json_root(document) : NULL;
    if (status == PITH_OK &&
        !pith_json_is(pith_json_get(root, "messages"), PITH_JSON_ARRAY))
        status = pith_fail(&why, PITH_ERR_ARGUMENT,
                           "request: expected {\"messages\": [...]}");
    if (status == PITH_OK)
        run_or_pass(&chat, root, options, &out);
    else
        write_error(&out, &why);
    summary->outcome = status;
    pith_buffer_free(&chat.hashes);
    pith_json_free(document);
    return pith_buffer_take(&out, reply, size, error);
}
