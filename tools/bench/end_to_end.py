"""Compression of the golden requests: pith against microsoft/LLMLingua in
PyTorch, same weights, request by request in turn, models loaded before.

usage: end_to_end.py MODEL.pith [MOST_SECONDS]

Requests that took LLMLingua more than MOST_SECONDS when the goldens were made
are left out (all are taken without it).  Many of them share contexts, and a
session of pith remembers what it has scored, so pith runs twice: `alone`,
every request in its own process; and in one `session`, the requests in
their order.  LLMLingua, which remembers nothing, runs in one process.  All
processes are warmed up by a prompt that is none of the requests.

Set in the environment, the run may be done in parts:
    CACHE   a file that keeps what was measured and is not run again
    LIMIT   begin no request after so many seconds

REQUESTS=N takes N of them, evenly spaced, each alone and not in a session.
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

from common import (PEERS, PITH, PYTHON, ROUNDS, SHARED, THREADS,
                    geometric_mean, show, table, write_section)

GOLDENS = SHARED / "goldens/compress_smollm2.jsonl"
WARM_UP = {"name": "warm_up", "function": "compress_prompt",
           "context": ["The ferry leaves at nine. Bring a coat and a book."],
           "options": {"rate": 0.5}}
FEW = 100  # tokens: hardly anything is computed below
METHODS = ("reference", "paper", "spans")
REFERENCES = {"LLMLingua": "float32", "LLMLingua bf16": "bfloat16"}
WAYS = {"": "each request alone", ", session": "in a session"}


def start(command):
    environment = dict(os.environ, OMP_NUM_THREADS=str(THREADS))
    return subprocess.Popen(command, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            text=True, env=environment)


def start_pith(method):
    process = start([PITH, "compress", "--request", "-", "--method", method,
                     "-m", model, "-t", str(THREADS), "-q"])
    ask(process, WARM_UP["name"])
    return process


def ask(process, name):
    """Seconds from the request to the reply, None when it was refused."""
    begin = time.perf_counter()
    process.stdin.write(lines[name])
    process.stdin.flush()
    reply = json.loads(process.stdout.readline())
    return None if reply["error"] else time.perf_counter() - begin


# The script says float32, which is LLMLingua's own default on a CPU.
RUN = """
import sys
_, kind, __file__, *rest = sys.argv
sys.argv = [__file__, *rest]
exec(open(__file__).read().replace("torch.float32", "torch." + kind))
"""


def start_reference(kind):
    process = start([PYTHON, "-c", RUN, kind,
                     str(SHARED / "peers/compress_reference.py"),
                     str(PEERS / "hf_smollm2"), "/dev/stdin", "/dev/null"])
    ask_reference(process, WARM_UP["name"])
    return process


def ask_reference(process, name):
    """Seconds that it reports itself, without its tracing's output."""
    process.stdin.write(lines[name])
    process.stdin.flush()
    for answer in process.stdout:
        words = answer.split()
        if words and words[0] == name:
            return float(words[1])
    raise SystemExit("LLMLingua ended early")


def stop(process):
    """Its peak memory in MiB."""
    peak = 0
    for line in open(f"/proc/{process.pid}/status"):
        if line.startswith("VmHWM"):
            peak = int(line.split()[1]) / 1024
    process.stdin.close()
    process.wait()
    return peak


class Measurements:
    """Seconds (None: refused) by request, side and round, and each side's
    peak memory; kept in the file CACHE when there is one."""

    def __init__(self):
        self.path = pathlib.Path(os.environ.get("CACHE", "/dev/null"))
        text = self.path.read_text() if self.path.is_file() else ""
        self.all = json.loads(text or '{"seconds": {}, "peak": {}}')

    def has(self, name, side, turn):
        return len(self.all["seconds"].get(f"{name} {side}", [])) > turn

    def add(self, name, side, seconds):
        self.all["seconds"].setdefault(f"{name} {side}", []).append(seconds)

    def add_peak(self, side, peak):
        self.all["peak"][side] = max(peak, self.peak(side))
        if self.path != pathlib.Path("/dev/null"):
            self.path.write_text(json.dumps(self.all))

    def median(self, name, side):
        """None when it was refused or not measured."""
        seconds = self.all["seconds"].get(f"{name} {side}", [])
        return None if None in seconds or not seconds else \
            statistics.median(seconds)

    def peak(self, side):
        return self.all["peak"].get(side, 0)


def measure_alone(references, name):
    """All sides one after the other."""
    for side, process in references.items():
        known.add(name, side, ask_reference(process, name))
    for method in METHODS:
        process = start_pith(method)
        known.add(name, method, ask(process, name))
        known.add_peak(method, stop(process))


def measure_session(method):
    process = start_pith(method)
    for name in taken:
        known.add(name, f"{method}, session", ask(process, name))
    known.add_peak(f"{method}, session", stop(process))


def measure(turn, references):
    for name in taken:
        late = time.perf_counter() - begin > limit
        if late or known.has(name, "LLMLingua", turn):
            continue
        for side, kind in REFERENCES.items():
            if side not in references:
                references[side] = start_reference(kind)
        measure_alone(references, name)
    for method in METHODS if ", session" in WAYS else ():
        late = time.perf_counter() - begin > limit
        if not late and not known.has(taken[-1], f"{method}, session", turn):
            measure_session(method)


model = sys.argv[1]
most = float(sys.argv[2]) if len(sys.argv) > 2 else float("inf")
requests = [json.loads(line) for line in open(GOLDENS)]
lines = {r["name"]: json.dumps({k: r[k] for k in
                                ("name", "function", "context", "options")})
         + "\n" for r in requests if r["error"] is None}
lines[WARM_UP["name"]] = json.dumps(WARM_UP) + "\n"
taken = [r["name"] for r in requests
         if r["name"] in lines and r["reference_seconds"] <= most]
if "REQUESTS" in os.environ:
    n = min(int(os.environ["REQUESTS"]), len(taken))
    taken = [taken[i * len(taken) // n] for i in range(n)]
    del WAYS[", session"]
short = {r["name"] for r in requests
         if r["error"] is None and r["result"]["origin_tokens"] < FEW}
limit = float(os.environ.get("LIMIT", "inf"))
known = Measurements()
begin = time.perf_counter()
references = {}
for turn in range(ROUNDS):
    measure(turn, references)
for side, process in references.items():
    known.add_peak(side, stop(process))

sides = [f"{method}{way}" for method in METHODS for way in WAYS]
ratios = {(theirs, side): {} for theirs in REFERENCES for side in sides}
rows = []
for name in taken:
    theirs = [known.median(name, side) for side in REFERENCES]
    if None in theirs:
        continue
    cells = [name, *(f"{seconds:.3f}" for seconds in theirs)]
    for side in sides:
        ours = known.median(name, side)
        for i, reference in enumerate(REFERENCES):
            if ours is not None:
                ratios[reference, side][name] = theirs[i] / ours
        cells += (["refused", "-"] if ours is None else
                  [f"{ours:.3f}", f"{theirs[0] / ours:.1f} x"])
    rows.append(cells)


def speed(side):
    """Against each of LLMLingua's."""
    words = []
    for reference in REFERENCES:
        known_ratios = ratios[reference, side]
        few = [v for n, v in known_ratios.items() if n not in short]
        words.append(show(geometric_mean(known_ratios.values()), "{:.1f}") +
                     f" times as fast as {reference} (" +
                     show(geometric_mean(few), "{:.1f}") + ")")
    return ", ".join(words)


summary = [f"- {method}, " + "; ".join(f"{words}: {speed(method + way)}"
                                       for way, words in WAYS.items())
           for method in METHODS]
memory = ", ".join(f"{side} {known.peak(side):,.0f} MiB"
                   for side in (*REFERENCES, *METHODS))
turns = max(len(v) for v in known.all["seconds"].values())
write_section("end to end", "\n".join(summary) + f"""
- geometric means of {len(rows)} requests, in brackets of those of {FEW} tokens and more; medians of {turns} rounds
- peak memory: {memory}
- {len(requests) - len(rows)} of {len(requests)} requests left out

""" + table(["request", *(f"{side}, s" for side in REFERENCES),
             *(head for side in sides for head in (f"{side}, s", "ratio"))],
            rows))
