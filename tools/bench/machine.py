"""Fills the section "machine": where and when the figures were taken."""
import datetime
import os
import platform
import subprocess

from common import PITH, PYTHON, ROOT, ROUNDS, THREADS, write_section


def output(*command):
    return subprocess.run(command, capture_output=True, text=True,
                          cwd=ROOT).stdout.strip()


def first(path, key):
    for line in open(path):
        if line.startswith(key):
            return line.split(":", 1)[1].strip()
    return "?"


versions = output(PYTHON, "-c", "import torch, llama_cpp, importlib.metadata "
                  "as m; print(f'llama-cpp-python {llama_cpp.__version__}, "
                  "PyTorch {torch.__version__}, "
                  "LLMLingua {m.version(\"llmlingua\")}')")
memory = int(first("/proc/meminfo", "MemTotal").split()[0]) / 1024 ** 2
write_section("machine", f"""
{datetime.date.today()}, commit {output("git", "rev-parse", "--short", "HEAD")}:
{first("/proc/cpuinfo", "model name")}, {os.cpu_count()} CPUs,
{memory:.0f} GiB, {platform.system()} {platform.release()},
{output("cc", "--version").splitlines()[0]}; {versions}.
Both sides: {THREADS} threads, {ROUNDS} rounds.
Load average before the run: {os.getloadavg()[0]:.2f}.
{output(PITH, "--version")}, run with `tools/bench/run-all`.
""")
