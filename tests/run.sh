#!/bin/sh
# Runs the test programs given, one after the other, and sums up.  The exit
# status is the verdict: 0 when every test of every program passed.
failed=
for program in "$@"; do
    "$program" || failed="$failed ${program##*/}"
done
if [ -n "$failed" ]; then
    echo "FAILED:$failed" >&2
    exit 1
fi
echo "all $# test programs passed"
