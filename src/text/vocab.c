/*
 * vocab.c - writing a vocabulary as the tokenizer section of a model file
 * (docs/FORMAT.md).  section.c reads it.
 */
#include <math.h>

#include "../base/memory.h"
#include "../base/store.h"
#include "piece_index.h"
#include "section.h"
#include "vocab.h"

static enum pith_status check_piece(const struct pith_piece *piece, size_t id,
                                    struct pith_error *error)
{
    if (piece->bytes.size > PITH_MAX_PIECE)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "vocabulary: piece %zu has %zu bytes, at most %d fit",
                         id, piece->bytes.size, PITH_MAX_PIECE);
    if (piece->kind == PITH_PIECE_BYTE && piece->bytes.size != 1)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "vocabulary: byte piece %zu has %zu bytes, expected 1",
                         id, piece->bytes.size);
    if (pith_piece_is_whole(piece->kind) && piece->bytes.size == 0)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "vocabulary: special piece %zu is empty", id);
    if (!isfinite(piece->score))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "vocabulary: the score of piece %zu is not finite",
                         id);
    return PITH_OK;
}

static void store_header(const struct pith_vocab *vocab, size_t text_size,
                         uint8_t row[PITH_SECTION_HEADER])
{
    pith_store_u32(row, (uint32_t)vocab->kind);
    pith_store_u32(row + 4, (uint32_t)vocab->pre_tokenizer);
    pith_store_u32(row + 8, vocab->flags);
    pith_store_u32(row + 12, (uint32_t)vocab->bos_id);
    pith_store_u32(row + 16, (uint32_t)vocab->eos_id);
    pith_store_u32(row + 20, (uint32_t)vocab->unk_id);
    pith_store_u32(row + 24, (uint32_t)vocab->pad_id);
    pith_store_u32(row + 28, (uint32_t)vocab->n_pieces);
    pith_store_u32(row + 32, (uint32_t)vocab->n_merges);
    pith_store_u32(row + 36, (uint32_t)text_size);
}

static enum pith_status write_pieces(const struct pith_vocab *vocab,
                                     struct pith_buffer *out,
                                     struct pith_error *error)
{
    uint64_t text_size = 0;
    for (size_t id = 0; id < vocab->n_pieces; id++) {
        PITH_TRY(check_piece(&vocab->pieces[id], id, error));
        text_size += vocab->pieces[id].bytes.size;
    }
    if (text_size > UINT32_MAX)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "vocabulary: its pieces have 4 GiB of text or more");
    uint8_t header[PITH_SECTION_HEADER];
    store_header(vocab, (size_t)text_size, header);
    pith_buffer_append(out, header, sizeof header);
    size_t offset = 0;
    for (size_t id = 0; id < vocab->n_pieces; id++) {
        const struct pith_piece *piece = &vocab->pieces[id];
        uint8_t row[PITH_SECTION_PIECE] = {0};
        pith_store_u32(row, (uint32_t)offset);
        pith_store_u16(row + 4, (uint16_t)piece->bytes.size);
        row[6] = (uint8_t)piece->kind;
        pith_store_f32(row + 8, piece->score);
        pith_buffer_append(out, row, sizeof row);
        offset += piece->bytes.size;
    }
    return PITH_OK;
}

/* The id of the piece that a merge makes, -1 when there is none. */
static int32_t merged_piece(const struct pith_piece_index *index,
                            const struct pith_text *texts, struct pith_text left,
                            struct pith_text right, struct pith_buffer *both)
{
    both->size = 0;
    pith_buffer_append(both, left.bytes, left.size);
    pith_buffer_append(both, right.bytes, right.size);
    if (both->failed || left.size == 0 || right.size == 0)
        return -1;
    return pith_piece_index_find(index, texts,
                                 pith_buffer_text(both));
}

static bool is_piece(const struct pith_vocab *vocab, int32_t id)
{
    return id >= 0 && (size_t)id < vocab->n_pieces;
}

static enum pith_status write_merge(const struct pith_vocab *vocab, size_t rank,
                                    const struct pith_piece_index *index,
                                    const struct pith_text *texts,
                                    struct pith_buffer *both,
                                    struct pith_buffer *out,
                                    struct pith_error *error)
{
    struct pith_merge merge = vocab->merges[rank];
    int32_t result = -1;
    if (is_piece(vocab, merge.left) && is_piece(vocab, merge.right))
        result = merged_piece(index, texts, texts[merge.left],
                              texts[merge.right], both);
    if (both->failed)
        return pith_no_memory(error, both->size, 1);
    if (result < 0)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "vocabulary: merge %zu joins pieces %ld and %ld, "
                         "which make no piece", rank, (long)merge.left,
                         (long)merge.right);
    uint8_t row[PITH_SECTION_MERGE];
    pith_store_u32(row, (uint32_t)merge.left);
    pith_store_u32(row + 4, (uint32_t)merge.right);
    pith_store_u32(row + 8, (uint32_t)result);
    pith_buffer_append(out, row, sizeof row);
    return PITH_OK;
}

/* Normal pieces go into the index first: where a special one has the same
 * bytes, a merge makes the normal one. */
static void index_pieces(const struct pith_vocab *vocab,
                         struct pith_piece_index *index,
                         struct pith_text *texts)
{
    for (size_t id = 0; id < vocab->n_pieces; id++)
        texts[id] = vocab->pieces[id].bytes;
    for (int pass = 0; pass < 2; pass++)
        for (size_t id = 0; id < vocab->n_pieces; id++)
            if ((vocab->pieces[id].kind == PITH_PIECE_NORMAL) == (pass == 0))
                pith_piece_index_add(index, texts, (int32_t)id);
}

static enum pith_status write_merges(const struct pith_vocab *vocab,
                                     struct pith_buffer *out,
                                     struct pith_error *error)
{
    struct pith_piece_index index = {0};
    struct pith_buffer both = {0};
    enum pith_status status;
    struct pith_text *texts = pith_array(vocab->n_pieces, sizeof *texts);
    if (texts == NULL)
        return pith_no_memory(error, vocab->n_pieces, sizeof *texts);
    PITH_TRY_DONE(pith_piece_index_create(&index, vocab->n_pieces, error));
    index_pieces(vocab, &index, texts);
    for (size_t rank = 0; rank < vocab->n_merges; rank++)
        PITH_TRY_DONE(
            write_merge(vocab, rank, &index, texts, &both, out, error));
done:
    pith_piece_index_free(&index);
    pith_buffer_free(&both);
    pith_free(texts);
    return status;
}

enum pith_status pith_vocab_serialize(const struct pith_vocab *vocab,
                                      struct pith_buffer *out,
                                      struct pith_error *error)
{
    const char *fault = pith_vocab_fault(vocab);
    if (fault != NULL)
        return pith_fail(error, PITH_ERR_FORMAT, "vocabulary: %s", fault);
    PITH_TRY(write_pieces(vocab, out, error));
    PITH_TRY(write_merges(vocab, out, error));
    for (size_t id = 0; id < vocab->n_pieces; id++)
        pith_buffer_append(out, vocab->pieces[id].bytes.bytes,
                           vocab->pieces[id].bytes.size);
    return out->failed ? pith_no_memory(error, out->size, 1) : PITH_OK;
}
