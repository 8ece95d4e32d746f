#!/bin/sh
# Compresses the prompts of docs/examples/prompts with the model in weights/
# and shows what became of them.  PITH names the program, PITH_MODEL another
# model.
set -e
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
absolute() {
    case $1 in
    /*) echo "$1" ;;
    */*) echo "$PWD/$1" ;;
    *) echo "$1" ;;
    esac
}
pith=$(absolute "${PITH:-$root/build/pith}")
model=$(absolute "${PITH_MODEL:-$root/weights/default.pith}")
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
    (cd "$prompts" && "$pith" compress -m "$model" "$@") \
        >"$work/text" 2>"$work/report" || {
        cat "$work/report" >&2
        exit 1
    }
    echo
    echo "=== $title"
    echo
    echo "\$ pith compress $*" | fold -s -w 76 | sed '2,$s/^/      /'
    echo
    echo "Before ($(wc -w <"$prompts/$file" | tr -d ' ') words; it begins):"
    echo
    indent <"$prompts/$file" | sed -n '1,6p'
    echo "  [...]"
    echo
    echo "After ($(wc -w <"$work/text" | tr -d ' ') words, all of them):"
    echo
    indent <"$work/text"
    echo
    cat "$work/report"
}

echo "pith shortens prompts: a small language model drops the words that it"
echo "could have guessed.  Instruction and question stay whole.  What is left is"
echo "meant for a large model's eyes."

show "Worked examples before a question, to a quarter" math.txt \
    --rate 0.25 --instruction-file math.instruction.txt \
    --question-file math.question.txt math.txt

show "A meeting transcript as one context, to a half" meeting.txt \
    --rate 0.5 --context meeting.txt

show "A document with a question, to 200 tokens" document.txt \
    --target 200 --question-file document.question.txt document.txt
