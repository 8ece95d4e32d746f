"""A model of transformers as an ONNX file with its float32 weights: the logits of
all tokens of one text of any length, no cache.

usage: export_onnx.py HF_FOLDER OUTPUT.onnx
"""
import sys

import torch
from transformers import AutoModelForCausalLM


class Logits(torch.nn.Module):
    def __init__(self, engine):
        super().__init__()
        self.engine = engine

    def forward(self, ids):
        return self.engine(ids, use_cache=False).logits


folder, output = sys.argv[1:]
engine = AutoModelForCausalLM.from_pretrained(
    folder, torch_dtype=torch.float32, attn_implementation="eager").eval()
torch.onnx.export(Logits(engine), torch.arange(100, 116)[None], output,
                  input_names=["ids"], output_names=["logits"],
                  dynamic_axes={"ids": {1: "n"}, "logits": {1: "n"}},
                  opset_version=18)
