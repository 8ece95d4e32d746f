"""Turns prompts.json into sampling jobs, and sampled text into layouts.

make() fills a template with words of the lists; a job is the texts that are
forced, turn by turn, between what the model writes.  layout() replaces the
chat markup of SmolLM2 by the layouts that prompts really have.
"""

import json
import re

PROPER = 0.6  # of the named subjects; the others are common nouns
SYSTEM_START = 9690  # the token "system"
ROLE = re.compile(r"<\|im_start\|>(system|user|assistant)\n?")
REPLY = "\n<|im_start|>assistant\n"
LISTS = {
    "s": "subjects",
    "s2": "subjects",
    "work": "works",
    "t": "topics",
    "t2": "topics",
    "a": "audiences",
    "style": "styles",
    "n": "names",
    "n2": "names",
    "n3": "names",
    "l": "surnames",
    "l2": "surnames",
    "p": "places",
    "o": "organisations",
    "pr": "products",
    "g": "genres",
    "lang": "languages",
    "c": "code",
    "th": "things",
    "w": "words",
    "day": "days",
    "mon": "months",
}


def load(path, subjects):
    """The prompt bank, and the named subjects that subjects.py took from WordNet"""
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    with open(subjects, encoding="utf-8") as file:
        data["named"] = json.load(file)
    return data


def fill(template, data, rng):
    """Replaces {word}: a word of a list, its capitalised form, or a number."""
    capital = lambda s: s[:1].upper() + s[1:]
    kind = "proper" if rng.random() < PROPER else "common"
    subject, opening = rng.choice(data["named"][kind])

    def word(match):
        name = match.group(1)
        if name in ("name", "opening"):
            return subject if name == "name" else opening
        if name in ("num", "d", "age", "star", "yr"):
            low, high = dict(num=(3, 400), d=(2, 15), age=(5, 28), star=(1, 5), yr=(1790, 2010))[
                name
            ]
            return str(rng.randint(low, high))
        if name == "src":
            return rng.choice(["AP", "Reuters", "staff"])
        if name == "W":
            return capital(rng.choice(data["lists"]["words"])) + rng.choice(
                ["Queue", "Item", "Parser"]
            )
        if name in ("S", "T", "P"):
            return capital(rng.choice(data["lists"][LISTS[name.lower()]]))
        return rng.choice(data["lists"][LISTS[name]])

    return re.sub(r"\{(\w+)\}", word, template)


def make(data, rng):
    """-> ([text of a forced turn], temperature, smallest probability, most tokens)"""
    groups = data["groups"]
    group = rng.choices(list(groups.values()), [g["share"] for g in groups.values()])[0]
    text = fill(rng.choice(group["templates"]), data, rng)
    manner = group["temperature"], rng.choice(group["min_p"]), rng.choice([300, 450, 600, 900])
    if group["start"] == "text":
        return (["<|endoftext|>" + text.rstrip(" ")], *manner)
    system = data["systems"][0 if rng.random() < 0.6 else rng.randrange(len(data["systems"]))]
    chat = f"<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n{text}"
    if group["start"] == "question":  # the model completes it first
        turns = [chat, REPLY]
    else:
        turns = [chat + "<|im_end|>" + REPLY]
    if rng.random() < 0.2:
        follow = fill(rng.choice(data["follow"]), data, rng)
        turns += [f"\n<|im_start|>user\n{follow}<|im_end|>{REPLY}"]
    return (turns, *manner)


LAYOUTS = [
    ("", "\n\n", 30),
    ("### Instruction:\n", "\n\n### Response:\n", 14),
    ("Question: ", "\nAnswer: ", 10),
    ("Question: ", "\nLet's think step by step\n", 10),
    ("Q: ", "\nA: ", 8),
    ("Q: ", "\nA: Let's think step by step.\n", 6),
    ("User: ", "\nAssistant: ", 12),
    ("Human: ", "\n\nAssistant: ", 5),
]


def layout(text, rng):
    """Sampled text with chat markup -> a document without"""
    text = text.replace("<|endoftext|>", "").split("<|im_start|>", 1)
    if len(text) == 1:
        return text[0].replace("<|im_end|>", "").strip()
    pieces = ROLE.split("<|im_start|>" + text[1].replace("<|im_end|>", ""))[1:]
    turns = [(role, said.strip()) for role, said in zip(pieces[::2], pieces[1::2])]
    turns = [turn for turn in turns if turn[0] != "system" and turn[1]]
    if len(turns) < 2:
        return turns[0][1] if turns else ""
    if len(turns) == 2 and len(turns[1][1]) > 600 and rng.random() < 0.6:
        return turns[1][1]  # the article alone
    asks, answers, _ = rng.choices(LAYOUTS, [l[2] for l in LAYOUTS])[0]
    if len(turns) > 2 and not asks:
        asks, answers = "User: ", "\nAssistant: "
    gap = "" if len(turns) == 2 else "\n" + rng.choice(["", "\n"])
    return gap.join((asks if role == "user" else answers) + said for role, said in turns).strip()
