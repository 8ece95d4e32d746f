/*
 * metrics.c - see metrics.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "metrics.h"

static const double bounds[N_BUCKETS] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                         0.5, 1, 2.5, 5, 10, 60};

static const char *const routes[N_ROUTES] = {
    "other", "/health", "/metrics", "/compress", "/v1/compress",
    "/v1/retrieve"};

void http_metrics_reply(struct metrics *metrics, enum route route,
                        unsigned status)
{
    pthread_mutex_lock(&metrics->lock);
    if (status < N_STATUSES)
        metrics->replies[route][status]++;
    pthread_mutex_unlock(&metrics->lock);
}

void http_metrics_cut(struct metrics *metrics)
{
    pthread_mutex_lock(&metrics->lock);
    metrics->cut++;
    pthread_mutex_unlock(&metrics->lock);
}

void http_metrics_chat(struct metrics *metrics,
                       const struct pith_chat_summary *summary)
{
    pthread_mutex_lock(&metrics->lock);
    metrics->tokens_before += summary->tokens_before;
    metrics->tokens_after += summary->tokens_after;
    metrics->compressed += summary->n_compressed;
    metrics->known += summary->n_known;
    metrics->passed += summary->n_passed;
    pthread_mutex_unlock(&metrics->lock);
}

void http_metrics_time(struct metrics *metrics, double seconds)
{
    size_t i = 0;
    while (i < N_BUCKETS && seconds > bounds[i])
        i++;
    pthread_mutex_lock(&metrics->lock);
    metrics->buckets[i]++;
    metrics->seconds += seconds;
    pthread_mutex_unlock(&metrics->lock);
}

static void write_head(FILE *out, const char *name, const char *type,
                       const char *help)
{
    fprintf(out, "# HELP pith_%s %s\n# TYPE pith_%s %s\n", name, help, name,
            type);
}

void http_metrics_write_one(FILE *out, const char *name, const char *type,
                            const char *help, double value)
{
    write_head(out, name, type, help);
    fprintf(out, "pith_%s %.15g\n", name, value);
}

static void write_replies(const struct metrics *metrics, FILE *out)
{
    write_head(out, "http_requests_total", "counter",
               "Requests that were answered, by path and status.");
    for (size_t route = 0; route < N_ROUTES; route++)
        for (size_t status = 0; status < N_STATUSES; status++)
            if (metrics->replies[route][status] > 0)
                fprintf(out, "pith_http_requests_total{path=\"%s\",code=\"%zu\"}"
                        " %llu\n", routes[route], status,
                        metrics->replies[route][status]);
}

static void write_seconds(const struct metrics *metrics, FILE *out)
{
    unsigned long long n = 0;
    static const char name[] = "request_seconds";
    write_head(out, name, "histogram",
               "From a request's last byte to its reply, of what compresses.");
    for (size_t i = 0; i < N_BUCKETS; i++) {
        n += metrics->buckets[i];
        fprintf(out, "pith_%s_bucket{le=\"%g\"} %llu\n", name, bounds[i], n);
    }
    n += metrics->buckets[N_BUCKETS];
    fprintf(out, "pith_%s_bucket{le=\"+Inf\"} %llu\npith_%s_sum %.9f\n"
            "pith_%s_count %llu\n", name, n, name, metrics->seconds, name, n);
}

static void write_chats(const struct metrics *metrics, FILE *out)
{
    write_head(out, "chat_tokens_total", "counter",
               "Tokens of the texts of chats, as they came and as they went.");
    fprintf(out, "pith_chat_tokens_total{side=\"before\"} %llu\n"
            "pith_chat_tokens_total{side=\"after\"} %llu\n",
            metrics->tokens_before, metrics->tokens_after);
    write_head(out, "chat_texts_total", "counter",
               "Texts of chats that were to be compressed: compressed now, "
               "known from before, passed on as they were because of an error.");
    fprintf(out, "pith_chat_texts_total{outcome=\"compressed\"} %llu\n"
            "pith_chat_texts_total{outcome=\"known\"} %llu\n"
            "pith_chat_texts_total{outcome=\"passed\"} %llu\n",
            metrics->compressed, metrics->known, metrics->passed);
}

void http_metrics_write(struct metrics *metrics, FILE *out)
{
    pthread_mutex_lock(&metrics->lock);
    write_replies(metrics, out);
    http_metrics_write_one(out, "http_cut_total", "counter",
                           "Requests whose connection ended before the reply.",
                           (double)metrics->cut);
    write_seconds(metrics, out);
    write_chats(metrics, out);
    pthread_mutex_unlock(&metrics->lock);
}
