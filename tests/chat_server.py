"""A server of chat completions for tests: what it answers depends on the
folder in front of /chat/completions.

usage: chat_server.py PORT_FILE LOG_FILE

ok       "The answer is 5."
slow     the same a second later
flaky    the first time an error 500, the second half a JSON, then the same
down     always an error 503
refuse   an error 400 for questions with "7 - 3" in them
secret   401 without the key "sesame"
echo     the message that was sent

Each request is a line of the log: folder and message.  It ends when its
parent does, and after a minute at the latest.
"""
import http.server
import json
import os
import sys
import threading
import time

port_file, log_file = sys.argv[1:]
lock = threading.Lock()
times = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def reply(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def fail(self, status, message):
        self.reply(status, json.dumps({"error": {"message": message}}))

    def do_POST(self):
        folder, _, path = self.path.strip("/").partition("/")
        request = json.loads(
            self.rfile.read(int(self.headers["Content-Length"])))
        message = request["messages"][-1]["content"]
        with lock:
            times[message] = n = times.get(message, 0) + 1
            with open(log_file, "a") as log:
                log.write(f"{folder} {json.dumps(message)}\n")
        if path != "chat/completions" or request["temperature"] != 0:
            return self.fail(404, f"no such path: {self.path}")
        if folder == "down":
            return self.fail(503, "overloaded")
        if folder == "refuse" and "7 - 3" in message:
            return self.fail(400, "the prompt is too long")
        if folder == "secret" and \
                self.headers["Authorization"] != "Bearer sesame":
            return self.fail(401, "wrong key")
        if folder == "flaky" and n == 1:
            return self.fail(500, "out of order")
        if folder == "slow":
            time.sleep(1)
        content = message if folder == "echo" else "It is so. The answer is 5."
        text = json.dumps({
            "choices": [{"message": {"role": "assistant", "content": content},
                         "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 10}})
        self.reply(200, text[:40] if folder == "flaky" and n == 2 else text)


def watch(parent):
    for _ in range(60):
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
