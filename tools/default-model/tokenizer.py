"""Make the tokenizer: SmolLM2's byte-level BPE with its first merges only.

    python3 tokenizer.py --source tokenizer.json --size 15360 --out model

Because a merge never undoes an earlier one, every token of the full vocabulary
is a run of tokens of the cut one.  So the teacher's distribution over its
49,152 tokens says exactly what the small model should expect at each token
boundary of the teacher: the probability of a piece is the sum over the tokens
that begin with it.  pieces.npy holds the runs: (49152, longest), -1 after.
"""

import argparse
import json
import os

import numpy as np
from tokenizers import Tokenizer


def cut(source, size):
    """The tokenizer's JSON with the ids below size"""
    with open(source, encoding="utf-8") as file:
        data = json.load(file)
    model = data["model"]
    model["vocab"] = {piece: i for piece, i in model["vocab"].items() if i < size}
    join = lambda merge: "".join(merge if isinstance(merge, list) else merge.split(" "))
    model["merges"] = [m for m in model["merges"] if join(m) in model["vocab"]]
    return data


def runs_of(full, small, size):
    """For each token of full (piece -> id) its run of small tokens"""
    inside = Tokenizer.from_str(json.dumps({**small, "pre_tokenizer": None, "added_tokens": []}))
    rows = [None] * len(full)
    for piece, i in full.items():
        rows[i] = [i] if i < size else inside.encode(piece, add_special_tokens=False).ids
    table = np.full((len(full), max(map(len, rows))), -1, np.int32)
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True)
    parser.add_argument("--size", type=int, default=15360)
    parser.add_argument("--out", required=True)
    a = parser.parse_args()
    os.makedirs(a.out, exist_ok=True)
    small = cut(a.source, a.size)
    with open(a.source, encoding="utf-8") as file:
        full = json.load(file)["model"]["vocab"]
    with open(os.path.join(a.out, "tokenizer.json"), "w", encoding="utf-8") as file:
        json.dump(small, file, ensure_ascii=False)
    with open(os.path.join(a.out, "tokenizer_config.json"), "w", encoding="utf-8") as file:
        json.dump(
            dict(
                tokenizer_class="PreTrainedTokenizerFast",
                bos_token="<|endoftext|>",
                eos_token="<|endoftext|>",
                add_bos_token=False,
                model_max_length=1024,
            ),
            file,
        )
    np.save(os.path.join(a.out, "pieces.npy"), runs_of(full, small, a.size))


if __name__ == "__main__":
    main()
