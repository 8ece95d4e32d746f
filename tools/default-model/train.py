"""Train the small model on windows and the teacher's expectations.

    python3 train.py --data data --out model --seconds 900
    torchrun --nproc-per-node 2 train.py ...            (a GPU for each process)

--data holds folders that targets.py wrote; process r of n takes every n-th,
gradients are the mean over processes.

Loss of a position: cross-entropy against the teacher.  Of its distribution the
TOP likeliest pieces and the sum of all others are known; where the piece that
follows is among the others, it stands for them.  In real text half of the loss
is the cross-entropy against the piece that follows (REAL_TEACHER).

Matrices inside the blocks are trained with Muon (momentum, orthogonalised by
Newton-Schulz), the rest with AdamW; linear warm-up, then linear decay to 0 over
the time given.  Weights and optimiser are float32, matrix products bf16.

What keeps it stable (weights/README.md says why): after every CHECK steps the
query and key weights of a head whose attention scores went beyond MOST_SCORE
are scaled down, and rows of the embedding longer than MOST_ROW times the median
too; the key biases, which change nothing, stay 0.
"""

import argparse
import glob
import json
import os
import time

import numpy as np
import torch
import torch.distributed as dist
import torch.nn as nn
import torch.nn.functional as F

import gpt2

REAL_TEACHER, MOST_SCORE, MOST_ROW, CHECK = 0.5, 30.0, 1.5, 20
CLIP = 1.0
compiled = torch.compile if torch.cuda.is_available() else (lambda function: function)


# --- loss --------------------------------------------------------------------


@compiled
def slab_gradient(logits, label, ids, p, teacher):
    """Rows of logits (n, V) -> d loss / d logits but for its entries at ids and
    label, what belongs at ids, what is to be added at label, the two losses.

    q is the model's softmax, Q its sum over ids, r = 1 - sum p, t = 1 where the
    label is not among ids, a = the teacher's part of the loss, `teacher`:
      -sum p log q - (r - t) log(1 - Q) - t log q[label]        from the teacher
      -log q[label]                                             from the text
    Its gradient is q - a p at ids, q (1 - a (r - t) / (1 - Q)) elsewhere, and
    a t + 1 - a less at the label."""
    z = logits.float()
    total = torch.logsumexp(z, 1)
    log_q = z.gather(1, ids) - total[:, None]
    q = log_q.exp()
    outside = (1 - q.sum(1)).clamp(min=1e-4)
    rest = (1 - p.sum(1)).clamp(min=0)
    tail = 1 - (ids == label[:, None]).any(1).float()
    weight = (p.sum(1) > 0).float()  # 0: nothing to predict
    hard = total - z.gather(1, label[:, None])[:, 0]
    soft = -(p * log_q).sum(1) - (rest - tail) * outside.log() + tail * hard
    scale = (1 - teacher * (rest - tail) / outside) * weight
    gradient = (z - total[:, None]).exp() * scale[:, None]
    at_ids = (q - teacher[:, None] * p) * weight[:, None]
    at_label = (teacher - 1 - teacher * tail) * weight
    losses = torch.stack([soft, hard, teacher * soft + (1 - teacher) * hard])
    return (
        gradient.to(logits.dtype),
        at_ids.to(logits.dtype),
        at_label.to(logits.dtype),
        (losses * weight).sum(1),
    )


class DistillationLoss(torch.autograd.Function):
    """Head and loss a slab of rows at a time: the logits are never all there."""

    @staticmethod
    def forward(context, hidden, wte, label, ids, p, teacher, slab=16384):
        weights, h = wte.bfloat16(), hidden.bfloat16()
        d_hidden, d_wte = torch.empty_like(h), torch.zeros_like(wte)
        losses = torch.zeros(3, device=h.device)
        for start in range(0, len(h), slab):
            part = slice(start, start + slab)
            gradient, at_ids, at_label, lost = slab_gradient(
                h[part] @ weights.T, label[part], ids[part], p[part], teacher[part]
            )
            gradient.scatter_(1, ids[part], at_ids)
            gradient.scatter_add_(1, label[part][:, None], at_label[:, None])
            d_hidden[part] = gradient @ weights
            d_wte += gradient.T @ h[part]
            losses += lost
        context.save_for_backward(d_hidden, d_wte)
        losses = losses / len(h)
        context.mark_non_differentiable(losses)
        return losses[2].clone(), losses

    @staticmethod
    def backward(context, d_loss, _):
        d_hidden, d_wte = context.saved_tensors
        scale = d_loss / len(d_hidden)
        return d_hidden * scale, d_wte * scale, *[None] * 5


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


# --- what keeps the processes alike ------------------------------------------


def average_gradients(parameters):
    """The mean over the processes, in one message"""
    if dist.is_initialized():
        gradients = [p.grad for p in parameters]
        flat = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(flat)
        parts = (flat / dist.get_world_size()).split([g.numel() for g in gradients])
        torch._foreach_copy_(gradients, [f.view_as(g) for f, g in zip(parts, gradients)])


def over_processes(value, operation="MAX"):
    """A tensor -> its maximum, or sum, over the processes"""
    if dist.is_initialized():
        dist.all_reduce(value, getattr(dist.ReduceOp, operation))
    return value


@torch.no_grad()
def bound_scores(model, ids):
    """Scales the queries and keys of heads with scores beyond MOST_SCORE; -> largest score"""
    x, largest = model.wte(ids) + model.wpe.weight[: ids.shape[1]], 0.0
    for block in model.blocks:
        q, k, _ = block.queries_keys_values(x)
        size = q.shape[-1]
        x = block(x)
        score = over_processes((q @ k.mT / size**0.5).abs().tril().amax((0, 2, 3)))  # (heads)
        largest = max(largest, score.max().item())
        scale = (MOST_SCORE / score).clamp(max=1).sqrt().repeat_interleave(size).repeat(2)
        width = block.qkv.weight.shape[1]
        block.qkv.weight[: 2 * width] *= scale[:, None]
        block.qkv.bias[: 2 * width] *= scale
    return largest


@torch.no_grad()
def bound_rows(model):
    """Shortens embeddings: pieces that hardly occur are pushed away at every step"""
    length = model.wte.weight.norm(dim=1, keepdim=True)
    model.wte.weight *= (MOST_ROW * length.median() / length).clamp(max=1)


# --- training ----------------------------------------------------------------


class Windows:
    """The windows of a process on its device, drawn in random order, again and again"""

    NAMES = ("ids", "next_ids", "next_p", "real", "val")

    def __init__(self, folders, device, seed):
        self.ids, self.next_ids, self.next_p, self.real, self.val = (
            torch.cat([self.array(f, name) for f in folders]).to(device) for name in self.NAMES
        )
        self.order, self.random = torch.empty(0, dtype=torch.int64), torch.Generator()
        self.random.manual_seed(seed)

    @staticmethod
    def array(folder, name):
        values = np.load(os.path.join(folder, name + ".npy"), mmap_mode="r")
        # ids stay below 2^15
        return torch.from_numpy(values.view(np.int16) if values.dtype == np.uint16 else values)

    def draw(self, count):
        """-> ids (count, T); for each position: label, ids and probabilities, teacher's part"""
        if len(self.order) < count:
            self.order = torch.randperm(len(self.ids), generator=self.random)
        pick, self.order = self.order[:count].to(self.ids.device), self.order[count:]
        x = self.ids[pick].long()
        teacher = 1 - (1 - REAL_TEACHER) * self.real[pick].float()
        return (
            x,
            F.pad(x[:, 1:], (0, 1)).flatten(),
            self.next_ids[pick].flatten(0, 1).long(),
            self.next_p[pick].flatten(0, 1).float(),
            teacher.repeat_interleave(x.shape[1]),
        )


@torch.no_grad()
def held_out_loss(model, net, windows, batch, autocast):
    """nats per piece of held-out windows"""
    found = torch.zeros(2, device=windows.device)
    for part in windows[: len(windows) // batch * batch or len(windows)].split(batch):
        x = part.long()
        with autocast():
            h = net(x)
        for rows, label in zip(h[:, :-1].split(8), x[:, 1:].split(8)):
            with autocast():
                logits = rows @ model.wte.weight.T
            loss = F.cross_entropy(
                logits.float().flatten(0, 1), label.flatten(), ignore_index=0, reduction="sum"
            )
            found += torch.stack([loss, (label != 0).sum().float()])
    total, count = over_processes(found, "SUM").tolist()
    return total / count


def optimisers(model, device):
    """Muon for the blocks' matrices, AdamW for the rest"""
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
        fused=device.type == "cuda",
    )
    return muon, adam


class Log:
    """Every step in steps.csv, means and held-out loss in log.jsonl; saves the best model"""

    def __init__(self, folder, first):
        self.folder, self.first = folder, first
        self.best, self.recent, self.written, self.largest = float("inf"), [], 0, 0.0
        if first:
            os.makedirs(folder, exist_ok=True)
            self.lines = open(os.path.join(folder, "log.jsonl"), "w", encoding="utf-8")
            self.steps = open(os.path.join(folder, "steps.csv"), "w", encoding="utf-8")
            self.steps.write("step,teacher,text,loss,gradient_norm\n")

    def flush_steps(self, step):
        rows = [row.tolist() for row in self.recent[self.written :]] if self.first else []
        for i, row in enumerate(rows):
            number = step - len(rows) + 1 + i
            self.steps.write(f"{number}," + ",".join(f"{v:.4f}" for v in row) + "\n")
        self.written = len(self.recent)
        if self.first:
            self.steps.flush()

    def report(self, model, step, loss, **more):
        self.flush_steps(step)
        rows = torch.stack(self.recent)
        soft, hard, _, norm = rows.mean(0).tolist()
        record = dict(step=step, **more, soft=soft, hard=hard, gradient_norm=norm)
        record.update(highest_norm=rows[:, 3].max().item(), highest_loss=rows[:, 2].max().item())
        record.update(largest_score=self.largest, held_out=loss)
        if self.first:
            self.lines.write(json.dumps(record) + "\n")
            self.lines.flush()
            print(json.dumps(record), flush=True)
            if loss < self.best:
                gpt2.save(model, self.folder)
        self.best = min(self.best, loss)
        self.recent, self.written, self.largest = [], 0, 0.0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seconds", type=float, default=900, help="without compiling")
    parser.add_argument("--steps", type=int, default=10**9)
    parser.add_argument("--batch", type=int, default=96, help="windows of a process")
    parser.add_argument("--lr", type=float, default=2.5e-3)
    parser.add_argument("--warm-up", type=int, default=300)
    parser.add_argument("--vocabulary", type=int, default=15360)
    parser.add_argument("--width", type=int, default=384)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log-seconds", type=float, default=20)
    a = parser.parse_args()
    rank, processes = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    device = torch.device("cuda", rank) if torch.cuda.is_available() else torch.device("cpu")
    if processes > 1:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    if device.type == "cuda":
        torch.cuda.set_device(device)
    torch.set_float32_matmul_precision("high")
    began = time.time()
    folders = sorted(os.path.dirname(p) for p in glob.glob(os.path.join(a.data, "*", "ids.npy")))
    windows = Windows(folders[rank::processes], device, a.seed + rank)
    size = windows.ids.shape[1]
    print(f"{len(windows.ids)} windows on the device, {time.time() - began:.0f} s", flush=True)

    torch.manual_seed(a.seed)
    model = gpt2.GPT2(a.vocabulary, size, a.width, a.layers, a.width // 64).to(device)
    net = compiled(model)
    parameters = list(model.parameters())
    muon, adam = optimisers(model, device)
    print(f"{sum(p.numel() for p in parameters):,} parameters", flush=True)
    autocast = lambda: torch.autocast(device.type, torch.bfloat16)
    log = Log(a.out, rank == 0)

    def step_gradients():
        """-> the two losses, the whole loss, the norm of the gradient; clips it"""
        x, *targets = windows.draw(a.batch)
        with autocast():
            hidden = net(x)
        loss, losses = DistillationLoss.apply(hidden.flatten(0, 1), model.wte.weight, *targets)
        loss.backward()
        for block in model.blocks:  # no key bias
            block.qkv.bias.grad[a.width : 2 * a.width].zero_()
        average_gradients(parameters)
        return x, torch.stack([*losses, nn.utils.clip_grad_norm_(parameters, CLIP)])

    step, elapsed, checked, per_step, last_log = 0, 0.0, 0, 0.0, 0.0
    while True:
        progress = max((elapsed + (step - checked) * per_step) / a.seconds, step / a.steps)
        at_check = step % CHECK == 0 and step > 0
        if progress >= 1 or (at_check and elapsed - last_log > a.log_seconds):
            loss = held_out_loss(model, net, windows.val, a.batch, autocast)
            log.report(
                model,
                step,
                loss,
                pieces=step * processes * a.batch * size,
                seconds=round(elapsed, 1),
                lr=a.lr * max(0.0, 1 - progress),
            )
            last_log = elapsed
        if progress >= 1:
            break
        x, record = step_gradients()
        lr = a.lr * min(1.0, (step + 1) / a.warm_up) * (1 - progress)
        for group in adam.param_groups:
            group["lr"] = lr
        muon.step(lr)
        adam.step()
        model.zero_grad(set_to_none=True)
        log.recent.append(record)
        step += 1
        if step == 1:
            record.tolist()  # waits for the device
            print(f"first step after {time.time() - began:.0f} s", flush=True)
            began = time.time()
        if step % CHECK == 0:
            bound_rows(model)
            log.largest = max(log.largest, bound_scores(model, x[:4]))
            log.flush_steps(step)
            now = over_processes(torch.tensor(time.time() - began, device=device)).item()
            per_step, elapsed, checked = (now - elapsed) / (step - checked), now, step
    if processes > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
