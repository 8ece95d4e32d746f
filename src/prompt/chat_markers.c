/*
 * chat_markers.c - the markers that chat templates put between turns.
 *
 * A family of markers has one form ("<|word|>"); others are listed by name.
 * The role after a marker that opens a turn, and the marker right after that
 * role, go with it: "<|start_header_id|>user<|end_header_id|>".
 */
#include <string.h>

#include "clusters.h"
#include "ranges.h"

enum { LONGEST_NAME = 64 }; /* bytes of a marker's name or of a role */

static const char *const named[] = {
    /* Llama 2, Mistral, ChatGLM, BERT */
    "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]",
    "[TOOL_CONTENT]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[ARGS]",
    "[CALL_ID]", "[THINK]", "[/THINK]", "[IMG]", "[IMG_BREAK]", "[IMG_END]",
    "[AUDIO]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]", "[gMASK]", "[sMASK]",
    "<sop>", "<eop>", "[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]",
    /* SentencePiece, T5, Gemma, InternLM, MiniCPM */
    "<s>", "</s>", "<bos>", "<eos>", "<pad>", "<unk>", "<mask>", "<sep>",
    "<start_of_turn>", "<end_of_turn>", "<start_of_image>", "<end_of_image>",
    "<eoh>", "<eoa>", "<eot>", "<用户>", "<AI>", "<image>", "<video>",
    "<audio>",
    /* thoughts and tools: Qwen, DeepSeek, Hermes, Functionary */
    "<think>", "</think>", "<thinking>", "</thinking>", "<tool>", "</tool>",
    "<tools>", "</tools>", "<tool_call>", "</tool_call>", "<tool_calls>",
    "</tool_calls>", "<tool_response>", "</tool_response>", "<tool_result>",
    "</tool_result>", "<function_call>", "</function_call>", "<answer>",
    "</answer>", "<scratch_pad>", "</scratch_pad>",
    /* code models */
    "<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<fim_pad>", "<PRE>",
    "<SUF>", "<MID>", "<EOT>", "<file_sep>", "<repo_name>", "<reponame>",
    "<filename>",
};

/* Markers that a role follows. */
static const char *const openers[] = {
    "<|im_start|>",      "<|start_header_id|>", "<|header_start|>",
    "<|start_of_role|>", "<|start|>",           "<|channel|>",
    "<start_of_turn>",
};

/* Forms with any name between their ends. */
static const struct {
    const char *start, *end;
} forms[] = {
    {"<|", "|>"}, {"<｜", "｜>"}, {"[|", "|]"}, {"<extra_id_", ">"},
    {"<unused", ">"}, {"<reserved_", ">"}, {"<TOKENS_UNUSED_", ">"},
};

static bool is_name_end(uint32_t code)
{
    return pith_role_of(code) == PITH_ROLE_SPACE ||
           pith_is_one_of(code, "<>[]|｜");
}

/* Where a name that starts at `at` ends; `at` when it is too long. */
static size_t name_end(struct pith_text text, size_t at)
{
    struct pith_cluster c = pith_cluster_at(text, at);
    while (c.end > c.start && !is_name_end(c.code)) {
        if (c.end - at > LONGEST_NAME)
            return at;
        c = pith_cluster_at(text, c.end);
    }
    return c.start;
}

static size_t form_end(struct pith_text text, size_t at, size_t form)
{
    size_t start = at + strlen(forms[form].start);
    if (!pith_starts_with(text, at, forms[form].start))
        return at;
    size_t end = name_end(text, start);
    if (end == start || !pith_starts_with(text, end, forms[form].end))
        return at;
    return end + strlen(forms[form].end);
}

static size_t one_marker_end(struct pith_text text, size_t at)
{
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (pith_starts_with(text, at, named[i]))
            return at + strlen(named[i]);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t end = form_end(text, at, i);
        if (end > at)
            return end;
    }
    return at;
}

static bool opens_turn(struct pith_text text, size_t at)
{
    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++)
        if (pith_starts_with(text, at, openers[i]))
            return true;
    return false;
}

/* Where the role at `at` ends; `at` when there is none. */
static size_t role_end(struct pith_text text, size_t at)
{
    struct pith_cluster c = pith_cluster_at(text, at);
    while (pith_is_word_character(c.code) || c.code == '-') {
        if (c.end - at > LONGEST_NAME)
            return at;
        c = pith_cluster_at(text, c.end);
    }
    return c.start;
}

size_t pith_chat_marker_end(struct pith_text text, size_t at)
{
    if (!pith_starts_with(text, at, "<") && !pith_starts_with(text, at, "["))
        return at;
    size_t end = one_marker_end(text, at);
    if (end == at || !opens_turn(text, at))
        return end;
    size_t role = role_end(text, end);
    return role > end ? one_marker_end(text, role) : end;
}

enum pith_status pith_chat_marker_ranges(struct pith_text text,
                                         struct pith_ranges *ranges,
                                         struct pith_error *error)
{
    for (size_t at = 0; at < text.size;) {
        size_t end = pith_chat_marker_end(text, at);
        if (end > at)
            PITH_TRY(pith_ranges_add(ranges, text, at, &end,
                                     PITH_PROTECT_MARKUP, error));
        at = end > at ? end : pith_cluster_at(text, at).end;
    }
    return PITH_OK;
}
