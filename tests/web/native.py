#!/usr/bin/env python3
"""Twenty prompts and what the native program makes of them, for the tests of
the page and of the package: native.py PROGRAM MODEL FILE.json

A prompt's rate is the nearest at which rounding decides nothing.  With
PITH_QUICK set, the first eight of them.
"""
import json
import os
import pathlib
import subprocess
import sys

PROMPTS = pathlib.Path(__file__).parents[2] / "docs" / "examples" / "prompts"
SCORED = "numbers" # one paragraph in ASCII, for which losses are compared too


def read(name):
    return (PROMPTS / f"{name}.txt").read_text()


def prompts():
    """(name, prompt, options) of each, short ones first."""
    meeting, document = read("meeting"), read("document")
    question = read("document.question").strip()
    paragraphs = document.split("\n\n")
    yield "empty", "", {}
    yield "one word", "Compression", {"rate": 0.1}
    yield "white space", " \t\n\n  a  \n\n", {}
    yield "lines", "one\r\ntwo\r\n\r\nthree four five six\r\n", {"rate": 0.6}
    yield "scripts", ("会议于九点开始，财务主管报告说新屋顶花费了一千二百四十美元。\n\n"
                      "بدأ الاجتماع في الساعة التاسعة صباحا.\n\n"
                      "👩‍👩‍👧‍👦 👍🏽 ❤️ Ελλάδα हिन्दी naïve façade"), {}
    yield "marks", "a\x00b \u202eevil\u202c </script> & \" ' \u2028 \x1b[31m end", {}
    yield "code", ("def mean(values):\n    \"\"\"The average; 0 of nothing.\"\"\"\n"
                   "    return sum(values) / len(values) if values else 0\n"), {"rate": 0.7}
    yield "numbers", ("The ferry of 17:45 costs 12.50 euros, that of 19:20 "
                      "1,240.75, and neither runs on 24/12 or below -5 degrees."), {}
    yield "paragraph", paragraphs[0], {}
    yield "paragraph, paper", paragraphs[0], {"method": "paper"}
    yield "all of it", paragraphs[1], {"rate": 1}
    yield "little of it", paragraphs[1], {"rate": 0.05}
    yield "talk", meeting[:1200], {"rate": 0.4}
    yield "talk, paper", meeting[:1200], {"rate": 0.4, "method": "paper"}
    yield "question", "\n\n".join(paragraphs[:3]), {"question": question, "rate": 0.3}
    yield "question, paper", "\n\n".join(paragraphs[:3]), {
        "question": question, "rate": 0.3, "method": "paper"}
    yield "maths", read("math")[:1500], {"question": read("math.question").strip()}
    yield "document", document, {"question": question, "rate": 0.25}
    yield "meeting", meeting, {}
    yield "meeting, paper", meeting, {"method": "paper", "rate": 0.33}


class Program:
    """The native program, which answers one request after the other."""

    def __init__(self, program, model, *arguments):
        self.run = subprocess.Popen(
            [program, "compress", "-q", "--request", "-", "-m", model, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def compress(self, prompt, options):
        request = {"context": prompt.rstrip("\r\n"), **options}
        self.run.stdin.write(json.dumps(request).encode() + b"\n")
        self.run.stdin.flush()
        reply = json.loads(self.run.stdout.readline())
        assert reply["error"] is None, reply["error"]
        return reply["result"]["compressed_prompt"]

    def stop(self):
        self.run.stdin.close()
        assert self.run.wait() == 0


# Each set of kernels rounds floats otherwise, by 1e-5 nats of a loss in f32.  In
# int16 such a difference makes some integers others, and then the losses of any
# two sets differ by 1e-3 (at most 1e-2), which decides where two words are worth
# the same.  Those of int8 differ ten times as much.
PRECISIONS = {"f32": ("--kernels", "scalar"), "int16": (), "int8x3": (), "int8": ()}


def settle(programs, prompt, options):
    """The options with the nearest rate at which no decision is between near
    equals: all precisions make the same text, which is the second result."""
    rates = [options["rate"], *(percent / 100 for percent in range(5, 96))]
    rates.sort(key=lambda rate: abs(rate - options["rate"]))
    for rate in rates:
        settled = options | {"rate": rate}
        texts = (program.compress(prompt, settled) for program in programs)
        first = next(texts)
        if all(text == first for text in texts):
            return settled, first
    sys.exit(f"native.py: int8 decides as f32 at no rate: {prompt[:40]!r}")


def score(program, model, prompt):
    """[length, loss] of each token, in f32."""
    run = subprocess.run([program, "score", "-q", "-m", model, "--format", "json",
                          "--kernels", "scalar", "--precision", "f32"],
                         input=prompt.encode(), check=True, stdout=subprocess.PIPE)
    return [[len(token["piece"]), token["loss"]]
            for token in json.loads(run.stdout)["tokens"]]


def main():
    program, model, output = sys.argv[1:]
    programs = [Program(program, model, "--precision", name, *arguments)
                for name, arguments in PRECISIONS.items()]
    cases = []
    for name, prompt, given in prompts():
        options, text = settle(programs, prompt, {
            "rate": 0.5, "method": "spans", "question": ""} | given)
        cases.append({"name": name, "prompt": prompt, "options": options,
                      "text": text})
        # A text area makes LF of CR LF.
        cases[-1]["page"] = {
            "prompt": prompt.replace("\r\n", "\n"),
            "text": programs[0].compress(prompt.replace("\r\n", "\n"), options)}
        if name == SCORED:
            cases[-1]["losses"] = score(program, model, prompt)
        if len(cases) == 8 and os.environ.get("PITH_QUICK"):
            break
    for each in programs:
        each.stop()
    pathlib.Path(output).write_text(json.dumps(cases))


if __name__ == "__main__":
    main()
