#!/bin/sh
# The core, src/core.files: it is not larger than it should be, it builds from
# the files of its list alone, compresses the prompts of the demo as the whole
# program does, has the same losses to the bit, and refuses the options that it
# does not have.
# usage: core.sh PROGRAM
# With PITH_QUICK set, its lines are counted and nothing is built.
set -u
program=${1:?usage: core.sh PROGRAM}
most=10993 # lines of C and headers, generated tables aside
failures=0
prompts=docs/examples/prompts
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

complain() {
    echo "core: $*" >&2
    failures=$((failures + 1))
}

lines=$(grep -v _tables src/core.files | xargs cat | wc -l)
[ "$lines" -le $most ] || complain "$lines lines; expected at most $most"
if [ -n "${PITH_QUICK:-}" ]; then
    [ "$failures" -eq 0 ] && echo "core: $lines lines"
    exit "$failures"
fi

# --- from the list alone
xargs tar cf "$scratch/core.tar" < src/core.files || exit 1
mkdir "$scratch/core" && tar xf "$scratch/core.tar" -C "$scratch/core"
core_flags="-Iinclude -DPITH_CORE"
# from_list MAIN OUTPUT FLAG...
from_list() {
    main=$1 output=$2
    shift 2
    (cd "$scratch/core" && ${CC:-cc} "$@" $core_flags \
        "$main" $(find src tools -name '*.c' ! -name main.c) -lm \
        -o "$scratch/$output")
}
from_list tools/core/main.c pith-core -O2 ||
    complain "does not build from the files of its list; write it again with" \
        "tools/gen-core-files"
used=$(cd "$scratch/core" && ${CC:-cc} $core_flags \
    -MM $(find src tools -name '*.c') | tr -s ' \\\n' '\n\n\n' | grep '\.h$' |
    sed -e ':a' -e 's|[a-z0-9_]*/\.\./||' -e 'ta' | sort -u)
for header in $(grep '\.h$' src/core.files); do
    echo "$used" | grep -qx "$header" || complain "$header is listed, not used"
done

# --- the same texts
model=weights/default.pith
[ -f "$model" ] || { echo "SKIPPED: $model is not here" >&2; exit "$failures"; }

whole() {
    out=$1
    shift
    "$program" compress --method paper -q -m "$model" --kernels scalar \
        --precision f32 "$@" \
        > "$scratch/$out.pith" || complain "$program fails with $*"
}

# same CORE OUT OPTION...
same() {
    core=$1 out=$2
    shift 2
    "$core" -m "$model" "$@" > "$scratch/$out" || complain "$core fails"
    cmp "$scratch/$out" "$scratch/$out.pith" >&2 ||
        complain "$core: another text with $*"
}

meeting() {
    same "$1" meeting -r 0.5 --context $prompts/meeting.txt
}

short() {
    same "$1" short -r 0.5 --context $prompts/math.question.txt
}

demo() {
    meeting "$1"
    same "$1" math -r 0.25 --instruction $prompts/math.instruction.txt \
        --question $prompts/math.question.txt $prompts/math.txt
    same "$1" document -n 200 --question $prompts/document.question.txt \
        $prompts/document.txt
}

whole math -r 0.25 --instruction-file $prompts/math.instruction.txt \
    --question-file $prompts/math.question.txt $prompts/math.txt
whole meeting -r 0.5 --context $prompts/meeting.txt
whole short -r 0.5 --context $prompts/math.question.txt
whole document -n 200 --question-file $prompts/document.question.txt \
    $prompts/document.txt

demo "$scratch/pith-core"

from_list "$PWD/tests/core_refuse.c" core_refuse &&
    "$scratch/core_refuse" "$model" ||
    complain "an option that it does not have is not refused"

from_list "$PWD/tests/core_losses.c" core_losses -O2 &&
    ${CC:-cc} -O2 -Iinclude tests/core_losses.c "$(dirname "$program")/libpith.a" \
        -pthread -lm -o "$scratch/losses" &&
    "$scratch/core_losses" "$model" > "$scratch/losses.core" &&
    "$scratch/losses" "$model" > "$scratch/losses.whole" &&
    cmp "$scratch/losses.core" "$scratch/losses.whole" >&2 ||
    complain "other losses than those of the library's scalar kernels"

# --- as one file
if command -v python3 >/dev/null; then
    mkdir "$scratch/one" && python3 tools/amalgamate "$scratch/one" ||
        complain "tools/amalgamate fails"
    for compiler in "gcc -std=c11 -pedantic -Wall -Wextra -Wno-maybe-uninitialized -Werror -O2" \
                    "clang -std=c11 -Wall -Wextra -Wno-unused-function -O2
                         -fsanitize=undefined -fsanitize-trap=undefined" \
                    "tcc"; do
        command -v ${compiler%% *} >/dev/null || {
            echo "SKIPPED: ${compiler%% *} is not here" >&2
            continue
        }
        $compiler -I"$scratch/one" tools/core/main.c "$scratch/one/pith.c" \
            -lm -o "$scratch/one/pith-core" ||
            complain "the amalgamation does not build with $compiler"
        case $compiler in
        gcc*) meeting "$scratch/one/pith-core" ;;
        *) short "$scratch/one/pith-core" ;; # its code is slow
        esac
        rm -f "$scratch/one/pith-core"
    done
else
    echo "SKIPPED: python3 is not here, the amalgamation is untried" >&2
fi

from_list tools/core/main.c small -Os -ffunction-sections -fdata-sections -Wl,--gc-sections,-s ||
    complain "does not build with -Os"
size=$(wc -c < "$scratch/small")
[ "$failures" -eq 0 ] &&
    echo "core: $(wc -l < src/core.files) files, $lines lines," \
        "$((size / 1024)) KiB stripped (-Os); same texts"
exit "$failures"
