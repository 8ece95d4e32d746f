"""Ten texts of each form that `--preset` knows, all of our own.

FILES is {preset: {name: text}}.
"""
import csv
import io
import json

SENTENCES = [
    "Customer asked for delivery before Friday because she leaves for a "
    "conference in Lisbon on Saturday morning.",
    "Payment was declined twice by the bank, and he will call back with another "
    "card next week.",
    "Left with the neighbour at number 14 after two failed attempts; the "
    "neighbour signed for it.",
    "The parcel arrived open and one of the two lamps was missing, so "
    "photographs were sent by e-mail.",
    "No special requests. Gift wrapping in blue paper with a card that says "
    "happy birthday.",
    "She found the same kettle for less elsewhere and asked us not to send it "
    "after all.",
    "Waiting for the warehouse in Ghent to confirm that the last three chairs "
    "are really in stock.",
    "Delivered to the reception desk of the hotel, room 312, under the name of "
    "her colleague.",
    "The boiler was serviced in March and has worked well since, but the tenant "
    "reports three leaks.",
    "Nobody answered the door, although the lights were on and music could be "
    "heard from the street.",
    "The committee will meet again on 3 May, when the budget for the library is "
    "to be decided.",
    "Rain is expected in the north from noon on, with wind of up to 60 km/h on "
    "the coast."]
NAMES = ["Ada Byron", "Ben Okri", "Chen Li", "Dana Scully", "Emil Novák",
         "Fay Wray", "Gil Scott", "Hana Sato", "Ivo Andrić", "Jo March"]
STATES = ["shipped", "pending", "returned", "cancelled"]


def sentence(i):
    return SENTENCES[i % len(SENTENCES)]


def records(n):
    return [{"id": 1000 + i, "customer": {
                "name": NAMES[i % 10], "vip": i % 3 == 0, "phone": None},
             "status": STATES[i % 4], "total": 3.5 + 19.25 * i,
             "tags": ["web", "eu"][:i % 3], "note": sentence(i)}
            for i in range(n)]


# --- JSON -------------------------------------------------------------------------

def settings():
    return {
        "$schema": "https://example.org/settings.json", "version": 3,
        "server": {"host": "0.0.0.0", "port": 8080, "tls": {"on": False},
                   "comment": sentence(9) + " " + sentence(10)},
        "features": {"search": True, "export": None,
                     "why": sentence(1) + " " + sentence(2)},
        "owners": ["ada@example.org", "ben@example.org"],
        "history": [sentence(3), sentence(4), sentence(5)]}


def shapes():
    return {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"id": i, "kind": "stop"},
         "geometry": {"type": "Point",
                      "coordinates": [4.35 + i / 128, 50.85 - i / 64]}}
        for i in range(12)]}


def departments():
    return {"departments": [
        {"name": name, "head": NAMES[i], "people": [
            {"name": NAMES[j], "age": 20 + j, "about": sentence(i + j)}
            for j in range(4)]}
        for i, name in enumerate(["Sales", "Support", "Stock"])]}


def tools():
    return {"tools": [
        {"type": "function", "function": {
            "name": name, "description": sentence(i) + " " + sentence(i + 5),
            "parameters": {"type": "object", "properties": {
                "path": {"type": "string", "description": sentence(i + 7)},
                "limit": {"type": "integer", "minimum": 1}},
                "required": ["path"]}}}
        for i, name in enumerate(["read_file", "list_files", "write_file"])]}


def json_files():
    yield "pretty", json.dumps({"page": 1, "orders": records(8)}, indent=2,
                               ensure_ascii=False)
    yield "minified", json.dumps({"page": 1, "orders": records(8), "next": None},
                                 separators=(",", ":"))
    yield "lines", "".join(json.dumps(r) + "\n" for r in records(8))
    yield "map", json.dumps(
        {f"order-{r['id']}": r for r in records(7)}, indent=4)
    yield "settings", json.dumps(settings(), indent=2)
    yield "numbers", json.dumps(shapes())
    yield "crlf", json.dumps(records(6), indent="\t").replace("\n", "\r\n")
    yield "escapes", json.dumps([
        {"t": f"<p class=\"x\">{sentence(i)}</p>\n\tC:\\tmp\\{i} \U0001F999 "
              f"caf\u00e9 \u201cquoted\u201d {sentence(i + 1)}", "ok": True}
        for i in range(5)], indent=1)
    yield "nested", json.dumps(departments(), indent=2)
    yield "tools", json.dumps(tools())


# --- Markdown ---------------------------------------------------------------------

README = """\
# Orders

[![build](https://ci.example.org/b.svg)](https://ci.example.org/orders) [docs](docs/README.md)

{0} See [the guide](https://example.org/guide_(old).html "Guide") and `orders --help`
before you begin. **Do not** run it as root; {1}

## Install

```sh
$ pip install orders        # or: pipx install orders
$ orders init --path "$HOME/orders"
Created 3 files.
```

1. {2}
2. Set `ORDERS_HOME`, or pass **`--home DIR`** on the command line.
   - {3}
   - [x] {4}

## Links

* {5} ([source](https://example.org/a?b=c&d=e#f))
* {6}
"""

TILDES = """\
Title of the page
=================

{0} {1}

~~~python
def greet(name):
    # ``` is no fence here
    return f"Hello, {{name}}"
~~~

Second part
-----------

{2}

````text
```sh
make
```
````

    an indented block
    of two lines

{3}
"""

TABLE = """\
## Rooms

{0}

| Room | What was found | Price |
|:-----|:--------------:|------:|
| Kitchen | {1} | 12.50 |
| Hall \\| stairs | {2} | 3 |
| Bath | `a b` and **two words** here: {3} | |
| Attic | {4} | 1,200 |

{5}
"""

MATTER = """\
---
title: Notes of the week
tags: [home, work]
---

# Notes

{0} Footnotes[^1] and *emphasis on some words*, _more of it_ and ~~struck out words~~.

> {1}
> > {2}
> {3}

***

![A lamp on a table](img/lamp.png) {4}

[^1]: {5}
[ref]: https://example.org/ref 'Reference'

A [reference][ref], a [short one][] and <https://example.org/auto>. {6}
"""

CHANGES = """\
# Changelog

## [1.2.0] - 2026-11-03

### Added
- {0} (#123)
- Option `--dry-run`: {1}

### Fixed
- `parse()` no longer fails on **empty files** ([#130](https://example.org/130)): {2}
- {3}

## [1.1.0] - 2026-10-01
- {4}

[1.2.0]: https://example.org/compare/1.1.0...1.2.0
"""

HTML = """\
<h1 align="center">Lamps &amp; Co.</h1>

<p>{0} <a href="https://example.org/lamps">our lamps</a> <br/> {1}</p>

<details>
<summary>More</summary>

{2} `x = f(a, b)` and ``a ` b`` stay as they are. {3}

</details>

{4} <!-- a comment of some words that nobody reads -->
"""

TASKS = """\
# Tasks

- [ ] {0}
    - {1}

      {2}
- [x] **Done:** {3}
+ {4}
    ```json
    {{"id": 1, "note": "kept as it is"}}
    ```
10) {5}
"""

SPANS = """\
### What `spans` and **bold words** do

The function `run(a, b)` calls `stop()`; **both of them** need __the lock__ ({0}) and
a long `code span that goes over several words` here. *{1}* Then **{2}** and [a link
over two lines](https://example.org/two). {3} Use ``` `` ``` for a `` ` ``. 2 * 3 * 4 is
24, snake_case_name stays one, and (so [they] say) {4}
"""

LETTER = """\
Dear all,

{0} {1}

Please read [the minutes](minutes.md), [the plan](plan.md) and
[the budget](https://example.org/budget.pdf) before we meet.

{2}

* {3}
* {4}

Regards,
**Ada**
"""


def markdown_files():
    pages = {"readme": README, "tildes": TILDES, "table": TABLE,
             "front matter": MATTER, "changes": CHANGES, "html": HTML,
             "tasks": TASKS, "spans": SPANS, "letter": LETTER}
    for i, (name, page) in enumerate(pages.items()):
        yield name, page.format(*(sentence(i + j) for j in range(8)))
    yield "crlf", README.format(
        *(sentence(j) for j in range(8))).replace("\n", "\r\n")


# --- logs -------------------------------------------------------------------------

EVENTS = [
    ("INFO", "Started worker-3 (pid 4711) with 8 threads [queue=orders] in 153 ms"),
    ("DEBUG", "GET /v1/orders?page=2&size=50 took 12.5 ms, 48 rows, cache hit"),
    ("WARN", "Slow query (2,310 ms): SELECT * FROM orders WHERE status = 'open'"),
    ("ERROR", "Could not connect to 10.0.0.7:5432: connection refused, retry 3 of 5"),
    ("INFO", "Order 1003 was paid by card and sent to the warehouse in Ghent"),
    ("INFO", "User ada@example.org logged in from 192.168.1.20 using a password"),
    ("DEBUG", "Released 3 connections [idle=5, busy=0] of the pool \"orders\""),
    ("FATAL", "Out of memory: killed process 4711 (worker-3), 2048 MiB in use")]


def log(form, n=16):
    lines = []
    for i in range(n):
        level, message = EVENTS[i * 3 % len(EVENTS)]
        lines.append(form.format(
            m=i + 10, ms=i * 37 % 1000, level=level, low=level.lower(),
            letter=level[0], message=message, worker=i % 4))
    return "\n".join(lines) + "\n"


TRACE = """\
java.lang.IllegalStateException: pool "orders" is closed
    at org.example.Pool.get(Pool.java:42)
    at org.example.Main.run(Main.java:17)
    ... 3 more
"""


def log_files():
    yield "iso", log("2026-11-24T02:{m}:01.{ms:03}Z {level} {message}")
    yield "brackets", log("[2026-11-24 02:{m}:01] [worker-{worker}] [{low}] {message}")
    yield "syslog", log("Nov 24 02:{m}:01 web1 orders[47{m}]: {message}")
    yield "python", log("2026-11-24 02:{m}:01,{ms:03} - orders.pool - {level} - {message}")
    yield "logfmt", log('time=2026-11-24T02:{m}:01Z level={low} worker={worker} '
                        'msg="{message}"')
    yield "apache", log("[Tue Nov 24 02:{m}:01.{ms:03} 2026] [core:{low}] [pid 47{m}] "
                        "{message}")
    yield "access", log('10.0.0.{m} - ada [24/Nov/2026:02:{m}:01 +0000] "GET '
                        '/orders/{m}?a=b HTTP/1.1" 200 5{m} "-" "curl/8.1"')
    yield "level first", log("{level:5} [worker-{worker}] (Pool.java:{m}) {message}")
    yield "klog", log("{letter}1124 02:{m}:01.{ms:06}       1 pool.go:{m}] {message}")
    yield "trace, crlf", "".join(
        log("02:{m}:01.{ms:03} [main] {level} o.e.Pool - {message}", 4) + TRACE
        for _ in range(3)).replace("\n", "\r\n")


# --- code -------------------------------------------------------------------------

PYTHON = '''\
#!/usr/bin/env python3
"""Sends orders to the warehouse."""
import json
from pathlib import Path


class Order:
    """What a customer wants."""

    def __init__(self, number, lines):
        self.number = number
        self.lines = lines  # (article, count)

    def total(self, prices):
        # Articles without a price are free.
        return sum(prices.get(a, 0) * n for a, n in self.lines)


def load(path):
    try:
        return [Order(**o) for o in json.loads(Path(path).read_text())]
    except FileNotFoundError as error:
        raise SystemExit(f"{path}: {error}")


if __name__ == "__main__":
    for order in load("orders.json"):
        print(order.number, order.total({"lamp": 12.5}))
'''

C = '''\
#include <stdio.h>
#include <stdlib.h>

#define LIMIT 64 /* orders */

struct order {
    int number;
    double total;
};

/* Reads a line; false at the end. */
static int read_order(FILE *file, struct order *order)
{
    return fscanf(file, "%d %lf", &order->number, &order->total) == 2;
}

int main(int argc, char **argv)
{
    struct order orders[LIMIT];
    size_t n = 0;
    FILE *file = argc > 1 ? fopen(argv[1], "r") : stdin;
    if (file == NULL) {
        perror(argv[1]);
        return EXIT_FAILURE;
    }
    while (n < LIMIT && read_order(file, &orders[n]))
        n++;
    for (size_t i = 0; i < n; i++)
        printf("%d: %.2f\\n", orders[i].number, orders[i].total);
    return EXIT_SUCCESS;
}
'''

YAML = '''\
# What the service needs.
services:
  orders:
    image: "example.org/orders:1.2"
    ports: ["8080:80"]
    environment:
      - ORDERS_HOME=/srv/orders
      - LOG_LEVEL=debug   # not in production
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost/health"]
      interval: 30s
  database:
    image: postgres:16
    volumes:
      - data:/var/lib/postgresql/data
volumes:
  data: {}
'''

DIFF = '''\
diff --git a/orders.py b/orders.py
index 83db48f..bf269f4 100644
--- a/orders.py
+++ b/orders.py
@@ -14,9 +14,10 @@ class Order:
     def total(self, prices):
-        return sum(prices[a] * n for a, n in self.lines)
+        # Articles without a price are free.
+        return sum(prices.get(a, 0) * n for a, n in self.lines)
 
 
 def load(path):
-    return [Order(**o) for o in json.load(open(path))]
+    with open(path) as file:
+        return [Order(**o) for o in json.load(file)]
'''

SHELL = '''\
#!/bin/sh
set -eu
folder=${1:-/srv/orders}
mkdir -p "$folder"
for file in *.json; do
    [ -e "$file" ] || continue
    if ! jq -e . "$file" >/dev/null; then
        echo "$file: not JSON" >&2
        exit 1
    fi
    cp "$file" "$folder/$(date +%F)-$file"
done
find "$folder" -mtime +30 -name '*.json' -delete
'''

SQL = '''\
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer TEXT NOT NULL,
    total NUMERIC(10, 2) DEFAULT 0
);
CREATE INDEX by_customer ON orders (customer);
INSERT INTO orders VALUES (1, 'Ada', 12.50), (2, 'Ben', 3);
SELECT customer, SUM(total) AS spent
FROM orders
WHERE id > 0
GROUP BY customer
HAVING SUM(total) > 10
ORDER BY spent DESC;
'''

JAVASCRIPT = '''\
import { readFile } from "node:fs/promises";

export class Orders {
  #items = new Map();

  add(order) {
    if (!order?.id) throw new TypeError("an order has an id");
    this.#items.set(order.id, { ...order, at: Date.now() });
    return this;
  }

  get total() {
    return [...this.#items.values()].reduce((sum, o) => sum + o.total, 0);
  }
}

const text = await readFile("orders.json", "utf8");
const orders = JSON.parse(text).reduce((all, o) => all.add(o), new Orders());
console.log(`${orders.total} euros`);
'''

GO = '''\
package main

import (
\t"encoding/json"
\t"fmt"
\t"os"
)

type Order struct {
\tID    int     `json:"id"`
\tTotal float64 `json:"total"`
}

func load(path string) ([]Order, error) {
\tdata, err := os.ReadFile(path)
\tif err != nil {
\t\treturn nil, fmt.Errorf("load: %w", err)
\t}
\tvar orders []Order
\treturn orders, json.Unmarshal(data, &orders)
}

func main() {
\torders, err := load(os.Args[1])
\tif err != nil {
\t\tpanic(err)
\t}
\tfmt.Println(len(orders), "orders")
}
'''

MAKE = '''\
CC ?= cc
CFLAGS += -O2 -Wall
objects := $(patsubst %.c,%.o,$(wildcard *.c))

all: orders

orders: $(objects)
\t$(CC) $(LDFLAGS) -o $@ $^

%.o: %.c orders.h
\t$(CC) $(CFLAGS) -c -o $@ $<

.PHONY: all clean
clean:
\trm -f orders $(objects)
'''


def code_files():
    yield from {"python": PYTHON, "c": C, "yaml": YAML, "diff": DIFF,
                "shell": SHELL, "sql": SQL, "javascript": JAVASCRIPT, "go": GO,
                "make": MAKE, "c, crlf": C.replace("\n", "\r\n")}.items()


# --- tables -----------------------------------------------------------------------

def rows(n):
    yield ["id", "name", "note", "total, EUR"]
    for i in range(n):
        yield [1000 + i, NAMES[i % 10], sentence(i), f"{3.5 + 19.25 * i}"]


def written(table, **form):
    out = io.StringIO()
    csv.writer(out, **form).writerows(table)
    return out.getvalue()


def quoted():
    yield ["id", "quote \"x\"", "text\nof two lines"]
    for i in range(9):
        yield [i, f'She said: "{sentence(i)}"',
               sentence(i + 1) + "\n\n" + sentence(i + 2)]


def bars(outer):
    lines = [["Id", "Note", "Total"], ["---", ":---", "---:"]] + [
        [str(i), sentence(i).replace("two", "2 \\| 3"), f"{i}.50"]
        for i in range(9)]
    return "".join((f"| {' | '.join(line)} |" if outer else " | ".join(line)) +
                   "\n" for line in lines)


def table_files():
    yield "csv", written(rows(9), lineterminator="\n")
    yield "csv, crlf", written(rows(9))
    yield "quoted", written(quoted())
    yield "all quoted", written(rows(8), quoting=csv.QUOTE_ALL)
    yield "semicolons", written(rows(9), delimiter=";", lineterminator="\n")
    yield "tsv", written(rows(9), delimiter="\t", lineterminator="\n")
    yield "bars", bars(True)
    yield "no outer bars", bars(False)
    yield "numbers", written([["x", "y", "z"]] + [
        [i, i * i, i * 1.5] for i in range(40)], lineterminator="\n")
    yield "gaps", written([["a", "b", "c", "d"]] + [
        ["", sentence(i) if i % 2 else "", "", i] for i in range(12)],
        lineterminator="\n")


# --- chats ------------------------------------------------------------------------

def chat(form, n=12, names=("Ada", "Ben", "Chen")):
    return "".join(form.format(m=i + 10, name=names[i % len(names)],
                               text=sentence(i)) for i in range(n))


def chat_files():
    yield "names", chat("{name}: {text}\n")
    yield "blank lines", chat("{name}: {text}\n\n", names=("User", "Assistant"))
    yield "irc", chat("[10:{m}] <{name}> {text}\n")
    yield "irc, no brackets", chat("10:{m} <{name}> {text}\n")
    yield "whatsapp", chat("24/11/2026, 10:{m} - {name} Okri: {text}\n")
    yield "whatsapp, ios", chat("[24/11/2026, 10:{m}:05] {name}: {text}\n")
    yield "bold", chat("**{name}:** {text}\n\n")
    yield "speakers", chat("{name} (00:{m}:23): {text}\nAnd so on, as always.\n", 8,
                           ("Speaker 1", "Speaker 2"))
    yield "questions", chat("{name}: {text}\n", names=("Q", "A"))
    yield "crlf", chat("{name}: {text}\r\n", names=("Emil Novák", "Dr. O'Hara"))


FILES = {form: dict(list_files()) for form, list_files in (
    ("json", json_files), ("markdown", markdown_files), ("log", log_files),
    ("code", code_files), ("table", table_files), ("chat", chat_files))}
assert all(len(files) == 10 for files in FILES.values())
