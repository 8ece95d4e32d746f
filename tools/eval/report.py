"""The tables of docs/EVALUATION.md and its pictures, from compact files alone.

usage: report.py PAGE.md COMPACT.jsonl...

Replaces what is in PAGE.md between the lines "<!-- NAME -->" and
"<!-- end -->" for each file NAME.jsonl, and writes NAME.svg beside the file.
"""
import os
import re
import sys

import measured
import picture

RATIOS = [2, 5, 10, 20]
LABELS = {"gsm8k": "GSM8K", "bbh": "BBH"}


def cell(value, bounds, digits, sign=""):
    if bounds is None:
        return f"{value:{sign}.{digits}f}"
    return f"{value:{sign}.{digits}f} ({bounds[0]:{sign}.{digits}f} to " \
           f"{bounds[1]:{sign}.{digits}f})"


def head(first, columns):
    return [f"| {first} | " + " | ".join(columns) + " |",
            "| --- |" + " ---: |" * len(columns)]


def columns(data, task):
    """With the number of prompts where some are missing."""
    names = []
    for ratio in RATIOS:
        n = len(data.common(task, ratio))
        names.append(f"{ratio}x" if n == data.n_groups(task)
                     else f"{ratio}x, {n} prompts")
    return names


def fixed_row(data, task, values_of, digits):
    """What does not depend on the ratio, in words."""
    said = []
    for method in measured.FIXED:
        for ratio in data.ratios(task, method):
            clusters = data.clusters(task, method, ratio, values_of)
            at = f" at {data.reached(task, method, ratio):.1f}x" \
                if method == "stop-words" else ""
            text = cell(measured.mean(clusters), measured.interval(clusters),
                        digits)
            said.append(f"{method}{at} {text}")
    return "; ".join(said)


def missed(data, task, method, ratio):
    """The ratio that came out where it is not the one asked for."""
    reached = data.reached(task, method, ratio)
    return f" at {reached:.1f}x" if abs(reached / ratio - 1) > 0.05 else ""


def values_table(data, task, values_of, digits):
    lines = head("", columns(data, task))
    for method in measured.METHODS[3:]:
        cells = []
        for ratio in RATIOS:
            if not data.has(task, method, ratio):
                cells.append("")
                continue
            clusters = data.clusters(task, method, ratio, values_of)
            cells.append(cell(measured.mean(clusters),
                              measured.interval(clusters), digits) +
                         missed(data, task, method, ratio))
        if any(cells):
            lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return lines


def differences_table(data, task, values_of, digits):
    """Bold where the interval is on one side of 0."""
    lines = head("less `paper`", columns(data, task))
    for method in measured.METHODS[3:]:
        if method == "paper":
            continue
        cells = []
        for ratio in RATIOS:
            if not (data.has(task, method, ratio) and
                    data.has(task, "paper", ratio)):
                cells.append("")
                continue
            apart = measured.differences(
                data.clusters(task, method, ratio, values_of),
                data.clusters(task, "paper", ratio, values_of))
            value, bounds = measured.mean(apart), measured.interval(apart)
            text = cell(value, bounds, digits, "+")
            if bounds is not None and (bounds[0] > 0 or bounds[1] < 0):
                text = f"**{text}**"
            cells.append(text + missed(data, task, method, ratio))
        if any(cells):
            lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return lines


def shares_table(data, task):
    """Numbers, names, steps that are left, steps that come back; percent."""
    counts = [("numbers", 0), ("names", 0), ("steps", 0), ("steps", 1)]
    lines = head("", columns(data, task))
    for method in measured.METHODS[3:]:
        cells = []
        for ratio in RATIOS:
            if not data.has(task, method, ratio):
                cells.append("")
                continue
            shares = [100 * measured.mean(data.clusters(
                task, method, ratio, measured.share(name, at)))
                for name, at in counts]
            cells.append(" / ".join("-" if share != share else f"{share:.0f}"
                                    for share in shares))
        if any(cells):
            lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return lines


def about(data, task):
    n = sum(len(group["ids"]) for group in data.groups.values()
            if group["task"] == task)
    n_groups = data.n_groups(task)
    return f"{n} questions after {n_groups} prompt" + "s" * (n_groups > 1)


def tables(data, name):
    lines = [f"![quality against ratio](evaluation/{name}.svg)", ""]
    for task in data.tasks():
        label = LABELS[task]
        lines += [f"**{label}, likelihood of the answer** "
                  f"({about(data, task)}; nats a token, low is good). "
                  + fixed_row(data, task, measured.losses, 3) + ".", ""]
        lines += values_table(data, task, measured.losses, 3) + [""]
        lines += differences_table(data, task, measured.losses, 3) + [""]
        lines += [f"**{label}, reconstruction** (nats a token of the prompt, "
                  "low is good). "
                  + fixed_row(data, task, measured.reconstruction, 3) + ".",
                  ""]
        lines += values_table(data, task, measured.reconstruction, 3) + [""]
        if data.n_groups(task) > 1:
            lines += differences_table(data, task, measured.reconstruction,
                                       3) + [""]
        lines += [f"**{label}, what is left** (percent: numbers / names / "
                  "steps / steps that `pith recover` restores).", ""]
        lines += shares_table(data, task) + [""]
    return "\n".join(lines)


def main(page, *paths):
    with open(page) as file:
        text = file.read()
    for path in paths:
        name = os.path.basename(path).removesuffix(".jsonl")
        data = measured.Measured(path)
        block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.S)
        if not block.search(text):
            sys.exit(f"{page}: expected a line <!-- {name} --> and, after "
                     "it, <!-- end -->")
        made = tables(data, name)
        text = block.sub(lambda m: m[1] + made + m[2], text)
        with open(path.removesuffix(".jsonl") + ".svg", "w") as file:
            file.write(picture.draw(data))
    with open(page + ".new", "w") as file:
        file.write(text)
    os.replace(page + ".new", page)


if len(sys.argv) < 3:
    sys.exit(__doc__)
main(*sys.argv[1:])
