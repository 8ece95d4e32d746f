"""A .pith file of the LLaMA architecture in PyTorch (docs/FORMAT.md)."""
import struct

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer, models, pre_tokenizers
from tokenizers.decoders import ByteLevel
from torch import nn

MAGIC = b"\x89PTH\r\n\x1a\n"
VERSION, LLAMA, BYTE_BPE, GPT2, DIGITS = 1, 2, 1, 1, 2
HEADER = ("arch", "n_vocab", "n_ctx", "n_embd", "n_layer", "n_head",
          "n_kv_head", "head_dim", "n_ff")


def unpacked(raw, kind, rows, cols):
    """A tensor's bytes -> float32 (rows, cols)"""
    if kind == 0:
        return raw.view("<f4").reshape(rows, cols).copy()
    if kind == 1:
        return raw.view("<f2").reshape(rows, cols).astype(np.float32)
    if kind == 2:
        return (raw.view("<u2").astype("<u4") << 16).view("<f4").reshape(rows, cols)
    blocks = raw.reshape(rows * cols // 32, 34 if kind == 3 else 20)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    if kind == 3:
        return (scale * blocks[:, 2:].view(np.int8)).reshape(rows, cols)
    minimum = blocks[:, 2:4].copy().view("<f2").astype(np.float32)
    halves = np.concatenate([blocks[:, 4:] & 15, blocks[:, 4:] >> 4], 1)
    return (scale * halves + minimum).reshape(rows, cols)


def letters():
    """GPT-2's printable letter of each byte"""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in shown]
    return {b: chr(b) for b in shown} | {b: chr(256 + i) for i, b in enumerate(hidden)}


def read_tokenizer(section):
    """-> a Tokenizer of the package tokenizers, and the ids that stand for
    <eos> before what was kept and for <sep> after it"""
    kind, pre, _, bos, eos, _, _, n_pieces, n_merges, _ = struct.unpack_from("<IIIiiiiIII", section)
    if kind != BYTE_BPE:
        raise ValueError(f"tokenizer kind {kind}; the reader wants byte-level BPE (1)")
    if pre not in (GPT2, DIGITS):
        raise ValueError(f"pre-tokenizer {pre}; the reader wants GPT-2's (1) or SmolLM's (2)")
    letter, text_at = letters(), 40 + 12 * (n_pieces + n_merges)
    pieces = []
    for i in range(n_pieces):
        start, size = struct.unpack_from("<IH", section, 40 + 12 * i)
        raw = section[text_at + start:text_at + start + size]
        pieces.append("".join(letter[b] for b in raw))
    merges = [struct.unpack_from("<ii", section, 40 + 12 * (n_pieces + i))
              for i in range(n_merges)]
    tokenizer = Tokenizer(models.BPE(
        vocab={piece: i for i, piece in reversed(list(enumerate(pieces)))},
        merges=[(pieces[a], pieces[b]) for a, b in merges]))
    words = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = (
        pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), words])
        if pre == DIGITS else words)
    tokenizer.decoder = ByteLevel()
    return tokenizer, eos, bos if bos >= 0 else eos


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != MAGIC:
        raise ValueError(f"{path}: not a .pith file; pith convert makes one")
    version, = struct.unpack_from("<I", data, 8)
    if version != VERSION:
        raise ValueError(f"{path}: is of version {version}; the reader has the "
                         "layers of version 1 only, plain LLaMA's")
    n_tensors, name_size = struct.unpack_from("<II", data, 88)
    (tokenizer_size,) = struct.unpack_from("<Q", data, 96)
    at = 128 + 104 * n_tensors + name_size
    return data, n_tensors, data[at:at + tokenizer_size]


def load_tokenizer(path):
    return read_tokenizer(read(path)[2])


def load(path):
    """-> Llama in float32 on the CPU, Tokenizer, <eos>, <sep>"""
    data, n_tensors, section = read(path)
    config = dict(zip(HEADER, struct.unpack_from("<9I", data, 40)))
    config["eps"], config["theta"], flags = struct.unpack_from("<ffI", data, 76)
    if config["arch"] != LLAMA or not flags & 1:
        raise ValueError(f"{path}: the reader wants a LLaMA with tied embeddings, as SmolLM2")
    model, state = Llama(config), {}
    for i in range(n_tensors):
        name, kind, _, rows, cols, offset, size = struct.unpack_from(
            "<64sIIQQQQ", data, 128 + 104 * i)
        raw = np.frombuffer(data, np.uint8, size, offset)
        tensor = torch.from_numpy(unpacked(raw, kind, rows, cols))
        name = name.rstrip(b"\0").decode()
        state[name] = tensor[0] if rows == 1 else tensor
    model.load_state_dict(state)
    return model, *read_tokenizer(section)


class Norm(nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(width)), eps

    def forward(self, x):
        x = x.float()
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


def rotate(x, cos, sin):
    """x (B, T, heads, head_dim); cos, sin (B, T, 1, head_dim / 2)"""
    a, b = x.float().chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1).to(x.dtype)


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads, self.kv_heads, self.head = c["n_head"], c["n_kv_head"], c["head_dim"]
        linear = lambda inputs, outputs: nn.Linear(inputs, outputs, bias=False)
        width, q, kv = c["n_embd"], self.heads * self.head, self.kv_heads * self.head
        self.attn_norm, self.ffn_norm = Norm(width, c["eps"]), Norm(width, c["eps"])
        self.attn_q, self.attn_k, self.attn_v = linear(width, q), linear(width, kv), linear(width, kv)
        self.attn_out = linear(q, width)
        self.ffn_gate, self.ffn_up = linear(width, c["n_ff"]), linear(width, c["n_ff"])
        self.ffn_down = linear(c["n_ff"], width)

    def forward(self, h, cos, sin, mask):
        x = self.attn_norm(h)
        q = rotate(self.attn_q(x).unflatten(-1, (self.heads, self.head)), cos, sin)
        k = rotate(self.attn_k(x).unflatten(-1, (self.kv_heads, self.head)), cos, sin)
        v = self.attn_v(x).unflatten(-1, (self.kv_heads, self.head))
        wide = lambda t: t.repeat_interleave(self.heads // self.kv_heads, 2).transpose(1, 2)
        attended = F.scaled_dot_product_attention(q.transpose(1, 2), wide(k), wide(v), attn_mask=mask)
        h = h + self.attn_out(attended.transpose(1, 2).flatten(2))
        x = self.ffn_norm(h)
        return h + self.ffn_down(F.silu(self.ffn_gate(x)) * self.ffn_up(x))


class Llama(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config["n_vocab"], config["n_embd"])
        self.layers = nn.ModuleList(Layer(config) for _ in range(config["n_layer"]))
        self.output_norm = Norm(config["n_embd"], config["eps"])

    def forward(self, ids, sample, position):
        """ids, sample, position (B, T) -> hidden states (B, T, C).

        Rows hold samples one after the other: a token sees the tokens of its
        own sample that are at most at its own place.
        """
        half = self.config["head_dim"] // 2
        frequency = self.config["theta"] ** (-torch.arange(half, device=ids.device).float() / half)
        angle = position[..., None, None] * frequency
        order = torch.arange(ids.shape[1], device=ids.device)
        mask = (sample[:, None, :, None] == sample[:, None, None, :]) & (order[:, None] >= order)
        h, cos, sin = self.token_embedding(ids), angle.cos(), angle.sin()
        for layer in self.layers:
            h = layer(h, cos, sin, mask)
        return self.output_norm(h)

    def losses(self, hidden, targets):
        """hidden (N, C), targets (N) -> nats (N)"""
        logits = hidden @ self.token_embedding.weight.T.to(hidden.dtype)
        return F.cross_entropy(logits.float(), targets, reduction="none")
