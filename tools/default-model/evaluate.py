"""Measure a .pith model: bits per byte, and agreement with SmolLM2 as a scorer.

    python3 evaluate.py --pith build/pith --shared ../shared --model weights/default.pith \\
        [--teacher smollm2.pith] [--float32 default_f32.pith]

All losses come from `pith serve`, so they are those of the file that ships.
Documents are cut into pieces of at most 1,023 tokens, each scored after
<|endoftext|>; bits per byte = nats / ln 2 / UTF-8 bytes.  Agreement: Spearman's
rank correlation of the losses of words (what is between white space; the
sum over its tokens and those of the space before it) in the first 2,600 characters of three texts.
"""

import argparse
import json
import lzma
import math
import subprocess

POSITIONS, CHARACTERS = 1024, 2600


class Scorer:
    """`pith serve` with one model"""

    def __init__(self, program, model, threads):
        self.server = subprocess.Popen(
            [program, "serve", "--stdio", "-q", "-m", model, "-t", str(threads)],
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def tokens(self, text):
        """-> [(piece, loss in nats)]"""
        self.server.stdin.write(json.dumps({"function": "score", "text": text}) + "\n")
        self.server.stdin.flush()
        result = json.loads(self.server.stdout.readline())["result"]
        return [(t["piece"], t["loss"]) for t in result["tokens"]]

    def nats(self, text):
        """Loss of a text, in pieces that fit the positions"""
        found = self.tokens(text)
        if len(found) < POSITIONS:
            return sum(loss for _, loss in found)
        cut = POSITIONS - 1  # at a whole character
        while "\ufffd" in "".join(piece for piece, _ in found[:cut]):
            cut -= 1
        head = "".join(piece for piece, _ in found[:cut])
        return sum(loss for _, loss in found[:cut]) + self.nats(text[len(head) :])

    def words(self, text):
        """-> loss of each word"""
        losses, inside, space = [], False, 0.0
        for piece, loss in self.tokens(text):
            if piece.strip():
                if not inside or piece[0].isspace():
                    losses.append(space)
                    space = 0.0
                losses[-1] += loss
            else:
                space += loss  # of the word that follows
            inside = not piece[-1:].isspace()
        return losses


def ranks(values):
    """Ranks from 0, means for ties"""
    order = sorted(range(len(values)), key=values.__getitem__)
    out, i = [0.0] * len(values), 0
    while i < len(order):
        j = i
        while j + 1 < len(order) and values[order[j + 1]] == values[order[i]]:
            j += 1
        for k in range(i, j + 1):
            out[order[k]] = (i + j) / 2
        i = j + 1
    return out


def spearman(a, b):
    a, b = ranks(a), ranks(b)
    mean = (len(a) - 1) / 2
    product = sum((x - mean) * (y - mean) for x, y in zip(a, b))
    return product / math.sqrt(sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b))


def bits_per_byte(scorer, texts):
    return sum(map(scorer.nats, texts)) / math.log(2) / sum(len(t.encode()) for t in texts)


def texts_of(shared):
    with open(shared + "/models/default/recipe/eval_texts.json", encoding="utf-8") as file:
        sets = json.load(file)
    with lzma.open(
        shared + "/models/default/corpus/val-t10.jsonl.xz", "rt", encoding="utf-8"
    ) as file:
        sets["held-out synthetic (400)"] = [
            json.loads(line)["text"] for line, _ in zip(file, range(400))
        ]
    return sets


def agreement_texts(shared):
    with open(shared + "/data/long/MiniLongBench_qmsum.json", encoding="utf-8") as file:
        meeting = json.load(file)["0"]["origin_prompt"].split("Transcript:\n", 1)[1]
    with open(shared + "/data/gsm8k_cot/prompt_hardest.txt", encoding="utf-8") as file:
        return {
            "prompt_hardest.txt": file.read(),
            "meeting": meeting,
            "Wikipedia": "\n\n".join(texts_of(shared)["Wikipedia extracts"]),
        }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pith", default="build/pith")
    parser.add_argument("--shared", default="../shared")
    parser.add_argument("--model", default="weights/default.pith")
    parser.add_argument("--teacher", help="SmolLM2 as .pith, for the agreement")
    parser.add_argument("--float32", help="the same model in float32, for what q8 costs")
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    model = Scorer(a.pith, a.model, a.threads)
    exact = Scorer(a.pith, a.float32, a.threads) if a.float32 else None
    for name, texts in texts_of(a.shared).items():
        bits = bits_per_byte(model, texts)
        line = f"{name:28} {bits:.4f} bits per byte"
        if exact:
            reference = bits_per_byte(exact, texts)
            line += f", float32 {reference:.4f} ({100 * (bits / reference - 1):+.2f}%)"
        print(line, flush=True)
    if a.teacher:
        teacher = Scorer(a.pith, a.teacher, a.threads)
        for name, text in agreement_texts(a.shared).items():
            pair = [scorer.words(text[:CHARACTERS]) for scorer in (model, teacher)]
            print(
                f"{name:28} {spearman(*pair):.3f} rank correlation over {len(pair[0])} words",
                flush=True,
            )


if __name__ == "__main__":
    main()
