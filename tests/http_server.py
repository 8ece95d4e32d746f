"""Tries `pith serve --http` from the outside, over sockets.

usage: http_server.py PROGRAM MODEL FOLDER

PROGRAM is made with HTTP=1.  What is checked has a function each, named
check_*; the exit status is 1 when one of them fails.
"""

import concurrent.futures
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback

PROGRAM, MODEL, FOLDER = sys.argv[1:4]
TOKEN = "0123456789abcdef0123456789abcdef"
STORY = ("Once upon a time there was a little girl who liked cakes. She went to "
         "the shop with her mother and saw a red cake. ")


class Server:
    """A running server; `stop` gives its exit status."""

    def __init__(self, *options, address="127.0.0.1:0", model=MODEL):
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--http", address, "-m", model, *options],
            stderr=subprocess.PIPE, text=True)
        self.said = self.process.stderr.readline()
        while self.said and "listening on" not in self.said:
            self.said += self.process.stderr.readline()
        found = re.search(r"http://(.*):(\d+)\n", self.said)
        if not found:
            raise AssertionError(f"it does not start: {self.said}")
        self.host = found[1].strip("[]")
        self.port = int(found[2])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def connect(self, timeout=20):
        return socket.create_connection((self.host, self.port), timeout)

    def ask(self, method, path, body=None, headers=None):
        """One request on one connection: status, headers, body."""
        client = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            client.request(method, path, body, headers or {})
            reply = client.getresponse()
            return reply.status, reply.headers, reply.read()
        finally:
            client.close()

    def raw(self, *pieces, timeout=20):
        """Sends bytes as they are; all that comes until the end."""
        with self.connect(timeout) as client:
            for piece in pieces:
                client.sendall(piece)
            return read_all(client)

    def metric(self, name):
        text = self.ask("GET", "/metrics")[2].decode()
        return float(re.search(rf"^pith_{re.escape(name)} (\S+)$", text, re.M)[1])

    def memory(self, what="VmRSS"):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(rf"{what}:\s+(\d+)", status.read())[1])

    def stop(self, number=signal.SIGTERM, timeout=30):
        self.process.send_signal(number)
        return self.process.wait(timeout)


def read_all(client):
    """Bytes until the end; a connection that is reset has ended too."""
    got = b""
    try:
        while chunk := client.recv(65536):
            got += chunk
    except ConnectionResetError:
        pass
    return got


def request(text=STORY, **more):
    return json.dumps({"name": "n", "context": text, **more}).encode()


def post(path, body, *headers):
    """The bytes of a POST request."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost",
             f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def refused(*options, words, status=1):
    """The command line is refused with these words."""
    run = subprocess.run([PROGRAM, "serve", *options, "-m", MODEL],
                         capture_output=True, text=True, timeout=20)
    assert run.returncode == status, (options, run.returncode, run.stderr)
    assert words in run.stderr, (options, run.stderr)
    assert run.stdout == ""


# --- paths ------------------------------------------------------------------------

def check_paths():
    with Server() as server:
        status, headers, body = server.ask("GET", "/health")
        assert status == 200 and json.loads(body)["status"] == "ok"
        assert headers["Content-Type"] == "application/json"
        status, headers, body = server.ask("HEAD", "/health")
        assert status == 200 and body == b""
        for method, path, want in [
                ("GET", "/", 404), ("POST", "/nothing", 404),
                ("GET", "/compress", 405), ("PUT", "/compress", 405),
                ("POST", "/health", 405), ("DELETE", "/metrics", 405),
                ("GET", "/health/", 404), ("GET", "/health?a=b", 200),
                ("GET", "//health", 404), ("GET", "/compress/../health", 404)]:
            status, _, body = server.ask(method, path)
            assert status == want, (method, path, status)
            assert status == 200 or json.loads(body)["error"]
        assert server.stop() == 0


def check_metrics():
    with Server() as server:
        server.ask("POST", "/compress", request())
        server.ask("POST", "/compress", b"{")
        text = server.ask("GET", "/metrics")[2].decode()
        for line in text.splitlines():
            assert re.fullmatch(
                r'# (HELP|TYPE) pith_\w+ .+|pith_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})?'
                r" [0-9.e+-]+", line), line
        names = re.findall(r"^# TYPE (\w+)", text, re.M)
        assert len(names) == len(set(names))
        assert 'pith_http_requests_total{path="/compress",code="200"} 1\n' in text
        assert 'pith_http_requests_total{path="/compress",code="400"} 1\n' in text
        assert 'pith_request_seconds_bucket{le="+Inf"} 2\n' in text
        assert "pith_request_seconds_count 2\n" in text


def check_compress():
    """Replies are those of `pith serve --stdio`."""
    requests = [request(), request(options={"rate": 0.3, "method": "paper"}),
                request(["one two three", STORY], question="who likes cakes?"),
                json.dumps({"function": "score", "text": "a b"}).encode(),
                request(7), b"{", b"[]", b"", b"\xff", b'"' + b"x" * 70000]
    lines = subprocess.run(
        [PROGRAM, "serve", "--stdio", "-q", "-m", MODEL, "-r", "0.4"],
        input=b"\n".join(body for body in requests if body) + b"\n",
        capture_output=True).stdout.splitlines()

    def known(reply):
        reply = json.loads(reply)
        if reply["result"]:
            reply["result"].pop("timings", None)
        return reply
    with Server("-r", "0.4") as server:
        for body in requests:
            status, headers, reply = server.ask("POST", "/compress", body)
            if body:
                assert known(reply) == known(lines.pop(0)), body
            assert headers["Content-Type"] == "application/json"
            assert status == (400 if json.loads(reply)["error"] else 200), body


def check_request_seconds():
    with Server("--request-seconds", "0.05") as server:
        status, headers, reply = server.ask("POST", "/compress",
                                            request(STORY * 1000))
        assert status == 503, status
        assert headers["Retry-After"]
        assert json.loads(reply)["error"]
        assert server.ask("POST", "/compress", request("a b"))[0] == 200


# --- chats ------------------------------------------------------------------------

def tool_output(seed):
    return " ".join(f"Line {i} of file {seed}: {STORY}" for i in range(4))


def chat(*turns, **more):
    """A chat of tool outputs with a system text and a question."""
    messages = [{"role": "system", "content": STORY * 10}]
    for n, turn in enumerate(turns):
        messages += [
            {"role": "assistant", "content": None, "tool_calls": [
                {"id": f"c{n}", "type": "function",
                 "function": {"name": "read", "arguments": '{"a": 1.50}'}}]},
            {"role": "tool", "tool_call_id": f"c{n}", "content": turn}]
    messages.append({"role": "user", "content": STORY * 10})
    return json.dumps({"model": "m", "messages": messages, **more}).encode()


def compress_chat(server, body, headers=None):
    status, fields, reply = server.ask("POST", "/v1/compress", body, headers)
    assert status == 200, (status, reply)
    return fields, json.loads(reply)


def check_chat():
    with Server() as server:
        before = json.loads(chat(tool_output(1)))["messages"]
        fields, reply = compress_chat(server, chat(tool_output(1)))
        after = reply["messages"]
        assert "X-Pith-Passed" not in fields
        assert after[0] == before[0] and after[1] == before[1]
        assert after[3] == before[3]
        assert {**after[2], "content": ""} == {**before[2], "content": ""}
        assert len(after[2]["content"]) < len(before[2]["content"])
        hash_ = re.search(r"hash=([0-9a-f]{24})\]$", after[2]["content"])[1]
        assert reply["ccr_hashes"] == [hash_]
        assert reply["tokens_before"] > reply["tokens_after"] > 0
        ratio = 1 - reply["tokens_after"] / reply["tokens_before"]
        assert abs(reply["compression_ratio"] - ratio) < 1e-3
        status, _, entry = server.ask("GET", f"/v1/retrieve/{hash_}?query=a")
        assert status == 200
        assert json.loads(entry)["original_content"] == before[2]["content"]
        for other in ["0" * 24, hash_[:23], hash_ + "0", hash_.upper() + "x", "..",
                      "%2e%2e%2ftoken", "a/b", ""]:
            assert server.ask("GET", f"/v1/retrieve/{other}")[0] == 404, other
        assert server.ask("POST", f"/v1/retrieve/{hash_}")[0] == 405
        # A longer chat begins with the same bytes.
        _, longer = compress_chat(server, chat(tool_output(1), tool_output(2)))
        assert longer["messages"][:3] == after[:3]
        text = server.ask("GET", "/metrics")[2].decode()
        assert 'pith_chat_texts_total{outcome="compressed"} 2\n' in text
        assert 'pith_chat_texts_total{outcome="known"} 1\n' in text
        # What is not a chat.
        for body in [b"{", b"{}", b"[]", b'{"messages": 3}', b"\xff"]:
            status, _, reply = server.ask("POST", "/v1/compress", body)
            assert status == 400 and json.loads(reply)["error"], body
        fields, reply = compress_chat(server, b'{"messages": [7, "\xc3\xa9"]}')
        assert reply["messages"] == [7, "\u00e9"]
        assert fields["X-Pith-Passed"].startswith("1 text: messages: JSON at")


def check_chat_out_of_time():
    with Server("--request-seconds", "0.000001") as server:
        body = chat(tool_output(1), tool_output(2))
        fields, reply = compress_chat(server, body)
        assert reply["messages"] == json.loads(body)["messages"]
        assert reply["ccr_hashes"] == []
        assert fields["X-Pith-Passed"] == "2 texts: its time was over"


def check_store():
    """A folder keeps what it has; when it is full the oldest go."""
    folder = os.path.join(FOLDER, "store")

    def hashes(server, *seeds):
        return [compress_chat(server, chat(tool_output(seed)))[1]["ccr_hashes"][0]
                for seed in seeds]

    def is_there(server, hash_):
        return server.ask("GET", f"/v1/retrieve/{hash_}")[0] == 200
    with Server("--store", folder) as server:
        first = hashes(server, 1, 2)
        assert os.stat(folder).st_mode & 0o777 == 0o700
        for name in os.listdir(folder):
            assert os.stat(os.path.join(folder, name)).st_mode & 0o777 == 0o600
        server.stop()
    with open(os.path.join(folder, "note.txt"), "w") as note:
        note.write("not an entry")
    # What a server that was killed was writing goes; the like of others stays.
    names = [f"{first[0]}.json.pith-tmp-1", f"{'0' * 24}.json.pith-tmp-42",
             "note.txt.pith-tmp-1", f"{'0' * 23}.json.pith-tmp-1"]
    for name in names:
        with open(os.path.join(folder, name), "w") as half:
            half.write('{"hash":')
    with Server("--store", folder) as server:
        assert [os.path.exists(os.path.join(folder, name)) for name in names] == [
            False, False, True, True]
        assert all(is_there(server, hash_) for hash_ in first)
        assert hashes(server, 1, 2) == first
        text = server.ask("GET", "/metrics")[2].decode()
        assert 'pith_chat_texts_total{outcome="known"} 2\n' in text
        # A file that is gone or damaged is made again.
        os.remove(f"{folder}/{first[0]}.json")
        with open(f"{folder}/{first[1]}.json", "w") as damaged:
            damaged.write("{}")
        assert not is_there(server, first[0])
        assert hashes(server, 1, 2) == first
        assert all(is_there(server, hash_) for hash_ in first)
        server.stop()
    for options in [["--store", folder], []]:
        with Server("--store-mib", "0.005", *options) as server:
            first = hashes(server, "a")[0]
            kept = hashes(server, "b")
            for seed in range(4):
                kept += hashes(server, seed)
                assert is_there(server, first) # used, and so the newest
            assert not is_there(server, kept[0])
            assert is_there(server, kept[-1])
            assert server.metric("store_bytes") <= 0.005 * (1 << 20)
            assert server.metric("store_evicted_total") > 0
            # What is larger than the store stays as it is.
            body = chat(tool_output("c") * 8)
            fields, reply = compress_chat(server, body)
            assert reply["messages"] == json.loads(body)["messages"]
            assert "cannot keep" in fields["X-Pith-Passed"]
    refused("--http", "0", "--store", os.path.join(FOLDER, "no", "no"),
            words="cannot make")
    refused("--http", "0", "--store", MODEL, words="Not a directory")


# --- who may ask ------------------------------------------------------------------

def token_file(text, mode=0o600):
    path = os.path.join(FOLDER, "token")
    with open(path, "wb") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def check_token():
    right = f"Bearer {TOKEN}"
    with Server("--token-file", token_file(TOKEN.encode() + b"\n")) as server:
        for value, want in [
                (None, 401), ("", 401), ("Bearer", 401), ("Bearer ", 401),
                (TOKEN, 401), ("Basic " + TOKEN, 401), (right[:-1], 401),
                (right + "0", 401), (right[:-1] + "e", 401),
                ("Bearer x" + TOKEN[1:], 401), (right + " x", 401),
                ("Bearer " + "0" * 4000, 401), (right, 200),
                ("bearer " + TOKEN, 200), ("Bearer  " + TOKEN, 200)]:
            headers = {} if value is None else {"Authorization": value}
            for path, method in [("/compress", "POST"), ("/metrics", "GET")]:
                status, fields, _ = server.ask(
                    method, path, request("a b") if method == "POST" else None,
                    headers)
                assert status == want, (path, value, status)
                assert (fields["WWW-Authenticate"] == "Bearer") == (want == 401)
        assert server.ask("GET", "/health")[0] == 200
        assert server.ask("GET", "/nothing")[0] == 401
        # A body that is not for us is not held.
        status, _, _ = server.ask("POST", "/compress", b"x" * (8 << 20))
        assert status == 401
        # With a token, pages and host names are welcome.
        assert server.ask("POST", "/compress", request("a b"), {
            "Authorization": right, "Origin": "http://a", "Host": "a.b"})[0] == 200


def check_token_files():
    good = TOKEN.encode()
    for text, mode, words in [
            (good, 0o644, "chmod 600"), (good, 0o620, "chmod 600"),
            (good, 0o604, "chmod 600"), (b"", 0o600, "found 0"),
            (b"short\n", 0o600, "found 5"), (good + b" x", 0o600, "one line"),
            (good + b"\n" + good, 0o600, "one line"),
            (b"\xc3\xa9" * 20, 0o600, "ASCII"),
            (b"a" * 1000, 0o600, "more than 512"), (b"a" * 513, 0o600, "512")]:
        refused("--http", "127.0.0.1:0", "--token-file", token_file(text, mode),
                words=words)
    refused("--http", "127.0.0.1:0", "--token-file", FOLDER + "/no",
            words="No such file")
    refused("--http", "127.0.0.1:0", "--token-file", FOLDER, words="")
    for text in [b"a" * 512, b"a" * 16 + b"\r\n"]:
        with Server("--token-file", token_file(text)) as server:
            assert server.ask("GET", "/metrics", headers={
                "Authorization": "Bearer " + text.decode().strip()})[0] == 200


def check_pages():
    """Without a token no page of a browser gets an answer."""
    with Server() as server:
        for name, value, want in [
                ("Origin", "http://evil.example", 403), ("Origin", "null", 403),
                ("Host", "evil.example", 403), ("Host", "evil.example:80", 403),
                ("Host", "localhost.evil.example", 403), ("Host", "", 403),
                ("Host", "127.0.0.1.nip.io:80", 403), ("Host", "a" * 300, 403),
                ("Host", "localhost", 200), ("Host", "localhost:1", 200),
                ("Host", "127.0.0.1", 200), ("Host", "[::1]:80", 200),
                ("Host", "[::1]", 200), ("Host", "10.0.0.1:80", 200)]:
            status, _, _ = server.ask("POST", "/compress", request("a b"),
                                      {name: value})
            assert status == want, (name, value, status)


def check_addresses():
    for address in ["", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
                    "127.0.0.1:65536", "127.0.0.1:-1", "example.com:80", "::1:80",
                    "[::1]", "1.2.3:80:80", "x" * 300, "127.0.0.1:80 "]:
        refused("--http", address, words="expected ADDRESS:PORT", status=2)
    refused("--http", "0.0.0.0:0", words="--token-file")
    refused("--http", "[::]:0", words="--token-file")
    refused("--http", "8.8.8.8:0", words="cannot listen")
    refused("--http", "1", "--stdio", words="expected one of", status=2)
    refused("--stdio", "--workers", "2", words="belongs to --http", status=2)
    with Server(address="localhost:0") as server:
        assert server.host == "127.0.0.1"
        refused("--http", f"127.0.0.1:{server.port}", words="in use")
    with Server(address="0") as server:
        assert server.ask("GET", "/health")[0] == 200
    with Server("--token-file", token_file(TOKEN.encode()),
                address="0.0.0.0:0") as server:
        assert server.ask("GET", "/health")[0] == 200
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return
    with Server(address="[::1]:0") as server:
        assert server.host == "::1"
        assert server.ask("GET", "/health")[0] == 200


# --- bodies -----------------------------------------------------------------------

def check_bodies():
    with Server("--body-mib", "1") as server:
        most = 1 << 20
        before = server.memory()

        def size(n):
            return b'{"context":"' + b"a" * (n - 14) + b'"}'
        assert server.ask("POST", "/compress", size(most + 1))[0] == 413
        assert server.ask("POST", "/compress", b" " * most)[0] == 400
        # In pieces, without a length.
        assert server.ask("POST", "/compress", iter([b" " * 1000] * 2000))[0] == 413
        assert server.ask("POST", "/compress", iter([request("a b")]))[0] == 200
        # A client that asks first need not send.
        reply = server.raw(post("/compress", b"", "Expect: 100-continue").replace(
            b"Content-Length: 0", b"Content-Length: 99999999"))
        assert reply.startswith(b"HTTP/1.1 413"), reply
        # 100 MB are read to their end and not held.
        assert server.ask("POST", "/compress", b"x" * 100_000_000)[0] == 413
        for length in [b"-1", b"x", b"99999999999999999999999", b"1 1"]:
            reply = server.raw(post("/compress", b"").replace(
                b"Content-Length: 0", b"Content-Length: " + length))
            assert re.match(rb"HTTP/1.1 4(00|13)", reply), (length, reply)
        assert server.ask("POST", "/compress", request("a"), {
            "Content-Encoding": "gzip"})[0] == 415
        if "PITH_QUICK" not in os.environ: # a sanitizer holds memory back
            assert server.memory("VmHWM") - before < 120 << 10
        assert server.metric("body_bytes") == 0


def check_all_bodies_together():
    """Bodies that are on their way fill a bounded memory."""
    with Server("--body-mib", "1") as server:
        half = post("/compress", b"x" * (1 << 20), "Connection: close")[:-1000]
        clients = []
        for _ in range(30):
            clients.append(server.connect())
            clients[-1].sendall(half)
        deadline = time.time() + 5
        while server.metric("body_bytes") < 12 << 20 and time.time() < deadline:
            time.sleep(0.05)
        assert server.metric("body_bytes") <= 16 << 20
        replies = []
        for client in clients:
            client.sendall(b"x" * 1000)
            replies.append(read_all(client).split(b"\r\n")[0])
            client.close()
        assert set(replies) == {b"HTTP/1.1 400 Bad Request",
                                b"HTTP/1.1 503 Service Unavailable"}, replies
        assert server.metric("body_bytes") == 0


def check_framing():
    """Bytes that are not a request, or not one alone, end the connection."""
    body = request("a b")
    with Server() as server:
        for bytes_ in [b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                       b"\x16\x03\x01\x02\x00\x01\x00", b"\0" * 100,
                       b"GET /health HTTP/1.1\r\n\r\n",
                       b"GET /health HTTP/1.1\r\nHost: a\r\nbroken\r\n\r\n",
                       b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 10000 + b"\r\n",
                       b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
                       post("/compress", body, "Transfer-Encoding: chunked"),
                       post("/compress", b"5\r\nhello\r\nzz\r\n").replace(
                           b"Content-Length: 14", b"Transfer-Encoding: chunked")]:
            with server.connect() as client:
                try:
                    client.sendall(bytes_)
                    client.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                reply = read_all(client)
            # An answer or none, but never two.
            assert reply.count(b"HTTP/1.1 ") <= 1, (bytes_[:80], reply)
            assert b"HTTP/1.1 200" not in reply, (bytes_[:80], reply)
        # Requests one after the other on a connection, and all at once.
        one = post("/compress", body)
        last = post("/compress", body, "Connection: close")
        assert server.raw(one * 3 + last).count(b"HTTP/1.1 200") == 4
        reply = server.raw(b"GET /health HTTP/1.0\r\n\r\n")
        assert b" 200 " in reply.split(b"\r\n")[0]
        assert server.stop() == 0


# --- slow clients, and those that go ------------------------------------------------

def trickle(server, head, rest, seconds):
    """Sends a head, then a byte now and then; the time after which the server
    cuts, or None."""
    start = time.time()
    with server.connect() as client:
        client.settimeout(0.1)
        client.sendall(head)
        for byte in rest:
            if time.time() - start > seconds:
                return None
            try:
                client.sendall(bytes([byte]))
                if client.recv(1000) == b"":
                    return time.time() - start
            except socket.timeout:
                continue
            except OSError:
                return time.time() - start
    return None


def check_slow_clients():
    with Server("--client-seconds", "1") as server:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            whole = post("/compress", request("a" * 1000))
            cuts = [pool.submit(trickle, server, whole[:n], whole[n:], 8)
                    for n in [1, 40, len(whole) - 1000]]
            idle = pool.submit(server.raw)
            used = pool.submit(server.raw, b"GET /health HTTP/1.1\r\n"
                               b"Host: localhost\r\n\r\n")
            for cut in cuts:
                assert cut.result() is not None and cut.result() < 6
            assert idle.result() == b""
            assert b"200 OK" in used.result()
        # A client that takes no reply: the reply is larger than what the
        # system holds for it.
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect((server.host, server.port))
            body = json.dumps({"name": "x" * (8 << 20), "context": 7}).encode()
            client.sendall(post("/compress", body))
            deadline = time.time() + 8
            while server.metric("http_slow_total") < 3 and time.time() < deadline:
                time.sleep(0.1)
        assert server.metric("http_slow_total") >= 3
        # A reply that takes longer than a client may is still awaited.
        status, _, _ = server.ask("POST", "/compress", request(STORY * 150))
        assert status == 200
        # The one that asks is left; the server sees the ends of others when it
        # gets to it.
        deadline = time.time() + 10
        while server.metric("http_connections") > 1 and time.time() < deadline:
            time.sleep(0.05)
        assert server.metric("http_connections") == 1
        assert server.stop() == 0


def check_cut_connections():
    body = post("/compress", request(STORY * 20))
    with Server("--workers", "1") as server:
        for part in [0, 1, 20, 60, len(body) // 2, len(body) - 1, len(body)]:
            for _ in range(5):
                client = server.connect()
                client.sendall(body[:part])
                if part % 2: # reset rather than end
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                      b"\1\0\0\0\0\0\0\0")
                client.close()
        assert server.ask("POST", "/compress", request())[0] == 200
        deadline = time.time() + 5
        while server.metric("http_connections") > 1 and time.time() < deadline:
            time.sleep(0.05)
        assert server.metric("http_connections") == 1
        assert server.metric("body_bytes") == 0
        assert server.metric("requests_waiting") == 0
        assert server.stop() == 0


# --- many at once, and the end --------------------------------------------------------

def check_many_connections():
    """More connections than may be open: the others wait and are served."""
    with Server("--connections", "40", "--workers", "2") as server:
        clients = [server.connect() for _ in range(120)]
        body = post("/compress", request("one two three"), "Connection: close")

        def talk(client):
            with client:
                client.sendall(body)
                return read_all(client)
        with concurrent.futures.ThreadPoolExecutor(120) as pool:
            replies = list(pool.map(talk, clients))
        assert all(b"200 OK" in reply for reply in replies)
        assert server.stop() == 0


class Load(threading.Thread):
    """Asks until the server is gone; counts what was lost."""

    def __init__(self, server, keep):
        super().__init__()
        self.server, self.keep = server, keep
        self.answered = self.lost = 0

    def run(self):
        lines = () if self.keep else ("Connection: close",)
        body = post("/compress", request(STORY), *lines)
        client = None
        while True:
            fresh = client is None
            try:
                if fresh:
                    client = self.server.connect()
            except OSError:
                return # the server takes no more
            try:
                client.sendall(body)
                reply = http.client.HTTPResponse(client)
                reply.begin()
                text = reply.read()
            except (OSError, http.client.HTTPException):
                # A connection that was idle may be closed at any time.
                self.lost += fresh
                client.close()
                client = None
                continue
            assert reply.status == 200 and json.loads(text)["result"]
            self.answered += 1
            if reply.will_close:
                client.close()
                client = None


def check_stop():
    for number, keep in [(signal.SIGTERM, True), (signal.SIGINT, False)]:
        with Server("--workers", "2") as server:
            load = [Load(server, keep) for _ in range(16)]
            for thread in load:
                thread.start()
            while sum(thread.answered for thread in load) < 16:
                time.sleep(0.01)
            status = server.stop(number)
            for thread in load:
                thread.join(20)
            assert status == 0, status
            assert sum(thread.lost for thread in load) == 0
            assert "stopping" in server.process.stderr.read()


def check_stop_waits():
    """What is half sent and what waits is answered; a second signal ends it."""
    body = post("/compress", request(STORY * 10), "Connection: close")
    with Server("--workers", "1") as server:
        clients = [server.connect() for _ in range(12)]
        for i, client in enumerate(clients):
            client.sendall(body if i % 2 else body[:-10])
        while server.metric("http_connections") < 13:
            time.sleep(0.01)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        for client in clients[::2]:
            client.sendall(body[-10:])
        for client in clients:
            assert b"200 OK" in read_all(client)
        assert server.process.wait(10) == 0
    with Server("--workers", "1") as server:
        client = server.connect()
        client.sendall(post("/compress", request(STORY * 2000)))
        while server.metric("workers_busy") < 1:
            time.sleep(0.01)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert server.process.poll() is None
        assert server.stop() == -signal.SIGTERM


def main():
    checks = {name[6:]: function for name, function in sorted(globals().items())
              if name.startswith("check_")}
    chosen = sys.argv[4:] or checks
    failures = 0
    for name in chosen:
        start = time.time()
        try:
            checks[name]()
            print(f"http: {name} ({time.time() - start:.1f} s)", flush=True)
        except Exception: # the other checks are to run as well
            failures += 1
            traceback.print_exc()
            print(f"http: {name} FAILED", flush=True)
    sys.exit(failures > 0)


main()
