#!/bin/sh
# Tests of microsoft/LLMLingua on the Python package that `make check-python` has
# installed: those of SOURCE, or of the package's source, which PyPI has.
# usage: check-llmlingua-tests.sh PYTHON FOLDER TIKTOKEN [SOURCE [MODEL]]
set -u
python=$1 folder=$2 tiktoken=$3 source=${4:-} model=${5:-}

skip() {
    echo "SKIPPED: tests of microsoft/LLMLingua: $*" >&2
    exit 0
}

[ -x "$python" ] || skip "$python is not there; make check-python makes it"
[ -e "$tiktoken" ] || skip "$tiktoken is not there"
if [ -z "$source" ]; then
    source=$folder/llmlingua-0.2.2
    mkdir -p "$folder"
    [ -d "$source" ] || {
        "$python" -m pip --disable-pip-version-check download -q --no-deps \
            --no-binary :all: -d "$folder" llmlingua==0.2.2 >"$folder/log" 2>&1 &&
            tar -xzf "$folder/llmlingua-0.2.2.tar.gz" -C "$folder"
    } || skip "PyPI's source of llmlingua could not be had"
fi
exec "$python" tests/llmlingua_tests.py "$source" "$tiktoken" ${model:+"$model"}
