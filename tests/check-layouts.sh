#!/bin/sh
# Builds checkpoints in the layouts that models are published in, converts
# them, and compares weights of quantised types with gguf, token ids with
# transformers and sentencepiece, which come from PyPI into a virtual
# environment.  Skips, loudly, where they cannot be had.
# usage: check-layouts.sh PROGRAM ENVIRONMENT FOLDER STRINGS
# STRINGS: how many random texts each pre-tokenizer gets.
set -u
program=$1 environment=$2 folder=$3 strings=$4

if ! "$environment/bin/python" -c \
        'import gguf, safetensors, sentencepiece, transformers' 2>/dev/null
then
    if ! { python3 -m venv "$environment" &&
           "$environment/bin/pip" install -q --disable-pip-version-check \
               transformers==4.46.3 tokenizers==0.20.3 \
               sentencepiece==0.2.3 protobuf==7.36.2 gguf==0.19.0 \
               safetensors==0.8.0; } >"$environment.log" 2>&1; then
        tail -n 3 "$environment.log" >&2
        echo "SKIPPED: transformers and sentencepiece could not be had from" \
            "PyPI" >&2
        exit 0
    fi
fi
timeout 120 "$environment/bin/python" tests/gguf_types.py "$program" \
    "$folder" &&
    timeout 300 "$environment/bin/python" tests/layouts.py "$program" \
        "$folder" &&
    exec timeout 3000 "$environment/bin/python" tests/pretokenizers.py \
        "$program" "$folder" "$strings"
