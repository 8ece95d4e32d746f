"""A GPT-2 .pith file as a Hugging Face folder in float32, for PyTorch programs.

    python3 dequantise.py weights/default.pith --tokenizer model --out folder

q8 weights are exact in float32, so both sides then have the same weights:
tests/goldens/default.jsonl was made so.  docs/FORMAT.md describes the file.
"""

import argparse
import os
import shutil
import struct

import numpy as np
import torch

import gpt2

F32, F16, Q8 = 0, 1, 3


def values(data, kind, rows, cols):
    """The bytes of a tensor as float32 (rows, cols)"""
    if kind == F32:
        return np.frombuffer(data, "<f4").reshape(rows, cols)
    if kind == F16:
        return np.frombuffer(data, "<f2").reshape(rows, cols).astype(np.float32)
    if kind != Q8:
        raise SystemExit(f"element type {kind} is not supported")
    blocks = np.frombuffer(data, np.dtype([("scale", "<f2"), ("q", "i1", 32)]))
    return (blocks["scale"].astype(np.float32)[:, None] * blocks["q"]).reshape(rows, cols)


def read(path):
    """-> the model"""
    with open(path, "rb") as file:
        data = file.read()
    architecture, vocabulary, positions, width, layers, heads = struct.unpack_from("<6I", data, 40)
    if data[:8] != b"\x89PTH\r\n\x1a\n" or architecture != 1:
        raise SystemExit(f"{path} is not a GPT-2 model in a .pith file")
    (count,) = struct.unpack_from("<I", data, 88)
    tensors = {}
    for i in range(count):
        name, kind, _, rows, cols, offset, size = struct.unpack_from(
            "<64sIIQQQQ", data, 128 + 104 * i
        )
        made = values(data[offset : offset + size], kind, rows, cols)
        tensors[name.rstrip(b"\0").decode()] = torch.from_numpy(made.copy())
    model = gpt2.GPT2(vocabulary, positions, width, layers, heads)
    fill(model, tensors)
    return model


@torch.no_grad()
def fill(model, tensors):
    model.wte.weight.copy_(tensors["token_embedding.weight"])
    model.wpe.weight.copy_(tensors["position_embedding.weight"])
    norms, linears = {"output_norm": model.ln_f}, {}
    for i, block in enumerate(model.blocks):
        norms.update({f"layers.{i}.attn_norm": block.ln_1, f"layers.{i}.ffn_norm": block.ln_2})
        linears.update(
            {
                f"layers.{i}.attn_out": block.proj,
                f"layers.{i}.ffn_up": block.fc,
                f"layers.{i}.ffn_down": block.out,
            }
        )
        for end, of in (("weight", block.qkv.weight), ("bias", block.qkv.bias)):
            parts = [tensors[f"layers.{i}.attn_{x}.{end}"] for x in "qkv"]
            of.copy_(torch.cat([p.reshape(-1, *of.shape[1:]) for p in parts]))
    for name, module in {**norms, **linears}.items():
        module.weight.copy_(tensors[name + ".weight"].reshape(module.weight.shape))
        module.bias.copy_(tensors[name + ".bias"].reshape(-1))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("model")
    parser.add_argument("--tokenizer", required=True, help="folder with tokenizer.json")
    parser.add_argument("--out", required=True)
    a = parser.parse_args()
    gpt2.save(read(a.model), a.out, torch.float32)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(os.path.join(a.tokenizer, name), a.out)


if __name__ == "__main__":
    main()
