"""Tiny checkpoints in the layouts that models of the LLaMA and GPT-2
architectures are published in: tokenizers trained on text of ours, random
weights.  layouts.py converts them.
"""
import io
import json
import pathlib
import random

import gguf
import numpy
import sentencepiece
from safetensors.numpy import save_file
from tokenizers import ByteLevelBPETokenizer

ROOT = pathlib.Path(__file__).resolve().parent.parent
WIDTH, HEADS, INNER, POSITIONS = 16, 2, 24, 64

# What the examples do not have: other scripts, so that their characters become
# pieces too, and code.
SCRIPTS = [
    "Der Fluß führt Wasser, die Brücke trägt Züge.",
    "Во дворе трава, на траве дрова.",
    "山の上に雪が降る。 川は静かに流れる。",
    "水流过桥，桥不动。",
    "नदी बहती है, पुल नहीं।",
    "النهر يجري والجسر ثابت.",
    "แม่น้ำไหล สะพานนิ่ง",
    "강은 흐르고 다리는 그대로다.",
]


def sample_text():
    lines = list(SCRIPTS) * 4
    for path in sorted((ROOT / "docs/examples/prompts").glob("*.txt")):
        lines += path.read_text().splitlines()
    for path in [ROOT / "docs/examples/compress.c"]:
        lines += path.read_text().splitlines()
    return lines


def sentencepiece_model(**settings):
    """A model with LLaMA's settings, as bytes."""
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sample_text()), model_writer=out,
        model_type="bpe", num_threads=1, minloglevel=2,
        normalization_rule_name="identity", remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True, split_digits=True,
        **{"vocab_size": 700, "character_coverage": 0.995,
           "unk_id": 0, "bos_id": 1, "eos_id": 2,
           "pad_id": -1, "byte_fallback": True, **settings})
    return out.getvalue()


def byte_level(special=("<|endoftext|>",), size=600):
    """GPT-2's vocabulary and merges: the texts of the two files."""
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(sample_text(), vocab_size=size - len(special),
                                show_progress=False)
    state = json.loads(trained._tokenizer.to_str())["model"]
    vocab = dict(state["vocab"])
    for token in special:
        vocab[token] = len(vocab)
    merges = [pair if isinstance(pair, str) else " ".join(pair)
              for pair in state["merges"]]
    return vocab, merges


# --- weights ----------------------------------------------------------------


def draw(rng, *shape):
    """Sixteenths, which every type holds exactly."""
    return (rng.integers(-8, 9, shape) / 16).astype(numpy.float32)


def llama_tensors(rows, tied=False):
    rng = numpy.random.default_rng(1)
    tensors = {"model.embed_tokens.weight": draw(rng, rows, WIDTH),
               "model.norm.weight": draw(rng, WIDTH)}
    if not tied:
        tensors["lm_head.weight"] = draw(rng, rows, WIDTH)
    for layer in range(2):
        at = f"model.layers.{layer}."
        for name in ["q", "k", "v", "o"]:
            tensors[f"{at}self_attn.{name}_proj.weight"] = draw(rng, WIDTH,
                                                                WIDTH)
        tensors[at + "mlp.gate_proj.weight"] = draw(rng, INNER, WIDTH)
        tensors[at + "mlp.up_proj.weight"] = draw(rng, INNER, WIDTH)
        tensors[at + "mlp.down_proj.weight"] = draw(rng, WIDTH, INNER)
        tensors[at + "input_layernorm.weight"] = draw(rng, WIDTH)
        tensors[at + "post_attention_layernorm.weight"] = draw(rng, WIDTH)
    return tensors


def llama_config(rows, **more):
    return {"architectures": ["LlamaForCausalLM"], "model_type": "llama",
            "vocab_size": rows, "hidden_size": WIDTH,
            "intermediate_size": INNER, "num_hidden_layers": 2,
            "num_attention_heads": HEADS, "max_position_embeddings": POSITIONS,
            "rms_norm_eps": 1e-5, "hidden_act": "silu",
            "torch_dtype": "float16", "use_cache": True,
            "tie_word_embeddings": False, **more}


def gpt2_tensors(rows):
    rng = numpy.random.default_rng(2)
    tensors = {"transformer.wte.weight": draw(rng, rows, WIDTH),
               "transformer.wpe.weight": draw(rng, POSITIONS, WIDTH)}
    for layer in range(2):
        at = f"transformer.h.{layer}."
        for name, n_in, n_out in [("attn.c_attn", WIDTH, 3 * WIDTH),
                                  ("attn.c_proj", WIDTH, WIDTH),
                                  ("mlp.c_fc", WIDTH, 4 * WIDTH),
                                  ("mlp.c_proj", 4 * WIDTH, WIDTH)]:
            tensors[f"{at}{name}.weight"] = draw(rng, n_in, n_out)
            tensors[f"{at}{name}.bias"] = draw(rng, n_out)
        for name in ["ln_1", "ln_2"]:
            tensors[f"{at}{name}.weight"] = draw(rng, WIDTH)
            tensors[f"{at}{name}.bias"] = draw(rng, WIDTH)
    tensors["transformer.ln_f.weight"] = draw(rng, WIDTH)
    tensors["transformer.ln_f.bias"] = draw(rng, WIDTH)
    return tensors


def gpt2_config(rows, **more):
    return {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2",
            "vocab_size": rows, "n_positions": POSITIONS, "n_ctx": POSITIONS,
            "n_embd": WIDTH, "n_layer": 2, "n_head": HEADS,
            "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
            **more}


# --- files ------------------------------------------------------------------


def write_folder(folder, config, tensors, files, metadata=None):
    """files: names to bytes, text, or what becomes JSON."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    if tensors is not None:
        save_file(tensors, folder / "model.safetensors",
                  metadata={"format": "pt", **(metadata or {})})
    for name, content in files.items():
        if isinstance(content, bytes):
            (folder / name).write_bytes(content)
        elif isinstance(content, str):
            (folder / name).write_text(content)
        else:
            (folder / name).write_text(json.dumps(content))
    return folder


def write_shards(folder, tensors, n):
    """The tensors in n files with an index."""
    names = sorted(tensors)
    where = {}
    for shard in range(n):
        file = f"model-{shard + 1:05}-of-{n:05}.safetensors"
        part = {name: tensors[name] for name in names[shard::n]}
        save_file(part, folder / file, metadata={"format": "pt"})
        where.update({name: file for name in part})
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": 0}, "weight_map": where}))


GGUF_NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm",
    "lm_head": "output", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}


def gguf_tensor(name, values):
    """GGUF's name, and q and k with rotary pairs side by side."""
    stem = name.removesuffix(".weight")
    at = ""
    if stem.startswith("model.layers."):
        layer, stem = stem.removeprefix("model.layers.").split(".", 1)
        at = f"blk.{layer}."
    if stem in ("self_attn.q_proj", "self_attn.k_proj"):
        values = (values.reshape(HEADS, 2, WIDTH // HEADS // 2, WIDTH)
                  .swapaxes(1, 2).reshape(values.shape))
    return at + GGUF_NAMES[stem] + ".weight", values


def write_gguf_model(path, tensors, write_tokenizer, split=0):
    writer = gguf.GGUFWriter(path, "llama",
                             split_max_tensors=split if split else 0)
    writer.add_context_length(POSITIONS)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(2)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    write_tokenizer(writer)
    for name, values in tensors.items():
        writer.add_tensor(*gguf_tensor(name, values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_gguf(path, tensors, pieces, scores, types, keys=None, split=0):
    """types: GGUF's numbers, or None for a file without them."""
    def write_tokenizer(writer):
        writer.add_tokenizer_model("llama")
        writer.add_token_list(pieces)
        writer.add_token_scores(scores)
        if types is not None:
            writer.add_token_types(types)
        for key, value in (keys or {}).items():
            writer.add_uint32(key, value)
    write_gguf_model(path, tensors, write_tokenizer, split)


def random_strings(markers, n, seed=7):
    """Texts of words, scripts, spaces, emoji, numbers, code and markers."""
    rng = random.Random(seed)
    words = [word for line in sample_text() for word in line.split()]
    pieces = SCRIPTS + [
        "\U0001F600", "\U0001F469\u200D\U0001F467", "1\uFE0F\u20E3", "naïve",
        "e\u0301", "\u00A0", "\t", "\n", "\n\n", "  ", "   ", " ", "3.14",
        "10%", "INV-0084", "https://example.org/a?b=1", "int x = a[i++];",
        "don't", "'s", "<|", "|>", "<", ">", "[", "PAD", "<0x0A>", "\x07",
        "ﬁ", "½", "\u3000", "İ", "ß",
    ] + markers * 3
    texts = ["", " ", "  ", "a", " a", "a ", "\n", "\t a", "0", "Hello world"]
    texts += markers + [a + b for a in markers for b in markers]
    texts += [" " + marker for marker in markers]
    texts += [marker + " a" for marker in markers]
    texts += ["a" + marker + "b" for marker in markers]
    while len(texts) < n:
        texts.append("".join(
            rng.choice(words if rng.random() < 0.5 else pieces) +
            rng.choice(["", " ", " "]) for _ in range(rng.randint(1, 12))))
    return texts
