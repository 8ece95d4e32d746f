/*
 * tokens.c - the public face of a model's tokenizer.
 */
#include "../base/memory.h"
#include "../text/decode.h"
#include "state.h"

enum pith_status pith_tokenize(const struct pith_model *model,
                               struct pith_text text, int flags,
                               int32_t **ids, size_t *n_ids,
                               struct pith_error *error)
{
    struct pith_ids list = {0};
    enum pith_status status;

    PITH_REQUIRE(ids, error);
    PITH_REQUIRE(n_ids, error);
    *ids = NULL;
    *n_ids = 0;
    PITH_REQUIRE(model, error);
    PITH_REQUIRE_ALL(text.bytes, text.size, error);
    status = pith_tokenizer_encode(model->tokenizer, text, flags, &list, error);
    if (status == PITH_OK && list.failed)
        status = pith_no_memory(error, list.n, sizeof *list.data);
    if (status == PITH_OK && list.data == NULL) { /* nothing, but not NULL */
        list.data = pith_array(1, sizeof *list.data);
        if (list.data == NULL)
            status = pith_no_memory(error, 1, sizeof *list.data);
    }
    if (status != PITH_OK) {
        pith_ids_free(&list);
        return status;
    }
    *ids = list.data;
    *n_ids = list.n;
    return PITH_OK;
}

enum pith_status pith_detokenize(const struct pith_model *model,
                                 const int32_t *ids, size_t n_ids,
                                 char **bytes, size_t *n_bytes,
                                 struct pith_error *error)
{
    struct pith_buffer out = {0};
    PITH_REQUIRE(bytes, error);
    PITH_REQUIRE(n_bytes, error);
    *bytes = NULL;
    *n_bytes = 0;
    PITH_REQUIRE(model, error);
    PITH_REQUIRE_ALL(ids, n_ids, error);
    pith_tokenizer_decode(model->tokenizer, ids, n_ids, &out);
    return pith_buffer_take(&out, bytes, n_bytes, error);
}

struct pith_text pith_token_piece(const struct pith_model *model, int32_t id)
{
    return model != NULL ? pith_tokenizer_piece(model->tokenizer, id)
                         : (struct pith_text){NULL, 0};
}
