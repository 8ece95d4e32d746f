"""A server of chat completions for tests: what it answers depends on the
folder before /chat/completions.

usage: chat_server.py PORT_FILE LOG_FILE

ok, v1   "The answer is 5."
slow     the same a second later
flaky    the first time an error 500, the second half a JSON, then the same
down     always an error 503
refuse   an error 400 for questions with "7 - 3" in them
forbid   an error 403 for them
forbids  an error 403 for the first three
secret   401 without the key "sesame"
echo     the message that was sent; of one above 1,000 bytes, its size
kinds    a reply of another kind for each of "7 - 1" to "7 - 6"
later    the first time 429 and Retry-After: 1; the same before a second is
         over is an error 500
date     likewise, with a date
tomorrow 429 and Retry-After: 86400
moved    302 to /ok/chat/completions
html     a page of an error 502
soft     status 200 and an error in the JSON
hang_up  the connection is closed
part     the same in what says to be part of a longer reply

Each request is a line of the log: folder and message.  It ends when its
parent does, and after two minutes at the latest.
"""
import email.utils
import http.server
import json
import os
import sys
import threading
import time

port_file, log_file = sys.argv[1:]
lock = threading.Lock()
times, first_at = {}, {}


def text(content, reason="stop", **more):
    return {"message": {"role": "assistant", "content": content, **more},
            "finish_reason": reason}


KINDS = {
    "7 - 1": [text(None, refusal="I can't.")],
    "7 - 2": [text("It is", "content_filter")],
    "7 - 3": [text(None, "tool_calls", tool_calls=[
        {"type": "function", "function": {"name": "add", "arguments": ""}}])],
    "7 - 4": [text("", "length", reasoning_content="Let me see.")],
    "7 - 5": [text(None)],
    "7 - 6": [text(""), text([
        {"type": "text", "text": "<think>5?</think>\n\nThe answer"},
        {"type": "text", "text": " is 5."}], "length")],
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def reply(self, status, body, missing=0, **headers):
        body = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) + missing))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection |= missing > 0

    def fail(self, status, message, **headers):
        self.reply(status, json.dumps({"error": {"message": message}}),
                   **headers)

    def wait_a_second(self, message, times_asked, retry_after):
        if times_asked == 1:
            first_at[message] = time.monotonic()
            self.fail(429, "slow down", Retry_After=retry_after)
        elif time.monotonic() - first_at[message] < 1:
            self.fail(500, "too early")
        else:
            return False
        return True

    def do_POST(self):
        path, _, query = self.path.partition("?")
        folder, _, path = path.strip("/").partition("/")
        request = json.loads(
            self.rfile.read(int(self.headers["Content-Length"])))
        message = request["messages"][-1]["content"]
        shown = message if len(message) < 1000 else f"{len(message)} bytes"
        with lock:
            times[message] = n = times.get(message, 0) + 1
            with open(log_file, "a") as log:
                log.write(f"{folder} {json.dumps(shown)}{query}\n")
        if path != "chat/completions" or request["temperature"] != 0:
            return self.fail(404, f"no such path: {self.path}")
        if folder == "down":
            return self.fail(503, "over\r\nloaded \U0001f600" + 400 * "\u00e9")
        if folder == "refuse" and "7 - 3" in message:
            return self.fail(400, "the prompt is too long")
        if folder == "forbids" and any(f"7 - {i}" in message for i in (1, 2, 3)):
            return self.fail(403, "not this one")
        if folder == "forbid" and "7 - 3" in message:
            return self.fail(403, "flagged")
        if folder == "secret" and \
                self.headers["Authorization"] != "Bearer sesame":
            return self.fail(401, "wrong key")
        if folder == "flaky" and n == 1:
            return self.fail(500, "out of order")
        if folder == "slow":
            time.sleep(1)
        if folder == "later" and self.wait_a_second(message, n, "1"):
            return
        if folder == "date" and self.wait_a_second(
                message, n, email.utils.formatdate(time.time() + 2,
                                                   usegmt=True)):
            return
        if folder == "tomorrow":
            return self.fail(429, "no more today", Retry_After="86400")
        if folder == "moved":
            return self.reply(302, "", Location="/ok/chat/completions")
        if folder == "html":
            return self.reply(502, "<html><head><TITLE>\n502 Bad Gateway"
                              "</TITLE></head>" + 70000 * "<p>" + "</html>")
        if folder == "soft":
            return self.fail(200, "upstream is gone")
        if folder == "hang_up":
            self.close_connection = True
            return
        content = shown if folder == "echo" else "It is so. The answer is 5."
        choices = [text(content)]
        for kind in KINDS if folder == "kinds" else ():
            if kind in message:
                choices = KINDS[kind]
        body = json.dumps({
            "choices": choices,
            "usage": {"prompt_tokens": 100, "completion_tokens": 10}})
        self.reply(200, body[:40] if folder == "flaky" and n == 2 else body,
                   missing=9 if folder == "part" else 0)


def watch(parent):
    for _ in range(120):
        time.sleep(1)
        if os.getppid() != parent:
            break
    os._exit(0)


threading.Thread(target=watch, args=[os.getppid()], daemon=True).start()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(port_file + ".new", "w") as file:
    file.write(str(server.server_port))
os.rename(port_file + ".new", port_file)
server.serve_forever()
