#!/bin/sh
# The core, src/core.files, on other machines: without an operating system
# (docs/examples/freestanding), here and on a RISC-V board of QEMU's, and as a
# static program under qemu-user, one of them big-endian and one of 32 bits.
# Each writes the text that `pith compress` writes here.  A target whose
# compiler or emulator is missing is skipped, loudly.
# usage: check-core-ports.sh PROGRAM FOLDER
set -u
program=$1 folder=$2
example=docs/examples/freestanding
model=weights/default.pith
failures=0
mkdir -p "$folder"
"$program" compress --method paper -q -r 0.5 -m $model --kernels scalar \
    --precision f32 --context $example/prompt.txt > "$folder/native" || exit 1

have() { # NAME TOOL...
    for tool in "$2" "$3"; do
        command -v "$tool" >/dev/null || {
            echo "SKIPPED: $1: $tool is not here" >&2
            return 1
        }
    done
}

# Builds, runs and compares: try NAME "BUILD COMMAND" COMMAND...
try() {
    name=$1 build=$2
    shift 2
    if ! sh -c "$build" > "$folder/$name.log" 2>&1; then
        tail -n 3 "$folder/$name.log" >&2
        echo "core ports: $name does not build" >&2
    elif ! timeout 300 "$@" > "$folder/$name.text" 2>> "$folder/$name.log" ||
            ! cmp "$folder/$name.text" "$folder/native" >&2; then
        echo "core ports: $name: another text than here" >&2
    else
        echo "core ports: $name: same text"
        return
    fi
    failures=$((failures + 1))
}

bare() { # PORT COMMAND...
    port=$1
    shift
    try "$port" "CC='$compiler' sh $example/build.sh $port '$folder/$port'" "$@"
}

static() { # COMPILER EMULATOR
    have "$1" "$1" "$2" || return
    try "${1%%-*}" "$1 -O2 -static -DPITH_CORE -Iinclude -o '$folder/${1%%-*}' \
        $(grep '\.c$' src/core.files | tr '\n' ' ') -lm" \
        "$2" "$folder/${1%%-*}" -m $model -r 0.5 --context $example/prompt.txt
}

if [ "$(uname -sm)" = "Linux x86_64" ]; then
    compiler=${CC:-cc}
    bare linux_x86_64 "$folder/linux_x86_64"
else
    echo "SKIPPED: linux_x86_64: this is another machine" >&2
fi
compiler=riscv64-unknown-elf-gcc
have riscv64_virt $compiler qemu-system-riscv64 &&
    bare riscv64_virt qemu-system-riscv64 -M virt -m 1G -nographic -bios none \
        -kernel "$folder/riscv64_virt"
static s390x-linux-gnu-gcc qemu-s390x-static
static aarch64-linux-gnu-gcc qemu-aarch64-static
static i686-linux-gnu-gcc env
exit $((failures > 0))
