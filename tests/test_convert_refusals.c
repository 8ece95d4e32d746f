/*
 * test_convert_refusals.c - what pith convert does not take: each case starts
 * from a good source, changes one thing and expects the error to name it.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "foreign.h"
#include "support.h"

static char source[4096], destination[4096], extra[4096];

static void remove_files(void)
{
    foreign_folder_remove(source);
    unlink(source);
    unlink(extra);
    unlink(destination);
}

static void set_paths(void)
{
    snprintf(source, sizeof source, "%s", temporary_path("source"));
    snprintf(extra, sizeof extra, "%s", temporary_path("extra"));
    snprintf(destination, sizeof destination, "%s", temporary_path("pith"));
    remove_files(); /* of a killed run whose process had this number */
}

/* pith_source_describe() says the same, where the format is known. */
static void assert_described(const char *from, enum pith_status status,
                             const char *word)
{
    struct pith_source_info *info;
    struct pith_error error = {0};
    enum pith_status got = pith_source_describe(from, NULL, &info, &error);
    const char *said = got == PITH_OK ? info->refusal : error.detail;
    ck_assert_msg(got == PITH_OK || got == status, "described: %s",
                  pith_status_name(got));
    ck_assert_msg(said != NULL && strstr(said, word) != NULL,
                  "described: %s", said != NULL ? said : "not refused");
    pith_source_info_free(info);
}

/* The conversion fails with that status, the detail holds the word, and no
 * destination appears. */
static void assert_refused(const char *from, enum pith_status want,
                           const char *word)
{
    struct pith_error error = {0};
    enum pith_status got = pith_convert(from, destination, NULL, &error);
    ck_assert_msg(got == want && strstr(error.detail, word) != NULL,
                  "wanted %s with \"%s\", got %s: %s", pith_status_name(want),
                  word, pith_status_name(got), error.detail);
    ck_assert(access(destination, F_OK) != 0);
    assert_described(from, got, word);
}

static const char *in_source(const char *name)
{
    static char path[4200];
    snprintf(path, sizeof path, "%s/%s", source, name);
    return path;
}

/* --- Hugging Face folders --------------------------------------------------*/

struct edit {
    enum foreign_kind kind;
    const char *file, *from, *to;
    enum pith_status status;
    const char *word;
};

#define GPT2(from, to, word)                                                   \
    {FOREIGN_GPT2, "config.json", from, to, PITH_ERR_UNSUPPORTED, word}
#define LLAMA(from, to, word)                                                  \
    {FOREIGN_LLAMA, "config.json", from, to, PITH_ERR_UNSUPPORTED, word}
#define TOKENS(from, to, word)                                                 \
    {FOREIGN_GPT2, "tokenizer.json", from, to, PITH_ERR_UNSUPPORTED, word}
#define TENSOR(kind, from, to, status, word)                                   \
    {kind, "model.safetensors", from, to, status, word}

static const struct edit edits[] = {
    GPT2("\"gpt2\"", "\"bloom\"", "bloom"),
    GPT2("gelu_new", "relu", "activation_function"),
    GPT2("\"gelu_new\"", "\"gelu\"", "activation_function"),
    GPT2("\"scale_attn_weights\": true", "\"scale_attn_weights\": false",
         "scale_attn_weights"),
    GPT2("layer_idx\": false", "layer_idx\": true",
         "scale_attn_by_inverse_layer_idx"),
    GPT2("{", "{\"add_cross_attention\": true, ", "add_cross_attention"),
    GPT2("{", "{\"quantization_config\": {}, ", "quantization_config"),
    GPT2("\"n_embd\": 64", "\"n_embd\": 64.5", "n_embd"),
    GPT2("\"n_layer\": 2", "\"n_layer\": \"two\"", "n_layer"),
    {FOREIGN_GPT2, "config.json", "\"n_layer\": 2", "\"n_layer\": 3",
     PITH_ERR_FORMAT, "transformer.h.2.ln_1.weight"},
    GPT2("\"n_layer\": 2", "\"n_layer\": 1", "transformer.h.1."),
    {FOREIGN_GPT2, "config.json", "\"n_inner\": null", "\"n_inner\": 128",
     PITH_ERR_FORMAT, "mlp.c_fc.weight"},
    {FOREIGN_GPT2, "config.json", "\"n_head\": 4", "\"n_head\": 0",
     PITH_ERR_FORMAT, "n_head"},
    {FOREIGN_GPT2, "config.json", "{", "{\"tie_word_embeddings\": false, ",
     PITH_ERR_FORMAT, "lm_head.weight"},
    {FOREIGN_GPT2, "config.json", "}", "", PITH_ERR_FORMAT, "config.json"},
    LLAMA("\"llama\"", "\"gemma\"", "gemma"),
    LLAMA("\"model_type\": \"llama\"", "\"architectures\": [\"OPTModel\"]",
          "model_type"),
    LLAMA("\"silu\"", "\"gelu\"", "hidden_act"),
    LLAMA("\"rope_scaling\": null", "\"rope_scaling\": {\"rope_type\": "
          "\"llama3\", \"factor\": 8}", "rope_scaling"),
    LLAMA("\"rope_scaling\": null", "\"rope_scaling\": {\"type\": \"linear\", "
          "\"factor\": 0}", "rope_scaling"),
    LLAMA("\"rope_scaling\": null", "\"rope_scaling\": {\"rope_type\": "
          "\"llama3\", \"factor\": 8, \"low_freq_factor\": 4, "
          "\"high_freq_factor\": 4, \"original_max_position_embeddings\": 8}",
          "low_freq_factor"),
    LLAMA("\"rope_scaling\": null", "\"rope_scaling\": {\"rope_type\": "
          "\"longrope\"}", "\"longrope\""),
    LLAMA("\"rope_scaling\": null", "\"rope_scaling\": {\"type\": \"linear\", "
          "\"factor\": 2}, \"rope_parameters\": {\"type\": \"linear\", "
          "\"factor\": 2}", "second RoPE scaling"),
    LLAMA("{", "{\"layer_types\": [\"full_attention\", "
          "\"sliding_attention\"], ", "sliding_attention"),
    LLAMA("\"model_type\": \"llama\"", "\"model_type\": \"qwen2\", "
          "\"use_sliding_window\": true", "use_sliding_window"),
    LLAMA("\"model_type\": \"llama\"", "\"model_type\": \"mistral\", "
          "\"sliding_window\": \"all\"", "sliding_window"),
    {FOREIGN_LLAMA, "config.json", "\"model_type\": \"llama\"",
     "\"model_type\": \"smollm3\", \"no_rope_layers\": [0, 0]",
     PITH_ERR_FORMAT, "rope_skip is 1"},
    LLAMA("\"model_type\": \"llama\"", "\"model_type\": \"smollm3\", "
          "\"no_rope_layers\": [0, 1]", "every n-th"),
    LLAMA("\"model_type\": \"llama\"", "\"model_type\": \"smollm3\", "
          "\"no_rope_layers\": [1]", "no_rope_layers"),
    LLAMA("\"model_type\": \"llama\"", "\"model_type\": \"qwen2_moe\"",
          "qwen2_moe"),
    {FOREIGN_LLAMA, "config.json", "\"model_type\": \"llama\"",
     "\"model_type\": \"qwen2\"", PITH_ERR_FORMAT, "q_proj.bias"},
    {FOREIGN_LLAMA, "config.json", "\"model_type\": \"llama\"",
     "\"model_type\": \"qwen3\", \"head_dim\": 16", PITH_ERR_FORMAT,
     "q_norm.weight"},
    LLAMA("\"rope_scaling\": null", "\"rope_parameters\": {\"rope_type\": "
          "\"yarn\"}", "rope_parameters"),
    LLAMA("\"attention_bias\": false", "\"attention_bias\": true",
          "attention_bias"),
    LLAMA("\"mlp_bias\": false", "\"mlp_bias\": true", "mlp_bias"),
    LLAMA("{", "{\"partial_rotary_factor\": 0.5, ", "partial_rotary_factor"),
    LLAMA("{", "{\"sliding_window\": 4096, ", "sliding_window"),
    LLAMA("\"hidden_size\": 64, ", "", "hidden_size"),
    {FOREIGN_LLAMA, "config.json", "\"rms_norm_eps\": 1e-05",
     "\"rms_norm_eps\": -1", PITH_ERR_FORMAT, "norm_eps"},
    LLAMA("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": 1",
          "tie_word_embeddings"),
    {FOREIGN_LLAMA, "config.json", "\"num_key_value_heads\": 2",
     "\"num_key_value_heads\": 3", PITH_ERR_FORMAT, "n_kv_head"},
    {FOREIGN_LLAMA, "config.json", "\"vocab_size\": 266", "\"vocab_size\": 300",
     PITH_ERR_FORMAT, "embed_tokens.weight"},

    TENSOR(FOREIGN_LLAMA, "model.layers.1.mlp.up_proj.weight",
           "model.layers.1.mlp.up_prof.weight", PITH_ERR_FORMAT,
           "model.layers.1.mlp.up_proj.weight"),
    TENSOR(FOREIGN_LLAMA, "\"__metadata__\": {\"format\": \"pt\"}",
           "\"a.bias\":{\"dtype\":\"F32\",\"shape\":[]",
           PITH_ERR_FORMAT, "model.safetensors"),
    TENSOR(FOREIGN_LLAMA, "\"F32\"", "\"F64\"", PITH_ERR_UNSUPPORTED, "F64"),
    TENSOR(FOREIGN_LLAMA, "\"F32\"", "\"F16\"", PITH_ERR_FORMAT,
           "data_offsets and shape disagree"),
    TENSOR(FOREIGN_GPT2, "ln_1.weight", "ln_7.weight", PITH_ERR_FORMAT,
           "ln_1.weight"),
    TENSOR(FOREIGN_GPT2, "h.1.ln_1.weight", "h.0.ln_1.weight", PITH_ERR_FORMAT,
           "twice"),

    TOKENS("\"type\": \"ByteLevel\", \"add_prefix_space\": false",
           "\"type\": \"Metaspace\", \"add_prefix_space\": false",
           "Metaspace"),
    TOKENS("\"add_prefix_space\": false", "\"add_prefix_space\": true",
           "pre_tokenizer"),
    TOKENS("\"use_regex\": true", "\"use_regex\": false", "pre_tokenizer"),
    TOKENS("\"pre_tokenizer\": ", "\"pre_tokenizer\": null, \"was\": ",
           "pre_tokenizer"),
    TOKENS("\"normalizer\": null", "\"normalizer\": {\"type\": \"NFKC\"}",
           "normalizer"),
    TOKENS("\"pre_tokenizer\": {", "\"pre_tokenizer\": {\"type\": "
           "\"Sequence\", \"pretokenizers\": [{\"type\": \"Split\", "
           "\"pattern\": {\"Regex\": \"[\\r\\n]+|o{2}\"}, \"behavior\": "
           "\"Isolated\", \"invert\": false}, {\"type\": \"ByteLevel\", "
           "\"add_prefix_space\": false, \"use_regex\": false}]}, \"was\": {",
           "+|o{2}"),
    TOKENS("\"pre_tokenizer\": {", "\"pre_tokenizer\": {\"type\": "
           "\"Sequence\", \"pretokenizers\": [{\"type\": \"Split\", "
           "\"behavior\": \"Removed\"}, {\"type\": \"ByteLevel\", "
           "\"add_prefix_space\": false, \"use_regex\": false}]}, \"was\": {",
           "behavior"),
    TOKENS("\"BPE\"", "\"Unigram\"", "BPE"),
    TOKENS("\"dropout\": null", "\"dropout\": 0.1", "dropout"),
    TOKENS("\"byte_fallback\": false", "\"byte_fallback\": true, "
           "\"ignore_merges\": true", "ignore_merges"),
    TOKENS("\"dropout\": null", "\"end_of_word_suffix\": \"</w>\"",
           "end_of_word_suffix"),
    TOKENS("\"byte_fallback\": false", "\"byte_fallback\": true",
           "Metaspace"), /* SentencePiece, by another name */
    TOKENS("\"lstrip\": false", "\"lstrip\": true", "lstrip"),
    TOKENS("\"decoder\": {\"type\": \"ByteLevel\"}",
           "\"decoder\": {\"type\": \"WordPiece\"}", "decoder"),
    TOKENS("\"post_processor\": null", "\"post_processor\": {\"type\": "
           "\"RobertaProcessing\"}", "post_processor"),
    TOKENS("\"post_processor\": null", "\"post_processor\": {\"type\": "
           "\"TemplateProcessing\", \"single\": [{\"Sequence\": {\"id\": "
           "\"A\"}}, {\"SpecialToken\": {\"id\": \"<|endoftext|>\"}}]}",
           "post_processor"),
    TOKENS("\"merges\": [", "\"merges\": [7, ", "merges"),
    {FOREIGN_GPT2, "tokenizer.json", "\"merges\": [", "\"merges\": [[\"zz\", "
     "\"e\"], ", PITH_ERR_FORMAT, "zz"},
    {FOREIGN_GPT2, "tokenizer.json", "\"<|x y|>\": 1", "\"<|x y|>\": 263",
     PITH_ERR_FORMAT, "263"},
    {FOREIGN_GPT2, "tokenizer.json", "\"<|x y|>\": 1", "\"<|x y|>\": 40",
     PITH_ERR_FORMAT, "40"},
    {FOREIGN_GPT2, "tokenizer.json", "{\"id\": 1, \"content\": \"<|x y|>\"",
     "{\"id\": 1, \"content\": \"<|z|>\"", PITH_ERR_FORMAT, "<|z|>"},
    TOKENS("\"<|x y|>\": 1", "\"<|x y|>\": -1", "id"),
    {FOREIGN_LLAMA_BYTES, "tokenizer.json", "\"individual_digits\": true",
     "\"individual_digits\": false", PITH_ERR_UNSUPPORTED, "pre_tokenizer"},
    {FOREIGN_LLAMA_BYTES, "tokenizer.json", "\"Digits\"", "\"Split\"",
     PITH_ERR_UNSUPPORTED, "pre_tokenizer"},

    {FOREIGN_LLAMA, "tokenizer.model", "\x18\x02\x98", "\x18\x01\x98",
     PITH_ERR_UNSUPPORTED, "UNIGRAM"},
    {FOREIGN_LLAMA, "tokenizer.model", "identity\x18\x01",
     "identity\x12\x01" "x" "\x18\x01", PITH_ERR_FORMAT, "SentencePiece"},
    {FOREIGN_LLAMA, "tokenizer.model", "identity\x18\x01",
     "identit\x12\x02", PITH_ERR_FORMAT, "SentencePiece"},
};

START_TEST(folder_is_refused_by_name)
{
    static const struct foreign_folder how = {.type = "F32"};
    const struct edit *edit = &edits[_i];
    struct foreign model;
    set_paths();
    foreign_init(&model, edit->kind);
    foreign_folder_write(&model, &how, source);
    edit_file(in_source(edit->file), edit->from, edit->to);
    assert_refused(source, edit->status, edit->word);
    remove_files();
    foreign_free(&model);
}
END_TEST

/* Models and RoPE types of the field that are not ours. */
static const char *const other_types[] = {
    "mixtral", "qwen2_moe", "qwen3_moe", "qwen3_next", "llama4", "gpt_oss",
    "deepseek_v3", "gemma", "gemma2", "gemma3", "phi", "phi3", "olmo", "olmo2",
    "falcon", "stablelm", "starcoder2", "cohere", "granite", "internlm2",
    "baichuan", "chatglm", "qwen", "mistral3", "ministral", "gpt_neox", "gptj",
    "opt", "bloom", "mpt", "mamba", "t5", "bert", "Llama", "llama ", ""};
static const char *const other_scalings[] = {
    "yarn", "dynamic", "longrope", "su", "mrope", "proportional", "Linear",
    ""};

static void assert_config_refused(const char *from, const char *to,
                                  const char *word)
{
    static const struct foreign_folder how = {.type = "F32"};
    struct foreign model;
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_folder_write(&model, &how, source);
    edit_file(in_source("config.json"), from, to);
    assert_refused(source, PITH_ERR_UNSUPPORTED, word);
    remove_files();
    foreign_free(&model);
}

START_TEST(other_models_are_refused_by_name)
{
    static const char *const keys[][2] = {
        {"rope_scaling", "type"}, {"rope_scaling", "rope_type"},
        {"rope_parameters", "rope_type"}};
    char to[100], word[60];
    set_paths();
    for (size_t i = 0; i < sizeof other_types / sizeof *other_types; i++) {
        snprintf(to, sizeof to, "\"model_type\": \"%s\"", other_types[i]);
        snprintf(word, sizeof word, "model_type is \"%s\"", other_types[i]);
        assert_config_refused("\"model_type\": \"llama\"", to, word);
    }
    for (size_t i = 0; i < sizeof other_scalings / sizeof *other_scalings; i++)
        for (size_t key = 0; key < 3; key++) {
            snprintf(to, sizeof to, "\"%s\": {\"%s\": \"%s\", \"factor\": 4.0}",
                     keys[key][0], keys[key][1], other_scalings[i]);
            snprintf(word, sizeof word, "\"%s\" is \"%s\"", keys[key][0],
                     other_scalings[i]);
            assert_config_refused("\"rope_scaling\": null", to, word);
        }
}
END_TEST

/* Files that change what tokenizer.json or the model say. */
START_TEST(settings_are_refused_by_name)
{
    static const struct {
        enum foreign_kind kind;
        const char *file, *text, *word;
    } files[] = {
        {FOREIGN_GPT2, "tokenizer_config.json",
         "{\"add_prefix_space\": true}", "add_prefix_space"},
        {FOREIGN_GPT2, "tokenizer_config.json", "{\"add_eos_token\": true}",
         "add_eos_token"},
        {FOREIGN_GPT2, "tokenizer_config.json", "{\"bos_token\": \"<nix>\"}",
         "<nix>"},
        {FOREIGN_GPT2, "special_tokens_map.json", "{\"eos_token\": "
         "{\"content\": \"<nix>\"}}", "<nix>"},
        {FOREIGN_GPT2, "tokenizer_config.json",
         "{\"added_tokens_decoder\": {\"0\": {\"content\": \"<|endoftext|>\", "
         "\"rstrip\": true}}}", "rstrip"},
        {FOREIGN_GPT2, "tokenizer_config.json",
         "{\"added_tokens_decoder\": {\"one\": {\"content\": \"x\"}}}",
         "added_tokens_decoder"},
        {FOREIGN_LLAMA, "tokenizer.json", "{\"model\": {\"type\": \"WordPiece\""
         "}}", "BPE"},
        {FOREIGN_LLAMA, "tokenizer_config.json", "{\"add_eos_token\": true}",
         "add_eos_token"},
        {FOREIGN_GPT2, "added_tokens.json", "[\"<pad>\"]",
         "added_tokens.json"},
        {FOREIGN_GPT2, "added_tokens.json", "{\"<pad>\": \"1\"}", "no id"},
        {FOREIGN_LLAMA, "added_tokens.json", "{\"[PAD]\": 261}", "[PAD]"},
        {FOREIGN_LLAMA, "added_tokens.json", "{\"\": 261}", "no text"}};
    static const struct foreign_folder how = {.type = "F32"};
    struct pith_error error;
    struct foreign model;
    set_paths();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        foreign_init(&model, files[i].kind);
        foreign_folder_write(&model, &how, source);
        write_whole_file(in_source(files[i].file), files[i].text,
                         strlen(files[i].text));
        ck_assert_int_ne(pith_convert(source, destination, NULL, &error),
                         PITH_OK);
        ck_assert_msg(strstr(error.detail, files[i].word) != NULL,
                      "\"%s\" is not in: %s", files[i].word, error.detail);
        remove_files();
        foreign_free(&model);
    }
}
END_TEST

/* vocab.json is read by one class only; tokenizer.model goes before it. */
START_TEST(vocab_json_of_another_class_is_refused)
{
    static const struct foreign_folder how = {.type = "F32"};
    struct pith_error error;
    struct foreign model;
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_folder_write(&model, &how, source);
    write_whole_file(in_source("vocab.json"), "{}", 2);
    assert_ok(pith_convert(source, destination, NULL, &error), error);
    unlink(destination);
    unlink(in_source("tokenizer.model"));
    assert_refused(source, PITH_ERR_UNSUPPORTED, "GPT2Tokenizer");
    remove_files();
    foreign_free(&model);
}
END_TEST

START_TEST(missing_files_are_named)
{
    static const struct foreign_folder how = {.type = "F32"};
    static const struct foreign_folder sharded = {.type = "F32",
                                                  .sharded = true};
    static const struct foreign_folder merges = {.type = "F32",
                                                 .vocab_and_merges = true};
    struct foreign model;
    set_paths();
    foreign_init(&model, FOREIGN_GPT2);
    foreign_folder_write(&model, &how, source);
    unlink(in_source("model.safetensors"));
    assert_refused(source, PITH_ERR_IO, "model.safetensors");
    unlink(in_source("config.json"));
    assert_refused(source, PITH_ERR_IO, "config.json");

    foreign_folder_write(&model, &sharded, source);
    unlink(in_source("model-2.safetensors"));
    assert_refused(source, PITH_ERR_IO, "model-2.safetensors");
    foreign_folder_write(&model, &sharded, source);
    edit_file(in_source("model.safetensors.index.json"), "model-2.", "../m-2.");
    assert_refused(source, PITH_ERR_FORMAT, "../m-2.safetensors");

    foreign_folder_write(&model, &merges, source);
    unlink(in_source("merges.txt"));
    assert_refused(source, PITH_ERR_IO, "merges.txt");
    assert_refused("/no/such/model", PITH_ERR_IO, "/no/such/model");
    remove_files();
    foreign_free(&model);
}
END_TEST

/* --- GGUF ------------------------------------------------------------------*/

/* Edits that keep the length of strings, or rename keys. */
static const struct {
    enum foreign_kind kind;
    const char *from, *to;
    enum pith_status status;
    const char *word;
} gguf_edits[] = {
    {FOREIGN_LLAMA, "llama", "gemma", PITH_ERR_UNSUPPORTED, "gemma"},
    {FOREIGN_LLAMA, "llama.vocab_size", "llama.logit_mult",
     PITH_ERR_UNSUPPORTED, "llama.logit_mult"},
    {FOREIGN_LLAMA, "llama.rope.dimension_count", "llama.rope.dimension_kount",
     PITH_ERR_UNSUPPORTED, "llama.rope.dimension_kount"},
    {FOREIGN_LLAMA, "none", "yarn", PITH_ERR_UNSUPPORTED, "rope.scaling.type"},
    {FOREIGN_LLAMA, "llama.vocab_size", "llama.expert_use",
     PITH_ERR_UNSUPPORTED, "llama.expert_use"},
    {FOREIGN_LLAMA, "llama.block_count", "llama.block_caunt", PITH_ERR_FORMAT,
     "llama.block_count"},
    {FOREIGN_LLAMA, "general.name", "general.nome", PITH_OK, ""},
    {FOREIGN_LLAMA, "tokenizer.ggml.scores", "tokenizer.ggml.scares",
     PITH_ERR_FORMAT, "tokenizer.ggml.scores"},
    {FOREIGN_LLAMA, "blk.1.ffn_gate.weight", "blk.1.ffn_gaze.weight",
     PITH_ERR_FORMAT, "blk.1.ffn_gate.weight"},
    {FOREIGN_LLAMA, "blk.1.ffn_up.weight", "blk.0.ffn_up.weight",
     PITH_ERR_FORMAT, "twice"},
    {FOREIGN_GPT2, "tokenizer.ggml.pre\x08", "tokenizer.ggml.bre\x08", PITH_OK,
     ""},
    {FOREIGN_GPT2, "gpt-2", "llam3", PITH_ERR_UNSUPPORTED, "llam3"},
    {FOREIGN_LLAMA_BYTES, "smollm", "qwen-2", PITH_ERR_UNSUPPORTED, "qwen-2"},
    {FOREIGN_LLAMA_BYTES, "tokenizer.ggml.pre", "tokenizer.ggml.bre",
     PITH_ERR_UNSUPPORTED, "tokenizer.ggml.pre"},
    {FOREIGN_GPT2, "tokenizer.ggml.merges", "tokenizer.ggml.nerges",
     PITH_ERR_FORMAT, "tokenizer.ggml.merges"},
    {FOREIGN_GPT2, "he ll", "he xx", PITH_ERR_FORMAT, "xx"},
};

START_TEST(gguf_is_refused_by_name)
{
    struct foreign model;
    struct pith_error error;
    set_paths();
    foreign_init(&model, gguf_edits[_i].kind);
    foreign_gguf_write(&model, FOREIGN_F32, 3, source);
    edit_file(source, gguf_edits[_i].from, gguf_edits[_i].to);
    if (gguf_edits[_i].status == PITH_OK)
        assert_ok(pith_convert(source, destination, NULL, &error), error);
    else
        assert_refused(source, gguf_edits[_i].status, gguf_edits[_i].word);
    remove_files();
    foreign_free(&model);
}
END_TEST

static void assert_gguf_refused(const struct foreign *model, const char *word)
{
    foreign_gguf_write(model, FOREIGN_F32, 3, source);
    assert_refused(source, PITH_ERR_UNSUPPORTED, word);
    remove_files();
}

START_TEST(other_gguf_models_are_refused_by_name)
{
    static const char *const architectures[] = {
        "llama4", "qwen", "qwen2moe", "qwen2vl", "qwen3moe", "qwen3next",
        "gpt-oss", "deepseek2", "gemma3", "phi3", "olmo2", "falcon", "stablelm",
        "starcoder2", "command-r", "granite", "mistral3", "gptneox", "mamba",
        "bert", "Llama", "gpt", ""};
    static const char *const pre_tokenizers[] = {
        "default", "tekken", "gpt-4o", "llama4", "deepseek-llm",
        "deepseek-coder", "deepseek-v3", "falcon", "mpt", "starcoder",
        "refact", "command-r", "olmo", "dbrx", "qwen35", "stablelm2", "chatglm-bpe",
        "viking", "jais", "codeshell", "bloom", "exaone", "minerva-7b", "kimi-k2",
        "Llama-BPE", ""};
    struct foreign llama, bytes;
    char word[100];
    set_paths();
    foreign_init(&llama, FOREIGN_LLAMA);
    foreign_init(&bytes, FOREIGN_LLAMA_BYTES);
    for (size_t i = 0; i < sizeof architectures / sizeof *architectures; i++) {
        llama.gguf_says.architecture = architectures[i];
        snprintf(word, sizeof word, "architecture is \"%s\"",
                 architectures[i]);
        assert_gguf_refused(&llama, word);
    }
    llama.gguf_says.architecture = NULL;
    for (size_t i = 0; i < sizeof other_scalings / sizeof *other_scalings; i++) {
        llama.gguf_says.rope_scaling = other_scalings[i];
        snprintf(word, sizeof word, "rope.scaling.type\" is \"%s\"",
                 other_scalings[i]);
        if (other_scalings[i][0] != '\0') /* as if it were not there */
            assert_gguf_refused(&llama, word);
    }
    llama.gguf_says.rope_scaling = NULL;
    llama.gguf_says.n_experts = 8;
    assert_gguf_refused(&llama, "expert_count\" asks for a mixture of experts");
    for (size_t i = 0; i < sizeof pre_tokenizers / sizeof *pre_tokenizers; i++) {
        bytes.gguf_says.pre_tokenizer = pre_tokenizers[i];
        snprintf(word, sizeof word, "tokenizer.ggml.pre is \"%s\"",
                 pre_tokenizers[i]);
        assert_gguf_refused(&bytes, word);
    }
    foreign_free(&llama);
    foreign_free(&bytes);
}
END_TEST

/* The output projection, the last tensor of the table, under another name:
 * the model counts as tied, and a tensor is left over. */
START_TEST(gguf_leftover_is_named)
{
    struct foreign model;
    size_t size, last = 0;
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_gguf_write(&model, FOREIGN_F32, 3, source);
    char *bytes = read_whole_file(source, &size);
    for (size_t i = 0; i + 13 <= size; i++)
        if (memcmp(bytes + i, "output.weight", 13) == 0)
            last = i;
    memcpy(bytes + last, "outsider.bias", 13);
    write_whole_file(source, bytes, size);
    assert_refused(source, PITH_ERR_UNSUPPORTED, "outsider.bias");
    free(bytes);
    remove_files();
    foreign_free(&model);
}
END_TEST

/* What is refused is described as far as it is known. */
static void assert_type_is_told(const char *name)
{
    struct pith_source_info *info;
    struct pith_error error;
    size_t i = 0;
    assert_ok(pith_source_describe(source, NULL, &info, &error), error);
    ck_assert_str_eq(info->format, "GGUF");
    ck_assert_str_eq(info->architecture, "llama");
    while (i < info->n_types && strcmp(info->types[i].name, name) != 0)
        i++;
    ck_assert_uint_lt(i, info->n_types);
    ck_assert_ptr_null(info->types[i].held_as);
    ck_assert_uint_gt(info->types[i].n_tensors, 1);
    ck_assert_uint_gt(info->types[i].n_weights, 1000);
    ck_assert_ptr_null(info->model->tokenizer);
    pith_source_info_free(info);
}

START_TEST(gguf_versions_and_types_are_refused_by_name)
{
    struct foreign model;
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_gguf_write(&model, FOREIGN_F32, 1, source);
    assert_refused(source, PITH_ERR_UNSUPPORTED, "version 1");
    foreign_gguf_write(&model, FOREIGN_F32, 4, source);
    assert_refused(source, PITH_ERR_UNSUPPORTED, "version 4");
    foreign_gguf_write(&model, FOREIGN_F32, 0x03000000, source);
    assert_refused(source, PITH_ERR_UNSUPPORTED, "big-endian");
    foreign_gguf_write(&model, FOREIGN_IQ2_XXS, 3, source);
    assert_refused(source, PITH_ERR_UNSUPPORTED, "IQ2_XXS (16)");
    assert_type_is_told("IQ2_XXS (16)");
    foreign_gguf_write(&model, 4, 3, source);
    assert_refused(source, PITH_ERR_UNSUPPORTED, "Q4_2 (4)");
    foreign_gguf_write(&model, 77, 3, source);
    assert_refused(source, PITH_ERR_UNSUPPORTED, "unknown (77)");
    foreign_gguf_write(&model, FOREIGN_Q4_K, 3, source);
    assert_refused(source, PITH_ERR_FORMAT,
                   "rows of 64 weights are not whole blocks of type Q4_K");
    remove_files();
    foreign_free(&model);
}
END_TEST

/* --- single files ----------------------------------------------------------*/

START_TEST(other_files_are_told_apart)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *word;
    } files[] = {{"PK\x03\x04", 4, "PyTorch"}, {"\x80\x02}q", 4, "pickle"},
                 {"tjgg\0\0\0\0", 8, "GGJT"}, {"24ka", 4, "version 0"},
                 {"\x89PTH", 4, "already"}, {"{\"a\": 1}", 8, "JSON"},
                 {"", 0, "not a model file"}, {"hello, world", 12, "not a model"},
                 {"a text that is longer than the header of a checkpoint", 53,
                  "not a model"}};
    struct pith_error error;
    set_paths();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        write_whole_file(source, files[i].bytes, files[i].size);
        ck_assert_int_ne(pith_convert(source, destination, NULL, &error),
                         PITH_OK);
        ck_assert_msg(strstr(error.detail, files[i].word) != NULL,
                      "\"%s\" is not in: %s", files[i].word, error.detail);
    }
    remove_files();
}
END_TEST

START_TEST(llama2c_sizes_must_fit)
{
    struct foreign model;
    struct pith_convert_options options = {.sizeof_options = sizeof options,
                                           .tokenizer = extra};
    struct pith_error error;
    size_t size;
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_llama2c_write(&model, source, extra);
    char *bytes = read_whole_file(source, &size);
    write_whole_file(source, bytes, size - 4);
    ck_assert_int_eq(pith_convert(source, destination, &options, &error),
                     PITH_ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.detail, "llama2.c"));
    write_whole_file(source, bytes, size);
    free(bytes);
    bytes = read_whole_file(extra, &size);
    write_whole_file(extra, bytes, size - 1);
    ck_assert_int_eq(pith_convert(source, destination, &options, &error),
                     PITH_ERR_FORMAT);
    write_whole_file(extra, bytes, size + 1); /* with its NUL */
    ck_assert_int_eq(pith_convert(source, destination, &options, &error),
                     PITH_ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.detail, "more pieces"));
    free(bytes);
    remove_files();
    foreign_free(&model);
}
END_TEST

/* --- arguments -------------------------------------------------------------*/

static int stop(void *user, const char *stage, size_t done, size_t total)
{
    size_t *calls = user;
    ck_assert_str_eq(stage, "convert");
    ck_assert(done > 0 && done <= total);
    return ++*calls >= 3;
}

START_TEST(arguments_are_checked)
{
    static const struct foreign_folder how = {.type = "F32"};
    struct pith_convert_options options = {.sizeof_options = sizeof options};
    struct pith_progress progress = {stop, NULL};
    struct pith_error error;
    struct foreign model;
    size_t calls = 0;
    char path[4200];
    set_paths();
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_folder_write(&model, &how, source);
    snprintf(path, sizeof path, "%s/config.json", source);
    size_t size;
    char *before = read_whole_file(path, &size);

    options.dtype = "q5";
    ck_assert_int_eq(pith_convert(source, destination, &options, &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.detail, "q5"));
    options.dtype = NULL;
    progress.user = &calls;
    options.progress = &progress;
    ck_assert_int_eq(pith_convert(source, destination, &options, &error),
                     PITH_ERR_CANCELLED);
    ck_assert_uint_eq(calls, 3);
    ck_assert(access(destination, F_OK) != 0);
    ck_assert_int_eq(pith_convert(NULL, destination, NULL, &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_int_eq(pith_convert(source, "/no/such/folder/x", NULL, &error),
                     PITH_ERR_IO);
    ck_assert_int_eq(pith_convert(source, source, NULL, &error),
                     PITH_ERR_ARGUMENT);

    foreign_gguf_write(&model, FOREIGN_F32, 3, extra);
    ck_assert_int_eq(pith_convert(extra, extra, NULL, &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.detail, "is the same file"));
    const char *weights = in_source("model.safetensors");
    ck_assert_int_eq(pith_convert(source, weights, NULL, &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_int_eq(pith_convert(source, path, NULL, &error),
                     PITH_ERR_ARGUMENT);
    char *after = read_whole_file(path, &size);
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
    remove_files();
    foreign_free(&model);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("convert_refusals");
    TCase *tcase = tcase_create("refusals");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, folder_is_refused_by_name, 0,
                        (int)(sizeof edits / sizeof *edits));
    tcase_add_test(tcase, other_models_are_refused_by_name);
    tcase_add_test(tcase, settings_are_refused_by_name);
    tcase_add_test(tcase, vocab_json_of_another_class_is_refused);
    tcase_add_test(tcase, missing_files_are_named);
    tcase_add_loop_test(tcase, gguf_is_refused_by_name, 0,
                        (int)(sizeof gguf_edits / sizeof *gguf_edits));
    tcase_add_test(tcase, other_gguf_models_are_refused_by_name);
    tcase_add_test(tcase, gguf_leftover_is_named);
    tcase_add_test(tcase, gguf_versions_and_types_are_refused_by_name);
    tcase_add_test(tcase, other_files_are_told_apart);
    tcase_add_test(tcase, llama2c_sizes_must_fit);
    tcase_add_test(tcase, arguments_are_checked);
    suite_add_tcase(suite, tcase);
    return suite;
}
