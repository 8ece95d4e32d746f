/*
 * structured_json.h - JSON records as structured prompts: which members may
 * shrink, by how much, and which may go.
 *
 * Answers to LLMLingua's compress_json(): process_structured_json_data()
 * before compression and remove_consecutive_commas() after it.  The service
 * uses it so:
 *
 *   1. pith_structured_json_open() turns the record and its configuration,
 *      {"key": {"rate", "compress", "value_type", "pair_remove"}, ...}, into
 *      contexts with tags (tagged.h): "{", one for each member, "}".
 *   2. The contexts are compressed as structured_compress_prompt() would,
 *      with forced_ids as force_context_ids, use_keyvalue_level_filter
 *      (false unless given) as the context-level filter and reorder_keyvalue
 *      as reorder_context; the question stays out of the result
 *      (concate_question false) and contexts with compress=False are not
 *      forced (strict_preserve_uncompressed false).
 *   3. pith_structured_json_close() makes the result readable as JSON again;
 *      the service parses it, which fails when compression has broken it.
 *
 * The Python package takes the configuration from a YAML file too; ours is
 * JSON.
 */
#ifndef PITH_REFERENCE_STRUCTURED_JSON_H
#define PITH_REFERENCE_STRUCTURED_JSON_H

#include "../base/buffer.h"
#include "../json/json.h"

struct pith_json_contexts {
    char **contexts; /* (n) NUL-terminated, with tags */
    size_t *sizes;   /* (n) */
    size_t n;
    size_t *forced_ids; /* (n_forced_ids) contexts that must stay */
    size_t n_forced_ids;
};

/* data, config: parsed JSON, borrowed; both are objects with the same keys.
 * contexts: handed over; free with pith_json_contexts_free.
 * Errors: ARGUMENT for keys that differ, settings that lack, value types that
 * do not exist or do not fit. */
enum pith_status pith_structured_json_open(const struct pith_json *data,
                                           const struct pith_json *config,
                                           struct pith_json_contexts *contexts,
                                           struct pith_error *error);
void pith_json_contexts_free(struct pith_json_contexts *contexts);

/* Appends the text with one comma for each run of commas and of white space
 * after them: what dropped members have left. */
void pith_structured_json_close(struct pith_text compressed,
                                struct pith_buffer *out);

#endif
