#!/bin/sh
# Asks the static analysers that are here about every file of src and tools:
# gcc -fanalyzer, clang --analyze, clang-tidy (bugprone-*, cert-*), cppcheck.
# What tests/audit.txt does not explain fails, and so does a line of it that
# nothing needs any more.  Some 20 minutes of processor time.
# usage: audit.sh FOLDER [TOOL...], tools: gcc clang tidy cppcheck
set -u
out=${1:?usage: audit.sh FOLDER [TOOL...]}
shift
tools=${*:-"gcc clang tidy cppcheck"}
known=tests/audit.txt
mkdir -p "$out"
# What is for other machines includes headers that are not here.
files=$(find src tools -name '*.c' ! -path '*/arm/*' ! -path '*/wasm/*' \
            ! -path 'tools/http/*' ! -name '*_tables.c' | sort)
jobs=${JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)}
flags="-std=c11 -Iinclude"

# Left out: names and idioms that are a matter of taste (parameters that could be
# swapped, sizes by number, macros without parentheses around types), and what
# -Wconversion says already or the house does on purpose (printed lengths unused).
checks='-*,bugprone-*,cert-*'
for check in bugprone-easily-swappable-parameters bugprone-narrowing-conversions \
             bugprone-macro-parentheses bugprone-reserved-identifier \
             bugprone-implicit-widening-of-multiplication-result \
             bugprone-branch-clone cert-err33-c cert-dcl03-c cert-dcl37-c \
             cert-dcl51-cpp; do
    checks="$checks,-$check"
done

each() { # COMMAND...: once for each file
    printf '%s\n' $files | xargs -n 1 -P "$jobs" "$@" 2>&1
}
run_gcc() {
    each "${GCC:-gcc}" $flags -O1 -fanalyzer -fdiagnostics-plain-output -c -o /dev/null
}
run_clang() { each "${CLANG:-clang}" --analyze $flags -o /dev/null; }
run_tidy() {
    each sh -c 'clang-tidy --quiet --checks="'"$checks"'" "$0" -- '"$flags"
}
run_cppcheck() { # -j would leave out what goes from one file to another
    cppcheck --enable=warning,performance,portability --std=c11 -Iinclude -q \
        --suppress=toomanyconfigs --suppress=invalidPointerCast \
        --template='{file}:{line}:{column}: warning: {message} [{id}]' $files 2>&1
}

: > "$out/findings"
for tool in $tools; do
    case $tool in
    gcc) program=${GCC:-gcc} ;;
    clang) program=${CLANG:-clang} ;;
    tidy) program=clang-tidy ;;
    *) program=$tool ;;
    esac
    if ! command -v "$program" >/dev/null; then
        echo "SKIPPED: audit: $program is not here" >&2
        continue
    fi
    run_$tool > "$out/$tool.raw"
    # "gcc src/a.c:12: message [check]"
    sed -n "s|^\($PWD/\)\{0,1\}\([a-z][^:]*\):\([0-9]*\):[0-9]*: warning: |$tool \2:\3: |p" \
        "$out/$tool.raw" | sort -u > "$out/$tool"
    echo "audit: $tool: $(wc -l < "$out/$tool") findings"
    cat "$out/$tool" >> "$out/findings"
done

# Lines of tests/audit.txt: TOOL, FILE, words of the message, why it is no fault;
# tabs between them, # a comment.
awk -F '\t' -v tools=" $tools " '
    FNR == NR {
        if ($0 ~ /^(#|$)/) next
        if (NF != 4) { print "audit.txt:" FNR ": expected four fields"; bad = 1; next }
        n++; tool[n] = $1; file[n] = $2; words[n] = $3
        next
    }
    {
        split($0, part, / /); split(part[2], place, /:/)
        for (i = 1; i <= n; i++)
            if (tool[i] == part[1] && (file[i] == "*" || file[i] == place[1]) &&
                index($0, words[i])) { used[i]++; next }
        print "audit: " $0; bad = 1
    }
    END {
        for (i = 1; i <= n; i++) {
            explained += used[i]
            if (!used[i] && index(tools, " " tool[i] " ")) {
                print "audit.txt: nothing is like: " tool[i] " " file[i] " " words[i]
                bad = 1
            }
        }
        print "audit: " explained + 0 " findings are explained in tests/audit.txt"
        exit bad
    }' "$known" "$out/findings"
