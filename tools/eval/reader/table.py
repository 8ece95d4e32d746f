"""Tables of score.py's lines: share of the information recovered.

usage: table.py [--against METHOD] SCORES.jsonl...

A cell is the share of what showing everything saves (100%) over showing
nothing (0%), of all texts together, with its 95% interval by bootstrap over
the texts; then the tokens that were left, in percent.  With --against the
difference from that method, on the same texts, in points.  One table for each
scoring model ("model") and reader.
"""
import argparse
import json

import numpy as np

DRAWS = 2000


def share(saved, possible, draws):
    """saved, possible (texts) -> point, draws of the share in percent"""
    return (100 * saved.sum() / possible.sum(),
            100 * saved[draws].sum(1) / possible[draws].sum(1))


def interval(values):
    return np.percentile(values, [2.5, 97.5])


def cells(lines, reader):
    """-> {(method, ratio): {id: (saved, possible, share of the tokens)}}"""
    found = {}
    for line in lines:
        nothing, nats, everything = (line[name][reader] for name in ("nothing", "nats", "everything"))
        found.setdefault((line["method"], line["ratio"]), {})[line["id"]] = (
            nothing - nats, nothing - everything, line["kept_tokens"] / line["tokens"])
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--against")
    parser.add_argument("files", nargs="+")
    a = parser.parse_args()
    lines = [json.loads(line) for path in a.files for line in open(path)]
    for model in dict.fromkeys(line["model"] for line in lines):
        own = [line for line in lines if line["model"] == model]
        for reader in range(len(own[0]["nats"])):
            print_table(model, reader, cells(own, reader), a.against)


def print_table(model, reader, table, against):
    ratios = sorted({ratio for _, ratio in table})
    texts = sorted(set.intersection(*(set(cell) for cell in table.values())))
    draws = np.random.default_rng(1).integers(0, len(texts), (DRAWS, len(texts)))
    columns = {key: np.array([cell[i] for i in texts]).T for key, cell in table.items()}
    print(f"\n{model} chooses, reader {reader + 1}, {len(texts)} texts\n")
    print("| method | " + " | ".join(f"{ratio:g}x" for ratio in ratios) + " |")
    print("| --- |" + " ---: |" * len(ratios))
    for method in dict.fromkeys(method for method, _ in table):
        row = []
        for ratio in ratios:
            if (method, ratio) not in columns:
                row.append("")
                continue
            saved, possible, tokens = columns[method, ratio]
            point, drawn = share(saved, possible, draws)
            low, high = interval(drawn)
            text = f"{point:.1f} ({low:.1f} to {high:.1f})"
            if against and method != against and (against, ratio) in columns:
                other, drawn_other = share(*columns[against, ratio][:2], draws)
                low, high = interval(drawn - drawn_other)
                text += f"; {point - other:+.1f} ({low:+.1f} to {high:+.1f})"
            row.append(text + f" [{100 * tokens.mean():.0f}]")
        print(f"| {method} | " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
