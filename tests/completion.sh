#!/bin/sh
# bash, zsh and fish offer every command, and every option that the help of a
# command shows, and no other.  A shell that is not here is passed over.
# usage: completion.sh PROGRAM
set -u
program=${1:?usage: completion.sh PROGRAM}
failures=0
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
ln -s "$PWD/$program" "$scratch/pith"
export PATH="$scratch:$PATH"
export LC_ALL=C

complain() {
    echo "completion: $*" >&2
    failures=$((failures + 1))
}

# What a shell offers after each LINE: "= LINE", then sorted words.
offered() {
    shell=$1
    shift
    case $shell in
    bash)
        bash -c '
            source tools/completion/pith.bash
            for line; do
                # as bash itself takes a line apart
                read -r -a COMP_WORDS <<< "${line//=/ = }"
                [[ $line == *[^\ =] ]] || [[ $line == *= ]] || COMP_WORDS+=("")
                COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                _pith pith 2>/dev/null
                echo "= $line"
                [ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}" | sort -u
            done' bash "$@" ;;
    zsh)
        zsh -f tests/completion.zsh "$scratch" "$@" ;;
    fish)
        HOME=$scratch fish --no-config -c '
            source tools/completion/pith.fish
            for line in $argv
                echo "= $line"
                # without meanings; a value without the option before it
                complete -C $line | string replace -r "\t.*" "" |
                    string replace -r "^--[a-z-]+=" "" | sort -u
            end' -- "$@" ;;
    esac
}

commands() {
    pith help | sed -n -E 's/^  ([a-z]+( [a-z]+)?)  .*/\1/p' | grep -v '^help$'
}

options() {
    pith help $1 | sed -n -E 's/^  (-., |    )(--[a-z-]+).*/\2/p' | sort -u
}

# Lines, and what is to be offered after them.
wanted() {
    want() {
        echo "= $1"
        shift
        printf '%s\n' "$@"
    }
    commands | while read -r command; do
        echo "= pith $command --"
        options "$command"
    done
    want "pith co" compress convert
    want "pith help co" compress convert
    want "pith eval " measure metrics prepare run score
    want "pith help eval m" measure metrics
    want "pith align req" requests
    want "pith compress --ra" --rank-method --rate
    want "pith compress --method " paper reference spans
    want "pith compress --method=" paper reference spans
    want "pith compress --method=r" reference
    want "pith compress --condition-in-question b" before before_condition
    want "pith compress --format " json text
    want "pith compress --context-filter " off on
    want "pith compress -c Makefi" Makefile
    want "pith compress -q Makefi" Makefile
    want "pith compress --request=Makefi" Makefile
    want "pith compress --rate=0.5 Makefi" Makefile
    want "pith align Makefi" Makefile
    echo "= pith compress --rate "
    echo "= pith nosuch "
    echo "= pith help compress "
}

wanted > "$scratch/want"
set --
while IFS= read -r line; do
    case $line in "= "*) set -- "$@" "${line#= }" ;; esac
done < "$scratch/want"
tried=
for shell in bash zsh fish; do
    if ! command -v $shell >/dev/null; then
        echo "SKIPPED: $shell is not here, its completion is untried" >&2
        continue
    fi
    tried="$tried $shell"
    offered $shell "$@" > "$scratch/got"
    diff -U 1 "$scratch/want" "$scratch/got" > "$scratch/diff" ||
        complain "$shell offers something else: $(head -n 30 "$scratch/diff")"
done

[ "$failures" -ne 0 ] ||
    echo "completion:$tried offer what the help shows, after $# lines"
exit "$failures"
