"""pith alone: start-up, memory, threads, kernels, length of the document.

usage: documents.py DEFAULT.pith SMOLLM2.pith [SECTION]...
    SECTION  startup kernels lengths; all when none is given
Set in the environment: LONGEST, tokens of SmolLM2's longest document, and
KERNELS, the sets that are compared.
"""
import os
import sys

from common import ROUNDS, pith_bench, show, table, write_section

default, smollm2, *sections = sys.argv[1:]
models = ("default", default), ("SmolLM2-135M", smollm2)


def mebibytes(n):
    return f"{n / 2 ** 20:,.0f} MiB"


def startup():
    rows = []
    for label, model in models:
        report = pith_bench(model, "-n", 100, "-r", ROUNDS, "--precision",
                            "auto")
        seconds = report["startup"]["seconds"]
        rows.append([label, report["model"]["types"],
                     mebibytes(report["model"]["file_bytes"]),
                     *(f"{1000 * seconds[key]:.0f} ms"
                       for key in ("median", "min", "max")),
                     mebibytes(report["startup"]["peak_bytes"])])
    write_section("startup", table(
        ["model", "weights", "file", "start to result, 100 tokens: median",
         "least", "most", "peak memory"], rows))


def kernels():
    report = pith_bench(smollm2, "-n", 512, "-r", ROUNDS, "--scaling",
                        "--kernels", os.environ.get("KERNELS", "avx512,avx2"),
                        "--precision", "f32,int16,int8", "--startup", "off")
    alone = {}
    rows = []
    for row in report["scoring"]:
        key = row["kernels"], row["precision"], row["means"]
        alone.setdefault(key, row["tokens_per_second"])
        rows.append([row["kernels"], row["precision"], row["threads"],
                     show(row["tokens_per_second"]), show(row["gflops"]),
                     show(row["roofline_share"], "{:.0%}"),
                     f"{row['tokens_per_second'] / alone[key]:.2f} x"])
    write_section("kernels", table(
        ["kernels", "precision", "threads", "tokens/s", "GFLOP/s",
         "share of the limit", "against one thread"], rows))
    write_section("limits", table(
        ["arithmetic", "GFLOP/s"],
        [[roof["name"], show(roof["gflops"])] for roof in report["rooflines"]]))


def lengths():
    longest = os.environ.get("LONGEST", "100000")
    rows = []
    for (label, model), most in zip(models, ("100000", longest)):
        report = pith_bench(model, "-n", 100, "-r", ROUNDS, "--startup", "off",
                            "--precision", "auto", "--lengths",
                            f"1000,10000,{most}")
        for row in report["lengths"]:
            rows.append([label, show(row["tokens"]),
                         f"{row['seconds']['median']:.2f}",
                         f"{1e6 * row['seconds_per_token']:.0f}",
                         mebibytes(row["peak_bytes"])])
    write_section("lengths", table(
        ["model", "tokens", "seconds", "microseconds a token", "peak memory"],
        rows))


for section in (startup, kernels, lengths):
    if not sections or section.__name__ in sections:
        section()
