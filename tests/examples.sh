#!/bin/sh
# The example programs in C, C++, Python and Rust say what `pith compress`
# says, and one line when they fail.
# usage: examples.sh PROGRAM LIBRARY.a LIBRARY.so MODEL
set -u
program=${1:?usage: examples.sh PROGRAM LIBRARY.a LIBRARY.so MODEL}
library=$2 shared=$3 model=$4
prompt=docs/examples/prompts/meeting.txt
failures=0 ran=
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

complain() {
    echo "examples: $*" >&2
    failures=$((failures + 1))
}

# have COMMAND...: whether the first is there.
have() {
    command -v "$1" >/dev/null && return
    echo "SKIPPED: $1 is not here, its example is untried" >&2
    return 1
}

# says_the_same NAME COMMAND...
says_the_same() {
    name=$1
    shift
    for rate in 0.3 0.7; do
        "$program" compress -q -m "$model" -r $rate --context "$prompt" \
            > "$scratch/want" || complain "pith compress fails"
        "$@" "$model" $rate "$prompt" > "$scratch/got" 2> "$scratch/said" ||
            complain "$name fails: $(cat "$scratch/said")"
        cmp "$scratch/want" "$scratch/got" >&2 ||
            complain "$name writes another text at rate $rate"
        grep -q '^[0-9]* of [0-9]* tokens$' "$scratch/said" ||
            complain "$name does not count tokens"
    done
    for wrong in "/nowhere 0.5 $prompt" "$model 7 $prompt" \
                 "$model 0.5 /nowhere"; do
        "$@" $wrong > "$scratch/got" 2> "$scratch/said"
        [ $? -eq 1 ] && [ "$(wc -l < "$scratch/said")" -eq 1 ] &&
            [ ! -s "$scratch/got" ] ||
            complain "$name with $wrong: $(cat "$scratch/said")"
    done
    ran="$ran $name"
}

${CC:-cc} -std=c11 -Wall -Wextra -Werror -Iinclude docs/examples/compress.c \
    "$library" -pthread -lm -o "$scratch/c" &&
    says_the_same C "$scratch/c" || complain "compress.c does not build"

if have "${CXX:-g++}"; then
    "${CXX:-g++}" -std=c++17 -Wall -Wextra -Werror -Iinclude \
        docs/examples/compress.cpp "$library" -pthread -lm -o "$scratch/cpp" &&
        says_the_same C++ "$scratch/cpp" || complain "compress.cpp does not build"
fi
if have python3; then
    PITH_LIBRARY=$shared says_the_same Python python3 docs/examples/compress.py
fi
if have rustc; then
    MAKEFLAGS= rustc -D warnings -L "$(dirname "$library")" -l static=pith -l m \
        -o "$scratch/rs" docs/examples/compress.rs &&
        says_the_same Rust "$scratch/rs" || complain "compress.rs does not build"
fi

[ "$failures" -eq 0 ] && echo "examples:$ran: the same texts, and one line of error"
exit "$failures"
