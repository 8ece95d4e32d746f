#!/bin/sh
# LINES that no client should send, to `pith serve` with a tiny model
# (tests/hostile.py); or "growth": tests/growth.py.
# usage: check-hostile.sh BUILD LINES | check-hostile.sh BUILD growth
set -u
build=$1
fixtures=$build/tests/faults/fixtures
if ! [ -x "$fixtures" ] || ! [ -r /proc/self/status ] ||
    ! command -v python3 >/dev/null; then
    echo "SKIPPED: hostile lines are tried with python3 on Linux" >&2
    exit 0
fi
case $build in
*asan* | *tsan*) # freed memory must not count, and they are slow
    export ASAN_OPTIONS=quarantine_size_mb=1
    set -- "$build" 200 ;;
esac
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
DIR=$folder "$fixtures" >/dev/null || exit 1
case $2 in
growth) python3 tests/growth.py "$build/pith" "$folder/tiny.pith" ;;
*) python3 tests/hostile.py "$build/pith" "$folder/tiny.pith" "$2" ;;
esac
