"""Why a training goes wrong: attention scores and gradients, layer by layer.

    python3 diagnose.py --model ../shared/models/default --text some.txt

Prints for each layer of a Hugging Face GPT-2 folder the largest attention
score, the share of queries whose attention is one position (above 0.999), and
the norm of the loss's gradient by the queries and keys in float32 and in bf16.
Where attention has saturated the true gradient is 0 and bf16's is its rounding
alone; Adam and Muon scale that up to a whole step.
"""

import argparse

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

import gpt2


@torch.no_grad()
def attention(model, ids):
    """-> [(largest score, share of one-hot rows)] of the layers"""
    x, found = model.wte(ids) + model.wpe.weight[: ids.shape[1]], []
    later = torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool, device=ids.device).triu(1)
    for block in model.blocks:
        q, k, _ = block.queries_keys_values(x)
        score = q @ k.mT / q.shape[-1] ** 0.5
        weight = score.masked_fill(later, -torch.inf).softmax(-1)[:, :, 16:]
        found.append(
            (score.tril().abs().max().item(), (weight.amax(-1) > 0.999).float().mean().item())
        )
        x = block(x)
    return found


def gradients(model, ids, bf16):
    """-> gradients of the query and key weights of the layers"""
    model.zero_grad()
    with torch.autocast(ids.device.type, torch.bfloat16, enabled=bf16):
        logits = model(ids[:, :-1]) @ model.wte.weight.T
    F.cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten()).backward()
    width = model.shape[2]
    return [block.qkv.weight.grad[: 2 * width].clone() for block in model.blocks]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", required=True)
    parser.add_argument("--text", required=True)
    a = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = Tokenizer.from_file(a.model + "/tokenizer.json")
    with open(a.text, encoding="utf-8") as file:
        ids = [0] + tokenizer.encode(file.read(), add_special_tokens=False).ids
    model = gpt2.load(a.model).to(device)
    ids = torch.tensor([ids[: model.shape[1]]], device=device)
    exact, rounded = gradients(model, ids, False), gradients(model, ids, True)
    print("layer  largest score  one-hot rows  |gradient by q, k| float32   bf16    |difference|")
    for i, (largest, share) in enumerate(attention(model, ids)):
        print(
            f"{i:5}  {largest:13.4g}  {share:12.2f}  {exact[i].norm():25.2e}  "
            f"{rounded[i].norm():.1e}  {(rounded[i] - exact[i]).norm():12.1e}"
        )


if __name__ == "__main__":
    main()
