"""Compression of the golden requests: pith against microsoft/LLMLingua in
PyTorch, same weights, request by request in turn, models loaded before.

usage: end_to_end.py MODEL.pith [MOST_SECONDS]

Requests that took LLMLingua more than MOST_SECONDS when the goldens were made
are left out (all are taken without it).
"""
import json
import os
import subprocess
import sys
import time

from common import (PEERS, PITH, PYTHON, SHARED, THREADS, geometric_mean,
                    show, table, write_section)

GOLDENS = SHARED / "goldens/compress_smollm2.jsonl"
WARM_UP = "short_sentence"
FEW = 100  # tokens: hardly anything is computed below


def start(command):
    environment = dict(os.environ, OMP_NUM_THREADS=str(THREADS))
    return subprocess.Popen(command, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            text=True, env=environment)


def start_pith(model, method):
    return start([PITH, "compress", "--request", "-", "--method", method, "-m",
                  model, "-t", str(THREADS), "-q"])


def run_pith(process, line):
    """Seconds from the request to the reply; None when it was refused."""
    begin = time.perf_counter()
    process.stdin.write(line)
    process.stdin.flush()
    reply = json.loads(process.stdout.readline())
    return None if reply["error"] else time.perf_counter() - begin


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

sides = {"reference": start_pith(model, "reference"),
         "paper": start_pith(model, "paper")}
llmlingua = start([PYTHON, str(SHARED / "peers/compress_reference.py"),
                   str(PEERS / "hf_smollm2"), "/dev/stdin", "/dev/null"])
run_reference(llmlingua, lines[WARM_UP])
for process in sides.values():
    run_pith(process, lines[WARM_UP])

ratios = {method: {} for method in sides}
rows = []
for name in taken:
    seconds = {m: run_pith(p, lines[name]) for m, p in sides.items()}
    theirs = run_reference(llmlingua, lines[name])
    cells = []
    for method, ours in seconds.items():
        if ours is not None:
            ratios[method][name] = theirs / ours
        cells += (["refused", "-"] if ours is None else
                  [f"{ours:.3f}", f"{theirs / ours:.1f} x"])
    rows.append([name, f"{theirs:.3f}", *cells])
peaks = {name: peak(p) for name, p in
         {"LLMLingua": llmlingua, **sides}.items()}
for process in (llmlingua, *sides.values()):
    process.stdin.close()
    process.wait()

summary = [f"- pith {method}: " + show(geometric_mean(values.values()), "{:.1f}") +
           f" times as fast as LLMLingua, geometric mean of {len(values)} requests; "
           f"without those of under {FEW} tokens " +
           show(geometric_mean(v for n, v in values.items() if n not in short),
                "{:.1f}")
           for method, values in ratios.items()]
memory = ", ".join(f"{name} {mib:,.0f} MiB" for name, mib in peaks.items())
write_section("end to end", "\n".join(summary) + f"""
- peak memory: {memory}
- {len(requests) - len(taken)} of {len(requests)} requests left out

""" + table(["request", "LLMLingua, s", "pith reference, s", "ratio",
             "pith paper, s", "ratio"], rows))
