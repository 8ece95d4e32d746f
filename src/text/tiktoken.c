/*
 * tiktoken.c - see tiktoken.h.  Merging itself is merge.c's: a pair is worth
 * the rank of its bytes.
 */
#include "tiktoken.h"

#include <string.h>

#include "../base/file.h"
#include "../base/file_kind.h"
#include "../base/memory.h"
#include "merge.h"
#include "piece_index.h"

struct pith_tiktoken {
    struct pith_text *pieces; /* (n_pieces) in `bytes` */
    int32_t *ranks;           /* (n_pieces) */
    size_t n_pieces;
    char *bytes;
    struct pith_piece_index index;
    int32_t rank_of_byte[256];
};

/* --- the file ----------------------------------------------------------------- */

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Decodes into `out`, which has room for 3 bytes for each 4; false when it is
 * not base64 or empty. */
static bool decode_base64(struct pith_text text, char *out, size_t *n_out)
{
    size_t n = text.size;
    while (n > 0 && text.size - n < 2 && text.bytes[n - 1] == '=')
        n--;
    *n_out = 0;
    if (text.size % 4 != 0 || n == 0)
        return false;
    uint32_t bits = 0;
    for (size_t i = 0; i < n; i++) {
        int digit = base64_digit(text.bytes[i]);
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 > 0) /* 2, 4 or 6 bits are left over */
            out[(*n_out)++] = (char)(bits >> (6 - 2 * (i % 4)) & 0xFF);
    }
    return n % 4 != 1;
}

static bool parse_rank(struct pith_text text, int32_t *rank)
{
    int64_t number = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return false;
        number = number * 10 + (text.bytes[i] - '0');
        if (number >= INT32_MAX)
            return false;
    }
    *rank = (int32_t)number;
    return text.size > 0;
}

/* base64 SPACE rank */
static bool read_line(struct pith_tiktoken *tiktoken, struct pith_text line,
                      size_t *used)
{
    const char *space = memchr(line.bytes, ' ', line.size);
    if (space == NULL)
        return false;
    size_t n = (size_t)(space - line.bytes), size;
    struct pith_text rank = {space + 1, line.size - n - 1};
    int32_t id = (int32_t)tiktoken->n_pieces;
    char *bytes = tiktoken->bytes + *used;
    if (!decode_base64((struct pith_text){line.bytes, n}, bytes, &size) ||
        !parse_rank(rank, &tiktoken->ranks[id]))
        return false;
    tiktoken->pieces[id] = (struct pith_text){bytes, size};
    tiktoken->n_pieces++;
    *used += size;
    pith_piece_index_add(&tiktoken->index, tiktoken->pieces, id);
    return true;
}

/* Takes the next line off text, without its end. */
static struct pith_text take_line(struct pith_text *text)
{
    const char *end = memchr(text->bytes, '\n', text->size);
    size_t n = end ? (size_t)(end - text->bytes) : text->size;
    struct pith_text line = {text->bytes, n};
    text->bytes += end ? n + 1 : n;
    text->size -= end ? n + 1 : n;
    if (n > 0 && line.bytes[n - 1] == '\r')
        line.size--;
    return line;
}

static enum pith_status allocate(struct pith_tiktoken *tiktoken,
                                 struct pith_text text,
                                 struct pith_error *error)
{
    size_t n_lines = 0, size = text.size;
    while (text.size > 0) {
        take_line(&text);
        n_lines++;
    }
    tiktoken->pieces = pith_array(n_lines, sizeof *tiktoken->pieces);
    tiktoken->ranks = pith_array(n_lines, sizeof *tiktoken->ranks);
    tiktoken->bytes = pith_array(size, 1);
    if (!tiktoken->pieces || !tiktoken->ranks || !tiktoken->bytes)
        return pith_no_memory(error, n_lines, sizeof *tiktoken->pieces);
    return pith_piece_index_create(&tiktoken->index, n_lines, error);
}

static int32_t rank_of(const struct pith_tiktoken *tiktoken,
                       struct pith_text bytes)
{
    int32_t id =
        pith_piece_index_find(&tiktoken->index, tiktoken->pieces, bytes);
    return id < 0 ? -1 : tiktoken->ranks[id];
}

/* Encodings that are known by their size to have another pattern. */
static enum pith_status check_encoding(const struct pith_tiktoken *tiktoken,
                                       const char *path,
                                       struct pith_error *error)
{
    static const struct {
        size_t n_pieces;
        const char *name;
    } others[] = {
        {50256, "r50k_base"}, {50280, "p50k_base"}, {199998, "o200k_base"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (tiktoken->n_pieces == others[i].n_pieces)
            return pith_fail(error, PITH_ERR_UNSUPPORTED,
                             "%s: %zu ranks, as %s has them; only "
                             "cl100k_base is supported",
                             path, others[i].n_pieces, others[i].name);
    return PITH_OK;
}

static enum pith_status read_ranks(struct pith_tiktoken *tiktoken,
                                   struct pith_text text, const char *path,
                                   struct pith_error *error)
{
    size_t used = 0;
    PITH_TRY(allocate(tiktoken, text, error));
    for (size_t number = 1; text.size > 0; number++) {
        struct pith_text line = take_line(&text);
        if (line.size > 0 && !read_line(tiktoken, line, &used))
            return pith_fail(error, PITH_ERR_FORMAT,
                             "%s, line %zu: expected base64, a space and a "
                             "rank; is it a .tiktoken file?", path, number);
    }
    PITH_TRY(check_encoding(tiktoken, path, error));
    for (int byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        int32_t rank = rank_of(tiktoken, (struct pith_text){&c, 1});
        if (rank < 0)
            return pith_fail(error, PITH_ERR_FORMAT,
                             "%s: no rank for the byte 0x%02X; every single "
                             "byte must have one", path, (unsigned)byte);
        tiktoken->rank_of_byte[byte] = rank;
    }
    return PITH_OK;
}

enum pith_status pith_tiktoken_load(const char *path,
                                    struct pith_tiktoken **tiktoken,
                                    struct pith_error *error)
{
    struct pith_file file;
    struct pith_text text;
    *tiktoken = NULL;
    PITH_TRY(pith_file_open_text(&file, &text, path, error));
    struct pith_tiktoken *made = pith_array_zero(1, sizeof *made);
    enum pith_status status =
        made != NULL
            ? read_ranks(made, text, path, error)
            : pith_no_memory(error, 1, sizeof *made);
    pith_file_close(&file);
    if (status != PITH_OK) {
        pith_tiktoken_free(made);
        return status;
    }
    *tiktoken = made;
    return PITH_OK;
}

void pith_tiktoken_free(struct pith_tiktoken *tiktoken)
{
    if (tiktoken == NULL)
        return;
    pith_piece_index_free(&tiktoken->index);
    pith_free(tiktoken->pieces);
    pith_free(tiktoken->ranks);
    pith_free(tiktoken->bytes);
    pith_free(tiktoken);
}

/* --- encoding ------------------------------------------------------------------ */

static bool find_pair(const void *vocabulary, const char *word,
                      const struct pith_symbol *left,
                      const struct pith_symbol *right, struct pith_pair *pair)
{
    const struct pith_tiktoken *tiktoken = vocabulary;
    int32_t rank = rank_of(tiktoken,
                           (struct pith_text){word + left->start,
                                              (size_t)left->size + right->size});
    if (rank < 0)
        return false;
    *pair = (struct pith_pair){(uint32_t)rank, rank};
    return true;
}

static enum pith_status encode_word(const struct pith_tiktoken *tiktoken,
                                    struct pith_merger *merger,
                                    struct pith_text word,
                                    struct pith_ids *ids,
                                    struct pith_error *error)
{
    int32_t whole = rank_of(tiktoken, word);
    if (whole >= 0) {
        pith_ids_append(ids, whole);
        return PITH_OK;
    }
    PITH_TRY(pith_merger_start(merger, word.size, error));
    for (size_t i = 0; i < word.size; i++)
        pith_merger_push(merger, 1,
                         tiktoken->rank_of_byte[(unsigned char)word.bytes[i]]);
    pith_merger_run(merger, word.bytes,
                    (struct pith_pair_rule){find_pair, tiktoken});
    for (uint32_t at = 0; at != PITH_NO_SYMBOL;
         at = merger->symbols[at].next)
        pith_ids_append(ids, merger->symbols[at].id);
    return PITH_OK;
}

enum pith_status pith_tiktoken_encode(const struct pith_tiktoken *tiktoken,
                                      struct pith_text text,
                                      struct pith_ids *ids,
                                      struct pith_error *error)
{
    struct pith_merger merger = {0};
    enum pith_status status = PITH_OK;
    while (status == PITH_OK && text.size > 0) {
        size_t n = pith_tiktoken_next_word(text);
        status = encode_word(tiktoken, &merger,
                             (struct pith_text){text.bytes, n}, ids, error);
        text.bytes += n;
        text.size -= n;
    }
    pith_merger_free(&merger);
    if (status == PITH_OK && ids->failed)
        return pith_no_memory(error, text.size, sizeof(int32_t));
    return status;
}

enum pith_status pith_tiktoken_count(const struct pith_tiktoken *tiktoken,
                                     struct pith_text text, size_t *n,
                                     struct pith_error *error)
{
    struct pith_ids ids = {0};
    enum pith_status status =
        pith_tiktoken_encode(tiktoken, text, &ids, error);
    *n = ids.n;
    pith_ids_free(&ids);
    return status;
}
