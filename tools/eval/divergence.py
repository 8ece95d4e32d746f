#!/usr/bin/env python3
"""The figures of `pith eval measure --task continue` beside PyTorch's.

usage: divergence.py [--tolerance 1e-3] MODEL.pith MEASURED.jsonl

For each line that has them: the mean of KL(full || compressed) over the next
tokens and their mean loss after what is left, from the same token ids, in
float32.  The exit status is 1 when one of them is further apart than the
tolerance, in nats a token.
"""
import argparse
import json
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent / "reader"))
import pithfile  # noqa: E402


@torch.no_grad()
def log_probabilities(model, ids, n):
    """-> (n, V): what is expected after each of the last n ids."""
    ids = torch.tensor([ids])
    hidden = model(ids, torch.zeros_like(ids), torch.arange(ids.shape[1])[None])[0, -n:]
    return (hidden @ model.token_embedding.weight.T).double().log_softmax(-1)


def measure(model, start, line):
    """-> mean divergence, mean loss"""
    n_context, n_next = line["n_context"], line["kl"][1]
    rest = line["ids"][n_context:]
    full = log_probabilities(model, [start, *line["ids"][:-1]], n_next)
    left = log_probabilities(model, [start, *line["left_ids"], *rest[:-1]], n_next)
    losses = -left[range(n_next), rest[-n_next:]]
    return (full.exp() * (full - left)).sum(-1).mean().item(), losses.mean().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tolerance", type=float, default=1e-3)
    parser.add_argument("model")
    parser.add_argument("measured")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    model, _, _, start = pithfile.load(arguments.model)
    worst, n = [0.0, 0.0], 0
    for text in open(arguments.measured):
        line = json.loads(text)
        if not line["kl"]:
            continue
        ours = [line[name][0] / line[name][1] for name in ("kl", "own")]
        for i, theirs in enumerate(measure(model, start, line)):
            worst[i] = max(worst[i], abs(ours[i] - theirs))
        n += 1
    print(f"{n} lines: KL at most {worst[0]:.1e} nats a token apart, losses {worst[1]:.1e}")
    sys.exit(n == 0 or max(worst) > arguments.tolerance)


main()
