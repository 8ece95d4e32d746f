/*
 * plot.c - the curves of a run's log as an SVG picture: the loss of each
 * step, its running mean, the validation loss; the perplexities on the right.
 *
 * Self-contained, and readable on light and dark ground.
 */
#include <math.h>
#include <string.h>

#include "../base/memory.h"
#include "../json/json.h"
#include "pith_align.h"

enum {
    WIDTH = 760,
    HEIGHT = 420,
    LEFT = 64, /* margins */
    RIGHT = 64,
    TOP = 56,
    BOTTOM = 52,
    MAX_POINTS = 600, /* that a line is drawn with */
    N_TICKS = 6
};

struct point {
    double x, y;
};

struct curve {
    struct point *points; /* (n) */
    size_t n, n_room;
};

struct frame {
    double x_low, x_high, y_low, y_high;
};

/* --- reading the log ----------------------------------------------------- */

static enum pith_status add_point(struct curve *curve, double x, double y,
                                  struct pith_error *error)
{
    PITH_TRY(pith_grow(&curve->points, curve->n + 1, &curve->n_room,
                       sizeof *curve->points, error));
    curve->points[curve->n++] = (struct point){x, y};
    return PITH_OK;
}

static enum pith_status read_line(struct pith_text line, const char *name,
                                  struct curve *training,
                                  struct curve *validation,
                                  struct pith_error *error)
{
    struct pith_json_document *document;
    enum pith_status status = PITH_OK;
    PITH_TRY(pith_json_parse(line, name, &document, error));
    const struct pith_json *root = pith_json_root(document);
    const struct pith_json *step = pith_json_get(root, "step");
    const struct pith_json *loss = pith_json_get(root, "loss");
    const struct pith_json *held = pith_json_get(root, "validation_loss");
    if (pith_json_is(step, PITH_JSON_NUMBER)) {
        if (pith_json_is(loss, PITH_JSON_NUMBER))
            status = add_point(training, step->number, loss->number, error);
        if (status == PITH_OK && pith_json_is(held, PITH_JSON_NUMBER))
            status = add_point(validation, step->number, held->number, error);
    }
    pith_json_free(document);
    return status;
}

static enum pith_status read_log(struct pith_text log, const char *name,
                                 struct curve *training,
                                 struct curve *validation,
                                 struct pith_error *error)
{
    for (size_t at = 0; at < log.size;) {
        const char *start = log.bytes + at;
        const char *feed = memchr(start, '\n', log.size - at);
        size_t size = feed != NULL ? (size_t)(feed - start) : log.size - at;
        if (size > 0)
            PITH_TRY(read_line((struct pith_text){start, size}, name, training,
                               validation, error));
        at += size + 1;
    }
    if (training->n + validation->n == 0)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: no line with a \"step\" and a \"loss\"; expected "
                         "the log of a run", name);
    return PITH_OK;
}

/* The mean of the last steps, by an exponential window of a 60th of them, of
 * 10 steps at least. */
static enum pith_status smooth(const struct curve *from, struct curve *to,
                               struct pith_error *error)
{
    double window = fmax(10, (double)from->n / 60);
    double keep = 1 - 1 / window, sum = 0, weight = 0;
    for (size_t i = 0; i < from->n; i++) {
        sum = keep * sum + from->points[i].y;
        weight = keep * weight + 1;
        PITH_TRY(add_point(to, from->points[i].x, sum / weight, error));
    }
    return PITH_OK;
}

/* --- drawing ------------------------------------------------------------- */

static double at_x(const struct frame *frame, double x)
{
    double way = (x - frame->x_low) / (frame->x_high - frame->x_low);
    return LEFT + way * (WIDTH - LEFT - RIGHT);
}

static double at_y(const struct frame *frame, double y)
{
    double way = (y - frame->y_low) / (frame->y_high - frame->y_low);
    return HEIGHT - BOTTOM - way * (HEIGHT - TOP - BOTTOM);
}

static void widen(const struct curve *curve, struct frame *frame)
{
    for (size_t i = 0; i < curve->n; i++) {
        frame->x_high = fmax(frame->x_high, curve->points[i].x);
        frame->y_low = fmin(frame->y_low, curve->points[i].y);
        frame->y_high = fmax(frame->y_high, curve->points[i].y);
    }
}

/* 1, 2 or 5 times a power of ten, near range / n. */
static double tick_step(double range, int n)
{
    double raw = range / n, power = pow(10, floor(log10(raw)));
    double digit = raw / power;
    return power * (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10);
}

/* The running mean and the validation fix the frame; a wild first step may
 * leave it at the top. */
static struct frame make_frame(const struct curve *mean,
                               const struct curve *validation)
{
    struct frame frame = {0, 1, (double)INFINITY, -(double)INFINITY};
    widen(mean, &frame);
    widen(validation, &frame);
    double range = frame.y_high - frame.y_low;
    if (range < 1e-9)
        range = fmax(1e-3, fabs(frame.y_high) * 0.1);
    double step = tick_step(range, N_TICKS);
    frame.y_low = floor((frame.y_low - 0.05 * range) / step) * step;
    frame.y_high = ceil((frame.y_high + 0.05 * range) / step) * step;
    if (frame.y_low < 0)
        frame.y_low = 0;
    return frame;
}

static void draw_line(struct pith_buffer *out, const struct frame *frame,
                      const struct curve *curve, const char *class_name)
{
    size_t stride = curve->n / MAX_POINTS + 1;
    if (curve->n < 2)
        return;
    pith_buffer_printf(out, "<polyline class=\"%s\" points=\"", class_name);
    for (size_t i = 0; i < curve->n; i += stride) {
        double sum = 0;
        size_t n = 0;
        for (; n < stride && i + n < curve->n; n++)
            sum += curve->points[i + n].y;
        pith_buffer_printf(out, "%.1f,%.1f ",
                           at_x(frame, curve->points[i + (n - 1) / 2].x),
                           at_y(frame, sum / (double)n));
    }
    pith_buffer_string(out, "\"/>\n");
}

static void draw_dots(struct pith_buffer *out, const struct frame *frame,
                      const struct curve *curve)
{
    for (size_t i = 0; i < curve->n; i++) {
        struct point at = curve->points[i];
        pith_buffer_printf(out,
                           "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" "
                           "r=\"3.5\"><title>step %.0f: %.4f, perplexity %.3f"
                           "</title></circle>\n", at_x(frame, at.x),
                           at_y(frame, at.y), at.x, at.y, exp(at.y));
    }
}

static void draw_text(struct pith_buffer *out, double x, double y,
                      const char *anchor, int digits, double value)
{
    pith_buffer_printf(out,
                       "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%.*g"
                       "</text>\n", x, y, anchor, digits, value);
}

static void draw_axes(struct pith_buffer *out, const struct frame *frame)
{
    double bottom = HEIGHT - BOTTOM, right = WIDTH - RIGHT;
    double step = tick_step(frame->y_high - frame->y_low, N_TICKS);
    long first = lround(frame->y_low / step);
    long last = lround(frame->y_high / step);
    for (long i = first; i <= last; i++) {
        double value = (double)i * step, y = at_y(frame, value);
        pith_buffer_printf(out,
                           "<line class=\"grid\" x1=\"%d\" x2=\"%.0f\" "
                           "y1=\"%.1f\" y2=\"%.1f\"/>\n", LEFT, right, y, y);
        draw_text(out, LEFT - 8, y + 4, "end", 6, value);
        draw_text(out, right + 8, y + 4, "start", value < 7 ? 3 : 6,
                  value < 7 ? exp(value) : round(exp(value)));
    }
    step = fmax(1, tick_step(frame->x_high, N_TICKS));
    for (double x = 0; x <= frame->x_high; x += step)
        draw_text(out, at_x(frame, x), bottom + 20, "middle", 6, x);
    pith_buffer_printf(out,
                       "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">step"
                       "</text>\n"
                       "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">loss"
                       "</text>\n"
                       "<text x=\"%d\" y=\"%d\">perplexity</text>\n",
                       (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, LEFT - 8,
                       TOP - 14, WIDTH - RIGHT - 8, TOP - 14);
}

/* Name and last value of each curve, in one row above the frame. */
static void draw_legend(struct pith_buffer *out, const struct curve *mean,
                        const struct curve *validation)
{
    int x = LEFT + 24, y = 22;
    if (mean->n > 0) {
        pith_buffer_printf(out,
                           "<line class=\"mean\" x1=\"%d\" x2=\"%d\" y1=\"%d\" "
                           "y2=\"%d\"/><text x=\"%d\" y=\"%d\">training, "
                           "running mean: %.4f at the end</text>\n", x, x + 24,
                           y - 4, y - 4, x + 32, y,
                           mean->points[mean->n - 1].y);
        x += 320;
    }
    if (validation->n > 0)
        pith_buffer_printf(out,
                           "<circle class=\"dot\" cx=\"%d\" cy=\"%d\" r=\"3.5\""
                           "/><text x=\"%d\" y=\"%d\">validation: %.4f to "
                           "%.4f</text>\n", x + 12, y - 4, x + 24, y,
                           validation->points[0].y,
                           validation->points[validation->n - 1].y);
}

static void draw(struct pith_buffer *out, const struct curve *training,
                 const struct curve *mean, const struct curve *validation)
{
    struct frame frame = make_frame(mean, validation);
    pith_buffer_printf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
        "width=\"%d\" height=\"%d\" role=\"img\">\n"
        "<title>Loss of a run of pith align</title>\n"
        "<style>\n"
        "svg { color-scheme: light dark; --ink: #222; --grid: #ddd;\n"
        "  --back: #fff; --train: #1f6fb2; --held: #c2410c }\n"
        "@media (prefers-color-scheme: dark) { svg { --ink: #ddd;\n"
        "  --grid: #3a3a3a; --back: #161616; --train: #6cb4ee;\n"
        "  --held: #fb923c } }\n"
        "text { font: 13px sans-serif; fill: var(--ink) }\n"
        ".back { fill: var(--back) }\n"
        ".grid { stroke: var(--grid); stroke-width: 1 }\n"
        "polyline { fill: none; stroke-linejoin: round }\n"
        ".raw { stroke: var(--train); stroke-width: 1; opacity: 0.3 }\n"
        ".mean { stroke: var(--train); stroke-width: 2 }\n"
        ".held { stroke: var(--held); stroke-width: 1.5;\n"
        "  stroke-dasharray: 5 4 }\n"
        ".dot { fill: var(--held) }\n"
        "</style>\n"
        "<clipPath id=\"frame\"><rect x=\"%d\" y=\"%d\" width=\"%d\" "
        "height=\"%d\"/></clipPath>\n"
        "<rect class=\"back\" width=\"%d\" height=\"%d\"/>\n",
        WIDTH, HEIGHT, WIDTH, HEIGHT, LEFT, TOP, WIDTH - LEFT - RIGHT,
        HEIGHT - TOP - BOTTOM, WIDTH, HEIGHT);
    draw_axes(out, &frame);
    pith_buffer_string(out, "<g clip-path=\"url(#frame)\">\n");
    draw_line(out, &frame, training, "raw");
    pith_buffer_string(out, "</g>\n");
    draw_line(out, &frame, mean, "mean");
    draw_line(out, &frame, validation, "held");
    draw_dots(out, &frame, validation);
    draw_legend(out, mean, validation);
    pith_buffer_string(out, "</svg>\n");
}

enum pith_status pith_align_plot(struct pith_text log, const char *name,
                                 char **svg, size_t *n_bytes,
                                 struct pith_error *error)
{
    struct curve training = {0}, mean = {0}, validation = {0};
    struct pith_buffer out = {0};
    enum pith_status status;
    PITH_REQUIRE(svg, error);
    *svg = NULL;
    PITH_REQUIRE(n_bytes, error);
    PITH_REQUIRE(name, error);
    PITH_REQUIRE_ALL(log.bytes, log.size, error);
    PITH_TRY_DONE(read_log(log, name, &training, &validation, error));
    PITH_TRY_DONE(smooth(&training, &mean, error));
    draw(&out, &training, &mean, &validation);
    PITH_TRY_DONE(pith_buffer_take(&out, svg, n_bytes, error));
done:
    pith_buffer_free(&out);
    pith_free(training.points);
    pith_free(mean.points);
    pith_free(validation.points);
    return status;
}
