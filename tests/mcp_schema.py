#!/usr/bin/env python3
"""Checks every message of `pith serve --mcp` against the JSON schemas of MCP.

usage: mcp_schema.py PROGRAM MODEL

The schemas are those of the specification, as PyPI's mcp-types has them: its
modules of 2025-11-25 and 2026-07-28 are generated from schema.json.  Earlier
revisions are held to that of 2025-11-25, which only added to them.  Members
that the specification does not name are mistakes here.  `make check-mcp` runs
this.
"""
import importlib
import json
import subprocess
import sys

import jsonschema
from pydantic import TypeAdapter

CONNECTED = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
LAST = "2026-07-28"
META = "io.modelcontextprotocol/"
PROMPT = "The roof cost 1,240 dollars, and nobody said that it was too much."

# Requests, the type of their result, or the code of their error.
GOOD = [
    ("tools/list", {}, "ListToolsResult"),
    ("resources/list", {}, "ListResourcesResult"),
    ("resources/templates/list", {}, "ListResourceTemplatesResult"),
    ("tools/call", {"name": "compress", "arguments": {"context": PROMPT}},
     "CallToolResult"),
    ("resources/read", {"uri": "pith://last/result"}, "ReadResourceResult"),
    ("resources/read", {"uri": "pith://last/report"}, "ReadResourceResult"),
    ("tools/call", {"name": "recover", "arguments": {
        "original_prompt": PROMPT, "compressed_prompt": "roof",
        "response": "roof"}}, "CallToolResult"),
    ("tools/call", {"name": "score", "arguments": {"text": PROMPT}},
     "CallToolResult"),
    ("tools/call", {"name": "compress", "arguments": {"context": 7}},
     "CallToolResult"),  # with isError
]
BAD = [
    ("no/such", {}, -32601),
    ("prompts/list", {}, -32601),
    ("tools/list", {"cursor": "x"}, -32602),
    ("tools/list", [], -32602),
    ("tools/call", {}, -32602),
    ("tools/call", {"name": "no-such"}, -32602),
    ("tools/call", {"name": "compress", "arguments": []}, -32602),
    ("resources/read", {}, -32602),
    ("resources/list", {"cursor": 1}, -32602),
    ("resources/read", {"uri": "file:///etc/passwd"}, "no resource"),
]
BROKEN = [("{", -32700), ("[]", -32600), ("7", -32600), ("{}", -32600),
          ('{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600),
          ('{"jsonrpc":"2.0","id":1}', -32600)]
SILENT = ['{"jsonrpc":"2.0","method":"notifications/initialized"}',
          '{"jsonrpc":"2.0","method":"no/such"}']


def strict(schema):
    """The same, without members that it does not name."""
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for value in schema.values():
            strict(value)
    elif isinstance(schema, list):
        for value in schema:
            strict(value)
    return schema


class Server:
    def __init__(self, program, model):
        self.process = subprocess.Popen(
            [program, "serve", "--mcp", "-q", "-m", model],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.validators = {}
        self.n_messages = 0

    def validate(self, message, revision, name):
        module = "_v" + (LAST if revision == LAST
                         else CONNECTED[-1]).replace("-", "_")
        key = module, name
        if key not in self.validators:
            model = getattr(importlib.import_module("mcp_types." + module), name)
            self.validators[key] = jsonschema.Draft202012Validator(
                strict(TypeAdapter(model).json_schema(by_alias=True)))
        errors = [error.message for error in
                  self.validators[key].iter_errors(message)]
        assert not errors, (revision, name, errors, message)

    def send(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, revision, line):
        self.send(line)
        message = json.loads(self.process.stdout.readline())
        self.n_messages += 1
        if message.get("id") is None:  # the schema has no null: left out there
            message.pop("id", None)
        self.validate(message, revision, "JSONRPCErrorResponse"
                      if "error" in message else "JSONRPCResultResponse")
        return message

    def request(self, revision, method, params, wanted):
        if revision == LAST and isinstance(params, dict):
            params = dict(params, _meta={META + "protocolVersion": LAST,
                                         META + "clientCapabilities": {}})
        message = self.ask(revision, json.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
        if wanted == "no resource":
            wanted = -32602 if revision == LAST else -32002
        if isinstance(wanted, int):
            assert message["error"]["code"] == wanted, (method, params, message)
        else:
            self.validate(message["result"], revision, wanted)
        return message.get("result")

    def check(self, revision):
        for method, params, wanted in BAD + GOOD + BAD:
            if wanted != -32602 or revision != LAST or params != []:
                self.request(revision, method, params, wanted)
        for line in SILENT:
            self.send(line)
        for line, code in BROKEN:
            message = self.ask(revision, line)
            assert message["error"]["code"] == code, (line, message)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    total = 0
    for revision in CONNECTED + [LAST]:
        server = Server(*sys.argv[1:])
        nothing = ("resources/read", {"uri": "pith://last/report"}, "no resource")
        if revision == LAST:
            server.request(LAST, "server/discover", {}, "DiscoverResult")
            message = server.ask(LAST, json.dumps(
                {"jsonrpc": "2.0", "id": "a", "method": "tools/list", "params":
                 {"_meta": {META + "protocolVersion": "1999-01-01"}}}))
            assert message["error"]["code"] == -32022, message
        else:
            def initialize(version):
                return server.request(revision, "initialize", {
                    "protocolVersion": version, "capabilities": {},
                    "clientInfo": {"name": "t", "version": "1"}},
                    "InitializeResult")["protocolVersion"]
            server.request(revision, "tools/list", {}, -32600)
            assert initialize("1999-01-01") == CONNECTED[-1]
            assert initialize(revision) == revision
            server.request(revision, "ping", {}, "EmptyResult")
        server.request(revision, *nothing)
        server.check(revision)
        page = server.request(revision, "resources/read",
                              {"uri": "pith://last/report"},
                              "ReadResourceResult")["contents"][0]
        assert page["mimeType"] == "text/html"
        assert page["text"].startswith("<!doctype html>")
        server.process.stdin.close()
        assert server.process.stdout.read() == ""
        assert server.process.wait(60) == 0
        total += server.n_messages
    print(f"mcp: {total} messages of {len(CONNECTED) + 1} revisions are as "
          "the schemas have them")


main()
