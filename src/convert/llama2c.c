/*
 * llama2c.c - llama2.c's checkpoints, version 0: seven 32-bit sizes, then
 * all weights as floats in a fixed order, with tokenizer.bin beside.
 *
 * Nothing marks such a file but its size, which must be exactly the one that
 * the seven numbers ask for.
 */
#include <inttypes.h>
#include <string.h>

#include "../base/bytes.h"
#include "../base/memory.h"
#include "../base/place.h"
#include "readers.h"

enum { N_SIZES = 7, HEADER_BYTES = 4 * N_SIZES };

/* The order of the weights, each for all layers at once. */
enum group {
    EMBEDDING, ATTN_NORM, ATTN_Q, ATTN_K, ATTN_V, ATTN_OUT, FFN_NORM,
    FFN_GATE, FFN_DOWN, FFN_UP, OUTPUT_NORM, ROTARY_TABLES, OUTPUT, N_GROUPS
};

static const char *const parts[N_GROUPS] = {
    "token_embedding", "attn_norm", "attn_q", "attn_k", "attn_v", "attn_out",
    "ffn_norm", "ffn_gate", "ffn_down", "ffn_up", "output_norm", "", "output"};

static bool is_layered(int group)
{
    return group >= ATTN_NORM && group <= FFN_UP;
}

/* Floats of one matrix of a group: below 2^41 with sizes that
 * pith_config_check() let pass, so that sums over layers cannot wrap. */
static uint64_t group_floats(const struct pith_config *config, int group)
{
    uint64_t query = (uint64_t)config->n_head * config->head_dim;
    uint64_t key = (uint64_t)config->n_kv_head * config->head_dim;
    switch (group) {
    case EMBEDDING: return (uint64_t)config->n_vocab * config->n_embd;
    case ATTN_NORM:
    case FFN_NORM:
    case OUTPUT_NORM: return config->n_embd;
    case ATTN_Q:
    case ATTN_OUT: return query * config->n_embd;
    case ATTN_K:
    case ATTN_V: return key * config->n_embd;
    case FFN_GATE:
    case FFN_DOWN:
    case FFN_UP: return (uint64_t)config->n_ff * config->n_embd;
    case ROTARY_TABLES: return (uint64_t)config->n_ctx * config->head_dim;
    default: return (uint64_t)config->n_vocab * config->n_embd;
    }
}

static enum pith_status read_header(struct pith_source *source,
                                    const uint8_t *data,
                                    struct pith_error *error)
{
    struct pith_config *config = &source->config;
    uint32_t sizes[N_SIZES];
    for (size_t i = 0; i < N_SIZES; i++)
        sizes[i] = pith_load_u32(data + 4 * i);
    /* A negative vocabulary says that the output projection is separate. */
    bool tied = sizes[5] <= INT32_MAX;
    *config = (struct pith_config){
        .arch = PITH_ARCH_LLAMA, .n_embd = sizes[0], .n_ff = sizes[1],
        .n_layer = sizes[2], .n_head = sizes[3], .n_kv_head = sizes[4],
        .n_vocab = tied ? sizes[5] : 0 - sizes[5], .n_ctx = sizes[6],
        .norm_eps = 1e-5f, .rope_theta = 10000, .tied = tied};
    if (config->n_head > 0)
        config->head_dim = config->n_embd / config->n_head;
    if (pith_config_check(config, source->path, NULL) != PITH_OK ||
        config->n_head * config->head_dim != config->n_embd)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: is not a model file that this program knows: "
                         "neither GGUF nor a llama2.c checkpoint (version 0); "
                         "Hugging Face models are given as folders",
                         source->path);
    return PITH_OK;
}

/* Lists "part.layer" for every matrix, and compares the file's size with the
 * sum. */
static enum pith_status list_tensors(struct pith_source *source,
                                     const struct pith_source_file *file,
                                     size_t starts[N_GROUPS],
                                     struct pith_error *error)
{
    const struct pith_config *config = &source->config;
    uint64_t at = HEADER_BYTES;
    for (int group = 0; group < N_GROUPS; group++) {
        uint64_t n = is_layered(group) ? config->n_layer : 1;
        if (group == OUTPUT && config->tied)
            n = 0;
        starts[group] = (size_t)at;
        at += 4 * n * group_floats(config, group);
    }
    if (at != file->file.size)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: has %zu bytes, but a llama2.c checkpoint "
                         "(version 0) with the sizes in its header has %"
                         PRIu64, source->path, file->file.size, at);
    return PITH_OK;
}

static void set_origins(struct pith_source *source,
                        const struct pith_source_file *file,
                        const size_t starts[N_GROUPS])
{
    const struct pith_config *config = &source->config;
    size_t n_tensors = pith_config_n_tensors(config);
    struct pith_tensor_spec spec;
    struct pith_part part;
    for (size_t i = 0; i < n_tensors; i++) {
        pith_config_tensor(config, i, &spec);
        pith_part_of(&spec, &part);
        int group = 0;
        while (strcmp(parts[group], part.name) != 0)
            group++;
        size_t layer = part.layer > 0 ? (size_t)part.layer : 0;
        bool rotary = group == ATTN_Q || group == ATTN_K;
        source->origins[source->n_origins++] = (struct pith_origin){
            .path = file->path, .file = &file->file,
            .type = PITH_STORED_F32, .type_name = "F32",
            .offset = starts[group] +
                      4 * layer * (size_t)group_floats(config, group),
            .stored_cols = spec.cols,
            .rotary_dim = rotary ? config->head_dim : 0};
    }
}

/* --- tokenizer.bin ---------------------------------------------------------*/

/* The kind of a piece follows from its place: unknown, BOS, EOS, 256 bytes,
 * then normal ones.  Spaces stand for SentencePiece's U+2581, and line breaks
 * around the names of BOS and EOS. */
static enum pith_status put_piece(struct pith_vocabulary *vocabulary,
                                  struct pith_text text, float score,
                                  struct pith_error *error)
{
    size_t id = vocabulary->vocab.n_pieces;
    struct pith_buffer spelling = {0};
    enum pith_piece_kind kind = id == 0  ? PITH_PIECE_UNKNOWN
                                : id < 3 ? PITH_PIECE_SPECIAL
                                : id < 259 ? PITH_PIECE_BYTE
                                           : PITH_PIECE_NORMAL;
    for (size_t i = 0; i < text.size; i++) {
        if (text.bytes[i] == ' ')
            pith_buffer_string(&spelling, "\xE2\x96\x81");
        else if (kind != PITH_PIECE_SPECIAL || text.bytes[i] != '\n')
            pith_buffer_byte(&spelling, text.bytes[i]);
    }
    enum pith_status status =
        spelling.failed ? pith_no_memory(error, text.size, 3)
                        : pith_vocabulary_put(
                              vocabulary, id,
                              pith_buffer_text(&spelling),
                              kind, score, error);
    pith_buffer_free(&spelling);
    return status;
}

static enum pith_status read_tokenizer(struct pith_source *source,
                                       const char *path,
                                       struct pith_error *error)
{
    struct pith_vocabulary *vocabulary = &source->vocabulary;
    const struct pith_source_file *file;
    PITH_TRY(pith_source_open(source, path, &file, error));
    pith_vocabulary_init(vocabulary, PITH_TOKENIZER_SENTENCEPIECE,
                         source->config.n_vocab, file->path);
    const uint8_t *data = file->file.data;
    size_t size = file->file.size, at = 4; /* after the longest length */
    while (vocabulary->vocab.n_pieces < source->config.n_vocab) {
        uint32_t length = 0;
        if (size >= 8 && at <= size - 8)
            length = pith_load_u32(data + at + 4);
        if (length == 0 || length > size - at - 8)
            return pith_fail(error, PITH_ERR_FORMAT,
                             "%s: ends or is damaged at piece %zu of the %"
                             PRIu32 " that the checkpoint has; is it this "
                             "model's tokenizer?", path,
                             vocabulary->vocab.n_pieces,
                             source->config.n_vocab);
        struct pith_text text = {(const char *)data + at + 8, length};
        PITH_TRY(put_piece(vocabulary, text, pith_load_f32(data + at), error));
        at += 8 + length;
    }
    if (at != size)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: holds more pieces than the %" PRIu32 " of the "
                         "checkpoint; is it this model's tokenizer?", path,
                         source->config.n_vocab);
    vocabulary->vocab.flags = PITH_VOCAB_ADD_BOS | PITH_VOCAB_DUMMY_PREFIX |
                              PITH_VOCAB_BYTE_FALLBACK;
    vocabulary->vocab.unk_id = 0;
    vocabulary->vocab.bos_id = 1;
    vocabulary->vocab.eos_id = 2;
    return PITH_OK;
}

/* tokenizer.bin in the checkpoint's folder. */
static enum pith_status read_tokenizer_beside(struct pith_source *source,
                                              struct pith_error *error)
{
    static const char name[] = "tokenizer.bin";
    size_t folder = (size_t)(pith_path_name(source->path).bytes - source->path);
    char *path = pith_array(folder + sizeof name, 1);
    enum pith_status status;
    if (path == NULL)
        return pith_no_memory(error, folder, 1);
    memcpy(path, source->path, folder);
    memcpy(path + folder, name, sizeof name);
    if (pith_path_exists(path))
        status = read_tokenizer(source, path, error);
    else
        status = pith_fail(error, PITH_ERR_IO,
                           "%s: is not there; name the checkpoint's tokenizer "
                           "with --tokenizer", path);
    pith_free(path);
    return status;
}

enum pith_status pith_llama2c_read(struct pith_source *source,
                                   const char *tokenizer,
                                   struct pith_error *error)
{
    const struct pith_source_file *file = source->files;
    size_t starts[N_GROUPS];

    if (file->file.size < HEADER_BYTES)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: %zu bytes are not a model file", source->path,
                         file->file.size);
    PITH_TRY(pith_source_set_name(source, pith_path_name(source->path), error));
    PITH_TRY(read_header(source, file->file.data, error));
    PITH_TRY(list_tensors(source, file, starts, error));
    PITH_TRY(pith_source_begin_taking(source, error));
    set_origins(source, file, starts);
    return tokenizer != NULL ? read_tokenizer(source, tokenizer, error)
                             : read_tokenizer_beside(source, error);
}
