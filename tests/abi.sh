#!/bin/sh
# Programs linked with the library of the last tag run with this one: functions
# and types of the headers change only as "How structs grow" of pith.h allows.
# A library of another soname is another library.
# usage: abi.sh [REVISION]
set -u
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

skip() {
    echo "SKIPPED: $*; the ABI is not compared" >&2
    exit 0
}

tag=${1:-$(git tag --list 'v*' --merged HEAD --sort=-version:refname | head -1)}
[ -n "$tag" ] || skip "there is no tag yet"
command -v abidiff >/dev/null ||
    skip "abidiff is not here (Debian: abigail-tools)"

soname() {
    sed -n 's/^SONAME := //p' "$1/Makefile"
}

# build FOLDER: its libpith.so, with what debuggers know of types.
build() {
    (cd "$1" && ${CC:-cc} -g -std=c11 -fPIC -fvisibility=hidden -shared \
        -Iinclude $(find src -name '*.c') -pthread -lm -o libpith.so)
}

mkdir "$scratch/before" "$scratch/now"
git archive "$tag" Makefile include src | tar x -C "$scratch/before" || exit 1
tar c Makefile include src | tar x -C "$scratch/now"
[ "$(soname "$scratch/before")" = "$(soname "$scratch/now")" ] ||
    skip "the soname of $tag is another one"
build "$scratch/before" && build "$scratch/now" || exit 1

cat > "$scratch/growth" <<'END'
[suppress_type]
type_kind = struct
name_regexp = ^pith_([a-z_]*_options|model_info|tensor_info|result)$
has_data_member_inserted_at = end
END
abidiff --no-added-syms --suppressions "$scratch/growth" \
    --headers-dir1 "$scratch/before/include" \
    --headers-dir2 "$scratch/now/include" \
    "$scratch/before/libpith.so" "$scratch/now/libpith.so" ||
    { echo "abi: not that of $tag; see above" >&2; exit 1; }
echo "abi: that of $tag, or more"
