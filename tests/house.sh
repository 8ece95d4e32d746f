#!/bin/sh
# The rules of the house that a compiler does not check:
#   - dependency order: model file -> tokens -> losses -> prompt -> method ->
#     text (the table below)
#   - tools and examples include no header of the library but those of include/
#   - what computes with floats includes base/exact.h
#   - memory comes from base/memory.h, which asks the program's allocator
#   - every global symbol of the library starts with pith_
#   - the public headers compile alone, as C and as C++
#   - docs/ALGORITHM.md names files, functions and tests that exist
#   - texts have none of the phrases below, which a native reader stumbles over
# usage: house.sh LIBRARY.a
set -u
library=${1:?usage: house.sh LIBRARY.a}
failures=0

complain() {
    echo "house: $*" >&2
    failures=$((failures + 1))
}

# What each room of src/ may include besides itself and the rooms inside it.
allowed() {
    case $1 in
    base) ;;
    kernels) echo base ;;
    text) echo base ;;
    json) echo base text ;;
    gradients) echo base kernels ;;
    model) echo base kernels text ;;
    convert) echo base kernels text json model ;;
    prompt) echo base text model ;;
    paper | reference) echo base text json model prompt ;;
    layout) echo base text json prompt ;;
    spans) echo base text json model prompt paper layout ;;
    compress) echo base text json model prompt paper spans reference ;;
    align) echo base kernels gradients text json model ;;
    report) echo base text model prompt json service ;;
    messages) echo base text json model prompt layout ;;
    eval) echo base text json model prompt reference report ;;
    service) echo base text json model prompt reference report messages ;;
    *) echo "unknown" ;;
    esac
}

# Rooms are the folders of src/; "../../base/x.h" of a file in kernels/x86 is
# resolved from where the file is.
for area in src/*/; do
    area=$(basename "$area")
    for used in $(find "src/$area" -name '*.[ch]' -exec sed -n \
                  's|^#include "\(\.\./\)\{1,2\}\([a-z]*\)/.*|\2|p' {} + |
                  sort -u); do
        case " $area $(allowed "$area") " in
        *" $used "*) ;;
        *) complain "src/$area must not include src/$used" ;;
        esac
    done
done

# The members of a model and of a session are src/model's own.
for file in $(grep -rlE '/state\.h"|\<(model|session)(\([a-z]*\))?->' src |
              grep -v '^src/model/'); do
    complain "$file looks into a model or a session; use model.h, session.h"
done

# docs/ALGORITHM.md names, row by row, files of src and tests and what is in
# them: "prompt/keep.c: `pith_keep_apply`", "parts: `strip_...`".
map=docs/ALGORITHM.md listed=$(mktemp) || exit 1
awk '/^\|/ {
    for (file = ""; match($0, /[a-z_0-9.\/]+\.c|parts:|`[^`]+`|\|/);
         $0 = substr($0, RSTART + RLENGTH)) {
        word = substr($0, RSTART, RLENGTH)
        if (word == "|") file = ""
        else if (word == "parts:") file = "test_reference_parts.c"
        else if (word ~ /\.c$/) { file = word; print file, "." }
        else if (file != "") print file, substr(word, 2, length(word) - 2)
    }
}' "$map" | sort -u > "$listed"
while read -r file name; do
    case $file in
    test_*) path=tests/$file ;;
    *) path=src/$file ;;
    esac
    if [ ! -f "$path" ]; then
        complain "$map names $path, which is not there"
    elif ! grep -q -w -e "$(echo "$name" | sed 's/\.\.\./.*/g')" "$path"; then
        complain "$map names $name of $path, which has no such thing"
    fi
done < "$listed"
rm -f "$listed"

# strtod() and printf() read and write the decimal point of the locale.
if grep -n -E '(strto[fd]|atof|vsnprintf)\(' $(find src -name '*.c' ! -path src/base/decimal.c \
        ! -path src/base/print.c ! -path src/json/json_write.c ! -path src/reference/python/str.c) >&2; then
    complain "numbers are read by base/decimal.h and written by base/print.h"
fi

if grep -nE '(^|[^_>.[:alnum:]])(malloc|calloc|realloc|free|strdup|aligned_alloc)\(' \
        $(find src -name '*.c' ! -path src/base/memory.c) >&2; then
    complain "memory is allocated and freed by base/memory.h"
fi

if grep -n '#include "\.\./src\|#include "src/' tools/*.[ch] \
        docs/examples/*.c docs/tutorial/*.c >&2; then
    complain "tools and examples use the public header only"
fi

# Files of other CPUs compile to nothing here and include nothing.
inexact=$(${CC:-cc} -Iinclude -MM $(grep -lwE 'float|double' \
              $(find src -name '*.c')) |
          awk '/^[^ ]/ { if (headers && !exact) print file
                         file = $2; headers = exact = 0 }
               /\.h/ { headers = 1 }
               /base\/exact\.h/ { exact = 1 }
               END { if (headers && !exact) print file }')
if [ -n "$inexact" ]; then
    complain "floats without base/exact.h:" $inexact
fi

foreign=$(nm -g --defined-only "$library" 2>/dev/null |
          awk 'NF == 3 && $3 !~ /^_?pith_/ && $3 !~ /^(__|_ZG|\.)/ {print $3}')
if [ -n "$foreign" ]; then
    complain "symbols without the pith_ prefix:" $foreign
fi

# tcc 0.9.27 keeps one byte of them: " \\u0300" is a string that ends there.
grep -rnE '^[^*]*"([^"\\]|\\[^u])*\\u[0-9A-Fa-f]{4}' --include='*.[ch]' src tools >&2 &&
    complain "write these characters as UTF-8, or its bytes as \\314\\201"

for header in include/*.h; do
    for language in c c++; do
        printf '#include "%s"\n' "$(basename "$header")" |
            ${CC:-cc} -Wall -Wextra -Werror -Iinclude -fsyntax-only \
                -x $language - 2>/dev/null ||
            complain "$header does not compile alone as $language"
    done
done

# Say after, before, is, comes, restores, "is not a ...", "its own ...", "up to
# 16 MiB long", "cannot be combined", "start over", "exists already" instead.
phrases='behind (it|them|that|the|what|a|an|all|every|step|nothing|each)|
in front (of|or)|
(stands?|lies?) (before|after|between|beside|behind|in front|side by side)|
(is|are) no (number|file|folder|model|option|piece|word|field|name|such|use)|
had better|no one hears|is said to have|are not become|where there is it|
may have [0-9]+ (bytes|KiB|MiB|GiB|lines)|of so (many|much)|brings? along|
starts? anew|exclude each other|is there (already|twice)|supported is|
goes? on (with|after|at|where|from|to next)|
an? [a-z-]+ of its own'
allowed='^docs/evaluation|behind them on MuSiQue|there (is|are) no'
if grep -rnE --include='*.[ch]' --include='*.md' --include='*.1' \
        "(^|[^[:alnum:]])($(echo "$phrases" | tr -d '\n'))([^[:alnum:]]|\$)" \
        README.md CONTRIBUTING.md include src tools docs tests |
        grep -vE "$allowed" >&2; then
    complain "write these lines in plainer English"
fi

if [ "$failures" -eq 0 ]; then
    echo "house: layers, tools, symbols, public headers and map are in order"
fi
exit "$failures"
