"""A LLaMA of random weights as GGUF, written as a stream: for speed, memory
and loading at a size whose real weights are not at hand.

usage: random_llama.py TYPE OUT.gguf [LAYERS]    TYPE: q4_0 or q8_0

The shape is LLaMA-7B's; fewer LAYERS make a smaller file.  The vocabulary is
invented: specials, the bytes, and words that no text holds.  The same numbers
come out every time.
"""
import struct
import sys

import numpy as np

VOCAB, WIDTH, HEADS, FF, CONTEXT = 32000, 4096, 32, 11008, 2048
F32, Q4_0, Q8_0 = 0, 2, 8
UINT32, FLOAT32, STRING, ARRAY, INT32 = 4, 6, 8, 9, 5
# 32 weights: a scale that gives them a standard deviation of 0.02, numbers.
BLOCKS = {Q4_0: (np.dtype([("scale", "<f2"), ("numbers", "u1", 16)]), 0.00434),
          Q8_0: (np.dtype([("scale", "<f2"), ("numbers", "u1", 32)]), 0.00027)}
ALIGNMENT = 32


def string(text):
    return struct.pack("<Q", len(text.encode())) + text.encode()


def scalar(kind, value):
    if kind == STRING:
        return string(value)
    return struct.pack({UINT32: "<I", INT32: "<i", FLOAT32: "<f"}[kind], value)


def pair(key, kind, value):
    if isinstance(value, list):
        body = struct.pack("<IQ", kind, len(value))
        body += b"".join(scalar(kind, v) for v in value)
        return string(key) + struct.pack("<I", ARRAY) + body
    return string(key) + struct.pack("<I", kind) + scalar(kind, value)


def metadata(layers):
    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    words = [f"\u2581{i:05}\u2581" for i in range(VOCAB - len(pieces))]
    kinds = [2, 3, 3] + [6] * 256 + [1] * len(words)
    scores = [0.0] * len(pieces) + [-float(i) for i in range(len(words))]
    return [
        pair("general.architecture", STRING, "llama"),
        pair("general.name", STRING, "random LLaMA"),
        pair("llama.context_length", UINT32, CONTEXT),
        pair("llama.embedding_length", UINT32, WIDTH),
        pair("llama.block_count", UINT32, layers),
        pair("llama.feed_forward_length", UINT32, FF),
        pair("llama.attention.head_count", UINT32, HEADS),
        pair("llama.attention.head_count_kv", UINT32, HEADS),
        pair("llama.attention.layer_norm_rms_epsilon", FLOAT32, 1e-5),
        pair("llama.rope.dimension_count", UINT32, WIDTH // HEADS),
        pair("llama.rope.freq_base", FLOAT32, 10000.0),
        pair("llama.vocab_size", UINT32, VOCAB),
        pair("tokenizer.ggml.model", STRING, "llama"),
        pair("tokenizer.ggml.tokens", STRING, pieces + words),
        pair("tokenizer.ggml.scores", FLOAT32, scores),
        pair("tokenizer.ggml.token_type", INT32, kinds),
        pair("tokenizer.ggml.unknown_token_id", UINT32, 0),
        pair("tokenizer.ggml.bos_token_id", UINT32, 1),
        pair("tokenizer.ggml.eos_token_id", UINT32, 2),
    ]


def tensors(kind, layers):
    """Name, type, rows, columns."""
    yield "token_embd.weight", kind, VOCAB, WIDTH
    for i in range(layers):
        for name, rows, cols in (
                ("attn_norm", 1, WIDTH), ("attn_q", WIDTH, WIDTH),
                ("attn_k", WIDTH, WIDTH), ("attn_v", WIDTH, WIDTH),
                ("attn_output", WIDTH, WIDTH), ("ffn_norm", 1, WIDTH),
                ("ffn_gate", FF, WIDTH), ("ffn_up", FF, WIDTH),
                ("ffn_down", WIDTH, FF)):
            yield (f"blk.{i}.{name}.weight", F32 if rows == 1 else kind, rows,
                   cols)
    yield "output_norm.weight", F32, 1, WIDTH
    yield "output.weight", kind, VOCAB, WIDTH


def size_of(kind, rows, cols):
    if kind == F32:
        return 4 * rows * cols
    return rows * cols // 32 * BLOCKS[kind][0].itemsize


def padded(n):
    return (n + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


def data(kind, rows, cols, generator):
    """A tensor's bytes, some 10 MB at a time."""
    if kind == F32:
        yield np.ones(rows * cols, "<f4").tobytes()
        return
    layout, scale = BLOCKS[kind]
    for first in range(0, rows, 1024):
        n = (min(rows, first + 1024) - first) * cols // 32
        blocks = np.empty(n, layout)
        blocks["scale"] = scale
        width = blocks["numbers"].shape[1]
        blocks["numbers"] = np.frombuffer(generator.bytes(n * width),
                                          "u1").reshape(n, width)
        yield blocks.tobytes()


kind = {"q4_0": Q4_0, "q8_0": Q8_0}[sys.argv[1]]
layers = int(sys.argv[3]) if len(sys.argv) > 3 else 32
generator = np.random.default_rng(7)
pairs, table = metadata(layers), list(tensors(kind, layers))
header = b"GGUF" + struct.pack("<IQQ", 3, len(table), len(pairs))
header += b"".join(pairs)
offset = 0
for name, tensor_kind, rows, cols in table:
    shape = (cols,) if rows == 1 else (cols, rows)
    header += string(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
    header += struct.pack("<IQ", tensor_kind, offset)
    offset += padded(size_of(tensor_kind, rows, cols))
with open(sys.argv[2], "wb") as out:
    out.write(header.ljust(padded(len(header)), b"\0"))
    for name, tensor_kind, rows, cols in table:
        size = size_of(tensor_kind, rows, cols)
        for part in data(tensor_kind, rows, cols, generator):
            out.write(part)
        out.write(bytes(padded(size) - size))
