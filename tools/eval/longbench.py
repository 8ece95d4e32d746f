#!/usr/bin/env python3
"""Share of gold answers that survive compression of multi-document questions.

For every question of MiniLongBench's hotpotqa and musique: the passages as
contexts, compressed to a quarter, by four methods at equal token counts:
paper with question_aware, reference (longllmlingua), plain paper, and random
dropping of tokens.  An answer survives when the compressed contexts contain
it (letter case and runs of spaces aside).

usage: longbench.py [--pith build/pith] [--model M] [--data ../shared/data/long]
                    [--rate 0.25] [--limit N]

Counts are those of the scoring model.  reference does not meet its targets,
so it is asked again, with a target scaled by what it returned, until it is
within 3 per cent (five times at most); the counts are printed.
"""
import argparse
import json
import random
import re
import subprocess
from pathlib import Path

TASKS = ("hotpotqa", "musique")


def passages(prompt):
    """(contexts, question) of a LongBench prompt."""
    start = prompt.index("Passage 1:")
    end = prompt.rindex("\n\nAnswer the question based on")
    question = prompt[prompt.rindex("Question:"):]
    question = re.sub(r"\s*Answer:\s*$", "", question)
    parts = re.split(r"(?=^Passage \d+:)", prompt[start:end], flags=re.M)
    return [part.strip() for part in parts if part.strip()], question.strip()


def read(folder, task):
    data = json.loads((Path(folder) / f"MiniLongBench_{task}.json").read_text())
    for item in data.values():
        gold = item["gold"]
        answers = gold if isinstance(gold, list) else [gold]
        contexts, question = passages(item["origin_prompt"])
        yield contexts, question, [str(answer) for answer in answers]


class Pith:
    """One `pith compress --request -`, model loaded once."""

    def __init__(self, program, model):
        command = [program, "compress", "--request", "-", "-q"]
        command += ["-m", model] if model else []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def __call__(self, contexts, **options):
        request = {"context": contexts, "options": options}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline())
        if reply["error"]:
            raise SystemExit(reply["error"])
        return reply["result"]


def reference(pith, contexts, question, target):
    asked = float(target)
    for _ in range(5):
        result = pith(contexts, question=question, method="reference",
                      target_token=asked, rank_method="longllmlingua",
                      condition_in_question="after_condition",
                      condition_compare=True, reorder_context="sort",
                      dynamic_context_compression_ratio=0.3)
        n = result["compressed_tokens"]
        if abs(n - target) <= 0.03 * target:
            break
        asked = max(1.0, asked * target / n)
    return result["compressed_prompt"], n


def random_text(program, model, text, target, seed):
    """Tokens of text chosen at random, in their order."""
    command = [program, "tokenize", "--format", "json"]
    command += ["-m", model] if model else []
    reply = subprocess.run(command, input=json.dumps({"text": text}) + "\n",
                           capture_output=True, text=True, check=True)
    pieces = json.loads(reply.stdout)["pieces"]
    chosen = random.Random(seed).sample(range(len(pieces)),
                                        min(target, len(pieces)))
    return "".join(pieces[i] for i in sorted(chosen)), len(chosen)


def survives(answers, text, question):
    def plain(string):
        return " ".join(string.lower().split())
    # The question is no place to find the answer in.
    text = plain(text).replace(plain(question), " ")
    return any(plain(answer) in text for answer in answers)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pith", default="build/pith")
    parser.add_argument("--model")
    parser.add_argument("--data", default="../shared/data/long")
    parser.add_argument("--rate", type=float, default=0.25)
    parser.add_argument("--limit", type=int, default=10**9)
    arguments = parser.parse_args()
    pith = Pith(arguments.pith, arguments.model)
    for task in TASKS:
        hits, tokens, n, skipped = {}, {}, 0, 0
        for contexts, question, answers in read(arguments.data, task):
            if n == arguments.limit:
                break
            whole = "\n\n".join(contexts)
            if not survives(answers, whole, question):
                skipped += 1  # yes, no, or spelled otherwise
                continue
            n += 1
            aware = pith(contexts, question=question, rate=arguments.rate,
                         question_aware=True)
            target = aware["compressed_tokens"]
            plain = pith(contexts, question=question, target_token=target)
            results = {
                "paper, question-aware": (aware["compressed_prompt"], target),
                "reference, longllmlingua": reference(pith, contexts, question,
                                                      target),
                "paper": (plain["compressed_prompt"],
                          plain["compressed_tokens"]),
                "random": random_text(arguments.pith, arguments.model,
                                      whole + "\n\n" + question, target, n)}
            for name, (text, count) in results.items():
                hits[name] = hits.get(name, 0) + survives(answers, text,
                                                          question)
                tokens[name] = tokens.get(name, 0) + count
        print(f"{task}: {n} questions, {skipped} without their answer in the "
              "passages left out")
        for name in hits:
            print(f"  {name:26} {hits[name] / n:6.1%}  "
                  f"{tokens[name] / n:8.0f} tokens", flush=True)


if __name__ == "__main__":
    main()
