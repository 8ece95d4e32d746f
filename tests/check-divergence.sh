#!/bin/sh
# Compares the divergences of `pith eval measure --task continue` with
# PyTorch's on ten texts, pages of docs, and SmolLM2.  Skips, loudly, where
# PyTorch or the model are not there.
# usage: check-divergence.sh PROGRAM ENVIRONMENT FOLDER
set -u
program=$1 python=$2/bin/python folder=$3
model=${PITH_CACHE:-$HOME/.cache/pith}/smollm2.pith

if ! "$python" -c 'import torch, tokenizers, numpy' 2>/dev/null; then
    echo "SKIPPED: $python has no torch and tokenizers; give PEERS=FOLDER of a" \
        "virtual environment" >&2
    exit 0
fi
if [ ! -f "$model" ]; then
    echo "SKIPPED: $model is not there; tools/get-model smollm2 makes it" >&2
    exit 0
fi
mkdir -p "$folder" && rm -f "$folder/measured.jsonl" || exit 1
"$python" - docs/*.md >"$folder/texts.jsonl" <<'PYTHON' || exit 1
import json, sys
texts = [open(path).read() for path in sys.argv[1:]]
for text in [text for text in texts if len(text) > 6000][:10]:
    print(json.dumps({"text": text}))
PYTHON
"$program" eval measure -q --task continue -m "$model" --methods random \
    --ratios 3 -o "$folder/measured.jsonl" "$folder/texts.jsonl" &&
    [ "$(grep -c '"kl": \[' "$folder/measured.jsonl")" -eq 10 ] &&
    timeout 600 "$python" tools/eval/divergence.py "$model" \
        "$folder/measured.jsonl"
