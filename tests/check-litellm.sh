#!/bin/sh
# LiteLLM's own guardrail `headroom` against `pith serve --http`, from PyPI into
# a virtual environment.  Skips, loudly, where that cannot be had.
# usage: check-litellm.sh PROGRAM MODEL FOLDER
set -u
program=$1 model=$2 folder=$3
mkdir -p "$folder" || exit 1
if ! "$folder/bin/python" -c 'import litellm, fastapi' 2>/dev/null; then
    if ! { python3 -m venv "$folder" &&
           "$folder/bin/pip" install -q --disable-pip-version-check \
               litellm==1.110.2 fastapi; } >"$folder.log" 2>&1; then
        tail -n 3 "$folder.log" >&2
        echo "SKIPPED: LiteLLM could not be had from PyPI" >&2
        exit 0
    fi
fi
exec timeout 300 "$folder/bin/python" tests/litellm_guardrail.py "$program" \
    "$model" "$folder"
