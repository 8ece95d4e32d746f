/*
 * huggingface_tokenizer.c - the tokenizer files of a Hugging Face folder.
 *
 * In this order: tokenizer.json (byte-level BPE), vocab.json with merges.txt
 * (GPT-2), tokenizer.model (SentencePiece); a folder with none of them gives
 * a model without a tokenizer.  tokenizer_config.json and
 * special_tokens_map.json add special tokens and defaults.
 */
#include <string.h>

#include "folder.h"
#include "json_values.h"
#include "readers.h"

struct reader {
    struct pith_source *source;
    struct pith_vocabulary *vocabulary;
    const struct pith_json *config;   /* config.json */
    const struct pith_json *settings; /* tokenizer_config.json or NULL */
    const struct pith_json *specials; /* special_tokens_map.json or NULL */
    struct pith_error *error;
};

static enum pith_status refuse(struct reader *reader, const char *file,
                               const char *what, const char *why)
{
    return pith_fail(reader->error, PITH_ERR_UNSUPPORTED, "%s/%s: %s %s",
                     reader->source->path, file, what, why);
}

static bool is_true(const struct pith_json *object, const char *key)
{
    return pith_json_is(pith_json_get(object, key), PITH_JSON_TRUE);
}

static bool is_false(const struct pith_json *object, const char *key)
{
    return pith_json_is(pith_json_get(object, key), PITH_JSON_FALSE);
}

static bool type_is(const struct pith_json *object, const char *type)
{
    return pith_json_string_is(pith_json_get(object, "type"), type);
}

static void start(struct reader *reader, enum pith_tokenizer_kind kind,
                  enum pith_pre_tokenizer pre_tokenizer)
{
    pith_vocabulary_init(reader->vocabulary, kind,
                         reader->source->config.n_vocab, reader->source->path);
    reader->vocabulary->vocab.pre_tokenizer = pre_tokenizer;
}

/* --- pieces, from {"token": id} and added tokens ---------------------------*/

static enum pith_status put_all(struct reader *reader, const char *file,
                                const struct pith_json *vocab)
{
    if (!pith_json_is(vocab, PITH_JSON_OBJECT))
        return refuse(reader, file, "vocab", "is no object");
    for (const struct pith_json *entry = vocab->first; entry != NULL;
         entry = entry->next) {
        size_t id;
        if (!pith_json_size(entry, &id))
            return refuse(reader, file, "vocab",
                          "gives a token an id that is no whole number");
        PITH_TRY(pith_vocabulary_put(reader->vocabulary, id, entry->key,
                                     PITH_PIECE_NORMAL, 0, reader->error));
    }
    return PITH_OK;
}

static enum pith_status put_added(struct reader *reader, const char *file,
                                  const struct pith_json *token, size_t id)
{
    static const char *const rules[] = {"lstrip", "rstrip", "single_word"};
    const struct pith_json *content = pith_json_get(token, "content");
    if (!pith_json_is(content, PITH_JSON_STRING) || content->string.size == 0)
        return refuse(reader, file, "an added token", "has no content");
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (is_true(token, rules[i]))
            return pith_fail(reader->error, PITH_ERR_UNSUPPORTED,
                             "%s/%s: added token \"%.*s\" has \"%s\" true, "
                             "which is not supported", reader->source->path,
                             file, (int)content->string.size,
                             content->string.bytes, rules[i]);
    return pith_vocabulary_put(reader->vocabulary, id, content->string,
                               PITH_PIECE_SPECIAL, 0, reader->error);
}

/* added_tokens of tokenizer.json: [{"id": 0, "content": ...}]. */
static enum pith_status put_added_list(struct reader *reader,
                                       const struct pith_json *list)
{
    if (!pith_json_is(list, PITH_JSON_ARRAY))
        return PITH_OK;
    for (const struct pith_json *token = list->first; token != NULL;
         token = token->next) {
        size_t id;
        if (!pith_json_size(pith_json_get(token, "id"), &id))
            return refuse(reader, "tokenizer.json", "an added token",
                          "has no id");
        PITH_TRY(put_added(reader, "tokenizer.json", token, id));
    }
    return PITH_OK;
}

/* added_tokens_decoder of tokenizer_config.json: {"0": {"content": ...}}. */
static enum pith_status put_added_map(struct reader *reader,
                                      const struct pith_json *map)
{
    static const char file[] = "tokenizer_config.json";
    if (!pith_json_is(map, PITH_JSON_OBJECT))
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
            return refuse(reader, file, "added_tokens_decoder",
                          "has a key that is no token id");
        PITH_TRY(put_added(reader, file, token, id));
    }
    return PITH_OK;
}

/* --- special tokens --------------------------------------------------------*/

/* The text of a special token: a string, or an object with "content". */
static const struct pith_json *token_text(const struct pith_json *value)
{
    if (pith_json_is(value, PITH_JSON_OBJECT))
        value = pith_json_get(value, "content");
    return pith_json_is(value, PITH_JSON_STRING) ? value : NULL;
}

static enum pith_status mark_special(struct reader *reader,
                                     const struct pith_json *text,
                                     int32_t *id)
{
    *id = pith_vocabulary_find(reader->vocabulary, text->string);
    if (*id < 0)
        return pith_fail(reader->error, PITH_ERR_FORMAT,
                         "%s/tokenizer_config.json: special token \"%.*s\" is "
                         "not in the vocabulary", reader->source->path,
                         (int)text->string.size, text->string.bytes);
    return pith_vocabulary_put(reader->vocabulary, (size_t)*id, text->string,
                               PITH_PIECE_SPECIAL, 0, reader->error);
}

/* config.json's id, of which EOS can have a list. */
static void read_config_id(struct reader *reader, const char *key, int32_t *id)
{
    const struct pith_json *value = pith_json_get(reader->config, key);
    size_t number;
    if (pith_json_is(value, PITH_JSON_ARRAY))
        value = value->first;
    if (pith_json_size(value, &number) && number <= INT32_MAX)
        *id = (int32_t)number;
}

static enum pith_status read_special(struct reader *reader, const char *token,
                                     const char *config_key, int32_t *id)
{
    const struct pith_json *text =
        token_text(pith_json_get(reader->settings, token));
    if (text == NULL)
        text = token_text(pith_json_get(reader->specials, token));
    if (text != NULL)
        return mark_special(reader, text, id);
    read_config_id(reader, config_key, id);
    return PITH_OK;
}

static enum pith_status mark_more(struct reader *reader,
                                  const struct pith_json *settings)
{
    const struct pith_json *list =
        pith_json_get(settings, "additional_special_tokens");
    if (!pith_json_is(list, PITH_JSON_ARRAY))
        return PITH_OK;
    for (const struct pith_json *token = list->first; token != NULL;
         token = token->next) {
        int32_t id;
        if (token_text(token) != NULL)
            PITH_TRY(mark_special(reader, token_text(token), &id));
    }
    return PITH_OK;
}

static enum pith_status read_specials(struct reader *reader)
{
    struct pith_vocab *vocab = &reader->vocabulary->vocab;
    PITH_TRY(put_added_map(reader, pith_json_get(reader->settings,
                                                 "added_tokens_decoder")));
    PITH_TRY(read_special(reader, "bos_token", "bos_token_id",
                          &vocab->bos_id));
    PITH_TRY(read_special(reader, "eos_token", "eos_token_id",
                          &vocab->eos_id));
    PITH_TRY(read_special(reader, "unk_token", "unk_token_id",
                          &vocab->unk_id));
    PITH_TRY(read_special(reader, "pad_token", "pad_token_id",
                          &vocab->pad_id));
    PITH_TRY(mark_more(reader, reader->settings));
    PITH_TRY(mark_more(reader, reader->specials));
    if (is_true(reader->settings, "clean_up_tokenization_spaces"))
        vocab->flags |= PITH_VOCAB_CLEAN_UP_SPACES;
    if (is_true(reader->settings, "add_eos_token"))
        return refuse(reader, "tokenizer_config.json", "add_eos_token",
                      "is true; supported is false only");
    return PITH_OK;
}

/* --- tokenizer.json --------------------------------------------------------*/

/* ByteLevel(add_prefix_space=false, use_regex=true): GPT-2's pattern. */
static bool is_plain_byte_level(const struct pith_json *pre)
{
    return type_is(pre, "ByteLevel") && is_false(pre, "add_prefix_space") &&
           !is_false(pre, "use_regex");
}

static enum pith_status read_pre_tokenizer(struct reader *reader,
                                           const struct pith_json *pre,
                                           enum pith_pre_tokenizer *kind)
{
    const struct pith_json *list = pith_json_get(pre, "pretokenizers");
    const struct pith_json *first =
        pith_json_is(list, PITH_JSON_ARRAY) ? list->first : NULL;
    const struct pith_json *second = first != NULL ? first->next : NULL;
    const struct pith_json *type = pith_json_get(pre, "type");

    *kind = PITH_PRE_GPT2;
    if (is_plain_byte_level(pre))
        return PITH_OK;
    if (type_is(pre, "Sequence") && first != NULL && second == NULL &&
        is_plain_byte_level(first))
        return PITH_OK;
    *kind = PITH_PRE_SMOLLM;
    if (type_is(pre, "Sequence") && second != NULL && second->next == NULL &&
        type_is(first, "Digits") && is_true(first, "individual_digits") &&
        is_plain_byte_level(second))
        return PITH_OK;
    return pith_fail(reader->error, PITH_ERR_UNSUPPORTED,
                     "%s/tokenizer.json: pre_tokenizer %.*s is not known with "
                     "these settings; known are ByteLevel (GPT-2, without "
                     "prefix space) and Digits (individual) followed by it",
                     reader->source->path,
                     pith_json_is(type, PITH_JSON_STRING)
                         ? (int)type->string.size : 4,
                     pith_json_is(type, PITH_JSON_STRING)
                         ? type->string.bytes : "null");
}

static enum pith_status check_model(struct reader *reader,
                                    const struct pith_json *model)
{
    static const char file[] = "tokenizer.json";
    static const char *const affixes[] = {"continuing_subword_prefix",
                                          "end_of_word_suffix"};
    const struct pith_json *dropout = pith_json_get(model, "dropout");
    if (!type_is(model, "BPE"))
        return refuse(reader, file, "model", "is not of type BPE");
    if (pith_json_is_set(dropout) && dropout->number != 0)
        return refuse(reader, file, "model.dropout", "is set");
    for (size_t i = 0; i < sizeof affixes / sizeof *affixes; i++) {
        const struct pith_json *affix = pith_json_get(model, affixes[i]);
        if (pith_json_is_set(affix) && affix->string.size > 0)
            return refuse(reader, file, affixes[i], "is set");
    }
    if (is_true(model, "ignore_merges"))
        return refuse(reader, file, "model.ignore_merges",
                      "is true; supported is false only");
    return PITH_OK;
}

static enum pith_status read_merges(struct reader *reader,
                                    const struct pith_json *merges)
{
    if (!pith_json_is(merges, PITH_JSON_ARRAY))
        return refuse(reader, "tokenizer.json", "model.merges", "is no list");
    for (const struct pith_json *merge = merges->first; merge != NULL;
         merge = merge->next) {
        if (pith_json_is(merge, PITH_JSON_STRING))
            PITH_TRY(pith_vocabulary_merge_line(reader->vocabulary,
                                                merge->string, reader->error));
        else if (pith_json_is(merge, PITH_JSON_ARRAY) &&
                 merge->n_children == 2 &&
                 pith_json_is(merge->first, PITH_JSON_STRING) &&
                 pith_json_is(merge->first->next, PITH_JSON_STRING))
            PITH_TRY(pith_vocabulary_merge(reader->vocabulary,
                                           merge->first->string,
                                           merge->first->next->string,
                                           reader->error));
        else
            return refuse(reader, "tokenizer.json", "model.merges",
                          "holds something that is no pair of tokens");
    }
    return PITH_OK;
}

/* TemplateProcessing: [Sequence A], or BOS in front of it. */
static bool read_template(struct reader *reader,
                          const struct pith_json *processor)
{
    const struct pith_json *single = pith_json_get(processor, "single");
    const struct pith_json *step =
        pith_json_is(single, PITH_JSON_ARRAY) ? single->first : NULL;
    const struct pith_json *special = pith_json_get(step, "SpecialToken");
    struct pith_vocab *vocab = &reader->vocabulary->vocab;
    if (special != NULL) {
        const struct pith_json *text = pith_json_get(special, "id");
        if (!pith_json_is(text, PITH_JSON_STRING) || vocab->bos_id < 0 ||
            pith_vocabulary_find(reader->vocabulary, text->string) !=
                vocab->bos_id)
            return false;
        vocab->flags |= PITH_VOCAB_ADD_BOS;
        step = step->next;
    }
    return pith_json_get(step, "Sequence") != NULL && step->next == NULL;
}

static bool read_processor(struct reader *reader,
                           const struct pith_json *processor)
{
    if (!pith_json_is_set(processor) || type_is(processor, "ByteLevel"))
        return true;
    if (type_is(processor, "TemplateProcessing"))
        return read_template(reader, processor);
    const struct pith_json *list = pith_json_get(processor, "processors");
    if (!type_is(processor, "Sequence") ||
        !pith_json_is(list, PITH_JSON_ARRAY))
        return false;
    for (const struct pith_json *each = list->first; each != NULL;
         each = each->next)
        if (type_is(each, "Sequence") || !read_processor(reader, each))
            return false;
    return true;
}

static enum pith_status read_byte_level(struct reader *reader,
                                        const struct pith_json *root)
{
    static const char file[] = "tokenizer.json";
    const struct pith_json *model = pith_json_get(root, "model");
    enum pith_pre_tokenizer pre;

    PITH_TRY(check_model(reader, model));
    if (pith_json_is_set(pith_json_get(root, "normalizer")))
        return refuse(reader, file, "normalizer",
                      "is set; byte-level BPE is supported without one only");
    if (!type_is(pith_json_get(root, "decoder"), "ByteLevel"))
        return refuse(reader, file, "decoder", "is not ByteLevel");
    if (is_true(reader->settings, "add_prefix_space"))
        return refuse(reader, "tokenizer_config.json", "add_prefix_space",
                      "is true; supported is false only");
    PITH_TRY(read_pre_tokenizer(reader, pith_json_get(root, "pre_tokenizer"),
                                &pre));
    start(reader, PITH_TOKENIZER_BYTE_BPE, pre);
    PITH_TRY(put_all(reader, file, pith_json_get(model, "vocab")));
    PITH_TRY(put_added_list(reader, pith_json_get(root, "added_tokens")));
    PITH_TRY(read_merges(reader, pith_json_get(model, "merges")));
    PITH_TRY(read_specials(reader));
    if (!read_processor(reader, pith_json_get(root, "post_processor")))
        return refuse(reader, file, "post_processor",
                      "does more than putting BOS in front");
    return PITH_OK;
}

/* --- vocab.json and merges.txt ---------------------------------------------*/

static enum pith_status read_merges_txt(struct reader *reader,
                                        struct pith_text text)
{
    static const char version[] = "#version";
    while (text.size > 0) {
        const char *end = memchr(text.bytes, '\n', text.size);
        size_t length = end != NULL ? (size_t)(end - text.bytes) : text.size;
        size_t whole = end != NULL ? length + 1 : length;
        struct pith_text line = {text.bytes, length};
        if (line.size > 0 && line.bytes[line.size - 1] == '\r')
            line.size--;
        bool comment = line.size >= sizeof version - 1 &&
                       memcmp(line.bytes, version, sizeof version - 1) == 0;
        if (line.size > 0 && !comment)
            PITH_TRY(pith_vocabulary_merge_line(reader->vocabulary, line,
                                                reader->error));
        text.bytes += whole;
        text.size -= whole;
    }
    return PITH_OK;
}

/* Other classes read these two files with other patterns. */
static bool is_gpt2_tokenizer(struct reader *reader)
{
    const struct pith_json *class =
        pith_json_get(reader->settings, "tokenizer_class");
    if (!pith_json_is_set(class))
        return reader->source->config.arch == PITH_ARCH_GPT2;
    return pith_json_string_is(class, "GPT2Tokenizer") ||
           pith_json_string_is(class, "GPT2TokenizerFast");
}

/* GPT-2's class has this token for BOS, EOS and unknown when no file names
 * others. */
static enum pith_status mark_end_of_text(struct reader *reader)
{
    static const char text[] = "<|endoftext|>";
    struct pith_text token = {text, sizeof text - 1};
    int32_t id = pith_vocabulary_find(reader->vocabulary, token);
    if (id < 0)
        return PITH_OK;
    return pith_vocabulary_put(reader->vocabulary, (size_t)id, token,
                               PITH_PIECE_SPECIAL, 0, reader->error);
}

static enum pith_status read_vocab_and_merges(struct reader *reader)
{
    static const char merges_txt[] = "merges.txt";
    struct pith_json_document *document = NULL;
    const struct pith_source_file *file;
    enum pith_status status = PITH_OK;

    if (!is_gpt2_tokenizer(reader))
        return refuse(reader, "vocab.json", "its tokenizer_class",
                      "is not GPT2Tokenizer; give the folder a tokenizer.json");
    if (is_true(reader->settings, "add_prefix_space"))
        return refuse(reader, "tokenizer_config.json", "add_prefix_space",
                      "is true; supported is false only");
    start(reader, PITH_TOKENIZER_BYTE_BPE, PITH_PRE_GPT2);
    PITH_TRY(pith_folder_json(reader->source, "vocab.json", &document,
                              reader->error));
    PITH_TRY_DONE(put_all(reader, "vocab.json", pith_json_root(document)));
    PITH_TRY_DONE(pith_folder_open(reader->source,
                                   (struct pith_text){merges_txt,
                                                      sizeof merges_txt - 1},
                                   &file, reader->error));
    PITH_TRY_DONE(read_merges_txt(
        reader, (struct pith_text){(const char *)file->file.data,
                                   file->file.size}));
    PITH_TRY_DONE(mark_end_of_text(reader));
    status = read_specials(reader);
done:
    pith_json_free(document);
    return status;
}

/* --- tokenizer.model -------------------------------------------------------*/

static enum pith_status read_sentencepiece(struct reader *reader)
{
    static const char name[] = "tokenizer.model";
    struct pith_vocab *vocab = &reader->vocabulary->vocab;
    const struct pith_source_file *file;
    PITH_TRY(pith_folder_open(reader->source,
                              (struct pith_text){name, sizeof name - 1}, &file,
                              reader->error));
    PITH_TRY(pith_sentencepiece_read(reader->source, file, reader->error));
    PITH_TRY(read_specials(reader));
    if (is_false(reader->settings, "add_bos_token"))
        vocab->flags &= ~(uint32_t)PITH_VOCAB_ADD_BOS;
    if (is_false(reader->settings, "add_prefix_space"))
        vocab->flags &= ~(uint32_t)PITH_VOCAB_DUMMY_PREFIX;
    return PITH_OK;
}

/* --- choosing --------------------------------------------------------------*/

static enum pith_status read_tokenizer_json(struct reader *reader)
{
    struct pith_json_document *document;
    PITH_TRY(pith_folder_json(reader->source, "tokenizer.json", &document,
                              reader->error));
    const struct pith_json *root = pith_json_root(document);
    enum pith_status status;
    if (!is_true(pith_json_get(root, "model"), "byte_fallback"))
        status = read_byte_level(reader, root);
    else if (pith_folder_has(reader->source, "tokenizer.model"))
        status = read_sentencepiece(reader);
    else
        status = refuse(reader, "tokenizer.json", "model",
                        "is SentencePiece BPE without its scores; put "
                        "tokenizer.model beside it");
    pith_json_free(document);
    return status;
}

static enum pith_status read_any(struct reader *reader)
{
    struct pith_source *source = reader->source;
    struct pith_vocab *vocab = &reader->vocabulary->vocab;
    if (pith_folder_has(source, "tokenizer.json"))
        return read_tokenizer_json(reader);
    if (pith_folder_has(source, "vocab.json"))
        return read_vocab_and_merges(reader);
    if (pith_folder_has(source, "tokenizer.model"))
        return read_sentencepiece(reader);
    start(reader, PITH_TOKENIZER_NONE, PITH_PRE_NONE);
    read_config_id(reader, "bos_token_id", &vocab->bos_id);
    read_config_id(reader, "eos_token_id", &vocab->eos_id);
    return PITH_OK;
}

enum pith_status pith_huggingface_vocabulary(struct pith_source *source,
                                             const struct pith_json *config,
                                             struct pith_error *error)
{
    struct reader reader = {.source = source,
                            .vocabulary = &source->vocabulary,
                            .config = config, .error = error};
    struct pith_json_document *settings = NULL, *specials = NULL;
    enum pith_status status = PITH_OK;

    if (pith_folder_has(source, "tokenizer_config.json"))
        PITH_TRY_DONE(pith_folder_json(source, "tokenizer_config.json",
                                       &settings, error));
    if (pith_folder_has(source, "special_tokens_map.json"))
        PITH_TRY_DONE(pith_folder_json(source, "special_tokens_map.json",
                                       &specials, error));
    reader.settings = settings != NULL ? pith_json_root(settings) : NULL;
    reader.specials = specials != NULL ? pith_json_root(specials) : NULL;
    status = read_any(&reader);
done:
    pith_json_free(settings);
    pith_json_free(specials);
    return status;
}
