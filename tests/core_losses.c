/*
 * core_losses.c - prints the losses of 700 tokens, to the bit: with the scalar
 * kernels in float32 the core has those of the library.  Built twice and run by
 * core.sh.
 *
 * usage: core_losses MODEL
 */
#include "core_model.h"

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
    struct pith_text file = argc == 2 ? read_model(argv[1])
                                      : (struct pith_text){NULL, 0};
    int32_t ids[N];
    float losses[N];
    for (int i = 0; i < N; i++)
        ids[i] = i * i * 31 % 1009;
    bool failed = file.bytes == NULL ||
                  pith_model_load_memory(file.bytes, file.size, NULL, &load,
                                         &model, &error) ||
                  pith_session_create(model, &open, &session, &error) ||
                  pith_score(session, ids, N, losses, &error);
    for (int i = 0; i < N && !failed; i++)
        printf("%a\n", (double)losses[i]);
    pith_session_free(session);
    pith_model_free(model);
    free((void *)file.bytes);
    return failed;
}
