"""Subjects of encyclopedia text, from WordNet 3.0 (Debian's wordnet-base).

    python3 subjects.py --wordnet /usr/share/wordnet --shared ../shared --out subjects.json

Writes {"proper": [[name, opening sentence]], "common": ...}: "Aalborg",
"Aalborg is a city and port in northern Jutland."  The sampler continues from these
true beginnings.
A name that is at the beginning of one of the evaluation's Wikipedia
extracts is left out.  WordNet's licence allows any use with its notice.
"""

import argparse
import json
import os
import re

PERSON = "18"  # WordNet's file of the synset
DATES = re.compile(r"\s*\((?:born in )?(?:circa )?(\d{3,4})-?(\d{3,4})?\)")
ARTICLE = re.compile(r"(an?|the|any|one|some|someone|something|all) ")


def with_article(text):
    return text if ARTICLE.match(text) else ("an " if text[0] in "aeiouAEIOU" else "a ") + text


def opening(name, gloss, person):
    """-> a first sentence"""
    dates = DATES.search(gloss)
    gloss = DATES.sub("", gloss).strip()
    if person:
        years = f" ({dates[1]}–{dates[2]})" if dates and dates[2] else ""
        return f"{name}{years} was {with_article(gloss)}."
    return f"{name} is {gloss}."


def subjects(path):
    """-> kind, name, opening sentence of each noun with a definition to begin with"""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("  "):
                continue  # the licence
            data, _, gloss = line.partition(" | ")
            fields = data.split()
            words = [w.replace("_", " ") for w in fields[4 : 4 + 2 * int(fields[3], 16) : 2]]
            gloss = re.sub(r"^\([^)]*\)\s*", "", gloss.split(";")[0].split(":")[0].strip())
            name = max(words, key=len)
            if len(gloss) < 12 or '"' in gloss:
                continue
            if " @i " in data:  # an instance of something
                yield "proper", name, opening(name, gloss, fields[1] == PERSON)
            elif ARTICLE.match(gloss):
                name = name[0].upper() + name[1:]
                yield "common", name, opening(with_article(name).capitalize(), gloss, False)


def evaluated(shared):
    """The beginnings of the Wikipedia extracts, in lower case"""
    path = shared + "/models/default/recipe/eval_texts.json"
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return "\n".join(t[:60].lower() for t in json.load(file)["Wikipedia extracts"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("wordnet", "shared", "out"):
        parser.add_argument("--" + name, required=True)
    a = parser.parse_args()
    held_out = evaluated(a.shared)
    found = {"proper": [], "common": []}
    for kind, name, sentence in subjects(a.wordnet + "/data.noun"):
        if name.lower() not in held_out:
            found[kind].append((name, sentence))
    with open(a.out, "w", encoding="utf-8") as out:
        json.dump(found, out, ensure_ascii=False)
    print({kind: len(names) for kind, names in found.items()})


if __name__ == "__main__":
    main()
