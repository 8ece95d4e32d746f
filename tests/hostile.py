#!/usr/bin/env python3
"""Sends lines that no client should send to `pith serve` and sees that each
is answered by one line of JSON, that the server lives to the end, and that its
memory does not grow with their number.

The lines come from a seed, so that a line that goes wrong can be had again.

usage: hostile.py PROGRAM MODEL LINES [SEED]
"""
import json
import random
import subprocess
import sys
import threading

KEYS = """rate target_token threshold role_rate preset method tau_ins tau_que k
units segment_size window use_question question_aware delta_tau reorder use_itpc
use_budget_controller use_dynamic_rates selection_seed keep keep_regex protect
keep_digits keep_words iterative_size context_budget use_context_level_filter
use_token_level_filter keep_split force_context_ids force_context_number
reorder_context concate_question rank_method condition_in_question
condition_compare add_instruction dynamic_context_compression_ratio
use_sentence_level_filter keep_first_sentence keep_last_sentence
keep_sentence_number high_priority_bonus token_budget_ratio
strict_preserve_uncompressed spans instruction question force_tokens
force_reserve_digit context messages name function text bos original_prompt
compressed_prompt response json_data json_config options""".split()
FUNCTIONS = ["compress_prompt", "structured_compress_prompt", "compress_json",
             "recover", "score", "nothing", 7]
WORDS = ["paper", "reference", "spans", "all", "numbers", "auto", "json", "table",
         "sort", "two_stage", "longllmlingua", "bm25", "after_condition", "+100",
         "*1.5", "tool=0.5", "word", "token", ""]
PIECES = ["a", " ", "\n", "\n\n", "\r", "\t", "\0", "7", "1,234.5", "not ", "'", "\"",
          "\\", "<llmlingua>", "</llmlingua>", "<llmlingua, rate=0.5>", "{", "}",
          "[", "]", "(", ")", "|", "*", "+", "?", "^", "$", "`", "```\n", "# ", "- ",
          "http://a.b/", "e\u0301", "\u0301", "\U0001F468\u200d\U0001F469",
          "\U0001F1E6", "\ufeff", "\u202e", "\ud800", "\uffff", "\u1100\u1161",
          "e.g. ", ". ", "word "]
EXPRESSIONS = ["(" * 400, "a|" * 400, "((a*)*)*b", "(a|a)*$", "[[:alpha:]", "a{1,255}",
               "(a{1,200}){1,200}", "\\1", "[^", "(x+x+)+y", ".*.*.*=", "\\<\\>", "a{3,1}",
               "^*", "()", "[z-a]", "\\"]
NUMBERS = [0, 1, -1, 0.5, 2, 1e308, -1e308, 1e-320, 2**31, 2**53, 2**63, 2**64, 1e20,
           0.1, 100, 255, 1000000]


class Lines:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, things):
        return things[self.random.randrange(len(things))]

    def text(self, most=60):
        n = self.random.randrange(most)
        if self.random.randrange(4) == 0:
            return self.pick(PIECES) * n
        return "".join(self.pick(PIECES) for _ in range(n))

    def value(self, depth=0):
        kind = self.random.randrange(9 if depth < 4 else 6)
        if kind == 0:
            return self.pick([None, True, False])
        if kind == 1:
            return self.pick(NUMBERS)
        if kind < 4:
            return self.text()
        if kind == 4:
            return self.pick(WORDS)
        if kind == 5:
            return self.pick(EXPRESSIONS)
        if kind < 8:
            return [self.value(depth + 1)
                    for _ in range(self.random.randrange(6))]
        return {self.pick(KEYS): self.value(depth + 1)
                for _ in range(self.random.randrange(6))}

    def options(self):
        return {self.pick(KEYS): self.value(2)
                for _ in range(self.random.randrange(4))}

    def request(self):
        request = {"name": self.value(3),
                   "context": [self.text(200)
                               for _ in range(self.random.randrange(8))]}
        if self.random.randrange(3) == 0:
            request["function"] = self.pick(FUNCTIONS)
        if self.random.randrange(3) == 0:
            request["options"] = self.options()
        if self.random.randrange(2) == 0:
            request.update(self.options())
        if self.random.randrange(6) == 0:
            del request["context"]
            request["messages"] = [
                {"role": self.pick(["user", "tool", "system", "", 7]),
                 "content": self.value(2)}
                for _ in range(self.random.randrange(5))]
        return request

    def message(self):
        method = self.pick(["initialize", "ping", "tools/list", "tools/call",
                            "resources/list", "resources/read", "nothing",
                            "notifications/cancelled", "server/discover", 7])
        parameters = self.value() if self.random.randrange(2) else {
            "name": self.pick(["compress", "recover", "score", "x"]),
            "arguments": self.request(),
            "protocolVersion": self.pick(["2025-03-26", "2026-07-28", 1])}
        message = {"jsonrpc": self.pick(["2.0", "2.0", "2.0", "1.0", 2]),
                   "id": self.value(3), "method": method, "params": parameters}
        return message if self.random.randrange(8) else [message] * 3

    def damage(self, line):
        at = self.random.randrange(len(line) + 1)
        kind = self.random.randrange(5)
        if kind == 0:
            return line[:at]
        if kind == 1:
            return line[:at] + bytes([self.random.randrange(256)]) + line[at + 1:]
        if kind == 2:
            return line[:at] + line[at:] * 2
        if kind == 3:
            return line[at:]
        return line[:at] + b"\xff\xfe\x00" + line[at:]

    def structure(self):
        n = self.random.randrange(1, 600)
        return self.pick([b"[" * n, b'{"a":' * n, b"[" * n + b"]" * n, b"\x00" * n,
                          b'"' + b"\\u" * n, b"-" * n, b"1" * n, b"1e" + b"9" * n,
                          bytes(self.random.randrange(256) for _ in range(n))])

    def line(self, is_mcp):
        kind = self.random.randrange(10)
        if kind == 0:
            line = self.structure()
        else:
            thing = self.message() if is_mcp else self.request()
            line = json.dumps(thing, ensure_ascii=self.random.randrange(2) == 0
                              ).encode("utf-8", "surrogatepass")
            if kind < 4:
                line = self.damage(line)
        return line.replace(b"\n", b" ")


def resident(pid):
    """kB; a list of one, or of none where the process is at its end."""
    with open("/proc/%d/status" % pid) as status:
        return [int(line.split()[1]) for line in status
                if line.startswith("VmRSS")]


def serve(program, model, how, n, seed):
    """Sends n lines; a complaint, or None."""
    server = subprocess.Popen(
        [program, "serve", how, "-q", "-t", "1", "-m", model],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    last = {"jsonrpc": "2.0", "id": "the end", "method": "ping", "name": "the end",
            "context": "a"}
    sent, source, sizes = [], Lines(seed), []

    def write():
        try:
            for _ in range(n):
                line = source.line(how == "--mcp")
                sent.append(line)
                server.stdin.write(line + b"\n")
            server.stdin.write(json.dumps(last).encode() + b"\n")
            server.stdin.close()
        except BrokenPipeError:
            pass

    writer = threading.Thread(target=write)
    writer.start()
    n_replies, ended = 0, False
    for reply in server.stdout:
        try:
            said = json.loads(reply)
        except ValueError:
            return "%s: not JSON: %r" % (how, reply[:300])
        n_replies += 1
        if n_replies % (n // 10) == 0:
            sizes += resident(server.pid)
        ended = isinstance(said, dict) and "the end" in (
            said.get("id"), said.get("name"))
    writer.join()
    status = server.wait()
    if status != 0:
        return "%s: exit status %d after %d replies to %d lines; seed %d" % (
            how, status, n_replies, len(sent), seed)
    if not ended:
        return "%s: the last line has no reply; seed %d" % (how, seed)
    expected = 1 + sum(1 for line in sent if line.strip(b" \t\r"))
    if how == "--stdio" and n_replies != expected:
        return "%s: %d replies, expected %d; seed %d" % (how, n_replies, expected,
                                                      seed)
    print("hostile: %s: %d lines, %d replies; %d kB after a tenth, %d at the end"
          % (how, n, n_replies, sizes[0], sizes[-1]))
    if sizes[-1] > sizes[0] + 4096:
        return "%s: memory grows: %s kB; seed %d" % (how, sizes, seed)
    return None


def main():
    program, model, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    complaints = [serve(program, model, how, n, seed)
                  for how in ("--stdio", "--mcp")]
    for complaint in complaints:
        if complaint is not None:
            sys.exit("hostile: " + complaint)


main()
