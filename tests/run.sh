#!/bin/sh
# Runs the test programs given, JOBS at a time (as many as there are
# processors), each with its output in one piece, and sums up.  The exit
# status is the verdict: 0 when every test of every program passed.
jobs=${JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)}
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
export folder

printf '%s\n' "$@" | xargs -n 1 -P "$jobs" sh -c '
    name=${0##*/}
    "$0" >"$folder/$name.log" 2>&1 || : >"$folder/$name.failed"
    cat "$folder/$name.log"'

failed=
for program in "$@"; do
    name=${program##*/}
    [ -e "$folder/$name.log" ] && [ ! -e "$folder/$name.failed" ] ||
        failed="$failed $name"
done
if [ -n "$failed" ]; then
    echo "FAILED:$failed" >&2
    exit 1
fi
echo "all $# test programs passed"
