"""LiteLLM's own guardrail `headroom`, unmodified, against `pith serve --http`.

usage: litellm_guardrail.py PROGRAM MODEL FOLDER
"""

import asyncio
import copy
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import types

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True" # nothing is fetched
import yaml
from fastapi import HTTPException
from litellm.proxy.guardrails.guardrail_hooks.headroom import (
    guardrail_initializer_registry)
from litellm.types.guardrails import LitellmParams

PROGRAM, MODEL, FOLDER = sys.argv[1:4]
TOKEN = "0123456789abcdef0123456789abcdef"
STORY = ("Once upon a time there was a little girl who liked cakes. She went to "
         "the shop with her mother and saw a red cake. ")


def start(*options):
    path = os.path.join(FOLDER, f"token{os.getpid()}")
    with open(path, "w", opener=lambda *at: os.open(*at, 0o600)) as file:
        file.write(TOKEN + "\n")
    server = subprocess.Popen([PROGRAM, "serve", "--http", "0", "-m", MODEL,
                               "--token-file", path, *options],
                              stderr=subprocess.PIPE, text=True)
    said = server.stderr.readline()
    return server, re.search(r"http://\S+", said)[0]


def documented():
    """The guardrail of docs/INTEGRATIONS.md."""
    with open("docs/INTEGRATIONS.md") as page:
        block = re.search(r"^```yaml\n(.*?)^```$", page.read(), re.M | re.S)[1]
    (entry,) = yaml.safe_load(block)["guardrails"]
    return entry


def guardrail(url, key=TOKEN, **options):
    """That guardrail as LiteLLM's proxy makes it, with another address."""
    entry = documented()
    entry["litellm_params"].update(api_base=url, api_key=key, **options)
    parameters = LitellmParams(**entry["litellm_params"])
    make = guardrail_initializer_registry[parameters.guardrail]
    return make(parameters, entry)


def output(n):
    return " ".join(f"Line {i} of file {n}: {STORY}" for i in range(6))


def chat(n):
    """A chat with the output of n tools, each read and answered."""
    messages = [{"role": "system", "content": STORY * 6},
                {"role": "user", "content": "Earlier: " + STORY * 6}]
    for i in range(n):
        messages += [
            {"role": "assistant", "content": None, "tool_calls": [
                {"id": f"call_{i}", "type": "function", "function":
                 {"name": "read", "arguments": '{"line": 1}'}}]},
            {"role": "tool", "tool_call_id": f"call_{i}", "content": output(i)},
            {"role": "assistant", "content": f"That was file {i}."}]
    return messages + [
        {"role": "user", "content": [
            {"type": "text", "text": STORY * 6},
            {"type": "text", "text": "Well?"}]},
        {"role": "assistant", "content": "I see."},
        {"role": "user", "content": "And now? " + STORY * 6}]


async def apply(guard, messages, **data):
    inputs = {"structured_messages": copy.deepcopy(messages)}
    data = {"model": "gpt-4o", "messages": messages, **data}
    return await guard.apply_guardrail(inputs, data, "request"), data


async def check_messages(url):
    guard = guardrail(url)
    before = chat(2)
    result, data = await apply(guard, before)
    after = result["structured_messages"]
    assert len(after) == len(before)
    for old, new in zip(before, after):
        assert {**old, "content": 0} == {**new, "content": 0}
        if old["role"] in ("system", "assistant") or old is before[-1]:
            assert old == new
        if old["role"] == "tool":
            assert len(new["content"]) < len(old["content"]), new
            assert re.search(r"hash=[0-9a-f]{24}\]$", new["content"])
    # The last turn of the user among those that the guardrail sends.
    assert after[-3] == before[-3]
    assert [tool["function"]["name"] for tool in result["tools"]] == [
        "headroom_retrieve"]
    # The chat grows: what was there before has the same bytes.
    longer, _ = await apply(guard, chat(3))
    assert longer["structured_messages"][:8] == after[:8]
    stats = data["metadata"]["standard_logging_guardrail_information"][0]
    assert stats["guardrail_status"] == "success", stats
    numbers = stats["guardrail_response"]
    assert numbers["tokens_before"] - numbers["tokens_after"] == \
        numbers["tokens_saved"] > 0
    print("litellm:", json.dumps({key: numbers[key] for key in sorted(numbers)}))
    return guard, after, data, result


async def check_retrieval(guard, after, data, result):
    """The model asks for an original, and the guardrail fetches it."""
    hash_ = re.search(r"hash=([0-9a-f]{24})", after[3]["content"])[1]
    call = types.SimpleNamespace(
        id="fetch", type="function", function=types.SimpleNamespace(
            name="headroom_retrieve", arguments=json.dumps({"hash": hash_})))
    message = types.SimpleNamespace(content=None, tool_calls=[call])
    response = types.SimpleNamespace(
        choices=[types.SimpleNamespace(message=message)])
    run, tools = await guard.async_should_run_agentic_loop(
        response, "gpt-4o", after, result["tools"], False, "openai", {})
    assert run, tools
    plan = await guard.async_build_agentic_loop_plan(
        tools, "gpt-4o", after, response, None, {}, None, False, data)
    follow_up = plan.request_patch.messages
    assert follow_up[-1] == {"role": "tool", "tool_call_id": "fetch",
                             "content": output(0)}
    # What was fetched is not taken away at the next turn.
    again, _ = await apply(guardrail(url_of(guard)), follow_up +
                           [{"role": "user", "content": "Well?"}])
    assert again["structured_messages"][-2]["content"] == output(0)


def url_of(guard):
    return guard.headroom_api_base


async def check_refusals(url):
    messages = chat(1)
    try:
        await apply(guardrail(url, key="wrong-" + TOKEN,
                              unreachable_fallback="fail_closed"), messages)
        raise AssertionError("a wrong token was taken")
    except HTTPException as error:
        assert error.status_code == 502 and error.detail["status_code"] == 401
    open_, _ = await apply(guardrail(url, key="wrong"), messages)
    assert open_["structured_messages"] == messages
    plain, _ = await apply(guardrail(url, ccr_retrieval=False), messages)
    assert "tools" not in plain


async def check_time():
    """When the server has no time, the chat goes on as it came."""
    server, url = start("--request-seconds", "1e-9")
    try:
        result, _ = await apply(guardrail(url), chat(2))
        assert result["structured_messages"] == chat(2)
        assert "tools" not in result
    finally:
        server.terminate()
        assert server.wait(20) == 0


async def main():
    server, url = start()
    try:
        await check_retrieval(*await check_messages(url))
        await check_refusals(url)
    finally:
        server.terminate()
        assert server.wait(20) == 0
    await check_time()
    print(f"litellm: the guardrail headroom of {importlib.metadata.version('litellm')} "
          "compresses, keeps the bytes of earlier turns, retrieves and falls back")


asyncio.run(main())
