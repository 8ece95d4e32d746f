#!/bin/sh
# Runs the commands given, test programs and scripts, JOBS at a time (as many
# as there are processors), each with its output in one piece, and sums up.
# The exit status is the verdict: 0 when every one of them exits with 0.  What
# a test leaves out for want of data or tools it says with "SKIPPED" at the
# beginning of a line.
jobs=${JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)}
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
export folder

# A log for each command, under its number.
number=0
for command in "$@"; do
    number=$((number + 1))
    printf '%s\0' "$number $command"
done | xargs -0 -n 1 -P "$jobs" sh -c '
    log=$folder/${0%% *}
    sh -c "${0#* }" >"$log.running" 2>&1 || : >"$log.failed"
    mv "$log.running" "$log"
    cat "$log"'

failed= skipped=0 number=0
for command in "$@"; do
    number=$((number + 1))
    log=$folder/$number name=${command#sh }
    [ -e "$log" ] && [ ! -e "$log.failed" ] ||
        failed="$failed ${name%% *}"
    [ ! -e "$log" ] ||
        skipped=$((skipped + $(grep -c '^SKIPPED' "$log")))
done
case $skipped in
0) skipped= ;;
1) skipped="; 1 test SKIPPED, see above" ;;
*) skipped="; $skipped tests SKIPPED, see above" ;;
esac
if [ -n "$failed" ]; then
    echo "FAILED:$failed$skipped" >&2
    exit 1
fi
echo "all $# test programs and scripts passed$skipped"
