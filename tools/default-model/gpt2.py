"""GPT-2's architecture in PyTorch, and its Hugging Face folder."""

import json
import math
import os

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file, save_file


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc, self.out = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def queries_keys_values(self, x):
        """x (B, T, width) -> three (B, heads, T, width / heads)"""
        qkv = self.qkv(self.ln_1(x)).unflatten(-1, (3, self.heads, -1))
        return [part.transpose(1, 2).contiguous() for part in qkv.unbind(2)]

    def forward(self, x):
        q, k, v = self.queries_keys_values(x)
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(a.transpose(1, 2).flatten(2))
        return x + self.out(F.gelu(self.fc(self.ln_2(x)), approximate="tanh"))


class GPT2(nn.Module):
    """Hidden states after the last norm; the head is wte, transposed."""

    def __init__(self, vocabulary, positions=1024, width=384, layers=8, heads=6):
        super().__init__()
        self.shape = (vocabulary, positions, width, layers, heads)
        self.wte, self.wpe = nn.Embedding(vocabulary, width), nn.Embedding(positions, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                residual = name.endswith(("proj.weight", "out.weight"))
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * layers) if residual else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, ids):
        x = self.wte(ids) + self.wpe.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.ln_f(x)


def parts(model):
    """Hugging Face's names and our tensors in its layout: Conv1D stores (in, out)"""
    yield from (
        ("wte.weight", model.wte.weight),
        ("wpe.weight", model.wpe.weight),
        ("ln_f.weight", model.ln_f.weight),
        ("ln_f.bias", model.ln_f.bias),
    )
    for i, block in enumerate(model.blocks):
        for name, norm in (("ln_1", block.ln_1), ("ln_2", block.ln_2)):
            yield from ((f"h.{i}.{name}.weight", norm.weight), (f"h.{i}.{name}.bias", norm.bias))
        for name, linear in (
            ("attn.c_attn", block.qkv),
            ("attn.c_proj", block.proj),
            ("mlp.c_fc", block.fc),
            ("mlp.c_proj", block.out),
        ):
            yield from (
                (f"h.{i}.{name}.weight", linear.weight.t()),
                (f"h.{i}.{name}.bias", linear.bias),
            )


def load(folder):
    """The model of a folder that save() or another training wrote"""
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        c = json.load(file)
    model = GPT2(c["vocab_size"], c["n_positions"], c["n_embd"], c["n_layer"], c["n_head"])
    stored = load_file(os.path.join(folder, "model.safetensors"))
    with torch.no_grad():
        for name, ours in parts(model):
            ours.copy_(stored["transformer." + name])
    return model


def save(model, folder, dtype=torch.float16):
    os.makedirs(folder, exist_ok=True)
    vocabulary, positions, width, layers, heads = model.shape
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
        json.dump(
            dict(
                architectures=["GPT2LMHeadModel"],
                model_type="gpt2",
                vocab_size=vocabulary,
                n_positions=positions,
                n_ctx=positions,
                n_embd=width,
                n_layer=layers,
                n_head=heads,
                n_inner=None,
                activation_function="gelu_new",
                layer_norm_epsilon=1e-5,
                attn_pdrop=0.0,
                embd_pdrop=0.0,
                resid_pdrop=0.0,
                initializer_range=0.02,
                tie_word_embeddings=True,
                scale_attn_weights=True,
                bos_token_id=0,
                eos_token_id=0,
                torch_dtype="float16",
            ),
            file,
            indent=2,
        )
    path = os.path.join(folder, "model.safetensors")
    tensors = {
        "transformer." + name: tensor.detach().to("cpu", dtype).contiguous()
        for name, tensor in parts(model)
    }
    save_file(tensors, path + ".new", metadata={"format": "pt"})
    os.replace(path + ".new", path)
