"""pith alone: start-up, memory, threads, kernels, length of the document.

usage: documents.py DEFAULT.pith SMOLLM2.pith
"""
import sys

from common import ROUNDS, pith_bench, show, table, write_section

default, smollm2 = sys.argv[1:]


def mebibytes(n):
    return f"{n / 2 ** 20:,.0f} MiB"


rows = []
for label, model in (("default", default), ("SmolLM2-135M", smollm2)):
    report = pith_bench(model, "-n", 100, "-r", ROUNDS, "--precision", "auto")
    startup = report["startup"]
    rows.append([label, report["model"]["types"],
                 mebibytes(report["model"]["file_bytes"]),
                 f"{1000 * startup['seconds']['median']:.0f} ms",
                 mebibytes(startup["peak_bytes"])])
write_section("startup", table(
    ["model", "weights", "file", "start to result, 100 tokens", "peak memory"],
    rows))

report = pith_bench(smollm2, "-n", 512, "-r", ROUNDS, "--scaling", "--kernels",
                    "all", "--startup", "off")
alone = {}
rows = []
for row in report["scoring"]:
    key = row["kernels"], row["precision"], row["means"]
    alone.setdefault(key, row["tokens_per_second"])
    rows.append([*key, row["threads"], show(row["tokens_per_second"]),
                 show(row["gflops"]), show(row["roofline_share"], "{:.0%}"),
                 f"{row['tokens_per_second'] / alone[key]:.2f} x"])
write_section("kernels", table(
    ["kernels", "precision", "which is", "threads", "tokens/s", "GFLOP/s",
     "share of the limit", "against one thread"], rows))
write_section("limits", table(
    ["arithmetic", "GFLOP/s"],
    [[roof["name"], show(roof["gflops"])] for roof in report["rooflines"]]))

rows = []
for label, model, lengths in (("default", default, "1000,10000,100000"),
                              ("SmolLM2-135M", smollm2, "1000,10000,100000")):
    report = pith_bench(model, "-n", 100, "-r", ROUNDS, "--startup", "off",
                        "--precision", "auto", "--lengths", lengths)
    for row in report["lengths"]:
        rows.append([label, show(row["tokens"]),
                     f"{row['seconds']['median']:.2f}",
                     f"{1e6 * row['seconds_per_token']:.0f}",
                     mebibytes(row["peak_bytes"])])
write_section("lengths", table(
    ["model", "tokens", "seconds", "microseconds a token", "peak memory"],
    rows))
