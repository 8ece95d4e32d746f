/*
 * loss_key.c - the key of a text's losses: a SHA-256 of everything that they
 * depend on; see loss_files.h.
 *
 * The model's checksums, the kernels and the precision are named in it.  What
 * has no name (a processor's instructions, a compiler, a version of the C
 * library, an adapter, weights changed without their checksum) shows in the
 * losses of a short text, so these are in the key too, bit by bit.
 */
#include "../base/memory.h"
#include "../base/sha256.h"
#include "../base/store.h"
#include "../kernels/precision.h"
#include "layout.h"
#include "loss_files.h"
#include "state.h"

/* Tokens of the short text: enough for two rows of tokens in every kernel. */
enum { N_PROBE = 48 };

static void add_u32(struct pith_sha256 *sha, uint32_t value)
{
    uint8_t bytes[4];
    pith_store_u32(bytes, value);
    pith_sha256_add(sha, bytes, sizeof bytes);
}

static void add_name(struct pith_sha256 *sha, const char *name)
{
    pith_sha256_add(sha, name, strlen(name) + 1);
}

/* Ids from all over the vocabulary. */
static enum pith_status add_probe(struct pith_sha256 *sha,
                                  struct pith_session *session,
                                  const struct pith_precision *precision,
                                  struct pith_error *error)
{
    int32_t ids[N_PROBE + 1];
    float losses[N_PROBE];
    uint32_t n_vocab = session->model->format.config.n_vocab;
    size_t n = pith_min(N_PROBE, session->n_window);
    for (size_t i = 0; i <= n; i++)
        ids[i] = (int32_t)((uint32_t)(i * 0x9e3779b1u) % n_vocab);
    pith_session_truncate(session, 0);
    enum pith_status status = pith_session_forward(
        session, precision, ids, n, ids + 1, losses, error);
    pith_session_truncate(session, 0);
    for (size_t i = 0; i < n && status == PITH_OK; i++) {
        uint8_t bytes[4];
        pith_store_f32(bytes, losses[i]);
        pith_sha256_add(sha, bytes, sizeof bytes);
    }
    return status;
}

enum pith_status pith_loss_fingerprint(struct pith_session *session,
                                       const struct pith_precision *precision,
                                       uint8_t fingerprint[32],
                                       struct pith_error *error)
{
    struct pith_sha256 sha;
    const struct pith_model *model = session->model;
    pith_sha256_start(&sha);
    add_u32(&sha, PITH_VERSION_NUMBER);
    /* With the checksums of metadata and weights. */
    pith_sha256_add(&sha, model->format.data, PITH_HEADER_SIZE);
    add_name(&sha, pith_kernels_get_name(model->kernels));
    add_name(&sha, precision->name);
    add_name(&sha, precision->means);
    PITH_TRY(add_probe(&sha, session, precision, error));
    pith_sha256_end(&sha, fingerprint);
    return PITH_OK;
}

void pith_loss_key(const uint8_t fingerprint[32],
                   const struct pith_loss_text *text, uint8_t key[32])
{
    struct pith_sha256 sha;
    pith_sha256_start(&sha);
    pith_sha256_add(&sha, fingerprint, 32);
    for (size_t i = 0; i < text->n; i++) {
        add_u32(&sha, (uint32_t)text->ids[i]);
        add_u32(&sha, (uint32_t)text->targets[i]);
    }
    pith_sha256_end(&sha, key);
}
