/*
 * random_prompt.c - see random_prompt.h.
 */
#include "random_prompt.h"

static const char *const words[] = {
    "the", "rain", "in", "Spain", "stays", "12.5", "7", "\n", "Question:",
    "na\xC3\xAFve", "\xE6\xBC\xA2\xE5\xAD\x97", "\xE6\x97\xA5\xE6\x9C\xAC",
    "\xD8\xB9\xD8\xB1\xD8\xA8\xD9\x8A", "\xF0\x9F\x98\x80",
    "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB", "x=y+1;", "<|endoftext|>",
    "</s>", "\xE2\x96\x81", "  ", "\t", "antidisestablishmentarianism"};

void random_words(struct pith_buffer *text, uint64_t *random, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (random_below(random, 5) > 0)
            pith_buffer_byte(text, ' ');
        pith_buffer_string(
            text, words[random_below(random, sizeof words / sizeof *words)]);
    }
}

/* Parts of 0 to `limit` words; one in four is empty. */
static struct pith_text random_text(struct random_prompt *made,
                                    uint64_t *random, size_t part, size_t most)
{
    struct pith_buffer *text = &made->texts[part];
    if (random_below(random, 4) > 0)
        random_words(text, random, random_below(random, most + 1));
    ck_assert(!text->failed);
    return (struct pith_text){text->data, text->size};
}

void random_prompt_make(struct random_prompt *made, uint64_t *random,
                        size_t most)
{
    *made = (struct random_prompt){0};
    size_t n = random_below(random, RANDOM_CONTEXTS + 1);
    made->prompt.instruction = random_text(made, random, 0, most / 4);
    for (size_t i = 0; i < n; i++)
        made->contexts[i] = random_text(made, random, 1 + i, most);
    made->prompt.contexts = made->contexts;
    made->prompt.n_contexts = n;
    made->prompt.question = random_text(made, random, n + 1, most / 4);
}

void random_prompt_free(struct random_prompt *made)
{
    for (size_t i = 0; i < RANDOM_CONTEXTS + 2; i++)
        pith_buffer_free(&made->texts[i]);
}

struct pith_text prompt_part(const struct pith_prompt *prompt, size_t i)
{
    if (i == 0)
        return prompt->instruction;
    return i <= prompt->n_contexts ? prompt->contexts[i - 1] : prompt->question;
}
