"""Byte-level BPE with each pre-tokenizer: token ids of random strings of many
scripts are those of Hugging Face's tokenizers, from tokenizer.json and from
GGUF.

usage: pretokenizers.py PROGRAM FOLDER [STRINGS]
"""
import json
import logging
import os
import pathlib
import random
import shutil
import subprocess
import sys
import unicodedata

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import gguf
from checkpoints import llama_config, llama_tensors, random_strings
from checkpoints import write_folder, write_gguf_model
from word_patterns import (PRE_TOKENIZERS, VOCAB, byte_level_tokenizer,
                           write_gguf_tokenizer)

logging.disable(logging.WARNING)
PROGRAM, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
N_STRINGS = int(sys.argv[3]) if len(sys.argv) > 3 else 2000

# First and last characters of twenty scripts.
SCRIPTS = [
    ("Latin", 0x41, 0x24F), ("Greek", 0x370, 0x3FF), ("Cyrillic", 0x400, 0x4FF),
    ("Armenian", 0x531, 0x58A), ("Hebrew", 0x591, 0x5F4),
    ("Arabic", 0x600, 0x6FF), ("Devanagari", 0x900, 0x97F),
    ("Bengali", 0x980, 0x9FE), ("Gurmukhi", 0xA01, 0xA76),
    ("Tamil", 0xB82, 0xBFA), ("Telugu", 0xC00, 0xC7F), ("Thai", 0xE01, 0xE5B),
    ("Tibetan", 0xF00, 0xFDA), ("Burmese", 0x1000, 0x109F),
    ("Georgian", 0x10A0, 0x10FF), ("Ethiopic", 0x1200, 0x139F),
    ("Khmer", 0x1780, 0x17F9), ("Kana", 0x3041, 0x30FF),
    ("Han", 0x4E00, 0x9FFF), ("Hangul", 0xAC00, 0xD7A3),
    ("Fullwidth", 0xFF01, 0xFF9F), ("Mathematical", 0x1D400, 0x1D7FF),
    ("Symbols", 0x2000, 0x27BF), ("Emoji", 0x1F300, 0x1FAFF),
]
GLUE = ["'s", "'S", "'\u017F", "'ll", "'LL", "'Re", "'t", "'D", "'x", "'", "''",
        " ", "  ", "   ", "\t", "\n", "\r\n", "\n\n", " \n ", "\n  ", "\u00A0",
        "\u3000", "\u2028", "\x85", "\x0b", "\x07", "1", "12", "123", "1234",
        "20221", "\u00BD", "\u0661\u0662", "\u2167", ".", "...", "!?", "(", "_",
        "/*", "//\n", ";\r\n", "\u0301", "\u200D", "\uFE0F", "-", "a", "The"]


def random_string(rng):
    parts = []
    for _ in range(rng.randint(1, 10)):
        _, first, last = rng.choice(SCRIPTS)
        parts.append("".join(chr(rng.randint(first, last))
                             for _ in range(rng.randint(0, 4))))
        if rng.random() < 0.7:
            parts.append(rng.choice(GLUE))
        if rng.random() < 0.3:
            parts.append(rng.choice(GLUE))
    return "".join(parts)


def texts_of(name):
    rng = random.Random(11)
    texts = random_strings([], 300)
    texts += [random_string(rng) for _ in range(N_STRINGS)]
    if name == "qwen2": # whose tokenizer composes; pith takes texts as they are
        texts = [unicodedata.normalize("NFC", text) for text in texts]
    return texts


def run(*arguments, **more):
    done = subprocess.run([PROGRAM, *map(str, arguments)], text=True,
                          capture_output=True, timeout=300, **more)
    assert done.returncode == 0, (arguments, done.stderr)
    return done


def check(name, source, fast, texts):
    model = WORK / "out.pith"
    told = run("convert", source, model).stderr
    assert ("NFC" in told) == (name == "qwen2" and source.is_dir()), told
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    for options in [[], ["--bos"]]:
        got = run("tokenize", "-m", model, "--format", "json", *options,
                  input=lines).stdout.splitlines()
        assert len(got) == len(texts), (name, len(got))
        want = fast(texts, add_special_tokens=bool(options))["input_ids"]
        for text, line, ids in zip(texts, got, want):
            ours = json.loads(line)["ids"]
            assert ours == ids, (name, options, text, ours, ids)


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    for name in PRE_TOKENIZERS:
        fast, texts = byte_level_tokenizer(name), texts_of(name)
        folder = write_folder(WORK / name, llama_config(VOCAB),
                              llama_tensors(VOCAB), {})
        fast.save_pretrained(folder)
        check(name, folder, fast, texts)
        path = WORK / (name + ".gguf")
        write_gguf_model(path, llama_tensors(VOCAB), lambda writer:
                         write_gguf_tokenizer(writer, fast, name))
        check(name, path, fast, texts)
        print(f"pre-tokenizer {name}: {len(texts)} texts, tokenizer.json and "
              "GGUF")
    shutil.rmtree(WORK)


main()
