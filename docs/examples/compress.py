#!/usr/bin/env python3
"""The library from Python, without its own module: ctypes.

    make shared
    python3 docs/examples/compress.py weights/default.pith 0.5 \\
        docs/examples/prompts/meeting.txt
"""
import ctypes
import os
import sys
from ctypes import POINTER, byref, c_char_p, c_double, c_int, c_size_t, c_void_p

LIBRARY = os.environ.get("PITH_LIBRARY", "build/libpith.so")


class Text(ctypes.Structure):
    _fields_ = [("bytes", c_char_p), ("size", c_size_t)]


class Error(ctypes.Structure):
    _fields_ = [("status", c_int), ("detail", ctypes.c_char * 512)]


class Prompt(ctypes.Structure):
    _fields_ = [("instruction", Text), ("contexts", POINTER(Text)),
                ("n_contexts", c_size_t), ("question", Text)]


class Options(ctypes.Structure):
    """Structs grow at their end: what is needed of them is enough."""
    _fields_ = [("sizeof_options", c_size_t), ("method", c_int),
                ("rate", c_double), ("target", c_double)]


class Result(ctypes.Structure):
    _fields_ = [("text", POINTER(ctypes.c_char)), ("size", c_size_t),
                ("origin_tokens", c_size_t), ("compressed_tokens", c_size_t)]


pith = ctypes.CDLL(LIBRARY)
for name, parameters in {
        "model_load": [c_char_p, c_void_p, c_void_p, c_void_p],
        "session_create": [c_void_p] * 4,
        "compress": [c_void_p] * 5,
        "compress_options_init_sized": [c_void_p, c_size_t],
        "result_free": [c_void_p],
        "session_free": [c_void_p],
        "model_free": [c_void_p]}.items():
    getattr(pith, f"pith_{name}").argtypes = parameters


def call(function, *arguments):
    """Calls a function that ends in what it hands over and an error."""
    made, error = c_void_p(), Error()
    if function(*arguments, byref(made), byref(error)) != 0:
        raise RuntimeError(error.detail.decode())
    return made


def compress(model_path, rate, text):
    """The compressed text, and the tokens before and after."""
    options, context = Options(), Text(text, len(text))
    prompt = Prompt(contexts=ctypes.pointer(context), n_contexts=1)
    pith.pith_compress_options_init_sized(byref(options),
                                          ctypes.sizeof(options))
    options.rate = rate
    model = session = result = None
    try:
        model = call(pith.pith_model_load, os.fsencode(model_path), None)
        session = call(pith.pith_session_create, model, None)
        result = call(pith.pith_compress, session, byref(prompt),
                      byref(options))
        view = ctypes.cast(result, POINTER(Result)).contents
        return (view.text[:view.size], view.origin_tokens,
                view.compressed_tokens)
    finally:
        pith.pith_result_free(result)
        pith.pith_session_free(session)
        pith.pith_model_free(model)


def main():
    if len(sys.argv) != 4:
        sys.exit(f"usage: {sys.argv[0]} MODEL.pith RATE FILE")
    try:
        with open(sys.argv[3], "rb") as file:
            text = file.read().rstrip(b"\r\n")
        short, before, after = compress(sys.argv[1], float(sys.argv[2]), text)
    except (OSError, RuntimeError, ValueError) as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(short + b"\n")
    print(f"{after} of {before} tokens", file=sys.stderr)


main()
