#!/bin/sh
# Compares `pith eval metrics` with sacrebleu and rouge-score, which come from
# PyPI into a virtual environment.  Skips, loudly, where they cannot be had.
# usage: check-metrics.sh PROGRAM ENVIRONMENT
set -u
program=$1 environment=$2

if ! "$environment/bin/python" -c 'import sacrebleu, rouge_score' \
        2>/dev/null; then
    if ! { python3 -m venv "$environment" &&
           "$environment/bin/pip" install -q --disable-pip-version-check \
               sacrebleu==2.6.0 rouge-score==0.1.2; } \
            >"$environment.log" 2>&1; then
        tail -n 3 "$environment.log" >&2
        echo "SKIPPED: sacrebleu and rouge-score could not be had from PyPI" >&2
        exit 0
    fi
fi
exec timeout 300 "$environment/bin/python" tests/metrics.py "$program"
