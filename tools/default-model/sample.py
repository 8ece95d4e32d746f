"""Sample the synthetic half of the corpus from SmolLM2 on one GPU.

    python3 sample.py --gguf SmolLM2.gguf --tokenizer tokenizer.json \\
        --prompts prompts.json --seconds 250 --out synthetic.jsonl

Every row of the batch is a stream of documents: a prompt is forced token by
token, the model continues until it ends the text (or a length is reached), the
next prompt follows.  A document sees nothing of the one before: attention
starts at its own first token.  One step for all rows is one CUDA graph.

Tokens are drawn at the prompt's temperature among those with at least min_p of
the best token's probability; for half of the prompts that is all tokens.  Their
distribution is not what the small model learns: targets.py asks the same
teacher for it, over the whole vocabulary.
"""

import argparse
import collections
import itertools
import json
import multiprocessing
import random
import time
import zlib

import numpy as np
import torch
import triton
import triton.language as tl
from tokenizers import Tokenizer

import prompts as bank
import smollm2 as lm

LENGTH = 1024  # tokens of a stream


@triton.jit
def decode_attention(q, k, v, out, first, now, scale, LENGTH: tl.constexpr, BLOCK: tl.constexpr):
    """One query position of 3 heads that share a key head, over positions
    first[row] to now[0].  q, out (B, 9, 64); k, v (B, 3, LENGTH, 64)."""
    row, head = tl.program_id(0), tl.program_id(1)
    heads, lane = tl.arange(0, 16)[:, None], tl.arange(0, 64)[None, :]  # tl.dot wants 16 rows
    at = row * 576 + (head * 3 + heads) * 64 + lane
    query = tl.load(q + at, mask=heads < 3, other=0.0)
    base = (row.to(tl.int64) * 3 + head) * LENGTH * 64
    begin, end = tl.load(first + row), tl.load(now) + 1
    best = tl.full([16], -1e30, tl.float32)
    total = tl.zeros([16], tl.float32)
    sums = tl.zeros([16, 64], tl.float32)
    step = tl.arange(0, BLOCK)
    for s in range(begin, end, BLOCK):
        inside = (s + step) < end
        where = base + (s + step)[:, None] * 64 + lane
        keys = tl.load(k + where, mask=inside[:, None], other=0.0)
        values = tl.load(v + where, mask=inside[:, None], other=0.0)
        score = tl.where(inside[None, :], tl.dot(query, tl.trans(keys)) * scale, -1e30)
        higher = tl.maximum(best, tl.max(score, 1))
        weight, shrink = tl.exp(score - higher[:, None]), tl.exp(best - higher)
        total = total * shrink + tl.sum(weight, 1)
        sums = sums * shrink[:, None] + tl.dot(weight.to(values.dtype), values)
        best = higher
    tl.store(out + at, sums / total[:, None], mask=heads < 3)


def choose(logits, noise, min_p, temperature):
    """argmax of p / Exp(1) noise draws from p; (B, VOCAB) -> (B,)"""
    shifted = logits.float() - logits.float().amax(1, keepdim=True)
    likely = shifted >= torch.log(min_p)[:, None]
    return torch.where(likely, shifted / temperature[:, None] - torch.log(noise), -1e30).argmax(1)


class Streams:
    """The state of all rows on the device."""

    def __init__(self, model, rows, compiled=True):
        wrap = torch.compile if compiled else (lambda f: f)
        self.before, self.after, self.choose = (
            wrap(lm.before_attention),
            wrap(lm.after_attention),
            wrap(choose),
        )
        self.model, self.rows = model, rows
        make = lambda *shape, dtype=torch.int64: torch.zeros(
            *shape, device=model.device, dtype=dtype
        )
        cache = lambda: [
            make(rows, lm.KV_HEADS, LENGTH, lm.HEAD, dtype=model.dtype) for _ in range(lm.LAYERS)
        ]
        self.keys, self.values = cache(), cache()
        self.cos, self.sin = model.rotary(LENGTH)
        self.now, self.first, self.token = make(1), make(rows), make(rows)
        self.tokens = make(rows, LENGTH, dtype=torch.int32)
        self.noise = make(rows, lm.VOCAB, dtype=torch.float32)
        self.prompt, self.turn, self.offset = make(rows), make(rows), make(rows)
        self.over_before = make(rows, dtype=torch.bool)

    def set_prompts(self, table, temperature, min_p, limit):
        """table (prompts, turns, tokens), -1 after the end; row b takes
        prompts b, b + rows, ...  A turn is forced when the one before ends."""
        put = lambda a: torch.from_numpy(a).to(self.model.device)
        if not hasattr(self, "table"):
            self.table, self.heat, self.min_p, self.limit = map(
                put, (table, temperature, min_p, limit)
            )
        held = (self.table, self.heat, self.min_p, self.limit)
        for old, new in zip(held, (table, temperature, min_p, limit)):
            old.copy_(put(new))  # the graph keeps its addresses
        for counter in (self.now, self.first, self.turn):
            counter.zero_()
        self.prompt.copy_(torch.arange(self.rows))
        self.offset.fill_(1)
        self.token.copy_(self.table[: self.rows, 0, 0].long())
        self.tokens.zero_()
        self.tokens[:, 0] = self.token.int()
        self.over_before.zero_()

    def logits(self):
        model = self.model
        cos, sin = self.cos[self.now][:, None], self.sin[self.now][:, None]  # (1, 1, 32)
        h = model.embedding[self.token].float()
        for layer, keys, values in zip(model.layers, self.keys, self.values):
            q, k, v = self.before(h, *layer[:2], cos, sin)
            keys.index_copy_(2, self.now, k[:, :, None])
            values.index_copy_(2, self.now, v[:, :, None])
            attended = torch.empty_like(q)
            decode_attention[(self.rows, lm.KV_HEADS)](
                q, keys, values, attended, self.first, self.now, lm.HEAD**-0.5, LENGTH, 64
            )
            h = self.after(h, attended.flatten(1), layer[2], *layer[3:])
        return lm.norm(h, model.last_norm, model.dtype) @ model.embedding.T

    def step(self):
        logits = self.logits()
        self.noise.exponential_()
        drawn = self.choose(
            logits, self.noise, self.min_p[self.prompt], self.heat[self.prompt]
        )
        turns, width = self.table.shape[1:]
        forced = self.table[self.prompt, self.turn, self.offset.clamp(max=width - 1)].long()
        forced = torch.where(self.offset < width, forced, -1)
        token = torch.where(forced >= 0, forced, drawn)
        # An end that was drawn starts the next turn or prompt.
        ended = (forced < 0) & (token <= lm.TURN_END)
        following = (self.turn + 1).clamp(max=turns - 1)
        more = (
            ended
            & (token == lm.TURN_END)
            & (self.turn + 1 < turns)
            & (self.table[self.prompt, following, 0] >= 0)
        )
        over = (ended & ~more) | (self.now + 1 - self.first >= self.limit[self.prompt])
        self.now += 1
        self.tokens.index_copy_(1, self.now, token.int()[:, None])
        self.turn.copy_(torch.where(over, 0, torch.where(more, following, self.turn)))
        self.offset.copy_(torch.where(over | more, 0, self.offset + 1))
        self.prompt.copy_(torch.where(over, self.prompt + self.rows, self.prompt) % len(self.table))
        # The token after `over` is the next prompt's first and sees only itself.
        self.first.copy_(torch.where(self.over_before, self.now, self.first))
        self.over_before.copy_(over)
        self.token.copy_(token)

    def capture(self):
        if self.model.device == "cpu":
            self.replay = self.step
            return
        side = torch.cuda.Stream()
        with torch.cuda.stream(side):
            for _ in range(3):
                self.step()
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.step()
        self.replay = graph.replay


# --- from streams to documents -----------------------------------------------


def tokenize_prompts(arguments):
    path, prompts_path, subjects_path, seed, count, turns, width = arguments
    tokenizer, data = Tokenizer.from_file(path), bank.load(prompts_path, subjects_path)
    rng = random.Random(seed)
    table = np.full((count, turns, width), -1, np.int32)
    heat, min_p = np.ones((2, count), np.float32)
    limit = np.zeros(count, np.int64)
    for i in range(count):
        forced, heat[i], min_p[i], limit[i] = bank.make(data, rng)
        for turn, text in enumerate(forced[:turns]):
            ids = tokenizer.encode(text, add_special_tokens=False).ids[:width]
            table[i, turn, : len(ids)] = ids
    return table, heat, min_p, limit


def split_documents(tokens):
    """A stream's documents begin with <|endoftext|> or a system's turn."""
    system = bank.SYSTEM_START
    starts = [0]
    for i in range(1, len(tokens)):
        if tokens[i] == lm.END_OF_TEXT and i + 1 < len(tokens):
            starts.append(i)
        elif tokens[i] == lm.TURN_START and i + 1 < len(tokens) and tokens[i + 1] == system:
            starts.append(i)
    return [tokens[a:b] for a, b in zip(starts, starts[1:] + [len(tokens)])]


def clean(arguments):
    """Streams -> (documents as text, counts of what was dropped)"""
    path, streams, seed = arguments
    tokenizer, rng = Tokenizer.from_file(path), random.Random(seed)
    kept, dropped = [], collections.Counter()
    for stream in streams:
        for ids in split_documents(stream.tolist()):
            text = tokenizer.decode(ids, skip_special_tokens=False)
            text = bank.layout(text, rng)
            size = len(text.encode())
            if size < 120:
                dropped["short"] += 1
            elif "\ufffd" in text or "\0" in text:
                dropped["not UTF-8"] += 1
            elif sum(ord(c) > 126 for c in text) > 0.04 * len(text):
                dropped["not English"] += 1
            elif len(zlib.compress(text.encode())) < (0.18 + 0.1 * min(1.0, 700 / size)) * size:
                dropped["repeats itself"] += 1
            else:
                kept.append(text)
    return kept, dropped


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("gguf", "tokenizer", "prompts", "subjects", "out"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--seconds", type=float, default=250)
    parser.add_argument("--rows", type=int, default=4096)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=14)
    a = parser.parse_args()

    device = "cuda" if torch.cuda.is_available() else "cpu"
    began = time.time()
    pool = multiprocessing.get_context("spawn").Pool(a.processes)
    per_job, turns, width = a.rows // 2, 4, 96
    ask = lambda i: pool.apply_async(
        tokenize_prompts,
        ((a.tokenizer, a.prompts, a.subjects, a.seed * 100003 + i, per_job, turns, width),),
    )
    numbers = itertools.count()
    jobs = collections.deque(ask(next(numbers)) for _ in range(24))
    torch.manual_seed(a.seed)
    streams = Streams(lm.Model(a.gguf, device), a.rows, device == "cuda")

    def next_prompts():
        """12 jobs: 6 prompts a row"""
        parts = [jobs.popleft().get() for _ in range(12)]
        jobs.extend(ask(next(numbers)) for _ in range(12))
        streams.set_prompts(*(np.concatenate(p) for p in zip(*parts)))

    next_prompts()
    streams.capture()
    print(f"ready after {time.time() - began:.0f} s", flush=True)
    results, rounds, drawn, start = [], 0, 0, time.time()
    while time.time() - start < a.seconds:
        next_prompts()
        for _ in range(LENGTH - 1):
            streams.replay()
        tokens = streams.tokens.cpu().numpy().astype(np.uint16)
        for i in range(0, a.rows, 256):
            results.append(
                pool.apply_async(clean, ((a.tokenizer, tokens[i : i + 256], rounds * 97 + i),))
            )
        rounds += 1
        drawn += tokens.size
        speed = drawn / (time.time() - start)
        print(f"{rounds} rounds, {drawn / 1e6:.1f} M tokens, {speed:.0f} tokens/s", flush=True)
    seen, dropped, size = set(), collections.Counter(), 0
    with open(a.out, "w", encoding="utf-8") as out:
        for result in results:
            kept, lost = result.get()
            dropped.update(lost)
            for text in kept:
                if hash(text[:200]) in seen:
                    dropped["duplicate"] += 1
                    continue
                seen.add(hash(text[:200]))
                size += len(text.encode())
                out.write(
                    json.dumps({"source": "SmolLM2", "text": text}, ensure_ascii=False) + "\n"
                )
    print(
        json.dumps(
            dict(
                tokens=drawn,
                seconds=round(time.time() - start),
                documents=len(seen),
                bytes=size,
                dropped=dropped,
            )
        )
    )


if __name__ == "__main__":
    main()
