/*
 * core_losses.c - prints the losses of 700 tokens, to the bit: with the scalar
 * kernels in float32 the core has those of the library.  Built twice and run by
 * core.sh.
 *
 * usage: core_losses MODEL
 */
#include <stdio.h>

#include "pith.h"

enum { N = 700 }; /* more than a pass takes, and than a block of keys */

int main(int argc, char **argv)
{
    const struct pith_load_options load = {.sizeof_options = sizeof load,
                                           .kernels = "scalar"};
    const struct pith_session_options open = {.sizeof_options = sizeof open,
                                              .precision = "f32"};
    struct pith_model *model = NULL;
    struct pith_session *session = NULL;
    struct pith_error error;
    int32_t ids[N];
    float losses[N];
    for (int i = 0; i < N; i++)
        ids[i] = i * i * 31 % 1009;
    bool failed = argc != 2 || pith_model_load(argv[1], &load, &model, &error) ||
                  pith_session_create(model, &open, &session, &error) ||
                  pith_score(session, ids, N, losses, &error);
    for (int i = 0; i < N && !failed; i++)
        printf("%a\n", (double)losses[i]);
    pith_session_free(session);
    pith_model_free(model);
    return failed;
}
