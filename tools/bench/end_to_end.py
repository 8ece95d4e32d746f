"""Compression of the golden requests: pith against microsoft/LLMLingua in
PyTorch, same weights, request by request in turn, models loaded before.

usage: end_to_end.py MODEL.pith [MOST_SECONDS]

Requests that took LLMLingua more than MOST_SECONDS when the goldens were made
are left out (all are taken without it).  Many of them share contexts, and a
session of pith remembers what it has scored: so every request gets a process
of its own, warmed up by another prompt.

Set in the environment, the run may be done in parts:
    CACHE   a file that keeps what was measured; requests that it has are not
            run again
    LIMIT   begin no request after so many seconds
"""
import json
import os
import pathlib
import subprocess
import sys
import time

from common import (PEERS, PITH, PYTHON, SHARED, THREADS, geometric_mean,
                    show, table, write_section)

GOLDENS = SHARED / "goldens/compress_smollm2.jsonl"
WARM_UP, OTHER = "short_sentence", "unicode"  # to warm up for one another
FEW = 100  # tokens: hardly anything is computed below


def start(command):
    environment = dict(os.environ, OMP_NUM_THREADS=str(THREADS))
    return subprocess.Popen(command, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            text=True, env=environment)


def run_pith(model, method, name):
    """Seconds from the request to the reply, None when it was refused, and
    the process's peak memory."""
    process = start([PITH, "compress", "--request", "-", "--method", method,
                     "-m", model, "-t", str(THREADS), "-q"])
    for text in (lines[OTHER if name == WARM_UP else WARM_UP], lines[name]):
        begin = time.perf_counter()
        process.stdin.write(text)
        process.stdin.flush()
        reply = json.loads(process.stdout.readline())
        seconds = time.perf_counter() - begin
    memory = peak(process)
    process.stdin.close()
    process.wait()
    return None if reply["error"] else seconds, memory


def run_reference(process, line):
    """Seconds that it reports itself, without its tracing's output."""
    process.stdin.write(line)
    process.stdin.flush()
    name = json.loads(line)["name"]
    for answer in process.stdout:
        words = answer.split()
        if words and words[0] == name:
            return float(words[1])
    raise SystemExit("LLMLingua ended early")


def peak(process):
    for line in open(f"/proc/{process.pid}/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0


model = sys.argv[1]
most = float(sys.argv[2]) if len(sys.argv) > 2 else float("inf")
requests = [json.loads(line) for line in open(GOLDENS)]
lines = {r["name"]: json.dumps({k: r[k] for k in
                                ("name", "function", "context", "options")})
         + "\n" for r in requests if r["error"] is None}
taken = [r["name"] for r in requests
         if r["name"] in lines and r["reference_seconds"] <= most]

short = {r["name"] for r in requests
         if r["error"] is None and r["result"]["origin_tokens"] < FEW}

cache = pathlib.Path(os.environ.get("CACHE", "/dev/null"))
limit = float(os.environ.get("LIMIT", "inf"))
# By request: seconds of each side (null: refused) and peak memory in MiB.
known = json.loads(cache.read_text() or "{}") if cache.exists() else {}
METHODS = ("reference", "paper")


def start_theirs():
    process = start([PYTHON, str(SHARED / "peers/compress_reference.py"),
                     str(PEERS / "hf_smollm2"), "/dev/stdin", "/dev/null"])
    run_reference(process, lines[WARM_UP])
    return process


def measure(process, name):
    """All sides one after the other."""
    row = {"LLMLingua": [run_reference(process, lines[name]), peak(process)]}
    for method in METHODS:
        row[method] = run_pith(model, method, name)
    return row


llmlingua = None
begin = time.perf_counter()
for name in taken:
    if name in known or time.perf_counter() - begin > limit:
        continue
    llmlingua = llmlingua or start_theirs()
    known[name] = measure(llmlingua, name)
    if cache != pathlib.Path("/dev/null"):
        cache.write_text(json.dumps(known))
if llmlingua is not None:
    llmlingua.stdin.close()
    llmlingua.wait()

ratios = {method: {} for method in METHODS}
rows = []
for name in (name for name in taken if name in known):
    theirs = known[name]["LLMLingua"][0]
    cells = []
    for method in METHODS:
        ours = known[name][method][0]
        if ours is not None:
            ratios[method][name] = theirs / ours
        cells += (["refused", "-"] if ours is None else
                  [f"{ours:.3f}", f"{theirs / ours:.1f} x"])
    rows.append([name, f"{theirs:.3f}", *cells])
peaks = {side: max((row[side][1] for row in known.values()), default=0)
         for side in ("LLMLingua", *METHODS)}

summary = [f"- pith {method}: " + show(geometric_mean(values.values()), "{:.1f}") +
           f" times as fast as LLMLingua, geometric mean of {len(values)} requests; "
           f"without those of under {FEW} tokens " +
           show(geometric_mean(v for n, v in values.items() if n not in short),
                "{:.1f}")
           for method, values in ratios.items()]
memory = ", ".join(f"{name} {mib:,.0f} MiB" for name, mib in peaks.items())
write_section("end to end", "\n".join(summary) + f"""
- peak memory: {memory}
- {len(requests) - len(rows)} of {len(requests)} requests left out

""" + table(["request", "LLMLingua, s", "pith reference, s", "ratio",
             "pith paper, s", "ratio"], rows))
