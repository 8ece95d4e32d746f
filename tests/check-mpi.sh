#!/bin/sh
# Runs `pith align` as 1, 2 and 4 processes over MPI on this machine, with the
# same records in each step: losses and gradient norms must agree, those of the
# first step within rounding (1e-5), later ones within what AdamW makes of it
# (a weight whose gradient is next to nothing moves by lr up or down as the
# rounding has it: 1e-3 of a loss, 1e-2 of a norm), one process alone must write the files, and a run of 2 must continue
# where a run of 1 was stopped.
# usage: check-mpi.sh --install | check-mpi.sh PROGRAM MODEL FOLDER
set -u
if [ "$1" = --install ]; then
    command -v mpicc >/dev/null && command -v mpirun >/dev/null && exit 0
    { apt-get update -q && apt-get install -y -q --no-install-recommends \
        libopenmpi-dev openmpi-bin; } >/dev/null 2>&1
    command -v mpicc >/dev/null && exit 0
    echo "check-mpi: mpicc is missing; install libopenmpi-dev" >&2
    exit 1
fi
program=$1 model=$2 folder=$3
failures=0
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

complain() {
    echo "check-mpi: $*" >&2
    failures=$((failures + 1))
}

rm -rf "$folder" && mkdir -p "$folder" || exit 1
i=0
while [ $i -lt 24 ]; do
    echo "{\"prompt\": \"$i and $i are\", \"completion\": \" $((i + i)), of course.\"}"
    i=$((i + 1))
done > "$folder/data.jsonl"

# align PROCESSES OUTPUT [OPTION]...
align() {
    n=$1 output=$2
    shift 2
    mpirun -n "$n" --oversubscribe --bind-to none "$program" align -m "$model" \
        --template plain -b 7 --batch-tokens 64 --lr 1e-5 --steps 4 \
        --validate-every 2 --save-every 2 --validation-share 0.2 -t 1 -q \
        -o "$folder/$output" "$@" "$folder/data.jsonl"
}

# "step loss" and "step gradient_norm" of every step, and validation losses.
numbers() {
    sed -n -E \
        -e 's/^\{"step":([0-9]+).*"loss":([^,]*),.*"gradient_norm":([^,]*),.*/\1 loss \2\n\1 norm \3/p' \
        -e 's/^\{"step":([0-9]+),"validation_loss":([^,]*),.*/\1 held \2/p' \
        "$folder/$1.jsonl"
}

agree() {
    numbers "$1" > "$folder/one" && numbers "$2" > "$folder/other"
    [ "$(wc -l < "$folder/one")" -eq 11 ] || complain "$1 has no complete log"
    paste -d' ' "$folder/one" "$folder/other" | awk '
        { off = $3 - $6; if (off < 0) off = -off }
        { near = $1 < 2 ? 1e-5 : $2 == "norm" ? 1e-2 : 1e-3 }
        $1 != $4 || $2 != $5 || off > near * $3 { bad = 1; print }
        END { exit bad }' >&2 || complain "$1 and $2 disagree"
}

align 1 one || complain "1 process: status $?"
for n in 2 4; do
    align $n "$n" || complain "$n processes: status $?"
    agree one "$n"
    "$program" info --verify "$folder/$n" >/dev/null || complain "$n: no model"
done

# A state is that of the run, however many processes wrote it.
align 2 one --resume || complain "resuming with 2 processes: status $?"
left=$(ls "$folder" | grep -c tmp-)
[ "$left" -eq 0 ] || complain "$left temporary files are left"

# What fails in one process ends all of them.
timeout 60 mpirun -n 2 --oversubscribe "$program" align -m "$model" -q \
    -o /no/such/folder/x "$folder/data.jsonl" >/dev/null 2>&1
[ $? -ne 0 ] && [ $? -ne 124 ] || complain "a failure does not end the run"

[ "$failures" -eq 0 ] && echo "check-mpi: 1, 2 and 4 processes agree"
exit "$failures"
