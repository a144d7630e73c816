# SPDX-License-Identifier: Apache-2.0
"""The thin client by itself: a sidecar's side of each conversation is played here, over real sockets."""
import http.client
import http.server
import json
import os
import pathlib
import socket
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import agentweave_client as aw  # noqa: E402
from agentweave_client import _app  # noqa: E402

HEADERS = {"x-agentweave-caller": "spiffe://a.test/agent/client", "x-agentweave-decision-id": "d-1",
           "x-forwarded-client-cert": "By=x", "traceparent": "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"}


@aw.capability("greet")
async def greet(name: str, again: int = 1) -> dict:
    return {"message": f"Hello, {name}!" * again, "by": aw.caller().spiffe_id, "domain": aw.caller().trust_domain, "task": aw.caller().task_id}


@aw.capability()
def plain(value):
    return value


@aw.capability("tell")
async def tell(words: str):
    for word in words.split():
        yield word
    yield {"count": len(words.split())}


@aw.capability("blame")
def blame() -> None:
    raise ValueError("amount is missing")


@aw.capability("crash")
def crash() -> None:
    raise RuntimeError("password=hunter2")


class Peer(http.server.BaseHTTPRequestHandler):
    """An outbound listener that answers what it was told to."""
    answer, seen = (200, "application/json", b"{}"), []

    def do_POST(self):
        Peer.seen.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
        status, kind, body = Peer.answer
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Inbound(unittest.TestCase):
    def setUp(self):
        self.server = aw.server("127.0.0.1:0")
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def ask(self, path, payload, raw=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_address[1], timeout=10)
        self.addCleanup(connection.close)
        body = raw if raw is not None else json.dumps({"task_type": path, "payload": payload, "task_id": "t-1", "context_id": "c-1"})
        connection.request("POST", "/" + path, body, {"Content-Type": "application/json", **HEADERS})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def test_a_capability_gets_its_arguments_and_its_caller(self):
        status, body = self.ask("greet", {"name": "Ada", "again": 2})
        self.assertEqual((status, json.loads(body)), (200, {"message": "Hello, Ada!Hello, Ada!", "by": "spiffe://a.test/agent/client",
                                                            "domain": "a.test", "task": "t-1"}))
        self.assertEqual(aw.caller(), aw.Caller())

    def test_a_payload_that_is_no_object_is_the_argument(self):
        self.assertEqual(self.ask("plain", [1, 2]), (200, b"[1, 2]"))

    def test_what_the_caller_did_wrong_is_shown(self):
        for path, payload, says in (("greet", {}, "name"), ("greet", {"name": "A", "x": 1}, "x"), ("blame", {}, "amount is missing")):
            status, body = self.ask(path, payload)
            self.assertEqual(status, 400)
            self.assertIn(says, json.loads(body)["error"])
        self.assertEqual(self.ask("greet", None, raw="{")[0], 400)
        self.assertEqual(self.ask("nosuch", {})[0], 404)

    def test_what_went_wrong_inside_is_not(self):
        with self.assertLogs("agentweave", "ERROR"):
            status, body = self.ask("crash", {})
        self.assertEqual(status, 500)
        self.assertNotIn(b"hunter2", body)

    def test_a_generator_streams(self):
        status, body = self.ask("tell", {"words": "one two"})
        self.assertEqual((status, body), (200, b'data: one\n\ndata: two\n\nevent: result\ndata: {"count": 2}\n\n'))

    def test_only_this_machine(self):
        for address in ("0.0.0.0:9000", "10.0.0.1:9000", "example.org:80"):
            with self.assertRaises(ValueError):
                aw.server(address)

    def test_a_unix_socket_is_its_owners(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "app.sock"
            for _ in range(2):  # a socket that was left behind is no obstacle
                listening = aw.server(f"unix://{path}")
                self.assertEqual(path.stat().st_mode & 0o077, 0)
                listening.server_close()

    def test_a_name_is_taken_once(self):
        with self.assertRaises(ValueError):
            aw.capability("greet")(lambda: None)


class Outbound(unittest.TestCase):
    def setUp(self):
        Peer.seen = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Peer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        os.environ["AGENTWEAVE_OUTBOUND"] = f"http://127.0.0.1:{self.server.server_port}"

    def test_a_call_goes_out_in_the_callers_trace(self):
        Peer.answer = (200, "application/json", b'{"id":"t","status":{"state":"completed"},"result":{"rows":3}}')
        token = _app._caller.set(aw.Caller(traceparent=HEADERS["traceparent"]))
        self.addCleanup(_app._caller.reset, token)
        self.assertEqual(aw.call("spiffe://a.test/agent/search", "find", {"q": "x"}), {"rows": 3})
        path, headers, body = Peer.seen[0]
        self.assertEqual(path, "/agents/spiffe%3A%2F%2Fa.test%2Fagent%2Fsearch/a2a/v1/tasks")
        self.assertEqual(headers["traceparent"], HEADERS["traceparent"])
        self.assertEqual(json.loads(body), {"task_type": "find", "payload": {"q": "x"}})

    def test_refusals_have_their_kind_and_code(self):
        refusal = b'{"error":{"code":"AW3001","reason":"denied_by_policy","decision_id":"d-9","retryable":false}}'
        for status, kind in ((403, aw.Denied), (401, aw.Denied), (503, aw.Unavailable), (429, aw.Unavailable), (502, aw.Unavailable), (400, aw.CallError)):
            Peer.answer = (status, "application/json", refusal)
            with self.assertRaises(kind) as raised:
                aw.call("search", "find")
            self.assertEqual((raised.exception.status, raised.exception.code, raised.exception.decision_id), (status, "AW3001", "d-9"))
        for nonsense in (b"", b"[]", b'{"error":3}', b"<html>"):
            Peer.answer = (403, "text/html", nonsense)
            with self.assertRaises(aw.Denied):
                aw.call("search", "find")

    def test_a_failed_task_is_an_error(self):
        Peer.answer = (200, "application/json", b'{"status":{"state":"failed"},"error":"no such table"}')
        with self.assertRaisesRegex(aw.CallError, "no such table"):
            aw.call("search", "find")

    def test_no_sidecar_is_unavailable(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            os.environ["AGENTWEAVE_OUTBOUND"] = f"127.0.0.1:{free.getsockname()[1]}"
        with self.assertRaises(aw.Unavailable):
            aw.call("search", "find")

    def test_a_stream_is_read_as_it_comes(self):
        Peer.answer = (200, "text/event-stream", b': hi\n\nevent: status\ndata: {"state":"working"}\n\ndata: {"a":\ndata: 1}\n\n')
        self.assertEqual(list(aw.stream("search", "find")), [("status", {"state": "working"}), ("message", {"a": 1})])


if __name__ == "__main__":
    unittest.main()
