#!/bin/sh
# The program on other platforms, under emulators: docs/PORTING.md.  For each
# target: it builds, writes the text that the native scalar kernels write, has
# their losses, and passes tests that need no more than the library (against
# tests/ports/check.h, so that Check need not be built for every target).  Rows
# of targets stay in FOLDER until the target is tried again.
# A target whose compiler or emulator is missing is skipped, loudly.
# usage: check-ports.sh PROGRAM FOLDER [TARGET]...
set -u
native=$1 folder=$2
shift 2
wanted=${*:-"native portable baseline avx2 musl tcc i686 aarch64
    aarch64-nodot armhf riscv64 ppc64el powerpc s390x mips windows wasi
    wasi-simd128"}
model=weights/default.pith
tests=${PORT_TESTS:-"base json unicode tokenizer kernels ops itpc path model"}
mkdir -p "$folder"
failures=0 tried=0 skipped=0 known=

skip() {
    skipped=$((skipped + 1))
    echo "SKIPPED: $*" >&2
}

complain() {
    echo "check-ports: $*" >&2
    failures=$((failures + 1))
}

# About 40 tokens each: prose, a conversation with numbers, code; then one for
# emulated processors, which take two seconds for a token.
printf '%s' 'The meeting was moved from Tuesday to Friday because the supplier
could not deliver the 120 windows before then, and nobody wanted to wait.' \
    > "$folder/prompt1"
printf '%s' 'Ana: When does the 17:45 ferry arrive?
Ben: At 19:20, if the weather holds. It costs 12.50 euros.
Ana: Naïve question, is it ever on time?' > "$folder/prompt2"
printf '%s' 'def mean(values):
    """The average; 0 of nothing."""
    return sum(values) / len(values) if values else 0' > "$folder/prompt3"
printf '%s' 'Naïve: at 9:30 the 12 boats left.' > "$folder/prompt4"

compress() { # PROMPT OPTION...
    prompt=$1
    shift
    set -- compress -q -r 0.5 -m $model "$@" --context "$folder/prompt$prompt"
    echo "$*"
}
for i in 1 2 3 4; do
    "$native" $(compress $i --kernels scalar --precision f32) > "$folder/text$i"
    "$native" score -q -m $model --kernels scalar "$folder/prompt$i" |
        cut -f 4 > "$folder/losses$i"
done

# Whether the target writes the texts with these options.
same_texts() {
    for i in $prompts; do
        $run $(compress $i "$@") > "$out/text" 2> "$out/log" &&
            cmp "$out/text" "$folder/text$i" >> "$out/log" 2>&1 || {
            tail -n 2 "$out/log" >&2
            return 1
        }
    done
}

# Runs a scoring COMMAND; its tokens and seconds of processor time to $out/speed.
timed() {
    python3 -c '
import re, resource, subprocess, sys
said = subprocess.run(sys.argv[2:], stderr=subprocess.PIPE).stderr.decode()
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as file:
    print(re.search("([0-9]+) tokens", said)[1], used.ru_utime + used.ru_stime, file=file)
' "$out/speed" "$@" 2>> "$out/log"
}

# The largest difference between its losses and the native ones.
loss_difference() {
    timed $run score -t 1 -m $model --kernels scalar "$folder/prompt${prompts##* }" |
        cut -f 4 | paste - "$folder/losses${prompts##* }" |
        awk '{ d = $1 - $2; if (d < 0) d = -d; if (d > most) most = d
               if (NF != 2) bad = 1 }
             END { if (bad || NR < 8) print "?"; else printf "%.1g", most }'
}

# tokens/s of one thread of the kernels that it chooses: of a thousand tokens where
# few take no time, of those of loss_difference() where there is no choice.
speed() {
    [ "$kernels" = scalar ] ||
        timed $run score -t 1 -m $model "$folder/prompt${prompts##* }" > /dev/null
    awk '{ exit $2 < 1 }' "$out/speed" ||
        timed $run score -t 1 -m $model docs/examples/prompts/document.txt > /dev/null
    awk '{ printf "%.*f", $1 / $2 < 10, $1 / $2 }' "$out/speed"
}

# Runs a test program unless it passed since it was built: emulators are slow,
# and an interrupted run continues.
run_test() {
    log=$out/test_$test
    [ "$log" -nt "$program" ] &&
        grep -q ': \([0-9]*\) of \1 passed' "$log" && return
    PITH_QUICK=1 PITH_SHARED="${PITH_SHARED:-../shared}" PITH_CACHE="$cache" \
        timeout 1800 $emulator $program$suffix > "$log" 2>&1 ||
        complain "$name: test_$test fails:" \
            "$(grep -m 1 '^failed' "$log" || tail -n 1 "$log")"
}

# Sets passed, total, and unbuilt, the names of tests that need more than the
# target has.
run_tests() {
    passed=0 total=0 unbuilt=
    case $name in # these have kernels of their own
    native | aarch64* | *simd128) more=precision ;; # avx2: an hour of QEMU
    *) more= ;;
    esac
    for test in $tests $more; do
        # QEMU's fault, docs/PORTING.md; native's run AVX2's kernels too.
        [ "$name $test" = "avx2 kernels" ] && continue
        program=build/ports/$build/tests/test_$test
        make -s "$@" "$program" > "$out/build_$test" 2>&1 || {
            unbuilt="$unbuilt $test"
            continue
        }
        run_test
        counts=$(sed -n 's/.*: \([0-9]*\) of \([0-9]*\) passed.*$/\1 \2/p' "$log")
        passed=$((passed + ${counts% *} + 0)) total=$((total + ${counts#* } + 0))
    done
}

# port NAME FOLDER COMPILER EMULATOR [SETTING]...: an empty emulator runs it.
port() {
    name=$1 build=$2 compiler=$3 emulator=$4
    shift 4
    known="$known $name"
    case " $(echo $wanted) " in *" $name "*) ;; *) return ;; esac
    command -v "${compiler%% *}" >/dev/null || {
        skip "$name: ${compiler%% *} is not here"
        return
    }
    [ -z "$emulator" ] || command -v "${emulator%% *}" >/dev/null || {
        skip "$name: ${emulator%% *} is not here"
        return
    }
    echo 'int main(void) { return 0; }' > "$folder/empty.c"
    $compiler -o "$folder/empty" "$folder/empty.c" 2> /dev/null || {
        skip "$name: ${compiler%% *} cannot build an empty program (no C library?)"
        return
    }
    out=$folder/$name tried=$((tried + 1))
    mkdir -p "$out"
    set -- BUILD="build/ports/$build" CC="${CCACHE:-} $compiler" \
        CFLAGS=-O2 CHECK_CFLAGS=-Itests/ports \
        CHECK_LIBS="build/ports/$build/tests/ports/check.o" "$@"
    make -s -j"$(nproc)" "$@" "build/ports/$build/pith" > "$out/build" 2>&1 &&
        make -s "$@" "build/ports/$build/tests/ports/check.o" >> "$out/build" 2>&1 || {
        tail -n 5 "$out/build" >&2
        complain "$name does not build; see $out/build"
        return
    }
    warnings=$(grep -c 'warning:' "$out/build")
    case $compiler in # names what it builds so
    *mingw*) suffix=.exe ;;
    *) suffix= ;;
    esac
    run="$emulator build/ports/$build/pith$suffix"
    prompts="1 2 3" cache="${PITH_CACHE:-$HOME/.cache/pith}"
    case $emulator in # SmolLM2 would take it half an hour
    qemu*) prompts=4 cache=$out ;;
    esac
    kernels=$($run info $model | sed -n 's/^ *kernels *\([a-z0-9]*\).*/\1/p')
    same_texts --kernels scalar --precision f32 && scalar=yes || scalar=no
    [ $scalar = yes ] || complain "$name: another text than native"
    auto=none
    if [ "$kernels" != scalar ]; then
        same_texts --precision f32 && auto=yes || auto=no
        [ $auto = yes ] || complain "$name: another text with its own kernels"
    fi
    run_tests "$@"
    row="| $name | $warnings | $scalar | $auto | $(loss_difference) | $passed / $total${unbuilt:+, not built:$unbuilt} | $(speed) |"
    echo "$row" | tee "$out/row"
}

export WINEDEBUG=-all WINEPREFIX="$PWD/build/ports/wine"
port native native "${CC:-cc}" ""
port portable portable "${CC:-cc}" "" POSIX=no THREADS=no
port baseline baseline "${CC:-cc}" "qemu-x86_64-static -cpu qemu64" LDFLAGS=-static
port avx2 baseline "${CC:-cc}" "qemu-x86_64-static -cpu max" LDFLAGS=-static
port musl musl musl-gcc "" LDFLAGS=-static
port tcc tcc tcc "" THREADS=no BASE_CFLAGS="-std=c11 -Iinclude -MD"
port i686 i686 i686-linux-gnu-gcc "" LDFLAGS=-static
port aarch64 aarch64 aarch64-linux-gnu-gcc "qemu-aarch64-static -cpu max" LDFLAGS=-static
port aarch64-nodot aarch64 aarch64-linux-gnu-gcc "qemu-aarch64-static -cpu cortex-a53" LDFLAGS=-static
port armhf armhf arm-linux-gnueabihf-gcc qemu-arm-static LDFLAGS=-static
port riscv64 riscv64 riscv64-linux-gnu-gcc qemu-riscv64-static LDFLAGS=-static
port ppc64el ppc64el powerpc64le-linux-gnu-gcc qemu-ppc64le-static LDFLAGS=-static
# QEMU 7.2 refuses an instruction of this C library's cosine and sine; here are
# those of the port without a C library.
powerpc() {
    wave=build/ports/powerpc/wave.o
    mkdir -p "${wave%/*}"
    powerpc-linux-gnu-gcc -O2 -ffp-contract=off -fno-math-errno -c -o $wave \
        docs/examples/freestanding/math.c 2> "$folder/wave" &&
        powerpc-linux-gnu-objcopy -G sin -G cos $wave
    port powerpc powerpc powerpc-linux-gnu-gcc qemu-ppc-static \
        LDFLAGS="-static $wave" CFLAGS="-O2 -fno-builtin-sin -fno-builtin-cos"
}
powerpc
port s390x s390x s390x-linux-gnu-gcc qemu-s390x-static LDFLAGS=-static
port mips mips mips-linux-gnu-gcc qemu-mips-static LDFLAGS=-static
port windows windows x86_64-w64-mingw32-gcc wine POSIX=no LDFLAGS=-static \
    CFLAGS="-O2 -g -D__USE_MINGW_ANSI_STDIO=1"
wasi() { # NAME CFLAGS
    port "$1" "$1" "clang --target=wasm32-wasi --sysroot=/usr" \
        "node --no-warnings tests/ports/wasi.mjs" POSIX=no THREADS=no \
        AR=llvm-ar CFLAGS="$2" LDFLAGS="-Wl,-z,stack-size=1048576,--stack-first"
}
wasi wasi -O2
wasi wasi-simd128 "-O2 -msimd128"

for name in $wanted; do
    case "$known " in *" $name "*) ;; *) complain "no target $name; there are:$known" ;; esac
done
cat "$folder"/*/row > "$folder/table" 2> /dev/null
[ $failures -eq 0 ] &&
    echo "ports: $tried as native, $skipped skipped; the table of all so far is $folder/table"
exit $((failures > 0))
