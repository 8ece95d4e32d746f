"""What compact.py wrote, and means with bootstrap intervals of it."""
import json
import random

METHODS = ["full", "zero-shot", "stop-words", "truncation", "random",
           "sentences", "selective", "selective-sentences", "reference",
           "paper", "paper-no-itpc", "paper-no-controller",
           "paper-no-dynamic-rates", "paper-random-selection", "paper-aligned"]
FIXED = METHODS[:3]  # the ratio is not theirs to choose
RESAMPLES = 1000


class Measured:
    """Lines by task, method and ratio; every value is a list of clusters (one
    a prompt) of values, so that resampling can respect them."""

    def __init__(self, path):
        self.groups, self.lines = {}, {}
        with open(path) as file:
            for text in file:
                line = json.loads(text)
                if "ids" in line:
                    self.groups[line["group"]] = line
                else:
                    key = (self.groups[line["group"]]["task"], line["method"],
                           line["ratio"])
                    self.lines.setdefault(key, {}).setdefault(
                        line["group"], []).append(line)

    def tasks(self):
        return sorted({key[0] for key in self.lines}, reverse=True)

    def ratios(self, task, method):
        return sorted(key[2] for key in self.lines
                      if key[:2] == (task, method))

    def n_groups(self, task):
        return sum(group["task"] == task for group in self.groups.values())

    def common(self, task, ratio):
        """The prompts that every method measured at this ratio has, and that
        were measured without a prompt too."""
        at = [set(lines) for key, lines in self.lines.items()
              if key[0] == task and key[2] in (ratio, 1)
              and (key[2] == ratio or key[1] == "zero-shot")]
        return sorted(set.intersection(*at)) if at else []

    def has(self, task, method, ratio):
        return (task, method, ratio) in self.lines and \
            bool(self.common(task, ratio))

    def reached(self, task, method, ratio):
        """The ratio of tokens before and after that came out, over all."""
        lines = [line for group in self.common(task, ratio)
                 for line in self.lines[task, method, ratio][group]]
        after = sum(line["compressed_tokens"] for line in lines)
        return sum(line["origin_tokens"] for line in lines) / after \
            if after else float("inf")

    def clusters(self, task, method, ratio, values_of, groups=None):
        """One list of values for each prompt (of those common to all methods,
        or the groups named); runs with other seeds are averaged, value by
        value."""
        clusters = []
        for group in groups or self.common(task, ratio):
            lines = self.lines[task, method, ratio][group]
            runs = [values_of(line, self.groups[group]) for line in lines]
            clusters.append([sum(run) / len(run) for run in zip(*runs)])
        return clusters


def losses(line, group):
    """Nats a token of each right answer."""
    return [loss / n for loss, n in zip(line["answers"], group["tokens"])]


def reconstruction(line, group):
    """Nats a token of the whole prompt after what is left of it."""
    return [line["reconstruction"][0] / line["reconstruction"][1]]


def share(name, at=0):
    """Of numbers, names or steps that are left; prompts without any say
    nothing."""
    def values(line, group):
        counts = line[name]
        return [counts[at] / counts[-1]] if counts and counts[-1] else []
    return values


def mean(clusters):
    """Of the prompts' means, those without a value left out."""
    means = [sum(cluster) / len(cluster) for cluster in clusters if cluster]
    return sum(means) / len(means) if means else float("nan")


def interval(clusters):
    """The 95% percentile interval of the mean, by resampling prompts with all
    that is after them; where there is one prompt, its questions."""
    clusters = [cluster for cluster in clusters if cluster]
    values = clusters[0] if len(clusters) == 1 else \
        [sum(cluster) / len(cluster) for cluster in clusters]
    if len(values) < 2:
        return None
    draw = random.Random(1)
    means = sorted(sum(draw.choices(values, k=len(values))) / len(values)
                   for _ in range(RESAMPLES))
    return means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1]


def differences(ours, theirs):
    """Value by value, of the same questions."""
    return [[a - b for a, b in zip(x, y)] for x, y in zip(ours, theirs)]
