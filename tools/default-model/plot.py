"""Draw a training log as SVG: python3 plot.py log.jsonl training.svg

Reads the log of train.py (hard, held_out against pieces) and that of the first
training (train_loss, val_loss against tokens).
"""

import json
import sys

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 300, 50, 40, 14, 14
SERIES = (
    ("training", ("hard", "train_loss"), "#4477aa"),
    ("held out", ("held_out", "val_loss"), "#cc3311"),
)


def value(record, names):
    found = [record[name] for name in names if record.get(name) is not None]
    return found[0] if found else None


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    seen = [value(r, ("pieces", "tokens")) / 1e9 for r in records]
    highest = max(value(r, names) for r in records[1:] for _, names, _ in SERIES)
    low, high = 1.5, min(10.0, highest + 0.5)
    x = lambda g: LEFT + (WIDTH - LEFT - RIGHT) * g / max(seen)
    y = lambda loss: TOP + (HEIGHT - TOP - BOTTOM) * (high - min(loss, high)) / (high - low)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for loss in range(2, int(high) + 1):
        out.append(
            f'<path d="M{LEFT} {y(loss):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
            f'<text x="{LEFT - 8}" y="{y(loss) + 4:.1f}" text-anchor="end">{loss}</text>'
        )
    for tenth in range(0, int(max(seen) * 10) + 1, 2):
        out.append(
            f'<text x="{x(tenth / 10):.1f}" y="{HEIGHT - 22}" text-anchor="middle">'
            f"{tenth / 10:.1f}</text>"
        )
    out.append(
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 6}" text-anchor="middle">'
        "10^9 tokens seen; loss in nats for each token</text>"
    )
    for row, (label, names, colour) in enumerate(SERIES):
        points = " ".join(
            f"{x(g):.1f},{y(value(r, names)):.1f}"
            for g, r in zip(seen, records)
            if value(r, names) is not None
        )
        out.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
            f'<text x="{WIDTH - 120}" y="{30 + 16 * row}" fill="{colour}">{label}</text>'
        )
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write("\n".join(out + ["</svg>", ""]))


if __name__ == "__main__":
    main()
