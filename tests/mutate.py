#!/usr/bin/env python3
"""Breaks the backward functions one by one (tests/mutations.txt) and runs the
gradient tests, which must notice.  Works on copies of the tree.

usage: mutate.py FOLDER SHARED [-j WORKERS] [WORD...]

FOLDER is for the copies; with WORDs only mutations whose file or function
holds one.  Prints a table; exit status 1 when a mutation survives.
"""
import argparse
import collections
import concurrent.futures
import filecmp
import os
import queue
import re
import shutil
import subprocess
import sys

TESTS = ["test_gradients", "test_gradient_ops"]
SECONDS = 600  # a test that takes longer hangs
Mutation = collections.namedtuple("Mutation", "file function old new")


def read_table(path):
    mutations, file, function, old = [], None, None, None
    for line in open(path, encoding="utf-8"):
        line = line.rstrip("\n")
        if line.startswith("= "):
            file = line[2:]
        elif line.startswith("- "):
            old = line[2:]
        elif line.startswith("+ "):
            mutations.append(Mutation(file, function, old, line[2:]))
        elif line and not line.startswith("#"):
            function = line
    return mutations


def mutate(mutation, text):
    """The text with the mutation; None when it does not fit any more."""
    definition = re.search(rf"^(?!\s)[^\n;]*\b{mutation.function}\("
                           r"[^;{]*\n{", text, re.MULTILINE)
    if definition is None:
        return None
    end = text.index("\n}", definition.end())
    place = text.find(mutation.old, definition.end(), end)
    if place < 0:
        return None
    return text[:place] + mutation.new + text[place + len(mutation.old):]


def run_tests(tree, shared):
    """What noticed: "the compiler", a test program, or None."""
    programs = [f"build/mutate/tests/{test}" for test in TESTS]
    make = ["make", "-s", "BUILD=build/mutate", "CFLAGS=-O1"] + programs
    if subprocess.run(make, cwd=tree, capture_output=True).returncode != 0:
        return "the compiler"
    environment = dict(os.environ, CK_FORK="no", PITH_SHARED=shared)
    for test, program in zip(TESTS, programs):
        try:
            status = subprocess.run([program], cwd=tree, capture_output=True,
                                    env=environment,
                                    timeout=SECONDS).returncode
        except subprocess.TimeoutExpired:
            status = 1
        if status != 0:
            return test
    return None


def copy_changed(source, target):
    """Leaves equal files alone, so that make sees what changed, what an
    interrupted trial left included."""
    if not (os.path.exists(target) and
            filecmp.cmp(source, target, shallow=False)):
        shutil.copyfile(source, target)


def make_tree(folder, index):
    tree = os.path.join(folder, f"tree{index}")
    os.makedirs(tree, exist_ok=True)
    for inside, _, files in os.walk(os.path.join(tree, "src")):
        for file in files:  # what the sources have lost since the last time
            path = os.path.join(inside, file)
            if not os.path.exists(os.path.relpath(path, tree)):
                os.remove(path)
    for name in ["Makefile", "src", "include", "tests", "tools", "examples"]:
        if os.path.isdir(name):
            shutil.copytree(name, os.path.join(tree, name),
                            copy_function=copy_changed, dirs_exist_ok=True)
        elif os.path.exists(name):
            copy_changed(name, os.path.join(tree, name))
    return tree


def trial(mutation, trees, shared):
    tree = trees.get()
    path = os.path.join(tree, mutation.file)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    changed = mutate(mutation, text)
    noticed = "does not fit"
    if changed is not None:
        with open(path, "w", encoding="utf-8") as file:
            file.write(changed)
        noticed = run_tests(tree, shared) or "SURVIVES"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    trees.put(tree)
    return noticed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("shared")
    parser.add_argument("-j", type=int, default=1, dest="workers")
    parser.add_argument("words", nargs="*")
    arguments = parser.parse_intermixed_args()
    shared = os.path.abspath(arguments.shared)
    if not os.path.isdir(os.path.join(shared, "goldens/tiny")):
        print("note: without the goldens of shared, only the tests that need "
              "none notice", file=sys.stderr)
    mutations = [m for m in read_table("tests/mutations.txt")
                 if not arguments.words or
                 any(w in f"{m.file} {m.function}" for w in arguments.words)]
    trees = queue.Queue()
    for i in range(arguments.workers):
        trees.put(make_tree(arguments.folder, i))
        noticed = run_tests(trees.queue[i], shared) if i == 0 else None
        if noticed is not None:
            sys.exit(f"without any mutation, {noticed} fails")
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.workers) as pool:
        results = pool.map(lambda m: trial(m, trees, shared), mutations)
        for m, noticed in zip(mutations, results):
            bad += noticed in ("SURVIVES", "does not fit", "the compiler")
            print(f"{m.file}\t{m.function}\t{m.old}\t{m.new}\t{noticed}",
                  flush=True)
    print(f"{len(mutations)} mutations, {len(mutations) - bad} noticed by a "
          "test")
    sys.exit(bad > 0)


main()
