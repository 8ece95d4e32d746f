#!/bin/sh
# Compresses the prompts of docs/examples/prompts with the model in weights/
# and shows what became of them.  PITH names the program, PITH_MODEL another
# model.
set -e
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
pith=${PITH:-$root/build/pith}
model=${PITH_MODEL:-$root/weights/default.pith}
prompts=$here/prompts
work=$(mktemp -d "${TMPDIR:-/tmp}/pith-demo.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

indent() {
    fold -s -w 76 | sed 's/[[:space:]]*$//; s/^/  /'
}

# show TITLE FILE OPTION...: the prompt's first lines and its compressed text.
show() {
    title=$1 file=$2
    shift 2
    "$pith" compress -m "$model" "$@" >"$work/text" 2>"$work/report" || {
        cat "$work/report" >&2
        exit 1
    }
    echo
    echo "=== $title"
    echo
    echo "Before ($(wc -w <"$file" | tr -d ' ') words; it begins):"
    echo
    indent <"$file" | sed -n '1,6p'
    echo "  [...]"
    echo
    echo "After ($(wc -w <"$work/text" | tr -d ' ') words, all of them):"
    echo
    indent <"$work/text"
    echo
    cat "$work/report"
}

echo "pith shortens prompts: a small language model drops the tokens that it"
echo "could have guessed.  What is left is meant for a large model's eyes."

show "Worked examples before a question, to a quarter" "$prompts/math.txt" \
    --rate 0.25 --instruction-file "$prompts/math.instruction.txt" \
    --question-file "$prompts/math.question.txt" "$prompts/math.txt"

show "A meeting transcript, to 40 %" "$prompts/meeting.txt" \
    --rate 0.4 --context "$prompts/meeting.txt"

show "A document with a question, to 200 tokens" "$prompts/document.txt" \
    --target 200 --question-file "$prompts/document.question.txt" \
    "$prompts/document.txt"
