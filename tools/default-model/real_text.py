"""Collect the real half of the corpus from what is installed on this machine.

    python3 real_text.py --list-debs
    python3 real_text.py --shared ../shared --debs folder --out real.jsonl

Sources and licences (the `source` field of every record; nothing under the GPL,
LGPL or a licence that does not allow this use):

  rust docs       documentation of the Rust toolchain    MIT OR Apache-2.0
  node docs       documentation of Node.js               MIT
  python docs     pydoc topics, docstrings, source of    PSF-2.0
                  Python's own library
  packages        docstrings, source and README of       BSD, MIT or Apache-2.0: PACKAGES
                  installed Python packages
  Debian docs     documentation of programs, from        PSF, BSD, MIT, BSL, Apache-2.0,
                  packages in --debs                     public domain: DEBS
  gsm8k           GSM8K, training split                  MIT
  speeches        addresses of US presidents             public domain
"""

import argparse
import ast
import glob
import gzip
import html.parser
import importlib.util
import json
import lzma
import os
import random
import re
import subprocess
import sysconfig
import tempfile

PACKAGES = {
    "sympy": "BSD-3-Clause",
    "networkx": "BSD-3-Clause",
    "numpy": "BSD-3-Clause",
    "torch": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "mpmath": "BSD-3-Clause",
    "transformers": "Apache-2.0",
    "nltk": "Apache-2.0",
    "requests": "Apache-2.0",
    "tokenizers": "Apache-2.0",
    "accelerate": "Apache-2.0",
    "pip": "MIT",
    "setuptools": "MIT",
    "urllib3": "MIT",
    "yaml": "MIT",
}
DEBS = {
    "python3.11-doc": "PSF-2.0",
    "python-django-doc": "BSD-3-Clause",
    "postgresql-doc-15": "PostgreSQL",
    "sqlite3-doc": "public domain",
    "apache2-doc": "Apache-2.0",
    "python-sklearn-doc": "BSD-3-Clause",
    "python-astropy-doc": "BSD-3-Clause",
    "python-pandas-doc": "BSD-3-Clause",
    "python-statsmodels-doc": "BSD-3-Clause",
    "python-sqlalchemy-doc": "MIT",
    "libboost1.81-doc": "BSL-1.0",
    "erlang-doc": "Apache-2.0",
    "llvm-14-doc": "Apache-2.0 WITH LLVM-exception",
    "cmake-doc": "BSD-3-Clause",
    "nova-doc": "Apache-2.0",
    "neutron-doc": "Apache-2.0",
    "cinder-doc": "Apache-2.0",
    "keystone-doc": "Apache-2.0",
    "glance-doc": "Apache-2.0",
    "swift-doc": "Apache-2.0",
    "docker-doc": "Apache-2.0",
    "jargon-text": "public domain",
    "dict-devil": "public domain",
}
NOT_PROSE = re.compile(
    r"/(_modules|_sources|fr|ja|ko|de|es|tr|da|pt-br|zh-cn|ru|src|wx-[^/]*)/"
    r"|(genindex|modindex|bookindex|contents|search|changelog|license|copyright)",
    re.IGNORECASE,
)
MOST_CODE = 2_500_000  # bytes of source of each kind
MOST_DOCS = 5_000_000  # bytes of one package's documentation
BLOCKS = {
    "p",
    "div",
    "li",
    "pre",
    "h1",
    "h2",
    "h3",
    "h4",
    "tr",
    "table",
    "ul",
    "section",
    "summary",
    "br",
    "dt",
    "dd",
}
SKIPPED = {"script", "style", "nav", "head", "rustdoc-toolbar", "button", "svg", "noscript"}


class TextOf(html.parser.HTMLParser):
    """The text of a page; blocks become lines"""

    def __init__(self):
        super().__init__()
        self.out, self.hidden, self.verbatim = [], 0, 0

    def handle_starttag(self, tag, attributes):
        self.hidden += tag in SKIPPED
        self.verbatim += tag == "pre"
        if tag in BLOCKS:
            self.out.append("\n" if tag in ("li", "tr", "br") else "\n\n")

    def handle_endtag(self, tag):
        self.hidden -= tag in SKIPPED and self.hidden > 0
        self.verbatim -= tag == "pre"
        if tag in BLOCKS:
            self.out.append("\n")

    def handle_data(self, data):
        if not self.hidden:
            self.out.append(data if self.verbatim else re.sub(r"\s+", " ", data))


def page_text(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        page = file.read()
    page = page[max(page.find('role="main"'), 0) :].partition('class="sphinxsidebar"')[0]
    parser = TextOf()
    parser.feed(page if page[:1] == "<" else "<" + page)
    text = re.sub(r"[ \t]+\n", "\n", "".join(parser.out))
    return re.sub(r"\n{3,}", "\n\n", re.sub("[§¶]", "", text).replace("\xa0", " ")).strip()


def rust_docs():
    root = glob.glob(os.path.expanduser("~/.rustup/toolchains/stable-*/share/doc/rust/html"))
    if not root:
        return
    for book in (
        "book",
        "reference",
        "nomicon",
        "cargo",
        "rustc",
        "rustdoc",
        "rust-by-example",
        "edition-guide",
        "embedded-book",
        "style-guide",
        "unstable-book",
        "error_codes",
        "clippy",
    ):
        for path in glob.glob(f"{root[0]}/{book}/**/*.html", recursive=True):
            name = os.path.basename(path)
            if (
                name not in ("print.html", "toc.html", "404.html")
                and os.path.getsize(path) < 400_000
            ):
                yield page_text(path)
    for path in glob.glob(f"{root[0]}/std/**/*.html", recursive=True):  # modules, types, keywords
        if (
            re.search(
                r"/(index|primitive\.\w+|keyword\.\w+|macro\.\w+|struct\.\w+|enum\.\w+|trait\.\w+)"
                r"\.html$",
                path,
            )
            and "/arch/" not in path
            and os.path.getsize(path) < 150_000
        ):
            yield page_text(path)[:30_000]


def node_docs():
    for path in glob.glob("/usr/share/doc/nodejs/**/*.md*", recursive=True):
        if path.endswith(".md") and "changelog" not in path.lower():
            with open(path, encoding="utf-8", errors="replace") as file:
                yield re.sub(r"<!--.*?-->\n?", "", file.read(), flags=re.S)


def debian_docs(folder, rng):
    """-> (package, text) of the documentation in the .deb files of a folder"""
    for package in DEBS:
        for deb in glob.glob(f"{folder}/{package}_*.deb"):
            with tempfile.TemporaryDirectory() as root:
                subprocess.run(["dpkg", "-x", deb, root], check=True)
                yield from ((package, text) for text in texts_below(root, rng))


def texts_below(root, rng):
    """The texts of a folder's pages, Markdown and plain text files"""
    paths = sorted(p for p in glob.glob(root + "/**", recursive=True) if os.path.isfile(p))
    rng.shuffle(paths)
    size = 0
    for path in paths:
        name = path.removesuffix(".gz").removesuffix(".dz")
        if NOT_PROSE.search(path[len(root) :]) or size > MOST_DOCS:
            continue
        if path.endswith(".html") and os.path.getsize(path) < 400_000:
            text = page_text(path)
        elif name.endswith((".md", "jargon.txt", ".dict")):
            with (open if name == path else gzip.open)(path, "rb") as file:
                text = file.read().decode("utf-8", "replace")
        else:
            continue
        size += len(text)
        yield text


def docstrings(source):
    """The documentation of a module and what it defines, as one text"""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            text = ast.get_docstring(node)
            if text and len(text) > 120:
                name = getattr(node, "name", "")
                found.append(f"{name}\n\n{text}" if name else text)
    return "\n\n".join(found)


def python_sources(root, rng):
    """-> documentation of all files, then source of some"""
    skipped = re.compile(r"/(site-packages|dist-packages|tests?|testing|_vendor|lib2to3|idlelib)/")
    paths = [
        p
        for p in sorted(glob.glob(f"{root}/**/*.py", recursive=True))
        if not skipped.search(p[len(root) :])
    ]
    rng.shuffle(paths)
    code = 0
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as file:
            source = file.read()
        yield docstrings(source)
        if code < MOST_CODE and 500 < len(source) < 60_000:
            code += len(source)
            yield source


def python_docs(rng):
    from pydoc_data import topics

    yield from topics.topics.values()
    root = sysconfig.get_paths()["stdlib"]
    yield from python_sources(root, rng)


def packages(rng):
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec and spec.submodule_search_locations:
            yield from (
                (name, text) for text in python_sources(spec.submodule_search_locations[0], rng)
            )


def gsm8k(path):
    """Each problem in two layouts: the paper's prompt, and question and answer"""
    with open(path, encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            steps, answer = re.sub(r"<<.*?>>", "", record["answer"]).split("\n#### ")
            question = f"Question: {record['question']}\n"
            yield f"{question}Let's think step by step\n{steps}\nThe answer is {answer}"
            yield f"{question}Answer: {steps}\n#### {answer}"


def pieces(text, size=24_000):
    """Long texts in pieces that end at a paragraph"""
    while len(text) > size:
        end = text.rfind("\n\n", size // 2, size)
        end = size if end < 0 else end
        yield text[:end]
        text = text[end:].lstrip("\n")
    yield text


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--shared", help="the project's shared folder: GSM8K train and speeches")
    parser.add_argument("--debs", help="folder of Debian packages, downloaded with apt-get")
    parser.add_argument("--list-debs", action="store_true", help="print their names and end")
    parser.add_argument("--out", default="real.jsonl")
    a = parser.parse_args()
    if a.list_debs:
        print(*DEBS)
        return
    rng, totals, seen = random.Random(1), {}, set()
    with open(a.out, "w", encoding="utf-8") as out:

        def put(source, text):
            for piece in pieces(text):
                key = hash(piece[:400])
                if len(piece) < 200 or key in seen:
                    continue
                seen.add(key)
                totals[source] = totals.get(source, 0) + len(piece.encode("utf-8", "replace"))
                out.write(json.dumps({"source": source, "text": piece}, ensure_ascii=True) + "\n")

        for text in rust_docs():
            put("rust docs (MIT OR Apache-2.0)", text)
        for text in node_docs():
            put("node docs (MIT)", text)
        for text in python_docs(rng):
            put("python (PSF-2.0)", text)
        for name, text in packages(rng):
            put(f"{name} ({PACKAGES[name]})", text)
        for name, text in debian_docs(a.debs, rng) if a.debs else ():
            put(f"{name} ({DEBS[name]})", text)
        if a.shared and os.path.isdir(a.shared):
            for text in gsm8k(a.shared + "/data/gsm8k/train.jsonl"):
                put("gsm8k train (MIT)", text)
            speeches = a.shared + "/models/default/corpus/real_permissive.jsonl.xz"
            with lzma.open(speeches, "rt", encoding="utf-8") as file:
                for record in map(json.loads, file):
                    if "presidential" in record["source"]:
                        put("speeches (public domain)", record["text"])
    for source, size in totals.items():
        print(f"{size:12,} {source}")
    print(f"{sum(totals.values()):12,} together")


if __name__ == "__main__":
    main()
