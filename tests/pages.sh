#!/bin/sh
# What the pages show is what the program does: command lines are accepted,
# samples print what is below them, the README's extract is the demo's.
# "..." in a sample stands for anything.
# usage: pages.sh PROGRAM
set -u
program=$(cd "$(dirname "${1:?usage: pages.sh PROGRAM}")" && pwd)/$(basename "$1")
root=$PWD
failures=0

complain() {
    echo "pages: $*" >&2
    failures=$((failures + 1))
}

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin" "$scratch/work"
# Other precisions may round a decision differently on another machine.
cat > "$scratch/bin/pith" <<END
#!/bin/sh
command=\$1
shift
case \$command in
compress | score | serve) set -- --precision f32 "\$@" ;;
esac
exec "$program" "\$command" "\$@"
END
chmod +x "$scratch/bin/pith"
export PATH="$scratch/bin:$PATH" PITH_MODEL="${PITH_MODEL:-$root/weights/default.pith}"

# --- command lines: `pith ... --help` reads all that is before it ---------

for page in README.md docs/*.md docs/tutorial/*.md; do
    awk '/\\$/ { sub(/\\$/, ""); line = line $0; next }
         { print line $0; line = "" }' "$page" |
        sed -n -E 's/^(    |\$ )(pith [a-z].*)$/\2/p' |
        sed -E -e 's/ +#.*//' -e 's/ +[|<>].*//' -e 's/ \[--.*//' > "$scratch/lines"
    while read -r line; do
        case $line in
        *...*) continue ;; # something is left out
        esac
        (cd "$scratch/work" && set +u && eval "$line --help") > "$scratch/out" 2>&1 ||
            complain "$page: $line: $(tail -1 "$scratch/out")"
    done < "$scratch/lines"
done

# --- samples: "$ command", its lines up to END where it has <<END, the output --

# Each line of one file is that of the other, a pattern with "...".
same() {
    sed -e 's/[][*?\\]/\\&/g' -e 's/\.\.\./*/g' "$1" > "$scratch/patterns"
    exec 3< "$scratch/patterns" 4< "$2"
    while IFS= read -r pattern <&3; do
        IFS= read -r line <&4 || line='(no line)'
        case $line in
        $pattern) ;;
        *)
            echo "expected: $pattern"
            echo "printed:  $line"
            return 1
            ;;
        esac
    done
    ! IFS= read -r line <&4 || { echo "printed too: $line"; return 1; }
}

for page in README.md docs/SERVE.md docs/REQUESTS.md; do
    rm -f "$scratch"/sample.*
    awk -v base="$scratch/sample" '
        /^```/ { inside = !inside; shown = here = 0; next }
        !inside { next }
        /^\$ / { n++; sub(/^\$ /, ""); shown = command = 1 }
        !shown { next }
        command {
            print > (base "." n ".sh")
            if ($0 ~ /<<.?END/) here = 1
            else if (here ? $0 == "END" : $0 !~ /\\$/) { command = here = 0 }
            next
        }
        { print > (base "." n ".out") }' "$page"
    for sample in "$scratch"/sample.*.sh; do
        [ -f "$sample" ] || continue
        want=${sample%.sh}.out
        [ -f "$want" ] || : > "$want"
        (cd "$scratch/work" && sh "$sample") > "$scratch/out" 2> "$scratch/err" ||
            complain "$page: $(head -1 "$sample"): $(cat "$scratch/err")"
        why=$(same "$want" "$scratch/out") ||
            complain "$page: $(head -1 "$sample"):
$why"
    done
done

# --- the client in Python -------------------------------------------------------

if command -v python3 > /dev/null; then
    { sed -n '/^```python/,/^```/p' docs/SERVE.md | grep -v '^```'
      echo 'print(len(compress("one two three four five six", rate=0.5).split()))'
      echo 'pith.stdin.close(); pith.wait()'; } > "$scratch/client.py"
    [ "$(python3 "$scratch/client.py" 2> "$scratch/err")" = 3 ] ||
        complain "docs/SERVE.md: its client in Python: $(tail -1 "$scratch/err")"
else
    echo "SKIPPED: python3 is not here, SERVE.md's client is untried" >&2
fi

# --- the demo ---------------------------------------------------------------------

PITH=$scratch/bin/pith sh docs/examples/demo.sh > "$scratch/demo" 2>&1 ||
    complain "the demo fails: $(tail -1 "$scratch/demo")"
sed -n '/^    ===/,/^    pith:/s/^    //p' README.md > "$scratch/extract"
[ -s "$scratch/extract" ] || complain "README.md has no extract of the demo"
exec 4< "$scratch/demo"
while IFS= read -r want; do
    case $want in
    '[...]') continue ;;
    esac
    found=
    while [ -z "$found" ] && IFS= read -r line <&4; do
        line=$(echo "$line" | sed 's/ in [0-9.]* s,/,/')
        [ "$line" != "$want" ] || found=1
    done
    [ -n "$found" ] || { complain "README.md: the demo does not print: $want"; break; }
done < "$scratch/extract"

[ "$failures" -gt 0 ] || echo "pages: command lines, samples and the demo are as shown"
exit "$failures"
