/*
 * section.c - reading the tokenizer section; see section.h.
 */
#include "section.h"

#include <math.h>
#include <string.h>

#include "../base/bytes.h"
#include "../base/memory.h"

enum {
    KNOWN_FLAGS = 63,
    SENTENCEPIECE_FLAGS = PITH_VOCAB_DUMMY_PREFIX | PITH_VOCAB_BYTE_FALLBACK |
                          PITH_VOCAB_PREFIX_ONCE
};

struct pith_piece pith_section_piece(const struct pith_section *section,
                                     size_t id)
{
    const uint8_t *row = section->pieces + id * PITH_SECTION_PIECE;
    return (struct pith_piece){
        .bytes = {section->text + pith_load_u32(row), pith_load_u16(row + 4)},
        .kind = (enum pith_piece_kind)row[6],
        .score = pith_load_f32(row + 8)};
}

struct pith_section_merge
pith_section_merge(const struct pith_section *section, size_t rank)
{
    const uint8_t *row = section->merges + rank * PITH_SECTION_MERGE;
    return (struct pith_section_merge){(int32_t)pith_load_u32(row),
                                       (int32_t)pith_load_u32(row + 4),
                                       (int32_t)pith_load_u32(row + 8)};
}

static bool id_is_valid(int32_t id, size_t n)
{
    return id >= 0 && (size_t)id < n;
}

static bool special_id_is_valid(int32_t id, size_t n)
{
    return id == -1 || id_is_valid(id, n);
}

/* Without pieces only the special ids count; the model bounds them. */
static const char *none_fault(const struct pith_vocab *facts)
{
    if (facts->n_pieces != 0 || facts->n_merges != 0 || facts->flags != 0 ||
        facts->pre_tokenizer != PITH_PRE_NONE)
        return "kind 0 (no tokenizer) has pieces, merges, flags or a "
               "pre-tokenizer";
    if (facts->bos_id < -1 || facts->eos_id < -1 || facts->unk_id < -1 ||
        facts->pad_id < -1)
        return "a special id is negative";
    return NULL;
}

const char *pith_vocab_fault(const struct pith_vocab *facts)
{
    size_t n = facts->n_pieces;
    if (facts->kind == PITH_TOKENIZER_BYTE_BPE) {
        if (facts->pre_tokenizer < PITH_PRE_GPT2 ||
            facts->pre_tokenizer > PITH_PRE_QWEN2)
            return "byte-level BPE needs pre-tokenizer 1 to 4";
        if ((facts->flags & SENTENCEPIECE_FLAGS) != 0)
            return "byte-level BPE has flags of SentencePiece";
    } else if (facts->kind == PITH_TOKENIZER_SENTENCEPIECE) {
        if (facts->pre_tokenizer != PITH_PRE_NONE)
            return "SentencePiece has no pre-tokenizer";
        if ((facts->flags & PITH_VOCAB_WHOLE_WORDS) != 0)
            return "SentencePiece has a flag of byte-level BPE";
    } else if (facts->kind == PITH_TOKENIZER_NONE) {
        return none_fault(facts);
    } else {
        return "the kind is none of 0, 1 and 2";
    }
    if (n == 0 || n > INT32_MAX || facts->n_merges > INT32_MAX)
        return "the number of pieces or merges is 0 or above 2^31 - 1";
    if ((facts->flags & ~(uint32_t)KNOWN_FLAGS) != 0)
        return "unknown flags are set";
    if (!special_id_is_valid(facts->bos_id, n) ||
        !special_id_is_valid(facts->eos_id, n) ||
        !special_id_is_valid(facts->unk_id, n) ||
        !special_id_is_valid(facts->pad_id, n))
        return "a special id is not a piece";
    if ((facts->flags & PITH_VOCAB_ADD_BOS) != 0 && facts->bos_id < 0)
        return "BOS is to be added but there is none";
    return NULL;
}

static enum pith_status fail_at(const char *name, size_t offset,
                                const char *what, struct pith_error *error)
{
    return pith_fail(error, PITH_ERR_FORMAT,
                     "%s: tokenizer section, byte %zu: %s; the file is "
                     "damaged, run pith convert again", name, offset, what);
}

/* Pieces are in the text one after the other, without gaps. */
static enum pith_status check_pieces(const struct pith_section *section,
                                     const char *name,
                                     struct pith_error *error)
{
    size_t end = 0;
    for (size_t id = 0; id < section->facts.n_pieces; id++) {
        size_t offset = PITH_SECTION_HEADER + id * PITH_SECTION_PIECE;
        const uint8_t *row = section->pieces + id * PITH_SECTION_PIECE;
        size_t size = pith_load_u16(row + 4);
        if (pith_load_u32(row) != end || size > section->text_size - end)
            return fail_at(name, offset, "a piece does not begin where the "
                           "one before it ends, inside the text", error);
        if (row[6] > PITH_PIECE_USER || row[7] != 0)
            return fail_at(name, offset, "unknown kind of piece", error);
        if (size == 0 && pith_piece_is_whole((enum pith_piece_kind)row[6]))
            return fail_at(name, offset, "a special piece is empty", error);
        if (size != 1 && row[6] == PITH_PIECE_BYTE)
            return fail_at(name, offset, "a byte piece is not one byte", error);
        if (!isfinite(pith_load_f32(row + 8)))
            return fail_at(name, offset, "a score is not finite", error);
        end += size;
    }
    if (end != section->text_size)
        return fail_at(name, PITH_SECTION_HEADER, "the pieces do not fill the "
                       "text", error);
    return PITH_OK;
}

static struct pith_text piece_bytes(const struct pith_section *section,
                                    int32_t id)
{
    return pith_section_piece(section, (size_t)id).bytes;
}

static bool merge_is_true(const struct pith_section *section, size_t rank)
{
    struct pith_section_merge merge = pith_section_merge(section, rank);
    size_t n = section->facts.n_pieces;
    if (!id_is_valid(merge.left, n) || !id_is_valid(merge.right, n) ||
        !id_is_valid(merge.result, n))
        return false;
    struct pith_text left = piece_bytes(section, merge.left);
    struct pith_text right = piece_bytes(section, merge.right);
    struct pith_text both = piece_bytes(section, merge.result);
    return left.size > 0 && right.size > 0 &&
           both.size == left.size + right.size &&
           memcmp(both.bytes, left.bytes, left.size) == 0 &&
           memcmp(both.bytes + left.size, right.bytes, right.size) == 0;
}

static enum pith_status check_merges(const struct pith_section *section,
                                     const char *name,
                                     struct pith_error *error)
{
    size_t start = PITH_SECTION_HEADER +
                   section->facts.n_pieces * PITH_SECTION_PIECE;
    for (size_t rank = 0; rank < section->facts.n_merges; rank++)
        if (!merge_is_true(section, rank))
            return fail_at(name, start + rank * PITH_SECTION_MERGE,
                           "a merge does not join two pieces to a third",
                           error);
    return PITH_OK;
}

static void read_facts(struct pith_vocab *facts, const uint8_t *bytes)
{
    *facts = (struct pith_vocab){
        .kind = (enum pith_tokenizer_kind)pith_load_u32(bytes),
        .pre_tokenizer = (enum pith_pre_tokenizer)pith_load_u32(bytes + 4),
        .flags = pith_load_u32(bytes + 8),
        .bos_id = (int32_t)pith_load_u32(bytes + 12),
        .eos_id = (int32_t)pith_load_u32(bytes + 16),
        .unk_id = (int32_t)pith_load_u32(bytes + 20),
        .pad_id = (int32_t)pith_load_u32(bytes + 24),
        .n_pieces = pith_load_u32(bytes + 28),
        .n_merges = pith_load_u32(bytes + 32)};
}

enum pith_status pith_section_open(struct pith_section *section,
                                   const uint8_t *bytes, size_t size,
                                   const char *name, struct pith_error *error)
{
    if (size < PITH_SECTION_HEADER)
        return fail_at(name, size, "it ends inside its header", error);
    read_facts(&section->facts, bytes);
    const char *fault = pith_vocab_fault(&section->facts);
    if (fault != NULL)
        return fail_at(name, 0, fault, error);
    size_t pieces, merges, need;
    section->text_size = pith_load_u32(bytes + 36);
    if (!pith_size_mul(section->facts.n_pieces, PITH_SECTION_PIECE, &pieces) ||
        !pith_size_mul(section->facts.n_merges, PITH_SECTION_MERGE, &merges) ||
        !pith_size_add(pieces, merges, &need) ||
        !pith_size_add(need, section->text_size, &need) ||
        !pith_size_add(need, PITH_SECTION_HEADER, &need) || need != size)
        return fail_at(name, 28, "its size is not that of its tables", error);
    section->pieces = bytes + PITH_SECTION_HEADER;
    section->merges = section->pieces + pieces;
    section->text = (const char *)section->merges + merges;
    PITH_TRY(check_pieces(section, name, error));
    return check_merges(section, name, error);
}
