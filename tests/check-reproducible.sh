#!/bin/sh
# Builds the files of this checkout twice, in folders of other names and under
# other settings (time zone, language, umask, number of jobs): program and
# libraries must be the same bytes.  Says their checksums.
# usage: check-reproducible.sh FOLDER
set -eu
folder=${1:?usage: check-reproducible.sh FOLDER}
rm -rf "$folder"
mkdir -p "$folder/one" "$folder/a longer name/two"
folder=$(cd "$folder" && pwd)
built="build/pith build/libpith.a build/libpith.so"

copy() { # TO: what git tracks, as it is now
    { git ls-files 2>/dev/null || find . -name build -prune -o -type f -print; } |
        tar -cf - -T - | tar -C "$1" -xf -
}
build() ( # FOLDER SETTING...
    cd "$1"
    shift
    unset MAKEFLAGS MAKELEVEL
    env "$@" make -s -j"${JOBS:-2}" ${CC:+CC="$CC"} all shared >/dev/null
)
copy "$folder/one"
copy "$folder/a longer name/two"
build "$folder/one" LC_ALL=C TZ=UTC
umask 077
build "$folder/a longer name/two" LC_ALL=C.UTF-8 TZ=Pacific/Auckland JOBS=1

for file in $built; do
    cmp "$folder/one/$file" "$folder/a longer name/two/$file"
    (cd "$folder/one" && sha256sum "$file")
done
echo "reproducible: two builds in two folders are the same bytes"
