/*
 * gguf_vocab.c - the tokenizer inside a GGUF file: tokenizer.ggml.model
 * "gpt2" (byte-level BPE with merges) or "llama" (SentencePiece with scores).
 */
#include <string.h>

#include "../base/bytes.h"
#include "../base/text.h"
#include "gguf.h"

#define KEY(name) "tokenizer.ggml." name

/* The names of tokenizer.ggml.pre that are known. */
static const struct pre_tokenizer {
    const char *name;
    enum pith_pre_tokenizer kind;
    bool llama3; /* words that are pieces, and BOS unless a key says else */
} pre_tokenizers[] = {
    {"gpt-2", PITH_PRE_GPT2, false},
    {"gpt2", PITH_PRE_GPT2, false},
    {"smollm", PITH_PRE_SMOLLM, false},
    {"llama-bpe", PITH_PRE_LLAMA3, true},
    {"llama3", PITH_PRE_LLAMA3, true},
    {"llama-v3", PITH_PRE_LLAMA3, true},
    {"smaug-bpe", PITH_PRE_LLAMA3, false}, /* SmolLM3's too */
    {"qwen2", PITH_PRE_QWEN2, false},
};

/* A file does not have to say which pattern GPT-2's own tokenizer has; any
 * other model's has to. */
static enum pith_status
find_pre_tokenizer(const struct pith_gguf *gguf,
                   const struct pre_tokenizer **found,
                   struct pith_error *error)
{
    bool gpt2 = gguf->source->config.arch == PITH_ARCH_GPT2;
    struct pith_text pre;
    PITH_TRY(pith_gguf_text(gguf, KEY("pre"), &pre, error));
    bool unsaid = pre.size == 0 || pith_text_is(pre, "default");
    *found = pre_tokenizers;
    if (gpt2 && unsaid)
        return PITH_OK;
    for (size_t i = 0; i < sizeof pre_tokenizers / sizeof *pre_tokenizers; i++)
        if (pith_text_is(pre, pre_tokenizers[i].name)) {
            *found = &pre_tokenizers[i];
            return PITH_OK;
        }
    return pith_fail(error, PITH_ERR_UNSUPPORTED,
                     "%s: pre-tokenizer " KEY("pre") " is \"%.*s\"; "
                     "supported: \"gpt-2\", \"smollm\", \"llama-bpe\", "
                     "\"smaug-bpe\" and \"qwen2\"%s", gguf->file->path,
                     (int)pre.size, pre.bytes,
                     unsaid ? " (none or \"default\" with architecture gpt2 "
                              "only)" : "");
}

/* GGUF's numbers of token types. */
static enum pith_status piece_kind(const struct pith_gguf *gguf, uint32_t type,
                                   enum pith_piece_kind *kind,
                                   struct pith_error *error)
{
    switch (type) {
    case 1: *kind = PITH_PIECE_NORMAL; return PITH_OK;
    case 2: *kind = PITH_PIECE_UNKNOWN; return PITH_OK;
    case 3: /* control */
    case 4: *kind = PITH_PIECE_SPECIAL; return PITH_OK; /* user-defined */
    case 5: *kind = PITH_PIECE_UNUSED; return PITH_OK;
    case 6: *kind = PITH_PIECE_BYTE; return PITH_OK;
    default:
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: " KEY("token_type") " holds %lu; expected 1 to 6",
                         gguf->file->path, (unsigned long)type);
    }
}

/* The list that goes with the tokens; NULL when it is not there. */
static enum pith_status get_beside(const struct pith_gguf *gguf,
                                   const char *key, enum pith_gguf_type type,
                                   size_t n_tokens,
                                   const struct pith_gguf_value **list,
                                   struct pith_error *error)
{
    *list = NULL;
    if (pith_gguf_get(gguf, key) == NULL)
        return PITH_OK;
    PITH_TRY(pith_gguf_array(gguf, key, type, list, error));
    if ((*list)->n != n_tokens)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: %s has %zu elements for %zu tokens",
                         gguf->file->path, key, (*list)->n, n_tokens);
    return PITH_OK;
}

static enum pith_status read_pieces(const struct pith_gguf *gguf,
                                    struct pith_error *error)
{
    struct pith_vocabulary *vocabulary = &gguf->source->vocabulary;
    const struct pith_gguf_value *tokens, *types, *scores;
    bool scored = vocabulary->vocab.kind == PITH_TOKENIZER_SENTENCEPIECE;

    PITH_TRY(pith_gguf_array(gguf, KEY("tokens"), PITH_GGUF_STRING, &tokens,
                             error));
    PITH_TRY(get_beside(gguf, KEY("token_type"), PITH_GGUF_I32, tokens->n,
                        &types, error));
    PITH_TRY(get_beside(gguf, KEY("scores"), PITH_GGUF_F32, tokens->n, &scores,
                        error));
    if (scored && scores == NULL)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: a SentencePiece tokenizer needs " KEY("scores"),
                         gguf->file->path);
    const uint8_t *at = tokens->bytes;
    for (size_t id = 0; id < tokens->n; id++) {
        struct pith_text text = pith_gguf_next_string(&at);
        enum pith_piece_kind kind = PITH_PIECE_NORMAL;
        if (types != NULL)
            PITH_TRY(piece_kind(gguf, pith_load_u32(types->bytes + 4 * id),
                                &kind, error));
        PITH_TRY(pith_vocabulary_put(
            vocabulary, id, text, kind,
            scored ? pith_load_f32(scores->bytes + 4 * id) : 0, error));
    }
    return PITH_OK;
}

static enum pith_status read_merges(const struct pith_gguf *gguf,
                                    struct pith_error *error)
{
    const struct pith_gguf_value *merges;
    PITH_TRY(pith_gguf_array(gguf, KEY("merges"), PITH_GGUF_STRING, &merges,
                             error));
    const uint8_t *at = merges->bytes;
    for (size_t i = 0; i < merges->n; i++)
        PITH_TRY(pith_vocabulary_merge_line(&gguf->source->vocabulary,
                                            pith_gguf_next_string(&at),
                                            error));
    return PITH_OK;
}

static enum pith_status read_id(const struct pith_gguf *gguf, const char *key,
                                int32_t *id, struct pith_error *error)
{
    static const uint32_t none = UINT32_MAX;
    uint32_t value;
    PITH_TRY(pith_gguf_whole(gguf, key, &none, &value, error));
    if (value != none) /* some files write 2^32 - 1 for none */
        *id = value > INT32_MAX ? INT32_MAX : (int32_t)value;
    return PITH_OK;
}

static enum pith_status read_ids(const struct pith_gguf *gguf,
                                 struct pith_error *error)
{
    struct pith_vocab *vocab = &gguf->source->vocabulary.vocab;
    PITH_TRY(read_id(gguf, KEY("bos_token_id"), &vocab->bos_id, error));
    PITH_TRY(read_id(gguf, KEY("eos_token_id"), &vocab->eos_id, error));
    PITH_TRY(read_id(gguf, KEY("unknown_token_id"), &vocab->unk_id, error));
    return read_id(gguf, KEY("padding_token_id"), &vocab->pad_id, error);
}

/* Early files give every piece the normal type, or no types. */
static void correct_kind(struct pith_vocab *vocab, int32_t id,
                         enum pith_piece_kind kind)
{
    if (id >= 0 && (size_t)id < vocab->n_pieces &&
        vocab->pieces[id].kind == PITH_PIECE_NORMAL)
        vocab->pieces[id].kind = kind;
}

static void correct_kinds(struct pith_vocabulary *vocabulary)
{
    struct pith_vocab *vocab = &vocabulary->vocab;
    correct_kind(vocab, vocab->bos_id, PITH_PIECE_SPECIAL);
    correct_kind(vocab, vocab->eos_id, PITH_PIECE_SPECIAL);
    correct_kind(vocab, vocab->unk_id, PITH_PIECE_UNKNOWN);
    if (vocab->kind == PITH_TOKENIZER_SENTENCEPIECE)
        pith_vocabulary_mark_bytes(vocabulary);
}

/* Sets the flag's bit where the key, or else its default, is true. */
static enum pith_status read_flag(const struct pith_gguf *gguf,
                                  const char *key, bool fallback,
                                  uint32_t bit, struct pith_error *error)
{
    bool value;
    PITH_TRY(pith_gguf_flag(gguf, key, fallback, &value, error));
    if (value)
        gguf->source->vocabulary.vocab.flags |= bit;
    return PITH_OK;
}

static enum pith_status want_false(const struct pith_gguf *gguf,
                                   const char *key, struct pith_error *error)
{
    bool value;
    PITH_TRY(pith_gguf_flag(gguf, key, false, &value, error));
    if (value)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s: key \"%s\" is true; only false is supported",
                         gguf->file->path, key);
    return PITH_OK;
}

static enum pith_status read_byte_level(const struct pith_gguf *gguf,
                                        struct pith_error *error)
{
    const struct pre_tokenizer *pre;
    PITH_TRY(find_pre_tokenizer(gguf, &pre, error));
    PITH_TRY(want_false(gguf, KEY("add_space_prefix"), error));
    pith_vocabulary_init(&gguf->source->vocabulary, PITH_TOKENIZER_BYTE_BPE,
                         gguf->source->config.n_vocab, gguf->file->path);
    gguf->source->vocabulary.vocab.pre_tokenizer = pre->kind;
    if (pre->llama3)
        gguf->source->vocabulary.vocab.flags |= PITH_VOCAB_WHOLE_WORDS;
    PITH_TRY(read_pieces(gguf, error));
    PITH_TRY(read_merges(gguf, error));
    return read_flag(gguf, KEY("add_bos_token"), pre->llama3,
                     PITH_VOCAB_ADD_BOS, error);
}

static enum pith_status read_sentencepiece(const struct pith_gguf *gguf,
                                           struct pith_error *error)
{
    PITH_TRY(want_false(gguf, KEY("remove_extra_whitespaces"), error));
    if (pith_gguf_get(gguf, KEY("precompiled_charsmap")) != NULL)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s: key \"" KEY("precompiled_charsmap") "\" asks for "
                         "normalisation of the text, which is not supported",
                         gguf->file->path);
    pith_vocabulary_init(&gguf->source->vocabulary,
                         PITH_TOKENIZER_SENTENCEPIECE,
                         gguf->source->config.n_vocab, gguf->file->path);
    PITH_TRY(read_pieces(gguf, error));
    struct pith_vocab *vocab = &gguf->source->vocabulary.vocab;
    vocab->unk_id = 0; /* as llama.cpp has them where no key says else */
    vocab->bos_id = 1;
    vocab->eos_id = 2;
    PITH_TRY(read_flag(gguf, KEY("add_space_prefix"), true,
                       PITH_VOCAB_DUMMY_PREFIX, error));
    return read_flag(gguf, KEY("add_bos_token"), true, PITH_VOCAB_ADD_BOS,
                     error);
}

enum pith_status pith_gguf_vocabulary(struct pith_gguf *gguf,
                                      struct pith_error *error)
{
    struct pith_text model;
    PITH_TRY(pith_gguf_text(gguf, KEY("model"), &model, error));
    if (pith_text_is(model, "gpt2"))
        PITH_TRY(read_byte_level(gguf, error));
    else if (pith_text_is(model, "llama"))
        PITH_TRY(read_sentencepiece(gguf, error));
    else if (model.size == 0 || pith_text_is(model, "none"))
        pith_vocabulary_init(&gguf->source->vocabulary, PITH_TOKENIZER_NONE,
                             gguf->source->config.n_vocab, gguf->file->path);
    else
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s: " KEY("model") " is \"%.*s\"; supported: "
                         "\"gpt2\" (byte-level BPE) and \"llama\" "
                         "(SentencePiece BPE)", gguf->file->path,
                         (int)model.size, model.bytes);
    PITH_TRY(want_false(gguf, KEY("add_eos_token"), error));
    PITH_TRY(read_ids(gguf, error));
    correct_kinds(&gguf->source->vocabulary);
    return PITH_OK;
}
