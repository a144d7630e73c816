"""A service from before: HTTP on loopback, no idea of identity. It answers with what reached it."""
import http.server
import json
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

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Legacy).serve_forever()
