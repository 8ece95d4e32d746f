#!/bin/sh
# Builds the Python wheel, installs it into a fresh virtual environment without
# the network, and runs tests/python_package.py there; then LangChain and
# LlamaIndex from PyPI on it.  Skips, loudly, what cannot be had.
# usage: check-python.sh FOLDER
set -u
folder=$1
mkdir -p "$folder"

skip() {
    tail -n 3 "$folder/log" >&2
    echo "SKIPPED: $*" >&2
    exit 0
}

pip() {
    environment=$1
    shift
    "$folder/$environment/bin/python" -m pip --disable-pip-version-check "$@" \
        >"$folder/log" 2>&1
}

command -v cmake >/dev/null || {
    echo "cmake is not installed" >"$folder/log"
    skip "the Python wheel, which CMake builds"
}
if ! "$folder/builder/bin/python" -c 'import scikit_build_core' 2>/dev/null; then
    python3 -m venv "$folder/builder" >"$folder/log" 2>&1 &&
        pip builder install scikit-build-core==1.1.2 ||
        skip "the Python wheel: scikit-build-core could not be had from PyPI"
fi
rm -rf "$folder/wheels" "$folder/fresh"
pip builder wheel --no-build-isolation --no-deps -w "$folder/wheels" . || {
    cat "$folder/log" >&2
    exit 1
}
python3 -m venv "$folder/fresh" && pip fresh install --no-index \
    "$folder/wheels"/*.whl || { cat "$folder/log" >&2; exit 1; }
"$folder/builder/bin/python" -c 'import mypy' 2>/dev/null ||
    pip builder install mypy==2.4.1 ||
    echo "SKIPPED: the type hints: mypy could not be had from PyPI" >&2
if "$folder/builder/bin/python" -c 'import mypy' 2>/dev/null; then
    "$folder/builder/bin/python" -m mypy --strict --cache-dir "$folder/mypy" \
        tools/python/pith_compressor || exit 1
fi
PITH_GOLDENS=tests/goldens/default.jsonl \
    "$folder/fresh/bin/python" tests/python_package.py || exit 1

if ! "$folder/frameworks/bin/python" -c \
        'import langchain_community, llama_index.postprocessor' 2>/dev/null
then
    python3 -m venv "$folder/frameworks" >"$folder/log" 2>&1 &&
        pip frameworks install langchain-community==0.4.2 \
            llama-index-core==0.14.25 &&
        pip frameworks install --no-deps \
            llama-index-postprocessor-longllmlingua==0.7.0 ||
        skip "LangChain and LlamaIndex could not be had from PyPI"
fi
pip frameworks install --no-index --no-deps --force-reinstall \
    "$folder/wheels"/*.whl || { cat "$folder/log" >&2; exit 1; }
"$folder/frameworks/bin/python" tests/python_frameworks.py
