"""Checks the reader's code on the CPU with a tiny random model, in seconds.

usage: check.py [--model SMOLLM2.pith --losses ../shared/goldens/nll_smollm2.jsonl]

With both options the weights, the tokenizer and the forward pass are compared
with PyTorch's losses too.
"""
import argparse
import itertools
import json
import tempfile

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

import judge
import pithfile
import score
import table
import train
from dropping import KINDS, Text
from rows import Rows

START, SEP = 256, 257


def tiny():
    """-> a random model of two layers, a tokenizer of single bytes"""
    torch.manual_seed(1)
    model = pithfile.Llama({"n_vocab": 258, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_kv_head": 2,
                            "head_dim": 8, "n_ff": 64, "eps": 1e-5, "theta": 1e4})
    torch.nn.init.normal_(model.token_embedding.weight, std=0.1)
    vocab = {letter: byte for byte, letter in pithfile.letters().items()}
    tokenizer = Tokenizer(models.BPE(vocab=vocab | {"<eos>": START, "<sep>": SEP}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return model, tokenizer


def check_dropping():
    words = ["The", " cat", " sat", " on", " the", " mat", ".", " It", "'", "s", " 1", "2", ".", "\n"] * 9
    ids = np.array([sorted(set(words)).index(w) for w in words])
    for name, kind in KINDS.items():
        for rate in (0.05, 0.3, 0.8):
            shares = []
            for seed in range(30):
                chance = np.random.default_rng(seed)
                kept = kind(Text(ids, words, chance.random(20) * 10, chance), rate)
                assert kept.dtype == bool and kept.shape == ids.shape, name
                shares.append(kept.mean())
            assert abs(np.mean(shares) - rate) < 0.12, (name, rate, np.mean(shares))
    assert len(KINDS) == 13


def check_rows(model):
    """A sample's losses do not depend on its neighbours"""
    samples = [([1, 2, 3], [4, 5, 6, 7]), ([], [9, 8]), ([7] * 9, [7] * 9)]
    together, alone = Rows(START, SEP, 64), []
    for owner, (kept, text) in enumerate(samples):
        together.add(kept, text, owner)
        single = Rows(START, SEP, 64)
        single.add(kept, text)
        alone += score.losses(model, single, 1, 4, "cpu")
    assert len(together.rows) == 1
    assert np.allclose(score.losses(model, together, 3, 4, "cpu"), alone, atol=1e-3)


def check_training(model, tokenizer):
    """After some steps on texts of four letters, more shown is more recovered"""
    chance = np.random.default_rng(2)
    texts = [[START, *chance.choice([97, 98, 99, 32], 70), 46, 10] for _ in range(400)]
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file.name, np.concatenate(texts).astype(np.uint16))
        draw = lambda seed: iter(train.Samples(file.name, tokenizer, START, SEP, 4, seed, length=128))
        same = [next(draw(5))[0] for _ in range(2)]
        assert torch.equal(*same) and not torch.equal(same[0], next(draw(6))[0])
        said = []
        last = train.train(model, itertools.islice(draw(1), 150), 150, 3e-3, "cpu", said.append)
    assert said and last < 2.0, (last, said)  # log 4 = 1.39
    text = "abca bcab"
    nats = score.score(model, tokenizer, START, SEP, [("", text), ("zzzz", text)], 2, "cpu", 128)
    assert all(0 < n < 60 for n in nats), nats


def check_table():
    lines = [{"id": i, "method": m, "ratio": 2, "model": "m", "tokens": 10, "kept_tokens": 5,
              "nothing": [10.0 + i], "everything": [0.0], "nats": [(10.0 + i) * (1 - s)]}
             for i in range(20) for m, s in (("a", 0.25), ("b", 0.5))]
    for method, expected in (("a", 25), ("b", 50)):
        cell = table.cells(lines, 0)[method, 2]
        saved, possible, _ = np.array(list(cell.values())).T
        point, drawn = table.share(saved, possible, np.array([[0, 1, 2], [5, 5, 7]]))
        assert abs(point - expected) < 1e-9 and np.allclose(drawn, expected)


def check_judge(model, tokenizer):
    """What keeps all is as good as all; a line's figures do not depend on others"""
    reads = judge.Judge(model, tokenizer)
    lines = [{"id": i, "kind": "k", "text": text, "compressed": kept, "after": "ab", "next": "cab b",
              "question": "what?", "answers": ["b", "cc"]}
             for i, (text, kept) in enumerate([("abc" * 9, "abc" * 9), ("a c", "a")])]
    answers, continued = reads.answers(lines), reads.continuations(lines)
    assert answers[0, 1] == answers[0, 2] != answers[0, 0] and list(answers[:, 3]) == [1, 0]
    assert np.allclose(answers[1:], reads.answers(lines[1:]), atol=1e-3)
    assert abs(continued[0, 0]) < 1e-5 < continued[1, 0]
    nats = score.Rows(START, SEP, 64)
    nats.add([], list(b"cab b"))
    assert np.isclose(reads.read([([START, SEP], list(b"cab b"))], reads.loss)[0],
                      score.losses(model, nats, 1, 1, "cpu")[0], atol=1e-3)


def check_model(path, golden):
    model, tokenizer, _, _ = pithfile.load(path)
    for line in map(json.loads, open(golden)):
        assert tokenizer.encode(line["text"]).ids == line["ids"], line["name"]
        ids = torch.tensor([line["ids"][:400]])
        with torch.no_grad():
            hidden = model(ids, torch.zeros_like(ids), torch.arange(ids.shape[1])[None])
            nats = model.losses(hidden[0, :-1], ids[0, 1:])
        assert np.allclose(nats, line["nll"][:len(nats)], atol=2e-3), line["name"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model")
    parser.add_argument("--losses")
    a = parser.parse_args()
    model, tokenizer = tiny()
    check_dropping()
    check_rows(model)
    check_training(model, tokenizer)
    check_table()
    check_judge(model, tokenizer)
    if a.model and a.losses:
        check_model(a.model, a.losses)
    print("the reader's code works")


if __name__ == "__main__":
    main()
