#!/bin/sh
# Builds the example: the core's files, src/core.files, without its program,
# and this folder's, with no C library.
# usage: build.sh PORT OUTPUT    (in the repository; $CC: the compiler)
#   PORT  linux_x86_64 or riscv64_virt
set -eu
port=$1 output=$2
here=docs/examples/freestanding
case $port in
riscv64_virt)
    : "${CC:=riscv64-unknown-elf-gcc}"
    # Of picolibc only the headers are used.
    options="--specs=picolibc.specs -march=rv64gc -mabi=lp64d -mcmodel=medany
        -D__PICOLIBC_ERRNO_FUNCTION=__errno_location -T $here/$port.ld -Wl,--no-warn-rwx-segments" ;;
*)
    : "${CC:=cc}"
    options="-static -fno-stack-protector -no-pie -fno-pie" ;;
esac
exec $CC -std=c11 -O2 -ffreestanding -fno-math-errno -fno-tree-loop-distribute-patterns \
    -ffp-contract=off -nostdlib -U_FORTIFY_SOURCE \
    -DPITH_CORE -DPITH_NO_X86 -DPITH_NO_ARM -Iinclude \
    -DMODEL="\"${MODEL:-weights/default.pith}\"" \
    -DPROMPT="\"${PROMPT:-$here/prompt.txt}\"" $options \
    $(grep '\.c$' src/core.files | grep -v '^tools/core/main\.c$') \
    $here/main.c $here/libc.c $here/math.c $here/model.S $here/$port.c \
    -lgcc -o "$output"
