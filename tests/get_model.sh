#!/bin/sh
# tools/get-model with a folder in place of the hub, and a curl that states the
# checksums that the hub would.
# usage: get_model.sh PROGRAM
set -u
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
failures=0

if ! command -v curl >/dev/null || ! command -v sha256sum >/dev/null; then
    echo "SKIPPED: tools/get-model is untried without curl and sha256sum" >&2
    exit 0
fi
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
hub=$scratch/hub
export PITH="$program" PITH_CACHE="$scratch/cache" HF_ENDPOINT="file://$hub"
mkdir "$scratch/bin"
cat >"$scratch/bin/curl" <<'END'
#!/bin/sh
"$CURL" "$@" || exit
for last; do :; done
case " $* $last" in
*" -I "*.safetensors)
    set -- "$(sha256sum "${last#file://}" | cut -d' ' -f1)"
    printf 'X-Linked-Etag: "%s"\r\n' "${STATED:-$1}" >>"$HEADERS" ;;
esac
END
chmod +x "$scratch/bin/curl"
CURL=$(command -v curl) PATH=$scratch/bin:$PATH
export CURL PATH

# publish REPOSITORY GOLDEN: what the hub has.
publish() {
    mkdir -p "$hub/$1/resolve/main"
    cp "tests/goldens/reference/$2"/[!g]* "$hub/$1/resolve/main"
}

# expect STATUS WORDS ARGUMENT...: what get-model answers.
expect() {
    status=$1 words=$2
    shift 2
    HEADERS=$PITH_CACHE/$(echo "${1:-}" | tr / -)/headers \
        sh tools/get-model "$@" >"$scratch/said" 2>&1
    got=$?
    if [ $got -ne "$status" ] || ! grep -qF -- "$words" "$scratch/said"; then
        echo "get_model: get-model $*: status $got, wanted $status with" \
            "\"$words\":" >&2
        cat "$scratch/said" >&2
        failures=$((failures + 1))
    fi
}

publish Qwen/Qwen3-0.6B llama3
publish NousResearch/Llama-2-7b-hf llama2
publish some-one/Qwen2_5.x gpt2
main=$hub/some-one/Qwen2_5.x/resolve/main
mv "$main/model.safetensors" "$main/model-00001-of-00001.safetensors"
echo '{"weight_map": {"a": "model-00001-of-00001.safetensors",
"b": "model-00001-of-00001.safetensors"}}' >"$main/model.safetensors.index.json"

expect 1 "usage"
expect 1 "usage" gpt2 gpt2-medium
expect 1 "is not an option" --help
expect 1 '"gpt5" is not known' gpt5
for name in a/b/c /a a/ ../x a/.. 'a b' 'gpt2;' "$(printf 'gpt2\n')x y" ''; do
    expect 1 "is not " "$name"
done
expect 0 "smollm3-3b" --list
[ "$(sh tools/get-model --list | sort | uniq -d)" = "" ] ||
    expect 0 "names twice" --list
expect 0 "$PITH_CACHE/qwen3-0.6b.pith" qwen3-0.6b
expect 0 "$PITH_CACHE/llama-2-7b.pith" llama-2-7b
expect 0 "$PITH_CACHE/some-one-Qwen2_5.x.pith" some-one/Qwen2_5.x
expect 1 "no config.json" qwen3-4b
rm -r "$hub/Qwen" # what is there is not fetched again
expect 0 "$PITH_CACHE/qwen3-0.6b.pith" qwen3-0.6b
rm "$PITH_CACHE"/*.pith
expect 0 "$PITH_CACHE/qwen3-0.6b.pith" qwen3-0.6b

# Another file than the one whose checksum is stated.
publish Qwen/Qwen3-1.7B llama3
STATED=$(printf '%064d' 7)
export STATED
expect 1 "SHA-256 is not 0000" qwen3-1.7b
[ ! -e "$PITH_CACHE/qwen3-1.7b.pith" ] || expect 1 "converted" qwen3-1.7b
PITH=$scratch/none
expect 1 "run make first" qwen3-1.7b

[ $failures -eq 0 ]
