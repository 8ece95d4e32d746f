"""Draw a training: python3 plot.py MODEL_FOLDER training.svg

Reads what train.py wrote: steps.csv (the loss and the gradient norm of every
step) and log.jsonl (held-out loss).  For each stretch of steps the band reaches
from the lowest to the highest value; the line is the mean of the losses, and
the median of the norms.  Needs Matplotlib.
"""

import csv
import json
import os
import statistics
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

STRETCHES = 220


def rows_of(path):
    with open(path, encoding="utf-8") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]


def draw(axes, rows, key, middle, colour, label):
    """A band from the lowest to the highest of each stretch, and its middle"""
    size = max(1, len(rows) // STRETCHES)
    parts = [rows[i : i + size] for i in range(0, len(rows), size)]
    steps = [part[len(part) // 2]["step"] for part in parts]
    values = [[row[key] for row in part] for part in parts]
    axes.fill_between(steps, list(map(min, values)), list(map(max, values)), color=colour, alpha=0.3)
    axes.plot(steps, list(map(middle, values)), color=colour, label=label)


def main():
    folder, target = sys.argv[1:3]
    rows = rows_of(os.path.join(folder, "steps.csv"))
    with open(os.path.join(folder, "log.jsonl"), encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    figure, (upper, lower) = plt.subplots(2, sharex=True, height_ratios=(2, 1),
                                          figsize=(8, 5), layout="constrained")
    draw(upper, rows, "text", statistics.mean, "tab:blue", "loss of a step, nats a piece: lowest, mean, highest")
    upper.plot([r["step"] for r in records], [r["held_out"] for r in records],
               color="tab:red", label="held out")
    upper.set_ylim(2, 6)
    draw(lower, rows, "gradient_norm", statistics.median, "tab:green", "gradient norm before clipping to 1")
    lower.set_yscale("log")
    pieces = records[-1]["pieces"] / rows[-1]["step"]  # in a step
    lower.xaxis.set_major_formatter(lambda step, _: f"{step * pieces / 1e9:.2f}")
    lower.set_xlabel("10^9 pieces seen")
    for axes in (upper, lower):
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(target)


if __name__ == "__main__":
    main()
