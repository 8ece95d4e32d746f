"""LLaMA-7B's shape with random weights: pith q4 and q8 (precision auto),
llama.cpp Q4_0.  The weights are made on the first run (15 GB, 22 GB for a
moment).

usage: seven_b.py [LAYERS]    32, fewer for a trial
"""
import statistics
import subprocess
import sys

from common import (HERE, PEERS, PITH, PYTHON, ROUNDS, Peer, pith_bench,
                    ratio, show, table, write_section)

TOKENS = 256
OPTIONS = ["-n", TOKENS, "-r", 1, "--startup", "off", "--precision", "auto"]
layers = int(sys.argv[1]) if len(sys.argv) > 1 else 32
folder = PEERS / f"random-{layers}"


def make(name, kind):
    """The .pith file, and the GGUF file that it comes from."""
    gguf, pith = folder / f"{kind}.gguf", folder / f"{name}.pith"
    if not pith.exists():
        subprocess.run([PYTHON, str(HERE / "random_llama.py"), "7b", kind,
                        str(gguf), str(layers)], check=True)
        subprocess.run([PITH, "convert", str(gguf), str(pith)], check=True)
    return pith, gguf


folder.mkdir(exist_ok=True)
q4, gguf = make("q4", "q4_0")
q8, q8_gguf = make("q8", "q8_0")
q8_gguf.unlink(missing_ok=True)

peer = Peer("llama", gguf, TOKENS)
runs = []
for _ in range(ROUNDS):
    runs.append(pith_bench(q4, *OPTIONS))
    peer.run()
ours = statistics.median(r["scoring"][0]["tokens_per_second"] for r in runs)
seconds = peer.median("losses")
theirs = TOKENS / seconds if seconds else None
memory = max(r["peak_bytes"] for r in runs)
their_memory = peer.median("peak")
peer.close()
report = pith_bench(q8, *OPTIONS)
eight = report["scoring"][0]["tokens_per_second"]


def gibibytes(n):
    return "-" if n is None else f"{n / 2 ** 30:.2f} GiB"


write_section("7b", f"""
{layers} layers, {runs[0]["model"]["parameters"]:,} parameters, {TOKENS} tokens.

""" + table(
    ["engine", "tokens/s, all losses", "peak memory", "file", "pith q4 against it"],
    [["pith q4", show(ours, "{:.1f}"), gibibytes(memory),
      gibibytes(q4.stat().st_size), ""],
     ["pith q8", show(eight, "{:.1f}"), gibibytes(report["peak_bytes"]),
      gibibytes(q8.stat().st_size), ratio(ours, eight)],
     ["llama.cpp Q4_0", peer.error or show(theirs, "{:.1f}"),
      gibibytes(their_memory), gibibytes(gguf.stat().st_size),
      ratio(ours, theirs)]]))
