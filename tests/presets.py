"""Ten files of each form through `--preset`: does each stay what it was?

usage: presets.py PROGRAM [RATE]...

Each file of preset_files.py is compressed at each rate, by its preset and by
`auto`, once as a prompt, once with all its numbers and once as the text of a tool in
a chat.  What comes out
is parsed as what it was, and compared with it; its tokens are the target, or a
note says why not.  Prints a table as docs/PRESETS.md has it.
"""
import csv
import io
import json
import re
import subprocess
import sys

from preset_files import FILES

PROGRAM, RATES = sys.argv[1], [float(r) for r in sys.argv[2:] or (0.7, 0.5, 0.3)]


def words_of(after, before):
    """The words of one text are words of the other, in their order."""
    rest = iter(re.findall(r"\w+", before))
    assert all(word in rest for word in re.findall(r"\w+", after)), after


# --- what stays ---------------------------------------------------------------------

def same_value(after, before):
    """What stays of a JSON value: scalars and short strings are equal, words of
    long ones and elements of lists may be missing."""
    assert type(after) is type(before), (after, before)
    if isinstance(after, str) and len(before.split()) >= 6:
        words_of(after, before)
    elif isinstance(after, dict):
        if any(not isinstance(value, dict) for value in before.values()):
            assert list(after) == list(before)
        assert list(after) == [key for key in before if key in after]
        for key in after:
            same_value(after[key], before[key])
    elif isinstance(after, list):
        if before and not isinstance(before[0], dict):
            assert len(after) == len(before)
        assert bool(after) == bool(before)
        rest = iter(before)
        for value in after:
            assert any(is_same(value, other) for other in rest), value
    else:
        assert after == before


def is_same(after, before):
    try:
        same_value(after, before)
    except AssertionError:
        return False
    return True


def values(text):
    try:
        return json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]


def check_json(after, before, _name):
    same_value(values(after), values(before))


LINK = (r"!?\[(?:[^][]|\[[^][]*\])*\](?:\((?:[^()\s]|\([^()]*\))*(?: \"[^\"]*\")?\)|\[\w*\])"
        r"|<https?://[^>]+>|</?[a-z][^>]*>")


def outside_of_fences(text):
    """The lines of Markdown that are no code, and those that are."""
    plain, code, fence = [], [], None
    for line in text.splitlines():
        mark = re.match(r"\s*(`{3,}|~{3,})", line)
        if fence is None and mark:
            fence = mark[1]
        elif fence and mark and mark[1].startswith(fence) and \
                not line.strip().strip(fence[0]):
            fence = None
        else:
            (plain if fence is None else code).append(line)
    assert fence is None, "a fence is open"
    return plain, code


def no_code(text):
    return re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", text, flags=re.S)


def check_markdown(after, before, _name):
    (plain, code), (plain_before, code_before) = map(outside_of_fences,
                                                     (after, before))
    rest = iter(code_before)
    assert all(line in rest for line in code), code
    text, text_before = no_code("\n".join(plain)), no_code("\n".join(plain_before))
    assert re.findall(LINK, text) == re.findall(LINK, text_before), text
    headings = [line for line in plain_before if re.match(r"#{1,6} |=+$|---+$", line)]
    rest = iter(plain)
    assert all(line in rest for line in headings), headings
    for sign in ("`", "**", "__", "~~"):
        assert text.count(sign) % 2 == 0, (sign, text)
    text = re.sub(r"^\d+\)", "", text, flags=re.M)
    for sign in ("()", "[]"):
        assert text.count(sign[0]) == text.count(sign[1]), (sign, text)
    bars = {re.sub(r"\\\|", "", line).count("|") for line in plain if "|" in line}
    assert len(bars) <= 1, bars


PREFIX = re.compile(
    r"\S+T\S+Z [A-Z]+|\[[-\d: ]+\] \[[-\w]+\] \[\w+\]|\w{3} \d+ [\d:]+ web1 orders\[\d+\]:"
    r"|[-\d]+ [\d:,]+ - orders\.pool - [A-Z]+|\[[^]]+\d{4}\] \[core:\w+\] \[pid \d+\]"
    r"|[A-Z]+ +\[[-\w]+\]|[A-Z]\d{4} [\d:.]+ +1 pool\.go:\d+\]|[\d:.]+ \[main\] [A-Z]+")


def check_log(after, before, _name):
    rest = iter(before.splitlines())
    for line in after.splitlines():
        mark = PREFIX.match(line)
        other = next((other for other in rest if
                      (other.startswith(mark[0]) if mark else other == line)), None)
        assert other is not None, line
        words_of(line, other)
        rest_of = line[len(mark[0]):] if mark else line
        for sign in ("()", "[]", "{}"):
            assert rest_of.count(sign[0]) == rest_of.count(sign[1]), line
        assert line.count('"') % 2 == 0, line


def check_code(after, before, _name):
    rest = iter(before.splitlines())
    assert all(line in rest for line in after.splitlines() if line), after
    assert after.splitlines()[0] == before.splitlines()[0]


def rows_of(text, name):
    if "bars" in name:
        return [re.split(r"(?<!\\)\|", line) for line in text.splitlines()]
    delimiter = {"semicolons": ";", "tsv": "\t"}.get(name, ",")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter,
                           strict=True))


def check_table(after, before, name):
    table, whole = rows_of(after, name), rows_of(before, name)
    assert table[0] == whole[0]
    rest = iter(whole)
    for row in table:
        assert len(row) == len(table[0]), row
        assert any(is_row(row, other) for other in rest), row


def is_row(row, other):
    """A cell of few words is what it was."""
    return all(cell == old if len(old.split()) < 6 else
               is_subsequence(cell, old) for cell, old in zip(row, other))


def is_subsequence(after, before):
    rest = iter(re.findall(r"\w+", before))
    return all(word in rest for word in re.findall(r"\w+", after))


LABEL = re.compile(r"(?:\[[^]]+\] |[\d/]*,? ?[\d:]+ (?:- )?)?(?:<\w+>|\**[\w .']+"
                   r"(?:\([\d:]+\))?:\**)")


def check_chat(after, before, name):
    labels = [label[0] for label in map(LABEL.match, before.splitlines()) if label]
    rest, turn = iter(labels), None
    for line in filter(None, after.splitlines()):
        if name == "speakers" and turn and "And so on, as always.".startswith(line[:3]):
            continue # below what was said
        turn = LABEL.match(line)
        assert turn and turn[0] in rest, line


CHECKS = {"json": check_json, "markdown": check_markdown, "log": check_log,
          "code": check_code, "table": check_table, "chat": check_chat}


# --- all of them --------------------------------------------------------------------

def requests():
    for form, files in FILES.items():
        for name, text in files.items():
            for rate in RATES:
                for preset in (form, "auto"):
                    yield (form, name, rate, preset), {
                        "context": [text], "rate": rate, "preset": preset}
            yield (form, name, RATES[0] / 2, "numbers stay"), {
                "context": [text], "rate": RATES[0] / 2, "preset": form,
                "protect": ["numbers"]}
            yield (form, name, RATES[0], "a chat"), {
                "messages": [
                    {"role": "tool", "tool_call_id": "c", "content": text},
                    {"role": "user", "content": "And?"}],
                "rate": RATES[0], "preset": form}


def check_budget(result, rate):
    """The share of the target that is there; more than it has a note."""
    kept, target = result["compressed_tokens"], rate * result["origin_tokens"]
    note = result["note"] or ""
    assert kept <= target + 1 or "must stay" in note, (kept, target, note)
    assert kept >= target - 1 or "target is" in note, (kept, target, note)
    return kept / target


def main():
    failures, shares, asked = 0, {}, list(requests())
    replies = subprocess.run(
        [PROGRAM, "compress", "--request", "-", "-q"], text=True, check=True,
        input="".join(json.dumps(request) + "\n" for _, request in asked),
        stdout=subprocess.PIPE).stdout.splitlines()
    for ((form, name, rate, way), _), reply in zip(asked, replies):
        result = json.loads(reply)["result"]
        if "messages" in result:
            text = result["messages"][0]["content"]
        else:
            text = result["compressed_prompt"]
        try:
            CHECKS[form](text, FILES[form][name], name)
            share = check_budget(result, rate)
            if way == form:
                shares.setdefault((form, rate), []).append(
                    (share, "must stay" in (result["note"] or "")))
        except (AssertionError, ValueError, csv.Error) as error:
            print(f"presets: {form} {name} at {rate} ({way}): {error!r}\n{text}",
                  file=sys.stderr)
            failures += 1
    print("| preset | " + " | ".join(f"{rate}" for rate in RATES) + " |")
    for form in FILES:
        cells = []
        for rate in RATES:
            all_of = shares.get((form, rate), [(0, False)])
            cells.append(f"{100 * sum(s for s, _ in all_of) / len(all_of):.0f} "
                         f"({sum(over for _, over in all_of)})")
        print(f"| `{form}` | " + " | ".join(cells) + " |")
    print(f"presets: {len(asked) - failures} of {len(asked)} stayed what they were")
    sys.exit(failures > 0)


main()
