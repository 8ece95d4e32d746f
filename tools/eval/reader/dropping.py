"""What a compressor may leave of a text: thirteen kinds of dropping, simulated.

A text is its tokens: ids, and pieces (what each stands for).  Each kind takes
them, a rate and a source of chance and gives the places that stay.  Nothing
here reads a text with a model: how surprising a token is, is guessed from how
rare it is (rarity: -log of its share of the corpus), whether the text had it
before, and noise.
"""
import numpy as np

SENTENCE_ENDS = (".", "!", "?", "\n")


class Text:
    def __init__(self, ids, pieces, rarity, chance):
        self.ids, self.pieces, self.chance, self.n = ids, pieces, chance, len(ids)
        seen = np.zeros(self.n, bool)
        seen[np.unique(ids, return_index=True)[1]] = True
        self.loss = np.logaddexp(
            0, rarity[ids] * np.where(seen, 1, 0.6) + chance.normal(0, 2, self.n) - 3)

    def words(self):
        """-> the unit of each token: words with the leading white space"""
        starts = [not piece[:1].isalnum() for piece in self.pieces]
        return np.cumsum(starts) - starts[0]

    def sentences(self):
        ends = [piece.rstrip(" ").endswith(SENTENCE_ENDS) for piece in self.pieces]
        return np.cumsum([False] + ends[:-1])

    def best(self, units, value, rate):
        """Units (one for each token) of the largest value, up to the rate"""
        count = np.bincount(units)
        kept, left = np.zeros(len(count), bool), rate * self.n
        for unit in np.argsort(-value):
            if count[unit] <= left or not kept.any():
                kept[unit] = True
                left -= count[unit]
        return kept[units]

    def mean(self, units):
        return np.bincount(units, self.loss) / np.maximum(np.bincount(units), 1)


def single(text):
    return np.arange(text.n)


def random_units(units_of):
    def kind(text, rate):
        units = units_of(text)
        return text.best(units, text.chance.random(units[-1] + 1), rate)
    return kind


def hardest_units(units_of):
    def kind(text, rate):
        units = units_of(text)
        return text.best(units, text.mean(units), rate)
    return kind


def random_spans(text, rate):
    """Runs that stay and runs that go, of lengths as chance has it"""
    mean = text.chance.choice([2, 4, 8, 16, 32])
    kept, state = np.zeros(text.n, bool), text.chance.random() < rate
    at = 0
    while at < text.n:
        length = text.chance.geometric(1 / max(1, mean * (rate if state else 1 - rate) * 2))
        kept[at:at + length] = state
        at, state = at + length, not state
    return kept


def first(text, rate):
    return np.arange(text.n) < rate * text.n


def last(text, rate):
    return first(text, rate)[::-1]


def both_ends(text, rate):
    share = text.chance.random() * rate
    return first(text, share) | last(text, rate - share)


def hardest_in_segments(text, rate):
    """A threshold for each hundred tokens, as in the paper"""
    kept = np.zeros(text.n, bool)
    for at in range(0, text.n, 100):
        part = text.loss[at:at + 100]
        kept[at:at + 100] = part >= np.quantile(part, 1 - rate)
    return kept


def one_late(text, rate):
    """Each token by the loss of the one after it"""
    return np.roll(text.loss, -1) >= np.quantile(text.loss, 1 - rate)


def path(loss, cost, border, price):
    """Two states, Viterbi: the most of loss - price x cost less border for each change"""
    gain = loss - price * cost
    out, into, back = 0.0, -border, []
    for g in gain:
        stays, starts = into, out - border
        back.append((into - border > out, stays >= starts))
        out, into = max(out, into - border), max(stays, starts) + g
    kept, state = np.zeros(len(gain), bool), into > out
    for i in range(len(gain) - 1, -1, -1):
        kept[i] = state
        left, stayed = back[i]
        state = stayed if state else left
    return kept


def spans(text, rate):
    units = text.words()
    loss, cost = np.bincount(units, text.loss), np.bincount(units)
    border, low, high = text.chance.choice([1, 2, 4, 8]), 0.0, 12.0
    for _ in range(9):
        price = (low + high) / 2
        kept = path(loss, cost, border, price)
        low, high = (price, high) if cost[kept].sum() > rate * text.n else (low, price)
    return kept[units]


def sentences_then_words(text, rate):
    units = text.sentences()
    coarse = text.best(units, text.mean(units), min(1, rate * text.chance.uniform(1.4, 3)))
    words = text.words()
    value = np.where(np.bincount(words, coarse) > 0, text.mean(words), -1)
    return text.best(words, value, rate) & coarse


KINDS = {
    "tokens at random": random_units(single),
    "words at random": random_units(Text.words),
    "sentences at random": random_units(Text.sentences),
    "spans at random": random_spans,
    "the first tokens": first,
    "the last tokens": last,
    "both ends": both_ends,
    "the hardest tokens": hardest_units(single),
    "the hardest tokens of each segment": hardest_in_segments,
    "one token late": one_late,
    "the hardest words": hardest_units(Text.words),
    "spans of hard words": spans,
    "hard sentences, then hard words": sentences_then_words,
}


def drop(text):
    """-> the places that stay, by one kind at one rate; now and then none or all"""
    lot = text.chance.random()
    if lot < 0.06:
        return np.full(text.n, lot < 0.03)
    rate = np.exp(text.chance.uniform(np.log(0.03), np.log(0.85))) if lot < 0.53 \
        else text.chance.uniform(0.03, 0.85)
    kinds = list(KINDS.values())
    return kinds[text.chance.integers(len(kinds))](text, rate)
