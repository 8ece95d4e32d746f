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
from script_strings import random_string
from word_patterns import (PRE_TOKENIZERS, VOCAB, byte_level_tokenizer,
                           write_gguf_tokenizer)

logging.disable(logging.WARNING)
PROGRAM, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
N_STRINGS = int(sys.argv[3]) if len(sys.argv) > 3 else 2000


def texts_of(name):
    rng = random.Random(11)
    texts = random_strings([], 300)
    texts += [random_string(rng) for _ in range(N_STRINGS)]
    if name == "qwen2": # whose tokenizer composes; pith takes texts as they are
        texts = [unicodedata.normalize("NFC", text) for text in texts]
    return texts


def run(*arguments, **more):
    done = subprocess.run([PROGRAM, *map(str, arguments)], text=True,
                          capture_output=True, timeout=900, **more)
    assert done.returncode == 0, (arguments, done.stderr)
    return done


def check(name, source, fast, texts):
    model = WORK / "out.pith"
    told = run("convert", source, model).stderr
    assert ("NFC" in told) == (name == "qwen2" and source.is_dir()), told
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    for options in [[], ["--bos"]]:
        got = run("tokenize", "-m", model, "--format", "json", *options,
                  input=lines).stdout.rstrip("\n").split("\n")
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
