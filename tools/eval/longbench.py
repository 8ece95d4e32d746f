#!/usr/bin/env python3
"""Share of gold answers that survive in the documents of compressed questions.

MiniLongBench's hotpotqa and musique (LongBench's form: "Passage N:"), every
passage a context, by four methods at equal token counts: paper with
question_aware, reference with rank_method longllmlingua, plain paper, and
random dropping of the documents' tokens.  reference does not meet its targets,
so it goes first: it is asked again with a scaled target until it is within 3
per cent of the rate (three times at most), and the others are given its count.

An answer survives when what is left of the documents, without the question,
has its words in a row, lower case, without articles.  As in SQuAD punctuation
does not count; but it does separate words.  Questions whose answer the documents do not have
(yes, no, or spelled otherwise) are left out.

usage: longbench.py --out RUN.jsonl [--pith build/pith] [--model M]
                    [--precision auto] [--threads N]
                    [--data ../shared/data/long] [--tasks hotpotqa,musique]
                    [--rate 0.25] [--excerpt BYTES] [--trials N]
                    [--methods aware,...] [--options JSON]
       longbench.py --table RUN.jsonl...

A run appends a line for every answer and continues where it was stopped.  With
--excerpt every passage is cut to that many characters, those around the answer
where it has one; further --trials take others, with the answer anywhere in
them, and another order of the passages.  --options are more options of
question_aware.  The task nq makes multi-document questions of nq-open-oracle
(--count of them, drawn by --seed): a set to develop on.  --table prints shares
with 95% intervals (Wilson; with trials, bootstrap over the questions) and, by
bootstrap over the questions, the difference from question_aware.
"""
import argparse
import gzip
import json
import math
import random
import re
import subprocess
from collections import Counter
from pathlib import Path

METHODS = {"reference": "`reference`, longllmlingua",
           "aware": "`paper`, question-aware", "paper": "`paper`",
           "random": "random tokens"}


# --- questions ---------------------------------------------------------------

def words(text):
    """Words of a text, without articles."""
    return [w for w in re.findall(r"\w+", text.lower())
            if w not in ("a", "an", "the")]


def survives(answers, text):
    row = " " + " ".join(words(text)) + " "
    return any(f" {' '.join(words(answer))} " in row for answer in answers)


def passages(prompt):
    """(contexts, question) of a LongBench prompt."""
    start = prompt.index("Passage 1:")
    end = prompt.rindex("\n\nAnswer the question based on")
    question = prompt[prompt.rindex("Question:"):]
    question = re.sub(r"\s*Answer:\s*$", "", question)
    parts = re.split(r"(?=^Passage \d+:)", prompt[start:end], flags=re.M)
    return [part.strip() for part in parts if part.strip()], question.strip()


def excerpt(passage, answers, size, chance):
    """Whole words of a passage: about an answer, or from its beginning; with a
    chance, with the answer anywhere, or from anywhere on."""
    found = [passage.lower().find(answer.lower()) for answer in answers]
    answer_at = min((i for i in found if i >= 0), default=None)
    if chance is None:
        at = max(0, (answer_at or 0) - size // 2)
    elif answer_at is None:
        at = chance.randrange(max(1, len(passage) - size))
    else:
        at = max(0, answer_at - chance.randrange(size * 9 // 10))
    at = 0 if at == 0 else passage.find(" ", at) + 1
    if at + size >= len(passage):
        return passage[at:]
    return passage[at:passage.rfind(" ", at, at + size)]


def trials_of(name, contexts, answers, arguments):
    """(name, contexts): as they are, then other excerpts in other orders."""
    size = arguments.excerpt
    for trial in range(arguments.trials):
        chance = random.Random(f"{name} {trial}") if trial > 0 else None
        cut = [excerpt(c, answers, size, chance) if size else c
               for c in contexts]
        if chance is not None:
            chance.shuffle(cut)
        yield (f"{name} trial {trial}" if trial > 0 else name), cut


def longbench_questions(task, arguments):
    path = Path(arguments.data) / f"MiniLongBench_{task}.json"
    for name, item in json.loads(path.read_text()).items():
        gold = item["gold"]
        answers = gold if isinstance(gold, list) else [gold]
        contexts, question = passages(item["origin_prompt"])
        if words(answers[0]) in (["yes"], ["no"]):
            continue
        for trial, cut in trials_of(f"{task} {name}", contexts, answers,
                                    arguments):
            if survives(answers, "\n\n".join(cut)):
                yield trial, cut, question, answers


def relatedness(items):
    """How much of a question's rare words a text has."""
    texts = [set(words(text)) for _, text, _ in items]
    counts = Counter(word for text in texts for word in text)

    def score(question, i):
        return sum(math.log(len(items) / counts[word])
                   for word in set(words(question)) & texts[i])
    return score


def nq_questions(arguments, n_documents=10):
    """Natural Questions: the document with the answer, five that share words
    with the question, four others; none of these has the answer."""
    items = []
    with gzip.open(Path(arguments.data) / "nq-open-oracle.jsonl.gz", "rt") as f:
        for row in map(json.loads, f):
            context = row["ctxs"][0]
            items.append((row["question"],
                          f"{context['title']}\n{context['text']}",
                          row["answers"]))
    score = relatedness(items)
    chance = random.Random(arguments.seed)
    order = chance.sample(range(len(items)), len(items))
    for at in order[:arguments.count]:
        question, gold, answers = items[at]
        if not survives(answers, gold):
            continue
        near = sorted(range(len(items)), key=lambda i: -score(question, i))
        others = [i for i in near[:25] + chance.sample(near, 25)
                  if i != at and not survives(answers, items[i][1])]
        near = others[:5]
        far = [i for i in others[-20:] if i not in near][:n_documents - 6]
        contexts = [gold] + [items[i][1] for i in near + far]
        chance.shuffle(contexts)
        yield f"nq {at}", contexts, f"Question: {question}?", answers


def questions(task, arguments):
    return (nq_questions(arguments) if task == "nq"
            else longbench_questions(task, arguments))


# --- methods -----------------------------------------------------------------

class Pith:
    """One `pith compress --request -`, model loaded once."""

    def __init__(self, arguments):
        self.program = arguments.pith
        self.model = ["-m", arguments.model] if arguments.model else []
        self.process = subprocess.Popen(
            [self.program, "compress", "--request", "-", "-q", *self.model,
             "--precision", arguments.precision]
            + (["-t", arguments.threads] if arguments.threads else []),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def compress(self, contexts, question, **options):
        options["question"] = question
        request = {"context": contexts, "options": options}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline())
        if reply["error"]:
            raise SystemExit(f"longbench: {reply['error']}")
        return reply["result"]

    def pieces(self, text):
        command = [self.program, "tokenize", "--format", "json", *self.model]
        reply = subprocess.run(command, input=json.dumps({"text": text}) + "\n",
                               capture_output=True, text=True, check=True)
        return json.loads(reply.stdout)["pieces"]


def by_reference(pith, contexts, question, target):
    asked, best = float(target), None
    for _ in range(3):
        result = pith.compress(
            contexts, question, method="reference", target_token=asked,
            rank_method="longllmlingua",
            condition_in_question="after_condition", condition_compare=True,
            reorder_context="sort", dynamic_context_compression_ratio=0.3)
        n = result["compressed_tokens"]
        if best is None or abs(n - target) < abs(best[1] - target):
            text = result["compressed_prompt"]
            assert text.endswith(question)
            best = text[:-len(question)], n
        if abs(n - target) <= 0.03 * target:
            break
        asked = max(1.0, asked * target / n)
    return best


def by_paper(pith, contexts, question, target, **options):
    result = pith.compress(contexts, question, method="paper",
                           target_token=target, spans=True, **options)
    left = [""] * len(contexts)
    for span in result["spans"]:
        if span["part"] == "context":
            whole = contexts[span["index"]].encode()
            left[span["index"]] += whole[span["start"]:span["end"]].decode()
    return "\n\n".join(filter(None, left)), result["compressed_tokens"]


def by_chance(pith, contexts, question, target):
    pieces = pith.pieces("\n\n".join(contexts))
    n = target - len(pith.pieces(question))
    chosen = random.Random(question).sample(range(len(pieces)), n)
    return "".join(pieces[i] for i in sorted(chosen)), target


def apply(method, pith, contexts, question, target, options):
    if method == "reference":
        return by_reference(pith, contexts, question, target)
    if method == "random":
        return by_chance(pith, contexts, question, target)
    if method == "paper":
        return by_paper(pith, contexts, question, target)
    return by_paper(pith, contexts, question, target, question_aware=True,
                    **options)


# --- the run -----------------------------------------------------------------

def read(path):
    lines = Path(path).read_text().splitlines() if Path(path).exists() else []
    return [json.loads(line) for line in lines]


def run(arguments):
    done = {(row["name"], row["method"]): row for row in read(arguments.out)}
    pith = Pith(arguments)
    items = [item for task in arguments.tasks.split(",")
             for item in questions(task, arguments)]
    items.sort(key=lambda item: sum(map(len, item[1])))
    for name, contexts, question, answers in items:
        n_all = len(pith.pieces("\n\n".join([*contexts, question])))
        for method in arguments.methods.split(","):
            if (name, method) in done:
                continue
            equal = done.get((name, "reference"))
            target = equal["tokens"] if equal else round(arguments.rate * n_all)
            text, n = apply(method, pith, contexts, question, target,
                            arguments.options)
            row = {"name": name, "method": method, "tokens": n,
                   "all_tokens": n_all, "answers": answers,
                   "document_tokens": len(pith.pieces(text)),
                   "survives": survives(answers, text), "documents": text}
            done[name, method] = row
            with open(arguments.out, "a") as out:
                out.write(json.dumps(row) + "\n")


# --- the table ---------------------------------------------------------------

def wilson(k, n, z=1.96):
    middle = (k + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(k * (n - k) / n + z * z / 4)
    return max(0, middle - half), min(1, middle + half)


def question_of(name):
    """Trials of one question stand or fall together."""
    return name.split(" trial")[0]


def bootstrap(names, values, rounds=5000):
    """95% of the mean when questions, with all their trials, are drawn."""
    sums = {}
    for name, value in zip(names, values):
        total, n = sums.get(question_of(name), (0, 0))
        sums[question_of(name)] = total + value, n + 1
    chance, sums, means = random.Random(1), list(sums.values()), []
    for _ in range(rounds):
        drawn = chance.choices(sums, k=len(sums))
        means.append(sum(t for t, _ in drawn) / sum(n for _, n in drawn))
    means.sort()
    return means[rounds // 40], means[-rounds // 40 - 1]


def interval(names, survived):
    """Wilson's, or by bootstrap where questions have several trials."""
    if len({question_of(name) for name in names}) == len(names):
        return wilson(sum(survived), len(survived))
    return bootstrap(names, survived)


def table(paths):
    rows = {(row["name"], row["method"]): row
            for path in paths for row in read(path)}
    for row in rows.values():
        row["survives"] = survives(row["answers"], row["documents"])
    methods = [m for m in METHODS if any(key[1] == m for key in rows)]
    names = sorted({name for name, _ in rows
                    if all((name, m) in rows for m in methods)})
    groups = sorted({name.split()[0] for name in names})
    print("| questions | method | answers that survive | 95% | "
          "question-aware ahead by | 95% | tokens | of | ratio |")
    print("|---|---|---|---|---|---|---|---|---|")
    for group in groups + (["all"] if len(groups) > 1 else []):
        chosen = [n for n in names if group in ("all", n.split()[0])]
        for method in methods:
            kept = [rows[name, method] for name in chosen]
            survived = [row["survives"] for row in kept]
            k, n = sum(survived), len(kept)
            low, high = interval(chosen, survived)
            lead = [rows[name, "aware"]["survives"] -
                    rows[name, method]["survives"] for name in chosen]
            a, b = bootstrap(chosen, lead)
            tokens = sum(row["tokens"] for row in kept) / n
            whole = sum(row["all_tokens"] for row in kept) / n
            ahead = ("| | |" if method == "aware" else
                     f"| {sum(lead) / n:+.0%} | {a:+.0%} to {b:+.0%} |")
            n_questions = len({question_of(name) for name in chosen})
            of = f"{n}" if n == n_questions else f"{n_questions}, {n} trials"
            print(f"| {group} ({of}) | {METHODS[method]} | {k / n:.0%} | "
                  f"{low:.0%} to {high:.0%} {ahead} {tokens:.0f} | "
                  f"{whole:.0f} | {whole / tokens:.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out")
    parser.add_argument("--table", nargs="+")
    parser.add_argument("--pith", default="build/pith")
    parser.add_argument("--model")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--threads")
    parser.add_argument("--data", default="../shared/data/long")
    parser.add_argument("--tasks", default="hotpotqa,musique")
    parser.add_argument("--rate", type=float, default=0.25)
    parser.add_argument("--excerpt", type=int, default=0)
    parser.add_argument("--trials", type=int, default=1)
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--options", default="{}", type=json.loads)
    parser.add_argument("--methods", default=",".join(METHODS))
    arguments = parser.parse_args()
    if arguments.table:
        table(arguments.table)
    elif arguments.out:
        run(arguments)
    else:
        parser.error("--out or --table is needed")


if __name__ == "__main__":
    main()
