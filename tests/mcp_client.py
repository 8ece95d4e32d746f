#!/usr/bin/env python3
"""Asks `pith serve --mcp` through the official Python client (PyPI: mcp).

usage: mcp_client.py PROGRAM MODEL

Every check is made with the `initialize` handshake and, with a client that
knows it (mcp 2), without one.  `make check-mcp` runs this.
"""
import asyncio
import sys

import jsonschema
import mcp
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

PROMPT = (
    "The meeting began at nine o'clock in the morning. First of all, the "
    "treasurer reported that 1,240 dollars had been spent on the new roof. "
    "After that, the members talked about the garden for a long time."
)


def plain(result):
    """The result as it stood on the wire, whatever the client's version."""
    return result.model_dump(by_alias=True, mode="json", exclude_none=True)


def text_of(result):
    (content,) = result["content"]
    assert content["type"] == "text", content
    return content["text"]


async def check_tools(call, tools, structured):
    """Lists are complete, calls answer, errors are results of the tools."""
    tools = {tool["name"]: tool for tool in tools}
    assert set(tools) == {"compress", "recover", "score"}, tools
    for tool in tools.values():
        jsonschema.Draft202012Validator.check_schema(tool["inputSchema"])
        assert tool["description"]

    async def run(name, arguments):
        jsonschema.validate(arguments, tools[name]["inputSchema"])
        result = plain(await call(name, arguments))
        assert not result.get("isError"), result
        if structured:
            jsonschema.validate(result["structuredContent"],
                                tools[name]["outputSchema"])
        return result

    result = await run("compress", {"context": PROMPT, "rate": 0.5})
    compressed = text_of(result)
    assert 0 < len(compressed) < len(PROMPT)
    if structured:
        content = result["structuredContent"]
        assert content["compressed_prompt"] == compressed
        assert content["compressed_tokens"] < content["origin_tokens"]

    result = await run("compress", {
        "context": [PROMPT, "Nothing else was said."],
        "instruction": "Answer the question.",
        "question": "How much did the roof cost?",
        "target_token": 40, "method": "reference"})
    assert "How much did the roof cost?" in text_of(result)

    result = await run("recover", {"original_prompt": PROMPT,
                                   "compressed_prompt": compressed,
                                   "response": "Nothing of that."})
    assert text_of(result) == "Nothing of that."

    result = await run("score", {"text": "Once upon a time"})
    if structured:
        tokens = result["structuredContent"]["tokens"]
        assert "".join(token["piece"] for token in tokens) == "Once upon a time"

    for arguments in ({}, {"context": 7}, {"context": "a", "rate": 7}):
        result = plain(await call("compress", arguments))
        assert result["isError"] and text_of(result), result
    try:
        await call("no-such-tool", {})
    except Exception as error:  # McpError or MCPError, by version
        assert "no-such-tool" in str(error), error
    else:
        raise AssertionError("an unknown tool was called")


async def with_handshake(server):
    async with stdio_client(server) as (read, write):
        async with ClientSession(read, write) as session:
            hello = plain(await session.initialize())
            assert hello["serverInfo"]["name"] == "pith", hello
            await session.send_ping()
            tools = plain(await session.list_tools())["tools"]
            version = hello["protocolVersion"]
            await check_tools(session.call_tool, tools, version >= "2025-06-18")
            await session.send_ping()
            return version


async def without_handshake(server):
    async with mcp.Client(server) as client:
        tools = plain(await client.list_tools())["tools"]
        await check_tools(client.call_tool, tools, True)
        return client.protocol_version


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    server = StdioServerParameters(
        command=sys.argv[1], args=["serve", "--mcp", "-m", sys.argv[2]])
    print("mcp: handshake, revision", asyncio.run(with_handshake(server)))
    if hasattr(mcp, "Client"):
        version = asyncio.run(without_handshake(server))
        assert version == "2026-07-28", version
        print("mcp: no handshake, revision", version)


main()
