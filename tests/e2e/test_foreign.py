# SPDX-License-Identifier: Apache-2.0
"""Our client with servers that are not ours: the official gRPC server, and one whose host name an authority vouches for."""
import http.server
import json
import ssl
import threading

from house import Case, wait_for
from test_clients import CACHE, CLIENTS, Authority, installed


class OfficialGrpcServer:
    """What our client does at an official SDK's gRPC server, whichever language that is in."""

    def begin(self, *command):
        installed()
        self.server = self.start("official", command)
        (self.url, _) = wait_for("the official server", lambda: self.server.out().strip(), seconds=60)

    def ours(self, *args, version="1.0", code=0):
        ran = self.run_cli(*args, "--binding", "grpc", "--a2a-version", version, "--timeout", "20s", timeout=60)
        self.assertEqual(ran.returncode, code, ran.stderr)
        return ran.stdout

    def walk(self, version):
        self.assertEqual(self.ours("call", self.url, "chat", '"you"', version=version), "heard you\n")
        events = [json.loads(line) for line in
                  self.ours("call", self.url, "chat", '"you"', "--stream", "-o", "jsonl", version=version).splitlines()]
        self.assertEqual(next(iter(events[0])), "task")
        self.assertEqual([e["artifactUpdate"]["artifact"]["parts"][0]["text"] for e in events if "artifactUpdate" in e], ["heard ", "you"])
        asked = json.loads(self.ours("call", self.url, "chat", '"ask"', "-o", "json", version=version))["data"]["task"]
        self.assertEqual(asked["status"]["state"], "TASK_STATE_INPUT_REQUIRED")
        self.assertEqual(self.ours("call", self.url, "chat", '"well"', "--task", asked["id"], version=version), "heard well\n")
        shown = json.loads(self.ours("task", "get", self.url, asked["id"], "-o", "json", version=version))["data"]
        self.assertEqual(shown["status"]["state"], "TASK_STATE_COMPLETED")
        self.ours("task", "cancel", self.url, asked["id"], version=version, code=1)
        self.ours("task", "get", self.url, "no-such-task", version=version, code=1)


class OfficialPython(OfficialGrpcServer, Case):
    def setUp(self):
        super().setUp()
        self.begin(CACHE / "python_1/bin/python", CLIENTS / "python_1/server.py")

    def test_walk(self):
        """our client walks send, stream, input-required, get, list and a cancel that comes too late at the official Python server, in both packages"""
        for version in ("1.0", "0.3"):
            with self.subTest(version):
                self.walk(version)
        listed = json.loads(self.ours("task", "list", self.url, "-o", "json"))["data"]
        self.assertGreaterEqual(len(listed), 6)


class OfficialGo(OfficialGrpcServer, Case):
    def setUp(self):
        super().setUp()
        self.begin(CACHE / "go_server/server")

    def test_walk(self):
        """our client walks send, stream, input-required, get and a cancel that comes too late at Go's gRPC server, in both packages; it learns our deadlines"""
        for version in ("1.0", "0.3"):
            with self.subTest(version):
                self.walk(version)
        told = [line.split() for line in self.server.err().splitlines() if line.startswith("/")]
        single = [left for method, left in told if not method.endswith("StreamingMessage")]
        self.assertTrue(single)
        self.assertTrue(all(0 < int(left) <= 20 for left in single), told)
        # One event after the other may take its time: a stream of the command's has no end of its own.
        self.assertTrue(all(left == "none" for method, left in told if method.endswith("SendStreamingMessage")), told)

    def test_deadline(self):
        """a call that Go's server does not answer in time ends as a timeout"""
        ran = self.run_cli("call", self.url, "chat", '"wait"', "--binding", "grpc", "--timeout", "1s", timeout=60)
        self.assertEqual(ran.returncode, 124, ran.stderr)
        self.assertIn("AW8004", ran.stderr)


class WebAgent(http.server.BaseHTTPRequestHandler):
    """An A2A server that knows no SPIFFE: a card, and JSON-RPC that answers every message."""
    protocol_version = "HTTP/1.1"

    def answer(self, document):
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        port = self.server.server_port
        self.answer({"name": "web", "description": "d", "version": "1", "capabilities": {}, "skills": [],
                     "supportedInterfaces": [{"url": f"https://localhost:{port}/rpc", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}]})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer({"jsonrpc": "2.0", "id": asked["id"], "result": {
            "message": {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"text": "hello from the web"}]}}})

    def log_message(self, *_):
        pass


class WebPki(Case):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.dir, "a")
        cert, key = self.authority.issue("web", "spiffe://a.test/web")  # its DNS name is localhost
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), WebAgent)
        site.daemon_threads = True
        site.socket = context.wrap_socket(site.socket, server_side=True)
        threading.Thread(target=site.serve_forever, daemon=True).start()
        self.addCleanup(site.server_close)
        self.addCleanup(site.shutdown)
        self.port = site.server_port

    def call(self, *more, host="localhost", env=None):
        return self.run_cli("call", f"https://{host}:{self.port}", "chat", '"hi"', "--web-pki", *more, env=env)

    def test_authorities(self):
        """--web-pki trusts the authorities of --ca or SSL_CERT_FILE, for the host name they vouch for, and nobody else"""
        for ran in (self.call("--ca", self.authority.cert), self.call(env={"SSL_CERT_FILE": str(self.authority.cert)})):
            self.assertEqual((ran.returncode, ran.stdout), (0, "hello from the web\n"), ran.stderr)
        stranger = Authority(self.dir, "b")
        for ran in (self.call(), self.call("--ca", stranger.cert), self.call("--ca", self.authority.cert, host="127.0.0.1"),
                    self.call("--ca", stranger.cert, env={"SSL_CERT_FILE": str(self.authority.cert)})):
            self.assertNotEqual(ran.returncode, 0)
            self.assertEqual(ran.stdout, "")
        refused = self.run_cli("call", f"https://localhost:{self.port}", "chat", '"hi"', "--ca", self.authority.cert)
        self.assertEqual(refused.returncode, 2, refused.stderr)
