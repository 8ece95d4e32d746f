#!/bin/sh
# Opens reports of `pith compress --report` in headless Chromium, driven by
# Selenium: Debian's packages chromium and chromium-driver (installed when they
# are missing) and PyPI's selenium in a virtual environment of its own.
# Skips, loudly, where these cannot be had.
# usage: check-report.sh PROGRAM MODEL FOLDER SHARED
set -u
program=$1 model=$2 folder=$3 shared=$4
client=selenium==4.51.0

skip() {
    echo "SKIPPED: $*" >&2
    exit 0
}

has_browser() {
    command -v chromium >/dev/null && command -v chromedriver >/dev/null
}

mkdir -p "$folder" || exit 1
if ! has_browser && command -v apt-get >/dev/null; then
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    packages="chromium chromium-driver"
    { $as_root apt-get install -y -q --no-install-recommends $packages ||
      { $as_root apt-get update -q && $as_root apt-get install -y -q \
            --no-install-recommends $packages; }; } >"$folder/log" 2>&1
fi
has_browser || skip "chromium and chromedriver could not be had"
if ! "$folder/python/bin/python" -c 'import selenium' 2>/dev/null; then
    { python3 -m venv "$folder/python" &&
      "$folder/python/bin/pip" install -q --disable-pip-version-check \
          "$client"; } >"$folder/log" 2>&1 || {
        tail -n 3 "$folder/log" >&2
        skip "$client could not be had from PyPI"
    }
fi
exec timeout 300 "$folder/python/bin/python" tests/report_page.py \
    "$program" "$model" "$folder" "$shared"
