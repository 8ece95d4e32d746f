#!/bin/sh
# Builds a program of docs/tutorial by the compiler line at its top, with $CC
# for its cc.
# usage, in the root of the repository: build-tutorial.sh NAME OUTPUT [SOURCE]
# SOURCE takes the place of docs/tutorial/NAME.c in that line.
set -eu
source=docs/tutorial/$1.c
line=$(sed -n '/^ [*]  *cc /{
:more
/\\$/{
N
s/ *\\\n [*] */ /
b more
}
s/^ [*] *//p
q
}' "$source")
line=$(printf '%s\n' "$line" | sed -e "s|^cc|${CC:-cc}|" -e "s|-o $1|-o '$2'|" \
    -e "s|$source|'${3:-$source}'|")
eval "$line"
