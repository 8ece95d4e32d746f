#!/bin/sh
# Tries `pith serve --mcp` with the official Python client, and holds its
# messages to the specification's schemas.  Both come from PyPI into a virtual
# environment of their own.  Skips, loudly, where they cannot be had.
# usage: check-mcp.sh PROGRAM MODEL ENVIRONMENT
set -u
program=$1 model=$2 environment=$3
client=mcp==2.3.0

if ! "$environment/bin/python" -c 'import mcp' 2>/dev/null; then
    if ! { python3 -m venv "$environment" &&
           "$environment/bin/pip" install -q --disable-pip-version-check \
               "$client"; } >"$environment.log" 2>&1; then
        tail -n 3 "$environment.log" >&2
        echo "SKIPPED: $client could not be had from PyPI" >&2
        exit 0
    fi
fi
for test in tests/mcp_client.py tests/mcp_schema.py; do
    timeout 300 "$environment/bin/python" $test "$program" "$model" || exit 1
done
