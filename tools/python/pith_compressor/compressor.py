"""PromptCompressor: the class of the package llmlingua, with pith behind it."""
import inspect
import json
import os
import re
import threading
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from ._library import Library, PithError
from .models import find_model

# Keys of model_config that change nothing here: there is one device, and the
# file says what the weights are.
_HARMLESS = {"trust_remote_code", "revision", "torch_dtype", "pad_token",
             "low_cpu_mem_usage", "device_map", "cache_dir", "token"}


class PromptCompressor:
    """Compresses prompts with a small language model on the CPU.

    model_name   see pith_compressor.find_model(); None for the model that is
                 in the package
    method       "reference" makes the decisions of the package llmlingua;
                 "spans" and "paper" are pith's own, see docs/REQUESTS.md
    count_with   a .tiktoken file such as cl100k_base.tiktoken: counts, rates
                 and targets are in its tokens (those of "reference": counts)
    threads      0 for all processors
    precision    of products with weights; None for the fastest that decides
                 as float32 does
    cache        a folder that keeps losses of contexts for the next process,
                 made where there is none; results do not depend on it

    device_map and model_config are taken as they are there: the CPU is what
    there is. Several threads may use one compressor; they wait for each other.
    """

    def __init__(self,
                 model_name: Union[str, "os.PathLike[str]", None] = None,
                 device_map: Any = "cpu",
                 model_config: Optional[Dict[str, Any]] = None,
                 open_api_config: Optional[Dict[str, Any]] = None,
                 use_llmlingua2: bool = False,
                 use_slingua: bool = False,
                 llmlingua2_config: Optional[Dict[str, Any]] = None,
                 *,
                 method: str = "reference",
                 count_with: Union[str, "os.PathLike[str]", None] = None,
                 threads: int = 0,
                 precision: Optional[str] = None,
                 cache: Union[str, "os.PathLike[str]", None] = None
                 ) -> None:
        del device_map
        self._library: Optional[Library] = None
        for refused, why in (
                (use_llmlingua2, "use_llmlingua2: its model is an encoder, "
                 "which pith does not run"),
                (use_slingua, "use_slingua: its model is not one that pith "
                 "knows"),
                (llmlingua2_config, "llmlingua2_config: pith has no "
                 "llmlingua2"),
                (open_api_config, "open_api_config: pith asks no remote "
                 "model")):
            if refused:
                raise PithError(f"{why}; leave it out")
        for key in set(model_config or {}) - _HARMLESS:
            raise PithError(f"model_config: \"{key}\" has no meaning here; "
                            "leave it out")
        self.method = method
        self._lock = threading.Lock()
        self._library = Library(
            find_model(model_name), threads, precision,
            Path(count_with) if count_with is not None else None,
            Path(cache) if cache is not None else None)

    # --- what opens is closed ------------------------------------------------

    def close(self) -> None:
        """Gives the model's memory back; later calls are errors."""
        if self._library is not None:
            with self._lock:
                self._library.close()

    def __enter__(self) -> "PromptCompressor":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    # --- requests ------------------------------------------------------------

    def _ask(self, request: Dict[str, Any]) -> Dict[str, Any]:
        try:
            line = json.dumps(request, default=_plain, allow_nan=False).encode()
        except (TypeError, ValueError) as error:
            raise PithError(f"the request cannot be written as JSON: {error}"
                            ) from None
        with self._lock:
            reply = json.loads(self._opened().request(line))
        if reply["error"] is not None:
            raise PithError(reply["error"])
        result: Dict[str, Any] = reply["result"]
        return result

    def _opened(self) -> Library:
        if self._library is None or not self._library.is_open:
            raise PithError("this PromptCompressor is closed")
        return self._library

    def _compress(self, function: str, members: Dict[str, Any],
                  options: Dict[str, Any]) -> Dict[str, Any]:
        result = self._ask({"function": function, **members,
                            "options": {"method": self.method, **options}})
        saved = result["origin_tokens"] - result["compressed_tokens"]
        result["saving"] = f", Saving ${saved * 0.06 / 1000:.1f} in GPT-4."
        return result

    def compress_prompt(self, context: Union[str, List[str]],
                        instruction: str = "", question: str = "",
                        rate: float = 0.5, target_token: float = -1,
                        iterative_size: int = 200,
                        force_context_ids: Optional[List[int]] = None,
                        force_context_number: Optional[int] = None,
                        use_sentence_level_filter: bool = False,
                        use_context_level_filter: bool = True,
                        use_token_level_filter: bool = True,
                        keep_split: bool = False,
                        keep_first_sentence: int = 0,
                        keep_last_sentence: int = 0,
                        keep_sentence_number: int = 0,
                        high_priority_bonus: int = 100,
                        context_budget: str = "+100",
                        token_budget_ratio: float = 1.4,
                        condition_in_question: str = "none",
                        reorder_context: str = "original",
                        dynamic_context_compression_ratio: float = 0.0,
                        condition_compare: bool = False,
                        add_instruction: bool = False,
                        rank_method: str = "llmlingua",
                        concate_question: bool = True,
                        context_segs: Optional[List[str]] = None,
                        context_segs_rate: Optional[List[float]] = None,
                        context_segs_compress: Optional[List[bool]] = None,
                        target_context: int = -1,
                        context_level_rate: float = 1.0,
                        context_level_target_token: int = -1,
                        return_word_label: bool = False,
                        word_sep: str = "\t\t|\t\t", label_sep: str = " ",
                        token_to_word: str = "mean",
                        force_tokens: Optional[List[str]] = None,
                        force_reserve_digit: bool = False,
                        drop_consecutive: bool = False,
                        chunk_end_tokens: Optional[List[str]] = None,
                        strict_preserve_uncompressed: bool = True,
                        **options: Any) -> Dict[str, Any]:
        """Compresses contexts, with an instruction before and a question after.

        The parameters are those of the package; **options are those of
        docs/REQUESTS.md beside them ("method", "protect", "units", ...).
        Returns compressed_prompt, origin_tokens, compressed_tokens, ratio,
        rate, saving, and what docs/REQUESTS.md has besides.
        """
        given = _given(PromptCompressor.compress_prompt, locals())
        return self._compress("compress_prompt", {"context": context or [" "]},
                              {**given, **options})

    __call__ = compress_prompt

    def structured_compress_prompt(
            self, context: Union[str, List[str]], instruction: str = "",
            question: str = "", rate: float = 0.5, target_token: float = -1,
            iterative_size: int = 200,
            force_context_ids: Optional[List[int]] = None,
            force_context_number: Optional[int] = None,
            use_sentence_level_filter: bool = False,
            use_context_level_filter: bool = True,
            use_token_level_filter: bool = True, keep_split: bool = False,
            keep_first_sentence: int = 0, keep_last_sentence: int = 0,
            keep_sentence_number: int = 0, high_priority_bonus: int = 100,
            context_budget: str = "+100", token_budget_ratio: float = 1.4,
            condition_in_question: str = "none",
            reorder_context: str = "original",
            dynamic_context_compression_ratio: float = 0.0,
            condition_compare: bool = False, add_instruction: bool = False,
            rank_method: str = "llmlingua", concate_question: bool = True,
            strict_preserve_uncompressed: bool = True,
            **options: Any) -> Dict[str, Any]:
        """The same for contexts with tags <llmlingua, rate=..., compress=...>."""
        given = _given(PromptCompressor.structured_compress_prompt, locals())
        return self._compress("structured_compress_prompt",
                              {"context": context or [" "]},
                              {**given, **options})

    def segment_structured_context(
            self, context: List[str], global_rate: float
    ) -> Tuple[List[str], List[List[str]], List[List[float]],
               List[List[bool]]]:
        """Contexts without their tags; the pieces, rates and `compress` of
        each.  A piece without a rate has the global one, or 1 if it stays."""
        pieces = [[match.groups() for match in _TAGGED.finditer(text)]
                  if "<llmlingua" in text else [("", text)]
                  for text in context]
        segments = [[piece for _, piece in text] for text in pieces]
        compress = [["False" not in options for options, _ in text]
                    for text in pieces]
        rates = [[_rate_of(options, global_rate if cut else 1.0)
                  for (options, _), cut in zip(text, flags)]
                 for text, flags in zip(pieces, compress)]
        return ["".join(text) for text in segments], segments, rates, compress

    def compress_json(self, json_data: Dict[str, Any],
                      json_config: Union[str, "os.PathLike[str]", Dict[str, Any]],
                      instruction: str = "", question: str = "",
                      rate: float = 0.5, target_token: float = -1,
                      iterative_size: int = 200,
                      use_sentence_level_filter: bool = False,
                      use_keyvalue_level_filter: bool = False,
                      use_token_level_filter: bool = True,
                      keep_split: bool = False, keep_first_sentence: int = 0,
                      keep_last_sentence: int = 0,
                      keep_sentence_number: int = 0,
                      high_priority_bonus: int = 100,
                      context_budget: str = "+100",
                      token_budget_ratio: float = 1.4,
                      condition_in_question: str = "none",
                      reorder_keyvalue: str = "original",
                      condition_compare: bool = False,
                      rank_method: str = "llmlingua",
                      **options: Any) -> Dict[str, Any]:
        """Compresses a record that stays one; compressed_prompt is a dict.

        json_config: what each member may lose, or the path of a YAML or JSON
        file that says so.
        """
        if not isinstance(json_config, dict):
            json_config = _read_config(json_config)
        given = _given(PromptCompressor.compress_json, locals())
        given.pop("json_data", None)
        given.pop("json_config", None)
        return self._compress("compress_json",
                              {"json_data": json_data,
                               "json_config": json_config},
                              {**given, **options, "method": "reference"})

    def compress_messages(
            self, messages: Union[Sequence[Any], Mapping[str, Any]],
            rate: float = 0.5, target_token: float = -1,
            role_rate: Optional[Mapping[str, float]] = None,
            **options: Any) -> Dict[str, Any]:
        """Compresses a chat in the form of OpenAI or Anthropic.

        messages   a list of messages, or an object with one; messages that
                   their client libraries return may be among them
        role_rate  what stays of the texts of a role: {"tool": 0.3}
        options    of docs/REQUESTS.md; the method is "spans" unless it, or
                   that of the PromptCompressor, is "paper"

        Returns messages, in the form that was given, with shorter texts; the
        counts as compress_prompt; texts, the counts of each. docs/MESSAGES.md
        says what stays whole.  What was given is not changed.
        """
        method = "paper" if self.method == "paper" else "spans"
        request: Dict[str, Any] = {
            "method": method, "rate": rate, "target_token": target_token,
            **options}
        if role_rate is not None:
            request["role_rate"] = ",".join(
                f"{role}={share}" for role, share in role_rate.items())
        return self._compress("compress_prompt", {"messages": messages},
                              request)

    def recover(self, original_prompt: str, compressed_prompt: str,
                response: str) -> str:
        """Puts the words that compression has cut from an answer back."""
        result = self._ask({
            "function": "recover", "original_prompt": original_prompt,
            "compressed_prompt": compressed_prompt, "response": response,
            "method": "reference" if self.method == "reference" else "paper"})
        return str(result["recovered_response"])

    # --- what the model says of a text ---------------------------------------

    def get_token_length(self, text: str, add_special_tokens: bool = True,
                         use_oai_tokenizer: bool = False) -> int:
        """Tokens of a text, in those of the model or of count_with."""
        with self._lock:
            library = self._opened()
            if use_oai_tokenizer and not library.has_counter:
                raise PithError("use_oai_tokenizer: expected a .tiktoken file "
                                "as count_with of the PromptCompressor")
            return library.count(text.encode("utf-8", "replace"),
                                 add_special_tokens, use_oai_tokenizer)

    def get_ppl(self, text: str,
                granularity: str = "sentence") -> Union[float, List[float]]:
        """Mean loss of a text in nats ("sentence"), or each token's ("token").

        As in the package, this is the logarithm of the perplexity; BOS comes
        first where the model's tokenizer puts it, and a token that nothing
        precedes has no loss.
        """
        if granularity not in ("sentence", "token"):
            raise PithError(f"granularity: found \"{granularity}\", expected "
                            "\"sentence\" or \"token\"")
        with self._lock:
            library = self._opened()
            bos = library.count(b"a", True, False) > library.count(
                b"a", False, False)
        result = self._ask({"function": "score", "text": text, "bos": bos})
        if granularity == "sentence":
            mean: float = result["mean_loss"]
            return mean
        return [token["loss"] for token in result["tokens"]
                if token["loss"] is not None]


_TAGGED = re.compile(r"<llmlingua((?:\s*,\s*(?:rate|compress)\s*=\s*[\w.]+)*)"
                     r"\s*>(.*?)</llmlingua>", re.S)


def _rate_of(options: str, default: float) -> float:
    found = re.search(r"rate\s*=\s*([\d.]+)", options)
    return float(found[1]) if found else default


def _given(function: Any, values: Dict[str, Any]) -> Dict[str, Any]:
    """The arguments that are not their defaults: pith's are the same ones."""
    return {name: values[name]
            for name, parameter in inspect.signature(function).parameters.items()
            if parameter.kind == parameter.POSITIONAL_OR_KEYWORD
            and name not in ("self", "context")
            and values[name] is not None
            and values[name] != parameter.default}


def _plain(value: Any) -> Any:
    """A message as the libraries of OpenAI and Anthropic return it, as what
    they send of it."""
    if not hasattr(value, "model_dump"):
        raise TypeError(f"found a {type(value).__name__}, expected a string, "
                        "a number, a list or a dict")
    return value.model_dump(mode="json", exclude_unset=True)


def _read_config(path: Union[str, "os.PathLike[str]"]) -> Dict[str, Any]:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    config: Dict[str, Any]
    try:
        config = json.loads(text)
        return config
    except ValueError:
        pass
    try:
        import yaml  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise PithError(f"{path}: is not JSON; install PyYAML to read it as "
                        "YAML") from None
    config = yaml.safe_load(text)
    return config
