"""Quality against ratio as SVG: a panel for each task and measure, a line for
each method.  Values are nats a token more than without any prompt, of the same
questions; bars are their 95% intervals.  Readable on light and dark paper.
"""
import math

import measured

PANEL, GAP, LEFT, TOP = (400, 260), 70, 60, 50
LEGEND = 130
LABELS = {"gsm8k": "GSM8K", "bbh": "BBH"}
MEASURES = [("likelihood of the answer", measured.losses),
            ("reconstruction", measured.reconstruction)]
# Shapes tell them apart where colours do not.
STYLES = {"paper": ("#d1495b", "circle"), "reference": ("#2a7fb8", "square"),
          "selective": ("#3a9a5b", "triangle"), "random": ("#8f8f8f", "cross"),
          "truncation": ("#c08a1e", "diamond"),
          "sentences": ("#8a63b8", "ring")}
TICKS = [1, 2, 3, 5, 10, 20, 30]

# Grey that reads on white and on black: what a page has is not known here.
CSS = """<style>
text { font: 12px sans-serif; fill: #777 }
.title { font-size: 14px; font-weight: bold }
.axis { stroke: #777; fill: none }
.grid { stroke: #8884; fill: none }
.level { stroke: #777; stroke-dasharray: 5 4; fill: none }
</style>"""


class Panel:
    """Maps ratios (logarithmic) and values to points of the picture."""

    def __init__(self, x, y, low, high):
        self.x, self.y, self.low, self.high = x, y, low, high

    def across(self, ratio):
        return self.x + PANEL[0] * math.log(ratio) / math.log(TICKS[-1])

    def down(self, value):
        return self.y + PANEL[1] * (self.high - value) / (self.high - self.low)


def mark(shape, x, y, colour):
    filled, open_ = f'fill="{colour}"', f'fill="none" stroke="{colour}"'
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" {filled}/>'
    if shape == "ring":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" {open_}/>'
    if shape == "square":
        return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" ' \
               f'{filled}/>'
    corners = {"triangle": [(0, -5), (5, 4), (-5, 4)],
               "diamond": [(0, -5), (5, 0), (0, 5), (-5, 0)]}
    if shape in corners:
        points = " ".join(f"{x + a:.1f},{y + b:.1f}"
                          for a, b in corners[shape])
        return f'<polygon points="{points}" {filled}/>'
    return f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8" {open_} ' \
           'stroke-width="2"/>'


def beyond_none(data, task, method, ratio, values_of):
    groups = data.common(task, ratio)
    return measured.differences(
        data.clusters(task, method, ratio, values_of),
        data.clusters(task, "zero-shot", 1, values_of, groups))


def points_of(data, task, values_of):
    """{method: [(ratio that came out, value, interval)]}"""
    points = {}
    for method in STYLES:
        for ratio in data.ratios(task, method):
            if not data.has(task, method, ratio):
                continue
            clusters = beyond_none(data, task, method, ratio, values_of)
            value = measured.mean(clusters)
            bounds = measured.interval(clusters) or (value, value)
            points.setdefault(method, []).append(
                (data.reached(task, method, ratio), value, bounds))
        points.get(method, []).sort()
    return points


def levels_of(data, task, values_of):
    return {method: measured.mean(beyond_none(data, task, method, 1,
                                              values_of))
            for method in ("full", "zero-shot")
            if data.has(task, method, 1)}


def nice_step(span):
    step = 10 ** math.floor(math.log10(span / 4))
    return next(step * k for k in (1, 2, 5, 10) if span / (step * k) <= 5)


def frame(panel, title):
    out = [f'<text class="title" x="{panel.x}" y="{panel.y - 14}">{title}'
           "</text>"]
    for ratio in TICKS:
        x = panel.across(ratio)
        out.append(f'<path class="grid" d="M{x:.1f} {panel.y}v{PANEL[1]}"/>'
                   f'<text x="{x:.1f}" y="{panel.y + PANEL[1] + 18}" '
                   f'text-anchor="middle">{ratio}x</text>')
    step = nice_step(panel.high - panel.low)
    for n in range(math.ceil(panel.low / step), math.floor(panel.high / step) + 1):
        value = n * step
        y = panel.down(value)
        out.append(f'<path class="grid" d="M{panel.x} {y:.1f}h{PANEL[0]}"/>'
                   f'<text x="{panel.x - 8}" y="{y + 4:.1f}" '
                   f'text-anchor="end">{value:.4g}</text>')
    out.append(f'<rect class="axis" x="{panel.x}" y="{panel.y}" '
               f'width="{PANEL[0]}" height="{PANEL[1]}"/>')
    return out


def draw_method(panel, points, colour, shape):
    line = " ".join(f"{panel.across(ratio):.1f},{panel.down(value):.1f}"
                    for ratio, value, _ in points)
    out = [f'<polyline points="{line}" fill="none" stroke="{colour}" '
           'stroke-width="1.5"/>']
    for ratio, value, (low, high) in points:
        x = panel.across(ratio)
        if high > low:
            out.append(f'<path d="M{x:.1f} {panel.down(low):.1f}V'
                       f'{panel.down(high):.1f}" stroke="{colour}" '
                       'stroke-opacity="0.5" stroke-width="2"/>')
        out.append(mark(shape, x, panel.down(value), colour))
    return out


def draw_panel(data, task, label, values_of, x, y):
    points = points_of(data, task, values_of)
    levels = levels_of(data, task, values_of)
    ends = [end for method in points.values() for point in method
            for end in point[2]] + list(levels.values())
    if not ends:
        return []
    margin = 0.06 * (max(ends) - min(ends))
    panel = Panel(x, y, min(ends) - margin, max(ends) + margin)
    out = frame(panel, f"{LABELS[task]}: {label}")
    for name, value in levels.items():
        out.append(f'<path class="level" d="M{x} {panel.down(value):.1f}h'
                   f'{PANEL[0]}"/><text x="{x + PANEL[0] + 4}" '
                   f'y="{panel.down(value) + 4:.1f}">{name}</text>')
    for method, (colour, shape) in STYLES.items():
        if method in points:
            out += draw_method(panel, points[method], colour, shape)
    return out


def draw_legend(x, y, methods):
    out = []
    for i, method in enumerate(methods):
        colour, shape = STYLES[method]
        out.append(mark(shape, x + i * LEGEND, y - 4, colour))
        out.append(f'<text x="{x + 12 + i * LEGEND}" y="{y}">{method}</text>')
    out.append(f'<text x="{x}" y="{y + 22}">Nats a token more than without a '
               'prompt, of the same questions; low is good. Bars: 95%. '
               'Across: tokens before / after.</text>')
    return out


def draw(data):
    """The picture of one compact file."""
    tasks = data.tasks()
    width = LEFT + len(MEASURES) * (PANEL[0] + GAP + 30)
    height = TOP + len(tasks) * (PANEL[1] + GAP) + 40
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} '
           f'{height}">', CSS]
    for row, task in enumerate(tasks):
        for column, (label, values_of) in enumerate(MEASURES):
            out += draw_panel(data, task, label, values_of,
                              LEFT + column * (PANEL[0] + GAP + 30),
                              TOP + row * (PANEL[1] + GAP))
    out += draw_legend(LEFT, height - 38,
                       [method for method in STYLES if any(
                           data.ratios(task, method) for task in tasks)])
    out.append("</svg>\n")
    return "\n".join(out)
