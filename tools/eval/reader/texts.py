"""Chooses the texts to score: eleven kinds, 300 to 460 tokens each.

usage: texts.py --model SMOLLM2.pith [--shared ../shared] [--fit 8] [--report 20]
                --fit-to FIT.jsonl --report-to REPORT.jsonl

Fit texts are for choosing settings, report texts for the tables; the two come
from different documents.  Lines {"id", "kind", "tokens", "text"}.  None of
the sources is ever trained on (../shared/README.md).
"""
import argparse
import hashlib
import json
import random
import re
from pathlib import Path

import pithfile

LONG = {"hotpotqa": ["hotpotqa", "2wikimqa"], "musique": ["musique"], "meetings": ["qmsum"],
        "chats": ["samsum"], "reports": ["gov_report"], "news": ["multi_news"],
        "papers": ["qasper"], "code": ["lcc", "repobench-p"]}


def documents(shared):
    """-> (kind, parts of a document, what is between them)"""
    problems = [json.loads(line) for line in open(shared / "data/gsm8k/test.jsonl")]
    for at in range(0, len(problems), 8):
        yield "gsm8k", [
            f"Question: {p['question']}\nLet's think step by step\n"
            + re.sub(r"<<.*?>>", "", p["answer"]).replace("\n#### ", "\nThe answer is ")
            for p in problems[at:at + 8]], "\n\n"
    for path in sorted((shared / "data/bbh/cot-prompts").glob("*.txt")):
        text = path.read_text().partition("-----\n")[2]
        yield "bbh", [p for p in text.split("\n\n") if p.strip()], "\n\n"
    lines = (shared / "data/long/wiki_demo.txt").read_text().split("\n")
    for line in lines:
        yield "wikipedia", re.split(r"(?<=[.!?]) ", line), " "
    for kind, tasks in LONG.items():
        for task in tasks:
            data = json.loads((shared / f"data/long/MiniLongBench_{task}.json").read_text())
            for item in data.values():
                text = item["origin_prompt"].replace("NEWLINE_CHAR", "\n").replace("\r\n", "\n")
                text = text.partition("\n")[2]  # the first line is an instruction
                yield kind, re.split(r"(?<=\n)|(?<=[.!?] )", text), ""


def pieces(parts, glue, count, tokenizer):
    """Runs of whole parts of 300 to 460 tokens"""
    sizes = [len(e.ids) + bool(glue) for e in tokenizer.encode_batch(parts)]
    found, at = [], 0
    while at < len(parts) and len(found) < count:
        end, size = at, 0
        while end < len(parts) and size + sizes[end] <= 460:
            size += sizes[end]
            end += 1
        text = glue.join(parts[at:end]).strip()
        size = len(tokenizer.encode(text).ids)
        if 300 <= size <= 460:
            found.append((size, text))
        at = max(end, at + 1)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--fit", type=int, default=8)
    parser.add_argument("--report", type=int, default=20)
    parser.add_argument("--fit-to", required=True)
    parser.add_argument("--report-to", required=True)
    a = parser.parse_args()
    tokenizer = pithfile.load_tokenizer(a.model)[0]
    kinds = {}
    for kind, parts, glue in documents(a.shared):
        kinds.setdefault(kind, []).append((parts, glue))
    fit, report, seen = [], [], set()
    for kind, sources in kinds.items():
        random.Random(kind).shuffle(sources)
        # of every seven documents two are to fit by; few documents give more texts each
        each = max(1, -(-2 * (a.fit + a.report) // len(sources)))
        chosen = {"fit": [], "report": []}
        for number, (parts, glue) in enumerate(sources):
            name = "fit" if number % 7 in (1, 4) else "report"
            if len(chosen[name]) >= getattr(a, name):
                continue
            for size, text in pieces(parts, glue, each, tokenizer):
                key = hashlib.sha256(text[:200].encode()).hexdigest()
                if key not in seen and len(chosen[name]) < getattr(a, name):
                    seen.add(key)
                    chosen[name].append((size, text))
        for name, out in (("fit", fit), ("report", report)):
            print(f"{kind}: {len(chosen[name])} to {name}")
            out += [{"id": f"{kind}-{name}-{i + 1}", "kind": kind, "tokens": size, "text": text}
                    for i, (size, text) in enumerate(chosen[name])]
    for path, lines in ((a.fit_to, fit), (a.report_to, report)):
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)


if __name__ == "__main__":
    main()
