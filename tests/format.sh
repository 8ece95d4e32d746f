#!/bin/sh
# Spaces are those of .clang-format; line breaks are the author's, so both
# sides are compared with all of them taken out.  Needs clang-format 16 or
# later: as $CLANG_FORMAT, clang-format, or the package of PyPI.
set -u
tool=
for name in ${CLANG_FORMAT:-} clang-format clang-format-19 clang-format-16; do
    echo 'int a;' | "$name" --style=file >/dev/null 2>&1 && tool=$name && break
done
if [ -z "$tool" ]; then
    echo "format: SKIPPED, there is no clang-format 16 or later here" >&2
    exit 0
fi

squeeze() {
    tr '\n' ' ' | sed 's/ \\ / /g; s/"  *"/""/g; s/[ \t][ \t]*/ /g
        s/\([([{]\) /\1/g; s/ \([])}]\)/\1/g; s/ ->/->/g; s/ (\*)/(*)/g'
}

failures=0 left=$(mktemp) right=$(mktemp) || exit 1
for file in $(find include src tools tests -name '*.[ch]' ! -name '*_tables.c'); do
    squeeze <"$file" >"$left"
    "$tool" --style=file "$file" | squeeze >"$right"
    cmp -s "$left" "$right" && continue
    failures=$((failures + 1))
    echo "format: $file: spaces are not those of .clang-format, first at:" >&2
    at=$(cmp "$left" "$right" | sed 's/[^,]* \([0-9]*\),.*/\1/')
    tail -c +"$((at > 30 ? at - 30 : 1))" "$left" | head -c 70 >&2
    echo >&2
done
rm -f "$left" "$right"
[ "$failures" -eq 0 ] && echo "format: spaces are those of .clang-format"
exit "$((failures > 0))"
