/*
 * bench_print.c - the figures as a table for people and as JSON for scripts.
 */
#include <math.h>
#include <string.h>

#include "bench.h"

static double tokens_per_second(const struct bench_report *report,
                                double seconds)
{
    return (double)report->n_tokens / seconds;
}

static double gflops(const struct bench_report *report,
                     const struct bench_case *it)
{
    return report->flops / it->seconds.median / 1e9;
}

/* The same setting on one thread; NULL when it was not measured. */
static const struct bench_case *alone(const struct bench_report *report,
                                      const struct bench_case *it)
{
    for (size_t i = 0; i < report->n_cases; i++) {
        const struct bench_case *other = &report->cases[i];
        if (other->n_threads == 1 &&
            other->setting.kernels == it->setting.kernels &&
            other->setting.precision == it->setting.precision)
            return other;
    }
    return NULL;
}

/* The first setting's perplexity over the second's, less 1. */
static double perplexity_change(const struct bench_agreement *agreement)
{
    double n = (double)agreement->n_losses;
    return n > 0 ? expm1((agreement->loss[0] - agreement->loss[1]) / n) : 0;
}

static double share_agreed(const struct bench_agreement *agreement)
{
    return agreement->n_tokens > 0 ? 1 - (double)agreement->n_different /
                                             (double)agreement->n_tokens
                                   : 1;
}

/* --- table ----------------------------------------------------------------- */

static double mebibytes(uint64_t bytes)
{
    return (double)bytes / 1048576;
}

static void print_head(const struct bench_report *report, FILE *out)
{
    char parameters[32];
    fprintf(out, "model    %s, %s parameters, %s\n", report->model.name,
            tool_grouped(report->model.n_parameters, parameters),
            report->types);
    fprintf(out, "machine  %s, %zu thread%s\n", report->cpu,
            report->n_threads, report->n_threads == 1 ? "" : "s");
    fprintf(out, "prompt   %zu tokens, %s; %zu run%s after a warm-up\n\n",
            report->n_tokens,
            report->prompt_path != NULL ? report->prompt_path : "invented",
            report->n_runs, report->n_runs == 1 ? "" : "s");
}

static void print_case(const struct bench_report *report,
                       const struct bench_case *it, FILE *out)
{
    const struct bench_case *one = alone(report, it);
    char precision[32];
    snprintf(precision, sizeof precision,
             strcmp(it->setting.precision, it->means) == 0 ? "%s" : "%s: %s",
             it->setting.precision, it->means);
    fprintf(out, "%-9s%-14s%7zu%10.0f%9.0f%9.0f%9.1f", it->setting.kernels,
            precision, it->n_threads,
            tokens_per_second(report, it->seconds.median),
            tokens_per_second(report, it->seconds.max),
            tokens_per_second(report, it->seconds.min), gflops(report, it));
    if (it->roof != NULL)
        fprintf(out, "%7.0f%%", 100 * gflops(report, it) /
                                    it->roof_gflops.median);
    else
        fprintf(out, "%8s", "-");
    if (one != NULL)
        fprintf(out, "%8.2f", one->seconds.median / it->seconds.median);
    else
        fprintf(out, "%8s", "-");
    fputc('\n', out);
}

static void print_rooflines(const struct bench_report *report, FILE *out)
{
    const struct bench_roof *roof;
    fprintf(out, "\nlimits of this machine, %zu thread%s, GFLOP/s\n",
            report->n_threads, report->n_threads == 1 ? "" : "s");
    for (size_t i = 0; (roof = bench_roof_at(i)) != NULL; i++)
        fprintf(out, "  %-28s%9.0f\n", bench_roof_name(roof),
                bench_roof_measure(roof, report->n_threads));
}

static void print_lengths(const struct bench_report *report, FILE *out)
{
    if (report->n_lengths > 0)
        fprintf(out, "\n%-17s%12s%14s%12s\n", "document, tokens", "seconds",
                "us a token", "peak MiB");
    for (size_t i = 0; i < report->n_lengths; i++) {
        const struct bench_length *it = &report->lengths[i];
        char tokens[32];
        fprintf(out, "%16s%13.3f%14.1f%12.0f\n",
                tool_grouped(it->n_tokens, tokens), it->seconds.median,
                1e6 * it->seconds.median / (double)it->n_tokens,
                mebibytes(it->peak_bytes));
    }
}

void bench_print_table(const struct bench_report *report, FILE *out)
{
    const struct bench_startup *startup = report->startup;
    print_head(report, out);
    fprintf(out, "%-9s%-14s%7s%10s%9s%9s%9s%8s%8s\n", "kernels", "precision",
            "threads", "tokens/s", "slowest", "fastest", "GFLOP/s", "limit",
            "x alone");
    for (size_t i = 0; i < report->n_cases; i++)
        print_case(report, &report->cases[i], out);
    print_rooflines(report, out);
    print_lengths(report, out);
    fprintf(out, "\npeak memory after scoring  %.1f MiB\n",
            mebibytes(report->peak_bytes));
    if (startup != NULL)
        fprintf(out, "process start to result    %.1f ms (%.1f to %.1f) for "
                "%zu tokens, %.1f MiB\n", 1e3 * startup->seconds.median,
                1e3 * startup->seconds.min, 1e3 * startup->seconds.max,
                startup->n_tokens, mebibytes(startup->peak_bytes));
}

static void print_agreement_table(const struct bench_agreement *it, FILE *out)
{
    char tokens[32], different[32];
    const struct bench_setting *a = &it->settings[0], *b = &it->settings[1];
    fprintf(out, "%s %s against %s %s, method %s\n", a->kernels, a->precision,
            b->kernels, b->precision, pith_method_name(it->method));
    fprintf(out, "requests      %zu, %zu refused\n", it->n_requests,
            it->n_refused);
    fprintf(out, "decisions     %s, %s different: %.3f%% agree\n",
            tool_grouped(it->n_tokens, tokens),
            tool_grouped(it->n_different, different), 100 * share_agreed(it));
    fprintf(out, "perplexity    %+.4f%%\n", 100 * perplexity_change(it));
    fprintf(out, "seconds       %.1f against %.1f\n", it->seconds[0],
            it->seconds[1]);
}

/* --- JSON ------------------------------------------------------------------- */

static void json_string(const char *string, FILE *out)
{
    fputc('"', out);
    for (; *string != '\0'; string++) {
        unsigned char byte = (unsigned char)*string;
        if (byte == '"' || byte == '\\')
            fprintf(out, "\\%c", byte);
        else if (byte < 0x20)
            fprintf(out, "\\u%04x", byte);
        else
            fputc(byte, out);
    }
    fputc('"', out);
}

static void json_member(const char *key, const char *string, FILE *out)
{
    fprintf(out, "\"%s\":", key);
    if (string != NULL)
        json_string(string, out);
    else
        fputs("null", out);
}

static void json_spread(const char *key, struct bench_spread spread, FILE *out)
{
    fprintf(out, "\"%s\":{\"median\":%.9g,\"min\":%.9g,\"max\":%.9g}", key,
            spread.median, spread.min, spread.max);
}

static void json_setting(const struct bench_setting *setting, FILE *out)
{
    json_member("kernels", setting->kernels, out);
    fputc(',', out);
    json_member("precision", setting->precision, out);
}

static void json_case(const struct bench_report *report,
                      const struct bench_case *it, FILE *out)
{
    fputc('{', out);
    json_setting(&it->setting, out);
    fputc(',', out);
    json_member("means", it->means, out);
    fprintf(out, ",\"threads\":%zu,", it->n_threads);
    json_spread("seconds", it->seconds, out);
    fprintf(out, ",\"tokens_per_second\":%.9g,\"gflops\":%.9g",
            tokens_per_second(report, it->seconds.median), gflops(report, it));
    if (it->roof != NULL)
        fprintf(out, ",\"roofline_gflops\":%.9g,\"roofline_share\":%.9g}",
                it->roof_gflops.median,
                gflops(report, it) / it->roof_gflops.median);
    else
        fputs(",\"roofline_gflops\":null,\"roofline_share\":null}", out);
}

static void json_rooflines(const struct bench_report *report, FILE *out)
{
    const struct bench_roof *roof;
    fputs(",\n\"rooflines\":[", out);
    for (size_t i = 0; (roof = bench_roof_at(i)) != NULL; i++) {
        fputs(i > 0 ? ",{" : "{", out);
        json_member("name", bench_roof_name(roof), out);
        fprintf(out, ",\"gflops\":%.9g}",
                bench_roof_measure(roof, report->n_threads));
    }
    fputc(']', out);
}

static void json_lengths(const struct bench_report *report, FILE *out)
{
    fputs(",\n\"lengths\":[", out);
    for (size_t i = 0; i < report->n_lengths; i++) {
        const struct bench_length *it = &report->lengths[i];
        fprintf(out, "%s{\"tokens\":%zu,", i > 0 ? "," : "", it->n_tokens);
        json_spread("seconds", it->seconds, out);
        fprintf(out, ",\"seconds_per_token\":%.9g,\"peak_bytes\":%llu}",
                it->seconds.median / (double)it->n_tokens,
                (unsigned long long)it->peak_bytes);
    }
    fputc(']', out);
}

static void json_startup(const struct bench_startup *it, FILE *out)
{
    fputs(",\n\"startup\":", out);
    if (it == NULL) {
        fputs("null", out);
        return;
    }
    fprintf(out, "{\"tokens\":%zu,", it->n_tokens);
    json_spread("seconds", it->seconds, out);
    fprintf(out, ",\"peak_bytes\":%llu}", (unsigned long long)it->peak_bytes);
}

void bench_print_json(const struct bench_report *report, FILE *out)
{
    fputs("{\"version\":\"" PITH_VERSION "\",\n\"model\":{", out);
    json_member("name", report->model.name, out);
    fputc(',', out);
    json_member("path", report->model_path, out);
    fprintf(out, ",\"parameters\":%llu,\"file_bytes\":%llu,",
            (unsigned long long)report->model.n_parameters,
            (unsigned long long)report->model.file_bytes);
    json_member("types", report->types, out);
    fputs("},\n", out);
    json_member("cpu", report->cpu, out);
    fprintf(out, ",\n\"threads\":%zu,\"tokens\":%zu,\"runs\":%zu,",
            report->n_threads, report->n_tokens, report->n_runs);
    json_member("prompt", report->prompt_path, out);
    fprintf(out, ",\n\"flops\":%.9g,\n\"scoring\":[", report->flops);
    for (size_t i = 0; i < report->n_cases; i++) {
        fputs(i > 0 ? ",\n" : "", out);
        json_case(report, &report->cases[i], out);
    }
    fputc(']', out);
    json_rooflines(report, out);
    json_lengths(report, out);
    fprintf(out, ",\n\"peak_bytes\":%llu",
            (unsigned long long)report->peak_bytes);
    json_startup(report->startup, out);
    fputs("}\n", out);
}

static void print_agreement_json(const struct bench_agreement *it, FILE *out)
{
    fputc('{', out);
    json_member("method", pith_method_name(it->method), out);
    fputs(",\"settings\":[{", out);
    json_setting(&it->settings[0], out);
    fputs("},{", out);
    json_setting(&it->settings[1], out);
    fprintf(out, "}],\"requests\":%zu,\"refused\":%zu,\"tokens\":%zu,"
            "\"different\":%zu,\"share_agreed\":%.9g,"
            "\"perplexity_change\":%.9g,\"seconds\":[%.6g,%.6g]}\n",
            it->n_requests, it->n_refused, it->n_tokens, it->n_different,
            share_agreed(it), perplexity_change(it), it->seconds[0],
            it->seconds[1]);
}

void bench_print_agreement(const struct bench_agreement *agreement,
                           enum tool_format format, FILE *out)
{
    if (format == TOOL_JSON)
        print_agreement_json(agreement, out);
    else
        print_agreement_table(agreement, out);
}
