#!/bin/sh
# docs/tutorial: what the program prints is what the page shows, with every
# set of kernels that this machine has.
# usage: tutorial.sh PROGRAM
set -u
program=${1:?usage: tutorial.sh PROGRAM}
model=weights/default.pith
failures=0

[ "$(wc -l < docs/tutorial/llmlingua.c)" -le 1200 ] &&
    [ "$(wc -l < docs/tutorial/alignment.c)" -le 900 ] || {
    echo "tutorial: llmlingua.c is limited to 1,200 lines, alignment.c to 900" >&2
    failures=1
}

if [ ! -f "$model" ]; then
    echo "SKIPPED: $model is not here, the tutorial is untried" >&2
    exit 0
fi
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
awk '/^```$/ { inside = !inside; next } inside' docs/tutorial/prune.md > "$scratch/page"

"$program" "$model" > "$scratch/out" || failures=1
diff "$scratch/page" "$scratch/out" >&2 || failures=1
for kernels in scalar avx2 avx512 neon; do
    "$program" "$model" "$kernels" > "$scratch/out" 2> "$scratch/err" || {
        grep -q kernels "$scratch/err" && continue # not on this machine
        cat "$scratch/err" >&2
        failures=1
    }
    diff "$scratch/page" "$scratch/out" >&2 || {
        echo "tutorial: other numbers with $kernels" >&2
        failures=1
    }
done
# Numbers in the text are those of the block.
for number in $(awk '/^```$/ { inside = !inside } !inside' docs/tutorial/prune.md |
                grep -o -E '[0-9]+\.[0-9][0-9]'); do
    grep -q -F -w -e "$number" "$scratch/page" || {
        echo "tutorial: $number stands in the text alone" >&2
        failures=1
    }
done
[ "$failures" -ne 0 ] || echo "tutorial: the program prints what the page shows"
exit "$failures"
