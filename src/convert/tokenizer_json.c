/*
 * tokenizer_json.c - the vocabulary of tokenizer.json: byte-level BPE, or
 * SentencePiece BPE with the ranks of its merges.
 *
 * Every setting that changes how a text is cut is either understood or
 * refused.
 */
#include <string.h>

#include "tokenizer_files.h"

static const char FILE_NAME[] = "tokenizer.json";
static const char MARK[] = "\xE2\x96\x81"; /* U+2581, a space */

static bool is_true(const struct pith_json *object, const char *key)
{
    return pith_json_is(pith_json_get(object, key), PITH_JSON_TRUE);
}

static bool is_false(const struct pith_json *object, const char *key)
{
    return pith_json_is(pith_json_get(object, key), PITH_JSON_FALSE);
}

static bool member_is(const struct pith_json *object, const char *key,
                      const char *string)
{
    return pith_json_string_is(pith_json_get(object, key), string);
}

static bool type_is(const struct pith_json *object, const char *type)
{
    return member_is(object, "type", type);
}

/* The steps of a Sequence: the n-th, or NULL.  What is not one is its own
 * first step. */
static const struct pith_json *step_of(const struct pith_json *value,
                                       const char *list_key, size_t n)
{
    if (!type_is(value, "Sequence"))
        return n == 0 && pith_json_is_set(value) ? value : NULL;
    const struct pith_json *list = pith_json_get(value, list_key);
    const struct pith_json *step =
        pith_json_is(list, PITH_JSON_ARRAY) ? list->first : NULL;
    for (; n > 0 && step != NULL; n--)
        step = step->next;
    return step;
}

static enum pith_status refuse(struct pith_tokenizer_files *files,
                               const char *what, const char *why)
{
    return pith_tokenizer_refuse(files, FILE_NAME, what, why);
}

static enum pith_status check_model(struct pith_tokenizer_files *files,
                                    const struct pith_json *model)
{
    static const char *const affixes[] = {"continuing_subword_prefix",
                                          "end_of_word_suffix"};
    const struct pith_json *dropout = pith_json_get(model, "dropout");
    bool has_merges = pith_json_get(model, "merges") != NULL;
    if (!type_is(model, "BPE") && /* early files do not say it */
        (pith_json_get(model, "type") != NULL || !has_merges))
        return refuse(files, "model", "is not of type BPE");
    if (pith_json_is_set(dropout) && dropout->number != 0)
        return refuse(files, "model.dropout", "is set");
    for (size_t i = 0; i < sizeof affixes / sizeof *affixes; i++) {
        const struct pith_json *affix = pith_json_get(model, affixes[i]);
        if (pith_json_is_set(affix) && affix->string.size > 0)
            return refuse(files, affixes[i], "is set");
    }
    return PITH_OK;
}

static enum pith_status read_merges(struct pith_tokenizer_files *files,
                                    const struct pith_json *merges)
{
    if (!pith_json_is(merges, PITH_JSON_ARRAY))
        return refuse(files, "model.merges", "is not a list");
    for (const struct pith_json *merge = merges->first; merge != NULL;
         merge = merge->next) {
        if (pith_json_is(merge, PITH_JSON_STRING))
            PITH_TRY(pith_vocabulary_merge_line(files->vocabulary,
                                                merge->string, files->error));
        else if (pith_json_is(merge, PITH_JSON_ARRAY) &&
                 merge->n_children == 2 &&
                 pith_json_is(merge->first, PITH_JSON_STRING) &&
                 pith_json_is(merge->first->next, PITH_JSON_STRING))
            PITH_TRY(pith_vocabulary_merge(files->vocabulary,
                                           merge->first->string,
                                           merge->first->next->string,
                                           files->error));
        else
            return refuse(files, "model.merges",
                          "holds something that is not a pair of tokens");
    }
    return PITH_OK;
}

static enum pith_status unknown_pre_tokenizer(
    struct pith_tokenizer_files *files, const struct pith_json *pre,
    const char *known)
{
    const struct pith_json *type = pith_json_get(pre, "type");
    bool named = pith_json_is(type, PITH_JSON_STRING);
    return pith_fail(files->error, PITH_ERR_UNSUPPORTED,
                     "%s/%s: pre_tokenizer %.*s is not known with these "
                     "settings; known are %s", files->source->path, FILE_NAME,
                     named ? (int)type->string.size : 4,
                     named ? type->string.bytes : "null", known);
}

/* --- the post-processor ----------------------------------------------------*/

/* TemplateProcessing: [Sequence A], or BOS before it. */
static bool read_template(struct pith_tokenizer_files *files,
                          const struct pith_json *processor)
{
    const struct pith_json *single = pith_json_get(processor, "single");
    const struct pith_json *step =
        pith_json_is(single, PITH_JSON_ARRAY) ? single->first : NULL;
    const struct pith_json *special = pith_json_get(step, "SpecialToken");
    struct pith_vocab *vocab = &files->vocabulary->vocab;
    if (special != NULL) {
        const struct pith_json *text = pith_json_get(special, "id");
        if (!pith_json_is(text, PITH_JSON_STRING) || vocab->bos_id < 0 ||
            pith_vocabulary_find(files->vocabulary, text->string) !=
                vocab->bos_id)
            return false;
        vocab->flags |= PITH_VOCAB_ADD_BOS;
        step = step->next;
    }
    return pith_json_get(step, "Sequence") != NULL && step->next == NULL;
}

static bool read_processor(struct pith_tokenizer_files *files,
                           const struct pith_json *processor)
{
    const struct pith_json *step;
    for (size_t n = 0;
         (step = step_of(processor, "processors", n)) != NULL; n++)
        if (!type_is(step, "ByteLevel") &&
            !(type_is(step, "TemplateProcessing") &&
              read_template(files, step)))
            return false;
    return true;
}

static enum pith_status read_post_processor(struct pith_tokenizer_files *files)
{
    if (!read_processor(files, pith_json_get(files->tokenizer,
                                             "post_processor")))
        return refuse(files, "post_processor",
                      "does more than prepending BOS");
    return PITH_OK;
}

/* --- byte-level BPE --------------------------------------------------------*/

/* ByteLevel(add_prefix_space=false, use_regex=true): GPT-2's pattern. */
static bool is_plain_byte_level(const struct pith_json *pre)
{
    return type_is(pre, "ByteLevel") && is_false(pre, "add_prefix_space") &&
           !is_false(pre, "use_regex");
}

/* The patterns of a Split that are known. */
static const struct {
    const char *pattern;
    enum pith_pre_tokenizer kind;
} patterns[] = {
    {"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|"
     "\\s+(?!\\S)|\\s+", PITH_PRE_GPT2},
    {"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
     "\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|"
     "\\s+(?!\\S)|\\s+", PITH_PRE_LLAMA3},
    {"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
     "\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|"
     "\\s+(?!\\S)|\\s+", PITH_PRE_QWEN2},
};

/* Split by a pattern, each match a word, then ByteLevel without its own. */
static enum pith_status read_split(struct pith_tokenizer_files *files,
                                   const struct pith_json *split,
                                   enum pith_pre_tokenizer *kind)
{
    const struct pith_json *regex =
        pith_json_get(pith_json_get(split, "pattern"), "Regex");
    if (!member_is(split, "behavior", "Isolated") || is_true(split, "invert"))
        return refuse(files, "pre_tokenizer Split",
                      "does not make each match a word (behavior Isolated)");
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        if (pith_json_string_is(regex, patterns[i].pattern)) {
            *kind = patterns[i].kind;
            return PITH_OK;
        }
    bool named = pith_json_is(regex, PITH_JSON_STRING);
    return pith_fail(files->error, PITH_ERR_UNSUPPORTED,
                     "%s/%s: pre_tokenizer Split has the regular expression "
                     "%.*s; known are those of GPT-2, Llama 3 and Qwen2",
                     files->source->path, FILE_NAME,
                     named ? (int)regex->string.size : 4,
                     named ? regex->string.bytes : "null");
}

static bool is_bare_byte_level(const struct pith_json *pre)
{
    return type_is(pre, "ByteLevel") && is_false(pre, "add_prefix_space") &&
           is_false(pre, "use_regex");
}

static enum pith_status read_pre_tokenizer(struct pith_tokenizer_files *files,
                                           enum pith_pre_tokenizer *kind)
{
    const struct pith_json *pre =
        pith_json_get(files->tokenizer, "pre_tokenizer");
    const struct pith_json *first = step_of(pre, "pretokenizers", 0);
    const struct pith_json *second = step_of(pre, "pretokenizers", 1);
    *kind = PITH_PRE_GPT2;
    if (is_plain_byte_level(first) && second == NULL)
        return PITH_OK;
    *kind = PITH_PRE_SMOLLM;
    if (type_is(first, "Digits") && is_true(first, "individual_digits") &&
        is_plain_byte_level(second) &&
        step_of(pre, "pretokenizers", 2) == NULL)
        return PITH_OK;
    if (type_is(first, "Split") && is_bare_byte_level(second) &&
        step_of(pre, "pretokenizers", 2) == NULL)
        return read_split(files, first, kind);
    return unknown_pre_tokenizer(
        files, pre, "ByteLevel (GPT-2, without prefix space), Digits "
        "(individual) followed by it, and Split by a pattern followed by "
        "ByteLevel without one");
}

static enum pith_status read_byte_level(struct pith_tokenizer_files *files)
{
    const struct pith_json *root = files->tokenizer;
    const struct pith_json *model = pith_json_get(root, "model");
    enum pith_pre_tokenizer pre;

    const struct pith_json *normalizer = pith_json_get(root, "normalizer");
    if (type_is(normalizer, "NFC"))
        pith_tokenizer_note_nfc(files);
    else if (pith_json_is_set(normalizer))
        return refuse(files, "normalizer", "is set; byte-level BPE is "
                      "supported without one, or with NFC");
    if (!type_is(pith_json_get(root, "decoder"), "ByteLevel"))
        return refuse(files, "decoder", "is not ByteLevel");
    if (pith_tokenizer_setting_is(files, "add_prefix_space", PITH_JSON_TRUE))
        return pith_tokenizer_refuse(files, "tokenizer_config.json",
                                     "add_prefix_space",
                                     "is true; only false is supported");
    PITH_TRY(read_pre_tokenizer(files, &pre));
    pith_tokenizer_start(files, PITH_TOKENIZER_BYTE_BPE, pre);
    PITH_TRY(pith_tokenizer_put_all(files, FILE_NAME,
                                    pith_json_get(model, "vocab")));
    PITH_TRY(read_merges(files, pith_json_get(model, "merges")));
    if (is_true(model, "ignore_merges"))
        files->vocabulary->vocab.flags |= PITH_VOCAB_WHOLE_WORDS;
    PITH_TRY(pith_special_tokens_read(files));
    return read_post_processor(files);
}

/* --- SentencePiece ---------------------------------------------------------*/

/* Replace: every space by U+2581. */
static bool marks_spaces(const struct pith_json *step)
{
    return type_is(step, "Replace") && member_is(step, "content", MARK) &&
           member_is(pith_json_get(step, "pattern"), "String", " ");
}

/* The flags for the dummy prefix, by the two forms that LLaMA's files have
 * had: a normalizer that prepends it to every stretch of text, or a
 * pre-tokenizer with a scheme. */
static bool read_prefix(const struct pith_json *root, uint32_t *flags)
{
    const struct pith_json *normalizer = pith_json_get(root, "normalizer");
    const struct pith_json *pre = pith_json_get(root, "pre_tokenizer");
    const struct pith_json *first = step_of(normalizer, "normalizers", 0);
    const struct pith_json *second = step_of(normalizer, "normalizers", 1);
    *flags = PITH_VOCAB_DUMMY_PREFIX;
    if (!pith_json_is_set(pre)) {
        if (type_is(first, "Prepend") && member_is(first, "prepend", MARK))
            return marks_spaces(second) &&
                   step_of(normalizer, "normalizers", 2) == NULL;
        *flags = 0;
        return marks_spaces(first) && second == NULL;
    }
    if (first != NULL || !type_is(pre, "Metaspace") ||
        !member_is(pre, "replacement", MARK) || !is_false(pre, "split"))
        return false;
    if (member_is(pre, "prepend_scheme", "never"))
        *flags = 0;
    else if (member_is(pre, "prepend_scheme", "first"))
        *flags |= PITH_VOCAB_PREFIX_ONCE;
    else
        return member_is(pre, "prepend_scheme", "always");
    return true;
}

/* The kinds of the pieces, which the file does not tell.  The unknown one is
 * in a text only where it is among the added tokens. */
static void set_kinds(struct pith_vocabulary *vocabulary,
                      const struct pith_json *unknown)
{
    struct pith_vocab *vocab = &vocabulary->vocab;
    pith_vocabulary_mark_bytes(vocabulary);
    if (!pith_json_is(unknown, PITH_JSON_STRING))
        return;
    vocab->unk_id = pith_vocabulary_find(vocabulary, unknown->string);
    if (vocab->unk_id >= 0)
        vocab->pieces[vocab->unk_id].kind = PITH_PIECE_UNUSED;
}

bool pith_tokenizer_json_is_sentencepiece(
    const struct pith_tokenizer_files *files)
{
    return is_true(pith_json_get(files->tokenizer, "model"), "byte_fallback");
}

static enum pith_status read_sentencepiece(struct pith_tokenizer_files *files)
{
    const struct pith_json *root = files->tokenizer;
    const struct pith_json *model = pith_json_get(root, "model");
    struct pith_vocab *vocab = &files->vocabulary->vocab;
    uint32_t flags;

    if (is_true(model, "ignore_merges"))
        return refuse(files, "model.ignore_merges",
                      "is true; supported with byte-level BPE only");
    if (!read_prefix(root, &flags))
        return unknown_pre_tokenizer(
            files, pith_json_get(root, "pre_tokenizer"),
            "none, after a normalizer that marks spaces as U+2581, and "
            "Metaspace without splitting, without a normalizer");
    pith_tokenizer_start(files, PITH_TOKENIZER_SENTENCEPIECE, PITH_PRE_NONE);
    PITH_TRY(pith_tokenizer_put_all(files, FILE_NAME,
                                    pith_json_get(model, "vocab")));
    vocab->flags = flags;
    set_kinds(files->vocabulary, pith_json_get(model, "unk_token"));
    PITH_TRY(read_merges(files, pith_json_get(model, "merges")));
    PITH_TRY(pith_special_tokens_read(files));
    if (!pith_tokenizer_has_class(files, "LlamaTokenizer"))
        return read_post_processor(files);
    if (vocab->bos_id >= 0 && /* the class writes its own post-processor */
        !pith_tokenizer_setting_is(files, "add_bos_token", PITH_JSON_FALSE))
        vocab->flags |= PITH_VOCAB_ADD_BOS;
    return PITH_OK;
}

enum pith_status pith_tokenizer_json_read(struct pith_tokenizer_files *files)
{
    PITH_TRY(check_model(files, pith_json_get(files->tokenizer, "model")));
    return pith_tokenizer_json_is_sentencepiece(files)
               ? read_sentencepiece(files)
               : read_byte_level(files);
}
