"""How much of a text a reader recovers from what a compressor left of it.

usage: score.py --model SMOLLM2.pith [--reader READER.pt]... [--rows 16]
                -o SCORES.jsonl LINES.jsonl...

LINES have {"text", "compressed"}; all else in them (method, ratio, kind, ...)
is passed on.  SCORES has the same lines without the texts and with

  "nothing", "nats", "everything": a list each, one value for each reader:
      loss of the text given nothing, given "compressed", given the text itself

table.py makes tables of them.  Without a --reader the model itself reads, as
it is: it does not know the task and reads over holes badly, so that its
figures are those of an untuned judge; stderr says so.
"""
import argparse
import json
import sys

import torch

import pithfile
from rows import LENGTH, Rows


@torch.no_grad()
def losses(model, rows, n_owners, per_batch, device):
    """-> sum of the losses of each owner's samples, nats"""
    total = torch.zeros(n_owners + 1, device=device, dtype=torch.float64)
    for first in range(0, len(rows.rows), per_batch):
        batch = rows.tensors(first, min(first + per_batch, len(rows.rows)))
        ids, sample, position, target, owner = (t.to(device) for t in batch)
        counted = target >= 0
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            hidden = model(ids, sample, position)[counted]
            nats = model.losses(hidden, target[counted])
        total.index_add_(0, owner[counted], nats.double())
    return total[:n_owners].tolist()


def score(model, tokenizer, start, sep, pairs, per_batch, device, length=LENGTH):
    """pairs of (compressed, text) -> nats of each"""
    encode = lambda texts: [e.ids for e in tokenizer.encode_batch(list(texts))]
    encoded = list(zip(*map(encode, zip(*pairs))))
    rows = Rows(start, sep, length)
    for owner in sorted(range(len(pairs)), key=lambda i: -sum(map(len, encoded[i]))):
        rows.add(*encoded[owner], owner)
    return losses(model.to(device).eval(), rows, len(pairs), per_batch, device)


def read_lines(paths):
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                record = json.loads(line)
                if not record.get("text") or "compressed" not in record:
                    raise ValueError(f'{path}:{number}: wants "text" and "compressed"')
                yield record


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--reader", action="append")
    parser.add_argument("--rows", type=int, default=16)
    parser.add_argument("-o", required=True, dest="out")
    parser.add_argument("files", nargs="+")
    a = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    lines = list(read_lines(a.files))
    pairs = list(dict.fromkeys(
        pair for line in lines
        for pair in (("", line["text"]), (line["text"], line["text"]), (line["compressed"], line["text"]))))
    if not a.reader:
        print("score.py: no --reader: the untuned model reads, which does not know the task",
              file=sys.stderr)
    model, tokenizer, start, sep = pithfile.load(a.model)
    found = []
    for reader in a.reader or [None]:
        if reader:
            state = torch.load(reader, map_location="cpu", weights_only=True)
            model.load_state_dict({name: t.float() for name, t in state.items()})
        found.append(dict(zip(pairs, score(model, tokenizer, start, sep, pairs, a.rows, device))))
    with open(a.out, "w", encoding="utf-8") as out:
        for line in lines:
            text, kept = line.pop("text"), line.pop("compressed")
            for name, shown in (("nothing", ""), ("nats", kept), ("everything", text)):
                line[name] = [round(nats[shown, text], 3) for nats in found]
            out.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
