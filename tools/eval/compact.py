"""The lines of `pith eval measure` as a compact file for report.py, without
the texts of the data sets.

usage: compact.py [METHOD=]MEASURED.jsonl... > COMPACT.jsonl

METHOD= gives all lines of a file that name: paper-aligned=FILE for what paper
does with another model.

Two kinds of lines:
  {"group", "task", "ids": [...], "tokens": [...]}
      the questions after one prompt and the tokens of their answers
  {"group", "method", "ratio", "seed", "origin_tokens", "compressed_tokens",
   "numbers", "names", "steps", "reconstruction", "dropped",
   "answers": [...]}
      one prompt through one method; answers are sums of losses in nats
Of what was measured twice, the first stays.
"""
import json
import sys


def group_of(line):
    """"gsm8k" of "gsm8k-1 paper 5 1", "navigate" of "navigate-1 ..."."""
    return line["key"].split(" ")[0].rsplit("-", 1)[0]


def read(arguments):
    for argument in arguments:
        method, _, path = argument.rpartition("=")
        with open(path) as file:
            for text in file:
                if text.endswith("\n"):  # else a run was killed here
                    line = json.loads(text)
                    yield line | {"method": method or line["method"]}


groups, lines = {}, {}
for line in read(sys.argv[1:]):
    group = group_of(line)
    ids = [answer[0] for answer in line["answers"]]
    tokens = [answer[2] for answer in line["answers"]]
    if groups.setdefault(group, (ids, tokens)) != (ids, tokens):
        sys.exit(f"{line['key']}: other questions than before, or another "
                 "tokenizer")
    seed = int(line["key"].split(" ")[-1])
    key = (group, line["method"], line["ratio"], seed)
    made = {"group": group, "method": line["method"], "ratio": line["ratio"],
            "seed": seed}
    for name in ("origin_tokens", "compressed_tokens", "numbers", "names",
                 "steps", "dropped"):
        made[name] = line.get(name)
    sums = line["reconstruction"]
    made["reconstruction"] = sums and [round(sums[0], 2), sums[1]]
    made["answers"] = [round(answer[1], 2) for answer in line["answers"]]
    lines.setdefault(key, made)

for group, (ids, tokens) in sorted(groups.items()):
    print(json.dumps({"group": group,
                      "task": "gsm8k" if group == "gsm8k" else "bbh",
                      "ids": [name.rsplit("-", 1)[1] for name in ids],
                      "tokens": tokens}, separators=(",", ":")))
for key in sorted(lines):
    print(json.dumps(lines[key], separators=(",", ":")))
