#!/usr/bin/env python3
"""Runs commands of pith while one thing fails: each call of the system in
turn (faults/inject.c), each allocation in turn (faults/memory.c), or a signal
that comes at each call.

Whatever fails: no crash, no hang, one line that says what was wrong or the
usual result, inputs and old outputs as they were or the new ones whole, no
temporary file. After a signal the same command run again does all its work.

usage: faults.py [--all] [--table] PROGRAM TOOLS FOLDER [COMMAND]...
"""
import argparse
import base64
import concurrent.futures
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading

KINDS = {"read": "EIO", "write": "ENOSPC", "open": "EMFILE", "stat": "EIO",
         "mmap": "ENOMEM", "rename": "EIO", "close": "EIO", "fsync": "EIO",
         "unlink": "EIO", "seek": "EIO", "change": "EIO", "list": "EIO",
         "process": "EMFILE"}
SECONDS = 60
OLD = b"what was there\n"
MODE = 0o640

ALIGN = ("align -q -t 1 --template plain --steps 2 -b 2 --validation-share 0.25 "
         "@/records -o out ")
CASES = "--prompts @/prompts @/cases "
PREPARE = "eval prepare -q -t 1 --target-model x --methods full --ask restore " + CASES


class Command:
    """name; words of the command line, @ for the folder of inputs; what it
    reads from standard input; the files that it writes, with those that differ
    from run to run; words that continue it after a signal."""

    def __init__(self, name, line, given=None, writes=(), varies=(), again="",
                 old=True, short=False):
        self.name, self.line, self.given = name, line, given
        self.writes, self.varies, self.again = writes, varies, again
        self.old, self.short = old, short


COMMANDS = [
    Command("compress", "compress -q -t 1 @/text", short=True),
    Command("compress -o", "compress -q -t 1 @/text -o out", writes=["out"],
            short=True),
    Command("compress, options",
            "compress -q -t 1 --method paper --keep a --keep-regex [0-9]+ "
            "--protect all --question-aware -Q why? @/text -o out",
            writes=["out"]),
    Command("compress, presets", "compress -q -t 1 --preset auto @/table -o out",
            writes=["out"]),
    Command("compress, reference",
            "compress -q -t 1 --method reference --sentence-filter "
            "--punkt @/punkt @/text -o out", writes=["out"]),
    Command("compress, count with",
            "compress -q -t 1 --count-with @/bytes.tiktoken @/text -o out",
            writes=["out"]),
    Command("compress, structured",
            "compress -q -t 1 --structured @/tagged -o out", writes=["out"]),
    Command("compress --report",
            "compress -q -t 1 @/text -o out --report page",
            writes=["out", "page"], varies=["page"]),
    Command("compress --request",
            "compress -q -t 1 --request @/requests -o out", writes=["out"],
            varies=["out"]),
    Command("compress --messages",
            "compress -q -t 1 --messages @/chat -o out", writes=["out"]),
    Command("score", "score -q -t 1 @/text -o out", writes=["out"]),
    Command("tokenize", "tokenize @/text"),
    Command("info", "info"),
    Command("info, a folder", "info @/folder"),
    Command("convert, a folder", "convert -q @/folder out", writes=["out"],
            old=False, short=True),
    Command("convert, no name", "convert -q @/folder", writes=["folder.pith"],
            old=False),
    Command("convert, GGUF", "convert -q @/model.gguf out", writes=["out"],
            old=False),
    Command("convert, llama2.c",
            "convert -q --tokenizer @/tokenizer.bin @/model.bin out",
            writes=["out"], old=False),
    Command("merge", "merge -q @/tiny.pith @/adapter out", writes=["out"],
            old=False),
    Command("align", ALIGN, writes=["out", "out.state", "out.jsonl"],
            varies=["out.jsonl", "out.state"], again=" --resume", old=False),
    Command("align --lora", ALIGN + "--lora 2",
            writes=["out", "out.state", "out.jsonl"],
            varies=["out.jsonl", "out.state"], again=" --resume", old=False),
    Command("align requests",
            "align requests -q --target-model x @/records -o out",
            writes=["out"]),
    Command("align collect", "align collect -q @/records @/answers -o out",
            writes=["out"]),
    Command("eval measure",
            "eval measure -q -t 1 --methods full " + CASES + "-o out",
            writes=["out"], varies=["out"], old=False),
    Command("eval measure, a folder",
            "eval measure -q -t 1 --methods full --prompts @/shots @/cases "
            "-o out", writes=["out"], varies=["out"], old=False),
    Command("eval metrics", "eval metrics @/pairs -o out", writes=["out"]),
    Command("eval prepare", PREPARE + "-o out --keys keys",
            writes=["out", "keys"], old=False),
    Command("eval run",
            "eval run -q --retries 1 --wait 0 --parallel 2 --endpoint "
            "http://127.0.0.1:9 @/prepared -o out", writes=["out"],
            varies=["out"], old=False),
    Command("eval score",
            "eval score -q @/keys @/replies -o out --pairs pairs",
            writes=["out", "pairs"]),
    Command("serve --stdio", "serve --stdio -q -t 1", given="requests",
            varies=["-"], short=True),
    Command("serve --mcp", "serve --mcp -q -t 1", given="mcp", varies=["-"]),
]

# curl, for eval run: an answer to whatever is asked.
CURL = """#!/bin/sh
cat >/dev/null
printf '%s' '{"choices":[{"message":{"content":"5"},"finish_reason":"stop"}]}'
printf '\\n-- HTTP 200\\n\\n\\n\\n'
"""

TEXTS = {
    "text": "One, two, three and four go up the hill.\n\nBut 5 did not come.\n",
    "table": "name,age\nAnn,7\nBob,12\nCarl,30\nDora,41\n",
    "tagged": "<llmlingua, rate=0.5>One two three four.</llmlingua>\n"
              "<llmlingua, compress=False>And five.</llmlingua>\n",
    "chat": '{"messages":[{"role":"tool","content":"one two three four five '
            'six seven"},{"role":"user","content":"How many are there?"}]}',
    "requests": '{"name":1,"context":["One two three four.","Five six."]}\n'
                '{"name":2,"context":7}\n'
                '{"name":3,"context":["One, 2."],"options":{"rate":0.4,'
                '"keep_regex":"[0-9]+"}}\n'
                '{"name":4,"function":"score","text":"One two"}\n'
                '{"name":5,"function":"recover","original_prompt":"One 2",'
                '"compressed_prompt":"2","response":"2"}\n',
    "mcp": '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{'
           '"protocolVersion":"2025-03-26","capabilities":{},"clientInfo":{'
           '"name":"a","version":"1"}}}\n'
           '{"jsonrpc":"2.0","id":2,"method":"tools/list"}\n'
           '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":'
           '"compress","arguments":{"context":"one two three","rate":0.5}}}\n'
           '{"jsonrpc":"2.0","id":4,"method":"resources/read","params":{"uri":'
           '"pith://last/report"}}\n',
    "pairs": '{"hypothesis": "a b", "reference": "a"}\n',
    "cases": '{"question": "2 + 3?", "answer": "It is 5.\\n#### 5"}\n',
    "prompts": "Question: How many are 12 and 30?\nLet's think step by step\n"
               "Then Ann says 42.\n",
    "records": "".join('{"prompt": "%d is", "completion": " %d"}\n' % (i, i * i)
                       for i in range(8)),
}


class Trial:
    """One run of a command: its status, its streams, the files it left."""

    def __init__(self, status, out, err, place, counts):
        self.status, self.out, self.err = status, out, err
        self.files, self.counts = read_files(place), counts
        self.modes = {name: (place / name).stat().st_mode & 0o777
                      for name in self.files}


def read_files(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*") if path.is_file()}


class Workplace:
    def __init__(self, program, tools, folder):
        self.program, self.tools = program.resolve(), tools.resolve()
        self.inputs = folder.resolve() / "inputs"
        self.folder = folder.resolve()
        self.environment = dict(
            os.environ, PITH_MODEL=str(self.inputs / "tiny.pith"),
            PATH="%s:%s" % (self.inputs / "bin", os.environ["PATH"]))
        for name in ("OPENAI_API_KEY", "PITH_KERNELS"):
            self.environment.pop(name, None)

    def words(self, line):
        return [word.replace("@", str(self.inputs)) for word in line.split()]

    def prepare(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.inputs / "bin").mkdir(parents=True)
        (self.inputs / "punkt").mkdir()
        (self.inputs / "shots").mkdir()
        for name in ("a.txt", "b.txt"):
            (self.inputs / "shots" / name).write_text(TEXTS["prompts"])
        (self.inputs / "bin/curl").write_text(CURL)
        (self.inputs / "bin/curl").chmod(0o755)
        for name, text in TEXTS.items():
            (self.inputs / name).write_text(text)
        for name in ("abbrev_types.txt", "collocations.tab",
                     "sent_starters.txt", "ortho_context.tab"):
            (self.inputs / "punkt" / name).write_text("")
        (self.inputs / "bytes.tiktoken").write_text("".join(
            "%s %d\n" % (base64.b64encode(bytes([i])).decode(), i)
            for i in range(256)))
        subprocess.run([self.tools / "fixtures"], check=True,
                       env=dict(self.environment, DIR=str(self.inputs)),
                       stdout=subprocess.DEVNULL)
        for line in (ALIGN.replace("-o out", "--lora 2 -o @/adapter"),
                     PREPARE + "--keys @/keys -o @/prepared",
                     "align requests -q --target-model x @/records -o @/asked",
                     "eval run -q --endpoint http://127.0.0.1:9 @/asked -o @/answers",
                     "eval run -q --endpoint http://127.0.0.1:9 @/prepared -o @/replies"):
            subprocess.run([self.program] + self.words(line), check=True,
                           env=self.environment, cwd=self.inputs)

    def start_folder(self, command, place):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        if command.old:
            for name in command.writes:
                (place / name).write_bytes(OLD)
                (place / name).chmod(MODE)

    def run(self, command, place, kind="any", n=0, effect="none", extra=""):
        """In a folder as it is. Kind "memory": an allocation fails."""
        given = open(self.inputs / command.given, "rb") if command.given \
            else subprocess.DEVNULL
        note = place.with_suffix(".report")
        words = [str(self.program)] + self.words(command.line + extra)
        environment, before = self.environment, []
        if kind == "memory":
            environment = dict(environment, PITH_FAIL_AT=str(n),
                               PITH_FAIL_COUNT=str(note),
                               LD_PRELOAD=str(self.tools / "memory.so"))
        else:
            before = [str(self.tools / "inject"), str(note), kind, str(n),
                      effect, str(SECONDS)]
        note.unlink(missing_ok=True)
        try:
            ran = subprocess.run(before + words, cwd=place, env=environment,
                                 stdin=given, capture_output=True,
                                 timeout=2 * SECONDS)
        except subprocess.TimeoutExpired as late:
            return Trial("hangs 0", late.stdout or b"", late.stderr or b"",
                         place, {})
        finally:
            if command.given:
                given.close()
        said = note.read_text() if note.exists() else "0\n"
        if kind == "memory":
            status = "exit %d" % ran.returncode if ran.returncode >= 0 \
                else "signal %d" % -ran.returncode
            counts = {"memory": int(said)}
        else:
            if ran.returncode != 0:
                sys.exit("inject: " + ran.stderr.decode())
            lines = said.splitlines()
            status = lines[0]
            counts = {line.split()[0]: int(line.split()[1])
                      for line in lines[1:]}
        return Trial(status, ran.stdout, ran.stderr, place, counts)


def is_temporary(name):
    return ".pith-tmp-" in name


def judge(command, usual, trial, kind, effect):
    """None, or what is wrong about a run in which something failed."""
    signalled = effect.startswith("SIG")
    if trial.status == "hangs 0":
        return "hangs"
    if trial.status.startswith("signal") and not (
            signalled and trial.status.split()[1] in
            (str(int(signal.SIGKILL)), str(int(signal.SIGINT)))):
        return "ended by " + trial.status
    if b"AddressSanitizer" in trial.err or b"runtime error" in trial.err:
        return trial.err.decode(errors="replace")
    succeeded = trial.status == "exit 0"
    if not succeeded and not signalled and kind != "write" and not trial.err:
        return "%s without a word" % trial.status
    if not succeeded and not signalled and trial.status not in (
            "exit 1", "exit 2"):
        return trial.status
    if not succeeded and not signalled and trial.err and \
            b"pith" not in trial.err:
        return "says " + repr(trial.err)
    if succeeded and "-" not in command.varies and trial.out != usual.out \
            and b"refuses it" not in trial.out: # info says why
        return "exit 0 with another standard output"
    if not command.varies and not succeeded and \
            not usual.out.startswith(trial.out):
        return "standard output is not a beginning of the usual one"
    for name, data in trial.files.items():
        if is_temporary(name):
            if effect != "SIGKILL" and kind not in ("unlink", "change"):
                return name + " is left"
        elif name not in usual.files:
            if command.name != "eval run":
                return name + " is left"
        elif name in command.varies or name not in command.writes:
            if succeeded and not data:
                return name + " is empty"
        elif data != usual.files[name] and (
                succeeded or not command.old or data != OLD):
            if command.name.startswith("align") and not succeeded:
                continue # the best of an earlier step: looked at below
            return name + " is neither the old one nor the new"
    if command.old and any(mode != MODE for name, mode in trial.modes.items()
                           if not is_temporary(name)):
        return "permissions are lost"
    if succeeded and set(usual.files) - set(trial.files):
        return "exit 0 without %s" % (set(usual.files) - set(trial.files))
    return None


def judge_again(command, usual, trial):
    """After a signal, and the same command once more."""
    if b"exists already; to replace it" in trial.err and \
            trial.files.keys() == usual.files.keys():
        return None # judge() has seen that it is whole
    if trial.status != "exit 0":
        return "run again: %s, %s" % (trial.status,
                                      trial.err.decode(errors="replace"))
    if set(trial.files) != set(usual.files):
        return "run again: files %s" % sorted(trial.files)
    for name in command.writes:
        if name not in command.varies and \
                trial.files[name] != usual.files[name]:
            return "run again: another " + name
    return None


class Sweep:
    def __init__(self, workplace):
        self.workplace = workplace
        self.local = threading.local()
        self.lock = threading.Lock()
        self.n_folders = 0
        self.failures = []

    def folder(self):
        if not hasattr(self.local, "path"):
            with self.lock:
                self.n_folders += 1
                self.local.path = self.workplace.folder / (
                    "run%d" % self.n_folders)
        return self.local.path

    def usual(self, command, kind="any"):
        self.workplace.start_folder(command, self.folder())
        trial = self.workplace.run(command, self.folder(), kind)
        if trial.status != "exit 0" or (
                "-" not in command.varies and trial.err):
            sys.exit("%s: %s %s" % (command.name, trial.status,
                                    trial.err.decode()))
        return trial

    def point(self, command, usual, kind, n, effect):
        """True when the program got over it."""
        place = self.folder()
        self.workplace.start_folder(command, place)
        trial = self.workplace.run(command, place, kind, n, effect)
        wrong = judge(command, usual, trial, kind, effect)
        got_over = trial.status == "exit 0"
        if wrong is None and not got_over and command.writes and (
                effect.startswith("SIG") or command.again):
            again = self.workplace.run(command, place, extra=command.again)
            wrong = judge_again(command, usual, again)
        if wrong is not None:
            with self.lock:
                self.failures.append("%s, %s %d of %d (%s): %s; it said %r" % (
                    command.name, kind, n,
                    usual.counts.get(kind, 0), effect or "fails", wrong,
                    trial.err.decode(errors="replace")[-300:]))
        return got_over


def spread(n, most):
    """At most this many of 1..n: the first, and of the rest equally many."""
    if n <= most:
        return list(range(1, n + 1))
    return sorted({1 + i * (n - 1) // (most - 1) for i in range(most)})


def sweep_command(sweep, pool, command, most):
    """A row: how many points there were of each kind, and got over."""
    usual = sweep.usual(command)
    usual.counts["memory"] = sweep.usual(command, "memory").counts["memory"]
    row, jobs = {}, {}
    plans = [(kind, kind, effect) for kind, effect in KINDS.items()]
    plans += [("memory", "memory", ""), ("SIGKILL", "any", "SIGKILL"),
              ("SIGINT", "any", "SIGINT")]
    for title, kind, effect in plans:
        points = spread(usual.counts[kind], most)
        jobs[title] = [pool.submit(sweep.point, command, usual, kind, n, effect)
                       for n in points]
    for title, futures in jobs.items():
        results = [future.result() for future in futures]
        row[title] = (len(results), sum(results))
    return row


def hashes(folder):
    return {path: hashlib.sha256(data).hexdigest()
            for path, data in read_files(folder).items()}


def print_table(rows):
    titles = list(KINDS) + ["memory", "SIGKILL", "SIGINT"]
    print("| command | " + " | ".join(titles) + " |")
    print("|---" * (len(titles) + 1) + "|")
    for name, row in rows.items():
        print("| %s | %s |" % (name, " | ".join(
            "%d" % row[title][0] if row[title][0] else "" for title in titles)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("tools", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--all", action="store_true",
                        help="every command and point, not the short ones")
    parser.add_argument("--most", type=int)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("commands", nargs="*")
    arguments = parser.parse_args()
    workplace = Workplace(arguments.program, arguments.tools, arguments.folder)
    workplace.prepare()
    before = hashes(workplace.inputs)
    sweep = Sweep(workplace)
    rows, total = {}, 0
    most = arguments.most or (10**9 if arguments.all else 12)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for command in COMMANDS:
            if arguments.commands and command.name not in arguments.commands:
                continue
            if not (arguments.all or arguments.commands or command.short):
                continue
            row = rows[command.name] = sweep_command(sweep, pool, command, most)
            points = sum(n for n, _ in row.values())
            total += points
            print("faults: %s: %d points, %d got over" % (
                command.name, points, sum(over for _, over in row.values())),
                flush=True)
    if hashes(workplace.inputs) != before:
        sweep.failures.append("an input was changed")
    if arguments.table:
        print_table(rows)
    for failure in sweep.failures:
        print("faults: " + failure, file=sys.stderr)
    shutil.rmtree(workplace.folder, ignore_errors=True)
    if sweep.failures:
        sys.exit("faults: %d of %d points" % (len(sweep.failures), total))
    print("faults: %d points, all clean" % total)


main()
