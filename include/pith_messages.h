/*
 * pith_messages.h - chats as JSON: the texts of their messages are found, made
 * shorter and put back; every other byte of the document stays.
 *
 * A document is {"messages": [...]} with any other members, or the array alone,
 * in the form of OpenAI's chat completions or of Anthropic's messages:
 *
 *   text      string content; parts {"type": "text", "text"} (also input_text
 *             and output_text); Anthropic's "system"; content of tool_result
 *             and of search_result; documents whose source is text
 *   no text   roles, names, ids, tool calls and their arguments, thinking,
 *             images, refusals, documents with citations, every unknown key
 *
 * docs/MESSAGES.md has the rules.  Those of pith.h hold here too.
 */
#ifndef PITH_MESSAGES_H
#define PITH_MESSAGES_H

#include "pith.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --------------------------------------------------------------------------
 * The texts of a document
 * ------------------------------------------------------------------------ */

enum pith_message_role {
    PITH_MESSAGE_SYSTEM,    /* system, developer, Anthropic's "system" */
    PITH_MESSAGE_USER,
    PITH_MESSAGE_ASSISTANT,
    PITH_MESSAGE_TOOL,      /* tool, function, content of tool_result */
    PITH_MESSAGE_DOCUMENT,  /* text of document and search_result */
    PITH_MESSAGE_OTHER      /* a role that is none of these */
};
#define PITH_N_MESSAGE_ROLES 6

/* "system", ..., "other"; a static string, NULL for another number. */
PITH_API
const char *pith_message_role_name(enum pith_message_role role);

/* One text, in the order of the document. */
struct pith_message_text {
    enum pith_message_role role;
    size_t message;      /* which message, from 0; of Anthropic's "system",
                            PITH_NO_MESSAGE */
    struct pith_text text; /* unescaped UTF-8, never empty; borrowed */
    size_t start, end;   /* of its JSON string, with the quotes */
    bool old;            /* its message is before the last user turn */
    bool last_turn;      /* text of the last user turn (the user messages in a
                            row that end with the last one; one with nothing
                            but tool results is none of them), or of an
                            assistant's message that ends the chat, which the
                            target model continues */
    bool broken;         /* has half a surrogate pair, which only the bytes of
                            the document can hold */
};

#define PITH_NO_MESSAGE SIZE_MAX

struct pith_messages;

/* Reads a document.
 *   document  borrowed, must outlive the messages
 *   name      for messages of errors, such as a path; NULL: "messages"
 *   messages  handed over; free with pith_messages_free
 * Errors: FORMAT (not JSON, not UTF-8, not messages: with the byte), MEMORY. */
PITH_API
enum pith_status pith_messages_read(struct pith_text document, const char *name,
                                    struct pith_messages **messages,
                                    struct pith_error *error);

PITH_API
void pith_messages_free(struct pith_messages *messages);

PITH_API
size_t pith_messages_count(const struct pith_messages *messages);

/* The texts, pith_messages_count() of them, borrowed. */
PITH_API
const struct pith_message_text *
pith_messages_texts(const struct pith_messages *messages);

/* The document with other texts.
 *   texts  (n) for each text what takes its place; bytes NULL, or the same
 *          text: its bytes stay.  Invalid UTF-8 becomes U+FFFD.  A document
 *          in ASCII stays one
 *   json   handed over, size bytes and a NUL; free with pith_free
 *   size   may be NULL */
PITH_API
enum pith_status pith_messages_write(const struct pith_messages *messages,
                                     const struct pith_text *texts, char **json,
                                     size_t *size, struct pith_error *error);

/* --------------------------------------------------------------------------
 * Compression
 * ------------------------------------------------------------------------ */

struct pith_messages_options {
    size_t sizeof_options;
    /* Method, rate, what must stay, ...; borrowed, NULL: the defaults. */
    const struct pith_compress_options *compress;
    /* By enum pith_message_role: the share of its tokens that stays of a text,
     * above 0 and at most 1; 0: unset. */
    double role_rates[PITH_N_MESSAGE_ROLES];
    /* Of pith_messages_compress_each: what has fewer tokens of the scoring
     * model stays whole, and what is not old and has fewer than long_tokens. */
    size_t short_tokens; /* 40 */
    size_t long_tokens; /* 200 */
};

/* The defaults named above. */
#define pith_messages_options_init(options)                                    \
    pith_messages_options_init_sized((options), sizeof *(options))
PITH_API
void pith_messages_options_init_sized(struct pith_messages_options *options,
                                      size_t sizeof_options);

/* Allocated by the library and grows at its end, as pith_result does. */
struct pith_messages_result {
    struct pith_text *texts; /* (n) for pith_messages_write; bytes NULL: stays
                                as it is */
    size_t *origin_tokens, *compressed_tokens; /* (n) of the scoring model */
    size_t n;
    size_t n_compressed; /* texts that became shorter */
    size_t n_origin, n_kept; /* tokens of all texts, before and after, of
                                compress->count_with or the scoring model;
                                of pith_messages_compress with a blank line
                                between two texts */
    char *note; /* what the user should know, one line; NULL: nothing */
};

/* Compresses all texts in one budget, compress->rate or target of their tokens,
 * and scores each given those before it.  These stay whole: the last turn,
 * broken texts, those of fewer than eight tokens, and those of system and
 * other, unless their role has a rate.  Texts whose role has a rate keep that
 * share together, and the rest of the budget is for all others.  A text with no
 * room at all becomes "...".  Where rates and what stays whole leave another
 * number of tokens than the budget, the note says so.
 *   session   of the scoring model
 *   messages  borrowed
 *   options   borrowed, NULL for the defaults
 *   result    handed over; free with pith_messages_result_free
 * Errors: those of pith_compress; ARGUMENT (a rate of a role); UNSUPPORTED
 * (method reference, a threshold). */
PITH_API
enum pith_status pith_messages_compress(
    struct pith_session *session, const struct pith_messages *messages,
    const struct pith_messages_options *options,
    struct pith_messages_result **result, struct pith_error *error);

/* Compresses each text on its own, for a proxy that sees a chat grow: what
 * becomes of a text does not depend on those around it, but for what is old and
 * what the last turn is, so that the target's prompt cache holds.  These stay
 * whole: system texts and the last turn whatever their rate, texts of other
 * roles without a rate, texts that are too short (see the options) or broken,
 * and those that would not become shorter.
 *   session   of the scoring model
 *   messages  borrowed
 *   options   borrowed, NULL for the defaults; rates are those of the roles or
 *             else compress->rate
 *   result    handed over; free with pith_messages_result_free
 * Errors: those of pith_compress; ARGUMENT for a target or a threshold, which
 * are not of one text, and for a rate of a role out of its range. */
PITH_API
enum pith_status pith_messages_compress_each(
    struct pith_session *session, const struct pith_messages *messages,
    const struct pith_messages_options *options,
    struct pith_messages_result **result, struct pith_error *error);

PITH_API
void pith_messages_result_free(struct pith_messages_result *result);

#ifdef __cplusplus
}
#endif
#endif
