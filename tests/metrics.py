"""1,000 random pairs of texts: `pith eval metrics` against sacrebleu and
rouge-score.

usage: metrics.py PROGRAM
"""
import json
import random
import subprocess
import sys

import sacrebleu
from rouge_score import rouge_scorer

TYPES = ["rouge1", "rouge2", "rougeL"]
# What the two ways of splitting a text into words trip over.
PIECES = [
    "the cat", "sat on", "a mat", ".", ",", "1,000", "3.14", "well-known",
    "U.S.", "\u201cquoted\u201d", "&amp;", "&lt;", "&quot;", "<skipped>", "-\n",
    "\n", "don't", "5-6", "a..b", "...", "e.g.,", "$12.50", "(x)", "\u00e9t\u00e9",
    "\u0130x", "\u212a", "\u4e2d\u6587", "\u3002", "12.", ".5", "10-",
    "na\u00efve", "\u00a0", "\x1c", "A/B", "C++", "x,y", "UPPER", "upper",
]


def random_text(rng):
    n = rng.choice([0, 1, 2, 3, 5, 8, 13, 30, 60])
    return "".join(rng.choice(PIECES) + rng.choice([" ", " ", ""])
                   for _ in range(n))


def random_pairs(rng, n):
    for _ in range(n):
        reference = random_text(rng)
        hypothesis = random_text(rng)
        if rng.random() < 0.7:
            hypothesis = " ".join(word for word in reference.split(" ")
                                  if rng.random() > 0.2)
        yield {"hypothesis": hypothesis, "reference": reference}


def expected(pair, scorer):
    bleu = sacrebleu.sentence_bleu(pair["hypothesis"], [pair["reference"]])
    rouge = scorer.score(pair["reference"], pair["hypothesis"])
    figures = [bleu.score]
    for name in TYPES:
        figures += [rouge[name].precision, rouge[name].recall,
                    rouge[name].fmeasure]
    return figures


def main():
    pairs = list(random_pairs(random.Random(5), 1000))
    lines = "".join(json.dumps(pair) + "\n" for pair in pairs)
    replies = subprocess.run([sys.argv[1], "eval", "metrics"], input=lines,
                             capture_output=True, text=True, check=True)
    replies = [json.loads(line) for line in replies.stdout.splitlines()]
    assert len(replies) == len(pairs) + 1, len(replies)
    scorer = rouge_scorer.RougeScorer(TYPES, use_stemmer=False)
    worst = 0
    for pair, reply in zip(pairs, replies):
        got = [reply["bleu"]] + sum((reply[name] for name in TYPES), [])
        for ours, theirs in zip(got, expected(pair, scorer)):
            worst = max(worst, abs(ours - theirs))
            assert abs(ours - theirs) <= 1e-6, (pair, ours, theirs)
    corpus = sacrebleu.corpus_bleu([pair["hypothesis"] for pair in pairs],
                                   [[pair["reference"] for pair in pairs]])
    difference = abs(corpus.score - replies[-1]["corpus_bleu"])
    assert difference <= 1e-6, (corpus.score, replies[-1])
    print(f"metrics: {len(pairs)} pairs, largest difference {worst:.1e}, "
          f"of the corpus {difference:.1e}")


main()
