#!/bin/sh
# The shared library exports the functions that the headers declare with
# PITH_API and nothing else, has a soname, and its versions agree.
# usage: symbols.sh LIBRARY.so
set -u
library=${1:?usage: symbols.sh LIBRARY.so}
failures=0
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

complain() {
    echo "symbols: $*" >&2
    failures=$((failures + 1))
}

cat include/*.h | awk '
    /^PITH_API$/ { declared = 1; next }
    declared && match($0, /pith_[a-z0-9_]*\(/) {
        print substr($0, RSTART, RLENGTH - 1); declared = 0
    }' | sort > "$scratch/public"
nm -D --defined-only "$library" | awk '{ print $3 }' | sort > "$scratch/exported"
diff "$scratch/public" "$scratch/exported" >&2 ||
    complain "< declared in include/, > exported"
# What is declared without PITH_API would not be exported.
${CC:-cc} -Iinclude -E -P -DPITH_API=@API@ -include pith_align.h \
    -include pith_eval.h -include pith_files.h -include pith_messages.h \
    -include pith_service.h -x c /dev/null |
    tr '\n' ' ' | sed 's/;/;\n/g' |
    grep -o '[^;{}]*\bpith_[a-z0-9_]*([^;{}]*);' | grep -v '@API@' |
    grep -v '(\*' | grep . >&2 && complain "declared without PITH_API"

soname=$(readelf -d "$library" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
[ "$soname" = libpith.so.0 ] || complain "soname is $soname"

text=$(sed -n 's/^#define PITH_VERSION "\(.*\)"/\1/p' include/pith.h)
cat > "$scratch/version.c" <<'C'
#include <stdio.h>
#include "pith.h"
int main(void)
{
    printf("%d.%d.%d %d\n", PITH_VERSION_MAJOR, PITH_VERSION_MINOR,
           PITH_VERSION_PATCH, pith_version() == PITH_VERSION_NUMBER);
    return 0;
}
C
${CC:-cc} -Iinclude "$scratch/version.c" "$library" -o "$scratch/version" &&
    ln -s "$(cd "$(dirname "$library")" && pwd)/$(basename "$library")" \
        "$scratch/$soname" &&
    found=$(LD_LIBRARY_PATH=$scratch "$scratch/version")
[ "${found:-}" = "$text 1" ] ||
    complain "PITH_VERSION is $text, its numbers are ${found:-unknown}"
grep -q "\"pith $text\"" docs/pith.1 || complain "docs/pith.1 is not of $text"
grep -q "^version: $text" CITATION.cff || complain "CITATION.cff is not of $text"
grep -q "$text" CHANGELOG.md || complain "CHANGELOG.md has no $text"

[ "$failures" -eq 0 ] && echo "symbols: $(wc -l < "$scratch/public")" \
    "public functions, all exported, nothing else; $text, $soname"
exit "$failures"
