"""Files of mixed types, Q4_K and Q6_K, of the shapes of LLaMA-7B and Llama 3.1
8B with random weights: how long `pith convert` takes and how much memory, then
the losses of one text by pith and by llama.cpp from the same file, in turn.

usage: k_quants.py [SHAPE]...    7b 8b; LAYERS in the environment for a trial

CPU seconds are those of all threads, of pith with the start of the program and
the reading of the model: on a machine with other work they say more than
tokens a second.
"""
import json
import os
import random
import statistics
import subprocess
import sys
import time

from common import (HERE, PEERS, PITH, PYTHON, ROUNDS, THREADS, Peer, ratio,
                    show, table, write_section)

TOKENS = 256
LAYERS = os.environ.get("LAYERS", "32")
GIB = 2 ** 30


def run(*command, **more):
    """Seconds, CPU seconds, peak bytes and output of a program."""
    start = time.perf_counter()
    process = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE,
                               **more)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status:
        sys.exit(f"{command}: status {status}")
    return (time.perf_counter() - start, usage.ru_utime + usage.ru_stime,
            1024 * usage.ru_maxrss, output)


def text_of(model):
    """A random text that is TOKENS tokens, and their ids."""
    rng = random.Random(3)
    text = "".join(rng.choice("abcdefghij    klmnop\n") for _ in range(4000))
    low, high = 1, len(text)
    while low < high:
        middle = (low + high) // 2
        ids = tokens_of(model, text[:middle])
        low, high = (middle + 1, high) if len(ids) < TOKENS else (low, middle)
    return text[:low], tokens_of(model, text[:low])


def tokens_of(model, text):
    done = subprocess.run([PITH, "tokenize", "-m", model, "--bos", "--format",
                           "json"], input=json.dumps({"text": text}) + "\n",
                          check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["ids"]


def measure(shape):
    folder = PEERS / f"random-{LAYERS}"
    folder.mkdir(exist_ok=True)
    gguf, pith = folder / f"{shape}-q4_k_m.gguf", folder / f"{shape}-q4_k_m.pith"
    if not gguf.exists():
        subprocess.run([PYTHON, HERE / "random_llama.py", shape, "q4_k_m", gguf,
                        LAYERS], check=True)
    seconds, cpu, peak, _ = run(PITH, "convert", "-q", gguf, pith)
    print(f"{shape}: converted in {seconds:.0f} s, {cpu:.0f} s CPU, "
          f"{peak / 2 ** 20:.0f} MiB", flush=True)
    text, ids = text_of(pith)
    (folder / "text").write_text(text)
    (folder / "ids").write_text(json.dumps(ids))

    peer = Peer("llama", gguf, folder / "ids")
    ours = []
    for _ in range(ROUNDS):
        ours.append(run(PITH, "score", "-m", pith, "-q", "--format", "json",
                        "--precision", "auto",
                        "-t", THREADS, folder / "text"))
        peer.run()
        print(ours[-1][:3], {key: value for key, value in peer.rows[-1].items()
                             if key != "values"} if peer.rows else peer.error,
              flush=True)
    theirs = peer.rows
    peer.close()
    values = [[token["loss"] for token in json.loads(row[3])["tokens"]]
              for row in ours][0]
    apart = statistics.fmean(
        abs(a - b) for a, b in zip(values, theirs[0]["values"], strict=True)
    ) if theirs else None
    pairs = [(their["losses"] / our[0], their["cpu"] / our[1])
             for our, their in zip(ours, theirs)]
    wall, used = (statistics.median(pair) if pairs else None
                  for pair in (zip(*pairs) if pairs else ((), ())))
    return [[
        shape, f"{gguf.stat().st_size / GIB:.2f} GiB",
        f"{seconds:.0f} s, {cpu:.0f} s CPU, {peak / 2 ** 20:.0f} MiB",
        f"{pith.stat().st_size / GIB:.2f} GiB",
        show(len(ids) / statistics.median(row[0] for row in ours), "{:.1f}"),
        show(statistics.median(row[1] for row in ours), "{:.1f}"),
        f"{max(row[2] for row in ours) / GIB:.2f} GiB",
        peer.error or show(len(ids) / peer.median("losses"), "{:.1f}"),
        show(peer.median("cpu"), "{:.1f}"),
        f"{peer.median('peak') / GIB:.2f} GiB" if theirs else "-",
        ratio(wall, 1) if wall else "-", ratio(used, 1) if used else "-",
        show(apart, "{:.4f}")]]


rows = []
for shape in sys.argv[1:] or ["7b", "8b"]:
    rows += measure(shape)
write_section("k_quants", table(
    ["shape", "GGUF", "converted in", "pith file", "pith tokens/s", "CPU s",
     "memory", "llama.cpp tokens/s", "CPU s", "memory", "tokens/s", "CPU",
     "mean difference of a loss"], rows))
