/*
 * settings.c - see settings.h.
 */
#include "settings.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "../base/options.h"
#include "../model/access.h"

static const double PI = 3.14159265358979323846;

void pith_align_options_default_sized(struct pith_align_options *options,
                                      size_t sizeof_options)
{
    const struct pith_align_options defaults = {
        .sizeof_options = sizeof_options,
        .epochs = 3,
        .batch_records = 32,
        .batch_tokens = 2048,
        .lr = 1e-4,
        .warmup_steps = SIZE_MAX,
        .beta1 = 0.9,
        .beta2 = 0.999,
        .eps = 1e-8,
        .clip = 1,
        .seed = 1,
        .validation_share = 0.02};
    if (options != NULL)
        pith_struct_give(options, sizeof_options, &defaults, sizeof defaults);
}

/* "8 epochs, lr 1e-4, AdamW" (section 5, Implementation Details); what the
 * paper leaves open stays as it is. */
void pith_align_options_paper(struct pith_align_options *options)
{
    if (options == NULL)
        return;
    options->epochs = 8;
    options->steps = 0;
    options->lr = 1e-4;
}

/* --- checks -------------------------------------------------------------- */

static enum pith_status check_range(const char *name, double value, double low,
                                    double high, struct pith_error *error)
{
    if (value >= low && value <= high)
        return PITH_OK;
    return pith_fail(error, PITH_ERR_ARGUMENT, "%s: %g is not from %g to %g",
                     name, value, low, high);
}

static const struct {
    const char *name;
    int layer; /* enum pith_linear_layer */
} layers_by_name[] = {
    {"q", PITH_ATTN_Q},         {"k", PITH_ATTN_K},
    {"v", PITH_ATTN_V},         {"out", PITH_ATTN_OUT},
    {"gate", PITH_FFN_GATE},    {"up", PITH_FFN_UP},
    {"down", PITH_FFN_DOWN}};

enum { N_LAYER_NAMES = sizeof layers_by_name / sizeof layers_by_name[0] };

enum pith_status pith_settings_layers(const char *names, int *layers,
                                      struct pith_error *error)
{
    *layers = names == NULL ? PITH_EVERY_LINEAR : 0;
    for (const char *name = names; name != NULL;) {
        size_t n = strcspn(name, ","), i = 0;
        while (i < N_LAYER_NAMES &&
               (strlen(layers_by_name[i].name) != n ||
                memcmp(layers_by_name[i].name, name, n) != 0))
            i++;
        if (i == N_LAYER_NAMES)
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "LoRA layers \"%.60s\": \"%.*s\" is none; "
                             "expected some of q,k,v,out,gate,up,down", names,
                             n < 40 ? (int)n : 40, name);
        *layers |= layers_by_name[i].layer;
        name = name[n] == ',' ? name + n + 1 : NULL;
    }
    return PITH_OK;
}

static enum pith_status check_numbers(const struct pith_align_options *own,
                                      struct pith_error *error)
{
    if (own->steps == 0)
        PITH_TRY(check_range("epochs", own->epochs, 1e-6, 1e6, error));
    PITH_TRY(check_range("steps", (double)own->steps, 0, 1e9, error));
    PITH_TRY(check_range("batch_records", (double)own->batch_records, 1, 1e9,
                         error));
    PITH_TRY(check_range("batch_tokens", (double)own->batch_tokens, 1, 1e9,
                         error));
    PITH_TRY(check_range("lr", own->lr, 0, 10, error));
    PITH_TRY(check_range("lr_end", own->lr_end, 0, own->lr, error));
    PITH_TRY(check_range("beta1", own->beta1, 0, 0.999999, error));
    PITH_TRY(check_range("beta2", own->beta2, 0, 0.9999999, error));
    PITH_TRY(check_range("eps", own->eps, 1e-30, 1, error));
    PITH_TRY(check_range("weight_decay", own->weight_decay, 0, 10, error));
    PITH_TRY(check_range("clip", own->clip, 0, 1e30, error));
    PITH_TRY(check_range("validation_share", own->validation_share, 0, 0.5,
                         error));
    PITH_TRY(check_range("lora_rank", (double)own->lora_rank, 0, 1 << 16,
                         error));
    PITH_TRY(check_range("lora_alpha", own->lora_alpha, 0, 1e6, error));
    return check_range("threads", own->n_threads, 0, INT_MAX, error);
}

enum pith_status pith_settings_check(struct pith_align_options *own,
                                     const struct pith_align_options *given,
                                     struct pith_error *error)
{
    int layers;
    pith_align_options_default(own);
    PITH_TRY(pith_options_copy(own, sizeof *own, given, error));
    PITH_TRY(check_numbers(own, error));
    PITH_TRY(pith_settings_layers(own->lora_layers, &layers, error));
    if (own->schedule == NULL)
        own->schedule = "cosine";
    if (own->precision == NULL)
        own->precision = "auto";
    if (strcmp(own->schedule, "cosine") != 0 &&
        strcmp(own->schedule, "constant") != 0)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "schedule \"%.40s\": expected cosine or constant",
                         own->schedule);
    if (own->output == NULL || *own->output == '\0')
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "no name for the output; expected a file to write "
                         "the tuned model or adapter to");
    if (own->lora_rank > 0 && own->lora_alpha <= 0)
        own->lora_alpha = 2 * (double)own->lora_rank;
    return PITH_OK;
}

/* --- comparison ---------------------------------------------------------- */

static void write_number(struct pith_buffer *out, const char *name,
                         double value)
{
    pith_buffer_printf(out, ",\"%s\":", name);
    pith_json_write_number(out, value);
}

static void write_string(struct pith_buffer *out, const char *name,
                         const char *value)
{
    pith_buffer_printf(out, ",\"%s\":", name);
    pith_json_write_string(out, (struct pith_text){value, strlen(value)});
}

static void write_crc(struct pith_buffer *out, const char *name, uint32_t crc)
{
    pith_buffer_printf(out, ",\"%s\":\"%08lX\"", name, (unsigned long)crc);
}

void pith_settings_write(const struct pith_align_options *options,
                         const char *precision, const struct pith_model *model,
                         const struct pith_dataset *data,
                         const struct pith_dataset *validation,
                         struct pith_buffer *out)
{
    const struct pith_format *format = pith_model_format(model);
    int layers;
    bool is_lora = options->lora_rank > 0;
    pith_settings_layers(options->lora_layers, &layers, NULL);
    pith_buffer_string(out, "{\"model\":");
    pith_json_write_string(out, (struct pith_text){
                                    format->model_name,
                                    strlen(format->model_name)});
    write_crc(out, "weights", format->weights_crc32);
    write_number(out, "records", (double)data->info.n_records);
    write_crc(out, "data", pith_dataset_crc32(data));
    write_crc(out, "validation_data",
              validation != NULL ? pith_dataset_crc32(validation) : 0);
    write_number(out, "lora_rank", (double)options->lora_rank);
    write_number(out, "lora_alpha", is_lora ? options->lora_alpha : 0);
    write_number(out, "lora_layers", is_lora ? layers : 0);
    write_number(out, "epochs", options->steps > 0 ? 0 : options->epochs);
    write_number(out, "steps", (double)options->steps);
    write_number(out, "batch_records", (double)options->batch_records);
    write_number(out, "batch_tokens", (double)options->batch_tokens);
    write_number(out, "lr", options->lr);
    write_number(out, "lr_end", options->lr_end);
    write_string(out, "schedule", options->schedule);
    write_number(out, "warmup_steps", options->warmup_steps == SIZE_MAX
                                          ? -1
                                          : (double)options->warmup_steps);
    write_number(out, "beta1", options->beta1);
    write_number(out, "beta2", options->beta2);
    write_number(out, "eps", options->eps);
    write_number(out, "weight_decay", options->weight_decay);
    write_number(out, "clip", options->clip);
    pith_buffer_printf(out, ",\"seed\":\"%llu\"",
                       (unsigned long long)options->seed);
    write_string(out, "precision", precision);
    write_number(out, "validation_share", options->validation_share);
    write_number(out, "validate_every", (double)options->validate_every);
    pith_buffer_byte(out, '}');
}

/* A value as it was spelled; strings without their quotes. */
static struct pith_text spelling(const struct pith_json *value)
{
    struct pith_text nothing = {"nothing", 7};
    bool known = pith_json_is(value, PITH_JSON_STRING) ||
                 pith_json_is(value, PITH_JSON_NUMBER);
    return known ? value->string : nothing;
}

static enum pith_status compare(const struct pith_json *stored,
                                const struct pith_json *own, const char *name,
                                struct pith_error *error)
{
    for (const struct pith_json *member = own->first; member != NULL;
         member = member->next) {
        char key[64];
        if (member->key.size >= sizeof key)
            continue;
        memcpy(key, member->key.bytes, member->key.size);
        key[member->key.size] = '\0';
        struct pith_text a = spelling(pith_json_get(stored, key));
        struct pith_text b = spelling(member);
        if (a.size == b.size && memcmp(a.bytes, b.bytes, a.size) == 0)
            continue;
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%s: is of a run with %s %.*s, this run has %.*s; "
                         "resume with the same model, data and options, or "
                         "start over with --overwrite", name, key,
                         a.size < 60 ? (int)a.size : 60, a.bytes,
                         b.size < 60 ? (int)b.size : 60, b.bytes);
    }
    return PITH_OK;
}

enum pith_status pith_settings_compare(struct pith_text stored,
                                       struct pith_text own, const char *name,
                                       struct pith_error *error)
{
    struct pith_json_document *a = NULL, *b = NULL;
    enum pith_status status;
    PITH_TRY_DONE(pith_json_parse(stored, name, &a, error));
    PITH_TRY_DONE(pith_json_parse(own, "settings", &b, error));
    PITH_TRY_DONE(compare(pith_json_root(a), pith_json_root(b), name, error));
done:
    pith_json_free(a);
    pith_json_free(b);
    return status;
}

/* --- the schedule -------------------------------------------------------- */

size_t pith_settings_steps(const struct pith_align_options *options,
                           size_t n_records)
{
    if (options->steps > 0)
        return options->steps;
    size_t batch = options->batch_records;
    size_t per_epoch = n_records / batch + (n_records % batch != 0);
    return (size_t)ceil(options->epochs * (double)per_epoch);
}

static size_t warmup_of(const struct pith_align_options *options,
                        size_t n_steps)
{
    if (options->warmup_steps != SIZE_MAX)
        return options->warmup_steps;
    return n_steps / 100 * 3 + (n_steps % 100 * 3 + 99) / 100;
}

double pith_settings_lr(const struct pith_align_options *options, size_t step,
                        size_t n_steps)
{
    size_t warmup = warmup_of(options, n_steps);
    if (step < warmup)
        return options->lr * (double)(step + 1) / (double)warmup;
    if (strcmp(options->schedule, "constant") == 0 || n_steps <= warmup)
        return options->lr;
    double way = (double)(step - warmup) / (double)(n_steps - warmup);
    return options->lr_end +
           (options->lr - options->lr_end) * 0.5 * (1 + cos(PI * way));
}
