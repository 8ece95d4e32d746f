#!/bin/sh
# The manual page knows every command and option that the program's help shows,
# with its letter and value, and no other.
# usage: manual.sh PROGRAM
set -u
program=${1:?usage: manual.sh PROGRAM}
page=docs/pith.1
failures=0

complain() {
    echo "manual: $*" >&2
    failures=$((failures + 1))
}

commands() {
    "$program" help | sed -n -E 's/^  ([a-z]+( [a-z]+)?)  .*/\1/p' |
        grep -v '^help$'
}

# "-r, --rate R" for each option of a command, from its help.
helped() {
    "$program" help $1 | sed -n -E \
        -e 's/^  (-., )?(    )?(--[a-z-]+)( ([^ ]*\|[^ ]*|[A-Z][A-Z,]*))?( .*)?$/\1\3\4/p' |
        grep -v -- '--help' | sort
}

# The same from the page: tags, the lines after .TP, of a subsection.
tags() {
    awk -v title="$1" '
        /^\.S[SH] / { inside = ($0 == ".SS " title) }
        inside && tag { print; tag = 0 }
        inside && $0 == ".TP" { tag = 1 }' "$page" |
        sed -e 's/\\f.//g' -e 's/\\-/-/g' | sort
}

# Those of the command and, of those that commands share, those that it has.
documented() {
    { tags "pith $1"
      shared | grep -F -x -f "$scratch/help"; } | sort -u
}

shared() {
    tags "Compression options"
    tags "Common options"
}

# "name<tab>default" of the options whose help ends in one word in brackets.
defaults() {
    "$program" help $1 | awk '
        function flush() {
            gsub(/ +/, " ", text)
            if (match(text, /\([A-Za-z0-9.+*,_-]+\) ?$/))
                print name "\t" substr(text, RSTART + 1, RLENGTH - 2 - (text ~ / $/))
            text = ""
        }
        /^  (-., |    )--/ { flush(); sub(/^ +(-., )?--/, ""); name = $1 }
        /^[^ ]|^$/ { flush() }
        { text = text " " $0 }
        END { flush() }' | grep -v '^help'
}

# "name<tab>words of its description" of a subsection of the page.
described() {
    sed -e 's/\\f.//g' -e 's/\\-/-/g' -e 's/"//g' "$page" | awk -v title="$1" '
        /^\.S[SH] / { inside = ($0 == ".SS " title); next }
        inside && $0 == ".TP" {
            getline
            match($0, /--[a-z-]+/)
            printf "\n%s\t", substr($0, RSTART + 2, RLENGTH - 2)
            next
        }
        inside { printf " %s", $0 }
        END { print "" }'
}

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

commands > "$scratch/commands"
while read -r command; do
    helped "$command" > "$scratch/help"
    [ -s "$scratch/help" ] || complain "no options in the help of $command"
    documented "$command" > "$scratch/page"
    diff "$scratch/help" "$scratch/page" > "$scratch/diff" || {
        complain "$page and pith help $command differ (<: help, >: page)"
        grep '^[<>]' "$scratch/diff" >&2
    }
    { described "pith $command"; described "Compression options"
      described "Common options"; } > "$scratch/described"
    defaults "$command" | while IFS="$(printf '\t')" read -r name value; do
        awk -F '\t' -v name="$name" '$1 == name { print $2; exit }' \
            "$scratch/described" | grep -q -F -e "$value" ||
            echo "--$name: $value"
    done > "$scratch/missing"
    [ ! -s "$scratch/missing" ] ||
        complain "$page lacks defaults of pith help $command: $(cat "$scratch/missing")"
done < "$scratch/commands"

# Nothing is left over, and the version is this one.
while read -r command; do
    helped "$command"
done < "$scratch/commands" > "$scratch/all"
old=$(shared | grep -v -F -x -f "$scratch/all")
[ -z "$old" ] || complain "shared options that no command has: $old"
grep -q "^\.TH PITH 1 .*\"$("$program" --version)\"" "$page" ||
    complain "$page is not of $("$program" --version)"
while read -r command; do
    grep -q "^.fBpith $command[ \\]" "$page" || complain "the synopsis lacks $command"
done < "$scratch/commands"

# The tables of options are those of the program.
sh tools/gen-options "$program" --check || complain "tables of options are old"

# The page itself is free of mistakes.
if command -v mandoc >/dev/null; then
    mandoc -T lint -W warning "$page" >&2 || complain "mandoc complains"
fi
if command -v groff >/dev/null; then
    said=$(groff -man -ww -Tutf8 -z "$page" 2>&1)
    [ -z "$said" ] || complain "groff complains: $said"
fi

if [ "$failures" -eq 0 ]; then
    echo "manual: the page agrees with the help"
fi
exit "$failures"
