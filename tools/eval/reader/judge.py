"""The untuned model as a judge: gold answers, and eq. 1 of the paper.

usage: judge.py --model SMOLLM2.pith LINES.jsonl...

LINES have {"method", "ratio", "id", "text", "compressed"} and either

  "question", "answers": the table has the loss of the first answer in nats
      when the model is asked in its chat format, given nothing, "compressed"
      and "text", and the share of lines in which an answer still stands;
  "kind", "after", "next": KL(full || compressed) in nats over the tokens of
      "next", where "after" follows either context; and own against other: what
      a text's own compressed context saves on "next", compared with that of
      the next text of its kind, as a share of what the full contexts save.

Intervals of 95% by bootstrap over the lines.
"""
import argparse
import json

import numpy as np
import torch
import torch.nn.functional as F

import pithfile

IM_START, IM_END = 1, 2
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
TOKENS = 24576  # of a batch


class Judge:
    def __init__(self, model, tokenizer):
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model, self.tokenizer = model.to(self.device).eval(), tokenizer

    def encode(self, text):
        return self.tokenizer.encode(text).ids

    @torch.no_grad()
    def read(self, samples, take):
        """samples of (context ids, target ids) -> take(hidden states that
        predict the targets, targets) of each"""
        order = sorted(range(len(samples)), key=lambda i: sum(map(len, samples[i])))
        found, at = {}, 0
        while at < len(order):
            end = at + 1
            while end < len(order) and (end + 1 - at) * sum(map(len, samples[order[end]])) <= TOKENS:
                end += 1
            batch = [samples[i][0] + samples[i][1] for i in order[at:end]]
            length = len(batch[-1])
            ids = torch.tensor([row + [0] * (length - len(row)) for row in batch])
            own = torch.tensor([[0] * len(row) + [-1] * (length - len(row)) for row in batch])
            position = torch.arange(length).expand(len(batch), length)
            hidden = self.model(ids.to(self.device), own.to(self.device), position.to(self.device))
            for row, i in enumerate(order[at:end]):
                n, stop = len(samples[i][1]), len(batch[row]) - 1
                target = torch.tensor(samples[i][1], device=self.device)
                found[i] = take(hidden[row, stop - n:stop], target)
            at = end
        return [found[i] for i in range(len(samples))]

    def loss(self, hidden, target):
        return self.model.losses(hidden, target).sum().item()

    def chat(self, context, question, answer):
        asked = (context + "\n\n" if context else "") + f"Question: {question.rstrip('?')}?"
        ids = []
        for role, text in (("system", SYSTEM), ("user", asked)):
            ids += [IM_START, *self.encode(f"{role}\n{text}"), IM_END, *self.encode("\n")]
        return ids + [IM_START, *self.encode("assistant\n")], self.encode(answer)

    def answers(self, lines):
        """-> (lines, 4): nats given nothing, "compressed", "text"; whether an answer stands"""
        pairs = [self.chat(context, line["question"], line["answers"][0]) for line in lines
                 for context in ("", line["compressed"], line["text"])]
        nats = np.array(self.read(pairs, self.loss)).reshape(-1, 3)
        stands = [any(a in line["compressed"] for a in line["answers"]) for line in lines]
        return np.column_stack([nats, stands])

    def sample(self, context, line):
        return [0, *self.encode(context), *self.encode(line["after"])], self.encode(line["next"])

    def continuations(self, lines):
        """-> (lines, 3): KL, what the own context saves, what the full one does"""
        others = {}
        for kind in dict.fromkeys(line["kind"] for line in lines):
            alike = [line for line in lines if line["kind"] == kind]
            others.update(zip((line["id"] for line in alike), alike[1:] + alike[:1]))
        log_p = lambda h, t: F.log_softmax(h.float() @ self.model.token_embedding.weight.T, -1)
        of = lambda name, take: self.read([self.sample(line[name], line) for line in lines], take)
        alien = lambda name: self.read([self.sample(others[line["id"]][name], line) for line in lines],
                                       self.loss)
        kl = [(p.exp() * (p - q)).sum(-1).mean().item()
              for p, q in zip(of("text", log_p), of("compressed", log_p))]
        saved = {name: np.subtract(alien(name), of(name, self.loss)) for name in ("compressed", "text")}
        return np.column_stack([kl, saved["compressed"], saved["text"]])


def interval(values, form="{:.2f} ({:.2f} to {:.2f})"):
    """values: the figure of each draw, the first of all lines"""
    return form.format(values[0], *np.percentile(values[1:], [2.5, 97.5]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("files", nargs="+")
    a = parser.parse_args()
    judge, groups = Judge(*pithfile.load(a.model)[:2]), {}
    for line in (json.loads(text) for path in a.files for text in open(path, encoding="utf-8")):
        groups.setdefault((line["method"], line["ratio"], "question" in line), []).append(line)
    for (method, ratio, asked), lines in groups.items():
        draws = np.vstack([np.arange(len(lines)),
                           np.random.default_rng(1).integers(0, len(lines), (2000, len(lines)))])
        values = (judge.answers if asked else judge.continuations)(lines)[draws]
        mean = values.mean(1)
        if asked:
            print(f"{method}, {ratio:g}x, {len(lines)} questions: {interval(mean[:, 1])} nats, "
                  f"given nothing {mean[0, 0]:.2f}, all {mean[0, 2]:.2f}; an answer stands in "
                  f"{interval(100 * mean[:, 3], '{:.0f}% ({:.0f} to {:.0f})')}")
        else:
            print(f"{method}, {ratio:g}x, {len(lines)} texts: KL "
                  f"{interval(mean[:, 0], '{:.3f} ({:.3f} to {:.3f})')}; own against other "
                  f"{interval(100 * mean[:, 1] / mean[:, 2], '{:.0f}% ({:.0f} to {:.0f})')}")


if __name__ == "__main__":
    main()
