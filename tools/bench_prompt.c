/*
 * bench_prompt.c - the tokens that are measured with: of a file, or of an
 * invented English text that is the same everywhere.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const char *const words[] = {
    "the",     "a",       "of",      "and",     "to",       "in",
    "that",    "was",     "report",  "meeting", "question", "answer",
    "north",   "harbour", "station", "figures", "because",  "however",
    "between", "seven",   "measure", "change",  "engineer", "council",
    "agreed",  "budget",  "paid",    "each",    "morning",  "train",
    "letter",  "found",   "without", "before",  "several",  "people",
    "price",   "half",    "remain",  "careful", "estimate", "winter"};

enum { N_WORDS = sizeof words / sizeof words[0], LONGEST_WORD = 12 };

/* SplitMix64. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

/* Words, an occasional number, sentences of about a dozen words. */
static int invent(struct text *text, size_t size)
{
    uint64_t state = 1;
    text->bytes = malloc(size + LONGEST_WORD + 4);
    if (text->bytes == NULL)
        return tool_no_memory();
    char *at = text->bytes, *end = text->bytes + size;
    while (at < end) {
        uint64_t dice = next_random(&state);
        size_t word = (size_t)(dice % N_WORDS);
        if (dice >> 60 == 0)
            at += sprintf(at, "%u", (unsigned)(dice >> 32 & 1023));
        else
            at += sprintf(at, "%s", words[word]);
        at += sprintf(at, "%s", (dice >> 56 & 15) == 0 ? ".\n" : " ");
    }
    text->size = (size_t)(at - text->bytes);
    return TOOL_OK;
}

/* The file's text until there are `size` bytes. */
static int repeat(struct text *text, const char *path, size_t size)
{
    struct text once;
    int code = tool_read(path, &once);
    if (code != TOOL_OK)
        return code;
    if (once.size == 0)
        code = tool_fail("%s: is empty; nothing can be measured with it", path);
    else if ((text->bytes = malloc(size + once.size)) == NULL)
        code = tool_no_memory();
    for (text->size = 0; code == TOOL_OK && text->size < size;
         text->size += once.size)
        memcpy(text->bytes + text->size, once.bytes, once.size);
    free(once.bytes);
    return code;
}

/* The first n ids of the text; fewer when it has no more. */
static int take_ids(struct bench_prompt *prompt, const struct pith_model *model,
                    struct pith_text text, size_t n)
{
    struct pith_error error;
    int32_t *ids;
    size_t n_ids;
    if (pith_tokenize(model, text, PITH_TOKENIZE_NO_SPECIAL, &ids, &n_ids,
                      &error) != PITH_OK)
        return tool_library(&error);
    prompt->n = n_ids < n ? n_ids : n;
    memcpy(prompt->ids, ids, prompt->n * sizeof *ids);
    pith_free(ids);
    return TOOL_OK;
}

int bench_prompt_make(struct bench_prompt *prompt,
                      const struct pith_model *model, const char *path,
                      size_t n)
{
    int code = TOOL_OK;
    *prompt = (struct bench_prompt){malloc(n * sizeof *prompt->ids), 0};
    if (prompt->ids == NULL)
        return tool_no_memory();
    /* Eight bytes a token are nearly always enough. */
    for (size_t size = 8 * n; code == TOOL_OK && prompt->n < n; size *= 2) {
        struct text text = {0};
        code = path != NULL ? repeat(&text, path, size) : invent(&text, size);
        if (code == TOOL_OK)
            code = take_ids(prompt, model, tool_view(&text), n);
        free(text.bytes);
    }
    return code;
}

void bench_prompt_free(struct bench_prompt *prompt)
{
    free(prompt->ids);
    *prompt = (struct bench_prompt){0};
}
