"""What the benchmark scripts share: running pith and its peers, medians,
tables, and the sections of docs/BENCHMARKS.md that they fill.

Settings come from the environment, as run-all exports them:
    PITH       the program
    PEERS      the folder that setup-peers filled
    THREADS    for both sides
    ROUNDS     how often the sides take turns
    DOCUMENT   where the sections are
"""
import json
import math
import os
import pathlib
import re
import statistics
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SHARED = ROOT.parent / "shared"
PITH = os.environ.get("PITH", str(ROOT / "build/pith"))
PEERS = pathlib.Path(os.environ.get("PEERS", "/root/peers")).resolve()
THREADS = int(os.environ.get("THREADS", os.cpu_count()))
ROUNDS = int(os.environ.get("ROUNDS", 5))
DOCUMENT = pathlib.Path(os.environ.get("DOCUMENT", ROOT / "docs/BENCHMARKS.md"))
PYTHON = str(PEERS / "venv/bin/python")
# See setup-peers.
REPAIRED = PEERS / "llama-repaired"
RUNTIMES = PEERS / "runtimes"


def pith_bench(model, *options):
    """One run of `pith bench`; its JSON."""
    command = [PITH, "bench", "--format", "json", "-m", str(model), "-t",
               str(THREADS), *map(str, options)]
    return json.loads(subprocess.run(command, check=True,
                                     capture_output=True).stdout)


class Peer:
    """peer.py in its own process, which may crash without harm."""

    def __init__(self, kind, model, n_tokens):
        environment = dict(os.environ,
                           PYTHONPATH=f"{REPAIRED}{os.pathsep}{RUNTIMES}")
        self.error = None
        self.rows = []
        self.process = subprocess.Popen(
            [PYTHON, str(HERE / "peer.py"), kind, str(model), str(n_tokens),
             str(THREADS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, env=environment)
        self.read()

    def read(self):
        line = self.process.stdout.readline()
        if line == "":
            code = self.process.wait()
            self.error = f"crashed (signal {-code})" if code < 0 else "failed"
        return line

    def run(self):
        if self.error is None:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
            line = self.read()
            if line:
                self.rows.append(json.loads(line))

    def median(self, key):
        """None when it never got that far."""
        values = [row[key] for row in self.rows if key in row]
        return statistics.median(values) if values else None

    def close(self):
        if self.error is None:
            self.process.stdin.close()
            self.process.wait()


def geometric_mean(values):
    """None of nothing."""
    logs = [math.log(value) for value in values]
    return math.exp(statistics.fmean(logs)) if logs else None


def show(value, form="{:,.0f}"):
    return "-" if value is None else form.format(value)


def ratio(ours, theirs):
    """"1.43 x"; "-" when there is nothing to compare with."""
    return "-" if ours is None or theirs is None else f"{ours / theirs:.2f} x"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def write_section(name, text):
    """Replaces what is between the section's two markers."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    old = DOCUMENT.read_text()
    pattern = re.escape(begin) + ".*?" + re.escape(end)
    new, n = re.subn(pattern, lambda _: f"{begin}\n{text.strip()}\n{end}", old,
                     flags=re.S)
    if n != 1:
        raise SystemExit(f"{DOCUMENT}: the markers of \"{name}\" are missing")
    DOCUMENT.write_text(new)
    print(f"== {name}\n{text.strip()}\n", flush=True)
