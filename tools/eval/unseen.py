#!/usr/bin/env python3
"""`reference` against microsoft/LLMLingua on requests that nobody chose.

make     writes seeded random requests in the form of docs/REQUESTS.md: other
         prompts, rates, windows, filters, rankings, tags, records, languages
         than those of the golden files
peer     runs the Python package on them, with its decisions (needs a virtual
         environment as ../shared/peers/setup.sh makes it); continues where it
         was stopped
compare  says how many of our replies decide as the package did

usage: unseen.py make [--seed 1] [--count 160] [--size 1800]
                      [--shared ../shared] > REQUESTS.jsonl
       unseen.py peer MODEL_FOLDER REQUESTS.jsonl PEER.jsonl [--float64]
                      [--shared ../shared]
       pith compress --request REQUESTS.jsonl --trace --method reference
                     --count-with ../shared/tokenizers/cl100k_base.tiktoken
                     --punkt ../shared/tokenizers/nltk_data/tokenizers/...
                     > OURS.jsonl
       unseen.py compare PEER.jsonl OURS.jsonl

--size bounds a prompt's characters.  A case is EQUAL with equal rankings, kept
ids, text and counts; it PARTED when some thresholds are equal and the lengths
differ by a hundredth at most (rounding decided a token and what follows saw
another text: tests/test_reference.c has the same rule); else it is DIFFERENT.
"""
import argparse
import base64
import json
import os
import random
import re
import sys
import time
from pathlib import Path

from unseen_texts import LANGUAGES

# --- texts -------------------------------------------------------------------


def paragraphs(path):
    return [p.strip() for p in path.read_text().split("\n\n") if p.strip()]


def long_text(shared, task):
    data = json.loads((shared / f"data/long/MiniLongBench_{task}.json").read_text())
    return [item["origin_prompt"] for item in data.values()]


class Sources:
    """Where prompts come from; every draw is the chance's."""

    def __init__(self, shared, chance, size):
        self.chance, self.size = chance, size
        self.demos = []
        for path in sorted((shared / "data/gsm8k_cot").glob("*.txt")):
            if path.name != "prompt_hardest.txt":  # the goldens' prompt
                self.demos += [p for p in paragraphs(path)
                               if p.startswith("Question")]
        self.math = [json.loads(line)["question"] for line in
                     open(shared / "data/gsm8k/train.jsonl")]
        self.long = {task: long_text(shared, task) for task in
                     ("multi_news", "qmsum", "samsum", "gov_report", "lcc",
                      "repobench-p", "qasper", "2wikimqa", "musique")}
        self.chat = [turn for line in
                     open(shared / "data/chat/mt_bench_question.jsonl")
                     for turn in json.loads(line)["turns"]]
        self.wiki = [line.strip() for line in
                     open(shared / "data/long/wiki_demo.txt")
                     if len(line) > 200]

    def cut(self, text, size):
        """Some characters of a text from a random place on."""
        at = self.chance.randrange(max(1, len(text) - size))
        return text[at:at + size]

    def contexts(self, kind):
        """One to six pieces that have the bound together."""
        n = self.chance.choice([1, 2, 3, 3, 4, 4, 5, 6])
        each = self.chance.randint(self.size // 3, self.size) // n
        if kind in LANGUAGES:
            texts = LANGUAGES[kind].split("\n\n")
            self.chance.shuffle(texts)
            return texts[:max(2, n)] if n > 1 else ["\n\n".join(texts)]
        if kind == "math":
            return self.chance.sample(self.demos, min(n, 3))
        if kind == "chat":
            return [t[:each] for t in self.chance.sample(self.chat, n)]
        if kind == "wiki":
            return [t[:each] for t in self.chance.sample(self.wiki, n)]
        text = self.chance.choice(self.long[kind])
        return [self.cut(text, each) for _ in range(n)]

    def question(self):
        return self.chance.choice(
            [self.chance.choice(self.math), self.chance.choice(self.chat)[:200],
             "Who said so, and when?", "Wie viele waren es?", "这是哪一年?"])

    def kinds(self):
        return ["math", "chat", "wiki", *self.long, *LANGUAGES]


# --- options -----------------------------------------------------------------

INSTRUCTIONS = ["Answer the question from the texts.", "Summarise in one line.",
                "Please reference the following examples to answer the math "
                "question.\n", "Übersetze ins Englische:"]


def base_options(chance, sources):
    options = {}
    if chance.random() < 0.55:
        options["rate"] = round(chance.uniform(0.08, 0.95), 2)
    else:
        options["target_token"] = chance.randint(40, 320)
    if chance.random() < 0.5:
        options["question"] = sources.question()
    if chance.random() < 0.3:
        options["instruction"] = chance.choice(INSTRUCTIONS)
    if chance.random() < 0.6:
        options["iterative_size"] = chance.choice([20, 35, 50, 64, 100, 150])
    if chance.random() < 0.4:
        options["context_budget"] = chance.choice(
            ["+0", "+20", "+150", "*1.2", "*1.5", "*2", "-20", "*2-30", "/2+90"])
    return options


def token_options(chance, options):
    if chance.random() < 0.1:
        options["use_token_level_filter"] = False
    if chance.random() < 0.2:
        options["use_context_level_filter"] = False
    if chance.random() < 0.2:
        options["keep_split"] = True
    if chance.random() < 0.15 and "question" in options:
        options["concate_question"] = False


def context_options(chance, options, n_contexts):
    if chance.random() < 0.2:
        options["force_context_ids"] = sorted(chance.sample(
            range(n_contexts), min(n_contexts, chance.randint(1, 2))))
    if chance.random() < 0.1:
        options["force_context_number"] = chance.randint(1, 3)
    if chance.random() < 0.25:
        options["reorder_context"] = chance.choice(["sort", "two_stage"])
    if chance.random() < 0.25:
        options["dynamic_context_compression_ratio"] = chance.choice(
            [0.1, 0.2, 0.3, 0.4])


def ranking_options(chance, options, sources):
    method = chance.choice(["llmlingua", "longllmlingua", "longllmlingua", "bm25"])
    options["rank_method"] = method
    if method != "llmlingua":
        options.setdefault("question", sources.question())
    if method == "bm25":  # the package's own numbers break its list of ids
        options.pop("force_context_ids", None)
    if method == "longllmlingua":
        options["condition_in_question"] = chance.choice(
            ["none", "before", "after", "before_condition", "after_condition"])
        if chance.random() < 0.4:
            options["condition_compare"] = True
        if chance.random() < 0.3 and "instruction" in options:
            options["add_instruction"] = True


def sentence_options(chance, options):
    options["use_sentence_level_filter"] = True
    for name in ("keep_first_sentence", "keep_last_sentence",
                 "keep_sentence_number"):
        if chance.random() < 0.3:
            options[name] = chance.randint(1, 3)
    if chance.random() < 0.3:
        options["high_priority_bonus"] = chance.choice([5, 50, 100])
    if chance.random() < 0.4:
        options["token_budget_ratio"] = chance.choice([1.0, 1.2, 1.6, 2.0])


# --- structure ---------------------------------------------------------------

TAGS = ["<llmlingua>", "<llmlingua, compress=False>", "<llmlingua, rate=0.2>",
        "<llmlingua, rate=0.7>", "<llmlingua, rate=0.45, compress=True>",
        "<llmlingua, compress=True>", "<llmlingua, compress=False, rate=0.3>"]


def tagged(chance, text):
    """The text in pieces, most of them within tags."""
    words = re.findall(r"\S+\s*", text) or [text]
    out, at = "", 0
    while at < len(words):
        n = chance.randint(3, max(4, len(words) // 2))
        piece, at = "".join(words[at:at + n]), at + n
        inside = chance.random() < 0.8
        out += f"{chance.choice(TAGS)}{piece}</llmlingua>" if inside else piece
    return out


def record(chance, sources):
    """A record and its configuration."""
    values = {
        "id": (chance.randint(1, 99999), "int"),
        "name": (chance.choice(["Ann Smith", "J. Öztürk", "王芳", "O'Neill, Pat"]), "str"),
        "summary": (" ".join(chance.choice(sources.wiki)[:300].split()), "str"),
        "history": ([t[:80] for t in chance.sample(sources.math, 3)], "list"),
        "score": (round(chance.uniform(0, 9), 2), "float"),
        "active": (chance.random() < 0.5, "bool"),
        "comment": (chance.choice(sources.math)[:200], "str")}
    names = chance.sample(sorted(values), chance.randint(3, 7))
    data = {name: values[name][0] for name in names}
    config = {name: {"rate": chance.choice([1, 0.9, 0.7, 0.5]),
                     "compress": values[name][1] == "str" and chance.random() < 0.8,
                     "value_type": values[name][1],
                     "pair_remove": chance.random() < 0.5} for name in names}
    return data, config


def request(number, chance, sources):
    kinds = sources.kinds()
    kind = kinds[number % len(kinds)]
    form = chance.choices(["plain", "rank", "sentence", "tags", "json"],
                          [30, 30, 20, 14, 6])[0]
    options = base_options(chance, sources)
    name = f"{number:03d} {form} {kind}"
    if form == "json":
        data, config = record(chance, sources)
        for key in ("instruction", "context_budget", "target_token"):
            options.pop(key, None)
        options["rate"] = round(chance.uniform(0.4, 0.9), 2)
        return {"name": name, "function": "compress_json", "json_data": data,
                "json_config": config, "options": options}
    contexts = sources.contexts(kind)
    token_options(chance, options)
    context_options(chance, options, len(contexts))
    if form in ("rank", "sentence") and (form == "rank" or chance.random() < 0.5):
        ranking_options(chance, options, sources)
    if form == "sentence":
        sentence_options(chance, options)
    if form == "tags":
        contexts = [tagged(chance, text) for text in contexts]
        if chance.random() < 0.3:
            options["strict_preserve_uncompressed"] = False
        if chance.random() < 0.4:
            sentence_options(chance, options)
    function = ("structured_compress_prompt" if form == "tags"
                else "compress_prompt")
    return {"name": name, "function": function, "context": contexts,
            "options": options}


def make(arguments):
    chance = random.Random(arguments.seed)
    sources = Sources(Path(arguments.shared), chance, arguments.size)
    for number in range(arguments.count):
        print(json.dumps(request(number, chance, sources), ensure_ascii=False))


# --- the package -------------------------------------------------------------

def open_package(arguments):
    """PromptCompressor without a network: GPT-3.5's ranks from a file."""
    shared = Path(arguments.shared)
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
    import nltk
    import tiktoken
    import torch
    nltk.data.path.insert(0, str(shared / "tokenizers/nltk_data"))
    ranks = {}
    for line in open(shared / "tokenizers/cl100k_base.tiktoken", "rb"):
        if line.strip():
            token, rank = line.split()
            ranks[base64.b64decode(token)] = int(rank)
    pattern = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|"
               r" ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s")
    counts = tiktoken.Encoding("cl100k_base", pat_str=pattern,
                               mergeable_ranks=ranks, special_tokens={})
    tiktoken.encoding_for_model = lambda name: counts
    from llmlingua import PromptCompressor
    torch.set_num_threads(2)
    kind = torch.float64 if arguments.float64 else torch.float32
    return PromptCompressor(arguments.model, device_map="cpu",
                            model_config={"torch_dtype": kind})


def watch(package, trace):
    """Notes what the package decides on its way."""
    def spy(name, note):
        inner = getattr(package, name)

        def outer(*args, **options):
            result = inner(*args, **options)
            note(args, result)
            return result
        setattr(package, name, outer)

    spy("get_estimate_threshold_base_distribution",
        lambda args, gamma: trace["thresholds"].append(
            [len(args[0]), float(args[1]),
             None if gamma == float("-inf") else float(gamma)]))
    spy("iterative_compress_prompt",
        lambda args, result: trace.update(kept_ids=result[0][0].tolist()))
    spy("get_rank_results",
        lambda args, ranks: trace["ranking"].append(
            [[int(i), float(score)] for i, score in ranks]))


def call(package, row):
    if row["function"] == "compress_json":
        return package.compress_json(row["json_data"], row["json_config"],
                                     **row["options"])
    return getattr(package, row["function"])(list(row["context"]),
                                             **row["options"])


def peer(arguments):
    trace = {}
    done = {row["name"] for row in read(arguments.peer)}
    package = open_package(arguments)
    watch(package, trace)
    for row in read(arguments.requests):
        if row["name"] in done:
            continue
        trace.update(thresholds=[], kept_ids=None, ranking=[])
        start = time.time()
        try:
            row["result"], row["error"] = call(package, row), None
        except Exception as error:  # whatever it is: the case is noted
            row["result"], row["error"] = None, f"{type(error).__name__}: {error}"
        row.update(trace=trace, seconds=round(time.time() - start, 2))
        with open(arguments.peer, "a") as out:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


# --- the comparison ----------------------------------------------------------

def read(path):
    lines = Path(path).read_text().splitlines() if Path(path).exists() else []
    return [json.loads(line) for line in lines]


def score_equal(want, got):
    """A context of one token has no loss: NaN there, null here."""
    return got is None if want != want else (
        got is not None and abs(want - got) <= 1e-4)


def rankings_equal(want, got):
    return len(want) == len(got) and all(
        len(w) == len(g) and all(a == b and score_equal(x, y)
                                 for (a, x), (b, y) in zip(w, g))
        for w, g in zip(want, got))


def threshold_equal(want, got):
    if want[0] != got[0] or abs(want[1] - got[1]) > 1e-9:
        return False
    if want[2] is None or got[2] is None:
        return want[2] == got[2]
    return abs(want[2] - got[2]) <= 5e-4


def result_differs(want, got):
    for name in ("compressed_prompt", "origin_tokens", "compressed_tokens",
                 "ratio", "rate"):
        if want[name] != got[name]:
            return f"{name}: {want[name]!r}, ours {got[name]!r}"
    return ""


def verdict(want, got):
    """What a pair is, and why."""
    if want["error"]:
        ours = "ours refuses: " + got["error"] if got["error"] else "ours answers"
        return "PACKAGE FAILS", f"{want['error']} ({ours})"
    if got["error"]:
        return "DIFFERENT", got["error"]
    theirs, ours = want["trace"], got["trace"]
    if not rankings_equal(theirs["ranking"], ours["ranking"]):
        return "DIFFERENT", f"ranking {theirs['ranking']}, ours {ours['ranking']}"
    a, b = theirs["kept_ids"], ours["kept_ids"]
    if (a is None) != (b is None):
        return "DIFFERENT", "only one has kept ids"
    a, b = a or [], b or []
    pairs = list(zip(theirs["thresholds"], ours["thresholds"]))
    n = next((i for i, p in enumerate(pairs) if not threshold_equal(*p)), len(pairs))
    if a == b and len(theirs["thresholds"]) == len(ours["thresholds"]) == n:
        why = result_differs(want["result"], got["result"])
        return ("DIFFERENT", why) if why else ("EQUAL", "")
    same = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y),
                min(len(a), len(b)))
    why = (f"{same} of {len(a)} kept ids (ours {len(b)}), {n} of "
           f"{len(theirs['thresholds'])} thresholds equal"
           + (f"; then {pairs[n]}" if n < len(pairs) else ""))
    near = n > 0 and abs(len(a) - len(b)) <= len(a) / 100
    return ("PARTED" if near else "DIFFERENT"), why


def compare(arguments):
    ours = {row["name"]: row for row in read(arguments.ours)}
    counts = {}
    for row in read(arguments.peer):
        if row["name"] not in ours:
            continue
        found, why = verdict(row, ours[row["name"]])
        counts[found] = counts.get(found, 0) + 1
        if found != "EQUAL":
            print(f"{row['name']}: {found}: {why[:300]}")
    print(", ".join(f"{n} {found}" for found, n in sorted(counts.items())))
    sys.exit(1 if counts.get("DIFFERENT") else 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("make")
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--count", type=int, default=160)
    command.add_argument("--size", type=int, default=1800)
    command.add_argument("--shared", default="../shared")
    command = commands.add_parser("peer")
    for name in ("model", "requests", "peer"):
        command.add_argument(name)
    command.add_argument("--float64", action="store_true")
    command.add_argument("--shared", default="../shared")
    command = commands.add_parser("compare")
    for name in ("peer", "ours"):
        command.add_argument(name)
    arguments = parser.parse_args()
    {"make": make, "peer": peer, "compare": compare}[arguments.command](arguments)


if __name__ == "__main__":
    main()
