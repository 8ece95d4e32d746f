#!/usr/bin/env python3
"""Twenty prompts and what the native program makes of them, for the tests of
the page and of the package: native.py PROGRAM MODEL FILE.json

With PITH_QUICK set, the first eight of them.
"""
import json
import os
import pathlib
import subprocess
import sys

PROMPTS = pathlib.Path(__file__).parents[2] / "docs" / "examples" / "prompts"


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


def compress(program, model, prompt, options, *precision):
    run = [program, "compress", "-q", "-m", model, *precision,
           "--rate", str(options["rate"]), "--method", options["method"]]
    if options["question"]:
        run += ["--question", options["question"]]
    return subprocess.run(run, input=prompt.rstrip("\r\n").encode(), check=True,
                          stdout=subprocess.PIPE).stdout.decode()


def main():
    program, model, output = sys.argv[1:]
    cases = []
    for name, prompt, given in prompts():
        options = {"rate": 0.5, "method": "spans", "question": ""} | given
        cases.append({
            "name": name, "prompt": prompt, "options": options,
            "f32": compress(program, model, prompt, options,
                            "--kernels", "scalar", "--precision", "f32"),
            "int16": compress(program, model, prompt, options,
                              "--precision", "int16")})
        if len(cases) == 8 and os.environ.get("PITH_QUICK"):
            break
    pathlib.Path(output).write_text(json.dumps(cases))


if __name__ == "__main__":
    main()
