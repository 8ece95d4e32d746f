/*
 * chat_hash.c - names for texts: pith_chat_hash().
 *
 * The same text has another name under other options or another model, as
 * something else becomes of it.
 */
#include "../base/exact.h"
#include "../base/sha256.h"
#include "../model/describe.h"
#include "chat.h"

#include <stdio.h>
#include <string.h>

static void add_size(struct pith_sha256 *sha, uint64_t n)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(n >> 8 * i);
    pith_sha256_add(sha, bytes, sizeof bytes);
}

/* With its size in front, so that no two lists of texts look the same. */
static void add_text(struct pith_sha256 *sha, struct pith_text text)
{
    add_size(sha, text.size);
    pith_sha256_add(sha, text.bytes, text.size);
}

static void add_string(struct pith_sha256 *sha, const char *string)
{
    add_text(sha, (struct pith_text){string,
                                     string != NULL ? strlen(string) : 0});
}

static void add_real(struct pith_sha256 *sha, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    add_size(sha, bits);
}

static void add_list(struct pith_sha256 *sha, const struct pith_option *row,
                     const char *member)
{
    const void *items;
    size_t n;
    memcpy(&items, member, sizeof items);
    memcpy(&n, member + sizeof items, sizeof n);
    add_size(sha, n);
    for (size_t i = 0; i < n; i++)
        if (row->type == PITH_OPTION_TEXTS)
            add_text(sha, ((const struct pith_text *)items)[i]);
        else
            add_size(sha, ((const size_t *)items)[i]);
}

static void add_option(struct pith_sha256 *sha, const struct pith_option *row,
                       const struct pith_compress_options *options)
{
    const char *member = (const char *)options + row->offset;
    switch (row->type) {
    case PITH_OPTION_BOOL: add_size(sha, *(const bool *)member); break;
    case PITH_OPTION_COUNT: add_size(sha, *(const size_t *)member); break;
    case PITH_OPTION_REAL: add_real(sha, *(const double *)member); break;
    case PITH_OPTION_CHOICE:
        add_size(sha, (uint64_t)((const int *)member)[0]);
        break;
    case PITH_OPTION_TEXT: add_string(sha, *(const char *const *)member); break;
    case PITH_OPTION_KINDS:
    case PITH_OPTION_BITS: add_size(sha, *(const unsigned *)member); break;
    case PITH_OPTION_TEXTS:
    case PITH_OPTION_COUNTS: add_list(sha, row, member); break;
    }
}

static void add_model(struct pith_sha256 *sha,
                      const struct pith_session *session)
{
    struct pith_text file, adapter;
    pith_model_headers(pith_session_model(session), &file, &adapter);
    add_text(sha, file);
    add_text(sha, adapter);
}

void pith_chat_hash(const struct pith_session *session,
                    const struct pith_compress_options *options,
                    struct pith_text text, char hash[PITH_CHAT_HASH_SIZE + 1])
{
    struct pith_sha256 sha;
    uint8_t digest[32];
    const struct pith_option *row;
    pith_sha256_start(&sha);
    add_string(&sha, PITH_VERSION);
    add_model(&sha, session);
    for (size_t i = 0; (row = pith_compress_option(i)) != NULL; i++)
        if (row->name != NULL || row->key != NULL)
            add_option(&sha, row, options);
    add_size(&sha, options->count_with != NULL);
    add_text(&sha, text);
    pith_sha256_end(&sha, digest);
    for (int i = 0; i < PITH_CHAT_HASH_SIZE / 2; i++)
        snprintf(hash + 2 * i, 3, "%02x", digest[i]);
}
