#!/usr/bin/env python3
"""Prints the CPU time that `pith serve` takes for requests of n, 2n and 4n of
something, made so that a careless algorithm would take four times as long for
twice as much.  Measured with a tiny model, so that the rest shows.

usage: growth.py PROGRAM MODEL [NAME]...
"""
import json
import os
import subprocess
import sys


def words(n):
    return " ".join("w%d" % (i % 97) for i in range(n))


def request(**members):
    return dict(members)


def reference(context, **options):
    return {"context": context, "question": "why?",
            "options": dict(options, method="reference", iterative_size=100)}


def protect(piece):
    return lambda n: request(context=[piece * n], protect="all")


def preset(name, piece):
    return lambda n: request(context=[piece * n], preset=name)


def recover(original, response, method="paper"):
    return lambda n: request(
        function="recover", original_prompt=original(n), method=method,
        compressed_prompt=original(n // 2), response=response(n // 2))


def repeat(piece):
    return lambda n: piece * n


def tagged(method):
    return lambda n: request(
        function="structured_compress_prompt", options={
            "method": method, "iterative_size": 100} if method == "reference"
        else {"method": method},
        context=["<llmlingua, rate=0.5>a b</llmlingua>" * n])


def record(n):
    keys = ["k%d" % i for i in range(n)]
    rule = {"rate": 1, "compress": False, "value_type": "int",
            "pair_remove": False}
    return request(function="compress_json", options={"iterative_size": 100},
                   json_data={key: 1 for key in keys},
                   json_config={key: rule for key in reversed(keys)})


# name: what is asked, and n
CASES = {
    "empty contexts, reference": (lambda n: reference([""] * n), 10000),
    "empty contexts, spans": (lambda n: request(context=[""] * n), 25000),
    "short contexts, reference": (lambda n: reference(["a b"] * n), 4000),
    "short contexts, paper":
        (lambda n: request(context=["a b"] * n, method="paper"), 4000),
    "short contexts, spans": (lambda n: request(context=["a b"] * n), 4000),
    "question-aware": (lambda n: request(context=["a b"] * n, question="why?",
                                         method="paper", question_aware=True), 1000),
    "force_context_ids": (lambda n: reference(
        ["a"] * n, force_context_ids=list(range(n))), 4000),
    "sentence filter": (lambda n: reference(
        ["A e.g. b. "] * n, use_sentence_level_filter=True), 1000),
    "bm25": (lambda n: reference(["a b"] * n, rank_method="bm25"), 2000),
    "keep, overlapping": (lambda n: request(context=["a" * n],
                                            keep=["a" * (n // 2)]), 16000),
    "keep, combining marks": (lambda n: request(
        context=["a" + "\u0301\u0316" * n],
        keep=["a\u0301" + "\u0316\u0301" * (n // 2)]), 8000),
    "keep_regex": (lambda n: request(context=["a" * n], keep_regex="(a|b)*c"), 16000),
    "protect, digits": (protect("1,"), 8000),
    "protect, links": (protect("[a](http://"), 4000),
    "protect, backticks": (protect("`"), 16000),
    "protect, comments": (protect("<!--"), 8000),
    "protect, flags": (protect("\U0001F1E6"), 8000),
    "preset json": (preset("json", '{"a":['), 8000),
    "preset table": (preset("table", "a,b\n"), 8000),
    "preset table, tabs": (preset("table", "\t"), 16000),
    "preset markdown": (preset("markdown", "[a](```\n"), 4000),
    "preset code": (preset("code", "{\n"), 16000),
    "preset code, quotes": (preset("code", "\"'"), 16000),
    "preset log": (preset("log", "2026-01-01 ERROR a\n at x\n"), 1000),
    "preset chat": (preset("chat", "A: b\n"), 8000),
    "preset auto": (preset("auto", "a: b, [c]\n"), 4000),
    "tags, paper": (tagged("paper"), 4000),
    "tags, spans": (tagged("spans"), 4000),
    "tags, reference": (tagged("reference"), 4000),
    "messages": (lambda n: request(messages=[
        {"role": "tool", "content": "a b c d " * 10}] * n), 1000),
    "messages, empty": (lambda n: request(messages=[
        {"role": "user", "content": ""}] * n), 50000),
    "unknown keys": (lambda n: dict({"k%d" % i: 1 for i in range(n)},
                                    context="a"), 100000),
    "compress_json": (record, 2000),
    "score": (lambda n: request(function="score", text=words(n)), 8000),
    "white space": (lambda n: request(context=[" " * n]), 64000),
    "line breaks": (lambda n: request(context=["\n" * n]), 64000),
    "one word": (lambda n: request(context=["x" * n]), 32000),
    "words": (lambda n: request(context=[words(n)]), 8000),
    "recover, one word again and again":
        (recover(repeat("a "), repeat("a ")), 4000),
    "recover, other words": (recover(words, lambda n: " ".join(
        reversed(words(n).split()))), 2000),
    "recover, reference": (recover(words, words, "reference"), 100000),
}


class Server:
    def __init__(self, program, model):
        self.process = subprocess.Popen(
            [program, "serve", "--stdio", "-q", "-t", "1", "-m", model],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def seconds(self):
        with open("/proc/%d/stat" % self.process.pid) as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ask(self, line):
        """CPU seconds and the reply."""
        before = self.seconds()
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        reply = self.process.stdout.readline()
        if not reply:
            sys.exit("growth: the server is gone: status %d"
                     % self.process.wait())
        return self.seconds() - before, reply

    def peak_mb(self):
        with open("/proc/%d/status" % self.process.pid) as status:
            return next(int(line.split()[1]) for line in status
                        if line.startswith("VmHWM")) // 1024

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def main():
    program, model, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    print("| what grows | 4n | request, KB | reply, KB | seconds for n, 2n, 4n "
          "| peak, MB |\n|---|---|---|---|---|---|")
    for name, (make, n) in CASES.items():
        if names and name not in names:
            continue
        server, seconds = Server(program, model), []
        for size in (n, 2 * n, 4 * n):
            line = json.dumps(make(size))
            taken, reply = server.ask(line)
            seconds.append(taken)
        error = json.loads(reply)["error"]
        print("| %s | %d | %d | %d | %s | %d |%s" % (
            name, 4 * n, len(line) // 1000, len(reply) // 1000,
            ", ".join("%.2f" % s for s in seconds), server.peak_mb(),
            " " + error if error else ""), flush=True)
        server.end()


main()
