#!/usr/bin/env python3
"""Where answers get lost: the ranking of documents and the choice of tokens of
question-aware compression, looked at apart from each other.

collect  scores every document of the questions of longbench.py after nothing
         and after the question, and the question after the document; continues
         where it was stopped
table    from those losses: where the first document with the answer ranks when
         the blank line counts and when not, and how many answers survive in
         their document at some rates, when tokens and when words are dropped
         by LongLLMLingua's score (words with the separators before them;
         every document on its own, in segments of 100 tokens: an estimate, as
         a compression scores after what it kept)

usage: estimate.py collect --out LOSSES.jsonl --model M [--pith build/pith]
                   [--tasks nq] [--count 150] [--excerpt 1000]
                   [--data ../shared/data/long]
       estimate.py table LOSSES.jsonl...
"""
import argparse
import json
import re
import subprocess

import longbench

RESTRICTION = " We can get the answer to this question in the given documents."
RATES = (0.5, 0.65, 0.8, 0.9)
SEGMENT = 100


# --- collect -----------------------------------------------------------------

class Scorer:
    def __init__(self, arguments):
        self.process = subprocess.Popen(
            [arguments.pith, "serve", "--stdio", "-q", "-m", arguments.model],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def score(self, text):
        """[piece, loss] of every token."""
        request = {"function": "score", "text": text}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline())
        if reply["error"]:
            raise SystemExit(f"estimate: {reply['error']}")
        return [[token["piece"], round(token["loss"], 4)]
                for token in reply["result"]["tokens"]]


def collect(arguments):
    done = {row["name"] for row in longbench.read(arguments.out)}
    scorer = Scorer(arguments)
    for task in arguments.tasks.split(","):
        for name, contexts, question, answers in longbench.questions(
                task, arguments):
            if name in done:
                continue
            asked = question + RESTRICTION
            row = {"name": name, "question": question, "answers": answers,
                   "contexts": contexts,
                   "after": [scorer.score(f"{c}\n\n{asked}")
                              for c in contexts],
                   "front": [scorer.score(f"{question}\n\n{c}")
                             for c in contexts]}
            with open(arguments.out, "a") as out:
                out.write(json.dumps(row) + "\n")


# --- table -------------------------------------------------------------------

def split(row):
    """For each document its tokens, those of the blank line and what is asked
    after it, and its tokens after the question."""
    size = len(row["question"]) + len(RESTRICTION) + 2
    for after, front in zip(row["after"], row["front"]):
        at = len(after)
        n = 0
        while at > 0 and n < size:
            at -= 1
            n += len(after[at][0])
        yield after[:at], after[at:], front[len(front) - at:]


def mean(values):
    return sum(values) / len(values)


def first_rank(scores, has_answer):
    order = sorted(range(len(scores)), key=scores.__getitem__)
    return min(i + 1 for i, at in enumerate(order) if has_answer[at])


def ranks(row, documents, has_answer):
    with_line, without = [], []
    for _, asked, _ in documents:
        begin = next(i for i, (piece, _) in enumerate(asked) if piece.strip())
        with_line.append(mean([loss for _, loss in asked]))
        without.append(mean([loss for _, loss in asked[begin:]]))
    return first_rank(with_line, has_answer), first_rank(without, has_answer)


def tokens(pieces):
    """Every token on its own: (begin, end, where its score begins)."""
    return [(at, at + 1, at) for at in range(len(pieces))]


def words(pieces):
    """A word with the separators before it, which do not score."""
    units, begin, at = [], 0, 0
    while at < len(pieces):
        end = at + 1
        while (end < len(pieces) and pieces[end][:1].isalnum() and
               pieces[end - 1][-1:].isalnum()):
            end += 1
        if re.search(r"\w", "".join(pieces[at:end])) or end == len(pieces):
            units.append((begin, end, at))
            begin = end
        at = end
    return units


def segments(units):
    segment, n = [], 0
    for unit in units:
        if segment and n + unit[1] - unit[0] > SEGMENT:
            yield segment
            segment, n = [], 0
        segment.append(unit)
        n += unit[1] - unit[0]
    yield segment


def prune(pieces, scores, units, rate):
    """The text that stays; what a segment cannot spend the next one can."""
    kept, budget = [], 0.0
    for segment in segments(units):
        budget += rate * sum(end - begin for begin, end, _ in segment)
        for begin, end, first in sorted(
                segment, key=lambda unit: -mean(scores[unit[2]:unit[1]])):
            if end - begin <= budget:
                budget -= end - begin
                kept += range(begin, end)
    return "".join(pieces[i] for i in sorted(kept))


def table(arguments):
    places, survived = [], {"tokens": [], "words": []}
    for row in [row for path in arguments.losses
                for row in longbench.read(path)]:
        documents = list(split(row))
        has_answer = [longbench.survives(row["answers"], c)
                      for c in row["contexts"]]
        places.append(ranks(row, documents, has_answer))
        for (document, _, front), has in zip(documents, has_answer):
            if not has:
                continue
            pieces = [piece for piece, _ in document]
            scores = [a - b for (_, a), (_, b) in zip(document, front)]
            for name, units in (("tokens", tokens), ("words", words)):
                survived[name].append([longbench.survives(
                    row["answers"], prune(pieces, scores, units(pieces), rate))
                    for rate in RATES])
    for name, found in zip(("blank line counts", "it does not"), zip(*places)):
        print(f"{name}: rank 1 in {sum(r == 1 for r in found)} of {len(found)},"
              f" mean reciprocal rank {mean([1 / r for r in found]):.3f}")
    for name, rows in survived.items():
        shares = [f"{mean(column):.0%}" for column in zip(*rows)]
        print(f"{name}, rates {RATES}: {', '.join(shares)} of {len(rows)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("collect")
    command.add_argument("--out", required=True)
    command.add_argument("--model", required=True)
    command.add_argument("--pith", default="build/pith")
    command.add_argument("--tasks", default="nq")
    command.add_argument("--count", type=int, default=150)
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--excerpt", type=int, default=1000)
    command.add_argument("--trials", type=int, default=1)
    command.add_argument("--data", default="../shared/data/long")
    command = commands.add_parser("table")
    command.add_argument("losses", nargs="+")
    arguments = parser.parse_args()
    {"collect": collect, "table": table}[arguments.command](arguments)


main()
