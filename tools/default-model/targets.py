"""Cut the corpus into windows and ask the teacher what it expects in each.

    python3 targets.py --gguf ... --tokenizer ... --model model --contamination evaluation.npy \\
        --out data/0 --part 0/2 corpus.jsonl.xz ...

With --part i/n only every n-th document is read, from i on: one process for
each GPU, each with its own folder.

A window is <|endoftext|> and then at most 1,023 pieces of the small tokenizer,
on a border of the teacher's tokens; documents follow one another, each after
<|endoftext|>.  Written to --out, for the windows of training:
  ids.npy          (windows, 1024) uint16
  next_ids.npy     (windows, 1024, TOP) uint16: likeliest next pieces
  next_p.npy       (windows, 1024, TOP) float16: their probabilities
  real.npy         (windows) bool: real text, not sampled
  val.npy          (windows, 1024) uint16: held-out documents, one in 200
Position i predicts piece i + 1.  Where that piece begins a token of the teacher
the probabilities are the teacher's, summed over the tokens that begin with the
piece; inside a token the next piece is certain: probability 1.
"""

import argparse
import collections
import gzip
import json
import lzma
import multiprocessing
import os
import random
import time

import numpy as np
import torch
from tokenizers import Tokenizer

import contamination
import smollm2 as lm

WINDOW, TOP, TEACHER_TOP = 1024, 16, 64
SAMPLED = "SmolLM2"  # the source of sampled text


def encode(arguments):
    """Lines of a corpus file -> (token ids after <|endoftext|>, sampled?); counts"""
    path, evaluation, lines = arguments
    tokenizer, evaluation = Tokenizer.from_file(path), np.load(evaluation, mmap_mode="r")
    out, counts = [], collections.Counter()
    for line in lines:
        record = json.loads(line)
        source = record.get("source", SAMPLED)
        ids = [0] + tokenizer.encode(record["text"], add_special_tokens=False).ids
        runs = contamination.hashes(ids)
        at = np.minimum(np.searchsorted(evaluation, runs), len(evaluation) - 1)
        if (evaluation[at] == runs).any():
            counts["contaminated: " + source] += 1
            continue
        counts[source] += len(ids)
        out.append((np.array(ids, np.uint16), source.startswith(SAMPLED)))
    return out, counts


def read_corpus(arguments, pool):
    documents, counts = [], collections.Counter()
    part, parts = map(int, arguments.part.split("/"))
    for path in arguments.corpus:
        opener = {"xz": lzma.open, "gz": gzip.open}.get(path.rsplit(".")[-1], open)
        with opener(path, "rt", encoding="utf-8") as file:
            lines = file.readlines()[part::parts]
        jobs = [
            (arguments.tokenizer, arguments.contamination, lines[i : i + 500])
            for i in range(0, len(lines), 500)
        ]
        for found, counted in pool.imap(encode, jobs):
            documents += found
            counts.update(counted)
        print(f"{path}: {len(lines)} documents", flush=True)
    return documents, counts


def cut_windows(documents, length_of):
    """-> rows of teacher tokens, each with at most WINDOW pieces"""
    if not documents:
        return []
    stream = np.concatenate(documents)
    ends = np.cumsum(length_of[stream])
    rows, start, before = [], 0, 0
    while start < len(stream):
        stop = int(np.searchsorted(ends, before + WINDOW - 1, "right"))  # <|endoftext|> leads
        rows.append(
            np.concatenate([[0], stream[start:stop]]) if stream[start] else stream[start:stop]
        )
        start, before = stop, int(ends[stop - 1])
    return rows[:-1] or rows


def place(tokens, lengths, runs_of, size):
    """Rows of teacher tokens (B, T), padded -> pieces and where they are predicted.

    ids (B, WINDOW); at (B, T): the position that predicts the first piece of
    token t + 1, WINDOW where there is none; certain: targets inside tokens."""
    runs = runs_of[tokens]  # (B, T, longest)
    real = torch.arange(tokens.shape[1], device=tokens.device) < lengths[:, None]
    valid = (runs >= 0) & real[:, :, None]
    count = valid.sum(-1)
    start = count.cumsum(1) - count
    to = torch.where(
        valid, start[:, :, None] + torch.arange(runs.shape[2], device=runs.device), WINDOW
    )
    ids = torch.zeros(len(tokens), WINDOW + 1, dtype=torch.int64, device=tokens.device)
    ids = ids.scatter_(1, to.flatten(1), runs.clamp(min=0).flatten(1).long())[:, :WINDOW]
    at = torch.where(real[:, 1:], start[:, 1:] - 1, WINDOW)
    at = torch.nn.functional.pad(at, (0, 1), value=WINDOW)
    following = torch.nn.functional.pad(ids[:, 1:], (0, 1))
    certain = (following[:, :, None] + torch.arange(TOP, device=ids.device)) % size
    sure = torch.arange(WINDOW, device=ids.device) + 1 < count.sum(1, keepdim=True)
    return ids, at, certain, sure


def targets(tokens, lengths, runs_of, size, next_ids, next_p):
    """-> ids (B, WINDOW), target ids and probabilities (B, WINDOW, TOP); probabilities
    are 0 where nothing is predicted"""
    ids, at, out_ids, sure = place(tokens, lengths, runs_of, size)
    pad = torch.nn.functional.pad
    out_ids = pad(out_ids, (0, 0, 0, 1))
    out_p = torch.zeros_like(out_ids, dtype=torch.float16)
    out_p[:, :WINDOW, 0] = sure.half()
    where = at[:, :, None].expand(-1, -1, TOP)
    out_ids.scatter_(1, where, next_ids.long())
    out_p.scatter_(1, where, next_p)
    return ids, out_ids[:, :WINDOW], out_p[:, :WINDOW]


def batches(rows, size, device):
    """Padded batches of rows and their lengths"""
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        tokens = np.zeros((size, WINDOW), np.int64)
        for i, row in enumerate(part):
            tokens[i, : len(row)] = row
        lengths = [len(row) for row in part] + [0] * (size - len(part))
        yield start, len(part), torch.from_numpy(tokens).to(device), torch.tensor(
            lengths, device=device
        )


class Teacher:
    """The most likely next pieces after every token of a batch of windows"""

    def __init__(self, model, pieces):
        self.model = model
        self.first = torch.from_numpy(pieces[:, 0].astype(np.int64)).to(model.device)
        compiled = torch.compile if model.device == "cuda" else (lambda f: f)
        self.layer, self.merge = compiled(lm.layer_forward), compiled(self.merged)
        self.total = compiled(lambda logits: torch.logsumexp(logits.float(), 1))

    def merged(self, values, tokens, total):
        """top tokens' logits -> (pieces, probabilities) of the TOP likeliest pieces"""
        p = (values - total[:, None]).exp()
        piece = self.first[tokens]
        same = piece[:, :, None] == piece[:, None, :]
        summed = (same * p[:, None, :]).sum(-1)
        earlier = torch.ones(TEACHER_TOP, TEACHER_TOP, device=p.device, dtype=torch.bool).tril(-1)
        summed = torch.where((same & earlier).any(-1), 0.0, summed)  # once for each piece
        best, at = summed.topk(TOP, 1)
        return piece.gather(1, at), best

    @torch.no_grad()
    def __call__(self, rows, slab=8):
        """rows (B, WINDOW) of teacher tokens -> (B, WINDOW, TOP) pieces and probabilities"""
        hidden = lm.forward(self.model, rows, self.layer)
        ids, ps = [], []
        for part in hidden.split(slab):
            logits = part.flatten(0, 1) @ self.model.embedding.T
            values, tokens = logits.topk(TEACHER_TOP, 1)
            piece, p = self.merge(values.float(), tokens, self.total(logits))
            ids.append(piece.unflatten(0, (-1, WINDOW)))
            ps.append(p.unflatten(0, (-1, WINDOW)))
        return torch.cat(ids).to(torch.int32), torch.cat(ps).half()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    for name in ("gguf", "tokenizer", "model", "contamination", "out"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("corpus", nargs="+")
    parser.add_argument("--part", default="0/1", help="i/n: every n-th document, from i on")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--processes", type=int, default=14)
    a = parser.parse_args()
    os.makedirs(a.out, exist_ok=True)
    began = time.time()
    pool = multiprocessing.get_context("spawn").Pool(a.processes)
    documents, counts = read_corpus(a, pool)
    random.Random(1).shuffle(documents)
    pieces = np.load(os.path.join(a.model, "pieces.npy"))
    size = int(pieces[:, 0].max()) + 1
    held_out = len(documents) // 200
    length_of = (pieces >= 0).sum(1)
    sampled, real = (
        cut_windows([ids for ids, kind in documents[held_out:] if kind == wanted], length_of)
        for wanted in (True, False)
    )
    rows = sampled + real
    held_out = cut_windows([ids for ids, _ in documents[:held_out]], length_of)
    np.save(os.path.join(a.out, "real.npy"), np.arange(len(rows)) >= len(sampled))
    for name, count in sorted(counts.items()):
        print(f"{count:12,} {name}")
    seconds = time.time() - began
    print(f"{len(sampled)} + {len(real)} windows, {len(held_out)} held out, {seconds:.0f} s", flush=True)

    device = "cuda" if torch.cuda.is_available() else "cpu"
    runs_of = torch.from_numpy(pieces).to(device)
    np.save(
        os.path.join(a.out, "val.npy"),
        np.concatenate(
            [
                place(tokens, lengths, runs_of, size)[0][:count].cpu().numpy().astype(np.uint16)
                for _, count, tokens, lengths in batches(held_out, a.batch, device)
            ]
        ),
    )
    teacher = Teacher(lm.Model(a.gguf, device), pieces)
    table = lambda name, dtype, *shape: np.lib.format.open_memmap(
        os.path.join(a.out, name), "w+", dtype, (len(rows), WINDOW, *shape)
    )
    tables = (
        table("ids.npy", np.uint16),
        table("next_ids.npy", np.uint16, TOP),
        table("next_p.npy", np.float16, TOP),
    )
    for start, count, tokens, lengths in batches(rows, a.batch, device):
        made = targets(tokens, lengths, runs_of, size, *teacher(tokens))
        for out, values in zip(tables, made):
            out[start : start + count] = (
                values[:count]
                .to(torch.float16 if out.dtype == np.float16 else torch.int32)
                .cpu()
                .numpy()
            )
        if start // a.batch % 100 == 0:
            print(f"{start + count} windows, {time.time() - began:.0f} s", flush=True)
    print(f"targets done, {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
