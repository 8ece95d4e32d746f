#!/usr/bin/env python3
"""Runs the blocks of docs/INTEGRATIONS.md as they stand.

usage: integrations.py PROGRAM PYTHON FRAMEWORKS

PROGRAM     pith, made with HTTP=1 if that is to be tried
PYTHON      an interpreter that has the wheel, or one that is not there
FRAMEWORKS  one that has LangChain and LlamaIndex besides

A block succeeds when it ends with 0 and prints something of the report.  What
cannot run here is skipped by name.  `make check-integrations` runs this.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAM, PYTHON, FRAMEWORKS = map(os.path.abspath, sys.argv[1:])
PAGE = (ROOT / "docs/INTEGRATIONS.md").read_text()
REPORT = ROOT / "docs/examples/prompts/meeting.txt"
MODEL = str(ROOT / "weights/default.pith")
LINK = [f"-I{ROOT}/include", f"-L{ROOT}/build", "-lpith", "-lm"]
PYTHONS = {"Python, the wheel": PYTHON, "Python, a chat": PYTHON,
           "Python, ctypes": sys.executable, "LangChain": FRAMEWORKS,
           "LlamaIndex": FRAMEWORKS}


class Skipped(Exception):
    """Why a block cannot run here."""


def blocks():
    """(title, language, text) of the fenced blocks, in their order."""
    for section in PAGE.split("\n## ")[1:]:
        title = section.split("\n", 1)[0]
        for language, text in re.findall(r"^```(\w+)\n(.*?)^```$", section,
                                         re.M | re.S):
            yield title, language, text


def run(command, **options):
    done = subprocess.run(command, text=True, capture_output=True, timeout=300,
                          **options)
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stderr}"
    return done.stdout


def need(program):
    if shutil.which(program) is None:
        raise Skipped(f"{program} is not here")


def shell(_title, text):
    if "--http" in text:
        need("curl")
        if not PROGRAM.endswith("pith-http"):
            raise Skipped(f"{PROGRAM} is made without HTTP=1")
    return run(["bash", "-euo", "pipefail", "-c", text])


def compiled(name, command):
    def compile_and_run(_title, text):
        need(command[0])
        Path(name).write_text(text)
        run([*command, name, "-o", "program", *LINK])
        return run(["./program", MODEL, REPORT.read_text()])
    return compile_and_run


def rust(_title, text):
    need("rustc")
    Path("compress.rs").write_text(text)
    run(["rustc", "-o", "program", "compress.rs"])
    return run(["./program"])


def python(title, text):
    if not os.access(PYTHONS[title], os.X_OK):
        raise Skipped(f"{PYTHONS[title]} is not here: see make check-python")
    return run([PYTHONS[title], "-c", text])


def configuration(_title, text):
    """Starts the server as a client would, and asks for its tools."""
    (servers,) = json.loads(text).values()
    (server,) = servers.values()
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"}}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
            "name": "compress", "arguments": {"context": REPORT.read_text()}}}]
    output = run([server["command"], *server["args"]],
                 input="".join(json.dumps(m) + "\n" for m in messages))
    return json.loads(output.splitlines()[1])["result"]["content"][0]["text"]


def guardrail(_title, _text):
    raise Skipped("LiteLLM is large; make check-litellm reads this block")


CC = os.environ.get("CC", "cc").split()
CXX = os.environ.get("CXX", "c++").split()
RUNNERS = {
    "sh": shell, "python": python, "json": configuration, "rust": rust,
    "yaml": guardrail,
    "c": compiled("compress.c", [*CC, "-Wall", "-Wextra", "-Werror"]),
    "cpp": compiled("compress.cpp", [*CXX, "-Wall", "-Wextra", "-Werror"])}


def main():
    failures = n = 0
    words = set(REPORT.read_text().split())
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        shutil.copy(REPORT, "report.txt")
        os.environ.update(
            PATH=f"{folder}:{os.environ['PATH']}", PITH_MODEL=MODEL,
            LD_LIBRARY_PATH=folder)
        os.symlink(PROGRAM, "pith")
        os.symlink(ROOT / "build/libpith.so", "libpith.so.0")
        for title, language, text in blocks():
            try:
                output = RUNNERS[language](title, text)
                assert len(words & set(output.split())) > 3, f"printed {output!r}"
                n += 1
            except Skipped as why:
                print(f"SKIPPED: {title}: {why}", file=sys.stderr)
            except (AssertionError, subprocess.TimeoutExpired) as error:
                print(f"integrations: {title}: {error}", file=sys.stderr)
                failures += 1
    print(f"integrations: {n} blocks of docs/INTEGRATIONS.md ran")
    sys.exit(failures)


main()
