"""Draw a training as SVG: python3 plot.py MODEL_FOLDER training.svg

Reads what train.py wrote: steps.csv (the loss and the gradient norm of every
step) and log.jsonl (held-out loss).  Of each stretch of steps the band reaches
from the lowest to the highest, the line is the mean of the losses, and the
median of the norms.
"""

import csv
import json
import math
import os
import statistics
import sys

WIDTH, LEFT, RIGHT, STRETCHES = 720, 50, 14, 220
LOSS, NORM, HEIGHT = (14, 250), (280, 390), 430  # top and bottom of the panels


def rows_of(path):
    with open(path, encoding="utf-8") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]


class Panel:
    """Values against steps, between two heights of the picture"""

    def __init__(self, place, low, high, steps):
        (self.top, self.bottom), self.low, self.high, self.steps = place, low, high, steps

    def at(self, step, value):
        x = LEFT + (WIDTH - LEFT - RIGHT) * step / self.steps
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return f"{x:.1f},{self.bottom - (self.bottom - self.top) * share:.1f}"

    def grid(self, marks):
        for value, label in marks:
            y = self.at(0, value).split(",")[1]
            yield f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="#ddd"/>'
            yield f'<text x="{LEFT - 8}" y="{float(y) + 4:.1f}" text-anchor="end">{label}</text>'

    def band(self, stretches, colour):
        points = [self.at(s, high) for s, _, high in stretches]
        points += [self.at(s, low) for s, low, _ in reversed(stretches)]
        return f'<polygon points="{" ".join(points)}" fill="{colour}" fill-opacity="0.3"/>'

    def line(self, points, colour):
        joined = " ".join(self.at(s, v) for s, v in points)
        return f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="1.6"/>'


def stretches_of(rows, value):
    """[(step in the middle, the values)] of about STRETCHES stretches of steps"""
    size = max(1, len(rows) // STRETCHES)
    parts = [rows[i : i + size] for i in range(0, len(rows), size)]
    return [(part[len(part) // 2]["step"], [value(row) for row in part]) for part in parts]


def text(x, y, said, colour="black"):
    return f'<text x="{x}" y="{y}" fill="{colour}">{said}</text>'


def main():
    folder, target = sys.argv[1:3]
    rows = rows_of(os.path.join(folder, "steps.csv"))
    with open(os.path.join(folder, "log.jsonl"), encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    steps, pieces = rows[-1]["step"], records[-1]["pieces"]
    loss = stretches_of(rows, lambda row: row["text"])
    norm = stretches_of(rows, lambda row: math.log10(row["gradient_norm"]))
    held_out = [(r["step"], r["held_out"]) for r in records]
    upper, lower = Panel(LOSS, 2, 6, steps), Panel(NORM, -1, 4, steps)
    ends = lambda found: [(step, min(values), max(values)) for step, values in found]
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *upper.grid((v, v) for v in range(2, 7)),
        *lower.grid((v, f"{10.0**v:g}") for v in range(-1, 5)),
        upper.band(ends(loss), "#4477aa"),
        upper.line([(s, statistics.mean(v)) for s, v in loss], "#4477aa"),
        upper.line(held_out, "#cc3311"),
        lower.band(ends(norm), "#228833"),
        lower.line([(s, statistics.median(v)) for s, v in norm], "#228833"),
        text(360, 30, "loss of a step, nats a piece: lowest, mean, highest", "#4477aa"),
        text(360, 48, "held out", "#cc3311"),
        text(360, 296, "gradient norm before clipping to 1", "#228833"),
    ]
    for tenth in range(0, 11, 2):
        x = upper.at(steps * tenth / 10, 2).split(",")[0]
        seen = f"{pieces * tenth / 1e10:.2f}"
        out.append(f'<text x="{x}" y="{HEIGHT - 22}" text-anchor="middle">{seen}</text>')
    out.append(text(300, HEIGHT - 6, "10^9 pieces seen"))
    with open(target, "w", encoding="utf-8") as file:
        file.write("\n".join(out + ["</svg>", ""]))


if __name__ == "__main__":
    main()
