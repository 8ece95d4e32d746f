"""Train the small model on windows and the teacher's expectations.

    python3 train.py --data data --out model --seconds 900

Loss of a position: ALPHA times the cross-entropy against the teacher's TOP
likeliest pieces, everything else counted as one more piece, and 1 - ALPHA
times that against the piece which really follows.

Matrices inside the blocks are trained with Muon (momentum, orthogonalised by
Newton-Schulz), the rest with AdamW; linear warm-up, then linear decay to 0 over
the time given.  Weights and optimiser are float32, matrix products bf16.

What keeps it stable (weights/README.md says why): after every CHECK steps the
query and key weights of a head whose attention scores went beyond MOST_SCORE
are scaled down; the key biases, which change nothing, stay 0.
"""

import argparse
import json
import os
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

import gpt2

ALPHA, MOST_SCORE, CHECK = 0.65, 50.0, 40
CLIP = 1.0
compiled = torch.compile if torch.cuda.is_available() else (lambda function: function)


# --- loss --------------------------------------------------------------------


@compiled
def slab_gradient(logits, label, ids, p):
    """Rows of logits (n, V) -> d loss / d logits but for its entries at ids and
    label, what belongs at ids, the two losses.  With q the model's softmax, Q
    its sum over ids and r = 1 - sum p: the rest's term -r log(1 - Q) and
    -sum p log q give q - p at ids and q (1 - r / (1 - Q)) elsewhere."""
    z = logits.float()
    total = torch.logsumexp(z, 1)
    log_q = z.gather(1, ids) - total[:, None]
    q = log_q.exp()
    outside = (1 - q.sum(1)).clamp(min=1e-4)
    rest = (1 - p.sum(1)).clamp(min=0)
    weight = (p.sum(1) > 0).float()  # 0: nothing to predict
    soft = -(p * log_q).sum(1) - rest * outside.log()
    hard = total - z.gather(1, label[:, None])[:, 0]
    scale = (ALPHA * (1 - rest / outside) + 1 - ALPHA) * weight
    gradient = (z - total[:, None]).exp() * scale[:, None]
    at_ids = (q - ALPHA * p) * weight[:, None]
    return (
        gradient.to(logits.dtype),
        at_ids.to(logits.dtype),
        (soft * weight).sum(),
        (hard * weight).sum(),
    )


class DistillationLoss(torch.autograd.Function):
    """Head and loss a slab of rows at a time: the logits are never all there."""

    @staticmethod
    def forward(context, hidden, wte, label, ids, p, slab=16384):
        weights, h = wte.bfloat16(), hidden.bfloat16()
        d_hidden, d_wte = torch.empty_like(h), torch.zeros_like(wte)
        losses = torch.zeros(2, device=h.device)
        for start in range(0, len(h), slab):
            part = slice(start, start + slab)
            gradient, at_ids, soft, hard = slab_gradient(
                h[part] @ weights.T, label[part], ids[part], p[part]
            )
            gradient.scatter_(1, ids[part], at_ids)
            seen = (p[part].sum(1, keepdim=True) > 0).to(gradient.dtype)
            gradient.scatter_add_(1, label[part][:, None], (ALPHA - 1) * seen)
            d_hidden[part] = gradient @ weights
            d_wte += gradient.T @ h[part]
            losses += torch.stack([soft, hard])
        context.save_for_backward(d_hidden, d_wte)
        losses = losses / len(h)
        context.mark_non_differentiable(losses)
        return ALPHA * losses[0] + (1 - ALPHA) * losses[1], losses

    @staticmethod
    def backward(context, d_loss, _):
        d_hidden, d_wte = context.saved_tensors
        scale = d_loss / len(d_hidden)
        return d_hidden * scale, d_wte * scale, None, None, None, None


# --- optimiser ---------------------------------------------------------------


@compiled
def orthogonalise(g):
    """(n, rows, columns), rows <= columns -> nearest semi-orthogonal matrices, about"""
    x = g.bfloat16()
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x


class Muon:
    """Momentum whose step has all singular values near 1; root mean square 0.2 lr"""

    def __init__(self, model, decay=0.1, momentum=0.95):
        self.decay, self.momentum = decay, momentum
        blocks = model.blocks
        square = [w for b in blocks for w in (*b.qkv.weight.chunk(3), b.proj.weight)]
        self.groups = [
            [w.detach() for w in square],
            [b.fc.weight.detach() for b in blocks],
            [b.out.weight.detach() for b in blocks],
        ]
        self.parameters = [
            w for b in blocks for w in (b.qkv.weight, b.proj.weight, b.fc.weight, b.out.weight)
        ]
        self.gradients = lambda: [
            [g for b in blocks for g in (*b.qkv.weight.grad.chunk(3), b.proj.weight.grad)],
            [b.fc.weight.grad for b in blocks],
            [b.out.weight.grad for b in blocks],
        ]
        self.moments = [torch.zeros_like(torch.stack(group)) for group in self.groups]

    @torch.no_grad()
    def step(self, lr):
        for weights, gradients, moment in zip(self.groups, self.gradients(), self.moments):
            g = torch.stack(gradients)
            moment.lerp_(g, 1 - self.momentum)
            g = g.lerp(moment, self.momentum)
            tall = g.shape[1] > g.shape[2]
            step = orthogonalise(g.mT if tall else g)
            step = (step.mT if tall else step).float() * (0.2 * max(g.shape[1:]) ** 0.5 * lr)
            torch._foreach_mul_(weights, 1 - lr * self.decay)
            torch._foreach_sub_(weights, list(step.unbind(0)))


@torch.no_grad()
def bound_scores(model, ids):
    """Scales the queries and keys of heads with scores beyond MOST_SCORE; -> largest score"""
    x, largest = model.wte(ids) + model.wpe.weight[: ids.shape[1]], 0.0
    for block in model.blocks:
        q, k, _ = block.queries_keys_values(x)
        size = q.shape[-1]
        x = block(x)
        score = (q @ k.mT / size**0.5).abs().tril().amax((0, 2, 3))  # (heads)
        largest = max(largest, score.max().item())
        scale = (MOST_SCORE / score).clamp(max=1).sqrt().repeat_interleave(size).repeat(2)
        width = block.qkv.weight.shape[1]
        block.qkv.weight[: 2 * width] *= scale[:, None]
        block.qkv.bias[: 2 * width] *= scale
    return largest


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--steps", type=int, default=10**9)
    parser.add_argument("--batch", type=int, default=96)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--warm-up", type=int, default=300)
    parser.add_argument("--vocabulary", type=int, default=15360)
    parser.add_argument("--width", type=int, default=384)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()
    torch.manual_seed(a.seed)
    torch.set_float32_matmul_precision("high")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    began = time.time()
    array = lambda name: torch.from_numpy(
        np.load(os.path.join(a.data, name)).view(np.float16 if name == "next_p.npy" else np.int16)
    ).to(
        device
    )  # ids stay below 2^15
    ids, next_ids, next_p, val = map(array, ("ids.npy", "next_ids.npy", "next_p.npy", "val.npy"))
    print(f"{len(ids)} windows on the device, {time.time() - began:.0f} s", flush=True)

    model = gpt2.GPT2(a.vocabulary, ids.shape[1], a.width, a.layers, a.width // 64).to(device)
    net = compiled(model)
    muon = Muon(model)
    inside = {id(p) for p in muon.parameters}
    rest = [p for p in model.parameters() if id(p) not in inside]
    adam = torch.optim.AdamW(
        [
            dict(params=[p for p in rest if p is model.wte.weight], weight_decay=0.1),
            dict(params=[p for p in rest if p is not model.wte.weight], weight_decay=0.0),
        ],
        betas=(0.9, 0.95),
        eps=1e-8,
        fused=device == "cuda",
    )
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters", flush=True)
    autocast = lambda: torch.autocast(device, torch.bfloat16)

    @torch.no_grad()
    def held_out():
        """nats per piece of held-out windows"""
        total = count = 0
        for part in val[: len(val) // a.batch * a.batch or len(val)].split(a.batch):
            x = part.long()
            with autocast():
                h = net(x)
            for rows, label in zip(h[:, :-1].split(8), x[:, 1:].split(8)):
                with autocast():
                    logits = rows @ model.wte.weight.T
                total += F.cross_entropy(
                    logits.float().flatten(0, 1), label.flatten(), ignore_index=0, reduction="sum"
                ).item()
                count += int((label != 0).sum())
        return total / count

    os.makedirs(a.out, exist_ok=True)
    log = open(os.path.join(a.out, "log.jsonl"), "w", encoding="utf-8")
    best, recent, largest, step, order = float("inf"), [], 0.0, 0, torch.empty(0, dtype=torch.int64)
    began = last_log = time.time()
    while True:
        elapsed = time.time() - began
        progress = max(elapsed / a.seconds, step / a.steps)
        if progress >= 1 or time.time() - last_log > 20:
            loss = held_out()
            soft, hard, norm = torch.stack(recent).mean(0).tolist()
            record = dict(
                step=step,
                pieces=step * a.batch * ids.shape[1],
                seconds=round(elapsed, 1),
                lr=a.lr * max(0.0, 1 - progress),
                soft=soft,
                hard=hard,
                gradient_norm=norm,
                highest_norm=torch.stack(recent)[:, 2].max().item(),
                largest_score=largest,
                held_out=loss,
            )
            log.write(json.dumps(record) + "\n")
            log.flush()
            print(json.dumps(record), flush=True)
            recent, largest, last_log = [], 0.0, time.time()
            if loss < best:
                best = loss
                gpt2.save(model, a.out)
        if progress >= 1:
            break
        if len(order) < a.batch:
            order = torch.randperm(len(ids))
        pick, order = order[: a.batch].to(device), order[a.batch :]
        x = ids[pick].long()
        label = F.pad(x[:, 1:], (0, 1)).flatten()
        with autocast():
            hidden = net(x)
        loss, losses = DistillationLoss.apply(
            hidden.flatten(0, 1),
            model.wte.weight,
            label,
            next_ids[pick].flatten(0, 1).long(),
            next_p[pick].flatten(0, 1).float(),
        )
        loss.backward()
        for block in model.blocks:  # no key bias
            block.qkv.bias.grad[a.width : 2 * a.width].zero_()
        norm = nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        lr = a.lr * min(1.0, (step + 1) / a.warm_up) * (1 - progress)
        for group in adam.param_groups:
            group["lr"] = lr
        muon.step(lr)
        adam.step()
        model.zero_grad(set_to_none=True)
        recent.append(torch.stack([losses[0], losses[1], norm]))
        step += 1
        if step % CHECK == 0:
            largest = max(largest, bound_scores(model, x[:4]))  # also waits for the device
        if step == 1:
            print(f"first step after {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
