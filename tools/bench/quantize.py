"""SmolLM2 as GGUF in every format that llama.cpp is measured in.

usage: quantize.py SOURCE.gguf FOLDER    Files that exist are left alone.
"""
import ctypes
import os
import sys

import llama_cpp

# The numbers are llama.cpp's enum llama_ftype.
FORMATS = {"F32": 0, "F16": 1, "BF16": 32, "Q8_0": 7, "Q4_0": 2}

source, folder = sys.argv[1:]
for name, number in FORMATS.items():
    path = os.path.join(folder, name + ".gguf")
    if os.path.exists(path):
        continue
    options = llama_cpp.llama_model_quantize_default_params()
    options.ftype = number
    options.allow_requantize = True
    options.pure = True  # the embedding too, which is the output projection
    options.nthread = os.cpu_count()
    if llama_cpp.llama_model_quantize(
            source.encode(), (path + ".part").encode(), ctypes.byref(options)):
        sys.exit(f"{name}: llama.cpp could not write {path}")
    os.rename(path + ".part", path)
