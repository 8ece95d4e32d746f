"""All token losses of a 512-token prompt, SmolLM2-135M: pith, llama.cpp in
every format, PyTorch, ONNX Runtime and OpenVINO.  The sides take turns.

usage: scoring.py MODEL.pith
"""
import statistics
import sys

from common import (PEERS, ROUNDS, Peer, pith_bench, ratio, show, table,
                    write_section)

TOKENS = 512
# Rows of the table: label, options of pith bench.
OURS = {"pith f32": ["--precision", "f32"],
        "pith f32, AVX2 only": ["--precision", "f32", "--kernels", "avx2"],
        "pith auto": ["--precision", "auto"]}


def start_peers():
    folder = str(PEERS / "hf_smollm2")
    peers = {f"llama.cpp {name}": Peer("llama", PEERS / f"gguf/{name}.gguf",
                                       TOKENS)
             for name in ("F32", "F16", "BF16", "Q8_0", "Q4_0")}
    peers["PyTorch float32"] = Peer("torch", folder, TOKENS)
    peers["PyTorch bfloat16"] = Peer("torch", folder + ":bfloat16", TOKENS)
    onnx = PEERS / "smollm2.onnx"
    if not onnx.exists():
        print("SKIPPED: ONNX Runtime and OpenVINO: setup-peers could not make "
              f"{onnx}", file=sys.stderr)
        return peers
    peers["ONNX Runtime float32"] = Peer("onnxruntime", onnx, TOKENS)
    peers["OpenVINO float32"] = Peer("openvino", onnx, TOKENS)
    peers["OpenVINO bfloat16"] = Peer("openvino", f"{onnx}:bf16", TOKENS)
    return peers


def speed(seconds):
    return None if seconds is None else TOKENS / seconds


peers = start_peers()
runs = {label: [] for label in OURS}
for _ in range(ROUNDS):
    for label, options in OURS.items():
        report = pith_bench(sys.argv[1], "-n", TOKENS, "-r", 1, "--startup",
                            "off", *options)
        runs[label].append(report["scoring"][0])
    for peer in peers.values():
        peer.run()

ours = {}
rows = []
for label, cases in runs.items():
    ours[label] = statistics.median(r["tokens_per_second"] for r in cases)
    share = statistics.median(r["roofline_share"] or 0 for r in cases)
    means = cases[0]["means"]
    rows.append([label if means in label else f"{label} ({means})",
                 show(ours[label]), "", f"{share:.0%}", "", ""])
for label, peer in peers.items():
    theirs = speed(peer.median("losses"))
    rows.append([label, peer.error or show(theirs),
                 show(speed(peer.median("logits"))), "",
                 ratio(ours["pith f32"], theirs),
                 ratio(ours["pith auto"], theirs)])
    peer.close()
write_section("scoring", table(
    ["engine", "tokens/s, all losses", "logits only", "share of the limit",
     "pith f32 against it", "pith auto against it"], rows))
