#!/usr/bin/env python3
"""What alignment did: a model before and after `pith align`, beside a target.

For held-out records (JSONL as `pith align` reads it) every model scores the
text that the Alpaca template makes of a record.  Printed for each model: the
perplexity of the answers' words, and Spearman's rank correlation of their
losses with the target's.  A word's loss is the sum over the tokens that start
in it, so that models with different tokenizers can be compared.

With --chat the target reads a record as it does when it is asked: in ChatML,
with this system message.  Its losses then are those of the distribution that
its answers are drawn from, y^LLM of eq. 8.

usage: align_effect.py PITH TARGET.pith MODEL.pith... --records RECORDS.jsonl...
                       [--chat SYSTEM_MESSAGE]
"""
import argparse
import json
import math
import re
import subprocess

HEAD = ("Below is an instruction that describes a task. Write a response that "
        "appropriately completes the request.")
HEAD_INPUT = ("Below is an instruction that describes a task, paired with an "
              "input that provides further context. Write a response that "
              "appropriately completes the request.")
MAX_CHARACTERS = 1200  # of an answer


def parts(record):
    """Instruction, input, answer."""
    if "question" in record:
        made = record["question"], "", record["answer"]
    else:
        made = (record["instruction"], record.get("input", ""),
                record["output"])
    return *made[:2], made[2][:MAX_CHARACTERS]


def alpaca(record):
    """The text up to the answer, and the answer."""
    ask, given, answer = parts(record)
    text = f"{HEAD_INPUT if given else HEAD}\n\n### Instruction:\n{ask}"
    if given:
        text += f"\n\n### Input:\n{given}"
    return text + "\n\n### Response:", answer


def chatml(record, system):
    ask, given, answer = parts(record)
    ask += "\n\n" + given if given else ""
    turns = (("system", system), ("user", ask))
    text = "".join(f"<|im_start|>{role}\n{content}<|im_end|>\n"
                   for role, content in turns)
    return text + "<|im_start|>assistant\n", answer


def scores(pith, model, texts):
    """For each text its pieces and their losses."""
    requests = "".join(
        json.dumps({"name": i, "function": "score", "text": text}) + "\n"
        for i, text in enumerate(texts))
    replies = subprocess.run([pith, "serve", "--stdio", "-q", "-m", model],
                             input=requests, capture_output=True, text=True,
                             check=True).stdout
    return [json.loads(line)["result"]["tokens"]
            for line in replies.splitlines()]


def word_losses(prompt, answer, tokens):
    """The loss of each word of the answer.  A piece that is no UTF-8 on its own
    shows U+FFFD: its place is that of the tokens around it, near enough."""
    starts = [m.start() + len(prompt) for m in re.finditer(r"\S+", answer)]
    losses = [0.0] * len(starts)
    at, word = 0, -1
    for token in tokens:
        end = at + len(token["piece"])
        first = at + len(token["piece"]) - len(token["piece"].lstrip())
        while word + 1 < len(starts) and starts[word + 1] <= first:
            word += 1
        if word >= 0 and end > starts[0]:
            losses[word] += token["loss"]
        at = end
    return losses


def ranks(values):
    """Ranks from 1, equal values sharing their mean rank."""
    order = sorted(range(len(values)), key=values.__getitem__)
    out = [0.0] * len(values)
    i = 0
    while i < len(order):
        j = i
        while j < len(order) and values[order[j]] == values[order[i]]:
            j += 1
        for k in order[i:j]:
            out[k] = (i + j + 1) / 2
        i = j
    return out


def spearman(a, b):
    a, b = ranks(a), ranks(b)
    mean = (len(a) + 1) / 2
    top = sum((x - mean) * (y - mean) for x, y in zip(a, b))
    return top / math.sqrt(sum((x - mean) ** 2 for x in a) *
                           sum((y - mean) ** 2 for y in b))


def losses_of(pith, model, pairs):
    """Of the words of all answers, one after the other."""
    texts = [prompt + answer for prompt, answer in pairs]
    losses = []
    for (prompt, answer), tokens in zip(pairs, scores(pith, model, texts)):
        losses += word_losses(prompt, answer, tokens)
    return losses


def report(path, model, losses, target, n_bytes):
    print(f"{path}\t{model}\t{len(losses)} words\t"
          f"perplexity of a word {math.exp(sum(losses) / len(losses)):.2f}"
          f"\tbits per byte {sum(losses) / math.log(2) / n_bytes:.4f}"
          f"\tSpearman {spearman(losses, target):.4f}", flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pith")
    parser.add_argument("target")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--records", nargs="+", required=True)
    parser.add_argument("--chat", metavar="SYSTEM_MESSAGE")
    arguments = parser.parse_args()
    for path in arguments.records:
        with open(path, encoding="utf-8") as file:
            records = [json.loads(line) for line in file]
        pairs = [alpaca(record) for record in records]
        n_bytes = sum(len(answer.encode()) for _, answer in pairs)
        target = losses_of(
            arguments.pith, arguments.target,
            pairs if arguments.chat is None else
            [chatml(record, arguments.chat) for record in records])
        report(path, arguments.target, target, target, n_bytes)
        for model in arguments.models:
            report(path, model, losses_of(arguments.pith, model, pairs),
                   target, n_bytes)


main()
