"""Samples <start> kept <sep> original, side by side in rows of one length."""
import numpy as np
import torch

LENGTH = 1024  # tokens of a row; the longest sample that fits


class Rows:
    """ids, sample, position, target and owner of each token, in rows of one length"""

    def __init__(self, start, sep, length=LENGTH):
        self.start, self.sep, self.length = start, sep, length
        self.rows, self.used = [], []  # samples of each row, tokens of each row

    def add(self, kept, original, owner=0):
        """The sample goes into the first of the last rows that has room"""
        ids = [self.start, *kept, self.sep, *original]
        size, seen = len(ids) - 1, len(kept) + 1
        if size > self.length:
            raise ValueError(f"{len(kept)} and {len(original)} tokens do not fit into "
                             f"{self.length}; cut the text into pieces")
        at = next((i for i in range(max(0, len(self.rows) - 8), len(self.rows))
                   if self.used[i] + size <= self.length), len(self.rows))
        if at == len(self.rows):
            self.rows.append([])
            self.used.append(0)
        sample = np.empty((size, 5), np.int64)
        sample[:, 0], sample[:, 1], sample[:, 2] = ids[:-1], len(self.rows[at]), np.arange(size)
        sample[:, 3], sample[:, 4] = ids[1:], owner
        sample[:seen, 3] = -1
        self.rows[at].append(sample)
        self.used[at] += size

    def tensors(self, first, end):
        """-> ids, sample, position, target (-1: not counted), owner: int64 (end - first, length)"""
        table = np.empty((end - first, self.length, 5), np.int64)
        table[:] = (self.start, -1, 0, -1, -1)
        for at in range(first, end):
            table[at - first, :self.used[at]] = np.concatenate(self.rows[at])
        return torch.from_numpy(table).unbind(-1)
