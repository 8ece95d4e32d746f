"""Token ids to train the reader on, without what shares text with the scored ones.

usage: corpus.py --model SMOLLM2.pith --apart TEXTS.jsonl [--most BYTES]
                 -o CORPUS.npy FILE.jsonl...

FILES have lines {"text", "source" or "kind"}; of each source at most --most
bytes are taken, in a random order.  A text that shares 13 words in a row with
a text of --apart is left out.  The ids are 16 bits wide; the start token
is between two texts.
"""
import argparse
import json
import random

import numpy as np

import pithfile

RUN = 13


def runs(text):
    words = text.lower().split()
    return {hash(tuple(words[i:i + RUN])) for i in range(len(words) - RUN + 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--apart", required=True, action="append")
    parser.add_argument("--most", type=int, default=6_000_000)
    parser.add_argument("-o", required=True, dest="out")
    parser.add_argument("files", nargs="+")
    a = parser.parse_args()
    tokenizer, start, _ = pithfile.load_tokenizer(a.model)
    apart = set()
    for path in a.apart:
        for line in open(path, encoding="utf-8"):
            apart |= runs(json.loads(line)["text"])
    records = []
    for path in a.files:
        for line in open(path, encoding="utf-8"):
            record = json.loads(line)
            records.append((record.get("source") or record["kind"].split("/")[0], record["text"]))
    random.Random(1).shuffle(records)
    size, refused, texts = {}, 0, []
    for source, text in records:
        if size.get(source, 0) + len(text) > a.most:
            continue
        if not apart.isdisjoint(runs(text)):
            refused += 1
            continue
        size[source] = size.get(source, 0) + len(text)
        texts.append(text)
    ids = [np.array([start, *e.ids], np.uint16) for e in tokenizer.encode_batch(texts)]
    ids = np.concatenate(ids)
    np.save(a.out, ids)
    for source, n in sorted(size.items()):
        print(f"{n:12,} {source}")
    print(f"{len(texts):,} texts, {refused} refused, {len(ids):,} tokens")


if __name__ == "__main__":
    main()
