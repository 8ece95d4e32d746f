"""The vocabularies of Llama 3, Qwen and Mistral, which packages of PyPI carry:
token ids of random strings of many scripts are those of each package's own
tokenizer, from a Hugging Face folder and from GGUF.

usage: vocabularies.py PROGRAM FOLDER PACKAGES STRINGS
       PACKAGES holds llama_models, dashscope and mistral_common, unpacked
"""
import json
import pathlib
import random
import shutil
import subprocess
import sys
import types
import unicodedata

import gguf
import sentencepiece
from checkpoints import (llama_config, llama_tensors, random_strings,
                         write_folder, write_gguf_model)
from script_strings import random_string
from word_patterns import WORDS

PROGRAM, WORK, PACKAGES = sys.argv[1], *map(pathlib.Path, sys.argv[2:4])
N_STRINGS = int(sys.argv[4])


def bare_package(name):
    """A package whose modules can be imported, without what it imports."""
    module = types.ModuleType(name)
    module.__path__ = [str(PACKAGES / name.replace(".", "/"))]
    sys.modules[name] = module


for name in ["llama_models", "llama_models.llama3", "dashscope",
             "dashscope.tokenizers"]:
    bare_package(name)
from dashscope.tokenizers.qwen_tokenizer import QwenTokenizer
from llama_models.llama3.tokenizer import Tokenizer as LlamaTokenizer

# --- byte-level BPE: ranks of tokens, as tiktoken has them --------------------


def letters():
    """GPT-2's spelling of the 256 bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(b if b in plain else next(others)) for b in range(256)]


LETTERS = letters()


def spelled(token):
    return "".join(LETTERS[b] for b in token)


def merges_of(ranks):
    """All pairs that make a token, by the rank of what they make."""
    for token in sorted(ranks, key=ranks.get):
        pairs = [(token[:i], token[i:]) for i in range(1, len(token))]
        pairs = [pair for pair in pairs if pair[0] in ranks and pair[1] in ranks]
        for left, right in sorted(pairs, key=lambda pair: (ranks[pair[0]],
                                                           ranks[pair[1]])):
            yield spelled(left) + " " + spelled(right)


def tokenizer_json(ranks, specials, digits):
    """As Llama 3's and Qwen's files have it, which take words that are tokens
    whole, as tiktoken does."""
    vocab = {spelled(token): rank for token, rank in ranks.items()}
    return {
        "added_tokens": [{"id": id, "content": text, "special": True,
                          "lstrip": False, "rstrip": False,
                          "normalized": False, "single_word": False}
                         for text, id in specials.items()],
        "normalizer": None, "post_processor": None,
        "decoder": {"type": "ByteLevel"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": WORDS % digits},
             "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False,
             "use_regex": False}]},
        "model": {"type": "BPE", "ignore_merges": True, "vocab": vocab,
                  "merges": list(merges_of(ranks))}}


def write_gguf(path, state, rows, pre, tensors):
    """With architecture llama, whatever the tokenizer."""
    pieces = sorted(state["model"]["vocab"], key=state["model"]["vocab"].get)
    added = state["added_tokens"]
    pieces += [token["content"] for token in added]
    assert len(pieces) <= rows

    def write_tokenizer(writer):
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(pre)
        writer.add_token_list(pieces)
        writer.add_token_types([1] * (len(pieces) - len(added)) +
                               [3] * len(added))
        writer.add_token_merges(state["model"]["merges"])
        writer.add_bos_token_id(added[0]["id"])
        writer.add_eos_token_id(added[1]["id"])
        writer.add_add_bos_token(False)

    write_gguf_model(path, tensors, write_tokenizer)


# --- comparing ----------------------------------------------------------------


def run(*arguments, **more):
    done = subprocess.run([PROGRAM, *map(str, arguments)], text=True,
                          capture_output=True, timeout=600, **more)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def compare(name, source, texts, wanted):
    model = WORK / "out.pith"
    run("convert", "-q", source, model)
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    got = run("tokenize", "-m", model, "--format", "json",
              input=lines).rstrip("\n").split("\n")
    for text, line, ids in zip(texts, got, wanted, strict=True):
        ours = json.loads(line)["ids"]
        assert ours == list(ids), (name, text, ours, ids)


def texts_of(seed):
    rng = random.Random(seed)
    return random_strings([], 300) + [random_string(rng)
                                      for _ in range(N_STRINGS)]


def check_ranks(name, ranks, specials, digits, pre, encode, texts):
    state = tokenizer_json(ranks, specials, digits)
    rows = len(ranks) + len(specials)
    tensors = llama_tensors(rows, tied=True)
    folder = write_folder(WORK / name,
                          llama_config(rows, tie_word_embeddings=True), tensors,
                          {"tokenizer.json": state})
    wanted = [encode(text) for text in texts]
    compare(name, folder, texts, wanted)
    path = WORK / (name + ".gguf")
    write_gguf(path, state, rows, pre, tensors)
    compare(name + ", GGUF", path, texts, wanted)
    print(f"{name}: {rows} tokens, {len(texts)} texts, tokenizer.json and GGUF")


def check_llama3():
    own = LlamaTokenizer(PACKAGES / "llama_models/llama3/tokenizer.model")
    ranks = own.model._mergeable_ranks
    check_ranks("Llama 3", ranks, own.special_tokens, "{1,3}", "llama-bpe",
                lambda text: own.encode(text, bos=False, eos=False),
                texts_of(21))


def check_qwen():
    own = QwenTokenizer(str(PACKAGES / "dashscope/resources/qwen.tiktoken"))
    check_ranks("Qwen", own._mergeable_ranks, own._special_tokens, "", "qwen2",
                own.encode, [unicodedata.normalize("NFC", text)
                             for text in texts_of(22)])


def check_mistral(version, file):
    """U+2581 is a space to sentencepiece, to pith it is not."""
    path = PACKAGES / "mistral_common/data" / file
    own = sentencepiece.SentencePieceProcessor(model_file=str(path))
    rows = own.get_piece_size()
    folder = write_folder(WORK / version,
                          llama_config(rows, model_type="mistral",
                                       num_key_value_heads=2,
                                       tie_word_embeddings=True),
                          llama_tensors(rows, tied=True),
                          {"tokenizer.model": path.read_bytes()})
    texts = [text for text in texts_of(23) if "\u2581" not in text]
    compare(version, folder, texts, [own.encode(text) for text in texts])
    print(f"{version}: {rows} pieces, {len(texts)} texts")


shutil.rmtree(WORK, ignore_errors=True)
WORK.mkdir(parents=True)
check_llama3()
check_qwen()
for version, file in [("Mistral 0.1", "tokenizer.model.v1"),
                      ("Mistral 0.3", "mistral_instruct_tokenizer_240323.model.v3"),
                      ("Mistral Large", "mistral_instruct_tokenizer_241114.model.v7")]:
    check_mistral(version, file)
shutil.rmtree(WORK)
