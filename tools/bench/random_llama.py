"""A model of random weights as GGUF, written as a stream by PyPI's gguf: for
speed, memory and loading at a size whose real weights are not at hand.

usage: random_llama.py SHAPE TYPE OUT.gguf [LAYERS]
       SHAPE  7b (LLaMA) or 8b (Llama 3.1: 128k pieces, RoPE scaling llama3)
       TYPE   q4_0, q8_0 or q4_k_m, which mixes Q4_K and Q6_K as llama.cpp does

Fewer LAYERS make a smaller file.  The vocabularies are invented.  The same
numbers come out every time.
"""
import sys

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf.constants import GGML_QUANT_SIZES

WIDTH, HEADS, LAYERS = 4096, 32, 32
# Of each shape: hidden width, key heads, positions, rotary base, pieces.
SHAPES = {"7b": (11008, 32, 2048, 1e4, 32000),
          "8b": (14336, 8, 131072, 5e5, 128256)}
# Where a block has its halves, and what they are for weights with a mean of 0
# and a standard deviation of 0.02; all other bytes are random.
HALVES = {Type.Q4_0: {0: 0.00434}, Type.Q8_0: {0: 0.00027},
          Type.Q4_K: {0: 7.75e-5, 2: 7.5 * 7.75e-5}, Type.Q6_K: {208: 1.46e-5}}


def bytes_as_characters():
    """GPT-2's spelling of the 256 bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(b if b in plain else next(others)) for b in range(256)]


def add_sentencepiece(writer, n):
    """Specials, the bytes, and words that no text holds."""
    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    words = [f"\u2581{i:05}\u2581" for i in range(n - len(pieces))]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(pieces + words)
    writer.add_token_scores([0.0] * len(pieces) +
                            [-float(i) for i in range(len(words))])
    writer.add_token_types([2, 3, 3] + [6] * 256 + [1] * len(words))
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)


def add_byte_level(writer, n):
    """The bytes, all pairs of them, some triples, and 256 specials."""
    bytes_, n_special = bytes_as_characters(), 256
    merges = [(a, b) for a in bytes_ for b in bytes_]
    merges += [(a + b, bytes_[0]) for a, b in merges]
    merges = merges[:n - n_special - len(bytes_)]
    pieces = bytes_ + [a + b for a, b in merges]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list(pieces + [f"<|special_{i}|>"
                                    for i in range(n_special)])
    writer.add_token_types([1] * len(pieces) + [3] * n_special)
    writer.add_token_merges([" ".join(merge) for merge in merges])
    writer.add_bos_token_id(len(pieces))
    writer.add_eos_token_id(len(pieces) + 1)


def llama3_factors(base, dim, factor=8.0, low=1.0, high=4.0, old=8192):
    """What Llama 3.1's scaling divides each frequency by."""
    waves = 2 * np.pi * base ** (np.arange(0, dim, 2) / dim)
    smooth = np.clip((old / waves - low) / (high - low), 0, 1)
    return (1 / ((1 - smooth) / factor + smooth)).astype(np.float32)


def kind_of(kind, name, layer, layers):
    """The type of a matrix; q4_k_m has Q6_K for the output, and for v and
    ffn_down in the first and last eighth of layers and every third between."""
    if kind != "q4_k_m":
        return {"q4_0": Type.Q4_0, "q8_0": Type.Q8_0}[kind]
    more = (layer < layers // 8 or layer >= 7 * layers // 8 or
            (layer - layers // 8) % 3 == 2)
    fine = name == "output" or (name in ("attn_v", "ffn_down") and more)
    return Type.Q6_K if fine else Type.Q4_K


def matrices(kind, layers, hidden, kv_width, pieces):
    """Name, type, rows, columns."""
    yield "token_embd", kind_of(kind, "token_embd", 0, layers), pieces, WIDTH
    for layer in range(layers):
        for name, rows, cols in (
                ("attn_q", WIDTH, WIDTH), ("attn_k", kv_width, WIDTH),
                ("attn_v", kv_width, WIDTH), ("attn_output", WIDTH, WIDTH),
                ("ffn_gate", hidden, WIDTH), ("ffn_up", hidden, WIDTH),
                ("ffn_down", WIDTH, hidden)):
            yield (f"blk.{layer}.{name}", kind_of(kind, name, layer, layers),
                   rows, cols)
    yield "output", kind_of(kind, "output", 0, layers), pieces, WIDTH


def random_blocks(kind, rows, cols, generator):
    weights, size = GGML_QUANT_SIZES[kind]
    blocks = np.frombuffer(generator.bytes(rows * cols // weights * size),
                           np.uint8).reshape(-1, size).copy()
    for at, value in HALVES[kind].items():
        blocks[:, at:at + 2] = np.frombuffer(np.float16(value).tobytes(),
                                             np.uint8)
    return blocks


def main(shape, kind, path, layers=LAYERS):
    hidden, kv_heads, positions, base, pieces = SHAPES[shape]
    layers, dim = int(layers), WIDTH // HEADS
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("random " + shape)
    writer.add_context_length(positions)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(dim)
    writer.add_rope_freq_base(base)
    writer.add_vocab_size(pieces)
    vectors = {"output_norm.weight": np.ones(WIDTH, np.float32)}
    for layer in range(layers):
        for name in ("attn_norm", "ffn_norm"):
            vectors[f"blk.{layer}.{name}.weight"] = vectors["output_norm.weight"]
    if shape == "8b":
        add_byte_level(writer, pieces)
        vectors["rope_freqs.weight"] = llama3_factors(base, dim)
    else:
        add_sentencepiece(writer, pieces)

    table = list(matrices(kind, layers, hidden, kv_heads * dim, pieces))
    for name, values in vectors.items():
        writer.add_tensor_info(name, values.shape, values.dtype, values.nbytes)
    for name, of, rows, cols in table:
        weights, size = GGML_QUANT_SIZES[of]
        writer.add_tensor_info(name + ".weight", (rows, cols // weights * size),
                               np.dtype(np.uint8), rows * cols // weights * size,
                               raw_dtype=of)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    generator = np.random.default_rng(7)
    for values in vectors.values():
        writer.write_tensor_data(values)
    for name, of, rows, cols in table:
        writer.write_tensor_data(random_blocks(of, rows, cols, generator))
    writer.close()


main(*sys.argv[1:])
