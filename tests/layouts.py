"""Layouts of real checkpoints, built by checkpoints.py: `pith convert` takes
them, and the token ids are those of transformers and sentencepiece.

Where the two classes of transformers differ, the slow one is right: it calls
sentencepiece itself.  The fast one is the oracle where a folder has nothing
but a tokenizer.json, and of a text that begins with an added token which is
not named special: there the slow one, with "legacy": false, leaves a lone
space in front.  U+2581 in a text is left out: to all of them it is a space, to
pith, which gives texts back byte for byte, it is not.

usage: layouts.py PROGRAM FOLDER
"""
import json
import logging
import os
import pathlib
import shutil
import subprocess
import sys

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["TRANSFORMERS_NO_ADVISORY_WARNINGS"] = "1"
import numpy
import sentencepiece
import transformers
from checkpoints import (byte_level, gpt2_config, gpt2_tensors, llama_config,
                         llama_tensors, random_strings, sentencepiece_model,
                         write_folder, write_gguf, write_shards)

logging.disable(logging.WARNING)
PROGRAM, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
N_STRINGS = 400


def token(content, **more):
    return {"content": content, "lstrip": False, "normalized": False,
            "rstrip": False, "single_word": False, **more}


def added(content, **more):
    return {"__type": "AddedToken", **token(content, **more)}


def run(*arguments, **more):
    return subprocess.run([PROGRAM, *map(str, arguments)], text=True,
                          capture_output=True, timeout=60, **more)


def convert(source):
    out = WORK / "out.pith"
    done = run("convert", source, out)
    assert done.returncode == 0, (source.name, done.stderr)
    return out, done.stderr


def ids_of(model, texts, *options):
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    done = run("tokenize", "-m", model, "--format", "json", *options,
               input=lines)
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["ids"] for line in done.stdout.splitlines()]


def compare(name, model, texts, oracle, *options):
    got = ids_of(model, texts, *options)
    assert len(got) == len(texts), (name, len(got))
    for text, ours in zip(texts, got):
        theirs = list(oracle(text))
        assert ours == theirs, (name, options, text, ours, theirs)


def check(name, source, oracle, markers, with_bos=None, texts=None):
    """oracle: text to ids; with_bos: the same with what is added by
    default."""
    model, _ = convert(source)
    texts = texts or random_strings(markers, N_STRINGS)
    compare(name, model, texts, oracle)
    if with_bos is not None:
        compare(name, model, texts, with_bos, "--bos")
    print(f"{name}: {len(texts)} texts")


def check_class(name, source, tokenizer, markers, texts=None):
    check(name, source,
          lambda text: tokenizer.encode(text, add_special_tokens=False),
          markers, lambda text: tokenizer.encode(text), texts)


# --- LLaMA ------------------------------------------------------------------

MARKERS = ["<s>", "</s>", "<unk>", "[PAD]", "<|im_start|>", "<|im_end|>"]
MODEL = sentencepiece_model()
PIECES = sentencepiece.SentencePieceProcessor(model_proto=MODEL)
N = PIECES.get_piece_size()
CONFIG = {"tokenizer_class": "LlamaTokenizer", "bos_token": added("<s>"),
          "eos_token": added("</s>"), "unk_token": added("<unk>"),
          "add_bos_token": True, "add_eos_token": False, "pad_token": None,
          "clean_up_tokenization_spaces": False, "sp_model_kwargs": {}}
MAP = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


def decoder(*more):
    listed = ["<unk>", "<s>", "</s>"]
    return {str(id): token(text, special=True)
            for id, text in enumerate(listed)} | dict(more)


def llama(name, rows, files, **config):
    return write_folder(WORK / name, llama_config(rows, **config),
                        llama_tensors(rows),
                        {"tokenizer.model": MODEL, **files})


class Slow:
    """The slow class, without the lone space."""

    def __init__(self, folder):
        self.own = transformers.LlamaTokenizer.from_pretrained(folder)
        self.space = self.own.convert_tokens_to_ids("\u2581")

    def encode(self, text, add_special_tokens=True):
        ids = self.own.encode(text, add_special_tokens=False)
        starts = [id for added, id in self.own.added_tokens_encoder.items()
                  if text.startswith(added)]
        if (not self.own.legacy and ids[:1] == [self.space] and
                ids[1:2] and ids[1] in starts):
            ids = ids[1:]
        return (self.own.build_inputs_with_special_tokens(ids)
                if add_special_tokens else ids)


def llama_layouts():
    """Name, rows of the embedding, files beside tokenizer.model."""
    chatml = {"<|im_start|>": N + 1, "<|im_end|>": N + 2, "[PAD]": N}
    yield "tokenizer.model alone", N, {}
    yield "llama 2", N, {
        "tokenizer_config.json": {**CONFIG, "legacy": False},
        "special_tokens_map.json": {key: token(text)
                                    for key, text in MAP.items()},
        "generation_config.json": {"bos_token_id": 1, "eos_token_id": 2}}
    yield "alpaca", N + 1, {
        "added_tokens.json": {"[PAD]": N},
        "special_tokens_map.json": {"bos_token": "</s>", "eos_token": "</s>",
                                    "unk_token": "</s>", "pad_token": "[PAD]"},
        "tokenizer_config.json": {"tokenizer_class": "LlamaTokenizer",
                                  "bos_token": "", "eos_token": "",
                                  "unk_token": "", "padding_side": "right"}}
    yield "vicuna 1.1", N + 1, {
        "added_tokens.json": {"[PAD]": N},
        "special_tokens_map.json": {**MAP, "pad_token": "[PAD]"},
        "tokenizer_config.json": CONFIG}
    yield "vicuna 1.5", N + 8, {
        "special_tokens_map.json": {**MAP, "pad_token": "<unk>"},
        "tokenizer_config.json": {**CONFIG, "legacy": False}}
    yield "tinyllama 0.3", N + 3, {
        "added_tokens.json": chatml, "tokenizer_config.json": CONFIG,
        "special_tokens_map.json": {
            **MAP, "additional_special_tokens": ["<|im_start|>", "<|im_end|>"],
            "pad_token": "[PAD]"}}
    yield "added tokens that no one names", N + 64, {
        "added_tokens.json": chatml, "tokenizer_config.json": CONFIG}
    yield "added_tokens_decoder", N + 3, {
        "tokenizer_config.json": {
            **CONFIG, "pad_token": "[PAD]", "added_tokens_decoder": decoder(
                *((str(id), token(text, special=text != "<|im_start|>"))
                  for text, id in chatml.items()))}}
    yield "added_tokens_decoder, not legacy", N + 3, {
        "tokenizer_config.json": {
            **CONFIG, "legacy": False, "added_tokens_decoder": decoder(
                *((str(id), token(text, special=True))
                  for text, id in chatml.items()))}}
    yield "named and in no list", N + 2, {
        "tokenizer_config.json": CONFIG,
        "special_tokens_map.json": {
            **MAP, "pad_token": "[PAD]",
            "additional_special_tokens": ["<|im_end|>"]}}
    yield "ids with a gap", N + 6, {
        "added_tokens.json": {"[PAD]": N + 5},
        "tokenizer_config.json": {**CONFIG, "pad_token": "[PAD]"}}
    yield "without BOS", N, {
        "tokenizer_config.json": {**CONFIG, "add_bos_token": False}}


def check_llama():
    for name, rows, files in llama_layouts():
        folder = llama(name, rows, files)
        check_class(name, folder, Slow(folder), MARKERS)

    # The first folders name nothing, and the wrong ids in config.json.
    folder = llama("first llama", N, {
        "special_tokens_map.json": {},
        "tokenizer_config.json": {"tokenizer_class": "LLaMATokenizer",
                                  "bos_token": "", "eos_token": "",
                                  "unk_token": ""}},
        bos_token_id=0, eos_token_id=1, pad_token_id=-1)
    check_class("first llama", folder,
                transformers.LlamaTokenizer(str(folder / "tokenizer.model")),
                MARKERS)

    # A token without a row is told of; its text is text.
    folder = llama("beyond the embedding", N, {
        "added_tokens.json": {"[PAD]": N}, "tokenizer_config.json": CONFIG})
    _, notes = convert(folder)
    assert f'"[PAD]" with id {N}' in notes, notes
    check("beyond the embedding", folder, PIECES.encode, [],
          texts=random_strings([], 200) + ["[PAD]"])


def check_other_models():
    """SentencePiece models with other settings than LLaMA's."""
    for name, settings in [
            ("without byte pieces", {"byte_fallback": False}),
            ("without dummy prefix", {"add_dummy_prefix": False}),
            ("with a piece for padding", {"pad_id": 3}),
            ("with control symbols", {"control_symbols": ["<ctrl>", "[PAD]"]}),
            ("with its own names", {"unk_piece": "<u>", "bos_piece": "<b>",
                                    "eos_piece": "<e>"})]:
        model = sentencepiece_model(**settings)
        n = len(sentencepiece.SentencePieceProcessor(model_proto=model))
        names = {"bos_token": "<b>", "eos_token": "<e>", "unk_token": "<u>"}
        config = {**CONFIG, **(names if "own names" in name else {})}
        for legacy in [True, False]:
            folder = write_folder(
                WORK / f"{name} {legacy}", llama_config(n), llama_tensors(n),
                {"tokenizer.model": model,
                 "tokenizer_config.json": {**config, "legacy": legacy}})
            check_class(name + ("" if legacy else ", not legacy"), folder,
                        Slow(folder),
                        ["<s>", "</s>", "<unk>", "<ctrl>", "<b>", "<u>"])


def check_user_defined():
    """Text without control pieces is sentencepiece's own affair."""
    symbols = ["<sep>", "<se", "\u2581<X>", "ab\u2581cd", "\U0001F469", "ing"]
    model = sentencepiece_model(user_defined_symbols=symbols)
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model)
    n = pieces.get_piece_size()
    markers = [symbol.replace("\u2581", " ") for symbol in symbols]
    for legacy in [True, False]:
        folder = write_folder(
            WORK / f"user-defined {legacy}", llama_config(n), llama_tensors(n),
            {"tokenizer.model": model,
             "tokenizer_config.json": {**CONFIG, "legacy": legacy}})
        name = "user-defined pieces" + ("" if legacy else ", not legacy")
        check_class(name, folder, Slow(folder), markers + ["<s>"])
        if legacy:
            check(name + ", by sentencepiece", folder, pieces.encode, markers)


def check_tokenizer_json():
    """What transformers saves when tokenizer.model is not there."""
    for legacy in [True, False]:
        whole = llama(f"whole {legacy}", N + 1, {
            "added_tokens.json": {"[PAD]": N},
            "tokenizer_config.json": {**CONFIG, "pad_token": "[PAD]",
                                      "legacy": legacy}})
        fast = transformers.LlamaTokenizerFast.from_pretrained(whole)
        folder = llama(f"only json {legacy}", N + 1, {})
        (folder / "tokenizer.model").unlink()
        fast.save_pretrained(folder, legacy_format=False)
        name = "tokenizer.json alone" + ("" if legacy else ", not legacy")
        # The fast class takes a space that a text begins with for the prefix.
        texts = [text for text in random_strings(MARKERS, N_STRINGS)
                 if legacy or not text.startswith(" ")]
        check_class(name, folder, fast, MARKERS, texts)
        (folder / "tokenizer.model").write_bytes(MODEL)
        check_class(name.replace("alone", "and tokenizer.model"), folder,
                    Slow(folder), MARKERS)


# --- GPT-2 ------------------------------------------------------------------

VOCAB, MERGES = byte_level()
G = len(VOCAB)
GPT2_MARKERS = ["<|endoftext|>", "<|pad|>", "<|im_start|>", "<|im_end|>"]


def gpt2(name, rows, files, **config):
    return write_folder(
        WORK / name, gpt2_config(rows, **config), gpt2_tensors(rows),
        {"vocab.json": VOCAB,
         "merges.txt": "#version: 0.2\n" + "\n".join(MERGES) + "\n", **files})


def gpt2_layouts():
    yield "gpt2", G, {}
    yield "gpt2 with ids", G, {"tokenizer_config.json": {
        "tokenizer_class": "GPT2Tokenizer", "add_prefix_space": False,
        "model_max_length": 1024, "bos_token": added("<|endoftext|>"),
        "eos_token": added("<|endoftext|>"),
        "unk_token": added("<|endoftext|>")}}
    yield "gpt2, padded", G + 7, {
        "added_tokens.json": {"<|pad|>": G},
        "special_tokens_map.json": {"bos_token": "<|endoftext|>",
                                    "eos_token": "<|endoftext|>",
                                    "unk_token": "<|endoftext|>",
                                    "pad_token": "<|pad|>"}}
    yield "gpt2, new tokens in no list", G + 3, {"special_tokens_map.json": {
        "pad_token": "<|pad|>",
        "additional_special_tokens": ["<|im_start|>", "<|im_end|>"]}}
    yield "gpt2 with BOS", G, {"tokenizer_config.json": {
        "tokenizer_class": "GPT2Tokenizer", "add_bos_token": True}}


def check_first_gpt2():
    """Its tokenizer.json does not say which model it is of."""
    folder = gpt2("first gpt2", G, {})
    fast = transformers.GPT2TokenizerFast.from_pretrained(folder)
    state = json.loads(fast.backend_tokenizer.to_str())
    del state["model"]["type"], state["model"]["byte_fallback"]
    del state["model"]["ignore_merges"], state["pre_tokenizer"]["use_regex"]
    state["model"]["merges"] = MERGES
    for file in ["vocab.json", "merges.txt"]:
        (folder / file).unlink()
    (folder / "tokenizer.json").write_text(json.dumps(state))
    check_class("first gpt2", folder,
                transformers.GPT2TokenizerFast.from_pretrained(folder),
                GPT2_MARKERS)


def check_gpt2():
    for name, rows, files in gpt2_layouts():
        folder = gpt2(name, rows, files)
        tokenizer = transformers.GPT2Tokenizer.from_pretrained(folder)
        check_class(name, folder, tokenizer, GPT2_MARKERS)
        fast = transformers.GPT2TokenizerFast.from_pretrained(folder)
        alone = gpt2(name + ", json", rows, {})
        for file in ["vocab.json", "merges.txt"]:
            (alone / file).unlink()
        fast.save_pretrained(alone, legacy_format=False)
        check_class(name + ", tokenizer.json alone", alone, fast, GPT2_MARKERS)


def check_llama_with_bytes():
    """SmolLM2: digits alone, ChatML, a template that adds BOS."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from tokenizers import processors
    built = Tokenizer(models.BPE(
        vocab=VOCAB, merges=[tuple(merge.split(" ")) for merge in MERGES]))
    built.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False)])
    built.decoder = decoders.ByteLevel()
    built.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    built.post_processor = processors.TemplateProcessing(
        single="<|im_start|> $A", special_tokens=[("<|im_start|>", G)])
    folder = write_folder(WORK / "llama with bytes", llama_config(G + 8),
                          llama_tensors(G + 8), {})
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=built, bos_token="<|im_start|>",
        eos_token="<|im_end|>", unk_token="<|endoftext|>")
    fast.save_pretrained(folder)
    check_class("llama with byte-level BPE", folder, fast, GPT2_MARKERS)


# --- GGUF -------------------------------------------------------------------


def check_gguf():
    pieces = [PIECES.id_to_piece(id) for id in range(N)]
    scores = [PIECES.get_score(id) for id in range(N)]
    types = [2 if PIECES.is_unknown(id) else 3 if PIECES.is_control(id)
             else 6 if PIECES.is_byte(id) else 1 for id in range(N)]
    ids = {"tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2,
           "tokenizer.ggml.unknown_token_id": 0}
    folder = llama("of gguf", N, {})
    tensors = llama_tensors(N)
    for name, types, keys in [
            ("as it should be", types, ids),
            ("bytes as ordinary pieces",
             [1 if type == 6 else type for type in types], ids),
            ("all pieces ordinary", [1] * N, ids),
            ("without types", None, ids),
            ("without ids", types, {})]:
        path = WORK / f"gguf {name}.gguf"
        write_gguf(path, tensors, pieces, scores, types, keys)
        check_class("gguf, " + name, path, Slow(folder), MARKERS)


# --- weights ----------------------------------------------------------------

TEXT = "The river runs under the bridge, and the bridge does not move."


def losses(source):
    model, _ = convert(source)
    done = run("score", "-m", model, "--precision", "f32", "--format", "json",
               input=TEXT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_same(name, wanted, folder):
    assert losses(folder) == wanted, name
    print(f"weights, {name}: the same losses")


def write_weights(name, config, files, tensors, **more):
    return write_folder(WORK / ("weights " + name), config, tensors, files,
                        **more)


def without(tensors, *names):
    return {name: values for name, values in tensors.items()
            if name not in names}


def renamed(tensors, prefix, to=""):
    return {to + name.removeprefix(prefix): values
            for name, values in tensors.items()}


def other_types(tensors):
    kinds = [numpy.float16, numpy.float32]
    return {name: values.astype(kinds[i % 2])
            for i, (name, values) in enumerate(sorted(tensors.items()))}


def check_llama_weights():
    config, tensors = llama_config(N), llama_tensors(N)
    files = {"tokenizer.model": MODEL}
    plain = losses(write_weights("plain", config, files, tensors))
    buffers = {f"model.layers.{layer}.self_attn.rotary_emb.inv_freq":
               numpy.ones(4, numpy.float32) for layer in range(2)}
    for name, stored in [("without model.", renamed(tensors, "model.")),
                         ("two types", other_types(tensors)),
                         ("rotary buffers", {**tensors, **buffers})]:
        check_same(name, plain, write_weights(name, config, files, stored))
    folder = write_weights("shards", config, files, None)
    write_shards(folder, tensors, 3)
    check_same("shards", plain, folder)
    (folder / "model.safetensors.index.json").unlink()
    check_same("shards without an index", plain, folder)

    pieces = [PIECES.id_to_piece(id) for id in range(N)]
    scores = [PIECES.get_score(id) for id in range(N)]
    write_gguf(WORK / "one.gguf", tensors, pieces, scores, None)
    check_same("GGUF", plain, WORK / "one.gguf")
    write_gguf(WORK / "parts.gguf", tensors, pieces, scores, None, split=8)
    parts = sorted(WORK.glob("parts-*.gguf"))
    assert len(parts) > 1, parts
    check_same(f"GGUF in {len(parts)} files", plain, parts[0])

    embedding, head = "model.embed_tokens.weight", "lm_head.weight"
    config = llama_config(N, tie_word_embeddings=True)
    tied = losses(write_weights("tied", config, files,
                                without(tensors, head)))
    copied = {**tensors, head: tensors[embedding]}
    for name, stored in [("tied, stored twice", copied),
                         ("tied, lm_head alone", without(copied, embedding))]:
        check_same(name, tied, write_weights(name, config, files, stored))
    check_same("shared by the metadata", tied, write_weights(
        "shared", llama_config(N), files, without(tensors, head),
        metadata={head: embedding}))


def check_gpt2_weights():
    config, tensors = gpt2_config(G), gpt2_tensors(G)
    files = {"vocab.json": VOCAB,
             "merges.txt": "#version: 0.2\n" + "\n".join(MERGES) + "\n"}
    plain = losses(write_weights("gpt2", config, files, tensors))
    masks = {f"transformer.h.{layer}.attn.{name}": numpy.ones(
                 (1, 1, 4, 4) if name == "bias" else (), numpy.float32)
             for layer in range(2) for name in ["bias", "masked_bias"]}
    embedding = "transformer.wte.weight"
    head = {**without(tensors, embedding), "lm_head.weight": tensors[embedding]}
    for name, stored in [
            ("without transformer.", renamed(tensors, "transformer.")),
            ("two types, gpt2", other_types(tensors)),
            ("masks", {**tensors, **masks}),
            ("lm_head alone", head),
            ("lm_head alone, without transformer.",
             renamed(head, "transformer."))]:
        check_same(name, plain, write_weights(name, config, files, stored))


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    check_llama()
    check_other_models()
    check_user_defined()
    check_tokenizer_json()
    check_gpt2()
    check_first_gpt2()
    check_llama_with_bytes()
    check_gguf()
    check_llama_weights()
    check_gpt2_weights()
    shutil.rmtree(WORK)
    print("layouts: all ids are those of transformers and sentencepiece")


main()
