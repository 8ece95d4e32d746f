#!/bin/sh
# Requests of both methods, and two that are refused, to a program that valgrind
# watches: no byte is used that nothing wrote, none outside of its block, and none
# is left unfreed.  The kernels are those that valgrind knows, AVX2 on x86.
# usage: check-valgrind.sh PROGRAM MODEL
set -eu
command -v valgrind >/dev/null || {
    echo "SKIPPED: valgrind is not here" >&2
    exit 0
}
text='Ana: When does the 17:45 ferry arrive? Ben: At 19:20. And if the weather on the lake turns?'
replies=$(printf '%s\n' "{\"context\": \"$text\", \"method\": \"spans\", \"rate\": 0.2}" \
    "{\"context\": \"$text\", \"method\": \"paper\", \"target_tokens\": 12}" \
    '{"context": [7]}' '{"context": "cut' |
    valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=all \
        "$1" serve --stdio --model "$2")
echo "$replies" |
    awk '/"error":null/ { answered++ } /"result":null/ { refused++ }
         END { exit answered != 2 || refused != 2 }' || {
    echo "check-valgrind: expected two answers and two refusals: $replies" >&2
    exit 1
}
echo "valgrind: nothing to complain of"
