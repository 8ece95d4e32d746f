"""Hashes of runs of tokens of the evaluation sets, to keep them out of training.

    python3 contamination.py --tokenizer tokenizer.json --shared ../shared --out evaluation.npy

A document of the corpus that shares a run of 12 tokens of SmolLM2's tokenizer,
at one of every 4 positions, with an evaluation text is dropped by targets.py:
any 15 tokens in common are found.  Evaluation texts: GSM8K's test split, the
paper's GSM8K prompts, BIG-Bench Hard, the long-document tasks, eval_texts.json.
"""

import argparse
import glob
import gzip
import json
import os

import numpy as np
from tokenizers import Tokenizer

RUN, STRIDE = 12, 4


def hashes(ids):
    """Polynomial hash modulo 2^64 of each run of RUN ids"""
    ids = np.asarray(ids, np.uint64) + np.uint64(1)
    count = len(ids) - RUN + 1
    out = np.zeros(max(count, 0), np.uint64)
    for i in range(RUN if count > 0 else 0):
        out = out * np.uint64(0x9E3779B97F4A7C15) + ids[i : i + count]
    return out


def strings(value):
    if isinstance(value, str):
        yield value
    for item in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from strings(item)


def evaluation_texts(shared):
    data = shared + "/data"
    if not os.path.isdir(data):
        return
    for path in glob.glob(data + "/gsm8k_cot/*.txt") + glob.glob(data + "/bbh/cot-prompts/*.txt"):
        yield open(path, encoding="utf-8").read()
    for path in [
        data + "/gsm8k/test.jsonl",
        *glob.glob(data + "/bbh/bbh/*.json"),
        *glob.glob(data + "/long/*.json*"),
        shared + "/models/default/recipe/eval_texts.json",
    ]:
        opener = gzip.open if path.endswith(".gz") else open
        with opener(path, "rt", encoding="utf-8") as file:
            text = file.read()
        for value in map(json.loads, text.splitlines() if ".jsonl" in path else [text]):
            yield from strings(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("tokenizer", "shared", "out"):
        parser.add_argument("--" + name, required=True)
    a = parser.parse_args()
    tokenizer = Tokenizer.from_file(a.tokenizer)
    found = [
        hashes(tokenizer.encode(t, add_special_tokens=False).ids)[::STRIDE]
        for t in evaluation_texts(a.shared)
    ]
    np.save(a.out, np.unique(np.concatenate(found + [np.array([2**64 - 1], np.uint64)])))


if __name__ == "__main__":
    main()
