/*
 * prune.c - one segment of a prompt compressed by hand, number by number, and
 * then by pith_compress.  prune.md explains each line that it prints.
 *
 *     cc -Iinclude docs/tutorial/prune.c build/libpith.a -pthread -lm
 *     ./a.out weights/default.pith
 */
#include <stdio.h>

#include "pith.h"

static const char sentence[] =
    "The old lighthouse keeper climbed the stairs at seven in the evening, "
    "lit the lamp, and saw a little red boat ⛵ on the dark water.";

enum { MAX_TOKENS = 64 }; /* tokens */

struct unit { /* what is kept or dropped as one */
    const char *text;
    int size;
    size_t n;   /* tokens */
    float loss; /* the mean of theirs */
    bool tried, kept;
};

/* A token that begins inside a character (10xxxxxx) goes with the one before. */
static size_t make_units(const struct pith_model *model, const int32_t *ids,
                         const float *losses, size_t n, struct unit *units)
{
    size_t n_units = 0;
    const char *text = sentence;
    for (size_t i = 0; i < n; i++) {
        if ((*text & 0xC0) != 0x80)
            units[n_units++] = (struct unit){.text = text};
        struct unit *unit = &units[n_units - 1];
        unit->loss = (unit->loss * (float)unit->n + losses[i]) / (float)(unit->n + 1);
        unit->n++;
        unit->size += (int)pith_token_piece(model, ids[i]).size;
        text = unit->text + unit->size;
    }
    return n_units;
}

/* Keeps from the highest loss down; gamma is the loss where the target ends
 * it. */
static float prune(struct unit *units, size_t n_units, size_t target)
{
    for (;;) {
        struct unit *top = NULL;
        for (size_t i = 0; i < n_units; i++)
            if (!units[i].tried && (!top || units[i].loss > top->loss))
                top = &units[i];
        if (top == NULL || top->n > target)
            return top != NULL ? top->loss : 0;
        top->tried = top->kept = true;
        target -= top->n;
    }
}

static bool by_hand(struct pith_session *session, const struct pith_model *model,
                    const int32_t *ids, size_t n, struct pith_error *error)
{
    float losses[MAX_TOKENS];
    struct unit units[MAX_TOKENS];
    if (n > MAX_TOKENS || pith_score(session, ids, n, losses, error))
        return false;
    size_t n_units = make_units(model, ids, losses, n, units);
    size_t target = (size_t)(0.5 * (double)n + 0.5); /* rate 0.5, rounded */
    float gamma = prune(units, n_units, target);
    for (size_t i = 0, token = 0; i < n_units; i++) {
        printf("%6.2f  %s  [%.*s]", (double)units[i].loss,
               units[i].kept ? "kept" : "    ", units[i].size, units[i].text);
        for (size_t end = token + units[i].n; token < end; token++) {
            printf(" %ld", (long)ids[token]);
            if (units[i].n > 1)
                printf(" (%.2f)", (double)losses[token]);
        }
        printf("\n");
    }
    printf("%zu tokens, %zu units, target %zu, gamma %.2f\nby hand:", n,
           n_units, target, (double)gamma);
    for (size_t i = 0; i < n_units; i++)
        if (units[i].kept)
            printf("%.*s", units[i].size, units[i].text);
    return true;
}

static bool by_pith(struct pith_session *session, struct pith_text text,
                    struct pith_error *error)
{
    struct pith_prompt prompt = {.contexts = &text, .n_contexts = 1};
    struct pith_compress_options options;
    struct pith_result *result;
    pith_compress_options_init(&options); /* rate 0.5 */
    options.method = PITH_METHOD_PAPER;
    options.units = PITH_UNITS_TOKEN;
    options.trace = true;
    if (pith_compress(session, &prompt, &options, &result, error))
        return false;
    printf("\nby pith:%.*s\n%zu tokens, gamma %.2f\n", (int)result->text.size,
           result->text.bytes, result->compressed_tokens,
           result->trace.thresholds[0].gamma);
    pith_result_free(result);
    return true;
}

int main(int argc, char **argv)
{
    struct pith_model *model = NULL;
    struct pith_session *session = NULL;
    struct pith_error error = {.detail = "usage: prune MODEL.pith [KERNELS]"};
    struct pith_text text = {sentence, sizeof sentence - 1};
    /* A second argument names the numeric routines: any give these digits. */
    struct pith_load_options load = {.sizeof_options = sizeof load,
                                     .kernels = argc > 2 ? argv[2] : NULL};
    struct pith_session_options exact = {.sizeof_options = sizeof exact,
                                         .precision = "f32"};
    int32_t *ids = NULL;
    size_t n;
    bool done = argc > 1 && !pith_model_load(argv[1], &load, &model, &error) &&
                !pith_session_create(model, &exact, &session, &error) &&
                !pith_tokenize(model, text, 0, &ids, &n, &error) &&
                by_hand(session, model, ids, n, &error) &&
                by_pith(session, text, &error);
    if (!done)
        fprintf(stderr, "%s\n", error.detail);
    pith_free(ids);
    pith_session_free(session);
    pith_model_free(model);
    return !done;
}
