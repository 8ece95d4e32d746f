/*
 * special_tokens.c - the tokens that a Hugging Face folder adds to its
 * vocabulary, and those that it names special.
 *
 * Three files list added tokens, and often the same ones: tokenizer.json,
 * added_tokens.json and tokenizer_config.json.  A token that is named and in
 * none of them comes after the last one.
 */
#include <string.h>

#include "tokenizer_files.h"

/* --- added tokens ----------------------------------------------------------*/

/* A model has nothing to say about a token without a row in its embedding. */
static enum pith_status put(struct pith_tokenizer_files *files, size_t id,
                            struct pith_text text)
{
    if (id >= files->vocabulary->limit)
        return pith_names_add(&files->left_out, text, id, files->error);
    return pith_vocabulary_put(files->vocabulary, id, text, PITH_PIECE_SPECIAL,
                               0, files->error);
}

static enum pith_status put_object(struct pith_tokenizer_files *files,
                                   const char *file,
                                   const struct pith_json *token, size_t id)
{
    static const char *const rules[] = {"lstrip", "rstrip", "single_word"};
    const struct pith_json *content = pith_json_get(token, "content");
    if (!pith_json_is(content, PITH_JSON_STRING) || content->string.size == 0)
        return pith_tokenizer_refuse(files, file, "an added token",
                                     "has no content");
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (pith_json_is(pith_json_get(token, rules[i]), PITH_JSON_TRUE))
            return pith_fail(files->error, PITH_ERR_UNSUPPORTED,
                             "%s/%s: added token \"%.*s\" has \"%s\" true, "
                             "which is not supported", files->source->path,
                             file, (int)content->string.size,
                             content->string.bytes, rules[i]);
    return put(files, id, content->string);
}

/* added_tokens of tokenizer.json: [{"id": 0, "content": ...}]. */
static enum pith_status put_list(struct pith_tokenizer_files *files)
{
    const struct pith_json *list =
        pith_json_get(files->tokenizer, "added_tokens");
    if (!pith_json_is(list, PITH_JSON_ARRAY))
        return PITH_OK;
    for (const struct pith_json *token = list->first; token != NULL;
         token = token->next) {
        size_t id;
        if (!pith_json_size(pith_json_get(token, "id"), &id))
            return pith_tokenizer_refuse(files, "tokenizer.json",
                                         "an added token", "has no id");
        PITH_TRY(put_object(files, "tokenizer.json", token, id));
    }
    return PITH_OK;
}

/* added_tokens.json: {"[PAD]": 32000}. */
static enum pith_status put_map(struct pith_tokenizer_files *files)
{
    static const char file[] = "added_tokens.json";
    if (files->added == NULL)
        return PITH_OK;
    if (!pith_json_is(files->added, PITH_JSON_OBJECT))
        return pith_tokenizer_refuse(files, file, "its value",
                                     "is not an object of tokens and ids");
    for (const struct pith_json *token = files->added->first; token != NULL;
         token = token->next) {
        size_t id;
        if (token->key.size == 0 || !pith_json_size(token, &id))
            return pith_tokenizer_refuse(files, file, "an added token",
                                         "has no text or no id");
        PITH_TRY(put(files, id, token->key));
    }
    return PITH_OK;
}

/* added_tokens_decoder of tokenizer_config.json: {"0": {"content": ...}};
 * NULL when there is none. */
static const struct pith_json *decoder_of(
    const struct pith_tokenizer_files *files)
{
    const struct pith_json *map =
        pith_json_get(files->settings, "added_tokens_decoder");
    return pith_json_is(map, PITH_JSON_OBJECT) ? map : NULL;
}

static enum pith_status put_decoder(struct pith_tokenizer_files *files)
{
    static const char file[] = "tokenizer_config.json";
    const struct pith_json *map = decoder_of(files);
    if (map == NULL)
        return PITH_OK;
    for (const struct pith_json *token = map->first; token != NULL;
         token = token->next) {
        size_t id = 0;
        bool digits = token->key.size > 0 && token->key.size < 10;
        for (size_t i = 0; i < token->key.size && digits; i++) {
            char c = token->key.bytes[i];
            digits = c >= '0' && c <= '9';
            id = id * 10 + (size_t)(c - '0');
        }
        if (!digits)
            return pith_tokenizer_refuse(files, file, "added_tokens_decoder",
                                         "has a key that is not a token id");
        PITH_TRY(put_object(files, file, token, id));
    }
    return PITH_OK;
}

/* --- named tokens ----------------------------------------------------------*/

/* The text of a special token, a string or an object with "content"; NULL
 * where it names none: the first LLaMA folders have "bos_token": "". */
static const struct pith_json *text_of(const struct pith_json *value)
{
    if (pith_json_is(value, PITH_JSON_OBJECT))
        value = pith_json_get(value, "content");
    return pith_json_is(value, PITH_JSON_STRING) && value->string.size > 0
               ? value : NULL;
}

/* special_tokens_map.json goes first, unless tokenizer_config.json is of the
 * later kind that lists the added tokens itself. */
static const struct pith_json *named(const struct pith_tokenizer_files *files,
                                     const char *key)
{
    const struct pith_json *by_map = text_of(pith_json_get(files->specials,
                                                           key));
    const struct pith_json *by_settings =
        text_of(pith_json_get(files->settings, key));
    if (by_map != NULL && (by_settings == NULL || decoder_of(files) == NULL))
        return by_map;
    return by_settings;
}

static enum pith_status mark(struct pith_tokenizer_files *files,
                             struct pith_text text, int32_t *id)
{
    struct pith_vocabulary *vocabulary = files->vocabulary;
    *id = pith_vocabulary_find(vocabulary, text);
    PITH_TRY(put(files, *id >= 0 ? (size_t)*id : vocabulary->vocab.n_pieces,
                 text));
    *id = pith_vocabulary_find(vocabulary, text);
    return PITH_OK;
}

void pith_tokenizer_config_id(const struct pith_tokenizer_files *files,
                              const char *key, int32_t *id)
{
    const struct pith_json *value = pith_json_get(files->config, key);
    size_t number;
    if (pith_json_is(value, PITH_JSON_ARRAY)) /* EOS can have a list */
        value = value->first;
    if (pith_json_size(value, &number) && number <= INT32_MAX)
        *id = (int32_t)number;
}

/* Tokens that a class has where no file names others. */
static const struct {
    const char *class, *key, *text;
} defaults[] = {
    {"GPT2Tokenizer", "bos_token", "<|endoftext|>"},
    {"GPT2Tokenizer", "eos_token", "<|endoftext|>"},
    {"Qwen2Tokenizer", "eos_token", "<|endoftext|>"},
    {"LlamaTokenizer", "bos_token", "<s>"},
    {"LlamaTokenizer", "eos_token", "</s>"},
    {"LlamaTokenizer", "unk_token", "<unk>"},
};

/* The text of the class's own token; empty when there is none. */
static struct pith_text default_of(const struct pith_tokenizer_files *files,
                                   const char *key)
{
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        if (strcmp(defaults[i].key, key) == 0 &&
            pith_tokenizer_has_class(files, defaults[i].class))
            return (struct pith_text){defaults[i].text,
                                      strlen(defaults[i].text)};
    return (struct pith_text){"", 0};
}

/* By name, else as the vocabulary itself has it, else as the class or
 * config.json has it. */
static enum pith_status read_token(struct pith_tokenizer_files *files,
                                   const char *key, const char *config_key,
                                   int32_t *id)
{
    struct pith_vocab *vocab = &files->vocabulary->vocab;
    const struct pith_json *text = named(files, key);
    struct pith_text usual = default_of(files, key);
    if (text != NULL)
        return mark(files, text->string, id);
    if (*id >= 0 && (size_t)*id < vocab->n_pieces)
        return mark(files, vocab->pieces[*id].bytes, id);
    if (pith_vocabulary_find(files->vocabulary, usual) >= 0)
        return mark(files, usual, id);
    pith_tokenizer_config_id(files, config_key, id);
    return PITH_OK;
}

/* BOS or EOS, which a model cannot do without once it is named. */
static enum pith_status read_end(struct pith_tokenizer_files *files,
                                 const char *key, const char *config_key,
                                 int32_t *id)
{
    const struct pith_json *text = named(files, key);
    PITH_TRY(read_token(files, key, config_key, id));
    if (text != NULL && *id < 0)
        return pith_fail(files->error, PITH_ERR_FORMAT,
                         "%s: %s is \"%.*s\", which is not in the vocabulary, "
                         "and the embedding has no row for it",
                         files->source->path, key, (int)text->string.size,
                         text->string.bytes);
    return PITH_OK;
}

/* Special in a text, and of no other use here. */
static enum pith_status mark_named(struct pith_tokenizer_files *files,
                                   const char *key)
{
    const struct pith_json *text = named(files, key);
    int32_t id;
    return text != NULL ? mark(files, text->string, &id) : PITH_OK;
}

static enum pith_status mark_more(struct pith_tokenizer_files *files,
                                  const struct pith_json *map)
{
    const struct pith_json *list =
        pith_json_get(map, "additional_special_tokens");
    if (!pith_json_is(list, PITH_JSON_ARRAY))
        return PITH_OK;
    for (const struct pith_json *token = list->first; token != NULL;
         token = token->next) {
        const struct pith_json *text = text_of(token);
        int32_t id;
        if (text != NULL)
            PITH_TRY(mark(files, text->string, &id));
    }
    return PITH_OK;
}

static void note_left_out(const struct pith_tokenizer_files *files)
{
    size_t n = files->left_out.n;
    const struct pith_name_slot *slot = files->left_out.slots;
    struct pith_error note;
    if (n == 0)
        return;
    while (slot->name.bytes == NULL)
        slot++;
    pith_fail(&note, PITH_OK, "%s: the embedding has %zu rows: %zu added "
              "token%s left out, such as \"%.*s\" with id %zu",
              files->source->path, files->vocabulary->limit, n,
              n > 1 ? "s are" : " is", (int)slot->name.size, slot->name.bytes,
              slot->index);
    pith_source_note(files->source, &note);
}

/* In the order of Hugging Face, which gives new tokens their ids. */
static enum pith_status read_all(struct pith_tokenizer_files *files)
{
    struct pith_vocab *vocab = &files->vocabulary->vocab;
    int32_t unknown = vocab->unk_id;
    PITH_TRY(put_list(files));
    PITH_TRY(put_map(files));
    PITH_TRY(put_decoder(files));
    PITH_TRY(read_end(files, "bos_token", "bos_token_id", &vocab->bos_id));
    PITH_TRY(read_end(files, "eos_token", "eos_token_id", &vocab->eos_id));
    PITH_TRY(read_token(files, "unk_token", "unk_token_id", &unknown));
    if (vocab->unk_id < 0) /* else it is SentencePiece's, whatever is named */
        vocab->unk_id = unknown;
    PITH_TRY(mark_named(files, "sep_token"));
    PITH_TRY(read_token(files, "pad_token", "pad_token_id", &vocab->pad_id));
    PITH_TRY(mark_named(files, "cls_token"));
    PITH_TRY(mark_named(files, "mask_token"));
    PITH_TRY(mark_more(files, files->settings));
    PITH_TRY(mark_more(files, files->specials));
    if (vocab->pad_id >= 0 && (size_t)vocab->pad_id >= vocab->n_pieces)
        vocab->pad_id = -1; /* config.json has it in a row without a token */
    return PITH_OK;
}

enum pith_status pith_special_tokens_read(struct pith_tokenizer_files *files)
{
    enum pith_status status = read_all(files);
    note_left_out(files);
    pith_names_free(&files->left_out);
    return status;
}
