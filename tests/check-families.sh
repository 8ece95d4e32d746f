#!/bin/sh
# Tiny random models of each family against the programs that they come from:
# losses beside PyTorch, and compressions beside microsoft/LLMLingua.  Those are
# gigabytes, so they are not installed here; skips, loudly, without them.
# usage: check-families.sh PROGRAM ENVIRONMENT FOLDER
set -u
program=$1 python=$2/bin/python folder=$3

if ! "$python" -c 'import gguf, llmlingua, sentencepiece, torch
from google import protobuf
from transformers import SmolLM3Config' 2>/dev/null
then
    echo "SKIPPED: $python needs torch, transformers 4.53, llmlingua 0.2.2," \
        "gguf, sentencepiece and protobuf from PyPI; give PEERS=FOLDER of a" \
        "virtual environment" >&2
    exit 0
fi
timeout 600 "$python" tests/families.py "$program" "$folder" &&
    exec timeout 600 "$python" tests/families_reference.py "$program" "$folder"
