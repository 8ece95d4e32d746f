/*
 * mcp_tools.c - the tools that a Model Context Protocol client sees: their
 * descriptions, JSON Schemas and calls.
 */
#include "mcp.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"

/* Texts below are JSON with ' for ", so that they can be read here. */

/* Properties: the options of pith_compress_option follow. */
static const char compress_input[] =
    "'context':{'description':'The text to compress, or a list of texts "
    "(documents, demonstrations) of which some may be left out as a whole.',"
    "'anyOf':[{'type':'string'},{'type':'array','items':{'type':'string'}}]},"
    "'messages':{'description':'A chat in place of context, in the form of "
    "OpenAI or Anthropic: roles, ids and tool calls stay, texts become shorter, "
    "system and the last user turn stay whole.','anyOf':[{'type':'array',"
    "'items':{'type':'object'}},{'type':'object'}]},"
    "'instruction':{'type':'string','description':'Stands before the contexts "
    "and is kept whole.'},"
    "'question':{'type':'string','description':'Stands after the contexts, is "
    "kept whole, and chooses what stays of them.'}";

static const char compress_output[] =
    "{'type':'object','properties':{"
    "'compressed_prompt':{'type':'string'},"
    "'messages':{'anyOf':[{'type':'array'},{'type':'object'}],'description':"
    "'Of a chat, in place of compressed_prompt.'},"
    "'origin_tokens':{'type':'integer'},"
    "'compressed_tokens':{'type':'integer'},"
    "'ratio':{'type':'string','description':'Such as 2.1x.'},"
    "'rate':{'type':'string','description':'Such as 47.6%.'},"
    "'bits_per_byte':{'type':['number','null'],'description':'How hard the "
    "contexts are for the small model; above 7 it does not know their "
    "language.'},"
    "'note':{'type':['string','null']}"
    "},'required':['origin_tokens','compressed_tokens','ratio','rate']}";

static const char recover_input[] =
    "{'type':'object','properties':{"
    "'original_prompt':{'type':'string','description':'The prompt before "
    "compression.'},"
    "'compressed_prompt':{'type':'string','description':'What the tool "
    "compress made of it.'},"
    "'response':{'type':'string','description':'The answer that was given to "
    "the compressed prompt.'},"
    "'method':{'type':'string','enum':['paper','reference','spans']}"
    "},'required':['original_prompt','compressed_prompt','response']}";

static const char recover_output[] =
    "{'type':'object','properties':{'recovered_response':{'type':'string'}},"
    "'required':['recovered_response']}";

static const char score_input[] =
    "{'type':'object','properties':{"
    "'text':{'type':'string'},"
    "'bos':{'type':'boolean','description':'Put the token that begins a text "
    "in front (true); without it the first token has no loss.'}"
    "},'required':['text']}";

static const char score_output[] =
    "{'type':'object','properties':{"
    "'tokens':{'type':'array','items':{'type':'object','properties':{"
    "'id':{'type':'integer'},'piece':{'type':'string'},"
    "'loss':{'type':['number','null'],'description':'In nats.'}},"
    "'required':['id','piece','loss']}},"
    "'mean_loss':{'type':['number','null']},"
    "'perplexity':{'type':['number','null']}"
    "},'required':['tokens','mean_loss','perplexity']}";

struct pith_mcp_tool {
    pith_function *run;
    const char *name, *title, *description, *input, *output;
};

static const struct pith_mcp_tool tools[] = {
    {pith_answer_compress, "compress", "Compress a prompt",
     "Makes a long prompt shorter: a small language model finds the tokens "
     "that are easy to predict, and those are dropped. What stays is in its "
     "order and meant for a language model to read. The other options of "
     "pith are taken under their names as well.",
     compress_input, compress_output},
    {pith_answer_recover, "recover", "Recover a response",
     "Puts words that compression had cut (names, numbers) in an answer to a "
     "compressed prompt back to what the original prompt says.",
     recover_input, recover_output},
    {pith_answer_score, "score", "Score a text",
     "The loss (negative log-likelihood) of every token of a text under the "
     "small language model, their mean and the perplexity.",
     score_input, score_output},
};

enum { N_TOOLS = sizeof tools / sizeof tools[0] };

const struct pith_mcp_tool *pith_mcp_find_tool(struct pith_text name)
{
    for (size_t i = 0; i < N_TOOLS; i++)
        if (strlen(tools[i].name) == name.size &&
            memcmp(tools[i].name, name.bytes, name.size) == 0)
            return &tools[i];
    return NULL;
}

/* --- the list ------------------------------------------------------------------ */

/* Appends JSON that has ' for ". */
static void write_json(struct pith_buffer *out, const char *json)
{
    for (; *json != '\0'; json++)
        pith_buffer_byte(out, (char)(*json == '\'' ? '"' : *json));
}

/* "key":"words" */
static void write_words(struct pith_buffer *out, const char *key,
                        const char *words)
{
    struct pith_text text = {words, strlen(words)};
    pith_buffer_printf(out, "\"%s\":", key);
    pith_json_write_string(out, text);
}

/* "type":"number","exclusiveMinimum":0,"maximum":1 and the like. */
static void write_type(struct pith_buffer *out, const struct pith_option *option)
{
    switch (option->type) {
    case PITH_OPTION_BOOL:
    case PITH_OPTION_BITS:
        write_json(out, "'type':'boolean'");
        break;
    case PITH_OPTION_COUNT:
    case PITH_OPTION_REAL:
        write_words(out, "type", option->type == PITH_OPTION_COUNT ? "integer"
                                                                   : "number");
        pith_buffer_string(out, option->use & PITH_OPTION_ABOVE_LOW
                                    ? ",\"exclusiveMinimum\":"
                                    : ",\"minimum\":");
        pith_json_write_number(out, option->low);
        pith_buffer_string(out, ",\"maximum\":");
        pith_json_write_number(out, option->high);
        break;
    case PITH_OPTION_CHOICE:
        write_json(out, "'type':'string','enum':['");
        for (const char *at = option->value; *at != '\0'; at++)
            pith_buffer_append(out, *at == '|' ? "\",\"" : at,
                               *at == '|' ? 3 : 1);
        write_json(out, "']");
        break;
    case PITH_OPTION_TEXT:
    case PITH_OPTION_KINDS:
        write_json(out, "'type':'string'");
        break;
    case PITH_OPTION_TEXTS:
        write_json(out, "'type':'array','items':{'type':'string'}");
        break;
    case PITH_OPTION_COUNTS:
        write_json(out, "'type':'array','items':{'type':'integer'}");
        break;
    }
}

/* ,"rate":{"type":...,"description":...} for each option that language models
 * see. */
static void write_options(struct pith_buffer *out)
{
    const struct pith_option *option;
    for (size_t i = 0; (option = pith_compress_option(i)) != NULL; i++) {
        struct pith_buffer words = {0};
        if (!(option->use & PITH_OPTION_IN_SCHEMA))
            continue;
        pith_buffer_printf(out, ",\"%s\":{", option->key);
        write_type(out, option);
        pith_buffer_string(out, ",\"description\":");
        pith_buffer_string(&words, option->sentence);
        if (option->shown != NULL)
            pith_buffer_printf(&words, "; %s by default", option->shown);
        pith_json_write_string(out, pith_buffer_text(&words));
        pith_buffer_byte(out, '}');
        out->failed |= words.failed;
        pith_buffer_free(&words);
    }
}

static void write_input(struct pith_buffer *out,
                        const struct pith_mcp_tool *tool)
{
    if (tool->run != pith_answer_compress) {
        write_json(out, tool->input);
        return;
    }
    write_json(out, "{'type':'object','properties':{");
    write_json(out, tool->input);
    write_options(out);
    write_json(out, "},'required':[]}");
}

void pith_mcp_write_tools(struct pith_buffer *out,
                          enum pith_mcp_revision revision)
{
    pith_buffer_byte(out, '[');
    for (size_t i = 0; i < N_TOOLS; i++) {
        const struct pith_mcp_tool *tool = &tools[i];
        pith_buffer_string(out, i > 0 ? ",{" : "{");
        write_words(out, "name", tool->name);
        pith_buffer_byte(out, ',');
        write_words(out, "description", tool->description);
        pith_buffer_string(out, ",\"inputSchema\":");
        write_input(out, tool);
        if (revision >= PITH_MCP_2025_03_26) {
            pith_buffer_string(out, ",\"annotations\":{");
            write_words(out, "title", tool->title);
            write_json(out, ",'readOnlyHint':true,'destructiveHint':false,"
                            "'idempotentHint':true,'openWorldHint':false}");
        }
        if (revision >= PITH_MCP_2025_06_18) {
            pith_buffer_byte(out, ',');
            write_words(out, "title", tool->title);
            pith_buffer_string(out, ",\"outputSchema\":");
            write_json(out, tool->output);
        }
        pith_buffer_byte(out, '}');
    }
    pith_buffer_byte(out, ']');
}

/* --- calls --------------------------------------------------------------------- */

static void write_content(struct pith_buffer *out, struct pith_text text)
{
    pith_buffer_string(out, "[{\"type\":\"text\",\"text\":");
    pith_json_write_string(out, text);
    pith_buffer_string(out, "}]");
}

/* A compressed prompt is for a model to read, and short: its content is the
 * text alone, although the protocol would rather see the structure again
 * there.  A score has nothing else to show. */
static void write_answer(struct pith_buffer *out,
                         const struct pith_mcp_tool *tool,
                         const struct pith_answer *answer,
                         enum pith_mcp_revision revision)
{
    const struct pith_buffer *shown =
        tool->run == pith_answer_score ? &answer->result : &answer->text;
    write_content(out, pith_buffer_text(shown));
    if (revision >= PITH_MCP_2025_06_18) {
        pith_buffer_string(out, ",\"structuredContent\":");
        pith_buffer_append(out, answer->result.data, answer->result.size);
    }
    out->failed |= answer->result.failed || answer->text.failed ||
                   answer->page.failed;
}

void pith_mcp_call_tool(const struct pith_mcp_tool *tool,
                        struct pith_session *session,
                        const struct pith_json *arguments,
                        const struct pith_compress_options *defaults,
                        enum pith_mcp_revision revision,
                        struct pith_answer *last, struct pith_buffer *out)
{
    struct pith_answer answer = {.page_limit = PITH_MCP_PAGE_BYTES};
    struct pith_error why;
    static const struct pith_json none = {.kind = PITH_JSON_OBJECT};
    if (tool->run(session, arguments != NULL ? arguments : &none, defaults,
                  &answer, &why) == PITH_OK) {
        write_answer(out, tool, &answer, revision);
        if (tool->run == pith_answer_compress && !out->failed) {
            pith_answer_free(last);
            *last = answer;
            return;
        }
    } else {
        write_content(out, (struct pith_text){why.detail, strlen(why.detail)});
        pith_buffer_string(out, ",\"isError\":true");
    }
    pith_answer_free(&answer);
}
