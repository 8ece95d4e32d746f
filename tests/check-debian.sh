#!/bin/sh
# Builds the Debian source package and its binary packages from what `make
# dist` packs, asks lintian about them, unpacks them into a folder and uses
# them there: the program finds its model without a flag, the library links.
# Skips, loudly, where the tools of Debian are not there.
# usage: check-debian.sh FOLDER
set -eu
folder=${1:?usage: check-debian.sh FOLDER}
for tool in dpkg-buildpackage dh lintian xz; do
    command -v $tool >/dev/null || {
        echo "SKIPPED: the Debian packages: $tool is not here" \
             "(apt-get install dpkg-dev debhelper lintian xz-utils)" >&2
        exit 0
    }
done
git rev-parse -q --verify HEAD >/dev/null || {
    echo "SKIPPED: the Debian packages: make dist needs a git checkout" >&2
    exit 0
}

fail() {
    echo "debian: $*" >&2
    exit 1
}

rm -rf "$folder"
mkdir -p "$folder/root"
folder=$(cd "$folder" && pwd)
version=$(sed -n 's/^#define PITH_VERSION "\(.*\)"/\1/p' include/pith.h)
grep -q "^pith ($version-" debian/changelog ||
    fail "debian/changelog does not begin with version $version"

make -s dist
cp "build/pith-$version.tar.xz" "$folder/pith_$version.orig.tar.xz"
tar -C "$folder" -xf "$folder/pith_$version.orig.tar.xz"
# Compiled the quick way: what is tried here are the packages, not the code.
(cd "$folder/pith-$version" && DEB_CFLAGS_STRIP=-g \
     DEB_BUILD_OPTIONS="parallel=2 noautodbgsym noopt" \
     dpkg-buildpackage -us -uc) \
    > "$folder/log" 2>&1 || { tail -n 30 "$folder/log" >&2; fail "no packages"; }
make -s dist
cmp "build/pith-$version.tar.xz" "$folder/pith_$version.orig.tar.xz" ||
    fail "make dist made other bytes the second time"
# Functions that have gone fail the build.
new=$(sed -n 's/^+ \(pith_[a-z_0-9]*\)@Base.*/\1/p' "$folder/log")
[ -z "$new" ] || fail "debian/libpith0.symbols lacks" $new

# Nobody has asked Debian for this package, so no bug of theirs is closed. What
# an override is for stands above it, in debian/source.
lintian --fail-on error,warning --allow-root --tag-display-limit 0 \
    --suppress-tags initial-upload-closes-no-bugs "$folder"/*.changes ||
    fail "lintian complains"

for package in "$folder"/*.deb; do
    dpkg-deb -x "$package" "$folder/root"
    printf 'debian: %s, %d KB\n' "$(basename "$package")" \
        $(($(stat -c %s "$package") / 1000))
done
root=$folder/root
lib=$(dirname "$(find "$root/usr/lib" -name libpith.a)")
printf 'A meeting was held on 12 May, and 3 of the members said no.\n' > "$folder/prompt"
cd "$folder" # where there is no weights/default.pith
short=$(PITH_MODEL='' "$root/usr/bin/pith" compress -q -r 0.5 prompt)
[ -n "$short" ] || fail "pith compress wrote nothing"
hardened=$(readelf -Wld "$root/usr/bin/pith" "$lib/libpith.so.0")
for feature in GNU_RELRO BIND_NOW; do
    [ "$(echo "$hardened" | grep -c $feature)" -ge 2 ] || fail "without $feature"
done

# A program made with the development package writes the same.
flags=$(PKG_CONFIG_SYSROOT_DIR="$root" PKG_CONFIG_LIBDIR="$lib/pkgconfig" \
            pkg-config --cflags --libs pith)
example=$(find "$root/usr/share/doc/libpith-dev/examples" -name 'compress.c*' |
          grep 'c\(\.gz\)\?$')
case $example in *.gz) gunzip -c "$example" ;; *) cat "$example" ;; esac > example.c
${CC:-cc} -o example example.c $flags
made=$(LD_LIBRARY_PATH="$lib" ./example "$root/usr/share/pith/default.pith" \
           0.5 prompt 2>/dev/null)
[ "$made" = "$short" ] || fail "the example wrote \"$made\", the program \"$short\""
echo "debian: version $version installed: \"$short\""
