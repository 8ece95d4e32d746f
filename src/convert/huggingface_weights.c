/*
 * huggingface_weights.c - the files of weights in a Hugging Face folder:
 * model.safetensors, the shards that model.safetensors.index.json names, or
 * those whose names count them; and what other folders hold in their place.
 */
#include <stdio.h>
#include <string.h>

#include "folder.h"
#include "readers.h"
#include "safetensors.h"

static enum pith_status read_in_folder(struct pith_source *source,
                                       struct pith_text name,
                                       struct pith_error *error)
{
    const struct pith_source_file *file;
    if (name.size == 0 || memchr(name.bytes, '/', name.size) != NULL ||
        memchr(name.bytes, '\\', name.size) != NULL ||
        memchr(name.bytes, '\0', name.size) != NULL)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: the index names the shard \"%.*s\", which is "
                         "not a plain file name", source->path, (int)name.size,
                         name.bytes);
    PITH_TRY(pith_folder_open(source, name, &file, error));
    return pith_safetensors_read(source, file, error);
}

/* weight_map: {tensor: shard}; each shard is read once. */
static enum pith_status read_shards(struct pith_source *source,
                                    const struct pith_json *index,
                                    struct pith_error *error)
{
    const struct pith_json *map = pith_json_get(index, "weight_map");
    struct pith_names shards = {0};
    enum pith_status status = PITH_OK;
    size_t seen;

    if (!pith_json_is(map, PITH_JSON_OBJECT))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s/model.safetensors.index.json: has no weight_map",
                         source->path);
    for (const struct pith_json *entry = map->first; entry != NULL;
         entry = entry->next) {
        if (!pith_json_is(entry, PITH_JSON_STRING))
            PITH_TRY_DONE(pith_fail(error, PITH_ERR_FORMAT,
                                    "%s/model.safetensors.index.json: the "
                                    "weight_map names a shard by something "
                                    "other than a string", source->path));
        if (pith_names_find(&shards, entry->string, &seen))
            continue;
        PITH_TRY_DONE(read_in_folder(source, entry->string, error));
        PITH_TRY_DONE(pith_names_add(&shards, entry->string, 0, error));
    }
done:
    pith_names_free(&shards);
    return status;
}

/* model-00001-of-00003.safetensors and its fellows, if the folder has the
 * first: the names alone say which they are. */
static enum pith_status read_numbered(struct pith_source *source, bool *found,
                                      struct pith_error *error)
{
    enum { MAX_SHARDS = 1000 };
    char name[64];
    unsigned n = 0;
    do
        snprintf(name, sizeof name, "model-00001-of-%05u.safetensors", ++n);
    while (n < MAX_SHARDS && !pith_folder_has(source, name));
    *found = n < MAX_SHARDS;
    for (unsigned i = 1; *found && i <= n; i++) {
        snprintf(name, sizeof name, "model-%05u-of-%05u.safetensors", i, n);
        PITH_TRY(read_in_folder(source, (struct pith_text){name, strlen(name)},
                                error));
    }
    return PITH_OK;
}

/* Files that folders of another kind hold, and what to do with them. */
static const struct {
    const char *name, *advice;
} other_files[] = {
    {"adapter_config.json", "is a LoRA adapter, not a model: merge it into its "
     "base model (merge_and_unload of peft) and save that"},
    {"params.json", "is in Meta's own format: convert it to a Hugging Face "
     "folder (convert_llama_weights_to_hf.py of transformers)"},
    {"pytorch_model.bin", "is not read, as unpickling runs code: save the "
     "model as safetensors"},
    {"pytorch_model.bin.index.json", "names files that are not read, as "
     "unpickling runs code: save the model as safetensors"},
    {"snapshots", "is a Hugging Face cache folder: give the folder inside it"},
    {"tf_model.h5", "is a TensorFlow checkpoint: save it as safetensors"},
    {"flax_model.msgpack", "is a Flax checkpoint: save it as safetensors"},
};

enum pith_status pith_folder_refuse(const struct pith_source *source,
                                    const char *lacks,
                                    struct pith_error *error)
{
    for (size_t i = 0; i < sizeof other_files / sizeof *other_files; i++)
        if (pith_folder_has(source, other_files[i].name))
            return pith_fail(error, PITH_ERR_UNSUPPORTED, "%s: holds no %s; "
                             "its %s %s", source->path, lacks,
                             other_files[i].name, other_files[i].advice);
    return pith_fail(error, PITH_ERR_IO, "%s: holds no %s; expected a Hugging "
                     "Face folder with config.json and model.safetensors, or "
                     "its parts", source->path, lacks);
}

enum pith_status pith_huggingface_weights(struct pith_source *source,
                                          struct pith_error *error)
{
    static const char single[] = "model.safetensors";
    struct pith_json_document *index = NULL;
    bool found;
    if (pith_folder_has(source, single))
        return read_in_folder(source,
                              (struct pith_text){single, sizeof single - 1},
                              error);
    if (!pith_folder_has(source, "model.safetensors.index.json")) {
        PITH_TRY(read_numbered(source, &found, error));
        return found ? PITH_OK : pith_folder_refuse(source, single, error);
    }
    PITH_TRY(pith_folder_json(source, "model.safetensors.index.json",
                              &index, error));
    enum pith_status status =
        read_shards(source, pith_json_root(index), error);
    pith_json_free(index);
    return status;
}
