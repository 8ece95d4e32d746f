"""libpith through ctypes: functions of library.c, and what they hand over.

ctypes lets other threads of Python run while a function of the library does.
"""
import ctypes
import os
from ctypes import POINTER, c_bool, c_char_p, c_int, c_size_t, c_void_p
from pathlib import Path
from typing import Any, Callable, Optional

FOLDER = Path(__file__).parent
Report = ctypes.CFUNCTYPE(c_int, c_void_p, c_char_p, c_size_t, c_size_t)


class PithError(ValueError):
    """What the library refuses, in its words."""


def _load() -> ctypes.CDLL:
    for name in ("libpith.so", "libpith.dylib"):
        if (FOLDER / name).exists():
            return ctypes.CDLL(str(FOLDER / name))
    raise ImportError(f"{FOLDER}: libpith is not there; install the wheel that "
                      "`pip wheel .` makes in a checkout of pith")


_pith = _load()
_DETAIL = 512
for _name, _result, _parameters in (
        ("pith_version", c_int, []),
        ("pith_free", None, [c_void_p]),
        ("pith_model_free", None, [c_void_p]),
        ("pith_session_free", None, [c_void_p]),
        ("pith_counter_free", None, [c_void_p]),
        ("pith_python_load", c_void_p, [c_char_p, c_char_p]),
        ("pith_python_session", c_void_p,
         [c_void_p, c_int, c_char_p, c_char_p, c_char_p]),
        ("pith_python_counter", c_void_p, [c_char_p, c_char_p]),
        ("pith_python_request", c_void_p,
         [c_void_p, c_char_p, c_size_t, c_void_p, c_char_p]),
        ("pith_python_count", c_bool,
         [c_void_p, c_void_p, c_bool, c_char_p, c_size_t, POINTER(c_size_t),
          c_char_p]),
        ("pith_python_convert", c_bool,
         [c_char_p, c_char_p, Report, c_char_p])):
    _function = getattr(_pith, _name)
    _function.restype, _function.argtypes = _result, _parameters


def _call(name: str, *arguments: Any) -> Any:
    """Calls a function of library.c; its `detail` becomes a PithError."""
    detail = ctypes.create_string_buffer(_DETAIL)
    result = getattr(_pith, name)(*arguments, detail)
    if not result:
        raise PithError(detail.value.decode("utf-8", "replace"))
    return result


def version() -> str:
    """Of the library: "0.2.0"."""
    number = _pith.pith_version()
    return f"{number // 10000}.{number // 100 % 100}.{number % 100}"


def convert(source: Path, destination: Path,
            report: Callable[[int, int], None]) -> None:
    """Converts a GGUF file or a folder; report(done, total) now and then."""
    stopped = []

    def called(_user: Any, _stage: bytes, done: int, total: int) -> int:
        try:
            report(done, total)
        except BaseException as error:  # must not pass through C
            stopped.append(error)
        return len(stopped)

    try:
        _call("pith_python_convert", os.fsencode(source),
              os.fsencode(destination), Report(called))
    except PithError:
        if stopped:
            raise stopped[0] from None
        raise


class Library:
    """A model, a session on it and perhaps a counter; owns all three."""

    def __init__(self, model: Path, threads: int, precision: Optional[str],
                 count_with: Optional[Path], cache: Optional[Path]) -> None:
        self._counter = self._session = self._model = None
        try:
            if count_with is not None:
                self._counter = _call("pith_python_counter",
                                      os.fsencode(count_with))
            self._model = _call("pith_python_load", os.fsencode(model))
            self._session = _call(
                "pith_python_session", self._model, threads,
                precision.encode() if precision is not None else None,
                os.fsencode(cache) if cache is not None else None)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        _pith.pith_session_free(self._session)
        _pith.pith_model_free(self._model)
        _pith.pith_counter_free(self._counter)
        self._counter = self._session = self._model = None

    @property
    def is_open(self) -> bool:
        return self._session is not None

    @property
    def has_counter(self) -> bool:
        return self._counter is not None

    def request(self, request: bytes) -> bytes:
        """The reply to a request of docs/REQUESTS.md."""
        reply = _call("pith_python_request", self._session, request,
                      len(request), self._counter)
        try:
            return ctypes.string_at(reply)
        finally:
            _pith.pith_free(reply)

    def count(self, text: bytes, bos: bool, use_counter: bool) -> int:
        """Tokens of a text, in those of the model or of the counter."""
        n = c_size_t()
        _call("pith_python_count", self._model,
              self._counter if use_counter else None, bos, text, len(text),
              ctypes.byref(n))
        return n.value
