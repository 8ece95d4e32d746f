#!/bin/sh
# The page of docs/demo in headless Chromium and the package under Node.js:
# their texts are those of the native program, on 20 prompts (with PITH_QUICK,
# 8).  Skips, loudly, what cannot be had: clang's WebAssembly target, node,
# Chromium with its driver, PyPI's selenium (installed into FOLDER/python).
# usage: check-web.sh PROGRAM MODEL FOLDER
set -u
program=$1 model=$2 folder=$3
client=selenium==4.51.0
mkdir -p "$folder" || exit 1

skip() {
    echo "SKIPPED: $*" >&2
}

printf '#include <stdlib.h>\nint main(void) { return abs(0); }\n' > "$folder/probe.c"
if ! clang --target=wasm32-wasi --sysroot=/usr -o "$folder/probe" \
        "$folder/probe.c" > "$folder/log" 2>&1; then
    skip "clang builds no WebAssembly here (clang, lld, llvm, wasi-libc, libclang-rt-*-dev-wasm32)"
    exit 0
fi
make -s -j"$(nproc)" web > "$folder/log" 2>&1 || {
    tail -n 5 "$folder/log" >&2
    exit 1
}
python3 tests/web/native.py "$program" "$model" "$folder/native.json" || exit 1

if command -v node >/dev/null; then
    PITH_PACKAGE=build/npm PITH_MODEL=$model PITH_NATIVE=$folder/native.json \
        node --test tests/web > "$folder/node.log" 2>&1 || {
        cat "$folder/node.log" >&2
        exit 1
    }
    echo "web: package: $(grep '^# pass' "$folder/node.log" | sed "s|.* ||") tests pass under node $(node --version)"
else
    skip "node is not here, the package is untried"
fi

if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
    skip "chromium and chromedriver are not here, the page is untried"
    exit 0
fi
if ! "$folder/python/bin/python" -c 'import selenium' 2>/dev/null &&
        ! { python3 -m venv "$folder/python" &&
            "$folder/python/bin/pip" install -q --disable-pip-version-check \
                "$client"; } > "$folder/log" 2>&1; then
    skip "$client could not be had from PyPI, the page is untried"
    exit 0
fi
exec "$folder/python/bin/python" tests/web/page.py build/web "$folder"
