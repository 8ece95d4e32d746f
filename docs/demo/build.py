#!/usr/bin/env python3
"""Puts together the page, one index.html with all but the model, with the
service worker and the model beside it, and the package for Node.js.

usage: build.py MODULE.wasm MODEL.pith VERSION PAGE-FOLDER PACKAGE-FOLDER
"""
import base64
import gzip
import hashlib
import json
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).parent
PROMPTS = HERE.parent / "examples" / "prompts"


def source(name):
    text = (HERE / name).read_text()
    assert "</script" not in text and "</style" not in text, name
    return text


def prompt(name):
    return (PROMPTS / f"{name}.txt").read_text()


def examples():
    shown = {"meeting": {"prompt": prompt("meeting")},
             "math": {"prompt": prompt("math"),
                      "question": prompt("math.question").strip()},
             "document": {"prompt": prompt("document"),
                          "question": prompt("document.question").strip()}}
    return json.dumps(shown, ensure_ascii=False).replace("<", "\\u003c")


def hash_of(text):
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def policy(script, style):
    """Nothing may be run but the page's own scripts, nothing asked for but
    files beside it."""
    return "; ".join((
        "default-src 'none'", "connect-src 'self'", "img-src data:",
        f"script-src {hash_of(script)} 'self' 'wasm-unsafe-eval'",
        f"style-src {hash_of(style)}", "worker-src 'self' blob:",
        "base-uri 'none'", "form-action 'none'"))


def write(folder, name, text):
    (folder / name).write_text(text)


def make_page(module, model, folder):
    folder.mkdir(parents=True, exist_ok=True)
    weights = model.read_bytes()
    packed = gzip.compress(module.read_bytes(), 9, mtime=0)
    values = {name: source(name) for name in
              ("style.css", "engine.js", "worker.js", "page.js")}
    values |= {"examples": examples(),
               "module": base64.b64encode(packed).decode(),
               "model": hashlib.sha256(weights).hexdigest()[:16],
               "size": str(len(weights)),
               "policy": policy(values["page.js"], values["style.css"])}
    page = re.sub(r"@([a-z.]+)@", lambda found: values[found[1]],
                  (HERE / "index.html").read_text())
    write(folder, "index.html", page)
    version = hashlib.sha256(page.encode()).hexdigest()[:16]
    write(folder, "sw.js", source("sw.js").replace("@version@", version))
    shutil.copyfile(model, folder / "default.pith")


def make_package(module, version, folder):
    shutil.copytree(HERE / "npm", folder, dirs_exist_ok=True)
    package = (HERE / "npm" / "package.json").read_text()
    write(folder, "package.json", package.replace("@version@", version))
    write(folder, "engine.js", source("engine.js"))
    shutil.copyfile(module, folder / "pith.wasm")


def main():
    module, model = map(pathlib.Path, sys.argv[1:3])
    page, package = map(pathlib.Path, sys.argv[4:])
    make_page(module, model, page)
    make_package(module, sys.argv[3], package)


if __name__ == "__main__":
    main()
