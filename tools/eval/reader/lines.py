"""Compresses texts by pith's methods: the lines that score.py reads.

usage: lines.py --pith build/pith --model MODEL.pith --counter SMOLLM2.pith
                [--name NAME] [--ratios 2,3,5,10,20] [--methods NAMES]
                [--jobs 2] -o LINES.jsonl TEXTS.jsonl

A text is one context without instruction or question.  Methods are those of
`pith eval prepare` and the ones of REQUESTS below, with semicolons; left out,
all that are there.  --counter is the model whose tokens "tokens" and
"kept_tokens" are; budgets are in those of --model.  --jobs processes run, of
one thread each, with --precision auto.
"""
import argparse
import json
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pithfile

REQUESTS = {
    "paper": {"method": "paper"},
    "paper by tokens": {"method": "paper", "units": "token"},
    "paper, no ITPC": {"method": "paper", "use_itpc": False},
    "spans": {"method": "spans"},
    "spans-protect-none": {"method": "spans", "protect": "none"},
}
BASELINES = ["truncation", "random", "selective", "selective-sentences", "sentences", "reference"]
QUESTION = "\n\nSummarize the document."


def run(pith, *arguments):
    subprocess.run([pith, *map(str, arguments), "-q", "-t", "1", "--precision", "auto"],
                   check=True,
                   stdout=subprocess.DEVNULL)


def by_requests(pith, model, texts, methods, ratios, folder):
    """-> (text, method, ratio, compressed)"""
    jobs = [(text, method, ratio) for text in texts for method in methods for ratio in ratios]
    if not jobs:
        return
    with open(folder / "in", "w") as file:
        for number, (text, method, ratio) in enumerate(jobs):
            file.write(json.dumps({"name": number, "context": [text["text"]], "rate": 1 / ratio,
                                   "options": REQUESTS[method]}) + "\n")
    run(pith, "compress", "-m", model, "--request", folder / "in", "-o", folder / "out")
    for job, line in zip(jobs, open(folder / "out"), strict=True):
        reply = json.loads(line)
        if reply["error"]:
            raise ValueError(f"{job[0]['id']}, {job[1]}: {reply['error']}")
        yield *job, reply["result"]["compressed_prompt"]


def by_prepare(pith, model, texts, methods, ratios, folder):
    if not methods:
        return
    with open(folder / "documents", "w") as file:
        for text in texts:
            file.write(json.dumps({"document": text["text"], "summary": "-"}) + "\n")
    run(pith, "eval", "prepare", "--task", "documents", "--methods", ",".join(methods),
        "--ratios", ",".join(f"{r:g}" for r in ratios), "--target-model", "-", "-m", model,
        "-o", folder / "requests", "--keys", folder / "keys", folder / "documents")
    for request, key in zip(open(folder / "requests"), open(folder / "keys"), strict=True):
        key = json.loads(key)
        content = json.loads(request)["body"]["messages"][-1]["content"]
        text = texts[int(key["case"].rpartition("-")[2]) - 1]
        yield text, key["method"], key["ratio"], content.removesuffix(QUESTION)


def compress(pith, model, texts, methods, ratios):
    with tempfile.TemporaryDirectory() as folder:
        where = pith, model, texts
        own = [m for m in methods if m in REQUESTS]
        others = [m for m in methods if m not in REQUESTS]
        return [*by_requests(*where, own, ratios, Path(folder)),
                *by_prepare(*where, others, ratios, Path(folder))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pith", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--counter", required=True)
    parser.add_argument("--name")
    parser.add_argument("--ratios", default="2,3,5,10,20")
    parser.add_argument("--methods", default=";".join([*REQUESTS, *BASELINES]))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("-o", required=True, dest="out")
    parser.add_argument("texts")
    a = parser.parse_args()
    texts = [json.loads(line) for line in open(a.texts, encoding="utf-8")]
    ratios, methods = [float(r) for r in a.ratios.split(",")], a.methods.split(";")
    tokenizer = pithfile.load_tokenizer(a.counter)[0]
    count = lambda text: len(tokenizer.encode(text).ids)
    with ThreadPoolExecutor(a.jobs) as pool:
        parts = pool.map(lambda i: compress(a.pith, a.model, texts[i::4 * a.jobs], methods, ratios),
                         range(min(4 * a.jobs, len(texts))))
        found = [line for part in parts for line in part]
    order = {text["id"]: i for i, text in enumerate(texts)}
    found.sort(key=lambda line: (methods.index(line[1]), line[2], order[line[0]["id"]]))
    with open(a.out, "w", encoding="utf-8") as out:
        for text, method, ratio, kept in found:
            out.write(json.dumps({
                "model": a.name or Path(a.model).stem, "method": method, "ratio": ratio,
                "id": text["id"], "kind": text["kind"], "tokens": count(text["text"]),
                "kept_tokens": count(kept), "text": text["text"], "compressed": kept}) + "\n")


if __name__ == "__main__":
    main()
