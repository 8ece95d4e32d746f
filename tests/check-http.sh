#!/bin/sh
# Tries `pith serve --http` over sockets (tests/http_server.py).  A program made
# without HTTP must say how to make one that has it; the rest is then skipped.
# usage: check-http.sh --install | check-http.sh PROGRAM MODEL FOLDER [CHECK]...
set -u
if [ "$1" = --install ]; then
    has_library() {
        echo '#include <microhttpd.h>' | ${CC:-cc} -fsyntax-only -x c - 2>/dev/null
    }
    has_library || { apt-get update -q && apt-get install -y -q \
        --no-install-recommends libmicrohttpd-dev; } >/dev/null 2>&1
    has_library && exit 0
    echo "SKIPPED: libmicrohttpd-dev is missing and cannot be installed" >&2
    exit 1
fi
program=$1 model=$2 folder=$3
shift 3
said=$("$program" serve --http nowhere -m "$model" 2>&1)
case $said in
*"make HTTP=1"*)
    echo "SKIPPED: $program was made without HTTP" >&2
    exit 0 ;;
*"expected ADDRESS:PORT"*) ;;
*)
    echo "check-http: serve --http says: $said" >&2
    exit 1 ;;
esac
if ! command -v python3 >/dev/null; then
    echo "SKIPPED: python3 is missing" >&2
    exit 0
fi
rm -rf "$folder" && mkdir -p "$folder" || exit 1
exec timeout 300 python3 tests/http_server.py "$program" "$model" "$folder" "$@"
