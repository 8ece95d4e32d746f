/*
 * sentencepiece_model.c - tokenizer.model, the protocol buffer that
 * SentencePiece writes: pieces, and the settings of training and
 * normalisation that decide how text is cut.
 *
 * A reader of just these fields, not of protocol buffers in general.  The
 * field numbers are those of sentencepiece_model.proto.
 */
#include <string.h>

#include "../base/bytes.h"
#include "readers.h"

/* A field: its number and, by its wire type, its bytes or its value. */
struct field {
    uint32_t number;
    int wire; /* 0 varint, 1 eight bytes, 2 bytes, 5 four bytes */
    uint64_t value;
    const uint8_t *bytes;
    size_t size;
};

struct message {
    const uint8_t *at, *end;
};

static bool read_varint(struct message *message, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; shift < 64 && message->at < message->end; shift += 7) {
        uint8_t byte = *message->at++;
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

/* False when the bytes are not a field. */
static bool read_field(struct message *message, struct field *field)
{
    uint64_t tag, size = 0;
    if (!read_varint(message, &tag) || tag >> 3 == 0 || tag >> 3 > 536870911)
        return false;
    *field = (struct field){.number = (uint32_t)(tag >> 3),
                            .wire = (int)(tag & 7)};
    switch (field->wire) {
    case 0: return read_varint(message, &field->value);
    case 1: size = 8; break;
    case 5: size = 4; break;
    case 2:
        if (!read_varint(message, &size))
            return false;
        break;
    default: return false;
    }
    if (size > (uint64_t)(message->end - message->at))
        return false;
    field->bytes = message->at;
    field->size = (size_t)size;
    message->at += size;
    return true;
}

static struct message inside(const struct field *field)
{
    return (struct message){field->bytes, field->bytes + field->size};
}

/* --- what the fields mean --------------------------------------------------*/

struct settings {
    uint64_t model_type; /* 1 unigram, 2 BPE, 3 word, 4 character */
    bool byte_fallback, suffix_spaces;
    bool dummy_prefix, remove_spaces, escape_spaces, rules;
    int32_t unk_id, bos_id, eos_id, pad_id;
};

static const struct settings proto_defaults = {
    .model_type = 1, .dummy_prefix = true, .remove_spaces = true,
    .escape_spaces = true, .unk_id = 0, .bos_id = 1, .eos_id = 2, .pad_id = -1};

static bool read_training(struct settings *settings, struct message message)
{
    struct field field;
    while (message.at < message.end) {
        if (!read_field(&message, &field))
            return false;
        if (field.wire != 0)
            continue;
        int32_t id = field.value > INT32_MAX ? -1 : (int32_t)field.value;
        switch (field.number) {
        case 3: settings->model_type = field.value; break;
        case 24: settings->suffix_spaces = field.value != 0; break;
        case 35: settings->byte_fallback = field.value != 0; break;
        case 40: settings->unk_id = id; break;
        case 41: settings->bos_id = id; break;
        case 42: settings->eos_id = id; break;
        case 43: settings->pad_id = id; break;
        default: break;
        }
    }
    return true;
}

static bool read_normalisation(struct settings *settings,
                               struct message message)
{
    struct field field;
    while (message.at < message.end) {
        if (!read_field(&message, &field))
            return false;
        if (field.number == 2 && field.wire == 2 && field.size > 0)
            settings->rules = true; /* compiled character map */
        else if (field.number == 3 && field.wire == 0)
            settings->dummy_prefix = field.value != 0;
        else if (field.number == 4 && field.wire == 0)
            settings->remove_spaces = field.value != 0;
        else if (field.number == 5 && field.wire == 0)
            settings->escape_spaces = field.value != 0;
    }
    return true;
}

static bool piece_kind(uint64_t type, enum pith_piece_kind *kind)
{
    switch (type) {
    case 1: *kind = PITH_PIECE_NORMAL; return true;
    case 2: *kind = PITH_PIECE_UNKNOWN; return true;
    case 3: /* control: special once a folder names it */
    case 5: *kind = PITH_PIECE_UNUSED; return true;
    case 4: *kind = PITH_PIECE_USER; return true; /* user-defined */
    case 6: *kind = PITH_PIECE_BYTE; return true;
    default: return false;
    }
}

static enum pith_status bad_bytes(const char *path, struct pith_error *error)
{
    return pith_fail(error, PITH_ERR_FORMAT,
                     "%s: is not a SentencePiece model, or cut off", path);
}

static enum pith_status read_piece(struct pith_vocabulary *vocabulary,
                                   struct message message, const char *path,
                                   struct pith_error *error)
{
    struct pith_text text = {"", 0};
    float score = 0;
    uint64_t type = 1;
    enum pith_piece_kind kind;
    struct field field;
    while (message.at < message.end) {
        if (!read_field(&message, &field))
            return bad_bytes(path, error);
        if (field.number == 1 && field.wire == 2)
            text = (struct pith_text){(const char *)field.bytes, field.size};
        else if (field.number == 2 && field.wire == 5)
            score = pith_load_f32(field.bytes);
        else if (field.number == 3 && field.wire == 0)
            type = field.value;
    }
    if (!piece_kind(type, &kind))
        return bad_bytes(path, error);
    return pith_vocabulary_put(vocabulary, vocabulary->vocab.n_pieces, text,
                               kind, score, error);
}

static enum pith_status check_settings(const struct settings *settings,
                                       const char *path,
                                       struct pith_error *error)
{
    const char *why = NULL;
    if (settings->model_type != 2)
        why = settings->model_type == 1
                  ? "model_type is UNIGRAM; only BPE is supported"
                  : "model_type is not BPE";
    else if (settings->rules)
        why = "the text is normalised before it is cut (NFKC or the like); "
              "only identity is supported";
    else if (settings->remove_spaces)
        why = "remove_extra_whitespaces is true; only false is supported";
    else if (!settings->escape_spaces)
        why = "escape_whitespaces is false; only true is supported";
    else if (settings->suffix_spaces)
        why = "treat_whitespace_as_suffix is true; only false is supported";
    if (why != NULL)
        return pith_fail(error, PITH_ERR_UNSUPPORTED, "%s: %s", path, why);
    return PITH_OK;
}

static void apply_settings(const struct settings *settings,
                           struct pith_vocab *vocab)
{
    vocab->flags = PITH_VOCAB_ADD_BOS;
    if (settings->dummy_prefix)
        vocab->flags |= PITH_VOCAB_DUMMY_PREFIX;
    if (settings->byte_fallback)
        vocab->flags |= PITH_VOCAB_BYTE_FALLBACK;
    vocab->unk_id = settings->unk_id;
    vocab->bos_id = settings->bos_id;
    vocab->eos_id = settings->eos_id;
    vocab->pad_id = settings->pad_id;
    /* Where every byte has a piece nothing is unknown, and the piece is in a
     * text only where it is spelt out and a folder names it. */
    if (settings->byte_fallback && vocab->unk_id >= 0 &&
        (size_t)vocab->unk_id < vocab->n_pieces)
        vocab->pieces[vocab->unk_id].kind = PITH_PIECE_UNUSED;
}

enum pith_status pith_sentencepiece_read(struct pith_source *source,
                                         const struct pith_source_file *file,
                                         struct pith_error *error)
{
    struct pith_vocabulary *vocabulary = &source->vocabulary;
    struct settings settings = proto_defaults;
    const char *path = file->path;
    struct field field;

    pith_vocabulary_init(vocabulary, PITH_TOKENIZER_SENTENCEPIECE,
                         source->config.n_vocab, file->path);
    if (file->file.size == 0)
        return bad_bytes(path, error);
    struct message message = {file->file.data,
                              file->file.data + file->file.size};
    while (message.at < message.end) {
        if (!read_field(&message, &field))
            return bad_bytes(path, error);
        if (field.wire != 2)
            continue;
        bool fine = true;
        if (field.number == 1)
            PITH_TRY(read_piece(vocabulary, inside(&field), path, error));
        else if (field.number == 2)
            fine = read_training(&settings, inside(&field));
        else if (field.number == 3)
            fine = read_normalisation(&settings, inside(&field));
        if (!fine)
            return bad_bytes(path, error);
    }
    if (vocabulary->vocab.n_pieces == 0)
        return bad_bytes(path, error);
    PITH_TRY(check_settings(&settings, path, error));
    apply_settings(&settings, &vocabulary->vocab);
    return PITH_OK;
}
