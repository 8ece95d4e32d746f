/*
 * huggingface_tokenizer.c - the tokenizer files of a Hugging Face folder.
 *
 * The pieces come from tokenizer.model (SentencePiece), from tokenizer.json,
 * or from vocab.json with merges.txt (GPT-2); a folder with none of them gives
 * a model without a tokenizer.  Added and special tokens: special_tokens.c.
 */
#include <stdio.h>
#include <string.h>

#include "folder.h"
#include "readers.h"
#include "tokenizer_files.h"

#include "pith_files.h"

static const char SETTINGS[] = "tokenizer_config.json";

enum pith_status pith_tokenizer_refuse(const struct pith_tokenizer_files *files,
                                       const char *file, const char *what,
                                       const char *why)
{
    return pith_fail(files->error, PITH_ERR_UNSUPPORTED, "%s/%s: %s %s",
                     files->source->path, file, what, why);
}

bool pith_tokenizer_has_class(const struct pith_tokenizer_files *files,
                              const char *name)
{
    const struct pith_json *class =
        pith_json_get(files->settings, "tokenizer_class");
    char fast[64];
    if (!pith_json_is_set(class)) {
        const struct pith_config *config = &files->source->config;
        bool gpt2 = config->arch == PITH_ARCH_GPT2;
        bool qwen = config->qkv_biases || config->qk_norms;
        return strcmp(name, gpt2 ? "GPT2Tokenizer"
                                 : qwen ? "Qwen2Tokenizer"
                                        : "LlamaTokenizer") == 0;
    }
    snprintf(fast, sizeof fast, "%sFast", name);
    return pith_json_string_is(class, name) || pith_json_string_is(class, fast);
}

bool pith_tokenizer_setting_is(const struct pith_tokenizer_files *files,
                               const char *key, enum pith_json_kind kind)
{
    return pith_json_is(pith_json_get(files->settings, key), kind);
}

void pith_tokenizer_start(struct pith_tokenizer_files *files,
                          enum pith_tokenizer_kind kind,
                          enum pith_pre_tokenizer pre_tokenizer)
{
    pith_vocabulary_init(files->vocabulary, kind, files->source->config.n_vocab,
                         files->source->path);
    files->vocabulary->vocab.pre_tokenizer = pre_tokenizer;
}

enum pith_status pith_tokenizer_put_all(struct pith_tokenizer_files *files,
                                        const char *file,
                                        const struct pith_json *vocab)
{
    if (!pith_json_is(vocab, PITH_JSON_OBJECT))
        return pith_tokenizer_refuse(files, file, "vocab", "is not an object");
    for (const struct pith_json *entry = vocab->first; entry != NULL;
         entry = entry->next) {
        size_t id;
        if (!pith_json_size(entry, &id))
            return pith_tokenizer_refuse(files, file, "vocab", "gives a token "
                                         "an id that is not a whole number");
        PITH_TRY(pith_vocabulary_put(files->vocabulary, id, entry->key,
                                     PITH_PIECE_NORMAL, 0, files->error));
    }
    return PITH_OK;
}

void pith_tokenizer_note_nfc(const struct pith_tokenizer_files *files)
{
    struct pith_error note;
    pith_fail(&note, PITH_OK,
              "%s: its tokenizer composes characters first (NFC); texts are "
              "tokenized as they are written, so that they come back byte for "
              "byte", files->source->path);
    pith_source_note(files->source, &note);
}

/* --- vocab.json and merges.txt ---------------------------------------------*/

static enum pith_status read_merges_txt(struct pith_tokenizer_files *files,
                                        struct pith_text text)
{
    static const char version[] = "#version";
    PITH_TRY(pith_text_start(&text, "merges.txt", files->error));
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
            PITH_TRY(pith_vocabulary_merge_line(files->vocabulary, line,
                                                files->error));
        text.bytes += whole;
        text.size -= whole;
    }
    return PITH_OK;
}

static enum pith_status read_vocab_and_merges(
    struct pith_tokenizer_files *files)
{
    static const char merges_txt[] = "merges.txt";
    struct pith_vocab *vocab = &files->vocabulary->vocab;
    struct pith_json_document *document = NULL;
    const struct pith_source_file *file;
    enum pith_status status = PITH_OK;

    bool qwen = pith_tokenizer_has_class(files, "Qwen2Tokenizer");
    if (!qwen && !pith_tokenizer_has_class(files, "GPT2Tokenizer"))
        return pith_tokenizer_refuse(
            files, "vocab.json", "its tokenizer_class",
            "is not GPT2Tokenizer or Qwen2Tokenizer; give the folder a "
            "tokenizer.json");
    if (pith_tokenizer_setting_is(files, "add_prefix_space", PITH_JSON_TRUE))
        return pith_tokenizer_refuse(files, SETTINGS, "add_prefix_space",
                                     "is true; only false is supported");
    if (qwen)
        pith_tokenizer_note_nfc(files);
    pith_tokenizer_start(files, PITH_TOKENIZER_BYTE_BPE,
                         qwen ? PITH_PRE_QWEN2 : PITH_PRE_GPT2);
    PITH_TRY(pith_folder_json(files->source, "vocab.json", &document,
                              files->error));
    PITH_TRY_DONE(pith_tokenizer_put_all(files, "vocab.json",
                                         pith_json_root(document)));
    PITH_TRY_DONE(pith_folder_open(files->source,
                                   (struct pith_text){merges_txt,
                                                      sizeof merges_txt - 1},
                                   &file, files->error));
    PITH_TRY_DONE(read_merges_txt(
        files, (struct pith_text){(const char *)file->file.data,
                                  file->file.size}));
    status = pith_special_tokens_read(files);
    if (vocab->bos_id >= 0 &&
        pith_tokenizer_setting_is(files, "add_bos_token", PITH_JSON_TRUE))
        vocab->flags |= PITH_VOCAB_ADD_BOS;
done:
    pith_json_free(document);
    return status;
}

/* --- tokenizer.model -------------------------------------------------------*/

static enum pith_status read_sentencepiece(struct pith_tokenizer_files *files)
{
    static const char name[] = "tokenizer.model";
    struct pith_vocab *vocab = &files->vocabulary->vocab;
    const struct pith_source_file *file;
    PITH_TRY(pith_folder_open(files->source,
                              (struct pith_text){name, sizeof name - 1}, &file,
                              files->error));
    PITH_TRY(pith_sentencepiece_read(files->source, file, files->error));
    PITH_TRY(pith_special_tokens_read(files));
    if (vocab->bos_id < 0 ||
        pith_tokenizer_setting_is(files, "add_bos_token", PITH_JSON_FALSE))
        vocab->flags &= ~(uint32_t)PITH_VOCAB_ADD_BOS;
    if (pith_tokenizer_setting_is(files, "legacy", PITH_JSON_FALSE))
        vocab->flags |= PITH_VOCAB_DUMMY_PREFIX | PITH_VOCAB_PREFIX_ONCE;
    if (pith_tokenizer_setting_is(files, "add_prefix_space", PITH_JSON_FALSE))
        vocab->flags &= ~(uint32_t)PITH_VOCAB_DUMMY_PREFIX;
    return PITH_OK;
}

/* --- choosing --------------------------------------------------------------*/

/* tokenizer.model goes before the same pieces in tokenizer.json: only scores
 * tell which of two equal pieces sentencepiece makes first. */
static enum pith_status read_pieces(struct pith_tokenizer_files *files)
{
    struct pith_source *source = files->source;
    struct pith_vocab *vocab = &files->vocabulary->vocab;
    bool has_model = pith_folder_has(source, "tokenizer.model");
    if (files->tokenizer != NULL &&
        !(has_model && pith_tokenizer_json_is_sentencepiece(files)))
        return pith_tokenizer_json_read(files);
    if (pith_folder_has(source, "vocab.json") &&
        (!has_model || pith_tokenizer_has_class(files, "GPT2Tokenizer")))
        return read_vocab_and_merges(files);
    if (has_model)
        return read_sentencepiece(files);
    pith_tokenizer_start(files, PITH_TOKENIZER_NONE, PITH_PRE_NONE);
    pith_tokenizer_config_id(files, "bos_token_id", &vocab->bos_id);
    pith_tokenizer_config_id(files, "eos_token_id", &vocab->eos_id);
    return PITH_OK;
}

static enum pith_status read_any(struct pith_tokenizer_files *files)
{
    struct pith_vocab *vocab = &files->vocabulary->vocab;
    PITH_TRY(read_pieces(files));
    if (pith_tokenizer_setting_is(files, "add_eos_token", PITH_JSON_TRUE))
        return pith_tokenizer_refuse(files, SETTINGS, "add_eos_token",
                                     "is true; only false is supported");
    if (vocab->kind != PITH_TOKENIZER_NONE &&
        pith_tokenizer_setting_is(files, "clean_up_tokenization_spaces",
                                  PITH_JSON_TRUE))
        vocab->flags |= PITH_VOCAB_CLEAN_UP_SPACES;
    return PITH_OK;
}

enum pith_status pith_huggingface_vocabulary(struct pith_source *source,
                                             const struct pith_json *config,
                                             struct pith_error *error)
{
    struct pith_tokenizer_files files = {.source = source,
                                         .vocabulary = &source->vocabulary,
                                         .config = config, .error = error};
    const struct {
        const char *name;
        const struct pith_json **root;
    } parts[] = {{SETTINGS, &files.settings},
                 {"special_tokens_map.json", &files.specials},
                 {"added_tokens.json", &files.added},
                 {"tokenizer.json", &files.tokenizer}};
    enum { N_PARTS = sizeof parts / sizeof *parts };
    struct pith_json_document *documents[N_PARTS] = {NULL};
    enum pith_status status = PITH_OK;

    for (size_t i = 0; i < N_PARTS; i++) {
        if (!pith_folder_has(source, parts[i].name))
            continue;
        PITH_TRY_DONE(pith_folder_json(source, parts[i].name, &documents[i],
                                       error));
        *parts[i].root = pith_json_root(documents[i]);
    }
    status = read_any(&files);
done:
    for (size_t i = 0; i < N_PARTS; i++)
        pith_json_free(documents[i]);
    return status;
}
