"""Byte-level BPE with each pre-tokenizer that pith knows, trained on text of
ours by Hugging Face's tokenizers.
"""
import json

import transformers
from tokenizers import Regex, Tokenizer, decoders, models, normalizers
from tokenizers import pre_tokenizers, processors, trainers
from checkpoints import sample_text

VOCAB, EOS = 696, "<|endoftext|>"
WORDS = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s"
         r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
GPT2_WORDS = (r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+"
              r"|\s+(?!\S)|\s+")


def split(pattern):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


# Name: what cuts words, GGUF's name of it.
PRE_TOKENIZERS = {
    "gpt2": (pre_tokenizers.ByteLevel(add_prefix_space=False), "gpt-2"),
    "gpt2, as a pattern": (split(GPT2_WORDS), "gpt-2"),
    "smollm": (pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False)]), "smollm"),
    "llama3": (split(WORDS % "{1,3}"), "llama-bpe"),
    "llama3, by merges": (split(WORDS % "{1,3}"), "smaug-bpe"),
    "qwen2": (split(WORDS % ""), "qwen2"),
}


def take_away_merges(state):
    """Of words that are pieces: without the last merge of every other one of
    them, only ignore_merges makes them."""
    merges = state["model"]["merges"]
    state["model"]["merges"] = [merge for i, merge in enumerate(merges)
                                if i % 2 == 0 or i < len(merges) // 2]


def byte_level_tokenizer(name, vocab=VOCAB):
    """Llama 3 takes words that are pieces whole, and prepends BOS."""
    whole = name == "llama3"
    built = Tokenizer(models.BPE())
    built.pre_tokenizer = PRE_TOKENIZERS[name][0]
    built.decoder = decoders.ByteLevel()
    built.train_from_iterator(sample_text(), trainers.BpeTrainer(
        vocab_size=vocab, special_tokens=[EOS], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    if whole:
        state = json.loads(built.to_str())
        take_away_merges(state)
        state["model"]["ignore_merges"] = True
        built = Tokenizer.from_str(json.dumps(state))
        built.post_processor = processors.TemplateProcessing(
            single=EOS + " $A", special_tokens=[(EOS, built.token_to_id(EOS))])
    if name == "qwen2":
        built.normalizer = normalizers.NFC()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=built, bos_token=EOS, eos_token=EOS)


def write_gguf_tokenizer(writer, fast, name):
    state = json.loads(fast.backend_tokenizer.to_str())["model"]
    end = fast.convert_tokens_to_ids(EOS)
    pieces = sorted(state["vocab"], key=state["vocab"].get)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZERS[name][1])
    writer.add_token_list(pieces)
    writer.add_token_types([3 if id == end else 1
                            for id in range(len(pieces))])
    writer.add_token_merges([merge if isinstance(merge, str)
                             else " ".join(merge)
                             for merge in state["merges"]])
    writer.add_bos_token_id(end)
    writer.add_eos_token_id(end)
