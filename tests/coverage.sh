#!/bin/sh
# Lines and branches that `make check` reached, for each room of src, for tools and
# in all, from what programs built with --coverage left.  A branch counts when it
# was taken at least once.
# usage: coverage.sh BUILD [ROOM...]: of these rooms, each file
set -eu
build=$(cd "${1:?usage: coverage.sh BUILD [ROOM...]}" && pwd)
shift
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

# gcov is of the compiler: gcc's with gcc.
find "$build/src" "$build/tools" -name '*.gcda' | sort > "$folder/list"
[ -s "$folder/list" ] || { echo "coverage: nothing ran that was built with --coverage" >&2; exit 1; }
xargs "${GCOV:-gcov}" -b -n < "$folder/list" 2>/dev/null > "$folder/gcov" || true

awk -v wanted=" $* " '
    function add(key) {
        if (!(key in lines)) order[++n_keys] = key
        lines[key] += n_lines; reached[key] += r_lines
        branches[key] += n_branches; taken[key] += t_branches
    }
    function finish() {
        if (file != "" && !(file in seen)) {
            seen[file] = 1
            split(file, part, "/")
            room = part[1] == "src" ? "src/" part[2] : part[1]
            if (wanted == "  ") { add(room); add("all") }
            else if (index(wanted, " " room " ")) add(file)
        }
        file = ""
    }
    function share(what, of) { return of > 0 ? 100 * what / of : 100 }
    /^File / {
        finish()
        file = substr($2, 2, length($2) - 2)
        if (file !~ /^(src|tools)\/.*\.[ch]$/) file = ""
        n_lines = r_lines = n_branches = t_branches = 0
    }
    /^Lines executed:/ && n_lines > 0 { finish() } # of all files, at the end
    /^Lines executed:/ { split($2, p, /[:%]/); n_lines = $4; r_lines = p[2] * $4 / 100 }
    /^Taken at least once:/ { split($4, p, /[:%]/); n_branches = $6; t_branches = p[2] * $6 / 100 }
    END {
        finish()
        printf "%-32s %7s %6s %9s %6s\n", "", "lines", "%", "branches", "%"
        for (i = 1; i <= n_keys; i++) {
            key = order[i]
            if (key == "all") continue
            printf "%-32s %7d %6.1f %9d %6.1f\n", key, lines[key],
                share(reached[key], lines[key]), branches[key],
                share(taken[key], branches[key])
        }
        if ("all" in lines)
            printf "%-32s %7d %6.1f %9d %6.1f\n", "all", lines["all"],
                share(reached["all"], lines["all"]), branches["all"],
                share(taken["all"], branches["all"])
    }' "$folder/gcov"
