#!/usr/bin/env python3
"""The tables of docs/EVALUATION.md from lines of `pith eval measure`.

usage: tables.py compact MEASURED.jsonl... > COMPACT.jsonl
       tables.py PAGE.md COMPACT.jsonl...

compact leaves out the texts of the data sets and the token ids, and of what
was measured twice all but the first.  The other form replaces what stands in
PAGE.md between "<!-- NAME -->" and "<!-- end -->" for each file NAME.jsonl.

Intervals are 95%, by bootstrap over prompts, each with all its questions; runs
with other seeds are averaged first.  Differences are of the same prompts.
"""
import json
import os
import random
import re
import sys

RESAMPLES = 1000
TEXTS = ("compressed", "ids", "left_ids", "n_context", "n_kept")
FACTS = ("numbers", "names", "negations", "false_numbers", "bare")
HEADS = {"gsm8k": "nats a token of the answer", "bbh": "nats a token of the answer",
         "qa": "nats of the gold answer", "continue": "KL, nats a token"}


def compact(paths):
    seen = set()
    for path in paths:
        for text in open(path):
            if not text.endswith("\n"):  # a run was killed here
                continue
            line = json.loads(text)
            if line["key"] not in seen:
                seen.add(line["key"])
                print(json.dumps({k: v for k, v in line.items() if k not in TEXTS}))


# --- figures ---------------------------------------------------------------------


def value(line):
    """What the first column is about; None: this prompt says nothing."""
    if line["task"] == "continue":
        return line["kl"] and line["kl"][0] / line["kl"][1]
    answers = line["answers"]
    if line["task"] == "qa":
        return answers[0][1]
    return sum(loss / n for _, loss, n in answers) / len(answers)


def saved(line):
    """Nats that a text's own context saves over another's; None: unknown."""
    if not line.get("own") or not line.get("other"):
        return None
    return line["other"][0] - line["own"][0]


def mean(values):
    return sum(values) / len(values)


def interval(values, of=mean):
    if len(values) < 2:
        return None
    draw = random.Random(1)
    drawn = sorted(of(draw.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return drawn[int(0.025 * RESAMPLES)], drawn[int(0.975 * RESAMPLES) - 1]


def shown(number, bounds, digits=3, sign=""):
    text = f"{number:{sign}.{digits}f}"
    if bounds is None:
        return text
    low, high = (f"{bound:{sign}.{digits}f}" for bound in bounds)
    return f"{text} ({low} to {high})"


def percent(pairs):
    found, whole = (sum(pair[i] for pair in pairs) for i in (0, 1))
    return f"{100 * found / whole:.0f}" if whole else "-"


class Runs:
    """The lines of one method at one ratio, by prompt."""

    def __init__(self):
        self.prompts = {}

    def add(self, line):
        self.prompts.setdefault(line["key"].split(" ")[0], []).append(line)

    def values(self, of=value):
        found = {name: [of(line) for line in lines] for name, lines in self.prompts.items()}
        return {name: mean(values) for name, values in found.items()
                if all(value is not None for value in values)}

    def lines(self):
        return [line for lines in self.prompts.values() for line in lines]

    def n_seeds(self):
        return max(len(lines) for lines in self.prompts.values())


def share_saved(runs, full):
    """Of what the full context saves, percent; of the same texts."""
    ours, theirs = runs.values(saved), full.values(saved)
    pairs = [(ours[name], theirs[name]) for name in ours if name in theirs]
    share = lambda drawn: 100 * sum(a for a, _ in drawn) / sum(b for _, b in drawn)
    return shown(share(pairs), interval(pairs, share), 0) if pairs else "-"


def facts(runs):
    """Percent that is left of numbers, names, negations; false numbers and
    bare words a hundred prompts."""
    lines = runs.lines()
    cells = [percent([line[name] for line in lines]) for name in FACTS[:3]]
    return cells + [f"{100 * sum(line[name][0] for line in lines) / len(lines):.0f}"
                    for name in FACTS[3:]]


# --- tables ----------------------------------------------------------------------


def row(task, name, runs, paper, full, n):
    lines, values = runs.lines(), runs.values()
    seeds = f", {runs.n_seeds()} seeds" if runs.n_seeds() > 1 else ""
    if len(runs.prompts) < n:
        seeds += f", {len(runs.prompts)} prompts"
    cells = [f"`{name}`{seeds}", shown(mean(list(values.values())), interval(list(values.values())))]
    theirs = paper.values() if paper and runs is not paper else {}
    apart = [values[key] - theirs[key] for key in values if key in theirs]
    bounds = interval(apart)
    difference = shown(mean(apart), bounds, 3, "+") if apart else ""
    if bounds and (bounds[0] > 0 or bounds[1] < 0):
        difference = f"**{difference}**"
    cells.append(difference)
    if task == "qa":
        cells.append(percent([line["stands"] for line in lines]))
    if task == "continue":
        cells.append(share_saved(runs, full) if full else "-")
    cells += facts(runs)
    origin, left = (mean([line[name] for line in lines])
                    for name in ("origin_tokens", "compressed_tokens"))
    return "| " + " | ".join(cells + [f"{left:.0f} of {origin:.0f}"]) + " |"


def table(task, lines):
    groups = {}
    for line in lines:
        groups.setdefault((line["ratio"], line["method"]), Runs()).add(line)
    extra = {"qa": ["answer stands, %"], "continue": ["own against other, %"]}.get(task, [])
    columns = ["", HEADS[task], "less `paper`", *extra, "numbers, %", "names, %", "negations, %",
               "false numbers", "bare words", "tokens"]
    n = len({line["key"].split(" ")[0] for line in lines})
    full = groups.get((1, "full"))
    out = [f"**{task}**, {n} prompts.", ""]
    for ratio in sorted({ratio for ratio, _ in groups}):
        first = "all or nothing" if ratio == 1 else f"{ratio:g}x"
        out += ["| " + " | ".join([first, *columns[1:]]) + " |",
                "| --- |" + " ---: |" * (len(columns) - 1)]
        at = {name: runs for (r, name), runs in groups.items() if r == ratio}
        out += [row(task, name, runs, at.get("paper"), full, n) for name, runs in at.items()]
        out.append("")
    return out


def tables(path):
    lines = [json.loads(text) for text in open(path)]
    out = []
    for task in dict.fromkeys(line["task"] for line in lines):
        out += table(task, [line for line in lines if line["task"] == task])
    return "\n".join(out)


def write(page, paths):
    text = open(page).read()
    for path in paths:
        name = os.path.basename(path).removesuffix(".jsonl")
        block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.S)
        if not block.search(text):
            sys.exit(f"{page}: expected a line <!-- {name} --> and, after it, <!-- end -->")
        made = tables(path)
        text = block.sub(lambda match: match[1] + made + match[2], text)
    with open(page + ".new", "w") as file:
        file.write(text)
    os.replace(page + ".new", page)


if len(sys.argv) < 3:
    sys.exit(__doc__)
if sys.argv[1] == "compact":
    compact(sys.argv[2:])
else:
    write(sys.argv[1], sys.argv[2:])
