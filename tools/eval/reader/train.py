"""Tune SmolLM2 to write a text down from what was left of it: the reader.

usage: train.py --model SMOLLM2.pith --corpus CORPUS.npy --seed N -o READER.pt
                [--tokens 85e6] [--minutes M] [--rows 48] [--rate 6e-4]
                [--workers 8]

Every step reads --rows rows of 1,024 tokens full of samples

    <eos> what one of the kinds of dropping.py left <sep> the text

and learns the text, until --tokens are read or --minutes have passed.  Prints the loss as it goes; the file holds the weights as
bfloat16.  Two seeds differ in the order, the texts and the dropping.
"""
import argparse
import time

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

import pithfile
from dropping import SENTENCE_ENDS, Text, drop
from rows import LENGTH, Rows

SHORTEST, LONGEST = 48, 460  # tokens of a text


class Samples(IterableDataset):
    """Without end: batches of rows, as Rows.tensors has them"""

    def __init__(self, corpus, tokenizer, start, sep, n_rows, seed, length=LENGTH):
        self.corpus, self.tokenizer = np.load(corpus, mmap_mode="r"), tokenizer
        self.start, self.sep, self.n_rows, self.seed, self.length = start, sep, n_rows, seed, length
        counts = np.bincount(self.corpus, minlength=tokenizer.get_vocab_size()) + 1
        self.rarity = -np.log(counts / counts.sum())
        self.pieces = [tokenizer.decode([i]) for i in range(len(counts))]

    def text(self, chance):
        """-> ids from the start of a sentence on, if one is near"""
        longest = min(LONGEST, (self.length - 2) // 2)
        shortest = min(SHORTEST, longest // 2)
        low = longest * 2 // 3 if chance.random() < 0.6 else shortest
        size = int(chance.integers(low, longest + 1))
        while True:
            at = int(chance.integers(0, max(1, len(self.corpus) - size - 80)))
            ids = self.corpus[at:at + size + 80].astype(np.int64)
            for i in range(80):
                if ids[i] == self.start or self.pieces[ids[i]].rstrip(" ").endswith(SENTENCE_ENDS):
                    ids = ids[i + 1:]
                    break
            ends = np.flatnonzero(ids == self.start)
            ids = ids[:min(size, ends[0] if len(ends) else size)]
            if len(ids) >= shortest:
                return ids

    def left_of(self, ids, chance):
        """-> ids of the text that stays, read afresh: what was cut may be other tokens"""
        text = Text(ids, [self.pieces[i] for i in ids], self.rarity, chance)
        kept = self.tokenizer.decode(ids[drop(text)].tolist()).replace("\ufffd", "")
        return self.tokenizer.encode(kept).ids

    def __iter__(self):
        worker = get_worker_info()
        chance = np.random.default_rng([self.seed, worker.id if worker else 0])
        while True:
            rows = Rows(self.start, self.sep, self.length)
            while len(rows.rows) <= self.n_rows:
                ids = self.text(chance)
                kept = self.left_of(ids, chance)[:self.length - 1 - len(ids)]
                rows.add(kept, ids.tolist())
            yield rows.tensors(0, self.n_rows)[:4]


def train(model, batches, steps, peak, device, say, seconds=float("inf")):
    """Tunes the model in place: AdamW, warm-up, linear decay to the end of the
    steps or of the time, whichever comes first"""
    model.to(device).train()
    if device == "cuda":
        for layer in model.layers:
            layer.compile()  # one by one: they are alike, so that the first pays
    optimizer = torch.optim.AdamW(model.parameters(), lr=peak, betas=(0.9, 0.95),
                                  weight_decay=0.0, fused=device == "cuda")
    warm = max(1, steps // 30)
    begun, mean = time.time(), None
    for step, batch in zip(range(1, steps + 1), batches):
        ids, sample, position, target = (t.to(device, non_blocking=True) for t in batch)
        done = max((step - 1) / steps, (time.time() - begun) / seconds)
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = peak * min(step / warm, 1 - done)
        counted = target >= 0
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            hidden = model(ids, sample, position)
            loss = model.losses(hidden[counted], target[counted]).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        mean = loss.detach() if mean is None else 0.95 * mean + 0.05 * loss.detach()
        if step == 1 or step % max(1, steps // 20) == 0 or step == steps:
            say(f"step {step}/{steps}  loss {mean.item():.3f}  {time.time() - begun:.0f} s")
    return mean.item()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--tokens", type=float, default=85e6)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--rows", type=int, default=48)
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("-o", required=True, dest="out")
    a = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(a.seed)
    torch.set_float32_matmul_precision("high")
    model, tokenizer, start, sep = pithfile.load(a.model)
    samples = Samples(a.corpus, tokenizer, start, sep, a.rows, a.seed)
    batches = DataLoader(samples, batch_size=None, num_workers=a.workers, pin_memory=device == "cuda")
    steps = max(1, round(a.tokens / (a.rows * LENGTH)))
    train(model, iter(batches), steps, a.rate, device,
          lambda s: print(f"seed {a.seed}: {s}", flush=True), 60 * a.minutes)
    torch.save({name: t.to("cpu", torch.bfloat16) for name, t in model.state_dict().items()}, a.out)


if __name__ == "__main__":
    main()
