"""A service from before: plain HTTP, no idea of identity. It answers with what reached it.

legacy.py PORT listens on loopback; without a port, on the unix socket that `agentweave run` names in AGENTWEAVE_APP."""
import http.server
import json
import os
import socketserver
import sys


class Legacy(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        answer = json.dumps({"rows": len(body.get("payload", {}).get("data", "")), "asked_by": self.headers.get("x-agentweave-caller")}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def address_string(self):
        return "sidecar"

    def log_message(self, *args):
        pass


class OnSocket(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    allow_reuse_address = True


if len(sys.argv) > 1:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Legacy)
else:
    path = os.environ["AGENTWEAVE_APP"].removeprefix("unix://")
    if os.path.exists(path):
        os.unlink(path)  # of the one that ran before
    server = OnSocket(path, Legacy)
server.serve_forever()
