"""Training steps of a GPT-2-small shape beside PyTorch's in float32: random
weights, batches of records end to end, AdamW, clipping; rounds of both in
turn, medians.

usage: train.py TRAIN_STEP PITH [RECORDS TOKENS] [--threads N] [--rounds N]
                [--precision P]

TRAIN_STEP is what `make bench-train` builds, PITH the program (it converts
the weights).  Once in float32, once in the precision, auto when left out as
in pith align.  Prints one line of JSON.
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

import torch
from transformers import GPT2Config, GPT2LMHeadModel

STEPS = 4  # of a round, after one that is not counted


def torch_round(model, optimizer, ids):
    times = []
    for _ in range(STEPS + 1):
        start = time.perf_counter()
        loss = model(ids, labels=ids).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        times.append(1e3 * (time.perf_counter() - start))
    return times[1:]


def pith_round(arguments, mode, path, precision="f32"):
    command = [arguments.train_step, path, mode, arguments.records,
               arguments.tokens, STEPS + 1, arguments.threads, precision]
    return json.loads(subprocess.check_output([str(x) for x in command]))


parser = argparse.ArgumentParser()
parser.add_argument("train_step")
parser.add_argument("pith")
parser.add_argument("records", nargs="?", type=int, default=4)
parser.add_argument("tokens", nargs="?", type=int, default=64)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--precision", default="auto")
arguments = parser.parse_args()

torch.set_num_threads(arguments.threads)
torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(attn_pdrop=0, embd_pdrop=0, resid_pdrop=0))
model.train()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
ids = torch.randint(0, 50257, (arguments.records, arguments.tokens))
ours, chosen, theirs = [], [], []
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "gpt2.pith")
    model.save_pretrained(folder)
    subprocess.run([arguments.pith, "convert", folder, path], check=True,
                   stderr=subprocess.DEVNULL)
    for _ in range(arguments.rounds):
        theirs += torch_round(model, optimizer, ids)
        ours.append(pith_round(arguments, "full", path))
        chosen.append(pith_round(arguments, "full", path,
                                 arguments.precision))
    lora = pith_round(arguments, "lora", path)
other = statistics.median(x["ms"] for x in chosen)
mine = statistics.median(x["ms"] for x in ours)
print(json.dumps({
    "shape": "GPT-2-small", "records": arguments.records,
    "tokens": arguments.tokens, "threads": arguments.threads,
    "pith_ms": mine, "pith_best_ms": min(x["best_ms"] for x in ours),
    "pith_update_ms": statistics.median(x["update_ms"] for x in ours),
    "torch_ms": round(statistics.median(theirs), 1),
    "torch_best_ms": round(min(theirs), 1),
    "ratio": round(mine / statistics.median(theirs), 3),
    "precision": chosen[-1]["precision"], "pith_precision_ms": other,
    "precision_ratio": round(other / statistics.median(theirs), 3),
    "pith_full_peak_rss_mib": ours[-1]["peak_rss_mib"],
    "pith_lora_ms": lora["ms"], "pith_lora_peak_rss_mib":
        lora["peak_rss_mib"]}))
