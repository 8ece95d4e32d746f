"""Method `reference` with each family of models: what is kept, and the text,
are those of microsoft/LLMLingua on the same tiny random model.

usage: families_reference.py PROGRAM FOLDER [FAMILY]...  (the check)
       families_reference.py --goldens [FAMILY]... (writes goldens/reference)

A golden is a Hugging Face folder with golden.jsonl, whose lines are as those of
the shared goldens; test_reference.c replays them.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import types

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
import tiktoken
import torch
import transformers
from checkpoints import ROOT, sentencepiece_model
from family_models import LLAMA3_ROPE, random_model
from word_patterns import byte_level_tokenizer

# Counts of GPT-3.5's tokens are not compared: its vocabulary is not in PyPI.
tiktoken.encoding_for_model = lambda name: types.SimpleNamespace(
    encode=lambda text, **options: text.split())
from llmlingua import PromptCompressor
from transformers.cache_utils import DynamicCache

VOCAB = 360
SIZES = {"vocab_size": VOCAB, "hidden_size": 16, "intermediate_size": 24,
         "num_hidden_layers": 2, "num_attention_heads": 2,
         "num_key_value_heads": 1, "max_position_embeddings": 200,
         "tie_word_embeddings": True, "pad_token_id": 0}
GPT2_SIZES = {"vocab_size": VOCAB, "n_embd": 16, "n_head": 2, "n_layer": 2,
              "n_positions": 200}

# Family: class of the configuration, tokenizer, settings.
FAMILIES = {
    "gpt2": ("GPT2Config", "gpt2", GPT2_SIZES),
    "llama2": ("LlamaConfig", "sentencepiece", SIZES),
    "llama3": ("LlamaConfig", "llama3",
               {**SIZES, "rope_theta": 5e5, "rope_scaling": LLAMA3_ROPE}),
    "mistral": ("MistralConfig", "sentencepiece",
                # so wide that in two layers the question reaches every token:
                # elsewhere it would change losses by rounding alone
                {**SIZES, "sliding_window": 100}),
    "qwen2": ("Qwen2Config", "qwen2", SIZES),
    "qwen3": ("Qwen3Config", "qwen2", {**SIZES, "head_dim": 12}),
    "smollm2": ("LlamaConfig", "smollm", SIZES),
    "smollm3": ("SmolLM3Config", "llama3, by merges",
                {**SIZES, "num_hidden_layers": 4}),
}

FIRST = ("The library opens at 9:30 and closes at 18:00, except on Sundays. "
         "Readers may borrow up to 12 books for 21 days; who returns them late "
         "pays 0.25 a day.\n\nЧитальный зал закрыт. 山の上に雪が降る。 नदी बहती है.")
SECOND = ("The museum's café isn't open in winter. A ticket costs 7.50, or "
          "3.00 for children under 14, and the tour takes 45 minutes.")
QUESTION = "How much does a reader pay who returns a book two days late?"

REQUESTS = [
    ("rate", [FIRST], {"rate": 0.5}),
    ("question", [FIRST, SECOND], {
        "instruction": "Answer the question.", "question": QUESTION,
        "rate": 0.4, "iterative_size": 50}),
    ("contrast", [SECOND, FIRST], {
        "question": QUESTION, "rate": 0.5, "iterative_size": 60,
        "condition_in_question": "after", "condition_compare": True,
        "rank_method": "longllmlingua", "reorder_context": "sort",
        "dynamic_context_compression_ratio": 0.3}),
    ("long", [FIRST, SECOND, FIRST + " " + SECOND], {
        "rate": 0.6, "iterative_size": 40, "context_budget": "*3",
        "keep_split": True}),
    ("target", [SECOND, FIRST], {"target_token": 90, "question": QUESTION}),
]


def round_weights(model):
    """Thirty-seconds, which half precision holds exactly."""
    with torch.no_grad():
        for values in model.parameters():
            values.copy_((values * 32).round() / 32)
    return model


def save_tokenizer(name, folder):
    if name != "sentencepiece":
        byte_level_tokenizer(name, VOCAB).save_pretrained(folder)
        return
    (folder / "tokenizer.model").write_bytes(
        sentencepiece_model(vocab_size=VOCAB, character_coverage=0.98))
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>",
         "eos_token": "</s>", "unk_token": "<unk>", "add_bos_token": True,
         "legacy": True, "clean_up_tokenization_spaces": False}))


def save_family(folder, config_class, tokenizer_name, settings):
    model = round_weights(random_model(config_class, settings))
    model.half().save_pretrained(folder)
    save_tokenizer(tokenizer_name, folder)
    for file in ["generation_config.json", "special_tokens_map.json"]:
        (folder / file).unlink(missing_ok=True)


def take_lists(model):
    """LLMLingua hands the keys and values on as lists, which newer models take
    as a cache only."""
    forward = model.forward

    def with_cache(*arguments, past_key_values=None, **more):
        if isinstance(past_key_values, list):
            past_key_values = DynamicCache.from_legacy_cache(past_key_values)
        return forward(*arguments, past_key_values=past_key_values, **more)

    model.forward = with_cache


def spy(compressor, trace):
    """Notes thresholds, kept tokens and rankings in trace."""
    def watch(name, note):
        inner = getattr(compressor, name)

        def outer(*arguments, **more):
            result = inner(*arguments, **more)
            note(arguments, result)
            return result

        setattr(compressor, name, outer)

    watch("get_estimate_threshold_base_distribution",
          lambda arguments, value: trace["thresholds"].append(
              [len(arguments[0]), float(arguments[1]),
               None if value == float("-inf") else value]))
    watch("iterative_compress_prompt",
          lambda _, result: trace.update(kept_ids=result[0][0].tolist()))
    watch("get_rank_results",
          lambda _, result: trace["ranking"].append(
              [[int(index), None if score != score else float(score)]
               for index, score in result])) # no loss has no mean


def microsoft(folder):
    """A golden line of each request."""
    compressor = PromptCompressor(
        str(folder), device_map="cpu",
        model_config={"torch_dtype": torch.float32,
                      "attn_implementation": "eager"})
    take_lists(compressor.model)
    trace = {}
    spy(compressor, trace)
    for name, context, options in REQUESTS:
        trace.update(thresholds=[], kept_ids=None, ranking=[])
        result = compressor.compress_prompt(list(context), **options)
        yield {"name": name, "context": context, "options": options,
               "result": {"compressed_prompt": result["compressed_prompt"]},
               "trace": dict(trace), "reference_seconds": 0}


def ours(program, folder, requests):
    model = folder / "out.pith"
    subprocess.run([program, "convert", "-q", folder, model], check=True)
    done = subprocess.run(
        [program, "compress", "-q", "-m", model, "--method", "reference",
         "--trace", "--request", "-"], text=True, capture_output=True,
        input="".join(json.dumps(request) + "\n" for request in requests),
        check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def same_rankings(want, got):
    """The same order, scores within 1e-4."""
    pairs = [pair for ranks in zip(want, got, strict=True)
             for pair in zip(*ranks, strict=True)]
    return all(a == c and (b == d or abs(b - d) < 1e-4)
               for (a, b), (c, d) in pairs)


def check(program, folder, name):
    goldens = list(microsoft(folder))
    replies = ours(program, folder, [
        {key: golden[key] for key in ["name", "context", "options"]}
        for golden in goldens])
    n_tokens = n_thresholds = 0
    for want, got in zip(goldens, replies, strict=True):
        where = name, want["name"], got["error"]
        assert got["error"] is None, where
        assert same_rankings(want["trace"]["ranking"],
                             got["trace"]["ranking"]), where
        kept = want["trace"]["kept_ids"]
        assert got["trace"]["kept_ids"] == kept, where
        text = got["result"]["compressed_prompt"]
        assert text == want["result"]["compressed_prompt"], \
            (where, text, want["result"]["compressed_prompt"])
        n_tokens += len(kept)
        n_thresholds += len(want["trace"]["thresholds"])
    print(f"{name}: {len(goldens)} compressions equal, {n_tokens} tokens kept "
          f"by {n_thresholds} thresholds")


def write_goldens(folder):
    with open(folder / "golden.jsonl", "w") as file:
        for line in microsoft(folder):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def main(program, *names):
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    goldens = program == "--goldens"
    work = (ROOT / "tests/goldens/reference" if goldens
            else pathlib.Path(names[0]))
    for name in names[0 if goldens else 1:] or FAMILIES:
        folder = work / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        save_family(folder, *FAMILIES[name])
        if goldens:
            write_goldens(folder)
        else:
            check(program, folder, name)
            shutil.rmtree(folder)


main(*sys.argv[1:])
