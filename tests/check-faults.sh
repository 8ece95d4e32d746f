#!/bin/sh
# Commands of pith while calls of the system, allocations and signals go wrong
# (tests/faults.py): a few of them, or with --all every one.  Sanitizers need
# memory and ptrace for themselves: sanitized programs are not tried.
# usage: check-faults.sh --can | check-faults.sh BUILD [OPTION]... [COMMAND]...
set -u
can() {
    case $(uname -sm) in
    "Linux x86_64" | "Linux aarch64") ;;
    *) return 1 ;;
    esac
    echo '#include <gnu/libc-version.h>' | ${CC:-cc} -fsyntax-only -x c - 2>/dev/null
}
if [ "$1" = --can ]; then
    can
    exit
fi
build=$1
shift
case $build in
*asan* | *tsan*) exit 0 ;;
esac
if ! can || ! command -v python3 >/dev/null; then
    echo "SKIPPED: failing calls are tried with python3 on Linux with glibc" >&2
    exit 0
fi
if ! "$build/tests/faults/inject" /dev/null any 0 none 10 true 2>/dev/null; then
    echo "SKIPPED: failing calls are untried: ptrace is not allowed here" >&2
    exit 0
fi
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
python3 tests/faults.py "$build/pith" "$build/tests/faults" "$folder/work" "$@"
