#!/usr/bin/env bash
# Runs fuzz targets one after the other, each for some seconds of processor
# time (AFL++: of the clock), and sums up what all runs in this checkout came to.
# Inputs that fail are left in build/fuzz/found: a small one of each kind goes to
# tests/fuzz/findings, which tests/test_fuzz.c replays.
#
# ENGINE: libfuzzer (clang), afl (AFL++), plain (any compiler; mutations that
# nothing guides); the first of them that is there.
# usage: run.sh SECONDS [TARGET...]
set -eu
seconds=${1:?usage: run.sh SECONDS [TARGET...]}
shift
MAKE=${MAKE:-make}
export ASAN_OPTIONS=abort_on_error=1:detect_leaks=1:symbolize=1
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm

if [ -z "${ENGINE:-}" ]; then
    ENGINE=plain
    ! command -v afl-clang-fast afl-fuzz >/dev/null || ENGINE=afl
    ! echo 'int LLVMFuzzerTestOneInput(const void *p, unsigned long n) { return !p && n; }' |
        clang -fsanitize=fuzzer -x c - -o /dev/null 2>/dev/null || ENGINE=libfuzzer
fi
build() { # COMPILER FLAG PROGRAM...
    $MAKE --no-print-directory -s MODE=fuzz CC="$1" FUZZER="$2" BUILD=build/fuzz/$ENGINE \
        "${@:3}" >/dev/null
}
programs=build/fuzz/$ENGINE
case $ENGINE in
libfuzzer) build "${CLANG:-clang}" -fsanitize=fuzzer-no-link $programs/libfuzzer $programs/fuzz ;;
afl) build afl-clang-fast "" $programs/fuzz ;;
plain) build "${CC:-cc}" "" $programs/fuzz ;;
*) echo "ENGINE is libfuzzer, afl or plain" >&2; exit 2 ;;
esac

found=build/fuzz/found log=build/fuzz/log
mkdir -p $found
run_libfuzzer() { # TARGET BYTES
    PITH_FUZZ=$1 PITH_FUZZ_SECONDS=$seconds $programs/libfuzzer -max_len="$2" -timeout=600 \
        -report_slow_units=600 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
        -artifact_prefix=$found/"$1"- \
        build/fuzz/corpus/"$1" build/fuzz/seeds/"$1" tests/fuzz/findings 2>&1
}
run_afl() {
    AFL_SKIP_CPUFREQ=1 AFL_NO_UI=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 \
        afl-fuzz -V "$seconds" -m none -t 20000 -G "$2" -i build/fuzz/seeds/"$1" \
        -o build/fuzz/afl/"$1" -- $programs/fuzz "$1" 2>&1
    echo "stat::number_of_executed_units: $(sed -n 's/^execs_done *: *//p' \
        build/fuzz/afl/"$1"/default/fuzzer_stats)"
    cp build/fuzz/afl/"$1"/default/crashes/id* $found/ 2>/dev/null || true
}
run_plain() {
    $programs/fuzz "$1" --seconds "$seconds" --seed "$RANDOM" 2>&1 |
        sed 's/.*: \([0-9]*\) executions/stat::number_of_executed_units: \1/'
    mv -f crash-"$1" $found/ 2>/dev/null || true
}

failed=0
while read -r target most; do
    case " $* " in "  " | *" $target "*) ;; *) continue ;; esac
    mkdir -p build/fuzz/{corpus,seeds}/"$target"
    $programs/fuzz "$target" --seeds build/fuzz/seeds/"$target"
    before=$(find $found -type f | wc -l)
    output=build/fuzz/output-$target
    TIMEFORMAT='%U %S'
    { time run_$ENGINE "$target" "$most" >"$output" || true; } 2>build/fuzz/time
    n=$(sed -n 's/.*number_of_executed_units: *//p' "$output" | tail -n 1)
    new=$(($(find $found -type f | wc -l) - before))
    echo "$target $(tail -n 1 build/fuzz/time | awk '{ print $1 + $2 }') ${n:-0} $new" >>$log
    tail -n 1 $log
    [ "$new" -eq 0 ] || failed=1
done < <($programs/fuzz)

echo "target, minutes of processor time, executions, inputs that failed:"
awk '{ seconds[$1] += $2; n[$1] += $3; failed[$1] += $4 }
     END { for (name in n)
         printf "%-18s %6.1f %12d %4d\n", name, seconds[name] / 60, n[name], failed[name] }' $log | sort
exit $failed
